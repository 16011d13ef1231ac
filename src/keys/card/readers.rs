//! The readers of this machine as PC/SC tells of them, and the relay's end of the process that watches them.
//!
//! PC/SC says that something came or went, at once; whose card it is PKCS#11 says. Modules whose slots are no readers of PC/SC
//! need none of this.

use super::words;
use crate::base::limits::{CARD_FRAME_MAX, READERS_AGAIN_SECONDS, READERS_ONCE_SECONDS};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::sleep;

/// The name of the subcommand that is the process.
const SUBCOMMAND: &str = "card-readers";

/// What is known of the readers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Readers {
    /// Whether anybody knows.
    pub service: Service,
    /// Those that are there.
    pub readers: Vec<Reader>,
}

/// The service of PC/SC: pcscd, or what does its work elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Service {
    /// It has not been asked yet.
    #[default]
    Unknown,
    /// It runs.
    Running,
    /// It does not.
    Stopped,
    /// There is none.
    NotInstalled,
}

/// A reader.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reader {
    /// As it calls itself.
    pub name: String,
    /// What is in it.
    pub card: InReader,
    /// A number that is another one after a card came or went, however quickly.
    pub changes: u16,
}

/// What is in a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum InReader {
    /// Nothing.
    Nothing,
    /// A card.
    Card,
    /// A card that does not answer: the wrong way round, or worn out.
    Mute,
}

impl Readers {
    /// None, for that reason.
    pub fn without(service: Service) -> Self {
        Self {
            service,
            readers: Vec::new(),
        }
    }

    /// Whether there is any card.
    pub fn has_cards(&self) -> bool {
        self.readers.iter().any(Reader::has_card)
    }

    /// Whether a card that was there before is not, or is not without having been away.
    pub fn has_lost_a_card_of(&self, before: &Self) -> bool {
        let cards = before.readers.iter().filter(|reader| reader.has_card());
        cards.into_iter().any(|reader| !self.readers.contains(reader))
    }

    /// Those of this moment, for a program that runs once; bounded. `program`: this one, which asks.
    pub fn now(program: &Path) -> Self {
        once(program).unwrap_or_default()
    }
}

fn once(program: &Path) -> io::Result<Readers> {
    let mut child = Command::new(program)
        .arg(SUBCOMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (give, take) = mpsc::channel();
    // A pipe knows no deadline; the thread ends with the process.
    std::thread::spawn(move || give.send(words::read::<Readers>(&mut output)));
    let heard = take.recv_timeout(Duration::from_secs(READERS_ONCE_SECONDS));
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    heard.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Keeps `told` up to date for as long as it is polled; its process ends with it.
pub(super) async fn follow(program: &Path, told: &watch::Sender<Readers>) {
    let longest = Duration::from_secs(READERS_AGAIN_SECONDS);
    let mut pause = Duration::from_secs(1);
    loop {
        // However it ended, it is begun again.
        let _ = followed(program, told).await;
        let is_installed = told.borrow().service != Service::NotInstalled;
        if is_installed {
            told.send_replace(Readers::default());
        }
        sleep(if is_installed { pause } else { longest }).await;
        pause = (pause * 2).min(longest);
    }
}

async fn followed(program: &Path, told: &watch::Sender<Readers>) -> io::Result<()> {
    let mut child = tokio::process::Command::new(program)
        .arg(SUBCOMMAND)
        // Held open for as long as the process is wanted.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    loop {
        let length = usize::try_from(output.read_u32().await?).unwrap_or(usize::MAX);
        if length > CARD_FRAME_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut octets = vec![0; length];
        output.read_exact(&mut octets).await?;
        let readers: Readers = serde_json::from_slice(&octets)?;
        let is_last = readers.service == Service::NotInstalled;
        told.send_replace(readers);
        if is_last {
            return Ok(());
        }
    }
}

impl Reader {
    /// Whether a card is in it, of whatever kind.
    pub fn has_card(&self) -> bool {
        self.card != InReader::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(cards: &[(InReader, u16)]) -> Readers {
        let reader = |(at, (card, changes)): (usize, &(InReader, u16))| Reader {
            name: format!("Lecteur {at}"),
            card: *card,
            changes: *changes,
        };
        Readers {
            service: Service::Running,
            readers: cards.iter().enumerate().map(reader).collect(),
        }
    }

    #[test]
    fn a_card_that_came_back_has_been_away() {
        use InReader::{Card, Nothing};
        let (both, one) = (readers(&[(Card, 1), (Card, 3)]), readers(&[(Card, 1), (Nothing, 4)]));
        assert!(one.has_lost_a_card_of(&both) && one.has_cards());
        assert!(!both.has_lost_a_card_of(&one) && !both.has_lost_a_card_of(&both));
        assert!(
            readers(&[(Card, 1), (Card, 5)]).has_lost_a_card_of(&both),
            "pulled and put in between two looks"
        );
        let stopped = Readers::without(Service::Stopped);
        assert!(stopped.has_lost_a_card_of(&one) && !stopped.has_cards());
    }
}
