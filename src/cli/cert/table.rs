//! The certificate book for people: tables, ages, what to do.

use crate::base::{Address, UnixTime};
use crate::cli::out::Out;
use crate::cli::{Cli, Failure, complain, input};
use crate::directory::passwords::Passwords;
use crate::directory::port::{Candidate, Source};
use crate::pki::Certificate;
use crate::relay::book::{FoundFor, Row};
use crate::relay::{Relay, clock};
use crate::store::{CertificateFolder, Fingerprint};
use crate::text::{Tongue, directory as say, keys};
use std::path::Path;

/// Columns of the table, in both languages.
const HEADINGS: [&str; 6] = [
    "Empreinte / fingerprint",
    "Adresse / address",
    "Titulaire / holder",
    "Source",
    "Jusqu’au / until",
    "Vu / seen",
];

/// Words on a table or JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Json,
}

pub(super) fn list(cli: &Cli, folder: &CertificateFolder, form: Form, out: &mut Out) -> Result<(), Failure> {
    let rows = cli.relay(cli.config_or_default(None)?)?.book(folder)?;
    match form {
        Form::Json => rows.iter().for_each(|row| out.line(json(row))),
        Form::Table if rows.is_empty() => out.line(say::NOTHING_YET),
        Form::Table => table(&rows, out),
    }
    Ok(())
}

/// Every detail of the certificates that this names, wherever they are kept.
pub(super) fn show(cli: &Cli, folder: &CertificateFolder, fingerprint: &str, out: &mut Out) -> Result<(), Failure> {
    let rows = cli.relay(cli.config_or_default(None)?)?.book(folder)?;
    let mut named = rows.iter().filter(|row| named(&row.certificate, fingerprint)).peekable();
    if named.peek().is_none() {
        return Err(keys::no_such_certificate(fingerprint).into());
    }
    for row in named {
        detail(row, out);
    }
    Ok(())
}

/// Removes it wherever it is kept.
pub(super) fn remove(cli: &Cli, folder: &CertificateFolder, fingerprint: &str) -> Result<(), Failure> {
    let relay = cli.relay(cli.config_or_default(None)?)?;
    Ok(relay.remove(folder, fingerprint)?)
}

/// All that is known here and in the directories, each with what it is good for.
pub(super) fn find(cli: &Cli, address: &Address, name: Option<&str>, out: &mut Out) -> Result<(), Failure> {
    let relay = cli.relay(cli.config_or_default(None)?)?;
    let FoundFor { rows, people, away } = cli.block_on(relay.look_up(address, name))?;
    if !rows.is_empty() {
        table(&rows, out);
    }
    for (person, rows) in &people {
        let addresses = person.addresses.join(" ");
        out.line(say::who_may_be_meant(&person.name, &person.directory, &addresses));
        table(rows, out);
    }
    if rows.is_empty() && people.is_empty() && away.is_empty() {
        return Err(say::nothing_found(address).into());
    }
    away.iter().for_each(complain);
    match rows.is_empty() && people.is_empty() {
        true => Err(say::nobody_answered(address).into()),
        false => Ok(()),
    }
}

pub(super) fn confirm(cli: &Cli, folder: &CertificateFolder, address: &Address, fingerprint: &str, out: &mut Out) -> Result<(), Failure> {
    let relay: Relay = cli.relay(cli.config_or_default(None)?)?;
    let row = relay.confirm(folder, address, fingerprint)?;
    table(std::slice::from_ref(&row), out);
    Ok(())
}

pub(super) fn password(cli: &Cli, name: &str, file: Option<&Path>) -> Result<(), Failure> {
    let known = cli.config()?.directories.into_iter().any(|d| d.name == name && d.bind.is_some());
    if !known {
        return Err(say::no_such_directory(name).into());
    }
    let home = cli.home()?;
    let passwords = Passwords::new(&home, &cli.secrets(&home)?);
    let password = input::password(file, Path::new(name))?;
    passwords.put(name, &password).map_err(|e| Failure::from(&e))
}

/// Columns as wide as their contents; under each row that will not do, why and what to do.
fn table(rows: &[Row], out: &mut Out) {
    let now = clock();
    let cells: Vec<[String; 6]> = rows.iter().map(|row| cells(row, now)).collect();
    let width = |column: usize| {
        let widths = cells.iter().map(|row| row[column].chars().count());
        widths.chain([HEADINGS[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let line = |row: &[&str]| -> String {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    out.line(line(&HEADINGS));
    for (row, cells) in rows.iter().zip(&cells) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        out.line(line(&cells));
        if let Some(unfit) = &row.unfit {
            for said in unfit.to_string().lines() {
                out.line(format_args!("    {said}"));
            }
        }
    }
}

fn cells(row: &Row, now: UnixTime) -> [String; 6] {
    let certificate = &row.certificate;
    [
        Fingerprint::of(certificate.der()).short(),
        row.addresses.clone(),
        plain(&certificate.holder()),
        source(&row.candidate.source),
        certificate.not_after().civil().date().to_string(),
        row.candidate
            .as_of
            .map_or_else(|| "–".to_owned(), |at| say::age(Tongue::Both, at, now)),
    ]
}

fn source(source: &Source) -> String {
    match source {
        Source::Imported => Tongue::Both.of(say::IMPORTED),
        Source::Harvested => Tongue::Both.of(say::HARVESTED),
        Source::Confirmed => Tongue::Both.of(say::CONFIRMED),
        Source::Ldap { name } => name.clone(),
    }
}

/// A holder's name may be anything: nothing of it may move a cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn detail(row: &Row, out: &mut Out) {
    let certificate = &row.certificate;
    let Candidate { source: from, as_of, .. } = &row.candidate;
    let seen = as_of.map(|at| format!(" ({})", at.rfc3339())).unwrap_or_default();
    for (what, value) in [
        ("Empreinte / fingerprint", Fingerprint::of(certificate.der()).to_string()),
        ("Titulaire / holder", plain(&certificate.holder())),
        ("Adresses / addresses", certificate.emails().join(" ")),
        ("Pour / for", row.addresses.clone()),
        ("Autorité / issuer", plain(certificate.issuer_common_name())),
        ("Numéro de série / serial", certificate.serial_hex()),
        ("Valable du / valid from", certificate.not_before().rfc3339()),
        ("Jusqu’au / until", certificate.not_after().rfc3339()),
        ("Clé / key", certificate.public_key().kind.name().to_string()),
        ("Source", format!("{}{seen}", source(from))),
    ] {
        out.line(format_args!("{what} : {value}"));
    }
    match &row.unfit {
        None => out.line(say::WILL_DO),
        Some(unfit) => out.line(unfit),
    }
}

/// docs/certificates.md says what each key is.
fn json(row: &Row) -> String {
    let certificate = &row.certificate;
    let (source, directory) = match &row.candidate.source {
        Source::Imported => ("imported", None),
        Source::Harvested => ("harvested", None),
        Source::Confirmed => ("confirmed", None),
        Source::Ldap { name } => ("directory", Some(name)),
    };
    serde_json::json!({
        "fingerprint": Fingerprint::of(certificate.der()).to_string(), "addresses": row.addresses.split(' ').collect::<Vec<_>>(),
        "holder": certificate.holder(), "issuer": certificate.issuer_common_name(), "serial": certificate.serial_hex(),
        "from": certificate.not_before().rfc3339(), "until": certificate.not_after().rfc3339(),
        "source": source, "directory": directory, "seen": row.candidate.as_of.map(UnixTime::rfc3339),
        "usable": row.unfit.is_none(), "code": row.unfit.as_ref().map(|unfit| unfit.code),
    })
    .to_string()
}

fn named(certificate: &Certificate, fingerprint: &str) -> bool {
    Fingerprint::of(certificate.der()).begins_with(fingerprint)
}
