//! Whose letters.

use super::{Sent, Written, ours};
use crate::base::Address;
use crate::config::Channel;
use crate::config::load::defaults;
use crate::desktop::assistant::discover::discover;
use crate::desktop::assistant::{Draft, Step};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::net::dns::Resolver;
use crate::text::assistant as words;
use crate::text::dashboard::Language;
use axum::Extension;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::block_in_place;

#[derive(Deserialize)]
pub(super) struct Said {
    mot: String,
    adresse: String,
}

impl Written for Said {
    fn word(&self) -> &str {
        &self.mot
    }
}

pub(super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    let said = office.lasting.assistant.draft().address;
    shown(&office, &visitor, &said, &html! {})
}

pub(super) async fn take(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Said>) -> Response {
    let language = office.language_of(&visitor);
    let Some(said) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    match Address::parse(said.adresse.trim()) {
        Ok(address) => office.begun(&address, language).await,
        Err(_) => {
            let why = html! { div role="alert" { (told(&words::no_address(), language)) } };
            shown(&office, &visitor, &said.adresse, &why).into_response()
        }
    }
}

impl Office {
    /// Looks for the servers of an address; the same one again: what is known of it stays.
    async fn begun(&self, address: &Address, language: Language) -> Response {
        let assistant = &self.lasting.assistant;
        let is_known = assistant.draft().parsed_address().as_ref() == Some(address);
        let in_service = self.config.accounts.iter().any(|account| account.address == *address);
        // A machine whose policy cannot be read is told where the account is written.
        let machine = block_in_place(|| defaults(self.lasting.places())).unwrap_or_default();
        if !in_service && (!is_known || assistant.offers().is_empty()) {
            assistant.found(discover(&self.upstreams, &Resolver::of_system(), address, &machine).await);
        }
        let best = assistant.offers().into_iter().next().filter(|best| !best.wants_a_click(address));
        self.changed(
            |draft| {
                if !is_known {
                    *draft = Draft::begun(address);
                    draft.is_mssante |= machine.channel == Some(Channel::Mssante);
                }
                if let Some(best) = best.filter(|_| draft.imap.is_none()) {
                    best.put_into(draft);
                }
            },
            language,
        )
    }
}

fn shown(office: &Office, visitor: &Visitor, said: &str, above: &Markup) -> Html<String> {
    let language = office.language_of(visitor);
    let fields = html! {
        label for="adresse" { (words::ADDRESS.of(language)) }
        input id="adresse" name="adresse" type="text" inputmode="email" autocomplete="email" required value=(said);
        button { (words::CONTINUE.of(language)) }
    };
    let body = html! {
        p { (words::ADDRESS_INTRO.of(language)) }
        (above)
        div.fields { (form(visitor, super::path(Step::Address), &fields)) }
    };
    office.step(visitor, &office.standing(), Step::Address, &body)
}
