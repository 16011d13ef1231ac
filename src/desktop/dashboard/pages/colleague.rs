//! One certificate of a correspondent: what it says, and what its reader can do with it, each in a second step.

use super::certificate::{details, field, source, standing};
use crate::base::Address;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form as our_form, quoted, told};
use crate::pki::Certificate;
use crate::relay::book::Row;
use crate::store::Fingerprint;
use crate::text::dashboard::{Language, Words};
use crate::text::{Explanation, colleagues as words, command, keys};
use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Which certificate, by its whole fingerprint, and for whom.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Named {
    mot: String,
    adresse: String,
    empreinte: String,
    sur: String,
}

type Asked = Result<Query<Named>, QueryRejection>;
type OurForm = Result<Form<Named>, FormRejection>;

/// The page that asks whether a certificate is an address's.
pub(super) fn bind_place(address: &str, certificate: &Certificate) -> String {
    let fingerprint = Fingerprint::of(certificate.der());
    format!("/correspondants/lier?adresse={}&empreinte={fingerprint}", quoted(address))
}

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, asked: Asked) -> Response {
    let named = asked.map(|Query(named)| named).unwrap_or_default();
    let language = office.language_of(&visitor);
    let rows = match office.rows_named(&named.empreinte) {
        Ok(rows) => rows,
        Err(why) => return refused(&office, &visitor, &why),
    };
    let Some(certificate) = rows.first().map(|row| &row.certificate) else {
        return refused(&office, &visitor, &keys::no_such_certificate(&named.empreinte));
    };
    let body = html! {
        (details(certificate, language))
        @for row in &rows { (of_row(row, language)) }
        @if certificate.emails().is_empty() { (address_asked(certificate, language)) }
        h2 { (words::REMOVE.of(language)) }
        p { (words::REMOVE_MEANS.of(language)) }
        (our_form(&visitor, "/correspondants/supprimer", &html! {
            input type="hidden" name="empreinte" value=(Fingerprint::of(certificate.der()));
            button.plain { (words::REMOVE.of(language)) }
        }))
        (back(language))
    };
    office.with_colleagues(&visitor, words::CERTIFICATE, &body).into_response()
}

/// The first step of binding: who it is.
pub(in super::super) async fn ask(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, asked: Asked) -> Response {
    let named = asked.map(|Query(named)| named).unwrap_or_default();
    to_bind(&office, &visitor, &named, &html! {})
}

/// The second: its owner has looked, and says so.
pub(in super::super) async fn bind(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: OurForm) -> Response {
    let language = office.language_of(&visitor);
    let Some(Form(named)) = form.ok().filter(|Form(named)| visitor.has_written(&named.mot)) else {
        return page::form_refused(language);
    };
    if named.sur != "oui" {
        let answer = html! { p.bad role="alert" { (words::BIND_NOT_SURE.of(language)) } };
        return to_bind(&office, &visitor, &named, &answer);
    }
    let bound = named.read().and_then(|(address, fingerprint)| {
        tokio::task::block_in_place(|| office.relay.confirm(&office.imported(), &address, &fingerprint))
    });
    match bound {
        Ok(_) => (StatusCode::SEE_OTHER, [(LOCATION, "/correspondants?fait=lie")]).into_response(),
        Err(why) => refused(&office, &visitor, &why),
    }
}

pub(in super::super) async fn remove(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: OurForm) -> Response {
    let Some(Form(named)) = form.ok().filter(|Form(named)| visitor.has_written(&named.mot)) else {
        return page::form_refused(office.language_of(&visitor));
    };
    let removed = named
        .fingerprint()
        .and_then(|fingerprint| tokio::task::block_in_place(|| office.relay.remove(&office.imported(), &fingerprint)));
    match removed {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/correspondants?fait=supprime")]).into_response(),
        Err(why) => refused(&office, &visitor, &why),
    }
}

impl Named {
    /// The whole of it: what is confirmed is what was shown.
    fn fingerprint(&self) -> Result<String, Explanation> {
        let whole = Fingerprint::parse(&self.empreinte).map(|whole| whole.to_string());
        whole.ok_or_else(|| keys::no_such_certificate(&self.empreinte))
    }

    fn read(&self) -> Result<(Address, String), Explanation> {
        let address = Address::parse(self.adresse.trim()).map_err(|_| command::not_an_address(self.adresse.trim()))?;
        Ok((address, self.fingerprint()?))
    }
}

impl Office {
    fn rows_named(&self, fingerprint: &str) -> Result<Vec<Row>, Explanation> {
        let Some(wanted) = Fingerprint::parse(fingerprint) else {
            return Ok(Vec::new());
        };
        let mut rows = self.book()?;
        rows.retain(|row| Fingerprint::of(row.certificate.der()) == wanted);
        Ok(rows)
    }

    fn with_colleagues(&self, visitor: &Visitor, title: Words, body: &Markup) -> Response {
        let realm = self.config.trust.environment;
        self.page(visitor, "/correspondants", title, realm).with(body).into_response()
    }
}

fn to_bind(office: &Office, visitor: &Visitor, named: &Named, answer: &Markup) -> Response {
    let language = office.language_of(visitor);
    let found = named.read().and_then(|(address, fingerprint)| {
        let row = tokio::task::block_in_place(|| office.relay.to_confirm(&office.imported(), &address, &fingerprint));
        Ok((address, row?))
    });
    let (address, row) = match found {
        Ok(found) => found,
        Err(why) => return refused(office, visitor, &why),
    };
    let body = html! {
        (answer)
        p.large { (words::FIND_ADDRESS.of(language)) (language.colon()) strong { (address) } }
        (details(&row.certificate, language))
        (standing(&row, language))
        p { (words::BIND_MEANS.of(language)) }
        (our_form(visitor, "/correspondants/lier", &html! {
            input type="hidden" name="adresse" value=(address);
            input type="hidden" name="empreinte" value=(Fingerprint::of(row.certificate.der()));
            p { label.tick { input type="checkbox" name="sur" value="oui" required; " " (words::BIND_SURE.of(language)) } }
            button { (words::BIND_NOW.of(language)) }
        }))
        (back(language))
    };
    office.with_colleagues(visitor, words::BIND, &body)
}

fn of_row(row: &Row, language: Language) -> Markup {
    html! {
        section.account {
            dl.details {
                @if !row.addresses.is_empty() { (field(words::FOR.of(language), &html! { (row.addresses) })) }
                (field(words::SOURCE.of(language), &html! {
                    (source(&row.candidate.source, language))
                    @if let Some(at) = row.candidate.as_of { ", " (words::seen(at).of(language)) }
                }))
            }
            (standing(row, language))
        }
    }
}

fn address_asked(certificate: &Certificate, language: Language) -> Markup {
    html! {
        form.fields method="get" action="/correspondants/lier" {
            label for="adresse" { (words::BIND_ADDRESS.of(language)) }
            input id="adresse" name="adresse" type="text" inputmode="email" required autocomplete="off";
            input type="hidden" name="empreinte" value=(Fingerprint::of(certificate.der()));
            button { (words::GO_ON.of(language)) }
        }
    }
}

fn refused(office: &Office, visitor: &Visitor, why: &Explanation) -> Response {
    let language = office.language_of(visitor);
    let body = html! { section.summary.bad role="alert" { (told(why, language)) } (back(language)) };
    let shown = office.with_colleagues(visitor, words::CERTIFICATE, &body);
    (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response()
}

fn back(language: Language) -> Markup {
    html! { p { a href="/correspondants" { (words::BACK.of(language)) } } }
}
