//! Certificate policies of a path (RFC 5280 §6.1), computed over a graph instead of a tree (RFC 9618), so that hostile mappings
//! cannot make it grow beyond what stands in the certificates.

use super::PathError;
use crate::pki::cert::Certificate;
use crate::pki::oid::{self, Oid};
use std::collections::{BTreeMap, BTreeSet};

/// The policies that will do, and what holds from the anchor on (RFC 5280 §6.1.1 (c), (e), (f), (g)).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policies {
    /// user-initial-policy-set; empty: any will do.
    pub acceptable: Vec<Oid>,
    /// initial-explicit-policy: one of the acceptable policies must be followed.
    pub explicit: Rule,
    /// initial-policy-mapping-inhibit: no policy stands for another one.
    pub unmapped: Rule,
    /// initial-any-policy-inhibit: anyPolicy stands for none.
    pub named: Rule,
}

/// Whether a rule holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Rule {
    /// It does not.
    #[default]
    Off,
    /// It does.
    On,
}

/// Follows the policies from the anchor, the last of `path`, down to the first (§6.1.2 to §6.1.5).
pub(super) fn followed(path: &[Certificate], asked: &Policies) -> Result<(), PathError> {
    let [leaf, above @ ..] = path else { return Ok(()) };
    let mut state = State::new(path.len() - 1, asked);
    let between = above.split_last().map(|(_, between)| between).unwrap_or_default();
    for authority in between.iter().rev() {
        state.process(authority, Place::Between)?;
        state.prepare(authority)?;
    }
    state.process(leaf, Place::Last)?;
    state.wrap_up(leaf, &asked.acceptable)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Between,
    Last,
}

/// How many more certificates may pass before each rule holds.
struct State {
    graph: Option<Graph>,
    explicit: usize,
    mapping: usize,
    any: usize,
}

impl State {
    fn new(certificates: usize, asked: &Policies) -> Self {
        let until = |rule: Rule| if rule == Rule::On { 0 } else { certificates + 1 };
        Self {
            graph: Some(Graph::new()),
            explicit: until(asked.explicit),
            mapping: until(asked.unmapped),
            any: until(asked.named),
        }
    }

    /// §6.1.3 (d), (e), (f).
    fn process(&mut self, certificate: &Certificate, place: Place) -> Result<(), PathError> {
        let any_counts = self.any > 0 || (place == Place::Between && certificate.is_self_issued());
        let policies = certificate.policies();
        self.graph = match (self.graph.take(), policies) {
            (Some(graph), Some(policies)) => graph.grown(policies, any_counts),
            _ => None,
        };
        match self.explicit == 0 && self.graph.is_none() {
            true => Err(PathError::PolicyNotMet),
            false => Ok(()),
        }
    }

    /// §6.1.4 (a), (b), (h), (i), (j).
    fn prepare(&mut self, certificate: &Certificate) -> Result<(), PathError> {
        let mappings = certificate.policy_mappings();
        if mappings.iter().any(|(from, to)| *from == oid::ANY_POLICY || *to == oid::ANY_POLICY) {
            return Err(PathError::PolicyNotMet);
        }
        self.graph = self.graph.take().and_then(|graph| match self.mapping {
            0 => graph.without(mappings),
            _ => Some(graph.mapped(mappings)),
        });
        if !certificate.is_self_issued() {
            for counter in [&mut self.explicit, &mut self.mapping, &mut self.any] {
                *counter = counter.saturating_sub(1);
            }
        }
        let rules = certificate.policy_rules();
        lower(&mut self.explicit, rules.require_explicit);
        lower(&mut self.mapping, rules.inhibit_mapping);
        lower(&mut self.any, rules.inhibit_any);
        Ok(())
    }

    /// §6.1.5 (a), (b), (g).
    fn wrap_up(mut self, leaf: &Certificate, acceptable: &[Oid]) -> Result<(), PathError> {
        self.explicit = self.explicit.saturating_sub(1);
        if leaf.policy_rules().require_explicit == Some(0) {
            self.explicit = 0;
        }
        let held = self.graph.is_some_and(|graph| graph.offers_one_of(acceptable));
        match self.explicit > 0 || held {
            true => Ok(()),
            false => Err(PathError::PolicyNotMet),
        }
    }
}

fn lower(counter: &mut usize, to: Option<u32>) {
    if let Some(to) = to {
        *counter = (*counter).min(to as usize);
    }
}

/// valid_policy_graph (RFC 9618 §5.2): for each certificate the policies that hold there.
struct Graph(Vec<BTreeMap<Oid, Node>>);

#[derive(Clone)]
struct Node {
    /// expected_policy_set: what it is called in the next certificate.
    expected: BTreeSet<Oid>,
    /// The policies of the certificate above that it stands for.
    parents: BTreeSet<Oid>,
}

impl Node {
    fn of(policy: Oid, parents: BTreeSet<Oid>) -> Self {
        Self {
            expected: BTreeSet::from([policy]),
            parents,
        }
    }
}

impl Graph {
    fn new() -> Self {
        let root = Node::of(oid::ANY_POLICY, BTreeSet::new());
        Self(vec![BTreeMap::from([(oid::ANY_POLICY, root)])])
    }

    /// §6.1.3 (d): the next level; `None`: no policy holds any more.
    fn grown(mut self, policies: &[Oid], any_counts: bool) -> Option<Self> {
        let above = self.0.last()?;
        let mut expected: BTreeMap<Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (policy, node) in above {
            for name in &node.expected {
                expected.entry(*name).or_default().insert(*policy);
            }
        }
        let mut level = BTreeMap::new();
        for policy in policies.iter().filter(|p| **p != oid::ANY_POLICY) {
            let of_any = || above.contains_key(&oid::ANY_POLICY).then(|| BTreeSet::from([oid::ANY_POLICY]));
            if let Some(parents) = expected.get(policy).cloned().or_else(of_any) {
                level.insert(*policy, Node::of(*policy, parents));
            }
        }
        if any_counts && policies.contains(&oid::ANY_POLICY) {
            for (policy, parents) in expected {
                level.entry(policy).or_insert_with(|| Node::of(policy, parents));
            }
        }
        let empty = level.is_empty();
        self.0.push(level);
        (!empty).then_some(self)
    }

    /// §6.1.4 (b) (1): what a policy is called below.
    fn mapped(mut self, mappings: &[(Oid, Oid)]) -> Self {
        let mut names: BTreeMap<Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (from, to) in mappings {
            names.entry(*from).or_default().insert(*to);
        }
        let Some(level) = self.0.last_mut() else { return self };
        let any = level.contains_key(&oid::ANY_POLICY);
        for (policy, expected) in names {
            if let Some(node) = level.get_mut(&policy) {
                node.expected = expected;
            } else if any {
                let parents = BTreeSet::from([oid::ANY_POLICY]);
                level.insert(policy, Node { expected, parents });
            }
        }
        self
    }

    /// §6.1.4 (b) (2): where mapping is inhibited, what is mapped holds no more.
    fn without(mut self, mappings: &[(Oid, Oid)]) -> Option<Self> {
        let level = self.0.last_mut()?;
        level.retain(|policy, _| !mappings.iter().any(|(from, _)| from == policy));
        let empty = level.is_empty();
        (!empty).then_some(self)
    }

    /// §6.1.5 (g): whether a policy, as the anchor calls it, holds down to the last certificate and will do.
    fn offers_one_of(&self, acceptable: &[Oid]) -> bool {
        let reached = self.authority_set();
        let any_will_do = acceptable.is_empty() || acceptable.contains(&oid::ANY_POLICY);
        let will_do = |policy: &Oid| any_will_do || *policy == oid::ANY_POLICY || acceptable.contains(policy);
        reached.iter().any(will_do)
    }

    /// authority-constrained-policy-set: those that stand right below an anyPolicy, of the ancestors of the last level.
    fn authority_set(&self) -> BTreeSet<Oid> {
        let mut found = BTreeSet::new();
        let mut alive: BTreeSet<Oid> = self.0.last().map(|level| level.keys().copied().collect()).unwrap_or_default();
        if alive.contains(&oid::ANY_POLICY) {
            found.insert(oid::ANY_POLICY);
        }
        for level in self.0.iter().skip(1).rev() {
            let mut above = BTreeSet::new();
            for (policy, node) in level.iter().filter(|(policy, _)| alive.contains(*policy)) {
                if *policy != oid::ANY_POLICY && node.parents.contains(&oid::ANY_POLICY) {
                    found.insert(*policy);
                }
                above.extend(node.parents.iter().copied());
            }
            alive = above;
        }
        found
    }
}
