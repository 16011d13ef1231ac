//! A letter under the address of the companion in the space of trust (requirements K.7): the sender's own address gives way where
//! the header says who writes and where answers go. Nothing else changes, neither the display name nor the Message-ID.
//!
//! Answers that went to the ordinary address could not leave the space: its operators take mail from one another only. That is why
//! Reply-To and the fields that ask for a receipt follow, where they name that address; what names another one stays.

use crate::base::Address;
use crate::mime::header::{Field, Header};

/// Who writes, and where answers and receipts go (RFC 5322 §3.6.2, RFC 8098 §2.1).
const FIELDS: [&str; 6] = [
    "From",
    "Sender",
    "Reply-To",
    "Disposition-Notification-To",
    "Return-Receipt-To",
    "X-Confirm-Reading-To",
];

/// The message with `companion` in place of `own`; `None`: it is not under the name of `own` alone, or a field cannot be read well
/// enough to be changed.
pub fn under(message: &[u8], own: &Address, companion: &Address) -> Option<Vec<u8>> {
    let (header, _) = Header::parse(message);
    let mut from = header.all("From");
    let (_, author) = from.next()?.only_address()?;
    if from.next().is_some() || author != *own {
        return None;
    }
    let mut out = Vec::with_capacity(message.len() + 64);
    let mut read = 0;
    for field in header.fields() {
        read += field.raw.len();
        match FIELDS.iter().any(|name| field.is(name)) {
            true => out.extend(renamed(field, own, companion)?),
            false => out.extend_from_slice(field.raw),
        }
    }
    out.extend_from_slice(&message[read..]);
    Some(out)
}

/// Every spelling of the address in the field, in a display name too: there it would be the one that readers see.
fn renamed(field: &Field<'_>, own: &Address, companion: &Address) -> Option<Vec<u8>> {
    let named = field.addresses();
    let spellings = named.iter().map(|(_, address)| address).filter(|address| *address == own);
    let mut raw = field.raw.to_vec();
    for spelling in spellings {
        raw = replaced(&raw, spelling.as_str().as_bytes(), companion.as_str().as_bytes());
    }
    let read = Header::parse(&raw).0.fields().first()?.addresses();
    let wanted = named
        .into_iter()
        .map(|(_, address)| if address == *own { companion.clone() } else { address });
    wanted.eq(read.into_iter().map(|(_, address)| address)).then_some(raw)
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + to.len());
    let mut at = 0;
    while at < text.len() {
        let found = text[at..].get(..from.len()).is_some_and(|here| here.eq_ignore_ascii_case(from));
        let alone = |octet: Option<&u8>| octet.is_none_or(|b| !is_of_an_address(*b));
        if found && alone(at.checked_sub(1).and_then(|before| text.get(before))) && alone(text.get(at + from.len())) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// RFC 5322 §3.2.3 `atext`, and what joins atoms: `xdr@a.fr` is not `dr@a.fr`.
fn is_of_an_address(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || !octet.is_ascii() || b"!#$%&'*+-/=?^_`{|}~.@".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under_companion(message: &str) -> Option<String> {
        let (own, companion) = (Address::parse("dr@cabinet.fr"), Address::parse("dr.martin@medecin.mssante.fr"));
        let out = under(message.as_bytes(), &own.unwrap(), &companion.unwrap())?;
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn only_the_senders_own_address_changes() {
        for (before, after) in [
            ("From: dr@cabinet.fr", "From: dr.martin@medecin.mssante.fr"),
            (
                "from : Dr Martin <DR@Cabinet.FR>",
                "from : Dr Martin <dr.martin@medecin.mssante.fr>",
            ),
            (
                "From: =?utf-8?q?Dr_H=C3=A9l=C3=A8ne?=\r\n <dr@cabinet.fr>",
                "From: =?utf-8?q?Dr_H=C3=A9l=C3=A8ne?=\r\n <dr.martin@medecin.mssante.fr>",
            ),
            (
                "From: \"dr@cabinet.fr\" <dr@cabinet.fr>",
                "From: \"dr.martin@medecin.mssante.fr\" <dr.martin@medecin.mssante.fr>",
            ),
            (
                "From: dr@cabinet.fr\r\nReply-To: Secr <sec@cabinet.fr>, dr@cabinet.fr\r\nTo: dr@cabinet.fr\r\nMessage-ID: <1.dr@cabinet.fr>",
                "From: dr.martin@medecin.mssante.fr\r\nReply-To: Secr <sec@cabinet.fr>, dr.martin@medecin.mssante.fr\r\nTo: dr@cabinet.fr\r\nMessage-ID: <1.dr@cabinet.fr>",
            ),
            (
                "From: dr@cabinet.fr\r\nDisposition-Notification-To: Dr <dr@cabinet.fr>\r\nX-MSS-MES: FIN",
                "From: dr.martin@medecin.mssante.fr\r\nDisposition-Notification-To: Dr <dr.martin@medecin.mssante.fr>\r\nX-MSS-MES: FIN",
            ),
            (
                "From: dr@cabinet.fr\r\nReply-To: xdr@cabinet.fr, dr@cabinet.fr.evil.com",
                "From: dr.martin@medecin.mssante.fr\r\nReply-To: xdr@cabinet.fr, dr@cabinet.fr.evil.com",
            ),
        ] {
            let body = "\r\n\r\nFrom: dr@cabinet.fr\r\n";
            assert_eq!(
                under_companion(&format!("{before}{body}")),
                Some(format!("{after}{body}")),
                "{before}"
            );
        }
    }

    #[test]
    fn nobody_elses_letter_becomes_the_companions() {
        for header in [
            "From: eve@cabinet.fr",
            "From: dr@cabinet.fr, eve@cabinet.fr",
            "From: dr@cabinet.fr\r\nFrom: dr@cabinet.fr",
            "From: \"dr@cabinet.fr\" <eve@cabinet.fr>",
            "From: Dr Martin",
            "Sender: dr@cabinet.fr",
            // Written so that it cannot be found: nothing is guessed.
            "From: dr@(c)cabinet.fr",
        ] {
            assert_eq!(under_companion(&format!("{header}\r\n\r\n")), None, "{header}");
        }
    }
}
