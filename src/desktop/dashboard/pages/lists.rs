//! Authorities, their revocation lists and how old they are, the liste blanche.

use super::{rounds, whitelist};
use crate::base::Realm;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{day, form as our_form, told};
use crate::directory::lists::{Row, RowState};
use crate::pki::authority::{Authority, Origin, Profile, Standing};
use crate::pki::revocation::Age;
use crate::relay::authorities::Authorities;
use crate::relay::clock;
use crate::store::Fingerprint;
use crate::text::dashboard::{self as common, Language, Words};
use crate::text::{Explain, trusting as words};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What was done on another page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Asked {
    fait: String,
}

pub(in super::super) async fn show(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Html<String> {
    let done = match asked.map(|Query(asked)| asked.fait).unwrap_or_default().as_str() {
        "ajoutee" => Some(words::DONE_ADDED),
        "supprimee" => Some(words::DONE_REMOVED),
        _ => None,
    };
    let language = office.language_of(&visitor);
    let body = html! {
        @if let Some(done) = done { section.summary.good role="status" { p { (done.of(language)) } } }
        (tokio::task::block_in_place(|| of_authorities(&office, &visitor, language)))
        (of_lists(&office, &visitor, language).await)
        (whitelist::section(&office, &visitor, language))
    };
    office
        .page(&visitor, "/listes", common::LISTS, office.config.trust.environment)
        .with(&body)
}

fn of_authorities(office: &Office, visitor: &Visitor, language: Language) -> Markup {
    let realm = office.config.trust.environment;
    html! {
        h2 { (words::AUTHORITIES.of(language)) }
        p { (words::MEANS.of(language)) }
        @match Authorities::of(&office.home, realm).list() {
            Err(error) => { (told(&error.explain(), language)) },
            Ok(known) => {
                @let (in_force, others): (Vec<_>, Vec<_>) = known.authorities.into_iter().partition(|a| a.realm == realm);
                (table(&in_force, realm, language))
                @if !others.is_empty() {
                    details { summary { (words::OTHERS.of(language)) } (table(&others, realm, language)) }
                }
                @for (file, why) in &known.left_out { p.place { (file.display()) } (told(why, language)) }
            },
        }
        details {
            summary { (words::ADD.of(language)) }
            p { (words::ADD_INTRO.of(language)) }
            (super::authority::form(visitor, language))
        }
    }
}

fn table(authorities: &[Authority], realm: Realm, language: Language) -> Markup {
    let columns = [words::AUTHORITY, words::RULES, words::ORIGIN, common::UNTIL, common::STANDING];
    html! {
        div.wide tabindex="0" { table {
            thead { tr { @for column in columns { th scope="col" { (column.of(language)) } } } }
            tbody { @for authority in authorities {
                @let certificate = &authority.certificate;
                tr {
                    th scope="row" {
                        a href=(format!("/autorites?empreinte={}", Fingerprint::of(certificate.der()))) { (certificate.holder()) }
                        @if authority.realm == Realm::Test { " TEST" }
                    }
                    td { (rules(authority.profile).of(language)) }
                    td { (origin(&authority.origin).of(language)) }
                    td { (day(certificate.not_after(), language)) }
                    td { (standing(authority, realm).of(language)) }
                }
            } }
        } }
    }
}

pub(super) fn rules(profile: Profile) -> Words {
    match profile {
        Profile::Mail => words::RULES_MAIL,
        Profile::WebSmime => words::RULES_WEB,
        Profile::IgcSante => words::RULES_SANTE,
    }
}

fn origin(origin: &Origin) -> Words {
    match origin {
        Origin::BuiltIn(_) => words::BUILT_IN,
        Origin::Bundle(_) => words::BUNDLE,
        Origin::User => words::BY_USER,
    }
}

fn standing(authority: &Authority, realm: Realm) -> Words {
    let (certificate, now) = (&authority.certificate, clock());
    match authority.standing {
        _ if authority.realm != realm => words::OTHER_REALM,
        _ if now > certificate.not_after() => words::OVER,
        _ if now < certificate.not_before() => words::NOT_YET,
        Standing::Intermediate => words::BETWEEN,
        Standing::Anchor => words::COUNTS,
    }
}

async fn of_lists(office: &Office, visitor: &Visitor, language: Language) -> Markup {
    let standing = office.state().await;
    let columns = [common::ISSUER, common::STANDING, common::UNTIL, common::ENTRIES, common::PLACE];
    html! {
        h2 { (words::REVOCATION.of(language)) }
        p { (words::REVOCATION_MEANS.of(language)) }
        @if standing.lists.is_empty() {
            p { (common::NO_LISTS.of(language)) }
        } @else {
            @if office.rounds.is_under_way() { (rounds::frame(office, language)) } @else {
                (rounds::last(office, language))
                (our_form(visitor, "/listes/actualiser", &html! { p { button { (words::REFRESH.of(language)) } } }))
            }
            div.wide tabindex="0" { table {
                thead { tr { @for column in columns { th scope="col" { (column.of(language)) } } } }
                tbody { @for list in &standing.lists { (row(list, language)) } }
            } }
        }
    }
}

fn row(list: &Row, language: Language) -> Markup {
    let (standing, until, entries) = match list.state {
        RowState::Absent => (common::LIST_ABSENT, String::new(), String::new()),
        RowState::Held { age, until, entries, .. } => {
            let standing = match age {
                Age::Fresh => common::LIST_FRESH,
                Age::Grace => common::LIST_GRACE,
                Age::Stale => common::LIST_STALE,
            };
            (standing, day(until, language), entries.to_string())
        }
    };
    html! {
        tr {
            th scope="row" { (list.authority) }
            td { (standing.of(language)) @if let Some(code) = &list.failed { " " span.code { (code) } } }
            td { (until) }
            td.number { (entries) }
            td.place { (list.url) }
        }
    }
}
