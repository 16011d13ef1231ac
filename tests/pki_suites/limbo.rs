//! x509-limbo: what it says of names of TLS servers is not ours; the path behind them is.

use crate::{Case, DAY, corpora, path};
use serde_json::Value;
use souspli::base::UnixTime;
use souspli::pki::path::Policies;
use souspli::pki::{Certificate, PathError, Trust, certificates_in};

pub fn cases() -> Vec<Case> {
    let file = corpora().join("x509-limbo/limbo.json");
    let suite: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    suite["testcases"].as_array().unwrap().iter().map(case).collect()
}

fn case(given: &Value) -> Case {
    let id = given["id"].as_str().unwrap().to_owned();
    let (valid, found) = (given["expected_result"] == "SUCCESS", found(given));
    Case {
        suite: "x509-limbo",
        section: id.rsplit_once("::").unwrap().0.to_owned(),
        title: String::new(),
        excluded: excluded(&id, valid == found.is_ok()),
        valid,
        found,
        id,
    }
}

/// What cannot be read is no way either.
fn found(given: &Value) -> Result<souspli::pki::Path, PathError> {
    let all = |key: &str| -> Vec<Certificate> {
        let list = given[key].as_array().unwrap();
        list.iter()
            .flat_map(|pem| certificates_in(pem.as_str().unwrap().as_bytes()))
            .collect()
    };
    let leaf = certificates_in(given["peer_certificate"].as_str().unwrap().as_bytes());
    let Some(leaf) = leaf.first() else {
        return Err(PathError::Unsupported);
    };
    let trust = Trust::of(all("trusted_certs"));
    path(leaf, &all("untrusted_intermediates"), &trust, moment(given), Policies::default())
}

fn moment(given: &Value) -> UnixTime {
    let Some(text) = given["validation_time"].as_str() else {
        return DAY;
    };
    let format = time::format_description::well_known::Rfc3339;
    UnixTime(time::OffsetDateTime::parse(text, &format).unwrap().unix_timestamp())
}

const LISTS: &str = "asks a revocation list, which a path does not: see `pki::revocation`";
const DEPTH: &str = "asks for a bound of its own; ours is the same for all (`limits::PATH_CERTIFICATES_MAX`)";
const HINTS: &str = "key identifiers are hints of which issuer is meant; a signature that holds needs none, and roots without are in use";
const USE: &str = "a use for TLS servers; the tests of mail's own uses are in tests/pki_path.rs";
const HOST: &str = "the path is right; the names of TLS servers are compared by rustls, not here";
const ISSUERS: &str = "a rule for who issues: what the certificate says is understood and obeyed all the same";
const BOTH: &str = "the suite also says the opposite (`webpki::nc::permitted-dns-match-noncritical`)";
const TLS: &str = "a rule of browsers for TLS servers; who holds a CA's key may sign mail by it (`rfc5280::ca-as-leaf` says so too)";
const SIZES: &str = "a rule of browsers: such a modulus is odd, not weak";
const FIRST: &str =
    "a rule of browsers: RFC 5280 §6.1 lets a first certificate be of version 1, and whatever has no extensions is no authority";
const UNREAD: &str = "not critical, and no path depends on it: whoever reads it (`pki::revocation`) finds nothing there";
const SERIALS: &str = "a rule for who issues; PKITS 4.4.14 and 4.4.16 want odd numbers to be read";

/// Every case that comes out otherwise than the suite says, and why.
const EXCLUDED: [(&str, &str); 27] = [
    ("crl::revoked-certificate-with-crl", LISTS),
    ("crl::crlnumber-", LISTS),
    ("crl::issuer-missing-crlsign", LISTS),
    ("pathlen::max-chain-depth-0-exhausted", DEPTH),
    ("pathlen::max-chain-depth-1-exhausted", DEPTH),
    ("rfc5280::aki::leaf-missing-aki", HINTS),
    ("rfc5280::aki::intermediate-missing-aki", HINTS),
    ("rfc5280::aki::cross-signed-root-missing-aki", HINTS),
    ("rfc5280::ski::root-missing-ski", HINTS),
    ("rfc5280::ski::intermediate-missing-ski", HINTS),
    ("webpki::aki::", HINTS),
    ("rfc5280::eku::ee-wrong-eku", USE),
    ("webpki::eku::", USE),
    ("rfc5280::nc::permitted-dns-match-noncritical", BOTH),
    ("rfc5280::pc::ica-noncritical-pc", ISSUERS),
    ("rfc5280::san::noncritical-with-empty-subject", ISSUERS),
    ("rfc5280::root-non-critical-basic-constraints", ISSUERS),
    ("rfc5280::san::", HOST),
    ("rfc5280::ca-as-leaf-wrong-san", HOST),
    ("webpki::cn::", HOST),
    ("rfc5280::serial::", SERIALS),
    ("webpki::malformed-aia", UNREAD),
    ("webpki::forbidden-rsa-", SIZES),
    ("webpki::v1-cert", FIRST),
    ("webpki::san::", HOST),
    ("webpki::ee-basicconstraints-ca", TLS),
    ("webpki::ca-as-leaf", TLS),
];

fn excluded(id: &str, right: bool) -> Option<&'static str> {
    // Of a family only those that differ are left out.
    let of = |(prefix, why): &(&str, &'static str)| (id.starts_with(prefix) && !right).then_some(*why);
    EXCLUDED.iter().find_map(of)
}
