//! One setting changed in the user's file, under the machine policy: written whole or not at all.

use super::taken_up::{self, Held, TakenUp};
use crate::base::limits::CONFIG_FILE_MAX;
use crate::config::load::{LoadError, Loaded, Places, defaults, load, machine_rules};
use crate::config::setting::{Kind, SETTINGS, Setting, SettingFault};
use crate::relay::clock;
use crate::store::{Event, Home, JournalEntry, journal};
use crate::text::{Explain, Explanation, settings as say};

/// How a setting stands.
pub(super) struct Standing {
    /// What the file says; in force once the relay has begun with it.
    pub(super) loaded: Loaded,
    /// Those that the machine's administrators have decided, by name.
    pub(super) ruled: Vec<String>,
}

impl Standing {
    /// As the files are now.
    pub(super) fn now(places: &Places) -> Result<Self, Explanation> {
        let first = |error: LoadError| error.explain();
        let rules = machine_rules(places).map_err(first)?;
        let ruled = SETTINGS.iter().filter(|setting| rules.iter().any(|rules| setting.is_ruled(rules)));
        Ok(Self {
            loaded: load(places).map_err(first)?,
            ruled: ruled.map(Setting::name).collect(),
        })
    }
}

/// `setting` says `word`, for the relay to begin again with; the journal says that it was changed.
pub(super) fn change(home: &Home, places: &Places, setting: &Setting, word: &str) -> Result<TakenUp, Explanation> {
    let taken_up = write(home, places, setting, word)?;
    let entry = JournalEntry::of_home(clock(), Event::Service, &format!("set-{}", setting.name()));
    journal::record(home, &entry).map_err(|error| error.explain())?;
    Ok(taken_up)
}

/// Nobody else writes the file between reading and writing.
fn write(home: &Home, places: &Places, setting: &Setting, word: &str) -> Result<TakenUp, Explanation> {
    let name = setting.name();
    let _turn = home.lock().map_err(|error| error.explain())?;
    let standing = Standing::now(places)?;
    if standing.ruled.contains(&name) {
        return Err(say::ruled(&name));
    }
    let file = standing.loaded.file;
    // What a link leads to is written, not the link.
    let file = file.canonicalize().unwrap_or(file);
    let before = taken_up::read(&file)?;
    let text = before.as_deref().unwrap_or_default();
    // Windows' Notepad may write a byte order mark, which is no TOML.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let machine = defaults(places).map_err(|error| error.explain())?;
    let after = setting.changed(text, word, &machine).map_err(|fault| match fault {
        SettingFault::Faults(faults) => faults.first().map_or_else(|| say::by_hand(&name), Explain::explain),
        SettingFault::Value => match setting.kind {
            Kind::Whole(least, most) => say::out_of_range(&name, least, most),
            Kind::YesNo | Kind::OneOf(_) | Kind::Text => say::not_here(&name),
        },
        SettingFault::Shape => say::by_hand(&name),
    })?;
    if after.len() as u64 > CONFIG_FILE_MAX {
        return Err(say::by_hand(&name));
    }
    taken_up::write(&file, &after)?;
    if let Err(error) = load(places) {
        taken_up::put_back(&file, before.as_deref())?;
        return Err(error.explain());
    }
    Ok(TakenUp {
        home: home.clone(),
        file,
        before,
        after,
        held: Held::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const FILE: &str = "[[account]]\naddress = \"a@b.fr\"\nsmtp = { host = \"s.b.fr\", port = 465, tls = \"implicit\" }\n\
                        imap = { host = \"i.b.fr\", port = 993, tls = \"implicit\" }\n# fin\n";

    #[test]
    fn what_the_machine_says_is_said_and_stays() {
        let (guard, home, places) = practice();
        fs::write(guard.path().join("policy.toml"), "[policy]\nharvest = false\n").unwrap();
        assert_eq!(Standing::now(&places).unwrap().ruled, ["policy.harvest"]);
        let refused = change(&home, &places, Setting::named("policy.harvest").unwrap(), "true").unwrap_err();
        assert_eq!(refused.code, "SP-SETTING-FIXED");
        assert_eq!(fs::read_to_string(guard.path().join("souspli.toml")).unwrap(), FILE);
    }

    #[test]
    fn a_policy_that_cannot_be_read_stops_every_change() {
        let (guard, home, places) = practice();
        fs::write(guard.path().join("policy.toml"), "[policy]\nunknown = 1\n").unwrap();
        assert!(change(&home, &places, Setting::named("journal.months").unwrap(), "9").is_err());
        assert_eq!(fs::read_to_string(guard.path().join("souspli.toml")).unwrap(), FILE);
    }

    #[test]
    fn a_setting_changes_where_the_machine_names_the_servers() {
        let (guard, home, places) = practice();
        let machine = "[defaults]\nsmtp_host = \"s.b.fr\"\nimap_host = \"i.b.fr\"\n";
        fs::write(guard.path().join("policy.toml"), machine).unwrap();
        let file = guard.path().join("souspli.toml");
        fs::write(&file, "[[account]]\naddress = \"a@b.fr\"\n").unwrap();
        change(&home, &places, Setting::named("journal.months").unwrap(), "9").unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("months = 9"));
    }

    #[test]
    fn who_writes_an_account_meanwhile_is_not_written_over() {
        let (guard, home, places) = practice();
        let turn = home.lock().unwrap();
        let (said, told) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| said.send(change(&home, &places, Setting::named("journal.months").unwrap(), "9").map(drop)));
            let waited = told.recv_timeout(std::time::Duration::from_millis(200));
            assert!(waited.is_err(), "it waits for its turn");
            fs::write(guard.path().join("souspli.toml"), format!("{FILE}# ajouté\n")).unwrap();
            drop(turn);
            told.recv().unwrap().unwrap();
        });
        let text = fs::read_to_string(guard.path().join("souspli.toml")).unwrap();
        assert!(text.contains("# ajouté") && text.contains("months = 9"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_leads_to_is_written() {
        let (guard, home, places) = practice();
        let (file, elsewhere) = (guard.path().join("souspli.toml"), guard.path().join("elsewhere.toml"));
        fs::rename(&file, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        change(&home, &places, Setting::named("journal.months").unwrap(), "9").unwrap();
        assert!(file.symlink_metadata().unwrap().is_symlink());
        assert!(fs::read_to_string(&elsewhere).unwrap().contains("months = 9"));
    }

    fn practice() -> (tempfile::TempDir, Home, Places) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        let file = guard.path().join("souspli.toml");
        fs::write(&file, FILE).unwrap();
        let places = Places {
            chosen: Some(file),
            policy: Some(guard.path().join("policy.toml")),
            ..Places::default()
        };
        (guard, home, places)
    }
}
