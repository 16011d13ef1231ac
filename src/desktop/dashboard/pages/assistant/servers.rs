//! The provider's servers, found or typed, and tried before anything stands on them.

use super::{Sent, Standing, Written, go_to, ours, shown_for, whose};
use crate::base::Secret;
use crate::desktop::assistant::discover::Source;
use crate::desktop::assistant::{Draft, Place, Step, attempt, take_up};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::desktop::dashboard::pages::diagnosis::findings;
use crate::desktop::diagnosis::{Finding, Standing as Good};
use crate::text::dashboard::{Language, Words};
use crate::text::{Explain, Explanation, assistant as words, beginning};
use axum::Extension;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The fields, as they were typed.
#[derive(Deserialize, Default)]
pub(super) struct Typed {
    #[serde(default)]
    mot: String,
    #[serde(default)]
    adresse: String,
    envoi: String,
    envoi_port: String,
    envoi_tls: String,
    reception: String,
    reception_port: String,
    reception_tls: String,
    identifiant: String,
    #[serde(default)]
    passe: Zeroizing<String>,
    #[serde(default)]
    defi: String,
    #[serde(default)]
    preuve: String,
    #[serde(default)]
    mssante: Option<String>,
}

impl Written for Typed {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// A proposal by its place in the list.
#[derive(Deserialize)]
pub(super) struct Chosen {
    mot: String,
    #[serde(default)]
    adresse: String,
    numero: usize,
}

impl Written for Chosen {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// What was tried, and what hindered it.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    why: Option<Explanation>,
}

impl Outcome {
    fn is_good(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.standing == Good::Good)
    }
}

pub(super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Response {
    let standing = office.standing();
    if standing.step < Step::Servers {
        return go_to(standing.step);
    }
    let typed = Typed::of(&standing.draft);
    shown(&office, &visitor, &standing, &typed, &Outcome::default()).into_response()
}

pub(super) async fn attempt(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Typed>) -> Response {
    let language = office.language_of(&visitor);
    let Some(typed) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    if !office.was_asked(&visitor, &typed.defi, &typed.preuve) {
        return page::not_proven(language);
    }
    let standing = office.standing();
    if shown_for(&standing.draft, &typed.adresse).is_err() {
        return page::shown_otherwise(language);
    }
    let outcome = tried(&office, &standing.draft, &typed).await.unwrap_or_else(|why| Outcome {
        why: Some(why),
        findings: Vec::new(),
    });
    shown(&office, &visitor, &office.standing(), &typed, &outcome).into_response()
}

/// Another one of the proposals.
pub(super) async fn choose(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Chosen>) -> Response {
    let language = office.language_of(&visitor);
    let Some(chosen) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    let standing = office.standing();
    if shown_for(&standing.draft, &chosen.adresse).is_err() {
        return page::shown_otherwise(language);
    }
    let offer = office.lasting.assistant.offers().into_iter().nth(chosen.numero);
    match offer.filter(|_| standing.step >= Step::Servers && standing.step < Step::Program) {
        Some(offer) => office.changed(|draft| offer.put_into(draft), language),
        None => go_to(standing.step),
    }
}

async fn tried(office: &Office, draft: &Draft, typed: &Typed) -> Result<Outcome, Explanation> {
    let mut draft = typed.over(draft).ok_or_else(words::servers_wanting)?;
    let account = take_up::account(&draft)?;
    let password = Some(&typed.passe).filter(|typed| !typed.is_empty());
    let password = password.map(|typed| Secret::from(typed.as_str()));
    let findings = attempt::attempt(&*office.upstreams, &account, password.as_ref()).await;
    let outcome = Outcome { findings, why: None };
    draft.is_tried = outcome.is_good();
    let mut is_still_it = false;
    // Servers take their time; another account may have been begun meanwhile.
    let kept = office.lasting.assistant.change(|kept| {
        is_still_it = kept.address == draft.address;
        if is_still_it {
            *kept = draft;
        }
    });
    kept.map_err(|e| e.explain())?;
    is_still_it.then_some(outcome).ok_or_else(beginning::shown_otherwise)
}

impl Typed {
    fn of(draft: &Draft) -> Self {
        let text = |place: &Option<Place>, usual: &str| match place {
            Some(place) => (place.host.clone(), place.port.to_string(), tls(place.implicit)),
            None => (String::new(), usual.to_owned(), "implicit".to_owned()),
        };
        let (envoi, envoi_port, envoi_tls) = text(&draft.smtp, "465");
        let (reception, reception_port, reception_tls) = text(&draft.imap, "993");
        Self {
            envoi,
            envoi_port,
            envoi_tls,
            reception,
            reception_port,
            reception_tls,
            identifiant: draft.login.clone(),
            mssante: draft.is_mssante.then(String::new),
            ..Self::default()
        }
    }

    fn over(&self, draft: &Draft) -> Option<Draft> {
        let login = self.identifiant.trim();
        let smtp = Place::typed(&self.envoi, &self.envoi_port, self.envoi_tls != "starttls")?;
        let imap = Place::typed(&self.reception, &self.reception_port, self.reception_tls != "starttls")?;
        let is_same = (draft.smtp.as_ref(), draft.imap.as_ref()) == (Some(&smtp), Some(&imap));
        Some(Draft {
            smtp: Some(smtp),
            imap: Some(imap),
            source: draft.source.clone().filter(|_| is_same),
            login: if login.is_empty() {
                draft.address.clone()
            } else {
                login.to_owned()
            },
            is_mssante: self.mssante.is_some(),
            ..draft.clone()
        })
    }
}

fn tls(implicit: bool) -> String {
    if implicit { "implicit" } else { "starttls" }.to_owned()
}

fn shown(office: &Office, visitor: &Visitor, standing: &Standing, typed: &Typed, outcome: &Outcome) -> Html<String> {
    let language = office.language_of(visitor);
    let body = html! {
        p { (words::SERVERS_INTRO.of(language)) }
        (proposals(office, visitor, standing, language))
        @if let Some(why) = &outcome.why { div role="alert" { (told(why, language)) } }
        @if let Some(draft) = typed.over(&standing.draft) { (foreign(&draft, language)) }
        div role="status" { (findings(&outcome.findings, language)) }
        @if outcome.is_good() { p { a.button href="/assistant" { (words::CONTINUE.of(language)) } } }
        div.fields { (form(visitor, super::path(Step::Servers), &html! { (whose(&standing.draft)) (fields(typed, language)) })) }
        (page::proven_first(language))
    };
    office.step(visitor, standing, Step::Servers, &body)
}

/// From where each comes; nothing of it is a decision.
fn proposals(office: &Office, visitor: &Visitor, standing: &Standing, language: Language) -> Markup {
    let draft = &standing.draft;
    let Some(address) = draft.parsed_address() else { return html! {} };
    let offers = office.lasting.assistant.offers();
    html! {
        @if offers.is_empty() { p { (words::NOTHING_FOUND.of(language)) } }
        @for (number, offer) in offers.iter().enumerate() {
            @let is_taken = (draft.imap.as_ref(), draft.smtp.as_ref()) == (Some(&offer.imap), Some(&offer.smtp));
            section.account {
                p { (source(&offer.source, address.domain().as_str(), language)) }
                p.place { (place(&offer.imap)) ", " (place(&offer.smtp)) }
                (strange(&offer.strangers(&address), language))
                @if !is_taken {
                    (form(visitor, "/assistant/proposition", &html! {
                        (whose(draft))
                        input type="hidden" name="numero" value=(number);
                        button.plain { (words::TAKE_PROPOSAL.of(language)) }
                    }))
                }
            }
        }
    }
}

/// Servers that are not of the address's domain, wherever these are shown; with who has said them.
pub(super) fn foreign(draft: &Draft, language: Language) -> Markup {
    let strangers = draft.strangers();
    let domain = draft.parsed_address().map(|address| address.domain().as_str().to_owned());
    html! {
        @if !strangers.is_empty() {
            (strange(&strangers, language))
            @if let Some(by) = &draft.source { p.note { (source(by, domain.as_deref().unwrap_or_default(), language)) } }
        }
    }
}

fn strange(strangers: &[&str], language: Language) -> Markup {
    html! {
        @if !strangers.is_empty() {
            p.note { (words::STRANGERS.of(language)) (language.colon()) (strangers.join(", ")) }
        }
    }
}

fn source(source: &Source, domain: &str, language: Language) -> Markup {
    html! {
        @match source {
            Source::Machine => { (words::FIXED.of(language)) "." }
            Source::Known => { (words::SOURCE_KNOWN.of(language)) }
            Source::Published(host) => { (words::SOURCE_PUBLISHED.of(language)) " " (host) "." }
            Source::Dns => { (words::SOURCE_DNS.of(language)) " (" (domain) ")." }
            Source::Exchange(host) => { (words::SOURCE_EXCHANGE.of(language)) " (" (host) ")." }
        }
    }
}

fn place(place: &Place) -> String {
    let tls = if place.implicit { "SSL/TLS" } else { "STARTTLS" };
    format!("{}:{} ({tls})", place.host, place.port)
}

fn fields(typed: &Typed, language: Language) -> Markup {
    html! {
        (server("reception", words::IMAP_HOST, [&typed.reception, &typed.reception_port, &typed.reception_tls], language))
        (server("envoi", words::SMTP_HOST, [&typed.envoi, &typed.envoi_port, &typed.envoi_tls], language))
        label for="identifiant" { (words::LOGIN.of(language)) }
        input id="identifiant" name="identifiant" type="text" autocomplete="username" value=(typed.identifiant);
        label for="passe" { (words::PASSWORD.of(language)) }
        input id="passe" name="passe" type="password" autocomplete="new-password" aria-describedby="passe-note";
        p.note id="passe-note" { (words::PASSWORD_HINT.of(language)) }
        p.choice {
            input id="mssante" name="mssante" type="checkbox" value="oui" checked[typed.mssante.is_some()];
            label for="mssante" { (words::IS_MSSANTE.of(language)) }
        }
        (page::proven_button(words::TRY, language))
    }
}

fn server(name: &str, label: Words, [host, port, tls]: [&str; 3], language: Language) -> Markup {
    let (port_name, tls_name) = (format!("{name}_port"), format!("{name}_tls"));
    html! {
        fieldset.server {
            legend { (label.of(language)) }
            div {
                label for=(name) { (words::SERVER.of(language)) }
                input id=(name) name=(name) type="text" required autocomplete="off" spellcheck="false" value=(host);
            }
            div.port {
                label for=(port_name) { (words::PORT.of(language)) }
                input id=(port_name) name=(port_name) type="text" inputmode="numeric" required value=(port);
            }
            div {
                label for=(tls_name) { (words::SECURITY.of(language)) }
                select id=(tls_name) name=(tls_name) {
                    option value="implicit" selected[tls != "starttls"] { (words::IMPLICIT.of(language)) }
                    option value="starttls" selected[tls == "starttls"] { (words::STARTTLS.of(language)) }
                }
            }
        }
    }
}
