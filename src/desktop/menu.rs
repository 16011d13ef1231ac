//! The menu of the icon as data, made from how things stand: nothing here knows what shows it.

use super::status::{AccountStatus, Hindrance, Light, Matter, Phase, Status};
use crate::base::Realm;
use crate::text::dashboard::Language;
use crate::text::tray as words;

/// What the icon shows, and what it offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Menu {
    /// The picture.
    pub sign: Sign,
    /// Words beside the pointer.
    pub tip: String,
    /// Below each other.
    pub entries: Vec<Entry>,
}

/// What the picture says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sign {
    /// The whole.
    pub light: Light,
    /// Marked where trial authorities count.
    pub realm: Realm,
}

/// A line of the menu.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Says something.
    Said(String),
    /// Does something.
    Does(Choice, &'static str),
    /// Sets groups apart.
    Line,
}

/// What the user can ask for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Choice {
    /// The dashboard, in the browser.
    Dashboard,
    /// Its page that sends a letter to oneself.
    TestMessage,
    /// Its page that looks at everything.
    Diagnosis,
    /// Revocation lists are fetched.
    Lists,
    /// Cards are closed: their PIN is asked for again.
    Lock,
    /// To begin once more.
    Again,
    /// The end, in order.
    Quit,
}

impl Choice {
    const ALL: [Self; 7] = [
        Self::Dashboard,
        Self::TestMessage,
        Self::Diagnosis,
        Self::Lists,
        Self::Lock,
        Self::Again,
        Self::Quit,
    ];

    /// As what shows the menu knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::TestMessage => "test",
            Self::Diagnosis => "diagnosis",
            Self::Lists => "lists",
            Self::Lock => "lock",
            Self::Again => "again",
            Self::Quit => "quit",
        }
    }

    /// What [`Choice::as_str`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == word)
    }
}

/// A menu is no list of mailboxes: more of them are on the dashboard.
const ACCOUNTS_SHOWN: usize = 6;

/// The menu for how things stand.
pub fn menu(status: &Status, language: Language) -> Menu {
    let light = status.light();
    let mut entries = vec![Entry::Said(headline(status, language))];
    if status.realm == Realm::Test {
        entries.push(Entry::Said(words::TRIAL.of(language).to_owned()));
    }
    entries.extend(status.matters.iter().map(|matter| Entry::Said(said(matter, language))));
    if status.in_hand > 0 {
        entries.push(Entry::Said(words::in_hand(status.in_hand).of(language).to_owned()));
    }
    entries.extend(of_accounts(&status.accounts, language));
    entries.push(Entry::Line);
    entries.extend(choices(status).map(|choice| Entry::Does(choice, named(choice, status.in_hand, language))));
    Menu {
        sign: Sign {
            light,
            realm: status.realm,
        },
        tip: format!("Souspli{}{}", language.colon(), worst(status, language)),
        entries,
    }
}

fn headline(status: &Status, language: Language) -> String {
    let whole = match (status.phase, status.light()) {
        (Phase::Starting, _) => words::STARTING,
        (Phase::Ending, _) => words::ENDING,
        (Phase::NotStarted | Phase::Serving, Light::Stopped) => words::STOPPED,
        (Phase::NotStarted | Phase::Serving, Light::Waiting) => words::WAITING,
        (Phase::NotStarted | Phase::Serving, Light::Attention) => words::ATTENTION,
        (Phase::NotStarted | Phase::Serving, Light::Ready) => words::READY,
    };
    format!("Souspli{}{}", language.colon(), whole.of(language))
}

/// The one thing that the tip says: what is worst, in words.
fn worst(status: &Status, language: Language) -> String {
    let worst = status
        .all_matters()
        .map(|(_, matter)| matter)
        .reduce(|a, b| if b.light() > a.light() { b } else { a });
    let whole = match (status.phase, worst) {
        (Phase::Starting, _) => words::STARTING.of(language).to_owned(),
        (Phase::Ending, _) => words::ENDING.of(language).to_owned(),
        (Phase::NotStarted | Phase::Serving, Some(matter)) => said(matter, language),
        (Phase::NotStarted | Phase::Serving, None) => words::READY.of(language).to_owned(),
    };
    match status.realm {
        Realm::Test => format!("TEST - {whole}"),
        Realm::Production => whole,
    }
}

fn of_accounts(accounts: &[AccountStatus], language: Language) -> Vec<Entry> {
    let mut entries = Vec::new();
    for account in accounts.iter().take(ACCOUNTS_SHOWN) {
        entries.push(Entry::Line);
        let matters: Vec<String> = account.matters.iter().map(|matter| said(matter, language)).collect();
        let standing = match matters.is_empty() {
            true => words::READY.of(language).to_owned(),
            false => matters.join(" ; "),
        };
        entries.push(Entry::Said(format!("{}{}{standing}", account.address, language.colon())));
        let refused = account
            .refused
            .map(|refused| words::refused(refused.at, refused.reason(), refused.code, language));
        entries.extend(refused.map(Entry::Said));
    }
    if accounts.len() > ACCOUNTS_SHOWN {
        entries.extend([Entry::Line, Entry::Said(words::MORE.of(language).to_owned())]);
    }
    entries
}

/// What can be asked for now.
fn choices(status: &Status) -> impl Iterator<Item = Choice> {
    let all: &[Choice] = match status.phase {
        Phase::Serving => &[
            Choice::Dashboard,
            Choice::TestMessage,
            Choice::Diagnosis,
            Choice::Lists,
            Choice::Lock,
            Choice::Quit,
        ],
        Phase::NotStarted => &[Choice::Again, Choice::Quit],
        Phase::Starting => &[Choice::Quit],
        Phase::Ending => &[],
    };
    all.iter().copied()
}

fn named(choice: Choice, in_hand: usize, language: Language) -> &'static str {
    match choice {
        Choice::Dashboard => words::OPEN_DASHBOARD,
        Choice::TestMessage => words::TEST_MESSAGE,
        Choice::Diagnosis => words::DIAGNOSIS,
        Choice::Lists => words::UPDATE_LISTS,
        Choice::Lock => words::LOCK,
        Choice::Again => words::TRY_AGAIN,
        Choice::Quit if in_hand > 0 => words::QUIT_AFTER,
        Choice::Quit => words::QUIT,
    }
    .of(language)
}

fn said(matter: &Matter, language: Language) -> String {
    let fixed = match matter {
        Matter::PortInUse(port) => return words::port_in_use(*port).of(language).to_owned(),
        Matter::ProviderAway(host) => return words::provider_away(host).of(language).to_owned(),
        Matter::ProviderUnsafe(host) => return words::provider_unsafe(host).of(language).to_owned(),
        Matter::EndsSoon(days) => return words::ends_soon(*days).of(language).to_owned(),
        Matter::NotStarted => words::NOT_STARTED,
        Matter::Fault => words::FAULT,
        Matter::Locked => words::LOCKED,
        Matter::CannotSeal(Hindrance::NoKey) => words::NO_KEY,
        Matter::CannotSeal(Hindrance::Expired) => words::EXPIRED,
        Matter::CannotSeal(Hindrance::Revoked) => words::REVOKED,
        Matter::CardBlocked => words::CARD_BLOCKED,
        Matter::CardFault => words::CARD_FAULT,
        Matter::PinAwaited => words::PIN_AWAITED,
        Matter::CardWanted => words::CARD_WANTED,
        Matter::CardAbsent => words::CARD_ABSENT,
        Matter::CardOther => words::CARD_OTHER,
        Matter::NoReader => words::NO_READER,
        Matter::ListsStale => words::LISTS_STALE,
    };
    fixed.of(language).to_owned()
}

#[cfg(test)]
#[path = "menu_tests.rs"]
mod tests;
