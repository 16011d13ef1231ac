//! Why a recipient's certificate is not used, or none is.

use super::Explanation;
use super::outgoing::list;
use super::rule::Rule;
use crate::base::{Address, Retry};

/// Directories know people who may be meant, by their names only.
pub fn ambiguous(addresses: &[Address], rule: &Rule) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-AMBIGUOUS-RECIPIENT",
        Retry::Never,
        (
            format!(
                "Message non envoyé : l’annuaire connaît quelqu’un de ce nom pour {list}, sans cette adresse ({} demande de chiffrer).",
                rule.fr
            ),
            "Vérifiez qui c’est avec « souspli cert find », confirmez avec « souspli cert confirm », puis renvoyez. Personne n’a reçu ce message.",
        ),
        (
            format!(
                "Not sent: the directory knows somebody of that name for {list}, without this address ({} asks to encrypt).",
                rule.en
            ),
            "See who it is with \"souspli cert find\", confirm with \"souspli cert confirm\", then send again. Nobody has received this message.",
        ),
    )
}

/// Whether the certificates of these recipients are revoked cannot be said.
pub fn status_unknown(addresses: &[Address], rule: &Rule) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-STATUS-UNKNOWN",
        Retry::Later,
        (
            format!(
                "Message non envoyé : on ne sait pas si le certificat de {list} est révoqué ({} demande de chiffrer).",
                rule.fr
            ),
            "Mettez à jour les listes (« souspli trust refresh » ; c’est commencé), puis renvoyez. Personne n’a reçu ce message.",
        ),
        (
            format!(
                "Not sent: whether the certificate of {list} is revoked is not known ({} asks to encrypt).",
                rule.en
            ),
            "Update the lists (\"souspli trust refresh\"; it has begun), then send again. Nobody has received this message.",
        ),
    )
}

/// One recipient, for whom nobody has a certificate.
pub fn nobody_has_one(address: &Address) -> Explanation {
    Explanation::new(
        "SP-NO-CERTIFICATE",
        Retry::Never,
        (
            format!("Aucun certificat de chiffrement n’est connu pour {address}."),
            "Demandez-lui un message signé, ou importez son certificat.",
        ),
        (
            format!("No encryption certificate is known for {address}."),
            "Ask for a signed message, or import the certificate.",
        ),
    )
}

/// One recipient, of whom a directory knows the name and not the address.
pub fn ambiguous_person(address: &Address, names: &[String]) -> Explanation {
    let names = names.join(", ");
    Explanation::new(
        "SP-AMBIGUOUS-RECIPIENT",
        Retry::Never,
        (
            format!("L’annuaire ne connaît pas {address} ; il connaît {names}."),
            "Confirmez qui c’est avec « souspli cert confirm ».",
        ),
        (
            format!("The directory does not know {address}; it knows {names}."),
            "Confirm who it is with \"souspli cert confirm\".",
        ),
    )
}
