//! What this process takes of the computer's memory.

use std::ffi::{c_int, c_long};
use std::time::Duration;

/// How long the allocator keeps what is free, in milliseconds: `mi_option_purge_delay` of its mimalloc.h, whose numbers stay.
const PURGE_DELAY: c_int = 15;
/// Of a relay that serves. To give back at once would cost opening a twentieth of its time; this costs nothing, and a second, which the
/// allocator takes by itself, lets twenty large messages hold a third more.
const SERVING: c_long = 200;
/// How long a relay begins.
const BEGINS: Duration = Duration::from_secs(10);
/// What letters have needed goes back after this at most.
const GIVEN_BACK_AT: Duration = Duration::from_secs(60);

/// Pages of the usual size: the allocator asks for huge ones, and a program that waits all day for a letter would hold many times
/// what it uses. And what is free goes back at once, in a command as in a relay that begins: what stays would else come to lie scattered
/// over what was needed for a moment - a passphrase alone takes 64 MB - and none of it would go back.
pub(super) fn stay_small() {
    // A kernel without them has nothing to be told.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    keep_free(0);
}

/// What is free goes back once a minute too, for as long as the relay runs: the allocator by itself does it only as something else is
/// asked for, and a relay that waits asks for nothing.
pub(super) async fn give_back() {
    tokio::time::sleep(BEGINS).await;
    keep_free(SERVING);
    loop {
        collect();
        tokio::time::sleep(GIVEN_BACK_AT).await;
    }
}

#[allow(unsafe_code)]
fn keep_free(milliseconds: c_long) {
    // SAFETY: a number of the allocator's, which any thread may change at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds) }
}

#[allow(unsafe_code)]
fn collect() {
    // SAFETY: it may be called at any time, and touches only what is free.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
