//! What was last in force, kept in the home: a configuration that is lost is told from one that never was, and can be put back.

use crate::base::limits::CONFIG_FILE_MAX;
use crate::config::Config;
use crate::config::load::{LAST_NAME, Places, load, read_text};
use crate::store::{Home, atomic};
use crate::text::{Explain, Explanation};

/// Keeps the file that `in_force` was read from, unless somebody has changed it since. One without an account is nothing to lose.
pub(super) fn keep(places: &Places, home: &Home, in_force: &Config) {
    if let Err(why) = kept(places, home, in_force) {
        tracing::warn!("{why}");
    }
}

fn kept(places: &Places, home: &Home, in_force: &Config) -> Result<(), Explanation> {
    if in_force.accounts.is_empty() {
        return Ok(());
    }
    let loaded = load(places).map_err(|error| error.explain())?;
    let text = read_text(&loaded.file).map_err(|error| error.explain())?;
    let copy = home.root().join(LAST_NAME);
    let before = atomic::read(&copy, CONFIG_FILE_MAX).map_err(|error| error.explain())?;
    if loaded.config != *in_force || before.as_deref() == Some(text.as_bytes()) {
        return Ok(());
    }
    atomic::write(&copy, text.as_bytes()).map_err(|error| error.explain())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const FILE: &str = "[[account]]\naddress = \"a@b.fr\"\nsmtp = { host = \"s.b.fr\", port = 465, tls = \"implicit\" }\n\
                        imap = { host = \"i.b.fr\", port = 993, tls = \"implicit\" }\n# fin\n";

    #[test]
    fn what_is_in_force_and_nothing_else() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let places = Places {
            home: Some(home.root().to_owned()),
            ..Places::default()
        };
        let (file, copy) = (home.root().join("souspli.toml"), home.root().join(LAST_NAME));
        keep(&places, &home, &Config::default());
        assert!(!copy.exists(), "no account, nothing to lose");
        fs::write(&file, FILE).unwrap();
        let in_force = load(&places).unwrap().config;
        keep(&places, &home, &in_force);
        assert_eq!(fs::read_to_string(&copy).unwrap(), FILE);
        fs::write(&file, FILE.replace("a@b.fr", "zoe@b.fr")).unwrap();
        keep(&places, &home, &in_force);
        assert_eq!(fs::read_to_string(&copy).unwrap(), FILE, "that is not in force yet");
    }
}
