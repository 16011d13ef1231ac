//! Words of the icon beside the clock, of its menu, and of notifications. Both may be seen by whoever stands behind the user: no
//! correspondent, no subject, nothing of a letter is ever among them; a reason is said by its kind, the rest is on the dashboard.

use super::dashboard::{Language, Words};
use crate::base::UnixTime;
use crate::text::verdict;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $fr:literal, $en:literal;)*) => {
        $($(#[$doc])* pub const $name: Words = Words::new($fr, $en);)*
    };
}

/// On standard error, where it is begun a second time.
pub const RUNS_ALREADY: &str = "Souspli tourne déjà pour ce dossier : son tableau de bord s’ouvre.\n\
    Souspli runs already for this folder: its dashboard opens.";

words! {
    /// Nothing is to be done.
    READY: "Prêt", "Ready";
    /// The user is awaited.
    WAITING: "Vous attend", "Waits for you";
    /// It works, and asks for attention.
    ATTENTION: "À regarder", "Needs attention";
    /// Something keeps letters from being sealed.
    STOPPED: "Ne peut pas mettre sous pli", "Cannot seal letters";
    /// It is beginning.
    STARTING: "Démarrage…", "Starting…";
    /// It ends.
    ENDING: "Souspli termine…", "Souspli is ending…";
    /// The trial realm.
    TRIAL: "TEST : seules les autorités d’essai comptent", "TEST: only trial authorities count";
    /// Own keys wait.
    LOCKED: "Trousseau de clés verrouillé", "Keyring locked";
    /// A card is not there.
    CARD_ABSENT: "Carte absente", "Card not there";
    /// A mail program waits for it.
    CARD_WANTED: "Carte attendue : insérez-la", "Card awaited: insert it";
    /// Another card is in the reader.
    CARD_OTHER: "Une autre carte est dans le lecteur", "Another card is in the reader";
    /// There is no reader.
    NO_READER: "Lecteur de carte débranché", "No card reader connected";
    /// Its PIN is being asked for.
    PIN_AWAITED: "Code de la carte attendu", "PIN of the card awaited";
    /// Too many wrong PINs.
    CARD_BLOCKED: "Carte bloquée", "Card blocked";
    /// A card that cannot be read, or its software.
    CARD_FAULT: "Carte illisible, ou son logiciel en panne", "Card not readable, or its software at fault";
    /// No key can be used.
    NO_KEY: "Aucune clé utilisable", "No usable key";
    /// Certificate past its end.
    EXPIRED: "Certificat expiré", "Certificate expired";
    /// Certificate taken back.
    REVOKED: "Certificat révoqué", "Certificate revoked";
    /// Something of the home could not be read.
    FAULT: "Un fichier de Souspli est illisible", "A file of Souspli cannot be read";
    /// Lists do not hold.
    LISTS_STALE: "Listes de révocation périmées ou absentes", "Revocation lists stale or missing";
    /// It could not begin, for a reason that only the log has.
    NOT_STARTED: "Souspli n’a pas pu démarrer : diagnostic par « souspli doctor »", "Souspli could not start: diagnosis by “souspli doctor”";
    /// All is told on the dashboard.
    MORE: "La suite sur le tableau de bord", "The rest is on the dashboard";
    /// An entry.
    OPEN_DASHBOARD: "Ouvrir le tableau de bord", "Open the dashboard";
    /// An entry.
    LOCK: "Verrouiller (oublier le code)", "Lock (forget the PIN)";
    /// An entry.
    UPDATE_LISTS: "Mettre à jour les listes", "Update the lists";
    /// An entry.
    TEST_MESSAGE: "Message d’essai…", "Test message…";
    /// An entry.
    DIAGNOSIS: "Diagnostic…", "Diagnosis…";
    /// An entry.
    TRY_AGAIN: "Réessayer maintenant", "Try again now";
    /// An entry.
    QUIT: "Quitter Souspli", "Quit Souspli";
    /// The same while letters are on their way: what is in hand is finished, and no longer awaited than that.
    QUIT_AFTER: "Quitter : l’envoi en cours est terminé d’abord (10 s au plus)", "Quit: what is being sent is finished first (10 s at most)";
}

/// A letter in hand, or several.
pub fn in_hand(letters: usize) -> Phrase {
    match letters {
        1 => Phrase::new("1 envoi en cours", "1 letter being sent"),
        n => Phrase::new(format!("{n} envois en cours"), format!("{n} letters being sent")),
    }
}

/// The end of an own certificate.
pub fn ends_soon(days: i64) -> Phrase {
    match days {
        ..=0 => Phrase::new("Le certificat expire aujourd’hui", "The certificate ends today"),
        1 => Phrase::new("Le certificat expire demain", "The certificate ends tomorrow"),
        n => Phrase::new(
            format!("Le certificat expire dans {n} jours"),
            format!("The certificate ends in {n} days"),
        ),
    }
}

/// A provider's server that does not answer.
pub fn provider_away(host: &str) -> Phrase {
    Phrase::new(
        format!("Fournisseur injoignable ({host})"),
        format!("Provider unreachable ({host})"),
    )
}

/// Who answers in place of a provider's server does not prove to be it.
pub fn provider_unsafe(host: &str) -> Phrase {
    Phrase::new(
        format!("Connexion au fournisseur pas sûre ({host})"),
        format!("Connection to the provider not safe ({host})"),
    )
}

/// A port that another program has.
pub fn port_in_use(port: u16) -> Phrase {
    Phrase::new(
        format!("Port {port} pris par un autre programme"),
        format!("Port {port} taken by another program"),
    )
}

/// Why a letter was refused, by its kind: the whole sentence names whom it was for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// A recipient has no certificate that will do.
    NoCertificate,
    /// It is not known whether a certificate still stands.
    NotChecked,
    /// A directory does not answer.
    DirectoryAway,
    /// The tag is not well written.
    Tag,
    /// Only an account of the space of trust may write there.
    SpaceOfTrust,
    /// A recipient cannot open sealed mail.
    ReadsNoSealed,
    /// It would go under somebody else's name.
    Sender,
    /// It is too large.
    TooLarge,
    /// Others are in its way.
    NoRoom,
    /// It is no lawful message.
    Malformed,
    /// The card, or its PIN.
    Card,
    /// The own key.
    OwnKey,
    /// The provider.
    Provider,
    /// Told on the dashboard.
    Other,
}

impl Reason {
    fn words(self) -> Words {
        match self {
            Self::NoCertificate => Words::new("certificat d’un destinataire manquant", "a recipient has no certificate"),
            Self::NotChecked => Words::new(
                "certificat d’un destinataire pas vérifiable",
                "a recipient’s certificate cannot be checked",
            ),
            Self::DirectoryAway => Words::new("annuaire injoignable", "directory unreachable"),
            Self::Tag => Words::new("balise mal écrite", "tag not well written"),
            Self::SpaceOfTrust => Words::new("joignable par un compte MSSanté seulement", "reached from an MSSanté account only"),
            Self::ReadsNoSealed => Words::new(
                "un destinataire ne lit pas de messages chiffrés",
                "a recipient reads no sealed mail",
            ),
            Self::Sender => Words::new("expéditeur qui n’est pas celui de la clé", "sender other than that of the key"),
            Self::TooLarge => Words::new("message trop volumineux", "message too large"),
            Self::NoRoom => Words::new("d’autres gros messages partent", "other large messages are leaving"),
            Self::Malformed => Words::new("message mal formé", "malformed message"),
            Self::Card => Words::new("carte", "card"),
            Self::OwnKey => Words::new("votre clé", "your key"),
            Self::Provider => Words::new("fournisseur", "provider"),
            Self::Other => Words::new("voir le tableau de bord", "see the dashboard"),
        }
    }
}

/// The last letter of an account that was refused: when, why, and the code that a support desk asks for.
pub fn refused(at: UnixTime, reason: Reason, code: &str, language: Language) -> String {
    let (fr, en) = verdict::day(at);
    let reason = reason.words().of(language);
    match language {
        Language::French => format!("Dernier refus ({fr}) : {reason} [{code}]"),
        Language::English => format!("Last refusal ({en}): {reason} [{code}]"),
    }
}

/// What a notification says: a line, and one more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ringing {
    /// Above.
    pub title: String,
    /// Below.
    pub text: String,
}

impl Ringing {
    fn new(title: &str, text: &str) -> Self {
        Self {
            title: title.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// A letter was refused.
pub fn rings_refused(language: Language) -> Ringing {
    match language {
        Language::French => Ringing::new(
            "Un message n’est pas parti",
            "Ouvrez le tableau de bord de Souspli : il dit pourquoi, et que faire.",
        ),
        Language::English => Ringing::new("A message has not left", "Open the Souspli dashboard: it says why, and what to do."),
    }
}

/// A mail program waits for a card.
pub fn rings_card(language: Language) -> Ringing {
    match language {
        Language::French => Ringing::new(
            "Votre carte est attendue",
            "Insérez-la dans le lecteur, puis recommencez dans votre messagerie.",
        ),
        Language::English => Ringing::new(
            "Your card is awaited",
            "Insert it into the reader, then try again in your mail program.",
        ),
    }
}

/// A PIN has been asked for, and nobody has typed it.
pub fn rings_pin(language: Language) -> Ringing {
    match language {
        Language::French => Ringing::new(
            "Le code de votre carte est attendu",
            "Une fenêtre le demande ; elle est peut-être derrière une autre.",
        ),
        Language::English => Ringing::new(
            "The PIN of your card is awaited",
            "A window asks for it; it may be behind another one.",
        ),
    }
}

/// An own certificate ends.
pub fn rings_ending(days: i64, language: Language) -> Ringing {
    let text = match language {
        Language::French => "Ensuite plus rien ne partira signé ni chiffré. Le tableau de bord dit que faire.",
        Language::English => "After that nothing leaves signed or sealed. The dashboard says what to do.",
    };
    Ringing::new(ends_soon(days).of(language), text)
}

/// Lists do not hold, and do not come.
pub fn rings_lists(language: Language) -> Ringing {
    match language {
        Language::French => Ringing::new(
            "Listes de révocation périmées",
            "Des envois peuvent être refusés. Vérifiez l’accès à Internet, puis le tableau de bord.",
        ),
        Language::English => Ringing::new(
            "Revocation lists are stale",
            "Sending may be refused. Check the Internet access, then the dashboard.",
        ),
    }
}

/// A provider does not answer for long.
pub fn rings_away(language: Language) -> Ringing {
    match language {
        Language::French => Ringing::new(
            "Fournisseur de messagerie injoignable",
            "Rien n’est perdu : ce qui n’est pas parti reste dans votre messagerie. Vérifiez l’accès à Internet.",
        ),
        Language::English => Ringing::new(
            "Mail provider unreachable",
            "Nothing is lost: what has not left stays in your mail program. Check the Internet access.",
        ),
    }
}

/// It could not begin.
pub fn rings_not_started(language: Language) -> Ringing {
    match language {
        Language::French => Ringing::new(
            "Souspli n’a pas pu démarrer",
            "Votre messagerie ne peut ni envoyer ni recevoir. Le menu de l’icône dit pourquoi.",
        ),
        Language::English => Ringing::new(
            "Souspli could not start",
            "Your mail program can neither send nor receive. The menu of the icon says why.",
        ),
    }
}

/// Words with something in their midst.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    fr: String,
    en: String,
}

impl Phrase {
    fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            fr: fr.into(),
            en: en.into(),
        }
    }

    /// In one of the languages.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr,
            Language::English => &self.en,
        }
    }
}
