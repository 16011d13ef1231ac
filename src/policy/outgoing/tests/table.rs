//! The decision table of requirements A.2 with K.1 and K.7: every cell by its name.

use super::*;
use crate::config::Correspondents;
use std::sync::Arc;

/// A recipient, whether the Subject is tagged, whether a certificate is known: what happens from an ordinary account, from one
/// of the space of trust, and from an ordinary one with a companion there.
const TABLE: &[(&str, &str, &str, [&str; 3])] = &[
    ("colleague", "untagged", "certificate", ["sealed", "sealed", "sealed"]),
    (
        "colleague",
        "untagged",
        "none",
        ["SP-SPACE-OF-TRUST", "signed over the channel", "signed over the channel"],
    ),
    ("colleague", "tagged", "certificate", ["sealed", "sealed", "sealed"]),
    (
        "colleague",
        "tagged",
        "none",
        ["SP-SPACE-OF-TRUST", "SP-NO-CERTIFICATE", "SP-NO-CERTIFICATE"],
    ),
    ("listed", "untagged", "certificate", ["sealed", "sealed", "sealed"]),
    (
        "listed",
        "untagged",
        "none",
        ["SP-SPACE-OF-TRUST", "signed over the channel", "signed over the channel"],
    ),
    ("listed", "tagged", "certificate", ["sealed", "sealed", "sealed"]),
    (
        "listed",
        "tagged",
        "none",
        ["SP-SPACE-OF-TRUST", "SP-NO-CERTIFICATE", "SP-NO-CERTIFICATE"],
    ),
    ("patient", "untagged", "certificate", ["SP-PATIENT-CHANNEL", "as it is", "as it is"]),
    ("patient", "untagged", "none", ["SP-PATIENT-CHANNEL", "as it is", "as it is"]),
    (
        "patient",
        "tagged",
        "certificate",
        ["SP-PATIENT-CHANNEL", "SP-PATIENT-SEALED", "SP-PATIENT-SEALED"],
    ),
    (
        "patient",
        "tagged",
        "none",
        ["SP-PATIENT-CHANNEL", "SP-PATIENT-SEALED", "SP-PATIENT-SEALED"],
    ),
    ("machine", "untagged", "certificate", ["SP-MACHINE-CHANNEL", "as it is", "as it is"]),
    ("machine", "untagged", "none", ["SP-MACHINE-CHANNEL", "as it is", "as it is"]),
    (
        "machine",
        "tagged",
        "certificate",
        ["SP-MACHINE-CHANNEL", "SP-MACHINE-SEALED", "SP-MACHINE-SEALED"],
    ),
    (
        "machine",
        "tagged",
        "none",
        ["SP-MACHINE-CHANNEL", "SP-MACHINE-SEALED", "SP-MACHINE-SEALED"],
    ),
    ("outside", "untagged", "certificate", ["as it is", "as it is", "as it is"]),
    ("outside", "untagged", "none", ["as it is", "as it is", "as it is"]),
    ("outside", "tagged", "certificate", ["sealed", "sealed", "sealed"]),
    (
        "outside",
        "tagged",
        "none",
        ["SP-NO-CERTIFICATE", "SP-NO-CERTIFICATE", "SP-NO-CERTIFICATE"],
    ),
];

/// The same of two recipients, the first of whom has no certificate and the second of whom has one.
const MIXED: &[(&str, &str, &str, [&str; 3])] = &[
    (
        "colleague",
        "colleague",
        "untagged",
        ["SP-SPACE-OF-TRUST", "signed over the channel", "signed over the channel"],
    ),
    (
        "colleague",
        "outside",
        "untagged",
        ["SP-SPACE-OF-TRUST", "signed over the channel", "signed over the channel"],
    ),
    (
        "outside",
        "colleague",
        "untagged",
        ["SP-NO-CERTIFICATE", "SP-NO-CERTIFICATE", "SP-NO-CERTIFICATE"],
    ),
    (
        "patient",
        "colleague",
        "untagged",
        ["SP-PATIENT-CHANNEL", "SP-PATIENT-SEALED", "SP-PATIENT-SEALED"],
    ),
    (
        "patient",
        "outside",
        "untagged",
        ["SP-PATIENT-CHANNEL", "SP-PATIENT-SEALED", "SP-PATIENT-SEALED"],
    ),
    ("patient", "machine", "untagged", ["SP-PATIENT-CHANNEL", "as it is", "as it is"]),
    (
        "machine",
        "colleague",
        "untagged",
        ["SP-MACHINE-CHANNEL", "SP-MACHINE-SEALED", "SP-MACHINE-SEALED"],
    ),
    (
        "machine",
        "outside",
        "untagged",
        ["SP-MACHINE-CHANNEL", "SP-MACHINE-SEALED", "SP-MACHINE-SEALED"],
    ),
];

fn address(kind: &str) -> &'static str {
    match kind {
        "colleague" => "d@medecin.mssante.fr",
        "listed" => "d@chu-exemple.fr",
        "patient" => "280011@patient.mssante.fr",
        "machine" => "labo@chu-exemple.fr",
        _ => "a@b.fr",
    }
}

fn accounts() -> [(&'static str, Account); 3] {
    let companion = Account {
        mssante_via: Address::parse("me@medecin.mssante.fr").ok(),
        ..account()
    };
    [("ordinary", account()), ("mssante", trust()), ("with a companion", companion)]
}

fn space() -> Space {
    Space {
        listed: Arc::new(["chu-exemple.fr"].iter().filter_map(|name| Domain::parse(name).ok()).collect()),
        applicative: Address::parse(address("machine")).map(Correspondents::One).into_iter().collect(),
    }
}

fn outcome(to: &[&str], tagged: &str, lookups: &[Lookup], account: &Account, policy: &Policy) -> &'static str {
    let space = space();
    let rules = Rules { policy, space: &space };
    let submission = submission(to, if tagged == "tagged" { TAGGED } else { PLAIN });
    let why = match super::super::need(&submission, account, rules, Thread::Unknown, Banner::Absent) {
        Need::Clear => return "as it is",
        Need::Sign => return "signed",
        Need::Refuse(refusal) => return refusal.explain().code,
        Need::Secure(why) => why,
    };
    match super::super::decide(&submission, account, rules, &why, lookups) {
        Decision::Seal => "sealed",
        Decision::SealExcept(_) => "sealed for the others",
        Decision::SealOrTrust(_) => "signed over the channel",
        Decision::Refuse(refusal) => refusal.explain().code,
    }
}

fn lookup(certificate: &str) -> Lookup {
    match certificate {
        "certificate" => Lookup::Found,
        _ => Lookup::NotFound,
    }
}

#[test]
fn every_cell() {
    for (kind, tagged, certificate, wanted) in TABLE {
        for ((channel, account), wanted) in accounts().iter().zip(wanted) {
            let got = outcome(&[address(kind)], tagged, &[lookup(certificate)], account, &Policy::default());
            assert_eq!(got, *wanted, "{kind}, {tagged}, {certificate}, {channel}");
        }
    }
}

#[test]
fn every_mixture() {
    for (without, with, tagged, wanted) in MIXED {
        for ((channel, account), wanted) in accounts().iter().zip(wanted) {
            let lookups = [Lookup::NotFound, Lookup::Found];
            let got = outcome(&[address(without), address(with)], tagged, &lookups, account, &Policy::default());
            assert_eq!(got, *wanted, "{without} and {with}, {tagged}, {channel}");
        }
    }
}

#[test]
fn a_certificate_may_be_required_inside_too() {
    let policy = Policy {
        mssante_requires_certificate: true,
        ..Policy::default()
    };
    for (channel, account) in &accounts()[1..] {
        let got = outcome(&[address("listed")], "untagged", &[Lookup::NotFound], account, &policy);
        assert_eq!(got, "SP-NO-CERTIFICATE", "{channel}");
    }
}

/// The list binds whatever `domains` says: an ordinary provider cannot deliver there, and would learn the letter in vain.
#[test]
fn the_space_binds_whatever_the_policy_names() {
    let policy = Policy {
        domains: Vec::new(),
        ..Policy::default()
    };
    let got = outcome(&[address("listed")], "untagged", &[Lookup::NotFound], &account(), &policy);
    assert_eq!(got, "SP-SPACE-OF-TRUST");
    let drafts = Rules {
        policy: &policy,
        space: &space(),
    };
    assert!(within_sealed_domain(&Address::parse("x%chu-exemple.fr@b.fr").unwrap(), drafts).is_some());
}
