//! Ordinary messages that nobody here wrote, handed over for sending: none of them is refused or sealed without reason.

#![allow(clippy::expect_used)] // clippy knows tests by their attribute, not their helpers

use souspli::policy::{hidden, tag};
use souspli::view::{Marks, marks};
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 6] = ["gmime", "mime4j", "enmime", "cpython-email", "chatmail", "mail-parser"];

#[test]
fn nobody_is_told_of_a_tag_or_a_mark_that_is_not_there() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let corpora = std::env::var_os("SOUSPLI_CORPORA").map_or_else(beside, PathBuf::from);
    let mut seen = 0;
    for path in FOLDERS.iter().flat_map(|folder| files(&corpora.join(folder))) {
        let octets = std::fs::read(&path).expect("a file of the corpora");
        let mail = octets.as_slice();
        seen += 1;
        assert_eq!(tag::of_message(mail, "#med#"), tag::Tag::None, "{path:?}");
        assert!(!hidden::hides_tag(mail, "#med#"), "{path:?}");
        assert!(!hidden::begins_elsewhere(mail, "#med#"), "{path:?}");
        assert_eq!(marks(mail), Marks::Absent, "{path:?}");
    }
    assert!(
        seen > 1_000 || (seen == 0 && std::env::var_os("CI").is_none()),
        "{seen} messages in {}",
        corpora.display()
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}
