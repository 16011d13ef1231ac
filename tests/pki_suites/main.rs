//! The path suites that others wrote: NIST PKITS and x509-limbo, with their revocation lists. Each case passes, or is excluded for a reason that stands in
//! docs/paths.md, which `SOUSPLI_WRITE_DOCS=1` writes anew. No path that must fail is accepted.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod certvalidator;
mod limbo;
mod openssl;
mod page;
mod pkits;
mod status;

use souspli::base::UnixTime;
use souspli::pki::path::{Policies, Purpose, Question, answer};
use souspli::pki::{Certificate, Path, PathError, Trust};
use std::path::PathBuf;

/// The day of every case that names none: 2026-11-23.
pub const DAY: UnixTime = UnixTime(1_795_400_000);

/// One run of a suite.
pub struct Case {
    pub suite: &'static str,
    pub section: String,
    pub id: String,
    pub title: String,
    /// Whether a path must be found.
    pub valid: bool,
    pub found: Result<(), String>,
    /// Why what is found does not count.
    pub excluded: Option<&'static str>,
}

impl Case {
    /// What must be, is.
    pub fn is_right(&self) -> bool {
        self.valid == self.found.is_ok()
    }
}

/// A path for no use of its own: these suites are not about mail.
pub fn path(leaf: &Certificate, intermediates: &[Certificate], trust: &Trust, at: UnixTime, policies: Policies) -> Result<Path, PathError> {
    let purpose = Purpose::Any;
    answer(leaf, intermediates, trust, &Question { at, purpose, policies })
}

pub fn corpora() -> PathBuf {
    let folder = std::env::var_os("SOUSPLI_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    assert!(folder.is_dir(), "no corpora in {}: set SOUSPLI_CORPORA", folder.display());
    folder
}

fn cases() -> Vec<Case> {
    let mut cases = pkits::cases();
    cases.extend(limbo::cases());
    cases
}

#[test]
fn every_case_is_right_or_excluded_for_a_reason() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (expected, found) = (if case.valid { "valid" } else { "invalid" }, case.found.as_ref().map(|()| "a path"));
        if case.excluded.is_none() && !case.is_right() {
            wrong.push(format!("{} {} ({}): {expected}, but {found:?}", case.suite, case.id, case.title));
        }
        // What is excluded is not right: else it need not be.
        if case.excluded.is_some() && case.is_right() {
            wrong.push(format!("{} {} ({}): excluded, but right", case.suite, case.id, case.title));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_page_says_what_is_run() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/paths.md");
    let wanted = page::of(&cases());
    if std::env::var("SOUSPLI_WRITE_DOCS").is_ok_and(|v| v == "1") {
        std::fs::write(&page, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(found, wanted, "SOUSPLI_WRITE_DOCS=1 cargo test --test pki_suites");
}
