//! The key: from a file, from a card, or made here.

use super::{ForAccount, Sent, Standing, Written, go_to, ours, shown_for, whose};
use crate::base::limits::DASHBOARD_KEY_MAX;
use crate::base::{Address, Secret};
use crate::desktop::assistant::{Draft, Step};
use crate::desktop::dashboard::Office;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page::{self, day, form, told};
use crate::desktop::dashboard::pages::keys::standing as in_a_word;
use crate::desktop::dashboard::pages::upload::Unread;
use crate::desktop::dashboard::pages::visit::Plain;
use crate::desktop::own_keys::{self, Kept};
use crate::keys::card::situation::Situation;
use crate::relay::clock;
use crate::smime::port::PrivateKey;
use crate::store::{Fingerprint, KeysStore};
use crate::text::dashboard::{self, Language};
use crate::text::{Explanation, assistant as words, beginning};
use axum::Extension;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::block_in_place;

#[derive(Deserialize)]
pub(super) struct Chosen {
    mot: String,
    #[serde(default)]
    adresse: String,
    #[serde(default)]
    empreintes: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    mot: String,
    #[serde(default)]
    adresse: String,
    nom: String,
}

impl Written for Chosen {
    fn word(&self) -> &str {
        &self.mot
    }
}

impl Written for Asked {
    fn word(&self) -> &str {
        &self.mot
    }
}

/// What stands above the ways to a key.
#[derive(Default)]
struct Above {
    told: Vec<Explanation>,
    cards: Vec<Situation>,
}

pub(super) async fn show(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>) -> Response {
    let standing = office.standing();
    match standing.step < Step::Key {
        true => go_to(standing.step),
        false => shown(&office, &visitor, &standing, &Above::default()).into_response(),
    }
}

/// A PKCS#12 file and its password; neither is kept as it came.
pub(super) async fn import(
    State(office): State<Arc<Office>>,
    Extension(visitor): Extension<Visitor>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let upload = match form {
        Ok(form) => read(form).await,
        Err(_) => Err(Unread::NotOurs),
    };
    let upload = match upload {
        Ok(upload) if visitor.has_written(&upload.word) => upload,
        Ok(_) => return page::form_refused(office.language_of(&visitor)),
        Err(unread) => return unread.page(DASHBOARD_KEY_MAX, office.language_of(&visitor)),
    };
    let [question, proof] = &upload.asked;
    if !office.was_asked(&visitor, question, proof) {
        return page::not_proven(office.language_of(&visitor));
    }
    office.with_account(&visitor, &upload.address, |account| {
        own_keys::import(&office.home, &office.secrets, account, upload.file.expose(), &upload.password)
    })
}

pub(super) async fn look(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Plain>) -> Response {
    if ours(&visitor, form).is_none() {
        return page::form_refused(office.language_of(&visitor));
    }
    let above = match office.situations() {
        Ok((cards, told)) => Above { told, cards },
        Err(why) => Above {
            told: vec![why],
            cards: Vec::new(),
        },
    };
    shown(&office, &visitor, &office.standing(), &above).into_response()
}

pub(super) async fn take(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Chosen>) -> Response {
    let Some(chosen) = ours(&visitor, form) else {
        return page::form_refused(office.language_of(&visitor));
    };
    office.with_account(&visitor, &chosen.adresse, |account| {
        let (situations, _) = office.situations()?;
        let situation = situations.iter().find(|situation| prints(situation) == chosen.empreintes);
        let situation = situation.ok_or_else(beginning::shown_otherwise)?;
        own_keys::take_from_card(&office.home, &office.secrets, account, situation)
    })
}

/// The request is a file to be saved.
pub(super) async fn request(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<Asked>) -> Response {
    let language = office.language_of(&visitor);
    let Some(asked) = ours(&visitor, form) else {
        return page::form_refused(language);
    };
    let standing = office.standing();
    let Some(account) = standing.draft.parsed_address() else {
        return go_to(standing.step);
    };
    let made = shown_for(&standing.draft, &asked.adresse);
    let made = made.and_then(|()| block_in_place(|| own_keys::request(&office.home, &office.secrets, &account, &asked.nom)));
    match made {
        Ok(csr) => {
            let fields = [
                (CONTENT_TYPE, "application/pkcs10"),
                (CONTENT_DISPOSITION, "attachment; filename=\"souspli-demande.csr\""),
            ];
            (fields, csr).into_response()
        }
        Err(why) => {
            let above = Above {
                told: vec![why],
                cards: Vec::new(),
            };
            shown(&office, &visitor, &standing, &above).into_response()
        }
    }
}

pub(super) async fn later(State(office): State<Arc<Office>>, Extension(visitor): Extension<Visitor>, form: Sent<ForAccount>) -> Response {
    let language = office.language_of(&visitor);
    match ours(&visitor, form) {
        Some(seen) => office.changed_for(&seen.adresse, |draft| draft.key_later = true, language),
        None => page::form_refused(language),
    }
}

impl Office {
    /// Takes keys in for the account that is being set up, where the page was for that one, and shows what came of it.
    fn with_account(&self, visitor: &Visitor, whom: &str, take: impl FnOnce(&Address) -> Result<Vec<Kept>, Explanation>) -> Response {
        let standing = self.standing();
        let Some(account) = standing.draft.parsed_address() else {
            return go_to(standing.step);
        };
        let taken = shown_for(&standing.draft, whom).and_then(|()| block_in_place(|| take(&account)));
        let told = match taken {
            Ok(kept) => kept.into_iter().flat_map(|kept| kept.warnings).collect(),
            Err(why) => vec![why],
        };
        let above = Above { told, cards: Vec::new() };
        shown(self, visitor, &self.standing(), &above).into_response()
    }

    fn situations(&self) -> Result<(Vec<Situation>, Vec<Explanation>), Explanation> {
        block_in_place(|| {
            let cards = self.relay.cards();
            own_keys::situations(cards, &cards.look()?)
        })
    }

    fn awaits_certificate(&self, account: &Address) -> bool {
        let requested = KeysStore::requested(&self.home, self.secrets.clone());
        block_in_place(|| requested.list()).is_ok_and(|all| all.iter().any(|key| key.account == *account))
    }
}

/// The certificates of an activity: what its number was may be another one's when a card has come or gone.
fn prints(situation: &Situation) -> String {
    let prints = situation
        .keys
        .iter()
        .map(|key| Fingerprint::of(key.certificate().der()).to_string());
    prints.collect::<Vec<_>>().join(" ")
}

struct Upload {
    word: String,
    address: String,
    password: Secret,
    asked: [String; 2],
    file: Secret,
}

async fn read(mut form: Multipart) -> Result<Upload, Unread> {
    let text = |octets| String::from_utf8(octets).map_err(|_| Unread::NotOurs);
    let mut upload = Upload {
        word: String::new(),
        address: String::new(),
        password: Secret::new(Vec::new()),
        asked: Default::default(),
        file: Secret::new(Vec::new()),
    };
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let octets = field.bytes().await?.to_vec();
        match name.as_str() {
            "mot" => upload.word = text(octets)?,
            "adresse" => upload.address = text(octets)?,
            "defi" => upload.asked[0] = text(octets)?,
            "preuve" => upload.asked[1] = text(octets)?,
            "passe" => upload.password = Secret::new(octets),
            "fichier" => upload.file = Secret::new(octets),
            _ => {}
        }
    }
    Ok(upload)
}

fn shown(office: &Office, visitor: &Visitor, standing: &Standing, above: &Above) -> Html<String> {
    let language = office.language_of(visitor);
    let waits = standing
        .draft
        .parsed_address()
        .is_some_and(|account| office.awaits_certificate(&account));
    let hindrance = standing.hindrance.iter().chain(&above.told);
    let body = html! {
        p { (words::KEY_INTRO.of(language)) }
        div role="status" {
            @for why in hindrance { (told(why, language)) }
            (there(standing, language))
            @if let Some(lacking) = &standing.lacking { (told(lacking, language)) }
            @if waits { p { (words::REQUEST_WAITS.of(language)) } }
        }
        @if standing.step > Step::Key { p { a.button href="/assistant" { (words::CONTINUE.of(language)) } } }
        section.way { (of_file(visitor, &standing.draft, language)) }
        section.way { (of_card(visitor, &standing.draft, &above.cards, language)) }
        section.way { (of_request(visitor, &standing.draft, language)) }
        @if standing.step == Step::Key {
            (form(visitor, "/assistant/cle/plus-tard", &html! {
                (whose(&standing.draft))
                button.plain { (if standing.keys.is_empty() { words::KEY_LATER } else { words::KEY_LATER_SO }.of(language)) }
            }))
        }
    };
    office.step(visitor, standing, Step::Key, &body)
}

fn there(standing: &Standing, language: Language) -> Markup {
    let now = clock();
    html! {
        @if !standing.keys.is_empty() {
            h3 { (words::KEYS_THERE.of(language)) }
            ul { @for key in &standing.keys {
                li {
                    (key.certificate().holder()) ", " (key.certificate().issuer_common_name()) " – "
                    (dashboard::UNTIL.of(language)) " " (day(key.certificate().not_after(), language))
                    (language.colon()) strong { (in_a_word(key.limit(now)).of(language)) }
                }
            } }
        }
    }
}

fn of_file(visitor: &Visitor, draft: &Draft, language: Language) -> Markup {
    html! {
        h3 { (words::KEY_FILE.of(language)) }
        form.fields method="post" action="/assistant/cle/fichier" enctype="multipart/form-data" {
            input type="hidden" name="mot" value=(visitor.session.form);
            (whose(draft))
            label for="fichier" { (words::FILE.of(language)) }
            input id="fichier" name="fichier" type="file" accept=".p12,.pfx,application/x-pkcs12" required;
            label for="passe" { (words::FILE_PASSWORD.of(language)) }
            input id="passe" name="passe" type="password" autocomplete="new-password";
            (page::proven_button(words::IMPORT, language))
        }
        (page::proven_first(language))
    }
}

fn of_card(visitor: &Visitor, draft: &Draft, cards: &[Situation], language: Language) -> Markup {
    html! {
        h3 { (words::KEY_CARD.of(language)) }
        p { (words::KEY_CARD_INTRO.of(language)) }
        @for situation in cards {
            @let holder = situation.keys.first().map(|key| key.certificate().holder());
            section.account {
                p { strong { (holder.unwrap_or_default()) } ", " (situation.name()) " (" (situation.card.label) ")" }
                (form(visitor, "/assistant/cle/prendre", &html! {
                    (whose(draft))
                    input type="hidden" name="empreintes" value=(prints(situation));
                    button { (words::TAKE_CARD.of(language)) }
                }))
            }
        }
        (form(visitor, "/assistant/cle/carte", &html! { button.plain { (words::LOOK_FOR_CARD.of(language)) } }))
    }
}

fn of_request(visitor: &Visitor, draft: &Draft, language: Language) -> Markup {
    let fields = html! {
        (whose(draft))
        label for="nom" { (words::REQUEST_SUBJECT.of(language)) }
        input id="nom" name="nom" type="text" required autocomplete="off" value="C=FR, CN=";
        button.plain { (words::REQUEST.of(language)) }
    };
    html! {
        h3 { (words::KEY_REQUEST.of(language)) }
        p { (words::KEY_REQUEST_INTRO.of(language)) }
        div.fields { (form(visitor, "/assistant/cle/demande", &fields)) }
    }
}
