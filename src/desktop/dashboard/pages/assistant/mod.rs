//! The assistant: a page for each step, in the order of `assistant::Step`. Whoever comes back goes on where he was.

mod address;
mod authorities;
mod drawing;
mod key;
mod letter;
mod outlook;
mod program;
mod servers;
mod service;
mod thunderbird;

use super::visit::Plain;
use crate::base::Address;
use crate::base::limits::DASHBOARD_KEY_MAX;
use crate::config::Account;
use crate::desktop::assistant::{Draft, Known, Step};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page;
use crate::keys::shelf::{Shelved, shelved, suffice};
use crate::relay::clock;
use crate::store::KeysStore;
use crate::text::dashboard::{Language, Words};
use crate::text::{Explain, Explanation};
use crate::text::{assistant as words, beginning};
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

pub(in super::super) use program::settings;

/// A form of ours, or what came in its place.
type Sent<T> = Result<Form<T>, FormRejection>;

/// Something that brings back the word of our forms.
trait Written {
    fn word(&self) -> &str;
}

impl Written for Plain {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// A form with nothing in it but whose page it was on.
#[derive(Deserialize)]
struct ForAccount {
    mot: String,
    #[serde(default)]
    adresse: String,
}

impl Written for ForAccount {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// Every path of it.
pub(in super::super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/assistant", get(go_on))
        .route("/assistant/nouveau", post(begin))
        .route(path(Step::Address), get(address::show).post(address::take))
        .route(path(Step::Servers), get(servers::show).post(servers::attempt))
        .route("/assistant/proposition", post(servers::choose))
        .route(path(Step::Key), get(key::show))
        .route(
            "/assistant/cle/fichier",
            post(key::import).layer(DefaultBodyLimit::max(DASHBOARD_KEY_MAX)),
        )
        .route("/assistant/cle/carte", post(key::look))
        .route("/assistant/cle/prendre", post(key::take))
        .route("/assistant/cle/demande", post(key::request))
        .route("/assistant/cle/plus-tard", post(key::later))
        .route(path(Step::Service), get(service::show).post(service::take_up))
        .route(path(Step::Program), get(program::show).post(program::done))
        .route("/assistant/thunderbird", post(thunderbird::switch))
        .route("/assistant/windows", post(authorities::choose))
        .route("/assistant/isp.xml", get(thunderbird::isp_file))
        .route("/assistant/outlook.prf", get(thunderbird::outlook_profile))
        .route(path(Step::Letter), get(letter::show).post(letter::send))
}

/// Where a step is.
pub(in super::super) fn path(step: Step) -> &'static str {
    match step {
        Step::Address => "/assistant/adresse",
        Step::Servers => "/assistant/serveurs",
        Step::Key => "/assistant/cle",
        Step::Service => "/assistant/service",
        Step::Program => "/assistant/logiciel",
        Step::Letter => "/assistant/pli",
    }
}

fn title(step: Step) -> Words {
    match step {
        Step::Address => words::STEP_ADDRESS,
        Step::Servers => words::STEP_SERVERS,
        Step::Key => words::STEP_KEY,
        Step::Service => words::STEP_SERVICE,
        Step::Program => words::STEP_PROGRAM,
        Step::Letter => words::STEP_LETTER,
    }
}

async fn go_on(State(office): State<Arc<Office>>) -> Response {
    go_to(office.standing().step)
}

/// Another account.
async fn begin(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Plain>) -> Response {
    let language = office.language_of(&visitor);
    match ours(&visitor, form) {
        Some(_) => {
            office.lasting.assistant.found(Vec::new());
            office.changed(|draft| *draft = Draft::default(), language)
        }
        None => page::form_refused(language),
    }
}

pub(super) fn go_to(step: Step) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path(step))]).into_response()
}

fn ours<T: Written>(visitor: &Visitor, form: Sent<T>) -> Option<T> {
    let Form(sent) = form.ok()?;
    visitor.has_written(sent.word()).then_some(sent)
}

/// Another tab may have begun another account: what was typed for one is used for that one only.
fn shown_for(draft: &Draft, whom: &str) -> Result<(), Explanation> {
    match draft.parsed_address().is_some_and(|account| account.as_str() == whom) {
        true => Ok(()),
        false => Err(beginning::shown_otherwise()),
    }
}

/// What [`shown_for`] compares.
fn whose(draft: &Draft) -> Markup {
    let account = draft.parsed_address();
    html! { input type="hidden" name="adresse" value=(account.as_ref().map_or("", Address::as_str)); }
}

/// How far it has come.
struct Standing {
    draft: Draft,
    step: Step,
    /// Own keys of the account.
    keys: Vec<Shelved>,
    /// What these do not do.
    lacking: Option<Explanation>,
    /// Why they could not be looked at.
    hindrance: Option<Explanation>,
}

impl Office {
    fn standing(&self) -> Standing {
        let draft = self.lasting.assistant.draft();
        let found = tokio::task::block_in_place(|| shelved(&KeysStore::new(&self.home, self.secrets.clone()), self.relay.cards()));
        let (mut keys, hindrance) = match found {
            Ok(keys) => (keys, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let address = draft.parsed_address();
        keys.retain(|key| address.as_ref() == Some(&key.account));
        let lacking = match &address {
            Some(account) => suffice(account, &keys, clock()).err(),
            None => None,
        };
        let known = Known {
            has_key: lacking.is_none(),
            is_in_service: self.account_in_service(&draft).is_some(),
        };
        Standing {
            step: draft.step(known),
            draft,
            lacking: lacking.filter(|_| !keys.is_empty()),
            keys,
            hindrance,
        }
    }

    /// The account of the draft, if it is in service.
    fn account_in_service(&self, draft: &Draft) -> Option<&Account> {
        let address = draft.parsed_address()?;
        self.config.accounts.iter().find(|account| account.address == address)
    }

    /// Changes the draft and goes on.
    fn changed(&self, change: impl FnOnce(&mut Draft), language: Language) -> Response {
        match self.lasting.assistant.change(change) {
            Ok(()) => go_to(self.standing().step),
            Err(error) => page::failed(&error.explain(), language),
        }
    }

    /// The same where the draft is still that of the page.
    fn changed_for(&self, whom: &str, change: impl FnOnce(&mut Draft), language: Language) -> Response {
        match shown_for(&self.lasting.assistant.draft(), whom) {
            Ok(()) => self.changed(change, language),
            Err(_) => page::shown_otherwise(language),
        }
    }

    /// A step in its frame.
    fn step(&self, visitor: &Visitor, standing: &Standing, step: Step, body: &Markup) -> Html<String> {
        let language = self.language_of(visitor);
        let body = html! {
            p { (words::INTRO.of(language)) }
            (steps(standing.step, step, language))
            h2 { (title(step).of(language)) @if step > Step::Address { " – " (standing.draft.address) } }
            (body)
            script src="/langue.js" defer {}
        };
        self.page(visitor, path(step), words::TITLE, self.config.trust.environment)
            .with(&body)
    }
}

/// Those that are done can be seen again.
fn steps(reached: Step, shown: Step, language: Language) -> Markup {
    html! {
        ol.steps aria-label=(words::STEPS.of(language)) {
            @for step in Step::ALL {
                li aria-current=[(step == shown).then_some("step")] {
                    @if step == shown || step > reached { (title(step).of(language)) }
                    @else { a href=(path(step)) { (title(step).of(language)) } }
                    @if step < reached { " " span.done { "✓ " (words::DONE.of(language)) } }
                }
            }
        }
    }
}
