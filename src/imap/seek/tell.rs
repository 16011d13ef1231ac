//! What the client is told (RFC 9051 §7.3.4, RFC 4731 §3.2, RFC 5256 §4, RFC 5267 §3, RFC 7162 §3.1.5).

use super::*;
use std::fmt::Write;

impl Seek {
    /// The answer, and the tagged response behind it.
    pub(super) fn told(&mut self) -> Vec<u8> {
        let mut out = match self.search.returns {
            Some(_) => self.extended(),
            None if self.search.seeking == Seeking::Thread => self.tree(),
            None => self.plain(),
        };
        let (status, text) = self.answers.end.take().unwrap_or((Status::Ok, b"Done.".to_vec()));
        let _ = write!(out, "{} {} ", self.command.tag, status.as_str());
        [out.as_bytes(), &text, b"\r\n"].concat()
    }

    /// `* SEARCH` or `* SORT`.
    fn plain(&self) -> String {
        let sorted = self.search.seeking == Seeking::Sort;
        let mut out = if sorted { "* SORT".to_owned() } else { "* SEARCH".to_owned() };
        let all = self.in_order();
        for number in &all {
            let _ = write!(out, " {number}");
        }
        if let Some(modseq) = self.modseq(all.iter().copied()) {
            let _ = write!(out, " (MODSEQ {modseq})");
        }
        out + "\r\n"
    }

    fn tree(&mut self) -> String {
        let found = self.found();
        let mut out = String::new();
        let threads = std::mem::take(&mut self.answers.threads);
        threads
            .into_iter()
            .filter_map(|thread| thread.among(&found))
            .for_each(|thread| thread.write(&mut out));
        let gap = if out.is_empty() { "" } else { " " };
        format!("* THREAD{gap}{out}\r\n")
    }

    /// `* ESEARCH`; nothing where the result is only to be kept (RFC 5182 §2.1).
    fn extended(&self) -> String {
        let returns = self.search.returns.as_deref().unwrap_or_default();
        if returns == [Wanted::Save] {
            return String::new();
        }
        let uid = if self.search.by == Addressing::Uid { " UID" } else { "" };
        let mut out = format!("* ESEARCH (TAG \"{}\"){uid}", self.command.tag);
        let all = self.in_order();
        let asked = if returns.is_empty() { &[Wanted::All] } else { returns };
        let told = [Wanted::Min, Wanted::Max, Wanted::All, Wanted::Count];
        for wanted in told.iter().filter(|wanted| asked.contains(wanted)) {
            let _ = match (wanted, all.first(), all.last()) {
                (Wanted::Min, Some(min), _) => write!(out, " MIN {min}"),
                (Wanted::Max, _, Some(max)) => write!(out, " MAX {max}"),
                (Wanted::Count, ..) => write!(out, " COUNT {}", all.len()),
                (Wanted::All, Some(_), _) => write!(out, " ALL {}", self.set(&all)),
                (Wanted::Min | Wanted::Max | Wanted::All | Wanted::Save, ..) => Ok(()),
            };
        }
        if let Some(modseq) = self.modseq(self.interesting(&all)) {
            let _ = write!(out, " MODSEQ {modseq}");
        }
        out + "\r\n"
    }

    /// What was found, sorted where that was asked.
    fn in_order(&self) -> Vec<u32> {
        let found = self.found();
        match self.search.seeking {
            Seeking::Sort => self
                .answers
                .sorted
                .iter()
                .copied()
                .filter(|number| found.contains(*number))
                .collect(),
            Seeking::Search | Seeking::Thread => found.iter().collect(),
        }
    }

    /// A sorted result keeps its order.
    fn set(&self, all: &[u32]) -> String {
        match self.search.seeking {
            Seeking::Sort => runs(all),
            Seeking::Search | Seeking::Thread => all.iter().copied().collect::<Ranges>().sets(usize::MAX).pop().unwrap_or_default(),
        }
    }

    /// What the answer is about: where only the first or the last is asked, that one (RFC 5182 §2.1, RFC 7162 §3.1.5).
    pub(super) fn of_interest(&self) -> Ranges {
        self.interesting(&self.in_order()).collect()
    }

    fn interesting<'a>(&self, all: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let (min, max) = (self.search.wants(Wanted::Min), self.search.wants(Wanted::Max));
        let some = (min || max) && !self.search.wants(Wanted::All) && !self.search.wants(Wanted::Count);
        let last = all.len().saturating_sub(1);
        let kept = move |at: &usize| !some || (min && *at == 0) || (max && *at == last);
        all.iter().enumerate().filter(move |(at, _)| kept(at)).map(|(_, number)| *number)
    }

    fn modseq(&self, of: impl Iterator<Item = u32>) -> Option<u64> {
        of.filter_map(|number| self.answers.modseqs.get(&number)).max().copied()
    }
}

/// A `sequence-set` in this order: numbers that follow each other are a range.
fn runs(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let written = runs.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if first == last => Some(first.to_string()),
        (first, last) => Some(format!("{first}:{last}")),
    });
    written.collect::<Vec<_>>().join(",")
}
