//! What every request must show before anything is done for it, and what every answer carries.
//!
//! Any page in the user's browser can make it ask 127.0.0.1: a name of somebody else's that leads here (DNS rebinding) is told by
//! Host, a form on somebody else's page by Origin and by the word that only our own forms have.

use super::admission::Session;
use super::{Office, page};
use crate::base::limits::DASHBOARD_COOKIES_MAX;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;

/// The session of a request, and the word it goes by.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) word: String,
    pub(super) session: Session,
}

impl Visitor {
    /// Whether a form that brings this word is one of ours.
    pub(super) fn has_written(&self, word: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(word.as_bytes(), self.session.form.as_bytes()).is_ok()
    }
}

/// What a question that came between two rounds waits; browsers follow twenty of these.
const BETWEEN: Duration = Duration::from_millis(200);

/// Nothing outside, no script of anybody's, in no frame (CSP Level 3).
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

const ON_EVERY_ANSWER: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Under `no-referrer` browsers say `Origin: null` of our own forms too (Fetch, "append a request Origin header").
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// In front of every page, those that nobody needs to be let in for too.
pub(super) async fn look(State(office): State<Arc<Office>>, request: Request, next: Next) -> Response {
    let mut response = match fault(&office, request.method(), request.headers()) {
        Some(status) => status.into_response(),
        None if office.lasting.is_between() && request.method() == Method::GET => later(request.uri()).await,
        None => next.run(request).await,
    };
    for (name, value) in ON_EVERY_ANSWER {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The relay is beginning again: whoever asks is sent to the one that comes.
async fn later(uri: &Uri) -> Response {
    tokio::time::sleep(BETWEEN).await;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // `//host/` would lead elsewhere.
    let again = format!("/{}", path.trim_start_matches(['/', '\\']));
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, again), (header::CONNECTION, "close".to_owned())],
    )
        .into_response()
}

/// In front of whatever shows or changes something.
pub(super) async fn admit(State(office): State<Arc<Office>>, mut request: Request<Body>, next: Next) -> Response {
    let admission = &office.lasting.admission;
    let visitor = words_of(request.headers(), office.cookie.as_bytes()).find_map(|word| {
        Some(Visitor {
            session: admission.session(word)?,
            word: word.to_owned(),
        })
    });
    match visitor {
        Some(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        None => page::not_admitted(office.language).into_response(),
    }
}

fn fault(office: &Office, method: &Method, headers: &HeaderMap) -> Option<StatusCode> {
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())
    };
    if one(header::HOST).is_none_or(|host| host.as_bytes() != office.host.as_bytes()) {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    }
    match *method {
        Method::GET | Method::HEAD => None,
        Method::POST if one(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == office.origin.as_bytes()) => None,
        Method::POST => Some(StatusCode::FORBIDDEN),
        _ => Some(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// The values of the cookies of that name (RFC 6265 §5.4), of which one may be ours: a page of another port can set its own for a path
/// of ours, and browsers send that first.
fn words_of<'h>(headers: &'h HeaderMap, name: &'h [u8]) -> impl Iterator<Item = &'h str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let pairs = cookies.flat_map(|line| line.as_bytes().split(|octet| *octet == b';'));
    let named = pairs.filter_map(move |pair| pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"="));
    // Of the others' only the name counts: whatever octets they hold, ours is found behind them.
    named.take(DASHBOARD_COOKIES_MAX).filter_map(|word| std::str::from_utf8(word).ok())
}
