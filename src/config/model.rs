//! What the configuration says, once it has been checked.

pub use super::card::CardRules;
pub use super::dashboard::DashboardRules;
pub use super::defaults::Defaults;
pub use super::desktop::DesktopRules;
pub use super::journal::JournalRules;
pub use super::ldap::{Attributes, Bind, DirectoryServer, Life};
pub use super::revocation::{Revocation, StatusSource};
use crate::base::{Address, Domain, Realm};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The whole configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Where mail programs connect.
    pub listen: Listen,
    /// PEM files of authorities for the providers' TLS, beside the platform's roots.
    pub upstream_authorities: Vec<PathBuf>,
    /// Seconds that a provider's SMTP or POP3 server may be silent; `None`: `limits::PROVIDER_SILENCE_SECONDS`.
    pub upstream_silence: Option<u64>,
    /// The mailboxes.
    pub accounts: Vec<Account>,
    /// Where certificates of colleagues are looked up, in this order.
    pub directories: Vec<DirectoryServer>,
    /// What is sealed, and what happens when it cannot be.
    pub policy: Policy,
    /// The space of trust of health mail.
    pub mssante: Mssante,
    /// How it is known whether certificates still stand.
    pub revocation: Revocation,
    /// Smart cards and their PIN.
    pub card: CardRules,
    /// Whose word on certificates counts.
    pub trust: TrustRules,
    /// Own keys.
    pub keys: KeyRules,
    /// The page in the user's own browser.
    pub dashboard: DashboardRules,
    /// The icon beside the clock.
    pub desktop: DesktopRules,
    /// How long the journal is kept.
    pub journal: JournalRules,
}

/// Own keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRules {
    /// Days in which a message that a card has opened opens again without it; 0: no message does.
    pub remember_days: u32,
}

/// Whose word on certificates counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrustRules {
    /// The realm whose authorities count; never both.
    pub environment: Realm,
}

/// The MSSanté space of trust, as far as the configuration says something of it (requirements A.2, A.3).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mssante {
    /// PEM files of the only authorities for the TLS of its operators; none: those that Souspli brings.
    pub authorities: Vec<PathBuf>,
    /// Mailboxes that a machine reads: S/MIME would hide from it what it is to read.
    pub applicative: Vec<Correspondents>,
    /// Domains, beside `mssante.fr` and that of the account's address, under which an operator's servers may be.
    pub hosts: Vec<Domain>,
    /// Where the liste blanche is fetched from every day (`https:`); `None`: it is imported by hand.
    pub whitelist: Option<String>,
}

/// Loopback listeners; `None`: not offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listen {
    /// Submission.
    pub smtp: Option<SocketAddr>,
    /// IMAP.
    pub imap: Option<SocketAddr>,
    /// POP3.
    pub pop3: Option<SocketAddr>,
    /// How all speak TLS to the mail program.
    pub tls: ListenTls,
}

/// TLS between the mail program and Souspli.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ListenTls {
    /// STARTTLS is offered; plain is allowed, it is loopback.
    #[default]
    StartTls,
    /// TLS from the first octet.
    Implicit,
}

/// One mailbox at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The address that its owner sends from.
    pub address: Address,
    /// What the mail program logs in with.
    pub login: String,
    /// What kind of provider it is.
    pub channel: Channel,
    /// Its submission server.
    pub smtp: Server,
    /// Its IMAP server; it has this one or the next.
    pub imap: Option<Server>,
    /// Its POP3 server, for the programs that read over POP3.
    pub pop3: Option<Server>,
    /// Sign everything, even what is not encrypted.
    pub always_sign: bool,
    /// Seal everything.
    pub always_encrypt: bool,
    /// The account through whose channel mail for the space of trust leaves, under its address (requirements K.7).
    pub mssante_via: Option<Address>,
    /// A program and its arguments that print the token by which the provider knows the owner; empty: none.
    pub token_command: Vec<String>,
    /// By what the provider's TLS knows the owner.
    pub client_certificate: Option<ClientCertificate>,
    /// Where a file with its keys for several persons is.
    pub held: Option<HeldAt>,
}

/// Where the keys of an account are held for several persons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeldAt {
    /// The account is its user's own: those whom he lets read find their copy there.
    Own(PathBuf),
    /// It is somebody else's, who lets its user read: it sends nothing.
    Delegated(PathBuf),
}

impl Account {
    /// True when mail of this account can go to members of the space of trust.
    pub fn reaches_space(&self) -> bool {
        self.channel == Channel::Mssante || self.mssante_via.is_some()
    }

    /// True when its owner is somebody else, who lets its user read.
    pub fn is_delegated(&self) -> bool {
        matches!(self.held, Some(HeldAt::Delegated(_)))
    }

    /// True when Souspli has the proof that the provider asks: then the mail program gives a local password.
    pub fn logs_in_by_itself(&self) -> bool {
        !self.token_command.is_empty() || self.client_certificate.is_some()
    }

    /// Its servers.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        [Some(&self.smtp), self.imap.as_ref(), self.pop3.as_ref()].into_iter().flatten()
    }

    /// The same, to be changed.
    pub fn servers_mut(&mut self) -> impl Iterator<Item = &mut Server> {
        [Some(&mut self.smtp), self.imap.as_mut(), self.pop3.as_mut()].into_iter().flatten()
    }
}

/// The kind of provider (requirements K.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Channel {
    /// Any provider.
    #[default]
    Ordinary,
    /// An operator of the MSSanté space of trust.
    Mssante,
}

impl Channel {
    /// Each, as it is written in a configuration.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("ordinary", Self::Ordinary), ("mssante", Self::Mssante)];
}

/// A provider's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Host name or address; also the name that its certificate must carry.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How it speaks TLS.
    pub tls: ServerTls,
    /// On whose word it is believed, and how it knows us.
    pub terms: Terms,
}

/// Where the key and the certificate rest that a provider's TLS knows an account's owner by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ClientCertificate {
    /// In a PKCS#12 file.
    File(PathBuf),
    /// On the account's card.
    Card,
}

/// What TLS with a provider stands on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Terms {
    /// The authorities that count.
    pub roots: Roots,
    /// Where the server may stand.
    pub reach: Reach,
    /// The account whose client certificate is shown, and where it rests.
    pub certificate: Option<(Address, ClientCertificate)>,
}

/// Where a provider's server may stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Reach {
    /// Anywhere.
    #[default]
    Anywhere,
    /// In no private network, but for a host of this computer that the configuration names: a national identity token is
    /// shown there (requirements A.3).
    Public,
}

/// The authorities that count for a provider's TLS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Roots {
    /// Those of the platform and of `[upstream] authorities`.
    #[default]
    Platform,
    /// Those of the space of trust, and no other (requirements A.3).
    Space,
}

/// TLS between Souspli and a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerTls {
    /// Clear until STARTTLS, which is required.
    StartTls,
    /// TLS from the first octet.
    Implicit,
    /// No TLS: loopback hosts only.
    Plain,
}

impl ServerTls {
    /// Each, as it is written in a configuration.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("starttls", Self::StartTls), ("implicit", Self::Implicit), ("plain", Self::Plain)];
}

/// What is sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The tag at the start of a Subject, without the space that follows it: `#med#`.
    pub tag: String,
    /// Domains whose mail is always sealed, with their subdomains.
    pub domains: Vec<Domain>,
    /// Correspondents whose programs are known to read AES-GCM (RFC 5083); nobody by default, since the usual ones do not.
    pub reads_gcm: Vec<Correspondents>,
    /// When a recipient has no certificate.
    pub missing_certificate: MissingCertificate,
    /// A tag glued to its text (`#med#objet`).
    pub glued_tag: GluedTag,
    /// On a channel of the space of trust: refuse a member of it who has no certificate, instead of sending it signed.
    pub mssante_requires_certificate: bool,
    /// A notice for the sender of what left over that channel signed and not encrypted from end to end.
    pub mssante_notice: bool,
    /// Whether the words and files of sealed letters are remembered, so that they do not leave in clear another time.
    pub recognise_letters: bool,
    /// Whether the provider sees `[...]` instead of the Subject of what is sealed (RFC 9788 §3.2.1).
    pub protect_subject: bool,
    /// Whether the text of opened messages is kept, sealed, so that searches find it; the provider does not learn which
    /// of them have the words sought.
    pub search_index: bool,
    /// Whether the certificates of verified messages are kept, to seal answers with.
    pub harvest: bool,
    /// Whether a card is required for each reading of what it opens: what it has unwrapped is not kept.
    pub card_for_each_reading: bool,
    /// Whether the opened message carries a banner in its text.
    pub banner: BannerMode,
}

/// One correspondent, or all of a domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Correspondents {
    /// This address.
    One(Address),
    /// Every address of the domain and its subdomains.
    Within(Domain),
}

impl Correspondents {
    /// Whether `address` is among them.
    pub fn include(&self, address: &Address) -> bool {
        match self {
            Correspondents::One(one) => one == address,
            Correspondents::Within(domain) => address.domain().is_within(domain),
        }
    }
}

/// When a recipient of a message to seal has no certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MissingCertificate {
    /// The whole message is refused and the addresses named.
    #[default]
    Refuse,
    /// Those who can be reached get it, a notice names the others to the sender.
    Partial,
}

/// A tag glued to its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum GluedTag {
    /// Sealed, the tag removed.
    #[default]
    Secure,
    /// Refused with an explanation.
    Refuse,
}

/// Where the summary of an opened message stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BannerMode {
    /// In the text and in header fields.
    #[default]
    Text,
    /// In header fields only.
    Headers,
}

/// What one file says of the policy; `None`: nothing, and what was there before stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PolicyRules {
    /// See [`Policy::tag`].
    pub tag: Option<String>,
    /// See [`Policy::domains`].
    pub domains: Option<Vec<Domain>>,
    /// See [`Policy::reads_gcm`].
    pub reads_gcm: Option<Vec<Correspondents>>,
    /// See [`Policy::missing_certificate`].
    pub missing_certificate: Option<MissingCertificate>,
    /// See [`Policy::glued_tag`].
    pub glued_tag: Option<GluedTag>,
    /// See [`Policy::mssante_requires_certificate`].
    pub mssante_requires_certificate: Option<bool>,
    /// See [`Policy::mssante_notice`].
    pub mssante_notice: Option<bool>,
    /// See [`Policy::recognise_letters`].
    pub recognise_letters: Option<bool>,
    /// See [`Policy::protect_subject`].
    pub protect_subject: Option<bool>,
    /// See [`Policy::search_index`].
    pub search_index: Option<bool>,
    /// See [`Policy::harvest`].
    pub harvest: Option<bool>,
    /// See [`Policy::card_for_each_reading`].
    pub card_for_each_reading: Option<bool>,
    /// See [`Policy::banner`].
    pub banner: Option<BannerMode>,
}

impl PolicyRules {
    /// `policy`, with every rule of this file in place of its own.
    pub fn applied_to(self, policy: Policy) -> Policy {
        Policy {
            tag: self.tag.unwrap_or(policy.tag),
            domains: self.domains.unwrap_or(policy.domains),
            reads_gcm: self.reads_gcm.unwrap_or(policy.reads_gcm),
            missing_certificate: self.missing_certificate.unwrap_or(policy.missing_certificate),
            glued_tag: self.glued_tag.unwrap_or(policy.glued_tag),
            mssante_requires_certificate: self.mssante_requires_certificate.unwrap_or(policy.mssante_requires_certificate),
            mssante_notice: self.mssante_notice.unwrap_or(policy.mssante_notice),
            recognise_letters: self.recognise_letters.unwrap_or(policy.recognise_letters),
            protect_subject: self.protect_subject.unwrap_or(policy.protect_subject),
            search_index: self.search_index.unwrap_or(policy.search_index),
            harvest: self.harvest.unwrap_or(policy.harvest),
            card_for_each_reading: self.card_for_each_reading.unwrap_or(policy.card_for_each_reading),
            banner: self.banner.unwrap_or(policy.banner),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        let on = |port| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Self {
            smtp: on(2587),
            imap: on(2143),
            pop3: None,
            tls: ListenTls::default(),
        }
    }
}

impl Default for KeyRules {
    fn default() -> Self {
        Self { remember_days: 180 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tag: "#med#".to_owned(),
            domains: Domain::parse("mssante.fr").into_iter().collect(),
            reads_gcm: Vec::new(),
            missing_certificate: MissingCertificate::default(),
            glued_tag: GluedTag::default(),
            mssante_requires_certificate: false,
            mssante_notice: true,
            recognise_letters: true,
            protect_subject: true,
            search_index: true,
            harvest: true,
            card_for_each_reading: false,
            banner: BannerMode::default(),
        }
    }
}
