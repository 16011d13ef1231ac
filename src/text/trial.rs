//! A test letter to oneself: what it says, and what is said where it does not come all the way.

use super::Explanation;
use crate::base::Retry;

/// The Subject of a test letter, after the tag.
pub const TEST_SUBJECT: &str = "Souspli : pli d'essai / test letter";

/// What the test letter says; `word`, a line of its own, is what it is known by.
pub fn test_letter(word: &str) -> String {
    format!(
        "Ce pli d’essai a été scellé par Souspli sur votre ordinateur,\nest parti chez votre fournisseur, et vient d’être ouvert par Souspli.\n\n\
         This test letter was sealed by Souspli on your computer, went to your\nprovider, and has just been opened by Souspli.\n\n{word}\n"
    )
}

/// The relay, or the provider behind it, did not take the letter.
pub fn not_taken(said: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-TAKEN",
        Retry::AfterUser,
        (
            format!("Le pli d’essai n’est pas parti : {said}"),
            "Suivez ce que dit la réponse, puis recommencez.",
        ),
        (
            format!("The test letter has not left: {said}"),
            "Do what the answer says, then try again.",
        ),
    )
}

/// The mailbox does not do as it is told.
pub fn not_read(said: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-READ",
        Retry::Later,
        (
            format!("La boîte de réception ne s’ouvre pas : {said}"),
            "Recommencez dans un moment.",
        ),
        (format!("The inbox does not open: {said}"), "Try again in a moment."),
    )
}

/// It is not there.
pub fn not_arrived(seconds: u64) -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-ARRIVED",
        Retry::Later,
        (
            format!("Le pli d’essai n’est pas arrivé en {seconds} secondes."),
            "Regardez dans les indésirables ; un fournisseur peut aussi tarder. Recommencez plus tard.",
        ),
        (
            format!("The test letter has not arrived within {seconds} seconds."),
            "Look into the junk folder; a provider may also be slow. Try again later.",
        ),
    )
}

/// The provider could read it. This must not happen.
pub fn not_sealed() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-SEALED",
        Retry::Never,
        (
            "Chez votre fournisseur, la lettre d’essai n’est pas scellée.",
            "N’envoyez rien de confidentiel par ce compte, et prévenez l’assistance.",
        ),
        (
            "At your provider the test letter is not sealed.",
            "Send nothing confidential by this account, and tell support.",
        ),
    )
}

/// Only Souspli can log in there.
pub fn not_looked_at_provider() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-LOOKED",
        Retry::Never,
        (
            "Le message stocké chez le fournisseur n’a pas été regardé : Souspli s’y identifie lui-même, ce mot de passe n’y ouvre rien.",
            "Rien à faire.",
        ),
        (
            "The message as stored at the provider was not looked at: Souspli logs in there by itself, this password opens nothing there.",
            "Nothing to do.",
        ),
    )
}

/// The View has not the text.
pub fn not_opened() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-OPENED",
        Retry::AfterUser,
        (
            "Le pli est arrivé, mais Souspli ne l’a pas ouvert.",
            "Ouvrez-le dans votre logiciel : son texte dit pourquoi. Le plus souvent il manque la clé.",
        ),
        (
            "The letter has arrived, but Souspli has not opened it.",
            "Open it in your mail program: its text tells why. Most often the key is missing.",
        ),
    )
}

/// The status of the certificate is not known.
pub fn not_checked() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-CHECKED",
        Retry::Later,
        (
            "La signature est juste, mais l’état de votre certificat n’a pas pu être vérifié.",
            "Vérifiez la connexion à Internet : les listes de révocation arrivent d’elles-mêmes.",
        ),
        (
            "The signature is right, but the status of your certificate could not be checked.",
            "Check the connection to the Internet: the revocation lists come by themselves.",
        ),
    )
}

/// The signature is not by somebody who is known.
pub fn not_verified() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-VERIFIED",
        Retry::AfterUser,
        (
            "La signature de votre pli ne mène à aucune autorité connue de Souspli.",
            "Ajoutez l’autorité de votre certificat, ou demandez-en un à une autorité de santé.",
        ),
        (
            "The signature of your letter leads to no authority that Souspli knows.",
            "Add the authority of your certificate, or ask a health authority for one.",
        ),
    )
}

/// The provider hung up before it said whether it takes the test letter.
pub fn letter_unconfirmed() -> Explanation {
    Explanation::new(
        "SP-SETUP-UNCONFIRMED",
        Retry::Later,
        (
            "Votre fournisseur a coupé la connexion sans dire s’il prend le pli d’essai : il est peut-être parti.",
            "Recommencez dans quelques minutes ; le pli d’essai ne va qu’à vous, deux exemplaires ne gênent personne.",
        ),
        (
            "Your provider hung up without saying whether it takes the test letter: it may have left.",
            "Try again in a few minutes; the test letter goes to yourself only, two copies trouble nobody.",
        ),
    )
}

/// The provider does not take a letter to the address of the account.
pub fn own_address_refused(said: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-ADDRESS-REFUSED",
        Retry::AfterUser,
        (
            format!("Le pli d’essai n’est pas parti : votre fournisseur refuse votre propre adresse comme destinataire ({said})."),
            "Vérifiez que cette adresse est bien celle de la boîte ; si oui, demandez à votre fournisseur, puis recommencez.",
        ),
        (
            format!("The test letter has not left: your provider refuses your own address as a recipient ({said})."),
            "Check that this is the address of the mailbox; if it is, ask your provider, then try again.",
        ),
    )
}

/// A test letter without a password: an empty one is never tried.
pub fn password_wanting() -> Explanation {
    Explanation::new(
        "SP-SETUP-PASSWORD-WANTING",
        Retry::AfterUser,
        (
            "Il faut le mot de passe de cette messagerie pour envoyer le pli d’essai ; rien n’a été essayé.",
            "Tapez-le, puis recommencez.",
        ),
        (
            "The password of this mailbox is needed to send the test letter; nothing was tried.",
            "Type it, then try again.",
        ),
    )
}
