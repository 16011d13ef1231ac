//! Fetching a stored message over a connection of its own.

use super::{CONNECT_TIME, UPSTREAM_SILENCE, Upstreams, read, write};
use crate::base::{Asker, MessageKey};
use crate::config::Server;
use crate::imap::login::Credentials;
use crate::imap::retrieve::{Next, Retrieval};
use crate::net::BoxedStream;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// The message of that place; `None`: it cannot be had, for whatever reason.
pub(super) async fn original(upstreams: &dyn Upstreams, server: &Server, key: MessageKey, credentials: Credentials) -> Option<Vec<u8>> {
    let mut retrieval = Retrieval::new(key, credentials)?;
    upstreams.ready(server, Asker::Program, CONNECT_TIME).await.ok()?;
    let mut channel = Some(timeout(CONNECT_TIME, upstreams.connect(server)).await.ok()?.ok()?);
    retrieval.connected(server.tls);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let octets = timeout(UPSTREAM_SILENCE, read(&mut channel, &mut buffer)).await.ok()?.ok()?;
        if octets == 0 {
            return None;
        }
        let mut next = retrieval.input(&buffer[..octets]);
        while next != Next::Wait {
            next = match next {
                Next::Wait => Next::Wait,
                Next::Send(bytes) => {
                    send(&mut channel, &bytes).await?;
                    retrieval.input(&[])
                }
                Next::Secure => {
                    let secured = timeout(CONNECT_TIME, upstreams.secure(server, channel.take()?)).await.ok()?;
                    channel = Some(secured.ok()?);
                    retrieval.secured()
                }
                Next::Done(bytes, message) => {
                    // Politeness: the message is here.
                    let _ = send(&mut channel, &bytes).await;
                    return Some(message);
                }
                Next::Failed => return None,
            };
        }
    }
}

async fn send(channel: &mut Option<BoxedStream>, bytes: &[u8]) -> Option<()> {
    write(channel, bytes).await.ok()?;
    channel.as_mut()?.flush().await.ok()
}
