//! Sentences about what is kept on disk, and about the keyring that locks it.

use super::{Explanation, Why};
use crate::base::Retry;

/// The platform names no folder.
pub fn no_home() -> Explanation {
    Explanation::new(
        "SP-HOME-NONE",
        Retry::AfterUser,
        (
            "Aucun dossier ne peut accueillir les données de Souspli.",
            "Indiquez-en un : souspli --home DOSSIER, ou la variable SOUSPLI_HOME.",
        ),
        (
            "There is no folder for Souspli's data.",
            "Name one: souspli --home FOLDER, or the variable SOUSPLI_HOME.",
        ),
    )
}

/// The home of another user.
pub fn not_ours(path: &str) -> Explanation {
    Explanation::new(
        "SP-HOME-FOREIGN",
        Retry::AfterUser,
        (
            format!("Le dossier {path} appartient à un autre utilisateur."),
            "Ouvrez la session de son propriétaire (administrateur : sudo -u PROPRIÉTAIRE souspli …), ou choisissez un autre dossier avec --home.",
        ),
        (
            format!("The folder {path} belongs to another user."),
            "Log in as its owner (administrator: sudo -u OWNER souspli …), or choose another folder with --home.",
        ),
    )
}

/// A home that cannot be made.
pub fn home_not_made(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-HOME-NOT-MADE",
        Retry::AfterUser,
        (
            format!("Le dossier {path}, où Souspli garderait ses données, ne peut pas être créé ({fr})."),
            "Choisissez un autre dossier avec --home ou la variable SOUSPLI_HOME, ou vérifiez vos droits.",
        ),
        (
            format!("The folder {path}, where Souspli would keep its data, cannot be made ({en})."),
            "Choose another folder with --home or the variable SOUSPLI_HOME, or check your rights.",
        ),
    )
}

/// A home that others may enter.
pub fn open_home(path: &str) -> Explanation {
    Explanation::new(
        "SP-HOME-OPEN",
        Retry::AfterUser,
        (
            format!("Le dossier {path} est accessible à d’autres utilisateurs de cet ordinateur."),
            format!("Réservez-le : chmod 700 {path} (Windows : retirez les autres comptes dans Propriétés, Sécurité)."),
        ),
        (
            format!("The folder {path} is open to other users of this computer."),
            format!("Keep it to yourself: chmod 700 {path} (Windows: remove the other accounts under Properties, Security)."),
        ),
    )
}

/// A file that cannot be read.
pub fn unreadable(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-STORE-READ",
        Retry::AfterUser,
        (
            format!("Le fichier {path} ne peut pas être lu ({fr})."),
            "Vérifiez vos droits sur ce fichier et l’état du disque.",
        ),
        (
            format!("The file {path} cannot be read ({en})."),
            "Check your rights on this file and the state of the disk.",
        ),
    )
}

/// A file that cannot be written.
pub fn unwritable(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-STORE-WRITE",
        Retry::AfterUser,
        (
            format!("Le fichier {path} n’a pas pu être écrit ({fr}) ; ce qui s’y trouvait est intact."),
            "Vérifiez vos droits sur ce dossier et l’état du disque.",
        ),
        (
            format!("The file {path} could not be written ({en}); what stood there is intact."),
            "Check your rights on this folder and the state of the disk.",
        ),
    )
}

/// No room.
pub fn disk_full(path: &str) -> Explanation {
    Explanation::new(
        "SP-DISK-FULL",
        Retry::AfterUser,
        (
            format!("Le disque est plein : {path} n’a pas pu être écrit ; ce qui s’y trouvait est intact."),
            "Libérez de la place, puis recommencez.",
        ),
        (
            format!("The disk is full: {path} could not be written; what stood there is intact."),
            "Make room, then do it again.",
        ),
    )
}

/// Not what was written.
pub fn damaged(path: &str) -> Explanation {
    Explanation::new(
        "SP-STORE-DAMAGED",
        Retry::Never,
        (
            format!("Le fichier {path} est abîmé ou a été modifié."),
            "Remettez-le d’une sauvegarde, ou importez de nouveau ce qu’il contenait.",
        ),
        (
            format!("The file {path} is damaged or has been changed."),
            "Restore it from a backup, or import again what it held.",
        ),
    )
}

/// Too large.
pub fn too_large(path: &str) -> Explanation {
    Explanation::new(
        "SP-STORE-TOO-LARGE",
        Retry::Never,
        (
            format!("Le fichier {path} est trop grand pour être ce qu’il devrait être."),
            "Vérifiez que c’est le bon fichier.",
        ),
        (
            format!("The file {path} is too large to be what it should be."),
            "Check that it is the right file.",
        ),
    )
}

/// No such entry.
pub fn absent() -> Explanation {
    Explanation::new(
        "SP-STORE-ABSENT",
        Retry::Never,
        ("Cet élément n’existe pas.", "Affichez la liste (list) et reprenez son nom exact."),
        ("There is no such entry.", "Show the list (list) and use its exact name."),
    )
}

/// The keyring waits for the user.
pub fn keyring_locked() -> Explanation {
    Explanation::new(
        "SP-KEYRING-LOCKED",
        Retry::AfterUser,
        (
            "Le trousseau de clés du système est verrouillé.",
            "Déverrouillez-le (en ouvrant la session, ou dans son application), puis recommencez. Rien n’est perdu.",
        ),
        (
            "The system's keyring is locked.",
            "Unlock it (by logging in, or in its application), then try again. Nothing is lost.",
        ),
    )
}

/// Neither a keyring nor a passphrase file.
pub fn no_secret_store() -> Explanation {
    Explanation::new(
        "SP-SECRETS-NONE",
        Retry::AfterUser,
        (
            "Aucun trousseau de clés ouvert ne peut garder les secrets de Souspli.",
            "Ouvrez le trousseau du système ; s’il n’y en a pas, écrivez une phrase de passe dans un fichier que vous seul pouvez lire, et indiquez-le par la variable SOUSPLI_PASSPHRASE_FILE.",
        ),
        (
            "No open keyring can keep Souspli's secrets.",
            "Open the system's keyring; where there is none, write a passphrase to a file that only you can read, and name it in the variable SOUSPLI_PASSPHRASE_FILE.",
        ),
    )
}

/// The keyring fails.
pub fn keyring_failed() -> Explanation {
    Explanation::new(
        "SP-KEYRING-FAILED",
        Retry::Later,
        (
            "Le trousseau de clés du système ne répond pas comme il devrait.",
            "Recommencez ; si cela dure, fermez puis rouvrez la session.",
        ),
        (
            "The system's keyring does not answer as it should.",
            "Try again; if it lasts, log out and in again.",
        ),
    )
}

/// The master key is gone.
pub fn master_key_gone() -> Explanation {
    Explanation::new(
        "SP-MASTER-KEY-GONE",
        Retry::AfterUser,
        (
            "Le trousseau de clés ne contient plus la clé de ce dossier : vos clés privées ne peuvent pas être ouvertes.",
            "Ouvrez la session qui l’a créé ou restaurez le trousseau ; sinon, importez vos clés (fichiers .p12) dans un nouveau dossier.",
        ),
        (
            "The keyring no longer holds the key of this home: your private keys cannot be opened.",
            "Use the session that made it or restore the keyring; otherwise import your keys (.p12 files) into a new home.",
        ),
    )
}

/// A home made with a passphrase file, and none named.
pub fn passphrase_wanted() -> Explanation {
    Explanation::new(
        "SP-PASSPHRASE-WANTED",
        Retry::AfterUser,
        (
            "Ce dossier s’ouvre avec une phrase de passe, et aucune n’est indiquée.",
            "Indiquez son fichier par la variable SOUSPLI_PASSPHRASE_FILE.",
        ),
        (
            "This home opens with a passphrase, and none is named.",
            "Name its file in the variable SOUSPLI_PASSPHRASE_FILE.",
        ),
    )
}

/// Not a passphrase file.
pub fn bad_passphrase_file(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-PASSPHRASE-FILE",
        Retry::AfterUser,
        (
            format!("Le fichier {path} (SOUSPLI_PASSPHRASE_FILE) ne donne pas de phrase de passe ({fr})."),
            "Écrivez-y la phrase de passe, sur une ligne, et réservez-vous sa lecture.",
        ),
        (
            format!("The file {path} (SOUSPLI_PASSPHRASE_FILE) gives no passphrase ({en})."),
            "Write the passphrase to it, on one line, and keep it readable by yourself only.",
        ),
    )
}

/// The passphrase does not open this home.
pub fn wrong_passphrase() -> Explanation {
    Explanation::new(
        "SP-PASSPHRASE-WRONG",
        Retry::AfterUser,
        (
            "La phrase de passe n’ouvre pas ce dossier.",
            "Vérifiez le fichier indiqué par SOUSPLI_PASSPHRASE_FILE et le dossier (--home).",
        ),
        (
            "The passphrase does not open this home.",
            "Check the file named by SOUSPLI_PASSPHRASE_FILE and the home (--home).",
        ),
    )
}

/// The library or the system's randomness refused.
pub fn crypto() -> Explanation {
    Explanation::new(
        "SP-CRYPTO",
        Retry::Later,
        (
            "Une opération de chiffrement a échoué sur cet ordinateur.",
            "Recommencez ; si cela dure, redémarrez l’ordinateur, puis signalez-le avec ce code.",
        ),
        (
            "A cryptographic operation failed on this computer.",
            "Try again; if it lasts, restart the computer, then report it with this code.",
        ),
    )
}
