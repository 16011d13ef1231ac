//! How a PIN is asked for: by a window of its own, or in the terminal. It is kept nowhere: the card remembers that it was given.

use crate::base::limits::{PASSPHRASE_MAX, PIN_MAX, PIN_SECONDS};
use crate::base::{Address, Secret};
use crate::text::card::{self as say, PinFor, TriesLeft};
use crate::text::{Explain, Explanation, held};
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use zeroize::Zeroizing;

/// What the user must know to answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PinQuestion {
    /// Whose card it is, and which.
    pub card: String,
    /// How many tries are left.
    pub left: TriesLeft,
    /// Whether the one given a moment ago was wrong.
    pub again: Again,
}

/// Why it is asked once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// It is the first time.
    No,
    /// The last one was wrong.
    Wrong,
    /// The last one was none: too short, too long, other signs.
    Malformed,
    /// The key asks at each use.
    EachTime,
}

impl Again {
    fn said(self) -> Option<&'static str> {
        match self {
            Self::No | Self::EachTime => None,
            Self::Wrong => Some(say::PIN_WRONG),
            Self::Malformed => Some(say::PIN_MALFORMED),
        }
    }
}

impl PinQuestion {
    fn described(&self) -> String {
        let what = match self.again {
            Again::EachTime => PinFor::OneSignature,
            Again::No | Again::Wrong | Again::Malformed => PinFor::Card,
        };
        say::pin_question(&self.card, self.left, what)
    }
}

impl Explain for NoPin {
    fn explain(&self) -> Explanation {
        match self {
            Self::Cancelled => say::pin_cancelled(),
            Self::Late => say::pin_awaited(),
            Self::NoWay => say::pin_no_way(),
        }
    }
}

/// Why there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoPin {
    /// The user said no.
    #[error("cancelled")]
    Cancelled,
    /// Nobody answered.
    #[error("nobody answered")]
    Late,
    /// There is no window and no terminal to ask in.
    #[error("no way to ask")]
    NoWay,
}

/// Asks the user. Blocks until he answers, in bounded time.
pub trait AsksPin: Send + Sync + std::fmt::Debug {
    /// The PIN, which is his and goes to the card and nowhere else.
    fn ask(&self, question: &PinQuestion) -> Result<Secret, NoPin>;
    /// The rescue passphrase of an account, which is kept nowhere.
    fn ask_passphrase(&self, account: &Address) -> Result<Secret, NoPin>;
}

/// What a window or a terminal shows.
struct Shown {
    title: &'static str,
    text: String,
    word: &'static str,
    again: Option<&'static str>,
    /// Octets of an answer.
    most: usize,
}

impl Shown {
    fn pin(question: &PinQuestion) -> Self {
        Self {
            title: say::PIN_TITLE,
            text: question.described(),
            word: say::PIN_WORD,
            again: question.again.said(),
            most: PIN_MAX,
        }
    }

    fn passphrase(account: &Address) -> Self {
        Self {
            title: held::PASSPHRASE_TITLE,
            text: held::passphrase_question(account),
            word: held::PASSPHRASE_WORD,
            again: None,
            most: PASSPHRASE_MAX,
        }
    }
}

/// A window of its own where there is a pinentry, else the terminal; on Windows always a window.
#[derive(Debug)]
pub struct Prompt {
    pinentry: Option<PathBuf>,
}

impl Prompt {
    /// By this program, which speaks as GnuPG's pinentry does; `None`: the one of that name, if it is installed.
    pub fn new(pinentry: Option<PathBuf>) -> Self {
        Self { pinentry }
    }
}

impl AsksPin for Prompt {
    fn ask(&self, question: &PinQuestion) -> Result<Secret, NoPin> {
        self.show(&Shown::pin(question))
    }

    fn ask_passphrase(&self, account: &Address) -> Result<Secret, NoPin> {
        self.show(&Shown::passphrase(account))
    }
}

impl Prompt {
    fn show(&self, shown: &Shown) -> Result<Secret, NoPin> {
        #[cfg(windows)]
        if self.pinentry.is_none() {
            return in_window(shown);
        }
        let program = self.pinentry.clone().unwrap_or_else(|| PathBuf::from("pinentry"));
        match Pinentry::start(&program) {
            Ok(pinentry) => pinentry.ask(shown),
            Err(_) if self.pinentry.is_none() && io::stdin().is_terminal() => in_terminal(shown),
            Err(_) => Err(NoPin::NoWay),
        }
    }
}

#[cfg(windows)]
fn in_window(shown: &Shown) -> Result<Secret, NoPin> {
    use crate::windows::window::{self, Typed, ask};
    let again = shown.again.map(|again| format!("{again}\n")).unwrap_or_default();
    let window = window::Shown {
        title: shown.title,
        question: &format!("{again}{}", shown.text),
        label: shown.word,
        cancel: say::PIN_CANCEL,
    };
    match ask(window, shown.most, PIN_SECONDS) {
        Typed::Text(typed) if typed.expose().is_empty() => Err(NoPin::Cancelled),
        Typed::Text(typed) => Ok(typed),
        Typed::Cancelled => Err(NoPin::Cancelled),
        Typed::Nothing => Err(NoPin::Late),
        Typed::NoWindow => Err(NoPin::NoWay),
    }
}

fn in_terminal(shown: &Shown) -> Result<Secret, NoPin> {
    let Shown { text, word, again, .. } = shown;
    let again = again.map(|again| format!("{again}\n")).unwrap_or_default();
    let typed = rpassword::prompt_password(format!("{again}{text}\n{word} : ")).map_err(|_| NoPin::Cancelled)?;
    match typed.is_empty() {
        true => Err(NoPin::Cancelled),
        false => Ok(Secret::new(typed.into_bytes())),
    }
}

/// One dialogue with a pinentry: Assuan, of which it speaks little.
struct Pinentry {
    child: Child,
    input: ChildStdin,
    lines: mpsc::Receiver<Zeroizing<Vec<u8>>>,
}

impl Pinentry {
    fn start(program: &Path) -> io::Result<Self> {
        let mut child = super::begin::program(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Self {
            child,
            input,
            lines: read_apart(output),
        })
    }

    fn ask(mut self, shown: &Shown) -> Result<Secret, NoPin> {
        self.done()?;
        let title = format!("SETTITLE {}", escaped(shown.title));
        let described = format!("SETDESC {}", escaped(&shown.text));
        let prompt = format!("SETPROMPT {} :", escaped(shown.word));
        let error = shown.again.map(|why| format!("SETERROR {}", escaped(why)));
        let timeout = Some(format!("SETTIMEOUT {PIN_SECONDS}"));
        // It shows no time limit, or no title, where it knows none: what it does not know it refuses, and goes on.
        for line in [Some(title), Some(described), Some(prompt), error, timeout].into_iter().flatten() {
            self.say(&line)?;
            self.any()?;
        }
        self.say("GETPIN")?;
        let mut pin = None;
        loop {
            let line = self.line()?;
            match line.as_slice() {
                ok if ok == b"OK" || ok.starts_with(b"OK ") => break,
                data if data.starts_with(b"D ") => pin = Some(unescaped(&data[2..], shown.most)),
                error if error.starts_with(b"ERR ") => return Err(refused(&error[4..])),
                _ => {}
            }
        }
        // It answers an empty field so: that is no PIN.
        pin.filter(|pin| !pin.expose().is_empty()).ok_or(NoPin::Cancelled)
    }

    fn say(&mut self, line: &str) -> Result<(), NoPin> {
        let sent = self
            .input
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| self.input.flush());
        sent.map_err(|_| NoPin::NoWay)
    }

    fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, NoPin> {
        match self.lines.recv_timeout(Duration::from_secs(PIN_SECONDS)) {
            Ok(line) => Ok(line),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(NoPin::Late),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(NoPin::NoWay),
        }
    }

    fn any(&mut self) -> Result<bool, NoPin> {
        loop {
            let line = self.line()?;
            if line.starts_with(b"OK") || line.starts_with(b"ERR") {
                return Ok(line.starts_with(b"OK"));
            }
        }
    }

    fn done(&mut self) -> Result<(), NoPin> {
        if self.any()? { Ok(()) } else { Err(NoPin::NoWay) }
    }
}

impl Drop for Pinentry {
    fn drop(&mut self) {
        // Its window goes with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_apart(from: ChildStdout) -> mpsc::Receiver<Zeroizing<Vec<u8>>> {
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || {
        // A line of Assuan has 1000 octets at most; the whole dialogue a few of them.
        let mut from = BufReader::new(from.take(LINES_MAX));
        loop {
            let mut line = Zeroizing::new(Vec::with_capacity(1024));
            match from.read_until(b'\n', &mut line) {
                Ok(n) if n > 0 => {
                    while matches!(line.last(), Some(b'\n' | b'\r')) {
                        line.pop();
                    }
                    if give.send(line).is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    });
    take
}

const LINES_MAX: u64 = 64 * 1024;

/// Why there is none, by the code of libgpg-error, which is in the lower half of the number.
fn refused(said: &[u8]) -> NoPin {
    let digits = said.split(|octet| *octet == b' ').next().unwrap_or_default();
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok());
    match number.map(|number| number & 0xffff) {
        Some(99 | 198) => NoPin::Cancelled,
        Some(62) => NoPin::Late,
        // No display, no terminal: no window has been seen.
        _ => NoPin::NoWay,
    }
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn unescaped(data: &[u8], most: usize) -> Secret {
    let mut out = Vec::with_capacity(most);
    let mut rest = data.iter();
    while let Some(octet) = rest.next().filter(|_| out.len() < most) {
        let digits = rest.as_slice().get(..2).and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|d| u8::from_str_radix(d, 16).ok()).filter(|_| *octet == b'%') {
            Some(value) => {
                out.push(value);
                rest.nth(1);
            }
            None => out.push(*octet),
        }
    }
    Secret::new(out)
}
