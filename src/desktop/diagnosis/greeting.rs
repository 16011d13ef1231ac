//! As far as TLS with a provider's server, and no further: nobody logs in.

use crate::base::limits::{DIAGNOSIS_LINES_MAX, DIAGNOSIS_SERVER_SECONDS, SMTP_LINE_MAX};
use crate::config::{Server, ServerTls};
use crate::net::port::Upstreams;
use crate::net::stream::BoxedStream;
use crate::text::{Explanation, diagnosis as words, net};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// A server, and what it speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Greeting<'a> {
    Smtp(&'a Server),
    Imap(&'a Server),
    Pop3(&'a Server),
}

impl<'a> Greeting<'a> {
    pub(super) fn server(self) -> &'a Server {
        match self {
            Self::Smtp(server) | Self::Imap(server) | Self::Pop3(server) => server,
        }
    }

    /// What it says first, and TLS.
    pub(super) async fn exchange(self, upstreams: &dyn Upstreams) -> Result<(), Explanation> {
        let server = self.server();
        let late = || net::timed_out(&server.host, server.port);
        timeout(Duration::from_secs(DIAGNOSIS_SERVER_SECONDS), self.spoken(upstreams))
            .await
            .map_err(|_| late())?
    }

    async fn spoken(self, upstreams: &dyn Upstreams) -> Result<(), Explanation> {
        let server = self.server();
        let mut stream = upstreams.connect(server).await?;
        self.answer(&mut stream, self.first()).await?;
        if server.tls == ServerTls::StartTls {
            for (said, expected) in self.towards_tls() {
                stream.write_all(said.as_bytes()).await.map_err(|_| self.unexpected())?;
                self.answer(&mut stream, expected).await?;
            }
            upstreams.secure(server, stream).await?;
        }
        Ok(())
    }

    fn first(self) -> &'static str {
        match self {
            Self::Smtp(_) => "220",
            Self::Imap(_) => "* OK",
            Self::Pop3(_) => "+OK",
        }
    }

    /// Each line with how the last line of its answer begins (RFC 3207, RFC 9051 §6.2.1, RFC 2595 §4).
    fn towards_tls(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Smtp(_) => vec![("EHLO [127.0.0.1]\r\n", "250"), ("STARTTLS\r\n", "220")],
            Self::Imap(_) => vec![("a STARTTLS\r\n", "a OK")],
            Self::Pop3(_) => vec![("STLS\r\n", "+OK")],
        }
    }

    /// Reads until the line that was expected.
    async fn answer(self, stream: &mut BoxedStream, expected: &str) -> Result<(), Explanation> {
        for _ in 0..DIAGNOSIS_LINES_MAX {
            let line = line(stream).await.ok_or_else(|| self.unexpected())?;
            // Of several lines the last one counts (RFC 5321 §4.2.1).
            if matches!(self, Self::Smtp(_)) && line.get(3) == Some(&b'-') {
                continue;
            }
            if line.starts_with(expected.as_bytes()) {
                return Ok(());
            }
            if is_last(&line, self) {
                break;
            }
        }
        Err(self.unexpected())
    }

    fn unexpected(self) -> Explanation {
        let server = self.server();
        words::unexpected_greeting(&server.host, server.port)
    }
}

/// Whether nothing follows it: a refusal is not waited upon.
fn is_last(line: &[u8], greeting: Greeting<'_>) -> bool {
    match greeting {
        Greeting::Imap(_) => !line.starts_with(b"* ") || line.starts_with(b"* BYE"),
        Greeting::Smtp(_) | Greeting::Pop3(_) => true,
    }
}

/// One line, octet by octet: what follows it belongs to TLS.
async fn line(stream: &mut BoxedStream) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    while line.len() < SMTP_LINE_MAX {
        match stream.read_u8().await.ok()? {
            b'\n' => return Some(line),
            octet => line.push(octet),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Terms;

    #[tokio::test]
    async fn an_answer_of_several_lines_is_read_to_its_end() {
        for (said, is_good) in [
            ("220 h\r\n250-h\r\n250 STARTTLS\r\n220 go\r\n", true),
            ("220-h\r\n220-no spam\r\n220 h\r\n250 STARTTLS\r\n220\r\n", true),
            ("554 no\r\n", false),
            ("220-h\r\n220 h\r\n502 what\r\n", false),
        ] {
            let server = Server {
                host: "h".to_owned(),
                port: 587,
                tls: ServerTls::StartTls,
                terms: Terms::default(),
            };
            let greeting = Greeting::Smtp(&server);
            let (near, mut far) = tokio::io::duplex(1024);
            far.write_all(said.as_bytes()).await.unwrap();
            let mut near: BoxedStream = Box::new(near);
            let mut is_taken = greeting.answer(&mut near, greeting.first()).await.is_ok();
            for (_, expected) in greeting.towards_tls() {
                is_taken = is_taken && greeting.answer(&mut near, expected).await.is_ok();
            }
            assert_eq!(is_taken, is_good, "{said}");
        }
    }
}
