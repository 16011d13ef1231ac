//! The little SMTP and IMAP that trying a server and a test letter need: one command after the other, everything bounded.
//!
//! No password passes but inside TLS, or on loopback towards the own relay.

mod imap;
mod smtp;

pub(super) use imap::ImapTalk;
pub(super) use smtp::SmtpTalk;

use crate::base::limits::TALK_ANSWER_MAX;
use crate::config::{Server, ServerTls};
use crate::net::port::Upstreams;
use crate::net::stream::BoxedStream;
use crate::text::{Explanation, assistant as say, diagnosis};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Who logs in, and by what.
#[derive(Clone, Copy)]
pub(super) struct Credentials<'a> {
    pub(super) login: &'a str,
    pub(super) password: &'a [u8],
}

/// One connection to one server.
struct Wire<'a> {
    upstreams: &'a dyn Upstreams,
    server: &'a Server,
    stream: BoxedStream,
    /// Octets of answers that may still come.
    left: usize,
}

impl<'a> Wire<'a> {
    async fn open(upstreams: &'a dyn Upstreams, server: &'a Server) -> Result<Self, Explanation> {
        let stream = upstreams.connect(server).await?;
        Ok(Self {
            upstreams,
            server,
            stream,
            left: TALK_ANSWER_MAX,
        })
    }

    /// Whether TLS has to be asked for.
    fn is_clear(&self) -> bool {
        self.server.tls == ServerTls::StartTls
    }

    async fn secured(self) -> Result<Self, Explanation> {
        let stream = self.upstreams.secure(self.server, self.stream).await?;
        Ok(Self { stream, ..self })
    }

    async fn say(&mut self, octets: &[u8]) -> Result<(), Explanation> {
        let said = async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        };
        said.await.map_err(|_| self.broken())
    }

    async fn hear(&mut self) -> Result<Vec<u8>, Explanation> {
        let mut octets = vec![0; 16 * 1024];
        let heard = self.stream.read(&mut octets).await.unwrap_or_default();
        octets.truncate(heard);
        match self.left.checked_sub(heard) {
            Some(left) if heard > 0 => {
                self.left = left;
                Ok(octets)
            }
            _ => Err(self.broken()),
        }
    }

    /// It hung up, or says what no such server says.
    fn broken(&self) -> Explanation {
        diagnosis::unexpected_greeting(&self.server.host, self.server.port)
    }

    fn refused_login(&self, said: &[u8]) -> Explanation {
        say::login_refused(&self.server.host, &shown(said))
    }
}

/// What a server said, as it can be shown: it may say anything.
pub(super) fn shown(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let visible = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(200).collect()
}
