//! `souspli cert`: correspondents' certificates.

use super::key::described;
use super::{Cli, Failure};
use crate::pki::{Certificate, certificates_in};
use crate::store::{CertificateFolder, Fingerprint};
use crate::text::keys as say;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Correspondents' certificates.
#[derive(Subcommand, Debug)]
pub enum Cert {
    /// Importe des certificats (.cer .pem .p7c .p7b, ou un dossier) / import certificates.
    Import {
        /// Files or folders.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Liste les certificats / list the certificates.
    List,
    /// Montre un certificat / show a certificate.
    Show {
        /// As `list` shows it.
        fingerprint: String,
    },
    /// Supprime un certificat / remove a certificate.
    Remove {
        /// As `list` shows it.
        fingerprint: String,
    },
}

impl Cert {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let folder = CertificateFolder::new(cli.home()?.certificates());
        match self {
            Cert::Import { files } => files.iter().try_for_each(|file| import(&folder, file)),
            Cert::List => list(&folder),
            Cert::Show { fingerprint } => show(&folder, fingerprint),
            Cert::Remove { fingerprint } => remove(&folder, fingerprint),
        }
    }
}

/// Every certificate of a file, or of the files of a folder. A file without one is an error, in a folder it is passed over.
pub(super) fn import(folder: &CertificateFolder, path: &Path) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure(format!("{} : {e}", path.display()));
    if path.is_dir() {
        let mut files: Vec<PathBuf> = std::fs::read_dir(path)
            .map_err(failed)?
            .filter_map(|e| e.ok().map(|e| e.path()))
            .collect();
        files.sort();
        return files.iter().filter(|f| f.is_file()).try_for_each(|file| {
            let bytes = std::fs::read(file).map_err(|e| Failure(format!("{} : {e}", file.display())))?;
            put(folder, &certificates_in(&bytes))
        });
    }
    let found = certificates_in(&std::fs::read(path).map_err(failed)?);
    if found.is_empty() {
        return Err(say::no_certificate_in_file(&path.display().to_string()).into());
    }
    put(folder, &found)
}

fn put(folder: &CertificateFolder, certificates: &[Certificate]) -> Result<(), Failure> {
    for certificate in certificates {
        let fingerprint = folder.put(certificate.der()).map_err(|e| Failure::from(&e))?;
        println!("{fingerprint}\t{}\t{}", certificate.emails().join(" "), described(certificate));
    }
    Ok(())
}

/// One line a certificate.
pub(super) fn list(folder: &CertificateFolder) -> Result<(), Failure> {
    for stored in folder.list().map_err(|e| Failure::from(&e))? {
        match Certificate::from_der(stored.der) {
            Ok(c) => println!("{}\t{}\t{}", stored.fingerprint, c.emails().join(" "), described(&c)),
            Err(_) => println!("{}\tillisible / unreadable", stored.fingerprint),
        }
    }
    Ok(())
}

fn show(folder: &CertificateFolder, fingerprint: &str) -> Result<(), Failure> {
    let wanted = parse(fingerprint)?;
    let found = folder
        .list()
        .map_err(|e| Failure::from(&e))?
        .into_iter()
        .find(|c| c.fingerprint == wanted);
    let certificate = found
        .and_then(|c| Certificate::from_der(c.der).ok())
        .ok_or_else(|| Failure::from(say::no_such_certificate(fingerprint)))?;
    println!("Titulaire / holder : {}", certificate.holder());
    println!("Adresses / addresses : {}", certificate.emails().join(" "));
    println!("Autorité / issuer : {}", certificate.issuer_common_name());
    println!("Numéro de série / serial : {}", certificate.serial_hex());
    println!("Valable du / valid from : {}", certificate.not_before().rfc3339());
    println!("Jusqu'au / until : {}", certificate.not_after().rfc3339());
    println!("Clé / key : {}", certificate.public_key().kind.name());
    Ok(())
}

/// Removes the one that is named.
pub(super) fn remove(folder: &CertificateFolder, fingerprint: &str) -> Result<(), Failure> {
    folder.remove(&parse(fingerprint)?).map_err(|e| Failure::from(&e))
}

fn parse(fingerprint: &str) -> Result<Fingerprint, Failure> {
    Fingerprint::parse(fingerprint).ok_or_else(|| say::no_such_certificate(fingerprint).into())
}
