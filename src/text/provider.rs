//! What a sender reads of the provider: where it does not serve now, and what it has taken of a message.

use super::{Explanation, Said, outgoing::list};
use crate::base::{Address, Retry};

/// The same, told where a message was to be sent, unless that is what it says.
pub fn not_sent(why: Explanation) -> Explanation {
    const NOT_SENT: &str = "Message non envoyé";
    if why.fr.what.starts_with(NOT_SENT) {
        return why;
    }
    let with = |said: Said, before: &str, after: &str| Said {
        what: format!("{before} {}", said.what),
        todo: format!("{} {after}", said.todo),
    };
    Explanation {
        fr: with(why.fr, "Message non envoyé.", "Rien n’est parti."),
        en: with(why.en, "Not sent.", "Nothing has left."),
        ..why
    }
}

/// The provider greets with a refusal, its own words are given.
pub fn unwilling(host: &str, said: &str) -> Explanation {
    Explanation::new(
        "SP-PROVIDER-UNWILLING",
        Retry::Later,
        (
            format!("Le serveur {host} n’accepte pas la connexion ({said})."),
            "Réessayez plus tard ; si cela persiste, signalez ces mots à votre fournisseur de messagerie.",
        ),
        (
            format!("The server {host} does not take the connection ({said})."),
            "Try again later; if it persists, report these words to your mail provider.",
        ),
    )
}

/// The provider's encryption is not right, or somebody between takes it away.
pub fn connection_unsafe(host: &str) -> Explanation {
    Explanation::new(
        "SP-PROVIDER-UNSAFE",
        Retry::Later,
        (
            format!("La connexion au serveur {host} n’est pas sûre."),
            "Ne changez pas vos réglages ; signalez ce code à votre assistance.",
        ),
        (
            format!("The connection to the server {host} is not safe."),
            "Do not change your settings; report this code to your support.",
        ),
    )
}

/// The provider cannot check a password now; its own words are given.
pub fn login_deferred(said: &str) -> Explanation {
    Explanation::new(
        "SP-LOGIN-DEFERRED",
        Retry::Later,
        (
            format!("Le serveur ne peut pas vérifier votre mot de passe pour l’instant ({said})."),
            "Réessayez plus tard ; votre mot de passe n’est pas en cause.",
        ),
        (
            format!("The server cannot check your password now ({said})."),
            "Try again later; your password is not the reason.",
        ),
    )
}

/// The provider does not take the message now; its own words are given.
pub fn message_deferred(said: &str) -> Explanation {
    Explanation::new(
        "SP-PROVIDER-DEFERRED",
        Retry::Later,
        (
            format!("Message non envoyé : le serveur ne le prend pas pour l’instant ({said})."),
            "Réessayez plus tard. Personne n’a reçu ce message.",
        ),
        (
            format!("Not sent: the server does not take it now ({said})."),
            "Try again later. Nobody has received this message.",
        ),
    )
}

/// The provider does not take some recipients now; nobody got the message.
pub fn recipients_deferred(addresses: &[Address], said: &str) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-RECIPIENT-DEFERRED",
        Retry::Later,
        (
            format!("Message non envoyé : le serveur ne prend pas {list} pour l’instant ({said})."),
            "Réessayez plus tard ; si cela persiste, retirez cette adresse. Personne n’a reçu ce message.",
        ),
        (
            format!("Not sent: the server does not take {list} now ({said})."),
            "Try again later; if it persists, remove that address. Nobody has received this message.",
        ),
    )
}

/// For who was not at the mail program, which shows the provider's words: under the same code, and only its status (RFC 3463).
pub fn not_taken(code: &'static str, status: &str) -> Explanation {
    Explanation::new(
        code,
        Retry::Never,
        (
            format!("Message chiffré non envoyé : le serveur de votre fournisseur ne l’accepte pas ({status})."),
            "Votre messagerie en a montré la raison ; corrigez, puis renvoyez. Personne n’a reçu ce message.",
        ),
        (
            format!("Sealed message not sent: your provider's server does not take it ({status})."),
            "Your mail program has shown the reason; mend it, then send again. Nobody has received this message.",
        ),
    )
}

/// Sealed, it is larger than the provider takes; `most` in octets.
pub fn too_large_sealed(most: u64) -> Explanation {
    let (after, before) = (megabytes(most), megabytes(most / 2));
    Explanation::new(
        "SP-TOO-LARGE-SEALED",
        Retry::Never,
        (
            format!("Message non envoyé : une fois chiffré, il dépasse ce que le serveur accepte ({after} Mo)."),
            format!("Réduisez ou répartissez les pièces jointes : au plus {before} Mo environ. Personne n’a reçu ce message."),
        ),
        (
            format!("Not sent: once encrypted it is larger than the server takes ({after} MB)."),
            format!("Make the attachments smaller or send them apart: about {before} MB at most. Nobody has received this message."),
        ),
    )
}

/// The same as `outgoing::outcome_unknown`, where the copies for these were not begun.
pub fn outcome_unknown_but(host: &str, without: &[Address]) -> Explanation {
    let list = list(without);
    Explanation::new(
        "SP-OUTCOME-UNKNOWN",
        Retry::Later,
        (
            format!("Le serveur {host} n’a pas confirmé : ce message est peut-être parti, mais pas à {list}."),
            "Demandez à un autre destinataire s’il l’a reçu avant de renvoyer : il le recevrait deux fois.",
        ),
        (
            format!("The server {host} has not confirmed: this message may have been sent, but not to {list}."),
            "Ask another recipient before sending it again: they might get it twice.",
        ),
    )
}

/// Some have it, these have not, and the notice that would have said so did not get through.
pub fn partly_delivered(addresses: &[Address]) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-PARTLY-DELIVERED",
        Retry::AfterUser,
        (
            format!("Message envoyé, mais sa remise a échoué ou n’est pas confirmée pour {list}."),
            "Ne le renvoyez qu’à ceux-là, s’ils ne l’ont pas : les autres l’ont déjà.",
        ),
        (
            format!("Sent, but handing it over failed or was not confirmed for {list}."),
            "Send it again to these only, if they have not got it: the others have it already.",
        ),
    )
}

/// With one decimal where that matters.
pub(super) fn megabytes(octets: u64) -> String {
    match octets / 100_000 {
        tenths if tenths < 100 => format!("{},{}", tenths / 10, tenths % 10),
        tenths => (tenths / 10).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_limits_are_said_exactly() {
        for (octets, said) in [(1_400_000, "1,4"), (10_485_760, "10"), (52_428_800, "52"), (0, "0,0")] {
            assert_eq!(megabytes(octets), said);
        }
    }
}
