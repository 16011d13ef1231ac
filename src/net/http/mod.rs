//! An HTTP/1.1 client (RFC 9110, RFC 9112) for the servers of authorities: one connection for each question, conditional and resumed
//! requests, a few redirects among the hosts that are allowed. Everything is bounded in octets and in time; whoever drops the
//! future ends the connection.

mod error;
mod url;

pub use error::HttpError;
pub use url::{Hosts, Url};

use super::port::Upstreams;
use crate::base::limits::{HTTP_HEADER_MAX, HTTP_HEADERS_MAX, HTTP_REDIRECTS_MAX, HTTP_SECONDS_MAX, HTTP_SILENCE_SECONDS};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Asks servers. Cloning is cheap.
#[derive(Clone)]
pub struct Client {
    upstreams: Arc<dyn Upstreams>,
    hosts: Arc<Hosts>,
    silence: Duration,
}

/// What is held already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held<'a> {
    /// Its ETag (If-None-Match).
    pub etag: Option<&'a str>,
    /// Its Last-Modified (If-Modified-Since).
    pub modified: Option<&'a str>,
    /// What has come of a newer one.
    pub part: Option<Part<'a>>,
}

/// The beginning of an answer that broke off.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Octets that are there.
    pub octets: u64,
    /// ETag or Last-Modified of what it is a part of (If-Range, RFC 9110 §13.1.5).
    pub validator: &'a str,
}

/// What a server answers to GET.
#[derive(Debug)]
pub enum Got {
    /// What is held is the newest there is.
    NotModified,
    /// Something else.
    Content(Content),
}

/// An answer that is coming.
#[derive(Debug)]
pub struct Content {
    /// Octets of the whole that come before these: those of the part that is held, or none.
    pub after: u64,
    /// Octets of the whole, if the server says so.
    pub total: Option<u64>,
    /// ETag.
    pub etag: Option<String>,
    /// Last-Modified.
    pub modified: Option<String>,
    body: Body,
}

#[derive(Debug)]
struct Body {
    host: String,
    incoming: Incoming,
    left: u64,
    end: Instant,
    silence: Duration,
    _connection: Connection,
}

/// Of one answer.
#[derive(Clone, Copy)]
struct Limits {
    max: u64,
    end: Instant,
    silence: Duration,
}

/// The task that drives a connection; it ends with whoever holds this.
#[derive(Debug)]
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    /// Contacts these hosts and no others.
    pub fn new(upstreams: Arc<dyn Upstreams>, hosts: Arc<Hosts>) -> Self {
        Self {
            upstreams,
            hosts,
            silence: Duration::from_secs(HTTP_SILENCE_SECONDS),
        }
    }

    /// The same with another patience between two octets.
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Asks for what stands at `url`, unless it is what is held; at most `max` octets of it.
    pub async fn get(&self, url: &Url, held: Held<'_>, max: u64) -> Result<Got, HttpError> {
        let limits = self.limits(max);
        let mut url = url.clone();
        for _ in 0..=HTTP_REDIRECTS_MAX {
            let request = self.request(Method::GET, &url, conditions(held), Bytes::new());
            let (response, connection) = self.ask(&url, request?, limits.end).await?;
            match response.status() {
                StatusCode::NOT_MODIFIED => return Ok(Got::NotModified),
                StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
                    return content(&url, response, connection, held.part, limits).map(Got::Content);
                }
                status if is_redirect(status) => url = next(&url, response.headers())?,
                status => return Err(refused(&url, status)),
            }
        }
        Err(HttpError::Redirects {
            host: url.host().to_owned(),
        })
    }

    /// Posts `body`, and gives the whole answer, of at most `max` octets. A redirect is not followed.
    pub async fn post(&self, url: &Url, kind: &'static str, body: Vec<u8>, max: u64) -> Result<Vec<u8>, HttpError> {
        let limits = self.limits(max);
        let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
        let request = self.request(Method::POST, url, headers, body.into())?;
        let (response, connection) = self.ask(url, request, limits.end).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(url, response.status()));
        }
        let mut content = content(url, response, connection, None, limits)?;
        let mut whole = Vec::new();
        while let Some(piece) = content.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    fn limits(&self, max: u64) -> Limits {
        Limits {
            max,
            end: Instant::now() + Duration::from_secs(HTTP_SECONDS_MAX),
            silence: self.silence,
        }
    }

    fn request(
        &self,
        method: Method,
        url: &Url,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, HttpError> {
        if !self.hosts.allow(url.host()) {
            return Err(HttpError::NotAllowed {
                host: url.host().to_owned(),
            });
        }
        let mut request = Request::builder()
            .method(method)
            .uri(url.target())
            .header(header::HOST, url.authority())
            .header(header::USER_AGENT, concat!("Souspli/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Full::new(body)).map_err(|_| broken(url))
    }

    async fn ask(&self, url: &Url, request: Request<Full<Bytes>>, end: Instant) -> Result<(Response<Incoming>, Connection), HttpError> {
        let stream = self.upstreams.connect(&url.server()).await.map_err(HttpError::NotReached)?;
        let handshake = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HTTP_HEADER_MAX)
            .max_headers(HTTP_HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await;
        let (mut sender, connection) = handshake.map_err(|_| broken(url))?;
        let connection = Connection(tokio::spawn(async move {
            // What goes wrong is told to whoever reads the answer.
            let _ = connection.await;
        }));
        match timeout_at(patience(end, self.silence), sender.send_request(request)).await {
            Ok(Ok(response)) => Ok((response, connection)),
            Ok(Err(_)) => Err(broken(url)),
            Err(_) => Err(HttpError::Silent {
                host: url.host().to_owned(),
            }),
        }
    }
}

impl Content {
    /// The next piece; `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        let body = &mut self.body;
        let host = || body.host.clone();
        loop {
            let frame = match timeout_at(patience(body.end, body.silence), body.incoming.frame()).await {
                Err(_) => return Err(HttpError::Silent { host: host() }),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(HttpError::Broken { host: host() }),
                Ok(Some(Ok(frame))) => frame,
            };
            // Trailers say nothing that is asked here.
            let Ok(piece) = frame.into_data() else { continue };
            body.left = match body.left.checked_sub(piece.len() as u64) {
                Some(left) => left,
                None => return Err(HttpError::TooLarge { host: host() }),
            };
            return Ok(Some(piece));
        }
    }
}

/// Until when the next octet is awaited.
fn patience(end: Instant, silence: Duration) -> Instant {
    end.min(Instant::now() + silence)
}

fn conditions(held: Held<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    let mut put = |name, value: &str| headers.extend(HeaderValue::from_str(value).ok().map(|v| (name, v)));
    if let Some(etag) = held.etag {
        put(header::IF_NONE_MATCH, etag);
    } else if let Some(modified) = held.modified {
        put(header::IF_MODIFIED_SINCE, modified);
    }
    if let Some(part) = held.part.filter(|p| p.octets > 0) {
        put(header::RANGE, &format!("bytes={}-", part.octets));
        put(header::IF_RANGE, part.validator);
    }
    headers
}

fn content(
    url: &Url,
    response: Response<Incoming>,
    connection: Connection,
    part: Option<Part<'_>>,
    limits: Limits,
) -> Result<Content, HttpError> {
    let headers = response.headers();
    if text(headers, header::CONTENT_ENCODING).is_some_and(|e| !e.eq_ignore_ascii_case("identity")) {
        return Err(broken(url));
    }
    let announced = text(headers, header::CONTENT_LENGTH).and_then(|n| n.parse::<u64>().ok());
    let after = match response.status() {
        StatusCode::PARTIAL_CONTENT => resumed(url, headers, part)?,
        _ => 0,
    };
    let total = announced.and_then(|n| n.checked_add(after));
    let too_large = || HttpError::TooLarge {
        host: url.host().to_owned(),
    };
    let left = limits.max.checked_sub(after).ok_or_else(too_large)?;
    if total.is_some_and(|n| n > limits.max) {
        return Err(too_large());
    }
    Ok(Content {
        after,
        total,
        etag: text(headers, header::ETAG).map(str::to_owned),
        modified: text(headers, header::LAST_MODIFIED).map(str::to_owned),
        body: Body {
            host: url.host().to_owned(),
            incoming: response.into_body(),
            left,
            end: limits.end,
            silence: limits.silence,
            _connection: connection,
        },
    })
}

/// Where the rest begins that a server gives: where it was asked to (RFC 9110 §14.4).
fn resumed(url: &Url, headers: &HeaderMap, part: Option<Part<'_>>) -> Result<u64, HttpError> {
    let begins = text(headers, header::CONTENT_RANGE)
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split_once('-'))
        .and_then(|(first, _)| first.trim().parse::<u64>().ok());
    match (begins, part) {
        (Some(begins), Some(part)) if begins == part.octets => Ok(begins),
        _ => Err(broken(url)),
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn next(url: &Url, headers: &HeaderMap) -> Result<Url, HttpError> {
    let next = text(headers, header::LOCATION).and_then(|location| url.join(location));
    next.ok_or_else(|| HttpError::Redirects {
        host: url.host().to_owned(),
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn refused(url: &Url, status: StatusCode) -> HttpError {
    HttpError::Status {
        host: url.host().to_owned(),
        status: status.as_u16(),
    }
}

fn broken(url: &Url) -> HttpError {
    HttpError::Broken {
        host: url.host().to_owned(),
    }
}

#[cfg(test)]
mod tests;
