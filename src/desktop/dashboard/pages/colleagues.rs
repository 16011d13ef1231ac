//! Correspondents' certificates: the book, the directories, and what their owners hand over as files.

use super::certificate;
use super::upload::{self, File, Form as FilesForm};
use crate::base::Address;
use crate::base::limits::DASHBOARD_CERTIFICATES_MAX;
use crate::base::limits::DASHBOARD_ROWS_MAX;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, quoted, told};
use crate::pki::Certificate;
use crate::relay::book::{self, FoundFor, Row};
use crate::store::{CertificateFolder, Fingerprint};
use crate::text::dashboard::Language;
use crate::text::{Explain, Explanation, colleagues as words, keys};
use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What is looked for here, and what was done on another page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Asked {
    q: String,
    fait: String,
}

/// What is looked for in the directories.
#[derive(Deserialize)]
pub(in super::super) struct Sought {
    mot: String,
    adresse: String,
    #[serde(default)]
    nom: String,
}

pub(in super::super) async fn show(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Html<String> {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let language = office.language_of(&visitor);
    let done = match asked.fait.as_str() {
        "lie" => Some(words::DONE_BOUND),
        "supprime" => Some(words::DONE_REMOVED),
        _ => None,
    };
    let answer = html! { @if let Some(done) = done { section.summary.good role="status" { p { (done.of(language)) } } } };
    shown(&office, &visitor, &asked.q, &answer)
}

pub(in super::super) async fn search(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Sought>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    let Some(Form(sought)) = form.ok().filter(|Form(sought)| visitor.has_written(&sought.mot)) else {
        return page::form_refused(language);
    };
    let answer = match Address::parse(sought.adresse.trim()) {
        Err(_) => html! { p.bad role="alert" { (words::NO_SUCH_ADDRESS.of(language)) } },
        Ok(address) => {
            let name = Some(sought.nom.trim()).filter(|name| !name.is_empty());
            found(&address, &office.relay.look_up(&address, name).await, language)
        }
    };
    shown(&office, &visitor, "", &answer).into_response()
}

pub(in super::super) async fn import(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: FilesForm,
) -> Response {
    let language = office.language_of(&visitor);
    let form = match upload::ours(form, &visitor).await {
        Ok(form) => form,
        Err(unread) => return unread.page(DASHBOARD_CERTIFICATES_MAX, language),
    };
    let taken = tokio::task::block_in_place(|| office.take_in(&form.files));
    let answer = html! {
        @match &taken {
            Err(why) => { section.summary.bad role="alert" { (told(why, language)) } },
            Ok(certificates) => { section.summary.good role="status" {
                h2 { (words::IMPORTED_NOW.of(language)) }
                ul { @for one in certificates { li { (in_a_line(one)) } } }
            } },
        }
    };
    shown(&office, &visitor, "", &answer).into_response()
}

impl Office {
    pub(super) fn book(&self) -> Result<Vec<Row>, Explanation> {
        tokio::task::block_in_place(|| self.relay.book(&self.imported()))
    }

    pub(super) fn imported(&self) -> CertificateFolder {
        CertificateFolder::new(self.home.certificates())
    }

    /// All of them, or none where one file has none.
    fn take_in(&self, files: &[File]) -> Result<Vec<Certificate>, Explanation> {
        let mut all = Vec::new();
        for file in files {
            let some = book::certificates_of(&file.octets);
            if some.is_empty() {
                return Err(keys::no_certificate_in_file(&file.name));
            }
            all.extend(some);
        }
        if all.is_empty() {
            return Err(keys::no_certificate_in_file("?"));
        }
        book::import(&self.home, &all).map_err(|error| error.explain())?;
        Ok(all)
    }
}

fn shown(office: &Office, visitor: &Visitor, sought: &str, answer: &Markup) -> Html<String> {
    let language = office.language_of(visitor);
    let body = html! {
        p { (words::INTRO.of(language)) }
        (answer)
        (of_book(office, sought, language))
        (in_directories(office, visitor, language))
        h2 { (words::IMPORT.of(language)) }
        p { (words::IMPORT_INTRO.of(language)) }
        form.fields method="post" action="/correspondants/importer" enctype="multipart/form-data" {
            input type="hidden" name="mot" value=(visitor.session.form);
            label for="fichier" { (words::FILE.of(language)) }
            input id="fichier" name="fichier" type="file" required multiple accept=".cer,.crt,.der,.pem,.p7c,.p7b,.eml";
            button { (words::IMPORT_NOW.of(language)) }
        }
    };
    office
        .page(visitor, "/correspondants", words::COLLEAGUES, office.config.trust.environment)
        .with(&body)
}

fn of_book(office: &Office, sought: &str, language: Language) -> Markup {
    let rows = office.book();
    html! {
        form.filters method="get" action="/correspondants" role="search" {
            label for="q" { (words::SEARCH_BOOK.of(language)) }
            input id="q" name="q" type="search" value=(sought) autocomplete="off";
            button { (words::SEARCH.of(language)) }
        }
        @match &rows {
            Err(why) => { (told(why, language)) },
            Ok(rows) => {
                @let named: Vec<&Row> = rows.iter().filter(|row| is_sought(row, sought)).collect();
                @if named.is_empty() { p { (words::NONE.of(language)) } } @else {
                    (certificate::table(named.iter().take(DASHBOARD_ROWS_MAX).copied(), language, |row| kept_link(row, language)))
                }
                @if named.len() > DASHBOARD_ROWS_MAX {
                    p { (words::only_some(DASHBOARD_ROWS_MAX, named.len()).of(language)) }
                }
            },
        }
    }
}

/// Every word of it somewhere in what the row shows.
fn is_sought(row: &Row, sought: &str) -> bool {
    let certificate = &row.certificate;
    let shown = [
        row.addresses.clone(),
        certificate.holder(),
        certificate.issuer_common_name().to_owned(),
        certificate.rpps().unwrap_or_default().to_owned(),
        Fingerprint::of(certificate.der()).to_string(),
    ];
    let shown = shown.join(" ").to_lowercase();
    sought.to_lowercase().split_whitespace().all(|word| shown.contains(word))
}

fn kept_link(row: &Row, language: Language) -> Markup {
    let place = format!("/correspondants/certificat?empreinte={}", Fingerprint::of(row.certificate.der()));
    let name = match row.addresses.as_str() {
        "" => words::NO_ADDRESS.of(language),
        addresses => addresses,
    };
    html! { a href=(place) { (name) } }
}

fn in_directories(office: &Office, visitor: &Visitor, language: Language) -> Markup {
    html! {
        h2 { (words::IN_DIRECTORIES.of(language)) }
        @if office.relay.directories().is_empty() {
            p { (words::NO_DIRECTORIES.of(language)) }
        } @else {
            p { (words::DIRECTORIES_INTRO.of(language)) }
            form.fields method="post" action="/correspondants/chercher" {
                input type="hidden" name="mot" value=(visitor.session.form);
                label for="adresse" { (words::FIND_ADDRESS.of(language)) }
                input id="adresse" name="adresse" type="text" inputmode="email" required autocomplete="off";
                label for="nom" { (words::FIND_NAME.of(language)) }
                input id="nom" name="nom" type="text" autocomplete="off";
                button { (words::SEARCH.of(language)) }
            }
        }
    }
}

/// What the directories answered, each answer with where it is from.
fn found(address: &Address, found: &FoundFor, language: Language) -> Markup {
    let nothing = found.rows.is_empty() && found.people.is_empty();
    html! {
        section.summary role="status" {
            h2 { (words::FOUND.of(language)) (language.colon()) (address) }
            @if nothing && found.away.is_empty() { p { (words::NOTHING_FOUND.of(language)) } }
            @if !found.rows.is_empty() { (certificate::table(&found.rows, language, |row| bind_link(address, row, language))) }
            @for (person, rows) in &found.people {
                h3 { (words::PERHAPS.of(language)) (language.colon()) (person.name) " (" (person.directory) ")" }
                @if !person.addresses.is_empty() { p { (person.addresses.join(", ")) } }
                (certificate::table(rows, language, |row| bind_link(address, row, language)))
            }
            @for away in &found.away { (told(away, language)) }
        }
    }
}

/// Where nothing in the certificate says whose address it is, its owner may.
fn bind_link(address: &Address, row: &Row, language: Language) -> Markup {
    if !row.certificate.emails().is_empty() || row.candidate.is_confirmed() {
        return html! { (row.addresses) };
    }
    html! { a href=(super::colleague::bind_place(address.as_str(), &row.certificate)) { (words::BIND_TO.of(language)) } }
}

fn in_a_line(certificate: &Certificate) -> Markup {
    let place = format!("/correspondants?q={}", quoted(&Fingerprint::of(certificate.der()).to_string()));
    html! { a href=(place) { (certificate.holder()) } " " (certificate.emails().join(", ")) }
}
