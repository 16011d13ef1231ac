//! From a stored message to its View.

use super::Relay;
use super::cards::NotViewed;
use super::held::held_by;
use super::identities::Identity;
use super::port::{MessageKey, Place};
use super::seals::{self, Seals};
use super::views::{Imprint, KeyRing, Lasts};
use crate::base::UnixTime;
use crate::keys::held::Whose;
use crate::mime::Contents;
use crate::mime::header::Header;
use crate::policy::threads;
use crate::smime::open::{OpenError, Opened};
use crate::store::Look;
use crate::text::subject::without_marks;
use crate::text::{Explain, Explanation};
use crate::view::letter::{self, Agreement, HeaderShown, Letter, Senders};
use crate::view::report::{self, Reported};
use crate::view::restored::{Author, UNCHANGED};
use crate::view::verdict::{Grade, Verdict, judge};
use crate::view::{Draft, View, build, frozen};
use std::sync::Arc;

/// Octets of a stored message that is opened where it was read: handing the thread to another costs a tenth of it.
const OPENED_IN_PLACE: usize = 256 * 1024;

/// `view::verdict` on a card that names no address.
const WITHOUT_ADDRESS: &str = "signer-without-address";

/// What `souspli open` shows.
#[derive(Debug)]
pub struct OpenedByHand {
    verdict: Verdict,
    subject: String,
    from: String,
    report: String,
    view: View,
}

/// A stored message opened and judged.
pub(super) struct Read {
    pub(super) opened: Option<Opened>,
    /// By the protected From, where there is one.
    pub(super) verdict: Verdict,
    pub(super) senders: Senders,
}

/// What of a message the View shows, and in how many octets.
#[derive(Clone, Copy)]
struct Shown<'a> {
    letter: Option<&'a Letter<'a>>,
    header: HeaderShown,
    size: u64,
}

impl Read {
    /// What is said of it, the other From considered.
    fn said(&self) -> Verdict {
        match self.senders.agreement {
            Agreement::Same => self.verdict.clone(),
            Agreement::Differs => self.verdict.clone().of_another_from(),
        }
    }

    fn reported<'a>(&'a self, stored: &'a [u8], letter: Option<&'a Letter<'a>>, verdict: &'a Verdict) -> Reported<'a> {
        Reported {
            stored,
            opened: self.opened.as_ref(),
            letter,
            sender: self.senders.from.as_ref(),
            verdict,
        }
    }

    fn letter(&self, stored: &[u8], header: HeaderShown) -> Option<Letter<'_>> {
        let said = self.said();
        let from = said.from_shown(self.senders.agreement);
        let author = if said.own { Author::Owner } else { Author::Other };
        self.opened
            .as_ref()
            .map(|opened| letter::letter(opened, stored, from, author, header))
    }
}

impl Relay {
    /// The View as things are.
    pub(super) fn view_now(&self, key: &MessageKey, stored: Vec<u8>) -> Result<Arc<View>, NotViewed> {
        let keys = self.identities.all()?;
        let has_card = keys.iter().any(|own| own.key.is_outside());
        if stored.len() <= OPENED_IN_PLACE && !has_card && !self.awaits_answer(&key.account) {
            return self.view_of(key, stored);
        }
        // Opening takes milliseconds of computing, a card longer: never on the thread that serves the others.
        tokio::task::block_in_place(|| {
            let _turn = has_card.then(|| self.card_turns.of(key));
            self.view_looked_into(key, stored)
        })
    }

    /// The View; the message and what it opens to may bring the certificate that a key waits for.
    fn view_looked_into(&self, key: &MessageKey, stored: Vec<u8>) -> Result<Arc<View>, NotViewed> {
        self.look_for_answer(&key.account, &stored);
        let view = self.view_of(key, stored)?;
        self.look_for_answer(&key.account, view.bytes());
        Ok(view)
    }

    /// The View, from memory or made now. `Err`: a key is locked; nothing provisional is shown.
    fn view_of(&self, key: &MessageKey, stored: Vec<u8>) -> Result<Arc<View>, NotViewed> {
        let _look = Look::begin();
        self.notice_wiped_keys();
        if let Some(view) = self.views.find_of(key, &stored, self.now(), || self.identities.all().ok()) {
            return Ok(view);
        }
        let seals = self.seals.at_hand().map_err(|e| e.explain())?;
        let epoch = self.views.epoch();
        let keys = self.identities.all()?;
        let mut read = match self.read(&stored, &keys) {
            Ok(read) => read,
            Err(why) => {
                return Err(NotViewed {
                    why: Box::new(why),
                    stored: Some(stored),
                });
            }
        };
        self.is_for_nobody_known(key, &read, &keys)?;
        self.remember_content_keys(&read, &keys);
        self.harvest(&key.account, &read);
        let evidence = evidence(seals, &read);
        self.recall(key, &mut read.verdict, evidence)?;
        let verdict = read.said();
        let told = self.told_size(key);
        let header = self.header_shown(key).map_err(|e| e.explain())?;
        let letter = read.letter(&stored, header);
        // Before the View: the files of a large message are not held beside it.
        let sealed = letter.as_ref().filter(|_| verdict.encrypted);
        let like = sealed.map(|letter| self.like(&Contents::of(&letter.content))).unwrap_or_default();
        let shown = Shown {
            letter: letter.as_ref(),
            header,
            size: told.unwrap_or(stored.len() as u64),
        };
        let draft = self.draft(seals, key, &stored, &read, &shown);
        drop(letter);
        let held = held_by(&read, &keys);
        self.freeze(key, &read.verdict, evidence, &draft, Some(Whose::Other) != held)?;
        self.keep_size(key, told, &stored, draft.view_len() as u64, &verdict)?;
        if !self.needs_card_again(&read) && held.is_none() {
            self.keep_text(key, verdict.grade, &draft);
        }
        let ids = message_ids(&stored, draft.bytes());
        self.note_opened(key, &ids, &read, verdict.code);
        self.remember_thread(&ids, &verdict)?;
        self.remember_letter(&like)?;
        let lasts = match verdict.grade {
            Grade::Unopenable => Lasts::While(keys),
            _ => self.lasts(&read),
        };
        self.remember_unopened(key, &lasts);
        let imprint = Imprint::of(&stored);
        // A large message and its content are not held beside the whole View.
        drop((read, stored));
        let view = Arc::new(draft.filled());
        Ok(self.views.keep(key, epoch, imprint, view, lasts))
    }

    /// "For none of your keys" is said where all keys are known. `Err`: the file of somebody else may hold one more.
    fn is_for_nobody_known(&self, key: &MessageKey, read: &Read, keys: &KeyRing) -> Result<(), Explanation> {
        if read.verdict.code != OpenError::NotForMe.code() {
            return Ok(());
        }
        match self.identities.held().cannot_say(&key.account) {
            Some(why) => Err(why),
            // Another reading may have learnt of it since.
            None if Arc::ptr_eq(&self.identities.all()?, keys) => Ok(()),
            None => Err(OpenError::Locked.explain()),
        }
    }

    /// The View that is in memory.
    pub(super) fn known_view(&self, key: &MessageKey) -> Option<Arc<View>> {
        self.views.find(key, self.now(), || self.identities.all().ok())
    }

    /// A sealed message that arrived makes its thread a sealed one: the answer will quote it (requirements M3).
    fn remember_thread(&self, ids: &[String], verdict: &Verdict) -> Result<(), Explanation> {
        for id in ids.iter().filter(|_| verdict.encrypted) {
            self.threads.remember_received(id, self.now()).map_err(|e| e.explain())?;
        }
        Ok(())
    }

    fn read(&self, stored: &[u8], identities: &[Identity]) -> Result<Read, Explanation> {
        let trust = self.trust().map_err(|e| e.explain())?;
        let mut result = self.opened(stored, identities, &trust);
        if let Ok(opened) = &mut result {
            self.say_status(opened, &trust);
        }
        if let Err(error @ OpenError::Locked) = &result {
            return Err(error.explain());
        }
        let senders = letter::senders(result.as_ref().ok(), stored);
        let mut verdict = judge(&result, senders.from.as_slice());
        if verdict.code == WITHOUT_ADDRESS
            && let (Ok(opened), Some(sender)) = (&mut result, &senders.from)
            && self.say_bound(opened, sender)
        {
            verdict = judge(&result, senders.from.as_slice());
        }
        let mut verdict = verdict.dated(senders.date);
        // The mark covers the content; under another sender's name even the owner's words are not the owner's letter.
        let from = senders.from.iter().filter(|_| senders.agreement == Agreement::Same);
        let from_owner = from
            .into_iter()
            .any(|sender| identities.iter().any(|identity| identity.covers(sender)));
        if let Ok(opened) = &result
            && from_owner
            && self.is_own(opened)
        {
            verdict = verdict.of_own_copy();
        }
        Ok(Read {
            opened: result.ok(),
            verdict,
            senders,
        })
    }

    fn is_own(&self, opened: &Opened) -> bool {
        let (header, _) = Header::parse(&opened.content);
        let Some(mark) = header.text(seals::OWN_FIELD) else { return false };
        let seals = self.seals.at_hand();
        seals.is_ok_and(|seals| seals.is_own(&mark, &without_own_field(&opened.content)))
    }

    fn draft(&self, seals: &Seals, key: &MessageKey, stored: &[u8], read: &Read, shown: &Shown<'_>) -> Draft {
        let Shown { letter, header, size } = *shown;
        let said = read.said();
        let report = report::is_attached(&said).then(|| report::attached(&read.reported(stored, letter, &said)));
        build::draft(&build::ViewInput {
            stored,
            size: usize::try_from(size).unwrap_or(stored.len()),
            content: letter.map(|letter| &*letter.content),
            restored: letter.map_or(&UNCHANGED, |letter| &letter.restored),
            header,
            verdict: &said,
            report: report.as_deref(),
            boundary: &seals.boundary(key),
            banner: self.config.policy.banner,
            token: &seals.token(key),
        })
    }

    /// The header of a stored message with its author's fields.
    pub(super) fn shown_header(&self, stored: &[u8]) -> Result<Vec<u8>, Explanation> {
        let keys = self.identities.all()?;
        let read = self.read(stored, &keys)?;
        self.remember_content_keys(&read, &keys);
        let letter = read.letter(stored, HeaderShown::Protected);
        let restored = letter.map(|letter| letter.restored).unwrap_or_default();
        Ok(restored.applied(&Header::parse(stored).0))
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
        self.told_size(key).or_else(|| self.has_been_shown(key).then_some(stored))
    }

    /// `souspli open`: no client, no mailbox, nothing remembered.
    pub fn open_by_hand(&self, stored: Vec<u8>) -> Result<OpenedByHand, Explanation> {
        self.look_at_files();
        let read = match self.read(&stored, &self.identities.all()?) {
            Err(why) if !self.open_cards_by_hand()? => return Err(why),
            Err(_) => self.read(&stored, &self.identities.all()?)?,
            Ok(read) => read,
        };
        let verdict = read.said();
        let key = MessageKey {
            account: "".into(),
            place: Place::Mailbox {
                mailbox: "".into(),
                uidvalidity: 0,
                uid: 0,
            },
        };
        let seals = self.seals.at_hand().map_err(|e| e.explain())?;
        let letter = read.letter(&stored, HeaderShown::Protected);
        let shown = Shown {
            letter: letter.as_ref(),
            header: HeaderShown::Protected,
            size: stored.len() as u64,
        };
        let draft = (verdict.grade != Grade::Plain).then(|| self.draft(seals, &key, &stored, &read, &shown));
        let header = Header::parse(draft.as_ref().map_or(&stored, Draft::bytes)).0;
        let (subject, from) = (header.text("Subject").unwrap_or_default(), header.text("From").unwrap_or_default());
        let subject = without_marks(&subject).unwrap_or(subject);
        // Its structure may have been found deceptive only when the View was made.
        let verdict = draft.as_ref().and_then(|draft| draft.verdict().cloned()).unwrap_or(verdict);
        let report = report::on_demand(&read.reported(&stored, letter.as_ref(), &verdict));
        drop(letter);
        drop(read);
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
            report,
            view,
        })
    }
}

impl OpenedByHand {
    /// The View; the message itself when it is not S/MIME.
    pub fn bytes(&self) -> &[u8] {
        self.view.bytes()
    }

    /// Everything that is known of it (docs/verdicts.md); no body text.
    pub fn report(&self) -> &str {
        &self.report
    }

    /// The verdict (docs/verdicts.md); no body text.
    pub fn json(&self) -> serde_json::Value {
        let v = &self.verdict;
        let signers: Vec<_> = v
            .signers
            .iter()
            .map(|s| {
                serde_json::json!({"name": s.name, "profession": s.profession, "rpps": s.rpps, "address": s.address, "issuer": s.issuer, "serial": s.serial,
                    "signing_time": s.signing_time.map(UnixTime::rfc3339)})
            })
            .collect();
        serde_json::json!({
            "grade": v.grade.as_str(), "code": v.code, "french": v.french, "english": v.english, "signers": signers,
            "realm": v.realm.as_str(), "encrypted": v.encrypted, "content_encryption": v.content_encryption, "key_encryption": v.key_encryption,
            "obsolete": v.obsolete, "subject": self.subject, "from": self.from,
        })
    }
}

fn evidence(seals: &Seals, read: &Read) -> u64 {
    let Senders { from, date, .. } = &read.senders;
    let opened = read.opened.as_ref();
    opened.map_or(0, |opened| seals.evidence(&frozen::evidence(opened, from.as_slice(), *date)))
}

/// The Message-ID that the View shows, and the one outside: an answer may name either.
fn message_ids(stored: &[u8], view: &[u8]) -> Vec<String> {
    let mut ids: Vec<String> = [view, stored].iter().filter_map(|m| threads::own(m)).collect();
    ids.dedup();
    ids
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
