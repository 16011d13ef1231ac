//! Address lists as ENVELOPE gives them (RFC 5322 §3.4, RFC 9051 §7.5.2): words kept as they came, garbage survived.

use super::line::write_string;

/// One entry of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A mailbox.
    Mailbox {
        /// Display name, encoded words left as they are.
        name: Option<Vec<u8>>,
        /// Source route (obsolete).
        route: Option<Vec<u8>>,
        /// Local part.
        local: Vec<u8>,
        /// Domain.
        domain: Vec<u8>,
    },
    /// `name:`.
    GroupStart(Vec<u8>),
    /// `;`.
    GroupEnd,
}

/// What stands where a sender left something out; NIL would mean a group.
const MISSING_DOMAIN: &[u8] = b"MISSING_DOMAIN";
const MISSING_LOCAL: &[u8] = b"MISSING_MAILBOX";

/// Reads an unfolded field value.
pub fn parse(value: &[u8]) -> Vec<Entry> {
    let mut list = List {
        scanner: Scanner { bytes: value, at: 0 },
        words: Vec::new(),
        comment: None,
        open: false,
        out: Vec::new(),
    };
    while let Some(token) = list.scanner.next_token() {
        list.take(token);
    }
    list.flush();
    if list.open {
        list.out.push(Entry::GroupEnd);
    }
    list.out
}

/// `"(" 1*address ")" / nil`.
pub fn write(entries: &[Entry], out: &mut Vec<u8>) {
    if entries.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for entry in entries {
        match entry {
            Entry::Mailbox {
                name,
                route,
                local,
                domain,
            } => write_one([name.as_ref(), route.as_ref(), Some(local), Some(domain)], out),
            Entry::GroupStart(name) => write_one([None, None, Some(name), None], out),
            Entry::GroupEnd => write_one([None; 4], out),
        }
    }
    out.push(b')');
}

fn write_one(fields: [Option<&Vec<u8>>; 4], out: &mut Vec<u8>) {
    out.push(b'(');
    for (i, field) in fields.into_iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        match field {
            Some(text) => write_string(text, out),
            None => out.extend_from_slice(b"NIL"),
        }
    }
    out.push(b')');
}

struct List<'a> {
    scanner: Scanner<'a>,
    words: Vec<Vec<u8>>,
    comment: Option<Vec<u8>>,
    /// Inside a group.
    open: bool,
    out: Vec<Entry>,
}

enum Token {
    Word(Vec<u8>),
    Comment(Vec<u8>),
    Special(u8),
}

impl List<'_> {
    fn take(&mut self, token: Token) {
        match token {
            Token::Word(word) => self.words.push(word),
            Token::Comment(text) => self.comment = Some(text),
            Token::Special(b'<') => {
                let name = self.name();
                let (route, local, domain) = self.scanner.angle();
                self.mailbox(name, route, local, domain);
            }
            Token::Special(b'@') => {
                let local = self.words.pop().unwrap_or_default();
                let domain = self.scanner.domain();
                let name = self.name();
                self.mailbox(name, None, local, domain);
            }
            Token::Special(b':') if !self.open => {
                let name = self.name().unwrap_or_default();
                self.open = true;
                self.out.push(Entry::GroupStart(name));
            }
            Token::Special(b';') => {
                self.flush();
                if std::mem::take(&mut self.open) {
                    self.out.push(Entry::GroupEnd);
                }
            }
            Token::Special(b',') => self.flush(),
            Token::Special(_) => {}
        }
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        let words = std::mem::take(&mut self.words);
        (!words.is_empty()).then(|| words.join(&b' '))
    }

    fn mailbox(&mut self, name: Option<Vec<u8>>, route: Option<Vec<u8>>, local: Vec<u8>, domain: Vec<u8>) {
        let or = |text: Vec<u8>, missing: &[u8]| if text.is_empty() { missing.to_vec() } else { text };
        let (local, domain) = (or(local, MISSING_LOCAL), or(domain, MISSING_DOMAIN));
        let after = self.scanner.comment_ahead();
        let name = name.or(after).or(self.comment.take());
        self.comment = None;
        self.out.push(Entry::Mailbox {
            name,
            route,
            local,
            domain,
        });
    }

    /// Words without an address: what a sender wrote instead of one.
    fn flush(&mut self) {
        if let Some(local) = self.name() {
            self.mailbox(None, None, local, Vec::new());
        }
        self.comment = None;
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn next_token(&mut self) -> Option<Token> {
        self.skip_space();
        let b = *self.bytes.get(self.at)?;
        match b {
            b'"' => Some(Token::Word(self.quoted())),
            b'(' => Some(Token::Comment(self.comment())),
            b'<' | b'>' | b'@' | b',' | b':' | b';' => {
                self.at += 1;
                Some(Token::Special(b))
            }
            _ => Some(Token::Word(self.run(b"\"(<>@,:; \t"))),
        }
    }

    fn skip_space(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| b" \t\r\n".contains(b)) {
            self.at += 1;
        }
    }

    /// Octets up to one of `stops`; at least one.
    fn run(&mut self, stops: &[u8]) -> Vec<u8> {
        let rest = &self.bytes[self.at..];
        let len = rest
            .iter()
            .position(|b| stops.contains(b))
            .unwrap_or(rest.len())
            .max(1)
            .min(rest.len());
        self.at += len;
        rest[..len].to_vec()
    }

    fn quoted(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut out = Vec::new();
        while let Some(&b) = self.bytes.get(self.at) {
            self.at += 1;
            match b {
                b'"' => break,
                b'\\' => {
                    out.extend(self.bytes.get(self.at));
                    self.at += 1;
                }
                _ => out.push(b),
            }
        }
        out
    }

    fn comment(&mut self) -> Vec<u8> {
        let mut depth = 0usize;
        let mut out = Vec::new();
        while let Some(&b) = self.bytes.get(self.at) {
            self.at += 1;
            match b {
                b'(' => {
                    if depth > 0 {
                        out.push(b);
                    }
                    depth += 1;
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    out.push(b);
                }
                b'\\' => {
                    out.extend(self.bytes.get(self.at));
                    self.at += 1;
                }
                _ => out.push(b),
            }
        }
        out.trim_ascii().to_vec()
    }

    /// A comment that follows an address names its owner, as old mail programs wrote.
    fn comment_ahead(&mut self) -> Option<Vec<u8>> {
        self.skip_space();
        (self.bytes.get(self.at) == Some(&b'(')).then(|| self.comment())
    }

    fn domain(&mut self) -> Vec<u8> {
        self.skip_space();
        if self.bytes.get(self.at) == Some(&b'[') {
            let mut out = self.run(b"]");
            if self.bytes.get(self.at) == Some(&b']') {
                self.at += 1;
                out.push(b']');
            }
            return out;
        }
        match self.bytes.get(self.at) {
            Some(b) if !b"\"(<>@,:;".contains(b) => self.run(b"\"(<>@,:; \t"),
            _ => Vec::new(),
        }
    }

    /// What stands between angle brackets: route, local part, domain.
    fn angle(&mut self) -> (Option<Vec<u8>>, Vec<u8>, Vec<u8>) {
        let mut route = Vec::new();
        let mut local = Vec::new();
        let mut domain = Vec::new();
        while let Some(token) = self.next_token() {
            match token {
                Token::Special(b'>') => break,
                Token::Special(b'@') if local.is_empty() => {
                    route.push(b'@');
                    route.extend(self.domain());
                }
                Token::Special(b'@') => domain = self.domain(),
                Token::Special(b',') if !route.is_empty() && local.is_empty() => route.push(b','),
                Token::Special(b':') if !route.is_empty() && local.is_empty() => {}
                Token::Special(b',') => {
                    self.at -= 1;
                    break;
                }
                Token::Word(word) if domain.is_empty() => local.extend(word),
                Token::Word(_) | Token::Comment(_) | Token::Special(_) => {}
            }
        }
        // `<@domain>` without a local part is no route.
        if local.is_empty() && !route.is_empty() {
            return (None, local, route[1..].to_vec());
        }
        ((!route.is_empty()).then_some(route), local, domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_an_envelope_gives_them() {
        for (value, want) in [
            ("", "NIL"),
            ("a@b.fr", "((NIL NIL \"a\" \"b.fr\"))"),
            ("Zoe <a@b.fr>", "((\"Zoe\" NIL \"a\" \"b.fr\"))"),
            (
                "\"Martin, Dr\" <a@b.fr>, c@d",
                "((\"Martin, Dr\" NIL \"a\" \"b.fr\")(NIL NIL \"c\" \"d\"))",
            ),
            ("a@b.fr (Zoe (D.))", "((\"Zoe (D.)\" NIL \"a\" \"b.fr\"))"),
            ("=?utf-8?Q?Zo=C3=A9?= X <a@b>", "((\"=?utf-8?Q?Zo=C3=A9?= X\" NIL \"a\" \"b\"))"),
            (
                "undisclosed-recipients:;",
                "((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL))",
            ),
            (
                "G: a@b, C <c@d>;, e@f",
                "((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(\"C\" NIL \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\"))",
            ),
            ("G: a@b", "((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL))"),
            ("<@r1,@r2:a@b>", "((NIL \"@r1,@r2\" \"a\" \"b\"))"),
            ("\"a b\"@c", "((NIL NIL \"a b\" \"c\"))"),
            ("a@[1.2.3.4]", "((NIL NIL \"a\" \"[1.2.3.4]\"))"),
            ("Dr Martin", "((NIL NIL \"Dr Martin\" \"MISSING_DOMAIN\"))"),
            ("<>", "((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))"),
            (",,a@b,", "((NIL NIL \"a\" \"b\"))"),
        ] {
            let mut out = Vec::new();
            write(&parse(value.as_bytes()), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), want, "{value}");
        }
    }

    #[test]
    fn garbage_is_survived() {
        for value in [
            &b"(((("[..],
            b"\"",
            b"\"\\",
            b"<",
            b"<<<@@@>>>",
            b"@@@",
            b":;:;",
            b"a@[",
            b"\xff\xfe <",
            b"(\\",
            b"]",
            b"a@]",
        ] {
            let mut out = Vec::new();
            write(&parse(value), &mut out);
            assert!(!out.is_empty());
        }
    }
}
