use super::*;
use crate::text::Explain;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that says the same to everybody, and what it was asked.
async fn server(says: Vec<u8>) -> (Url, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, asked) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, says.clone(), told.clone()));
        }
    });
    (Url::parse(&format!("http://127.0.0.1:{port}/a.crl")).unwrap(), asked)
}

async fn serve(mut stream: TcpStream, says: Vec<u8>, told: tokio::sync::mpsc::UnboundedSender<String>) {
    let mut asked = Vec::new();
    while !asked.windows(4).any(|w| w == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let Ok(n @ 1..) = stream.read(&mut piece).await else { return };
        asked.extend_from_slice(&piece[..n]);
    }
    let _ = told.send(String::from_utf8_lossy(&asked).to_ascii_lowercase());
    let _ = stream.write_all(&says).await;
    let _ = stream.shutdown().await;
}

fn client() -> Client {
    let servers = crate::net::provider::Providers::strangers(&[]).unwrap();
    Client::new(Arc::new(servers), Arc::new(["127.0.0.1"].into_iter().collect()))
}

async fn fetched(client: &Client, url: &Url, held: Held<'_>, max: u64) -> Result<(u64, Vec<u8>), &'static str> {
    let mut content = match client.get(url, held, max).await.map_err(|e| e.explain().code)? {
        Got::NotModified => return Err("304"),
        Got::Content(content) => content,
    };
    let mut all = Vec::new();
    while let Some(piece) = content.next().await.map_err(|e| e.explain().code)? {
        all.extend_from_slice(&piece);
    }
    Ok((content.after, all))
}

async fn answered(says: &str, max: u64) -> Result<Vec<u8>, &'static str> {
    let (url, _asked) = server(says.as_bytes().to_vec()).await;
    fetched(&client(), &url, Held::default(), max).await.map(|(_, all)| all)
}

#[tokio::test]
async fn what_a_server_says() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\nx", "A: b\r\n".repeat(500));
    let wide = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\nx", "b".repeat(1 << 20));
    let loops = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    for (says, told) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Ok("abc")),
        ("HTTP/1.1 200 OK\r\n\r\nabc", Ok("abc")),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            Ok("abc"),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Err("SP-HTTP-BROKEN")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nabc", Err("SP-HTTP-TOO-LARGE")),
        ("HTTP/1.1 200 OK\r\n\r\n0123456789012345", Err("SP-HTTP-TOO-LARGE")),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabc", Err("SP-HTTP-BROKEN")),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Err("SP-HTTP-STATUS")),
        (
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\n\r\nabc",
            Err("SP-HTTP-BROKEN"),
        ),
        ("HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n", Err("SP-HTTP-HOST")),
        ("HTTP/1.1 302 Found\r\n\r\n", Err("SP-HTTP-REDIRECTS")),
        (loops, Err("SP-HTTP-REDIRECTS")),
        (&many, Err("SP-HTTP-BROKEN")),
        (&wide, Err("SP-HTTP-BROKEN")),
        ("220 mail ESMTP\r\n", Err("SP-HTTP-BROKEN")),
        ("", Err("SP-HTTP-BROKEN")),
    ] {
        let told = told.map(|t| t.as_bytes().to_vec());
        let shown = &says[..says.len().min(80)];
        assert_eq!(answered(says, 15).await, told, "{shown}");
    }
}

#[tokio::test]
async fn what_is_held_is_not_fetched_again_and_what_broke_off_goes_on() {
    let (url, mut asked) = server(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()).await;
    let held = Held {
        etag: Some("\"v1\""),
        modified: Some("Mon, 01 Jun 2026 00:00:00 GMT"),
        part: None,
    };
    assert_eq!(fetched(&client(), &url, held, 99).await, Err("304"));
    let said = asked.recv().await.unwrap();
    assert!(
        said.contains("if-none-match: \"v1\"\r\n") && said.contains("host: 127.0.0.1:"),
        "{said}"
    );

    let rest = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-6/7\r\nContent-Length: 3\r\n\r\nefg".to_vec();
    let (url, mut asked) = server(rest).await;
    let held = Held {
        part: Some(Part {
            octets: 4,
            validator: "\"v2\"",
        }),
        ..Held::default()
    };
    assert_eq!(fetched(&client(), &url, held, 99).await, Ok((4, b"efg".to_vec())));
    let said = asked.recv().await.unwrap();
    assert!(
        said.contains("range: bytes=4-\r\n") && said.contains("if-range: \"v2\"\r\n"),
        "{said}"
    );
    assert_eq!(fetched(&client(), &url, held, 6).await, Err("SP-HTTP-TOO-LARGE"));
}

#[tokio::test]
async fn a_host_that_is_not_allowed_hears_nothing() {
    let (url, mut asked) = server(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let elsewhere = Url::parse(&url.as_str().replace("127.0.0.1", "localhost")).unwrap();
    assert_eq!(fetched(&client(), &elsewhere, Held::default(), 9).await, Err("SP-HTTP-HOST"));
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn a_server_that_is_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port())).unwrap();
    let _held = tokio::spawn(async move {
        let taken = listener.accept().await;
        std::future::pending::<()>().await;
        drop(taken);
    });
    let hurried = client().with_silence(Duration::from_millis(20));
    assert_eq!(fetched(&hurried, &url, Held::default(), 9).await, Err("SP-HTTP-SILENT"));
}
