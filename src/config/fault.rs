//! What can be wrong in a configuration file. Each fault knows its line, so that one run tells them all.

use crate::base::AddressError;
use crate::text::{Explain, Explanation, config as words, config_space, directory, revocation};

/// One fault of a configuration file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {kind:?}")]
pub struct Fault {
    /// Line in the file, from 1; 0 where the fault is of the whole file.
    pub line: usize,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong at a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// Not TOML; the reader's own words.
    Syntax(String),
    /// A key that does not exist, and those that do.
    UnknownKey {
        /// As written, with its section.
        key: String,
        /// The keys of that section.
        known: Vec<&'static str>,
    },
    /// A value of the wrong type.
    WrongType {
        /// The key.
        key: String,
        /// What must stand there.
        wanted: Wanted,
    },
    /// A word that is none of the allowed ones.
    NotAChoice {
        /// The key.
        key: String,
        /// As written.
        given: String,
        /// The words allowed.
        allowed: Vec<&'static str>,
    },
    /// A key that must be there.
    Missing {
        /// The key.
        key: String,
    },
    /// Not an address.
    BadAddress {
        /// As written.
        given: String,
        /// Why.
        why: AddressError,
    },
    /// Not a domain name.
    BadDomain {
        /// As written.
        given: String,
    },
    /// Not `IP:PORT`.
    BadListen {
        /// The key.
        key: String,
        /// As written.
        given: String,
    },
    /// A listen address that other machines could reach.
    NotLoopback {
        /// The key.
        key: String,
        /// As written.
        given: String,
    },
    /// A POP3 listener, and no account with a POP3 server behind it.
    NoPop3Server,
    /// Two listeners on one address.
    SameListen {
        /// That address.
        given: String,
    },
    /// A silence out of 1 to 600 seconds.
    BadSilence {
        /// As written.
        given: String,
    },
    /// A port out of 1 to 65535.
    BadPort {
        /// As written.
        given: String,
    },
    /// Not a host name or an IP address.
    BadHost {
        /// As written.
        given: String,
    },
    /// `tls = "plain"` to another machine.
    PlainUpstream {
        /// That machine.
        host: String,
    },
    /// Two accounts with one address.
    SameAddress {
        /// The address.
        given: String,
        /// Line of the first.
        first: usize,
    },
    /// Two accounts with one login.
    SameLogin {
        /// Line of the first.
        first: usize,
    },
    /// A login that is empty or holds control characters.
    BadLogin,
    /// A tag with nothing to see in it.
    EmptyTag,
    /// A tag with a space, a control or an invisible character.
    TagCharacter,
    /// A tag longer than `limits::TAG_CHARS_MAX`.
    LongTag,
    /// An empty path.
    EmptyPath {
        /// The key.
        key: String,
    },
    /// A number out of its range.
    OutOfRange {
        /// The key.
        key: String,
        /// As written.
        given: String,
        /// The smallest that may stand there.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A name of a directory that cannot be shown.
    BadDirectoryName {
        /// As written.
        given: String,
    },
    /// Two directories with one name.
    SameDirectory {
        /// The name.
        given: String,
        /// Line of the first.
        first: usize,
    },
    /// Not the URL of a revocation list.
    BadListUrl {
        /// As written.
        given: String,
    },
    /// Not `ldap://HOST[:PORT]` or `ldaps://HOST[:PORT]`.
    BadDirectoryUrl {
        /// As written.
        given: String,
    },
    /// A directory on another machine, asked in clear, or even with a password.
    ClearDirectory {
        /// That machine.
        host: String,
    },
    /// Not the name of an attribute.
    BadAttribute {
        /// As written.
        given: String,
    },
    /// No account at all.
    NoAccount,
    /// `mssante_via` names no account of the space of trust.
    BadCompanion {
        /// As written.
        given: String,
    },
    /// Not an address that begins with `https://`.
    BadSecureUrl {
        /// As written.
        given: String,
    },
    /// An account that is the user's own and somebody else's.
    HeldAndDelegated,
    /// A command without a program.
    EmptyCommand {
        /// The key.
        key: String,
    },
    /// A token for a host that nobody answers for.
    TokenHost {
        /// That host.
        host: String,
    },
    /// A client certificate where no TLS is spoken.
    PlainCertificate {
        /// That host.
        host: String,
    },
}

/// The type that a key's value must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// `"..."`
    Text,
    /// `587`
    Number,
    /// `true` or `false`
    Switch,
    /// `["...", "..."]`
    List,
    /// `[section]` or `{ ... }`
    Table,
    /// `[[section]]`
    Tables,
}

impl Explain for Fault {
    fn explain(&self) -> Explanation {
        let at = self.line;
        match &self.kind {
            FaultKind::Syntax(message) => words::syntax(at, message),
            FaultKind::UnknownKey { key, known } => words::unknown_key(at, key, &known.join(", ")),
            FaultKind::WrongType { key, wanted } => words::wrong_type(at, key, wanted.example()),
            FaultKind::NotAChoice { key, given, allowed } => words::not_a_choice(at, key, given, &allowed.join(", ")),
            FaultKind::Missing { key } => words::missing(at, key),
            FaultKind::BadAddress { given, why } => match why {
                AddressError::Incomplete => words::address_incomplete(at, given),
                AddressError::Character => words::address_character(at, given),
                AddressError::TooLong => words::address_long(at),
            },
            FaultKind::BadDomain { given } => words::bad_domain(at, given),
            FaultKind::BadListen { key, given } => words::bad_listen(at, key, given),
            FaultKind::NotLoopback { key, given } => words::not_loopback(at, key, given),
            FaultKind::NoPop3Server => words::no_pop3_server(at),
            FaultKind::SameListen { given } => words::same_listen(at, given),
            FaultKind::BadSilence { given } => words::bad_silence(at, given),
            FaultKind::BadPort { given } => words::bad_port(at, given),
            FaultKind::BadHost { given } => words::bad_host(at, given),
            FaultKind::PlainUpstream { host } => words::plain_upstream(at, host),
            FaultKind::SameAddress { given, first } => words::same_address(at, given, *first),
            FaultKind::SameLogin { first } => words::same_login(at, *first),
            FaultKind::BadLogin => words::bad_login(at),
            FaultKind::EmptyTag => words::empty_tag(at),
            FaultKind::TagCharacter => words::tag_character(at),
            FaultKind::LongTag => words::long_tag(at),
            FaultKind::EmptyPath { key } => words::empty_path(at, key),
            FaultKind::OutOfRange { key, given, least, most } => directory::out_of_range(at, key, given, *least, *most),
            FaultKind::BadDirectoryName { given } => directory::bad_name(at, given),
            FaultKind::SameDirectory { given, first } => directory::same_name(at, given, *first),
            FaultKind::BadListUrl { given } => revocation::bad_list_url(at, given),
            FaultKind::BadDirectoryUrl { given } => directory::bad_url(at, given),
            FaultKind::ClearDirectory { host } => directory::in_clear(at, host),
            FaultKind::BadAttribute { given } => directory::bad_attribute(at, given),
            FaultKind::NoAccount => words::no_account(),
            FaultKind::BadCompanion { given } => config_space::bad_companion(at, given),
            FaultKind::BadSecureUrl { given } => config_space::bad_secure_url(at, given),
            FaultKind::HeldAndDelegated => crate::text::held::own_and_delegated(at),
            FaultKind::EmptyCommand { key } => config_space::empty_command(at, key),
            FaultKind::TokenHost { host } => config_space::token_host(at, host),
            FaultKind::PlainCertificate { host } => config_space::plain_certificate(at, host),
        }
    }
}

impl Wanted {
    fn example(self) -> &'static str {
        match self {
            Wanted::Text => "\"…\"",
            Wanted::Number => "587",
            Wanted::Switch => "true | false",
            Wanted::List => "[\"…\", \"…\"]",
            Wanted::Table => "{ … }",
            Wanted::Tables => "[[…]]",
        }
    }
}
