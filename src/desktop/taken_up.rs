//! A configuration that was written for the relay to begin again with, and the way back.

use crate::base::limits::CONFIG_FILE_MAX;
use crate::store::{Home, atomic};
use crate::text::{Explain, Explanation, Why, assistant as say, beginning};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// What was written, and what there was before.
#[derive(Debug)]
pub(super) struct TakenUp {
    pub(super) home: Home,
    pub(super) file: PathBuf,
    pub(super) before: Option<String>,
    pub(super) after: String,
    /// The ports that were chosen, held for the doors to come.
    pub(super) held: Held,
}

/// Listeners, by the door that each is for.
pub(super) type Held = Vec<(&'static str, TcpListener)>;

impl TakenUp {
    /// Puts back the file of before, unless somebody has changed it since; what came of it.
    pub(super) fn undo(&self) -> Explanation {
        match self.is_undone() {
            Ok(true) => beginning::not_begun(),
            Ok(false) | Err(_) => beginning::not_undone(&self.file.display().to_string()),
        }
    }

    /// Whether the file says something else now.
    pub(super) fn is_change(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }

    /// The way back from both, where the relay had not begun with `earlier` yet.
    pub(super) fn behind(mut self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.file == self.file && self.before.as_ref() == Some(&earlier.after) => {
                self.before = earlier.before;
                self
            }
            _ => self,
        }
    }

    fn is_undone(&self) -> Result<bool, Explanation> {
        let _turn = self.home.lock().map_err(|e| e.explain())?;
        let is_ours = read(&self.file)?.as_ref() == Some(&self.after);
        if is_ours {
            put_back(&self.file, self.before.as_deref())?;
        }
        Ok(is_ours)
    }
}

/// `None`: there is no such file.
pub(super) fn read(file: &Path) -> Result<Option<String>, Explanation> {
    let octets = atomic::read(file, CONFIG_FILE_MAX).map_err(|e| e.explain())?;
    octets.map(String::from_utf8).transpose().map_err(|_| say::not_edited())
}

pub(super) fn write(file: &Path, text: &str) -> Result<(), Explanation> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| say::not_written(&file.display().to_string(), &Why::from(&error)))?;
    }
    atomic::write(file, text.as_bytes()).map_err(|e| e.explain())
}

/// As it was.
pub(super) fn put_back(file: &Path, before: Option<&str>) -> Result<(), Explanation> {
    match before {
        Some(text) => write(file, text),
        None => atomic::remove(file).map_err(|e| e.explain()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_changes_before_the_relay_begins_go_back_together() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(&guard.path().join("home")).unwrap();
        let file = guard.path().join("souspli.toml");
        let taken_up = |before: &str, after: &str| TakenUp {
            home: home.clone(),
            file: file.clone(),
            before: Some(before.to_owned()),
            after: after.to_owned(),
            held: Held::new(),
        };
        write(&file, "c").unwrap();
        assert_eq!(
            taken_up("b", "c").behind(Some(taken_up("a", "b"))).undo().code,
            "SP-SETUP-NOT-BEGUN"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "a");
        // What somebody has written between the two is not lost.
        write(&file, "d").unwrap();
        taken_up("c", "d").behind(Some(taken_up("a", "b"))).undo();
        assert_eq!(fs::read_to_string(&file).unwrap(), "c");
    }
}
