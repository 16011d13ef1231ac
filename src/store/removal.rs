//! The homes of all users of a computer, taken away by an administrator who was asked to (Windows). He has more rights than those whose
//! folders he walks through: a link that one of them lays meanwhile must not lead him elsewhere.

use crate::windows::folders::{Folder, profiles};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Where a home is in the folder of its user, as [`super::Home::place`] finds it there.
const HOME: &str = r"AppData\Local\Souspli\Souspli\data";

/// What became of a home.
#[derive(Debug)]
pub enum Fate {
    /// It is no more.
    Removed,
    /// It, or a folder on the way to it, is a link: what it leads to was not looked at.
    Elsewhere,
    /// It is there as it was: a program uses it, say.
    Kept(io::Error),
    /// It was moved here, and a part of it could not be removed.
    Rest(PathBuf, io::Error),
}

/// Takes away every home of this computer that is where homes are by default. Each that there was, and what became of it.
pub fn remove_all() -> io::Result<Vec<(PathBuf, Fate)>> {
    remove_below(&profiles()?)
}

fn remove_below(profiles: &Path) -> io::Result<Vec<(PathBuf, Fate)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(profiles)? {
        let entry = entry?;
        // Windows' own links for old programs lie there too.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let home = entry.path().join(HOME);
        let fate = match Folder::hold(&home) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            Err(error) => Fate::Kept(error),
            // Beside the users' folders only administrators lay anything: there nobody leads its removal astray.
            Ok(held) => {
                let aside = profiles.join(format!("Souspli-{}-{}", std::process::id(), found.len()));
                removed(&entry.path(), held, aside).unwrap_or_else(Fate::Kept)
            }
        };
        found.push((home, fate));
    }
    Ok(found)
}

fn removed(profile: &Path, held: Folder, aside: PathBuf) -> io::Result<Fate> {
    let top = Folder::look(profile)?;
    let (place, top_place) = (held.place()?, top.place()?);
    let within = place.strip_prefix(&top_place).ok();
    if !top.is_plain()? || !held.is_plain()? || !within.is_some_and(|within| within.as_os_str().eq_ignore_ascii_case(HOME)) {
        return Ok(Fate::Elsewhere);
    }
    held.move_to(&aside)?;
    drop(held);
    Ok(match fs::remove_dir_all(&aside) {
        Ok(()) => Fate::Removed,
        Err(error) => Fate::Rest(aside, error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn home_of(profiles: &Path, name: &str) -> PathBuf {
        let home = profiles.join(name).join(HOME);
        fs::create_dir_all(home.join("keys")).unwrap();
        fs::write(home.join("keys").join("one"), "sealed").unwrap();
        home
    }

    #[test]
    fn it_is_where_a_home_is_made() {
        let user = std::env::var_os("USERPROFILE").unwrap();
        assert_eq!(super::super::Home::place(None).unwrap(), Path::new(&user).join(HOME));
    }

    #[test]
    fn every_home_and_nothing_else() {
        let guard = tempfile::tempdir().unwrap();
        let homes = [home_of(guard.path(), "alice"), home_of(guard.path(), "Bob É")];
        let beside = homes[0].with_file_name("else");
        fs::write(&beside, "x").unwrap();
        fs::create_dir_all(guard.path().join("carole").join("AppData")).unwrap();
        fs::write(guard.path().join("desktop.ini"), "x").unwrap();
        let mut found = remove_below(guard.path()).unwrap();
        found.sort_by(|one, other| other.0.cmp(&one.0));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|(_, fate)| matches!(fate, Fate::Removed)), "{found:?}");
        assert!(homes.iter().all(|home| !home.exists()));
        assert!(beside.exists());
        assert_eq!(fs::read_dir(guard.path()).unwrap().count(), 4, "nothing is left beside them");
        assert!(remove_below(guard.path()).unwrap().is_empty());
    }

    /// Where this Windows knows junctions: Wine does not.
    #[test]
    fn a_junction_leads_nobody_elsewhere() {
        let guard = tempfile::tempdir().unwrap();
        let profiles = guard.path().join("profiles");
        let victim = home_of(&guard.path().join("victims"), "victim");
        let way = profiles.join("eve").join(r"AppData\Local");
        fs::create_dir_all(&way).unwrap();
        let linked = Command::new("cmd")
            .args(["/c", "mklink", "/J"])
            .arg(way.join("Souspli"))
            .arg(victim.ancestors().nth(2).unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !linked.is_ok_and(|status| status.success()) || !way.join(r"Souspli\Souspli\data").exists() {
            return;
        }
        let found = remove_below(&profiles).unwrap();
        assert!(matches!(found[..], [(_, Fate::Elsewhere)]), "{found:?}");
        assert!(victim.join("keys").join("one").exists());
    }
}
