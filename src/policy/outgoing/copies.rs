//! Who gets the same octets as whom.

use crate::policy::{Recipient, Submission, visible};

/// Recipients that get the same octets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copies {
    /// Who.
    pub recipients: Vec<Recipient>,
    /// Whether they see each other.
    pub kind: CopyKind,
}

/// The two kinds of copies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopyKind {
    /// To and Cc; encrypted to the sender as well.
    Open,
    /// One Bcc alone: no other recipient may learn of it, nor it of their keys.
    Blind,
}

/// Who gets which copy: those whom To and Cc name together, each other recipient alone.
pub fn copies(submission: &Submission) -> Vec<Copies> {
    let named = visible::addresses(&submission.message, &["To", "Cc"]);
    let (open, blind): (Vec<_>, Vec<_>) = submission
        .envelope
        .recipients
        .iter()
        .cloned()
        .partition(|r| named.contains(&r.address));
    let open = (!open.is_empty()).then_some(Copies {
        recipients: open,
        kind: CopyKind::Open,
    });
    let mut all: Vec<Copies> = open.into_iter().collect();
    for recipient in blind {
        // An address given twice is one person: one copy.
        if !all
            .iter()
            .any(|copies| copies.recipients.iter().any(|r| r.address == recipient.address))
        {
            all.push(Copies {
                recipients: vec![recipient],
                kind: CopyKind::Blind,
            });
        }
    }
    all
}
