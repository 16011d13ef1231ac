//! Large messages through the driver: how many are held at once, and one that is cut short on its way.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A provider that says yes to everything.
struct Willing;

impl Upstreams for Willing {
    fn connect<'a>(&'a self, _: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        let (ours, theirs) = duplex(CHUNK);
        tokio::spawn(async move {
            let mut theirs = BufReader::new(theirs);
            let (mut line, mut within) = (String::new(), false);
            let _ = theirs.write_all(b"220 x\r\n").await;
            loop {
                line.clear();
                if !matches!(tokio::io::AsyncBufReadExt::read_line(&mut theirs, &mut line).await, Ok(n) if n > 0) {
                    return;
                }
                let said = match (within, line.as_str()) {
                    (true, ".\r\n") => "250 x\r\n",
                    (true, _) => continue,
                    (_, "DATA\r\n") => "354 x\r\n",
                    (_, line) if line.starts_with("EHLO") => "250-x\r\n250 AUTH PLAIN\r\n",
                    (_, line) if line.starts_with("AUTH") => "235 x\r\n",
                    _ => "250 x\r\n",
                };
                within = said.starts_with("354");
                let _ = theirs.write_all(said.as_bytes()).await;
            }
        });
        Box::pin(async move { Ok(Box::new(ours) as BoxedStream) })
    }

    fn secure<'a>(&'a self, _: &'a Server, stream: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move { Ok(stream) })
    }
}

/// A relay that lets everything pass and counts how many messages are in its hands at once.
#[derive(Default)]
struct Counting {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Sealing for Counting {
    fn account(&self, _: &str) -> Option<Arc<Account>> {
        Some(Arc::new(account(ServerTls::Implicit)))
    }

    fn accounts(&self) -> Vec<Arc<Account>> {
        Vec::new()
    }

    fn outgoing<'a>(&'a self, _: &'a Account, _: &'a Submission) -> Pending<'a, Outgoing> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            Outgoing::PassThrough(SealedRecord::default())
        })
    }

    fn handed_over<'a>(&'a self, _: &'a Account, _: &'a SealedRecord, _: &'a [GroupOutcome]) -> Pending<'a, Option<Group>> {
        Box::pin(async { None })
    }
}

/// Sends one message of so many octets; the last line heard.
async fn send_large(shared: Arc<Submissions>, octets: usize) -> String {
    let (ours, theirs) = duplex(CHUNK);
    tokio::spawn(serve(Box::new(theirs), shared));
    let mut client = Side::new(ours);
    client.say("EHLO x\r\nAUTH PLAIN AG1lAHB3\r\n").await;
    client
        .say(&format!("MAIL FROM:<me@x.fr> SIZE={octets}\r\nRCPT TO:<a@y.fr>\r\nDATA\r\n"))
        .await;
    let line = format!("{}\r\n", "x".repeat(998));
    for _ in 0..octets / 1000 {
        client.say(&line).await;
    }
    client.say(".\r\nQUIT\r\n").await;
    client.rest().await
}

#[tokio::test]
async fn large_messages_wait_for_each_other_and_all_leave() {
    let (_stop, running) = watch::channel(Running::On);
    let relay = Arc::new(Counting::default());
    let shared = Arc::new(Submissions {
        sealing: relay.clone(),
        upstreams: Arc::new(Willing),
        proofs: Arc::new(Nobody),
        client_tls: None,
        offers: Offers::default(),
        // Two of them, with what sealing makes of them.
        budget: Budget::new(2 * 3_400_000),
        in_hand: InHand::default(),
        patience: Patience::default(),
        running,
    });
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..10 {
        sending.spawn(send_large(Arc::clone(&shared), 1_000_000));
    }
    while let Some(heard) = sending.join_next().await {
        let heard = heard.unwrap();
        assert!(heard.contains("\r\n250 2.0.0 Message accepte"), "{heard}");
    }
    assert_eq!(relay.most.load(Ordering::SeqCst), 2);
}

/// A provider that takes a part of a large message and leaves.
struct Leaving;

impl Upstreams for Leaving {
    fn connect<'a>(&'a self, _: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        let (ours, mut theirs) = duplex(1024);
        tokio::spawn(async move {
            let mut heard = [0; 4000];
            for said in ["220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"] {
                theirs.write_all(said.as_bytes()).await.unwrap();
                let _ = theirs.read(&mut heard).await;
            }
        });
        Box::pin(async move { Ok(Box::new(ours) as BoxedStream) })
    }

    fn secure<'a>(&'a self, _: &'a Server, stream: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move { Ok(stream) })
    }
}

#[tokio::test]
async fn a_message_cut_short_is_known_not_to_have_left() {
    let server = account(ServerTls::Implicit).smtp;
    let mut group = groups("a@y.fr").remove(0);
    let envelope = Envelope {
        from: None,
        recipients: Vec::new(),
        eight_bit: false,
        smtputf8: false,
        ret: None,
        envid: None,
    };
    for (octets, gone) in [(3 * CHUNK, true), (2000, false)] {
        group.message = vec![b'x'; octets].into();
        let Ok(mut upstream) = Upstream::open(&Leaving, &server, None, Patience::default()).await else {
            panic!("no connection")
        };
        let attempt = upstream.hand_over(&Leaving, &envelope, &copy(&group, Form::Sealed)).await;
        assert_eq!(matches!(attempt, Attempt::Gone), gone, "{attempt:?}");
        assert_eq!(matches!(attempt, Attempt::Unknown), !gone, "{attempt:?}");
    }
}
