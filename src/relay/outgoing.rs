//! From a submission to what may leave: the decision, the certificates, the signature, the envelopes.
//!
//! Every error is a refusal of the whole message; nothing falls back to clear.

use super::decided::Plan;
use super::identities::Identity;
use super::port::{Group, LeftOut, Outgoing, Protection, SealedRecord, SealedSubmission, Used, Way};
use super::recipients::Certificates;
use super::{Relay, seals};
use crate::base::Address;
use crate::base::limits::SEALED_COPIES_MAX;
use crate::config::Account;
use crate::keys;
use crate::mime::entity::{Entity, parse};
use crate::mime::header::Header;
use crate::mime::{Contents, Octets};
use crate::pki::Certificate;
use crate::policy::outgoing::{self, Copies, CopyKind, Need, Why};
use crate::policy::{Recipient, Submission, complete, tag, threads};
use crate::smime::Flow;
use crate::smime::encrypt;
use crate::smime::header_protection::{self, Purpose};
use crate::smime::port::{KeyError, SignatureScheme};
use crate::smime::sign::{self, Form};
use crate::store::{Look, Traits};
use crate::text::{Explain, Explanation, outgoing as say, provider};
use crate::view::likeness::Likeness;
use crate::view::{legacy_display, strip, strip_tree};
use bytes::Bytes;

/// A submission that is to be sealed.
struct Judged {
    /// By which rule.
    why: Why,
    /// What it is like, where that is known.
    like: Option<Likeness>,
}

/// A message without tag, banner and marks of ours.
pub(super) struct Clear {
    /// Its header, with what was missing.
    pub(super) header: Vec<u8>,
    /// The message, under the header it came with.
    pub(super) message: Bytes,
    /// Its tree.
    pub(super) tree: Entity,
}

/// What leaves by one channel, under the address of its account.
struct Side<'a> {
    way: Way,
    account: &'a Account,
    clear: &'a Clear,
}

/// The same on its way into an envelope.
struct Content {
    /// The fields that stay outside.
    outer: Vec<u8>,
    /// What is signed: 7-bit safe, with the protected fields.
    entity: Octets,
}

impl Relay {
    /// Decides and seals.
    pub(super) async fn submit(&self, account: &Account, submission: &Submission) -> Outgoing {
        let (need, like) = self.judged(account, submission);
        let sealed = match need {
            Need::Clear => match self.clear_companion(account, submission) {
                Some(companion) => self.clear_through(account, companion, submission, self.traits(&like)),
                None => return passed(submission, self.traits(&like)),
            },
            Need::Refuse(refusal) => Err(refusal.explain()),
            Need::Sign => self.sign_only(account, submission, self.traits(&like)),
            Need::Secure(why) => {
                let judged = Judged { why, like: Some(like) };
                self.secure(account, submission, judged, outgoing::copies(submission)).await
            }
        };
        match sealed {
            Ok(sealed) => Outgoing::Seal(sealed),
            Err(refusal) => Outgoing::Refuse(provider::not_sent(refusal)),
        }
    }

    /// `souspli seal`: whatever the policy would say of it.
    pub(crate) async fn seal_by_hand(
        &self,
        account: &Account,
        submission: &Submission,
        copies: Vec<Copies>,
    ) -> Result<SealedSubmission, Explanation> {
        if let Some(why) = self.reads_only(account, submission, &self.space()?) {
            return Err(why);
        }
        let judged = Judged {
            why: Why::AlwaysEncrypt,
            like: None,
        };
        self.secure(account, submission, judged, copies).await
    }

    /// Seals for every recipient or for none: To and Cc together, each other recipient alone.
    async fn secure(
        &self,
        account: &Account,
        submission: &Submission,
        judged: Judged,
        copies: Vec<Copies>,
    ) -> Result<SealedSubmission, Explanation> {
        let decided = self.decided(account, submission, &judged.why, copies).await;
        let Plan {
            left_out,
            trusted,
            certificates,
            own,
            via,
            clear,
            through,
        } = decided.plan?;
        let _look = Look::begin();
        let mut record = self.record(&clear, left_out, &trusted);
        self.remember(&record)?;
        // What the channel carries unencrypted may go that way again.
        if trusted.is_empty() {
            // Our own words are none of the letter.
            let like = judged.like.filter(|_| is_same(&clear.message, &submission.message));
            let like = || like.unwrap_or_else(|| self.like(&Contents::of(&clear.message)));
            tokio::task::block_in_place(|| self.remember_letter(&like()))?;
        }
        let mut sides = vec![(Way::Own, account, &clear, own)];
        if let Some((companion, through)) = &through {
            sides.push((Way::Companion, companion, through, via));
        }
        let mut groups = Vec::new();
        for (way, account, clear, copies) in sides {
            let side = Side { way, account, clear };
            let used = &mut record.used;
            groups.extend(tokio::task::block_in_place(|| {
                self.groups(&side, copies, &certificates, &trusted, used)
            })?);
        }
        if groups.iter().map(|group| group.message.len()).sum::<usize>() > SEALED_COPIES_MAX {
            return Err(say::too_many_copies());
        }
        let companion = through.map(|(companion, _)| companion);
        record.via = companion
            .as_ref()
            .map(|companion| (companion.address.clone(), of_companion(&groups)));
        Ok(SealedSubmission { groups, record, companion })
    }

    /// Signs once, then makes an envelope for each set of recipients.
    fn groups(
        &self,
        side: &Side<'_>,
        copies: Vec<Copies>,
        certificates: &Certificates,
        trusted: &[Address],
        used: &mut Used,
    ) -> Result<Vec<Group>, Explanation> {
        if copies.is_empty() {
            return Ok(Vec::new());
        }
        let Side { way, account, clear } = *side;
        let content = self.content(clear, Purpose::Sealed(self.subject()));
        let signer = self.signer(account, &clear.header)?;
        let signed = self.sign(account, &signer, content.entity.clone(), Form::Opaque)?;
        used.key(signer.key.as_ref());
        let mut groups = Vec::new();
        for copies in copies {
            let (sealed, others): (Vec<_>, Vec<_>) = copies.recipients.into_iter().partition(|r| certificates.contains_key(&r.address));
            if !sealed.is_empty() {
                let mut readers: Vec<Certificate> = sealed.iter().filter_map(|r| certificates.get(&r.address).cloned()).collect();
                if copies.kind == CopyKind::Open {
                    readers.push(self.own_encryption_certificate(account)?);
                }
                readers.iter().for_each(|reader| used.certificate(reader));
                let message = content.closed(self.encrypt(signed.clone(), &readers, self.cipher_for(&sealed))?);
                groups.push(Group {
                    way,
                    recipients: sealed,
                    message,
                });
            }
            let over_channel: Vec<Recipient> = others.into_iter().filter(|r| trusted.contains(&r.address)).collect();
            if !over_channel.is_empty() {
                let readable = self.content(clear, Purpose::Signed);
                let message = readable.closed(self.sign(account, &signer, readable.entity.clone(), Form::Detached)?);
                groups.push(Group {
                    way,
                    recipients: over_channel,
                    message,
                });
            }
        }
        Ok(groups)
    }

    fn sign_only(&self, account: &Account, submission: &Submission, traits: Traits) -> Result<SealedSubmission, Explanation> {
        let signer = self.signs_for(account, &submission.message)?;
        let content = self.content(&self.clear(account, &submission.message)?, Purpose::Signed);
        let signed = self.sign(account, &signer, content.entity.clone(), Form::Detached)?;
        let mut used = Used::default();
        used.key(signer.key.as_ref());
        let group = Group {
            way: Way::Own,
            recipients: submission.envelope.recipients.clone(),
            message: content.closed(signed),
        };
        Ok(SealedSubmission {
            groups: vec![group],
            record: SealedRecord {
                message_id: threads::own(&submission.message),
                protection: Protection::Signed,
                traits,
                used,
                ..SealedRecord::default()
            },
            companion: None,
        })
    }

    /// Takes our marks and the tag out, and adds what is missing. Only the header is written anew where nothing else has to be.
    pub(super) fn clear(&self, account: &Account, message: &Bytes) -> Result<Clear, Explanation> {
        let tree = parse(message);
        let (message, tree) = match strip_tree(message, &tree) {
            None => (message.clone(), tree),
            Some(stripped) => {
                let tree = parse(&stripped);
                (Bytes::from(stripped), tree)
            }
        };
        let (_, body) = Header::parse(&message);
        let unique = seals::unique().ok_or_else(say::sealing_failed)?;
        let header = complete::completed(&message[..body], self.now(), &unique, account.address.domain());
        let header = tag::removed(&header, &self.config.policy.tag).into_owned();
        Ok(Clear { header, message, tree })
    }

    /// Protects the fields, then makes what is left safe for every transport.
    fn content(&self, clear: &Clear, purpose: Purpose) -> Content {
        let hidden = header_protection::hidden_subject(&clear.header, purpose);
        let displayed = hidden.and_then(|subject| legacy_display::insert_tree(&clear.message, &clear.tree, &subject));
        let message = displayed.map_or_else(|| clear.message.clone(), Bytes::from);
        Content {
            outer: header_protection::outer_header(&clear.header, purpose),
            entity: header_protection::protected(&clear.header, &message, purpose),
        }
    }

    /// What the provider sees of the Subject of what is sealed.
    pub(super) fn subject(&self) -> header_protection::Subject {
        match self.config.policy.protect_subject {
            true => header_protection::Subject::Hidden,
            false => header_protection::Subject::Shown,
        }
    }
}

impl Content {
    /// The outer header with a sealed or signed entity in it.
    fn closed(&self, entity: Flow) -> Flow {
        let mut message = Flow::from([self.outer.as_slice(), b"MIME-Version: 1.0\r\n"].concat());
        message.append(entity);
        message
    }
}

/// The very same octets, mostly: where they stand tells it without a look at them.
fn is_same(a: &Bytes, b: &Bytes) -> bool {
    (a.as_ptr() == b.as_ptr() && a.len() == b.len()) || a == b
}

fn of_companion(groups: &[Group]) -> Vec<Address> {
    let through = groups.iter().filter(|group| group.way == Way::Companion);
    through.flat_map(|group| &group.recipients).map(|r| r.address.clone()).collect()
}

/// As submitted, but for what Souspli itself put into a message that had come in clear, and the doctor quotes.
fn passed(submission: &Submission, traits: Traits) -> Outgoing {
    let record = SealedRecord {
        protection: Protection::Clear,
        traits,
        ..SealedRecord::default()
    };
    match strip(&submission.message) {
        None => Outgoing::PassThrough(record),
        Some(message) => {
            let group = Group {
                way: Way::Own,
                recipients: submission.envelope.recipients.clone(),
                message: message.into(),
            };
            Outgoing::Seal(SealedSubmission {
                groups: vec![group],
                record,
                companion: None,
            })
        }
    }
}

/// The steps around a key, shared with the copies stored for the owner.
impl Relay {
    /// Signs as the account: prepare, the key, finish.
    pub(super) fn sign(&self, account: &Account, signer: &Identity, entity: Octets, form: Form) -> Result<Flow, Explanation> {
        let now = self.now();
        let encryption = self.identities.encryption(&account.address, now)?;
        let scheme = SignatureScheme::for_certificate(signer.key.certificate()).ok_or_else(|| KeyError::Unsupported.explain())?;
        let who = sign::Signer {
            certificate: signer.key.certificate(),
            chain: signer.key.chain(),
            encryption_certificate: Some(encryption.key.certificate()),
        };
        let prepared = sign::prepare(entity, &who, form, now, scheme);
        let signature = signer
            .key
            .sign(prepared.scheme(), prepared.to_be_signed())
            .map_err(|e| e.explain())?;
        Ok(prepared.finish(&signature))
    }

    /// Encrypts with fresh material.
    pub(super) fn encrypt(&self, entity: impl Into<Flow>, readers: &[Certificate], cipher: encrypt::Cipher) -> Result<Flow, Explanation> {
        let mut readers: Vec<&Certificate> = readers.iter().collect();
        readers.sort_by_key(|c| c.fingerprint());
        readers.dedup();
        let material = keys::material().ok_or_else(say::sealing_failed)?;
        let method = encrypt::Method {
            cipher,
            ..encrypt::Method::default()
        };
        encrypt::encrypt(entity, &readers, method, material).map_err(|e| e.explain())
    }

    fn record(&self, clear: &Clear, left_out: Vec<LeftOut>, over_channel: &[Address]) -> SealedRecord {
        SealedRecord {
            message_id: threads::own(&clear.header),
            left_out,
            protection: Protection::Sealed,
            over_channel: over_channel.to_vec(),
            ..SealedRecord::default()
        }
    }

    /// Before anything leaves: a copy that the mail program uploads while the provider still thinks is known already.
    fn remember(&self, record: &SealedRecord) -> Result<(), Explanation> {
        let Some(id) = &record.message_id else { return Ok(()) };
        let kept = match record.over_channel.is_empty() {
            true => self.threads.remember(id, self.now()),
            false => self.threads.remember_over_channel(id, self.now()),
        };
        kept.map_err(|e| e.explain())
    }
}
