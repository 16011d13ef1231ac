//! What each account was last logged in with, in memory only and only while a mail program has a session of it open.

use crate::imap::login::Credentials;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The accounts that are logged in.
#[derive(Debug, Default)]
pub struct Logins(Mutex<HashMap<Arc<str>, Held>>);

#[derive(Debug)]
struct Held {
    sessions: usize,
    credentials: Credentials,
}

/// One session of an account; its end forgets.
#[derive(Debug)]
pub struct Login {
    logins: Arc<Logins>,
    account: Arc<str>,
}

impl Logins {
    /// Keeps what the provider has just accepted.
    pub fn enter(self: &Arc<Self>, account: Arc<str>, credentials: Credentials) -> Login {
        let mut held = self.held();
        let sessions = held.get(&account).map_or(0, |held| held.sessions) + 1;
        held.insert(Arc::clone(&account), Held { sessions, credentials });
        Login {
            logins: Arc::clone(self),
            account,
        }
    }

    /// What this account was last logged in with.
    pub fn of(&self, account: &str) -> Option<Credentials> {
        self.held().get(account).map(|held| held.credentials.clone())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Arc<str>, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let mut held = self.logins.held();
        if let Some(login) = held.get_mut(&self.account) {
            login.sessions -= 1;
            if login.sessions == 0 {
                held.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::imap::login::{Proof, Way};

    fn credentials(password: &str) -> Credentials {
        Credentials {
            tag: "1".to_owned(),
            login: "a".to_owned(),
            proof: Proof::Password(Secret::from(password), Way::Login),
        }
    }

    #[test]
    fn nothing_is_kept_after_the_last_session() {
        let logins = Arc::new(Logins::default());
        let first = logins.enter("a@b.fr".into(), credentials("old"));
        let second = logins.enter("a@b.fr".into(), credentials("new"));
        drop(first);
        let Some(Credentials {
            proof: Proof::Password(password, _),
            ..
        }) = logins.of("a@b.fr")
        else {
            panic!()
        };
        assert_eq!(password.expose(), b"new");
        assert!(logins.of("b@b.fr").is_none());
        drop(second);
        assert!(logins.of("a@b.fr").is_none());
    }
}
