//! A letter to oneself, sealed, on the way that a mail program's letters take: out through the relay, in through the relay, and seen at
//! the provider as everybody but the recipient sees it.

use super::refusal::{Noted, explained};
use super::talk::{Credentials, ImapTalk, SmtpTalk};
use crate::base::limits::{TEST_LETTER_LOOK_MILLISECONDS, TEST_LETTER_SECONDS, TRY_SECONDS};
use crate::base::{Secret, UnixTime};
use crate::config::{Account, Server};
use crate::desktop::diagnosis::Finding;
use crate::mime::encode::qp_encode;
use crate::net::port::Upstreams;
use crate::smime::class::{Class, classify};
use crate::text::dashboard::Words;
use crate::text::{Explanation, assistant as words, net, trial as said};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The last test letter, as far as it has come.
#[derive(Clone, Debug, Default)]
pub(in crate::desktop) struct Trial {
    /// Whose.
    pub(in crate::desktop) address: String,
    pub(in crate::desktop) findings: Vec<Finding>,
    pub(in crate::desktop) is_running: bool,
}

/// One test letter at a time; who looks on sees each step as it comes.
#[derive(Debug, Default)]
pub(in crate::desktop) struct Trials(watch::Sender<Trial>);

/// What a test letter needs.
pub(in crate::desktop) struct Route {
    /// Whose.
    pub(in crate::desktop) account: Arc<Account>,
    /// The password that the mail program gives.
    pub(in crate::desktop) password: Secret,
    /// What has letters sealed.
    pub(in crate::desktop) tag: String,
    /// The relay, as mail programs reach it.
    pub(in crate::desktop) relay: Arc<dyn Upstreams>,
    /// Its doors.
    pub(in crate::desktop) smtp: Server,
    /// See `smtp`.
    pub(in crate::desktop) imap: Server,
    /// What the relay knows of a refusal.
    pub(in crate::desktop) noted: Box<dyn Fn() -> Noted + Send + Sync>,
    /// Connections to the provider itself.
    pub(in crate::desktop) provider: Arc<dyn Upstreams>,
}

/// The letter, and by what it is known again.
struct Letter {
    id: String,
    canary: String,
    message: Vec<u8>,
}

impl Trials {
    /// Begins one; `false`: another is on its way.
    pub(in crate::desktop) fn begin(self: &Arc<Self>, route: Route, now: UnixTime) -> bool {
        let free = self.0.send_if_modified(|trial| {
            let free = !trial.is_running;
            if free {
                *trial = Trial {
                    address: route.account.address.as_str().to_owned(),
                    is_running: true,
                    findings: Vec::new(),
                };
            }
            free
        });
        if free {
            let trials = Arc::clone(self);
            tokio::spawn(async move {
                let _over = Over(&trials);
                trials.run(&route, now).await;
            });
        }
        free
    }

    /// From now on each step.
    pub(in crate::desktop) fn watch(&self) -> watch::Receiver<Trial> {
        self.0.subscribe()
    }

    async fn run(&self, route: &Route, now: UnixTime) {
        let Some(letter) = Letter::write(&route.account, &route.tag, now) else {
            return;
        };
        // Where the mailbox ends now: the letter is looked for behind it.
        let Some(next) = self.told(words::TEST_READ, within(route.next_uid())).await else {
            return;
        };
        if self.told(words::TEST_SENT, within(route.send(&letter))).await.is_none() {
            return;
        }
        let Some((uid, view)) = self.told(words::TEST_ARRIVED, route.found(&letter, next)).await else {
            return;
        };
        match route.account.logs_in_by_itself() {
            true => self.add(Finding::warning(words::TEST_SEALED, "", said::not_looked_at_provider())),
            false => {
                self.told(words::TEST_SEALED, within(route.sealed_at_provider(&letter, uid))).await;
            }
        }
        self.add(opened(&letter, &view));
        self.add(verified(&view));
    }

    async fn told<T>(&self, about: Words, work: impl Future<Output = Result<T, Explanation>>) -> Option<T> {
        match work.await {
            Ok(done) => {
                self.add(Finding::good(about, ""));
                Some(done)
            }
            Err(why) => {
                self.add(Finding::bad(about, "", why));
                None
            }
        }
    }

    fn add(&self, finding: Finding) {
        self.0.send_modify(|trial| trial.findings.push(finding));
    }
}

/// However it ends, another one may begin.
struct Over<'a>(&'a Trials);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|trial| trial.is_running = false);
    }
}

impl Route {
    fn who(&self) -> Credentials<'_> {
        Credentials {
            login: &self.account.login,
            password: self.password.expose(),
        }
    }

    async fn inbox<'a>(&'a self, upstreams: &'a dyn Upstreams, server: &'a Server) -> Result<(ImapTalk<'a>, u32), Explanation> {
        let mut talk = ImapTalk::open(upstreams, server).await?;
        talk.log_in(self.who()).await?;
        let told = talk.done("EXAMINE INBOX").await?;
        let next = told.iter().find_map(|response| response.number("[UIDNEXT"));
        Ok((talk, next.unwrap_or(1)))
    }

    async fn next_uid(&self) -> Result<u32, Explanation> {
        Ok(self.inbox(&*self.relay, &self.imap).await?.1)
    }

    async fn send(&self, letter: &Letter) -> Result<(), Explanation> {
        let mut talk = SmtpTalk::open(&*self.relay, &self.smtp).await?;
        talk.log_in(self.who()).await?;
        let taken = talk.send(self.account.address.as_str(), &letter.message).await?;
        taken.map_err(|said| explained(&said, &self.account.address, (self.noted)()))
    }

    /// The letter as a mail program gets it, once it is there.
    async fn found(&self, letter: &Letter, next: u32) -> Result<(u32, Vec<u8>), Explanation> {
        let looking = async {
            let (mut talk, _) = within(self.inbox(&*self.relay, &self.imap)).await?;
            loop {
                if let Some(uid) = look(&mut talk, letter, next).await? {
                    return Ok((uid, whole(&mut talk, uid).await?));
                }
                sleep(Duration::from_millis(TEST_LETTER_LOOK_MILLISECONDS)).await;
                talk.done("NOOP").await?;
            }
        };
        match timeout(Duration::from_secs(TEST_LETTER_SECONDS), looking).await {
            Ok(found) => found,
            Err(_) => Err(said::not_arrived(TEST_LETTER_SECONDS)),
        }
    }

    /// At the provider, without Souspli: ciphertext, and not a word of the letter.
    async fn sealed_at_provider(&self, letter: &Letter, uid: u32) -> Result<(), Explanation> {
        let Some(server) = &self.account.imap else {
            return Err(said::not_looked_at_provider());
        };
        let (mut talk, _) = self.inbox(&*self.provider, server).await?;
        let stored = whole(&mut talk, uid).await?;
        let is_sealed = matches!(classify(header(&stored)), Class::Enveloped | Class::Unspecified);
        match is_sealed && memchr::memmem::find(&stored, letter.canary.as_bytes()).is_none() {
            true => Ok(()),
            false => Err(said::not_sealed()),
        }
    }
}

/// The letter among those behind `next`: known by its Message-ID, since others may arrive meanwhile.
async fn look(talk: &mut ImapTalk<'_>, letter: &Letter, next: u32) -> Result<Option<u32>, Explanation> {
    let told = talk
        .done(&format!("UID FETCH {next}:* (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"))
        .await?;
    let is_it = |field: &[u8]| memchr::memmem::find(field, letter.id.as_bytes()).is_some();
    let found = told.iter().find(|response| response.literals.iter().any(|field| is_it(field)));
    Ok(found.and_then(|response| response.number("UID")).filter(|uid| *uid >= next))
}

async fn whole(talk: &mut ImapTalk<'_>, uid: u32) -> Result<Vec<u8>, Explanation> {
    let told = talk.done(&format!("UID FETCH {uid} (UID BODY.PEEK[])")).await?;
    let message = told.into_iter().find_map(|response| response.literals.into_iter().next());
    message.ok_or_else(|| said::not_read(""))
}

fn opened(letter: &Letter, view: &[u8]) -> Finding {
    let is_open = memchr::memmem::find(view, letter.canary.as_bytes()).is_some();
    Finding::of(words::TEST_OPENED, "", if is_open { Ok(()) } else { Err(said::not_opened()) })
}

/// What the View says of itself; the relay lets no other one say it.
fn verified(view: &[u8]) -> Finding {
    let header = String::from_utf8_lossy(header(view)).to_lowercase();
    let said = header.lines().find_map(|line| line.strip_prefix("x-souspli-verdict:"));
    let grade = said.and_then(|said| said.split(';').next()).unwrap_or_default().trim();
    match grade {
        "verified" => Finding::good(words::TEST_VERIFIED, ""),
        "unchecked" => Finding::warning(words::TEST_VERIFIED, "", said::not_checked()),
        _ => Finding::bad(words::TEST_VERIFIED, "", said::not_verified()),
    }
}

fn header(message: &[u8]) -> &[u8] {
    let end = memchr::memmem::find(message, b"\r\n\r\n").map_or(message.len(), |at| at + 2);
    message.get(..end).unwrap_or_default()
}

impl Letter {
    /// `None`: the system gives no randomness.
    fn write(account: &Account, tag: &str, now: UnixTime) -> Option<Self> {
        let mut octets = [0; 12];
        aws_lc_rs::rand::fill(&mut octets).ok()?;
        let canary = octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let (address, date) = (&account.address, now.rfc5322());
        let id = format!("<essai-{canary}@{}>", address.domain().as_str());
        // The word inside is another one than that of the Message-ID, which everybody sees.
        let canary: String = canary.chars().rev().collect();
        let (tag, subject) = (worded(tag), said::TEST_SUBJECT);
        let text = qp_encode(said::test_letter(&canary).replace('\n', "\r\n").as_bytes());
        let text = String::from_utf8(text).ok()?;
        let message = format!(
            "From: <{address}>\r\nTo: <{address}>\r\nDate: {date}\r\nMessage-ID: {id}\r\nSubject: {tag} {subject}\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{text}"
        );
        Some(Self {
            id,
            canary,
            message: message.into_bytes(),
        })
    }
}

/// A tag as a header can carry it (RFC 2047 §2).
fn worded(tag: &str) -> String {
    match tag.is_ascii() {
        true => tag.to_owned(),
        false => format!("=?utf-8?B?{}?=", base64_simd::STANDARD.encode_to_string(tag)),
    }
}

async fn within<T>(work: impl Future<Output = Result<T, Explanation>>) -> Result<T, Explanation> {
    match timeout(Duration::from_secs(TRY_SECONDS), work).await {
        Ok(done) => done,
        Err(_) => Err(net::timed_out("127.0.0.1", 0)),
    }
}
