//! One connection to an LDAP server, bounded in all that the server can make it hold.

use super::error::LdapError;
use super::wire::{self, Entry, Message, Outcome, Said, Search};
use crate::base::Secret;
use crate::base::limits::{LDAP_AHEAD_MAX, LDAP_CONNECTION_MAX, LDAP_ENTRIES_MAX, LDAP_ENTRIES_READ_MAX, LDAP_MESSAGE_MAX};
use crate::config::{Server, ServerTls};
use crate::directory::answer::Gap;
use crate::net::BoxedStream;
use crate::net::port::Upstreams;
use bytes::BytesMut;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Octets that are read at once.
const CHUNK: usize = 16 * 1024;

/// resultCode (RFC 4511 §A.1), as far as it makes a difference.
mod code {
    pub const SUCCESS: u32 = 0;
    pub const TIME_LIMIT: u32 = 3;
    pub const SIZE_LIMIT: u32 = 4;
    pub const REFERRAL: u32 = 10;
    pub const ADMIN_LIMIT: u32 = 11;
    pub const NO_SUCH_OBJECT: u32 = 32;
    pub const INVALID_CREDENTIALS: u32 = 49;
}

/// An open session.
pub(super) struct Connection {
    stream: BoxedStream,
    buffer: BytesMut,
    read: usize,
    end: Instant,
    /// Octets of one message.
    largest: usize,
    /// Requests that were sent, which is also the last message id.
    pub(super) requests: u32,
}

/// What a search gave.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    pub(super) gap: Option<Gap>,
    read: usize,
}

/// What becomes of each search, in their order; `None`: nothing yet.
pub(super) type Results = [Option<Result<Found, LdapError>>];

impl Connection {
    /// Connects, begins TLS where that is asked, says who asks. After `end` every wait is over; what was answered before stands.
    pub(super) async fn open(
        server: &Server,
        upstreams: &dyn Upstreams,
        bind: Option<(&str, &Secret)>,
        end: Instant,
    ) -> Result<Self, LdapError> {
        let stream = before(end, upstreams.connect(server)).await?.map_err(LdapError::Net)?;
        let mut connection = Self {
            stream,
            buffer: BytesMut::new(),
            read: 0,
            end,
            largest: LDAP_MESSAGE_MAX,
            requests: 0,
        };
        if server.tls == ServerTls::StartTls {
            connection = connection.start_tls(server, upstreams).await?;
        }
        if let Some((dn, password)) = bind {
            connection.bind(dn, password).await?;
        }
        Ok(connection)
    }

    /// The same, whose messages may have so many octets.
    pub(super) fn taking(self, largest: usize) -> Self {
        Self { largest, ..self }
    }

    /// RFC 4511 §4.14. What came ahead of TLS is nobody's word.
    async fn start_tls(mut self, server: &Server, upstreams: &dyn Upstreams) -> Result<Self, LdapError> {
        let id = self.next();
        self.send(&wire::start_tls(id)).await?;
        match self.message().await? {
            Message {
                id: of,
                said: Said::Extended(outcome),
            } if of == id => match outcome.code {
                code::SUCCESS if self.buffer.is_empty() => {}
                code::SUCCESS => return Err(LdapError::Unreadable),
                _ => return Err(LdapError::NoStartTls),
            },
            _ => return Err(LdapError::Unreadable),
        }
        self.stream = before(self.end, upstreams.secure(server, self.stream))
            .await?
            .map_err(LdapError::Net)?;
        Ok(self)
    }

    async fn bind(&mut self, dn: &str, password: &Secret) -> Result<(), LdapError> {
        let id = self.next();
        let request = Secret::new(wire::bind(id, dn, password.expose()));
        self.send(request.expose()).await?;
        match self.message().await? {
            Message {
                id: of,
                said: Said::Bound(outcome),
            } if of == id => match outcome.code {
                code::SUCCESS => Ok(()),
                code::INVALID_CREDENTIALS => Err(LdapError::Password),
                _ => Err(LdapError::Refused(outcome)),
            },
            _ => Err(LdapError::Unreadable),
        }
    }

    /// Asks all, a few ahead of the answers. `Err`: the connection is of no use any more; what was answered before stands.
    pub(super) async fn search(&mut self, searches: &[Search<'_>], results: &mut Results) -> Result<(), LdapError> {
        let mut waiting: BTreeMap<u32, (usize, Found)> = BTreeMap::new();
        let mut asked = 0;
        while asked < searches.len() || !waiting.is_empty() {
            let mut requests = Vec::new();
            while let Some(next) = searches.get(asked).filter(|_| waiting.len() < LDAP_AHEAD_MAX) {
                let id = self.next();
                requests.extend(wire::search(id, next));
                waiting.insert(id, (asked, Found::default()));
                asked += 1;
            }
            self.send(&requests).await?;
            let Message { id, said } = self.message().await?;
            let (_, found) = waiting.get_mut(&id).ok_or(stray(&said))?;
            match said {
                Said::Entry(entry) => found.take(entry)?,
                Said::Elsewhere => found.gap = Some(Gap::Elsewhere),
                Said::Done(outcome) => {
                    if let Some((at, found)) = waiting.remove(&id) {
                        results[at] = Some(found.done(outcome));
                    }
                }
                Said::Bound(_) | Said::Extended(_) => return Err(LdapError::Unreadable),
                Said::Other => {}
            }
        }
        Ok(())
    }

    /// Says goodbye; nothing is waited for.
    pub(super) async fn close(mut self) {
        let id = self.next();
        let _ = self.send(&wire::unbind(id)).await;
        let _ = before(self.end, self.stream.shutdown()).await;
    }

    fn next(&mut self) -> u32 {
        self.requests += 1;
        self.requests
    }

    async fn send(&mut self, request: &[u8]) -> Result<(), LdapError> {
        let sent = async {
            self.stream.write_all(request).await?;
            self.stream.flush().await
        };
        before(self.end, sent).await?.map_err(|_| LdapError::Cut)
    }

    /// The next message. Held is what has come of it, never what was announced.
    async fn message(&mut self) -> Result<Message, LdapError> {
        loop {
            let length = wire::length_within(&self.buffer, self.largest).map_err(|_| LdapError::Unreadable)?;
            if let Some(length) = length.filter(|length| *length <= self.buffer.len()) {
                let whole = self.buffer.split_to(length);
                return wire::read(&whole).map_err(|_| LdapError::Unreadable);
            }
            self.buffer.reserve(CHUNK);
            match before(self.end, self.stream.read_buf(&mut self.buffer)).await? {
                Ok(0) | Err(_) => return Err(LdapError::Cut),
                Ok(octets) => self.read += octets,
            }
            if self.read > LDAP_CONNECTION_MAX {
                return Err(LdapError::TooMuch);
            }
        }
    }
}

async fn before<T>(end: Instant, work: impl Future<Output = T>) -> Result<T, LdapError> {
    timeout_at(end, work).await.map_err(|_| LdapError::Late)
}

/// An answer to no question: the notice that the connection ends (RFC 4511 §4.4.1), or nonsense.
fn stray(said: &Said) -> LdapError {
    match said {
        Said::Extended(_) => LdapError::Cut,
        _ => LdapError::Unreadable,
    }
}

impl Found {
    /// A server need not mind how many were asked for.
    fn take(&mut self, entry: Entry) -> Result<(), LdapError> {
        self.read += 1;
        if self.entries.len() < LDAP_ENTRIES_MAX {
            self.entries.push(entry);
        } else {
            self.gap = Some(Gap::TooMany);
        }
        if self.read > LDAP_ENTRIES_READ_MAX {
            return Err(LdapError::TooMuch);
        }
        Ok(())
    }

    fn done(self, outcome: Outcome) -> Result<Self, LdapError> {
        let gap = match outcome.code {
            code::SUCCESS => self.gap,
            code::SIZE_LIMIT | code::TIME_LIMIT | code::ADMIN_LIMIT => self.gap.or(Some(Gap::TooMany)),
            code::REFERRAL => Some(Gap::Elsewhere),
            code::NO_SUCH_OBJECT => return Err(LdapError::NoBase),
            _ => return Err(LdapError::Refused(outcome)),
        };
        Ok(Self { gap, ..self })
    }
}
