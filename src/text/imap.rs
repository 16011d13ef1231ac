//! Reading: what the mail program is told over IMAP.

use super::{Explanation, Said};
use crate::base::Retry;

/// No account has this login name.
pub fn unknown_login() -> Explanation {
    Explanation::new(
        "SP-IMAP-LOGIN",
        Retry::AfterUser,
        (
            "Ce nom d’utilisateur n’est pas celui d’un compte de Souspli.",
            "Vérifiez le nom d’utilisateur dans le logiciel de messagerie.",
        ),
        (
            "No account of Souspli has this user name.",
            "Check the user name in the mail program.",
        ),
    )
}

/// The same, told where a copy or a draft was to be stored: nobody may take it for a letter that was not sent.
pub fn not_stored(why: Explanation) -> Explanation {
    let with = |said: Said, before: &str, after: &str| Said {
        what: format!("{before} {}", said.what),
        todo: format!("{} {after}", said.todo),
    };
    Explanation {
        fr: with(
            why.fr,
            "Message non enregistré dans ce dossier.",
            "S’il a déjà été envoyé, ne le renvoyez pas.",
        ),
        en: with(
            why.en,
            "Not stored in this folder.",
            "If it has been sent already, do not send it again.",
        ),
        ..why
    }
}

/// The account has no IMAP server.
pub fn no_server() -> Explanation {
    Explanation::new(
        "SP-IMAP-SERVER",
        Retry::AfterUser,
        (
            "Ce compte n’a pas de serveur IMAP dans la configuration de Souspli.",
            "Ajoutez-y la clé imap, ou lisez ce compte par POP3.",
        ),
        (
            "This account has no IMAP server in Souspli's configuration.",
            "Add the key imap to it, or read this account over POP3.",
        ),
    )
}

/// Too many refused logins on one connection.
pub fn too_many_logins() -> Explanation {
    Explanation::new(
        "SP-IMAP-LOGINS",
        Retry::AfterUser,
        (
            "Trop de mots de passe refusés sur cette connexion.",
            "Corrigez le mot de passe, puis reconnectez-vous.",
        ),
        (
            "Too many refused passwords on this connection.",
            "Correct the password, then connect again.",
        ),
    )
}

/// The provider offers no way to log in that fits the client's.
pub fn no_mechanism() -> Explanation {
    Explanation::new(
        "SP-IMAP-MECHANISM",
        Retry::AfterUser,
        (
            "Le fournisseur n’accepte pas cette méthode d’authentification.",
            "Choisissez-en une autre dans le logiciel de messagerie.",
        ),
        (
            "The provider does not accept this way to log in.",
            "Choose another one in the mail program.",
        ),
    )
}

/// The login exchange itself could not be read.
pub fn bad_login() -> Explanation {
    Explanation::new(
        "SP-IMAP-AUTH",
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

/// What the provider answered for a message cannot be read.
pub fn unreadable_answer() -> Explanation {
    Explanation::new(
        "SP-IMAP-ANSWER",
        Retry::Later,
        (
            "La réponse du fournisseur pour ce message est illisible.",
            "Réessayez ; si cela se répète, lisez ce message sur le site du fournisseur.",
        ),
        (
            "What the provider answered for this message cannot be read.",
            "Try again; if it happens again, read this message on the provider's web site.",
        ),
    )
}

/// A command that needs a login came before it.
pub fn login_first() -> Explanation {
    Explanation::new(
        "SP-IMAP-ORDER",
        Retry::Never,
        ("Il faut d’abord s’authentifier.", "Reconnectez-vous."),
        ("Log in first.", "Connect again."),
    )
}

/// A command that is not offered.
pub fn refused_command() -> Explanation {
    Explanation::new(
        "SP-IMAP-COMMAND",
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
        "SP-IMAP-SYNTAX",
        Retry::Never,
        ("Commande illisible.", "Mettez à jour le logiciel de messagerie si cela se répète."),
        ("The command cannot be read.", "Update the mail program if this happens again."),
    )
}

/// A command longer than the bounds.
pub fn command_too_large() -> Explanation {
    Explanation::new(
        "SP-IMAP-SIZE",
        Retry::Never,
        ("Cette commande est trop longue.", "Agissez sur moins de messages à la fois."),
        ("This command is too long.", "Act on fewer messages at once."),
    )
}

/// An uploaded message above the bound.
pub fn message_too_large() -> Explanation {
    Explanation::new(
        "SP-IMAP-TOOBIG",
        Retry::Never,
        (
            "Ce message est trop volumineux pour être enregistré.",
            "Retirez des pièces jointes.",
        ),
        ("This message is too large to be stored.", "Remove attachments."),
    )
}

/// The provider closed the connection.
pub fn provider_closed() -> Explanation {
    Explanation::new(
        "SP-IMAP-CLOSED",
        Retry::Later,
        ("Le fournisseur a fermé la connexion.", "Réessayez dans quelques minutes."),
        ("The provider closed the connection.", "Try again in a few minutes."),
    )
}

/// The provider does not answer.
pub fn provider_silent() -> Explanation {
    Explanation::new(
        "SP-IMAP-SILENT",
        Retry::Later,
        ("Le fournisseur ne répond plus.", "Réessayez dans quelques minutes."),
        ("The provider does not answer any more.", "Try again in a few minutes."),
    )
}

/// The provider's answer is no IMAP, or beyond the bounds.
pub fn provider_garbled() -> Explanation {
    Explanation::new(
        "SP-IMAP-GARBLED",
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
        "SP-IMAP-TLS",
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

/// The provider lets anybody in, so that nobody could be checked.
pub fn provider_preauth() -> Explanation {
    Explanation::new(
        "SP-IMAP-PREAUTH",
        Retry::Never,
        (
            "Le fournisseur n’a demandé aucun mot de passe : Souspli refuse d’ouvrir le courrier ainsi.",
            "Prévenez votre service informatique.",
        ),
        (
            "The provider asked for no password: Souspli does not open mail that way.",
            "Tell your IT department.",
        ),
    )
}

/// The client was silent for too long.
pub fn client_silent() -> Explanation {
    Explanation::new(
        "SP-IMAP-IDLE",
        Retry::Later,
        (
            "Connexion inactive depuis trop longtemps.",
            "Le logiciel de messagerie se reconnectera.",
        ),
        ("The connection was idle for too long.", "The mail program will connect again."),
    )
}

/// A search of which messages are missing whose text is not known: said in the log.
pub fn search_not_covered(messages: u64) -> Explanation {
    Explanation::new(
        "SP-SEARCH-PARTLY",
        Retry::AfterUser,
        (
            format!("La recherche ne connaît pas le texte de messages S/MIME de ce dossier ({messages})."),
            "Lisez-les une fois : Souspli les trouvera ensuite.",
        ),
        (
            format!("The search does not know the text of S/MIME messages of this folder ({messages})."),
            "Read them once: Souspli will find them then.",
        ),
    )
}

/// A search that went to the provider as it came: said in the log.
pub fn search_unread() -> Explanation {
    Explanation::new(
        "SP-SEARCH-UNREAD",
        Retry::Never,
        (
            "Cette recherche n’est pas d’une forme que Souspli comprend : seul le fournisseur a cherché.",
            "Cherchez avec moins de critères.",
        ),
        (
            "This search is not of a form that Souspli understands: only the provider has searched.",
            "Search by fewer criteria.",
        ),
    )
}

/// A search that would take too many questions, or too long ones: said in the log.
pub fn search_too_long() -> Explanation {
    Explanation::new(
        "SP-SEARCH-LONG",
        Retry::Never,
        (
            "Cette recherche est trop longue pour ce dossier : seul le fournisseur a cherché.",
            "Cherchez avec moins de critères.",
        ),
        (
            "This search is too long for this folder: only the provider has searched.",
            "Search by fewer criteria.",
        ),
    )
}

/// A search of which the provider has not answered a part: said in the log.
pub fn search_refused() -> Explanation {
    Explanation::new(
        "SP-SEARCH-REFUSED",
        Retry::Later,
        (
            "Le fournisseur n’a pas répondu à une partie de cette recherche : lui seul a cherché.",
            "Cherchez de nouveau, ou avec moins de critères.",
        ),
        (
            "The provider has not answered a part of this search: it alone has searched.",
            "Search again, or by fewer criteria.",
        ),
    )
}

/// The keys were locked when the client listed a mailbox, and are not any more.
pub fn list_again() -> Explanation {
    Explanation::new(
        "SP-IMAP-UNLOCKED",
        Retry::Later,
        (
            "Vos clés sont déverrouillées.",
            "Le logiciel de messagerie se reconnecte et relit la liste.",
        ),
        (
            "Your keys are unlocked.",
            "The mail program connects again and reads the list anew.",
        ),
    )
}

/// Said while somebody must unlock the keys, so that the mail program does not give up.
pub fn awaiting_key() -> &'static str {
    "Souspli attend la cle : deverrouillez le trousseau de cles de l'ordinateur."
}

/// Said while something takes its time, so that the mail program does not give up.
pub fn working() -> &'static str {
    "Souspli travaille, un instant."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_texts_are_short_lines_of_ascii() {
        for e in [
            unknown_login(),
            no_server(),
            too_many_logins(),
            no_mechanism(),
            provider_without_tls(),
            provider_preauth(),
            message_too_large(),
        ] {
            let wire = e.wire();
            assert!(wire.is_ascii() && wire.len() < 400 && !wire.starts_with('['), "{wire}");
        }
    }
}
