//! The texts of an iCalendar object (RFC 5545 §3.1, §3.3.11).
//!
//! Only for asking whether something stands in them.

/// What an object begins with.
const BEGIN: &str = "BEGIN:VCALENDAR";
/// The properties whose values people write.
const TEXTS: [&str; 5] = ["SUMMARY", "DESCRIPTION", "COMMENT", "LOCATION", "X-ALT-DESC"];

/// Each text that somebody wrote into it, its lines unfolded and its escapes taken out; none where this is no calendar.
pub fn texts(calendar: &str) -> Vec<String> {
    let begins = calendar.trim_start_matches('\u{feff}').trim_start().get(..BEGIN.len());
    if !begins.is_some_and(|begin| begin.eq_ignore_ascii_case(BEGIN)) {
        return Vec::new();
    }
    let unfolded = ["\r\n ", "\r\n\t", "\n ", "\n\t"]
        .iter()
        .fold(calendar.to_owned(), |text, fold| text.replace(fold, ""));
    unfolded.lines().filter_map(text).collect()
}

/// The value of one content line, if it is a text.
fn text(line: &str) -> Option<String> {
    let name = line.split([':', ';']).next()?;
    let is_text = TEXTS.iter().any(|text| text.eq_ignore_ascii_case(name));
    is_text.then(|| unescaped(value(&line[name.len()..])))
}

/// What follows the colon that stands in no quoted parameter.
fn value(line: &str) -> &str {
    let mut quoted = false;
    let colon = line.bytes().position(|b| {
        quoted ^= b == b'"';
        b == b':' && !quoted
    });
    colon.map_or("", |at| &line[at + 1..])
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => '\n',
                Some(other) => other,
                None => break,
            },
            other => other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_typed() {
        let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=fr:R\u{e9}union\\, lundi\r\nUID:x\r\n\
                        DESCRIPTION;ALTREP=\"cid:a:b\":Premi\u{e8}re li\r\n gne\\nseconde\\\r\n\t;\r\nEND:VEVENT\r\n";
        assert_eq!(texts(calendar), ["R\u{e9}union, lundi", "Premi\u{e8}re ligne\nseconde;"]);
        assert_eq!(texts("SUMMARY:no calendar"), Vec::<String>::new());
        assert_eq!(texts("begin:vcalendar\nSUMMARY\nDESCRIPTION:\\"), ["", ""]);
    }
}
