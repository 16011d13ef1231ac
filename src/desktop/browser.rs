//! The user's own browser.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What opens browsers says within this that it found none.
const GIVES_UP: Duration = Duration::from_secs(2);

/// Opens a link in it; waits for nothing.
pub fn open(link: &str) -> io::Result<()> {
    asked(link).map(drop)
}

/// The same; `NotFound` where what opens browsers found none.
pub fn open_where_there_is_one(link: &str) -> io::Result<()> {
    match asked(link)?.recv_timeout(GIVES_UP) {
        Ok(Ok(ended)) if !ended.success() => Err(io::ErrorKind::NotFound.into()),
        // One that stays shows the page.
        _ => Ok(()),
    }
}

/// What becomes of it.
fn asked(link: &str) -> io::Result<Receiver<io::Result<ExitStatus>>> {
    let (tell, told) = channel();
    // A browser that systemd's unit of the relay held would end with it, and be bound by what binds the relay.
    let is_unit = cfg!(target_os = "linux") && std::env::var_os("INVOCATION_ID").is_some();
    if is_unit
        && begin(&[
            "systemd-run",
            "--user",
            "--quiet",
            "--collect",
            "--description=Souspli",
            "xdg-open",
            link,
        ])
        .is_ok_and(|mut begun| succeeds(&mut begun))
    {
        return Ok(told);
    }
    let mut begun = begin(&if cfg!(windows) {
        vec!["rundll32", "url.dll,FileProtocolHandler", link]
    } else if cfg!(target_os = "macos") {
        vec!["open", link]
    } else {
        vec!["xdg-open", link]
    })?;
    // Some browsers stay until they are closed; one that has ended and is not waited for would stay in the table of processes.
    std::thread::Builder::new().spawn(move || drop(tell.send(begun.wait())))?;
    Ok(told)
}

fn begin(words: &[&str]) -> io::Result<Child> {
    let mut program = Command::new(words.first().copied().unwrap_or_default());
    program.args(words.iter().skip(1));
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// It only asks the user's systemd, which begins the browser.
fn succeeds(begun: &mut Child) -> bool {
    begun.wait().is_ok_and(|ended| ended.success())
}
