//! What this process takes of the computer's memory.

/// Pages of the usual size: the allocator asks for huge ones, and a program that waits all day for a letter would hold many times
/// what it uses.
#[cfg(target_os = "linux")]
pub(super) fn stay_small() {
    // A kernel without them has nothing to be told.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn stay_small() {}
