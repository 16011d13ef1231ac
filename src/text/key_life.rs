//! What is said of the life of own keys: in use, retired, about to end, taken out for safekeeping.

use super::{Explanation, verdict::day};
use crate::base::{Address, Retry, UnixTime};

/// States of a key in a list.
pub const IN_USE: &str = "en service / in use";
/// See [`IN_USE`].
pub const EARLY: &str = "pas encore valable / not valid yet";
/// See [`IN_USE`].
pub const EXPIRED: &str = "pour lire seulement (expirée) / reading only (expired)";
/// See [`IN_USE`].
pub const RETIRED: &str = "pour lire seulement (retirée) / reading only (retired)";
/// See [`IN_USE`].
pub const REQUESTED: &str = "certificat demandé / certificate requested";

/// The owner has said not to use the only key that would do.
pub fn retired(account: &Address) -> Explanation {
    Explanation::new(
        "SP-OWN-RETIRED",
        Retry::Never,
        (
            format!("La clé de {account} est marquée « ne plus utiliser » : elle ne sert plus qu’à lire."),
            "Importez une autre clé (souspli key import), ou remettez celle-ci en service (souspli key retire --undo).",
        ),
        (
            format!("The key of {account} is marked “do not use any more”: it serves for reading only."),
            "Import another key (souspli key import), or take this one back into use (souspli key retire --undo).",
        ),
    )
}

/// A key that is imported again.
pub fn still_retired(id: &str) -> Explanation {
    Explanation::new(
        "SP-KEY-STILL-RETIRED",
        Retry::AfterUser,
        (
            format!("La clé {id} est déjà ici et marquée « ne plus utiliser » : elle ne sert qu’à lire."),
            format!("Pour la remettre en service : souspli key retire --undo {id}."),
        ),
        (
            format!("The key {id} is here already, marked “do not use any more”: it serves for reading only."),
            format!("To take it back into use: souspli key retire --undo {id}."),
        ),
    )
}

/// An own certificate ends in so many days, and nothing takes its place.
pub fn ends_soon(account: &Address, until: UnixTime, days: i64) -> Explanation {
    let (fr, en) = day(until);
    let (s_fr, s_en) = if days == 1 { ("", "") } else { ("s", "s") };
    Explanation::new(
        "SP-OWN-ENDS-SOON",
        Retry::AfterUser,
        (
            format!("Le certificat de {account} expire le {fr}, dans {days} jour{s_fr} ; ensuite plus rien ne partira signé ni chiffré."),
            "Demandez-en un nouveau (souspli key request) et gardez l’ancienne clé : elle ouvre vos anciens messages.",
        ),
        (
            format!("The certificate of {account} ends on {en}, in {days} day{s_en}; nothing will leave signed or encrypted after that."),
            "Ask for a new one (souspli key request) and keep the old key: it opens your old mail.",
        ),
    )
}

/// `souspli key`: what was typed begins the names of several keys.
pub fn several_keys(typed: &str) -> Explanation {
    Explanation::new(
        "SP-SEVERAL-KEYS",
        Retry::AfterUser,
        (
            format!("« {typed} » désigne plusieurs clés."),
            "Donnez plus de signes : souspli key list les montre tous.",
        ),
        (
            format!("“{typed}” names several keys."),
            "Give more of it: souspli key list shows all of it.",
        ),
    )
}

/// `souspli key export`: a short password.
pub fn short_password(least: usize) -> Explanation {
    Explanation::new(
        "SP-EXPORT-PASSWORD-SHORT",
        Retry::AfterUser,
        (
            format!("Ce mot de passe est trop court : qui trouverait le fichier lirait votre courrier. Il faut {least} signes au moins."),
            "Prenez par exemple quatre mots sans rapport entre eux, et notez-les ailleurs que sur cet ordinateur.",
        ),
        (
            format!("This password is too short: whoever found the file could read your mail. It takes {least} characters at least."),
            "Take four unrelated words, for instance, and write them down elsewhere than on this computer.",
        ),
    )
}

/// The same of one that repeats itself.
pub fn monotonous_password() -> Explanation {
    Explanation::new(
        "SP-EXPORT-PASSWORD-WEAK",
        Retry::AfterUser,
        (
            "Ce mot de passe répète trop les mêmes signes : il se devine.",
            "Prenez par exemple quatre mots sans rapport entre eux, et notez-les ailleurs que sur cet ordinateur.",
        ),
        (
            "This password repeats the same characters too much: it can be guessed.",
            "Take four unrelated words, for instance, and write them down elsewhere than on this computer.",
        ),
    )
}

/// The same of one that cannot be typed.
pub fn untypable_password() -> Explanation {
    Explanation::new(
        "SP-EXPORT-PASSWORD-SIGNS",
        Retry::AfterUser,
        (
            "Ce mot de passe contient des signes qu’on ne peut pas taper ailleurs.",
            "Choisissez-en un de lettres, de chiffres et de signes ordinaires.",
        ),
        (
            "This password has characters that cannot be typed elsewhere.",
            "Choose one of letters, digits and ordinary signs.",
        ),
    )
}

/// Asks for a new password a second time.
pub const ONCE_MORE: &str = "Encore une fois / once more: ";

/// A new password was typed twice, not the same.
pub fn passwords_differ() -> Explanation {
    Explanation::new(
        "SP-PASSWORDS-DIFFER",
        Retry::AfterUser,
        ("Les deux saisies du mot de passe diffèrent.", "Recommencez."),
        ("The password was not typed the same twice.", "Try again."),
    )
}

/// `souspli key export`: a card gives its key to nobody.
pub fn stays_on_its_card() -> Explanation {
    Explanation::new(
        "SP-KEY-ON-CARD",
        Retry::Never,
        (
            "Cette clé est dans une carte, d’où personne ne peut la sortir.",
            "Gardez la carte ; ce qui se sauvegarde sont les autres clés du compte.",
        ),
        (
            "This key is in a card, out of which nobody can take it.",
            "Keep the card; what can be kept safe are the other keys of the account.",
        ),
    )
}

/// A file that would be replaced.
pub fn file_exists(path: &str) -> Explanation {
    Explanation::new(
        "SP-FILE-EXISTS",
        Retry::AfterUser,
        (
            format!("{path} existe déjà : il n’a pas été remplacé."),
            "Donnez un autre nom, ou ajoutez --replace s’il peut être perdu.",
        ),
        (
            format!("{path} exists already: it was not replaced."),
            "Give another name, or add --replace if it may be lost.",
        ),
    )
}

/// The system gave no randomness, or what was made did not read back.
pub fn not_exported() -> Explanation {
    Explanation::new(
        "SP-KEY-NOT-EXPORTED",
        Retry::Later,
        (
            "Le fichier de clé n’a pas pu être fait ; rien n’a été écrit.",
            "Recommencez ; si cela persiste, redémarrez l’ordinateur.",
        ),
        (
            "The key file could not be made; nothing was written.",
            "Try again; if it persists, restart the computer.",
        ),
    )
}

/// `souspli check`: keys that cannot be opened now.
pub fn not_looked_at(why: &Explanation) -> String {
    let code = why.code;
    format!("Clés : leur fin n’a pas pu être regardée / keys: their end could not be looked at [{code}]")
}
