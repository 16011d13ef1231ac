//! From a stored message to its View.

use super::identities::Identity;
use super::port::{MessageKey, Place};
use super::views::{Imprint, Lasts};
use super::{Relay, seals};
use crate::base::{Address, UnixTime};
use crate::mime::header::Header;
use crate::smime::open::{OpenError, Opened, open};
use crate::smime::port::PrivateKey;
use crate::store::Event;
use crate::text::{Explain, Explanation};
use crate::view::verdict::{Grade, Verdict, judge};
use crate::view::{Draft, View, build, frozen, sender};
use std::sync::Arc;

/// A mark holds the place of a code, of which there are fewer, and above it the evidence.
const CODES: u64 = 256;

/// What `souspli open` shows.
#[derive(Debug)]
pub struct OpenedByHand {
    verdict: Verdict,
    subject: String,
    from: String,
    view: View,
}

impl Relay {
    /// The View, from memory or made now. `Err`: a key is locked; nothing provisional is shown.
    pub(super) fn view_of(&self, key: &MessageKey, stored: Vec<u8>) -> Result<Arc<View>, Explanation> {
        if let Some(view) = self.views.find_of(key, &stored, || self.identities.all().ok()) {
            return Ok(view);
        }
        let keys = self.identities.all()?;
        let (result, mut verdict) = self.opened(&stored, &keys)?;
        self.freeze(
            key,
            &mut verdict,
            result.as_ref().map_or(0, |opened| self.evidence(&stored, opened)),
        )?;
        let told = self.told_size(key);
        let draft = self.draft(key, &stored, told.unwrap_or(stored.len() as u64), result.as_ref().ok(), &verdict);
        self.keep_size(key, told, &stored, draft.view_len() as u64, &verdict)?;
        if let Ok(account) = Address::parse(&key.account) {
            let id = crate::policy::threads::own(&stored);
            self.note(&self.entry(Event::Open, &account, id.as_deref(), 0, verdict.code));
        }
        self.remember_thread(&stored, &verdict)?;
        let lasts = match verdict.grade {
            Grade::Unopenable => Lasts::While(keys),
            _ => Lasts::ForGood,
        };
        let imprint = Imprint::of(&stored);
        // A large message and its content are not held beside the whole View.
        drop((result, stored));
        Ok(self.views.keep(key, imprint, Arc::new(draft.filled()), lasts))
    }

    /// The View that is in memory.
    pub(super) fn known_view(&self, key: &MessageKey) -> Option<Arc<View>> {
        self.views.find(key, || self.identities.all().ok())
    }

    /// A sealed message that arrived makes its thread a sealed one: the answer will quote it (requirements M3).
    fn remember_thread(&self, stored: &[u8], verdict: &Verdict) -> Result<(), Explanation> {
        match crate::policy::threads::own(stored) {
            Some(id) if verdict.encrypted => self.threads.remember_received(&id, self.now()).map_err(|e| e.explain()),
            _ => Ok(()),
        }
    }

    fn opened(&self, stored: &[u8], identities: &[Identity]) -> Result<(Result<Opened, OpenError>, Verdict), Explanation> {
        let keys: Vec<&dyn PrivateKey> = identities.iter().map(|i| i.key.as_ref()).collect();
        let trust = self.trust().map_err(|e| e.explain())?;
        let result = open(stored, &keys, &trust, self.now());
        if let Err(error @ OpenError::Locked) = &result {
            return Err(error.explain());
        }
        let from: Vec<Address> = sender::sender(stored).into_iter().collect();
        let mut verdict = judge(&result, &from).dated(sender::date(stored));
        // The mark covers the content; under another sender's name even the owner's words are not the owner's letter.
        let from_owner = from.iter().any(|sender| identities.iter().any(|identity| identity.covers(sender)));
        if let Ok(opened) = &result
            && from_owner
            && self.is_own(opened)
        {
            verdict = verdict.of_own_copy();
        }
        Ok((result, verdict))
    }

    fn is_own(&self, opened: &Opened) -> bool {
        let (header, _) = Header::parse(&opened.content);
        let Some(mark) = header.text(seals::OWN_FIELD) else { return false };
        self.seals.is_own(&mark, &without_own_field(&opened.content))
    }

    fn draft(&self, key: &MessageKey, stored: &[u8], size: u64, opened: Option<&Opened>, verdict: &Verdict) -> Draft {
        build::draft(&build::ViewInput {
            stored,
            size: usize::try_from(size).unwrap_or(stored.len()),
            content: opened.map(|o| o.content.as_slice()),
            verdict,
            boundary: &self.seals.boundary(key),
            banner: self.config.policy.banner,
            token: &self.seals.token(key),
        })
    }

    /// A verdict depends on the day and on the authorities configured; the View that a client has seen does not. What was
    /// said first stays said, as long as the same signatures stand in the same place. A message that could not be opened is
    /// not frozen: its key may still be imported.
    fn freeze(&self, key: &MessageKey, verdict: &mut Verdict, evidence: u64) -> Result<(), Explanation> {
        if verdict.grade == Grade::Unopenable {
            return Ok(());
        }
        let place = seals::place(key);
        let name: [&[u8]; 2] = [b"verdict", &place];
        let frozen = self
            .marks
            .size(&name)
            .map_err(|e| e.explain())?
            .filter(|mark| mark / CODES == evidence);
        match (frozen, verdict.index()) {
            (Some(mark), _) => verdict.regrade(mark % CODES),
            (None, Some(index)) => self.marks.put(&name, evidence * CODES + index).map_err(|e| e.explain())?,
            (None, None) => {}
        }
        Ok(())
    }

    fn evidence(&self, stored: &[u8], opened: &Opened) -> u64 {
        let from: Vec<Address> = sender::sender(stored).into_iter().collect();
        self.seals.evidence(&frozen::evidence(opened, &from, sender::date(stored)))
    }

    /// A frozen verdict without a size says that the View has the stored one: most messages need one mark, not two.
    fn keep_size(&self, key: &MessageKey, told: Option<u64>, stored: &[u8], size: u64, verdict: &Verdict) -> Result<(), Explanation> {
        let implied = verdict.grade != Grade::Unopenable && size == stored.len() as u64;
        if told.map_or(implied, |told| told == size) {
            return Ok(());
        }
        self.marks.put(&[b"size", &seals::place(key)], size).map_err(|e| e.explain())
    }

    /// The size that mail programs were told, where it is not the stored one for a reason that is known.
    fn told_size(&self, key: &MessageKey) -> Option<u64> {
        self.marks.size(&[b"size", &seals::place(key)]).ok().flatten()
    }

    /// The size of a message's View, when it has been opened once.
    pub(super) fn known_size(&self, key: &MessageKey, stored: u64) -> Option<u64> {
        let opened = || self.marks.size(&[b"verdict", &seals::place(key)]).ok().flatten().map(|_| stored);
        self.told_size(key).or_else(opened)
    }

    /// `souspli open`: no client, no mailbox, nothing remembered.
    pub fn open_by_hand(&self, stored: Vec<u8>) -> Result<OpenedByHand, Explanation> {
        let (result, verdict) = self.opened(&stored, &self.identities.all()?)?;
        let header = Header::parse(&stored).0;
        let (subject, from) = (header.text("Subject").unwrap_or_default(), header.text("From").unwrap_or_default());
        let key = MessageKey {
            account: "".into(),
            place: Place::Mailbox {
                mailbox: "".into(),
                uidvalidity: 0,
                uid: 0,
            },
        };
        let draft = (verdict.grade != Grade::Plain).then(|| self.draft(&key, &stored, stored.len() as u64, result.as_ref().ok(), &verdict));
        drop(result);
        let view = match draft {
            Some(draft) => {
                drop(stored);
                draft.filled()
            }
            None => View::of(stored),
        };
        Ok(OpenedByHand {
            verdict,
            subject,
            from,
            view,
        })
    }
}

impl OpenedByHand {
    /// The View; the message itself when it is not S/MIME.
    pub fn bytes(&self) -> &[u8] {
        self.view.bytes()
    }

    /// The verdict (docs/verdicts.md); no body text.
    pub fn json(&self) -> serde_json::Value {
        let v = &self.verdict;
        let signers: Vec<_> = v
            .signers
            .iter()
            .map(|s| {
                serde_json::json!({"name": s.name, "address": s.address, "issuer": s.issuer, "serial": s.serial,
                    "signing_time": s.signing_time.map(UnixTime::rfc3339)})
            })
            .collect();
        serde_json::json!({
            "grade": v.grade.as_str(), "code": v.code, "french": v.french, "english": v.english, "signers": signers,
            "encrypted": v.encrypted, "content_encryption": v.content_encryption, "key_encryption": v.key_encryption,
            "obsolete": v.obsolete, "subject": self.subject, "from": self.from,
        })
    }
}

/// The content as it was when it was marked.
pub(super) fn without_own_field(content: &[u8]) -> Vec<u8> {
    let (header, body) = Header::parse(content);
    let mut out = header.retain(|f| !f.is(seals::OWN_FIELD));
    // What `retain` leaves out of a header is fields only; the empty line comes again.
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&content[body..]);
    out
}
