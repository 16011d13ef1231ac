//! Each account: its servers, its key, what its mail program is told.

use super::assistant::{go_to, settings};
use super::visit::Plain;
use crate::config::{Account, Channel, Server, ServerTls};
use crate::desktop::assistant::{Draft, Step};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form};
use crate::text::dashboard::{self, Language, Words};
use crate::text::{Explain, assistant as words};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{Html, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What leads to the keys of an account.
pub(super) const TO_KEYS: &str = "cles";

/// Which account.
#[derive(Deserialize)]
pub(in super::super) struct Chosen {
    #[serde(flatten)]
    plain: Plain,
    compte: String,
    /// Where to: to its keys, else to the test letter.
    #[serde(default)]
    vers: String,
}

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    let language = office.language_of(&visitor);
    let body = html! {
        @if office.config.accounts.is_empty() { p { (words::NO_ACCOUNT.of(language)) } }
        @for account in &office.config.accounts { (of_account(&office, &visitor, account, language)) }
        (form(&visitor, "/assistant/nouveau", &html! { button { (words::ADD_ACCOUNT.of(language)) } }))
    };
    office
        .page(&visitor, "/comptes", words::ACCOUNTS, office.config.trust.environment)
        .with(&body)
}

/// On to the keys, or to a test letter, of one that is in service.
pub(in super::super) async fn choose(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    sent: Result<Form<Chosen>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    let Some(Form(chosen)) = sent.ok().filter(|Form(chosen)| visitor.has_written(&chosen.plain.mot)) else {
        return page::form_refused(language);
    };
    let account = office
        .config
        .accounts
        .iter()
        .find(|account| account.address.as_str() == chosen.compte);
    let Some(account) = account else { return page::not_found(language) };
    let draft = Draft {
        login: account.login.clone(),
        key_later: true,
        program_done: true,
        ..Draft::begun(&account.address)
    };
    match office.lasting.assistant.change(|kept| *kept = draft) {
        Ok(()) if chosen.vers == TO_KEYS => go_to(Step::Key),
        Ok(()) => go_to(Step::Letter),
        Err(error) => page::failed(&error.explain(), language),
    }
}

fn of_account(office: &Office, visitor: &Visitor, account: &Account, language: Language) -> Markup {
    let channel = match account.channel {
        Channel::Ordinary => dashboard::ORDINARY,
        Channel::Mssante => dashboard::MSSANTE,
    };
    html! {
        section.account {
            h2 { (account.address) }
            p { (channel.of(language)) " – " a href="/cles" { (dashboard::KEYS.of(language)) } }
            h3 { (words::AT_PROVIDER.of(language)) }
            table.settings { @for (what, server) in servers(account) {
                tr { th scope="row" { (what.of(language)) } td.place { (place(server)) } }
            } }
            details {
                summary { (words::FOR_PROGRAM.of(language)) }
                (settings(office, account, language))
            }
            (form(visitor, "/comptes", &html! {
                input type="hidden" name="compte" value=(account.address);
                button.plain { (words::TEST_ACCOUNT.of(language)) }
            }))
        }
    }
}

/// In the order in which people are asked for them.
fn servers(account: &Account) -> impl Iterator<Item = (Words, &Server)> {
    let reading = account.imap.as_ref().map(|imap| (words::PROGRAM_READING, imap));
    let pop3 = account.pop3.as_ref().map(|pop3| (words::PROGRAM_READING_POP3, pop3));
    let sending = Some((words::PROGRAM_SENDING, &account.smtp));
    [reading, pop3, sending].into_iter().flatten()
}

fn place(server: &Server) -> String {
    let tls = match server.tls {
        ServerTls::StartTls => "STARTTLS",
        ServerTls::Implicit => "SSL/TLS",
        ServerTls::Plain => "–",
    };
    format!("{}:{} ({tls})", server.host, server.port)
}
