//! What is offered: an allow-list before and after the login (RFC 2449 §5, §6).

use crate::sasl::Mechanism;

/// Passed on as the provider says it, arguments included: they tell of the maildrop, which is the provider's.
///
/// Left out, each for its reason: IMPLEMENTATION (a client would work around the faults of another program), UTF8 and LANG
/// (another grammar and other content, RFC 6856), APOP has no name here (the timestamp of our greeting is left out), STLS
/// (a login is over), and whatever is not known.
const PASSED: &[&str] = &["EXPIRE", "LOGIN-DELAY"];

/// Offered where the provider has them: they are its answers.
const PROVIDERS: &[&str] = &["TOP", "UIDL"];

/// Ours to promise: commands are queued here, the codes are in our own refusals, passwords come in any of these ways.
const OURS: &[&str] = &["USER", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE"];

/// Whether STLS can still be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartTls {
    /// The connection is in clear and TLS is there.
    Offered,
    /// TLS already, or none.
    Absent,
}

/// What a provider says it can do.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Capabilities(Vec<String>);

impl Capabilities {
    /// From the content of the reply to CAPA, without its final dot; lines that no capability has are passed over.
    pub fn parse(content: &[u8]) -> Self {
        let lines = content.split(|b| *b == b'\n').map(|line| line.trim_ascii_end());
        let readable = lines.filter(|line| !line.is_empty() && line.iter().all(|b| (b' '..=b'~').contains(b)));
        Self(readable.map(|line| String::from_utf8_lossy(line).into_owned()).collect())
    }

    /// Whether it is among them.
    pub fn has(&self, name: &str) -> bool {
        self.line(name).is_some()
    }

    /// Whether nothing is known: a provider without CAPA may still have everything of RFC 1939.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this mechanism is offered.
    pub fn takes(&self, mechanism: Mechanism) -> bool {
        let line = self.line("SASL").unwrap_or_default();
        line.split(' ').skip(1).any(|name| name.eq_ignore_ascii_case(mechanism.name()))
    }

    fn line(&self, name: &str) -> Option<&str> {
        let is = |line: &&String| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(name));
        self.0.iter().find(is).map(String::as_str)
    }
}

/// The content of the reply to CAPA before a login. TOP and UIDL are promised for the provider, which is not known yet: a
/// program that does not see them here gives up leaving mail on the server.
pub fn before_login(starttls: StartTls) -> String {
    let starttls = (starttls == StartTls::Offered).then_some("STLS");
    content(PROVIDERS.iter().copied().chain(OURS.iter().copied()).chain(starttls), &sasl())
}

/// The same after it.
pub fn after_login(provider: &Capabilities) -> String {
    let theirs = PROVIDERS.iter().copied().filter(|name| provider.is_empty() || provider.has(name));
    let passed = PASSED.iter().filter_map(|name| provider.line(name));
    content(theirs.chain(OURS.iter().copied()).chain(passed), &sasl())
}

/// The content of the reply to AUTH without a mechanism, as old programs ask for it.
pub fn mechanisms() -> String {
    content(Mechanism::ALL.into_iter().map(Mechanism::name), "")
}

fn sasl() -> String {
    let names: Vec<&str> = Mechanism::ALL.into_iter().map(Mechanism::name).collect();
    format!("SASL {}\r\n", names.join(" "))
}

fn content<'a>(lines: impl Iterator<Item = &'a str>, last: &str) -> String {
    lines
        .map(|line| format!("{line}\r\n"))
        .chain([last.to_owned(), ".\r\n".to_owned()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_offers_is_filtered() {
        let provider = Capabilities::parse(
            b"TOP\r\nUSER\r\nSASL PLAIN CRAM-MD5\r\nEXPIRE 60\r\nLOGIN-DELAY 900\r\nIMPLEMENTATION Foo 1\r\nUTF8\r\nLANG\r\nSTLS\r\n\x01X\r\n",
        );
        let offered = after_login(&provider);
        assert_eq!(
            offered,
            "TOP\r\nUSER\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nEXPIRE 60\r\nLOGIN-DELAY 900\r\nSASL PLAIN LOGIN XOAUTH2 OAUTHBEARER\r\n.\r\n"
        );
        assert!(provider.takes(Mechanism::Plain) && !provider.takes(Mechanism::Login));
    }

    #[test]
    fn a_provider_that_says_nothing_has_what_everybody_has() {
        let offered = after_login(&Capabilities::default());
        assert!(offered.starts_with("TOP\r\nUIDL\r\n"), "{offered}");
        assert!(before_login(StartTls::Offered).contains("STLS\r\n") && !before_login(StartTls::Absent).contains("STLS"));
    }
}
