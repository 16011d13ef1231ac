//! Whether each thing that Souspli stands on is there: looked at one after the other, each with its mend. Sends nothing, changes
//! nothing, asks nobody for a PIN.

mod bundle;
mod greeting;
mod local;

pub use bundle::bundle;

use crate::config::{Account, Config};
use crate::directory::ldap::LdapDirectory;
use crate::net::port::Upstreams;
use crate::relay::Relay;
use crate::store::Home;
use crate::text::dashboard::Words;
use crate::text::{Explanation, diagnosis as words};
use futures_util::future::join_all;
use greeting::Greeting;
use serde_json::json;
use std::sync::Arc;

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind of thing.
    pub about: Words,
    /// Which one: a server, a folder, a version. No address of a correspondent.
    pub which: String,
    /// How it stands.
    pub standing: Standing,
    /// What is wrong with it, and the mend.
    pub why: Option<Explanation>,
}

/// How a thing stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// As it should be.
    Good,
    /// It works, and asks for attention.
    Warning,
    /// It keeps mail from being sealed or read.
    Bad,
}

impl Standing {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

impl Finding {
    pub(in crate::desktop) fn good(about: Words, which: impl Into<String>) -> Self {
        Self {
            about,
            which: which.into(),
            standing: Standing::Good,
            why: None,
        }
    }

    pub(in crate::desktop) fn warning(about: Words, which: impl Into<String>, why: Explanation) -> Self {
        Self {
            standing: Standing::Warning,
            why: Some(why),
            ..Self::good(about, which)
        }
    }

    /// Out of order, with the mend.
    pub fn bad(about: Words, which: impl Into<String>, why: Explanation) -> Self {
        Self {
            standing: Standing::Bad,
            ..Self::warning(about, which, why)
        }
    }

    pub(in crate::desktop) fn of(about: Words, which: impl Into<String>, found: Result<(), Explanation>) -> Self {
        match found {
            Ok(()) => Self::good(about, which),
            Err(why) => Self::bad(about, which, why),
        }
    }

    /// For programs (docs/diagnosis.md).
    pub fn json(&self) -> serde_json::Value {
        let code = self.why.as_ref().map(|why| why.code);
        json!({"about": self.about.of(words::IN_JSON), "which": self.which, "standing": self.standing.as_str(), "code": code})
    }
}

/// What a diagnosis looks at.
pub struct Patient<'a> {
    /// The relay of the home, running or not.
    pub relay: &'a Relay,
    /// Its configuration.
    pub config: &'a Config,
    /// Its folder.
    pub home: &'a Home,
    /// Connections to the providers, as the relay makes them.
    pub upstreams: &'a dyn Upstreams,
}

/// Everything, what is on this computer first. Servers are asked side by side, each for a bounded time.
pub async fn diagnose(patient: &Patient<'_>) -> Vec<Finding> {
    let mut found = tokio::task::block_in_place(|| local::look(patient));
    let servers = patient.config.accounts.iter().flat_map(servers_of);
    let greeted = servers.map(|(about, greeting)| async move {
        let which = format!("{}:{}", greeting.server().host, greeting.server().port);
        Finding::of(about, which, greeting.exchange(patient.upstreams).await)
    });
    let asked = patient.relay.directories().iter().map(of_directory);
    let (greeted, asked) = futures_util::future::join(join_all(greeted), join_all(asked)).await;
    for finding in greeted.into_iter().chain(asked) {
        // Two accounts at one provider are one server.
        if !found
            .iter()
            .any(|known| (known.about, &known.which) == (finding.about, &finding.which))
        {
            found.push(finding);
        }
    }
    found
}

/// As far as TLS with those servers of an account that are named by host and port, and want no certificate.
pub(super) async fn greet(account: &Account, named: &[(String, u16)], upstreams: &dyn Upstreams) {
    for (_, greeting) in servers_of(account) {
        let server = greeting.server();
        if server.terms.certificate.is_none() && named.contains(&(server.host.clone(), server.port)) {
            // Who made the connection has noted how it went.
            let _ = greeting.exchange(upstreams).await;
        }
    }
}

fn servers_of(account: &Account) -> Vec<(Words, Greeting<'_>)> {
    let mut servers = vec![(words::SENDING, Greeting::Smtp(&account.smtp))];
    servers.extend(account.imap.as_ref().map(|server| (words::READING, Greeting::Imap(server))));
    servers.extend(account.pop3.as_ref().map(|server| (words::READING, Greeting::Pop3(server))));
    servers
}

async fn of_directory(directory: &Arc<LdapDirectory>) -> Finding {
    let found = directory.reach().await.map_err(|error| error.explain(&directory.server));
    Finding::of(words::DIRECTORY, &directory.server.name, found)
}
