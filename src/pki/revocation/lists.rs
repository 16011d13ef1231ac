//! What revocation lists say of one certificate (RFC 5280 §6.3.3).

use super::{Age, Bad, Known, List, Proof, ProofKind, Question, Status, Why, of_path};
use crate::base::UnixTime;
use crate::base::limits::CLOCK_SKEW_SECONDS;
use crate::pki::ber::Value;
use crate::pki::crl::{Entry, Head, Point, Reason, Reasons};
use crate::pki::name::{self, DistinguishedName};
use crate::pki::path::Path;
use std::sync::Arc;

/// A complete list and the changes that fit it.
struct Pair {
    complete: Arc<dyn List>,
    delta: Option<Arc<dyn List>>,
}

/// What one place says.
enum Said {
    Revoked(Entry),
    /// Not for these reasons.
    Stands(Reasons, Proof),
}

impl Question<'_> {
    /// Every place is asked until all reasons are answered for; `Ok(None)`: there is no place.
    pub(super) fn by_lists(&self) -> Known {
        let Some(issuer) = comparable(self.certificate.issuer()) else {
            return Err(Bad::Unknown(Why::Unreadable));
        };
        let mut whys = Vec::new();
        let mut proofs: Vec<Proof> = Vec::new();
        let mut answered = Reasons::NONE;
        for point in self.points(&issuer) {
            for list in self.lists_of(&point, &issuer) {
                match self.ask(&point, list, &issuer) {
                    Ok(Said::Revoked(entry)) => return Err(Bad::Revoked(entry)),
                    Ok(Said::Stands(reasons, proof)) if reasons.adds_to(answered) => {
                        answered = answered.or(reasons);
                        proofs.push(proof);
                    }
                    Ok(Said::Stands(..)) => {}
                    Err(why) => whys.push(why),
                }
            }
        }
        if answered == Reasons::ALL {
            return Ok(proofs.into_iter().max_by_key(|p| (p.age, -p.as_of.0)));
        }
        match whys.into_iter().max() {
            Some(why) => Err(Bad::Unknown(why)),
            None if answered != Reasons::NONE => Err(Bad::Unknown(Why::NotCovered)),
            // Changes to a list that nobody has.
            None if !self.held.lists(&issuer).is_empty() => Err(Bad::Unknown(Why::NotCovered)),
            None => self.nothing_held(),
        }
    }

    fn nothing_held(&self) -> Known {
        if self.sources.unreadable {
            return Err(Bad::Unknown(Why::NoUsableSource));
        }
        match self.sources.lists.is_empty() {
            true => Ok(None),
            false => Err(Bad::Unknown(self.held.missing(self.sources))),
        }
    }

    /// The points of the certificate; then its issuer, whose list may speak of everything (§6.3.3, last paragraph).
    fn points(&self, issuer: &DistinguishedName) -> Vec<Point> {
        let mut points = self.sources.lists.clone();
        points.push(Point {
            names: Some(crate::pki::crl::scope::PointNames {
                directories: vec![issuer.clone()],
                ..Default::default()
            }),
            reasons: Reasons::ALL,
            issuers: Vec::new(),
        });
        points
    }

    /// The complete lists that bear the name that the point gives to their issuer (§6.3.3 (b) (1)).
    fn lists_of(&self, point: &Point, issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        let names = match point.issuers.is_empty() {
            true => std::slice::from_ref(issuer),
            false => &point.issuers[..],
        };
        let lists = names.iter().flat_map(|name| self.held.lists(name));
        let complete: Vec<_> = lists.filter(|l| l.head().base.is_none()).collect();
        let is_old = |list: &Arc<dyn List>| {
            let mut newer = complete.iter().filter(|other| takes_the_place(&***other, &**list));
            newer.any(|other| self.usable(&**other).is_ok())
        };
        complete.iter().filter(|list| !is_old(list)).cloned().collect()
    }

    fn ask(&self, point: &Point, list: Arc<dyn List>, issuer: &DistinguishedName) -> Result<Said, Why> {
        let reasons = self.scope(point, &*list)?;
        self.usable(&*list)?;
        let pair = Pair {
            delta: self.delta_of(&*list),
            complete: list,
        };
        // Old news of a revocation are news all the same.
        if let Some(entry) = pair.find(issuer, self.certificate.serial())?.or(self.later(&pair, issuer)?) {
            return Ok(Said::Revoked(entry));
        }
        let proof = self.proof(&pair)?;
        if self.certificate.not_after() < proof.as_of && !keeps_expired(&*pair.complete, self.certificate.not_after()) {
            return Err(Why::ExpiredBefore);
        }
        Ok(Said::Stands(reasons, proof))
    }

    /// Whether the list speaks of this certificate, and of which reasons (§6.3.3 (b), (d)).
    fn scope(&self, point: &Point, list: &dyn List) -> Result<Reasons, Why> {
        let scope = &list.head().scope;
        let named = match (&scope.names, &point.names) {
            (None, _) => true,
            (Some(of_list), Some(of_point)) => of_list.share_one_with(of_point),
            (Some(of_list), None) => point.issuers.iter().any(|i| of_list.directories.contains(i)),
        };
        let left_to_another = !point.issuers.is_empty();
        if !named || !scope.only.includes(self.certificate) || (left_to_another && !scope.indirect) {
            return Err(Why::NotCovered);
        }
        Ok(scope.reasons.and(point.reasons))
    }

    /// Whether the list may be used at all: understood, not of the future, signed by whom the path's authority stands for, and
    /// who is not revoked himself (§6.3.3 (f)).
    fn usable(&self, list: &dyn List) -> Result<(), Why> {
        let head = list.head();
        if head.unknown_critical {
            return Err(Why::Unreadable);
        }
        if head.this_update > self.at.plus(CLOCK_SKEW_SECONDS) {
            return Err(Why::NotYet);
        }
        self.may_sign(list.signer())
    }

    fn may_sign(&self, signer: &Path) -> Result<(), Why> {
        let Some(first) = signer.certificates.first() else {
            return Err(Why::WrongSigner);
        };
        // The path itself answers for the key of an authority that stands on it above the certificate.
        let above = &self.path.certificates[1..];
        if above.iter().any(|c| c.spki() == first.spki() && c.subject() == first.subject()) {
            return Ok(());
        }
        if signer.certificates.last() != self.path.certificates.last() || self.depth == 0 {
            return Err(Why::WrongSigner);
        }
        match of_path(signer, self.at, self.held, self.rules, self.depth - 1) {
            Status::Good(_) | Status::NotPublished => Ok(()),
            Status::Revoked(_) => Err(Why::WrongSigner),
            Status::Unknown(unknown) => Err(unknown.why),
        }
    }

    /// The newest changes that can be added to a complete list (§6.3.3 (c), §5.2.4).
    fn delta_of(&self, complete: &dyn List) -> Option<Arc<dyn List>> {
        let deltas = self.held.lists(&complete.head().issuer).into_iter();
        deltas
            .filter(|delta| fits(complete, &**delta) && self.usable(&**delta).is_ok())
            .filter(|delta| self.age(until(&**delta)) != Age::Stale)
            .max_by(|a, b| a.head().number.cmp(&b.head().number))
    }

    /// Whether changes that came after what is held tell of a revocation: they say so still when they have ended themselves, or
    /// belong to a list that nobody has.
    fn later(&self, pair: &Pair, issuer: &DistinguishedName) -> Result<Option<Entry>, Why> {
        let newest = pair.newest().head();
        for delta in self.held.lists(&newest.issuer) {
            let told = delta.head();
            let is_later = told.base.is_some() && told.number > newest.number && newest.number.is_some();
            if is_later && are_of_one(told, newest) && self.usable(&*delta).is_ok() {
                let entry = delta.find(issuer, self.certificate.serial()).map_err(|_| Why::Unreadable)?;
                if let Some(entry) = entry.filter(|e| e.reason != Reason::Removed) {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }

    /// The changes are as good as a new list: it is enough that one of the two has not ended (§6.3.3 (a)).
    fn proof(&self, pair: &Pair) -> Result<Proof, Why> {
        let newest = pair.newest();
        let end = until(&*pair.complete).max(until(newest));
        match self.age(end) {
            Age::Stale => Err(Why::Stale { until: end }),
            age => Ok(Proof {
                kind: if pair.delta.is_some() { ProofKind::Delta } else { ProofKind::List },
                as_of: newest.head().this_update.max(pair.complete.head().this_update),
                until: end,
                age,
            }),
        }
    }

    fn age(&self, until: UnixTime) -> Age {
        Age::of(until, self.at, self.rules)
    }
}

impl Pair {
    fn newest(&self) -> &dyn List {
        &**self.delta.as_ref().unwrap_or(&self.complete)
    }

    fn find(&self, issuer: &DistinguishedName, serial: &[u8]) -> Result<Option<Entry>, Why> {
        let read = |list: &Arc<dyn List>| list.find(issuer, serial).map_err(|_| Why::Unreadable);
        let changed = self.delta.as_ref().map(read).transpose()?.flatten();
        match changed {
            Some(entry) if entry.reason == Reason::Removed => Ok(None),
            Some(entry) => Ok(Some(entry)),
            None => Ok(read(&self.complete)?.filter(|e| e.reason != Reason::Removed)),
        }
    }
}

/// Of the same issuer, scope and key; made since a list not newer than the complete one, and itself newer (§5.2.4).
fn fits(complete: &dyn List, delta: &dyn List) -> bool {
    let (old, new) = (complete.head(), delta.head());
    let (Some(base), Some(number), Some(since)) = (&new.base, &new.number, &old.number) else {
        return false;
    };
    are_of_one(new, old) && base <= since && number > since
}

/// Of the same issuer, key and scope.
fn are_of_one(a: &Head, b: &Head) -> bool {
    a.issuer == b.issuer && a.scope == b.scope && a.authority_key == b.authority_key
}

/// A newer complete list of the same, from another place: what the older one says has been said anew.
fn takes_the_place(newer: &dyn List, older: &dyn List) -> bool {
    let (new, old) = (newer.head(), older.head());
    let is_back = new.number.as_ref().zip(old.number.as_ref()).is_some_and(|(new, old)| new < old);
    are_of_one(new, old) && new.this_update > old.this_update && !is_back
}

/// nextUpdate; a list that names none is told to have ended at once, and lives by the grace alone.
fn until(list: &dyn List) -> UnixTime {
    list.head().next_update.unwrap_or(list.head().this_update)
}

fn keeps_expired(list: &dyn List, expired: UnixTime) -> bool {
    list.head().keeps_expired_since.is_some_and(|since| since <= expired)
}

fn comparable(raw: &[u8]) -> Option<DistinguishedName> {
    name::comparable(Value::only(raw).ok()?).ok()
}
