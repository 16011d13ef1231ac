# To be sourced after install.sh. What a Windows program is built and tried with on Debian: a compiler for that target, Wine.

SOUSPLI_WINDOWS_TARGET=x86_64-pc-windows-gnu
SOUSPLI_WINDOWS_PACKAGES="gcc-mingw-w64-x86-64-posix msitools wixl osslsigncode openssl"
SOUSPLI_WINE_PACKAGES="wine wine64"
# Where the standard library for Windows is kept, apart from target: it takes minutes, and changes with the compiler only.
SOUSPLI_WINDOWS_STD=${SOUSPLI_WINDOWS_STD:-${XDG_CACHE_HOME:-$HOME/.cache}/souspli/windows-std}

# Names it: rustup's, where it has the target; else Debian's, which brings the sources of the standard library and is installed.
souspli_windows_compiler() {
    if rustup target list --installed 2>/dev/null | grep -qx $SOUSPLI_WINDOWS_TARGET; then
        SOUSPLI_WINDOWS_CARGO=cargo
    else
        souspli_need rustc-web cargo-web rust-web-src rust-web-clippy
        SOUSPLI_WINDOWS_CARGO=/usr/bin/cargo
    fi
}

# Chooses a compiler, and says to it all that it needs for Windows.
souspli_windows() {
    # shellcheck disable=SC2086
    souspli_need $SOUSPLI_WINDOWS_PACKAGES
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc-posix
    export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-posix
    export AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-ar-posix
    # Another compiler than the tests' own must not make their target folder anew.
    export CARGO_TARGET_DIR="$PWD/target/windows"
    souspli_windows_compiler
    if [ $SOUSPLI_WINDOWS_CARGO = cargo ]; then return 0; fi
    export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS="--sysroot $SOUSPLI_WINDOWS_STD"
    souspli_windows_std
}

# cargo for that target: souspli_windows_cargo COMMAND...
souspli_windows_cargo() {
    local command=$1
    shift
    PATH=$(dirname "$(command -v "$SOUSPLI_WINDOWS_CARGO")"):$PATH "$SOUSPLI_WINDOWS_CARGO" "$command" --target $SOUSPLI_WINDOWS_TARGET "$@"
}

# Builds the standard library for Windows, once for each compiler. Its own features are needed for that alone.
souspli_windows_std() {
    local made lib=$SOUSPLI_WINDOWS_STD/lib/rustlib/$SOUSPLI_WINDOWS_TARGET/lib
    made=$($RUSTC -V)
    if [ "$(cat "$SOUSPLI_WINDOWS_STD/.done" 2>/dev/null)" = "$made" ]; then return 0; fi
    printf 'Bibliothèque standard pour Windows (une fois) / standard library for Windows (once)\n'
    local work
    work=$(mktemp -d)
    mkdir -p "$work/src"
    printf '[package]\nname = "std-for-windows"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$work/Cargo.toml"
    printf 'fn main() {}\n' >"$work/src/main.rs"
    env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_TARGET_DIR RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS='-C embed-bitcode=yes' \
        /usr/bin/cargo build --quiet --manifest-path "$work/Cargo.toml" --target-dir "$work/target" --release \
        --target $SOUSPLI_WINDOWS_TARGET -Z build-std=std,panic_abort,panic_unwind,test
    rm -rf "$SOUSPLI_WINDOWS_STD"
    mkdir -p "$lib"
    find "$work/target/$SOUSPLI_WINDOWS_TARGET/release" -name 'lib*.rlib' -exec cp {} "$lib/" \;
    printf '%s\n' "$made" >"$SOUSPLI_WINDOWS_STD/.done"
    rm -rf "$work"
}

# Tests of its own of all that asks the system: connections, rights, the window for a PIN, files that take each other's place.
souspli_windows_tests() {
    local prefix place=/tmp
    # In memory where there is room: Wine waits for the disk at each small file.
    if [ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1 || true)" -gt 3000000 ] 2>/dev/null; then place=/dev/shm; fi
    prefix=$(mktemp -d -p $place)
    # shellcheck disable=SC2064
    trap "WINEPREFIX=$prefix TMPDIR=$prefix wineserver -k || true; rm -rf $prefix" EXIT
    souspli_windows_cargo test --locked --lib --no-run
    (cd scripts && timeout 240 python3 -m lab.wine "$prefix")
    # They take a minute. Wine 8 does not say whose a connection over IPv6 is; over IPv4 the relay itself is tried (tests/windows).
    WINEPREFIX=$prefix TMPDIR=$prefix WINEDEBUG=-all CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER='timeout --kill-after=10 480 wine' \
        souspli_windows_cargo test --locked --lib -- windows:: net:: store:: config:: keys:: directory:: relay:: desktop:: cli:: \
        --skip net::peer::own_tests:: </dev/null
}

# What clippy says of what is compiled for Windows only. Debian's is newer than the project's, and blames what is const already.
souspli_windows_clippy() {
    souspli_windows_cargo clippy --locked --quiet --all-targets -- -D warnings -A clippy::missing_const_for_thread_local
}
