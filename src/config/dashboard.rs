//! `[dashboard]`: the page in the user's own browser.

use super::parse::read_listener;
use super::reader::{Faults, Section};
use crate::text::dashboard::Language;
use std::net::{Ipv4Addr, SocketAddr};

/// How the dashboard is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DashboardRules {
    /// Its listener; port 0: a free one, which is kept; `None`: there is no dashboard.
    pub listen: Option<SocketAddr>,
    /// What it speaks unless its user chooses otherwise.
    pub language: Language,
}

impl Default for DashboardRules {
    fn default() -> Self {
        Self {
            listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            language: Language::French,
        }
    }
}

/// `machine`: what it speaks where the user's file does not say.
pub(super) fn read(section: Option<Section<'_, '_>>, machine: Option<Language>, faults: &mut Faults) -> DashboardRules {
    let mut rules = DashboardRules {
        language: machine.unwrap_or_default(),
        ..DashboardRules::default()
    };
    if let Some(mut section) = section {
        rules.listen = read_listener(&mut section, "listen", rules.listen, faults);
        let languages = [Language::French, Language::English].map(|language| (language.tag(), language));
        rules.language = section.choice("language", &languages, faults).unwrap_or(rules.language);
        section.finish(faults);
    }
    rules
}
