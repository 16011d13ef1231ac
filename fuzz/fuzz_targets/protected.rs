#![no_main]
#[path = "../bodies/protected.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|input: &[u8]| body::run(input));
