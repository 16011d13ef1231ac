//! PC/SC (winscard) as far as watching readers needs it: loaded where it is installed, so that a machine without it starts the
//! program all the same. Runs in the process of [`super::reader_host`].
//!
//! With `one_step`, this is what the shells have of `unsafe`. Every call gets pointers to values that outlive it, and lengths that are
//! theirs; the functions are those of winscard.h, in the types that each platform gives them.

#![allow(unsafe_code)]

use crate::base::limits::{READER_NAMES_MAX, READERS_MAX};
use libloading::Library;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

#[cfg(windows)]
mod abi {
    pub type Word = u32;
    pub type Long = i32;
    pub type Handle = usize;
    pub const ATR_MAX: usize = 36;
    pub const LIST: &[u8] = b"SCardListReadersA";
    pub const WAIT: &[u8] = b"SCardGetStatusChangeA";
}

#[cfg(target_os = "macos")]
mod abi {
    pub type Word = u32;
    pub type Long = i32;
    pub type Handle = i32;
    pub const ATR_MAX: usize = 33;
    pub const LIST: &[u8] = b"SCardListReaders";
    pub const WAIT: &[u8] = b"SCardGetStatusChange";
}

#[cfg(all(unix, not(target_os = "macos")))]
mod abi {
    pub type Word = std::ffi::c_ulong;
    pub type Long = std::ffi::c_long;
    pub type Handle = std::ffi::c_long;
    pub const ATR_MAX: usize = 33;
    pub const LIST: &[u8] = b"SCardListReaders";
    pub const WAIT: &[u8] = b"SCardGetStatusChange";
}

use abi::{ATR_MAX, Handle, Long, Word};

/// SCARD_READERSTATE.
#[cfg_attr(target_os = "macos", repr(C, packed(1)))]
#[cfg_attr(not(target_os = "macos"), repr(C))]
struct ReaderState {
    name: *const c_char,
    user: *mut c_void,
    current: Word,
    event: Word,
    atr_length: Word,
    atr: [u8; ATR_MAX],
}

type Establish = unsafe extern "system" fn(Word, *const c_void, *const c_void, *mut Handle) -> Long;
type Release = unsafe extern "system" fn(Handle) -> Long;
type List = unsafe extern "system" fn(Handle, *const c_char, *mut c_char, *mut Word) -> Long;
type Wait = unsafe extern "system" fn(Handle, Word, *mut ReaderState, Word) -> Long;

/// SCARD_SCOPE_SYSTEM.
const SYSTEM: Word = 2;
/// SCARD_STATE_CHANGED, _UNKNOWN, _UNAVAILABLE, _PRESENT, _MUTE.
const CHANGED: Word = 0x2;
const GONE: Word = 0x4 | 0x8;
const PRESENT: Word = 0x20;
const MUTE: Word = 0x200;
/// SCARD_E_TIMEOUT, _UNKNOWN_READER, _NO_READERS_AVAILABLE.
const TIMEOUT: u32 = 0x8010_000A;
const UNKNOWN_READER: u32 = 0x8010_0009;
const NO_READERS: u32 = 0x8010_002E;
/// The reader that is none: it changes when readers come and go.
const ARRIVALS: &CStr = c"\\\\?PnP?\\Notification";

/// The library of PC/SC.
pub struct Pcsc {
    establish: Establish,
    release: Release,
    list: List,
    wait: Wait,
    /// The functions are its.
    _library: Library,
}

/// A connection to its service.
pub struct Context<'a> {
    pcsc: &'a Pcsc,
    handle: Handle,
}

/// A reader, and what was last heard of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watched {
    name: CString,
    state: Word,
}

/// How waiting ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// Something is new: readers, or what is in them.
    Changed,
    /// Nothing was, for so long.
    Quiet,
    /// The service has gone.
    Ended,
}

impl Pcsc {
    /// `None`: it is not installed.
    pub fn load() -> Option<Self> {
        let library = library()?;
        // SAFETY: the symbols have these types in winscard.h; the library is kept for as long as they are.
        unsafe {
            Some(Self {
                establish: *library.get::<Establish>(b"SCardEstablishContext").ok()?,
                release: *library.get::<Release>(b"SCardReleaseContext").ok()?,
                list: *library.get::<List>(abi::LIST).ok()?,
                wait: *library.get::<Wait>(abi::WAIT).ok()?,
                _library: library,
            })
        }
    }

    /// `None`: its service does not run.
    pub fn connect(&self) -> Option<Context<'_>> {
        let mut handle: Handle = 0;
        // SAFETY: the two reserved pointers are null, as they must be; the handle is ours.
        let said = unsafe { (self.establish)(SYSTEM, ptr::null(), ptr::null(), &mut handle) };
        (code(said) == 0).then_some(Context { pcsc: self, handle })
    }
}

impl Context<'_> {
    /// The names of the readers; `None`: the service has gone.
    pub fn readers(&self) -> Option<Vec<CString>> {
        let mut names = vec![0_u8; READER_NAMES_MAX];
        let mut length = Word::try_from(names.len()).ok()?;
        // SAFETY: as many octets may be written as the buffer has.
        let said = unsafe { (self.pcsc.list)(self.handle, ptr::null(), names.as_mut_ptr().cast(), &mut length) };
        match code(said) {
            0 => {
                names.truncate(usize::try_from(length).ok()?.min(READER_NAMES_MAX));
                let each = names.split(|octet| *octet == 0).filter(|name| !name.is_empty());
                Some(each.take(READERS_MAX).filter_map(|name| CString::new(name).ok()).collect())
            }
            NO_READERS => Some(Vec::new()),
            _ => None,
        }
    }

    /// Waits until something of these is new, and notes it.
    pub fn wait(&self, watched: &mut [Watched], milliseconds: u32) -> Woken {
        let state = |each: &Watched| ReaderState {
            name: each.name.as_ptr(),
            user: ptr::null_mut(),
            current: each.state,
            event: 0,
            atr_length: 0,
            atr: [0; ATR_MAX],
        };
        let mut states: Vec<ReaderState> = watched.iter().map(state).collect();
        let Ok(count) = Word::try_from(states.len()) else {
            return Woken::Ended;
        };
        // SAFETY: so many states are there; the names that they point to outlive the call.
        let said = unsafe { (self.pcsc.wait)(self.handle, Word::from(milliseconds), states.as_mut_ptr(), count) };
        match code(said) {
            0 => {
                for (each, state) in watched.iter_mut().zip(&states) {
                    each.state = state.event & !CHANGED;
                }
                Woken::Changed
            }
            TIMEOUT => Woken::Quiet,
            // It has gone since they were listed.
            UNKNOWN_READER => Woken::Changed,
            _ => Woken::Ended,
        }
    }
}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is that of this connection, and is used no more.
        unsafe { (self.pcsc.release)(self.handle) };
    }
}

impl Watched {
    /// A reader of which nothing is known.
    pub fn new(name: CString) -> Self {
        Self { name, state: 0 }
    }

    /// What tells that readers come and go.
    pub fn arrivals() -> Self {
        Self::new(ARRIVALS.to_owned())
    }

    /// As the service calls it.
    pub fn name(&self) -> &CStr {
        &self.name
    }

    /// Whether anything has been heard of it.
    pub fn is_known(&self) -> bool {
        self.state != 0
    }

    /// Whether it is there.
    pub fn is_there(&self) -> bool {
        self.state & GONE == 0
    }

    /// Whether a card is in it.
    pub fn has_card(&self) -> bool {
        self.state & PRESENT != 0
    }

    /// Whether that card does not answer.
    pub fn is_mute(&self) -> bool {
        self.state & MUTE != 0
    }

    /// How many cards came and went, as far as the service counts.
    pub fn changes(&self) -> u16 {
        u16::try_from(self.state >> 16 & 0xffff).unwrap_or_default()
    }
}

/// The same 32 bits on each platform, whatever the size of the type.
fn code(said: Long) -> u32 {
    said as u32
}

#[cfg(windows)]
fn library() -> Option<Library> {
    use libloading::os::windows::{LOAD_LIBRARY_SEARCH_SYSTEM32, Library as System};
    // SAFETY: it is a part of the system, and taken from its folder only.
    unsafe { System::load_with_flags("winscard.dll", LOAD_LIBRARY_SEARCH_SYSTEM32) }
        .ok()
        .map(Library::from)
}

#[cfg(target_os = "macos")]
fn library() -> Option<Library> {
    // SAFETY: it is a part of the system.
    unsafe { Library::new("/System/Library/Frameworks/PCSC.framework/PCSC") }.ok()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn library() -> Option<Library> {
    // SAFETY: it begins nothing when it is loaded.
    unsafe { Library::new("libpcsclite.so.1") }.ok()
}
