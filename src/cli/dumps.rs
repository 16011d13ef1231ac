//! No core dumps: a process that crashes would leave keys, letters and PINs in a file of the system's.

/// From here on; what the system does not allow it does not do anyway.
#[cfg(unix)]
pub(super) fn forbid() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    // Where a program of the system's takes dumps over a pipe, it asks for this and not for the limit.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// From here on, in what this process starts too. A crash that Windows is told of all the same (`__fastfail`) it reports unless the
/// program is named among those it leaves alone, which the installer sees to.
#[cfg(windows)]
pub(super) fn forbid() {
    crate::windows::process::leave_no_reports();
}
