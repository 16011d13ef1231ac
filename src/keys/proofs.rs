//! What providers know an account's owner by where the mail program does not say it: a token, a password that is kept, a client
//! certificate; and the local password by which the mail program is let in then.

use super::SoftwareKey;
use super::token::token;
use crate::base::limits::IMPORT_FILE_MAX;
use crate::base::{Address, Secret};
use crate::config::Account;
use crate::net::identity::{ClientIdentity, ClientKey};
use crate::relay::port::{Pending, Proofs};
use crate::sasl::Credentials;
use crate::smime::port::PrivateKey;
use crate::store::{Home, Passwords, Secrets, StoreError, Whose, atomic};
use crate::text::{Explain, Explanation, Why, login as words};
use std::path::Path;

/// The proofs of a home.
#[derive(Debug)]
pub struct HomeProofs {
    passwords: Passwords,
}

impl HomeProofs {
    /// Those of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            passwords: Passwords::new(home, secrets),
        }
    }

    fn admitted(&self, account: &Account, given: &Secret) -> Result<(), Explanation> {
        match self.passwords.is_local(&account.address, given).map_err(|e| e.explain())? {
            Some(true) => Ok(()),
            Some(false) => Err(words::wrong_local_password()),
            None => Err(words::no_local_password(&account.address)),
        }
    }

    /// A token where a command gives one, else the password that is kept, else the certificate alone.
    fn proof_of(&self, account: &Account) -> Result<Credentials, Explanation> {
        if !account.token_command.is_empty() {
            let token = token(&account.token_command).map_err(|e| e.explain())?;
            return Ok(Credentials::token(&account.login, &token));
        }
        match self.passwords.of(&account.address, Whose::Provider).map_err(|e| e.explain())? {
            Some(password) => Ok(Credentials::password(&account.login, password)),
            None if account.client_certificate.is_some() => Ok(Credentials::external(&account.login)),
            None => Err(words::no_proof(&account.address)),
        }
    }

    /// The key and certificates of that PKCS#12 file of an account. Blocks.
    pub fn identity_of(&self, account: &Address, file: &Path) -> Result<ClientIdentity, Explanation> {
        let shown = file.display().to_string();
        let octets = match atomic::read(file, IMPORT_FILE_MAX) {
            Ok(Some(octets)) => octets,
            Ok(None) => return Err(words::no_certificate_file(&shown, &Why::from(&std::io::ErrorKind::NotFound.into()))),
            Err(StoreError::Read { source, .. }) => return Err(words::no_certificate_file(&shown, &Why::from(&source))),
            Err(other) => return Err(other.explain()),
        };
        let password = self.passwords.of(account, Whose::Certificate).map_err(|e| e.explain())?;
        let keys = SoftwareKey::import(&octets, &password.unwrap_or_else(|| Secret::from("")));
        let keys = keys.map_err(|error| words::certificate_file_closed(&shown, account, &error.explain()))?;
        let key = keys.first().ok_or_else(|| words::no_proof(account))?;
        let chain = std::iter::once(key.certificate()).chain(key.chain());
        Ok(ClientIdentity {
            chain: chain.map(|certificate| certificate.der().to_vec()).collect(),
            key: ClientKey::Here(key.pkcs8().clone()),
        })
    }
}

impl Proofs for HomeProofs {
    fn admits<'a>(&'a self, account: &'a Account, given: &'a Secret) -> Pending<'a, Result<(), Explanation>> {
        // Tens of milliseconds of computing.
        Box::pin(async move { tokio::task::block_in_place(|| self.admitted(account, given)) })
    }

    fn proof<'a>(&'a self, account: &'a Account) -> Pending<'a, Result<Credentials, Explanation>> {
        Box::pin(async move { tokio::task::block_in_place(|| self.proof_of(account)) })
    }
}
