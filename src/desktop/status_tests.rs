use super::*;
use crate::config::Channel;
use crate::config::parse::parse;
use crate::directory::lists::{Row, RowState};
use crate::net::reached::{Lost, Step};
use crate::pki::revocation::Age;
use crate::relay::CardStatus;
use crate::relay::state::{KeyPlace, OwnKey, Refused};
use crate::text::{card, key_life, outgoing};

const NOW: UnixTime = UnixTime(1_795_392_000);
const DAY: i64 = 86_400;

fn dr() -> Address {
    Address::parse("dr.martin@cabinet.example").unwrap()
}

fn config() -> Config {
    let text = "[[account]]\naddress = \"dr.martin@cabinet.example\"\n\
                smtp = { host = \"smtp.example\", port = 465, tls = \"implicit\" }\n\
                imap = { host = \"imap.example\", port = 993, tls = \"implicit\" }\n";
    parse(text).unwrap()
}

fn well() -> State {
    State {
        realm: Realm::Production,
        is_locked: false,
        accounts: vec![AccountState {
            address: dr(),
            channel: Channel::Ordinary,
            keys: Vec::new(),
            hindrance: None,
            cards: Vec::new(),
            refused: None,
        }],
        lists: Vec::new(),
        faults: Vec::new(),
    }
}

fn with(change: impl FnOnce(&mut AccountState)) -> State {
    let mut state = well();
    change(&mut state.accounts[0]);
    state
}

fn with_card(state: CardState) -> State {
    with(|account| {
        account.cards = vec![CardStatus {
            account: dr(),
            card: "1".to_owned(),
            holder: "DR MARTIN".to_owned(),
            state,
        }];
    })
}

fn key(days: i64, stage: KeyStage) -> OwnKey {
    let until = UnixTime(NOW.0 + days * DAY);
    OwnKey {
        id: String::new(),
        holder: String::new(),
        issuer: String::new(),
        until,
        stage,
        place: KeyPlace::Home,
        limit: None,
        warning: Some(key_life::ends_soon(&dr(), until, days)),
    }
}

fn status(state: &State, around: &Around) -> Status {
    Status::of(state, &config(), around, NOW)
}

fn own(state: &State, around: &Around) -> Vec<Matter> {
    status(state, around).accounts.remove(0).matters
}

#[test]
fn nothing_wrong_is_ready() {
    let status = status(&well(), &Around::default());
    assert_eq!((status.light(), status.all_matters().count()), (Light::Ready, 0));
}

#[test]
fn each_state_of_a_card_is_one_matter_or_none() {
    let fault = card::no_module();
    for (state, matter) in [
        (CardState::Unknown, None),
        (CardState::Closed, None),
        (CardState::Open, None),
        (CardState::NoSoftware, Some(Matter::CardFault)),
        (CardState::NoService, Some(Matter::CardFault)),
        (CardState::NoReader, Some(Matter::NoReader)),
        (CardState::NoCard, Some(Matter::CardAbsent)),
        (CardState::Unreadable, Some(Matter::CardFault)),
        (CardState::Other("AUTRE".to_owned()), Some(Matter::CardOther)),
        (CardState::PinAwaited, Some(Matter::PinAwaited)),
        (CardState::Blocked, Some(Matter::CardBlocked)),
        (CardState::Fault(fault), Some(Matter::CardFault)),
    ] {
        let seen = own(&with_card(state.clone()), &Around::default());
        assert_eq!(seen, matter.into_iter().collect::<Vec<_>>(), "{state:?}");
    }
}

#[test]
fn a_card_is_awaited_only_while_it_is_not_there() {
    let wanted = Around {
        wanted: [dr()].into(),
        ..Around::default()
    };
    assert_eq!(own(&with_card(CardState::NoCard), &wanted), [Matter::CardWanted]);
    assert_eq!(own(&with_card(CardState::Closed), &wanted), []);
}

#[test]
fn a_provider_that_does_not_answer_is_told_of_its_accounts_only() {
    let lost = |cause| Lost {
        step: Step::Connecting,
        cause,
    };
    let away = |host: &str, port| Around {
        away: [((host.to_owned(), port), lost(Cause::Silent))].into(),
        ..Around::default()
    };
    let named = Matter::ProviderAway("imap.example".to_owned());
    assert_eq!(own(&well(), &away("imap.example", 993)), [named]);
    assert_eq!(own(&well(), &away("imap.example", 143)), []);
    assert_eq!(own(&well(), &away("other.example", 993)), []);
    let around = Around {
        away: [(("imap.example".to_owned(), 993), lost(Cause::Unsafe))].into(),
        ..Around::default()
    };
    assert_eq!(own(&well(), &around), [Matter::ProviderUnsafe("imap.example".to_owned())]);
}

#[test]
fn the_end_that_comes_first_is_told_and_old_keys_are_not() {
    let state = with(|account| {
        account.keys = vec![key(20, KeyStage::InUse), key(7, KeyStage::InUse), key(2, KeyStage::Retired)];
    });
    assert_eq!(own(&state, &Around::default()), [Matter::EndsSoon(7)]);
}

#[test]
fn a_refusal_keeps_its_code_and_no_name() {
    let patient = Address::parse("jeanne.canari@patient.example").unwrap();
    let state = with(|account| {
        account.refused = Some(Refused {
            at: NOW,
            why: outgoing::no_own_key(&patient),
        });
    });
    let status = status(&state, &Around::default());
    let refusal = Refusal {
        at: NOW,
        code: "SP-NO-OWN-KEY",
    };
    assert_eq!(status.accounts[0].refused, Some(refusal));
    assert!(!format!("{status:?}").contains("canari"));
}

#[test]
fn hindrances_faults_locks_and_lists() {
    for (why, hindrance) in [
        (outgoing::no_own_key(&dr()), Hindrance::NoKey),
        (crate::text::keys::own_certificate_expired(&dr(), NOW), Hindrance::Expired),
    ] {
        let state = with(|account| account.hindrance = Some(why));
        assert_eq!(own(&state, &Around::default()), [Matter::CannotSeal(hindrance)]);
    }
    let state = State {
        is_locked: true,
        lists: vec![list("AC ESSAI", true, None)],
        faults: vec![card::no_module()],
        ..well()
    };
    let status = status(&state, &Around::default());
    assert_eq!(status.matters, [Matter::Fault, Matter::Locked, Matter::ListsStale]);
    assert_eq!(status.light(), Light::Waiting);
}

/// `age`: of the list that is held; `None`: none came.
fn list(authority: &str, is_met: bool, age: Option<Age>) -> Row {
    let held = |age| RowState::Held {
        age,
        as_of: NOW,
        until: NOW,
        entries: 0,
    };
    Row {
        url: "http://crl.example/a.crl".to_owned(),
        authority: authority.to_owned(),
        is_met,
        state: age.map_or(RowState::Absent, held),
        tried: None,
        failed: None,
    }
}

#[test]
fn lists_are_wanting_only_where_they_concern_somebody_here() {
    let (fresh, stale) = (Some(Age::Fresh), Some(Age::Stale));
    for (lists, is_wanting) in [
        (vec![list("A", true, fresh)], false),
        (vec![list("A", true, stale)], true),
        (vec![list("A", false, stale)], true),
        (vec![list("A", true, None)], true),
        // Named by the authority of itself alone.
        (vec![list("A", false, None)], false),
        // The same list at two places.
        (vec![list("A", true, None), list("A", true, fresh)], false),
        (vec![list("A", true, None), list("B", true, fresh)], true),
        (vec![list("A", true, None), list("A", true, stale)], true),
    ] {
        let matters = status(
            &State {
                lists: lists.clone(),
                ..well()
            },
            &Around::default(),
        )
        .matters;
        assert_eq!(matters == [Matter::ListsStale], is_wanting, "{lists:?}");
    }
}

/// A code that was renamed would be told as "see the dashboard".
#[test]
fn the_codes_of_refusals_are_those_that_are_said() {
    let list = include_str!("../../docs/codes.md");
    let text = include_str!("status.rs");
    let text = text.split_once("pub fn reason").unwrap().1.split_once("Reason::Other").unwrap().0;
    for code in text.split('"').filter(|word| word.starts_with("SP-")) {
        let closing = if code.ends_with('-') { "" } else { "`" };
        let listed = format!("`{code}{closing}");
        assert!(list.contains(&listed), "{code}");
    }
}
