//! What is said of the servers of authorities.

use super::Explanation;
use crate::base::Retry;

macro_rules! of_server {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $retry:ident: $fr:literal, $fr_do:literal; $en:literal, $en_do:literal.)*) => {
        $($(#[$doc])* pub fn $name(host: &str) -> Explanation {
            Explanation::new($code, Retry::$retry, (format!($fr, host = host), $fr_do), (format!($en, host = host), $en_do))
        })*
    };
}

of_server! {
    /// A host that nobody configured has named.
    not_allowed, "SP-HTTP-HOST", AfterUser:
        "Rien n’autorise Souspli à contacter {host}.",
        "Si vous faites confiance à ce serveur, ajoutez son nom sous [revocation] hosts.";
        "Nothing allows Souspli to contact {host}.",
        "If you trust this server, add its name under [revocation] hosts.".
    /// Round and round.
    redirects, "SP-HTTP-REDIRECTS", Later:
        "Le serveur {host} renvoie d’une adresse à l’autre.",
        "Réessayez plus tard ; un portail d’accès Internet attend peut-être que vous vous identifiiez.";
        "The server {host} sends from one address to another.",
        "Try again later; an Internet access portal may be waiting for you to log in.".
    /// Beyond the bound.
    too_large, "SP-HTTP-TOO-LARGE", Later:
        "Ce que le serveur {host} envoie est trop grand ; rien n’en est gardé.",
        "Réessayez plus tard ; si cela dure, vérifiez l’adresse.";
        "What the server {host} sends is too large; nothing of it is kept.",
        "Try again later; if it lasts, check the address.".
    /// Cut.
    broken, "SP-HTTP-BROKEN", Later:
        "La réponse du serveur {host} s’est interrompue ou n’en est pas une.",
        "Réessayez : ce qui est arrivé ne sera pas redemandé.";
        "The answer of the server {host} broke off, or is none.",
        "Try again: what has come will not be asked for again.".
    /// Too slow.
    silent, "SP-HTTP-SILENT", Later:
        "Le serveur {host} ne répond pas à temps.",
        "Vérifiez votre connexion Internet, ou réessayez plus tard.";
        "The server {host} does not answer in time.",
        "Check your Internet connection, or try again later.".
}

/// Another status.
pub fn status(host: &str, status: u16) -> Explanation {
    Explanation::new(
        "SP-HTTP-STATUS",
        Retry::Later,
        (
            format!("Le serveur {host} refuse (code {status})."),
            "Réessayez plus tard ; si cela dure, vérifiez l’adresse.",
        ),
        (
            format!("The server {host} refuses (code {status})."),
            "Try again later; if it lasts, check the address.",
        ),
    )
}
