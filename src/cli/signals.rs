//! What ends the relay in order: SIGTERM, Ctrl-C, the end of the terminal.

use std::future::Future;
use std::io;

#[cfg(windows)]
use {
    crate::base::limits::STOP_SECONDS_MAX, crate::text::command::session_ends, crate::windows::session, std::sync::OnceLock,
    std::time::Duration, tokio::sync::watch,
};

/// Ready when the relay is to end. From this call on, none of these signals ends the program by itself.
#[cfg(unix)]
pub(super) fn end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // `nohup` has it ignored: the relay is to outlive its terminal.
    let mut hang_up = if is_ignored(libc::SIGHUP) {
        None
    } else {
        Some(signal(SignalKind::hangup())?)
    };
    Ok(async move {
        let hung_up = async {
            match &mut hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// As [`end`] of Unix: Ctrl-C, Ctrl-Break, the end of the console or of the session, `souspli stop`.
#[cfg(windows)]
pub(super) fn end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
    let (mut interrupt, mut broken) = (ctrl_c()?, ctrl_break()?);
    let (mut closed, mut logged_off, mut shut_down) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    let (told, session_ended) = (told_to_stop(), session_ended());
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = broken.recv() => {}
            _ = closed.recv() => {}
            _ = logged_off.recv() => {}
            _ = shut_down.recv() => {}
            () = told => {}
            () = session_ended => {}
        }
    })
}

/// Ready when the user logs off or the computer is shut down: as a program with windows is told so, which ours is. Never where this
/// process cannot be told so.
#[cfg(windows)]
fn session_ended() -> impl Future<Output = ()> {
    // Heard once for the whole program, however often its end is waited for; the thread ends with it.
    static TOLD: OnceLock<watch::Receiver<bool>> = OnceLock::new();
    let told = TOLD.get_or_init(|| {
        let (give, told) = watch::channel(false);
        std::thread::spawn(move || {
            let patience = Duration::from_secs(STOP_SECONDS_MAX + 2);
            let tell = || {
                give.send_replace(true);
            };
            if let Err(error) = session::wait_for_end(session_ends(), patience, &tell) {
                tracing::warn!(%error, "the end of the session will not be heard");
            }
        });
        told
    });
    once(told.clone())
}

/// Ready when `souspli stop` was said; never where this process cannot be told so.
#[cfg(windows)]
fn told_to_stop() -> impl Future<Output = ()> {
    static TOLD: OnceLock<watch::Receiver<bool>> = OnceLock::new();
    let told = TOLD.get_or_init(|| {
        let (give, told) = watch::channel(false);
        match crate::windows::ending::Ending::new() {
            Ok(ending) => {
                std::thread::spawn(move || {
                    ending.wait();
                    give.send_replace(true);
                });
            }
            Err(error) => tracing::warn!(%error, "`souspli stop` will not reach this relay"),
        }
        told
    });
    once(told.clone())
}

#[cfg(windows)]
async fn once(mut told: watch::Receiver<bool>) {
    if told.wait_for(|said| *said).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn is_ignored(signal: libc::c_int) -> bool {
    // SAFETY: all zeros is a valid `sigaction` of C; with no new action given, sigaction only fills it in (POSIX).
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}
