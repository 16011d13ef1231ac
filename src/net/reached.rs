//! Which providers' servers did not answer the last time that somebody wanted them.

use crate::config::{Server, ServerTls};
use crate::text::Explanation;
use std::collections::BTreeMap;
use tokio::sync::watch::{Receiver, Sender};

/// Those that do not answer, by host and port.
pub type Away = BTreeMap<(String, u16), Lost>;

/// How a server was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Where.
    pub step: Step,
    /// Why.
    pub cause: Cause,
}

/// Why a server was lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// Nobody answers.
    Silent,
    /// Who answers does not prove to be it.
    Unsafe,
}

impl Cause {
    /// Nothing is wrong with a server where what is missing is ours: a card, a password.
    fn of(why: &Explanation) -> Option<Self> {
        match why.code {
            "SP-TLS-NO-WAY" | "SP-TLS-CARD-TOO-OLD" => None,
            code if code.starts_with("SP-TLS") => Some(Self::Unsafe),
            code if code.starts_with("SP-NET-") => Some(Self::Silent),
            _ => None,
        }
    }
}

/// Where a server was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Before anything was said.
    Connecting,
    /// In a TLS that began later.
    Securing,
}

/// What is known of all of them.
#[derive(Debug, Default)]
pub(super) struct Reached(Sender<Away>);

impl Reached {
    /// To be woken when one is lost, or found again.
    pub(super) fn watched(&self) -> Receiver<Away> {
        self.0.subscribe()
    }

    /// The end of a step. A connection in clear that is to become TLS has not reached the provider yet where TLS had failed.
    pub(super) fn note<T>(&self, server: &Server, step: Step, outcome: &Result<T, Explanation>) {
        let name = || (server.host.clone(), server.port);
        self.0.send_if_modified(|away| match outcome {
            Err(why) => Cause::of(why).is_some_and(|cause| {
                let lost = Lost { step, cause };
                away.insert(name(), lost) != Some(lost)
            }),
            Ok(_) if step == Step::Connecting && server.tls == ServerTls::StartTls => {
                let is_so = away.get(&name()).is_some_and(|lost| lost.step == Step::Connecting);
                is_so && away.remove(&name()).is_some()
            }
            Ok(_) => away.remove(&name()).is_some(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Terms;
    use crate::text::net;

    fn server(tls: ServerTls) -> Server {
        Server {
            host: "imap.example".to_owned(),
            port: 993,
            tls,
            terms: Terms::default(),
        }
    }

    #[test]
    fn what_is_missing_here_is_no_fault_of_a_server() {
        for (why, cause) in [
            (crate::text::card::pin_awaited(), None),
            (crate::text::card::gone(), None),
            (net::timed_out("imap.example", 993), Some(Cause::Silent)),
            (net::wrong_name("imap.example"), Some(Cause::Unsafe)),
        ] {
            let reached = Reached::default();
            reached.note::<()>(&server(ServerTls::Implicit), Step::Connecting, &Err(why));
            let lost = reached.watched().borrow().values().next().map(|lost| lost.cause);
            assert_eq!(lost, cause);
        }
    }

    #[test]
    fn a_server_is_away_until_it_is_reached_as_far_as_it_was_lost() {
        let lost: Result<(), _> = Err(net::timed_out("imap.example", 993));
        for (tls, step, found, is_away) in [
            (ServerTls::Implicit, Step::Connecting, Step::Connecting, false),
            (ServerTls::StartTls, Step::Connecting, Step::Connecting, false),
            (ServerTls::StartTls, Step::Securing, Step::Connecting, true),
            (ServerTls::StartTls, Step::Securing, Step::Securing, false),
        ] {
            let reached = Reached::default();
            let mut watched = reached.watched();
            reached.note(&server(tls), step, &lost);
            assert_eq!(watched.borrow_and_update().len(), 1);
            reached.note(&server(tls), step, &lost);
            assert!(!watched.has_changed().unwrap(), "the same again wakes nobody");
            reached.note(&server(tls), found, &Ok(()));
            assert_eq!(!watched.borrow().is_empty(), is_away, "{tls:?} {step:?} {found:?}");
        }
    }
}
