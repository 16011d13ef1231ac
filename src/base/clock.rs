//! Time as a value. Nothing below the shells reads a clock: the moment comes in as [`UnixTime`].

use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{Date, Month, OffsetDateTime};

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

    /// Reads a moment of RFC 3339, with its offset.
    pub fn from_rfc3339(value: &str) -> Option<Self> {
        OffsetDateTime::parse(value, &Rfc3339).ok().map(|t| Self(t.unix_timestamp()))
    }

    /// Days and hours of the calendar; clamped to the years that can be written.
    pub fn civil(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The same day of the month so many months ago, or the last of a shorter one; the same hour.
    pub fn months_before(self, months: u32) -> Self {
        let at = self.civil();
        let counted = i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1 - i64::from(months);
        let year = i32::try_from(counted.div_euclid(12)).unwrap_or_default();
        let month = u8::try_from(counted.rem_euclid(12) + 1).ok().and_then(|m| Month::try_from(m).ok());
        let date = month.and_then(|month| Date::from_calendar_date(year, month, at.day().min(month.length(year))).ok());
        date.map_or(self, |date| Self(at.replace_date(date).unix_timestamp()))
    }

    /// This moment, `seconds` later.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let ago = |date: &str, months| UnixTime::from_rfc5322(date).unwrap().months_before(months).rfc3339();
        assert_eq!(ago("23 Nov 2026 10:20:30 +0000", 6), "2026-05-23T10:20:30Z");
        assert_eq!(ago("31 Mar 2026 00:00:00 +0000", 1), "2026-02-28T00:00:00Z");
        assert_eq!(ago("31 Jan 2024 00:00:00 +0000", 12), "2023-01-31T00:00:00Z");
        assert_eq!(ago("31 Jan 2024 00:00:00 +0000", 11), "2023-02-28T00:00:00Z");
    }
}
