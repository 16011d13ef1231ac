//! How things stand, the worst first.

use crate::config::Channel;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{day, told};
use crate::relay::state::{AccountState, State as Standing};
use crate::text::Explanation;
use crate::text::dashboard::{self as words, Language};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Response {
    if office.config.accounts.is_empty() {
        return (StatusCode::SEE_OTHER, [(LOCATION, "/assistant")]).into_response();
    }
    let standing = office.state().await;
    let language = office.language_of(&visitor);
    let body = html! {
        (summary(&standing, &office.relay.journal_trouble(), language))
        h2 { (words::ACCOUNTS.of(language)) }
        @for account in &standing.accounts { (of_account(account, language)) }
    };
    office.page(&visitor, "/", words::STATE, standing.realm).with(&body).into_response()
}

fn summary(standing: &Standing, journal: &[Explanation], language: Language) -> Markup {
    let hindrances: Vec<&Explanation> = standing
        .faults
        .iter()
        .chain(standing.accounts.iter().filter_map(|a| a.hindrance.as_ref()))
        .collect();
    let warnings: Vec<&Explanation> = standing
        .accounts
        .iter()
        .flat_map(|a| &a.keys)
        .filter_map(|key| key.warning.as_ref())
        .chain(journal)
        .collect();
    let wanting = standing.lists_wanting();
    let (class, said) = match (hindrances.is_empty() && !standing.is_locked, warnings.is_empty() && wanting == 0) {
        (false, _) => ("bad", words::NOT_READY),
        (true, false) => ("warn", words::TO_DO),
        (true, true) => ("good", words::READY),
    };
    html! {
        section.summary.(class) role="status" {
            p { strong { (said.of(language)) } }
            @if standing.is_locked { p { (words::LOCKED.of(language)) } }
            @for why in hindrances.into_iter().chain(warnings) { (told(why, language)) }
            @if wanting > 0 { p { (words::LISTS_WANTING.of(language)) " " a href="/listes" { (words::LISTS.of(language)) } } }
        }
    }
}

fn of_account(account: &AccountState, language: Language) -> Markup {
    let channel = match account.channel {
        Channel::Ordinary => words::ORDINARY,
        Channel::Mssante => words::MSSANTE,
    };
    html! {
        section.account {
            h3 { (account.address) }
            p { (channel.of(language)) }
            @for card in &account.cards { (told(&card.explain(), language)) }
            @if account.keys.is_empty() { p { (words::NO_KEY.of(language)) } }
            @if let Some(refused) = &account.refused {
                p { (words::LAST_REFUSED.of(language)) " (" (day(refused.at, language)) ")" }
                (told(&refused.why, language))
            }
        }
    }
}
