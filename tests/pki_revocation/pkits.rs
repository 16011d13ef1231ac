//! Revocation over the lists of NIST's PKITS: sections 4.4 (lists), 4.5 (self-issued keys), 4.14 (distribution points) and 4.15
//! (delta lists), each test by the path that is found, judged by `pki::revocation` alone.

use crate::corpus;
use souspli::base::UnixTime;
use souspli::pki::crl::{Crl, signer};
use souspli::pki::name::DistinguishedName;
use souspli::pki::revocation::{Held, List, Loaded, Rules, Status, status};
use souspli::pki::{Certificate, Purpose, Trust, path};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Within the validity of everything in PKITS 2011.
const AT: UnixTime = UnixTime(1_600_000_000);

/// X509_V_ERR_CERT_REVOKED, as the table has it of another validator. That one and this refuse test 4.14.30, which NIST accepts: the
/// certificate of the list's signer is judged by the very list that it signed.
const REVOKED: i64 = 23;

struct Suite {
    trust: Trust,
    certificates: Vec<Certificate>,
    lists: Vec<Arc<dyn List>>,
}

impl Held for Suite {
    fn lists(&self, issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        self.lists.iter().filter(|l| l.head().issuer == *issuer).cloned().collect()
    }

    fn answers(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

impl Suite {
    fn read(folder: &Path) -> Self {
        let certificates: Vec<Certificate> = files(&folder.join("certs"))
            .into_iter()
            .filter_map(|f| Certificate::from_der(fs::read(f).unwrap()).ok())
            .collect();
        let anchor = Certificate::from_der(fs::read(folder.join("certs/TrustAnchorRootCertificate.crt")).unwrap()).unwrap();
        let trust = Trust::of(vec![anchor]);
        let mut lists: Vec<Arc<dyn List>> = Vec::new();
        for file in files(&folder.join("crls")) {
            let Ok(crl) = Crl::from_der(fs::read(&file).unwrap()) else {
                continue;
            };
            let Ok(signer) = signer(&crl, &certificates, &trust, AT) else {
                continue;
            };
            if let Ok(loaded) = Loaded::of(&crl, signer) {
                lists.push(Arc::new(loaded));
            }
        }
        Self {
            trust,
            certificates,
            lists,
        }
    }

    fn judge(&self, leaf: &Certificate) -> Result<Status, path::PathError> {
        let found = path::validate(leaf, &self.certificates, &self.trust, AT, Purpose::Sign)?;
        Ok(status(&found, AT, self, &Rules::default()))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn pkits() {
    let Some(folder) = corpus("pkits") else { return };
    let table: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let suite = Suite::read(&folder);
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in table["tests"].as_array().unwrap() {
        let (test, title) = (row["test"].as_str().unwrap(), row["title"].as_str().unwrap());
        if !["4.4.", "4.5.", "4.14.", "4.15."].iter().any(|s| test.starts_with(s)) {
            continue;
        }
        count += 1;
        let name: String = title.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        // The files are not named quite as the tests are.
        let names = [name.clone(), format!("Invalid{name}"), name.replace("CertsCRLTest", "CertsTest")];
        let file = names.iter().find_map(|n| fs::read(folder.join(format!("certs/{n}EE.crt"))).ok());
        let leaf = Certificate::from_der(file.expect(title)).unwrap();
        let judged = suite.judge(&leaf);
        let good = matches!(judged, Ok(Status::Good(_)));
        let revoked = matches!(judged, Ok(Status::Revoked(_)));
        let right = good == (row["expected"] == "valid") && revoked == (row["openssl_code"] == REVOKED);
        println!("{test} {title}: {judged:?}");
        if !right {
            wrong.push(format!("{test} {title}: {judged:?}"));
        }
    }
    assert_eq!(count, 74);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
