//! What Windows' administrators distribute (group policy, Intune, an installer): each value of a registry key is one rule of `[policy]`,
//! or of `[defaults]`. It is read as the text that it stands for, so that a rule means the same wherever it is written.

use std::fmt::Write;

/// One value, as the registry keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// Its name: that of the rule.
    pub name: String,
    /// `REG_SZ` (1), `REG_DWORD` (4), `REG_MULTI_SZ` (7); no rule has another.
    pub kind: u32,
    /// What it holds.
    pub octets: Vec<u8>,
}

/// Rules as a file would say them: `[policy]`, then a line for each value, in their order.
pub fn rules(values: &[Value]) -> String {
    table("policy", values.iter().map(|value| (value, written(value))))
}

/// Defaults, likewise; an installer writes each that it was not given as an empty text, and every port as one.
pub fn defaults(values: &[Value]) -> String {
    let given = values.iter().filter(|value| value.kind != 1 || !texts(&value.octets).is_empty());
    table(
        "defaults",
        given.map(|value| (value, number(value).unwrap_or_else(|| written(value)))),
    )
}

fn table<'a>(name: &str, values: impl Iterator<Item = (&'a Value, String)>) -> String {
    let mut text = format!("[{name}]\n");
    for (value, written) in values {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{} = {written}", quoted(&value.name));
    }
    text
}

/// A port that is written as a text.
fn number(value: &Value) -> Option<String> {
    let text = texts(&value.octets).join("");
    let is_number = value.kind == 1 && value.name.ends_with("_port") && text.bytes().all(|b| b.is_ascii_digit());
    // TOML knows no leading zeros.
    is_number
        .then(|| text.trim_start_matches('0').to_owned())
        .filter(|digits| !digits.is_empty())
}

fn written(value: &Value) -> String {
    match (value.kind, <[u8; 4]>::try_from(value.octets.as_slice())) {
        (1, _) => quoted(&texts(&value.octets).join("\u{fffd}")),
        // A switch; no rule is a number.
        (4, Ok([0, 0, 0, 0])) => "false".to_owned(),
        (4, Ok([1, 0, 0, 0])) => "true".to_owned(),
        (4, Ok(number)) => u32::from_le_bytes(number).to_string(),
        (7, _) => {
            let all: Vec<String> = texts(&value.octets).iter().map(|text| quoted(text)).collect();
            format!("[{}]", all.join(", "))
        }
        // Nothing that a rule could be: told as a fault.
        _ => "{}".to_owned(),
    }
}

/// Texts in UTF-16, each with its NUL; the last may lack it.
fn texts(octets: &[u8]) -> Vec<String> {
    let words: Vec<u16> = octets.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let mut all: Vec<String> = words.split(|word| *word == 0).map(String::from_utf16_lossy).collect();
    while all.last().is_some_and(String::is_empty) {
        all.pop();
    }
    all
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MissingCertificate;
    use crate::config::parse::parse_machine;
    use crate::config::{Channel, ServerTls};

    fn value(name: &str, kind: u32, octets: &[u8]) -> Value {
        Value {
            name: name.to_owned(),
            kind,
            octets: octets.to_vec(),
        }
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn each_kind_of_rule_is_read() {
        let (rules, _) = parse_machine(&rules(&[
            value("domains", 7, &wide("mssante.fr\0chu-exemple.fr\0\0")),
            value("harvest", 4, &[0, 0, 0, 0]),
            value("missing_certificate", 1, &wide("refuse\0")),
            value("protect_subject", 4, &[1, 0, 0, 0]),
            value("tag", 1, &wide("#sécurisé#")),
        ]))
        .unwrap();
        assert_eq!(rules.domains.map(|all| all.len()), Some(2));
        assert_eq!((rules.harvest, rules.protect_subject), (Some(false), Some(true)));
        assert_eq!(rules.missing_certificate, Some(MissingCertificate::Refuse));
        assert_eq!(rules.tag.as_deref(), Some("#sécurisé#"));
        assert_eq!(parse_machine(&super::rules(&[])).unwrap().0.tag, None);
    }

    #[test]
    fn what_is_no_rule_is_a_fault_in_its_line() {
        let odd = [
            value("unknown", 4, &[1, 0, 0, 0]),
            value("harvest", 4, &[2, 0, 0, 0]),
            value("harvest", 1, &wide("true\0")),
            value("harvest", 3, &[1]),
            value("tag", 4, &[1, 0, 0, 0]),
            value("tag", 1, &wide("a\"\nb\0")),
            value("tag\"]\n[listen", 1, &wide("x\0")),
            value("domains", 1, &wide("mssante.fr\0")),
            value("domains", 7, &wide("a b\0")),
        ];
        for value in odd {
            let faults = parse_machine(&rules(std::slice::from_ref(&value))).unwrap_err();
            assert_eq!(faults[0].line, 2, "{value:?}");
        }
    }

    #[test]
    fn what_an_installer_was_given_is_read() {
        let given = [
            value("channel", 1, &wide("mssante\0")),
            value("imap_host", 1, &wide("\0")),
            value("imap_port", 1, &[]),
            value("language", 1, &wide("\0")),
            value("smtp_host", 1, &wide("smtp.chu-exemple.fr\0")),
            value("smtp_port", 1, &wide("0587\0")),
            value("smtp_tls", 1, &wide("starttls\0")),
        ];
        let (_, read) = parse_machine(&defaults(&given)).unwrap();
        let smtp = read.smtp.unwrap();
        assert_eq!(
            (smtp.host.as_str(), smtp.port, smtp.tls),
            ("smtp.chu-exemple.fr", 587, ServerTls::StartTls)
        );
        assert_eq!((read.imap, read.channel, read.language), (None, Some(Channel::Mssante), None));
        for (name, text) in [
            ("smtp_port", "x"),
            ("smtp_port", "0"),
            ("smtp_port", "70000"),
            ("channel", "x"),
            ("odd", "x"),
        ] {
            let host = value("smtp_host", 1, &wide("s.fr\0"));
            let odd = value(name, 1, &wide(text));
            assert!(parse_machine(&defaults(&[host, odd])).is_err(), "{name}={text}");
        }
    }
}
