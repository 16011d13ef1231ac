//! What was done, the newest first, by filters; and whether the chain is whole.

use super::visit::Plain;
use crate::base::limits::JOURNAL_PAGE_MAX;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form as our_form, quoted, told};
use crate::store::journal::{self, JournalEntry, Noted, Order, Query as Wanted, Reader};
use crate::store::{Event, StoreError};
use crate::text::dashboard::{self as words, Language, Words};
use crate::text::journal as say;
use crate::text::verdict::sentence;
use crate::text::{Explain, Explanation};
use crate::view::frozen::codes;
use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Entries on one page.
const ON_A_PAGE: usize = 50;
/// Entries of one table for a spreadsheet, the newest ones: more than half a year of a busy practice, and some megabytes.
const IN_A_TABLE: usize = 50_000;

/// The filters, as the form and the links bring them. Words that mean nothing filter nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Filters {
    compte: String,
    evenement: String,
    code: String,
    avant: Option<u64>,
}

impl Filters {
    fn wanted(&self) -> Wanted {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Wanted {
            account: some(&self.compte),
            events: Event::parse(&self.evenement).into_iter().collect(),
            code: some(&self.code),
            ..Wanted::default()
        }
    }
}

type Asked = Result<Query<Filters>, QueryRejection>;

pub(in super::super) async fn show(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Asked,
) -> Html<String> {
    let filters = asked.map(|Query(filters)| filters).unwrap_or_default();
    shown(&office, &visitor, &filters, &html! {})
}

/// Whether nothing was changed, taken out or put in.
pub(in super::super) async fn verify(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Plain>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    if !form.is_ok_and(|Form(plain)| visitor.has_written(&plain.mot)) {
        return page::form_refused(language);
    }
    let found = tokio::task::block_in_place(|| journal::verify(&office.home, &office.secrets));
    let why: Vec<Explanation> = match found {
        Ok(found) => {
            let more = (found.more > 0).then(|| say::more_breaks(found.more));
            found.breaks.iter().map(Explain::explain).chain(more).collect()
        }
        Err(error) => vec![error.explain()],
    };
    let answer = html! {
        @if why.is_empty() {
            section.summary.good role="status" { p { strong { (words::JOURNAL_WHOLE.of(language)) } } }
        } @else {
            section.summary.bad role="status" { @for why in &why { (told(why, language)) } }
        }
    };
    shown(&office, &visitor, &Filters::default(), &answer).into_response()
}

/// The same as a table for a spreadsheet.
pub(in super::super) async fn table(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, asked: Asked) -> Response {
    let filters = asked.map(|Query(filters)| filters).unwrap_or_default();
    let lines = match tokio::task::block_in_place(|| lines(&office, &filters.wanted())) {
        Ok(lines) => lines,
        // An empty table would say that nothing happened.
        Err(error) => return page::failed(&error.explain(), office.language_of(&visitor)),
    };
    let fields = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"souspli-journal.csv\""),
    ];
    (fields, lines).into_response()
}

fn lines(office: &Office, wanted: &Wanted) -> Result<String, StoreError> {
    let mut table = format!("{}\r\n", say::CSV_HEAD);
    let Some(reader) = Reader::open(&office.home)? else {
        return Ok(table);
    };
    let (mut from, mut count) = (None, 0);
    loop {
        let page = reader.page(wanted, Order::NewestFirst, from, JOURNAL_PAGE_MAX)?;
        for noted in &page.entries {
            table.push_str(&noted.csv());
            table.push_str("\r\n");
        }
        count += page.entries.len();
        from = page.next;
        if from.is_none() {
            return Ok(table);
        }
        if count >= IN_A_TABLE {
            table.push_str(say::CSV_GOES_ON);
            return Ok(table);
        }
    }
}

fn shown(office: &Office, visitor: &Visitor, filters: &Filters, answer: &Markup) -> Html<String> {
    let language = office.language_of(visitor);
    let page = tokio::task::block_in_place(|| {
        let reader = Reader::open(&office.home)?;
        let page = reader.map(|reader| reader.page(&filters.wanted(), Order::NewestFirst, filters.avant, ON_A_PAGE));
        page.unwrap_or_else(|| Ok(journal::Page::default()))
    });
    let trouble = office.relay.journal_trouble();
    let body = html! {
        (answer)
        @if !trouble.is_empty() { section.summary.bad role="status" { @for why in &trouble { (told(why, language)) } } }
        (choice(office, filters, language))
        @match &page {
            Err(error) => { (told(&error.explain(), language)) },
            Ok(page) if page.entries.is_empty() => { p { (words::JOURNAL_EMPTY.of(language)) } },
            Ok(page) => {
                (rows(&page.entries, language))
                @if let Some(next) = page.next { p { a href=(link("/journal", filters, Some(next))) { (words::OLDER.of(language)) } } }
            },
        }
        p { a href=(link("/journal.csv", filters, None)) download { (words::CSV.of(language)) } }
        (our_form(visitor, "/journal/verifier", &html! { button.plain { (words::JOURNAL_VERIFY.of(language)) } }))
    };
    office
        .page(visitor, "/journal", words::JOURNAL, office.config.trust.environment)
        .with(&body)
}

fn choice(office: &Office, filters: &Filters, language: Language) -> Markup {
    html! {
        form.filters method="get" action="/journal" {
            label for="compte" { (words::ACCOUNT.of(language)) }
            select id="compte" name="compte" {
                option value="" { (words::ANY.of(language)) }
                @for account in &office.config.accounts {
                    option value=(account.address) selected[account.address.as_str() == filters.compte] { (account.address) }
                }
            }
            label for="evenement" { (words::EVENT.of(language)) }
            select id="evenement" name="evenement" {
                option value="" { (words::ANY.of(language)) }
                @for event in Event::ALL {
                    option value=(event.as_str()) selected[event.as_str() == filters.evenement] { (words::event(event.as_str()).of(language)) }
                }
            }
            label for="code" { (words::CODE.of(language)) }
            input id="code" name="code" type="text" value=(filters.code) autocomplete="off";
            button { (words::SHOW.of(language)) }
        }
    }
}

fn rows(entries: &[Noted], language: Language) -> Markup {
    let columns = [words::TIME, words::EVENT, words::ACCOUNT, words::RECIPIENTS, words::CODE];
    html! {
        div.wide tabindex="0" { table {
            thead { tr { @for column in columns { th scope="col" { (column.of(language)) } } } }
            tbody { @for noted in entries {
                tr {
                    td { time datetime=(noted.entry.time) { (when(&noted.entry, language)) } }
                    td { (words::event(noted.entry.event.as_str()).of(language)) }
                    td { (noted.entry.account) }
                    td.number { @if noted.entry.recipients > 0 { (noted.entry.recipients) } }
                    td {
                        @if let Some(said) = in_words(&noted.entry) { (said.of(language)) " " }
                        span.code { (noted.entry.code) }
                    }
                }
            } }
        } }
    }
}

/// A word of ours, or what docs/verdicts.md says of the verdict on a message.
fn in_words(entry: &JournalEntry) -> Option<Words> {
    let verdict = || {
        let (code, _) = codes().find(|(code, _)| *code == entry.code)?;
        let (french, english) = sentence(code);
        Some(Words::new(french, english))
    };
    words::code(&entry.code).or_else(|| verdict().filter(|_| entry.event == Event::Open))
}

/// By the clock that its reader had on the wall.
fn when(entry: &JournalEntry, language: Language) -> String {
    match entry.on_the_wall() {
        Some(at) => {
            let (hour, minute, second) = at.civil().to_hms();
            format!("{} {hour:02}:{minute:02}:{second:02}", page::day(at, language))
        }
        None => format!("{} UTC", entry.time.replace('T', " ").trim_end_matches('Z')),
    }
}

/// With the filters that stand; `axum` has no writer of queries, and these words need little.
fn link(path: &str, filters: &Filters, before: Option<u64>) -> String {
    let mut link = format!(
        "{path}?compte={}&evenement={}&code={}",
        quoted(&filters.compte),
        quoted(&filters.evenement),
        quoted(&filters.code)
    );
    if let Some(before) = before {
        link += &format!("&avant={before}");
    }
    link
}
