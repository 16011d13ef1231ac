//! Listings: the provider's answers, rewritten without opening anything.

use super::*;
use crate::imap::response;

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
        let size = self.size(&answer, class, shelf);
        match class {
            Some(sealed) if !self.holds_news() && !self.wants_size(&answer, sealed, size) => self.list(&answer, sealed, size, shelf, out),
            class if self.is_overfull() => self.list(&answer, class.unwrap_or(Sealed::No), size, shelf, out),
            _ => {
                self.held_octets += answer.line.octets();
                self.held.push_back(Held::Answer(answer));
            }
        }
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
    fn holds_news(&self) -> bool {
        self.held_news > 0
    }

    fn list(&self, answer: &Answer, sealed: Sealed, size: Option<u64>, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if sealed == Sealed::No && !self.added.uid && !self.added.class {
            return answer.line.write(&answer.line.whole(), out);
        }
        let strip = |item: &FetchedItem| (self.added.uid && item.name == "UID") || (self.added.class && item.name == CLASS);
        match sealed {
            Sealed::No => answer::write_without(&answer.line, &answer.fetched, &strip, out),
            Sealed::Yes | Sealed::Packed => {
                let key = self.key(answer.uid);
                answer::write_listing(&answer.line, &answer.fetched, &strip, &shelf.boundary(&key), size, out);
            }
        }
    }

    /// The size of its View, where it was asked and is known.
    fn size(&self, answer: &Answer, class: Option<Sealed>, shelf: &dyn Shelf) -> Option<u64> {
        let sealed = class.is_some_and(|class| class != Sealed::No);
        let stored = stored_size(answer).filter(|_| sealed)?;
        shelf.size(&self.key(answer.uid), stored)
    }

    /// Whether the message must be opened before its size can be told: a View that has no room is larger than what is
    /// stored, and a mail program that was told a size may read no further.
    fn wants_size(&self, answer: &Answer, sealed: Sealed, size: Option<u64>) -> bool {
        let Some(stored) = stored_size(answer) else { return false };
        let unsure = match sealed {
            Sealed::No => false,
            Sealed::Yes => stored < limits::ROOM_IS_SURE as u64,
            Sealed::Packed => true,
        };
        unsure && size.is_none() && !self.sized.tried.contains(answer.uid)
    }

    /// Once every class is known, plans to open what must be.
    pub(super) fn plan_sizes(&mut self, status: Status, shelf: &dyn Shelf) {
        if !self.steps.is_empty() || status == Status::Bad || std::mem::replace(&mut self.sized.planned, true) {
            return;
        }
        let unsure = |held: &Held| match held {
            Held::Answer(answer) => {
                let sealed = self.selected.classes.of(answer.uid)?;
                let size = self.size(answer, Some(sealed), shelf);
                self.wants_size(answer, sealed, size).then(|| self.number(answer))
            }
            Held::Other(_) => None,
        };
        let numbers: Ranges = self.held.iter().filter_map(unsure).collect();
        self.steps.extend(numbers.sets(SET_OCTETS).into_iter().map(Step::Sizes));
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
                    let size = self.size(&answer, class, shelf);
                    match class {
                        Some(sealed) if last || !self.wants_size(&answer, sealed, size) => self.list(&answer, sealed, size, shelf, out),
                        None if last => self.list(&answer, Sealed::No, None, shelf, out),
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
