//! The questions to the provider.

use super::*;

/// Before every tag of ours.
const TAG: &str = "souspli-q";
/// Octets of a question besides its set and its criteria.
const WORDS: usize = 128;

impl Seek {
    /// Which of the messages are there, and each question about them. `None`: it would be too much.
    pub(super) fn ask_kinds(&mut self) -> Option<()> {
        let parts = self.search.questions().to_vec();
        self.answers.kinds = vec![Ranges::default(); parts.len()];
        let longest = parts.iter().map(Span::text_octets).max().unwrap_or(0);
        let room = limits::SEARCH_LINE_MAX.checked_sub(longest + WORDS).filter(|room| *room >= WORDS)?;
        self.order_room()?;
        let sets = self.known.messages.sets(room);
        if sets.len() * (parts.len() + 1) > limits::SEARCH_QUESTIONS_MAX {
            return None;
        }
        for set in &sets {
            self.ask(About::Existence, |line, seek| {
                line.add(format!("SEARCH {}UID {set}", seek.answering()).as_bytes());
            });
        }
        for (question, part) in parts.iter().enumerate() {
            for set in &sets {
                self.ask(About::Kind(question), |line, seek| {
                    line.add(format!("SEARCH {}{}UID {set} ", seek.answering(), seek.charset()).as_bytes());
                    line.add_span(&seek.command.line, part);
                });
            }
        }
        Some(())
    }

    pub(super) fn ask_names(&mut self) {
        let existing = std::mem::take(&mut self.answers.existing);
        for set in existing.sets(limits::SEARCH_LINE_MAX - WORDS) {
            self.ask(About::Names, |line, _| line.add(format!("FETCH {set} (UID)").as_bytes()));
        }
    }

    pub(super) fn ask_criteria(&mut self) {
        self.ask(About::Criteria, |line, seek| {
            line.add(format!("{}SEARCH {}{}", seek.by(), seek.answering(), seek.charset()).as_bytes());
            seek.search.write_criteria(&seek.command.line, line);
        });
        let set = self.order_room().and_then(|room| self.known.messages.covering(room));
        let (Some(order), Some(set)) = (self.search.order.clone(), set) else {
            return;
        };
        let name = if self.search.seeking == Seeking::Sort { "SORT" } else { "THREAD" };
        self.ask(About::Order, |line, seek| {
            line.add(format!("{}{name} ", seek.by()).as_bytes());
            line.add_span(&seek.command.line, &order);
            line.add(format!(" {} OR (", seek.search.charset.as_deref().unwrap_or("US-ASCII")).as_bytes());
            seek.search.write_criteria(&seek.command.line, line);
            line.add(format!(") UID {set}").as_bytes());
        });
    }

    /// Octets for a set beside the whole criteria; `None`: too few.
    fn order_room(&self) -> Option<usize> {
        if self.search.seeking == Seeking::Search {
            return Some(limits::SEARCH_LINE_MAX);
        }
        let mut criteria = Line::default();
        self.search.write_criteria(&self.command.line, &mut criteria);
        let order = self.search.order.as_ref().map_or(0, Span::text_octets);
        let room = limits::SEARCH_LINE_MAX.checked_sub(criteria.text().len() + order + WORDS)?;
        (room >= WORDS).then_some(room)
    }

    /// Of all that could be in the answer: which are says nothing.
    pub(super) fn ask_modseqs(&mut self) {
        let all = self.answers.criteria.or(&self.as_client(&self.here()));
        for set in all.sets(limits::SEARCH_LINE_MAX - WORDS) {
            self.ask(About::Modseqs, |line, seek| {
                line.add(format!("{}FETCH {set} (MODSEQ)", seek.by()).as_bytes());
            });
        }
    }

    /// The client wants to use what was found at the provider (RFC 5182 §2.1): it is told there, part by part.
    pub(super) fn ask_saving(&mut self) {
        let uid = self.by();
        let mut sets = self.of_interest().sets(limits::SEARCH_LINE_MAX - WORDS).into_iter();
        let first = sets.next().map_or("NOT ALL".to_owned(), |set| format!("{uid}{set}"));
        self.ask(About::Saving, |line, _| {
            line.add(format!("{uid}SEARCH RETURN (SAVE) {first}").as_bytes())
        });
        for set in sets {
            self.ask(About::Saving, |line, _| {
                line.add(format!("{uid}SEARCH RETURN (SAVE) OR $ {uid}{set}").as_bytes());
            });
        }
    }

    fn ask(&mut self, about: About, write: impl FnOnce(&mut Line, &Self)) {
        self.count += 1;
        let tag = format!("{TAG}{}", self.count);
        let mut line = Line::of(format!("{tag} ").as_bytes());
        write(&mut line, self);
        line.add(b"\r\n");
        self.waiting.push_back(Question { tag, about, line });
    }

    fn by(&self) -> &'static str {
        match self.search.by {
            Addressing::Uid => "UID ",
            Addressing::Sequence => "",
        }
    }

    fn answering(&self) -> &'static str {
        match self.answering {
            Answering::Named => "RETURN (ALL) ",
            Answering::Unnamed => "",
        }
    }

    fn charset(&self) -> String {
        let charset = self.search.charset.as_ref();
        charset.map(|charset| format!("CHARSET {charset} ")).unwrap_or_default()
    }
}
