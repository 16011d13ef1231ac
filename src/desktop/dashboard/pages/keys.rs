//! Own keys, each with where it stands in its life.

use super::accounts::TO_KEYS;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{day, form, told};
use crate::keys::shelf::Limit;
use crate::relay::state::{AccountState, KeyPlace, OwnKey};
use crate::text::dashboard::{self as words, Language, Words};
use axum::Extension;
use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use std::sync::Arc;

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    let standing = office.state().await;
    let language = office.language_of(&visitor);
    let body = html! { @for account in &standing.accounts { (of_account(&visitor, account, language)) } };
    office.page(&visitor, "/cles", words::KEYS, standing.realm).with(&body)
}

fn of_account(visitor: &Visitor, account: &AccountState, language: Language) -> Markup {
    let columns = [words::HOLDER, words::ISSUER, words::UNTIL, words::WHERE, words::STANDING];
    html! {
        h2 { (account.address) }
        @for card in &account.cards { (told(&card.explain(), language)) }
        @if account.keys.is_empty() {
            p { (words::NO_KEY.of(language)) }
        } @else {
            div.wide { table {
                thead { tr { @for column in columns { th scope="col" { (column.of(language)) } } } }
                tbody { @for key in &account.keys { (row(key, language)) } }
            } }
        }
        (form(visitor, "/comptes", &html! {
            input type="hidden" name="compte" value=(account.address);
            input type="hidden" name="vers" value=(TO_KEYS);
            button.plain { (words::ADD_KEY.of(language)) }
        }))
    }
}

fn row(key: &OwnKey, language: Language) -> Markup {
    let place = match key.place {
        KeyPlace::Home => words::IN_FILE,
        KeyPlace::Card => words::ON_CARD,
        KeyPlace::Held => words::HELD,
    };
    html! {
        tr {
            th scope="row" { (key.holder) }
            td { (key.issuer) }
            td { (day(key.until, language)) }
            td { (place.of(language)) }
            td { (standing(key.limit).of(language)) }
        }
    }
}

/// How a key stands, in a word.
pub(super) fn standing(limit: Option<Limit>) -> Words {
    match limit {
        None => words::IN_USE,
        Some(Limit::Retired) => words::RETIRED,
        Some(Limit::Early) => words::EARLY,
        Some(Limit::Expired) => words::EXPIRED,
        Some(Limit::NotForMail) => words::NOT_FOR_MAIL,
        Some(Limit::OtherAddress) => words::OTHER_ADDRESS,
        Some(Limit::SignsOnly) => words::SIGNS_ONLY,
        Some(Limit::OpensOnly) => words::OPENS_ONLY,
    }
}
