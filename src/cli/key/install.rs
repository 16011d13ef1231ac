//! `souspli key install`: the authority's answer, in whatever file or message it came.

use super::super::out::Out;
use super::super::{Cli, Failure, input};
use super::{Keys, import};
use crate::base::Address;
use crate::base::limits::IMPORT_FILE_MAX;
use crate::keys::request::RequestedKey;
use crate::keys::{Own, SoftwareKey};
use crate::pki::{Certificate, certificates_in};
use crate::relay::authorities::Authorities;
use crate::smime::brought::certificates_brought;
use crate::store::KeyId;
use crate::text::{keys as keys_say, requests as say};
use clap::Args;
use std::path::PathBuf;

/// What came.
#[derive(Args, Debug)]
pub struct Install {
    /// Le fichier .cer .pem .p7c .p7b, ou le message .eml / the file, or the message.
    file: PathBuf,
}

/// A key with its new certificate, and the request that is answered.
struct Answered {
    account: Address,
    key: SoftwareKey,
    request: Option<KeyId>,
}

impl Install {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let shown = self.file.display().to_string();
        let came = self.read(cli)?;
        if came.is_empty() {
            return Err(keys_say::no_certificate_in_file(&shown).into());
        }
        let keys = Keys::open(cli)?;
        let answered = answered(cli, &keys, &came)?;
        if answered.is_empty() {
            return Err(say::no_key_fits(&shown).into());
        }
        for answer in &answered {
            import::keep(&keys, &answer.account, &answer.key, "installed", out)?;
        }
        for request in answered.iter().filter_map(|answer| answer.request.as_ref()) {
            match keys.requested.remove(request) {
                // Two certificates of one key.
                Err(crate::store::StoreError::Absent) => {}
                done => done.map_err(|e| Failure::from(&e))?,
            }
        }
        Ok(())
    }

    /// The certificates of the file, or of the message; one that was sealed is opened.
    fn read(&self, cli: &Cli) -> Result<Vec<Certificate>, Failure> {
        let octets = input::file(&self.file, IMPORT_FILE_MAX)?;
        let found = certificates_in(&octets);
        if !found.is_empty() {
            return Ok(found);
        }
        let message = input::stored(Some(&self.file))?;
        let found = certificates_brought(&message);
        let config = cli.config_or_default(None)?;
        let opened = match cli.relay(config)?.open_by_hand(message) {
            Ok(opened) => certificates_brought(opened.bytes()),
            // What stands in clear will do.
            Err(_) if !found.is_empty() => Vec::new(),
            Err(why) => return Err(why.into()),
        };
        let new = opened
            .into_iter()
            .filter(|certificate| !found.contains(certificate))
            .collect::<Vec<_>>();
        Ok([found, new].concat())
    }
}

/// Keys of requests that these certificates answer; else keys in use, which an authority has certified anew.
fn answered(cli: &Cli, keys: &Keys, came: &[Certificate]) -> Result<Vec<Answered>, Failure> {
    let others = [came, &known_authorities(cli, keys)?].concat();
    let mut found = Vec::new();
    for waiting in keys.requested.list().map_err(|e| Failure::from(&e))? {
        let bytes = keys.requested.load(&waiting.id).map_err(|e| Failure::from(&e))?;
        let requested = RequestedKey::from_bytes(&bytes).map_err(|e| Failure::from(&e))?;
        found.extend(requested.certified(came, &others).into_iter().map(|key| Answered {
            account: waiting.account.clone(),
            key,
            request: Some(waiting.id.clone()),
        }));
    }
    if found.is_empty() {
        for shelved in keys.all()? {
            // That of a card is written on it by its authority.
            let Own::Software(key) = &shelved.key else { continue };
            let certified = SoftwareKey::certified(key.pkcs8(), came, &others);
            found.extend(certified.into_iter().map(|key| Answered {
                account: shelved.account.clone(),
                key,
                request: None,
            }));
        }
    }
    Ok(found)
}

/// A certificate often comes alone: what stands above it is taken from the authorities that are known here.
fn known_authorities(cli: &Cli, keys: &Keys) -> Result<Vec<Certificate>, Failure> {
    let realm = cli.config_or_default(None)?.trust.environment;
    let known = Authorities::of(&keys.home, realm).list().map_err(|e| Failure::from(&e))?;
    Ok(known.authorities.into_iter().map(|authority| authority.certificate).collect())
}
