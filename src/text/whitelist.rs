//! Sentences about the liste blanche: the domains of the MSSanté space of trust.

use super::dashboard::Language;
use super::{Explanation, Tongue};
use crate::base::Retry;

/// Larger than any list.
pub fn too_large() -> Explanation {
    not_a_list(
        "SP-WHITELIST-TOO-LARGE",
        "Ce fichier est trop grand pour être la liste blanche MSSanté.",
        "Reprenez-le à l’adresse de la liste (docs/guide.md) ; la liste précédente reste.",
        "This file is too large to be the MSSanté liste blanche.",
    )
}

/// Not XML, or cut short.
pub fn not_xml() -> Explanation {
    not_a_list(
        "SP-WHITELIST-NOT-XML",
        "Ce fichier n’est pas du XML complet : ce n’est pas la liste blanche MSSanté, ou il n’est pas arrivé entier.",
        "Reprenez-le à l’adresse de la liste (docs/guide.md) ; la liste précédente reste.",
        "This file is no complete XML: it is not the MSSanté liste blanche, or it did not arrive whole.",
    )
}

/// A DOCTYPE or an entity.
pub fn doctype() -> Explanation {
    not_a_list(
        "SP-WHITELIST-DOCTYPE",
        "Ce fichier déclare un DOCTYPE ou une entité, ce que la liste blanche MSSanté ne fait jamais.",
        "Reprenez-le à l’adresse de la liste (docs/guide.md) ; la liste précédente reste.",
        "This file declares a DOCTYPE or an entity, which the MSSanté liste blanche never does.",
    )
}

/// No domain in it.
pub fn no_domain() -> Explanation {
    not_a_list(
        "SP-WHITELIST-EMPTY",
        "Ce fichier ne contient aucun domaine.",
        "Reprenez-le à l’adresse de la liste (docs/guide.md) ; la liste précédente reste.",
        "This file holds no domain.",
    )
}

/// No address to fetch it from.
pub fn no_address() -> Explanation {
    Explanation::new(
        "SP-WHITELIST-NO-ADDRESS",
        Retry::AfterUser,
        (
            "La configuration ne dit pas où prendre la liste blanche MSSanté.",
            "Donnez son adresse dans [mssante] whitelist, ou importez un fichier : souspli trust whitelist import FICHIER.",
        ),
        (
            "The configuration does not say where to take the MSSanté liste blanche from.",
            "Give its address in [mssante] whitelist, or import a file: souspli trust whitelist import FILE.",
        ),
    )
}

/// It has lost more domains than a day can take away.
pub fn shrunk(held: usize, given: usize) -> Explanation {
    Explanation::new(
        "SP-WHITELIST-SHRUNK",
        Retry::AfterUser,
        (
            format!(
                "Cette liste blanche n’a que {given} domaines, celle que Souspli garde en a {held} : elle est sans doute incomplète. La précédente reste."
            ),
            "Reprenez-la plus tard ; si elle est juste : souspli trust whitelist import --force FICHIER.",
        ),
        (
            format!(
                "This liste blanche has only {given} domains, the one that Souspli keeps has {held}: it is probably incomplete. The former stays."
            ),
            "Take it again later; if it is right: souspli trust whitelist import --force FILE.",
        ),
    )
}

/// What is kept cannot be read: who is inside is not known.
pub fn unreadable() -> Explanation {
    Explanation::new(
        "SP-WHITELIST-UNREADABLE",
        Retry::AfterUser,
        (
            "La liste blanche MSSanté gardée par Souspli est illisible : on ne sait pas quels destinataires sont dans l’espace de confiance.",
            "Importez-la de nouveau : souspli trust whitelist import FICHIER.",
        ),
        (
            "The MSSanté liste blanche that Souspli keeps is unreadable: nobody can say which recipients are in the space of trust.",
            "Import it again: souspli trust whitelist import FILE.",
        ),
    )
}

/// One line on what is kept: how much, of when, from where, how old.
pub fn kept(tongue: Tongue, domains: usize, generated: &str, origin: &str, days: i64) -> String {
    let made = |words: &str| match generated {
        "" => String::new(),
        date => format!("{words} {date}, "),
    };
    let fr = format!("{domains} domaines, {}prise de {origin} {}", made("du"), age_fr(days));
    let en = format!("{domains} domains, {}taken from {origin} {}", made("of"), age_en(days));
    match tongue {
        Tongue::One(Language::English) => format!("MSSanté liste blanche: {en}"),
        _ => format!("Liste blanche MSSanté : {}", tongue.words(fr, en)),
    }
}

/// The same where there is none.
pub fn none_kept() -> &'static str {
    "Liste blanche MSSanté : aucune, seul mssante.fr compte (souspli trust whitelist import FICHIER) / none, only mssante.fr counts"
}

/// Entries that are no domain names.
pub fn unreadable_entries(count: usize) -> String {
    format!("{count} noms illisibles laissés de côté / {count} unreadable names left out")
}

fn age_fr(days: i64) -> String {
    match days {
        ..=0 => "aujourd’hui".to_owned(),
        1 => "hier".to_owned(),
        days => format!("il y a {days} jours"),
    }
}

fn age_en(days: i64) -> String {
    match days {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

fn not_a_list(code: &'static str, fr: &str, todo: &str, en: &str) -> Explanation {
    Explanation::new(
        code,
        Retry::AfterUser,
        (fr, todo),
        (en, "Take it from the list's address again (docs/guide.md); the former list stays."),
    )
}
