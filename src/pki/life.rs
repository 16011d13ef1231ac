//! The life of an own certificate: what it may be used for, when its end is to be told, what takes its place. The time comes in.

use crate::base::UnixTime;
use crate::pki::Certificate;
use crate::pki::cert::KeyUsage;
use crate::pki::oid;
use crate::pki::select::can_be_encrypted_to;

/// Whether it may sign; no keyUsage means any (RFC 5280 §4.2.1.3).
pub fn signs(certificate: &Certificate) -> bool {
    has_one_of(certificate, &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION])
}

/// Whether it is for mail; no extKeyUsage means any (RFC 5280 §4.2.1.12).
pub fn is_for_mail(certificate: &Certificate) -> bool {
    let any = [oid::EMAIL_PROTECTION, oid::ANY_EXTENDED_KEY_USAGE];
    certificate
        .extended_key_usage()
        .is_none_or(|uses| uses.iter().any(|u| any.contains(u)))
}

/// Whether TLS servers may know its owner by it (RFC 5246 §7.4.6, RFC 8446 §4.4.2.3); no extension means any.
pub fn logs_in(certificate: &Certificate) -> bool {
    let any = [oid::CLIENT_AUTH, oid::ANY_EXTENDED_KEY_USAGE];
    let purposes = certificate.extended_key_usage();
    has_one_of(certificate, &[KeyUsage::DIGITAL_SIGNATURE]) && purposes.is_none_or(|uses| uses.iter().any(|u| any.contains(u)))
}

/// Whether it was made for that.
pub fn is_for_login(certificate: &Certificate) -> bool {
    let purposes = certificate.extended_key_usage();
    purposes.is_some_and(|uses| uses.contains(&oid::CLIENT_AUTH))
}

/// Whether others may encrypt to it.
pub fn is_encrypted_to(certificate: &Certificate) -> bool {
    let usages = [KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
    has_one_of(certificate, &usages) && can_be_encrypted_to(certificate)
}

fn has_one_of(certificate: &Certificate, usages: &[KeyUsage]) -> bool {
    certificate.key_usage().is_none_or(|usage| usage.has_one_of(usages))
}

/// Where it stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Its time has not come.
    Early,
    /// It holds.
    Valid,
    /// Its time is over.
    Expired,
}

/// Where `certificate` stands at that moment.
pub fn stage(certificate: &Certificate, now: UnixTime) -> Stage {
    match now {
        now if now < certificate.not_before() => Stage::Early,
        now if now <= certificate.not_after() => Stage::Valid,
        _ => Stage::Expired,
    }
}

/// How near the end is, as it is told: each once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Notice {
    /// Thirty days or less.
    Month,
    /// Fifteen days or less.
    Fortnight,
    /// Seven days or less.
    Week,
}

impl Notice {
    /// From the last to the first.
    const ALL: [Self; 3] = [Self::Week, Self::Fortnight, Self::Month];

    /// Days before the end.
    pub fn days(self) -> i64 {
        match self {
            Self::Month => 30,
            Self::Fortnight => 15,
            Self::Week => 7,
        }
    }

    /// As it is noted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "30",
            Self::Fortnight => "15",
            Self::Week => "7",
        }
    }

    /// What [`Notice::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == text.trim())
    }
}

const DAY: i64 = 86_400;

/// Days until `end`, each begun one counted; `None`: it is over.
pub fn days_left(end: UnixTime, now: UnixTime) -> Option<i64> {
    let seconds = end.0.checked_sub(now.0).filter(|left| *left >= 0)?;
    Some(seconds.div_euclid(DAY) + i64::from(seconds.rem_euclid(DAY) > 0))
}

/// The notice that so many days before the end stands for; `None`: none is due, or it is over and told otherwise.
pub fn due(end: UnixTime, now: UnixTime) -> Option<Notice> {
    let left = days_left(end, now)?;
    Notice::ALL.into_iter().find(|notice| left <= notice.days())
}

/// What is due and has not been told. Who was away for a fortnight hears the last only.
pub fn news(end: UnixTime, now: UnixTime, told: Option<Notice>) -> Option<Notice> {
    due(end, now).filter(|due| told.is_none_or(|told| told < *due))
}

/// True where other certificates of the owner's do all that this one does, for the same addresses, for longer: nobody need hear of
/// its end.
pub fn is_replaced(certificate: &Certificate, others: &[&Certificate]) -> bool {
    let later = |other: &&&Certificate| {
        let names_the_same = certificate.emails().iter().all(|address| other.has_email(address));
        other.not_after() > certificate.not_after() && names_the_same
    };
    let later: Vec<&&Certificate> = others.iter().filter(later).collect();
    [signs as fn(&Certificate) -> bool, is_encrypted_to]
        .into_iter()
        .filter(|does| does(certificate))
        .all(|does| later.iter().any(|other| does(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told_three_times_each_once() {
        let end = UnixTime(100 * DAY);
        let mut told = None;
        let mut heard = Vec::new();
        // The relay looks every hour; what was told is remembered over restarts.
        for hour in 0..=100 * 24 {
            let now = UnixTime(hour * 3600);
            if let Some(notice) = news(end, now, told) {
                heard.push((days_left(end, now).unwrap(), notice));
                told = Notice::parse(notice.as_str());
            }
        }
        assert_eq!(heard, [(30, Notice::Month), (15, Notice::Fortnight), (7, Notice::Week)]);
    }

    #[test]
    fn days_are_counted_as_people_do() {
        let end = UnixTime(40 * DAY);
        for (before, left, notice) in [
            (30 * DAY + 1, Some(31), None),
            (30 * DAY, Some(30), Some(Notice::Month)),
            (15 * DAY + 1, Some(16), Some(Notice::Month)),
            (15 * DAY, Some(15), Some(Notice::Fortnight)),
            (7 * DAY, Some(7), Some(Notice::Week)),
            (1, Some(1), Some(Notice::Week)),
            (0, Some(0), Some(Notice::Week)),
            (-1, None, None),
        ] {
            let now = UnixTime(end.0 - before);
            assert_eq!((days_left(end, now), due(end, now)), (left, notice), "{before} s before");
        }
        assert_eq!(days_left(UnixTime(i64::MAX), UnixTime(i64::MIN)), None, "no clock makes it panic");
    }

    #[test]
    fn who_was_away_hears_the_last_only() {
        let end = UnixTime(40 * DAY);
        let late = UnixTime(end.0 - 3 * DAY);
        assert_eq!(news(end, late, Some(Notice::Month)), Some(Notice::Week));
        assert_eq!(news(end, late, Some(Notice::Week)), None);
        assert_eq!(Notice::parse("nonsense"), None);
    }
}
