//! A submission (RFC 6409, RFC 5321), as a mail program makes it.

use super::{Credentials, Wire, shown};
use crate::base::limits::SMTP_LINE_MAX;
use crate::config::Server;
use crate::net::port::Upstreams;
use crate::text::{Explanation, assistant as say};
use base64_simd::STANDARD;
use zeroize::Zeroizing;

/// One connection, greeted and in TLS.
pub(in super::super) struct SmtpTalk<'a> {
    wire: Wire<'a>,
    buffer: Vec<u8>,
    offers: Vec<String>,
}

/// A whole reply (RFC 5321 §4.2).
struct Reply {
    code: u16,
    lines: Vec<Vec<u8>>,
}

impl<'a> SmtpTalk<'a> {
    /// Greeting, EHLO, STARTTLS where the server is to be spoken to so.
    pub(in super::super) async fn open(upstreams: &'a dyn Upstreams, server: &'a Server) -> Result<Self, Explanation> {
        let mut talk = Self {
            wire: Wire::open(upstreams, server).await?,
            buffer: Vec::new(),
            offers: Vec::new(),
        };
        talk.expect(220).await?;
        talk.hello().await?;
        if talk.wire.is_clear() {
            talk.wire.say(b"STARTTLS\r\n").await?;
            talk.expect(220).await?;
            // What came along with the answer was said in clear by anybody (RFC 3207 §6).
            if !talk.buffer.is_empty() {
                return Err(talk.wire.broken());
            }
            talk.wire = talk.wire.secured().await?;
            talk.hello().await?;
        }
        Ok(talk)
    }

    /// AUTH PLAIN (RFC 4616), else LOGIN.
    pub(in super::super) async fn log_in(&mut self, who: Credentials<'_>) -> Result<(), Explanation> {
        let ways = self.ways();
        let reply = if ways.iter().any(|way| way == "PLAIN") {
            let proof = [b"\0", who.login.as_bytes(), b"\0", who.password].concat();
            let line = Zeroizing::new(format!("AUTH PLAIN {}\r\n", STANDARD.encode_to_string(&*Zeroizing::new(proof))));
            self.ask(line.as_bytes()).await?
        } else if ways.iter().any(|way| way == "LOGIN") {
            let login = format!("{}\r\n", STANDARD.encode_to_string(who.login));
            // Where it is not asked for, the password would be a command, which servers log.
            for said in [b"AUTH LOGIN\r\n".as_slice(), login.as_bytes()] {
                let reply = self.ask(said).await?;
                if reply.code != 334 {
                    return Err(self.refused_login(&reply));
                }
            }
            let line = Zeroizing::new(format!("{}\r\n", STANDARD.encode_to_string(who.password)));
            self.ask(line.as_bytes()).await?
        } else {
            return Err(say::no_password_login(&self.wire.server.host));
        };
        match reply.code {
            235 => Ok(()),
            _ => Err(self.refused_login(&reply)),
        }
    }

    /// Hands a message over, from an address to itself; inside, what was said instead of taking it.
    pub(in super::super) async fn send(&mut self, address: &str, message: &[u8]) -> Result<Result<(), String>, Explanation> {
        let commands = [
            (format!("MAIL FROM:<{address}>\r\n"), 250),
            (format!("RCPT TO:<{address}>\r\n"), 250),
            ("DATA\r\n".to_owned(), 354),
        ];
        for (command, expected) in commands {
            if let Err(said) = self.taken(command.as_bytes(), expected).await? {
                return Ok(Err(said));
            }
        }
        if let Err(said) = self.taken(&stuffed(message), 250).await? {
            return Ok(Err(said));
        }
        // It has left: how the other one ends is all the same.
        let _ = self.wire.say(b"QUIT\r\n").await;
        Ok(Ok(()))
    }

    async fn taken(&mut self, octets: &[u8], expected: u16) -> Result<Result<(), String>, Explanation> {
        let reply = self.ask(octets).await?;
        Ok(match reply.code {
            code if code == expected => Ok(()),
            _ => Err(shown(&reply.text())),
        })
    }

    /// 4xx is no word on the password (RFC 4954 §6).
    fn refused_login(&self, reply: &Reply) -> Explanation {
        match reply.code {
            400..500 => self.wire.login_away(&reply.text()),
            _ => self.wire.refused_login(&reply.text()),
        }
    }

    async fn hello(&mut self) -> Result<(), Explanation> {
        self.wire.say(b"EHLO [127.0.0.1]\r\n").await?;
        let reply = self.expect(250).await?;
        self.offers = reply
            .lines
            .iter()
            .map(|line| String::from_utf8_lossy(line).to_uppercase())
            .collect();
        Ok(())
    }

    /// Mechanisms that the server offers.
    fn ways(&self) -> Vec<String> {
        let lines = self.offers.iter().filter_map(|line| line.strip_prefix("AUTH"));
        let words = lines.flat_map(|line| line.split([' ', '=']).filter(|way| !way.is_empty()));
        words.map(str::to_owned).collect()
    }

    async fn ask(&mut self, octets: &[u8]) -> Result<Reply, Explanation> {
        self.wire.say(octets).await?;
        self.reply().await
    }

    async fn expect(&mut self, code: u16) -> Result<Reply, Explanation> {
        let reply = self.reply().await?;
        match reply.code == code {
            true => Ok(reply),
            false => Err(self.wire.broken()),
        }
    }

    async fn reply(&mut self) -> Result<Reply, Explanation> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let code = line.get(..3).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
            let code: u16 = code.ok_or_else(|| self.wire.broken())?;
            let is_last = line.get(3) != Some(&b'-');
            lines.push(line.get(4..).unwrap_or_default().to_vec());
            if is_last {
                return Ok(Reply { code, lines });
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, Explanation> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer) {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(line.trim_ascii_end().to_vec());
            }
            if self.buffer.len() > SMTP_LINE_MAX {
                return Err(self.wire.broken());
            }
            let more = self.wire.hear().await?;
            self.buffer.extend_from_slice(&more);
        }
    }
}

impl Reply {
    fn text(&self) -> Vec<u8> {
        format!("{} ", self.code)
            .into_bytes()
            .into_iter()
            .chain(self.lines.join(&b' '))
            .collect()
    }
}

/// Content with its end (RFC 5321 §4.5.2); `message` ends with CRLF.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 16);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b".\r\n");
    out
}
