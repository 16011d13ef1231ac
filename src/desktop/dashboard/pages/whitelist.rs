//! The liste blanche: how old it is, and a button that takes it from its keeper now.

use super::visit::Plain;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form as our_form, told};
use crate::desktop::dashboard::rounds::Taken;
use crate::directory::listed::ListServer;
use crate::relay::clock;
use crate::relay::trusting::fetch_whitelist;
use crate::store::whitelist::WhitelistFile;
use crate::text::dashboard::Language;
use crate::text::{trusting as words, whitelist as say};
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
    if office.taking.begin() {
        let (office, server) = (Arc::clone(&office), office.list_server());
        tokio::spawn(async move {
            let ended = match server {
                Some(server) => fetch_whitelist(&office.home, &server).await,
                None => Err(say::no_address()),
            };
            office.taking.end(ended);
        });
    }
    (StatusCode::SEE_OTHER, [(LOCATION, "/listes")]).into_response()
}

/// How far it is, for the page that shows it.
pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    Html(under_way(&office, office.language_of(&visitor)).into_string())
}

impl Office {
    fn list_server(&self) -> Option<ListServer> {
        let url = self.config.mssante.whitelist.as_ref()?;
        ListServer::new(Arc::clone(&self.upstreams), url)
    }
}

/// The end of the page of lists.
pub(super) fn section(office: &Office, visitor: &Visitor, language: Language) -> Markup {
    let is_fetched = office.config.mssante.whitelist.is_some();
    let source = if is_fetched {
        words::WHITELIST_TAKEN
    } else {
        words::WHITELIST_BY_HAND
    };
    let taken = office.taking.taken();
    let is_idle = !matches!(taken, Taken::UnderWay);
    html! {
        h2 { (words::WHITELIST.of(language)) }
        @match WhitelistFile::new(&office.home).kept() {
            Err(_) => { (told(&say::unreadable(), language)) },
            Ok(None) => { p { (words::NO_WHITELIST.of(language)) } },
            Ok(Some(kept)) => {
                p { (words::whitelist(kept.domains.len(), kept.taken, kept.days(clock()), &kept.origin).of(language)) " " (source.of(language)) }
            },
        }
        @match &taken {
            Taken::UnderWay => { (frame(office, language)) }
            Taken::Ended(Err(why)) => { section.summary.bad role="status" { (told(why, language)) } }
            Taken::Ended(Ok(())) => { section.summary.good role="status" { p { (words::WHITELIST_CAME.of(language)) } } }
            Taken::NotAsked => {}
        }
        @if is_fetched && is_idle {
            (our_form(visitor, "/listes/blanche", &html! { p { button { (words::WHITELIST_NOW.of(language)) } } }))
        }
    }
}

/// Around it: what fetches it anew. The script takes one frame after the other.
fn frame(office: &Office, language: Language) -> Markup {
    html! {
        section.summary data-progress="/listes/blanche" { (under_way(office, language)) }
        p { a href="/listes" { (words::LOOK_AGAIN.of(language)) } }
        @if !office.rounds.is_under_way() { script src="/progres.js" defer {} }
    }
}

fn under_way(office: &Office, language: Language) -> Markup {
    html! {
        @if !matches!(office.taking.taken(), Taken::UnderWay) { span data-ended {} }
        p role="status" { strong { (words::WHITELIST_COMING.of(language)) } }
    }
}
