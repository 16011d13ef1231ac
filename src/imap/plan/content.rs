//! Content: classes first, then plain messages as they are and S/MIME messages from their Views.

use super::*;
use crate::imap::answer::{Marked, TellsEnvelope};
use crate::imap::line::Value;
use crate::imap::response;
use std::borrow::Cow;

impl Plan {
    pub(super) fn learn(&mut self, answer: &Answer, out: &mut Vec<u8>) {
        let Some(class) = announced(answer) else {
            return self.nameless(&answer.line, &answer.fetched, out);
        };
        let number = self.number(answer);
        self.selected.classes.learn(answer.uid, class);
        self.found.max = self.found.max.max(number);
        self.found.max_uid = self.found.max_uid.max(answer.uid);
        let asked = self.ahead.is_none() || self.request.set.closed().is_none_or(|set| set.contains(number));
        match class {
            _ if !asked => {}
            Sealed::Yes | Sealed::Packed => self.found.sealed.push((number, answer.uid)),
            Sealed::No => self.found.plain.push((number, answer.uid)),
        }
        // Servers join news of flags to any FETCH response; what was asked here only for the class is not passed on.
        if answer.fetched.find("FLAGS").is_some() {
            answer::write_without(&answer.line, &answer.fetched, &|item| item.name == CLASS, out);
        }
    }

    /// Keeps that a whole set has been classified: UIDs of it that no message has will never have one.
    pub(super) fn cover(&self) {
        let max = self.found.max;
        let asked = self
            .ahead
            .clone()
            .or_else(|| self.request.set.resolve(max))
            .filter(|_| self.request.modifiers.is_none() && max > 0);
        let Some(asked) = asked.map(|asked| asked.up_to(max)) else { return };
        match self.request.by {
            Addressing::Uid => self.selected.classes.cover(&asked),
            Addressing::Sequence if asked.covers(&[(1, max)].into_iter().collect()) && self.request.set.closed().is_none() => {
                self.selected.classes.cover(&[(1, self.found.max_uid)].into_iter().collect());
            }
            Addressing::Sequence => {}
        }
    }

    pub(super) fn classes_completed(&mut self, status: Status, shelf: &dyn Shelf) {
        if status == Status::Ok {
            self.cover();
        }
        let sealed: Ranges = self.found.sealed.iter().map(|(number, _)| *number).collect();
        let exact: Ranges = self.found.plain.iter().map(|(number, _)| *number).collect();
        let asked = self
            .request
            .set
            .resolve(self.found.max)
            .filter(|_| self.request.by == Addressing::Uid && self.request.modifiers.is_none());
        // A UID range keeps its holes: the command stays short. Nothing beyond the last answer: it has no class yet.
        let plain = match asked {
            Some(asked) if status == Status::Ok && !exact.is_empty() => asked.up_to(self.found.max).minus(&sealed),
            _ => exact,
        };
        self.plan_plain(&plain);
        self.plan_sealed(shelf);
    }

    /// Plans without asking, when the class of every message of the set is known.
    pub(super) fn sort_known(&mut self, shelf: &dyn Shelf) -> bool {
        let asked = self
            .request
            .set
            .closed()
            .filter(|_| self.request.by == Addressing::Uid && self.request.modifiers.is_none());
        let Some(asked) = asked else { return false };
        let Some(sealed) = self.selected.classes.sealed_among(&asked) else {
            return false;
        };
        self.found.sealed = sealed.iter().map(|uid| (uid, uid)).collect();
        self.plan_plain(&asked.minus(&sealed));
        self.plan_sealed(shelf);
        true
    }

    /// Who reads one message after another is asked the class of those to come: the second time that it is not known,
    /// in the direction in which the reader goes.
    pub(super) fn look_ahead(&mut self) {
        let asked = self.request.set.closed().filter(|_| self.request.by == Addressing::Uid);
        let bounds = asked.as_ref().and_then(|set| Some((set.min()?, set.max()?)));
        let (Some(asked), Some((min, max)), None) = (asked, bounds, &self.request.modifiers) else {
            return;
        };
        let last = self.selected.uid_next.map_or(u32::MAX, |next| next.saturating_sub(1)).max(max);
        self.ahead = match self.selected.read.replace(max) {
            _ if max - min >= AHEAD => None,
            Some(before) if before < min => Some(asked.with((min, max.saturating_add(AHEAD).min(last)))),
            Some(before) if before > max => Some(asked.with((min.saturating_sub(AHEAD).max(1), max))),
            Some(_) | None => None,
        };
    }

    pub(super) fn plan_sealed(&mut self, shelf: &dyn Shelf) {
        let mut uids = HashSet::new();
        let (mut marked, mut fresh, mut cached) = (Ranges::default(), Ranges::default(), Ranges::default());
        for (number, uid) in std::mem::take(&mut self.found.sealed) {
            if self.selected.classes.of(uid) == Some(Sealed::No) {
                marked.insert(number);
            } else if shelf.cached(&self.key(uid)).is_some() {
                uids.insert(uid);
                cached.insert(number);
            } else {
                fresh.insert(number);
            }
        }
        self.steps.extend(marked.sets(SET_OCTETS).into_iter().map(Step::Marked));
        self.steps.extend(fresh.sets(SET_OCTETS).into_iter().map(Step::Fresh));
        self.steps
            .extend(cached.sets(SET_OCTETS).into_iter().map(|set| Step::Cached(set, uids.clone())));
    }

    pub(super) fn fresh(&mut self, mut answer: Answer, out: &mut Vec<u8>) -> Option<Wants> {
        let Some(item) = answer.fetched.find("BODY[]") else {
            answer::write_dynamic(&answer.line, &answer.fetched, out);
            return None;
        };
        let stored = match &item.value {
            Value::Literal(_, index) => Some(answer.line.take_literal(*index)),
            value => answer.line.string(value).map(Cow::into_owned),
        };
        let Some(stored) = stored else {
            answer::write_dynamic(&answer.line, &answer.fetched, out);
            self.found.gone = Gone::Yes;
            return None;
        };
        if self.selected.classes.of(answer.uid) == Some(Sealed::No) {
            self.deliver(&answer.harmless(), &View::ordinary(&stored), TellsEnvelope::Provider, out);
            return None;
        }
        let key = self.key(answer.uid);
        self.waiting = Some(answer);
        Some(Wants::Opened(key, stored))
    }

    /// A message without content is one that another client has removed, when the provider says so (RFC 5530 §3).
    pub(super) fn fresh_completed(&mut self, text: &[u8]) {
        let gone = std::mem::take(&mut self.found.gone) == Gone::Yes;
        if gone && !response::has_code(text, "EXPUNGEISSUED") {
            self.failure = Some(text::unreadable_answer());
        }
    }

    pub(super) fn cached(&mut self, answer: Answer, shelf: &dyn Shelf, out: &mut Vec<u8>) -> Option<Wants> {
        let asked = match &mut self.current {
            Step::Cached(_, uids) => uids.remove(&answer.uid),
            _ => false,
        };
        if !asked {
            answer::write_dynamic(&answer.line, &answer.fetched, out);
            return None;
        }
        let octets = shelf
            .cached(&self.key(answer.uid))
            .map_or(0, |view| answer::octets(&self.request, &view));
        if octets < limits::LARGE_MESSAGE {
            self.serve(&answer, shelf, out);
            return None;
        }
        self.waiting = Some(answer);
        // The View and its answer, where one that is opened would stand four times in memory.
        Some(Wants::Room(octets / 2))
    }

    /// There is room, after [`Wants::Room`].
    pub fn roomy(&mut self, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if let Some(answer) = self.waiting.take() {
            self.serve(&answer, shelf, out);
        }
    }

    fn serve(&mut self, answer: &Answer, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        match shelf.cached(&self.key(answer.uid)) {
            Some(view) => self.deliver(answer, &view, TellsEnvelope::View, out),
            None => self.forgotten.insert(self.number(answer)),
        }
    }

    /// Views that others have driven out of memory meanwhile are made again.
    pub(super) fn fetch_forgotten(&mut self) {
        let sets = std::mem::take(&mut self.forgotten).sets(SET_OCTETS);
        sets.into_iter().rev().for_each(|set| self.steps.push_front(Step::Fresh(set)));
    }

    pub(super) fn deliver(&mut self, answer: &Answer, view: &View, tells: TellsEnvelope, out: &mut Vec<u8>) {
        let unseen = answer.fetched.seen(&answer.line) == Some(false);
        let marks = unseen && self.request.sets_seen() && self.selected.access == Access::Write;
        if marks {
            self.unseen.insert(answer.uid);
        }
        let seen = if marks { Marked::Seen } else { Marked::AsBefore };
        let told = (&answer.line, &answer.fetched);
        answer::write_view(told, tells, seen, &self.request, view, out);
    }
}
