//! A reader's session (RFC 9051): one command at a time, whole answers.

use super::{Credentials, Wire, shown};
use crate::config::Server;
use crate::imap::frame::{Framer, Piece, Side, chomp};
use crate::net::port::Upstreams;
use crate::text::{Explanation, trial as say};
use zeroize::Zeroizing;

/// One connection, greeted and in TLS.
pub(in super::super) struct ImapTalk<'a> {
    wire: Wire<'a>,
    framer: Framer,
    number: u32,
}

/// One untagged response, its literals apart.
#[derive(Default)]
pub(in super::super) struct Response {
    pub(in super::super) text: Vec<u8>,
    pub(in super::super) literals: Vec<Vec<u8>>,
}

impl<'a> ImapTalk<'a> {
    /// Greeting, and STARTTLS where the server is to be spoken to so.
    pub(in super::super) async fn open(upstreams: &'a dyn Upstreams, server: &'a Server) -> Result<Self, Explanation> {
        let mut talk = Self {
            wire: Wire::open(upstreams, server).await?,
            framer: Framer::new(Side::Server),
            number: 0,
        };
        let greeting = talk.response().await?;
        if !greeting.begins("* OK") {
            return Err(talk.wire.broken());
        }
        if talk.wire.is_clear() {
            talk.command("STARTTLS").await?.map_err(|_| talk.wire.broken())?;
            // What came along with the answer was said in clear by anybody (RFC 9051 §6.2.1).
            if talk.framer.discard() {
                return Err(talk.wire.broken());
            }
            talk.wire = talk.wire.secured().await?;
        }
        Ok(talk)
    }

    /// LOGIN with literals, which hold any password.
    pub(in super::super) async fn log_in(&mut self, who: Credentials<'_>) -> Result<(), Explanation> {
        let tag = self.tag();
        let mut line = format!("{tag} LOGIN {{{}}}\r\n", who.login.len()).into_bytes();
        for (text, next) in [
            (who.login.as_bytes(), format!(" {{{}}}\r\n", who.password.len())),
            (who.password, "\r\n".to_owned()),
        ] {
            self.wire.say(&line).await?;
            let asked = self.until_continuation(&tag).await?;
            asked.map_err(|said| self.refused_login(&said))?;
            let sent = Zeroizing::new([text, next.as_bytes()].concat());
            line = sent.to_vec();
        }
        self.wire.say(&Zeroizing::new(line)).await?;
        let done = self.until(&tag).await?;
        done.map(drop).map_err(|said| self.refused_login(&said))
    }

    /// UNAVAILABLE is no word on the password (RFC 5530 §3).
    fn refused_login(&self, said: &[u8]) -> Explanation {
        match memchr::memmem::find(said, b"[UNAVAILABLE]") {
            Some(_) => self.wire.login_away(said),
            None => self.wire.refused_login(said),
        }
    }

    /// The untagged responses to a command; inside, what a NO or BAD said.
    pub(in super::super) async fn command(&mut self, words: &str) -> Result<Result<Vec<Response>, Vec<u8>>, Explanation> {
        let tag = self.tag();
        self.wire.say(format!("{tag} {words}\r\n").as_bytes()).await?;
        self.until(&tag).await
    }

    /// The same where only a server that cannot be used says no.
    pub(in super::super) async fn done(&mut self, words: &str) -> Result<Vec<Response>, Explanation> {
        self.command(words).await?.map_err(|said| say::not_read(&shown(&said)))
    }

    fn tag(&mut self) -> String {
        self.number += 1;
        format!("s{}", self.number)
    }

    async fn until(&mut self, tag: &str) -> Result<Result<Vec<Response>, Vec<u8>>, Explanation> {
        let mut all = Vec::new();
        loop {
            let response = self.response().await?;
            match response.text.strip_prefix(tag.as_bytes()) {
                Some(rest) if rest.trim_ascii_start().starts_with(b"OK") => return Ok(Ok(all)),
                Some(rest) => return Ok(Err(rest.to_vec())),
                None if response.begins("* BYE") => return Ok(Err(response.text)),
                None => all.push(response),
            }
        }
    }

    async fn until_continuation(&mut self, tag: &str) -> Result<Result<(), Vec<u8>>, Explanation> {
        loop {
            let response = self.response().await?;
            if response.begins("+") {
                return Ok(Ok(()));
            }
            if response.begins(tag) || response.begins("* BYE") {
                return Ok(Err(response.text));
            }
        }
    }

    async fn response(&mut self) -> Result<Response, Explanation> {
        let mut response = Response::default();
        loop {
            match self.framer.next_piece().map_err(|_| self.wire.broken())? {
                None => {
                    let more = self.wire.hear().await?;
                    self.framer.push(&more);
                }
                Some(Piece::Text { bytes, literal }) => {
                    response.text.extend_from_slice(chomp(&bytes));
                    if literal.is_none() {
                        return Ok(response);
                    }
                    response.literals.push(Vec::new());
                }
                Some(Piece::Literal { bytes, .. }) => {
                    if let Some(open) = response.literals.last_mut() {
                        open.extend_from_slice(&bytes);
                    }
                }
            }
        }
    }
}

impl Response {
    pub(in super::super) fn begins(&self, with: &str) -> bool {
        self.text
            .get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    }

    /// The number after a word: `UID 7`, `[UIDNEXT 12]`.
    pub(in super::super) fn number(&self, word: &str) -> Option<u32> {
        let text = String::from_utf8_lossy(&self.text).to_uppercase();
        let after = text.split(&format!("{word} ")).nth(1)?;
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
}
