//! Messages, keys and certificates that nobody in this project made, opened and judged.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use souspli::base::{Address, Secret, UnixTime};
use souspli::keys::SoftwareKey;
use souspli::pki::{Certificate, Trust, certificates_in};
use souspli::smime::verify::Integrity;
use souspli::smime::{OpenError, Opened, PrivateKey, open};
use souspli::view::verdict::{Grade, judge};
use std::path::PathBuf;

const NOW: UnixTime = UnixTime(1_795_400_000);

/// The corpora, unless they are not here.
fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SOUSPLI_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
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
    Trust::of(certificates_in(&std::fs::read(file).unwrap()))
}

fn binary(cms: &[u8]) -> Vec<u8> {
    [
        b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n",
        cms,
    ]
    .concat()
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

/// A letter for two own keys: what is said of its encryption does not hang on which key was imported first.
#[test]
fn the_order_of_own_keys_says_nothing() {
    let Some(folder) = corpus("four-stacks") else { return };
    let mut keys = keys(&folder, FOUR_STACKS_KEYS);
    let message = binary(&std::fs::read(folder.join("ossl-enc-multi-stream.ber")).unwrap());
    let said = |keys: &[SoftwareKey]| opened(&message, keys, &Trust::default()).unwrap().encryption().cloned();
    let first = said(&keys);
    assert!(first.is_some());
    keys.reverse();
    assert_eq!(said(&keys), first);
}

#[test]
fn damaged_cms_never_panics_nor_is_verified() {
    let Some(folder) = corpus("four-stacks") else { return };
    let keys = keys(&folder, FOUR_STACKS_KEYS);
    let trust = trust(folder.join("ca.pem"));
    let text = std::fs::read(folder.join("m.eml")).unwrap();
    for name in [
        "nss-enc.ber",
        "ossl-authenv-stream.ber",
        "gpg-sig.ber",
        "ossl-sig-opaque.der",
        "ossl-enc-ecdh.der",
        "bc-comp.ber",
    ] {
        let whole = std::fs::read(folder.join(name)).unwrap();
        let step = whole.len() / 150 + 1;
        for at in (0..whole.len()).step_by(step) {
            let _ = opened(&binary(&whole[..at]), &keys, &trust);
            for bit in [0x01, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= bit;
                let Ok(o) = opened(&binary(&changed), &keys, &trust) else {
                    continue;
                };
                assert!(!name.contains("authenv") || o.content == text, "{name} {at}");
                let intact = o.signers().next().is_some() && o.signers().all(|s| s.integrity == Integrity::Intact);
                assert!(!intact || o.content == text, "{name} {at}");
            }
        }
    }
}

#[test]
fn the_keys_of_rfc_9216_open_and_verify_the_sample_of_rfc_9788() {
    let (Some(keys_folder), Some(folder)) = (corpus("rfc9216"), corpus("rfc9788")) else {
        return;
    };
    let keys = keys(
        &keys_folder,
        &[
            ("4-5-PKCS-12-Object-for-Alice.p12", "alice"),
            ("5-5-PKCS-12-Object-for-Bob.p12", "bob"),
        ],
    );
    assert!(keys.len() >= 4);
    let trust = trust(keys_folder.join("3-1-RSA-Certification-Authority-Root-Certificate.crt.pem"));
    let message = std::fs::read(folder.join("smime-signed-enc-hp-baseline-legacy.eml")).unwrap();
    let result = opened(&message, &keys, &trust);
    let verdict = judge(&result, &[Address::parse("alice@smime.example").unwrap()]);
    assert_eq!((verdict.grade, verdict.code), (Grade::Verified, "encrypted-signed"), "{verdict:?}");
    assert!(verdict.encrypted && !verdict.text_only());
    let other = judge(&result, &[Address::parse("bob@smime.example").unwrap()]);
    assert_eq!((other.grade, other.code), (Grade::Unassured, "signer-is-not-sender"));
    let stranger = judge(&open(&message, &[], &trust, NOW), &[]);
    assert_eq!((stranger.grade, stranger.code), (Grade::Unopenable, "not-for-me"));
}

#[test]
fn curve_25519_files_are_read() {
    let Some(folder) = corpus("rfc9216") else { return };
    let found = keys(
        &folder,
        &[
            ("7-5-PKCS-12-Object-for-Carlos.p12", "carlos"),
            ("8-5-PKCS-12-Object-for-Dana.p12", "dana"),
        ],
    );
    assert_eq!(found.len(), 4);
}

#[test]
fn nss_oaep_and_ecdh() {
    let Some(folder) = corpus("nss-smime/interop-openssl") else {
        return;
    };
    let keys = keys(&folder, &[("Fran.p12", "nss"), ("Fran-ec.p12", "nss")]);
    let mut read = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "env") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let opened = opened(&binary(&std::fs::read(&path).unwrap()), &keys, &Trust::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(opened.content.is_ascii() && !opened.content.is_empty(), "{name}");
        read += 1;
    }
    assert!(read > 8, "{read}");
}

/// RFC 4134 §5: RSA of 1024 bits with 3DES and RC2. Own keys always open old mail, and its age is named.
#[test]
fn old_own_keys_open_old_mail() {
    let Some(folder) = corpus("rfc4134") else { return };
    let certificate = Certificate::from_der(std::fs::read(folder.join("BobRSASignByCarl.cer")).unwrap()).unwrap();
    let pkcs8 = Secret::new(std::fs::read(folder.join("BobPrivRSAEncrypt.pri")).unwrap());
    let bob = SoftwareKey::new(certificate, Vec::new(), pkcs8).unwrap();
    let bob = [SoftwareKey::from_bytes(&bob.to_bytes()).unwrap()];
    for (file, cipher) in [("5.1.bin", "3DES"), ("5.2.bin", "RC2-40"), ("5.3.eml", "3DES")] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let message = if file.ends_with("eml") { bytes } else { binary(&bytes) };
        let opened = opened(&message, &bob, &Trust::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(
            String::from_utf8_lossy(&opened.content).contains("This is some sample content."),
            "{file}"
        );
        let verdict = judge(&Ok(opened), &[Address::parse("aliceDss@examples.com").unwrap()]);
        assert_eq!((verdict.grade, verdict.text_only()), (Grade::Unassured, true), "{file}");
        assert_eq!(verdict.obsolete, [cipher, "RSA-1024"], "{file}");
    }
    // Too short to sign with.
    let scheme = souspli::smime::SignatureScheme::RsaPkcs1Sha256;
    assert_eq!(bob[0].sign(scheme, b"text"), Err(souspli::smime::KeyError::Unsupported));
}

/// RFC 4134: DSA, SHA-1, RSA of 1024 bits.
#[test]
fn very_old_messages_prove_nothing() {
    let Some(folder) = corpus("rfc4134") else { return };
    let trust = Trust::of(certificates_in(&std::fs::read(folder.join("CarlRSASelf.cer")).unwrap()));
    let mut judged = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let message = match path.extension().and_then(|e| e.to_str()) {
            Some("bin") => binary(&bytes),
            Some("eml") => bytes,
            _ => continue,
        };
        let verdict = judge(
            &open(&message, &[], &trust, NOW),
            &[Address::parse("aliceDss@examples.com").unwrap()],
        );
        assert!(verdict.grade > Grade::Unchecked, "{path:?} {verdict:?}");
        judged += 1;
    }
    assert!(judged > 15, "{judged}");
}

#[test]
fn enveloped_messages_of_pyca() {
    let Some(folder) = corpus("pyca-vectors") else { return };
    let pem = |path: &str| {
        let text = std::fs::read_to_string(folder.join(path)).unwrap();
        let body: String = text.lines().filter(|l| !l.starts_with("-----")).collect();
        base64_simd::STANDARD.decode_to_vec(body).unwrap()
    };
    let certificate = certificates_in(&std::fs::read(folder.join("x509/custom/ca/rsa_ca.pem")).unwrap()).remove(0);
    let mut all = vec![SoftwareKey::new(certificate, Vec::new(), Secret::new(pem("x509/custom/ca/rsa_key.pem"))).unwrap()];
    let Some(rfc9216) = corpus("rfc9216") else { return };
    all.extend(keys(
        &rfc9216,
        &[
            ("4-5-PKCS-12-Object-for-Alice.p12", "alice"),
            ("5-5-PKCS-12-Object-for-Bob.p12", "bob"),
        ],
    ));
    for file in ["enveloped-rsa-oaep.pem", "enveloped-triple-des.pem"] {
        let opened = opened(&binary(&pem(&format!("pkcs7/{file}"))), &all, &Trust::default());
        assert!(opened.as_ref().is_ok_and(|o| !o.content.is_empty()), "{file} {:?}", opened.err());
    }
    // Its serial number is nobody's here.
    assert_eq!(
        opened(&binary(&pem("pkcs7/enveloped.pem")), &all, &Trust::default()).unwrap_err(),
        OpenError::NotForMe
    );
    let empty = std::fs::read(folder.join("pkcs7/enveloped-no-content.der")).unwrap();
    assert!(opened(&binary(&empty), &all, &Trust::default()).is_err());
}

#[test]
fn wrong_passwords_are_said() {
    use souspli::keys::ImportError;
    let Some(folder) = corpus("four-stacks") else { return };
    for file in ["rsa.p12", "rsa-legacy.p12"] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        assert_eq!(
            SoftwareKey::import(&bytes, &Secret::from("Test")).unwrap_err(),
            ImportError::WrongPassword
        );
        assert_eq!(
            SoftwareKey::import(&bytes[..bytes.len() / 2], &Secret::from("test")).unwrap_err(),
            ImportError::Unreadable
        );
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
    for (file, count) in [("amazon-roots.p7b", 2), ("amazon-roots.der", 2), ("isrg.pem", 1)] {
        let found: Vec<Certificate> = certificates_in(&std::fs::read(folder.join(file)).unwrap());
        assert_eq!(found.len(), count, "{file}");
    }
}
