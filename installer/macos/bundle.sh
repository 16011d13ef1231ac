#!/bin/bash
# Builds Souspli.app, and a package of it with its launch agent, on a Mac: target/macos/. Not tried yet on any (README.md).
#   ./installer/macos/bundle.sh
# SOUSPLI_MAC_APPLICATION  the signing identity of the bundle ("Developer ID Application: …"); without it an ad-hoc signature
# SOUSPLI_MAC_INSTALLER    that of the package ("Developer ID Installer: …"); without it an unsigned package
# SOUSPLI_MAC_PROFILE      keychain profile of notarytool (xcrun notarytool store-credentials); without it nothing is notarised
# SOUSPLI_MAC_TARGETS      "aarch64-apple-darwin x86_64-apple-darwin" unless said otherwise
set -euo pipefail
cd "$(dirname "$0")/../.."

parts=installer/macos out=target/macos
app=$out/root/Applications/Souspli.app
targets=${SOUSPLI_MAC_TARGETS:-aarch64-apple-darwin x86_64-apple-darwin}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)

# One program for all processors: program
program() {
    local built=() each
    for each in $targets; do
        rustup target add "$each"
        MACOSX_DEPLOYMENT_TARGET=12.0 cargo build --locked --release --bin souspli --target "$each"
        built+=("target/$each/release/souspli")
    done
    lipo -create -output "$app/Contents/MacOS/souspli" "${built[@]}"
}

# The pictures of the icon, which holds them as PNG.
icons() {
    local set=$out/souspli.iconset size
    mkdir -p "$set"
    sips -s format png installer/windows/souspli.ico --out "$out/souspli.png" >/dev/null
    for size in 16 32 128 256; do
        sips -z $size $size "$out/souspli.png" --out "$set/icon_${size}x$size.png" >/dev/null
        sips -z $((size * 2)) $((size * 2)) "$out/souspli.png" --out "$set/icon_${size}x$size@2x.png" >/dev/null
    done
    iconutil -c icns -o "$app/Contents/Resources/souspli.icns" "$set"
}

bundle() {
    mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources" "$out/root/Library/LaunchAgents"
    sed "s/@VERSION@/$version/" $parts/Info.plist.in >"$app/Contents/Info.plist"
    install -m 755 $parts/session.sh "$app/Contents/MacOS/souspli-session"
    cp config/souspli.toml config/policy.example.toml LICENSE-MIT LICENSE-APACHE "$app/Contents/Resources/"
    install -m 644 $parts/fr.souspli.Souspli.plist "$out/root/Library/LaunchAgents/"
    plutil -lint "$app/Contents/Info.plist" "$out/root/Library/LaunchAgents/fr.souspli.Souspli.plist"
}

# The hardened runtime lets no foreign library in: a card's module is one, which the entitlement allows.
signed() {
    local identity=${SOUSPLI_MAC_APPLICATION:--} stamp=--timestamp
    if [ "$identity" = - ]; then stamp=--timestamp=none; fi
    for each in "$app/Contents/MacOS/souspli" "$app"; do
        codesign --force --options runtime $stamp --entitlements $parts/entitlements.plist --sign "$identity" "$each"
    done
    codesign --verify --strict --deep "$app"
}

package() {
    local sign=()
    if [ -n "${SOUSPLI_MAC_INSTALLER:-}" ]; then sign=(--sign "$SOUSPLI_MAC_INSTALLER"); fi
    pkgbuild --root "$out/root" --identifier fr.souspli.Souspli --version "$version" --ownership recommended ${sign[@]+"${sign[@]}"} "$out/souspli-$version.pkg"
    if [ -n "${SOUSPLI_MAC_PROFILE:-}" ]; then
        xcrun notarytool submit "$out/souspli-$version.pkg" --keychain-profile "$SOUSPLI_MAC_PROFILE" --wait
        xcrun stapler staple "$out/souspli-$version.pkg"
    fi
}

[ "$(uname)" = Darwin ] || { printf 'Sur un Mac seulement. / On a Mac only.\n' >&2; exit 1; }
rm -rf "$out"
bundle
program
icons
signed
package
ls -l "$out"/*.pkg
