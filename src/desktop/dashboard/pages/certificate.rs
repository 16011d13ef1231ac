//! A certificate as people read it, in a table and by itself.

use crate::desktop::dashboard::page::{day, told};
use crate::directory::port::Source;
use crate::pki::Certificate;
use crate::relay::book::Row;
use crate::store::Fingerprint;
use crate::text::colleagues as words;
use crate::text::dashboard::{self as common, Language, Words};
use crate::text::directory;
use maud::{Markup, html};

/// Digits of a fingerprint that stand together.
const GROUP: usize = 4;

/// The columns of [`row`].
const COLUMNS: [Words; 6] = [
    words::ADDRESS,
    words::HOLDER,
    common::ISSUER,
    common::UNTIL,
    words::SOURCE,
    common::STANDING,
];

/// A table of them; the last column is what can be done with each.
pub(super) fn table<'r>(rows: impl IntoIterator<Item = &'r Row>, language: Language, link: impl Fn(&Row) -> Markup) -> Markup {
    html! {
        div.wide tabindex="0" { table.certificates {
            thead { tr { @for column in COLUMNS { th scope="col" { (column.of(language)) } } } }
            tbody { @for row in rows { (line(row, language, &link(row))) } }
        } }
    }
}

fn line(row: &Row, language: Language, link: &Markup) -> Markup {
    let certificate = &row.certificate;
    html! {
        tr {
            th.place scope="row" { (link) }
            td { (holder(certificate)) }
            td { (certificate.issuer_common_name()) }
            td { (day(certificate.not_after(), language)) }
            td { (source(&row.candidate.source, language)) }
            td {
                @match &row.unfit {
                    None => { (words::WILL_DO.of(language)) },
                    Some(why) if *why == directory::to_confirm() => { (words::TO_CONFIRM.of(language)) " " span.code { (why.code) } },
                    Some(why) => { (words::WILL_NOT_DO.of(language)) " " span.code { (why.code) } },
                }
            }
        }
    }
}

/// Name and number of who holds it.
fn holder(certificate: &Certificate) -> Markup {
    html! { (certificate.holder()) @if let Some(rpps) = certificate.rpps() { " " span.code { "RPPS " (rpps) } } }
}

/// Where it came from.
pub(super) fn source(source: &Source, language: Language) -> &str {
    match source {
        Source::Imported => directory::IMPORTED.of(language),
        Source::Harvested => directory::HARVESTED.of(language),
        Source::Confirmed => directory::CONFIRMED.of(language),
        Source::Ldap { name } => name,
    }
}

/// Everything by which a person recognises it.
pub(super) fn details(certificate: &Certificate, language: Language) -> Markup {
    html! {
        dl.details {
            (field(words::HOLDER.of(language), &html! { strong { (certificate.holder()) } }))
            @if let Some(profession) = certificate.profession() { (field(words::PROFESSION.of(language), &html! { (profession) })) }
            @if let Some(rpps) = certificate.rpps() { (field(words::RPPS.of(language), &html! { strong { (rpps) } })) }
            @if !certificate.emails().is_empty() {
                (field(words::ADDRESSES.of(language), &html! { (certificate.emails().join(", ")) }))
            }
            (field(common::ISSUER.of(language), &html! { strong { (certificate.issuer_common_name()) } }))
            (field(words::FROM.of(language), &html! { (day(certificate.not_before(), language)) }))
            (field(common::UNTIL.of(language), &html! { (day(certificate.not_after(), language)) }))
            (field(words::KEY.of(language), &html! { (certificate.public_key().kind.name()) }))
            (field(words::SERIAL.of(language), &html! { span.mono { (certificate.serial_hex()) } }))
            (field(words::FINGERPRINT.of(language), &html! { span.mono { (grouped(certificate)) } }))
        }
    }
}

/// What its standing is, as a sentence.
pub(super) fn standing(row: &Row, language: Language) -> Markup {
    html! {
        @match &row.unfit {
            None => { p.good-word { (words::WILL_DO.of(language)) } },
            Some(why) => { (told(why, language)) },
        }
    }
}

pub(super) fn field(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// The fingerprint as it is read out on the telephone.
fn grouped(certificate: &Certificate) -> String {
    let digits = Fingerprint::of(certificate.der()).to_string();
    let groups = digits.as_bytes().chunks(GROUP).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}
