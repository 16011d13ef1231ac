//! The few header fields that say what a CMS body is: Content-Type and its parameters (RFC 2045 §5.1, RFC 2231).

/// A field value with its parameters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameterized {
    /// What stands before the parameters, in lower case.
    pub value: String,
    /// Names in lower case, values as written.
    pub parameters: Vec<(String, String)>,
}

impl Parameterized {
    /// The first parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Header with the empty line that ends it, and body. Without an empty line everything is header.
pub fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    let mut line = 0;
    while line < entity.len() {
        let next = memchr::memchr(b'\n', &entity[line..]).map_or(entity.len(), |n| line + n + 1);
        if matches!(&entity[line..next], b"\n" | b"\r\n") {
            return entity.split_at(next);
        }
        line = next;
    }
    entity.split_at(entity.len())
}

/// The unfolded value of the first field of that name.
pub fn field(header: &[u8], name: &str) -> Option<String> {
    let mut found: Option<Vec<u8>> = None;
    for line in header.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let folded = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        match &mut found {
            Some(value) if folded => value.extend_from_slice(line),
            Some(_) => break,
            None if folded => {}
            None => found = value_of(line, name).map(<[u8]>::to_vec),
        }
    }
    found.map(|value| String::from_utf8_lossy(&value).trim().to_owned())
}

fn value_of<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let colon = memchr::memchr(b':', line)?;
    let (field, value) = line.split_at(colon);
    field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()).then(|| &value[1..])
}

/// The parameters by which S/MIME is known and opened. No other is kept, so that however many a stranger writes none of these
/// is overlooked, and none makes work for the next one.
const KEPT: [&str; 5] = ["smime-type", "protocol", "boundary", "name", "filename"];

/// Reads `value; name=value; ...`, with comments, quoted strings, continuations and charsets.
pub fn parse(text: &str) -> Parameterized {
    let mut read = Parameterized::default();
    let mut is_first = true;
    pieces(text, |piece| match std::mem::take(&mut is_first) {
        true => read.value = piece.trim().to_lowercase(),
        false => read.take(piece),
    });
    read
}

impl Parameterized {
    /// `name=value`, or a further piece of one.
    fn take(&mut self, piece: &str) {
        let Some((name, value)) = piece.split_once('=') else { return };
        let ((name, continued), encoded) = base_name(&name.trim().to_lowercase());
        if !KEPT.contains(&name.as_str()) {
            return;
        }
        let value = if encoded {
            percent_decoded(value.trim())
        } else {
            value.trim().to_owned()
        };
        match self.parameters.iter_mut().find(|(n, _)| *n == name) {
            Some((_, whole)) if continued => whole.push_str(&value),
            Some(_) => {}
            None => self.parameters.push((name, value)),
        }
    }
}

/// `name*1*` is (`name`, continued) and encoded (RFC 2231 §3, §4).
fn base_name(name: &str) -> ((String, bool), bool) {
    let (name, encoded) = name.strip_suffix('*').map_or((name, false), |n| (n, true));
    match name.split_once('*') {
        Some((base, number)) => ((base.to_owned(), number != "0"), encoded),
        None => ((name.to_owned(), false), encoded),
    }
}

/// `charset'language'text` with `%XX`; the charset is taken for UTF-8, which ASCII is too.
fn percent_decoded(value: &str) -> String {
    let mut rest = value.splitn(3, '\'').nth(2).unwrap_or(value).as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    let digit = |b: &u8| char::from(*b).to_digit(16);
    while let Some((first, after)) = rest.split_first() {
        let pair = after.first().and_then(digit).zip(after.get(1).and_then(digit));
        match pair.filter(|_| *first == b'%') {
            Some((high, low)) => {
                out.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Cuts at semicolons outside quotes and comments; quotes and comments are taken away.
fn pieces(text: &str, mut take: impl FnMut(&str)) {
    let mut piece = String::new();
    let (mut quoted, mut comments) = (false, 0_usize);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let kept = match c {
            '\\' if quoted || comments > 0 => chars.next().filter(|_| comments == 0),
            '"' if comments == 0 => {
                quoted = !quoted;
                None
            }
            '(' if !quoted => {
                comments += 1;
                None
            }
            ')' if !quoted && comments > 0 => {
                comments -= 1;
                None
            }
            ';' if !quoted && comments == 0 => {
                take(&piece);
                piece.clear();
                None
            }
            c => Some(c).filter(|_| comments == 0),
        };
        piece.extend(kept);
    }
    take(&piece);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_every_writing() {
        let p = parse(
            "Application/PKCS7-Mime (x;y); smime-type=\"Enveloped-Data\" ;name*0=\"sm\"; name*1=ime.p7m; filename*=utf-8'fr'%C3%A9;boundary=\"c;\\\"d\"; other=1",
        );
        assert_eq!(p.value, "application/pkcs7-mime");
        assert_eq!(p.parameter("smime-type"), Some("Enveloped-Data"));
        assert_eq!(p.parameter("name"), Some("smime.p7m"));
        assert_eq!(p.parameter("filename"), Some("é"));
        assert_eq!(p.parameter("boundary"), Some("c;\"d"));
    }

    /// Whoever writes many can neither hide one behind the others nor keep everybody waiting.
    #[test]
    fn many_parameters_hide_none_and_are_not_kept() {
        for unit in ["a%=b;", "%=;", "name%*=x;", "a*%=b;", "a%;"] {
            let many: String = (0..60_000).map(|n| unit.replace('%', &n.to_string())).collect();
            let read = parse(&format!("multipart/signed;{many}protocol=p; boundary=b; protocol=q"));
            assert_eq!(
                (read.value.as_str(), read.parameter("protocol"), read.parameter("boundary")),
                ("multipart/signed", Some("p"), Some("b")),
                "{unit}"
            );
            assert_eq!(read.parameters.len(), 2, "{unit}");
        }
        let pieces: String = (0..60_000).map(|n| format!("name*{n}=x;")).collect();
        assert_eq!(parse(&format!("a/b;{pieces}")).parameter("name").map(str::len), Some(60_000));
    }

    #[test]
    fn fields_are_unfolded_and_the_first_wins() {
        let header = b"X: 1\r\ncontent-type : a/b;\r\n\tc=d\r\nContent-Type: e/f\r\n\r\n";
        assert_eq!(field(header, "Content-Type").unwrap(), "a/b;\tc=d");
        assert_eq!(field(header, "Y"), None);
    }

    #[test]
    fn the_first_empty_line_ends_a_header() {
        assert_eq!(split(b"a: b\r\n\r\nc\n\nd"), (&b"a: b\r\n\r\n"[..], &b"c\n\nd"[..]));
        assert_eq!(split(b"a: b\n\nc\r\n\r\nd").1, b"c\r\n\r\nd");
        assert_eq!(split(b"a: b\n\r\nc: d\r\n\r\ne").1, b"c: d\r\n\r\ne");
        assert_eq!(split(b"\r\nbody").1, b"body");
        assert_eq!(split(b"a: b").1, b"");
    }
}
