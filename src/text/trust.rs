//! Sentences about authorities and where they come from.

use super::{Explanation, Why};
use crate::base::{Realm, Retry, UnixTime};

/// A bundle that is no TOML, or not of this form.
pub fn bundle_syntax(message: &str) -> Explanation {
    Explanation::new(
        "SP-BUNDLE-SYNTAX",
        Retry::AfterUser,
        (
            format!("Ce fichier d’autorités n’est pas de la forme attendue ({message})."),
            "Demandez-le à nouveau ou supprimez-le ; les autorités livrées restent en vigueur.",
        ),
        (
            format!("This file of authorities is not of the form expected ({message})."),
            "Ask for it again or remove it; the authorities that came with Souspli stay in force.",
        ),
    )
}

/// A bundle's authority without a certificate that can be read.
pub fn bundle_certificate(number: usize) -> Explanation {
    Explanation::new(
        "SP-BUNDLE-CERTIFICATE",
        Retry::AfterUser,
        (
            format!("L’autorité numéro {number} de ce fichier n’a pas de certificat lisible, ou en a plusieurs."),
            "Mettez exactement un certificat PEM par autorité.",
        ),
        (
            format!("Authority number {number} of this file has no readable certificate, or several."),
            "Put exactly one PEM certificate for each authority.",
        ),
    )
}

/// A bundle that declares a trial authority as meant.
pub fn bundle_trial(number: usize) -> Explanation {
    Explanation::new(
        "SP-BUNDLE-TRIAL",
        Retry::AfterUser,
        (
            format!("L’autorité numéro {number} de ce fichier se nomme elle-même de TEST, mais y est déclarée de production."),
            "Déclarez-la par realm = \"test\".",
        ),
        (
            format!("Authority number {number} of this file calls itself a TEST one, but is declared as production."),
            "Declare it by realm = \"test\".",
        ),
    )
}

/// A bundle of too many authorities, or a file that is too large.
pub fn bundle_too_large() -> Explanation {
    Explanation::new(
        "SP-BUNDLE-TOO-LARGE",
        Retry::AfterUser,
        (
            "Ce fichier d’autorités est trop grand.",
            "Gardez les autorités dont vous avez besoin.",
        ),
        ("This file of authorities is too large.", "Keep the authorities that you need."),
    )
}

/// A bundle file that does not count, above the reason.
pub fn bundle_left_out(file: &str) -> Explanation {
    Explanation::new(
        "SP-BUNDLE-LEFT-OUT",
        Retry::AfterUser,
        (
            format!("Le fichier d’autorités {file} n’est pas pris en compte."),
            "Voyez la raison ci-dessous.",
        ),
        (format!("The file of authorities {file} does not count."), "See the reason below."),
    )
}

/// A bundle file that cannot be read.
pub fn bundle_unreadable(why: &Why) -> Explanation {
    Explanation::new(
        "SP-BUNDLE-UNREADABLE",
        Retry::AfterUser,
        (
            format!("Ce fichier d’autorités est illisible ({}).", why.fr),
            "Vérifiez ses droits.",
        ),
        (
            format!("This file of authorities cannot be read ({}).", why.en),
            "Check its permissions.",
        ),
    )
}

/// An authority that is part of Souspli or of a bundle is asked to go.
pub fn not_yours_to_remove(bundle: &str) -> Explanation {
    Explanation::new(
        "SP-AUTHORITY-OF-BUNDLE",
        Retry::Never,
        (
            format!("Cette autorité vient du lot « {bundle} » : elle ne se supprime pas une à une."),
            format!("Pour la retirer, mettez un fichier {bundle}.toml de version plus haute dans le dossier « authorities »."),
        ),
        (
            format!("This authority is of the bundle “{bundle}”: it is not removed by itself."),
            format!("To take it back, put a file {bundle}.toml of a higher version into the folder “authorities”."),
        ),
    )
}

/// A certificate that was added and can vouch for itself only.
pub fn no_authority(name: &str) -> Explanation {
    Explanation::new(
        "SP-TRUST-NO-AUTHORITY",
        Retry::AfterUser,
        (
            format!("« {name} » n’est pas une autorité : seul ce certificat lui-même est admis désormais."),
            "Si vous vouliez son autorité, supprimez-le (souspli trust remove) et ajoutez celle-ci.",
        ),
        (
            format!("“{name}” is no authority: from now on this very certificate is accepted, and no other."),
            "If you meant its authority, remove it (souspli trust remove) and add that one.",
        ),
    )
}

/// Above the table of authorities: the realm that counts.
pub fn realm_in_force(realm: Realm) -> &'static str {
    match realm {
        Realm::Production => "Comptent les autorités de production. / Production authorities count.",
        Realm::Test => "TEST : seules les autorités d’essai comptent. / TEST: only trial authorities count.",
    }
}

/// The columns of that table.
pub const COLUMNS: [&str; 7] = [
    "Autorité",
    "Domaine",
    "Règles",
    "Origine",
    "Valable jusqu’au",
    "État",
    "Empreinte SHA-256",
];

/// What a realm is called there.
pub fn realm(realm: Realm) -> &'static str {
    match realm {
        Realm::Production => "production",
        Realm::Test => "TEST",
    }
}

/// A day, there.
pub fn day(at: UnixTime) -> String {
    super::verdict::day(at).0
}

/// Where one came from, there.
pub fn built_in(bundle: &str) -> String {
    format!("Souspli ({bundle})")
}

/// A bundle file.
pub fn bundle_file(bundle: &str) -> String {
    format!("fichier {bundle}.toml")
}

/// The user.
pub const BY_USER: &str = "vous";

/// How one stands today, there.
pub mod state {
    /// It counts.
    pub const COUNTS: &str = "en vigueur";
    /// It is of the other realm.
    pub const OTHER_REALM: &str = "ne compte pas ici";
    /// Known in between.
    pub const BETWEEN: &str = "intermédiaire";
    /// Out of its dates.
    pub const OVER: &str = "périmée";
    /// Not yet in its dates.
    pub const NOT_YET: &str = "pas encore valable";
}
