//! Who is in the space of trust, by the configuration and the liste blanche that is held.

use super::Relay;
use crate::base::Address;
use crate::policy::Space;
use crate::policy::outgoing::Rules;
use crate::policy::space::Member;
use crate::store::whitelist::KeptList;
use crate::text::{Explanation, whitelist as say};
use std::sync::Arc;

impl Relay {
    /// Who is inside. `Err`: the list that is held cannot be read; it might name what would otherwise leave in clear.
    pub(super) fn space(&self) -> Result<Space, Explanation> {
        let kept = self.whitelist()?;
        Ok(self.space_with(kept.map(|kept| kept.domains).unwrap_or_default()))
    }

    /// Whether S/MIME is closed to that address: patients and machines are known without the list.
    pub(super) fn is_closed_to(&self, address: &Address) -> bool {
        let member = self.space_with(Arc::default()).member(address);
        matches!(member, Member::Patient | Member::Machine)
    }

    /// The liste blanche, which counts however old it is.
    pub(super) fn whitelist(&self) -> Result<Option<KeptList>, Explanation> {
        self.whitelist.kept().map_err(|error| {
            tracing::warn!(%error, "the liste blanche could not be read");
            say::unreadable()
        })
    }

    pub(super) fn rules<'a>(&'a self, space: &'a Space) -> Rules<'a> {
        Rules {
            policy: &self.config.policy,
            space,
        }
    }

    fn space_with(&self, listed: Arc<std::collections::BTreeSet<crate::base::Domain>>) -> Space {
        Space {
            listed,
            applicative: self.config.mssante.applicative.clone(),
        }
    }
}
