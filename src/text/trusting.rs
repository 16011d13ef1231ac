//! Words of the dashboard's pages on authorities and their lists.

use super::dashboard::{Phrase, Words, words};
use super::{Explanation, verdict};
use crate::base::{Retry, UnixTime};

words! {
    /// A heading.
    AUTHORITIES: "Autorités", "Authorities";
    /// Title of a page.
    AUTHORITY: "Autorité", "Authority";
    /// What an authority is.
    MEANS: "Souspli croit ces autorités quand elles disent à qui est un certificat. Celles qui viennent avec lui suffisent d’ordinaire.",
        "Souspli believes these authorities when they say whose a certificate is. Those that come with it are usually enough.";
    /// A column.
    RULES: "Règles", "Rules";
    /// A column.
    ORIGIN: "Vient de", "Comes from";
    /// Who brought it.
    BUILT_IN: "Souspli", "Souspli";
    /// Who brought it.
    BUNDLE: "un lot installé", "an installed bundle";
    /// Who brought it.
    BY_USER: "vous", "you";
    /// How it stands.
    COUNTS: "en vigueur", "in force";
    /// How it stands.
    OTHER_REALM: "ne compte pas ici", "does not count here";
    /// How it stands.
    BETWEEN: "intermédiaire", "intermediate";
    /// How it stands.
    OVER: "périmée", "expired";
    /// How it stands.
    NOT_YET: "pas encore valable", "not valid yet";
    /// Shows those that do not count.
    OTHERS: "Celles qui ne comptent pas ici", "Those that do not count here";
    /// A heading.
    ADD: "Ajouter une autorité", "Add an authority";
    /// What may be added.
    ADD_INTRO: "Le fichier (.cer, .pem, .p7c, .p7b) de l’autorité racine, pris auprès d’elle ou de votre informaticien. Rien n’est ajouté avant l’étape suivante.",
        "The file (.cer, .pem, .p7c, .p7b) of the root authority, from itself or from your IT. Nothing is added before the next step.";
    /// A field.
    FILE: "Fichier", "File";
    /// A field.
    WHICH_RULES: "Règles de ses certificats", "Rules of its certificates";
    /// A choice.
    RULES_MAIL: "messagerie (usuelles)", "mail (usual)";
    /// A choice.
    RULES_WEB: "autorité publique S/MIME", "public S/MIME authority";
    /// A choice.
    RULES_SANTE: "IGC-Santé", "IGC-Santé";
    /// A field.
    TRIAL: "Autorité d’essai (TEST) : elle ne compte que là où seuls les essais comptent", "Trial authority (TEST): it counts only where trials alone count";
    /// A button.
    GO_ON: "Continuer", "Go on";
    /// What adding means.
    ADD_MEANS: "Qui tient cette autorité pourra faire passer n’importe qui pour n’importe qui : ses lettres seront montrées comme vérifiées, et vos réponses chiffrées pour la clé qu’elle désigne. N’ajoutez que celle dont vous connaissez l’empreinte par une autre voie (téléphone, site officiel).",
        "Whoever keeps this authority can make anybody pass for anybody: its letters will be shown as verified, and your answers encrypted to the key that it names. Add only one whose fingerprint you know by another way (telephone, official site).";
    /// What must be ticked.
    ADD_SURE: "J’ai comparé l’empreinte avec celle que l’autorité publie.", "I have compared the fingerprint with the one that the authority publishes.";
    /// A button.
    ADD_NOW: "Ajouter", "Add";
    /// It was not ticked.
    NOT_SURE: "Cochez la case pour confirmer : rien n’a été ajouté.", "Tick the box to confirm: nothing was added.";
    /// A button.
    REMOVE: "Supprimer cette autorité", "Remove this authority";
    /// What that does.
    REMOVE_MEANS: "Les lettres signées sous elle ne seront plus vérifiées, et rien ne sera plus chiffré pour ses certificats.",
        "Letters signed under it are not verified any more, and nothing is encrypted to its certificates.";
    /// An authority that comes with Souspli.
    NOT_YOURS: "Cette autorité ne se supprime pas ici.", "This authority is not removed here.";
    /// What was done.
    DONE_ADDED: "L’autorité compte désormais.", "The authority counts from now on.";
    /// What was done.
    DONE_REMOVED: "L’autorité ne compte plus.", "The authority does not count any more.";
    /// A link.
    BACK: "Retour aux autorités", "Back to the authorities";
    /// A heading.
    REVOCATION: "Listes de révocation", "Revocation lists";
    /// What they are.
    REVOCATION_MEANS: "Les autorités y disent quels certificats elles ont repris. Souspli les tient à jour de lui-même.",
        "Authorities say there which certificates they have taken back. Souspli keeps them up to date by itself.";
    /// A button.
    REFRESH: "Mettre à jour maintenant", "Update now";
    /// It goes on.
    UNDER_WAY: "Mise à jour en cours…", "Updating…";
    /// A link for who has no scripts.
    LOOK_AGAIN: "Voir où cela en est", "See how far it is";
    /// How a list came.
    UPDATED: "mise à jour", "updated";
    /// How a list came.
    UNCHANGED: "déjà à jour", "up to date already";
    /// How a list came.
    ELSEWHERE: "en cours ailleurs", "under way elsewhere";
    /// How a list came.
    DID_NOT_COME: "non reçue", "did not come";
    /// A heading.
    WHITELIST: "Liste blanche MSSanté", "MSSanté liste blanche";
    /// There is none.
    NO_WHITELIST: "Aucune liste blanche : seuls mssante.fr et ses sous-domaines sont reconnus (souspli trust whitelist).",
        "No liste blanche: only mssante.fr and its subdomains are known (souspli trust whitelist).";
    /// A button.
    WHITELIST_NOW: "Prendre la liste blanche maintenant", "Take the liste blanche now";
    /// It goes on.
    WHITELIST_COMING: "La liste blanche est demandée…", "The liste blanche is being asked for…";
    /// What was done.
    WHITELIST_CAME: "La liste blanche vient d’être prise.", "The liste blanche has just been taken.";
    /// Who gives it.
    WHITELIST_TAKEN: "Elle est prise chaque jour à l’adresse de la configuration.", "It is taken every day from the address of the configuration.";
    /// Who gives it.
    WHITELIST_BY_HAND: "Elle est importée à la main (souspli trust whitelist import).", "It is imported by hand (souspli trust whitelist import).";
}

/// How old the liste blanche is, and how long.
pub fn whitelist(domains: usize, taken: UnixTime, days: i64, origin: &str) -> Phrase {
    let (fr, en) = verdict::day(taken);
    Phrase::new(
        format!("{domains} domaines, prise de {origin} le {fr} ({days} j)."),
        format!("{domains} domains, taken from {origin} on {en} ({days} d)."),
    )
}

/// What a round came to.
pub fn round(kept: usize, unchanged: usize, failed: usize) -> Phrase {
    Phrase::new(
        format!("Listes : {kept} mises à jour, {unchanged} déjà à jour, {failed} non reçues."),
        format!("Lists: {kept} updated, {unchanged} up to date already, {failed} did not come."),
    )
}

/// How much of a list is there.
pub fn came(kibibytes: u64) -> Phrase {
    Phrase::new(format!("{kibibytes} Kio"), format!("{kibibytes} KiB"))
}

/// A certificate that vouches for nobody.
pub fn is_no_authority(name: &str) -> Explanation {
    Explanation::new(
        "SP-NO-AUTHORITY-IN-FILE",
        Retry::AfterUser,
        (
            format!("« {name} » n’est pas une autorité : rien n’a été ajouté."),
            "Donnez le certificat de l’autorité. Celui d’un correspondant s’importe à la page Correspondants.",
        ),
        (
            format!("“{name}” is no authority: nothing was added."),
            "Give the certificate of the authority. That of a correspondent is imported on the page Correspondents.",
        ),
    )
}

/// More than are looked at one by one.
pub fn too_many(most: usize) -> Explanation {
    Explanation::new(
        "SP-TOO-MANY-AUTHORITIES",
        Retry::AfterUser,
        (
            format!("Ce fichier a plus de {most} certificats : rien n’a été ajouté."),
            "Ajoutez les autorités une à une, ou par souspli trust add.",
        ),
        (
            format!("This file has more than {most} certificates: nothing was added."),
            "Add the authorities one by one, or by souspli trust add.",
        ),
    )
}
