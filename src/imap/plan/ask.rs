//! The commands of a plan.

use super::*;

impl Plan {
    pub(super) fn command(&self) -> Vec<u8> {
        match &self.current {
            Step::Listing => self.fetch(&self.request.set_text, &self.listing_items(), self.request.modifiers.as_deref()),
            Step::LateClasses(set) => self.fetch(set, &[b"UID ", ASK_CLASS].concat(), None),
            Step::Unopened(set) => self.fetch(set, b"UID BODY.PEEK[]", None),
            Step::Classes => {
                let ahead = self.ahead.as_ref().and_then(|ahead| ahead.sets(SET_OCTETS).pop());
                let set = ahead.as_ref().unwrap_or(&self.request.set_text);
                self.fetch(set, &[b"UID ", ASK_CLASS].concat(), self.request.modifiers.as_deref())
            }
            Step::Plain(set) => self.fetch(set, &self.asked(Asked::Everything), None),
            Step::Beginning(set) => self.fetch(set, &Self::beginning(), None),
            Step::Marked(set) => self.fetch(set, &self.asked(Asked::Marked), None),
            Step::Fresh(set) => self.fetch(set, &self.asked(Asked::Stored), None),
            Step::Cached(set, _) => self.fetch(set, &self.asked(Asked::Dynamic), None),
        }
    }

    pub(super) fn fetch(&self, set: &str, items: &[u8], modifiers: Option<&str>) -> Vec<u8> {
        let modifiers = modifiers.map(|m| format!(" {m}")).unwrap_or_default();
        [
            self.request.verb().as_bytes(),
            b" ",
            set.as_bytes(),
            b" (",
            items,
            b")",
            modifiers.as_bytes(),
        ]
        .concat()
    }

    pub(super) fn listing_items(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.added.uid {
            out.extend_from_slice(b"UID ");
        }
        join(self.request.items.iter(), &mut out);
        if self.added.class {
            out.push(b' ');
            out.extend_from_slice(ASK_CLASS);
        }
        out
    }

    /// The client's items with what a second command must repeat of the first one's promises.
    pub(super) fn asked(&self, which: Asked) -> Vec<u8> {
        let mut more: Vec<&str> = Vec::new();
        let opens = which != Asked::Everything;
        if opens && !self.request.asks("UID") {
            more.push("UID");
        }
        if opens && self.request.sets_seen() && !self.request.asks("FLAGS") {
            more.push("FLAGS");
        }
        // CHANGEDSINCE promises MODSEQ (RFC 7162 §3.1.4.1); the set is explicit by now.
        if self.request.modifiers.is_some() && !self.request.asks("MODSEQ") {
            more.push("MODSEQ");
        }
        if matches!(which, Asked::Stored | Asked::Marked) {
            more.push("BODY.PEEK[]");
        }
        let mut out = Vec::new();
        let told = |item: &Item| which == Asked::Marked && matches!(item, Item::Envelope | Item::Structure(_));
        let asked = |item: &&Item| !opens || item.kind() == Kind::Dynamic || told(item);
        join(self.request.items.iter().filter(asked), &mut out);
        for name in more {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        }
        out
    }
}

fn join<'a>(items: impl Iterator<Item = &'a Item>, out: &mut Vec<u8>) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        item.ask(out);
    }
}
