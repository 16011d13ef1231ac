//! The profiles of Thunderbird that have the account, each switched by a button and switched back by another.

use super::{Sent, Written, go_to, ours, shown_for};
use crate::config::Account;
use crate::desktop::assistant::Step;
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, form, told};
use crate::desktop::setup::{self, Profile, Standing, Switching, Told, isp, outlook};
use crate::text::Explanation;
use crate::text::dashboard::Language;
use crate::text::setup as words;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::block_in_place;

/// Which profile, and which way.
#[derive(Deserialize)]
pub(super) struct Chosen {
    mot: String,
    #[serde(default)]
    adresse: String,
    profil: String,
    #[serde(default)]
    remettre: Option<String>,
}

impl Written for Chosen {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// What was done, as the address of the page says it: it is shown again as often as it is asked for, and done once.
#[derive(Deserialize, Default)]
pub(super) struct Done {
    fait: Option<String>,
}

impl Done {
    fn at(undone: bool) -> Response {
        let said = if undone { "remis" } else { "passe" };
        (
            StatusCode::SEE_OTHER,
            [(LOCATION, format!("{}?fait={said}", super::path(Step::Program)))],
        )
            .into_response()
    }
}

pub(super) async fn switch(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Chosen>) -> Response {
    let language = office.language_of(&visitor);
    let Some(chosen) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    let standing = office.standing();
    if shown_for(&standing.draft, &chosen.adresse).is_err() {
        return page::shown_otherwise(language);
    }
    let Some(account) = office.account_in_service(&standing.draft) else {
        return go_to(standing.step);
    };
    match block_in_place(|| office.switched(account, &chosen)) {
        None => page::not_found(language),
        Some(Ok(())) => Done::at(chosen.remettre.is_some()),
        Some(Err(why)) => super::program::shown(&office, &visitor, &standing, &told(&why, language)).into_response(),
    }
}

/// The account as Thunderbird's own set-up reads it.
pub(super) async fn isp_file(State(office): State<Arc<Office>>) -> Response {
    office.handed_out("application/xml", "xml", |told| Some(isp::document(told)))
}

/// The account as classic Outlook imports it.
pub(super) async fn outlook_profile(State(office): State<Arc<Office>>) -> Response {
    office.handed_out("application/octet-stream", "prf", outlook::profile)
}

impl Office {
    fn handed_out(&self, kind: &'static str, ending: &str, write: impl FnOnce(&Told) -> Option<String>) -> Response {
        let standing = self.standing();
        let told = self.account_in_service(&standing.draft).and_then(|account| self.told(account));
        let Some(told) = told else { return go_to(Step::Address) };
        let Some(text) = write(&told) else { return go_to(Step::Program) };
        let fields = [
            (CONTENT_TYPE, kind.to_owned()),
            // A domain is letters, digits, dots and hyphens.
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}.{ending}\"", told.address.domain().as_str()),
            ),
        ];
        (fields, text).into_response()
    }

    /// What a mail program is told; `None`: it has no IMAP, or the doors are not open.
    fn told(&self, account: &Account) -> Option<Told> {
        account.imap.as_ref()?;
        let doors = self.lasting.doors();
        Some(Told {
            address: account.address.clone(),
            login: account.login.clone(),
            imap: *doors.get("imap")?,
            smtp: *doors.get("smtp")?,
            tls: self.config.listen.tls,
        })
    }

    /// `None`: no such profile is listed.
    fn switched(&self, account: &Account, chosen: &Chosen) -> Option<Result<(), Explanation>> {
        let told = self.told(account)?;
        let profile = setup::found().into_iter().find(|profile| name_of(profile) == chosen.profil)?;
        let switching = Switching {
            home: &self.home,
            profile: &profile,
            told: &told,
        };
        Some(match chosen.remettre {
            None => switching.switch(),
            Some(_) => switching.undo(),
        })
    }
}

/// The profiles that have the account, each with how it stands.
pub(super) fn profiles(office: &Office, visitor: &Visitor, account: &Account, language: Language) -> Markup {
    let Some(told) = office.told(account) else { return html! {} };
    let all = block_in_place(|| standings(office, &told));
    html! {
        h3 { (words::THUNDERBIRD.of(language)) }
        p { (words::THUNDERBIRD_INTRO.of(language)) }
        @if all.is_empty() { p { (words::NO_PROFILE.of(language)) } }
        @for seen in &all { (of_profile(visitor, &told, seen, language)) }
        p { a href="/assistant/isp.xml" { (words::ISP_FILE.of(language)) } }
    }
}

/// A profile and how it stands.
struct Seen {
    profile: Profile,
    standing: Result<Standing, Explanation>,
    copy: Option<PathBuf>,
}

fn standings(office: &Office, on: &Told) -> Vec<Seen> {
    let all = setup::found().into_iter().map(|profile| {
        let switching = Switching {
            home: &office.home,
            profile: &profile,
            told: on,
        };
        let (standing, copy) = (switching.standing(), switching.copy());
        Seen { profile, standing, copy }
    });
    all.filter(|seen| seen.standing != Ok(Standing::Absent)).collect()
}

fn of_profile(visitor: &Visitor, on: &Told, seen: &Seen, language: Language) -> Markup {
    let Seen { profile, standing, copy } = seen;
    let button = |undo: bool| {
        let fields = html! {
            input type="hidden" name="adresse" value=(on.address);
            input type="hidden" name="profil" value=(name_of(profile));
            @if undo { input type="hidden" name="remettre" value="oui"; }
            @if undo { button.plain { (words::UNDO.of(language)) } } @else { button { (words::SWITCH.of(language)) } }
        };
        form(visitor, "/assistant/thunderbird", &fields)
    };
    let line =
        |said: &str| html! { p { strong { (words::PROFILE.of(language)) " « " (profile.name) " »" } (language.colon()) (said) "." } };
    html! {
        section.account {
            @match standing {
                Err(why) => { (line("")) (told(why, language)) }
                Ok(Standing::Direct | Standing::Absent) => { (line(words::DIRECT.of(language))) (button(false)) }
                Ok(Standing::Half { ours }) => {
                    (line(words::HALF.of(language)))
                    p.bad { (words::HALF_MEANS.of(language)) }
                    (button(false))
                    @if *ours { (button(true)) }
                }
                Ok(Standing::Switched) => {
                    (line(words::SWITCHED.of(language)))
                    @if let Some(copy) = copy { p { (words::COPY.of(language)) (language.colon()) (copy.display()) } }
                    (button(true))
                }
                Ok(Standing::ByHand) => { (line(words::BY_HAND.of(language))) }
            }
        }
    }
}

/// What was done just now.
pub(super) fn done(done: &Done, language: Language) -> Markup {
    html! {
        @match done.fait.as_deref() {
            Some("passe") => {
                div role="status" {
                    p.good { strong { (words::SWITCHED_NOW.of(language)) } }
                    p { (words::AFTER_SWITCH.of(language)) }
                }
            }
            Some("remis") => { div role="status" { p.good { strong { (words::UNDONE.of(language)) } } } }
            _ => {}
        }
    }
}

/// What a form knows it by.
fn name_of(profile: &Profile) -> String {
    profile.folder.display().to_string()
}
