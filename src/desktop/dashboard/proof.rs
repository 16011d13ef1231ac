//! Whether who listens at the dashboard's port is the relay that left the link. After a relay was ended by force, any program of this
//! computer can take its port, and would be shown the link: whoever opens it asks first for what only the relay can say.
//!
//! The key is made anew at each start and rests beside the link, in a file that nobody else reads. What is proved is the origin too:
//! an answer for another port is none.

use super::Office;
use super::guard::Visitor;
use super::link::{LinkFile, Said};
use crate::store::hex;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A relay on this computer answers at once.
const ANSWERS: Duration = Duration::from_secs(3);
/// Octets of an answer with its header.
const OCTETS_MAX: usize = 4096;
/// Digits of a question.
const QUESTION: usize = 40;

/// Why a link is not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoLink {
    /// Nobody left one, or nobody listens there.
    Nobody,
    /// Somebody else listens there.
    Stranger,
}

/// What is asked.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    defi: String,
}

/// Who asks has to be let in by nobody: he learns only whether it is this relay.
pub(super) async fn show(State(office): State<Arc<Office>>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    match asked {
        Ok(Query(asked)) if is_question(&asked.defi) => {
            let proof = hex::encode(sign(&key(&office.proof), &said(&office.origin, &asked.defi)).as_ref());
            ([(CONTENT_TYPE, "text/plain")], proof).into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The same for a page that is open: before it sends a secret it asks whether the relay that made it is still there. The word of its
/// forms is the key: only this relay and the page have it.
pub(super) async fn to_page(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    match asked {
        Ok(Query(asked)) if is_question(&asked.defi) => {
            let proof = sign(&key(&visitor.session.form), &said_to_page(&office.origin, &asked.defi));
            ([(CONTENT_TYPE, "text/plain")], hex::encode(proof.as_ref())).into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

impl Office {
    /// Whether a page has asked that, and heard this, before it sent a secret: without scripts none has.
    pub(super) fn was_asked(&self, visitor: &Visitor, question: &str, proof: &str) -> bool {
        let proof = hex::decode(proof).unwrap_or_default();
        is_question(question) && verify(&key(&visitor.session.form), &said_to_page(&self.origin, question), &proof).is_ok()
    }
}

impl LinkFile {
    /// A link that was not used, into a dashboard that has proved to be this home's.
    pub fn proven(&self) -> Result<String, NoLink> {
        let Said {
            link: Some(link), proof, ..
        } = self.read()
        else {
            return Err(NoLink::Nobody);
        };
        let (origin, address) = origin_of(&link).ok_or(NoLink::Nobody)?;
        let question = super::admission::random_word().ok_or(NoLink::Nobody)?;
        let stream = TcpStream::connect_timeout(&address, ANSWERS).map_err(|_| NoLink::Nobody)?;
        let answer = ask(stream, address, &question).unwrap_or_default();
        match verify(&key(&proof), &said(origin, &question), &answer) {
            // Without a key everybody could answer.
            Ok(()) if !proof.is_empty() => Ok(link),
            _ => Err(NoLink::Stranger),
        }
    }
}

fn key(proof: &str) -> Key {
    Key::new(HMAC_SHA256, proof.as_bytes())
}

fn said(origin: &str, question: &str) -> Vec<u8> {
    format!("souspli dashboard\0{origin}\0{question}").into_bytes()
}

fn said_to_page(origin: &str, question: &str) -> Vec<u8> {
    format!("souspli page\0{origin}\0{question}").into_bytes()
}

fn is_question(text: &str) -> bool {
    text.len() == QUESTION && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

fn origin_of(link: &str) -> Option<(&str, SocketAddr)> {
    let host = link.strip_prefix("http://")?.split('/').next()?;
    Some((&link[.."http://".len() + host.len()], host.parse().ok()?))
}

/// The octets behind the header of the answer; whoever is slow or long-winded is cut off.
fn ask(mut stream: TcpStream, host: SocketAddr, question: &str) -> io::Result<Vec<u8>> {
    let until = Instant::now() + ANSWERS;
    stream.set_write_timeout(Some(ANSWERS))?;
    let asked = format!("GET /preuve?defi={question} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes())?;
    let (mut answer, mut some) = (Vec::new(), [0; 512]);
    while answer.len() < OCTETS_MAX {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut some)? {
            0 => break,
            count => answer.extend_from_slice(&some[..count]),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.trim()).unwrap_or_default();
    Ok(hex::decode(body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Home;
    use std::net::TcpListener;

    #[test]
    fn an_answer_for_another_port_or_question_proves_nothing() {
        let question = "0".repeat(QUESTION);
        for (given, proof, expected) in [
            ("http://127.0.0.1:PORT", "secret", true),
            ("http://127.0.0.1:1", "secret", false),
            ("http://127.0.0.1:PORT", "other", false),
            ("http://127.0.0.1:PORT", "", false),
        ] {
            let guard = tempfile::tempdir().unwrap();
            let file = LinkFile::of(&Home::open(&guard.path().join("home")).unwrap());
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let kept = if proof.is_empty() { "" } else { "secret" };
            file.put(port, Some((format!("http://127.0.0.1:{port}/entrer?jeton=x"), kept.to_owned())))
                .unwrap();
            let (given, proof) = (given.replace("PORT", &port.to_string()), proof.to_owned());
            let answering = std::thread::spawn(move || answer(&listener, &given, &proof));
            assert_eq!(file.proven().is_ok(), expected);
            let asked = answering.join().unwrap();
            assert!(!asked.contains("jeton") && is_question(asked.split("defi=").nth(1).unwrap().get(..QUESTION).unwrap()));
        }
        assert!(!is_question(&question[1..]) && !is_question(&format!("{}g", &question[1..])));
    }

    #[test]
    fn nobody_there_is_no_stranger() {
        let guard = tempfile::tempdir().unwrap();
        let file = LinkFile::of(&Home::open(&guard.path().join("home")).unwrap());
        assert_eq!(file.proven(), Err(NoLink::Nobody));
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        file.put(free, Some((format!("http://127.0.0.1:{free}/entrer?jeton=x"), "secret".to_owned())))
            .unwrap();
        assert_eq!(file.proven(), Err(NoLink::Nobody));
    }

    /// Answers one question as whoever has this key at that origin would.
    fn answer(listener: &TcpListener, origin: &str, proof: &str) -> String {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut some = [0; 1024];
            let count = stream.read(&mut some).unwrap();
            asked.extend_from_slice(&some[..count]);
        }
        let asked = String::from_utf8_lossy(&asked).into_owned();
        let question = asked.split("defi=").nth(1).unwrap().split(' ').next().unwrap();
        let proof = hex::encode(sign(&key(proof), &said(origin, question)).as_ref());
        write!(stream, "HTTP/1.1 200 OK\r\n\r\n{proof}").unwrap();
        asked
    }
}
