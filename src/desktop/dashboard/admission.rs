//! Who may look: whoever brings an invitation that has not been used, and then the browser that brought it.
//!
//! An invitation is made here and handed over by this program only (the icon, the line `ready`, a file of the home that nobody
//! else reads). It is good for one time; what it is exchanged for stays in that browser's cookie until nobody uses it any more.

use crate::base::limits::{DASHBOARD_IDLE_SECONDS, DASHBOARD_INVITATIONS_MAX, DASHBOARD_SESSIONS_MAX};
use crate::text::dashboard::Language;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who has been let in, and who may be.
#[derive(Debug, Default)]
pub struct Admission(Mutex<Known>);

/// Words are kept as their digests: comparing them tells nothing of how much was right.
#[derive(Debug, Default)]
struct Known {
    invitations: VecDeque<[u8; 32]>,
    sessions: BTreeMap<[u8; 32], Held>,
}

#[derive(Debug)]
struct Held {
    used: Instant,
    session: Session,
}

/// One browser that was let in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// What its forms bring back: a page of somebody else's does not know it.
    pub form: String,
    /// Chosen by its user; `None`: as the configuration says.
    pub language: Option<Language>,
}

impl Admission {
    /// A word that opens once; `None`: the system gives no randomness.
    pub fn invite(&self) -> Option<String> {
        let word = random_word()?;
        let mut known = self.known();
        // Of many that nobody uses the oldest goes.
        if known.invitations.len() >= DASHBOARD_INVITATIONS_MAX {
            known.invitations.pop_front();
        }
        known.invitations.push_back(digested(&word));
        Some(word)
    }

    /// Takes an invitation: what the browser is known by from now on. It is no invitation any more.
    pub fn enter(&self, invitation: &str) -> Option<String> {
        let mut known = self.known();
        let at = known.invitations.iter().position(|held| *held == digested(invitation))?;
        known.invitations.remove(at);
        let (word, form) = (random_word()?, random_word()?);
        known.forget_idle();
        if known.sessions.len() >= DASHBOARD_SESSIONS_MAX {
            let oldest = known.sessions.iter().min_by_key(|(_, held)| held.used).map(|(word, _)| *word);
            oldest.map(|word| known.sessions.remove(&word));
        }
        let session = Session { form, language: None };
        let held = Held {
            used: Instant::now(),
            session,
        };
        known.sessions.insert(digested(&word), held);
        Some(word)
    }

    /// The session that goes by this word.
    pub fn session(&self, word: &str) -> Option<Session> {
        let mut known = self.known();
        known.forget_idle();
        let held = known.sessions.get_mut(&digested(word))?;
        held.used = Instant::now();
        Some(held.session.clone())
    }

    /// The language that its user has chosen.
    pub fn speak(&self, word: &str, language: Language) {
        if let Some(held) = self.known().sessions.get_mut(&digested(word)) {
            held.session.language = Some(language);
        }
    }

    /// Ends a session.
    pub fn leave(&self, word: &str) {
        self.known().sessions.remove(&digested(word));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget_idle(&mut self) {
        let idle = Duration::from_secs(DASHBOARD_IDLE_SECONDS);
        self.sessions.retain(|_, held| held.used.elapsed() < idle);
    }
}

fn digested(word: &str) -> [u8; 32] {
    let digest = digest(&SHA256, word.as_bytes());
    digest.as_ref().try_into().unwrap_or_default()
}

pub(super) fn random_word() -> Option<String> {
    let mut octets = [0; 20];
    aws_lc_rs::rand::fill(&mut octets).ok()?;
    Some(octets.iter().fold(String::new(), |mut word, octet| {
        // A String takes whatever is written to it.
        let _ = write!(word, "{octet:02x}");
        word
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_opens_once() {
        let admission = Admission::default();
        let invitation = admission.invite().unwrap();
        let word = admission.enter(&invitation).unwrap();
        assert!(admission.session(&word).is_some());
        assert_eq!(admission.enter(&invitation), None);
        assert_eq!(admission.enter(&word), None);
        assert_eq!(admission.session(&invitation), None);
        admission.leave(&word);
        assert_eq!(admission.session(&word), None);
    }

    #[test]
    fn neither_invitations_nor_sessions_grow_without_end() {
        let admission = Admission::default();
        let first = admission.invite().unwrap();
        for _ in 0..DASHBOARD_INVITATIONS_MAX {
            admission.invite().unwrap();
        }
        assert_eq!(admission.enter(&first), None);
        let words: Vec<String> = (0..=DASHBOARD_SESSIONS_MAX)
            .map(|_| admission.enter(&admission.invite().unwrap()).unwrap())
            .collect();
        let known = words.iter().filter(|word| admission.session(word).is_some());
        assert_eq!(known.count(), DASHBOARD_SESSIONS_MAX);
    }
}
