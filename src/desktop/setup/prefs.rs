//! `prefs.js` of a Mozilla program: one setting a line. Whatever is not changed stays octet for octet.

use std::collections::BTreeMap;

/// The lines of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prefs {
    lines: Vec<String>,
    /// As the program that wrote it ends its lines.
    end: &'static str,
}

/// One setting; values as they are written, quotes and all.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// `None`: it was not there.
    pub before: Option<String>,
    /// `None`: it goes.
    pub after: Option<String>,
}

impl Prefs {
    /// Reads a file. What is no setting is kept as it is.
    pub fn read(text: &str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self {
            lines: text.split_inclusive('\n').map(str::to_owned).collect(),
            end,
        }
    }

    /// The file again.
    pub fn text(&self) -> String {
        self.lines.concat()
    }

    /// A value as it is written.
    pub fn raw(&self, name: &str) -> Option<&str> {
        // The last one counts, as it does for the program.
        self.lines
            .iter()
            .rev()
            .find_map(|line| parsed(line).filter(|(known, _)| *known == name))
            .map(|(_, value)| value)
    }

    /// A text.
    pub fn text_of(&self, name: &str) -> Option<String> {
        unquoted(self.raw(name)?)
    }

    /// Every setting whose name begins so, with what follows in its name.
    pub fn under<'a>(&'a self, prefix: &'a str) -> BTreeMap<&'a str, &'a str> {
        let all = self.lines.iter().filter_map(|line| parsed(line));
        all.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value))).collect()
    }

    /// Makes a change: the line that counts, or a new one at the end.
    pub fn apply(&mut self, name: &str, value: Option<&str>) {
        let is_it = |line: &String| parsed(line).is_some_and(|(known, _)| known == name);
        let Some(value) = value else {
            self.lines.retain(|line| !is_it(line));
            return;
        };
        let line = format!("user_pref(\"{name}\", {value});{}", self.end);
        match self.lines.iter().rposition(is_it) {
            Some(at) => self.lines[at] = line,
            None => {
                if let Some(last) = self.lines.last_mut().filter(|last| !last.ends_with('\n')) {
                    last.push_str(self.end);
                }
                self.lines.push(line);
            }
        }
    }
}

/// Name and value of a line as Mozilla's own writer has it.
fn parsed(line: &str) -> Option<(&str, &str)> {
    let inner = line.trim().strip_prefix("user_pref(\"")?.strip_suffix(");")?;
    let (name, value) = inner.split_once("\",")?;
    Some((name, value.trim()))
}

/// A text as it is written in such a file.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// `None`: no text, or one with an escape that such values do not have.
fn unquoted(raw: &str) -> Option<String> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut letters = inner.chars();
    while let Some(c) = letters.next() {
        out.push(match c {
            '"' => return None,
            '\\' => match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                same @ ('"' | '\\' | '\'') => same,
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "// Mozilla User Preferences\r\n\r\nuser_pref(\"a.host\", \"imap.b.fr\");\r\nuser_pref(\"a.port\", 993);\r\nuser_pref(\"odd\", \"x\\\"y\\\\z);\");\r\nuser_pref( broken\r\n";

    #[test]
    fn what_is_not_changed_stays() {
        let mut prefs = Prefs::read(FILE);
        assert_eq!(prefs.text(), FILE);
        assert_eq!(
            (prefs.text_of("a.host").as_deref(), prefs.raw("a.port")),
            (Some("imap.b.fr"), Some("993"))
        );
        assert_eq!(prefs.text_of("odd").as_deref(), Some("x\"y\\z);"));
        prefs.apply("a.port", Some("2143"));
        prefs.apply("new", Some("true"));
        let text = prefs.text();
        assert_eq!(text, FILE.replace("993", "2143") + "user_pref(\"new\", true);\r\n");
        prefs.apply("a.port", Some("993"));
        prefs.apply("new", None);
        assert_eq!(prefs.text(), FILE);
    }

    #[test]
    fn a_text_is_what_it_was() {
        for text in ["", "a\"b", "\\", "é\n\r", "\");user_pref(\"x\", 1"] {
            let mut prefs = Prefs::read("");
            prefs.apply("n", Some(&quoted(text)));
            assert_eq!(prefs.text_of("n").as_deref(), Some(text));
            assert_eq!(prefs.text().lines().count(), 1);
        }
    }

    #[test]
    fn the_last_line_of_a_name_counts() {
        let mut prefs = Prefs::read("user_pref(\"a\", 1);\nuser_pref(\"a\", 2);");
        assert_eq!(prefs.raw("a"), Some("2"));
        prefs.apply("b", Some("3"));
        assert_eq!(prefs.text(), "user_pref(\"a\", 1);\nuser_pref(\"a\", 2);\nuser_pref(\"b\", 3);\n");
    }
}
