//! Authorities of pyca's certvalidator under algorithms that the other suites do not have, as mail uses them.

use crate::corpora;
use souspli::base::UnixTime;
use souspli::pki::path::{PathError, Purpose, validate};
use souspli::pki::{Certificate, Trust, certificates_in};

const JUNE_2020: UnixTime = UnixTime(1_591_000_000);
const JUNE_2026: UnixTime = UnixTime(1_780_300_000);

fn said(folder: &str, leaf: &str, at: UnixTime) -> Result<usize, PathError> {
    let folder = corpora().join("certvalidator").join(folder);
    let read = |name: &str| -> Certificate {
        let pem = std::fs::read(folder.join(format!("{name}.cert.pem"))).unwrap();
        certificates_in(&pem).remove(0)
    };
    let trust = Trust::of(vec![read("root")]);
    validate(&read(leaf), &[read("interm")], &trust, at, Purpose::Sign).map(|path| path.certificates.len())
}

#[test]
fn keys_of_other_kinds() {
    let ended = |seconds| Err(PathError::Expired { until: UnixTime(seconds) });
    for (folder, leaf, at, wanted) in [
        ("testing-ca-ed25519", "signer", JUNE_2020, Ok(3)),
        ("testing-ca-ed25519", "signer", JUNE_2026, ended(1_609_459_200)),
        ("testing-ca-ed25519", "tsa", JUNE_2020, Err(PathError::WrongUsage)),
        ("testing-ca-ed25519", "ocsp", JUNE_2020, Err(PathError::WrongUsage)),
        ("testing-ca-ed448", "signer", JUNE_2020, Err(PathError::Unsupported)),
        ("testing-ca-pss", "signer1", JUNE_2020, Ok(3)),
        ("testing-ca-pss-exclusive", "signer1", JUNE_2020, Ok(3)),
        ("testing-ca-pss-exclusive", "signer1", JUNE_2026, ended(1_640_995_200)),
    ] {
        assert_eq!(said(folder, leaf, at), wanted, "{folder} {leaf}");
    }
}
