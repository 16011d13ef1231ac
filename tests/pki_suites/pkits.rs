//! NIST PKITS (2011): 247 runs over one set of certificates. All of its authorities are at hand in each.

use crate::status::Lists;
use crate::{Case, DAY, corpora, path};
use serde_json::Value;
use souspli::pki::oid::{self, Oid};
use souspli::pki::path::{Policies, Rule};
use souspli::pki::{Certificate, PathError, Trust};
use std::collections::BTreeMap;
use std::path::Path;

const DSA: &str = "signed with DSA, which is not for mail any more (RFC 8551 §2.2)";

pub fn cases() -> Vec<Case> {
    let folder = corpora().join("pkits");
    let expected: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let files = files(&folder.join("certs"));
    let trust = Trust::of(vec![files["trustanchorrootcertificate"].clone()]);
    let authorities: Vec<Certificate> = files
        .iter()
        .filter(|(name, _)| !name.ends_with("ee"))
        .map(|(_, c)| c.clone())
        .collect();
    let lists = std::fs::read_dir(folder.join("crls"))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let lists = Lists::of(lists, &authorities, &trust, DAY);
    let suite = Suite {
        files,
        authorities,
        trust,
        lists,
    };
    let runs = expected["tests"].as_array().unwrap();
    runs.iter().map(|run| suite.case(run)).collect()
}

struct Suite {
    files: BTreeMap<String, Certificate>,
    authorities: Vec<Certificate>,
    trust: Trust,
    lists: Lists,
}

impl Suite {
    /// Each path is judged by the lists too, whatever the test is about.
    fn case(&self, run: &Value) -> Case {
        let text = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
        let (id, title) = (text("test"), text("title"));
        let name = file_of(&id, &title);
        let leaf = self.files.get(&name);
        assert!(leaf.is_some() || id == "4.1.6", "no certificate of {id} {title}: {name}");
        // The one whose signature cannot be read.
        let found = leaf.map_or(Err(PathError::BadSignature), |leaf| {
            path(leaf, &self.authorities, &self.trust, DAY, policies(&text("options")))
        });
        Case {
            suite: "PKITS",
            section: id.split('.').take(2).collect::<Vec<_>>().join("."),
            valid: text("expected") == "valid",
            found: self.lists.judge(found, DAY),
            excluded: excluded(&id),
            id,
            title,
        }
    }
}

fn excluded(id: &str) -> Option<&'static str> {
    matches!(id, "4.1.4" | "4.1.5").then_some(DSA)
}

/// Certificates by file name, in lower case and without its end.
fn files(folder: &Path) -> BTreeMap<String, Certificate> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_ascii_lowercase();
            Some((name, Certificate::from_der(std::fs::read(&path).ok()?).ok()?))
        })
        .collect()
}

/// Most are called like their test.
fn file_of(id: &str, title: &str) -> String {
    let called = match id {
        "4.1.1" => "ValidCertificatePathTest1",
        "4.3.1" => "InvalidNameChainingTest1",
        "4.3.6" => "ValidNameUIDsTest6",
        "4.4.1" => "InvalidMissingCRLTest1",
        "4.13.19" => "ValidDNnameConstraintsTest19",
        "4.13.20" => "InvalidDNnameConstraintsTest20",
        _ if id.starts_with("4.8.1.") => "ValidCertificatePathTest1",
        _ => title,
    };
    let called = called.replace("Certs CRL", "Certs").replace([' ', '-'], "");
    format!("{}ee", called.to_ascii_lowercase())
}

/// The options of `openssl verify` in its table.
fn policies(options: &str) -> Policies {
    let mut asked = Policies::default();
    let mut words = options.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "-policy" => asked.acceptable.push(policy(words.next().unwrap())),
            "-explicit_policy" => asked.explicit = Rule::On,
            "-inhibit_map" => asked.unmapped = Rule::On,
            "-inhibit_any" => asked.named = Rule::On,
            other => panic!("option {other}"),
        }
    }
    asked
}

fn policy(name: &str) -> Oid {
    match name.strip_prefix("NIST-test-policy-") {
        Some(number) => Oid::new(&format!("2.16.840.1.101.3.2.1.48.{number}")).unwrap(),
        None => oid::ANY_POLICY,
    }
}
