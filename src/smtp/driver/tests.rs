//! Runs tests/dialogs/smtp/*.dlg through the driver, the session and the handover.
//!
//! `C:` the mail program says, `S:` it hears, `P:` the provider hears, `U:` it says (`...` at the end: the rest does not
//! matter; `\r`, `\n` and `\0` are octets; `C~:` and `U~:` send without a line end). `!` are events, listed in [`Stage::event`].
//! What either side hears beyond the dialog, other than QUIT, is an error.

use super::groups::copy;
use super::*;
use crate::base::Address;
use crate::config::{Channel, Server, ServerTls};
use crate::policy::Recipient;
use crate::relay::port::{Group, GroupOutcome, Pending, SealedRecord, SealedSubmission};
use crate::smtp::capabilities::Capabilities;
use crate::text::{Explanation, outgoing as text};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{BufReader, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

mod large;

const GUARD: Duration = Duration::from_secs(10);

#[tokio::test]
async fn dialogs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogs/smtp");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 15, "dialogs are missing");
    for file in files {
        run(&file).await;
    }
}

async fn run(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let tls = if text.contains("! provider starttls") {
        ServerTls::StartTls
    } else {
        ServerTls::Implicit
    };
    let provider = if text.contains("! provider unknown") {
        Provider::Unknown
    } else {
        Provider::Known
    };
    // The dialogs of a silent provider wait for the end of our patience, nobody else's does end.
    let silence = text.lines().find_map(|line| line.strip_prefix("! silence "));
    let patience = silence.map_or_else(Patience::default, |seconds| Patience::of_seconds(seconds.parse().unwrap()));
    let mut stage = Stage::new(tls, provider, patience);
    for (number, line) in text.lines().enumerate() {
        let at = format!("{}:{}", file.display(), number + 1);
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "C:" => stage.client.say(&format!("{}\r\n", octets(rest))).await,
            "C~:" => stage.client.say(&octets(rest)).await,
            "S:" => stage.client.hears(rest, &at).await,
            "U:" => stage.provider(&at).say(&format!("{}\r\n", octets(rest))).await,
            "U~:" => stage.provider(&at).say(&octets(rest)).await,
            "P:" => stage.provider(&at).hears(rest, &at).await,
            "!" => stage.event(rest, &at).await,
            "" | "#" => {}
            other => panic!("{at}: {other:?}"),
        }
    }
    stage.end(&file.display().to_string()).await;
}

fn octets(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0")
}

#[derive(PartialEq)]
enum Provider {
    Known,
    Unknown,
}

/// Everybody in a dialog.
struct Stage {
    stop: watch::Sender<Running>,
    client: Side,
    provider: Option<Side>,
    served: JoinHandle<io::Result<()>>,
    connections: UnboundedReceiver<DuplexStream>,
    events: UnboundedReceiver<&'static str>,
    script: Arc<Script>,
    since: Instant,
}

impl Stage {
    fn new(tls: ServerTls, provider: Provider, patience: Patience) -> Self {
        let (ours, theirs) = duplex(1 << 20);
        let (connect, connections) = unbounded_channel();
        let (tell, events) = unbounded_channel();
        let (stop, running) = watch::channel(Running::On);
        let script = Arc::new(Script {
            account: Arc::new(account(tls)),
            groups: Mutex::new(Decided::Clear),
            told: Mutex::default(),
        });
        let net = Arc::new(Net { connect, tell });
        let sealing: Arc<dyn Sealing> = script.clone();
        let shared = Submissions {
            sealing,
            upstreams: net.clone(),
            proofs: Arc::new(Nobody),
            client_tls: Some(net),
            offers: Offers::default(),
            budget: Budget::default(),
            in_hand: InHand::default(),
            patience,
            running,
        };
        let known = Capabilities {
            size: Some(2000),
            eight_bit: true,
            dsn: true,
            smtputf8: true,
            ..Capabilities::default()
        };
        if provider == Provider::Known {
            shared.offers.learn(&script.account.smtp, &known);
        }
        let served = tokio::spawn(serve(Box::new(theirs), Arc::new(shared)));
        Self {
            stop,
            client: Side::new(ours),
            provider: None,
            served,
            connections,
            events,
            script,
            since: Instant::now(),
        }
    }

    fn provider(&mut self, at: &str) -> &mut Side {
        self.provider.as_mut().unwrap_or_else(|| panic!("{at}: no provider"))
    }

    async fn event(&mut self, event: &str, at: &str) {
        let (word, rest) = event.split_once(' ').unwrap_or((event, ""));
        match word {
            // The program ends.
            "stop" => self.stop.send(Running::Stopping).unwrap(),
            // `starttls`: how it speaks TLS; `unknown`: its offer must be asked for. Read before the dialog starts.
            "provider" => {}
            // The relay connects to the provider.
            "connect" => {
                let stream = timeout(GUARD, self.connections.recv())
                    .await
                    .unwrap_or_else(|_| panic!("{at}: no connection"));
                self.provider = Some(Side::new(stream.unwrap()));
            }
            // Somebody begins TLS: `client` or `upstream`.
            "tls" => {
                let who = timeout(GUARD, self.events.recv()).await.unwrap_or_else(|_| panic!("{at}: no TLS"));
                assert_eq!(who, Some(rest), "{at}");
            }
            // The provider says nothing more; our patience is so many seconds. Read before the dialog starts.
            "silence" => {}
            // The mail program waits from here on; it has not waited longer than so many seconds.
            "waits" => self.since = Instant::now(),
            "waited" => assert!(
                self.since.elapsed().as_secs_f32() < rest.parse().unwrap(),
                "{at}: {:?}",
                self.since.elapsed()
            ),
            // The provider closes.
            "gone" => self.provider = None,
            // What the next submission will be: `seal a@x b@x | c@x`, `refuse`, `clear`.
            "seal" => *self.script.groups.lock().unwrap() = Decided::Seal(groups(rest)),
            "refuse" => *self.script.groups.lock().unwrap() = Decided::Refuse,
            "clear" => *self.script.groups.lock().unwrap() = Decided::Clear,
            // How the relay was told the groups ended: `ok`, `failed` each.
            "told" => assert_eq!(self.script.told.lock().unwrap().join(" "), rest, "{at}"),
            // The relay closes the mail program's connection.
            "closed" => assert_eq!(self.client.rest().await, "", "{at}"),
            other => panic!("{at}: {other}"),
        }
    }

    async fn end(self, file: &str) {
        let Self {
            client,
            provider,
            served,
            mut connections,
            ..
        } = self;
        drop(client);
        timeout(GUARD, served)
            .await
            .unwrap_or_else(|_| panic!("{file}: still serving"))
            .unwrap()
            .ok();
        if let Some(mut provider) = provider {
            let rest = provider.rest().await;
            assert!(rest.is_empty() || rest == "QUIT\r\n", "{file}: the provider also heard {rest:?}");
        }
        assert!(connections.try_recv().is_err(), "{file}: a connection nobody expected");
    }
}

struct Side {
    stream: BufReader<DuplexStream>,
}

impl Side {
    fn new(stream: DuplexStream) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    async fn say(&mut self, text: &str) {
        // The other side may have closed: the next `hears` will tell.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    async fn hears(&mut self, wanted: &str, at: &str) {
        let mut line = Vec::new();
        let read = tokio::io::AsyncBufReadExt::read_until(&mut self.stream, b'\n', &mut line);
        timeout(GUARD, read)
            .await
            .unwrap_or_else(|_| panic!("{at}: silence instead of {wanted:?}"))
            .unwrap();
        let line = String::from_utf8_lossy(&line).into_owned();
        let heard = line
            .strip_suffix("\r\n")
            .unwrap_or_else(|| panic!("{at}: {line:?} instead of {wanted:?}"));
        match wanted.strip_suffix("...") {
            Some(start) => assert!(heard.starts_with(start), "{at}: {heard:?}"),
            None => assert_eq!(heard, octets(wanted), "{at}"),
        }
    }

    async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = timeout(GUARD, self.stream.read_to_end(&mut rest))
            .await
            .expect("the connection stays open");
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// Connections and TLS that only tell that they were asked for.
struct Net {
    connect: UnboundedSender<DuplexStream>,
    tell: UnboundedSender<&'static str>,
}

impl Upstreams for Net {
    fn connect<'a>(&'a self, _: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        let (ours, theirs) = duplex(1 << 20);
        self.connect.send(theirs).unwrap();
        Box::pin(async move { Ok(Box::new(ours) as BoxedStream) })
    }

    fn secure<'a>(&'a self, _: &'a Server, stream: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        self.tell.send("upstream").unwrap();
        Box::pin(async move { Ok(stream) })
    }
}

impl Acceptor for Net {
    fn accept<'a>(&'a self, stream: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        self.tell.send("client").unwrap();
        Box::pin(async move { Ok(stream) })
    }
}

/// A relay that decides what the dialog says.
struct Script {
    account: Arc<Account>,
    groups: Mutex<Decided>,
    told: Mutex<Vec<&'static str>>,
}

#[derive(Clone)]
enum Decided {
    Clear,
    Refuse,
    Seal(Vec<Group>),
}

/// Accounts here log in with what the mail program gives.
struct Nobody;

impl Proofs for Nobody {
    fn admits<'a>(&'a self, _: &'a Account, _: &'a crate::base::Secret) -> Pending<'a, Result<(), Explanation>> {
        Box::pin(async { Err(text::key_locked()) })
    }

    fn proof<'a>(&'a self, _: &'a Account) -> Pending<'a, Result<crate::sasl::Credentials, Explanation>> {
        Box::pin(async { Err(text::key_locked()) })
    }
}

impl Sealing for Script {
    fn account(&self, login: &str) -> Option<Arc<Account>> {
        (login == self.account.login).then(|| self.account.clone())
    }

    fn accounts(&self) -> Vec<Arc<Account>> {
        vec![self.account.clone()]
    }

    fn outgoing<'a>(&'a self, _: &'a Account, _: &'a Submission) -> Pending<'a, Outgoing> {
        let decided = self.groups.lock().unwrap().clone();
        Box::pin(async move {
            match decided {
                Decided::Clear => Outgoing::PassThrough(SealedRecord::default()),
                Decided::Refuse => Outgoing::Refuse(text::key_locked()),
                Decided::Seal(groups) => Outgoing::Seal(SealedSubmission {
                    groups,
                    record: SealedRecord::default(),
                    companion: None,
                }),
            }
        })
    }

    fn handed_over<'a>(&'a self, _: &'a Account, _: &'a SealedRecord, outcomes: &'a [GroupOutcome]) -> Pending<'a, Option<Group>> {
        let told: Vec<_> = outcomes.iter().map(|o| if o.result.is_ok() { "ok" } else { "failed" }).collect();
        let partial = told.contains(&"ok") && told.contains(&"failed");
        *self.told.lock().unwrap() = told;
        let notice = partial.then(|| Group {
            message: b"NOTICE\r\n".to_vec().into(),
            ..groups("me@x.fr").remove(0)
        });
        Box::pin(async move { notice })
    }
}

fn groups(text: &str) -> Vec<Group> {
    let recipient = |a: &str| Recipient {
        address: Address::parse(a).unwrap(),
        notify: None,
        orcpt: None,
    };
    let group = |(n, list): (usize, &str)| Group {
        way: crate::relay::port::Way::Own,
        recipients: list.split_whitespace().map(recipient).collect(),
        message: format!("SEALED {n}\r\n.dot\r\n").into(),
    };
    text.split('|').enumerate().map(group).collect()
}

fn account(tls: ServerTls) -> Account {
    let server = Server {
        host: "mail.test".to_owned(),
        port: 1,
        tls,
        terms: crate::config::Terms::default(),
    };
    Account {
        address: Address::parse("me@x.fr").unwrap(),
        login: "me".to_owned(),
        channel: Channel::Ordinary,
        smtp: server.clone(),
        imap: Some(server),
        pop3: None,
        always_sign: false,
        always_encrypt: false,
        mssante_via: None,
        token_command: Vec::new(),
        client_certificate: None,
        held: None,
    }
}
