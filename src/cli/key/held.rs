//! The held file of one account in front of its owner: opened by his card or his key, written anew, read back, noted.

use super::super::{Cli, Failure};
use super::Keys;
use crate::base::{Address, Secret};
use crate::config::{Config, HeldAt};
use crate::keys::card::{CardKey, Cards, NotOpened};
use crate::keys::held::{HeldError, Opened, Passphrase, make, open_by_key, open_by_passphrase, read};
use crate::keys::shelf::{Shelved, shelved};
use crate::keys::{Own, SoftwareKey};
use crate::pki::select::can_be_encrypted_to;
use crate::pki::{Certificate, life};
use crate::smime::lockbox::Lockbox;
use crate::smime::port::PrivateKey;
use crate::store::{Audience, Delegate, Fingerprint, HeldPlaces, HeldRecord, HeldTurn, KeyId, StoreError, atomic};
use crate::text::held as say;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// An account and its file.
pub(super) struct HeldAccount {
    pub(super) keys: Keys,
    pub(super) account: Address,
    pub(super) places: HeldPlaces,
    pub(super) config: Config,
    path: PathBuf,
    /// Where those whom he lets in find a copy.
    shared: Option<PathBuf>,
    shelf: Vec<Shelved>,
    /// Kept until the command has ended.
    _turn: Option<HeldTurn>,
}

/// A file as it is to be.
pub(super) struct Wanted<'a> {
    pub(super) keys: &'a [&'a SoftwareKey],
    pub(super) delegates: &'a [Delegate],
    pub(super) passphrase: Passphrase<'a>,
    pub(super) by: Owner,
}

/// What of the owner's opens his file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// His cards, and the keys that the keyring has.
    Both,
    /// His cards alone; that one does is seen before anything else is done.
    Cards,
}

impl HeldAccount {
    /// Of an account of the user's own, to be changed: by one command at a time.
    pub(super) fn to_change(cli: &Cli, account: &Address) -> Result<Self, Failure> {
        let keys = Keys::open(cli)?;
        let turn = HeldPlaces::new(&keys.home, &keys.secrets).turn().map_err(|e| Failure::from(&e))?;
        let turn = turn.ok_or_else(|| say::busy(account))?;
        Ok(Self {
            _turn: Some(turn),
            ..Self::open(cli, account)?
        })
    }

    /// To be looked at.
    pub(super) fn open(cli: &Cli, account: &Address) -> Result<Self, Failure> {
        let config = cli.config_or_default(Some(account))?;
        let program = std::env::current_exe().map_err(|e| Failure::system(&e))?;
        let keys = Keys::open(cli)?;
        let places = HeldPlaces::new(&keys.home, &keys.secrets);
        let configured = config.accounts.iter().find(|a| a.address == *account).and_then(|a| a.held.clone());
        let shared = match configured {
            Some(HeldAt::Delegated(_)) => return Err(say::delegate_reads_only(account).into()),
            Some(HeldAt::Own(path)) => Some(path),
            None => None,
        };
        let cards = Arc::new(Cards::new(program, &config.card));
        let mut shelf = shelved(&keys.store, &cards)?;
        shelf.retain(|key| key.account == *account);
        Ok(Self {
            keys,
            account: account.clone(),
            path: places.file(account),
            places,
            config,
            shared,
            shelf,
            _turn: None,
        })
    }

    /// What its owner has noted of it.
    pub(super) fn record(&self) -> Result<HeldRecord, Failure> {
        let record = self.places.record(&self.account).map_err(|e| Failure::from(&e))?;
        Ok(record.unwrap_or_default())
    }

    pub(super) fn put_record(&self, record: &HeldRecord) -> Result<(), Failure> {
        self.places.put_record(&self.account, record).map_err(|e| Failure::from(&e))
    }

    /// Whom he lets in, without those who are being taken out.
    pub(super) fn delegates(&self) -> Result<Vec<Delegate>, Failure> {
        let mut delegates = self.record()?.delegates;
        delegates.retain(|delegate| !delegate.is_leaving);
        Ok(delegates)
    }

    /// The keys that the store has.
    pub(super) fn at_hand(&self) -> impl Iterator<Item = (&Shelved, &SoftwareKey)> {
        self.shelf.iter().filter_map(|key| Some((key, key.software()?)))
    }

    /// The keys that are in the file alone.
    pub(super) fn stubs(&self) -> impl Iterator<Item = &Shelved> {
        self.shelf.iter().filter(|key| matches!(key.key, Own::Held(_)))
    }

    /// Whether somebody else can be given a key, and where.
    pub(super) fn can_be_shared(&self) -> Result<(), Failure> {
        let shelf = self.at_hand().map(|(key, _)| key).chain(self.stubs());
        match (shelf.map(Shelved::certificate).any(life::is_encrypted_to), &self.shared) {
            (false, _) => Err(say::nothing_to_hold(&self.account).into()),
            (true, None) => Err(say::no_place(&self.account).into()),
            (true, Some(_)) => Ok(()),
        }
    }

    pub(super) fn cards(&self) -> impl Iterator<Item = &CardKey> {
        self.shelf.iter().filter_map(|key| match &key.key {
            Own::Card(card) => Some(card),
            Own::Software(_) | Own::Held(_) => None,
        })
    }

    /// The file as it stands; `None`: there is none, and nothing is in it alone.
    pub(super) fn file(&self) -> Result<Option<Lockbox>, Failure> {
        match read(&self.account, &self.path) {
            Ok((file, _)) => Ok(Some(file)),
            Err(HeldError::Absent { .. }) if self.stubs().next().is_none() => Ok(None),
            Err(error) => Err(Failure::from(&error)),
        }
    }

    /// What it holds, by the owner's proof: a key that the keyring has, or his card and its PIN.
    pub(super) fn opened(&self, file: &Lockbox) -> Result<Opened, Failure> {
        let ready = self.at_hand().find_map(|(_, key)| open_by_key(file, key));
        ready.map_or_else(|| self.opened_by_card(file), Ok)
    }

    fn opened_by_card(&self, file: &Lockbox) -> Result<Opened, Failure> {
        let mut closed = None;
        for card in self.cards().filter(|card| file.is_for(card.certificate())) {
            match card.lock().unlock() {
                Ok(()) => {
                    if let Some(opened) = open_by_key(file, card) {
                        return Ok(opened);
                    }
                }
                Err(why) => closed = closed.or(Some(NotOpened::why(why))),
            }
        }
        Err(closed.unwrap_or_else(|| say::not_opened(&self.account)).into())
    }

    /// The same by the passphrase, where it is that of the file.
    pub(super) fn opened_by_passphrase(&self, file: &Lockbox, passphrase: &Secret) -> Option<Opened> {
        open_by_passphrase(&self.account, file, passphrase).ok()
    }

    /// All keys of the account: those that the store has, and those that the file has in their place. `Err`: one is in neither, or
    /// the file has one that nothing stands for; a file without it is never written.
    pub(super) fn all<'a>(&'a self, opened: Option<&'a Opened>) -> Result<Vec<&'a SoftwareKey>, Failure> {
        let mut all: Vec<&SoftwareKey> = self.at_hand().map(|(_, key)| key).collect();
        for stub in self.stubs() {
            let held = opened.and_then(|opened| in_place_of(stub, opened));
            all.push(held.ok_or_else(|| say::not_opened(&self.account))?);
        }
        if opened.is_some_and(|opened| self.unknown(opened).next().is_some()) {
            return Err(say::key_without_trace(&self.account).into());
        }
        match all.is_empty() {
            true => Err(say::nothing_to_hold(&self.account).into()),
            false => Ok(all),
        }
    }

    /// Keys of the file for which nothing in the store stands any more.
    pub(super) fn unknown<'a>(&self, opened: &'a Opened) -> impl Iterator<Item = &'a SoftwareKey> {
        let on_shelf = |key: &&Arc<SoftwareKey>| self.shelf.iter().any(|own| own.certificate() == key.certificate());
        opened.keys.iter().filter(move |key| !on_shelf(key)).map(AsRef::as_ref)
    }

    /// Whether the file says that it has some.
    pub(super) fn names_unknown(&self, file: &Lockbox) -> bool {
        let on_shelf = |certificate: &Certificate| self.shelf.iter().any(|own| own.certificate() == certificate);
        !file.owner.iter().all(on_shelf)
    }

    /// Writes it, reads it back from the disk by whoever is to open it, puts it in its place and notes it.
    pub(super) fn write(&self, wanted: &Wanted<'_>) -> Result<(), Failure> {
        let own = self.own_holders(wanted);
        let made = make(&self.account, wanted.keys, &fit(&own), wanted.passphrase).map_err(|e| Failure::from(&e))?;
        if wanted.by == Owner::Cards {
            self.unlock_a_card()?;
        }
        self.is_unchanged()?;
        // The copy first: where it cannot be written somebody would go on reading who was taken out, and nothing has changed yet.
        self.write_copy(&own, wanted)?;
        let read_back = |octets: &[u8]| {
            let file = self.holds(octets, wanted.keys, &made.content_key, &fit(&own))?;
            if self.opens_as_wanted(&file, wanted) {
                Ok(())
            } else {
                Err(self.failed())
            }
        };
        let replaced = self.places.replace(&self.path, &made.octets, Audience::OwnerAlone, read_back);
        replaced.map_err(|e| Failure::from(&e))?;
        let of = |key: &&SoftwareKey| Fingerprint::of(key.certificate().der()).to_string();
        let record = HeldRecord {
            keys: wanted.keys.iter().map(of).collect(),
            delegates: wanted.delegates.to_vec(),
            rescue: !matches!(wanted.passphrase, Passphrase::None),
        };
        self.put_record(&record)
    }

    /// While a user was asked the relay may have put a key, or another command taken one.
    fn is_unchanged(&self) -> Result<(), Failure> {
        let mut now = self.keys.store.list().map_err(|e| Failure::from(&e))?;
        now.retain(|key| key.account == self.account);
        let now: BTreeSet<&KeyId> = now.iter().map(|key| &key.id).collect();
        match now == self.shelf.iter().map(|key| &key.id).collect() {
            true => Ok(()),
            false => Err(say::busy(&self.account).into()),
        }
    }

    /// A file of its own, under a key of its own and no passphrase: who is let in gets what opens mail, and nothing that only signs.
    fn write_copy(&self, own: &[Certificate], wanted: &Wanted<'_>) -> Result<(), Failure> {
        let Some(path) = &self.shared else { return Ok(()) };
        let keys = opening(wanted.keys);
        if keys.is_empty() {
            return match atomic::remove(path) {
                Ok(()) | Err(StoreError::Absent) => Ok(()),
                Err(error) => Err(Failure::from(&error)),
            };
        }
        let mut holders = own.to_vec();
        holders.extend(wanted.delegates.iter().filter_map(certificate_of));
        let made = make(&self.account, &keys, &fit(&holders), Passphrase::None).map_err(|e| Failure::from(&e))?;
        let read_back = |octets: &[u8]| self.holds(octets, &keys, &made.content_key, &fit(&holders)).map(drop);
        let replaced = self.places.replace(path, &made.octets, Audience::Group, read_back);
        replaced.map_err(|e| Failure::from(&e))
    }

    fn own_holders(&self, wanted: &Wanted<'_>) -> Vec<Certificate> {
        let mut holders: Vec<Certificate> = self.cards().map(|card| card.certificate().clone()).collect();
        if wanted.by == Owner::Both {
            holders.extend(wanted.keys.iter().map(|key| key.certificate().clone()));
        }
        holders
    }

    /// Asks for its PIN, before anything is written.
    fn unlock_a_card(&self) -> Result<(), Failure> {
        let mut closed = None;
        for card in self.cards() {
            match card.lock().unlock() {
                Ok(()) => return Ok(()),
                Err(why) => closed = closed.or(Some(NotOpened::why(why))),
            }
        }
        Err(closed.unwrap_or_else(|| say::no_card(&self.account)).into())
    }

    /// The file that came back from the disk, if these keys are in it and these are named by it.
    fn holds(&self, octets: &[u8], keys: &[&SoftwareKey], content_key: &Secret, holders: &[&Certificate]) -> Result<Lockbox, HeldError> {
        let file = Lockbox::read(octets).map_err(|_| self.failed())?;
        let content = file.open(content_key).ok_or_else(|| self.failed())?;
        let found = SoftwareKey::import(content.expose(), &Secret::from("")).map_err(|_| self.failed())?;
        let has = |key: &&SoftwareKey| {
            let mut same = found.iter().filter(|found| found.certificate() == key.certificate());
            same.any(|found| found.pkcs8().expose() == key.pkcs8().expose())
        };
        let is_right = keys.iter().all(has) && holders.iter().all(|holder| file.is_for(holder));
        if is_right { Ok(file) } else { Err(self.failed()) }
    }

    /// By the passphrase where it is new, and by the card where nothing else opens it.
    fn opens_as_wanted(&self, file: &Lockbox, wanted: &Wanted<'_>) -> bool {
        let by_passphrase = match wanted.passphrase {
            Passphrase::Fresh(passphrase) => self.opened_by_passphrase(file, passphrase).is_some(),
            Passphrase::None | Passphrase::Kept(..) => true,
        };
        by_passphrase && (wanted.by == Owner::Both || self.cards().any(|card| open_by_key(file, card).is_some()))
    }

    fn failed(&self) -> HeldError {
        HeldError::NotWritten(self.account.clone())
    }

    /// The file and its copy without a key that its owner removes for good.
    pub(super) fn leave_out(&self, certificate: &Certificate) -> Result<(), Failure> {
        let is_stub = self.stubs().any(|stub| stub.certificate() == certificate);
        let Some(file) = self.file()?.filter(|file| !is_stub && file.owner.contains(certificate)) else {
            return Ok(());
        };
        let opened = self.opened(&file)?;
        let mut keys = self.all(Some(&opened))?;
        keys.retain(|key| key.certificate() != certificate);
        let delegates = self.delegates()?;
        let passphrase = match file.passphrase {
            Some(_) => Passphrase::Kept(&opened.content_key, &file),
            None => Passphrase::None,
        };
        let wanted = Wanted {
            keys: &keys,
            delegates: &delegates,
            passphrase,
            by: self.owner(),
        };
        match keys.is_empty() {
            true => self.remove_all(&wanted),
            false => self.write(&wanted),
        }
    }

    /// Of an account that has no key any more.
    fn remove_all(&self, nothing: &Wanted<'_>) -> Result<(), Failure> {
        self.write_copy(&[], nothing)?;
        let removed = atomic::remove(&self.path).and_then(|()| self.places.put_record(&self.account, &HeldRecord::default()));
        removed.map_err(|e| Failure::from(&e))
    }

    /// An entry of the journal.
    pub(super) fn note(&self, code: &str, certificate: Option<&Certificate>) -> Result<(), Failure> {
        self.keys.note(&self.account, code, certificate)
    }
}

/// The key for which a stub stands.
pub(super) fn in_place_of<'a>(stub: &Shelved, opened: &'a Opened) -> Option<&'a SoftwareKey> {
    let found = opened.keys.iter().find(|key| key.certificate() == stub.certificate());
    found.map(AsRef::as_ref)
}

/// Those that open mail: what only signs is its owner's alone.
pub(super) fn opening<'a>(keys: &[&'a SoftwareKey]) -> Vec<&'a SoftwareKey> {
    let opens = |key: &&SoftwareKey| life::is_encrypted_to(key.certificate());
    keys.iter().copied().filter(opens).collect()
}

fn fit(holders: &[Certificate]) -> Vec<&Certificate> {
    holders.iter().filter(|c| can_be_encrypted_to(c)).collect()
}

/// That of somebody who was let in.
pub(super) fn certificate_of(delegate: &Delegate) -> Option<Certificate> {
    let der = base64_simd::STANDARD.decode_to_vec(delegate.certificate.as_bytes()).ok()?;
    Certificate::from_der(der).ok()
}
