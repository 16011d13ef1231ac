//! `cert_override.txt`: certificates that a Mozilla program takes from one host and port although no authority vouches for them (NSS, "permanent
//! exception"). This one is good for no other name and signs nothing.

use std::fmt::Write;
use std::net::SocketAddr;

/// SHA-256, as the file names it.
const HASH: &str = "OID.2.16.840.1.101.3.4.2.1";
const HEAD: &str = "# PSM Certificate Override Settings file\n# This is a generated file!  Do not edit.\n";

/// Whether it is taken from each of these doors, and no other is.
pub(super) fn has(text: &str, doors: &[SocketAddr], fingerprint: &[u8]) -> bool {
    let wanted = colons(fingerprint);
    doors.iter().all(|door| {
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let mut theirs = lines.iter().filter(|line| line.first() == Some(&host(*door).as_str()));
        let is_right = theirs.next().is_some_and(|line| line.get(1..3) == Some(&[HASH, &wanted]));
        is_right && theirs.next().is_none()
    })
}

/// The file with this certificate (SHA-256 of its DER) for these doors; what it says of others stays.
pub(super) fn with(text: &str, doors: &[SocketAddr], fingerprint: &[u8]) -> String {
    let mut out = without(text, doors);
    if out.is_empty() {
        out.push_str(HEAD);
    } else if !out.ends_with('\n') {
        out.push('\n');
    }
    for door in doors {
        // A String takes whatever is written to it.
        let _ = writeln!(out, "{}\t{HASH}\t{}\t", host(*door), colons(fingerprint));
    }
    out
}

/// The file without them.
pub(super) fn without(text: &str, doors: &[SocketAddr]) -> String {
    let is_theirs = |line: &str| doors.iter().any(|door| line.split('\t').next() == Some(host(*door).as_str()));
    text.split_inclusive('\n').filter(|line| !is_theirs(line)).collect()
}

/// `HOST:PORT:` and origin attributes, which mail has none of.
fn host(door: SocketAddr) -> String {
    format!("{door}:")
}

fn colons(octets: &[u8]) -> String {
    let pairs: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_stay() {
        let door: SocketAddr = "127.0.0.1:2143".parse().unwrap();
        let other = "# x\n127.0.0.1:21430:\tOID.2.16.840.1.101.3.4.2.1\tAA\t\nimap.b.fr:993:\tOID.2.16.840.1.101.3.4.2.1\tBB\t";
        let text = with(other, &[door], &[1, 0xab]);
        assert_eq!(text, format!("{other}\n127.0.0.1:2143:\t{HASH}\t01:AB\t\n"));
        let renewed = with(&text, &[door], &[2, 2]);
        assert!(has(&renewed, &[door], &[2, 2]) && !has(&text, &[door], &[2, 2]) && !has(other, &[door], &[2, 2]));
        assert!(renewed.contains("02:02") && !renewed.contains("01:AB"));
        assert_eq!(without(&renewed, &[door]), format!("{other}\n"));
        assert!(with("", &[door], &[1]).starts_with("# PSM"));
    }
}
