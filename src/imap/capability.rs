//! Which capabilities reach the client: an allow-list, wherever a server names them (RFC 9051 §7.2.2, §7.1).

/// Extensions that neither carry content by a road Souspli does not rewrite nor change the grammar that it reads.
///
/// Left out, each for its reason. `docs/conformance.md` is written from this list, and a test with real servers holds that
/// nothing they offer is missing without a reason; `NAME=` stands for its whole family.
///
/// * STARTTLS, LOGINDISABLED, AUTH=, SCRAM-, UNAUTHENTICATE: the login is over when these are used, and was Souspli's to offer.
/// * COMPRESS=: the framing of both connections is Souspli's own.
/// * BINARY, URLAUTH, URLAUTH=, URL-PARTIAL, CONVERT, PREVIEW, PREVIEW=, SNIPPET=, DIGEST=: the stored message, or what is
///   computed from it, would come by a road that knows no View.
/// * CATENATE, MULTIAPPEND, REPLACE: content would go to the provider by a road on which it is not looked at.
/// * NOTIFY, CONTEXT=: answers, content among them, would come unasked.
/// * UIDONLY, UTF8=, IMAP4rev2, LANGUAGE, MESSAGELIMIT=, SAVELIMIT=: another grammar than the one that is read here.
/// * PARTIAL, ANNOTATE, ANNOTATE-EXPERIMENT-1, FILTERS: forms of FETCH and SEARCH that are not read here.
/// * LOGIN-REFERRALS, MAILBOX-REFERRALS: the mail program would be sent to another server, past Souspli.
/// * SEARCH=FUZZY, MULTISEARCH, SCAN, SORT=MODSEQ, SORT=UID, NO_ATOMIC_RENAME, INPROGRESS, JMAPACCESS, XMOVE, X-: not
///   understood here, hence neither promised nor used.
const ALLOWED: &[&str] = &[
    "IMAP4REV1",
    "IMAP4",
    "LITERAL+",
    "LITERAL-",
    "SASL-IR",
    "IDLE",
    "UIDPLUS",
    "MOVE",
    "CONDSTORE",
    "QRESYNC",
    "ENABLE",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "XLIST",
    "NAMESPACE",
    "ID",
    "ESEARCH",
    "ESORT",
    "SEARCHRES",
    "SORT",
    "SORT=DISPLAY",
    "UNSELECT",
    "CHILDREN",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "LIST-MYRIGHTS",
    "LIST-METADATA",
    "STATUS=SIZE",
    "STATUS-COUNTERS",
    "WITHIN",
    "QUOTA",
    "ACL",
    "METADATA",
    "METADATA-SERVER",
    "APPENDLIMIT",
    "OBJECTID",
    "SAVEDATE",
    "I18NLEVEL=1",
    "X-GM-EXT-1",
];

/// Families of which every member is harmless.
const ALLOWED_FAMILIES: &[&str] = &["THREAD=", "QUOTA=RES-", "QUOTASET", "RIGHTS=", "APPENDLIMIT="];

/// What the client may be told after its login.
pub fn is_allowed(capability: &str) -> bool {
    let upper = capability.to_ascii_uppercase();
    ALLOWED.contains(&upper.as_str()) || ALLOWED_FAMILIES.iter().any(|family| upper.starts_with(family))
}

/// The allowed ones in the provider's order. `LITERAL+` is ours to promise: commands are taken whole here.
pub fn filter<'a>(capabilities: impl Iterator<Item = &'a str>) -> String {
    let mut out: Vec<&str> = capabilities.filter(|c| is_allowed(c)).collect();
    if !out.iter().any(|c| c.eq_ignore_ascii_case("IMAP4rev1")) {
        out.insert(0, "IMAP4rev1");
    }
    if !out.iter().any(|c| c.eq_ignore_ascii_case("LITERAL+")) {
        out.retain(|c| !c.eq_ignore_ascii_case("LITERAL-"));
        out.push("LITERAL+");
    }
    out.join(" ")
}

/// What is offered before a login.
pub fn before_login(starttls: StartTls) -> String {
    let starttls = if starttls == StartTls::Offered { " STARTTLS" } else { "" };
    format!("IMAP4rev1 LITERAL+ SASL-IR ID ENABLE{starttls} AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2 AUTH=OAUTHBEARER")
}

/// Whether STARTTLS can still be asked for.
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
    /// From the words after `CAPABILITY`; octets that no capability has are passed over.
    pub fn parse(words: &[u8]) -> Self {
        let text = String::from_utf8_lossy(words);
        Self(
            text.split_ascii_whitespace()
                .filter(|w| w.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b']'))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Whether it is among them.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|c| c.eq_ignore_ascii_case(name))
    }

    /// In the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// True when nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How a literal of this size may be sent (RFC 7888 §3, §5).
    pub fn literal_flows(&self, size: usize) -> bool {
        self.has("LITERAL+") || (self.has("LITERAL-") && size <= 4096)
    }
}

/// The response with the words after `CAPABILITY` filtered: the untagged response, or the code in brackets.
pub fn rewrite(line: &[u8]) -> Option<Vec<u8>> {
    let (from, to) = words(line)?;
    let kept = filter(Capabilities::parse(&line[from..to]).iter());
    Some([&line[..from], b" ", kept.as_bytes(), &line[to..]].concat())
}

/// The provider's capabilities in a line that names them.
pub fn named_in(line: &[u8]) -> Option<Capabilities> {
    words(line).map(|(from, to)| Capabilities::parse(&line[from..to]))
}

/// Where the words stand: `* CAPABILITY ...`, or `<tag or *> <status> [CAPABILITY ...] text`.
fn words(line: &[u8]) -> Option<(usize, usize)> {
    const WORD: &[u8] = b"CAPABILITY";
    let starts = |at: usize| line.get(at..at + WORD.len()).is_some_and(|w| w.eq_ignore_ascii_case(WORD));
    let ends = |at: usize| line.get(at).is_some_and(|b| matches!(b, b' ' | b']' | b'\r' | b'\n'));
    let first = memchr::memchr(b' ', line)? + 1;
    if line.starts_with(b"* ") && starts(first) && ends(first + WORD.len()) {
        let end = super::frame::chomp(line).len();
        return Some((first + WORD.len(), end));
    }
    let second = first + memchr::memchr(b' ', &line[first..])? + 1;
    if line.get(second) != Some(&b'[') || !starts(second + 1) || !ends(second + 1 + WORD.len()) {
        return None;
    }
    let end = second + memchr::memchr(b']', &line[second..])?;
    Some((second + 1 + WORD.len(), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_open_another_road_is_never_named() {
        for name in [
            "COMPRESS=DEFLATE",
            "BINARY",
            "CATENATE",
            "URLAUTH",
            "URLAUTH=BINARY",
            "URL-PARTIAL",
            "CONVERT",
            "PREVIEW",
            "PREVIEW=FUZZY",
            "SNIPPET=FUZZY",
            "NOTIFY",
            "UIDONLY",
            "MULTIAPPEND",
            "UTF8=ACCEPT",
            "UTF8=ONLY",
            "IMAP4rev2",
            "CONTEXT=SEARCH",
            "CONTEXT=SORT",
            "FILTERS",
            "REPLACE",
            "SCRAM-SHA-256-PLUS",
            "AUTH=PLAIN",
            "STARTTLS",
            "LOGINDISABLED",
            "LANGUAGE",
            "PARTIAL",
            "ANNOTATE-EXPERIMENT-1",
            "SEARCH=FUZZY",
            "MULTISEARCH",
            "UNAUTHENTICATE",
            "INPROGRESS",
            "X-UNHEARD-OF",
            "MESSAGELIMIT=1000",
            "JMAPACCESS",
        ] {
            assert!(!is_allowed(name), "{name}");
        }
        for name in ["idle", "THREAD=REFERENCES", "QUOTA=RES-STORAGE", "APPENDLIMIT=1000", "Special-Use"] {
            assert!(is_allowed(name), "{name}");
        }
    }

    #[test]
    fn every_place_where_a_server_names_them() {
        for (line, want) in [
            (
                &b"* CAPABILITY IMAP4rev1 COMPRESS=DEFLATE IDLE\r\n"[..],
                Some(&b"* CAPABILITY IMAP4rev1 IDLE LITERAL+\r\n"[..]),
            ),
            (
                b"a OK [CAPABILITY IMAP4rev1 LITERAL- BINARY] ok\r\n",
                Some(b"a OK [CAPABILITY IMAP4rev1 LITERAL+] ok\r\n"),
            ),
            (
                b"* ok [capability imap4rev1 literal+ binary]\xe9\r\n",
                Some(b"* ok [capability imap4rev1 literal+]\xe9\r\n"),
            ),
            (b"* OK [PERMANENTFLAGS (CAPABILITY)] x\r\n", None),
            (b"* CAPABILITYX A\r\n", None),
            (b"* OK CAPABILITY COMPRESS\r\n", None),
            (b"*\r\n", None),
            (b"", None),
        ] {
            assert_eq!(rewrite(line).as_deref(), want, "{:?}", String::from_utf8_lossy(line));
        }
    }
}
