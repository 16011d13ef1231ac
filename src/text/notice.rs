//! What a sender reads in a notice: who has his letter, who has not, and how it went.

use crate::base::Address;

/// Subject where somebody has not got it.
pub const NOT_DELIVERED: &str = "Message non remis à certains destinataires";
/// Subject where all have it, some of them over the space of trust.
pub const OVER_CHANNEL: &str = "Message remis sans chiffrement de bout en bout";

/// Subject where all have it, some of them under the companion's address.
pub const VIA_COMPANION: &str = "Message parti par votre compte MSSanté";

/// Who has nothing, and why; `list` has a line for each, as in the others.
pub fn not_delivered(list: &str) -> String {
    format!("Votre message chiffré n'a pas été remis à :\r\n\r\n{list}\r\n")
}

/// Who has it encrypted.
pub fn delivered(list: &str) -> String {
    format!("Il a été remis chiffré à :\r\n\r\n{list}\r\n")
}

/// Who has it signed, over the operator's channel (requirements K.1).
pub fn over_channel(list: &str) -> String {
    format!(
        "Ces destinataires n'ont pas de certificat. Pour eux, il est parti signé, protégé par l'espace de confiance,\r\n\
         non chiffré de bout en bout :\r\n\r\n{list}\r\n"
    )
}

/// Who has it through the companion, under its address (requirements K.7).
pub fn via_companion(companion: &Address, list: &str) -> String {
    format!(
        "Ces destinataires sont dans l'espace de confiance MSSanté, qui n'accepte pas votre adresse ordinaire. Pour eux, il est\r\n\
         parti par votre compte {companion}, et sous cette adresse : c'est là que leurs réponses arriveront.\r\n\r\n{list}\r\n"
    )
}

/// What to do where somebody has not got it.
pub fn send_again() -> &'static str {
    "Renvoyez-le seulement aux premiers : les autres l'ont déjà.\r\n\r\n"
}

/// The same in English.
pub fn english(some_failed: bool, some_over_channel: bool, some_via_companion: bool) -> String {
    let failed = "Your sealed message was not accepted for the first addresses above. Send it again to these only.\r\n";
    let channel = "Those without a certificate have it signed, protected by the space of trust, not encrypted end to end.\r\n";
    let companion = "Members of the space of trust have it through your MSSanté account, under its address; answers go there.\r\n";
    [(some_failed, failed), (some_over_channel, channel), (some_via_companion, companion)]
        .iter()
        .filter(|(said, _)| *said)
        .map(|(_, text)| *text)
        .collect()
}
