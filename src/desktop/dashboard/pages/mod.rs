//! Each page of the dashboard.

pub(super) mod accounts;
pub(super) mod assistant;
pub(super) mod authority;
mod certificate;
pub(super) mod colleague;
pub(super) mod colleagues;
pub(super) mod diagnosis;
pub(super) mod journal;
pub(super) mod keys;
pub(super) mod lists;
pub(super) mod rounds;
pub(super) mod settings;
pub(super) mod state;
mod upload;
pub(super) mod visit;
pub(super) mod whitelist;
pub(super) mod why;

use super::Office;
use super::guard::Visitor;
use super::page::Page;
use crate::base::Realm;
use crate::relay::state::State;
use crate::text::dashboard::{Language, Words};

impl Office {
    fn language_of(&self, visitor: &Visitor) -> Language {
        visitor.session.language.unwrap_or(self.language)
    }

    fn page<'a>(&self, visitor: &'a Visitor, path: &'static str, title: Words, realm: Realm) -> Page<'a> {
        Page {
            visitor,
            language: self.language_of(visitor),
            realm,
            path,
            title,
        }
    }

    /// Own keys are opened for it: on a thread that may wait.
    async fn state(&self) -> State {
        tokio::task::block_in_place(|| self.relay.state())
    }
}
