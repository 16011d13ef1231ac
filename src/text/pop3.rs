//! Reading: what the mail program is told over POP3.

use super::Explanation;
use crate::base::Retry;

/// No account has this login name.
pub fn unknown_login() -> Explanation {
    Explanation::new(
        "SP-POP3-LOGIN",
        Retry::AfterUser,
        (
            "Ce nom d’utilisateur n’est pas celui d’un compte de Souspli.",
            "Vérifiez-le dans le logiciel de messagerie.",
        ),
        ("No account of Souspli has this user name.", "Check it in the mail program."),
    )
}

/// The account has no POP3 server.
pub fn no_server() -> Explanation {
    Explanation::new(
        "SP-POP3-SERVER",
        Retry::AfterUser,
        (
            "Ce compte n’a pas de serveur POP3 dans la configuration de Souspli.",
            "Ajoutez-y la clé pop3, ou lisez ce compte par IMAP.",
        ),
        (
            "This account has no POP3 server in Souspli's configuration.",
            "Add the key pop3 to it, or read this account over IMAP.",
        ),
    )
}

/// No way to log in that both sides know.
pub fn no_mechanism() -> Explanation {
    Explanation::new(
        "SP-POP3-MECHANISM",
        Retry::AfterUser,
        (
            "Cette méthode d’authentification n’est pas acceptée.",
            "Choisissez-en une autre dans le logiciel de messagerie.",
        ),
        ("This way to log in is not accepted.", "Choose another one in the mail program."),
    )
}

/// APOP: the password could not be checked by the provider.
pub fn apop() -> Explanation {
    Explanation::new(
        "SP-POP3-APOP",
        Retry::AfterUser,
        (
            "Souspli n’accepte pas APOP.",
            "Choisissez « mot de passe normal » dans le logiciel de messagerie.",
        ),
        ("Souspli does not accept APOP.", "Choose \"normal password\" in the mail program."),
    )
}

/// The login exchange itself could not be read.
pub fn bad_login() -> Explanation {
    Explanation::new(
        "SP-POP3-AUTH",
        Retry::Never,
        (
            "L’authentification n’a pas pu être lue.",
            "Vérifiez la méthode choisie dans le logiciel de messagerie.",
        ),
        (
            "The authentication could not be read.",
            "Check the method chosen in the mail program.",
        ),
    )
}

/// A command that is not permitted now.
pub fn not_now() -> Explanation {
    Explanation::new(
        "SP-POP3-ORDER",
        Retry::Never,
        ("Cette commande n’est pas permise à ce moment.", "Reconnectez-vous."),
        ("This command is not permitted now.", "Connect again."),
    )
}

/// A command that is not offered.
pub fn unknown_command() -> Explanation {
    Explanation::new(
        "SP-POP3-COMMAND",
        Retry::Never,
        (
            "Souspli n’offre pas cette commande.",
            "Mettez à jour le logiciel de messagerie si cela se répète.",
        ),
        (
            "Souspli does not offer this command.",
            "Update the mail program if this happens again.",
        ),
    )
}

/// A command that cannot be read.
pub fn unreadable_command() -> Explanation {
    Explanation::new(
        "SP-POP3-SYNTAX",
        Retry::Never,
        ("Commande illisible.", "Mettez à jour le logiciel de messagerie si cela se répète."),
        ("The command cannot be read.", "Update the mail program if this happens again."),
    )
}

/// A sealed message above the bound.
pub fn message_too_large() -> Explanation {
    Explanation::new(
        "SP-POP3-TOOBIG",
        Retry::Never,
        (
            "Ce message chiffré est trop volumineux pour être ouvert ; il reste chez le fournisseur.",
            "Lisez-le sur le site du fournisseur, ou demandez un envoi plus petit.",
        ),
        (
            "This sealed message is too large to be opened; it stays at the provider.",
            "Read it on the provider's web site, or ask for a smaller one.",
        ),
    )
}

/// The provider did not give a message that it had announced.
pub fn message_withheld() -> Explanation {
    Explanation::new(
        "SP-POP3-MESSAGE",
        Retry::Later,
        (
            "Le fournisseur n’a pas donné ce message.",
            "Réessayez ; si cela se répète, lisez-le sur le site du fournisseur.",
        ),
        (
            "The provider did not give this message.",
            "Try again; if it happens again, read it on the provider's web site.",
        ),
    )
}

/// The provider greets with a refusal; its own words are given.
pub fn provider_unwilling(said: &str) -> Explanation {
    let said: String = said.chars().take(200).collect();
    Explanation::new(
        "SP-POP3-UNWILLING",
        Retry::Later,
        (
            format!("Le fournisseur n’accepte pas la connexion ({said})."),
            "Réessayez dans quelques minutes.",
        ),
        (
            format!("The provider does not take the connection ({said})."),
            "Try again in a few minutes.",
        ),
    )
}

/// The provider closed the connection.
pub fn provider_closed() -> Explanation {
    Explanation::new(
        "SP-POP3-CLOSED",
        Retry::Later,
        ("Le fournisseur a fermé la connexion.", "Réessayez dans quelques minutes."),
        ("The provider closed the connection.", "Try again in a few minutes."),
    )
}

/// The provider does not answer.
pub fn provider_silent() -> Explanation {
    Explanation::new(
        "SP-POP3-SILENT",
        Retry::Later,
        ("Le fournisseur ne répond plus.", "Réessayez dans quelques minutes."),
        ("The provider does not answer any more.", "Try again in a few minutes."),
    )
}

/// The provider's answer is no POP3, or beyond the bounds.
pub fn provider_garbled() -> Explanation {
    Explanation::new(
        "SP-POP3-GARBLED",
        Retry::Later,
        (
            "La réponse du fournisseur est illisible.",
            "Vérifiez le serveur et le port dans la configuration, puis réessayez.",
        ),
        (
            "The provider's answer cannot be read.",
            "Check server and port in the configuration, then try again.",
        ),
    )
}

/// The provider does not offer the TLS that the configuration requires.
pub fn provider_without_tls() -> Explanation {
    Explanation::new(
        "SP-POP3-TLS",
        Retry::Never,
        (
            "Le fournisseur refuse de chiffrer la connexion ; le mot de passe n’a pas été envoyé.",
            "Vérifiez le serveur et le port dans la configuration.",
        ),
        (
            "The provider refuses to encrypt the connection; the password was not sent.",
            "Check server and port in the configuration.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_texts_fit_a_status_line() {
        for e in [
            unknown_login(),
            no_server(),
            no_mechanism(),
            apop(),
            message_too_large(),
            message_withheld(),
            provider_unwilling(&"é".repeat(500)),
            provider_without_tls(),
            crate::text::keys::locked(),
        ] {
            let line = format!("-ERR [SYS/TEMP] {}\r\n", e.wire());
            // RFC 1939 §3.
            assert!(line.is_ascii() && line.len() <= 512, "{line}");
        }
    }
}
