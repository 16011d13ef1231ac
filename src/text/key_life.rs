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
            "Ajoutez une autre clé (tableau de bord, page « Clés et cartes », ou souspli key import), ou remettez celle-ci en service (souspli key retire --undo).",
        ),
        (
            format!("The key of {account} is marked “do not use any more”: it serves for reading only."),
            "Add another key (dashboard, page “Keys and cards”, or souspli key import), or take this one back into use (souspli key retire --undo).",
        ),
    )
}

/// No key of the account does anything for it now.
pub fn none_serves(account: &Address) -> Explanation {
    Explanation::new(
        "SP-KEY-NONE-SERVES",
        Retry::AfterUser,
        (
            format!("Aucune clé de {account} ne peut servir : rien ne peut être signé, et personne ne peut sceller de lettre pour vous."),
            "Ajoutez une clé dont le certificat est valable aujourd’hui, fait pour le courrier et établi pour cette adresse. Gardez celles qui sont là : elles ouvrent les lettres scellées pour elles.",
        ),
        (
            format!("No key of {account} can serve: nothing can be signed, and nobody can seal a letter for you."),
            "Add a key whose certificate holds today, is made for mail and made out to this address. Keep those that are here: they open the letters sealed for them.",
        ),
    )
}

/// There is one to read by, none to sign by.
pub fn none_signs(account: &Address) -> Explanation {
    Explanation::new(
        "SP-KEY-NONE-SIGNS",
        Retry::AfterUser,
        (
            format!("Rien ne peut être signé : les clés de {account} ne servent qu’à chiffrer."),
            "Ajoutez aussi votre clé de signature : certaines autorités remettent deux fichiers, ou deux clés.",
        ),
        (
            format!("Nothing can be signed: the keys of {account} are for encryption only."),
            "Add your signing key too: some authorities hand out two files, or two keys.",
        ),
    )
}

/// There is one to sign by, none to read by.
pub fn none_opens(account: &Address) -> Explanation {
    Explanation::new(
        "SP-KEY-NONE-OPENS",
        Retry::AfterUser,
        (
            format!("Personne ne peut sceller de lettre pour vous, et rien ne s’ouvrira : les clés de {account} ne servent qu’à signer."),
            "Ajoutez aussi votre clé de chiffrement : certaines autorités remettent deux fichiers, ou deux clés.",
        ),
        (
            format!("Nobody can seal a letter for you, and nothing will open: the keys of {account} are for signing only."),
            "Add your encryption key too: some authorities hand out two files, or two keys.",
        ),
    )
}

/// A key that comes in past its end.
pub fn opens_old_mail(until: UnixTime) -> Explanation {
    let (fr, en) = day(until);
    Explanation::new(
        "SP-KEY-ENDED",
        Retry::AfterUser,
        (
            format!(
                "Clé importée, mais son certificat a expiré le {fr} : elle ouvre vos anciennes lettres, ne signe plus, et personne ne peut plus sceller pour elle."
            ),
            "Gardez-la, et ajoutez celle du certificat renouvelé.",
        ),
        (
            format!(
                "The key is imported, but its certificate expired on {en}: it opens your old letters, signs no more, and nobody can seal to it any more."
            ),
            "Keep it, and add that of the renewed certificate.",
        ),
    )
}

/// A key whose certificate is for something else.
pub fn not_for_mail() -> Explanation {
    Explanation::new(
        "SP-KEY-NOT-FOR-MAIL",
        Retry::AfterUser,
        (
            "Clé importée, mais son certificat n’est pas fait pour le courrier (celui d’un site ou d’un serveur, par exemple) : ce qu’elle signerait ne serait pas cru.",
            "Demandez à votre autorité un certificat de messagerie (S/MIME), et ajoutez-le.",
        ),
        (
            "The key is imported, but its certificate is not made for mail (that of a web site or a server, for instance): what it signed would not be believed.",
            "Ask your authority for a mail certificate (S/MIME), and add it.",
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
            "Demandez-en un nouveau (tableau de bord, page « Clés et cartes », ou souspli key request) et gardez l’ancienne clé : elle ouvre vos anciens messages.",
        ),
        (
            format!("The certificate of {account} ends on {en}, in {days} day{s_en}; nothing will leave signed or encrypted after that."),
            "Ask for a new one (dashboard, page “Keys and cards”, or souspli key request) and keep the old key: it opens your old mail.",
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
