//! Content: classes first, then plain messages as they are and S/MIME messages from their Views.

use super::*;
use crate::imap::line::Value;
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
        match class {
            Sealed::Yes | Sealed::Packed => self.found.sealed.push((number, answer.uid)),
            Sealed::No => self.found.plain.push(number),
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
            .request
            .set
            .resolve(max)
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
        let exact: Ranges = self.found.plain.iter().copied().collect();
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
        self.steps.extend(plain.sets(SET_OCTETS).into_iter().map(Step::Plain));
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
        self.steps
            .extend(asked.minus(&sealed).sets(SET_OCTETS).into_iter().map(Step::Plain));
        self.found.sealed = sealed.iter().map(|uid| (uid, uid)).collect();
        self.plan_sealed(shelf);
        true
    }

    pub(super) fn plan_sealed(&mut self, shelf: &dyn Shelf) {
        let mut views = HashMap::new();
        let (mut fresh, mut cached) = (Vec::new(), Vec::new());
        for (number, uid) in std::mem::take(&mut self.found.sealed) {
            match shelf.cached(&self.key(uid)) {
                Some(view) => {
                    views.insert(uid, view);
                    cached.push(number);
                }
                None => fresh.push(number),
            }
        }
        let (fresh, cached): (Ranges, Ranges) = (fresh.into_iter().collect(), cached.into_iter().collect());
        self.steps.extend(fresh.sets(SET_OCTETS).into_iter().map(Step::Fresh));
        self.steps
            .extend(cached.sets(SET_OCTETS).into_iter().map(|set| Step::Cached(set, views.clone())));
    }

    pub(super) fn fresh(&mut self, mut answer: Answer, out: &mut Vec<u8>) -> Option<ToOpen> {
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
            self.failure = Some(text::unreadable_answer());
            return None;
        };
        let key = self.key(answer.uid);
        self.opening = Some(answer);
        Some(ToOpen { key, stored })
    }

    pub(super) fn cached(&mut self, answer: Answer, out: &mut Vec<u8>) {
        let view = match &mut self.current {
            Step::Cached(_, views) => views.remove(&answer.uid),
            _ => None,
        };
        match view {
            Some(view) => self.deliver(&answer, &view, out),
            None => answer.line.write(&answer.line.whole(), out),
        }
    }

    pub(super) fn deliver(&mut self, answer: &Answer, view: &View, out: &mut Vec<u8>) {
        answer::write_view(&answer.line, &answer.fetched, answer.uid, &self.request, view, out);
        if self.request.sets_seen() && answer.fetched.seen(&answer.line) == Some(false) {
            let number = self.number(answer);
            self.unseen.insert(number);
        }
    }
}
