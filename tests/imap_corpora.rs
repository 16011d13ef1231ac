//! IMAP against foreign material: structures of foreign messages, read back by another parser.

use souspli::imap::fetch::Extension;
use souspli::imap::structure;
use souspli::view::View;
use std::path::{Path, PathBuf};

fn corpora() -> Option<PathBuf> {
    let root =
        std::env::var_os("SOUSPLI_CORPORA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    if root.is_dir() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "no corpora at {}", root.display());
    println!("skipped: no corpora at {}", root.display());
    None
}

fn files(root: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn structures_are_read_back_by_another_parser() {
    let Some(root) = corpora() else { return };
    let mut paths = Vec::new();
    for folder in ["mime4j", "mail-parser/eml", "enmime", "gmime"] {
        files(&root.join(folder), &mut paths);
    }
    let messages = paths
        .iter()
        .filter(|p| p.extension().is_some_and(|e| ["eml", "msg", "raw"].iter().any(|k| e == *k)));
    let (mut read, mut all) = (0, 0);
    for path in messages {
        let bytes = std::fs::read(path).unwrap();
        if bytes.len() > 1 << 20 {
            continue;
        }
        let view = View::of(bytes);
        for extension in [Extension::With, Extension::Without] {
            let mut out = b"* 1 FETCH (ENVELOPE ".to_vec();
            structure::envelope(view.bytes(), view.entity(), &mut out);
            // The other parser knows the short form under the long one's name only.
            out.extend_from_slice(b" BODYSTRUCTURE ");
            structure::structure(view.bytes(), view.entity(), extension, &mut out);
            out.extend_from_slice(b")\r\n");
            let shown = String::from_utf8_lossy(&out).into_owned();
            all += 1;
            // Not recursed into beyond what the other parser stands.
            if shown.matches('(').count() > 300 {
                continue;
            }
            match imap_proto::Response::parse(&out) {
                Ok((rest, imap_proto::Response::Fetch(1, items))) => {
                    assert!(rest.is_empty() && items.len() == 2, "{}\n{shown}", path.display());
                    read += 1;
                }
                other => panic!("{}\n{shown}\n{other:?}", path.display()),
            }
        }
    }
    assert!(all > 100 && read * 100 > all * 95, "{read} of {all}");
}
