//! Messages, keys and certificates that nobody in this project made, opened and judged.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use souspli::base::{Address, Secret, UnixTime};
use souspli::keys::SoftwareKey;
use souspli::pki::{Certificate, Trust, certificates_in};
use souspli::smime::verify::Integrity;
use souspli::smime::{OpenError, Opened, PrivateKey, open};
use souspli::view::verdict::{Grade, judge};
use std::path::PathBuf;

const NOW: UnixTime = UnixTime(1_795_000_000);

/// The corpora, unless they are not here.
fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SOUSPLI_CORPORA").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
    println!("skipped: no {name} in the corpora");
    None
}

fn keys(folder: &std::path::Path, files: &[(&str, &str)]) -> Vec<SoftwareKey> {
    let import = |(file, password): &(&str, &str)| {
        SoftwareKey::import(&std::fs::read(folder.join(file)).unwrap(), &Secret::from(*password)).unwrap_or_else(|e| panic!("{file}: {e}"))
    };
    files.iter().flat_map(import).collect()
}

fn opened(message: &[u8], keys: &[SoftwareKey], trust: &Trust) -> Result<Opened, OpenError> {
    let keys: Vec<&dyn PrivateKey> = keys.iter().map(|k| k as &dyn PrivateKey).collect();
    open(message, &keys, trust, NOW)
}

fn trust(file: PathBuf) -> Trust {
    Trust { authorities: certificates_in(&std::fs::read(file).unwrap()) }
}

fn binary(cms: &[u8]) -> Vec<u8> {
    [b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n", cms].concat()
}

/// The text and a signature beside it, as a multipart/signed.
fn beside(text: &[u8], cms: &[u8]) -> Vec<u8> {
    let mut out = b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=bb\r\n\r\n--bb\r\n".to_vec();
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n--bb\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: binary\r\n\r\n");
    out.extend_from_slice(cms);
    out.extend_from_slice(b"\r\n--bb--\r\n");
    out
}

const FOUR_STACKS_KEYS: &[(&str, &str)] = &[("rsa.p12", "test"), ("rsa3.p12", "test"), ("ec.p12", "test")];

/// What our primitives do not do, by name, so that a change shows.
const UNSUPPORTED: &[&str] = &["ossl-enc-oaep-mgf1sha1.der"];

#[test]
fn every_message_of_four_stacks_opens() {
    let Some(folder) = corpus("four-stacks") else { return };
    let keys = keys(&folder, FOUR_STACKS_KEYS);
    let trust = trust(folder.join("ca.pem"));
    let text = std::fs::read(folder.join("m.eml")).unwrap();
    let mut files = 0;
    let mut faults = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let extension = path.extension().and_then(|e| e.to_str());
        if !matches!(extension, Some("ber" | "der" | "eml")) || name == "m.eml" {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let message = if extension == Some("eml") {
            bytes
        } else if name.contains("sig-det") {
            beside(&text, &bytes)
        } else {
            binary(&bytes)
        };
        files += 1;
        let result = opened(&message, &keys, &trust);
        if UNSUPPORTED.contains(&name.as_str()) {
            assert_eq!(result.unwrap_err(), OpenError::Unsupported, "{name}");
            continue;
        }
        match result {
            Err(error) => faults.push(format!("{name}: {error}")),
            Ok(o) if o.content != text => faults.push(format!("{name}: other content, {} octets", o.content.len())),
            Ok(o) if name.contains("sig") && o.signers().next().is_none() => faults.push(format!("{name}: unsigned")),
            Ok(o) => {
                for signer in o.signers() {
                    if signer.integrity != Integrity::Intact || !signer.path.as_ref().is_some_and(Result::is_ok) {
                        faults.push(format!("{name}: {:?} {:?}", signer.integrity, signer.path));
                    }
                }
            }
        }
    }
    assert!(files > 50, "{files}");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn damaged_cms_never_panics_nor_is_verified() {
    let Some(folder) = corpus("four-stacks") else { return };
    let keys = keys(&folder, FOUR_STACKS_KEYS);
    let trust = trust(folder.join("ca.pem"));
    let text = std::fs::read(folder.join("m.eml")).unwrap();
    for name in ["nss-enc.ber", "ossl-authenv-stream.ber", "gpg-sig.ber", "ossl-sig-opaque.der", "ossl-enc-ecdh.der", "bc-comp.ber"] {
        let whole = std::fs::read(folder.join(name)).unwrap();
        let step = whole.len() / 150 + 1;
        for at in (0..whole.len()).step_by(step) {
            let _ = opened(&binary(&whole[..at]), &keys, &trust);
            for bit in [0x01, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= bit;
                let Ok(o) = opened(&binary(&changed), &keys, &trust) else { continue };
                assert!(!name.contains("authenv") || o.content == text, "{name} {at}");
                let intact = o.signers().next().is_some() && o.signers().all(|s| s.integrity == Integrity::Intact);
                assert!(!intact || o.content == text, "{name} {at}");
            }
        }
    }
}

#[test]
fn the_keys_of_rfc_9216_open_and_verify_the_sample_of_rfc_9788() {
    let (Some(keys_folder), Some(folder)) = (corpus("rfc9216"), corpus("rfc9788")) else { return };
    let keys = keys(&keys_folder, &[("4-5-PKCS-12-Object-for-Alice.p12", "alice"), ("5-5-PKCS-12-Object-for-Bob.p12", "bob")]);
    assert!(keys.len() >= 4);
    let trust = trust(keys_folder.join("3-1-RSA-Certification-Authority-Root-Certificate.crt.pem"));
    let message = std::fs::read(folder.join("smime-signed-enc-hp-baseline-legacy.eml")).unwrap();
    let result = opened(&message, &keys, &trust);
    let verdict = judge(&result, &[Address::parse("alice@smime.example").unwrap()]);
    assert_eq!((verdict.grade, verdict.code), (Grade::Verified, "encrypted-signed"), "{verdict:?}");
    assert!(verdict.encrypted && !verdict.text_only);
    let other = judge(&result, &[Address::parse("bob@smime.example").unwrap()]);
    assert_eq!((other.grade, other.code), (Grade::Unassured, "signer-is-not-sender"));
    let stranger = judge(&open(&message, &[], &trust, NOW), &[]);
    assert_eq!((stranger.grade, stranger.code), (Grade::Unopenable, "not-for-me"));
}

#[test]
fn curve_25519_files_are_read() {
    let Some(folder) = corpus("rfc9216") else { return };
    let found = keys(&folder, &[("7-5-PKCS-12-Object-for-Carlos.p12", "carlos"), ("8-5-PKCS-12-Object-for-Dana.p12", "dana")]);
    assert_eq!(found.len(), 4);
}

#[test]
fn nss_oaep_and_ecdh() {
    let Some(folder) = corpus("nss-smime/keys") else { return };
    let keys = keys(&folder, &[("Fran.p12", "nss"), ("Fran-ec.p12", "nss")]);
    for (name, expected) in [
        ("fran-ec_ossl-aes128-sha256.env", None),
        ("fran-ec_ossl-aes256-sha512.env", None),
        ("fran-oaep_ossl.env", None),
        ("fran-oaep-label_ossl.env", None),
        ("fran-oaep-sha256hash-sha256mgf_ossl.env", None),
        ("fran-oaep-sha256hash_ossl.env", Some(OpenError::Unsupported)),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let message = if bytes.starts_with(b"\x30") { binary(&bytes) } else { bytes };
        let result = opened(&message, &keys, &Trust::default());
        assert_eq!(result.as_ref().err().copied(), expected, "{name}");
    }
}

#[test]
fn wrong_passwords_are_said() {
    use souspli::keys::ImportError;
    let Some(folder) = corpus("four-stacks") else { return };
    for file in ["rsa.p12", "rsa-legacy.p12"] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        assert_eq!(SoftwareKey::import(&bytes, &Secret::from("Test")).unwrap_err(), ImportError::WrongPassword);
        assert_eq!(SoftwareKey::import(&bytes[..bytes.len() / 2], &Secret::from("test")).unwrap_err(), ImportError::Unreadable);
        let key = SoftwareKey::import(&bytes, &Secret::from("test")).unwrap().remove(0);
        let again = SoftwareKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(again.certificate(), key.certificate());
    }
}

#[test]
fn pyca_pkcs12_files() {
    let Some(folder) = corpus("pyca-vectors") else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder.join("pkcs12")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "p12") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for password in ["cryptography", "", "password"] {
            if let Ok(contents) = souspli::keys::pkcs12::read(&bytes, &Secret::from(password)) {
                println!("{path:?} {} {}", contents.keys.len(), contents.certificates.len());
                read += 1;
                break;
            }
        }
    }
    assert!(read > 5, "{read}");
}

#[test]
fn certificates_of_pkcs7_bundles() {
    let Some(folder) = corpus("pyca-vectors/pkcs7") else { return };
    for (file, count) in [("amazon-roots.p7b", 5), ("amazon-roots.der", 5), ("isrg.pem", 1)] {
        let found: Vec<Certificate> = certificates_in(&std::fs::read(folder.join(file)).unwrap());
        assert_eq!(found.len(), count, "{file}");
    }
}
