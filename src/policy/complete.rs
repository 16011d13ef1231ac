//! What a submission server adds to a message that lacks it (RFC 6409 §8.2, §8.3), done before it is sealed: the provider
//! would add it later, unknown to the thread memory and out of step with the signature.

use super::threads;
use crate::base::{Domain, UnixTime};
use crate::mime::header::Header;
use mail_parser::DateTime;
use std::borrow::Cow;

/// Thunderbird calls a signature invalid when signingTime and Date are an hour apart: a letter that waited in an outbox
/// gets the Date of its sending, a few minutes before that.
const APART_SECONDS_MAX: i64 = 50 * 60;

/// The message with a Message-ID that can be remembered and a Date that fits the signature; as it is when it has both.
pub fn completed<'a>(message: &'a [u8], now: UnixTime, unique: &str, domain: &Domain) -> Cow<'a, [u8]> {
    let (header, _) = Header::parse(message);
    let dated = header.all("Date").count() == 1 && header.text("Date").is_some_and(|date| is_now(&date, now));
    let named = threads::own(message).is_some();
    if dated && named {
        return Cow::Borrowed(message);
    }
    let octets: usize = header.fields().iter().map(|field| field.raw.len()).sum();
    let mut out = header.retain(|f| (dated || !f.is("Date")) && (named || !f.is("Message-ID")));
    if !dated {
        out.extend_from_slice(format!("Date: {}\r\n", now.rfc5322()).as_bytes());
    }
    if !named {
        out.extend_from_slice(format!("Message-ID: <{unique}@{domain}>\r\n").as_bytes());
    }
    out.extend_from_slice(&message[octets..]);
    Cow::Owned(out)
}

fn is_now(date: &str, now: UnixTime) -> bool {
    let read = DateTime::parse_rfc822(date).filter(DateTime::is_valid);
    read.is_some_and(|date| date.to_timestamp().saturating_sub(now.0).saturating_abs() <= APART_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sat, 21 Nov 2026 09:00:00 +0000.
    const NOW: UnixTime = UnixTime(1_795_251_600);

    fn completed_text(message: &str) -> String {
        let domain = Domain::parse("lab.test").unwrap();
        String::from_utf8(completed(message.as_bytes(), NOW, "u", &domain).into_owned()).unwrap()
    }

    #[test]
    fn what_is_there_stays() {
        let date = NOW.rfc5322();
        let message = format!("Date: {date}\r\nmessage-id: a@b\r\nFrom: a@b\r\n\r\nDate: body");
        assert_eq!(completed_text(&message), message);
        let message = "Message-ID: <a@b>\r\nDate: Sat, 21 Nov 2026 10:30:00 +0100 (CET)\r\n\r\n";
        assert_eq!(completed_text(message), message);
    }

    #[test]
    fn what_is_missing_or_of_no_use_is_made() {
        let date = NOW.rfc5322();
        let whole = format!("From: a@b\r\nDate: {date}\r\nMessage-ID: <u@lab.test>\r\n\r\nbody");
        for message in [
            "From: a@b\r\n\r\nbody",
            "From: a@b\r\nDate: hier\r\nMessage-ID: <>\r\n\r\nbody",
            "Date: Sat, 21 Nov 2026 08:00:00 +0000\r\nFrom: a@b\r\nMessage-ID: none\r\n\r\nbody",
            "Date: Sat, 21 Nov 2026 09:00:00 +0000\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\nFrom: a@b\r\n\r\nbody",
        ] {
            assert_eq!(completed_text(message), whole, "{message}");
        }
    }
}
