//! What all pages have in common.

use super::guard::Visitor;
use crate::base::{Realm, UnixTime};
use crate::text::dashboard::{self as words, Language, Words};
use crate::text::{Explanation, assistant, beginning, colleagues, diagnosis, settings, verdict};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// Where each page is, in the order of the menu.
pub(super) const PAGES: [(&str, Words); 9] = [
    ("/", words::STATE),
    ("/comptes", assistant::ACCOUNTS),
    ("/cles", words::KEYS),
    ("/correspondants", colleagues::COLLEAGUES),
    ("/listes", words::LISTS),
    ("/journal", words::JOURNAL),
    ("/pourquoi", words::WHY),
    ("/reglages", settings::SETTINGS),
    ("/diagnostic", diagnosis::TITLE),
];

/// One page for one visitor.
pub(super) struct Page<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) language: Language,
    pub(super) realm: Realm,
    /// Its path.
    pub(super) path: &'static str,
    pub(super) title: Words,
}

impl Page<'_> {
    /// With this in its midst.
    pub(super) fn with(&self, body: &Markup) -> Html<String> {
        let language = self.language;
        let head = html! {
            div.tools {
                (form(self.visitor, "/langue", &html! {
                    input type="hidden" name="langue" value=(language.other().tag());
                    input type="hidden" name="page" value=(self.path);
                    button.plain lang=(language.other().tag()) { (language.other().name()) }
                }))
                (form(self.visitor, "/fermer", &html! { button.plain { (words::LEAVE.of(language)) } }))
            }
            nav aria-label=(words::MENU.of(language)) {
                ul {
                    @for (path, title) in PAGES {
                        li { a href=(path) aria-current=[(path == self.path).then_some("page")] { (title.of(language)) } }
                    }
                }
            }
        };
        let trial = html! {
            @if self.realm == Realm::Test { p.trial role="note" { (words::TRIAL.of(language)) } }
        };
        shell(
            language,
            self.title.of(language),
            &head,
            &html! { (trial) h1 { (self.title.of(language)) } (body) },
        )
    }
}

/// A form that brings back the word which pages of others do not know.
pub(super) fn form(visitor: &Visitor, action: &str, fields: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="mot" value=(visitor.session.form);
            (fields)
        }
    }
}

/// What sends a form with a secret: pressed by nobody until a script can ask whether the relay that made the page still listens.
pub(super) fn proven_button(words: Words, language: Language) -> Markup {
    html! {
        button disabled { (words.of(language)) }
        noscript { div role="alert" { (told(&words::scripts_off(), language)) } }
    }
}

/// Beside a form that takes a secret.
pub(super) fn proven_first(language: Language) -> Markup {
    html! { script src="/preuve.js" defer data-etranger=(words::STRANGER.of(language)) {} }
}

/// For a secret that came without that question.
pub(super) fn not_proven(language: Language) -> Response {
    refused(StatusCode::FORBIDDEN, &words::scripts_off(), language)
}

/// A sentence with what to do, and its code small.
pub(super) fn told(why: &Explanation, language: Language) -> Markup {
    let said = language.half(why);
    html! { p { strong { (said.what) } " " (said.todo) " " span.code { (why.code) } } }
}

/// A day as people write it.
pub(super) fn day(at: UnixTime, language: Language) -> String {
    let (fr, en) = verdict::day(at);
    match language {
        Language::French => fr,
        Language::English => en,
    }
}

/// For whoever has no invitation.
pub(super) fn not_admitted(language: Language) -> Response {
    let said = html! {
        h1 { (words::NOT_ADMITTED.of(language)) }
        p { (words::NOT_ADMITTED_TODO.of(language)) }
    };
    alone(StatusCode::FORBIDDEN, language, words::NOT_ADMITTED, &said)
}

/// For a form that is not ours.
pub(super) fn form_refused(language: Language) -> Response {
    let said = html! { h1 { (words::FORM_REFUSED.of(language)) } p { a href="/" { (words::TO_STATE.of(language)) } } };
    alone(StatusCode::FORBIDDEN, language, words::FORM_REFUSED, &said)
}

/// For what could not be done.
pub(super) fn failed(why: &Explanation, language: Language) -> Response {
    refused(StatusCode::INTERNAL_SERVER_ERROR, why, language)
}

/// For a file that is larger than its page takes.
pub(super) fn too_large(most: usize, language: Language) -> Response {
    refused(StatusCode::PAYLOAD_TOO_LARGE, &words::too_large(most >> 20), language)
}

/// For a form whose page is not true any more.
pub(super) fn shown_otherwise(language: Language) -> Response {
    refused(StatusCode::CONFLICT, &beginning::shown_otherwise(), language)
}

fn refused(status: StatusCode, why: &Explanation, language: Language) -> Response {
    let said = html! { h1 { (words::FAILED.of(language)) } (told(why, language)) p { a href="/" { (words::TO_STATE.of(language)) } } };
    alone(status, language, words::FAILED, &said)
}

/// For a page that is not there.
pub(super) fn not_found(language: Language) -> Response {
    let said = html! { h1 { (words::NOT_FOUND.of(language)) } p { a href="/" { (words::TO_STATE.of(language)) } } };
    alone(StatusCode::NOT_FOUND, language, words::NOT_FOUND, &said)
}

/// After the last one.
pub(super) fn left(language: Language) -> Response {
    alone(StatusCode::OK, language, words::LEFT, &html! { h1 { (words::LEFT.of(language)) } })
}

fn alone(status: StatusCode, language: Language, title: Words, body: &Markup) -> Response {
    (status, shell(language, title.of(language), &html! {}, body)).into_response()
}

fn shell(language: Language, title: &str, head: &Markup, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " - Souspli" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="/souspli.svg" type="image/svg+xml";
            }
            body {
                a.skip href="#contenu" { (words::SKIP.of(language)) }
                header { p.name { img src="/souspli.svg" alt="" width="28" height="28"; " Souspli" } (head) }
                main id="contenu" tabindex="-1" { (body) }
            }
        }
    };
    Html(page.into_string())
}

/// Percent-encoding (RFC 3986 §2.1) of whatever is not unreserved.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.bytes().map(|octet| match octet {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    });
    escaped.collect()
}
