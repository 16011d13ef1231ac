//! Coming in, going out, and the language in between.

use super::assistant::path;
use crate::desktop::assistant::Step;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, PAGES};
use crate::text::dashboard::Language;
use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How long a browser waits for the next link to be written.
const LINK_LEFT_WITHIN: Duration = Duration::from_secs(1);

/// An invitation as its link brings it.
#[derive(Deserialize)]
pub(in super::super) struct Invited {
    #[serde(default)]
    jeton: String,
    #[serde(default)]
    page: String,
}

/// A form with nothing in it but the word that makes it ours.
#[derive(Deserialize)]
pub(in super::super) struct Plain {
    pub(super) mot: String,
}

/// The choice of a language.
#[derive(Deserialize)]
pub(in super::super) struct Spoken {
    mot: String,
    langue: String,
    page: String,
}

pub(in super::super) async fn enter(State(office): State<Arc<Office>>, invited: Result<Query<Invited>, QueryRejection>) -> Response {
    let entered = invited
        .ok()
        .and_then(|Query(invited)| Some((office.lasting.admission.enter(&invited.jeton)?, invited.page)));
    let Some((word, page)) = entered else {
        return page::not_admitted(office.language);
    };
    let leaving = Arc::clone(&office);
    // Ahead of the answer: who opens it a second time finds a link that serves. The file of a home on a slow disk keeps nobody for long.
    let left = tokio::task::spawn_blocking(move || leaving.leave_link());
    let _ = tokio::time::timeout(LINK_LEFT_WITHIN, left).await;
    let cookie = format!("{}={word}; Path=/; HttpOnly; SameSite=Strict", office.cookie);
    (StatusCode::SEE_OTHER, [(LOCATION, ours(&page).to_owned()), (SET_COOKIE, cookie)]).into_response()
}

pub(in super::super) async fn speak(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Spoken>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    let Ok(Form(spoken)) = form else {
        return page::form_refused(language);
    };
    let Some(chosen) = Language::parse(&spoken.langue).filter(|_| visitor.has_written(&spoken.mot)) else {
        return page::form_refused(language);
    };
    office.lasting.admission.speak(&visitor.word, chosen);
    (StatusCode::SEE_OTHER, [(LOCATION, ours(&spoken.page))]).into_response()
}

/// Only a page of ours, whatever the form or the link says.
fn ours(page: &str) -> &'static str {
    let steps = Step::ALL.map(path);
    let mut ours = PAGES.iter().map(|(path, _)| *path).chain(steps);
    ours.find(|path| *path == page).unwrap_or("/")
}

pub(in super::super) async fn leave(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Plain>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    match form {
        Ok(Form(plain)) if visitor.has_written(&plain.mot) => {
            office.lasting.admission.leave(&visitor.word);
            page::left(language)
        }
        _ => page::form_refused(language),
    }
}
