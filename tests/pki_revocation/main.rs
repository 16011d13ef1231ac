//! Revocation: lists and OCSP answers that are right, and ones of which one thing is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod answers;
#[path = "../forge/mod.rs"]
mod forge;
mod freshness;
mod kept;
mod lists;
mod made;
mod pkits;
mod reading;

use std::path::PathBuf;

/// The corpora, unless they are not here.
fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SOUSPLI_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
    println!("skipped: no {name} in the corpora");
    None
}
