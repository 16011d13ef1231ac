//! Which rule asks to encrypt a message, and what `souspli explain` says of one.

use super::Explanation;
use crate::base::{Address, Domain, Retry};

/// A rule as the subject of a sentence, in both languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Rule {
    fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            fr: fr.into(),
            en: en.into(),
        }
    }
}

/// The tag in the Subject.
pub fn tag(tag: &str) -> Rule {
    Rule::new(format!("la marque {tag} de l’objet"), format!("the tag {tag} of the subject"))
}

/// A recipient's domain.
pub fn domain(domain: &Domain) -> Rule {
    Rule::new(
        format!("le domaine {domain} d’un destinataire"),
        format!("the domain {domain} of a recipient"),
    )
}

/// The account's own setting.
pub fn account() -> Rule {
    Rule::new("le réglage always_encrypt du compte", "the setting always_encrypt of the account")
}

/// The thread memory.
pub fn thread() -> Rule {
    Rule::new(
        "le message chiffré auquel il répond ou qu’il transmet",
        "the encrypted message that it answers or passes on",
    )
}

/// Marks of ours in the text.
pub fn marks() -> Rule {
    Rule::new(
        "le texte repris d’un message ouvert par Souspli",
        "the text taken from a message that Souspli opened",
    )
}

/// The memory of sealed letters knows the text.
pub fn same_text() -> Rule {
    Rule::new(
        "le texte, qui est celui d’un message déjà envoyé ou reçu chiffré,",
        "the text, which is that of a message already sent or received encrypted,",
    )
}

/// The memory of sealed letters knows a file.
pub fn same_file() -> Rule {
    Rule::new(
        "une pièce jointe, qui est celle d’un message déjà envoyé ou reçu chiffré,",
        "an attachment, which is that of a message already sent or received encrypted,",
    )
}

/// `souspli explain`: nothing asks for protection.
pub fn would_pass() -> Explanation {
    Explanation::new(
        "SP-WOULD-PASS",
        Retry::Never,
        (
            "Ce message partirait tel quel, en clair :",
            "aucune règle ne demande de le protéger.",
        ),
        ("This message would leave as it is, in clear:", "no rule asks to protect it."),
    )
}

/// `souspli explain`: signed only.
pub fn would_sign() -> Explanation {
    Explanation::new(
        "SP-WOULD-SIGN",
        Retry::Never,
        ("Ce message partirait signé, non chiffré :", "le compte signe tout (always_sign)."),
        (
            "This message would leave signed, not encrypted:",
            "the account signs everything (always_sign).",
        ),
    )
}

/// `souspli explain`: sealed, by which rule.
pub fn would_seal(rule: &Rule) -> Explanation {
    Explanation::new(
        "SP-WOULD-SEAL",
        Retry::Never,
        (
            format!("Ce message doit partir signé et chiffré : {} le demande.", rule.fr),
            "Les certificats choisis suivent.",
        ),
        (
            format!("This message must leave signed and encrypted: {} asks for it.", rule.en),
            "The certificates chosen follow.",
        ),
    )
}

/// `souspli explain`: these would get nothing (`missing_certificate = "partial"`).
pub fn would_leave_out(addresses: &[Address]) -> Explanation {
    let list = super::outgoing::list(addresses);
    Explanation::new(
        "SP-WOULD-LEAVE-OUT",
        Retry::Never,
        (
            format!("Sans certificat, {list} ne recevrait rien :"),
            "vous en seriez averti par un avis de non-remise.",
        ),
        (
            format!("Without a certificate, {list} would get nothing:"),
            "a notice would tell you.",
        ),
    )
}

/// `souspli explain`: these would get it signed only, over the operator's channel (requirements K.1).
pub fn would_pass_over_channel(addresses: &[Address]) -> Explanation {
    let list = super::outgoing::list(addresses);
    Explanation::new(
        "SP-WOULD-PASS-OVER-CHANNEL",
        Retry::Never,
        (
            format!("Sans certificat, {list} le recevrait signé, non chiffré de bout en bout :"),
            "l’espace de confiance MSSanté le protège.",
        ),
        (
            format!("Without a certificate, {list} would get it signed, not encrypted end to end:"),
            "the MSSanté space of trust protects it.",
        ),
    )
}

/// `souspli explain`: these would be written to through the companion, under its address (requirements K.7).
pub fn would_leave_through(companion: &Address, addresses: &[Address]) -> Explanation {
    let list = super::outgoing::list(addresses);
    Explanation::new(
        "SP-WOULD-LEAVE-THROUGH",
        Retry::Never,
        (
            format!("Pour {list}, il partirait par votre compte {companion}, et sous cette adresse :"),
            "l’espace de confiance MSSanté n’accepte pas l’adresse ordinaire (mssante_via).",
        ),
        (
            format!("For {list}, it would leave through your account {companion}, under that address:"),
            "the MSSanté space of trust does not take the ordinary address (mssante_via).",
        ),
    )
}

/// Why a certificate known for a recipient is not used.
pub fn not_chosen(address: &Address, serial: &str, issuer: &str, why: &Explanation) -> Explanation {
    Explanation::new(
        why.code,
        why.retry,
        (
            format!(
                "Pour {address}, le certificat n° {serial} (émis par « {issuer} ») est écarté : {}",
                why.fr.what
            ),
            why.fr.todo.clone(),
        ),
        (
            format!(
                "For {address}, certificate no. {serial} (issued by “{issuer}”) is not used: {}",
                why.en.what
            ),
            why.en.todo.clone(),
        ),
    )
}
