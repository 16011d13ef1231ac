//! Time as a value. Nothing below the shells reads a clock: the moment comes in as [`UnixTime`].

use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

/// Seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// `date-time` of RFC 5322 §3.3, in UTC.
    pub fn rfc5322(self) -> String {
        self.civil().format(&Rfc2822).unwrap_or_default()
    }

    /// The same moment as RFC 3339 writes it, for logs and JSON.
    pub fn rfc3339(self) -> String {
        self.civil().format(&Rfc3339).unwrap_or_default()
    }

    /// Reads a `Date` header field's value (RFC 5322 §3.3); comments and obsolete zones are not understood.
    pub fn from_rfc5322(value: &str) -> Option<Self> {
        OffsetDateTime::parse(value.trim(), &Rfc2822).ok().map(|t| Self(t.unix_timestamp()))
    }

    /// Days and hours of the calendar; clamped to the years that can be written.
    pub fn civil(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// This moment, `seconds` later.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}
