//! Bounds of the assistant: what servers may say to it, what it reads of other programs.

/// Octets that one server may say to a test letter, or to the trial of a server.
pub const TALK_ANSWER_MAX: usize = 4 << 20;
/// Characters of an answer that are shown.
pub const TALK_SHOWN_MAX: usize = 1_000;
/// Seconds that trying one server may take.
pub const TRY_SECONDS: u64 = 30;
/// Seconds after which a test letter counts as not arrived.
pub const TEST_LETTER_SECONDS: u64 = 120;
/// Milliseconds between two looks for it.
pub const TEST_LETTER_LOOK_MILLISECONDS: u64 = 1_000;
/// Octets of a key file, or of a certificate, that is uploaded to the dashboard.
pub const DASHBOARD_KEY_MAX: usize = 1 << 20;
/// Octets of a provider's document for mail programs.
pub const AUTOCONFIG_FILE_MAX: u64 = 256 << 10;
/// How deep its elements may stand.
pub const AUTOCONFIG_DEPTH_MAX: usize = 32;
/// Octets of a text in it.
pub const AUTOCONFIG_TEXT_MAX: usize = 4 << 10;
/// Servers that it may offer.
pub const AUTOCONFIG_SERVERS_MAX: usize = 100;
/// Seconds that finding a provider's servers may take.
pub const DISCOVERY_SECONDS: u64 = 10;
/// Seconds that a name server may take.
pub const DNS_SECONDS: u64 = 3;
/// Octets of its answer, over UDP without EDNS (RFC 1035 §4.2.1).
pub const DNS_ANSWER_MAX: usize = 512;
/// Records of an answer that are looked at.
pub const DNS_RECORDS_MAX: usize = 32;
/// Octets of Thunderbird's list of profiles.
pub const PROFILES_FILE_MAX: u64 = 256 << 10;
/// Profiles that are looked at.
pub const PROFILES_MAX: usize = 32;
/// Octets of a profile's settings.
pub const PREFS_FILE_MAX: u64 = 16 << 20;
/// Octets of what is remembered of changed profiles.
pub const LEDGER_FILE_MAX: u64 = 8 << 20;
/// Octets of what the assistant keeps of a set-up that was begun.
pub const ASSISTANT_FILE_MAX: u64 = 16 << 10;
/// Octets of the local certificate in DER.
pub const LOCAL_CERTIFICATE_MAX: u64 = 16 << 10;
