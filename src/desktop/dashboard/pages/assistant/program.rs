//! What the mail program must be told.

use super::thunderbird::{self, Done, profiles};
use super::{ForAccount, Sent, Standing, authorities, go_to, ours, outlook, whose};
use crate::config::{Account, ListenTls};
use crate::desktop::assistant::Step;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form};
use crate::text::dashboard::{Language, Words};
use crate::text::{assistant as words, setup};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) async fn show(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Done>, QueryRejection>,
) -> Response {
    let done = asked.map(|Query(done)| done).unwrap_or_default();
    let standing = office.standing();
    match standing.step < Step::Program {
        true => go_to(standing.step),
        false => shown(
            &office,
            &visitor,
            &standing,
            &thunderbird::done(&done, office.language_of(&visitor)),
        )
        .into_response(),
    }
}

pub(super) async fn done(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<ForAccount>) -> Response {
    let language = office.language_of(&visitor);
    match ours(&visitor, form) {
        Some(seen) => office.changed_for(&seen.adresse, |draft| draft.program_done = true, language),
        None => page::form_refused(language),
    }
}

pub(super) fn shown(office: &Office, visitor: &Visitor, standing: &Standing, above: &Markup) -> Html<String> {
    let language = office.language_of(visitor);
    let account = office.account_in_service(&standing.draft);
    let body = html! {
        (above)
        p { (words::PROGRAM_INTRO.of(language)) }
        @if let Some(account) = account {
            section.way { (profiles(office, visitor, account, language)) }
            section.way {
                (outlook::section(account, &office.lasting.doors(), office.config.listen.tls, language))
                (authorities::shown(office, visitor))
            }
            section.way { h3 { (setup::OTHERS.of(language)) } (settings(office, account, language)) }
        }
        (form(visitor, super::path(Step::Program), &html! { (whose(&standing.draft)) button { (words::PROGRAM_DONE.of(language)) } }))
    };
    office.step(visitor, standing, Step::Program, &body)
}

/// The settings of an account, each with a button that copies it where scripts run.
pub(in super::super::super) fn settings(office: &Office, account: &Account, language: Language) -> Markup {
    let doors = office.lasting.doors();
    let reading = account.imap.as_ref().and(doors.get("imap"));
    let pop3 = account.pop3.as_ref().and(doors.get("pop3"));
    let sections = [
        (words::PROGRAM_READING, reading),
        (words::PROGRAM_READING_POP3, pop3),
        (words::PROGRAM_SENDING, doors.get("smtp")),
    ];
    html! {
        @if account.logs_in_by_itself() { p { (words::PROGRAM_LOCAL.of(language)) } }
        @for (title, door) in sections {
            @if let Some(door) = door { (table(title, *door, office.config.listen.tls, &account.login, language)) }
        }
        script src="/copier.js" defer {}
    }
}

pub(super) fn security(tls: ListenTls) -> Words {
    match tls {
        ListenTls::StartTls => words::SECURITY_STARTTLS,
        ListenTls::Implicit => words::SECURITY_IMPLICIT,
    }
}

fn table(title: Words, door: SocketAddr, tls: ListenTls, login: &str, language: Language) -> Markup {
    let copied = |name: Words, said: &str| {
        html! {
            tr {
                th scope="row" { (name.of(language)) }
                td.place data-copier=(words::COPY.of(language)) data-copie=(words::COPIED.of(language)) { span { (said) } }
            }
        }
    };
    html! {
        div.wide { table.settings {
            caption { (title.of(language)) }
            tbody {
                (copied(words::SERVER, &door.ip().to_string()))
                (copied(words::PORT, &door.port().to_string()))
                (copied(words::LOGIN_HERE, login))
                tr { th scope="row" { (words::SECURITY.of(language)) } td { (security(tls).of(language)) } }
                tr { th scope="row" { (words::AUTHENTICATION.of(language)) } td { (words::NORMAL_PASSWORD.of(language)) } }
            }
        } }
    }
}
