//! A round: every list that is due, side by side.

use super::Published;
use super::download::{Fetching, Outcome};
use crate::base::UnixTime;
use crate::base::limits::LISTS_AT_ONCE;
use crate::net::http::Client;
use crate::pki::Trust;
use crate::pki::revocation::{Age, List};
use crate::store::lists::Watch;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What is told of a round while it goes on.
#[derive(Clone, Debug)]
pub enum Event {
    /// So many lists.
    Begun {
        /// How many.
        lists: usize,
    },
    /// A list is coming.
    Came {
        /// Its place.
        url: String,
        /// Octets that are there.
        octets: u64,
        /// Octets of the whole, if the server says so.
        total: Option<u64>,
    },
    /// A list is done.
    Done {
        /// Its place.
        url: String,
        /// Common name of its authority, where it is known.
        authority: String,
        /// How it went.
        outcome: Outcome,
    },
}

impl Event {
    pub(super) fn came(url: &str, octets: u64, total: Option<u64>) -> Self {
        Self::Came {
            url: url.to_owned(),
            octets,
            total,
        }
    }
}

/// Which lists are fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// All of them.
    All,
    /// Those that are due.
    Due,
    /// Those that do not hold, for somebody waits.
    Wanting,
    /// Those of these places.
    These(Vec<String>),
}

/// Seconds between two looks at a list that holds.
const LOOKED_AT: i64 = 12 * 3600;
/// Seconds before a list is asked again that did not come.
const AGAIN: i64 = 900;
/// The same when somebody waits.
const AGAIN_WANTED: i64 = 20;
/// A list is fetched so many seconds before it ends, or in the last quarter of its life if that is shorter.
const BEFORE_END: i64 = 6 * 3600;

impl Published {
    /// Fetches lists; another round that is under way comes first. Says how it went.
    pub async fn refresh(
        self: &Arc<Self>,
        trust: Arc<Trust>,
        which: Which,
        now: UnixTime,
        see: Arc<dyn Fn(Event) + Send + Sync>,
    ) -> Summary {
        let _round = self.round.lock().await;
        let places = self.places(&trust).into_iter();
        let places: Vec<(String, Watch)> = places.filter(|(url, watch)| self.is_wanted(url, watch, &which, now)).collect();
        see(Event::Begun { lists: places.len() });
        // Directories come last: their list is most often one that a server gives as well.
        let (directories, servers): (Vec<_>, Vec<_>) = places.into_iter().partition(|(url, _)| url.starts_with("ldap"));
        let mut summary = self.side_by_side(servers, &trust, now, &see).await;
        let named = matches!(which, Which::These(_));
        let wanting = directories.into_iter().filter(|(_, watch)| named || !self.holds_for(watch, now));
        let wanting = wanting.collect();
        summary.add(&self.side_by_side(wanting, &trust, now, &see).await);
        summary
    }

    async fn side_by_side(
        self: &Arc<Self>,
        places: Vec<(String, Watch)>,
        trust: &Arc<Trust>,
        now: UnixTime,
        see: &Arc<dyn Fn(Event) + Send + Sync>,
    ) -> Summary {
        let client = Client::new(Arc::clone(&self.upstreams), self.hosts(trust));
        let turns = Arc::new(Semaphore::new(LISTS_AT_ONCE));
        let mut under_way = JoinSet::new();
        for (url, watch) in places {
            let (published, client, trust) = (Arc::clone(self), client.clone(), Arc::clone(trust));
            let (see, turns) = (Arc::clone(see), Arc::clone(&turns));
            under_way.spawn(async move {
                let _turn = turns.acquire().await.ok();
                let fetching = Fetching {
                    published: &published,
                    client: &client,
                    trust: &trust,
                    now,
                    see: &*see,
                };
                let outcome = fetching.one(&url, &watch).await;
                published.noted(&url, now, &outcome);
                let authority = published.lists.of_url(&url).map_or(watch.authority, |list| name_of(&*list));
                see(Event::Done {
                    url,
                    authority,
                    outcome: outcome.clone(),
                });
                outcome
            });
        }
        let mut summary = Summary::default();
        while let Some(done) = under_way.join_next().await {
            summary.count(done.ok().as_ref());
        }
        summary
    }

    fn noted(&self, url: &str, now: UnixTime, outcome: &Outcome) {
        let failed = match outcome {
            Outcome::Failed(why) => Some(why.code),
            Outcome::Elsewhere => return,
            Outcome::Kept(_) | Outcome::Unchanged => None,
        };
        if let Err(error) = self.lists.watched().note(url, now, failed) {
            tracing::warn!(%error, "how a revocation list came could not be written down");
        }
    }

    fn is_wanted(&self, url: &str, watch: &Watch, which: &Which, now: UnixTime) -> bool {
        let tried = watch.tried.map_or(i64::MAX, |at| now.0.saturating_sub(at).max(0));
        let held = self.lists.of_url(url);
        let near = held.as_deref().is_none_or(|list| now.0 >= due(list));
        match which {
            Which::All => true,
            Which::These(places) => places.iter().any(|place| place == url),
            Which::Due => (near && tried >= AGAIN) || tried >= LOOKED_AT,
            Which::Wanting => tried >= AGAIN_WANTED && near,
        }
    }

    /// Whether a list of one of the issuers that are expected there still holds.
    fn holds_for(&self, watch: &Watch, now: UnixTime) -> bool {
        let rules = self.rules();
        self.lists.all().iter().any(|list| {
            let end = list.head().next_update.unwrap_or(list.head().this_update);
            watch.names_one() && watch.expects(&list.head().issuer) && Age::of(end, now, &rules) == Age::Fresh
        })
    }
}

/// When it is time to look for a newer one.
fn due(list: &dyn List) -> i64 {
    let (begin, end) = (
        list.head().this_update.0,
        list.head().next_update.unwrap_or(list.head().this_update).0,
    );
    end - BEFORE_END.min((end - begin).max(0) / 4)
}

fn name_of(list: &dyn List) -> String {
    list.signer().certificates.first().map_or_else(String::new, |c| c.holder())
}

/// How a round went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Newer lists that are held now.
    pub kept: usize,
    /// Lists that were the newest already.
    pub unchanged: usize,
    /// Lists that did not come.
    pub failed: usize,
}

impl Summary {
    fn count(&mut self, outcome: Option<&Outcome>) {
        match outcome {
            Some(Outcome::Kept(_)) => self.kept += 1,
            Some(Outcome::Unchanged | Outcome::Elsewhere) => self.unchanged += 1,
            Some(Outcome::Failed(_)) | None => self.failed += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.kept += other.kept;
        self.unchanged += other.unchanged;
        self.failed += other.failed;
    }
}
