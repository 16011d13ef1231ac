//! A round over the revocation lists, begun by a button; bars that grow where scripts run, and a link where none do.

use super::visit::Plain;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, told};
use crate::desktop::dashboard::rounds::{Bar, Came};
use crate::text::dashboard::Language;
use crate::text::{Explain, trusting as words};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

pub(in super::super) async fn begin(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Plain>, FormRejection>,
) -> Response {
    if !form.is_ok_and(|Form(plain)| visitor.has_written(&plain.mot)) {
        return page::form_refused(office.language_of(&visitor));
    }
    if office.rounds.begin() {
        let (relay, rounds) = (Arc::clone(&office.relay), office.rounds.clone());
        tokio::spawn(async move {
            let seen = rounds.clone();
            let ended = relay.refresh_all(move |event| seen.see(event)).await;
            rounds.end(ended.map_err(|error| error.explain()));
        });
    }
    (StatusCode::SEE_OTHER, [(LOCATION, "/listes")]).into_response()
}

/// The bars alone, for the page that shows them.
pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    Html(bars(&office, office.language_of(&visitor)).into_string())
}

/// Around the bars: what fetches them anew.
pub(super) fn frame(office: &Office, language: Language) -> Markup {
    html! {
        section.summary data-progress="/listes/progres" {
            (bars(office, language))
        }
        p { a href="/listes" { (words::LOOK_AGAIN.of(language)) } }
        script src="/progres.js" defer {}
    }
}

/// What the last round came to.
pub(super) fn last(office: &Office, language: Language) -> Markup {
    html! {
        @match office.rounds.round().ended {
            None => {},
            Some(Err(why)) => { section.summary.bad role="status" { (told(&why, language)) } },
            Some(Ok(summary)) => {
                section.summary.(if summary.failed == 0 { "good" } else { "warn" }) role="status" {
                    p { (words::round(summary.kept, summary.unchanged, summary.failed).of(language)) }
                }
            },
        }
    }
}

fn bars(office: &Office, language: Language) -> Markup {
    let round = office.rounds.round();
    html! {
        @if round.ended.is_some() { span data-ended {} }
        p role="status" { strong { (words::UNDER_WAY.of(language)) } }
        ul.bars { @for (url, bar) in &round.lists { li { (one(url, bar, language)) } } }
    }
}

fn one(url: &str, bar: &Bar, language: Language) -> Markup {
    let name = url.rsplit('/').next().unwrap_or(url);
    html! {
        span.place { (name) } " "
        @match bar {
            Bar::Coming(octets, total) => {
                @match total.filter(|total| *total > 0) {
                    Some(total) => { progress max=(total) value=(octets.min(&total)) aria-label=(name) {} },
                    None => { progress aria-label=(name) {} },
                }
                " " (words::came(octets >> 10).of(language))
            },
            Bar::Done(Came::Updated) => { (words::UPDATED.of(language)) },
            Bar::Done(Came::Unchanged) => { (words::UNCHANGED.of(language)) },
            Bar::Done(Came::Elsewhere) => { (words::ELSEWHERE.of(language)) },
            Bar::Done(Came::Not(code)) => { (words::DID_NOT_COME.of(language)) " " span.code { (code) } },
        }
    }
}
