//! Where the modules of known card software stand, on each platform.

use std::path::PathBuf;

/// CPS first: OpenSC drives many cards, and some of them less well than their own software.
#[cfg(target_os = "linux")]
const PLACES: &[&str] = &[
    "/usr/lib/libcps3_pkcs11_lux.so",
    "/usr/lib/libcps3_pkcs11.so",
    "/usr/local/lib/libcps3_pkcs11_lux.so",
    "/usr/local/lib/libcps3_pkcs11.so",
    "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib64/opensc-pkcs11.so",
    "/usr/lib/opensc-pkcs11.so",
];
/// See above.
#[cfg(target_os = "macos")]
const PLACES: &[&str] = &["/usr/local/lib/libcps3_pkcs11_osx.dylib", "/Library/OpenSC/lib/opensc-pkcs11.so"];
/// See above.
#[cfg(windows)]
const PLACES: &[&str] = &[
    r"C:\Windows\System32\cps3_pkcs11_w64.dll",
    r"C:\Program Files\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll",
];

/// The first one that is installed.
pub fn installed_module() -> Option<PathBuf> {
    PLACES.iter().map(PathBuf::from).find(|path| path.is_file())
}
