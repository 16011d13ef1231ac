//! Listings: the provider's answers, rewritten; what a list cannot tell otherwise is opened first, once.

use super::*;
use crate::imap::{keywords, response};
use crate::view::Restored;
use std::borrow::Cow;

/// What is known of the View of a message.
#[derive(Debug, Default)]
struct Known {
    size: Option<u64>,
    header: Option<Restored>,
}

impl Plan {
    pub(super) fn listing_is_known(&self) -> bool {
        let Some(max) = self.selected.uid_next.map(|n| n.saturating_sub(1)) else {
            return false;
        };
        let asked = match self.request.by {
            Addressing::Uid => self.request.set.resolve(max).map(|asked| asked.up_to(max)),
            Addressing::Sequence => Some([(1, max.max(1))].into_iter().collect()),
        };
        asked.is_some_and(|asked| !asked.is_empty() && self.selected.classes.sealed_among(&asked).is_some())
    }

    pub(super) fn listed(&mut self, answer: Answer, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if !answer
            .fetched
            .items
            .iter()
            .any(|item| item.name == "RFC822.SIZE" || item.name.starts_with("BODY["))
        {
            return answer.line.write(&answer.line.whole(), out);
        }
        self.found.max = self.found.max.max(self.number(&answer));
        self.found.max_uid = self.found.max_uid.max(answer.uid);
        if let Some(class) = announced(&answer) {
            self.selected.classes.learn(answer.uid, class);
        }
        let class = self.selected.classes.of(answer.uid);
        let known = self.known(&answer, class, shelf);
        match class {
            Some(Sealed::Yes | Sealed::Packed) if shelf.is_locked() && !self.is_overfull() => self.hold(answer),
            Some(sealed) if !self.holds_news() && !self.wants_opening(&answer, sealed, &known) => {
                self.list(&answer, sealed, known, shelf, out);
            }
            class if self.is_overfull() => self.list(&answer, class.unwrap_or(Sealed::No), known, shelf, out),
            _ => self.hold(answer),
        }
    }

    fn hold(&mut self, answer: Answer) {
        self.held_octets += answer.line.octets();
        self.held.push_back(Held::Answer(answer));
    }

    /// Whether something is held of which nothing can be told before the keys are there.
    pub(super) fn holds_locked(&self, shelf: &dyn Shelf) -> bool {
        let sealed = |held: &Held| match held {
            Held::Answer(answer) => matches!(self.selected.classes.of(answer.uid), Some(Sealed::Yes | Sealed::Packed)),
            Held::Other(_) => false,
        };
        shelf.is_locked() && self.held.iter().any(sealed)
    }

    /// Whether an answer may pass without being read to its end, by its beginning `* n FETCH (UID u `: the message is known
    /// not to be S/MIME, and nothing was asked beside what the client wants.
    pub fn lets_pass(&mut self, first: &[u8]) -> bool {
        let plain = matches!(self.current, Step::Listing) && !self.added.uid && !self.added.class && !self.holds_news();
        let Some((number, uid)) = response::named_first(first).filter(|_| plain) else {
            return false;
        };
        if self.selected.classes.of(uid) != Some(Sealed::No) {
            return false;
        }
        let number = if self.request.by == Addressing::Uid { uid } else { number };
        self.found.max = self.found.max.max(number);
        self.found.max_uid = self.found.max_uid.max(uid);
        true
    }

    /// Numbers of messages may have changed with what is held: what comes later must not overtake it.
    pub(super) fn holds_news(&self) -> bool {
        self.held_news > 0
    }

    fn list(&mut self, answer: &Answer, sealed: Sealed, known: Known, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        let harmless = match sealed {
            Sealed::No => answer.harmless(),
            Sealed::Yes | Sealed::Packed => Cow::Borrowed(answer),
        };
        let answer = &*harmless;
        if sealed == Sealed::No && !self.added.uid && !self.added.class {
            return answer.line.write(&answer.line.whole(), out);
        }
        let strip = |item: &FetchedItem| (self.added.uid && item.name == "UID") || (self.added.class && item.name == CLASS);
        match sealed {
            Sealed::No => answer::write_without(&answer.line, &answer.fetched, &strip, out),
            Sealed::Yes | Sealed::Packed => {
                let key = self.key(answer.uid);
                let Some(boundary) = shelf.boundary(&key) else {
                    self.failure.get_or_insert_with(keys::locked);
                    self.withheld = Withheld::Some;
                    let strip = |item: &FetchedItem| strip(item) || !answer::is_dynamic(item);
                    return answer::write_without(&answer.line, &answer.fetched, &strip, out);
                };
                let header = known.header.unwrap_or_else(|| self.told_as_stored(&key, shelf));
                let listed = answer::Listed {
                    boundary: &boundary,
                    size: known.size,
                    restored: &header,
                    keyword: shelf.grade(&key).and_then(keywords::of),
                };
                answer::write_listing(&answer.line, &answer.fetched, &strip, listed, out);
            }
        }
    }

    /// What is known of its View, as far as it is asked.
    fn known(&self, answer: &Answer, class: Option<Sealed>, shelf: &dyn Shelf) -> Known {
        if class.is_none_or(|class| class == Sealed::No) {
            return Known::default();
        }
        let key = self.key(answer.uid);
        Known {
            size: stored_size(answer).and_then(|stored| shelf.size(&key, stored)),
            header: self.tells_author_fields.then(|| shelf.header(&key)).flatten(),
        }
    }

    /// Whether the message must be opened before a list can tell of it: the fields that its author protected stand inside,
    /// and a View that has no room is larger than what is stored - a mail program that was told a size may read no further.
    fn wants_opening(&self, answer: &Answer, sealed: Sealed, known: &Known) -> bool {
        if sealed == Sealed::No || self.openings.tried.contains(answer.uid) {
            return false;
        }
        let unsure = stored_size(answer).is_some_and(|stored| sealed == Sealed::Packed || stored < limits::ROOM_IS_SURE as u64);
        (unsure && known.size.is_none()) || (self.tells_author_fields && known.header.is_none())
    }

    /// At the last chance a list says what is stored, and the View will say the same.
    fn told_as_stored(&self, key: &MessageKey, shelf: &dyn Shelf) -> Restored {
        if self.tells_author_fields {
            shelf.stored_header_told(key);
        }
        Restored::default()
    }

    /// Once every class is known, plans to open what must be.
    pub(super) fn plan_openings(&mut self, status: Status, shelf: &dyn Shelf) {
        if shelf.is_locked() || !self.steps.is_empty() || status == Status::Bad || std::mem::replace(&mut self.openings.planned, true) {
            return;
        }
        let unsure = |held: &Held| match held {
            Held::Answer(answer) => {
                let sealed = self.selected.classes.of(answer.uid)?;
                let known = self.known(answer, Some(sealed), shelf);
                self.wants_opening(answer, sealed, &known).then(|| self.number(answer))
            }
            Held::Other(_) => None,
        };
        let numbers: Ranges = self.held.iter().filter_map(unsure).collect();
        self.steps.extend(numbers.sets(SET_OCTETS).into_iter().map(Step::Unopened));
    }

    pub(super) fn listing_completed(&mut self, status: Status) {
        // What is held has no class yet.
        if status == Status::Ok && self.unclassed().is_empty() {
            self.cover();
        }
        if status == Status::Ok {
            self.steps
                .extend(self.unclassed().sets(SET_OCTETS).into_iter().map(Step::LateClasses));
        }
    }

    fn unclassed(&self) -> Ranges {
        let unknown = |held: &Held| match held {
            Held::Answer(answer) if self.selected.classes.of(answer.uid).is_none() => Some(self.number(answer)),
            Held::Answer(_) | Held::Other(_) => None,
        };
        self.held.iter().filter_map(unknown).collect()
    }

    /// What was held, up to the first message of which something must be learnt yet; at the last chance, everything.
    pub(super) fn release(&mut self, last: bool, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        while let Some(held) = self.held.pop_front() {
            match held {
                Held::Other(line) => {
                    self.held_news -= 1;
                    line.write(&line.whole(), out);
                }
                Held::Answer(answer) => {
                    let class = self.selected.classes.of(answer.uid);
                    let known = self.known(&answer, class, shelf);
                    match class {
                        Some(sealed) if last || !self.wants_opening(&answer, sealed, &known) => {
                            self.list(&answer, sealed, known, shelf, out);
                        }
                        None if last => self.list(&answer, Sealed::No, known, shelf, out),
                        Some(_) | None => return self.held.push_front(Held::Answer(answer)),
                    }
                }
            }
        }
    }
}

/// RFC822.SIZE as the provider answered it.
fn stored_size(answer: &Answer) -> Option<u64> {
    let value = answer.line.string(&answer.fetched.find("RFC822.SIZE")?.value)?;
    std::str::from_utf8(&value).ok()?.parse().ok()
}
