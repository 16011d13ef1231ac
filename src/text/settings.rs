//! Words of the dashboard's page of settings.

use super::Explanation;
use super::dashboard::{Words, words};
use crate::base::Retry;

words! {
    /// Title of a page.
    SETTINGS: "Réglages", "Settings";
    /// What the page is for.
    INTRO: "Ce qui est en vigueur. Ce qui pourrait laisser partir quelque chose en clair ne se change que dans le fichier de configuration.",
        "What is in force. What could let something leave in clear is changed in the configuration file only.";
    /// Where the file is.
    FILE: "Fichier", "File";
    /// Who has fixed a setting.
    BY_MACHINE: "fixé par votre informatique", "fixed by your IT";
    /// Who may change it.
    IN_FILE_ONLY: "dans le fichier seulement", "in the file only";
    /// Where a setting protects less than it could.
    LESS: "la valeur en vigueur protège moins que l’autre, qui est conseillée", "the value in force protects less than the other one, which is recommended";
    /// Written, and not read yet.
    AT_NEXT_START: "dans le fichier, en vigueur au prochain démarrage de Souspli", "in the file, in force when Souspli starts next";
    /// A button.
    CHANGE: "Enregistrer", "Save";
    /// What was done.
    DONE: "Le réglage est enregistré et en vigueur : Souspli a repris avec lui, les envois en cours d’abord. Votre messagerie se reconnecte d’elle-même ; une carte redemande son code.",
        "The setting is saved and in force: Souspli has gone on with it, the submissions in hand first. Your mail program connects again by itself; a card asks for its PIN again.";
    /// A word of a setting.
    YES: "oui", "yes";
    /// A word of a setting.
    NO: "non", "no";
}

/// What a setting is called, and what it does; `name` as in the file: `policy.tag`.
pub fn setting(name: &str) -> (Words, Words) {
    let words = |title_fr, title_en, fr, en| (Words::new(title_fr, title_en), Words::new(fr, en));
    match name {
        "policy.tag" => words(
            "Balise",
            "Tag",
            "Au début de l’objet, elle demande le chiffrement.",
            "At the start of the subject it asks for sealing.",
        ),
        "policy.domains" => words(
            "Domaines toujours chiffrés",
            "Domains always sealed",
            "Avec leurs sous-domaines, sans qu’aucune balise soit nécessaire.",
            "With their subdomains; no tag is needed.",
        ),
        "policy.missing_certificate" => words(
            "Destinataire sans certificat",
            "Recipient without certificate",
            "Ce que deviennent les autres, quand il en manque un.",
            "What becomes of the others, where one is missing.",
        ),
        "policy.glued_tag" => words(
            "Balise collée au texte",
            "Tag glued to its text",
            "Sans l’espace qui doit la suivre.",
            "Without the space that belongs behind it.",
        ),
        "policy.protect_subject" => words(
            "Objet dans l’enveloppe",
            "Subject inside the envelope",
            "Le fournisseur lit « [...] » à la place de l’objet d’une lettre chiffrée.",
            "The provider reads “[...]” in place of the subject of a sealed letter.",
        ),
        "policy.recognise_letters" => words(
            "Lettres reconnues",
            "Letters recognised",
            "Ce qui fut envoyé chiffré et repart sans balise est chiffré encore.",
            "What was sent sealed and leaves again without the tag is sealed again.",
        ),
        "policy.mssante_requires_certificate" => words(
            "MSSanté : certificat exigé",
            "MSSanté: certificate required",
            "Sinon, la lettre part signée, protégée par l’espace de confiance seulement.",
            "Else the letter leaves signed, protected by the space of trust only.",
        ),
        "policy.mssante_notice" => words(
            "MSSanté : avis",
            "MSSanté: notice",
            "Un avis nomme ceux qui ont reçu une lettre ainsi, sans chiffrement de bout en bout.",
            "A notice names those who got a letter so, not encrypted end to end.",
        ),
        "policy.banner" => words(
            "Résumé d’une lettre ouverte",
            "Summary of an opened letter",
            "En tête du texte, il fait aussi reconnaître un texte court que vous reprenez ailleurs : il repart scellé. Un avertissement y est toujours.",
            "Above the text, a short text that you use again elsewhere is known by it too: it leaves sealed. A warning always stands there.",
        ),
        "policy.search_index" => words(
            "Recherche dans les lettres chiffrées",
            "Searching sealed letters",
            "Leur texte est gardé, chiffré, sur cet ordinateur.",
            "Their text is kept, sealed, on this computer.",
        ),
        "policy.harvest" => words(
            "Certificats reçus",
            "Certificates received",
            "Celui de qui vous écrit une lettre vérifiée est gardé pour lui répondre.",
            "That of whoever sends you a verified letter is kept to answer him.",
        ),
        "policy.card_for_each_reading" => words(
            "Carte exigée à chaque lecture",
            "Card required for each reading",
            "Rien de ce que la carte a ouvert n’est gardé.",
            "Nothing that the card has opened is kept.",
        ),
        "card.idle_minutes" => words(
            "Minutes avant de redemander le code",
            "Minutes before the PIN is asked again",
            "Sans usage de la carte.",
            "Without a use of the card.",
        ),
        "keys.remember_days" => words(
            "Jours de lecture sans la carte",
            "Days of reading without the card",
            "D’une lettre qu’elle a ouverte une fois ; 0 : jamais.",
            "Of a letter that it has opened once; 0: never.",
        ),
        "journal.months" => words(
            "Mois de journal",
            "Months of journal",
            "Ce qui est plus ancien est effacé pour de bon.",
            "What is older is erased for good.",
        ),
        "dashboard.language" => words("Langue de ces pages", "Language of these pages", "Au départ.", "To begin with."),
        "trust.environment" => words(
            "Autorités qui comptent",
            "Authorities that count",
            "Une lettre d’essai ne vaut rien en production, et l’inverse.",
            "A trial letter is worth nothing in production, nor the other way round.",
        ),
        _ => words("Réglage", "Setting", "", ""),
    }
}

/// What one of its words means, as a choice; `None`: it is no word of that setting.
pub fn choice(name: &str, word: &str) -> Option<Words> {
    Some(match (name, word) {
        ("policy.missing_certificate", "refuse") => Words::new("rien ne part", "nothing leaves"),
        ("policy.missing_certificate", "partial") => Words::new(
            "ils reçoivent la lettre chiffrée, un avis nomme les manquants",
            "they get the sealed letter, a notice names the missing ones",
        ),
        ("policy.glued_tag", "secure") => Words::new("chiffré tout de même", "sealed all the same"),
        ("policy.glued_tag", "refuse") => Words::new("refusé, à corriger", "refused, to be corrected"),
        ("policy.banner", "text") => Words::new("en tête de son texte", "above its text"),
        ("policy.banner", "headers") => Words::new("dans ses en-têtes seulement", "in its header only"),
        ("dashboard.language", "fr") => Words::new("français", "français"),
        ("dashboard.language", "en") => Words::new("English", "English"),
        ("trust.environment", "production") => Words::new("celles de production", "those of production"),
        ("trust.environment", "test") => Words::new("celles d’essai", "those of trials"),
        _ => return None,
    })
}

/// A number that it cannot say, in the file neither.
pub fn out_of_range(name: &str, least: impl std::fmt::Display, most: impl std::fmt::Display) -> Explanation {
    Explanation::new(
        "SP-SETTING-RANGE",
        Retry::AfterUser,
        (
            format!("Le réglage {name} est un nombre entier de {least} à {most} : rien n’a changé."),
            "Donnez un nombre dans ces bornes.",
        ),
        (
            format!("The setting {name} is a whole number from {least} to {most}: nothing has changed."),
            "Give a number within these bounds.",
        ),
    )
}

/// It cannot say that, or not by a click.
pub fn not_here(name: &str) -> Explanation {
    Explanation::new(
        "SP-SETTING-NOT-HERE",
        Retry::Never,
        (
            format!("Le réglage {name} ne peut pas être changé ainsi : rien n’a changé."),
            "Changez-le dans le fichier de configuration (souspli check le vérifie).",
        ),
        (
            format!("The setting {name} cannot be changed so: nothing has changed."),
            "Change it in the configuration file (souspli check looks at it).",
        ),
    )
}

/// The machine's administrators have decided.
pub fn ruled(name: &str) -> Explanation {
    Explanation::new(
        "SP-SETTING-FIXED",
        Retry::Never,
        (
            format!("Le réglage {name} est fixé par votre informatique : rien n’a changé."),
            "Demandez-lui de changer sa politique.",
        ),
        (
            format!("The setting {name} is fixed by your IT: nothing has changed."),
            "Ask them to change their policy.",
        ),
    )
}

/// The file is written in a way that is not changed here.
pub fn by_hand(name: &str) -> Explanation {
    Explanation::new(
        "SP-SETTING-BY-HAND",
        Retry::AfterUser,
        (
            format!("Le fichier est écrit d’une façon qui ne se change pas ici ({name}) : rien n’a changé."),
            "Changez ce réglage dans le fichier de configuration.",
        ),
        (
            format!("The file is written in a way that is not changed here ({name}): nothing has changed."),
            "Change this setting in the configuration file.",
        ),
    )
}
