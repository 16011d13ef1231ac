//! What each fuzz target does with an input. `tests/fuzz_smoke.rs` does the same with the seeds, without a nightly Rust.
//!
//! A new target: its body here, three lines in fuzz/fuzz_targets, an entry in fuzz/Cargo.toml, seeds of our own words in fuzz/seeds,
//! its name in the test.

mod autoconfig;
mod ber;
mod brought;
mod command;
mod crl;
mod data;
mod edit;
mod entity;
mod fetch;
mod flags;
mod frame;
mod handover;
mod header;
mod html;
mod journal;
mod ldap;
mod lockbox;
mod lookalike;
mod ocsp;
mod open;
mod outgoing;
mod packed;
mod path;
mod pop3;
mod protected;
mod search;
mod seek;
mod submission;
mod tag;
mod view;
mod whitelist;
mod words;

/// What a target does with an input; it panics where something is wrong.
pub type Body = fn(&[u8]);

/// Name and body of every target.
pub const ALL: [(&str, Body); 32] = [
    ("autoconfig", autoconfig::run),
    ("ber", ber::run),
    ("brought", brought::run),
    ("command", command::run),
    ("crl", crl::run),
    ("data", data::run),
    ("edit", edit::run),
    ("entity", entity::run),
    ("fetch", fetch::run),
    ("flags", flags::run),
    ("frame", frame::run),
    ("handover", handover::run),
    ("header", header::run),
    ("html", html::run),
    ("journal", journal::run),
    ("ldap", ldap::run),
    ("lockbox", lockbox::run),
    ("lookalike", lookalike::run),
    ("ocsp", ocsp::run),
    ("open", open::run),
    ("outgoing", outgoing::run),
    ("packed", packed::run),
    ("path", path::run),
    ("pop3", pop3::run),
    ("protected", protected::run),
    ("search", search::run),
    ("seek", seek::run),
    ("submission", submission::run),
    ("tag", tag::run),
    ("view", view::run),
    ("whitelist", whitelist::run),
    ("words", words::run),
];
