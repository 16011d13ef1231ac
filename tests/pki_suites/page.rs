//! docs/paths.md from what was run.

use crate::Case;
use std::collections::BTreeMap;
use std::fmt::Write;

pub fn of(cases: &[Case]) -> String {
    let mut out = String::from(HEAD);
    let mut sections: Vec<(&str, &str)> = Vec::new();
    for case in cases {
        if !sections.contains(&(case.suite, &case.section)) {
            sections.push((case.suite, &case.section));
        }
    }
    for (suite, section) in sections {
        let name = format!("{suite} {section}{}", subject(suite, section));
        row(&mut out, &name, cases.iter().filter(|c| c.suite == suite && c.section == section));
    }
    row(&mut out, "**all**", cases.iter());
    out.push_str(EXCLUDED);
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for case in cases {
        if let Some(why) = case.excluded {
            let ends = if case.suite == "PKITS" { "" } else { "`" };
            reasons.entry(why).or_default().push(format!("{ends}{}{ends}", case.id));
        }
    }
    for (why, ids) in reasons {
        writeln!(out, "| {} | {why} | {} |", ids.len(), ids.join(", ")).unwrap();
    }
    out
}

const HEAD: &str = "# Paths to authorities, judged by the suites of others

Written by `SOUSPLI_WRITE_DOCS=1 cargo test --test pki_suites`, which runs `pki::path` over NIST PKITS (2011) and x509-limbo, and
`pki::revocation` over the lists that come with them. A case is right when a path is found, and by the lists stands, exactly where the
suite says so; it is excluded for a reason that stands below. No path that must fail is accepted for another reason than those.

What PKITS expects is taken from a table of OpenSSL's, which refuses 4.14.30 as Souspli does: the certificate of a list's signer is
judged by the very list that it signed. NIST accepts it.

| cases | right | excluded | all |
|---|---:|---:|---:|
";

const EXCLUDED: &str = "
## Excluded, and why

| cases | why | which |
|---:|---|---|
";

fn row<'a>(out: &mut String, name: &str, cases: impl Iterator<Item = &'a Case>) {
    let (excluded, right): (Vec<&Case>, Vec<&Case>) = cases.partition(|c| c.excluded.is_some());
    let all = right.len() + excluded.len();
    writeln!(out, "| {name} | {} | {} | {all} |", right.len(), excluded.len()).unwrap();
}

fn subject(suite: &str, section: &str) -> &'static str {
    match (suite, section) {
        ("PKITS", "4.1") => " signatures",
        ("PKITS", "4.2") => " validity",
        ("PKITS", "4.3") => " names chain",
        ("PKITS", "4.4") => " revocation lists",
        ("PKITS", "4.5") => " self-issued certificates",
        ("PKITS", "4.6") => " basic constraints",
        ("PKITS", "4.7") => " key usage",
        ("PKITS", "4.8") => " policies",
        ("PKITS", "4.9") => " explicit policies",
        ("PKITS", "4.10") => " policy mappings",
        ("PKITS", "4.11") => " inhibited mappings",
        ("PKITS", "4.12") => " inhibited anyPolicy",
        ("PKITS", "4.13") => " name constraints",
        ("PKITS", "4.14") => " distribution points",
        ("PKITS", "4.15") => " delta lists",
        ("PKITS", "4.16") => " private extensions",
        _ => "",
    }
}
