//! Whether Windows trusts the local certificate, with a button for either way. Elsewhere nothing is shown.

use super::{Sent, Written, go_to, ours};
use crate::desktop::assistant::Step;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::desktop::setup::authorities;
use crate::text::setup as words;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::{block_in_place, spawn_blocking};

/// Which way.
#[derive(Deserialize)]
pub(super) struct Chosen {
    mot: String,
    #[serde(default)]
    remettre: Option<String>,
}

impl Written for Chosen {
    fn word(&self) -> &str {
        &self.mot
    }
}

pub(super) async fn choose(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Chosen>) -> Response {
    let language = office.language_of(&visitor);
    let Some(chosen) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    let home = office.home.clone();
    let ways = match chosen.remettre {
        None => authorities::trust,
        Some(_) => authorities::distrust,
    };
    // Windows asks the user, who takes his time.
    match spawn_blocking(move || ways(&home)).await {
        Ok(Err(why)) => super::program::shown(&office, &visitor, &office.standing(), &told(&why, language)).into_response(),
        _ => go_to(Step::Program),
    }
}

/// How it stands, and what can be done.
pub(super) fn shown(office: &Office, visitor: &Visitor) -> Markup {
    let language = office.language_of(visitor);
    let button = |fields: Markup| form(visitor, "/assistant/windows", &fields);
    html! {
        @match block_in_place(|| authorities::is_trusted(&office.home)) {
            None => {}
            Some(true) => {
                p.good { (words::WINDOWS_TRUSTS.of(language)) }
                (button(html! { input type="hidden" name="remettre" value="oui"; button.plain { (words::WINDOWS_DISTRUST.of(language)) } }))
            }
            Some(false) => {
                p { (words::WINDOWS_DOES_NOT.of(language)) }
                (button(html! { button { (words::WINDOWS_TRUST.of(language)) } }))
            }
        }
    }
}
