//! What is said of keys.

use super::{Explanation, verdict::day};
use crate::base::{Address, Retry, UnixTime};

/// The password of a PKCS#12 file is wrong.
pub fn wrong_password() -> Explanation {
    Explanation::new(
        "SP-P12-PASSWORD",
        Retry::AfterUser,
        (
            "Le mot de passe de ce fichier de clé n’est pas le bon.",
            "Vérifiez-le (majuscules, clavier) et recommencez.",
        ),
        (
            "The password of this key file is wrong.",
            "Check it (capitals, keyboard) and try again.",
        ),
    )
}

/// Not a PKCS#12 file, or a damaged one.
pub fn unreadable_file() -> Explanation {
    Explanation::new(
        "SP-P12-UNREADABLE",
        Retry::Never,
        (
            "Ce fichier n’est pas un fichier de clé (.p12, .pfx) lisible.",
            "Exportez à nouveau votre clé et son certificat.",
        ),
        (
            "This file is no readable key file (.p12, .pfx).",
            "Export your key and its certificate again.",
        ),
    )
}

/// A PKCS#12 file without a key that has its certificate.
pub fn no_key_in_file() -> Explanation {
    Explanation::new(
        "SP-P12-NO-KEY",
        Retry::Never,
        (
            "Ce fichier ne contient aucune clé privée avec son certificat.",
            "Exportez la clé privée avec le certificat.",
        ),
        (
            "This file holds no private key with its certificate.",
            "Export the private key together with the certificate.",
        ),
    )
}

/// A key whose certificate names other addresses than the account's: what it signs would not be believed.
pub fn for_another_address(account: &Address, named: &str) -> Explanation {
    Explanation::new(
        "SP-KEY-OTHER-ADDRESS",
        Retry::AfterUser,
        (
            format!("Clé importée, mais son certificat est établi pour {named} et non pour {account}."),
            "Si ce n’est pas voulu, supprimez-la (souspli key remove) et importez celle de ce compte.",
        ),
        (
            format!("The key is imported, but its certificate is made out to {named}, not to {account}."),
            "Unless this is meant, remove it (souspli key remove) and import that of this account.",
        ),
    )
}

/// Protected or made by something unknown.
pub fn unsupported_key() -> Explanation {
    Explanation::new(
        "SP-KEY-UNSUPPORTED",
        Retry::Never,
        (
            "Cette clé ou sa protection n’est pas prise en charge.",
            "Utilisez une clé RSA, P-256 ou P-384 protégée en AES-256.",
        ),
        (
            "This key or its protection is not supported.",
            "Use an RSA, P-256 or P-384 key protected with AES-256.",
        ),
    )
}

/// A key awaits its PIN, its card or its password.
pub fn locked() -> Explanation {
    Explanation::new(
        "SP-KEY-LOCKED",
        Retry::AfterUser,
        ("Votre clé est verrouillée.", "Déverrouillez-la puis recommencez."),
        ("Your key is locked.", "Unlock it, then try again."),
    )
}

/// The key could not do its work.
pub fn failed() -> Explanation {
    Explanation::new(
        "SP-KEY-FAILED",
        Retry::Later,
        (
            "Votre clé n’a pas pu signer.",
            "Recommencez ; si cela persiste, importez la clé à nouveau, ou remettez la carte.",
        ),
        (
            "Your key could not sign.",
            "Try again; if it persists, import the key again, or put the card in again.",
        ),
    )
}

/// A key that was opened for reading alone.
pub fn reads_only() -> Explanation {
    Explanation::new(
        "SP-KEY-READS-ONLY",
        Retry::Never,
        (
            "Cette clé n’est ouverte que pour lire : rien n’est signé avec elle.",
            "Remettez la carte, ou écrivez depuis votre propre compte.",
        ),
        (
            "This key is open for reading only: nothing is signed with it.",
            "Put the card back, or write from your own account.",
        ),
    )
}

/// Encryption itself failed.
pub fn not_encrypted() -> Explanation {
    Explanation::new(
        "SP-NOT-ENCRYPTED",
        Retry::Later,
        ("Le message n’a pas pu être chiffré.", "Recommencez."),
        ("The message could not be encrypted.", "Try again."),
    )
}

/// A certificate that cannot be encrypted to.
pub fn unfit_certificate(serial: &str) -> Explanation {
    Explanation::new(
        "SP-UNFIT-CERTIFICATE",
        Retry::Never,
        (
            format!("On ne peut pas chiffrer pour le certificat n° {serial}."),
            "Demandez un certificat RSA, P-256 ou P-384.",
        ),
        (
            format!("One cannot encrypt to certificate no. {serial}."),
            "Ask for an RSA, P-256 or P-384 certificate.",
        ),
    )
}

/// The account's newest key is not valid yet: most often the computer's date is wrong.
pub fn own_certificate_not_yet_valid(account: &Address, from: UnixTime) -> Explanation {
    let (fr, en) = day(from);
    Explanation::new(
        "SP-OWN-NOT-YET-VALID",
        Retry::AfterUser,
        (
            format!("Le certificat de {account} n’est valable qu’à partir du {fr}."),
            "Vérifiez la date de cet ordinateur ; si elle est juste, attendez ce jour.",
        ),
        (
            format!("The certificate of {account} is valid from {en} only."),
            "Check this computer's date; if it is right, wait for that day.",
        ),
    )
}

/// The account has keys, all past their end.
pub fn own_certificate_expired(account: &Address, until: UnixTime) -> Explanation {
    let (fr, en) = day(until);
    Explanation::new(
        "SP-OWN-EXPIRED",
        Retry::Never,
        (
            format!("Le certificat de {account} a expiré le {fr}."),
            "Ajoutez votre nouveau certificat : tableau de bord, page « Clés et cartes » (ou souspli key import).",
        ),
        (
            format!("The certificate of {account} expired on {en}."),
            "Add your new certificate: dashboard, page “Keys and cards” (or souspli key import).",
        ),
    )
}

/// The authority of an own certificate has taken it back.
pub fn own_certificate_revoked(account: &Address, since: UnixTime, reason: Option<(&str, &str)>) -> Explanation {
    let (fr, en) = day(since);
    let (why_fr, why_en) = reason.map_or_else(Default::default, |(fr, en)| (format!(" ({fr})"), format!(" ({en})")));
    Explanation::new(
        "SP-OWN-REVOKED",
        Retry::Never,
        (
            format!("Le certificat de {account} est révoqué depuis le {fr}{why_fr} : vos correspondants ne doivent plus s’y fier."),
            "Demandez-en un nouveau à votre autorité et ajoutez-le : tableau de bord, page « Clés et cartes » (ou souspli key import).",
        ),
        (
            format!("The certificate of {account} has been revoked since {en}{why_en}: nobody may rely on it any more."),
            "Ask your authority for a new one and add it: dashboard, page “Keys and cards” (or souspli key import).",
        ),
    )
}

/// `souspli key remove`.
pub fn no_such_key(id: &str) -> Explanation {
    Explanation::new(
        "SP-NO-SUCH-KEY",
        Retry::Never,
        (format!("« {id} » ne désigne aucune clé."), "Voyez les clés par souspli key list."),
        (format!("“{id}” names no key."), "See souspli key list."),
    )
}

/// `souspli cert show`, `cert remove`, `trust remove`.
pub fn no_such_certificate(fingerprint: &str) -> Explanation {
    Explanation::new(
        "SP-NO-SUCH-CERTIFICATE",
        Retry::Never,
        (
            format!("« {fingerprint} » ne désigne aucun certificat."),
            "Voyez les certificats par souspli cert list ou souspli trust list.",
        ),
        (
            format!("“{fingerprint}” names no certificate."),
            "See souspli cert list or souspli trust list.",
        ),
    )
}

/// `souspli cert import`, `trust add`.
pub fn no_certificate_in_file(path: &str) -> Explanation {
    Explanation::new(
        "SP-NO-CERTIFICATE-IN-FILE",
        Retry::Never,
        (
            format!("{path} ne contient aucun certificat."),
            "Donnez un fichier .cer, .pem, .p7c ou .p7b, ou un message signé (.eml).",
        ),
        (
            format!("{path} holds no certificate."),
            "Give a .cer, .pem, .p7c or .p7b file, or a signed message (.eml).",
        ),
    )
}
