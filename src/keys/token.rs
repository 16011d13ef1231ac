//! A token that a program of the user's prints: Souspli gets none itself, and keeps none.
//!
//! The program is run without a shell, in time, and read no further than a token can reach. Nothing of what it says is logged.

use crate::base::Secret;
use crate::base::limits::{TOKEN_MAX, TOKEN_SECONDS_MAX};
use crate::text::{Explain, Explanation, Why, login as words};
use std::io::{self, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// The program could not be started.
    #[error("not started: {0}")]
    NotStarted(io::Error),
    /// It did not end in time.
    #[error("not in time")]
    TooSlow,
    /// It ended with this status, or by a signal.
    #[error("failed: {0:?}")]
    Failed(Option<i32>),
    /// It printed nothing that could be a token.
    #[error("no token")]
    NotAToken,
}

impl Explain for NoToken {
    fn explain(&self) -> Explanation {
        match self {
            NoToken::NotStarted(error) => words::token_not_started(&Why::from(error)),
            NoToken::TooSlow => words::token_too_slow(TOKEN_SECONDS_MAX),
            NoToken::Failed(status) => words::token_failed(*status),
            NoToken::NotAToken => words::not_a_token(),
        }
    }
}

/// Runs `program` with its arguments and reads the token; blocks.
pub fn token(command: &[String]) -> Result<Secret, NoToken> {
    token_within(command, Duration::from_secs(TOKEN_SECONDS_MAX))
}

fn token_within(command: &[String], time: Duration) -> Result<Secret, NoToken> {
    let (program, arguments) = command.split_first().ok_or(NoToken::NotAToken)?;
    let mut child = super::begin::program(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(NoToken::NotStarted)?;
    let outcome = printed(&mut child, Instant::now() + time);
    if outcome.is_err() {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    read(&outcome?)
}

/// What it prints until it ends, on a thread of its own: a pipe knows no deadline.
fn printed(child: &mut Child, end: Instant) -> Result<Zeroizing<Vec<u8>>, NoToken> {
    let stdout = child.stdout.take().ok_or(NoToken::NotAToken)?;
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || {
        let mut octets = Zeroizing::new(Vec::with_capacity(TOKEN_MAX + 2));
        let read = stdout.take(TOKEN_MAX as u64 + 2).read_to_end(&mut octets);
        // Nobody waits any more for one that is late.
        let _ = give.send(read.map(|_| octets));
    });
    let octets = take.recv_timeout(end.saturating_duration_since(Instant::now()));
    let octets = octets.map_err(|_| NoToken::TooSlow)?.map_err(|_| NoToken::NotAToken)?;
    ended(child, end)?;
    Ok(octets)
}

/// Its output is at its end, or longer than it may be: the program ends soon, or is in the wrong.
fn ended(child: &mut Child, end: Instant) -> Result<(), NoToken> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(NoToken::Failed(status.code())),
            // The standard library waits for a process for ever, or not at all.
            Ok(None) if Instant::now() < end => std::thread::park_timeout(Duration::from_millis(5)),
            Ok(None) | Err(_) => return Err(NoToken::TooSlow),
        }
    }
}

/// `b64token` of RFC 6750 §2.1, in visible ASCII: anything else might end the response that it stands in.
fn read(printed: &[u8]) -> Result<Secret, NoToken> {
    let token = printed.trim_ascii();
    let fits = !token.is_empty() && token.len() <= TOKEN_MAX && token.iter().all(u8::is_ascii_graphic);
    fits.then(|| Secret::new(token.to_vec())).ok_or(NoToken::NotAToken)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str, seconds: u64) -> Result<Secret, NoToken> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        token_within(&command, Duration::from_secs(seconds))
    }

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(run("echo ' ya29.a-b_c~d/e+f= '", 20).unwrap().expose(), b"ya29.a-b_c~d/e+f=");
        for script in [
            "true",
            "echo a b",
            "printf 'a\\nb'",
            "printf 'a\\001b'",
            "echo é",
            "yes | head -c 20000 | tr -d '\\n'",
        ] {
            assert!(matches!(run(script, 20), Err(NoToken::NotAToken)), "{script}");
        }
    }

    #[test]
    fn a_program_that_fails_is_told_apart() {
        assert!(matches!(run("echo token; exit 3", 20), Err(NoToken::Failed(Some(3)))));
        assert!(matches!(run("kill -9 $$", 20), Err(NoToken::Failed(None))));
        assert!(matches!(run("exec sleep 1000", 1), Err(NoToken::TooSlow)));
        assert!(matches!(
            run("exec yes", 1),
            Err(NoToken::TooSlow | NoToken::Failed(_) | NoToken::NotAToken)
        ));
        let absent = token(&["/no/such/program".to_owned()]);
        assert!(matches!(absent, Err(NoToken::NotStarted(_))));
    }
}
