//! Listings: the provider's answers, rewritten without opening anything.

use super::*;

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
        match self.selected.classes.of(answer.uid) {
            Some(sealed) if self.held.is_empty() => self.list(&answer, sealed, shelf, out),
            _ if self.held_octets > limits::IMAP_RESPONSE_MAX => self.list(&answer, Sealed::No, shelf, out),
            _ => {
                self.held_octets += answer.line.octets();
                self.held.push_back(Held::Answer(answer));
            }
        }
    }

    pub(super) fn list(&self, answer: &Answer, sealed: Sealed, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if sealed == Sealed::No && !self.added.uid && !self.added.class {
            return answer.line.write(&answer.line.whole(), out);
        }
        let strip = |item: &FetchedItem| (self.added.uid && item.name == "UID") || (self.added.class && item.name == CLASS);
        match sealed {
            Sealed::No => answer::write_without(&answer.line, &answer.fetched, &strip, out),
            Sealed::Yes => {
                let key = self.key(answer.uid);
                answer::write_listing(
                    &answer.line,
                    &answer.fetched,
                    &strip,
                    &shelf.boundary(&key),
                    shelf.true_size(&key),
                    out,
                );
            }
        }
    }

    pub(super) fn listing_completed(&mut self, status: Status, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if status == Status::Ok && self.held.is_empty() {
            self.cover();
        }
        let unknown = |held: &Held| match held {
            Held::Answer(answer) if self.selected.classes.of(answer.uid).is_none() => Some(self.number(answer)),
            Held::Answer(_) | Held::Other(_) => None,
        };
        let numbers: Ranges = self.held.iter().filter_map(unknown).collect();
        if status == Status::Ok {
            self.steps.extend(numbers.sets(SET_OCTETS).into_iter().map(Step::LateClasses));
        } else {
            self.release(shelf, out);
        }
    }

    /// What was held, up to the first message that has no class yet; at the last chance, everything.
    pub(super) fn release(&mut self, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        let last = self.steps.is_empty();
        while let Some(held) = self.held.pop_front() {
            match held {
                Held::Other(line) => line.write(&line.whole(), out),
                Held::Answer(answer) => match self.selected.classes.of(answer.uid) {
                    Some(sealed) => self.list(&answer, sealed, shelf, out),
                    None if last => self.list(&answer, Sealed::No, shelf, out),
                    None => return self.held.push_front(Held::Answer(answer)),
                },
            }
        }
    }
}
