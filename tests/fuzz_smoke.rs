//! The fuzz targets without a nightly Rust: each gets its seeds (fuzz/seeds) and some thousands of changes of them, always the
//! same ones. `scripts/fuzz` begins with the same seeds and goes further.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Changed inputs for each target; a third of them for those that make whole Views of each.
const ROUNDS: u64 = 3_000;
const SLOW: &[&str] = &["protected", "view"];
/// Octets of a seed: small ones are changed where it matters.
const SEED_MAX: usize = 4_096;
const INPUT_MAX: usize = 8_192;
/// What inputs of all targets are made of.
const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b"\r\n.\r\n",
    b" ",
    b"\t",
    b"\0",
    b"\xff\xff",
    b"\xc3\xa9",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"{3}\r\n",
    b"{3+}\r\n",
    b"<",
    b">",
    b"&#91;",
    b"=?utf-8?Q?",
    b"=?utf-8?B?",
    b"?=",
    b"=\r\n",
    b"=20",
    b"; ",
    b"*0*=",
    b"--",
    b"#med#",
    b"[Souspli]",
    b"[/Souspli]",
    b"\xe2\x80\x8b",
    b"\x30\x80",
    b"\x30\x84\xff",
    b"\xa0\x80",
    b"\x24\x80",
    b"\x00\x00",
    b"NIL",
    b"+OK ",
    b"-ERR ",
    b"250 ",
    b"354 go\r\n",
    b"* 1 FETCH (",
    b"BODY[]",
    b"Content-Type: ",
    b"boundary=",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder().join("seeds").join(target))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// SplitMix64: the same numbers for ever.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }
}

/// A seed after one to four changes.
fn changed(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut input = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(4) {
        change(&mut input, seeds, numbers);
    }
    input.truncate(INPUT_MAX);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], numbers: &mut Numbers) {
    let at = numbers.below(input.len() + 1);
    let end = (at + numbers.below(40)).min(input.len());
    match numbers.below(7) {
        0 => drop(input.drain(at..end)),
        1 => input.truncate(at),
        2 => drop(input.splice(at..at, WORDS[numbers.below(WORDS.len())].iter().copied())),
        3 => drop(input.splice(at..end, WORDS[numbers.below(WORDS.len())].iter().copied())),
        4 => {
            let again = input[at..end].to_vec();
            input.splice(at..at, again);
        }
        5 => {
            let other = &seeds[numbers.below(seeds.len())];
            let from = numbers.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => {
            if let Some(octet) = input.get_mut(at) {
                *octet ^= 1 << numbers.below(8);
            }
        }
    }
}

fn smoke(target: &str) {
    let (_, run) = bodies::ALL.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target);
    assert!(seeds.len() >= 2, "fuzz/seeds/{target} has {}", seeds.len());
    assert!(seeds.iter().all(|seed| seed.len() <= SEED_MAX), "{target}: a seed is too large");
    let mut numbers = Numbers(target.bytes().map(u64::from).sum());
    let rounds = if SLOW.contains(&target) { ROUNDS / 3 } else { ROUNDS };
    let made = (0..rounds).map(|_| changed(&seeds, &mut numbers)).collect::<Vec<_>>();
    for input in seeds.iter().chain(&made).chain([&Vec::new()]) {
        let done = catch_unwind(AssertUnwindSafe(|| run(input)));
        assert!(done.is_ok(), "{target}: {}", input.escape_ascii());
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            smoke(stringify!($name));
        })*

        const SMOKED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! { autoconfig ber brought command crl data edit entity fetch flags frame handover header html journal ldap lockbox lookalike ocsp open outgoing packed path pop3 protected search seek submission tag view whitelist words }

/// A target that only `scripts/fuzz` knows would be tried by nobody who has no nightly Rust.
#[test]
fn every_target_is_smoked() {
    let stem = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
    let known: BTreeSet<String> = fs::read_dir(folder().join("fuzz_targets")).unwrap().map(stem).collect();
    let seeded: BTreeSet<String> = fs::read_dir(folder().join("seeds")).unwrap().map(stem).collect();
    let smoked: BTreeSet<String> = SMOKED.iter().map(ToString::to_string).collect();
    assert_eq!(known, smoked);
    assert_eq!(known, seeded);
    let built = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for name in &known {
        assert!(built.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not built");
    }
}
