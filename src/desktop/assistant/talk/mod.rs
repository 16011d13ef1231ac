//! The little SMTP and IMAP that trying a server and a test letter need: one command after the other, everything bounded.
//!
//! No password passes but inside TLS, or on loopback towards the own relay.

mod imap;
mod smtp;

pub(super) use imap::ImapTalk;
pub(super) use smtp::SmtpTalk;

use crate::base::limits::{TALK_ANSWER_MAX, TALK_SHOWN_MAX};
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

    fn login_away(&self, said: &[u8]) -> Explanation {
        match shown(said) {
            // The relay's own word of its provider.
            said if said.ends_with("[SP-LOGIN-AWAY]") => say::provider_away(),
            said => say::login_away(&self.server.host, &said),
        }
    }

    fn refused_login(&self, said: &[u8]) -> Explanation {
        say::login_refused(&self.server.host, &shown(said))
    }
}

/// What a server said, as it can be shown: it may say anything. Whole words.
pub(super) fn shown(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let visible: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let Some((end, _)) = visible.char_indices().nth(TALK_SHOWN_MAX) else {
        return visible;
    };
    let (kept, _) = visible.split_at(end);
    format!("{} …", kept.rsplit_once(' ').map_or(kept, |(words, _)| words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_ends_with_a_word() {
        assert_eq!(shown(b" 550 no\r\n\x1b[2J "), "550 no   [2J");
        let long = shown("réponse ".repeat(TALK_SHOWN_MAX).as_bytes());
        assert!(long.ends_with(" réponse …"), "{long}");
        assert!(long.chars().count() <= TALK_SHOWN_MAX + 2);
        assert_eq!(shown("é".repeat(2 * TALK_SHOWN_MAX).as_bytes()).chars().count(), TALK_SHOWN_MAX + 2);
    }
}
