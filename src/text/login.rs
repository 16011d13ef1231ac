//! Sentences about who logs in: local passwords, tokens, client certificates.

use super::verdict::day;
use super::{Explanation, Why};
use crate::base::{Address, Retry, UnixTime};

/// The local password is another.
pub fn wrong_local_password() -> Explanation {
    Explanation::new(
        "SP-LOCAL-PASSWORD",
        Retry::AfterUser,
        (
            "Ce n’est pas le mot de passe local de Souspli pour ce compte.",
            "Donnez à votre logiciel de messagerie celui de la commande : souspli account password --local ADRESSE.",
        ),
        (
            "This is not Souspli's local password for this account.",
            "Give your mail program that of the command: souspli account password --local ADDRESS.",
        ),
    )
}

/// No local password was set.
pub fn no_local_password(account: &Address) -> Explanation {
    Explanation::new(
        "SP-NO-LOCAL-PASSWORD",
        Retry::AfterUser,
        (
            format!("Souspli s’identifie lui-même pour {account}, et n’a pas de mot de passe local pour votre logiciel de messagerie."),
            format!("Choisissez-en un : souspli account password --local {account}."),
        ),
        (
            format!("Souspli logs in by itself for {account}, and has no local password for your mail program."),
            format!("Choose one: souspli account password --local {account}."),
        ),
    )
}

/// Souspli has nothing that the provider could know the owner by.
pub fn no_proof(account: &Address) -> Explanation {
    Explanation::new(
        "SP-NO-PROOF",
        Retry::AfterUser,
        (
            format!("Souspli n’a rien pour s’identifier chez l’opérateur de {account}."),
            format!(
                "Donnez son mot de passe (souspli account password {account}), ou token_command ou client_certificate dans la configuration."
            ),
        ),
        (
            format!("Souspli has nothing to log in with at the operator of {account}."),
            format!("Give its password (souspli account password {account}), or token_command or client_certificate in the configuration."),
        ),
    )
}

/// The operator does not take the token.
pub fn token_refused(account: &Address, said: &str) -> Explanation {
    Explanation::new(
        "SP-TOKEN-REFUSED",
        Retry::AfterUser,
        (
            format!("L’opérateur de {account} refuse le jeton de token_command ({said})."),
            "Reconnectez-vous à Pro Santé Connect, puis réessayez.",
        ),
        (
            format!("The operator of {account} refuses the token of token_command ({said})."),
            "Log in to Pro Santé Connect again, then try again.",
        ),
    )
}

/// The operator does not take the kept password, or the client certificate alone.
pub fn kept_proof_refused(account: &Address, said: &str) -> Explanation {
    Explanation::new(
        "SP-PROOF-REFUSED",
        Retry::AfterUser,
        (
            format!("L’opérateur de {account} refuse le mot de passe ou le certificat client que Souspli garde pour ce compte ({said})."),
            format!(
                "Donnez-lui le mot de passe actuel (souspli account password {account}), ou vérifiez client_certificate dans la configuration."
            ),
        ),
        (
            format!(
                "The operator of {account} refuses the password or the client certificate that Souspli keeps for this account ({said})."
            ),
            format!("Give it the present password (souspli account password {account}), or check client_certificate in the configuration."),
        ),
    )
}

/// The program for tokens could not be started.
pub fn token_not_started(why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-TOKEN-NOT-STARTED",
        Retry::AfterUser,
        (
            format!("La commande token_command ne peut pas être lancée ({fr})."),
            "Vérifiez le chemin du programme dans la configuration.",
        ),
        (
            format!("The command token_command cannot be run ({en})."),
            "Check the program's path in the configuration.",
        ),
    )
}

/// The program for tokens did not end in time.
pub fn token_too_slow(seconds: u64) -> Explanation {
    Explanation::new(
        "SP-TOKEN-SLOW",
        Retry::Later,
        (
            format!("La commande token_command n’a pas rendu de jeton en {seconds} secondes."),
            "Reconnectez-vous à Pro Santé Connect si elle le demande, puis réessayez.",
        ),
        (
            format!("The command token_command gave no token within {seconds} seconds."),
            "Log in to Pro Santé Connect again if it asks for that, then try again.",
        ),
    )
}

/// The program for tokens failed.
pub fn token_failed(status: Option<i32>) -> Explanation {
    let status = status.map_or_else(|| "?".to_owned(), |code| code.to_string());
    Explanation::new(
        "SP-TOKEN-FAILED",
        Retry::AfterUser,
        (
            format!("La commande token_command a échoué (code {status})."),
            "Reconnectez-vous à Pro Santé Connect, ou lancez-la à la main pour voir ce qu’elle dit.",
        ),
        (
            format!("The command token_command failed (status {status})."),
            "Log in to Pro Santé Connect again, or run it by hand to see what it says.",
        ),
    )
}

/// The program for tokens printed none.
pub fn not_a_token() -> Explanation {
    Explanation::new(
        "SP-NOT-A-TOKEN",
        Retry::AfterUser,
        (
            "La commande token_command n’a pas écrit de jeton.",
            "Elle doit écrire le jeton seul sur sa sortie, et rien d’autre : lancez-la à la main pour voir.",
        ),
        (
            "The command token_command has written no token.",
            "It must write the token alone on its output, and nothing else: run it by hand to see.",
        ),
    )
}

/// The file of the client certificate cannot be read.
pub fn no_certificate_file(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-CLIENT-CERTIFICATE-FILE",
        Retry::AfterUser,
        (
            format!("Le certificat client {path} ne peut pas être lu ({fr})."),
            "Vérifiez client_certificate dans la configuration.",
        ),
        (
            format!("The client certificate {path} cannot be read ({en})."),
            "Check client_certificate in the configuration.",
        ),
    )
}

/// The file of the client certificate does not open.
pub fn certificate_file_closed(path: &str, account: &Address, why: &Explanation) -> Explanation {
    Explanation::new(
        "SP-CLIENT-CERTIFICATE-CLOSED",
        Retry::AfterUser,
        (
            format!("Le certificat client {path} ne s’ouvre pas : {}", why.fr.what),
            format!("Donnez son mot de passe : souspli account password --certificate {account}."),
        ),
        (
            format!("The client certificate {path} does not open: {}", why.en.what),
            format!("Give its password: souspli account password --certificate {account}."),
        ),
    )
}

/// No key of a card is known that the account could log in with.
pub fn no_key_on_card(account: &Address) -> Explanation {
    Explanation::new(
        "SP-CLIENT-CARD-NO-KEY",
        Retry::AfterUser,
        (
            format!("Souspli ne connaît aucune clé de carte avec laquelle {account} puisse s’identifier."),
            format!("Mettez la carte, puis : souspli key card --account {account}."),
        ),
        (
            format!("Souspli knows no key of a card that {account} could log in with."),
            format!("Put the card in, then: souspli key card --account {account}."),
        ),
    )
}

/// The certificate on the card is too old.
pub fn certificate_on_card_expired(account: &Address, until: UnixTime) -> Explanation {
    let (fr, en) = day(until);
    Explanation::new(
        "SP-CLIENT-CARD-EXPIRED",
        Retry::AfterUser,
        (
            format!("Le certificat de la carte avec lequel {account} s’identifie a expiré le {fr}."),
            format!("Mettez la nouvelle carte, puis : souspli key card --account {account}."),
        ),
        (
            format!("The certificate of the card that {account} logs in with expired on {en}."),
            format!("Put the new card in, then: souspli key card --account {account}."),
        ),
    )
}

/// Nothing was kept of an account.
pub fn nothing_kept(account: &Address) -> Explanation {
    Explanation::new(
        "SP-NO-PASSWORD-KEPT",
        Retry::Never,
        (
            format!("Souspli ne garde aucun mot de passe pour {account}."),
            "Vérifiez l’adresse : c’est celle du compte dans la configuration.",
        ),
        (
            format!("Souspli keeps no password for {account}."),
            "Check the address: it is that of the account in the configuration.",
        ),
    )
}
