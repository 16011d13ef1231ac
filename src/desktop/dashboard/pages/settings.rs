//! What is configured, by whom, and the few settings that a click may change.

use crate::config::Config;
use crate::config::setting::{Change, Kind, SETTINGS, Setting};
use crate::desktop::changing::{Standing, change};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, told};
use crate::text::dashboard::Language;
use crate::text::{Explanation, settings as words};
use axum::Extension;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What was done.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Asked {
    fait: String,
}

/// Which setting, and what it is to say.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Wanted {
    mot: String,
    reglage: String,
    valeur: String,
}

pub(in super::super) async fn show(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Html<String> {
    let language = office.language_of(&visitor);
    let is_done = asked.is_ok_and(|Query(asked)| asked.fait == "oui");
    let answer = html! { @if is_done { (outcome(&office, language)) } };
    shown(&office, &visitor, &answer)
}

pub(in super::super) async fn set(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Form<Wanted>, FormRejection>,
) -> Response {
    let language = office.language_of(&visitor);
    let Some(Form(wanted)) = form.ok().filter(|Form(wanted)| visitor.has_written(&wanted.mot)) else {
        return page::form_refused(language);
    };
    match tokio::task::block_in_place(|| office.set(&wanted)) {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/reglages?fait=oui")]).into_response(),
        Err(why) => {
            let answer = html! { section.summary.bad role="alert" { (told(&why, language)) } };
            (StatusCode::UNPROCESSABLE_ENTITY, shown(&office, &visitor, &answer)).into_response()
        }
    }
}

impl Office {
    fn set(&self, wanted: &Wanted) -> Result<(), Explanation> {
        let setting = Setting::named(&wanted.reglage).ok_or_else(|| words::not_here(&wanted.reglage))?;
        let _turn = self.settings.lock();
        let taken_up = change(&self.home, self.lasting.places(), setting, &wanted.valeur)?;
        // What is in force already ends nobody's connection.
        if taken_up.is_change() || setting.said(&self.config) != wanted.valeur {
            self.lasting.begin_again(taken_up);
        }
        Ok(())
    }
}

/// Whether the relay has begun again with what was written.
fn outcome(office: &Office, language: Language) -> Markup {
    match office.lasting.setback() {
        None => html! { section.summary.good role="status" { p { (words::DONE.of(language)) } } },
        Some(setback) => html! { section.summary.bad role="alert" { (told(&setback.what, language)) p.place { (setback.why) } } },
    }
}

fn shown(office: &Office, visitor: &Visitor, answer: &Markup) -> Html<String> {
    let language = office.language_of(visitor);
    let standing = tokio::task::block_in_place(|| Standing::now(office.lasting.places()));
    let body = html! {
        p { (words::INTRO.of(language)) }
        (answer)
        @match &standing {
            Err(why) => { section.summary.bad role="alert" { (told(why, language)) } },
            Ok(standing) => {
                p.place { (words::FILE.of(language)) (language.colon()) (standing.loaded.file.display()) }
                @for setting in SETTINGS { (one(office, visitor, setting, standing, language)) }
            },
        }
    };
    office
        .page(visitor, "/reglages", words::SETTINGS, office.config.trust.environment)
        .with(&body)
}

fn one(office: &Office, visitor: &Visitor, setting: &Setting, standing: &Standing, language: Language) -> Markup {
    let name = setting.name();
    let (title, meaning) = words::setting(&name);
    let said = setting.said(&standing.loaded.config);
    let is_ruled = standing.ruled.contains(&name);
    html! {
        section.account {
            h2.setting { (title.of(language)) " " span.code { (name) } }
            p { (meaning.of(language)) }
            @if is_ruled {
                p { strong { (word(setting, &said, language)) } " – " (words::BY_MACHINE.of(language)) }
            } @else { (value(visitor, setting, title.of(language), &said, language)) }
            @if is_pending(setting, &standing.loaded.config, &office.config) { p.bad { (words::AT_NEXT_START.of(language)) } }
        }
    }
}

fn is_pending(setting: &Setting, written: &Config, in_force: &Config) -> bool {
    setting.said(written) != setting.said(in_force)
}

/// What it says, with a form where a click may change it.
fn value(visitor: &Visitor, setting: &Setting, title: &str, said: &str, language: Language) -> Markup {
    let protects_less = matches!(setting.change, Change::OnlyTo(only) if only != said);
    let is_open = setting.change == Change::Free || protects_less;
    html! {
        @if !is_open {
            p { strong { (word(setting, said, language)) } " – " (words::IN_FILE_ONLY.of(language)) }
        } @else {
            form.filters method="post" action="/reglages" {
                input type="hidden" name="mot" value=(visitor.session.form);
                input type="hidden" name="reglage" value=(setting.name());
                (input(setting, title, said, language))
                button { (words::CHANGE.of(language)) }
                @if protects_less { span.bad { (words::LESS.of(language)) } }
            }
        }
    }
}

fn input(setting: &Setting, title: &str, said: &str, language: Language) -> Markup {
    let options = match setting.kind {
        Kind::Whole(least, most) => {
            return html! { input type="number" name="valeur" min=(least) max=(most) value=(said) required aria-label=(title); };
        }
        Kind::YesNo => &["true", "false"][..],
        Kind::OneOf(words) => words,
        Kind::Text => &[],
    };
    html! {
        select name="valeur" aria-label=(title) {
            @for option in options.iter().filter(|option| **option == said || setting.may_become(option)) {
                option value=(option) selected[*option == said] { (word(setting, option, language)) }
            }
        }
    }
}

/// As people say it; what has no words is as the file says it.
fn word<'w>(setting: &Setting, said: &'w str, language: Language) -> &'w str {
    match (setting.kind, said) {
        (Kind::YesNo, "true") => words::YES.of(language),
        (Kind::YesNo, _) => words::NO.of(language),
        _ => words::choice(&setting.name(), said).map_or(said, |words| words.of(language)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_told_in_words() {
        for setting in SETTINGS {
            let Kind::OneOf(options) = setting.kind else { continue };
            for option in options {
                assert!(words::choice(&setting.name(), option).is_some(), "{} {option}", setting.name());
            }
        }
    }
}
