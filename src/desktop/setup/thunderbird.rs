//! One account of a Thunderbird profile, switched to the relay and back. Thunderbird must not run: it writes its settings when it ends.

use super::files::{self, Files, OVERRIDES, PREFS};
use super::ledger::{Entry, Ledger};
use super::place::{Place, SERVERS, Way, listed};
use super::prefs::{Change, Prefs, quoted};
use super::{Profile, Told, authorities, overrides};
use crate::net::local::LocalCertificate;
use crate::relay::clock;
use crate::store::{Home, StoreError};
use crate::text::{Explain, Explanation, setup as say};
use aws_lc_rs::digest::{SHA256, digest};
use std::net::SocketAddr;
use std::path::PathBuf;

/// How an account of a profile stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The profile does not have it, or not over IMAP.
    Absent,
    /// It goes to the provider.
    Direct,
    /// It reads through Souspli and may send to the provider, or the other way round; by our hand or not.
    Half {
        /// It can be put back.
        ours: bool,
    },
    /// It goes through Souspli, by our hand.
    Switched,
    /// By its user's own hand.
    ByHand,
}

/// One account in one profile.
pub struct Switching<'a> {
    /// The home that remembers it.
    pub home: &'a Home,
    /// The profile.
    pub profile: &'a Profile,
    /// The account.
    pub told: &'a Told,
}

impl Switching<'_> {
    /// How it stands now.
    pub fn standing(&self) -> Result<Standing, Explanation> {
        let prefs = Prefs::read(&files::read(&self.profile.folder, PREFS)?);
        let Some(place) = Place::find(&prefs, self.told) else {
            return Ok(Standing::Absent);
        };
        let ours = match self.ledger().entry(&self.profile.folder, self.account()) {
            Ok(entry) => entry.is_some(),
            // It undoes nothing; told when something is to be changed.
            Err(StoreError::Damaged(_)) => false,
            Err(error) => return Err(error.explain()),
        };
        Ok(match (place.way(), ours) {
            (Way::Direct, _) => Standing::Direct,
            (Way::Half, ours) => Standing::Half { ours },
            (Way::Here, true) => Standing::Switched,
            (Way::Here, false) => Standing::ByHand,
        })
    }

    /// Switches it, or what of it is not yet; nothing is changed where everything goes through Souspli.
    pub fn switch(&self) -> Result<(), Explanation> {
        let local = self.local()?;
        let _turn = self.home.lock().map_err(told)?;
        let files = Files::hold(self.profile)?;
        let before = files.text(PREFS)?;
        let mut prefs = Prefs::read(&before);
        let place = Place::find(&prefs, self.told).ok_or_else(|| say::no_account_there(&self.told.address))?;
        if place.way() == Way::Here {
            return Ok(());
        }
        let entries = self.ledger().whole()?;
        let known = self.among(&entries);
        let changes = changes(&prefs, place.wanted(known.and_then(Entry::outgoing)));
        self.held_by_user(&changes)?;
        let copy = files.copied(&before, clock())?;
        let doors = vec![self.told.imap, self.told.smtp];
        let mut entry = known.cloned().unwrap_or_else(|| self.entry(copy));
        let unused = self.used_here_only(&entries, &entry.doors, &doors);
        entry.and(changes.clone());
        entry.doors.clone_from(&doors);
        // Remembered first: what is not changed yet is changed back to what it is.
        self.ledger().put(entry).map_err(told)?;
        let trusted = files.text(OVERRIDES)?;
        files.replace(OVERRIDES, &trusted, &with(&overrides::without(&trusted, &unused), &doors, &local))?;
        changes.iter().for_each(|change| prefs.apply(&change.name, change.after.as_deref()));
        files.replace(PREFS, &before, &prefs.text())
    }

    /// Switches it back: each setting that is still as it was left. What its user has changed since stays his.
    pub fn undo(&self) -> Result<(), Explanation> {
        let _turn = self.home.lock().map_err(told)?;
        let files = Files::hold(self.profile)?;
        let entries = self.ledger().whole()?;
        let entry = self.among(&entries).ok_or_else(|| say::nothing_to_undo(&self.told.address))?;
        let before = files.text(PREFS)?;
        files.copied(&before, clock())?;
        files.replace(PREFS, &before, &undone(&before, entry))?;
        let trusted = files.text(OVERRIDES)?;
        let unused = self.used_here_only(&entries, &entry.doors, &[]);
        files.replace(OVERRIDES, &trusted, &overrides::without(&trusted, &unused))?;
        self.ledger().remove(&self.profile.folder, self.account()).map_err(told)
    }

    /// Where the settings are kept as they were before it was switched.
    pub fn copy(&self) -> Option<PathBuf> {
        self.ledger().entry(&self.profile.folder, self.account()).ok()??.copy
    }

    fn among<'e>(&self, entries: &'e [Entry]) -> Option<&'e Entry> {
        entries.iter().find(|entry| entry.is_of(&self.profile.folder, self.account()))
    }

    /// One that has changed nothing yet.
    fn entry(&self, copy: PathBuf) -> Entry {
        Entry {
            profile: self.profile.folder.clone(),
            account: self.account().to_owned(),
            changes: Vec::new(),
            doors: Vec::new(),
            copy: Some(copy),
        }
    }

    /// Doors that neither another account of the profile nor this one still goes through.
    fn used_here_only(&self, entries: &[Entry], doors: &[SocketAddr], still: &[SocketAddr]) -> Vec<SocketAddr> {
        let others = Ledger::doors_of_others(entries, &self.profile.folder, self.account());
        let doors = doors.iter().filter(|door| !others.contains(door) && !still.contains(door));
        doors.copied().collect()
    }

    /// `user.js` is read over the settings at each start: what stands there could not be changed.
    fn held_by_user(&self, changes: &[Change]) -> Result<(), Explanation> {
        let own = Prefs::read(&files::read(&self.profile.folder, "user.js")?);
        match changes.iter().find(|change| own.raw(&change.name).is_some()) {
            Some(change) => Err(say::held_by_user_js(&change.name)),
            None => Ok(()),
        }
    }

    fn local(&self) -> Result<LocalCertificate, Explanation> {
        LocalCertificate::open(self.home, clock()).map_err(|e| e.explain())
    }

    fn ledger(&self) -> Ledger {
        Ledger::of(self.home)
    }

    fn account(&self) -> &str {
        self.told.address.as_str()
    }
}

/// The local certificate is another one each year: profiles that were switched take the new one. One that is open has its turn later; the others
/// do not wait for one that fails: why each did.
pub fn refresh(home: &Home) -> Vec<Explanation> {
    let entries = LocalCertificate::open(home, clock())
        .map_err(|error| error.explain())
        .and_then(|local| Ok((local, Ledger::of(home).entries().map_err(told)?)));
    match entries {
        Ok((local, entries)) => {
            let profiles = entries.iter().map(|entry| follow(home, entry, &local));
            profiles
                .chain([authorities::follow(home, &local)])
                .filter_map(Result::err)
                .collect()
        }
        Err(why) => vec![why],
    }
}

/// Nothing is held where nothing is to be changed: a Thunderbird may want to begin.
fn follow(home: &Home, entry: &Entry, local: &LocalCertificate) -> Result<(), Explanation> {
    let profile = Profile {
        name: String::new(),
        folder: entry.profile.clone(),
    };
    if !profile.folder.is_dir() || overrides::has(&files::read(&profile.folder, OVERRIDES)?, &entry.doors, &fingerprint(local)) {
        return Ok(());
    }
    let _turn = home.lock().map_err(told)?;
    let still = Ledger::of(home).entry(&entry.profile, &entry.account).map_err(told)?;
    match Files::hold(&profile) {
        Ok(files) if still.as_ref() == Some(entry) => {
            let trusted = files.text(OVERRIDES)?;
            files.replace(OVERRIDES, &trusted, &with(&trusted, &entry.doors, local))
        }
        Ok(_) => Ok(()),
        Err(why) if why == say::thunderbird_runs() => Ok(()),
        Err(why) => Err(why),
    }
}

/// The exceptions with the certificate for these doors.
fn with(trusted: &str, doors: &[SocketAddr], local: &LocalCertificate) -> String {
    overrides::with(trusted, doors, &fingerprint(local))
}

fn fingerprint(local: &LocalCertificate) -> Vec<u8> {
    digest(&SHA256, local.certificate()).as_ref().to_vec()
}

/// What is to change for the settings to be so.
fn changes(prefs: &Prefs, wanted: Vec<(String, String)>) -> Vec<Change> {
    let changed = |(name, after): (String, String)| {
        let before = prefs.raw(&name).map(str::to_owned);
        (before.as_deref() != Some(after.as_str())).then_some(Change {
            name,
            before,
            after: Some(after),
        })
    };
    wanted.into_iter().filter_map(changed).collect()
}

/// The settings with each change taken back that still stands.
fn undone(text: &str, entry: &Entry) -> String {
    let mut prefs = Prefs::read(text);
    for change in entry.changes.iter().rev() {
        match prefs.raw(&change.name) == change.after.as_deref() {
            true => prefs.apply(&change.name, change.before.as_deref()),
            false if change.name == SERVERS => unlist(&mut prefs, entry.outgoing()),
            false => {}
        }
    }
    prefs.text()
}

/// Takes one server out of a list that others have changed since.
fn unlist(prefs: &mut Prefs, key: Option<&str>) {
    let keys: Vec<String> = listed(prefs, SERVERS)
        .into_iter()
        .filter(|known| Some(known.as_str()) != key)
        .collect();
    prefs.apply(SERVERS, Some(&quoted(&keys.join(","))));
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` gives it
fn told(error: StoreError) -> Explanation {
    error.explain()
}

#[cfg(test)]
mod tests;
