//! What a sender reads when a message does not leave because of the space of trust: who is inside, and which way leads there.

use super::Explanation;
use super::outgoing::list;
use super::rule::Rule;
use crate::base::{Address, Retry};

/// The same, for members of the space of trust written to from an ordinary account.
pub fn space_of_trust(addresses: &[Address]) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-SPACE-OF-TRUST",
        Retry::Never,
        (
            format!(
                "Message non envoyé : pas de certificat pour {list}, et MSSanté n’accepte que des messages venant de l’espace de confiance."
            ),
            "Utilisez votre compte MSSanté, ou importez le certificat du destinataire. Personne n’a reçu ce message.",
        ),
        (
            format!("Not sent: no certificate for {list}, and MSSanté only accepts mail from within the space of trust."),
            "Use your MSSanté account, or import the recipient's certificate. Nobody has received this message.",
        ),
    )
}

/// A patient's address from an ordinary account.
pub fn patient_on_ordinary_channel() -> Explanation {
    Explanation::new(
        "SP-PATIENT-CHANNEL",
        Retry::Never,
        (
            "Message non envoyé : une adresse de patient (patient.mssante.fr) n’est joignable que depuis un compte MSSanté.",
            "Utilisez votre compte MSSanté, ou retirez cette adresse.",
        ),
        (
            "Not sent: a patient's address (patient.mssante.fr) can only be reached from an MSSanté account.",
            "Use your MSSanté account, or remove that address.",
        ),
    )
}

/// A patient among the recipients of a message that must be sealed; the rule where there is one.
pub fn patient_cannot_open(rule: Option<&Rule>) -> Explanation {
    let (fr, en) = rule.map_or((String::new(), String::new()), |rule| {
        (format!(" ({})", rule.fr), format!(" ({})", rule.en))
    });
    Explanation::new(
        "SP-PATIENT-SEALED",
        Retry::Never,
        (
            format!(
                "Message non envoyé : il est à chiffrer{fr}, et un patient (patient.mssante.fr) ne peut pas ouvrir un message chiffré."
            ),
            "Écrivez au patient par un message séparé, nouveau et sans marque de chiffrement. Personne n’a reçu celui-ci.",
        ),
        (
            format!("Not sent: it must be encrypted{en}, and a patient (patient.mssante.fr) cannot open an encrypted message."),
            "Write to the patient in a separate, new message without the encryption tag. Nobody has received this one.",
        ),
    )
}

/// A mailbox that a machine reads, from an ordinary account.
pub fn machine_on_ordinary_channel(addresses: &[Address]) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-MACHINE-CHANNEL",
        Retry::Never,
        (
            format!("Message non envoyé : {list} (boîte applicative MSSanté) n’est joignable que depuis un compte MSSanté."),
            "Utilisez votre compte MSSanté, ou retirez cette adresse.",
        ),
        (
            format!("Not sent: {list} (applicative MSSanté mailbox) can only be reached from an MSSanté account."),
            "Use your MSSanté account, or remove that address.",
        ),
    )
}

/// A machine among the recipients of a message that must be sealed; the rule where there is one.
pub fn machine_cannot_open(addresses: &[Address], rule: Option<&Rule>) -> Explanation {
    let list = list(addresses);
    let (fr, en) = rule.map_or((String::new(), String::new()), |rule| {
        (format!(" ({})", rule.fr), format!(" ({})", rule.en))
    });
    Explanation::new(
        "SP-MACHINE-SEALED",
        Retry::Never,
        (
            format!("Message non envoyé : il est à chiffrer{fr}, et {list} (boîte applicative MSSanté) ne lirait pas un message chiffré."),
            "Écrivez à cette boîte par un message séparé, nouveau et sans marque de chiffrement. Personne n’a reçu celui-ci.",
        ),
        (
            format!("Not sent: it must be encrypted{en}, and {list} (applicative MSSanté mailbox) would not read an encrypted message."),
            "Write to that mailbox in a separate, new message without the encryption tag. Nobody has received this one.",
        ),
    )
}

/// Under another name than the account's own a letter cannot become the companion's.
pub fn companion_of_another(own: &Address, companion: &Address) -> Explanation {
    Explanation::new(
        "SP-COMPANION-SENDER",
        Retry::Never,
        (
            format!("Message non envoyé : il partirait par {companion} (mssante_via), et n’est pas au seul nom de {own}."),
            format!("Écrivez-le sous l’adresse {own}, ou envoyez-le depuis votre compte MSSanté. Personne n’a reçu ce message."),
        ),
        (
            format!("Not sent: it would leave through {companion} (mssante_via), and is not under the name of {own} alone."),
            format!("Write it under the address {own}, or send it from your MSSanté account. Nobody has received this message."),
        ),
    )
}
