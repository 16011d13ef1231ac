//! How fast Souspli seals and opens, against the bare primitives it stands on: one JSON line per figure.
//!
//!     cargo bench --bench figures [-- [--quick] [words of the figures to make]]
//!
//! Every figure is a ratio of two sides measured in turns in this process, on one thread, in processor time where the
//! system tells it. `scripts/bench` runs this and sets the figures with real servers beside it.

#![allow(clippy::unwrap_used, missing_docs)]

mod bare;
mod keyed;
mod measure;
mod practice;
mod searching;
mod token;

use bare::{Bare, Pipeline};
use measure::{Goal, Side, compare, value};
use practice::{Practice, letter};
use searching::Indexing;
use std::path::Path;

const SMALL: usize = 50_000;
const LARGE: usize = 25_000_000;
const SEARCH: &str = "search in 10,000 messages of the index";

fn main() {
    if token::has_asked() {
        return;
    }
    // The relay begins its own program again to hold a card's module.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|word| word == "card-host") {
        souspli::keys::card::host::serve(Path::new(&arguments.next().unwrap())).unwrap();
        return;
    }
    let rounds = if std::env::args().any(|a| a == "--quick") { 5 } else { 9 };
    let bare = Bare::new();
    primitives(&bare, rounds);
    if measure::is_wanted(SEARCH) {
        let indexing = Indexing::new();
        value(SEARCH, "ms", rounds, || indexing.search() * 1e3);
    }
    let practice = Practice::new();
    for (size, batch, name) in [(SMALL, 200, "50 KB"), (LARGE, 1, "25 MB")] {
        let message = letter(size);
        let sealed = practice.seal(&message);
        sealing(&bare, &practice, &message, (batch, name), rounds);
        opening(&bare, &practice, &message, &sealed, (batch, name), rounds);
    }
    keyed::figures(&letter(SMALL), rounds);
}

/// What the machine does without any of our code around it.
fn primitives(bare: &Bare, rounds: usize) {
    let block = vec![b'x'; 8 << 20];
    value("RSA-2048 sign", "/s", rounds, || bare.sign_rate(300));
    value("RSA-2048 decrypt", "/s", rounds, || bare.decrypt_rate(300));
    value("SHA-256", "MB/s", rounds, || bare::sha256_rate(&block));
    value("AES-256-CBC encrypt", "MB/s", rounds, || bare.encrypt_rate(&block));
    let mut pipeline = Pipeline::new(bare, &letter(LARGE));
    value("pipeline out, both base64 layers", "MB/s", rounds, || pipeline.out_rate());
    value("pipeline in, both base64 layers", "MB/s", rounds, || pipeline.in_rate());
}

/// A whole submission: decision, certificates, signature, envelope, thread memory.
fn sealing(bare: &Bare, practice: &Practice, message: &[u8], (batch, name): (usize, &str), rounds: usize) {
    let product = Side::new("sealed", "mails/s", || practice.seal_rate(message, batch));
    if batch > 1 {
        let signing = Side::new("bare RSA-2048 sign", "/s", || bare.sign_rate(batch));
        compare(&format!("seal {name}"), product, signing, Goal(0.75), rounds);
        let mut parts = Pipeline::new(bare, message);
        let product = Side::new("sealed", "mails/s", || practice.seal_rate(message, batch));
        let sum = Side::new("all primitives in turn", "/s", || bare.sealing_rate(&mut parts, batch));
        compare(&format!("seal {name}, every primitive counted"), product, sum, Goal(0.75), rounds);
    } else {
        let mut parts = Pipeline::new(bare, message);
        let octets = message.len() as f64 / 1e6;
        let product = Side::new("sealed", "MB/s", || practice.seal_rate(message, 1) * octets);
        let pipeline = Side::new("bare pipeline out", "MB/s", || parts.out_rate());
        compare(&format!("seal {name}"), product, pipeline, Goal(0.6), rounds);
    }
}

/// A whole opening: decryption, signature, path, verdict, View, journal.
fn opening(bare: &Bare, practice: &Practice, message: &[u8], sealed: &[u8], (batch, name): (usize, &str), rounds: usize) {
    let mut parts = Pipeline::new(bare, message);
    if batch > 1 {
        let product = Side::new("opened", "mails/s", || practice.open_rate(sealed, batch));
        let decrypting = Side::new("bare RSA-2048 decrypt", "/s", || bare.decrypt_rate(batch));
        compare(&format!("open {name}"), product, decrypting, Goal(0.75), rounds);
        let product = Side::new("opened", "mails/s", || practice.open_rate(sealed, batch));
        let sum = Side::new("all primitives in turn", "/s", || bare.opening_rate(&mut parts, batch));
        compare(&format!("open {name}, every primitive counted"), product, sum, Goal(0.75), rounds);
    } else {
        let octets = message.len() as f64 / 1e6;
        let product = Side::new("opened", "MB/s", || practice.open_rate(sealed, 1) * octets);
        let pipeline = Side::new("bare pipeline in", "MB/s", || parts.in_rate());
        compare(&format!("open {name}"), product, pipeline, Goal(0.6), rounds);
    }
}
