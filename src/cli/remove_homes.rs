//! `souspli remove-homes`: takes away the homes of every user of this computer. For the uninstaller that was asked to, and on Windows
//! only: elsewhere an administrator removes folders.

use super::Failure;
use super::out::Out;
use crate::store::removal::{Fate, remove_all};
use crate::text::{Why, command as say};
use crate::windows::process::is_administrator;

/// A line for each, which the installer's log takes.
pub(super) fn execute(out: &mut Out) -> Result<(), Failure> {
    if !is_administrator().map_err(|e| Failure::system(&e))? {
        return Err(say::homes_not_yours().into());
    }
    let found = remove_all().map_err(|e| Failure::system(&e))?;
    if found.is_empty() {
        out.line(say::no_home());
    }
    let mut kept = 0;
    for (home, fate) in &found {
        let home = home.display().to_string();
        kept += usize::from(!matches!(fate, Fate::Removed));
        out.line(match fate {
            Fate::Removed => say::home_removed(&home),
            Fate::Elsewhere => say::home_elsewhere(&home),
            Fate::Kept(error) => say::home_kept(&home, &Why::from(error)),
            Fate::Rest(place, error) => say::home_left(&home, &place.display().to_string(), &Why::from(error)),
        });
    }
    if kept > 0 { Err(say::homes_kept(kept).into()) } else { Ok(()) }
}
