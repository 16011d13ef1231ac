//! x509-limbo: what it says of names of TLS servers is not ours; the path behind them is.

use crate::status::Lists;
use crate::{Case, DAY, corpora, path};
use serde_json::Value;
use souspli::base::UnixTime;
use souspli::pki::path::Policies;
use souspli::pki::{Certificate, Trust, certificates_in};

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
fn found(given: &Value) -> Result<(), String> {
    let all = |key: &str| -> Vec<Certificate> {
        let list = given[key].as_array().unwrap();
        list.iter()
            .flat_map(|pem| certificates_in(pem.as_str().unwrap().as_bytes()))
            .collect()
    };
    let leaf = certificates_in(given["peer_certificate"].as_str().unwrap().as_bytes());
    let Some(leaf) = leaf.first() else {
        return Err("cannot be read".to_owned());
    };
    let (at, intermediates) = (moment(given), all("untrusted_intermediates"));
    let trust = Trust::of(all("trusted_certs"));
    let found = path(leaf, &intermediates, &trust, at, Policies::default());
    let lists: Vec<Vec<u8>> = given["crls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pem| block(pem.as_str().unwrap()))
        .collect();
    if lists.is_empty() {
        return found.map(drop).map_err(|error| error.to_string());
    }
    let issuers: Vec<Certificate> = all("trusted_certs").into_iter().chain(intermediates).collect();
    Lists::of(lists, &issuers, &trust, at).judge(found, at)
}

fn block(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64_simd::STANDARD.decode_to_vec(body).unwrap()
}

fn moment(given: &Value) -> UnixTime {
    let Some(text) = given["validation_time"].as_str() else {
        return DAY;
    };
    let format = time::format_description::well_known::Rfc3339;
    UnixTime(time::OffsetDateTime::parse(text, &format).unwrap().unix_timestamp())
}

const LISTS: &str = "a rule for who issues: the number tells lists of one issuer apart, and a list is read without";
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
const EXCLUDED: [(&str, &str); 25] = [
    ("crl::crlnumber-", LISTS),
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

#[test]
fn no_reason_is_left_over() {
    let cases = cases();
    for (prefix, _) in EXCLUDED {
        assert!(cases.iter().any(|c| c.excluded.is_some() && c.id.starts_with(prefix)), "{prefix}");
    }
}
