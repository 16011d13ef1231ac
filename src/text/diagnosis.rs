//! Words of a diagnosis.

use super::Explanation;
use super::dashboard::{Language, Words};
use super::verdict::day;
use crate::base::{Retry, UnixTime};

/// What programs read is English.
pub const IN_JSON: Language = Language::English;

/// What is looked at.
pub const VERSION: Words = Words::new("Version", "version");
/// What is looked at.
pub const HOME: Words = Words::new("Dossier de Souspli", "Souspli's folder");
/// What is looked at.
pub const CLOCK: Words = Words::new("Horloge", "clock");
/// What is looked at.
pub const PORT: Words = Words::new("Port", "port");
/// What is looked at.
pub const CONFIGURATION: Words = Words::new("Configuration", "configuration");
/// What is looked at.
pub const KEYRING: Words = Words::new("Trousseau de clés", "keyring");
/// What is looked at.
pub const OWN_KEY: Words = Words::new("Clé du compte", "own key");
/// What is looked at.
pub const CARD: Words = Words::new("Carte", "card");
/// What is looked at.
pub const LISTS: Words = Words::new("Listes de révocation", "revocation lists");
/// What is looked at.
pub const JOURNAL: Words = Words::new("Journal", "journal");
/// What is looked at.
pub const SENDING: Words = Words::new("Serveur d’envoi", "sending server");
/// What is looked at.
pub const READING: Words = Words::new("Serveur de réception", "receiving server");
/// What is looked at.
pub const DIRECTORY: Words = Words::new("Annuaire", "directory");

/// How things stand, and where the diagnosis is.
pub const TITLE: Words = Words::new("Diagnostic", "Diagnosis");
/// See [`TITLE`].
pub const INTRO: Words = Words::new(
    "Souspli regarde tout ce dont il a besoin, sans rien envoyer ni rien changer.",
    "Souspli looks at all that it needs, sends nothing and changes nothing.",
);
/// A button.
pub const BEGIN: Words = Words::new("Lancer le diagnostic", "Begin the diagnosis");
/// What the bundle is.
pub const BUNDLE_INTRO: Words = Words::new(
    "Pour l’assistance : ces résultats et le compte des codes du journal, sans message, correspondant ni objet.",
    "For support: these results and how often each code of the journal came up, without message, correspondent or subject.",
);
/// A button.
pub const BUNDLE: Words = Words::new("Enregistrer le dossier", "Save the bundle");
/// How a thing stands.
pub const GOOD: Words = Words::new("en ordre", "in order");
/// How a thing stands.
pub const WARNING: Words = Words::new("à surveiller", "to be watched");
/// How a thing stands.
pub const BAD: Words = Words::new("en panne", "out of order");

/// It is not what it should be, or speaks no TLS.
pub fn unexpected_greeting(host: &str, port: u16) -> Explanation {
    Explanation::new(
        "SP-DOCTOR-GREETING",
        Retry::AfterUser,
        (
            format!("{host}:{port} répond, mais pas comme un serveur de ce genre, ou sans proposer STARTTLS."),
            "Vérifiez l’adresse, le port et tls de ce serveur dans la configuration.",
        ),
        (
            format!("{host}:{port} answers, but not as a server of this kind, or without offering STARTTLS."),
            "Check the host, port and tls of this server in the configuration.",
        ),
    )
}

/// Something was signed in the future.
pub fn clock_behind(now: UnixTime) -> Explanation {
    let (fr, en) = day(now);
    Explanation::new(
        "SP-DOCTOR-CLOCK",
        Retry::AfterUser,
        (
            format!("L’horloge de l’ordinateur retarde : elle dit {fr}, avant ce qu’une autorité a déjà signé."),
            "Réglez la date et l’heure, de préférence automatiquement : les certificats paraîtraient non valables.",
        ),
        (
            format!("The computer’s clock is behind: it says {en}, earlier than what an authority has signed already."),
            "Set date and time, best automatically: certificates would seem invalid.",
        ),
    )
}

/// The relay is not running.
pub fn nobody_listens(port: u16) -> Explanation {
    Explanation::new(
        "SP-DOCTOR-NOBODY-LISTENS",
        Retry::AfterUser,
        (
            format!("Personne ne répond sur le port {port} : Souspli ne tourne pas."),
            "Démarrez Souspli ; votre logiciel de messagerie ne peut rien envoyer ni recevoir sans lui.",
        ),
        (
            format!("Nobody answers on port {port}: Souspli is not running."),
            "Start Souspli; your mail program can neither send nor receive without it.",
        ),
    )
}

/// No account uses a card.
pub fn no_card_needed() -> Explanation {
    Explanation::new(
        "SP-DOCTOR-NO-CARD-NEEDED",
        Retry::Never,
        (
            "Aucun compte n’utilise de carte : il n’en faut pas, ni lecteur, ni service de cartes.",
            "Rien à faire. Pour en utiliser une : la page « Clés et cartes » du tableau de bord.",
        ),
        (
            "No account uses a card: none is needed, nor a reader, nor a card service.",
            "Nothing to do. To use one: the dashboard's page “Keys and cards”.",
        ),
    )
}

/// Some lists have not come yet, and nobody has asked for them.
pub fn lists_never_came(count: usize) -> Explanation {
    Explanation::new(
        "SP-DOCTOR-LISTS-NEVER-CAME",
        Retry::Later,
        (
            format!("{count} liste(s) de révocation n’ont jamais été reçues ; aucun certificat rencontré jusqu’ici n’en dépend."),
            "Rien n’est bloqué. Si cela dure, vérifiez la connexion à Internet, puis lancez « souspli trust refresh ».",
        ),
        (
            format!("{count} revocation list(s) were never received; no certificate that was met so far depends on them."),
            "Nothing is held up. If it lasts, check the connection to the Internet, then run “souspli trust refresh”.",
        ),
    )
}

/// Some lists do not hold.
pub fn lists_wanting(count: usize) -> Explanation {
    Explanation::new(
        "SP-DOCTOR-LISTS",
        Retry::Later,
        (
            format!("{count} liste(s) de révocation manquent ou sont périmées : l’envoi à certains correspondants peut être refusé."),
            "Vérifiez la connexion à Internet, puis lancez « souspli trust refresh ».",
        ),
        (
            format!("{count} revocation list(s) are missing or stale: sending to some correspondents may be refused."),
            "Check the connection to the Internet, then run “souspli trust refresh”.",
        ),
    )
}
