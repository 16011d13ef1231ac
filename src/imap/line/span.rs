//! Where something stands in a line.

use std::ops::Range;

/// A stretch of a line with the literals inside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    pub(super) text: Range<usize>,
    pub(super) literals: Range<usize>,
}

impl Span {
    /// What of this one stands before that one.
    pub fn before(&self, other: &Span) -> Span {
        Span {
            text: self.text.start..other.text.start,
            literals: self.literals.start..other.literals.start,
        }
    }

    /// What stands between this one and that one.
    pub fn between(&self, other: &Span) -> Span {
        Span {
            text: self.text.end..other.text.start,
            literals: self.literals.end..other.literals.start,
        }
    }

    /// What of that one stands behind this one.
    pub fn behind(&self, whole: &Span) -> Span {
        Span {
            text: self.text.end..whole.text.end,
            literals: self.literals.end..whole.literals.end,
        }
    }

    /// Octets of its text, its literals left out.
    pub fn text_octets(&self) -> usize {
        self.text.len()
    }

    /// From the beginning of this one to the end of that one.
    pub fn to(&self, other: &Span) -> Span {
        Span {
            text: self.text.start..other.text.end,
            literals: self.literals.start..other.literals.end,
        }
    }
}
