//! Tables of `outgoing`.

use super::*;
use crate::config::Channel;
use crate::config::{MissingCertificate, Server, ServerTls};
use crate::policy::{Envelope, Recipient};

pub(crate) fn account() -> Account {
    let server = Server {
        host: "mail.test".to_owned(),
        port: 1,
        tls: ServerTls::StartTls,
        terms: crate::config::Terms::default(),
    };
    Account {
        address: Address::parse("me@cabinet.fr").unwrap(),
        login: "me".to_owned(),
        channel: Channel::Ordinary,
        smtp: server.clone(),
        imap: Some(server),
        pop3: None,
        always_sign: false,
        always_encrypt: false,
        mssante_via: None,
        token_command: Vec::new(),
        client_certificate: None,
        held: None,
    }
}

fn submission(to: &[&str], message: &str) -> Submission {
    let recipient = |a: &&str| Recipient {
        address: Address::parse(a).unwrap(),
        notify: None,
        orcpt: None,
    };
    let recipients = to.iter().map(recipient).collect();
    let envelope = Envelope {
        from: None,
        recipients,
        eight_bit: false,
        smtputf8: false,
        ret: None,
        envid: None,
    };
    Submission {
        envelope,
        message: format!("From: me@cabinet.fr\n{message}").replace('\n', "\r\n").into(),
    }
}

/// With no list: only mssante.fr counts.
fn need(submission: &Submission, account: &Account, policy: &Policy, thread: Thread, banner: Banner) -> Need {
    let space = Space::default();
    super::need(submission, account, Rules { policy, space: &space }, thread, banner)
}

fn decide(submission: &Submission, account: &Account, policy: &Policy, why: &Why, lookups: &[Lookup]) -> Decision {
    let space = Space::default();
    super::decide(submission, account, Rules { policy, space: &space }, why, lookups)
}

mod table;

const PLAIN: &str = "Subject: x\n\ny\n";
const TAGGED: &str = "Subject: #med# x\n\ny\n";
const ENCRYPTED: &str = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nMBgGCSqGSIb3DQEHA6ALMAkCAQAxAjAAMAA=\n";
const OPAQUE: &str = "Subject: #med# x\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nMBgGCSqGSIb3DQEHAqALMAkCAQAxAjAAMAA=\n";

fn trust() -> Account {
    Account {
        channel: Channel::Mssante,
        ..account()
    }
}

#[test]
fn what_a_submission_needs() {
    let domain = || Why::Domain(Domain::parse("mssante.fr").unwrap());
    let secure_domain = || Need::Secure(domain());
    let sealing = || Account {
        always_encrypt: true,
        ..account()
    };
    let signing = || Account {
        always_sign: true,
        ..account()
    };
    let no_patient = || Need::Refuse(Refusal::PatientOrdinary);
    let patient_sealed = |why: Why| Need::Refuse(Refusal::PatientSealed(Some(why.rule(&Policy::default()))));
    for (row, (to, message, account, wanted)) in [
        (["a@b.fr"].as_slice(), PLAIN, account(), Need::Clear),
        (&["a@b.fr"], TAGGED, account(), Need::Secure(Why::Tag)),
        (
            &["a@b.fr"],
            "Subject: #med x\n\n",
            account(),
            Need::Refuse(Refusal::NearMiss("#med#".to_owned())),
        ),
        (
            &["a@b.fr"],
            "Subject: %23med%23 x\n\n",
            account(),
            Need::Refuse(Refusal::NearMiss("#med#".to_owned())),
        ),
        (
            &["a@b.fr"],
            "Subject: x\n\n#med# y\n",
            account(),
            Need::Refuse(Refusal::Misplaced("#med#".to_owned())),
        ),
        (&["d@mssante.fr"], "Subject: x\n\n#med# y\n", account(), secure_domain()),
        (&["a@b.fr"], "Subject: #med#x\n\n", account(), Need::Secure(Why::Tag)),
        (&["a@b.fr", "d@Medecin.MSSante.fr"], PLAIN, account(), secure_domain()),
        (&["d@mssante.fr"], PLAIN, trust(), secure_domain()),
        (&["d@xmssante.fr"], PLAIN, account(), Need::Clear),
        (&["d@mssante.fr.evil.com"], PLAIN, account(), Need::Clear),
        (&["a@b.fr"], "To: d@mssante.fr\nSubject: x\n\n", account(), Need::Clear),
        (&["1@patient.mssante.fr"], PLAIN, account(), no_patient()),
        (&["a@b.fr", "1@x.patient.mssante.fr"], TAGGED, account(), no_patient()),
        (&["1@patient.mssante.fr"], PLAIN, trust(), Need::Clear),
        (&["1@patient.mssante.fr"], TAGGED, trust(), patient_sealed(Why::Tag)),
        (
            &["1@patient.mssante.fr"],
            ENCRYPTED,
            trust(),
            Need::Refuse(Refusal::PatientSealed(None)),
        ),
        (&["1@patient.mssante.fr", "d@mssante.fr"], PLAIN, trust(), patient_sealed(domain())),
        (
            &["1@patient.mssante.fr"],
            PLAIN,
            Account {
                always_encrypt: true,
                ..trust()
            },
            Need::Clear,
        ),
        (
            &["1@patient.mssante.fr"],
            PLAIN,
            Account {
                always_sign: true,
                ..trust()
            },
            Need::Clear,
        ),
        (&["a@b.fr"], PLAIN, sealing(), Need::Secure(Why::AlwaysEncrypt)),
        (
            &["d@mssante.fr"],
            PLAIN,
            Account {
                always_encrypt: true,
                ..trust()
            },
            Need::Secure(Why::AlwaysEncrypt),
        ),
        (&["a@b.fr"], PLAIN, signing(), Need::Sign),
        (&["a@b.fr"], "Content-Type: multipart/signed; x=y\n\n", signing(), Need::Clear),
        (&["a@b.fr"], ENCRYPTED, sealing(), Need::Clear),
        (&["d@mssante.fr"], ENCRYPTED, signing(), Need::Clear),
        (&["\"d@mssante.fr\"@x.fr"], PLAIN, account(), secure_domain()),
        (&["d%mssante.fr@x.fr"], PLAIN, account(), secure_domain()),
        (&["mssante.fr!d@x.fr"], PLAIN, account(), secure_domain()),
        (&["1%patient.mssante.fr@x.fr"], PLAIN, trust(), secure_domain()),
        (&["d@MSSANTE.FR."], PLAIN, account(), secure_domain()),
        (
            &["a@b.fr"],
            "Subject: x\nSUBJECT\t:\n =?utf-8?q?#m?=\n =?utf-8?q?ed#_x?=\n\n",
            account(),
            Need::Secure(Why::Tag),
        ),
        (
            &["a@b.fr"],
            "Subject: #med# x\nno field\n\ny",
            account(),
            Need::Refuse(Refusal::Header(HeaderFault::NotAField)),
        ),
        (&["a@b.fr"], "Subject: x\nno field\n\ny", account(), Need::Clear),
        // It says enveloped and is only signed: readable by anyone, so it is sealed.
        (&["a@b.fr"], OPAQUE, account(), Need::Secure(Why::Tag)),
    ]
    .into_iter()
    .enumerate()
    {
        let got = need(
            &submission(to, message),
            &account,
            &Policy::default(),
            Thread::Unknown,
            Banner::Absent,
        );
        assert_eq!(got, wanted, "row {row}: {to:?}");
    }
}

#[test]
fn a_header_that_is_not_read_to_its_end_passes_for_nobody() {
    let far = format!("X: {}\nSubject: #med# x\n\ny", "x".repeat(crate::base::limits::HEADER_MAX));
    let got = need(
        &submission(&["a@b.fr"], &far),
        &account(),
        &Policy::default(),
        Thread::Unknown,
        Banner::Absent,
    );
    assert_eq!(got, Need::Refuse(Refusal::Header(HeaderFault::TooLong)));
}

#[test]
fn memory_and_marks_seal_without_a_tag() {
    let plain = submission(&["a@b.fr"], PLAIN);
    let policy = Policy::default();
    assert_eq!(
        need(&plain, &account(), &policy, Thread::Sealed, Banner::Absent),
        Need::Secure(Why::Thread)
    );
    assert_eq!(
        need(&plain, &account(), &policy, Thread::Unknown, Banner::Found),
        Need::Secure(Why::Banner)
    );
    let patient = submission(&["1@patient.mssante.fr"], PLAIN);
    assert_eq!(
        need(&patient, &trust(), &policy, Thread::Sealed, Banner::Absent),
        Need::Refuse(Refusal::PatientSealed(Some(Why::Thread.rule(&Policy::default()))))
    );
    let beside = submission(&["d@medecin.mssante.fr", "a@b.fr"], PLAIN);
    let domain = Why::Domain(Domain::parse("mssante.fr").unwrap());
    for (sent, account, sealed) in [
        (&patient, trust(), false),
        (&beside, trust(), true),
        (&plain, trust(), true),
        (&plain, account(), true),
    ] {
        let got = need(sent, &account, &policy, Thread::OverChannel, Banner::Absent);
        assert_eq!(got == Need::Secure(Why::Thread), sealed, "{:?}", sent.envelope.recipients);
    }
    // Tried again after a failure it is what it was; sent once more to others it is not.
    for (sent, why) in [(&beside, Need::Secure(domain)), (&plain, Need::Secure(Why::Thread))] {
        assert_eq!(need(sent, &trust(), &policy, Thread::ItselfOverChannel, Banner::Absent), why);
    }
    let strict = Policy {
        glued_tag: GluedTag::Refuse,
        ..Policy::default()
    };
    let glued = submission(&["a@b.fr"], "Subject: #med#x\n\n");
    assert_eq!(
        need(&glued, &account(), &strict, Thread::Unknown, Banner::Absent),
        Need::Refuse(Refusal::Glued("#med#".to_owned()))
    );
}

#[test]
fn what_the_look_ups_allow() {
    use Lookup::{Found, NotFound, Unavailable};
    let address = |a: &str| Address::parse(a).unwrap();
    let (plain, ms) = (address("b@x.fr"), address("d@mssante.fr"));
    let domain = Why::Domain(Domain::parse("mssante.fr").unwrap());
    let partial = Policy {
        missing_certificate: MissingCertificate::Partial,
        ..Policy::default()
    };
    let all = Policy::default();
    let rule = |why: &Why| why.rule(&all);
    for (row, (account, policy, why, lookups, wanted)) in [
        (account(), &all, &Why::Tag, [Found, Found], Decision::Seal),
        (
            account(),
            &all,
            &Why::Tag,
            [NotFound, Found],
            Decision::Refuse(Refusal::NoCertificate(vec![plain.clone()], rule(&Why::Tag))),
        ),
        (
            account(),
            &all,
            &Why::Tag,
            [Found, NotFound],
            Decision::Refuse(Refusal::SpaceOfTrust(vec![ms.clone()])),
        ),
        (
            account(),
            &partial,
            &Why::Tag,
            [Found, NotFound],
            Decision::SealExcept(vec![ms.clone()]),
        ),
        (
            account(),
            &partial,
            &Why::Tag,
            [NotFound, Unavailable],
            Decision::Refuse(Refusal::DirectoryAway(vec![ms.clone()], rule(&Why::Tag))),
        ),
        (
            account(),
            &partial,
            &Why::Tag,
            [NotFound, NotFound],
            Decision::Refuse(Refusal::SpaceOfTrust(vec![plain.clone(), ms.clone()])),
        ),
        (trust(), &all, &domain, [Found, NotFound], Decision::SealOrTrust(vec![ms.clone()])),
        (
            trust(),
            &all,
            &Why::Tag,
            [Found, NotFound],
            Decision::Refuse(Refusal::NoCertificate(vec![ms.clone()], rule(&Why::Tag))),
        ),
        (
            trust(),
            &all,
            &domain,
            [NotFound, NotFound],
            Decision::Refuse(Refusal::NoCertificate(vec![plain.clone(), ms.clone()], rule(&domain))),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let submission = submission(&["b@x.fr", "d@mssante.fr"], PLAIN);
        assert_eq!(decide(&submission, &account, policy, why, &lookups), wanted, "row {row}");
    }
    let short = submission(&["b@x.fr", "d@mssante.fr"], PLAIN);
    assert_eq!(
        decide(&short, &account(), &all, &Why::Tag, &[Found]),
        Decision::Refuse(Refusal::DirectoryAway(vec![ms], Why::Tag.rule(&Policy::default())))
    );
}

#[test]
fn each_bcc_is_alone() {
    let message = "To: A <A@x.fr>\nCc: b@x.fr, not-in-envelope@x.fr\nBcc: c@x.fr\n\n";
    let got = copies(&submission(&["c@x.fr", "a@x.fr", "b@x.fr", "d@x.fr", "C@X.fr"], message));
    let shown: Vec<_> = got
        .iter()
        .map(|c| (c.kind, c.recipients.iter().map(|r| r.address.as_str()).collect::<Vec<_>>()))
        .collect();
    let blind = |a| (CopyKind::Blind, vec![a]);
    assert_eq!(
        shown,
        [(CopyKind::Open, vec!["a@x.fr", "b@x.fr"]), blind("c@x.fr"), blind("d@x.fr")]
    );
    assert_eq!(
        copies(&submission(&["c@x.fr", "d@x.fr"], "To: undisclosed-recipients:;\n\n")).len(),
        2
    );
}
