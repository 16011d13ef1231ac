//! What support needs to know: findings, and how often which code came up. No message, no correspondent, no subject is in it, and
//! no host but those that the configuration names.

use super::Finding;
use crate::base::UnixTime;
use crate::store::Event;
use serde_json::json;
use std::collections::BTreeMap;

/// The text of a bundle.
pub fn bundle(found: &[Finding], journal: &BTreeMap<(Event, String), usize>, now: UnixTime) -> String {
    let journal: Vec<_> = journal
        .iter()
        .map(|((event, code), count)| json!({"event": event.as_str(), "code": code, "count": count}))
        .collect();
    let findings: Vec<_> = found.iter().map(Finding::json).collect();
    let all = json!({"souspli": env!("CARGO_PKG_VERSION"), "time": now.rfc3339(), "findings": findings, "journal": journal});
    // Strings and numbers: nothing that JSON could not say.
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}
