# To be sourced. Installs what is missing for the demo and the tests, and nothing else; quick when all is there.
# A machine that runs a Postfix or a Dovecot keeps them as they are: the lab starts its own beside them.

# Says in both languages why it cannot go on.
souspli_stop() {
    printf '\n%s\n%s\n' "$1" "$2" >&2
    exit 1
}

# Whether packages can be installed at all.
souspli_may_be_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1
}

# Runs a command as root.
souspli_as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Names those of the packages that are not installed. A compiler of another origin compiles as well.
souspli_missing() {
    local each there
    # One look for all; what it has never heard of is missing, and no reason to end.
    there=$(dpkg-query -W -f '/${db:Status-Status} ${Package} ' "$@" 2>/dev/null || true)
    for each in "$@"; do
        if [ "$each" = build-essential ] && command -v cc >/dev/null 2>&1; then continue; fi
        case "$there" in *"/installed $each "*) ;; *) printf '%s\n' "$each" ;; esac
    done
}

# Installs packages without letting their services start: a freshly installed Postfix has nothing to do on the network. What
# keeps services from starting does not outlive this, even when it is interrupted.
souspli_apt() (
    guard=/usr/sbin/policy-rc.d
    if [ ! -e "$guard" ]; then
        trap 'souspli_as_root rm -f "$guard"' EXIT
        trap 'exit 130' INT TERM HUP
        printf '#!/bin/sh\nexit 101\n' | souspli_as_root tee "$guard" >/dev/null
        souspli_as_root chmod 755 "$guard"
    fi
    printf 'postfix postfix/main_mailer_type select No configuration\n' | souspli_as_root debconf-set-selections || true
    souspli_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
)

# Makes sure that packages are there: souspli_need PACKAGE...
souspli_need() {
    local missing
    command -v dpkg-query >/dev/null 2>&1 || { souspli_need_elsewhere; return; }
    missing=$(souspli_missing "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    souspli_may_be_root ||
        souspli_stop "Il manque des paquets. Demandez à l'administrateur : apt-get install $missing; puis recommencez." \
                     "Packages are missing. Ask the administrator for: apt-get install $missing; then start again."
    printf 'Installation de / installing: %s\n' "$missing"
    # Asked for before the log takes what is said.
    souspli_as_root true ||
        souspli_stop "sudo a refusé. Demandez à l'administrateur : apt-get install $missing; puis recommencez." \
                     "sudo refused. Ask the administrator for: apt-get install $missing; then start again."
    # shellcheck disable=SC2086
    souspli_apt $missing >>"$SOUSPLI_INSTALL_LOG" 2>&1 && return 0
    souspli_as_root apt-get update >>"$SOUSPLI_INSTALL_LOG" 2>&1 || true
    # shellcheck disable=SC2086
    souspli_apt $missing >>"$SOUSPLI_INSTALL_LOG" 2>&1 ||
        souspli_stop "apt-get n'a pas pu installer : $missing(voir $SOUSPLI_INSTALL_LOG)." \
                     "apt-get could not install: $missing(see $SOUSPLI_INSTALL_LOG)."
}

# A system without dpkg: the programs must be there already.
souspli_need_elsewhere() {
    local each
    for each in cc python3 openssl dovecot; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "$each" >/dev/null 2>&1 ||
            souspli_stop "Ce système n'est ni Debian ni Ubuntu, et « $each » manque : installez-le, puis recommencez." \
                         "This system is neither Debian nor Ubuntu, and \"$each\" is missing: install it, then start again."
    done
}

# Whether cargo, run in this project, is the version that rust-toolchain.toml asks for, or newer.
souspli_cargo_fits() {
    local asked found
    asked=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2)
    [ -n "$found" ] && [ "$(printf '%s\n%s\n' "$asked" "$found" | sort -V | head -n 1)" = "$asked" ]
}

# A rustup on the PATH keeps its toolchains beside the home it was installed in, which need not be today's HOME.
souspli_rustup_elsewhere() {
    local cargo home
    cargo=$(command -v cargo 2>/dev/null) || return 0
    for home in "$(dirname "$(dirname "$(dirname "$cargo")")")" "$(getent passwd "$(id -u)" | cut -d: -f6)"; do
        if [ -z "${RUSTUP_HOME:-}" ] && [ -d "$home/.rustup/toolchains" ]; then export RUSTUP_HOME="$home/.rustup"; fi
    done
}

# The Rust toolchain that rust-toolchain.toml names, for this user: what is there, else rustup from the distribution,
# else from rustup.rs, else the distribution's newest cargo.
souspli_rust() {
    # shellcheck disable=SC1091
    if [ -f "${CARGO_HOME:-$HOME/.cargo}/env" ]; then . "${CARGO_HOME:-$HOME/.cargo}/env"; fi
    if souspli_cargo_fits; then return 0; fi
    souspli_rustup_elsewhere
    if souspli_cargo_fits; then return 0; fi
    if ! command -v rustup >/dev/null 2>&1; then
        printf 'Installation de Rust / installing Rust\n'
        if souspli_may_be_root && apt-cache show rustup >/dev/null 2>&1; then
            souspli_need rustup
        else
            souspli_need curl ca-certificates
            curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
                sh -s -- -y --profile minimal --default-toolchain none >>"$SOUSPLI_INSTALL_LOG" 2>&1 || true
            # shellcheck disable=SC1091
            if [ -f "${CARGO_HOME:-$HOME/.cargo}/env" ]; then . "${CARGO_HOME:-$HOME/.cargo}/env"; fi
        fi
    fi
    rustup toolchain install >>"$SOUSPLI_INSTALL_LOG" 2>&1 || rustup show >>"$SOUSPLI_INSTALL_LOG" 2>&1 || true
    if ! souspli_cargo_fits && souspli_may_be_root && apt-cache show cargo-web >/dev/null 2>&1; then
        souspli_need rustc-web cargo-web
        PATH=/usr/bin:$PATH
    fi
    souspli_cargo_fits ||
        souspli_stop "La version de Rust demandée par rust-toolchain.toml n'a pas pu être installée (voir $SOUSPLI_INSTALL_LOG et https://rustup.rs)." \
                     "The Rust version that rust-toolchain.toml asks for could not be installed (see $SOUSPLI_INSTALL_LOG and https://rustup.rs)."
}

# Packages: to build; for the demo; for the tests. Postfix starts as root only; without it the lab has a receiver of its own.
SOUSPLI_BUILD="build-essential ca-certificates"
SOUSPLI_DEMO="openssl python3 dovecot-core dovecot-imapd dovecot-lmtpd"
if [ "$(id -u)" -eq 0 ]; then SOUSPLI_DEMO="$SOUSPLI_DEMO postfix util-linux"; fi
SOUSPLI_LAB="$SOUSPLI_DEMO slapd ldap-utils dovecot-pop3d xvfb libnss3-tools curl isync fetchmail getmail6 gpgsm gnupg faketime dbus dbus-bin libglib2.0-bin gnome-keyring stunnel4 chromium"
# Tokens, and a virtual card behind a virtual reader (tests/lab/test_cardlab.py).
SOUSPLI_LAB="$SOUSPLI_LAB softhsm2 opensc opensc-pkcs11 pcscd vsmartcard-vpcd libpcsclite1 libpcsclite-dev pkg-config"

# A panel that shows the icon beside the clock, for scripts/pictures.
SOUSPLI_PANEL="xfce4-panel xfconf xvfb xdotool imagemagick dbus dbus-bin libglib2.0-bin adwaita-icon-theme softhsm2 opensc"

# Further mail programs, for docs/conformance.md; what a distribution lacks is said and left out.
SOUSPLI_CLIENTS="alpine imapfilter neomutt offlineimap3"

# Those of the packages that this distribution has: souspli_had PACKAGE...
souspli_had() {
    local each
    for each in "$@"; do
        # Read to its end: under pipefail a broken pipe would count as absent.
        if [ -n "$(apt-cache policy "$each" 2>/dev/null | grep 'Candidate: [^(]')" ]; then printf '%s\n' "$each"; fi
    done
}

# The further mail programs; the tests of one that is not to be had are counted as skipped.
souspli_need_clients() {
    local missing had
    command -v apt-cache >/dev/null 2>&1 || return 0
    # shellcheck disable=SC2086
    missing=$(souspli_missing $SOUSPLI_CLIENTS)
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    had=$(souspli_had $missing)
    if [ "$had" != "$missing" ]; then
        souspli_as_root apt-get update >>"$SOUSPLI_INSTALL_LOG" 2>&1 || true
        # shellcheck disable=SC2086
        had=$(souspli_had $missing)
    fi
    # shellcheck disable=SC2086
    [ -z "$had" ] || souspli_need $had
}

# Cyrus as a second IMAP server, unpacked under target/lab and not installed: its package would remove Dovecot's.
souspli_need_cyrus() {
    local place=target/lab/cyrus fetched each
    if [ -e "$place/version" ] || [ -n "${SOUSPLI_CYRUS:-}" ]; then return 0; fi
    command -v apt-get >/dev/null 2>&1 || return 0
    fetched=$(mktemp -d)
    if souspli_fetch_cyrus "$fetched" ||
        { souspli_as_root apt-get update >>"$SOUSPLI_INSTALL_LOG" 2>&1 && souspli_fetch_cyrus "$fetched"; }; then
        # shellcheck disable=SC2046
        souspli_need $(souspli_cyrus_libraries)
        mkdir -p "$place"
        for each in "$fetched"/*.deb; do dpkg-deb -x "$each" "$place"; done
        dpkg-deb -f "$fetched"/cyrus-imapd_*.deb Version >"$place/version"
    else
        printf 'Cyrus ne peut pas être obtenu ici : ses tests sont sautés / Cyrus cannot be had here: its tests are skipped\n'
    fi
    rm -r "$fetched"
}

SOUSPLI_CYRUS_PACKAGES="cyrus-common cyrus-imapd sasl2-bin"

# Downloads them into a folder; apt checks them against its signed lists.
souspli_fetch_cyrus() {
    # shellcheck disable=SC2086
    (cd "$1" && apt-get download $SOUSPLI_CYRUS_PACKAGES) >>"$SOUSPLI_INSTALL_LOG" 2>&1
}

# The libraries that they need, which are installed as packages.
souspli_cyrus_libraries() {
    # shellcheck disable=SC2086
    apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $SOUSPLI_CYRUS_PACKAGES |
        sed -n 's/^ *|\{0,1\}Depends: \(lib[^ ]*\)$/\1/p' | sort -u
    printf '%s\n' libsasl2-modules libsasl2-modules-db
}

# Thunderbird as a package. Ubuntu has it as a snap only, which cannot be driven: those tests are skipped there.
souspli_need_thunderbird() {
    # apt reads all its lists to answer.
    case "$(dpkg-query -W -f '${db:Status-Status} ${Version}' thunderbird 2>/dev/null)" in
        *snap* | "") ;;
        installed*) souspli_need thunderbird-l10n-fr; return ;;
    esac
    if apt-cache policy thunderbird 2>/dev/null | grep -q 'Candidate:.*snap'; then
        printf 'Thunderbird n'\''existe ici qu'\''en snap : ses tests sont sautés / only a snap of Thunderbird here: its tests are skipped\n'
    else
        souspli_need thunderbird thunderbird-l10n-fr
    fi
}

SOUSPLI_INSTALL_LOG=${SOUSPLI_INSTALL_LOG:-target/install.log}
mkdir -p "$(dirname "$SOUSPLI_INSTALL_LOG")"
