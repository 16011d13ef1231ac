//! Whom a message says it comes from, and when, if that can mean one person and one moment only: what a signer is compared
//! with.
//!
//! Mail programs show From each in its own way: the name, the address, a comment, the first of several fields or the last.
//! Where two of them could show two persons, nobody is the sender, and no signature assures who wrote.

use crate::base::addr::fold;
use crate::base::{Address, UnixTime};
use crate::mime::header::Header;
use mail_parser::{HeaderValue, parsers::MessageStream};

/// The address of the one mailbox of the one From field (RFC 5322 §3.6.2) of a header.
pub fn sender_of(header: &Header<'_>) -> Option<Address> {
    let mut fields = header.all("From");
    let field = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    let (_, address) = field.only_address()?;
    let one = reads_one_way(&String::from_utf8_lossy(&field.unfolded()), &address);
    (one && !holds_another(&field.text(), &address)).then_some(address)
}

/// The moment of the one Date field (RFC 5322 §3.6.1) of a header.
pub fn date_of(header: &Header<'_>) -> Option<UnixTime> {
    let mut fields = header.all("Date");
    let mut value = fields.next()?.unfolded();
    if fields.next().is_some() {
        return None;
    }
    if !without_comments(&String::from_utf8_lossy(&value)).is_some_and(|bare| is_a_date(&bare)) {
        return None;
    }
    value.extend_from_slice(b"\r\n");
    match MessageStream::new(&value).parse_date() {
        HeaderValue::DateTime(at) if at.is_valid() => Some(UnixTime(at.to_timestamp())),
        _ => None,
    }
}

/// True for a day, perhaps its name before it, a time, perhaps a zone, and nothing else (RFC 5322 §3.3, §4.3): mail programs look
/// for numbers, and of two years each picks one.
fn is_a_date(text: &str) -> bool {
    let spaced = text.replace(',', ", ");
    let mut words: Vec<&str> = spaced.split_ascii_whitespace().collect();
    let letters = |word: &str| word.bytes().all(|b| b.is_ascii_alphabetic());
    let number = |word: &str| !word.is_empty() && word.len() <= 4 && word.bytes().all(|b| b.is_ascii_digit());
    if words.first().is_some_and(|first| letters(first.trim_end_matches(','))) {
        words.remove(0);
    }
    match words[..] {
        [day, month, year, time] | [day, month, year, time, _] => {
            let zone = words
                .get(4)
                .is_none_or(|zone| letters(zone) || number(zone.trim_start_matches(['+', '-'])));
            number(day) && letters(month) && number(year) && time.split(':').all(number) && zone
        }
        _ => false,
    }
}

/// True for `address` and `name <address>` with nothing else but comments (RFC 5322 §3.4): of `"Mar"tin@x.fr`, and of words
/// behind a bracket, each program makes another address or another name.
fn reads_one_way(value: &str, address: &Address) -> bool {
    let Some(bare) = without_comments(value) else { return false };
    let is_the_address = |text: &str| Address::parse(text.trim_matches([' ', '\t'])).as_ref() == Ok(address);
    match bare.split_once('<') {
        None => is_the_address(&bare),
        Some((name, rest)) => rest.split_once('>').is_some_and(|(inside, after)| {
            let itself = is_the_address(name.trim_matches([' ', '\t', '\'']));
            let named = itself || !name.contains(['@', ':', ';', ',', '>', ')']);
            named && is_the_address(inside) && after.trim_matches([' ', '\t']).is_empty()
        }),
    }
}

/// The text without its comments and without what stands in quotes, the quotes themselves left; `None`: one of them does not end.
fn without_comments(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut comments) = (false, 0_usize);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted || comments > 0 => drop(chars.next()?),
            '"' if comments == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => comments += 1,
            ')' if comments > 0 => comments -= 1,
            c if !quoted && comments == 0 => out.push(c),
            _ => {}
        }
    }
    (!quoted && comments == 0).then_some(out)
}

/// An address, or what looks like one, beside that of the sender: in the name shown, in a comment, between two brackets.
fn holds_another(text: &str, address: &Address) -> bool {
    fold(text)
        .split(|c: char| c.is_whitespace() || "<>()[],;:\"'".contains(c))
        .any(|word| {
            let word = word.trim_matches('.');
            word.contains(['@', '\u{ff20}', '\u{fe6b}']) && Address::parse(word).as_ref() != Ok(address)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_or_none() {
        for (header, expected) in [
            ("Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n", Some(1_795_338_000)),
            ("Date: 22 Nov 2026 09:00 GMT (midi)\r\n", Some(1_795_338_000)),
            ("date : Sun,\r\n 22 Nov 2026 09:00:00 -0000\r\n", Some(1_795_338_000)),
            ("Date: 22 Nov 2026 09:00:00 +0000 (Sun, 1 Jan 2020)\r\n", Some(1_795_338_000)),
            ("Date: Sun,22 Nov 2026 09:00:00 GMT\r\n", Some(1_795_338_000)),
            ("Date: yesterday\r\n", None),
            ("Date: 22 Nov 2026 09:00:00 +0000 22 Nov 2027\r\n", None),
            ("Date: 22 Nov 2026 09:00:00 +0000; 22 Nov 2027 09:00:00 +0000\r\n", None),
            ("Date: Sun, 22 Nov 2026 2027 09:00:00 +0000\r\n", None),
            ("Date: 22 Nov 2026 09:00:00 2027 +0000\r\n", None),
            ("Date: 22/11/2027 22 Nov 2026 09:00\r\n", None),
            ("Date:\r\n", None),
            ("Date: 1 Jan 2026 00:00:00 Z\r\nDate: 2 Jan 2026 00:00:00 Z\r\n", None),
            ("Subject: x\r\n", None),
        ] {
            let message = format!("{header}\r\nDate: 1 Jan 2020 00:00:00 +0000");
            let found = date_of(&Header::parse(message.as_bytes()).0);
            assert_eq!(found, expected.map(UnixTime), "{header}");
        }
    }

    #[test]
    fn one_person_or_nobody() {
        for (header, expected) in [
            ("From: dr@lab.test\r\n", Some("dr@lab.test")),
            ("From: \"Dr, Zoé\" <DR@Lab.test>\r\n", Some("DR@Lab.test")),
            ("From: =?utf-8?q?Zo=C3=A9?=\r\n <dr@lab.test>\r\n", Some("dr@lab.test")),
            ("From: \"dr@lab.test\" <dr@lab.test>\r\n", Some("dr@lab.test")),
            ("From: 'dr@lab.test' <dr@lab.test>\r\n", Some("dr@lab.test")),
            ("From: dr@lab.test (Dr Zoé)\r\n", Some("dr@lab.test")),
            ("Subject: x\r\n", None),
            ("From:\r\n", None),
            ("From: dr@lab.test\r\nfrom : eve@evil.test\r\n", None),
            ("From: dr@lab.test\r\nFrom: Chef\r\n", None),
            ("From: dr@lab.test, eve@evil.test\r\n", None),
            ("From: Chef, dr@lab.test\r\n", None),
            ("From: Chef <>, dr@lab.test\r\n", None),
            ("From: Chefs: dr@lab.test, eve@evil.test;\r\n", None),
            ("From: \"chef@lab.test\" <dr@lab.test>\r\n", None),
            ("From: chef@lab.test <dr@lab.test>\r\n", None),
            ("From: =?utf-8?q?chef=40lab.test?= <dr@lab.test>\r\n", None),
            ("From: dr@lab.test (chef@lab.test)\r\n", None),
            ("From: <chef@lab.test> <dr@lab.test>\r\n", None),
            ("From: \"chef\u{ff20}lab.test\" <dr@lab.test>\r\n", None),
            ("From: <@relay.test:dr@lab.test>\r\n", None),
            ("From: (x) dr@lab.test (y (z))\r\n", Some("dr@lab.test")),
            ("From: Dr\\Z (chez \\) elle) < dr@lab.test > (z)\r\n", Some("dr@lab.test")),
            ("From: \"Dr \\\" <x>, (\" <dr@lab.test>\r\n", Some("dr@lab.test")),
            ("From: \"Mar\"dr@lab.test\r\n", None),
            ("From: Mar\"\"dr@lab.test\r\n", None),
            ("From: \"Mar\"dr@lab.test <dr@lab.test>\r\n", None),
            ("From: dr@lab.test <dr@lab.test>\r\n", Some("dr@lab.test")),
            ("From: <dr@lab.test> Chef\r\n", None),
            ("From: <dr@lab.test>\\\r\n", None),
            ("From: Chef dr@lab.test\r\n", None),
            ("From: Chef: <dr@lab.test>;\r\n", None),
            ("From: Chef> <dr@lab.test>\r\n", None),
            ("From: dr@lab.test) <dr@lab.test>\r\n", None),
            ("From: \u{a0}dr@lab.test\r\n", None),
            ("From: (Chef <dr@lab.test>\r\n", None),
        ] {
            let message = format!("{header}\r\nbody");
            let found = sender_of(&Header::parse(message.as_bytes()).0);
            assert_eq!(found.as_ref().map(Address::as_str), expected, "{header}");
        }
    }
}
