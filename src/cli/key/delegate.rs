//! `souspli key delegate`: who else reads an account, by a card or key of his own. He signs and sends nothing in its name.

use super::super::out::{Out, complain};
use super::super::{Cli, Failure, cert, input, table};
use super::held::{HeldAccount, Wanted, certificate_of};
use crate::base::limits::HELD_HOLDERS_MAX;
use crate::base::{Address, UnixTime};
use crate::keys::held::Passphrase;
use crate::keys::shelf::Shelved;
use crate::pki::{Certificate, life};
use crate::relay::{Relay, clock};
use crate::smime::lockbox::Lockbox;
use crate::smime::port::PrivateKey;
use crate::store::{self, Fingerprint};
use crate::text::held as say;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Who else reads.
#[derive(Subcommand, Debug)]
pub enum Delegate {
    /// Laisse une personne lire ce compte / let somebody read this account.
    Add {
        /// Le compte / the account.
        #[arg(long, value_name = "ADDR", value_parser = input::address)]
        account: Address,
        /// Le certificat de cette personne (.cer .pem .p7c .eml) / that person’s certificate.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Son empreinte, comparée avec elle : aucune autorité n’en répond / its fingerprint, compared with that person: no authority answers for it.
        #[arg(long, value_name = "SHA256")]
        fingerprint: Option<String>,
        /// Son adresse, si le fichier a plusieurs personnes / the address, where the file has several persons.
        #[arg(long, value_name = "ADDR", value_parser = input::address)]
        address: Option<Address>,
    },
    /// Qui lit ce compte / who reads this account.
    List {
        /// Le compte / the account.
        #[arg(long, value_name = "ADDR", value_parser = input::address)]
        account: Address,
    },
    /// Ne le laisse plus lire / let him read no more.
    Remove {
        /// Le compte / the account.
        #[arg(long, value_name = "ADDR", value_parser = input::address)]
        account: Address,
        /// Son empreinte telle que « list » la montre, ou son adresse / the fingerprint as list shows it, or the address.
        #[arg(long, value_name = "WHO")]
        to: String,
        /// Fichier dont la première ligne est la phrase de secours ; sinon elle est demandée / its first line is the rescue passphrase; asked without it.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Sans phrase de secours désormais / without a rescue passphrase from now on.
        #[arg(long, conflicts_with = "passphrase_file")]
        drop_rescue: bool,
    },
    /// Met vos nouvelles clés dans le fichier / put new keys of yours into the file.
    Update {
        /// Le compte / the account.
        #[arg(long, value_name = "ADDR", value_parser = input::address)]
        account: Address,
    },
}

impl Delegate {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        match self {
            Delegate::Add {
                account,
                to,
                fingerprint,
                address,
            } => {
                let held = HeldAccount::to_change(cli, account)?;
                let who = Who {
                    fingerprint: fingerprint.as_deref(),
                    address: address.as_ref(),
                };
                let certificate = let_in(cli, &held, to, &who)?;
                let mut delegates = held.delegates()?;
                delegates.push(store::Delegate {
                    certificate: base64_simd::STANDARD.encode_to_string(certificate.der()),
                    since: clock().0,
                    is_leaving: false,
                });
                // First: no key is given that nobody hears of.
                held.note("delegate-added", Some(&certificate))?;
                rewrite(&held, &delegates)?;
                let print = Fingerprint::of(certificate.der()).to_string();
                out.line(say::let_in(account, &certificate.holder(), &certificate.emails().join(" "), &print));
                tell_if_it_signs(&held, say::given_key_signs);
                Ok(())
            }
            Delegate::List { account } => list(&HeldAccount::open(cli, account)?, out),
            Delegate::Remove {
                account,
                to,
                passphrase_file,
                drop_rescue,
            } => {
                let held = HeldAccount::to_change(cli, account)?;
                remove(&held, to, passphrase_file.as_deref(), *drop_rescue)?;
                complain(say::REMOVED);
                tell_if_it_signs(&held, say::taken_key_signs);
                Ok(())
            }
            Delegate::Update { account } => {
                let held = HeldAccount::to_change(cli, account)?;
                let delegates = held.delegates()?;
                rewrite(&held, &delegates)?;
                if !delegates.is_empty() {
                    tell_if_it_signs(&held, say::given_key_signs);
                }
                held.note("delegates-updated", None)
            }
        }
    }
}

/// Which person of a file is meant.
struct Who<'a> {
    fingerprint: Option<&'a str>,
    address: Option<&'a Address>,
}

impl Who<'_> {
    fn is_meant(&self, certificate: &Certificate) -> bool {
        let by_print = |print| Fingerprint::parse(print) == Some(Fingerprint::of(certificate.der()));
        self.fingerprint.is_none_or(by_print) && self.address.is_none_or(|address| certificate.has_email(address.as_str()))
    }

    /// The one to encrypt to, where somebody has two; never one of several persons.
    fn chosen(&self, file: &Path, mut people: Vec<Certificate>) -> Result<Certificate, Failure> {
        let shown = file.display().to_string();
        people.retain(|certificate| self.is_meant(certificate));
        people.sort_by_key(|c| (life::is_encrypted_to(c), c.not_before()));
        let chosen = people.pop().ok_or_else(|| crate::text::keys::no_certificate_in_file(&shown))?;
        let is_same = |other: &Certificate| other.holder() == chosen.holder() && other.emails() == chosen.emails();
        match people.iter().all(is_same) {
            true => Ok(chosen),
            false => Err(say::several_people(&shown).into()),
        }
    }
}

/// The certificate of somebody who may be given the keys.
fn let_in(cli: &Cli, held: &HeldAccount, file: &Path, who: &Who<'_>) -> Result<Certificate, Failure> {
    held.can_be_shared()?;
    let (issuers, people): (Vec<_>, Vec<_>) = cert::read(file)?.into_iter().partition(Certificate::is_ca);
    let certificate = who.chosen(file, people)?;
    let delegates = held.delegates()?;
    let known = delegates.iter().filter_map(certificate_of).any(|c| c == certificate);
    if known || held.is_own(&certificate) {
        return Err(say::let_in_already(&held.account).into());
    }
    if delegates.len() >= HELD_HOLDERS_MAX {
        return Err(say::too_many_delegates(HELD_HOLDERS_MAX).into());
    }
    if who.fingerprint.is_none() {
        let relay = Relay::open(held.config.clone(), &held.keys.home, &held.keys.secrets).map_err(|e| Failure::from(&e))?;
        let fit = cli.block_on(relay.may_hold(&certificate, &issuers))?;
        fit.map_err(|why| say::unfit_delegate(&why))?;
    }
    Ok(certificate)
}

/// Of each key that a delegate gets and that signs as well: no file can keep him from that.
fn tell_if_it_signs(held: &HeldAccount, said: fn(&Address, &str) -> String) {
    let shelf = held.at_hand().map(|(key, _)| key).chain(held.stubs());
    let both = shelf
        .map(Shelved::certificate)
        .filter(|c| life::is_encrypted_to(c) && life::signs(c));
    both.for_each(|certificate| complain(said(&held.account, &certificate.serial_hex())));
}

/// The file with these delegates; its key stays, and with it the passphrase.
fn rewrite(held: &HeldAccount, delegates: &[store::Delegate]) -> Result<(), Failure> {
    let file = held.file()?;
    let opened = file.as_ref().map(|file| held.opened(file)).transpose()?;
    let passphrase = match (&file, &opened) {
        (Some(file), Some(opened)) if file.passphrase.is_some() => Passphrase::Kept(&opened.content_key, file),
        _ => Passphrase::None,
    };
    held.write(&Wanted {
        keys: &held.all(opened.as_ref())?,
        delegates,
        passphrase,
        by: held.owner(),
    })
}

/// Under a fresh key: who kept that of the old file opens nothing with it.
fn remove(held: &HeldAccount, who: &str, passphrase_file: Option<&Path>, drop_rescue: bool) -> Result<(), Failure> {
    let mut record = held.record()?;
    let named = |delegate: &&mut store::Delegate| certificate_of(delegate).is_some_and(|c| is_named(&c, who));
    let mut named: Vec<&mut store::Delegate> = record.delegates.iter_mut().filter(named).collect();
    let [leaving] = &mut named[..] else {
        return Err(say::no_such_delegate(&held.account, who).into());
    };
    leaving.is_leaving = true;
    let removed = certificate_of(leaving);
    let Some(file) = held.file()? else {
        return Err(say::not_opened(&held.account).into());
    };
    if drop_rescue && held.stubs().next().is_some() {
        return Err(say::rescue_cannot_go(&held.account).into());
    }
    let opened = held.opened(&file)?;
    let passphrase = passphrase_of(held, &file, passphrase_file, drop_rescue)?;
    let keys = held.all(Some(&opened))?;
    // Before the files: whatever happens to them, no command writes him in again.
    held.put_record(&record)?;
    held.write(&Wanted {
        keys: &keys,
        delegates: &held.delegates()?,
        passphrase: passphrase.as_ref().map_or(Passphrase::None, Passphrase::Fresh),
        by: held.owner(),
    })?;
    held.note("delegate-removed", removed.as_ref())
}

/// The passphrase of the file, given again; `None`: it has none, or is to have none.
fn passphrase_of(
    held: &HeldAccount,
    file: &Lockbox,
    given: Option<&Path>,
    drop_rescue: bool,
) -> Result<Option<crate::base::Secret>, Failure> {
    if file.passphrase.is_none() || drop_rescue {
        return Ok(None);
    }
    let passphrase = input::password(given, Path::new(say::NEW_PASSPHRASE))?;
    match held.opened_by_passphrase(file, &passphrase) {
        Some(_) => Ok(Some(passphrase)),
        None => Err(say::wrong_passphrase(&held.account).into()),
    }
}

fn is_named(certificate: &Certificate, who: &str) -> bool {
    Fingerprint::of(certificate.der()).begins_with(who) || certificate.has_email(who)
}

const HEADINGS: [&str; 5] = [
    "Empreinte / fingerprint",
    "Titulaire / holder",
    "Adresse / address",
    "Jusqu’au / until",
    "Depuis / since",
];

fn list(held: &HeldAccount, out: &mut Out) -> Result<(), Failure> {
    let record = held.record()?;
    let rows: Vec<[String; 5]> = record
        .delegates
        .iter()
        .filter_map(|delegate| Some(row(&certificate_of(delegate)?, delegate)))
        .collect();
    match rows.is_empty() {
        true => out.line(say::NO_DELEGATE),
        false => table::lines(HEADINGS, &rows).iter().for_each(|line| out.line(line)),
    }
    out.line(if record.rescue { say::HAS_RESCUE } else { say::NO_RESCUE });
    if held.places.rescue_until(&held.account).is_some_and(|until| clock() < until) {
        out.line(say::IN_RESCUE);
    }
    Ok(())
}

fn row(certificate: &Certificate, delegate: &store::Delegate) -> [String; 5] {
    let since = UnixTime(delegate.since).civil().date().to_string();
    [
        Fingerprint::of(certificate.der()).short(),
        certificate.holder(),
        certificate.emails().join(" "),
        certificate.not_after().civil().date().to_string(),
        match delegate.is_leaving {
            true => format!("{since} {}", say::LEAVING),
            false => since,
        },
    ]
}

impl HeldAccount {
    fn is_own(&self, certificate: &Certificate) -> bool {
        let mut own = self.cards().map(PrivateKey::certificate);
        own.any(|c| c == certificate)
            || self.at_hand().any(|(key, _)| key.certificate() == certificate)
            || self.stubs().any(|key| key.certificate() == certificate)
    }
}
