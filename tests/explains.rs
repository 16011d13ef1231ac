//! `souspli explain` tells what sealing does: over hundreds of submissions it names the same decision, the same code, the same
//! people and the certificates that the envelopes are really made for.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

mod forge;

use forge::{Authority, doctor};
use rcgen::CrlDistributionPoint;
use serde_json::Value;
use souspli::base::Address;
use souspli::config::parse::parse;
use souspli::directory::answer::Held;
use souspli::directory::kept::{How, Kept, KeptCertificate};
use souspli::pki::Certificate;
use souspli::policy::{Envelope, Recipient, Submission};
use souspli::relay::Relay;
use souspli::relay::port::{Group, Outgoing, Protection, Sealing};
use souspli::smime::PrivateKey;
use souspli::store::{CertificateFolder, Home, KeysStore, Secrets};
use std::collections::BTreeSet;

const ALICE: &str = "alice@lab.test";
const SUBJECTS: [&str; 3] = ["#med# Lettre", "Lettre", "#meds# Lettre"];
/// Who is written to together. What each of them has says [`Practice::new`].
const CIRCLES: [&[&str]; 12] = [
    &["bob@lab.test"],
    &["bob@lab.test", "twice@lab.test"],
    &["bob@lab.test", "expired@lab.test"],
    &["expired@lab.test"],
    &["nobody@lab.test", "twice@lab.test"],
    &["unproven@lab.test"],
    &["bob@lab.test", "unproven@lab.test"],
    &["bob@lab.test", "alice@lab.test"],
    &["dr.zoe@medecin.mssante.fr"],
    &["dr.yves@medecin.mssante.fr"],
    &["dr.yves@medecin.mssante.fr", "bob@lab.test"],
    &["279039912345678@patient.mssante.fr"],
];

#[tokio::test(flavor = "multi_thread")]
async fn it_names_what_is_done() {
    let practice = Practice::new();
    let (mut cases, mut decisions) = (0, BTreeSet::new());
    for channel in ["ordinary", "mssante"] {
        for missing in ["refuse", "partial"] {
            for rule in ["", "always_sign = true", "always_encrypt = true"] {
                let relay = practice.relay(channel, missing, rule);
                for subject in SUBJECTS {
                    for circle in CIRCLES {
                        let case = format!("{channel} {missing} {rule} {subject} {circle:?}");
                        decisions.insert(practice.compare(&relay, &letter(subject, circle, cases), &case).await);
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 200);
    let all = ["pass", "refuse", "seal", "seal-or-trust", "seal-partly", "sign"];
    assert_eq!(decisions, all.map(str::to_owned).into());
}

/// Everybody's letters must have said so, and first: who has several programs gets his letters in all of them.
#[tokio::test(flavor = "multi_thread")]
async fn gcm_is_for_those_who_would_rather_have_it() {
    const CBC: &str = "2.16.840.1.101.3.4.1.42";
    const GCM: &str = "2.16.840.1.101.3.4.1.46";
    let practice = Practice::new();
    let relay = practice.relay("ordinary", "refuse", "");
    let account = relay.account_of(&address(ALICE)).unwrap();
    let kept = Kept::new(&practice.home, &practice.secrets);
    let letters: [(&str, i64, &[&str]); 5] = [
        ("bob@lab.test", 1, &["1.2.840.113549.1.1.1", GCM, CBC]),
        ("twice@lab.test", 1, &[CBC, GCM]),
        ("twice@lab.test", 2, &[GCM]),
        ("bob@lab.test", 3, &[]),
        ("bob@lab.test", 4, &[GCM, CBC]),
    ];
    let mut said = Vec::new();
    for (number, (from, seen, capabilities)) in letters.into_iter().enumerate() {
        let held = |c: &&Certificate| c.has_email(from);
        let certificate = practice.certificates.iter().find(held).unwrap();
        let learnt = KeptCertificate {
            held: Held {
                der: certificate.der().to_vec(),
                issuers: Vec::new(),
            },
            how: How::Harvested,
            from: ALICE.to_owned(),
            since: seen,
            seen,
            capabilities: capabilities.iter().map(|c| (*c).to_owned()).collect(),
        };
        kept.put(&address(from), learnt).unwrap();
        for circle in &CIRCLES[..2] {
            let submission = letter(SUBJECTS[0], circle, number);
            let told = relay.explain(&account, &submission).await.json();
            let Outgoing::Seal(sealed) = relay.outgoing(&account, &submission).await else {
                panic!("{circle:?}")
            };
            let message = sealed.groups[0].message.to_vec().unwrap();
            let is_gcm = memchr::memmem::find(&message, b"smime-type=authEnveloped-data").is_some();
            assert_eq!(told["content_encryption"] == "aes-256-gcm", is_gcm);
            said.push(is_gcm);
        }
    }
    let [both, bob, neither] = [[true, true], [true, false], [false, false]];
    assert_eq!(said, [bob, bob, both, neither, both].concat());
}

struct Practice {
    _folder: tempfile::TempDir,
    home: Home,
    secrets: Secrets,
    certificates: Vec<Certificate>,
}

impl Practice {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (home, secrets) = (Home::open(folder.path()).unwrap(), Secrets::ephemeral().unwrap());
        let authority = Authority::new("AC Essai");
        CertificateFolder::new(home.trust()).put(authority.certificate.der()).unwrap();
        let alice = authority.issues(&doctor(ALICE));
        KeysStore::new(&home, secrets.clone())
            .put(&address(ALICE), &alice.to_bytes())
            .unwrap();
        let mut older = doctor("twice@lab.test");
        older.not_before = rcgen::date_time_ymd(2025, 1, 1);
        let mut expired = doctor("expired@lab.test");
        (expired.not_before, expired.not_after) = (rcgen::date_time_ymd(2024, 1, 1), rcgen::date_time_ymd(2025, 1, 1));
        let mut unproven = doctor("unproven@lab.test");
        unproven.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec!["http://listes.lab.test/ac.crl".to_owned()],
        }];
        let people = ["bob@lab.test", "twice@lab.test", "dr.zoe@medecin.mssante.fr"].map(doctor);
        let mut certificates = vec![alice.certificate().clone()];
        for params in people.iter().chain([&older, &expired, &unproven]) {
            let certificate = authority.issues(params).certificate().clone();
            CertificateFolder::new(home.certificates()).put(certificate.der()).unwrap();
            certificates.push(certificate);
        }
        Self {
            _folder: folder,
            home,
            secrets,
            certificates,
        }
    }

    fn relay(&self, channel: &str, missing: &str, rule: &str) -> Relay {
        let configuration = format!(
            "[policy]\nmissing_certificate = \"{missing}\"\n[[account]]\naddress = \"{ALICE}\"\nchannel = \"{channel}\"\n{rule}\n\
             smtp = {{ host = \"127.0.0.1\", port = 1, tls = \"implicit\" }}\nimap = {{ host = \"127.0.0.1\", port = 1, tls = \"implicit\" }}\n"
        );
        Relay::open(parse(&configuration).unwrap(), &self.home, &self.secrets).unwrap()
    }

    /// Explained, then done; which decision it was.
    async fn compare(&self, relay: &Relay, submission: &Submission, case: &str) -> String {
        let account = relay.account_of(&address(ALICE)).unwrap();
        let told = relay.explain(&account, submission).await.json();
        let decision = told["decision"].as_str().unwrap().to_owned();
        match relay.outgoing(&account, submission).await {
            Outgoing::PassThrough(_) => assert_eq!(decision, "pass", "{case}"),
            Outgoing::Refuse(refusal) => assert_eq!((&*decision, told["code"].as_str()), ("refuse", Some(refusal.code)), "{case}"),
            Outgoing::Seal(sealed) if sealed.record.protection == Protection::Signed => assert_eq!(decision, "sign", "{case}"),
            Outgoing::Seal(sealed) => {
                let over_channel = &sealed.record.over_channel;
                let done = match (sealed.record.left_out.is_empty(), over_channel.is_empty()) {
                    (true, true) => "seal",
                    (true, false) => "seal-or-trust",
                    (false, _) => "seal-partly",
                };
                assert_eq!(decision, done, "{case}");
                let reached: BTreeSet<String> = names(sealed.groups.iter().flat_map(|group| &group.recipients));
                let left_out: BTreeSet<String> = names(sealed.record.left_out.iter().map(|left| &left.recipient));
                let encrypted: BTreeSet<String> = reached
                    .iter()
                    .filter(|r| !over_channel.iter().any(|o| o.to_string() == **r))
                    .cloned()
                    .collect();
                assert_eq!(
                    (self.told_certificates(&told), told_without(&told)),
                    (encrypted, &reached_without(over_channel) | &left_out),
                    "{case}"
                );
                for group in sealed
                    .groups
                    .into_iter()
                    .filter(|group| !over_channel.contains(&group.recipients[0].address))
                {
                    self.is_made_for_those_told(&told, group, case);
                }
            }
        }
        decision
    }

    /// Those whom a certificate is told for, each of which is known here.
    fn told_certificates(&self, told: &Value) -> BTreeSet<String> {
        let chosen = recipients(told).filter(|r| !r["certificate"].is_null());
        chosen
            .map(|recipient| {
                assert!(
                    self.certificates
                        .iter()
                        .any(|c| recipient["certificate"]["serial"] == c.serial_hex())
                );
                text(&recipient["address"])
            })
            .collect()
    }

    /// The envelope names the told certificates, the sender's own, and no other one.
    fn is_made_for_those_told(&self, told: &Value, group: Group, case: &str) {
        let octets = group.message.to_vec().unwrap();
        let body = memchr::memmem::find(&octets, b"\r\n\r\n").unwrap();
        let packed: Vec<u8> = octets[body..].iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        let cms = base64_simd::STANDARD.decode_to_vec(&packed).unwrap();
        let of_group = names(group.recipients.iter());
        let told: BTreeSet<String> = recipients(told)
            .filter(|r| of_group.contains(&text(&r["address"])))
            .map(|r| text(&r["certificate"]["serial"]))
            .chain([self.certificates[0].serial_hex()])
            .collect();
        let used = self
            .certificates
            .iter()
            .filter(|c| memchr::memmem::find(&cms, &c.issuer_and_serial()).is_some());
        assert_eq!(used.map(Certificate::serial_hex).collect::<BTreeSet<_>>(), told, "{case}");
    }
}

fn recipients(told: &Value) -> impl Iterator<Item = &Value> {
    told["recipients"].as_array().unwrap().iter()
}

fn told_without(told: &Value) -> BTreeSet<String> {
    recipients(told)
        .filter(|r| r["certificate"].is_null())
        .map(|r| text(&r["address"]))
        .collect()
}

fn reached_without(over_channel: &[Address]) -> BTreeSet<String> {
    over_channel.iter().map(Address::to_string).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn names<'a>(recipients: impl Iterator<Item = &'a Recipient>) -> BTreeSet<String> {
    recipients.map(|r| r.address.to_string()).collect()
}

fn address(address: &str) -> Address {
    Address::parse(address).unwrap()
}

fn letter(subject: &str, to: &[&str], number: usize) -> Submission {
    let list = to.join(", ");
    let message = format!("From: {ALICE}\r\nTo: {list}\r\nSubject: {subject}\r\nMessage-ID: <{number}@lab.test>\r\n\r\nBonjour.\r\n");
    Submission {
        envelope: Envelope {
            from: Some(address(ALICE)),
            recipients: to.iter().map(|to| Recipient::plain(address(to))).collect(),
            eight_bit: true,
            smtputf8: false,
            ret: None,
            envid: None,
        },
        message: message.into_bytes().into(),
    }
}
