//! Sentences about a beginning that is none: a configuration that is lost, or taken back, or not the one that was shown.

use super::Explanation;
use crate::base::Retry;

/// It was there, with an account.
pub fn lost(path: &str, copy: &str) -> Explanation {
    Explanation::new(
        "SP-CONFIG-LOST",
        Retry::AfterUser,
        (
            format!("La configuration {path}, par laquelle Souspli servait vos comptes, manque ou s’est vidée. Aucun courrier ne passe."),
            format!(
                "Si elle est sur un disque ou un dossier réseau, reconnectez-le. Sinon copiez {copy} à sa place. Pour tout configurer à neuf, supprimez d’abord cette copie."
            ),
        ),
        (
            format!("The configuration {path}, by which Souspli served your accounts, is missing or empty. No mail passes."),
            format!(
                "If it is on a disk or a folder of the network, connect that. Else copy {copy} to its place. To configure everything anew, remove that copy first."
            ),
        ),
    )
}

/// Another page has changed it since this one was made.
pub fn shown_otherwise() -> Explanation {
    Explanation::new(
        "SP-SETUP-SHOWN-OTHERWISE",
        Retry::AfterUser,
        (
            "Ce que cette page montrait a changé entre-temps : un autre compte, d’autres serveurs ou une autre carte. Rien n’a été fait.",
            "Relisez la page telle qu’elle est maintenant, puis recommencez.",
        ),
        (
            "What this page showed has changed meanwhile: another account, other servers or another card. Nothing was done.",
            "Read the page as it is now, then try again.",
        ),
    )
}

/// The relay could not begin again with what was written.
pub fn not_begun() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-BEGUN",
        Retry::AfterUser,
        (
            "Souspli n’a pas pu reprendre avec ce changement : le fichier de configuration d’avant a été remis et sert, comme avant.",
            "Levez ce qui suit, puis recommencez.",
        ),
        (
            "Souspli could not go on with this change: the configuration file of before was put back and serves, as before.",
            "Mend what follows, then try again.",
        ),
    )
}

/// The same, and the file is not what it was.
pub fn not_undone(path: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-UNDONE",
        Retry::AfterUser,
        (
            format!("Souspli n’a pas pu reprendre avec la nouvelle configuration et sert comme avant, mais {path} n’a pas pu être remis."),
            "Levez ce qui suit et vérifiez ce fichier avant le prochain démarrage.",
        ),
        (
            format!("Souspli could not go on with the new configuration and serves as before, but {path} could not be put back."),
            "Mend what follows and check this file before the next start.",
        ),
    )
}
