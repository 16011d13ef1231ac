//! How a relay is ended from outside: Windows knows no SIGTERM. Each relay waits for an event of its own, which its user, the
//! system (an installer) and administrators may set.

use super::process::{Process, own_user, owned};
use super::rights::with_rights;
use super::{done, wide};
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::Threading::{CreateEventW, EVENT_MODIFY_STATE, INFINITE, OpenEventW, SetEvent, WaitForSingleObject};

/// Told to end by somebody who may.
#[derive(Debug)]
pub(crate) struct Ending(OwnedHandle);

/// Across sessions: an installer runs in another one.
fn name(number: u32) -> Vec<u16> {
    wide(format!(r"Global\Souspli.{number}.end"))
}

impl Ending {
    /// The event of this process. One that somebody else has made before us is not waited for.
    pub(crate) fn new() -> io::Result<Self> {
        // Whoever opens it may set it (2), and wait for it (SYNCHRONIZE).
        let may = |who: &str| format!("(A;;0x100002;;;{who})");
        let rights = format!("D:P{}{}{}", may("SY"), may("BA"), may(&own_user()?));
        with_rights(&rights, |attributes| {
            let name = name(std::process::id());
            // SAFETY: `attributes` are whole, `name` is a text with its NUL; what is returned is NULL or ours to close. The last
            // error is that of this call.
            let (made, error) = unsafe { (CreateEventW(attributes, 1, 0, name.as_ptr()), GetLastError()) };
            let made = owned(made)?;
            match error {
                ERROR_ALREADY_EXISTS => Err(io::ErrorKind::AlreadyExists.into()),
                _ => Ok(Self(made)),
            }
        })
    }

    /// Blocks until it is set.
    pub(crate) fn wait(&self) {
        // SAFETY: the handle is held by `self`.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), INFINITE) };
    }
}

/// Whether all that were told to end have ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// None is left, or none was there.
    All,
    /// One goes on.
    Not,
}

/// One process of the system's list.
struct Seen {
    number: u32,
    parent: u32,
    /// Of its program, without the folder.
    name: Vec<u16>,
}

/// Tells every relay to end that we may tell so: the user's own; an administrator, everybody's. Returns when they have ended,
/// the processes of the same program that they have begun too, or when the time is over.
pub(crate) fn end_all(time: Duration) -> io::Result<Ended> {
    let all = processes()?;
    // One that cannot be opened any more has ended. Held before it is told: its number stays its own.
    let held = |seen: &Seen| Process::open_to_wait(seen.number).ok();
    let relays = all.iter().filter_map(|seen| Some((seen, held(seen)?)));
    let told: Vec<(&Seen, Process)> = relays.filter(|(seen, _)| tell(seen.number)).collect();
    // A browser that a relay has opened goes on.
    let children = all.iter().filter_map(|seen| {
        let (_, parent) = told
            .iter()
            .find(|(relay, _)| relay.number == seen.parent && relay.name == seen.name)?;
        held(seen).filter(|child| is_child(child, parent))
    });
    let children: Vec<Process> = children.collect();
    let mut held = told.iter().map(|(_, process)| process).chain(&children);
    let until = Instant::now() + time;
    let ended = held.all(|one| one.has_ended_within(until.saturating_duration_since(Instant::now())));
    Ok(if ended { Ended::All } else { Ended::Not })
}

/// Numbers are used again: who was begun before the process that has his parent's number now is a child of another one.
fn is_child(child: &Process, parent: &Process) -> bool {
    match (child.began(), parent.began()) {
        (Ok(child), Ok(parent)) => child >= parent,
        _ => false,
    }
}

fn tell(number: u32) -> bool {
    let name = name(number);
    // SAFETY: `name` is a text with its NUL; what is returned is NULL or ours to close.
    let event = owned(unsafe { OpenEventW(EVENT_MODIFY_STATE, 0, name.as_ptr()) });
    // SAFETY: the event is held until it has been set.
    event.is_ok_and(|event| done(unsafe { SetEvent(event.as_raw_handle()) }).is_ok())
}

/// Every process.
fn processes() -> io::Result<Vec<Seen>> {
    // SAFETY: takes values only; what it returns is INVALID_HANDLE_VALUE or a handle that is ours to close.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    let snapshot = owned(snapshot)?;
    let mut entry = PROCESSENTRY32W {
        dwSize: size_of::<PROCESSENTRY32W>() as u32,
        ..PROCESSENTRY32W::default()
    };
    let mut found = Vec::new();
    // SAFETY: the snapshot is held, and `entry` says its own size.
    let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &mut entry) };
    while more != 0 {
        let end = entry.szExeFile.iter().position(|word| *word == 0);
        found.push(Seen {
            number: entry.th32ProcessID,
            parent: entry.th32ParentProcessID,
            name: entry.szExeFile[..end.unwrap_or(entry.szExeFile.len())].to_vec(),
        });
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.as_raw_handle(), &mut entry) };
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_hears_it_and_nobody_is_waited_for_without_end() {
        let own = Ending::new().unwrap();
        assert!(Ending::new().is_err(), "one that others have made is not ours");
        // This program is told, and does not end by it.
        let begun = Instant::now();
        let time = Duration::from_millis(300);
        assert_eq!(end_all(time).unwrap(), Ended::Not);
        assert!(begun.elapsed() >= time);
        assert!(begun.elapsed() < Duration::from_secs(30));
        own.wait();
    }
}
