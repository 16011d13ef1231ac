//! Under whom an entry is written, and what the clock on the wall said.

use crate::base::UnixTime;
use std::env;
use std::sync::OnceLock;

/// The user of the system: the number that counts, and the name by which people know it.
pub(super) fn user() -> &'static str {
    static USER: OnceLock<String> = OnceLock::new();
    USER.get_or_init(|| described(|name| env::var(name).ok().filter(|value| !value.is_empty())))
}

#[cfg(unix)]
fn described(named: impl Fn(&str) -> Option<String>) -> String {
    let number = crate::store::owner::effective_uid();
    match named("LOGNAME").or_else(|| named("USER")) {
        Some(name) => format!("{number} {}", short(&name)),
        None => number.to_string(),
    }
}

#[cfg(not(unix))]
fn described(named: impl Fn(&str) -> Option<String>) -> String {
    match (named("USERDOMAIN"), named("USERNAME")) {
        (Some(domain), Some(name)) => format!("{}\\{}", short(&domain), short(&name)),
        (None, Some(name)) => short(&name),
        (_, None) => String::new(),
    }
}

/// Whatever the environment says, a short line.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// What the clock on the wall is ahead of UTC at that moment, as RFC 3339 writes it; empty where the system does not know.
pub(super) fn offset(time: UnixTime) -> String {
    offset_seconds(time).map(written).unwrap_or_default()
}

/// The moment at which the clock on the wall shows what that moment is in UTC.
pub fn at_the_wall(shown: UnixTime) -> UnixTime {
    let guess = shown.plus(-offset_seconds(shown).unwrap_or_default());
    // Where the clocks are changed in between.
    shown.plus(-offset_seconds(guess).unwrap_or_default())
}

fn written(seconds: i64) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn offset_seconds(time: UnixTime) -> Option<i64> {
    let seconds = libc::time_t::try_from(time.0).ok()?;
    let mut civil = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both point to values of this frame; localtime_r writes the second and keeps neither (POSIX). Nothing in this program
    // changes the environment that it reads.
    let civil = unsafe {
        if libc::localtime_r(&raw const seconds, civil.as_mut_ptr()).is_null() {
            return None;
        }
        civil.assume_init()
    };
    // 32 bits wide on some platforms.
    #[allow(clippy::useless_conversion)]
    Some(i64::from(civil.tm_gmtoff))
}

#[cfg(windows)]
fn offset_seconds(time: UnixTime) -> Option<i64> {
    let offset = time::UtcOffset::local_offset_at(time.civil()).ok()?;
    Some(offset.whole_seconds().into())
}

#[cfg(not(any(unix, windows)))]
fn offset_seconds(_time: UnixTime) -> Option<i64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_as_rfc_3339_writes_it() {
        assert_eq!(
            (written(0), written(7200), written(-12_600)),
            ("+00:00".into(), "+02:00".into(), "-03:30".into())
        );
        assert_eq!(offset(UnixTime(0)).len(), 6);
    }

    #[cfg(unix)]
    #[test]
    fn a_user_by_number_and_name() {
        let number = crate::store::owner::effective_uid().to_string();
        assert_eq!(described(|_| None), number);
        assert_eq!(
            described(|name| (name == "USER").then(|| "al\nice".into())),
            format!("{number} alice")
        );
        assert!(user().starts_with(&number));
    }
}
