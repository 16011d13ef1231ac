//! `souspli trust`: the authorities whose certificates count.

use super::out::{Out, complain};
use super::trust_refresh::{self, Refresh};
use super::whitelist::{self, Whitelist};
use super::{Cli, Failure, cert, table};
use crate::base::{Realm, UnixTime};
use crate::pki::authority::{Authority, Origin, Profile, Standing};
use crate::relay::authorities::Authorities;
use crate::relay::{clock, trusting};
use crate::store::{Fingerprint, Home};
use crate::text::trust as say;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Authorities.
#[derive(Subcommand, Debug)]
pub enum Trust {
    /// Liste les autorités / list the authorities.
    List,
    /// Ajoute des autorités / add authorities.
    Add {
        /// Autorités d’essai : elles ne comptent que sous environment = "test" / trial authorities.
        #[arg(long)]
        test: bool,
        /// Règles de leurs certificats : mail, web-smime, igc-sante / the rules of their certificates.
        #[arg(long, value_name = "RULES", default_value = "mail", hide_default_value = true, value_parser = rules)]
        profile: Profile,
        /// Fichiers (.cer .pem .p7c .p7b) ou dossiers / files or folders.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Supprime une autorité que vous avez ajoutée / remove an authority that you have added.
    Remove {
        /// Telle que « list » la montre / as list shows it.
        fingerprint: String,
    },
    /// Met à jour les listes de révocation / update the revocation lists.
    Refresh(Refresh),
    /// Liste blanche MSSanté / the domains of the MSSanté space of trust.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Whitelist(Whitelist),
}

/// A word of the command line.
fn rules(word: &str) -> Result<Profile, String> {
    Profile::parse(word).ok_or_else(|| Profile::ALL.map(Profile::as_str).join(", "))
}

impl Trust {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        match self {
            Trust::List => {
                list(&home, cli.config_or_default(None)?.trust.environment, out)?;
                trust_refresh::show(cli, out)?;
                whitelist::show(&home, out)
            }
            Trust::Refresh(refresh) => refresh.execute(cli, out),
            Trust::Whitelist(command) => command.execute(cli, out),
            Trust::Add { test, profile, files } => {
                let realm = if *test { Realm::Test } else { Realm::Production };
                files.iter().try_for_each(|file| add(&home, file, (realm, *profile), out))
            }
            Trust::Remove { fingerprint } => Ok(trusting::remove(&home, fingerprint)?),
        }
    }
}

fn add(home: &Home, file: &Path, (realm, profile): (Realm, Profile), out: &mut Out) -> Result<(), Failure> {
    for certificate in cert::read(file)? {
        trusting::add(home, &certificate, realm, profile).map_err(|e| Failure::from(&e))?;
        out.line(cert::line(&certificate));
        if !certificate.is_ca() {
            complain(say::no_authority(&certificate.holder()));
        }
    }
    Ok(())
}

fn list(home: &Home, realm: Realm, out: &mut Out) -> Result<(), Failure> {
    let known = Authorities::of(home, realm).list().map_err(|e| Failure::from(&e))?;
    for (file, why) in &known.left_out {
        complain(say::bundle_left_out(&file.display().to_string()));
        complain(why);
    }
    let mut authorities = known.authorities;
    authorities.sort_by_key(|a| (a.realm != realm, a.origin.clone(), a.certificate.holder()));
    let now = clock();
    let rows: Vec<[String; 7]> = authorities.iter().map(|a| row(a, realm, now)).collect();
    out.line(say::realm_in_force(realm));
    table::lines(say::COLUMNS, &rows).iter().for_each(|line| out.line(line));
    Ok(())
}

fn row(authority: &Authority, realm: Realm, now: UnixTime) -> [String; 7] {
    let certificate = &authority.certificate;
    let origin = match &authority.origin {
        Origin::BuiltIn(bundle) => say::built_in(bundle),
        Origin::Bundle(bundle) => say::bundle_file(bundle),
        Origin::User => say::BY_USER.to_owned(),
    };
    [
        certificate.holder(),
        say::realm(authority.realm).to_owned(),
        authority.profile.as_str().to_owned(),
        origin,
        say::day(certificate.not_after()),
        state(authority, realm, now).to_owned(),
        Fingerprint::of(certificate.der()).to_string(),
    ]
}

fn state(authority: &Authority, realm: Realm, now: UnixTime) -> &'static str {
    let certificate = &authority.certificate;
    match authority.standing {
        _ if authority.realm != realm => say::state::OTHER_REALM,
        _ if now > certificate.not_after() => say::state::OVER,
        _ if now < certificate.not_before() => say::state::NOT_YET,
        Standing::Intermediate => say::state::BETWEEN,
        Standing::Anchor => say::state::COUNTS,
    }
}
