//! The diagnosis, begun by a button: it asks servers.

use super::visit::Plain;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::desktop::diagnosis::{Finding, Patient, Standing, bundle, diagnose};
use crate::relay::clock;
use crate::store::journal;
use crate::text::dashboard::Language;
use crate::text::diagnosis as words;
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

type OurForm = Result<Form<Plain>, FormRejection>;

pub(in super::super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Html<String> {
    shown(&office, &visitor, &[])
}

pub(in super::super) async fn begin(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: OurForm) -> Response {
    match form {
        Ok(Form(plain)) if visitor.has_written(&plain.mot) => shown(&office, &visitor, &office.diagnosed().await).into_response(),
        _ => page::form_refused(office.language_of(&visitor)),
    }
}

/// The bundle for support, as a file.
pub(in super::super) async fn hand_out(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: OurForm,
) -> Response {
    if !form.is_ok_and(|Form(plain)| visitor.has_written(&plain.mot)) {
        return page::form_refused(office.language_of(&visitor));
    }
    let found = office.diagnosed().await;
    // Without a journal there is nothing to count.
    let counts = tokio::task::block_in_place(|| journal::counted(&office.home)).unwrap_or_default();
    let fields = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"souspli-diagnostic.json\""),
    ];
    (fields, bundle(&found, &counts, clock())).into_response()
}

impl Office {
    async fn diagnosed(&self) -> Vec<Finding> {
        let patient = Patient {
            relay: &self.relay,
            config: &self.config,
            home: &self.home,
            upstreams: &*self.upstreams,
        };
        diagnose(&patient).await
    }
}

fn shown(office: &Office, visitor: &Visitor, found: &[Finding]) -> Html<String> {
    let language = office.language_of(visitor);
    let body = html! {
        p { (words::INTRO.of(language)) }
        (form(visitor, "/diagnostic", &html! { button { (words::BEGIN.of(language)) } }))
        @if !found.is_empty() {
            div role="status" { (findings(found, language)) }
            p { (words::BUNDLE_INTRO.of(language)) }
            (form(visitor, "/diagnostic/dossier", &html! { button.plain { (words::BUNDLE.of(language)) } }))
        }
    };
    office
        .page(visitor, "/diagnostic", words::TITLE, office.config.trust.environment)
        .with(&body)
}

/// Each with its mend.
pub(super) fn findings(found: &[Finding], language: Language) -> Markup {
    html! { @if !found.is_empty() { ul.findings { @for finding in found { (item(finding, language)) } } } }
}

pub(super) fn item(finding: &Finding, language: Language) -> Markup {
    let (class, standing) = match finding.standing {
        Standing::Good => ("good", words::GOOD),
        Standing::Warning => ("warn", words::WARNING),
        Standing::Bad => ("bad", words::BAD),
    };
    html! {
        li.finding.(class) {
            p { strong { (finding.about.of(language)) (language.colon()) (standing.of(language)) } }
            @if !finding.which.is_empty() { p.place { (finding.which) } }
            @if let Some(why) = &finding.why { (told(why, language)) }
        }
    }
}
