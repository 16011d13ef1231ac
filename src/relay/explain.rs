//! What would be decided for a message: `souspli explain`. The same values that sealing acts by, told.

use super::Relay;
use super::decided::{Decided, Plan};
use crate::base::{Address, UnixTime};
use crate::config::Account;
use crate::pki::Certificate;
use crate::pki::revocation::Status;
use crate::pki::select::Candidate;
use crate::policy::outgoing::{self, Need};
use crate::policy::resolution::{Away, Chosen, Missing, Outcome, Resolution};
use crate::policy::{Recipient, Submission};
use crate::smime::encrypt::Cipher;
use crate::store::Traits;
use crate::store::whitelist::KeptList;
use crate::text::explain as say;
use crate::text::rule::{self, Rule};
use crate::text::{Explain, Explanation, Tongue, whitelist};
use serde_json::{Value, json};

/// What would be decided, and by what.
pub struct Explained {
    decision: Do,
    /// What is said of it, the most important first.
    said: Vec<Explanation>,
    /// Which rule asks for it.
    rule: Option<Rule>,
    /// The account whose channel these would be reached by.
    companion: Option<(Address, Vec<Address>)>,
    recipients: Vec<Resolution>,
    cipher: Option<Cipher>,
    whitelist: Option<KeptList>,
    now: UnixTime,
}

/// What would be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Do {
    Pass,
    Sign,
    Seal,
    SealPartly,
    SealOrTrust,
    Refuse,
}

impl Do {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Sign => "sign",
            Self::Seal => "seal",
            Self::SealPartly => "seal-partly",
            Self::SealOrTrust => "seal-or-trust",
            Self::Refuse => "refuse",
        }
    }
}

impl Relay {
    /// What would be decided of this submission.
    pub async fn explain(&self, account: &Account, submission: &Submission) -> Explained {
        match self.need(account, submission) {
            Need::Clear => self.explained_clear(account, submission),
            Need::Refuse(refusal) => self.explained(Do::Refuse, refusal.explain()),
            Need::Sign => match self.signs_for(account, &submission.message) {
                Ok(_) => self.explained(Do::Sign, rule::would_sign()),
                Err(refusal) => self.explained(Do::Refuse, refusal),
            },
            Need::Secure(why) => {
                let decided = self.decided(account, submission, &why, outgoing::copies(submission)).await;
                self.explained_secure(&submission.envelope.recipients, why.rule(&self.config.policy), decided)
            }
        }
    }

    fn explained(&self, decision: Do, said: Explanation) -> Explained {
        Explained {
            decision,
            said: vec![said],
            rule: None,
            companion: None,
            recipients: Vec::new(),
            cipher: None,
            whitelist: self.whitelist().ok().flatten(),
            now: self.now(),
        }
    }

    fn explained_clear(&self, account: &Account, submission: &Submission) -> Explained {
        let Some(companion) = self.clear_companion(account, submission) else {
            return self.explained(Do::Pass, rule::would_pass());
        };
        match self.clear_through(account, companion.clone(), submission, Traits::default()) {
            Ok(sealed) => Explained {
                companion: sealed.record.via,
                ..self.explained(Do::Pass, rule::would_pass())
            },
            Err(refusal) => self.explained(Do::Refuse, refusal),
        }
    }

    fn explained_secure(&self, recipients: &[Recipient], rule: Rule, decided: Decided) -> Explained {
        let would_seal = rule::would_seal(&rule);
        let explained = match &decided.plan {
            Err(refusal) => self.explained(Do::Refuse, refusal.clone()),
            Ok(plan) => self.explained_plan(would_seal, recipients, plan),
        };
        Explained {
            rule: Some(rule),
            recipients: decided.resolutions,
            ..explained
        }
    }

    fn explained_plan(&self, would_seal: Explanation, recipients: &[Recipient], plan: &Plan) -> Explained {
        let (decision, beside) = match (plan.left_out.as_slice(), plan.trusted.as_slice()) {
            ([], []) => (Do::Seal, None),
            ([], trusted) => (Do::SealOrTrust, Some(rule::would_pass_over_channel(trusted))),
            (left_out, _) => {
                let left_out: Vec<Address> = left_out.iter().map(|left| left.recipient.address.clone()).collect();
                (Do::SealPartly, Some(rule::would_leave_out(&left_out)))
            }
        };
        let sealed = recipients.iter().filter(|r| plan.certificates.contains_key(&r.address));
        let sealed: Vec<Recipient> = sealed.cloned().collect();
        let mut explained = self.explained(decision, would_seal);
        explained.said.extend(beside);
        let through = plan.via.iter().flat_map(|copies| &copies.recipients).map(|r| r.address.clone());
        let through: Vec<Address> = through.collect();
        explained.companion = plan.through.as_ref().map(|(companion, _)| (companion.address.clone(), through));
        explained.cipher = (!sealed.is_empty()).then(|| self.cipher_for(&sealed));
        explained
    }
}

impl Explained {
    /// For people: a block for each recipient.
    pub fn lines(&self, tongue: Tongue) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        // A refusal says by itself which rule asks.
        let asks = self.rule.iter().filter(|_| self.decision == Do::Refuse);
        lines.extend(asks.map(|rule| tongue.sentence(&rule::would_seal(rule))));
        lines.extend(self.said.iter().map(|said| tongue.sentence(said)));
        let through = |(companion, them): &(Address, Vec<Address>)| tongue.sentence(&rule::would_leave_through(companion, them));
        lines.extend(self.companion.iter().map(through));
        lines.extend(self.whitelist.iter().map(|list| self.by_list(tongue, list)));
        for recipient in &self.recipients {
            lines.extend(self.block(tongue, recipient));
        }
        lines.extend(self.cipher.map(|cipher| say::cipher(tongue, cipher == Cipher::Aes256Gcm)));
        lines
    }

    fn by_list(&self, tongue: Tongue, list: &KeptList) -> String {
        let days = age(list.taken, self.now) / 86_400;
        whitelist::kept(tongue, list.domains.len(), &list.generated, &list.origin, days)
    }

    fn block(&self, tongue: Tongue, recipient: &Resolution) -> Vec<String> {
        let mut lines = match &recipient.outcome {
            Outcome::Own(certificate) => vec![say::own(tongue, &recipient.address, &shown(certificate))],
            Outcome::Chosen(chosen) => self.chosen(tongue, &recipient.address, chosen),
            Outcome::Missing(_) | Outcome::Away(_) => {
                vec![say::without(tongue, &recipient.address, recipient.cause().as_ref())]
            }
        };
        for (Candidate { certificate, .. }, why) in &recipient.refused {
            let (serial, issuer) = (certificate.serial_hex(), certificate.issuer_common_name());
            lines.push(tongue.sentence(&rule::not_chosen(&recipient.address, &serial, issuer, &why.explain())));
        }
        lines
    }

    fn chosen(&self, tongue: Tongue, address: &Address, chosen: &Chosen) -> Vec<String> {
        let Candidate {
            certificate,
            source,
            as_of,
        } = &chosen.candidate;
        vec![
            say::encrypted_to(tongue, address, &shown(certificate)),
            say::source(tongue, &source.words(tongue), *as_of, self.now),
            say::choice(tongue, chosen.others),
            match &chosen.status {
                Status::Good(proof) => say::stands(tongue, proof.kind.words(), proof.as_of, proof.until, proof.age.words()),
                _ => say::not_published(tongue, certificate.issuer_common_name()),
            },
        ]
    }

    /// The same for programs (docs/explain.md); nothing of the message's text.
    pub fn json(&self) -> Value {
        let first = self.said.first();
        json!({
            "decision": self.decision.as_str(),
            "code": first.map(|said| said.code),
            "said": self.said.iter().map(sentence).collect::<Vec<_>>(),
            "rule": self.rule.as_ref().map(|rule| json!({"french": rule.fr, "english": rule.en})),
            "companion": self.companion.as_ref().map(|(companion, them)| json!({
                "address": companion.to_string(), "recipients": them.iter().map(Address::to_string).collect::<Vec<_>>(),
            })),
            "whitelist": self.whitelist.as_ref().map(|list| json!({
                "generated": list.generated, "taken": list.taken.rfc3339(), "age_seconds": age(list.taken, self.now),
                "domains": list.domains.len(), "origin": list.origin,
            })),
            "content_encryption": self.cipher.map(|cipher| match cipher {
                Cipher::Aes256Cbc => "aes-256-cbc",
                Cipher::Aes256Gcm => "aes-256-gcm",
            }),
            "content_encryption_why": self.cipher.map(|cipher| say::cipher(Tongue::Both, cipher == Cipher::Aes256Gcm)),
            "recipients": self.recipients.iter().map(|recipient| self.recipient(recipient)).collect::<Vec<_>>(),
        })
    }

    fn recipient(&self, recipient: &Resolution) -> Value {
        let refused = recipient.refused.iter().map(|(candidate, why)| {
            let why = why.explain();
            let mut refused = self.candidate(candidate);
            refused["why"] = sentence(&why);
            refused
        });
        let mut out = json!({
            "address": recipient.address.to_string(),
            "outcome": outcome(&recipient.outcome),
            "why": recipient.cause().as_ref().map(sentence),
            "refused": refused.collect::<Vec<_>>(),
        });
        match &recipient.outcome {
            Outcome::Own(own) => out["certificate"] = certificate(own),
            Outcome::Chosen(chosen) => {
                out["certificate"] = self.candidate(&chosen.candidate);
                out["others_that_fit"] = chosen.others.into();
                out["authority"] = chosen.path.certificates.last().map(Certificate::holder).into();
                out["revocation"] = self.status(&chosen.status);
            }
            Outcome::Missing(Missing::Ambiguous(names)) => out["people"] = names.as_slice().into(),
            Outcome::Missing(Missing::None) | Outcome::Away(_) => {}
        }
        out
    }

    fn candidate(&self, candidate: &Candidate) -> Value {
        let mut out = certificate(&candidate.certificate);
        out["source"] = candidate.source.as_str().into();
        out["directory"] = candidate.source.directory().into();
        out["source_age_seconds"] = candidate.as_of.map(|as_of| age(as_of, self.now)).into();
        out
    }

    fn status(&self, status: &Status) -> Value {
        match status {
            Status::Good(proof) => json!({
                "status": "good", "proof": proof.kind.as_str(), "as_of": proof.as_of.rfc3339(), "until": proof.until.rfc3339(),
                "age_seconds": age(proof.as_of, self.now), "state": proof.age.as_str(),
            }),
            Status::NotPublished => json!({"status": "not-published"}),
            Status::Revoked(_) => json!({"status": "revoked"}),
            Status::Unknown(_) => json!({"status": "unknown"}),
        }
    }
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Own(_) => "own",
        Outcome::Chosen(_) => "chosen",
        Outcome::Missing(Missing::None) => "missing",
        Outcome::Missing(Missing::Ambiguous(_)) => "ambiguous",
        Outcome::Away(Away::Directory(_)) => "unavailable",
        Outcome::Away(Away::Status(_)) => "status-unknown",
    }
}

fn sentence(said: &Explanation) -> Value {
    json!({
        "code": said.code, "french": format!("{} {}", said.fr.what, said.fr.todo),
        "english": format!("{} {}", said.en.what, said.en.todo),
    })
}

fn certificate(certificate: &Certificate) -> Value {
    json!({
        "holder": certificate.holder(), "issuer": certificate.issuer_common_name(), "serial": certificate.serial_hex(),
        "not_before": certificate.not_before().rfc3339(), "not_after": certificate.not_after().rfc3339(),
    })
}

fn shown(certificate: &Certificate) -> say::ShownCertificate {
    say::ShownCertificate {
        holder: certificate.holder(),
        serial: certificate.serial_hex(),
        issuer: certificate.issuer_common_name().to_owned(),
        until: certificate.not_after(),
    }
}

fn age(since: UnixTime, now: UnixTime) -> i64 {
    now.0.saturating_sub(since.0)
}
