//! `souspli key request`: a key that is made here, and what to send to the authority for its certificate.

use super::super::out::Out;
use super::super::{Cli, Failure, input};
use super::Keys;
use crate::base::Address;
use crate::keys::request::{Asked, KeyType, RequestedKey};
use crate::pki::request::{KeyUse, armoured};
use crate::pki::subject::Subject;
use crate::relay::clock;
use crate::text::requests as say;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Kinds of keys, as they are typed.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Kind {
    /// RSA 2048.
    Rsa2048,
    /// RSA 3072.
    Rsa3072,
    /// RSA 4096.
    Rsa4096,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

/// Uses, as they are typed.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Use {
    /// Signer et recevoir chiffré / signing and being encrypted to.
    Both,
    /// Signer / signing.
    Sign,
    /// Recevoir chiffré / being encrypted to.
    Encrypt,
}

/// What is asked of the authority.
#[derive(Args, Debug)]
pub struct Request {
    /// À qui sera la clé ; cette adresse sera dans le certificat / whose key it will be; the certificate will name this address.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Address,
    /// Sorte de clé : rsa2048 rsa3072 rsa4096 p256 p384 / kind of key.
    #[arg(
        long = "type",
        value_enum,
        hide_possible_values = true,
        value_name = "TYPE",
        default_value = "rsa3072"
    )]
    kind: Kind,
    /// À quoi elle servira : both sign encrypt / what it will be for.
    #[arg(long = "use", value_enum, hide_possible_values = true, value_name = "USE", default_value = "both")]
    key_use: Use,
    /// Le nom demandé : « C=FR, O=…, CN=… » / the name that is asked for.
    #[arg(long, value_name = "NAME")]
    subject: String,
    /// Remplace le fichier s’il existe / replace the file where there is one.
    #[arg(long)]
    replace: bool,
    /// Le fichier .csr à écrire / the .csr file to be written.
    file: PathBuf,
}

impl Request {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let subject = Subject::parse(&self.subject).map_err(|e| Failure::from(&e))?;
        let target = input::Target::new(&self.file, self.replace)?;
        let keys = Keys::open(cli)?;
        let asked = Asked {
            key_type: self.kind.into(),
            subject: &subject,
            address: &self.account,
            key_use: self.key_use.into(),
        };
        let key = RequestedKey::make(&asked, clock()).map_err(|_| say::not_made())?;
        // The key rests before its request leaves: an answer to a key that is lost is worth nothing.
        let id = keys.requested.put(&self.account, &key.to_bytes()).map_err(|e| Failure::from(&e))?;
        if let Err(failure) = target.write(armoured(key.csr()).as_bytes()) {
            // Nobody has seen the request; what is told is why.
            let _ = keys.requested.remove(&id);
            return Err(failure);
        }
        keys.note(&self.account, "requested", None)?;
        let (holder, kind) = key.described();
        out.line(format_args!("{id}\t{}\t{holder}\t{kind}", self.account));
        out.line(say::SEND_IT);
        Ok(())
    }
}

impl From<Kind> for KeyType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Rsa2048 => Self::Rsa2048,
            Kind::Rsa3072 => Self::Rsa3072,
            Kind::Rsa4096 => Self::Rsa4096,
            Kind::P256 => Self::P256,
            Kind::P384 => Self::P384,
        }
    }
}

impl From<Use> for KeyUse {
    fn from(key_use: Use) -> Self {
        match key_use {
            Use::Both => Self::Both,
            Use::Sign => Self::Sign,
            Use::Encrypt => Self::Encrypt,
        }
    }
}
