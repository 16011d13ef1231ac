//! What is on this computer: versions, folder, clock, ports, keys, cards, lists.

use super::{Finding, Patient};
use crate::base::UnixTime;
use crate::base::limits::CLOCK_SKEW_SECONDS;
use crate::config::ClientCertificate;
use crate::directory::lists::RowState;
use crate::relay::clock;
use crate::relay::state::{KeyPlace, State};
use crate::text::{Explain, Explanation, diagnosis as words};
use std::net::SocketAddr;

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let state = patient.relay.state();
    let mut found = vec![version(), home(patient), time(&state)];
    found.extend(ports(patient));
    found.push(Finding::of(
        words::KEYRING,
        "",
        if state.is_locked {
            Err(crate::text::keys::locked())
        } else {
            Ok(())
        },
    ));
    found.extend(state.faults.iter().map(|why| Finding::bad(words::KEYRING, "", why.clone())));
    found.extend(state.accounts.iter().flat_map(|account| {
        let which = account.address.as_str();
        let hindrance = account
            .hindrance
            .iter()
            .map(move |why| Finding::bad(words::OWN_KEY, which, why.clone()));
        let endings = account.keys.iter().filter_map(|key| key.warning.clone());
        let mut all: Vec<Finding> = hindrance
            .chain(endings.map(move |why| Finding::warning(words::OWN_KEY, which, why)))
            .collect();
        if all.is_empty() && !state.is_locked {
            all.push(Finding::good(words::OWN_KEY, which));
        }
        all
    }));
    found.push(cards(patient, &state));
    found.push(lists(&state));
    found.extend(journal(patient));
    found
}

fn version() -> Finding {
    Finding::good(
        words::VERSION,
        format!(
            "{} ({} {})",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
    )
}

/// Others must not look into it, and it must be written to.
fn home(patient: &Patient<'_>) -> Finding {
    let which = patient.home.root().display().to_string();
    // On a full disk what is there is locked all the same.
    let takes = patient.home.lock().map(drop).and_then(|()| patient.home.takes_a_file());
    match (takes, patient.home.warning()) {
        (Err(error), _) => Finding::bad(words::HOME, which, error.explain()),
        (Ok(()), Some(why)) => Finding::warning(words::HOME, which, why),
        (Ok(()), None) => Finding::good(words::HOME, which),
    }
}

/// Behind what an authority has signed of late the clock is wrong, without asking anybody.
fn time(state: &State) -> Finding {
    let now = clock();
    let newest = state.lists.iter().filter_map(|row| match row.state {
        RowState::Held { as_of, .. } => Some(as_of),
        RowState::Absent => None,
    });
    let is_behind = |at: &UnixTime| *at > now.plus(CLOCK_SKEW_SECONDS);
    match newest.max().filter(is_behind) {
        Some(_) => Finding::bad(words::CLOCK, now.rfc3339(), words::clock_behind(now)),
        None => Finding::good(words::CLOCK, now.rfc3339()),
    }
}

/// Somebody who listens there is the relay that runs, or somebody else: whoever begins it would be told which.
fn ports(patient: &Patient<'_>) -> Vec<Finding> {
    let listen = &patient.config.listen;
    let named = [("SMTP", listen.smtp), ("IMAP", listen.imap), ("POP3", listen.pop3)];
    let fixed = named
        .into_iter()
        .filter_map(|(name, address)| Some((name, address.filter(|a| a.port() != 0)?)));
    fixed.map(|(name, address)| port(name, address)).collect()
}

fn port(name: &str, address: SocketAddr) -> Finding {
    let which = format!("{name} {address}");
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::warning(words::PORT, which, words::nobody_listens(address.port())),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::good(words::PORT, which),
        Err(error) => Finding::bad(
            words::PORT,
            which,
            crate::text::net::not_listening(&address.to_string(), &(&error).into()),
        ),
    }
}

/// Who has no key on a card, and no server that knows him by one, needs none.
fn cards(patient: &Patient<'_>, state: &State) -> Finding {
    let mut keys = state.accounts.iter().flat_map(|account| &account.keys);
    let accounts = patient.config.accounts.iter();
    let mut servers = accounts.flat_map(|account| std::iter::once(&account.smtp).chain(&account.imap).chain(&account.pop3));
    let wanted = keys.any(|key| key.place == KeyPlace::Card)
        || servers.any(|server| matches!(server.terms.certificate, Some((_, ClientCertificate::Card))));
    let about = |why: Explanation| match wanted {
        true => Finding::bad(words::CARD, "", why),
        // What is there of cards, or is not, matters to nobody.
        false => Finding {
            why: Some(words::no_card_needed()),
            ..Finding::good(words::CARD, "")
        },
    };
    match patient.relay.cards().look() {
        Err(why) => about(why),
        // A service that has stopped shows as a reader without a card: PC/SC knows better.
        Ok(seen) if seen.cards.is_empty() => about(patient.relay.cards().nothing_there(&seen)),
        Ok(seen) => {
            let labels: Vec<&str> = seen.cards.iter().map(|card| card.label.as_str()).collect();
            Finding::good(words::CARD, labels.join(", "))
        }
    }
}

fn journal(patient: &Patient<'_>) -> Vec<Finding> {
    let standing = match patient.relay.look_at_journal() {
        Ok(standing) => standing,
        Err(why) => return vec![Finding::bad(words::JOURNAL, "", why)],
    };
    let bad = standing.bad.into_iter().map(|why| Finding::bad(words::JOURNAL, "", why));
    let to_know = standing.to_know.into_iter().map(|why| Finding::warning(words::JOURNAL, "", why));
    let found: Vec<Finding> = bad.chain(to_know).collect();
    match found.is_empty() {
        true => vec![Finding::good(words::JOURNAL, standing.entries.to_string())],
        false => found,
    }
}

fn lists(state: &State) -> Finding {
    let counted = state.lists_counted();
    let which = format!("{}/{}", counted.holding, counted.expected());
    match (counted.wanting, counted.never_met) {
        (0, 0) => Finding::good(words::LISTS, which),
        (0, never) => Finding::warning(words::LISTS, which, words::lists_never_came(never)),
        (wanting, _) => Finding::warning(words::LISTS, which, words::lists_wanting(wanting)),
    }
}
