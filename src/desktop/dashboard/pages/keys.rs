//! Own keys, each with where it stands in its life.

use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{day, told};
use crate::relay::state::{AccountState, KeyPlace, KeyStage, OwnKey};
use crate::text::dashboard::{self as words, Language, Words};
use axum::Extension;
use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use std::sync::Arc;

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    let standing = office.state().await;
    let language = office.language_of(&visitor);
    let body = html! { @for account in &standing.accounts { (of_account(account, language)) } };
    office.page(&visitor, "/cles", words::KEYS, standing.realm).with(&body)
}

fn of_account(account: &AccountState, language: Language) -> Markup {
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
            td { (stage(key.stage).of(language)) }
        }
    }
}

fn stage(stage: KeyStage) -> Words {
    match stage {
        KeyStage::InUse => words::IN_USE,
        KeyStage::Early => words::EARLY,
        KeyStage::Expired => words::EXPIRED,
        KeyStage::Retired => words::RETIRED,
    }
}
