//! `souspli cert`: correspondents' certificates.

mod table;

use super::key::described;
use super::out::Out;
use super::{Cli, Failure, input};
use crate::base::Address;
use crate::base::limits::IMPORT_FILE_MAX;
use crate::pki::Certificate;
use crate::relay::book;
use crate::store::{CertificateFolder, Fingerprint};
use crate::text::keys as say;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Correspondents' certificates.
#[derive(Subcommand, Debug)]
pub enum Cert {
    /// Importe des certificats (.cer .pem .p7c .p7b, un message signé .eml, un dossier) / import certificates.
    Import {
        /// Fichiers ou dossiers / files or folders.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Liste le carnet : adresse, titulaire, source, fin, et que faire / list the book: address, holder, source, end, what to do.
    List {
        /// Un objet JSON par ligne (docs/certificates.md) / one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Montre un certificat / show a certificate.
    Show {
        /// Tel que « list » le montre / as list shows it.
        fingerprint: String,
    },
    /// Supprime un certificat / remove a certificate.
    Remove {
        /// Tel que « list » le montre / as list shows it.
        fingerprint: String,
    },
    /// Cherche ici et dans les annuaires, et dit ce que vaut chaque certificat / look here and in the directories, and say what each is good for.
    Find {
        /// L’adresse du correspondant / the correspondent’s address.
        #[arg(value_name = "ADDR", value_parser = input::address)]
        address: Address,
        /// Chercher aussi ce nom / look for this name as well.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Lie à une adresse un certificat trouvé, dont vous êtes sûr / bind a certificate that was found, and that you are sure of, to an address.
    Confirm {
        /// L’adresse du correspondant / the correspondent’s address.
        #[arg(value_name = "ADDR", value_parser = input::address)]
        address: Address,
        /// Telle que « find » la montre / as find shows it.
        fingerprint: String,
    },
    /// Garde, chiffré, le mot de passe d’un annuaire / keep, sealed, the password of a directory.
    Password {
        /// Son nom dans la configuration / its name in the configuration.
        directory: String,
        /// Fichier dont la première ligne est le mot de passe ; sinon il est demandé / its first line is the password; asked without it.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

impl Cert {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        let folder = CertificateFolder::new(home.certificates());
        match self {
            Cert::Import { files } => {
                for file in files {
                    let certificates = read(file)?;
                    book::import(&home, &certificates).map_err(|e| Failure::from(&e))?;
                    certificates.iter().for_each(|certificate| out.line(line(certificate)));
                }
                Ok(())
            }
            Cert::List { json } => {
                let form = if *json { table::Form::Json } else { table::Form::Table };
                table::list(cli, &folder, form, out)
            }
            Cert::Show { fingerprint } => table::show(cli, &folder, fingerprint, out),
            Cert::Remove { fingerprint } => table::remove(cli, &folder, fingerprint),
            Cert::Find { address, name } => table::find(cli, address, name.as_deref(), out),
            Cert::Confirm { address, fingerprint } => table::confirm(cli, &folder, address, fingerprint, out),
            Cert::Password { directory, password_file } => table::password(cli, directory, password_file.as_deref()),
        }
    }
}

/// Every certificate of a file, or of the files of a folder. None at all is an error; a file of a folder may hold none.
pub(super) fn read(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let mut found = Vec::new();
    for file in files_at(path)? {
        let octets = input::file(&file, IMPORT_FILE_MAX)?;
        found.extend(book::certificates_of(&octets));
    }
    if found.is_empty() {
        return Err(say::no_certificate_in_file(&path.display().to_string()).into());
    }
    Ok(found)
}

/// The file itself, or the files of the folder in the order of their names.
fn files_at(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| input::unreadable(path, &error))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    Ok(files)
}

/// What is said of one that was kept.
pub(super) fn line(certificate: &Certificate) -> String {
    let (fingerprint, addresses) = (Fingerprint::of(certificate.der()), certificate.emails().join(" "));
    format!("{fingerprint}\t{addresses}\t{}", described(certificate))
}
