//! Holds ARCHITECTURE.md section 2: what each module may import. Reads the `crate::` and `std::` paths of every source
//! file, tests left out, so that an upward import fails here and not in a review.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom: a module imports those above it in this list, and those of its own row. Only `shells` and `app` do I/O.
const LAYERS: &[(&str, &[&str])] = &[
    ("words", &["base"]),
    ("words", &["text"]),
    ("domain", &["config", "mime", "sasl"]),
    ("domain", &["pki"]),
    ("domain", &["smime"]),
    ("domain", &["policy"]),
    ("domain", &["view"]),
    ("sessions", &["smtp", "imap", "pop3"]),
    ("shells", &["relay", "net", "keys", "directory", "store", "windows"]),
    ("app", &["desktop"]),
    ("app", &["cli", "main"]),
];

/// Files that do I/O although their folder is pure.
const SHELL_FILES: &[&str] = &[
    "config/load.rs",
    "config/machine.rs",
    "smtp/driver.rs",
    "imap/driver.rs",
    "pop3/driver.rs",
];

/// Parts of a driver that fill a file of their own.
const SHELL_FOLDERS: &[&str] = &["smtp/driver/", "imap/driver/"];

/// What pure code must not name.
const IMPURE: &[&str] = &[
    "tokio",
    "tokio_rustls",
    "rustls",
    "keyring",
    "directories",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::os",
];

/// Addresses of `std::net` are values; its sockets are not.
const NET_VALUES: &[&str] = &[
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "AddrParseError",
];

#[test]
fn imports_point_downwards() {
    let mut faults = Vec::new();
    for file in sources() {
        let Some(own) = rank(&file.module, &file.name) else {
            faults.push(format!(
                "{}: no layer for `{}`: name it in ARCHITECTURE.md and here",
                file.name, file.module
            ));
            continue;
        };
        for path in paths(&file.text, "crate") {
            let other = path.get(1).map(String::as_str).unwrap_or_default();
            let Some(target) = rank(other, &path_as_file(&path)) else {
                continue;
            };
            if other != file.module && (target > own || crosses_sessions(&file, own, other)) {
                faults.push(format!("{}: imports {}", file.name, path.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn pure_code_does_no_io() {
    let mut faults = Vec::new();
    for file in sources().into_iter().filter(is_pure) {
        for root in ["std", "tokio", "tokio_rustls", "rustls", "keyring", "directories"] {
            for path in paths(&file.text, root) {
                if is_impure(&path) {
                    faults.push(format!("{}: names {}", file.name, path.join("::")));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn one_driver_per_protocol_and_files_of_a_readable_size() {
    let mut faults = Vec::new();
    let mut drivers: BTreeMap<String, usize> = BTreeMap::new();
    for file in sources() {
        if file.name.ends_with("driver.rs") {
            *drivers.entry(file.module.clone()).or_default() += 1;
        }
        let lines = file.text.lines().count();
        if lines > 500 {
            faults.push(format!("{}: {lines} lines; the alarm is at 500", file.name));
        }
    }
    faults.extend(
        drivers
            .iter()
            .filter(|(_, n)| **n > 1)
            .map(|(module, n)| format!("{module}: {n} drivers")),
    );
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A power cut must not leave half a file: whole files go through `store::atomic::write`.
#[test]
fn files_are_replaced_whole() {
    let plain = |file: &Source| file.text.contains("fs::write(") || file.text.contains("File::create(");
    let faults: Vec<String> = sources().into_iter().filter(plain).map(|file| file.name).collect();
    assert!(faults.is_empty(), "not written by store::atomic: {faults:?}");
}

/// The reader of this test, shown to see what it must see.
#[test]
fn paths_are_found_in_groups_and_in_code() {
    let text = "use crate::{a::b, c::{self, d::E}};\n// use crate::no;\nlet x = crate::f::g(\"crate::no\");\nuse std::net::{\n TcpStream, IpAddr};";
    let found: Vec<String> = paths(&stripped(text), "crate").iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::a::b", "crate::c::self", "crate::c::d::E", "crate::f::g"]);
    let std: Vec<bool> = paths(&stripped(text), "std").iter().map(|path| is_impure(path)).collect();
    assert_eq!(std, [true, false]);
}

struct Source {
    /// Relative to `src`, with `/`.
    name: String,
    /// First part of the module path.
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    assert!(!files.is_empty());
    files.into_iter().filter_map(|path| source(&root, &path)).collect()
}

fn source(root: &Path, path: &Path) -> Option<Source> {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    if name == "lib.rs" || name.ends_with("tests.rs") || name.contains("/tests/") {
        return None;
    }
    let module = name.split(['/', '.']).next().unwrap().to_owned();
    let text = fs::read_to_string(path).unwrap();
    Some(Source {
        name,
        module,
        text: stripped(&text),
    })
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// An invariant whose test was renamed or dropped is held by nothing.
#[test]
fn every_test_that_the_invariants_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let mut missing = Vec::new();
    let mut rows = 0;
    for row in page.lines().filter(|l| l.starts_with("| ") && l.as_bytes()[2].is_ascii_digit()) {
        rows += 1;
        let held_by = row.rsplit("| ").next().unwrap();
        let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "an invariant names no test: {row}");
        let (mut file, mut folder) = (String::new(), PathBuf::new());
        for name in names {
            let path = if name.contains('/') { root.join(name) } else { folder.join(name) };
            if name.contains('.') {
                folder = path.parent().unwrap().to_owned();
                file = fs::read_to_string(&path).unwrap_or_default();
                if file.is_empty() {
                    missing.push(name.to_owned());
                }
            } else if ![format!("fn {name}("), format!("def {name}(")]
                .iter()
                .any(|head| file.contains(head))
            {
                missing.push(name.to_owned());
            }
        }
    }
    assert_eq!(rows, 18, "invariants of ARCHITECTURE.md section 1");
    assert!(missing.is_empty(), "{missing:?}");
}

/// Without line comments, text of strings and the tests at the end.
fn stripped(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text);
    code.lines()
        .map(|line| without_strings(line.split("//").next().unwrap_or("")))
        .collect::<Vec<_>>()
        .join("\n")
}

fn without_strings(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn rank(module: &str, file: &str) -> Option<usize> {
    let row = |name: &str| LAYERS.iter().position(|(_, modules)| modules.contains(&name));
    let shell = SHELL_FILES.contains(&file) || SHELL_FOLDERS.iter().any(|folder| file.starts_with(folder));
    if shell { row("store") } else { row(module) }
}

/// `crate::config::load::x` as the file it lies in, as far as [`SHELL_FILES`] needs it.
fn path_as_file(path: &[String]) -> String {
    path.get(1..3).map(|parts| parts.join("/") + ".rs").unwrap_or_default()
}

/// One protocol knows nothing of the others.
fn crosses_sessions(file: &Source, own: usize, other: &str) -> bool {
    LAYERS[own].0 == "sessions"
        && LAYERS
            .iter()
            .any(|(layer, modules)| *layer == "sessions" && modules.contains(&other))
        && file.module != other
}

fn is_pure(file: &Source) -> bool {
    rank(&file.module, &file.name).is_some_and(|row| !matches!(LAYERS[row].0, "shells" | "app"))
}

fn is_impure(path: &[String]) -> bool {
    let whole = path.join("::");
    if path.len() > 1 && path[0] == "std" && path[1] == "net" {
        return path.get(2).is_none_or(|name| !NET_VALUES.contains(&name.as_str()));
    }
    IMPURE.iter().any(|name| whole == *name || whole.starts_with(&format!("{name}::")))
}

/// Every path that starts with `root::`, groups unfolded.
fn paths(text: &str, root: &str) -> Vec<Vec<String>> {
    let start = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&start) {
        let before = text[..at].chars().next_back();
        if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            unfold(vec![root.to_owned()], &text[at + start.len()..], &mut found);
        }
    }
    found
}

/// Reads what follows `::`: a name, a name and more, or a group in braces. Returns what is left.
fn unfold<'t>(mut path: Vec<String>, text: &'t str, found: &mut Vec<Vec<String>>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = unfold(path.clone(), rest, found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) if !more.trim_start().starts_with('}') => rest = more,
                Some(more) => return more.trim_start().strip_prefix('}').unwrap_or(more),
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    path.push(text[..end].to_owned());
    if let Some(rest) = text[end..].strip_prefix("::").filter(|rest| !rest.starts_with('<')) {
        return unfold(path, rest, found);
    }
    found.push(path);
    let rest = &text[end..];
    // `as Name` inside a group.
    rest.trim_start().strip_prefix("as ").map_or(rest, |alias| {
        alias.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
    })
}
