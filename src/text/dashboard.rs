//! Words of the dashboard. A page speaks one language at a time: French unless its user chooses English.

use super::{Explanation, Said};
use crate::base::Retry;

/// A language of the dashboard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// French.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// As HTML has it (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// What [`Language::tag`] wrote.
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::French, Self::English].into_iter().find(|language| language.tag() == tag)
    }

    /// Its own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::French => "Français",
            Self::English => "English",
        }
    }

    /// The one that a page offers to change to.
    pub fn other(self) -> Self {
        match self {
            Self::French => Self::English,
            Self::English => Self::French,
        }
    }

    /// What stands between a thing and what is said of it; French keeps it from the line's beginning.
    pub fn colon(self) -> &'static str {
        match self {
            Self::French => "\u{a0}: ",
            Self::English => ": ",
        }
    }

    /// The half of a sentence in this language.
    pub fn half(self, explanation: &Explanation) -> &Said {
        match self {
            Self::French => &explanation.fr,
            Self::English => &explanation.en,
        }
    }
}

/// Words in both languages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    fr: &'static str,
    en: &'static str,
}

impl Words {
    /// French, then English.
    pub const fn new(fr: &'static str, en: &'static str) -> Self {
        Self { fr, en }
    }

    /// In one of them.
    pub fn of(self, language: Language) -> &'static str {
        match language {
            Language::French => self.fr,
            Language::English => self.en,
        }
    }
}

/// A sentence with a value in it, in both languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    fr: String,
    en: String,
}

impl Phrase {
    /// French, then English.
    pub fn new(fr: String, en: String) -> Self {
        Self { fr, en }
    }

    /// In one of them.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr,
            Language::English => &self.en,
        }
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $fr:literal, $en:literal;)*) => {
        $($(#[$doc])* pub const $name: Words = Words::new($fr, $en);)*
    };
}
pub(super) use words;

words! {
    /// Leads past the menu, for who reads by keyboard or by ear.
    SKIP: "Aller au contenu", "Skip to content";
    /// The menu.
    MENU: "Pages", "Pages";
    /// Whose realm is the trial one.
    TRIAL: "TEST : les autorités d’essai comptent, celles de production non.", "TEST: trial authorities count, those of production do not.";
    /// Title of a page.
    STATE: "État", "State";
    /// Title of a page.
    KEYS: "Clés et cartes", "Keys and cards";
    /// Title of a page.
    LISTS: "Autorités et listes", "Authorities and lists";
    /// Title of a page.
    WHY: "Pourquoi ?", "Why?";
    /// Title of a page.
    JOURNAL: "Journal", "Journal";
    /// Title of a page that is not there.
    NOT_FOUND: "Cette page n’existe pas.", "There is no such page.";
    /// Something could not be done.
    FAILED: "Cela n’a pas pu être fait.", "This could not be done.";
    /// A link to begin with again.
    TO_STATE: "Revenir à l’état", "Back to the state";
    /// Who comes without an invitation.
    NOT_ADMITTED: "Ce tableau de bord ne s’ouvre que depuis Souspli.", "This dashboard opens from Souspli only.";
    /// What he can do.
    NOT_ADMITTED_TODO: "Ouvrez-le par l’icône de Souspli, ou par la commande « souspli dashboard » : chaque lien sert une seule fois.",
        "Open it from the Souspli icon, or by the command “souspli dashboard”: each link serves once.";
    /// A form that is not ours, or too old.
    FORM_REFUSED: "Ce formulaire n’a pas été accepté ; rien n’a changé. Ouvrez la page à nouveau et recommencez.",
        "This form was not accepted; nothing has changed. Open the page again and start over.";
    /// Who listens where the page came from is not the relay any more.
    STRANGER: "Ce mot de passe n’est pas parti : ce qui répond maintenant n’est pas le Souspli qui a ouvert cette page. Rouvrez le tableau de bord depuis l’icône.",
        "This password was not sent: what answers now is not the Souspli that opened this page. Open the dashboard again from the icon.";
    /// All is well.
    READY: "Tout est prêt.", "Everything is ready.";
    /// Something keeps letters from leaving sealed.
    NOT_READY: "Quelque chose empêche de mettre sous pli.", "Something keeps letters from being sealed.";
    /// It goes on, but not for ever.
    TO_DO: "Souspli travaille ; ceci demande votre attention.", "Souspli works; this asks for your attention.";
    /// Own keys wait.
    LOCKED: "Le trousseau de clés de l’ordinateur est verrouillé : déverrouillez-le pour signer et lire.",
        "The computer’s keyring is locked: unlock it to sign and read.";
    /// A column.
    ACCOUNT: "Compte", "Account";
    /// Accounts.
    ACCOUNTS: "Comptes", "Accounts";
    /// A kind of provider.
    ORDINARY: "messagerie ordinaire", "ordinary mail";
    /// A kind of provider.
    MSSANTE: "espace de confiance MSSanté", "MSSanté space of trust";
    /// The last letter that was refused.
    LAST_REFUSED: "Dernier refus", "Last refusal";
    /// Nobody has one.
    NO_KEY: "Aucune clé pour ce compte.", "No key for this account.";
    /// A column.
    HOLDER: "Titulaire", "Holder";
    /// A column.
    ISSUER: "Autorité", "Authority";
    /// A column.
    UNTIL: "Valable jusqu’au", "Valid until";
    /// A column.
    WHERE: "Où", "Where";
    /// A column.
    STANDING: "État", "State";
    /// A key in a file.
    IN_FILE: "sur cet ordinateur", "on this computer";
    /// A key on a card.
    ON_CARD: "sur une carte", "on a card";
    /// A stage of a key.
    IN_USE: "en service", "in use";
    /// A stage of a key.
    EARLY: "pas encore valable", "not valid yet";
    /// A stage of a key.
    EXPIRED: "pour lire seulement (expirée)", "reading only (expired)";
    /// A stage of a key.
    RETIRED: "pour lire seulement (retirée)", "reading only (retired)";
    /// A button.
    ADD_KEY: "Ajouter une clé ou un certificat renouvelé", "Add a key or a renewed certificate";
    /// A limit of a key.
    NOT_FOR_MAIL: "pas faite pour le courrier", "not made for mail";
    /// A limit of a key.
    OTHER_ADDRESS: "établie pour une autre adresse", "made out to another address";
    /// A limit of a key.
    SIGNS_ONLY: "en service, pour signer seulement", "in use, for signing only";
    /// A limit of a key.
    OPENS_ONLY: "en service, pour chiffrer seulement", "in use, for encryption only";
    /// A column.
    PLACE: "Adresse de la liste", "Place of the list";
    /// A column.
    ENTRIES: "Certificats révoqués", "Revoked certificates";
    /// No list is expected.
    NO_LISTS: "Aucune liste de révocation n’est attendue : aucun certificat rencontré n’en nomme.",
        "No revocation list is expected: no certificate that was met names one.";
    /// A state of a list.
    LIST_FRESH: "à jour", "up to date";
    /// A state of a list.
    LIST_GRACE: "échue, dans le délai de tolérance", "ended, within the time of grace";
    /// A state of a list.
    LIST_STALE: "périmée", "stale";
    /// A state of a list.
    LIST_ABSENT: "jamais reçue", "never received";
    /// Some lists do not hold.
    LISTS_WANTING: "Des listes de révocation manquent ou sont périmées : l’envoi aux correspondants concernés peut être refusé.",
        "Revocation lists are missing or stale: sending to the correspondents concerned may be refused.";
    /// What the page is for.
    WHY_INTRO: "Montrez un message tel que votre logiciel l’enverrait : Souspli dit ce qu’il en ferait, et pourquoi. Rien n’est envoyé.",
        "Show a message as your program would send it: Souspli says what it would do with it, and why. Nothing is sent.";
    /// A field.
    WHY_FROM: "Compte qui envoie", "Account that sends";
    /// A field.
    WHY_TO: "Destinataires, séparés par des virgules", "Recipients, separated by commas";
    /// A field.
    WHY_SUBJECT: "Objet", "Subject";
    /// A field.
    WHY_FILE: "Ou un message enregistré (.eml)", "Or a saved message (.eml)";
    /// A button.
    WHY_ASK: "Demander", "Ask";
    /// A heading.
    WHY_ANSWER: "Réponse", "Answer";
    /// A field that was not filled in.
    WHY_INCOMPLETE: "Il faut un compte et au moins un destinataire, chacun avec son adresse.",
        "An account and at least one recipient are needed, each by its address.";
    /// A button.
    LEAVE: "Fermer le tableau de bord", "Close the dashboard";
    /// After that button.
    LEFT: "Le tableau de bord est fermé. Souspli continue.", "The dashboard is closed. Souspli goes on.";
    /// A column.
    TIME: "Quand", "When";
    /// A column.
    EVENT: "Événement", "Event";
    /// A column.
    CODE: "Code", "Code";
    /// A column.
    RECIPIENTS: "Destinataires", "Recipients";
    /// A filter that filters nothing.
    ANY: "tous", "any";
    /// A button.
    SHOW: "Afficher", "Show";
    /// A link.
    OLDER: "Plus anciens", "Older";
    /// A link.
    CSV: "Enregistrer pour un tableur (CSV)", "Save for a spreadsheet (CSV)";
    /// A button.
    JOURNAL_VERIFY: "Vérifier que rien n’a été modifié", "Verify that nothing was changed";
    /// What that found.
    JOURNAL_WHOLE: "Le journal est entier : rien n’a été modifié, retiré ni ajouté.",
        "The journal is whole: nothing was changed, taken out or put in.";
    /// A key that several persons hold.
    HELD: "partagée avec la carte ou un délégué", "shared with the card or a delegate";
    /// Nothing was done yet.
    JOURNAL_EMPTY: "Rien encore.", "Nothing yet.";
}

/// A file that is larger than its page takes.
pub fn too_large(most: usize) -> Explanation {
    Explanation::new(
        "SP-UPLOAD-TOO-LARGE",
        Retry::AfterUser,
        (
            format!("Ce fichier est trop volumineux pour cette page, qui en prend {most} Mio au plus ; rien n’a changé."),
            "Vérifiez que c’est le bon fichier, puis recommencez.",
        ),
        (
            format!("This file is too large for this page, which takes {most} MiB at most; nothing has changed."),
            "Check that it is the right file, then try again.",
        ),
    )
}

/// What a code of the journal says that is a word; `None`: one of docs/codes.md, or of a verdict.
pub fn code(word: &str) -> Option<Words> {
    Some(match word {
        "ok" => Words::new("fait", "done"),
        "imported" => Words::new("importé", "imported"),
        "removed" => Words::new("supprimé", "removed"),
        "exported" => Words::new("exporté", "exported"),
        "requested" => Words::new("demandé", "requested"),
        "installed" => Words::new("installé", "installed"),
        "retired" => Words::new("retiré", "retired"),
        "back-in-use" => Words::new("remis en service", "back in use"),
        "added" => Words::new("ajouté", "added"),
        "harvested" => Words::new("recueilli", "harvested"),
        "confirmed" => Words::new("confirmé", "confirmed"),
        "whitelist" => Words::new("liste blanche reçue", "liste blanche taken in"),
        "lists-updated" => Words::new("listes mises à jour", "lists updated"),
        "started" => Words::new("démarré", "started"),
        "stopped" => Words::new("arrêté", "stopped"),
        "configuration-changed" => Words::new("autre configuration", "another configuration"),
        "cut" => Words::new("effacé à son terme", "gone in its time"),
        "taken-over" => Words::new("repris", "taken over"),
        word if word.starts_with("set-") => Words::new("réglage changé", "setting changed"),
        _ => return None,
    })
}

/// Nothing has asked who listens before the secret left.
pub fn scripts_off() -> Explanation {
    Explanation::new(
        "SP-SCRIPTS-OFF",
        Retry::AfterUser,
        (
            "Le mot de passe n’est pas pris : les scripts sont désactivés dans ce navigateur, et rien n’y vérifie qui écoute avant qu’il parte.",
            "Autorisez les scripts pour cette page (127.0.0.1) ou ouvrez le tableau de bord dans un autre navigateur, puis recommencez.",
        ),
        (
            "The password is not taken: scripts are off in this browser, and nothing there checks who listens before it leaves.",
            "Allow scripts for this page (127.0.0.1) or open the dashboard in another browser, then try again.",
        ),
    )
}

/// What a kind of entry of the journal is called; `word`: as JSON has it.
pub fn event(word: &str) -> Words {
    match word {
        "seal" => Words::new("mis sous pli", "sealed"),
        "seal-partly" => Words::new("mis sous pli pour certains", "sealed for some"),
        "sign" => Words::new("signé", "signed"),
        "pass" => Words::new("transmis tel quel", "passed as it was"),
        "refuse" => Words::new("refusé", "refused"),
        "open" => Words::new("ouvert", "opened"),
        "store" => Words::new("rangé chiffré", "stored sealed"),
        "key" => Words::new("clé", "key"),
        "trust" => Words::new("autorités et listes", "authorities and lists"),
        "certificate" => Words::new("certificat d’un correspondant", "correspondent’s certificate"),
        "service" => Words::new("marche de Souspli", "Souspli itself"),
        _ => Words::new("journal", "journal"),
    }
}
