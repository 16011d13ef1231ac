//! What is sealed here, `openssl cms` opens and verifies; what it seals, is opened here. Skipped where there is no openssl.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use souspli::base::{Address, Secret, UnixTime};
use souspli::keys::{SoftwareKey, material};
use souspli::mime::encode::base64_lines;
use souspli::pki::{Certificate, Trust, certificates_in};
use souspli::smime::encrypt::{self, Cipher, EncryptError, Material, Method, Transport};
use souspli::smime::sign::{Form, Signer, prepare};
use souspli::smime::verify::Integrity;
use souspli::smime::{Opened, PrivateKey, SignatureScheme, field, open};
use souspli::view::verdict::{Grade, Verdict, judge};
use std::path::Path;
use std::process::{Command, Stdio};

const ENTITY: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n\r\nCompte rendu.\r\n.\r\nFin sans saut de ligne";

#[test]
fn openssl_reads_what_is_sealed_here() {
    let Some(lab) = Lab::new() else { return };
    for (name, scheme) in [
        ("rsa", SignatureScheme::RsaPkcs1Sha256),
        ("rsa", SignatureScheme::RsaPssSha256),
        ("p256", SignatureScheme::EcdsaP256Sha256),
        ("p384", SignatureScheme::EcdsaP384Sha384),
    ] {
        let key = lab.key(name);
        for form in [Form::Opaque, Form::Detached] {
            let signed = sign(&key, form, scheme);
            for (cipher, transport) in [(Cipher::Aes256Cbc, Transport::Pkcs1), (Cipher::Aes256Gcm, Transport::OaepSha256)] {
                let sealed = encrypt(&signed, &[key.certificate()], Method { cipher, transport }, material().unwrap()).unwrap();
                let inner = lab.openssl(
                    &[
                        "cms",
                        "-decrypt",
                        "-recip",
                        &format!("{name}.pem"),
                        "-inkey",
                        &format!("{name}.key"),
                    ],
                    &sealed,
                );
                assert_eq!(inner, signed, "{name} {form:?} {cipher:?}");
                let text = lab.openssl(&["cms", "-verify", "-CAfile", "ca.pem", "-purpose", "any"], &inner);
                assert_eq!(text, ENTITY, "{name} {scheme:?} {form:?}");
                let verdict = judged(&lab, &sealed, &[&key], name);
                assert_eq!((verdict.grade, verdict.code), (Grade::Verified, "encrypted-signed"), "{name}");
            }
        }
    }
}

#[test]
fn what_openssl_seals_is_opened_here() {
    let Some(lab) = Lab::new() else { return };
    for name in ["rsa", "p256", "p384"] {
        let key = lab.key(name);
        let (certificate, private) = (format!("{name}.pem"), format!("{name}.key"));
        let signed = lab.openssl(
            &[
                "cms",
                "-sign",
                "-nodetach",
                "-binary",
                "-stream",
                "-signer",
                &certificate,
                "-inkey",
                &private,
            ],
            ENTITY,
        );
        let sealed = lab.openssl(&["cms", "-encrypt", "-binary", "-stream", "-aes256", &certificate], &signed);
        let opened = open(&sealed, &[&key], &lab.trust(), now()).unwrap();
        assert_eq!(opened.content, ENTITY);
        assert_eq!(judged(&lab, &sealed, &[&key], name).code, "encrypted-signed");
        let beside = lab.openssl(&["cms", "-sign", "-binary", "-signer", &certificate, "-inkey", &private], ENTITY);
        assert_eq!(judged(&lab, &beside, &[], name).code, "signed");
    }
}

/// Signatures and paddings that few programs write: read, and called what they are.
#[test]
fn a_key_file_in_the_armour_of_text_is_read() {
    let Some(lab) = Lab::new() else { return };
    let file = std::fs::read(lab.path().join("rsa.p12")).unwrap();
    let lines = String::from_utf8(base64_lines(&file)).unwrap();
    for (before, end, read) in [
        ("", "-----END PKCS12-----\n", true),
        ("Bag Attributes: x\r\n", "-----END PKCS12-----", true),
        ("", "", false),
        ("", "-----END CERTIFICATE-----", false),
    ] {
        let armoured = format!("{before}-----BEGIN PKCS12-----\n{lines}{end}");
        let keys = SoftwareKey::import(armoured.as_bytes(), &Secret::from("secret"));
        assert_eq!(keys.is_ok_and(|keys| keys.len() == 1), read, "{before:?} {end:?}");
    }
}

#[test]
fn unusual_rsa_is_read_and_named() {
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    for (digest, options, algorithm, code) in [
        ("sha224", &[][..], "RSA-PKCS1v1.5-SHA-224", "signed"),
        ("sha256", &["rsa_padding_mode:pss"], "RSA-PSS-SHA-256", "signed"),
        (
            "sha384",
            &["rsa_padding_mode:pss", "rsa_pss_saltlen:7"],
            "RSA-PSS-SHA-384",
            "signed",
        ),
        ("sha1", &["rsa_padding_mode:pss"], "RSA-PSS-SHA-1", "signature-obsolete"),
        (
            "sha256",
            &["rsa_padding_mode:pss", "rsa_mgf1_md:sha1"],
            "RSA-PSS-SHA-256-MGF1-SHA-1",
            "signed",
        ),
    ] {
        let mut arguments = vec![
            "cms",
            "-sign",
            "-nodetach",
            "-binary",
            "-md",
            digest,
            "-signer",
            "rsa.pem",
            "-inkey",
            "rsa.key",
        ];
        arguments.extend(options.iter().flat_map(|o| ["-keyopt", o]));
        let signed = lab.openssl(&arguments, ENTITY);
        let opened = open(&signed, &[], &lab.trust(), now()).unwrap();
        let signer = opened.signers().next().unwrap();
        assert_eq!((signer.algorithm.as_str(), signer.integrity), (algorithm, Integrity::Intact));
        assert_eq!(judge(&Ok(opened), &[from("rsa")]).code, code, "{algorithm}");
        // The same attributes signed by somebody else.
        let mut forged = signed.clone();
        let at = forged.len() - 200;
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let grade = judge(&open(&forged, &[], &lab.trust(), now()), &[from("rsa")]).grade;
        assert!(grade > Grade::Unassured, "{algorithm}");
    }
    for options in [
        &["rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"][..],
        &["rsa_oaep_md:sha1", "rsa_mgf1_md:sha512"],
        &["rsa_oaep_md:sha224"],
    ] {
        let mut arguments = vec![
            "cms",
            "-encrypt",
            "-binary",
            "-aes256",
            "-recip",
            "rsa.pem",
            "-keyopt",
            "rsa_padding_mode:oaep",
        ];
        arguments.extend(options.iter().flat_map(|o| ["-keyopt", o]));
        let sealed = lab.openssl(&arguments, ENTITY);
        assert_eq!(open(&sealed, &[&key], &lab.trust(), now()).unwrap().content, ENTITY, "{options:?}");
    }
}

/// What was good enough once proves nothing today: hashes that collide, keys that are factored.
#[test]
fn obsolete_signatures_prove_nothing() {
    let Some(lab) = Lab::new() else { return };
    lab.leaf("short", &["rsa:1024"]);
    lab.leaf("tiny", &["rsa:768"]);
    for (name, digest, code) in [
        ("rsa", "sha1", "signature-obsolete"),
        ("rsa", "md5", "signature-not-checked"),
        ("p256", "sha1", "signature-obsolete"),
        ("short", "sha256", "signature-obsolete"),
        ("tiny", "sha256", "signature-not-checked"),
    ] {
        let (certificate, private) = (format!("{name}.pem"), format!("{name}.key"));
        let arguments = [
            "cms",
            "-sign",
            "-nodetach",
            "-binary",
            "-md",
            digest,
            "-signer",
            &certificate,
            "-inkey",
            &private,
        ];
        let verdict = judged(&lab, &lab.openssl(&arguments, ENTITY), &[], name);
        assert_eq!((verdict.grade, verdict.code), (Grade::Unassured, code), "{name} {digest}");
    }
}

#[test]
fn several_recipients_each_open_it() {
    let Some(lab) = Lab::new() else { return };
    let keys = ["rsa", "p256", "p384"].map(|n| lab.key(n));
    let certificates: Vec<&Certificate> = keys.iter().map(|k| k.certificate()).collect();
    let sealed = encrypt(ENTITY, &certificates, Method::default(), material().unwrap()).unwrap();
    for key in &keys {
        assert_eq!(open(&sealed, &[key], &lab.trust(), now()).unwrap().content, ENTITY);
    }
    let verdict = judged(&lab, &sealed, &[&keys[0]], "rsa");
    assert_eq!(
        (verdict.grade, verdict.code, verdict.text_only()),
        (Grade::Unassured, "encrypted-unsigned", true)
    );
    assert_eq!(
        encrypt(ENTITY, &[], Method::default(), material().unwrap()),
        Err(EncryptError::NoRecipient)
    );
}

#[test]
fn a_changed_text_is_altered() {
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    let signed = sign(&key, Form::Detached, SignatureScheme::RsaPkcs1Sha256);
    let at = memchr::memmem::find(&signed, b"Compte").unwrap();
    let mut changed = signed.clone();
    changed[at] = b'c';
    let verdict = judged(&lab, &changed, &[], "rsa");
    assert_eq!(
        (verdict.grade, verdict.code, verdict.text_only()),
        (Grade::Altered, "altered", true)
    );
    let strangers = judge(&open(&signed, &[], &Trust::default(), now()).map(|o: Opened| o), &[from("rsa")]);
    assert_eq!((strangers.grade, strangers.code), (Grade::Unassured, "unknown-authority"));
    let two = judge(&open(&signed, &[], &lab.trust(), now()), &[from("rsa"), from("p256")]);
    assert_eq!(two.code, "signer-is-not-sender");
}

#[test]
fn a_signature_around_the_encryption_assures_nothing() {
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    let sealed = encrypt(ENTITY, &[key.certificate()], Method::default(), material().unwrap()).unwrap();
    let outside = finish(&key, &sealed, Form::Opaque, SignatureScheme::RsaPkcs1Sha256);
    let verdict = judged(&lab, &outside, &[&key], "rsa");
    assert_eq!(
        (verdict.grade, verdict.code, verdict.text_only()),
        (Grade::Unassured, "signed-outside-only", true)
    );
}

#[test]
fn deceptive_structures_are_told() {
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    let opaque = sign(&key, Form::Opaque, SignatureScheme::RsaPkcs1Sha256);
    let body = field::split(&opaque).1;
    let multipart = |parts: &[&[u8]]| {
        let mut out = b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=bb\r\n".to_vec();
        for part in parts {
            out.extend_from_slice(b"\r\n--bb\r\n");
            out.extend_from_slice(part);
        }
        out.extend_from_slice(b"\r\n--bb--\r\n");
        out
    };
    let header = b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let signature = [&header[..], body].concat();
    // A "detached" signature that brings its own content.
    let verdict = judged(&lab, &multipart(&[ENTITY, &signature]), &[], "rsa");
    assert_eq!(
        (verdict.grade, verdict.code, verdict.text_only()),
        (Grade::Altered, "dishonest-structure", true)
    );
    // A part slipped in, a part missing, a signature that is none: nobody signed.
    for parts in [&[ENTITY, ENTITY, &signature][..], &[ENTITY], &[&signature, ENTITY]] {
        let message = multipart(parts);
        let opened = open(&message, &[], &lab.trust(), now()).unwrap();
        assert_eq!(opened.content, message);
        let verdict = judge(&Ok(opened), &[from("rsa")]);
        assert_eq!((verdict.grade, verdict.code), (Grade::Unassured, "unsigned"));
    }
    // S/MIME that is only a part of the message is left alone.
    let mixed = [
        b"Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n",
        &opaque[..],
        b"\r\n--bb--\r\n",
    ]
    .concat();
    let opened = open(&mixed, &[&key], &lab.trust(), now()).unwrap();
    assert_eq!(opened.content, mixed);
    assert_eq!(judge(&Ok(opened), &[from("rsa")]).grade, Grade::Plain);
}

#[test]
fn a_wrong_padding_tells_nothing() {
    use souspli::smime::Unwrapped;
    use souspli::smime::port::{RecipientId, WrappedKey, Wrapping};
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    let wrapped = |octets: Vec<u8>| WrappedKey {
        recipient: RecipientId::IssuerAndSerial(key.certificate().issuer_and_serial()),
        wrapping: Wrapping::RsaPkcs1,
        octets,
        length: Some(32),
    };
    let answers: Vec<Vec<u8>> = [vec![7; 256], vec![7; 256], vec![7; 3], Vec::new()]
        .into_iter()
        .map(|octets| match key.unwrap(&wrapped(octets)) {
            Unwrapped::Key(secret) => secret.expose().to_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(answers.iter().all(|a| a.len() == 32));
    assert_ne!(answers[0], answers[1]);
}

#[test]
fn large_messages_and_every_length_near_a_block() {
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    for length in [0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 3_000_001] {
        let mut entity = b"Content-Type: text/plain\r\n\r\n".to_vec();
        entity.resize(entity.len() + length, b'x');
        for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
            let signed = finish(&key, &entity, Form::Opaque, SignatureScheme::RsaPkcs1Sha256);
            let sealed = encrypt(
                &signed,
                &[key.certificate()],
                Method {
                    cipher,
                    transport: Transport::Pkcs1,
                },
                material().unwrap(),
            )
            .unwrap();
            assert_eq!(open(&sealed, &[&key], &lab.trust(), now()).unwrap().content, entity, "{length}");
        }
    }
}

/// The deepest permitted nesting opens; one more is refused.
#[test]
fn nesting_is_bounded() {
    let Some(lab) = Lab::new() else { return };
    let key = lab.key("rsa");
    let mut message = ENTITY.to_vec();
    for _ in 0..souspli::base::limits::CMS_LAYERS_MAX {
        message = encrypt(&message, &[key.certificate()], Method::default(), material().unwrap()).unwrap();
    }
    assert_eq!(open(&message, &[&key], &lab.trust(), now()).unwrap().content, ENTITY);
    message = encrypt(&message, &[key.certificate()], Method::default(), material().unwrap()).unwrap();
    assert!(open(&message, &[&key], &lab.trust(), now()).is_err());
}

fn sign(key: &SoftwareKey, form: Form, scheme: SignatureScheme) -> Vec<u8> {
    finish(key, ENTITY, form, scheme)
}

fn finish(key: &SoftwareKey, entity: &[u8], form: Form, scheme: SignatureScheme) -> Vec<u8> {
    let signer = Signer {
        certificate: key.certificate(),
        chain: key.chain(),
        encryption_certificate: Some(key.certificate()),
    };
    let to_sign = prepare(entity.to_vec(), &signer, form, now(), scheme);
    let signature = key.sign(scheme, to_sign.to_be_signed()).unwrap();
    to_sign.finish(&signature).to_vec().unwrap()
}

fn encrypt(entity: &[u8], recipients: &[&Certificate], method: Method, material: Material) -> Result<Vec<u8>, EncryptError> {
    encrypt::encrypt(entity.to_vec(), recipients, method, material)?.to_vec()
}

fn now() -> UnixTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixTime(since.as_secs() as i64)
}

fn from(name: &str) -> Address {
    Address::parse(&format!("{name}@lab.test")).unwrap()
}

fn judged(lab: &Lab, message: &[u8], keys: &[&dyn PrivateKey], name: &str) -> Verdict {
    assert!(souspli::smime::classify(field::split(message).0).is_smime());
    judge(&open(message, keys, &lab.trust(), now()), &[from(name)])
}

/// An authority and three leaves, made by openssl in a folder of their own.
struct Lab(tempfile::TempDir);

impl Lab {
    fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            assert!(std::env::var_os("CI").is_none(), "openssl is missing");
            println!("skipped: no openssl");
            return None;
        }
        let lab = Self(tempfile::tempdir().unwrap());
        lab.openssl(
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
                "-subj",
                "/C=FR/CN=AC du labo",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-addext",
                "keyUsage=critical,keyCertSign",
            ],
            b"",
        );
        for (name, kind) in [
            ("rsa", &["rsa:2048"][..]),
            ("p256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ] {
            lab.leaf(name, kind);
        }
        Some(lab)
    }

    fn leaf(&self, name: &str, kind: &[&str]) {
        let usage = "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nextendedKeyUsage=emailProtection";
        std::fs::write(self.path().join("ext"), format!("{usage}\nsubjectAltName=email:{name}@lab.test\n")).unwrap();
        let (key, request, certificate) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let mut arguments = vec![
            "req",
            "-new",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &request,
            "-subj",
            "/C=FR/CN=Personne",
            "-newkey",
        ];
        arguments.extend_from_slice(kind);
        self.openssl(&arguments, b"");
        self.openssl(
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "30",
                "-extfile",
                "ext",
                "-out",
                &certificate,
            ],
            b"",
        );
        let file = format!("{name}.p12");
        self.openssl(
            &[
                "pkcs12",
                "-export",
                "-in",
                &certificate,
                "-inkey",
                &key,
                "-certfile",
                "ca.pem",
                "-passout",
                "pass:secret",
                "-out",
                &file,
            ],
            b"",
        );
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn key(&self, name: &str) -> SoftwareKey {
        let file = std::fs::read(self.path().join(format!("{name}.p12"))).unwrap();
        SoftwareKey::import(&file, &Secret::from("secret")).unwrap().remove(0)
    }

    fn trust(&self) -> Trust {
        Trust::of(certificates_in(&std::fs::read(self.path().join("ca.pem")).unwrap()))
    }

    /// Files in and out, no pipes: nothing can fill up and wait.
    fn openssl(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        std::fs::write(self.path().join("in"), input).unwrap();
        let open = |name: &str| std::fs::File::create(self.path().join(name)).unwrap();
        let status = Command::new("openssl")
            .args(arguments)
            .current_dir(self.path())
            .stdin(std::fs::File::open(self.path().join("in")).unwrap())
            .stdout(open("out"))
            .stderr(open("err"))
            .status()
            .unwrap();
        let read = |name: &str| std::fs::read(self.path().join(name)).unwrap();
        assert!(status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&read("err")));
        read("out")
    }
}

/// A held file: one content for holders and a passphrase, whichever of them opens it.
#[test]
fn openssl_opens_a_held_file_for_each_holder_and_by_the_passphrase() {
    use souspli::smime::lockbox::{Holders, Lockbox, lock};
    use souspli::smime::pwri::{self, Fresh};
    let Some(lab) = Lab::new() else { return };
    let names = ["rsa", "p256", "p384"];
    let keys = names.map(|name| lab.key(name));
    let content = SoftwareKey::in_clear(&keys.iter().collect::<Vec<_>>()).unwrap();
    let material = material().unwrap();
    let passphrase = Secret::from("agrafe cheval pile correcte");
    let fresh = Fresh {
        salt: [1; 16],
        iv: [2; 16],
        padding: [3; 32],
    };
    let by_passphrase = pwri::write(&passphrase, &material.key, &fresh).unwrap();
    let certificates = keys.each_ref().map(|key| key.certificate());
    let for_whom = Holders {
        owner: &certificates[..1],
        holders: &certificates,
        passphrase: Some(&by_passphrase),
    };
    let file = lock(&content, &for_whom, &material).unwrap();
    for name in names {
        let (certificate, private) = (format!("{name}.pem"), format!("{name}.key"));
        let opened = lab.openssl(
            &[
                "cms",
                "-decrypt",
                "-inform",
                "DER",
                "-binary",
                "-recip",
                &certificate,
                "-inkey",
                &private,
            ],
            &file,
        );
        assert_eq!(opened, content.expose(), "{name}");
    }
    let opened = lab.openssl(
        &[
            "cms",
            "-decrypt",
            "-inform",
            "DER",
            "-binary",
            "-pwri_password",
            "agrafe cheval pile correcte",
        ],
        &file,
    );
    assert_eq!(opened, content.expose());
    // What is inside is a PKCS#12 that it reads too.
    let listed = lab.openssl(&["pkcs12", "-nodes", "-nomacver", "-passin", "pass:"], &opened);
    let listed = String::from_utf8(listed).unwrap();
    assert_eq!(listed.matches("BEGIN PRIVATE KEY").count(), 3, "{listed}");
    let read = Lockbox::read(&file).unwrap();
    assert_eq!(read.owner, [certificates[0].clone()]);
    assert_eq!(
        read.passphrase.as_ref().unwrap().unwrap(&passphrase).unwrap().expose(),
        material.key.expose()
    );
    assert_eq!(read.open(&material.key).unwrap().expose(), content.expose());
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(Lockbox::read(&changed).unwrap().open(&material.key).is_none());
}
