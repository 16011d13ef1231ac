//! Sets of message numbers and UIDs (RFC 9051 §9 `sequence-set`, RFC 5182 `$`).

use std::fmt::Write;

/// A set as a client writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SequenceSet {
    /// Numbers and ranges; `None` is `*`.
    Ranges(Vec<(Option<u32>, Option<u32>)>),
    /// `$`, the result of the last SEARCH.
    Saved,
}

/// Numbers as sorted ranges that neither touch nor overlap.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Ranges(Vec<(u32, u32)>);

/// Octets of the longest range, and what parts it from the next.
const RANGE_OCTETS: usize = "4294967295:4294967295,".len();

impl SequenceSet {
    /// `sequence-set = (seq-number / seq-range) *("," ...)`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text == b"$" {
            return Some(Self::Saved);
        }
        let text = std::str::from_utf8(text).ok()?;
        let bound = |t: &str| -> Option<Option<u32>> {
            if t == "*" {
                return Some(None);
            }
            let digits = t.bytes().all(|b| b.is_ascii_digit());
            t.parse().ok().filter(|n: &u32| digits && *n > 0).map(Some)
        };
        let range = |t: &str| match t.split_once(':') {
            Some((a, b)) => Some((bound(a)?, bound(b)?)),
            None => bound(t).map(|n| (n, n)),
        };
        text.split(',').map(range).collect::<Option<_>>().map(Self::Ranges)
    }

    /// The numbers when none depends on the mailbox (`*`, `$`).
    pub fn closed(&self) -> Option<Ranges> {
        let Self::Ranges(ranges) = self else { return None };
        let closed: Option<Vec<_>> = ranges.iter().map(|(a, b)| Some(((*a)?, (*b)?))).collect();
        closed.map(Ranges::from_iter)
    }

    /// The numbers when the largest one in the mailbox is `max`.
    pub fn resolve(&self, max: u32) -> Option<Ranges> {
        let Self::Ranges(ranges) = self else { return None };
        Some(ranges.iter().map(|(a, b)| (a.unwrap_or(max), b.unwrap_or(max))).collect())
    }
}

impl FromIterator<(u32, u32)> for Ranges {
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(ranges: I) -> Self {
        let mut sorted: Vec<(u32, u32)> = ranges.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
        sorted.sort_unstable();
        let mut out: Vec<(u32, u32)> = Vec::with_capacity(sorted.len());
        for (a, b) in sorted {
            match out.last_mut() {
                Some(last) if a <= last.1.saturating_add(1) => last.1 = last.1.max(b),
                _ => out.push((a, b)),
            }
        }
        Self(out)
    }
}

impl Ranges {
    /// True when it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(a, b)| u64::from(b - a) + 1).sum()
    }

    /// How many ranges.
    pub fn range_count(&self) -> usize {
        self.0.len()
    }

    /// The least number.
    pub fn min(&self) -> Option<u32> {
        self.0.first().map(|r| r.0)
    }

    /// The largest number.
    pub fn max(&self) -> Option<u32> {
        self.0.last().map(|r| r.1)
    }

    /// Whether the number is in it.
    pub fn contains(&self, n: u32) -> bool {
        self.find(n).is_ok()
    }

    /// Whether all of `other` is in it.
    pub fn covers(&self, other: &Ranges) -> bool {
        other.0.iter().all(|(a, b)| self.find(*a).is_ok_and(|at| self.0[at].1 >= *b))
    }

    /// Adds one number.
    pub fn insert(&mut self, n: u32) {
        let Err(at) = self.find(n) else { return };
        let follows = at.checked_sub(1).is_some_and(|before| n - self.0[before].1 == 1);
        let precedes = self.0.get(at).is_some_and(|after| after.0 - n == 1);
        match (follows, precedes) {
            (true, true) => self.0[at - 1].1 = self.0.remove(at).1,
            (true, false) => self.0[at - 1].1 = n,
            (false, true) => self.0[at].0 = n,
            (false, false) => self.0.insert(at, (n, n)),
        }
    }

    /// It and that range.
    pub fn with(&self, range: (u32, u32)) -> Ranges {
        self.0.iter().copied().chain([range]).collect()
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Ranges) {
        let all: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        *self = all.into_iter().collect();
    }

    /// What of it is not above `max`.
    pub fn up_to(&self, max: u32) -> Ranges {
        Ranges(self.0.iter().filter(|r| r.0 <= max).map(|r| (r.0, r.1.min(max))).collect())
    }

    /// What of it is not in `other`.
    pub fn minus(&self, other: &Ranges) -> Ranges {
        let mut out = Vec::new();
        let mut holes = other.0.iter().peekable();
        for &(mut a, b) in &self.0 {
            while holes.next_if(|hole| hole.1 < a).is_some() {}
            let mut ahead = holes.clone();
            let mut open = true;
            while let Some(hole) = ahead.next_if(|hole| hole.0 <= b) {
                if hole.0 > a {
                    out.push((a, hole.0 - 1));
                }
                if hole.1 >= b {
                    open = false;
                    break;
                }
                a = hole.1 + 1;
            }
            if open {
                out.push((a, b));
            }
        }
        Ranges(out)
    }

    /// Both in `self` and in `other`.
    pub fn and(&self, other: &Ranges) -> Ranges {
        self.minus(&self.minus(other))
    }

    /// In `self`, in `other`, or in both.
    pub fn or(&self, other: &Ranges) -> Ranges {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// Every number, from the least.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(a, b)| *a..=*b)
    }

    /// `sequence-set`s of at most `octets` each (servers bound a command line, RFC 7162 §4: 8192).
    pub fn sets(&self, octets: usize) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut set = String::new();
        for (a, b) in &self.0 {
            if set.len() + RANGE_OCTETS > octets {
                out.push(std::mem::take(&mut set));
            }
            if !set.is_empty() {
                set.push(',');
            }
            let _ = if a == b { write!(set, "{a}") } else { write!(set, "{a}:{b}") };
        }
        if !set.is_empty() {
            out.push(set);
        }
        out
    }

    /// One `sequence-set` of at most `octets`, which may name more: the smallest gaps go first.
    pub fn covering(&self, octets: usize) -> Option<String> {
        let ranges = (octets / RANGE_OCTETS).min(self.0.len());
        let mut gaps: Vec<usize> = (1..self.0.len()).collect();
        gaps.sort_by_key(|at| std::cmp::Reverse(self.0[*at].0 - self.0[*at - 1].1));
        gaps.truncate(ranges.checked_sub(1)?);
        gaps.sort_unstable();
        let starts = [0].into_iter().chain(gaps.iter().copied());
        let ends = gaps.iter().copied().chain([self.0.len()]);
        let kept: Ranges = starts.zip(ends).map(|(from, to)| (self.0[from].0, self.0[to - 1].1)).collect();
        kept.sets(octets).pop()
    }

    fn find(&self, n: u32) -> Result<usize, usize> {
        self.0.binary_search_by(|(a, b)| {
            if *b < n {
                std::cmp::Ordering::Less
            } else if *a > n {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
    }
}

impl FromIterator<u32> for Ranges {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        numbers.into_iter().map(|n| (n, n)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn sets_as_clients_write_them() {
        for (text, max, want) in [
            ("5", 9, "5"),
            ("1:*", 9, "1:9"),
            ("*", 9, "9"),
            ("12:*", 9, "9:12"),
            ("4:2,3,9", 9, "2:4,9"),
            ("1:4294967295", 9, "1:4294967295"),
        ] {
            let set = SequenceSet::parse(text.as_bytes()).unwrap();
            assert_eq!(set.resolve(max).unwrap().sets(100), [want], "{text}");
            assert_eq!(set.closed().is_some(), !text.contains('*'), "{text}");
        }
        assert_eq!(SequenceSet::parse(b"$"), Some(SequenceSet::Saved));
        for text in ["", "0", "1:0", "1,", "a", "1:2:3", "+1", "4294967296", "$,1"] {
            assert_eq!(SequenceSet::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn long_sets_are_cut() {
        let odd: Ranges = (0..5000u32).map(|n| n * 2 + 1).collect();
        let sets = odd.sets(500);
        assert!(sets.iter().all(|s| s.len() <= 500));
        let back: Ranges = sets
            .iter()
            .flat_map(|s| SequenceSet::parse(s.as_bytes()).unwrap().closed().unwrap().0)
            .collect();
        assert_eq!(back, odd);
    }

    #[test]
    fn one_set_that_covers_all() {
        let some: Ranges = [(1, 1), (3, 4), (90, 95), (97, 99), (4_294_967_290, u32::MAX)]
            .into_iter()
            .collect();
        for (octets, want) in [
            (200, Some("1,3:4,90:95,97:99,4294967290:4294967295")),
            (88, Some("1,3:4,90:99,4294967290:4294967295")),
            (66, Some("1:4,90:99,4294967290:4294967295")),
            (44, Some("1:99,4294967290:4294967295")),
            (22, Some("1:4294967295")),
            (21, None),
        ] {
            assert_eq!(some.covering(octets).as_deref(), want, "{octets}");
        }
        assert_eq!(Ranges::default().covering(100), None);
    }

    proptest! {
        #[test]
        fn like_a_set_of_numbers(a in proptest::collection::vec((1u32..60, 1u32..60), 0..8), b in proptest::collection::vec((1u32..60, 1u32..60), 0..8), n in 1u32..60) {
            let (ra, rb): (Ranges, Ranges) = (a.into_iter().collect(), b.into_iter().collect());
            let (sa, sb): (BTreeSet<u32>, BTreeSet<u32>) = (ra.iter().collect(), rb.iter().collect());
            prop_assert_eq!(ra.minus(&rb).iter().collect::<BTreeSet<_>>(), &sa - &sb);
            prop_assert_eq!(ra.or(&rb).iter().collect::<BTreeSet<_>>(), &sa | &sb);
            prop_assert_eq!(ra.and(&rb).iter().collect::<BTreeSet<_>>(), &sa & &sb);
            prop_assert_eq!(ra.covers(&rb), sb.is_subset(&sa));
            prop_assert_eq!(ra.contains(n), sa.contains(&n));
            let covering = ra.covering(44).and_then(|set| SequenceSet::parse(set.as_bytes())?.closed());
            prop_assert!(covering.is_none_or(|all| all.covers(&ra) && all.range_count() <= 2));
            let mut with = ra.clone();
            with.insert(n);
            let again: Ranges = sa.iter().copied().chain([n]).collect();
            prop_assert_eq!(with, again);
        }
    }
}
