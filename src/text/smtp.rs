//! What a mail program is told on the submission port when it is not about one message.

use super::Explanation;
use crate::base::Retry;

/// A recipient was refused at its own command, and the mail program goes on with the others.
pub fn recipient_not_taken() -> Explanation {
    Explanation::new(
        "SP-RECIPIENT-NOT-TAKEN",
        Retry::Never,
        (
            "Message non envoyé : l’adresse d’un destinataire a été refusée.",
            "Corrigez-la ou retirez-la, puis renvoyez. Personne n’a reçu ce message.",
        ),
        (
            "Not sent: the address of a recipient was refused.",
            "Mend or remove it, then send again. Nobody has received this message.",
        ),
    )
}

/// The login belongs to no configured account.
pub fn unknown_login() -> Explanation {
    Explanation::new(
        "SP-UNKNOWN-LOGIN",
        Retry::Never,
        (
            "Identifiant inconnu de Souspli.",
            "Ajoutez ce compte à la configuration de Souspli.",
        ),
        ("Souspli does not know this login.", "Add this account to Souspli's configuration."),
    )
}

/// The provider refused the login; its own words are given.
pub fn login_refused(said: &str) -> Explanation {
    Explanation::new(
        "SP-LOGIN-REFUSED",
        Retry::Never,
        (
            format!("Le serveur refuse l’identifiant ou le mot de passe ({said})."),
            "Vérifiez le mot de passe.",
        ),
        (
            format!("The server refuses the login or the password ({said})."),
            "Check the password.",
        ),
    )
}

/// The provider offers no mechanism that these credentials fit.
pub fn no_mechanism(host: &str) -> Explanation {
    Explanation::new(
        "SP-NO-MECHANISM",
        Retry::Never,
        (
            format!("Le serveur {host} n’accepte pas cette méthode de connexion."),
            "Choisissez une autre méthode d’authentification.",
        ),
        (
            format!("The server {host} does not take this way to log in."),
            "Choose another authentication method.",
        ),
    )
}

/// The provider cannot be reached at login.
pub fn login_provider_away(host: &str) -> Explanation {
    Explanation::new(
        "SP-LOGIN-AWAY",
        Retry::Later,
        (
            format!("Le serveur {host} ne répond pas."),
            "Vérifiez la connexion et réessayez plus tard.",
        ),
        (
            format!("The server {host} does not answer."),
            "Check the connection and try again later.",
        ),
    )
}
