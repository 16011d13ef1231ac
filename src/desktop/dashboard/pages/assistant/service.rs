//! The account written into the configuration; the relay goes on with it.

use super::{Sent, Standing, Written, go_to, ours};
use crate::config::Channel;
use crate::config::load::load_begun;
use crate::desktop::assistant::{Draft, Place, Step, take_up as writing};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::text::dashboard::{self, Language, Words};
use crate::text::{Explain, Explanation, assistant as words, beginning};
use axum::Extension;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::block_in_place;

/// What the page showed comes back: that and nothing else is put into service.
#[derive(Deserialize)]
pub(super) struct Seen {
    mot: String,
    #[serde(default)]
    vu: String,
}

impl Written for Seen {
    fn word(&self) -> &str {
        &self.mot
    }
}

pub(super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Response {
    let standing = office.standing();
    match standing.step < Step::Service {
        true => go_to(standing.step),
        false => shown(&office, &visitor, &standing, None).into_response(),
    }
}

pub(super) async fn take_up(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Seen>) -> Response {
    let Some(seen) = ours(&visitor, form) else {
        return page::form_refused(office.language_of(&visitor));
    };
    let standing = office.standing();
    if standing.step != Step::Service {
        return go_to(standing.step);
    }
    if seen.vu != in_one(&standing.draft) {
        return shown(&office, &visitor, &standing, Some(&beginning::shown_otherwise())).into_response();
    }
    let lasting = &office.lasting;
    match block_in_place(|| writing::take_up(lasting.places(), &office.home, &standing.draft, &lasting.doors())) {
        Ok(taken_up) => {
            lasting.begin_again(taken_up);
            go_to(Step::Program)
        }
        Err(why) => shown(&office, &visitor, &standing, Some(&why)).into_response(),
    }
}

fn shown(office: &Office, visitor: &Visitor, standing: &Standing, why: Option<&Explanation>) -> Html<String> {
    let language = office.language_of(visitor);
    let loaded = block_in_place(|| load_begun(office.lasting.places()));
    let body = html! {
        @if standing.step > Step::Service {
            p role="status" { (words::IN_SERVICE.of(language)) }
            p { a.button href="/assistant" { (words::CONTINUE.of(language)) } }
        } @else {
            p { (words::SERVICE_INTRO.of(language)) }
            @if let Some(why) = why { div role="alert" { (told(why, language)) } }
            @else if let Some(setback) = office.lasting.setback() {
                div role="alert" { (told(&setback.what, language)) p.place { (setback.why) } }
            }
            @match &loaded {
                Err(error) => { div role="alert" { (told(&error.explain(), language)) } }
                Ok(loaded) => { (table(standing, &loaded.file.display().to_string(), &loaded.policies, language)) }
            }
            (super::servers::foreign(&standing.draft, language))
            (form(visitor, super::path(Step::Service), &html! {
                input type="hidden" name="vu" value=(in_one(&standing.draft));
                button { (words::PUT_INTO_SERVICE.of(language)) }
            }))
        }
    };
    office.step(visitor, standing, Step::Service, &body)
}

fn table(standing: &Standing, file: &str, policies: &[std::path::PathBuf], language: Language) -> Markup {
    let draft = &standing.draft;
    let channel = match draft.channel() {
        Channel::Ordinary => dashboard::ORDINARY,
        Channel::Mssante => dashboard::MSSANTE,
    };
    let row = |name: Words, said: &str| html! { tr { th scope="row" { (name.of(language)) } td.place { (said) } } };
    html! {
        div.wide { table { tbody {
            (row(words::ACCOUNT, &draft.address))
            (row(words::LOGIN, &draft.login))
            (row(words::CHANNEL, channel.of(language)))
            (row(words::IMAP_HOST, &place(draft.imap.as_ref())))
            (row(words::SMTP_HOST, &place(draft.smtp.as_ref())))
            (row(words::CONFIGURATION, file))
            @for policy in policies { (row(words::FIXED, &policy.display().to_string())) }
        } } }
    }
}

fn in_one(draft: &Draft) -> String {
    let servers = [draft.imap.as_ref(), draft.smtp.as_ref()].map(place).join(" ");
    format!("{} {} {} {servers}", draft.address, draft.login, draft.is_mssante)
}

fn place(place: Option<&Place>) -> String {
    let Some(place) = place else { return String::new() };
    let tls = if place.implicit { "SSL/TLS" } else { "STARTTLS" };
    format!("{}:{} ({tls})", place.host, place.port)
}
