//! The samples of RFC 9788, appendix C, made again from the keys of RFC 9216 and shown by the relay: what a mail program gets
//! is the letter with its author's fields. RSA PKCS#1 v1.5 is deterministic, so that where the digest that the RFC prints is
//! known here, what is rebuilt is the sample itself, signature included.

#![allow(clippy::unwrap_used, clippy::expect_used)] // clippy knows tests by their attribute, not their helpers

use souspli::base::{Address, Asker, MessageKey, Place, Secret};
use souspli::config::Config;
use souspli::keys::{self, SoftwareKey};
use souspli::mime::entity::{Entity, Kind, parse};
use souspli::mime::header::Header;
use souspli::pki::algorithm::Digest;
use souspli::pki::{Certificate, certificates_in, der, oid};
use souspli::relay::Relay;
use souspli::relay::port::{Opening, Silence};
use souspli::smime::encrypt::{Method, encrypt};
use souspli::smime::{PrivateKey, SignatureScheme};
use souspli::store::{CertificateFolder, Home, KeysStore, Secrets};
use souspli::view::{Restored, View};
use std::path::{Path, PathBuf};

/// One sample.
struct Sample {
    name: &'static str,
    /// Hours and minutes of its Date, in the zone -0500.
    time: &'static str,
    form: Form,
    scheme: Scheme,
    outside: Outside,
    /// Boundaries of a payload of several parts: mixed, alternative.
    boundaries: Option<[&'static str; 2]>,
    /// Its second paragraph, in lines.
    said: &'static [&'static str],
    /// messageDigest as the RFC has it.
    digest: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// signedData.
    OnePart,
    /// multipart/signed.
    Multipart,
    /// envelopedData around signedData.
    Encrypted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// No protection of fields.
    None,
    Hp,
    /// A legacy display with it.
    HpLegacy,
    Rfc8551,
}

/// The policy for the fields outside (RFC 9788 §3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outside {
    All,
    Baseline,
    Shy,
}

const SIGNED_ONLY: &[&str] = &[
    "This is a signed-only S/MIME message via PKCS#7 signedData.  The",
    "payload is a text/plain message. It uses the Header Protection",
    "scheme from RFC 9788.",
];
const DETACHED: &[&str] = &[
    "This is a signed-only S/MIME message via PKCS#7 detached",
    "signature (multipart/signed).  The payload is a text/plain",
    "message. It uses the Header Protection scheme from RFC 9788.",
];
const COMPLEX_SIGNED: &[&str] = &[
    "This is a signed-only S/MIME message via PKCS#7 signedData.  The",
    "payload is a multipart/alternative message with an inline",
    "image/png attachment. It uses the Header Protection scheme from",
    "RFC 9788.",
];
const COMPLEX_DETACHED: &[&str] = &[
    "This is a signed-only S/MIME message via PKCS#7 detached",
    "signature (multipart/signed).  The payload is a",
    "multipart/alternative message with an inline image/png",
    "attachment. It uses the Header Protection scheme from RFC 9788.",
];
const WRAPPED_SIGNED: &[&str] = &[
    "This is a signed-only S/MIME message via PKCS#7 signedData.  The",
    "payload is a multipart/alternative message with an inline",
    "image/png attachment. It uses the legacy RFC 8551 Header",
    "Protection (RFC8551HP) scheme.",
];
const WRAPPED_DETACHED: &[&str] = &[
    "This is a signed-only S/MIME message via PKCS#7 detached",
    "signature (multipart/signed).  The payload is a",
    "multipart/alternative message with an inline image/png",
    "attachment. It uses the legacy RFC 8551 Header Protection",
    "(RFC8551HP) scheme.",
];
const BASELINE_LEGACY: &[&str] = &[
    "This is a signed-and-encrypted S/MIME message using PKCS#7",
    "envelopedData around signedData.  The payload is a text/plain",
    "message. It uses the Header Protection scheme from RFC 9788 with",
    "the `hcp_baseline` Header Confidentiality Policy with a \"Legacy",
    "Display\" element.",
];
const ENCRYPTED: &[&str] = &["This is a signed-and-encrypted S/MIME message."];

macro_rules! sample {
    ($name:literal $time:literal $form:ident $scheme:ident $outside:ident $boundaries:expr, $said:ident, $digest:literal) => {
        Sample {
            name: $name,
            time: $time,
            form: Form::$form,
            scheme: Scheme::$scheme,
            outside: Outside::$outside,
            boundaries: $boundaries,
            said: $said,
            digest: $digest,
        }
    };
}

#[rustfmt::skip]
const SAMPLES: &[Sample] = &[
    sample!("smime-one-part-hp" "10:06" OnePart Hp All None, SIGNED_ONLY, "2b794e2ea571ce41734c28c2e3fd160f5ba238967fcbccb698a2c33393ff6e3d"),
    sample!("smime-multipart-hp" "10:07" Multipart Hp All None, DETACHED, "1fc9b4ac7a3fb50faaf5ea16f5f0572a578b9c3d4d028303255551fb81368fdd"),
    sample!("smime-one-part-complex-hp" "12:06" OnePart Hp All Some(["ab8", "0f4"]), COMPLEX_SIGNED, "17511357cf4327ee53cf0ccd68407765f3be95ed16f27cdb11fecac5b15be62c"),
    sample!("smime-multipart-complex-hp" "12:07" Multipart Hp All Some(["550", "fcd"]), COMPLEX_DETACHED, "0779d81717fd4f3c29e34dbbf808d90797a494d052525bdca49dd5197159d273"),
    sample!("smime-one-part-complex-rfc8551hp" "12:26" OnePart Rfc8551 All Some(["fcc", "0f8"]), WRAPPED_SIGNED, "96827bf01800b5cb67c183181c45db2bc707d6f7bb09ca348bd6334877cb6b37"),
    sample!("smime-multipart-complex-rfc8551hp" "12:27" Multipart Rfc8551 All Some(["cf8", "e8a"]), WRAPPED_DETACHED, "3daa70aff21ac0974d870d738e7d53421fbb9c0ed277bd874abf4bdd0a75b348"),
    sample!("smime-signed-enc-hp-baseline-legacy" "10:10" Encrypted HpLegacy Baseline None, BASELINE_LEGACY, ""),
    sample!("smime-signed-enc-hp-baseline" "10:09" Encrypted Hp Baseline None, ENCRYPTED, ""),
    sample!("smime-signed-enc-hp-shy" "10:12" Encrypted Hp Shy None, ENCRYPTED, ""),
    sample!("smime-signed-enc-hp-shy-legacy" "10:13" Encrypted HpLegacy Shy None, ENCRYPTED, ""),
    sample!("smime-signed-enc-complex-hp-baseline" "12:09" Encrypted Hp Baseline Some(["d3e", "a1c"]), ENCRYPTED, ""),
    sample!("smime-signed-enc-complex-hp-baseline-legacy" "12:10" Encrypted HpLegacy Baseline Some(["d3f", "a1d"]), ENCRYPTED, ""),
    sample!("smime-signed-enc-complex-hp-shy-legacy" "12:13" Encrypted HpLegacy Shy Some(["d40", "a1e"]), ENCRYPTED, ""),
    sample!("smime-signed-enc-complex-rfc8551hp-baseline" "12:29" Encrypted Rfc8551 Baseline Some(["d41", "a1f"]), ENCRYPTED, ""),
    sample!("smime-one-part" "10:02" OnePart None All None, SIGNED_ONLY, ""),
    sample!("smime-signed-enc" "10:05" Encrypted None All None, ENCRYPTED, ""),
];

const PNG: &str = "\
iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAYAAACNiR0NAAAAcElEQVR42uVTOxbA
MAgS739nO3TpRw20dqpbfARQEjOywiwYnCtkDKnbcLk66sqlT+zt9cidkE+6KwkZ
sgrzfcqVMpL2jo0447gYDpeArk+OnJHkIhAfTPRicihAf5YJrw7vjv0ZWRWM/uli
vdPf1QZ2kDD9xppd8wAAAABJRU5ErkJggg==
";

impl Sample {
    /// The fields that Alice wrote.
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Subject", self.name.to_owned()),
            ("Message-ID", format!("<{}@example>", self.name)),
            ("From", "Alice <alice@smime.example>".to_owned()),
            ("To", "Bob <bob@smime.example>".to_owned()),
            ("Date", format!("Sat, 20 Feb 2021 {}:02 -0500", self.time)),
            ("User-Agent", "Sample MUA Version 1.0".to_owned()),
        ]
    }

    /// The same as the provider sees them (§3.2.1, §3.2.2).
    fn outer_fields(&self) -> Vec<(&'static str, String)> {
        let shown = |(name, value): (&'static str, String)| match (self.outside, name) {
            (Outside::Baseline | Outside::Shy, "Subject") => (name, "[...]".to_owned()),
            (Outside::Shy, "From") => (name, "alice@smime.example".to_owned()),
            (Outside::Shy, "To") => (name, "bob@smime.example".to_owned()),
            (Outside::Shy, "Date") => (name, format!("Sat, 20 Feb 2021 {} +0000", self.utc())),
            _ => (name, value),
        };
        self.fields().into_iter().map(shown).collect()
    }

    fn utc(&self) -> String {
        let (hour, minute) = self.time.split_once(':').unwrap();
        format!("{:02}:{minute}:02", hour.parse::<u8>().unwrap() + 5)
    }

    fn is_legacy(&self) -> bool {
        self.scheme == Scheme::HpLegacy
    }

    /// The lines that a reader without header protection sees above the text (§5.2.2).
    fn display(&self) -> String {
        let hidden = self
            .fields()
            .into_iter()
            .zip(self.outer_fields())
            .filter(|(inner, outer)| inner != outer);
        hidden.map(|((name, value), _)| format!("{name}: {value}\n")).collect()
    }

    /// The innermost part, with bare line ends.
    fn payload(&self) -> String {
        let fields = written(&self.fields(), "");
        if self.scheme == Scheme::Rfc8551 {
            let kind = format!("Content-Type: multipart/mixed; boundary=\"{}\"\n", self.boundaries.unwrap()[0]);
            return format!(
                "MIME-Version: 1.0\nContent-Type: message/rfc822\n\nMIME-Version: 1.0\n{kind}{fields}\n{}",
                self.body()
            );
        }
        let parameter = if self.form == Form::Encrypted { "cipher" } else { "clear" };
        let (fields, hp) = match (self.scheme, self.form) {
            (Scheme::None, _) => (String::new(), String::new()),
            (_, Form::Encrypted) => (
                fields + &written(&self.outer_fields(), "HP-Outer: "),
                format!("; hp=\"{parameter}\""),
            ),
            _ => (fields, format!("; hp=\"{parameter}\"")),
        };
        match self.boundaries {
            None => {
                let legacy = if self.is_legacy() { ";\n hp-legacy-display=\"1\"" } else { "" };
                let kind = format!("Content-Type: text/plain; charset=\"utf-8\"{legacy}{hp}\n");
                format!(
                    "MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n{fields}{kind}\n{}",
                    self.text()
                )
            }
            Some([mixed, _]) => format!(
                "MIME-Version: 1.0\n{fields}Content-Type: multipart/mixed; boundary=\"{mixed}\"{hp}\n\n{}",
                self.body()
            ),
        }
    }

    fn text(&self) -> String {
        let display = if self.is_legacy() { self.display() + "\n" } else { String::new() };
        let said = self.said.join("\n");
        format!(
            "{display}This is the\n{}\nmessage.\n\n{said}\n\n-- \nAlice\nalice@smime.example\n",
            self.name
        )
    }

    fn html(&self) -> String {
        let display = match self.is_legacy() {
            true => format!(
                "<div class=\"header-protection-legacy-display\">\n<pre>{}</pre></div>\n",
                self.display().trim_end()
            ),
            false => String::new(),
        };
        let said = self.said.join("\n");
        format!(
            "<html><head><title></title></head><body>\n{display}<p>This is the\n<b>{}</b>\nmessage.</p>\n<p>{said}</p>\n\
             <p><tt>-- <br/>Alice<br/>alice@smime.example</tt></p></body></html>\n",
            self.name
        )
    }

    /// The parts of a payload of several.
    fn body(&self) -> String {
        let [mixed, alternative] = self.boundaries.unwrap();
        let legacy = if self.is_legacy() { "; hp-legacy-display=\"1\"" } else { "" };
        let kind =
            |kind| format!("Content-Type: text/{kind}; charset=\"us-ascii\"{legacy}\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n");
        format!(
            "--{mixed}\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"{alternative}\"\n\n--{alternative}\n{}\n{}\
             --{alternative}\n{}\n{}--{alternative}--\n\n--{mixed}\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\
             Content-Disposition: inline\n\n{PNG}\n--{mixed}--\n",
            kind("plain"),
            self.text(),
            kind("html"),
            self.html(),
        )
    }

    /// What is signed. The RFC's opaque sample of a wrapped message has bare line ends inside, the others none.
    fn signed_octets(&self) -> Vec<u8> {
        let payload = self.payload();
        if self.scheme == Scheme::Rfc8551 && self.form == Form::OnePart {
            let (head, message) = payload.split_once("\n\n").unwrap();
            return [head.replace('\n', "\r\n").as_str(), "\r\n\r\n", message].concat().into_bytes();
        }
        payload.replace('\n', "\r\n").into_bytes()
    }

    /// SignedData as the RFC's tool writes it.
    fn cms(&self, alice: &Alice, content: &[u8]) -> Vec<u8> {
        let sha256 = der::algorithm(oid::SHA256, &[]);
        let attribute = |kind, value: Vec<u8>| der::sequence(&[&der::oid(kind), &der::tlv(0x31, &[&value])]);
        let digest = Digest::Sha256.of(&[content]);
        let time = format!("210220{}Z", self.utc().replace(':', ""));
        let attributes = der::set(&[
            attribute(oid::CONTENT_TYPE, der::oid(oid::DATA)),
            attribute(oid::SIGNING_TIME, der::tlv(0x17, &[time.as_bytes()])),
            attribute(oid::MESSAGE_DIGEST, der::octets(&digest)),
        ]);
        let signature = alice.signing.sign(SignatureScheme::RsaPkcs1Sha256, &attributes).unwrap();
        let mut tagged = attributes;
        tagged[0] = 0xa0;
        let signer = der::sequence(&[
            &der::small(1),
            &alice.signing.certificate().issuer_and_serial(),
            &sha256,
            &tagged,
            &der::algorithm(oid::RSA, &der::null()),
            &der::octets(&signature),
        ]);
        let inside = match self.form {
            Form::Multipart => Vec::new(),
            Form::OnePart | Form::Encrypted => der::tlv(0xa0, &[&der::octets(content)]),
        };
        let signed = der::sequence(&[
            &der::small(1),
            &der::set(&[sha256]),
            &der::sequence(&[&der::oid(oid::DATA), &inside]),
            &der::tlv(0xa0, &[alice.encryption.der(), alice.signing.certificate().der()]),
            &der::set(&[signer]),
        ]);
        der::sequence(&[&der::oid(oid::SIGNED_DATA), &der::tlv(0xa0, &[&signed])])
    }

    /// The whole message.
    fn message(&self, alice: &Alice) -> Vec<u8> {
        let content = self.signed_octets();
        let cms = self.cms(alice, &content);
        let outer = written(&self.outer_fields(), "");
        let base64 = |kind: &str| format!("Content-Transfer-Encoding: base64\r\nContent-Type: application/pkcs7-{kind}").into_bytes();
        let opaque = || {
            [
                base64("mime; name=\"smime.p7m\";\r\n smime-type=\"signed-data\"\r\n\r\n"),
                lines(&cms),
            ]
            .concat()
        };
        let entity = match self.form {
            Form::OnePart => opaque(),
            Form::Multipart => {
                let head = "MIME-Version: 1.0\r\nContent-Type: multipart/signed;\r\n protocol=\"application/pkcs7-signature\"; boundary=\"a64\";\r\n micalg=\"sha-256\"\r\n\r\n--a64\r\n";
                let signature = base64("signature; name=\"smime.p7s\"\r\n\r\n");
                [
                    head.as_bytes(),
                    &content,
                    b"\r\n--a64\r\n",
                    &signature,
                    &lines(&cms),
                    b"\r\n--a64--\r\n",
                ]
                .concat()
            }
            Form::Encrypted => encrypt(opaque(), &[&alice.bob], Method::default(), keys::material().unwrap())
                .unwrap()
                .to_vec()
                .unwrap(),
        };
        [outer.replace('\n', "\r\n").into_bytes(), entity].concat()
    }
}

fn written(fields: &[(&str, String)], prefix: &str) -> String {
    fields.iter().map(|(name, value)| format!("{prefix}{name}: {value}\n")).collect()
}

/// Base64 in lines of 64, as the RFC has it.
fn lines(octets: &[u8]) -> Vec<u8> {
    souspli::mime::encode::base64_wrapped(octets, 64)
}

/// The keys of RFC 9216.
struct Alice {
    signing: SoftwareKey,
    encryption: Certificate,
    bob: Certificate,
}

fn corpus(name: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("SOUSPLI_CORPORA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
    println!("skipped: no {name} in the corpora");
    None
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Some corpora have their PKCS#12 files in lines of base64.
fn unarmoured(file: Vec<u8>) -> Vec<u8> {
    match file.strip_prefix(b"-----BEGIN PKCS12-----") {
        Some(body) => souspli::mime::encode::base64_decode(body.split(|b| *b == b'-').next().unwrap()),
        None => file,
    }
}

fn certificate(folder: &Path, name: &str) -> Certificate {
    certificates_in(&file(folder, name)).remove(0)
}

fn alice(folder: &Path) -> Alice {
    let keys = SoftwareKey::import(&file(folder, "4-5-PKCS-12-Object-for-Alice.p12"), &Secret::from("alice")).unwrap();
    let signing = certificate(folder, "4-1-Alice-s-Signature-Verification-End-Entity-Certificate.crt.pem");
    Alice {
        signing: keys.into_iter().find(|k| k.certificate().der() == signing.der()).unwrap(),
        encryption: certificate(folder, "4-3-Alice-s-Encryption-End-Entity-Certificate.crt.pem"),
        bob: certificate(folder, "5-3-Bob-s-Encryption-End-Entity-Certificate.crt.pem"),
    }
}

/// A relay in a home that holds these keys and trusts this authority.
fn relay(keys: &[(&Path, &str, &str)], authority: &[u8]) -> (tempfile::TempDir, Relay) {
    let guard = tempfile::tempdir().unwrap();
    let home = Home::open(guard.path()).unwrap();
    let secrets = Secrets::ephemeral().unwrap();
    let account = Address::parse("bob@smime.example").unwrap();
    for (folder, name, password) in keys {
        for key in SoftwareKey::import(&unarmoured(file(folder, name)), &Secret::from(*password)).unwrap() {
            KeysStore::new(&home, secrets.clone()).put(&account, &key.to_bytes()).unwrap();
        }
    }
    for authority in certificates_in(authority) {
        CertificateFolder::new(home.trust()).put(authority.der()).unwrap();
    }
    let relay = Relay::open(Config::default(), &home, &secrets).unwrap();
    (guard, relay)
}

fn bobs_relay(folder: &Path) -> (tempfile::TempDir, Relay) {
    let keys = [(folder, "5-5-PKCS-12-Object-for-Bob.p12", "bob")];
    relay(&keys, &file(folder, "3-1-RSA-Certification-Authority-Root-Certificate.crt.pem"))
}

/// Media types of the leaves, and the texts among them.
fn leaves(bytes: &[u8], entity: &Entity, out: &mut Vec<(String, String)>) {
    match &entity.kind {
        Kind::Leaf => out.push((
            entity.media_type.clone(),
            String::from_utf8_lossy(&bytes[entity.body.clone()]).into_owned(),
        )),
        _ => entity.children().iter().for_each(|child| leaves(bytes, child, out)),
    }
}

#[test]
fn every_sample_shows_its_authors_fields_and_text() {
    let Some(folder) = corpus("rfc9216") else { return };
    let (alice, (_guard, relay)) = (alice(&folder), bobs_relay(&folder));
    for sample in SAMPLES {
        let name = sample.name;
        let digest: String = Digest::Sha256
            .of(&[&sample.signed_octets()])
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert!(sample.digest.is_empty() || digest == sample.digest, "{name}: not the RFC's octets");
        let stored = sample.message(&alice);
        let opened = relay.open_by_hand(stored.clone()).unwrap();
        let json = opened.json();
        let code = if sample.form == Form::Encrypted {
            "encrypted-signed"
        } else {
            "signed"
        };
        assert_eq!(
            (json["grade"].as_str(), json["code"].as_str()),
            (Some("verified"), Some(code)),
            "{name}"
        );
        let protected = sample.scheme != Scheme::None;
        let shown = if protected { sample.fields() } else { sample.outer_fields() };
        let header = Header::parse(opened.bytes()).0;
        for (field, value) in &shown {
            assert_eq!(header.text(field).as_ref(), Some(value), "{name}: {field}");
            assert_eq!(header.all(field).count(), 1, "{name}: {field}");
        }
        assert_eq!(json["subject"].as_str(), Some(shown[0].1.as_str()), "{name}");
        assert_eq!(opened.bytes().len(), stored.len(), "{name}: the size of what is stored");
        assert!(
            header.first("HP-Outer").is_none() && header.first("X-Souspli-Verdict").is_some(),
            "{name}"
        );
        let mut found = Vec::new();
        leaves(opened.bytes(), &parse(opened.bytes()), &mut found);
        let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
        let several: &[&str] = &["text/plain", "text/html", "image/png"];
        assert_eq!(kinds, if sample.boundaries.is_some() { several } else { &several[..1] }, "{name}");
        for (_, text) in found.iter().filter(|(kind, _)| kind.starts_with("text/")) {
            assert!(text.contains("This is the") && text.contains(name), "{name}: {text}");
            assert!(!text.contains("Subject:") && !text.contains("legacy-display"), "{name}: {text}");
        }
    }
}

/// The sample of the corpora, and the same one rebuilt: inside its envelope the octets are the same.
#[test]
fn what_is_rebuilt_is_what_the_rfc_prints() {
    let (Some(folder), Some(samples)) = (corpus("rfc9216"), corpus("rfc9788")) else {
        return;
    };
    let sample = SAMPLES.iter().find(|s| s.name == "smime-signed-enc-hp-baseline-legacy").unwrap();
    let bob = SoftwareKey::import(&file(&folder, "5-5-PKCS-12-Object-for-Bob.p12"), &Secret::from("bob")).unwrap();
    let keys: Vec<&dyn PrivateKey> = bob.iter().map(|k| k as &dyn PrivateKey).collect();
    let now = souspli::base::UnixTime(1_795_400_000);
    let stored = file(&samples, "smime-signed-enc-hp-baseline-legacy.eml");
    let opened = souspli::smime::open(&stored, &keys, &souspli::pki::Trust::default(), now).unwrap();
    let folded = String::from_utf8(opened.content).unwrap().replace("HP-Outer:\r\n ", "HP-Outer: ");
    assert_eq!(folded.as_bytes(), sample.signed_octets());
    let (_guard, relay) = bobs_relay(&folder);
    let json = relay.open_by_hand(stored.clone()).unwrap().json();
    assert_eq!(
        (json["code"].as_str(), json["subject"].as_str(), json["from"].as_str()),
        (Some("encrypted-signed"), Some(sample.name), Some("Alice <alice@smime.example>"))
    );
}

/// The older scheme: what it protected is shown, its display part goes, and its authors' own words stay.
#[test]
fn messages_of_the_older_scheme_show_their_fields() {
    let Some(folder) = corpus("autocrypt-protected-headers") else {
        return;
    };
    let (_guard, relay) = relay(&[(&folder, "bob.p12", "bob")], &file(&folder, "sample-ca.pem"));
    let (contract, signed) = ("The FooCorp contract", "BarCorp contract signed, let's go!");
    for (name, code, subject) in [
        ("smime-onepart-signed", "signed", contract),
        ("smime-multipart-signed", "signed", contract),
        ("smime-enc+legacy-disp", "encrypted-unsigned", signed),
        ("smime-sign+enc", "encrypted-signed", signed),
        ("smime-sign+enc+legacy-disp", "encrypted-signed", signed),
    ] {
        let stored = file(&folder, &format!("{name}.eml"));
        let stored: Vec<u8> = String::from_utf8(stored)
            .unwrap()
            .replace("\r\n", "\n")
            .replace('\n', "\r\n")
            .into_bytes();
        let opened = relay.open_by_hand(stored.clone()).unwrap();
        let json = opened.json();
        assert_eq!(
            (json["code"].as_str(), json["subject"].as_str()),
            (Some(code), Some(subject)),
            "{name}: {json}"
        );
        let mut found = Vec::new();
        leaves(opened.bytes(), &parse(opened.bytes()), &mut found);
        assert_eq!(found.len(), 1, "{name}");
        assert!(
            found[0].1.contains(&format!("'{name}' message")) && !found[0].1.contains("Subject:"),
            "{name}: {}",
            found[0].1
        );
        let header = Header::parse(opened.bytes()).0;
        assert!(header.text("Received").is_some() && header.text("From").as_deref() == Some("Alice Lovelace <alice@smime.example>"));
    }
}

/// A list is never refused for a key that is locked: what it told then, the View says later, and the Subject stands in the text.
#[test]
fn what_a_list_told_before_a_message_could_be_opened_stays_said() {
    let Some(folder) = corpus("rfc9216") else { return };
    let (alice, (_guard, relay)) = (alice(&folder), bobs_relay(&folder));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let view = |key: &MessageKey, stored: &[u8]| {
        runtime.block_on(async {
            tokio::task::block_in_place(|| relay.view(key, stored.to_vec(), Asker::Program, Silence::Kept))
                .await
                .unwrap()
        })
    };
    for (uid, sample) in (1..).step_by(2).zip(SAMPLES.iter().filter(|s| s.outside != Outside::All)) {
        let key = |uid| MessageKey {
            account: "bob@smime.example".into(),
            place: Place::Mailbox {
                mailbox: "INBOX".into(),
                uidvalidity: 1,
                uid,
            },
        };
        let (told, untold) = (key(uid), key(uid + 1));
        let stored = sample.message(&alice);
        assert_eq!((relay.header(&told), relay.header(&untold)), (None, None));
        relay.stored_header_told(&told);
        let (outer, inner) = (view(&told, &stored), view(&untold, &stored));
        let header = |view: &View| Header::parse(view.bytes()).0.text("Subject").unwrap();
        assert_eq!((header(&outer).as_str(), header(&inner).as_str()), ("[...]", sample.name));
        assert_eq!(relay.header(&told), Some(Restored::default()), "{}", sample.name);
        assert_eq!(relay.header(&untold).as_ref(), Some(inner.restored()), "{}", sample.name);
        let mut found = Vec::new();
        leaves(outer.bytes(), outer.entity(), &mut found);
        for (_, text) in found.iter().filter(|(kind, _)| kind.starts_with("text/")) {
            assert_eq!(
                text.matches(&format!("Subject: {}", sample.name)).count(),
                1,
                "{}: {text}",
                sample.name
            );
        }
        // From what is kept, not from the Views in memory.
        relay.forget_views();
        assert_eq!(relay.header(&told), Some(Restored::default()), "{}", sample.name);
        assert_eq!(relay.header(&untold).as_ref(), Some(inner.restored()), "{}", sample.name);
        assert_eq!(view(&told, &stored).bytes(), outer.bytes());
        assert_eq!(view(&untold, &stored).bytes(), inner.bytes());
    }
}
