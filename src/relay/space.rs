//! Who is in the space of trust, by the configuration and the liste blanche that is held.

use super::Relay;
use crate::policy::Space;
use crate::policy::outgoing::Rules;
use crate::store::whitelist::KeptList;
use crate::text::{Explanation, whitelist as say};
use std::sync::Arc;

impl Relay {
    /// Who is inside. `Err`: the list that is held cannot be read; it might name what would otherwise leave in clear.
    pub(super) fn space(&self) -> Result<Space, Explanation> {
        let kept = self.whitelist()?;
        Ok(self.space_with(kept.map(|kept| kept.domains).unwrap_or_default()))
    }

    /// The same where only more can be sealed by it: a list that cannot be read names nobody.
    pub(super) fn space_as_known(&self) -> Space {
        self.space().unwrap_or_else(|_| self.space_with(Arc::default()))
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
