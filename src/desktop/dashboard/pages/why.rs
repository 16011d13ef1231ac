//! "Pourquoi ?": what would be decided for a message, and by what. Nothing is sent, nothing of it is kept.

use super::upload::{self, Form, Uploaded};
use crate::base::Address;
use crate::base::limits::DASHBOARD_MESSAGE_MAX;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::told;
use crate::policy::{Envelope, Recipient, Submission};
use crate::relay::state::State as Standing;
use crate::text::Tongue;
use crate::text::dashboard::{self as words, Language};
use axum::Extension;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

/// What was asked.
#[derive(Default)]
struct Asked {
    from: String,
    to: String,
    subject: String,
    message: Vec<u8>,
}

impl Asked {
    fn of(mut form: Uploaded) -> Self {
        Self {
            from: form.text("de"),
            to: form.text("a"),
            subject: form.text("objet"),
            message: form.files.pop().map(|file| file.octets).unwrap_or_default(),
        }
    }
}

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    shown(&office, &visitor, &Asked::default(), &html! {}).await
}

pub(in super::super) async fn ask(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let language = office.language_of(&visitor);
    let asked = match upload::ours(form, &visitor).await {
        Ok(form) => Asked::of(form),
        Err(unread) => return unread.page(DASHBOARD_MESSAGE_MAX, language),
    };
    let answer = answer(&office, &asked, language).await;
    shown(&office, &visitor, &asked, &answer).await.into_response()
}

async fn shown(office: &Office, visitor: &Visitor, asked: &Asked, answer: &Markup) -> Html<String> {
    let standing = office.state().await;
    let language = office.language_of(visitor);
    let body = html! {
        p { (words::WHY_INTRO.of(language)) }
        (answer)
        (question(visitor, &standing, asked, language))
    };
    office.page(visitor, "/pourquoi", words::WHY, standing.realm).with(&body)
}

fn question(visitor: &Visitor, standing: &Standing, asked: &Asked, language: Language) -> Markup {
    html! {
        form.fields method="post" action="/pourquoi" enctype="multipart/form-data" {
            input type="hidden" name="mot" value=(visitor.session.form);
            label for="de" { (words::WHY_FROM.of(language)) }
            select id="de" name="de" {
                @for account in &standing.accounts {
                    option value=(account.address) selected[account.address.as_str() == asked.from] { (account.address) }
                }
            }
            label for="a" { (words::WHY_TO.of(language)) }
            input id="a" name="a" type="text" required value=(asked.to) autocomplete="off";
            label for="objet" { (words::WHY_SUBJECT.of(language)) }
            input id="objet" name="objet" type="text" value=(asked.subject) autocomplete="off";
            label for="message" { (words::WHY_FILE.of(language)) }
            input id="message" name="message" type="file" accept=".eml,message/rfc822";
            button { (words::WHY_ASK.of(language)) }
        }
    }
}

async fn answer(office: &Office, asked: &Asked, language: Language) -> Markup {
    let from = Address::parse(&asked.from).ok();
    let named = asked.to.split([',', ';']).map(str::trim).filter(|one| !one.is_empty());
    let recipients: Result<Vec<Recipient>, _> = named.map(|one| Address::parse(one).map(Recipient::plain)).collect();
    let (Some(from), Ok(recipients)) = (from, recipients) else {
        return html! { p.bad role="alert" { (words::WHY_INCOMPLETE.of(language)) } };
    };
    if recipients.is_empty() {
        return html! { p.bad role="alert" { (words::WHY_INCOMPLETE.of(language)) } };
    }
    let message = if asked.message.is_empty() {
        written(asked)
    } else {
        asked.message.clone()
    };
    let envelope = Envelope {
        from: Some(from.clone()),
        recipients,
        eight_bit: true,
        smtputf8: false,
        ret: None,
        envid: None,
    };
    let submission = Submission {
        envelope,
        message: message.into(),
    };
    let explained = match office.relay.account_of(&from) {
        Ok(account) => Ok(office.relay.explain(&account, &submission).await),
        Err(why) => Err(why),
    };
    html! {
        section.summary aria-live="polite" {
            h2 { (words::WHY_ANSWER.of(language)) }
            @match explained {
                Ok(explained) => { ul.answer { @for line in explained.lines(Tongue::One(language)) { li.detail[line.starts_with(' ')] { (line.trim()) } } } },
                Err(why) => { (told(&why, language)) },
            }
        }
    }
}

/// A message of that Subject. What is typed on one line has no line ends that would begin another field.
fn written(asked: &Asked) -> Vec<u8> {
    let line = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let (from, to, subject) = (line(&asked.from), line(&asked.to), line(&asked.subject));
    format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\r\n")
        .into_bytes()
}

/// For messages, which are larger than forms.
pub(in super::super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(DASHBOARD_MESSAGE_MAX)
}
