//! What is said of certificate requests and of the answers to them.

use super::Explanation;
use crate::base::{Address, Retry};

/// What a name looks like, for every sentence on one that does not.
const LIKE_FR: &str = "Écrivez par exemple : C=FR, O=Cabinet Martin, CN=dr.martin@exemple.fr";
const LIKE_EN: &str = "Write for instance: C=FR, O=Cabinet Martin, CN=dr.martin@exemple.fr";

fn subject(code: &'static str, fr: String, en: String) -> Explanation {
    Explanation::new(code, Retry::AfterUser, (fr, LIKE_FR), (en, LIKE_EN))
}

/// No `KEY=value`.
pub fn not_an_attribute(text: &str) -> Explanation {
    subject(
        "SP-SUBJECT-SYNTAX",
        format!("Dans le nom demandé, « {text} » n’est pas de la forme CLÉ=valeur."),
        format!("In the name that is asked for, “{text}” is not of the form KEY=value."),
    )
}

/// A key that is not known.
pub fn unknown_attribute(key: &str) -> Explanation {
    subject(
        "SP-SUBJECT-KEY",
        format!("Dans le nom demandé, « {key} » n’est pas connu (C, O, OU, CN, SN, GN, title, ST, L, serialNumber, E)."),
        format!("In the name that is asked for, “{key}” is not known (C, O, OU, CN, SN, GN, title, ST, L, serialNumber, E)."),
    )
}

/// An empty value, a long one, or one of other characters.
pub fn attribute_value(key: &str) -> Explanation {
    subject(
        "SP-SUBJECT-VALUE",
        format!("Dans le nom demandé, la valeur de « {key} » est vide, trop longue ou d’autres signes que ce qu’elle admet."),
        format!("In the name that is asked for, the value of “{key}” is empty, too long, or of other characters than it takes."),
    )
}

/// Nobody is named.
pub fn no_common_name() -> Explanation {
    subject(
        "SP-SUBJECT-NO-CN",
        "Le nom demandé ne nomme personne : il lui faut un CN.".to_owned(),
        "The name that is asked for names nobody: it takes a CN.".to_owned(),
    )
}

/// No randomness, or the library refused.
pub fn not_made() -> Explanation {
    Explanation::new(
        "SP-KEY-NOT-MADE",
        Retry::Later,
        (
            "La nouvelle clé n’a pas pu être faite.",
            "Recommencez ; si cela persiste, redémarrez l’ordinateur.",
        ),
        ("The new key could not be made.", "Try again; if it persists, restart the computer."),
    )
}

/// `souspli key request`: what to do with the file.
pub const SEND_IT: &str = "Envoyez ce fichier à votre autorité ; sa réponse s’installe par « souspli key install ». / \
                           Send this file to your authority; install its answer by “souspli key install”.";

/// `souspli key install`: certificates of other keys.
pub fn no_key_fits(path: &str) -> Explanation {
    Explanation::new(
        "SP-NO-KEY-FOR-CERTIFICATE",
        Retry::AfterUser,
        (
            format!("Aucun certificat de {path} n’est celui d’une clé demandée ou présente ici."),
            "Installez-le sur l’ordinateur qui a fait la demande ; celui d’un correspondant s’importe par souspli cert import.",
        ),
        (
            format!("No certificate of {path} is that of a key which was requested, or is kept, here."),
            "Install it on the computer that made the request; that of a correspondent is imported by souspli cert import.",
        ),
    )
}

/// The authority's answer has come by mail, and is in use.
pub fn installed(account: &Address, serial: &str) -> Explanation {
    Explanation::new(
        "SP-CERTIFICATE-INSTALLED",
        Retry::Never,
        (
            format!("Le certificat demandé pour {account} (n° {serial}) est arrivé par un message et il est en service."),
            "Vous n’avez rien à faire.",
        ),
        (
            format!("The certificate requested for {account} (no. {serial}) has come in a message, and is in use."),
            "There is nothing to do.",
        ),
    )
}

/// An answer has come by mail that does not prove itself.
pub fn came(account: &Address, serial: &str) -> Explanation {
    Explanation::new(
        "SP-CERTIFICATE-CAME",
        Retry::AfterUser,
        (
            format!(
                "Un certificat pour la clé demandée pour {account} (n° {serial}) est arrivé par un message, mais aucune autorité connue ne \
                 répond de lui pour cette adresse."
            ),
            "Si vous l’attendiez, enregistrez le message et installez-le : souspli key install message.eml.",
        ),
        (
            format!(
                "A certificate for the key requested for {account} (no. {serial}) has come in a message, but no known authority vouches \
                 for it with this address."
            ),
            "If you expected it, save the message and install it: souspli key install message.eml.",
        ),
    )
}
