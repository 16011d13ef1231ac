//! What a sender reads in a notice: who has his letter, who has not, and how it went.

/// Subject where somebody has not got it.
pub const NOT_DELIVERED: &str = "Message non remis à certains destinataires";
/// Subject where all have it, some of them over the space of trust.
pub const OVER_CHANNEL: &str = "Message remis sans chiffrement de bout en bout";

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

/// What to do where somebody has not got it.
pub fn send_again() -> &'static str {
    "Renvoyez-le seulement aux premiers : les autres l'ont déjà.\r\n\r\n"
}

/// The same in English.
pub fn english(some_failed: bool, some_over_channel: bool) -> String {
    let failed = "Your sealed message was not accepted for the first addresses above. Send it again to these only.\r\n";
    let channel = "Those without a certificate have it signed, protected by the space of trust, not encrypted end to end.\r\n";
    [(some_failed, failed), (some_over_channel, channel)]
        .iter()
        .filter(|(said, _)| *said)
        .map(|(_, text)| *text)
        .collect()
}
