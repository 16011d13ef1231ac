//! Writing: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC over keys and certificates, and a MAC by HMAC-SHA256. What OpenSSL 3,
//! NSS (Thunderbird), Windows 10 and macOS read; nothing weaker is written.

use super::derivation::{MAC_KEY, bmp, derive};
use super::read::Contents;
use crate::base::Secret;
use crate::base::limits::{EXPORT_PASSWORD_DIFFERENT_MIN, EXPORT_PASSWORD_MIN, PKCS12_ITERATIONS};
use crate::pki::algorithm::Digest;
use crate::pki::ber::tag;
use crate::pki::oid::{self, Oid};
use crate::pki::{Certificate, der};
use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{error::Unspecified, hmac, pbkdf2, rand};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// A private key with what goes along with it.
#[derive(Debug)]
pub struct Entry<'a> {
    /// PKCS#8.
    pub pkcs8: &'a Secret,
    /// The certificate of that key.
    pub certificate: &'a Certificate,
    /// Those above it.
    pub chain: &'a [Certificate],
}

/// Why a password will not do for a file that leaves this home.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weak {
    /// Too few characters.
    Short,
    /// Few different ones.
    Monotonous,
    /// Not text: nobody could type it elsewhere.
    NotText,
}

const SALT: usize = 16;
const MAC_LEN: usize = 32;
const BMP_STRING: u8 = 0x1e;

/// Whether a password can hold off somebody who has the file and time.
pub fn strength(password: &Secret) -> Result<(), Weak> {
    let text = std::str::from_utf8(password.expose()).map_err(|_| Weak::NotText)?;
    if text.chars().any(char::is_control) {
        return Err(Weak::NotText);
    }
    if text.chars().count() < EXPORT_PASSWORD_MIN {
        return Err(Weak::Short);
    }
    match text.chars().collect::<BTreeSet<char>>().len() < EXPORT_PASSWORD_DIFFERENT_MIN {
        true => Err(Weak::Monotonous),
        false => Ok(()),
    }
}

/// A PFX (RFC 7292 §4) of these keys under one password. `Err`: the system gives no randomness, or the password is no text.
pub fn write(entries: &[Entry<'_>], password: &Secret) -> Result<Vec<u8>, Unspecified> {
    let certificates = encrypted_data(&certificate_bags(entries), password)?;
    let mut keys = Vec::new();
    let mut written: Vec<&[u8]> = Vec::new();
    for entry in entries {
        // Two certificates of one key have it once.
        if !written.contains(&entry.pkcs8.expose()) {
            written.push(entry.pkcs8.expose());
            keys.push(key_bag(entry, password)?);
        }
    }
    let keys = data(&der::sequence(&slices(&keys)));
    let safe = der::sequence(&[&certificates, &keys]);
    let mac = mac_data(&safe, password)?;
    Ok(der::sequence(&[&der::small(3), &data(&safe), &mac]))
}

/// A PFX of these keys without a password, **in clear**: for what is encrypted as a whole. Nothing of it is left behind in memory.
pub fn in_clear(entries: &[Entry<'_>]) -> Secret {
    let mut bags: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    let mut written: Vec<&[u8]> = Vec::new();
    for entry in entries {
        if !written.contains(&entry.pkcs8.expose()) {
            written.push(entry.pkcs8.expose());
            let value = wiped(tag::context(0), &[entry.pkcs8.expose()]);
            bags.push(wiped(tag::SEQUENCE, &[&der::oid(oid::KEY_BAG), &value, &attributes(entry)]));
        }
    }
    let bags: Vec<&[u8]> = bags.iter().map(|bag| bag.as_slice()).collect();
    let keys = data_wiped(&wiped(tag::SEQUENCE, &bags));
    let certificates = data(&certificate_bags(entries));
    let safe = data_wiped(&wiped(tag::SEQUENCE, &[&certificates, &keys]));
    Secret::new(der::sequence(&[&der::small(3), &safe]))
}

/// As [`data`].
fn data_wiped(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let octets = wiped(tag::context(0), &[&wiped(tag::OCTET_STRING, &[octets])]);
    wiped(tag::SEQUENCE, &[&der::oid(oid::DATA), &octets])
}

fn wiped(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(der::tlv(tag, parts))
}

/// Whether what was written gives back every key and certificate.
pub fn holds(contents: &Contents, entries: &[Entry<'_>]) -> bool {
    entries.iter().all(|entry| {
        let key = contents.keys.iter().any(|key| key.expose() == entry.pkcs8.expose());
        let mut needed = std::iter::once(entry.certificate).chain(entry.chain);
        key && needed.all(|certificate| contents.certificates.contains(certificate))
    })
}

fn certificate_bags(entries: &[Entry<'_>]) -> Zeroizing<Vec<u8>> {
    let mut bags: Vec<Vec<u8>> = Vec::new();
    let mut seen: Vec<&Certificate> = Vec::new();
    let leaves = entries.iter().map(|entry| (entry.certificate, attributes(entry)));
    let above = entries.iter().flat_map(|entry| entry.chain).map(|above| (above, Vec::new()));
    for (certificate, attributes) in leaves.chain(above) {
        if seen.contains(&certificate) {
            continue;
        }
        seen.push(certificate);
        let value = der::octets(certificate.der());
        let bag = der::sequence(&[&der::oid(oid::X509_CERTIFICATE), &explicit(&value)]);
        bags.push(safe_bag(oid::CERT_BAG, &bag, &attributes));
    }
    Zeroizing::new(der::sequence(&slices(&bags)))
}

fn key_bag(entry: &Entry<'_>, password: &Secret) -> Result<Vec<u8>, Unspecified> {
    let (algorithm, octets) = pbes2(entry.pkcs8.expose(), password)?;
    let shrouded = der::sequence(&[&algorithm, &der::octets(&octets)]);
    Ok(safe_bag(oid::SHROUDED_KEY_BAG, &shrouded, &attributes(entry)))
}

/// SafeBag (RFC 7292 §4.2).
fn safe_bag(kind: Oid, value: &[u8], attributes: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), &explicit(value), attributes])
}

/// friendlyName, by which programs list it, and localKeyId, the same for a key and all of its certificates.
fn attributes(entry: &Entry<'_>) -> Vec<u8> {
    let certificate = entry.certificate;
    let name = format!("{}, {}", certificate.holder(), certificate.not_after().civil().date());
    // A BMPString has no other characters.
    let name = name.chars().filter(|c| u32::from(*c) <= 0xffff).collect::<String>();
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let id = Digest::Sha1.of(&[certificate.spki()]);
    let attribute = |kind: Oid, value: Vec<u8>| der::sequence(&[&der::oid(kind), &der::set(&[value])]);
    der::set(&[
        attribute(oid::FRIENDLY_NAME, der::tlv(BMP_STRING, &[&name])),
        attribute(oid::LOCAL_KEY_ID, der::octets(&id)),
    ])
}

/// ContentInfo of id-data.
fn data(octets: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid::DATA), &explicit(&der::octets(octets))])
}

/// ContentInfo of id-encryptedData (RFC 5652 §8).
fn encrypted_data(safe_contents: &[u8], password: &Secret) -> Result<Vec<u8>, Unspecified> {
    let (algorithm, octets) = pbes2(safe_contents, password)?;
    let octets = der::tlv(tag::context_primitive(0), &[&octets]);
    let content = der::sequence(&[&der::oid(oid::DATA), &algorithm, &octets]);
    let encrypted = der::sequence(&[&der::small(0), &content]);
    Ok(der::sequence(&[&der::oid(oid::ENCRYPTED_DATA), &explicit(&encrypted)]))
}

/// PBES2 (RFC 8018 §6.2): its AlgorithmIdentifier and the ciphertext.
fn pbes2(plain: &[u8], password: &Secret) -> Result<(Vec<u8>, Vec<u8>), Unspecified> {
    let (mut salt, mut iv, mut key) = ([0; SALT], [0; 16], Zeroizing::new([0; 32]));
    rand::fill(&mut salt)?;
    rand::fill(&mut iv)?;
    let rounds = NonZeroU32::new(PKCS12_ITERATIONS).ok_or(Unspecified)?;
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.expose(), &mut *key);
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &*key)?)?;
    // With room for the padding: growing would leave the plaintext behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(plain.len() + 16));
    octets.extend_from_slice(plain);
    cipher.less_safe_encrypt(&mut *octets, EncryptionContext::Iv128(FixedLength::from(iv)))?;
    let prf = der::algorithm(oid::HMAC_SHA256, &der::null());
    let derivation = der::sequence(&[&der::octets(&salt), &der::unsigned(&PKCS12_ITERATIONS.to_be_bytes()), &prf]);
    let parameters = der::sequence(&[
        &der::algorithm(oid::PBKDF2, &derivation),
        &der::algorithm(oid::AES256_CBC, &der::octets(&iv)),
    ]);
    Ok((der::algorithm(oid::PBES2, &parameters), octets.to_vec()))
}

/// MacData over the AuthenticatedSafe (RFC 7292 §4).
fn mac_data(safe: &[u8], password: &Secret) -> Result<Vec<u8>, Unspecified> {
    let text = std::str::from_utf8(password.expose()).map_err(|_| Unspecified)?;
    let mut salt = [0; SALT];
    rand::fill(&mut salt)?;
    let key = derive(Digest::Sha256, MAC_KEY, &bmp(text), &salt, PKCS12_ITERATIONS, MAC_LEN);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), safe);
    let digest = der::sequence(&[&der::algorithm(oid::SHA256, &der::null()), &der::octets(mac.as_ref())]);
    Ok(der::sequence(&[
        &digest,
        &der::octets(&salt),
        &der::unsigned(&PKCS12_ITERATIONS.to_be_bytes()),
    ]))
}

fn explicit(value: &[u8]) -> Vec<u8> {
    der::tlv(tag::context(0), &[value])
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_hold() {
        for (password, strength_of) in [
            ("", Err(Weak::Short)),
            ("onze caract", Err(Weak::Short)),
            ("éééééé123456", Ok(())),
            ("aaaaaaaaaaaaaaaaaaaa", Err(Weak::Monotonous)),
            ("cheval correct agrafe", Ok(())),
            ("cheval\tcorrect agrafe", Err(Weak::NotText)),
        ] {
            assert_eq!(strength(&Secret::from(password)), strength_of, "{password}");
        }
        assert_eq!(strength(&Secret::new(vec![0xff; 20])), Err(Weak::NotText));
    }
}
