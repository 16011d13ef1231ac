//! A test letter; its steps are written into the page as they come.

use super::{Sent, Standing, Written, go_to, ours, shown_for, whose};
use crate::base::Secret;
use crate::config::{ListenTls, Server, ServerTls, Terms};
use crate::desktop::assistant::Step;
use crate::desktop::assistant::refusal::Noted;
use crate::desktop::assistant::trial::{Route, Trial};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::desktop::dashboard::pages::diagnosis::item;
use crate::desktop::diagnosis::Standing as Good;
use crate::net::local::LocalCertificate;
use crate::net::provider::Providers;
use crate::relay::clock;
use crate::text::dashboard::Language;
use crate::text::{Explain, Explanation, assistant as words, trial as said};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::watch;
use zeroize::Zeroizing;

#[derive(Deserialize)]
pub(super) struct Typed {
    mot: String,
    #[serde(default)]
    adresse: String,
    #[serde(default)]
    passe: Zeroizing<String>,
    #[serde(default)]
    defi: String,
    #[serde(default)]
    preuve: String,
}

impl Written for Typed {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// Where the list goes on, in the page as it is written first. Nothing else in it can read so: all that is shown is escaped.
const HERE: &str = "<!--suite-->";

pub(super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Response {
    let standing = office.standing();
    if standing.step < Step::Program {
        return go_to(standing.step);
    }
    let watched = office.lasting.assistant.trials.watch();
    let trial = watched.borrow().clone();
    let trial = if trial.address == standing.draft.address {
        trial
    } else {
        Trial::default()
    };
    match trial.is_running {
        true => growing(&office, &visitor, &standing, watched),
        false => shown(&office, &visitor, &standing, &trial, None),
    }
}

pub(super) async fn send(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Typed>) -> Response {
    let language = office.language_of(&visitor);
    let Some(typed) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    if !office.was_asked(&visitor, &typed.defi, &typed.preuve) {
        return page::not_proven(language);
    }
    let standing = office.standing();
    if shown_for(&standing.draft, &typed.adresse).is_err() {
        return page::shown_otherwise(language);
    }
    if standing.step < Step::Program {
        return go_to(standing.step);
    }
    if typed.passe.is_empty() {
        return shown(&office, &visitor, &standing, &Trial::default(), Some(&said::password_wanting()));
    }
    match route(&office, &standing, &typed) {
        // One that is on its way already is what is shown.
        Ok(route) => {
            office.lasting.assistant.trials.begin(route, clock());
            go_to(Step::Letter)
        }
        Err(why) => page::failed(&why, language),
    }
}

fn route(office: &Office, standing: &Standing, typed: &Typed) -> Result<Route, Explanation> {
    let address = standing.draft.parsed_address().ok_or_else(words::no_address)?;
    let account = office.relay.account_of(&address)?;
    let local = tokio::task::block_in_place(|| LocalCertificate::open(&office.home, clock())).map_err(|e| e.explain())?;
    let relay = Providers::strangers(&[local.file().to_owned()]).map_err(|e| e.explain())?;
    let tls = match office.config.listen.tls {
        ListenTls::StartTls => ServerTls::StartTls,
        ListenTls::Implicit => ServerTls::Implicit,
    };
    let doors = office.lasting.doors();
    let door = |name| {
        let at = doors.get(name).ok_or_else(words::servers_wanting)?;
        Ok::<Server, Explanation>(Server {
            host: at.ip().to_string(),
            port: at.port(),
            tls,
            terms: Terms::default(),
        })
    };
    let (noting, whose) = (Arc::clone(&office.relay), address.clone());
    Ok(Route {
        account,
        noted: Box::new(move || Noted {
            hindrance: noting.hindrance(&whose),
            refused: noting.last_refusal(&whose),
        }),
        password: Secret::from(typed.passe.as_str()),
        tag: office.config.policy.tag.clone(),
        relay: Arc::new(relay),
        smtp: door("smtp")?,
        imap: door("imap")?,
        provider: Arc::clone(&office.upstreams),
    })
}

fn shown(office: &Office, visitor: &Visitor, standing: &Standing, trial: &Trial, why: Option<&Explanation>) -> Response {
    let language = office.language_of(visitor);
    let body = html! {
        @if trial.findings.is_empty() { p { (words::LETTER_INTRO.of(language)) } }
        @else {
            div role="status" {
                ol.findings { @for finding in &trial.findings { (item(finding, language)) } }
                (summary(trial, language))
            }
        }
        @if let Some(why) = why { div role="alert" { (told(why, language)) } }
        (question(visitor, standing, !trial.findings.is_empty(), language))
    };
    office.step(visitor, standing, Step::Letter, &body).into_response()
}

fn summary(trial: &Trial, language: Language) -> Markup {
    let is_good = trial.is_good();
    html! {
        p.(if is_good { "good" } else { "bad" }) { strong { (if is_good { words::TEST_GOOD } else { words::TEST_BAD }.of(language)) } }
        @if is_good { p { a.button href="/" { (words::TO_STATE.of(language)) } } }
    }
}

fn question(visitor: &Visitor, standing: &Standing, again: bool, language: Language) -> Markup {
    let fields = html! {
        (whose(&standing.draft))
        label for="passe" { (words::PROGRAM_PASSWORD.of(language)) }
        input id="passe" name="passe" type="password" autocomplete="new-password" required aria-describedby="passe-note";
        p.note id="passe-note" { (words::LETTER_PASSWORD_HINT.of(language)) }
        (page::proven_button(if again { words::SEND_AGAIN } else { words::SEND_TEST }, language))
    };
    html! { div.fields { (form(visitor, super::path(Step::Letter), &fields)) } (page::proven_first(language)) }
}

/// The page up to the list, then each step as it comes, then the rest. Whoever goes away ends nothing.
fn growing(office: &Office, visitor: &Visitor, standing: &Standing, watched: watch::Receiver<Trial>) -> Response {
    let language = office.language_of(visitor);
    let body = html! {
        p.going { (words::TEST_RUNS.of(language)) }
        div role="log" { ol.findings { (PreEscaped(HERE)) } }
    };
    let page = office.step(visitor, standing, Step::Letter, &body).0;
    let (before, after) = page.split_once(HERE).unwrap_or((page.as_str(), ""));
    let pieces = Pieces {
        watched,
        written: 0,
        first: Some(before.to_owned()),
        last: Some(after.to_owned()),
        language,
    };
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], Body::from_stream(pieces.stream())).into_response()
}

struct Pieces {
    watched: watch::Receiver<Trial>,
    written: usize,
    first: Option<String>,
    last: Option<String>,
    language: Language,
}

impl Pieces {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut pieces| async move {
            let piece = pieces.next().await?;
            Some((Ok(Bytes::from(piece)), pieces))
        })
    }

    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        self.last.as_ref()?;
        let written = self.written;
        let more = |trial: &Trial| trial.findings.len() > written || !trial.is_running;
        let trial = self.watched.wait_for(more).await.map(|trial| trial.clone()).unwrap_or_default();
        let items = html! { @for finding in trial.findings.iter().skip(written) { (item(finding, self.language)) } };
        self.written = trial.findings.len().max(written);
        match trial.is_running {
            true => Some(items.into_string()),
            false => {
                let rest = self.last.take()?;
                let end = html! { li.finding.over { (summary(&trial, self.language)) p { a href="/assistant/pli" { (words::SEND_AGAIN.of(self.language)) } } } };
                Some(format!("{}{}{rest}", items.into_string(), end.into_string()))
            }
        }
    }
}

impl Trial {
    /// Nothing went wrong on the way.
    fn is_good(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.standing != Good::Bad)
    }
}
