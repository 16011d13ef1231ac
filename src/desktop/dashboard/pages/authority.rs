//! One authority: what it says of itself; added in two steps, removed where its user has added it.

use super::certificate::{details, field};
use super::lists::rules;
use super::upload::{self, Form as FilesForm, Uploaded};
use crate::base::Realm;
use crate::base::limits::{DASHBOARD_AUTHORITIES_MAX, DASHBOARD_CERTIFICATES_MAX};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form as our_form, told};
use crate::pki::authority::{Authority, Origin, Profile};
use crate::pki::{Certificate, certificates_in};
use crate::relay::authorities::Authorities;
use crate::relay::{book, trusting};
use crate::store::Fingerprint;
use crate::text::dashboard::{LISTS, Language};
use crate::text::{Explain, Explanation, keys, trusting as words};
use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Which authority.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Named {
    mot: String,
    empreinte: String,
}

/// What the second step brings back: the certificates themselves, as they were shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Meant {
    mot: String,
    certificats: String,
    regles: String,
    essai: String,
    sur: String,
}

/// Authorities that somebody wants to add.
struct New {
    certificates: Vec<Certificate>,
    profile: Profile,
    realm: Realm,
}

/// The first step of adding.
pub(super) fn form(visitor: &Visitor, language: Language) -> Markup {
    html! {
        form.fields method="post" action="/autorites/lire" enctype="multipart/form-data" {
            input type="hidden" name="mot" value=(visitor.session.form);
            label for="fichier" { (words::FILE.of(language)) }
            input id="fichier" name="fichier" type="file" required accept=".cer,.crt,.der,.pem,.p7c,.p7b";
            label for="regles" { (words::WHICH_RULES.of(language)) }
            select id="regles" name="regles" {
                @for profile in Profile::ALL { option value=(profile.as_str()) { (rules(profile).of(language)) } }
            }
            p { label.tick { input type="checkbox" name="essai" value="oui"; " " (words::TRIAL.of(language)) } }
            button { (words::GO_ON.of(language)) }
        }
    }
}

pub(in super::super) async fn show(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Named>, QueryRejection>,
) -> Response {
    let named = asked.map(|Query(named)| named).unwrap_or_default();
    let language = office.language_of(&visitor);
    let authority = match tokio::task::block_in_place(|| office.authority(&named.empreinte)) {
        Ok(authority) => authority,
        Err(why) => return refused(&office, &visitor, &why),
    };
    let body = html! {
        (details(&authority.certificate, language))
        dl.details { (field(words::RULES.of(language), &html! { (rules(authority.profile).of(language)) })) }
        @if authority.origin == Origin::User {
            p { (words::REMOVE_MEANS.of(language)) }
            (our_form(&visitor, "/autorites/supprimer", &html! {
                input type="hidden" name="empreinte" value=(Fingerprint::of(authority.certificate.der()));
                button.plain { (words::REMOVE.of(language)) }
            }))
        } @else { p { (words::NOT_YOURS.of(language)) } }
        (back(language))
    };
    office.with_authorities(&visitor, &body)
}

/// What was uploaded is shown; nothing is kept of it but in the page.
pub(in super::super) async fn read(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: FilesForm) -> Response {
    let form = match upload::ours(form, &visitor).await {
        Ok(form) => form,
        Err(unread) => return unread.page(DASHBOARD_CERTIFICATES_MAX, office.language_of(&visitor)),
    };
    match New::uploaded(&form) {
        Ok(new) => to_add(&office, &visitor, &new, &html! {}),
        Err(why) => refused(&office, &visitor, &why),
    }
}

/// The second step: its user has compared, and says so.
pub(in super::super) async fn add(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Meant>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    let Some(Form(meant)) = form.ok().filter(|Form(meant)| visitor.has_written(&meant.mot)) else {
        return page::form_refused(language);
    };
    let new = match New::of(certificates_in(meant.certificats.as_bytes()), &meant.regles, &meant.essai) {
        Ok(new) => new,
        Err(why) => return refused(&office, &visitor, &why),
    };
    if meant.sur != "oui" {
        let answer = html! { p.bad role="alert" { (words::NOT_SURE.of(language)) } };
        return to_add(&office, &visitor, &new, &answer);
    }
    let mut all = new.certificates.iter();
    let added = tokio::task::block_in_place(|| all.try_for_each(|one| trusting::add(&office.home, one, new.realm, new.profile)));
    match added {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/listes?fait=ajoutee")]).into_response(),
        Err(error) => refused(&office, &visitor, &error.explain()),
    }
}

pub(in super::super) async fn remove(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Named>, FormRejection>,
) -> Response {
    let Some(Form(named)) = form.ok().filter(|Form(named)| visitor.has_written(&named.mot)) else {
        return page::form_refused(office.language_of(&visitor));
    };
    match tokio::task::block_in_place(|| trusting::remove(&office.home, &named.empreinte)) {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/listes?fait=supprimee")]).into_response(),
        Err(why) => refused(&office, &visitor, &why),
    }
}

impl New {
    fn uploaded(form: &Uploaded) -> Result<Self, Explanation> {
        let name = form.files.first().map_or("?", |file| file.name.as_str());
        let octets = form.files.first().map(|file| file.octets.as_slice()).unwrap_or_default();
        let certificates = book::certificates_of(octets);
        if certificates.is_empty() {
            return Err(keys::no_certificate_in_file(name));
        }
        Self::of(certificates, &form.text("regles"), &form.text("essai"))
    }

    /// Authorities only, and no more than somebody looks at.
    fn of(certificates: Vec<Certificate>, rules: &str, trial: &str) -> Result<Self, Explanation> {
        if certificates.is_empty() {
            return Err(keys::no_certificate_in_file("?"));
        }
        if certificates.len() > DASHBOARD_AUTHORITIES_MAX {
            return Err(words::too_many(DASHBOARD_AUTHORITIES_MAX));
        }
        if let Some(other) = certificates.iter().find(|one| !one.is_ca()) {
            return Err(words::is_no_authority(&other.holder()));
        }
        Ok(Self {
            certificates,
            profile: Profile::parse(rules).unwrap_or_default(),
            realm: if trial == "oui" { Realm::Test } else { Realm::Production },
        })
    }

    /// As [`certificates_in`] reads them (RFC 7468).
    fn pem(&self) -> String {
        let one = |certificate: &Certificate| {
            let body = base64_simd::STANDARD.encode_to_string(certificate.der());
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        };
        self.certificates.iter().map(one).collect()
    }
}

impl Office {
    fn authority(&self, fingerprint: &str) -> Result<Authority, Explanation> {
        let unknown = || keys::no_such_certificate(fingerprint);
        let wanted = Fingerprint::parse(fingerprint).ok_or_else(unknown)?;
        let known = Authorities::of(&self.home, self.config.trust.environment).list();
        let mut all = known.map_err(|error| error.explain())?.authorities.into_iter();
        all.find(|one| Fingerprint::of(one.certificate.der()) == wanted).ok_or_else(unknown)
    }

    fn with_authorities(&self, visitor: &Visitor, body: &Markup) -> Response {
        let realm = self.config.trust.environment;
        self.page(visitor, "/listes", LISTS, realm).with(body).into_response()
    }
}

fn to_add(office: &Office, visitor: &Visitor, new: &New, answer: &Markup) -> Response {
    let language = office.language_of(visitor);
    let body = html! {
        (answer)
        h2 { (words::ADD.of(language)) }
        @for certificate in &new.certificates { section.account { (details(certificate, language)) } }
        p { (words::WHICH_RULES.of(language)) (language.colon()) (rules(new.profile).of(language)) @if new.realm == Realm::Test { ", TEST" } }
        section.summary.warn { p { (words::ADD_MEANS.of(language)) } }
        (our_form(visitor, "/autorites/ajouter", &html! {
            input type="hidden" name="certificats" value=(new.pem());
            input type="hidden" name="regles" value=(new.profile.as_str());
            @if new.realm == Realm::Test { input type="hidden" name="essai" value="oui"; }
            p { label.tick { input type="checkbox" name="sur" value="oui" required; " " (words::ADD_SURE.of(language)) } }
            button { (words::ADD_NOW.of(language)) }
        }))
        (back(language))
    };
    office.with_authorities(visitor, &body)
}

fn refused(office: &Office, visitor: &Visitor, why: &Explanation) -> Response {
    let language = office.language_of(visitor);
    let body = html! { section.summary.bad role="alert" { (told(why, language)) } (back(language)) };
    (StatusCode::UNPROCESSABLE_ENTITY, office.with_authorities(visitor, &body)).into_response()
}

fn back(language: Language) -> Markup {
    html! { p { a href="/listes" { (words::BACK.of(language)) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::authority::bundle;

    #[test]
    fn no_more_than_somebody_looks_at_and_what_was_shown_is_what_comes_back() {
        let root = bundle::built_in()[0].authorities[0].certificate.clone();
        let of = |count: usize| New::of(vec![root.clone(); count], "igc-sante", "oui");
        let code = |found: Result<New, Explanation>| found.err().map(|why| why.code);
        assert_eq!(code(of(0)), Some("SP-NO-CERTIFICATE-IN-FILE"));
        assert_eq!(code(of(DASHBOARD_AUTHORITIES_MAX + 1)), Some("SP-TOO-MANY-AUTHORITIES"));
        let new = of(1).ok().unwrap();
        assert_eq!((new.profile, new.realm), (Profile::IgcSante, Realm::Test));
        assert_eq!(certificates_in(new.pem().as_bytes()), [root]);
    }
}
