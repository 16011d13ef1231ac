//! Sentences about directories of colleagues' certificates.

use super::dashboard::Words;
use super::{Explanation, Tongue, config::fault};
use crate::base::{Address, Retry, UnixTime};

/// Where certificates come from, in a table.
pub const IMPORTED: Words = Words::new("importé", "imported");
/// With a message that was verified.
pub const HARVESTED: Words = Words::new("message vérifié", "verified mail");
/// Bound to the address by the user.
pub const CONFIRMED: Words = Words::new("confirmé", "confirmed");
/// `souspli cert list` of an empty book.
pub const NOTHING_YET: &str = "Aucun certificat : souspli cert import. / No certificate: souspli cert import.";
/// `souspli cert show` of a good one.
pub const WILL_DO: &str = "Utilisable pour chiffrer. / Can be encrypted to.";

/// How long ago, in a table.
pub fn age(tongue: Tongue, at: UnixTime, now: UnixTime) -> String {
    let date = at.civil().date();
    match (now.0 - at.0) / 86_400 {
        ..=0 => format!("{date}"),
        1 => format!("{date} (1 {})", tongue.words("jour", "day")),
        days => format!("{date} ({days} {})", tongue.words("jours", "days")),
    }
}

/// Above the certificates of somebody who may be meant.
pub fn who_may_be_meant(name: &str, directory: &str, addresses: &str) -> String {
    let addresses = if addresses.is_empty() { "–" } else { addresses };
    format!("Peut-être / perhaps: {name} ({directory}; {addresses})")
}

/// A password that rests nowhere.
pub fn no_password(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-NO-PASSWORD",
        Retry::AfterUser,
        (
            format!("L’annuaire « {name} » demande un mot de passe, et aucun n’est enregistré."),
            format!("Enregistrez-le : souspli cert password « {name} », ou donnez password_command dans la configuration."),
        ),
        (
            format!("The directory “{name}” asks for a password, and none is kept."),
            format!("Keep it: souspli cert password “{name}”, or set password_command in the configuration."),
        ),
    )
}

/// The server refuses name or password (RFC 4511 §A.1, 49).
pub fn wrong_password(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-PASSWORD",
        Retry::AfterUser,
        (
            format!("L’annuaire « {name} » refuse l’identifiant ou le mot de passe."),
            format!("Vérifiez bind_dn, puis enregistrez le mot de passe à nouveau : souspli cert password « {name} »."),
        ),
        (
            format!("The directory “{name}” refuses the name or the password."),
            format!("Check bind_dn, then keep the password again: souspli cert password “{name}”."),
        ),
    )
}

/// The program that should print the password.
pub fn command_failed(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-COMMAND",
        Retry::AfterUser,
        (
            format!("La commande qui donne le mot de passe de l’annuaire « {name} » a échoué."),
            "Essayez-la dans un terminal, puis corrigez password_command.",
        ),
        (
            format!("The command that gives the password of the directory “{name}” failed."),
            "Try it in a terminal, then mend password_command.",
        ),
    )
}

/// The entry to search below does not exist.
pub fn no_base(name: &str, base: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-BASE",
        Retry::AfterUser,
        (
            format!("L’annuaire « {name} » n’a pas de branche « {base} »."),
            "Corrigez base dans la configuration.",
        ),
        (
            format!("The directory “{name}” has no branch “{base}”."),
            "Mend base in the configuration.",
        ),
    )
}

/// The server does not do what it is asked.
pub fn refused(name: &str, code: u32, said: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-REFUSED",
        Retry::Later,
        (
            format!("L’annuaire « {name} » a refusé la recherche (code {code} : {said})."),
            "Réessayez plus tard ; si cela dure, montrez ce message à qui tient cet annuaire.",
        ),
        (
            format!("The directory “{name}” refused the search (code {code}: {said})."),
            "Try again later; if it lasts, show this message to whoever keeps that directory.",
        ),
    )
}

/// The server names another one, which is never asked.
pub fn elsewhere(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-REFERRAL",
        Retry::AfterUser,
        (
            format!("L’annuaire « {name} » renvoie vers un autre serveur, que Souspli ne suit pas."),
            "Choisissez une base plus précise, ou ajoutez cet autre serveur à la configuration.",
        ),
        (
            format!("The directory “{name}” points to another server, which Souspli does not follow."),
            "Choose a narrower base, or add that other server to the configuration.",
        ),
    )
}

/// More entries than are looked at.
pub fn not_whole(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-TOO-MANY",
        Retry::Later,
        (
            format!("L’annuaire « {name} » a plus de réponses qu’il n’en donne."),
            "Si ce correspondant y est, importez son certificat : souspli cert import.",
        ),
        (
            format!("The directory “{name}” has more answers than it gives."),
            "If this correspondent is there, import the certificate: souspli cert import.",
        ),
    )
}

/// More octets or entries than are read.
pub fn too_much(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-TOO-MUCH",
        Retry::Later,
        (
            format!("L’annuaire « {name} » envoie bien plus que demandé ; la connexion a été fermée."),
            "Montrez ce message à qui tient cet annuaire.",
        ),
        (
            format!("The directory “{name}” sends far more than was asked; the connection was closed."),
            "Show this message to whoever keeps that directory.",
        ),
    )
}

/// What the server says is no LDAP.
pub fn unreadable(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-UNREADABLE",
        Retry::Later,
        (
            format!("La réponse de l’annuaire « {name} » est illisible."),
            "Vérifiez url et starttls dans la configuration.",
        ),
        (
            format!("The answer of the directory “{name}” is unreadable."),
            "Check url and starttls in the configuration.",
        ),
    )
}

/// The server knows no StartTLS.
pub fn no_starttls(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-NO-STARTTLS",
        Retry::AfterUser,
        (
            format!("L’annuaire « {name} » ne propose pas StartTLS."),
            "Utilisez ldaps:// dans la configuration, si ce serveur le permet.",
        ),
        (
            format!("The directory “{name}” offers no StartTLS."),
            "Use ldaps:// in the configuration, where that server allows it.",
        ),
    )
}

/// No answer within `timeout_seconds`.
pub fn not_in_time(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-TIME",
        Retry::Later,
        (
            format!("L’annuaire « {name} » n’a pas répondu à temps."),
            "Réessayez dans quelques minutes.",
        ),
        (
            format!("The directory “{name}” did not answer in time."),
            "Try again in a few minutes.",
        ),
    )
}

/// The connection ended before the answer.
pub fn cut(name: &str) -> Explanation {
    Explanation::new(
        "SP-LDAP-CUT",
        Retry::Later,
        (
            format!("L’annuaire « {name} » a coupé la connexion avant d’avoir répondu."),
            "Réessayez dans quelques minutes.",
        ),
        (
            format!("The directory “{name}” cut the connection before it had answered."),
            "Try again in a few minutes.",
        ),
    )
}

/// `souspli cert password` of what is not configured.
pub fn no_such_directory(name: &str) -> Explanation {
    Explanation::new(
        "SP-NO-SUCH-DIRECTORY",
        Retry::AfterUser,
        (
            format!("La configuration n’a pas d’annuaire « {name} » avec bind_dn."),
            "Vérifiez les sections [[directory]].",
        ),
        (
            format!("The configuration has no directory “{name}” with bind_dn."),
            "Check the [[directory]] sections.",
        ),
    )
}

/// `souspli cert confirm` of a certificate that was not found.
pub fn not_found_to_confirm(fingerprint: &str) -> Explanation {
    Explanation::new(
        "SP-CONFIRM-UNKNOWN",
        Retry::AfterUser,
        (
            format!("Aucun certificat d’empreinte {fingerprint} n’a été trouvé pour cette adresse."),
            "Cherchez-le d’abord : souspli cert find ADRESSE.",
        ),
        (
            format!("No certificate with fingerprint {fingerprint} was found for this address."),
            "Look for it first: souspli cert find ADDRESS.",
        ),
    )
}

/// `souspli cert confirm` of a certificate that names other addresses.
pub fn of_another_address(address: &Address, named: &str) -> Explanation {
    Explanation::new(
        "SP-CONFIRM-OTHER-ADDRESS",
        Retry::Never,
        (
            format!("Ce certificat est établi pour {named} : il ne peut pas servir pour {address}."),
            format!("Écrivez à l’adresse du certificat, ou demandez à ce correspondant celui de {address}."),
        ),
        (
            format!("This certificate is made out to {named}: it cannot serve {address}."),
            format!("Write to the address of the certificate, or ask this correspondent for that of {address}."),
        ),
    )
}

/// A certificate that names no address and that nobody has bound to one.
pub fn to_confirm() -> Explanation {
    Explanation::new(
        "SP-TO-CONFIRM",
        Retry::AfterUser,
        (
            "Ce certificat ne porte aucune adresse.",
            "Si vous êtes sûr de son titulaire, confirmez-le : souspli cert confirm ADRESSE EMPREINTE.",
        ),
        (
            "This certificate names no address.",
            "If you are sure of its holder, confirm it: souspli cert confirm ADDRESS FINGERPRINT.",
        ),
    )
}

/// `souspli cert find` without a result.
pub fn nothing_found(address: &Address) -> Explanation {
    Explanation::new(
        "SP-NOTHING-FOUND",
        Retry::AfterUser,
        (
            format!("Aucun certificat n’est connu pour {address}, et aucun annuaire n’en a."),
            "Demandez à ce correspondant un message signé, ou son fichier de certificat (souspli cert import).",
        ),
        (
            format!("No certificate is known for {address}, and no directory has one."),
            "Ask this correspondent for a signed message, or for the certificate's file (souspli cert import).",
        ),
    )
}

/// `souspli cert find` where no directory could be asked.
pub fn nobody_answered(address: &Address) -> Explanation {
    Explanation::new(
        "SP-NOT-ASKED",
        Retry::Later,
        (
            format!("Aucun certificat n’est connu ici pour {address}, et un annuaire au moins n’a pas répondu."),
            "Réessayez quand il répondra.",
        ),
        (
            format!("No certificate is known here for {address}, and at least one directory did not answer."),
            "Try again when it does.",
        ),
    )
}

/// The beginning of a fingerprint that several certificates have.
pub fn several(fingerprint: &str) -> Explanation {
    Explanation::new(
        "SP-SEVERAL-CERTIFICATES",
        Retry::AfterUser,
        (
            format!("« {fingerprint} » désigne plusieurs certificats."),
            "Donnez l’empreinte entière (souspli cert show).",
        ),
        (
            format!("“{fingerprint}” names several certificates."),
            "Give the whole fingerprint (souspli cert show).",
        ),
    )
}

/// A number out of its range.
pub fn out_of_range(line: usize, key: &str, given: &str, least: i64, most: i64) -> Explanation {
    fault(
        "SP-CONFIG-RANGE",
        line,
        (format!("{key} vaut {given}."), format!("Écrivez un nombre de {least} à {most}.")),
        (format!("{key} is {given}."), format!("Write a number from {least} to {most}.")),
    )
}

/// A name that cannot be shown in a table.
pub fn bad_name(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-DIRECTORY-NAME",
        line,
        (
            format!("« {given} » ne convient pas comme nom d’annuaire."),
            "Écrivez 1 à 40 lettres, chiffres, espaces, tirets ou points.",
        ),
        (
            format!("“{given}” does not do as the name of a directory."),
            "Write 1 to 40 letters, digits, spaces, hyphens or dots.",
        ),
    )
}

/// Two directories with one name.
pub fn same_name(line: usize, given: &str, first: usize) -> Explanation {
    fault(
        "SP-CONFIG-SAME-DIRECTORY",
        line,
        (
            format!("L’annuaire « {given} » est déjà décrit à la ligne {first}."),
            "Donnez-lui un autre nom.",
        ),
        (
            format!("The directory “{given}” is described in line {first} already."),
            "Give it another name.",
        ),
    )
}

/// Not the URL of a directory.
pub fn bad_url(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-DIRECTORY-URL",
        line,
        (
            format!("« {given} » n’est pas l’adresse d’un annuaire."),
            "Écrivez ldaps://serveur ou ldap://serveur, avec :port s’il le faut, et la branche dans base.",
        ),
        (
            format!("“{given}” is not where a directory is."),
            "Write ldaps://server or ldap://server, with :port where needed, and the branch in base.",
        ),
    )
}

/// A directory asked in clear over the network.
pub fn in_clear(line: usize, host: &str) -> Explanation {
    fault(
        "SP-CONFIG-DIRECTORY-CLEAR",
        line,
        (
            format!("Sans TLS, chacun sur le chemin verrait à qui vous écrivez en interrogeant {host}."),
            "Retirez starttls = false ou utilisez ldaps:// ; si ce serveur n’a vraiment pas TLS, ajoutez insecure = true, sans bind_dn.",
        ),
        (
            format!("Without TLS anybody on the way would see whom you write to as {host} is asked."),
            "Take out starttls = false or use ldaps://; if that server really has no TLS, add insecure = true, without bind_dn.",
        ),
    )
}

/// Not the name of an attribute.
pub fn bad_attribute(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-ATTRIBUTE",
        line,
        (
            format!("« {given} » n’est pas un nom d’attribut."),
            "Écrivez-le comme \"mail\" ou \"userCertificate;binary\".",
        ),
        (
            format!("“{given}” is not the name of an attribute."),
            "Write it like \"mail\" or \"userCertificate;binary\".",
        ),
    )
}
