//! Words of the dashboard's pages on correspondents and their certificates.

use super::dashboard::{Phrase, Words, words};
use super::verdict;
use crate::base::UnixTime;

words! {
    /// Title of a page.
    COLLEAGUES: "Correspondants", "Correspondents";
    /// Title of a page.
    CERTIFICATE: "Certificat d’un correspondant", "Certificate of a correspondent";
    /// Title of a page.
    BIND: "Lier un certificat à une adresse", "Bind a certificate to an address";
    /// What the page is for.
    INTRO: "Souspli chiffre vos messages avec ces certificats. Il en cherche d’autres de lui-même dans vos annuaires et dans les messages vérifiés que vous recevez.",
        "Souspli encrypts your messages by these certificates. It finds others by itself, in your directories and in the verified messages that you receive.";
    /// A field.
    SEARCH_BOOK: "Chercher dans le carnet", "Search the book";
    /// A button.
    SEARCH: "Chercher", "Search";
    /// Nothing is in the book, or nothing of that name.
    NONE: "Aucun certificat.", "No certificate.";
    /// A column.
    ADDRESS: "Adresse", "Address";
    /// An address that is not known.
    NO_ADDRESS: "sans adresse", "no address";
    /// A column.
    SOURCE: "Origine", "Origin";
    /// A certificate that is good.
    WILL_DO: "utilisable", "usable";
    /// A certificate that is not.
    WILL_NOT_DO: "inutilisable", "not usable";
    /// A certificate that its reader may bind.
    TO_CONFIRM: "à confirmer", "to be confirmed";
    /// A heading.
    IN_DIRECTORIES: "Chercher dans les annuaires", "Search the directories";
    /// What that does.
    DIRECTORIES_INTRO: "Les annuaires configurés reçoivent cette adresse, et le nom si vous en donnez un.",
        "The configured directories are given this address, and the name if you give one.";
    /// There is nobody to ask.
    NO_DIRECTORIES: "Aucun annuaire n’est configuré ([[directory]]) : rien ne peut être cherché ailleurs qu’ici.",
        "No directory is configured ([[directory]]): there is nowhere else to search.";
    /// A field.
    FIND_ADDRESS: "Adresse du correspondant", "Address of the correspondent";
    /// A field.
    FIND_NAME: "Nom (facultatif)", "Name (optional)";
    /// A heading.
    FOUND: "Trouvé", "Found";
    /// A heading over people who may be meant.
    PERHAPS: "Peut-être", "Perhaps";
    /// Nobody has it.
    NOTHING_FOUND: "Aucun annuaire ne connaît de certificat pour cette adresse.", "No directory knows a certificate of this address.";
    /// What was typed is no address.
    NO_SUCH_ADDRESS: "Ce n’est pas une adresse : prenom.nom@exemple.fr.", "This is no address: first.last@example.org.";
    /// A heading.
    IMPORT: "Importer un certificat", "Import a certificate";
    /// What may be imported.
    IMPORT_INTRO: "Un fichier .cer, .pem, .p7c ou .p7b que votre correspondant vous a donné, ou un de ses messages signés (.eml).",
        "A .cer, .pem, .p7c or .p7b file that your correspondent gave you, or a signed message of his (.eml).";
    /// A field.
    FILE: "Fichier", "File";
    /// A button.
    IMPORT_NOW: "Importer", "Import";
    /// A heading.
    IMPORTED_NOW: "Importé", "Imported";
    /// A field of a certificate.
    HOLDER: "Titulaire", "Holder";
    /// A field of a certificate.
    PROFESSION: "Profession", "Profession";
    /// A field of a certificate.
    RPPS: "N° RPPS", "RPPS number";
    /// A field of a certificate.
    ADDRESSES: "Adresses qu’il porte", "Addresses that it names";
    /// A field of a certificate.
    FOR: "Sert pour", "Serves for";
    /// A field of a certificate.
    SERIAL: "Numéro de série", "Serial number";
    /// A field of a certificate.
    FINGERPRINT: "Empreinte SHA-256", "SHA-256 fingerprint";
    /// A field of a certificate.
    FROM: "Valable du", "Valid from";
    /// A field of a certificate.
    KEY: "Clé", "Key";
    /// A button.
    REMOVE: "Supprimer ce certificat", "Remove this certificate";
    /// What that does.
    REMOVE_MEANS: "Souspli ne chiffrera plus avec lui. S’il n’y en a pas d’autre, ce qui doit être chiffré pour cette personne sera refusé.",
        "Souspli encrypts by it no more. Where there is no other, what has to be sealed for this person is refused.";
    /// A link.
    BIND_TO: "Lier à cette adresse…", "Bind to this address…";
    /// A field.
    BIND_ADDRESS: "Lier ce certificat à l’adresse", "Bind this certificate to the address";
    /// A button.
    GO_ON: "Continuer", "Go on";
    /// What binding means.
    BIND_MEANS: "Rien dans ce certificat ne dit qu’il est à cette adresse : c’est vous qui le direz. Tout ce que vous lui enverrez de confidentiel sera lisible par ce titulaire, et par lui seul.",
        "Nothing in this certificate says that it belongs to this address: you say so. Whatever you send there in confidence, this holder can read, and nobody else.";
    /// What must be ticked.
    BIND_SURE: "J’ai vérifié auprès de ce correspondant que cette adresse et ce certificat sont les siens.",
        "I have checked with this correspondent that this address and this certificate are his.";
    /// A button.
    BIND_NOW: "Lier", "Bind";
    /// It was not ticked.
    BIND_NOT_SURE: "Cochez la case pour confirmer : rien n’a été lié.", "Tick the box to confirm: nothing was bound.";
    /// A link.
    BACK: "Retour aux correspondants", "Back to the correspondents";
    /// What was done.
    DONE_BOUND: "Le certificat est lié à l’adresse.", "The certificate is bound to the address.";
    /// What was done.
    DONE_REMOVED: "Le certificat est supprimé.", "The certificate is removed.";
}

/// Some of many are shown.
pub fn only_some(shown: usize, all: usize) -> Phrase {
    Phrase::new(
        format!("Les {shown} premiers de {all} : précisez la recherche."),
        format!("The first {shown} of {all}: search more narrowly."),
    )
}

/// When a source had it last.
pub fn seen(at: UnixTime) -> Phrase {
    let (fr, en) = verdict::day(at);
    Phrase::new(format!("vu le {fr}"), format!("seen {en}"))
}
