//! What the machine's administrators say: the policy file, and on Windows the registry. What is there and cannot be read, or could be
//! changed by somebody who administers nothing, stops the start: it is never left out.

use super::load::{LoadError, read_text, unreadable};
use super::parse::parse_machine;
use super::{Config, Defaults, PolicyRules};
use crate::store::owner::is_administrators;
use std::io;
use std::path::{Path, PathBuf};

pub(super) const POLICY_NAME: &str = "policy.toml";

/// All that it says.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// The last one wins.
    pub(super) rules: Vec<PolicyRules>,
    pub(super) defaults: Defaults,
    /// Where something stands, in that order.
    pub(super) places: Vec<PathBuf>,
}

type Said = (PolicyRules, Defaults);

impl Machine {
    /// The policy of this file, if there is one, and what else the platform has.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, LoadError> {
        let mut machine = Self::default();
        for (place, said) in [installed()?, file.map(of_file).transpose()?.flatten()].into_iter().flatten() {
            machine.hear(place, said);
        }
        for (place, said) in distributed()? {
            machine.hear(place, said);
        }
        Ok(machine)
    }

    fn hear(&mut self, place: PathBuf, (rules, defaults): Said) {
        self.rules.push(rules);
        self.defaults = defaults.or(std::mem::take(&mut self.defaults));
        self.places.push(place);
    }

    /// Its rules in place of those of the user.
    pub(super) fn bind(&self, config: &mut Config) {
        for rules in &self.rules {
            config.policy = rules.clone().applied_to(config.policy.clone());
        }
    }
}

fn of_file(path: &Path) -> Result<Option<(PathBuf, Said)>, LoadError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    // Ahead of the file, and where there is none too: whoever has the folder could have taken a policy away.
    for above in folder.parent().into_iter().chain([folder]) {
        must_bind(above)?;
    }
    let text = match read_text(path) {
        Ok(text) => text,
        Err(LoadError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound && is_absent(path) => return Ok(None),
        Err(error) => return Err(error),
    };
    // What has gone since it was read is what somebody put there for a moment.
    for read in [folder, path] {
        if !is_administrators(read).or_else(absent_is_false).map_err(unreadable(read))? {
            return Err(LoadError::Changeable(read.to_owned()));
        }
    }
    said(&text, path).map(Some)
}

fn absent_is_false(error: io::Error) -> io::Result<bool> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(false),
        _ => Err(error),
    }
}

/// That administrators alone decide what stands there; where nothing does, nobody has.
fn must_bind(path: &Path) -> Result<(), LoadError> {
    match is_administrators(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(LoadError::Changeable(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unreadable(path)(error)),
    }
}

/// Whether nobody has put anything there: a link into a share that is not there yet is a policy that cannot be read.
fn is_absent(path: &Path) -> bool {
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    let folder_leads_nowhere = path.parent().is_some_and(|folder| is_link(folder) && !folder.exists());
    !is_link(path) && !folder_leads_nowhere
}

fn said(text: &str, path: &Path) -> Result<(PathBuf, Said), LoadError> {
    let path = path.to_owned();
    match parse_machine(text) {
        Ok(said) => Ok((path, said)),
        Err(faults) => Err(LoadError::Faults { path, faults }),
    }
}

/// What the installer was given on its command line; whatever else says something wins over it.
#[cfg(windows)]
fn installed() -> Result<Option<(PathBuf, Said)>, LoadError> {
    use crate::windows::policy;
    of_registry(&policy::INSTALLED, super::distributed::defaults)
}

/// What Windows' administrators distribute; it wins over the file, which an installer may have left years ago.
#[cfg(windows)]
fn distributed() -> Result<impl Iterator<Item = (PathBuf, Said)>, LoadError> {
    use super::distributed::{defaults, rules};
    use crate::windows::policy;
    let both = [of_registry(&policy::DEFAULTS, defaults)?, of_registry(&policy::RULES, rules)?];
    Ok(both.into_iter().flatten())
}

#[cfg(windows)]
fn of_registry(
    place: &crate::windows::policy::Place,
    written: fn(&[super::distributed::Value]) -> String,
) -> Result<Option<(PathBuf, Said)>, LoadError> {
    let path = PathBuf::from(place.shown());
    let values = place.values().map_err(unreadable(&path))?;
    values.map(|values| said(&written(&values), &path)).transpose()
}

/// There is none but on Windows.
#[cfg(not(windows))]
#[allow(clippy::unnecessary_wraps)] // as on Windows
fn installed() -> Result<Option<(PathBuf, Said)>, LoadError> {
    Ok(None)
}

/// There is none but on Windows.
#[cfg(not(windows))]
#[allow(clippy::unnecessary_wraps)] // as on Windows
fn distributed() -> Result<impl Iterator<Item = (PathBuf, Said)>, LoadError> {
    Ok(std::iter::empty())
}

/// Makes the machine's folder, and puts a policy there, if it has no fault and only administrators can change it. Whatever else the
/// machine says must be without fault too: with one nobody's Souspli would start.
#[cfg(windows)]
pub(crate) fn install(file: Option<&Path>) -> Result<(), LoadError> {
    use crate::store::{atomic, owner};
    let text = file.map(read_text).transpose()?;
    if let (Some(file), Some(text)) = (file, &text) {
        said(text, file)?;
    }
    let Some(folder) = super::load::machine_folder() else {
        return Ok(());
    };
    let place = folder.join(POLICY_NAME);
    owner::own_machine_folder(&folder).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => LoadError::NotWritten(folder.clone()),
        io::ErrorKind::DirectoryNotEmpty => LoadError::Changeable(folder.clone()),
        _ => unreadable(&folder)(error),
    })?;
    must_bind(&folder)?;
    if let Some(text) = text {
        atomic::write(&place, text.as_bytes()).map_err(|_| LoadError::NotWritten(place.clone()))?;
    }
    Machine::read(Some(&place)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder within one that administrators have, and a file in it; what the tests make is theirs, who act as such.
    fn place(text: Option<&str>) -> (tempfile::TempDir, PathBuf) {
        let machine = tempfile::tempdir().unwrap();
        let file = machine.path().join("Souspli").join(POLICY_NAME);
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        (machine, file)
    }

    fn faulty(file: &Path) -> bool {
        matches!(of_file(file), Err(LoadError::Faults { .. }))
    }

    #[test]
    fn nothing_there_binds_nobody_and_a_fault_is_not_left_out() {
        let (_machine, file) = place(None);
        assert!(of_file(&file).unwrap().is_none());
        std::fs::write(&file, "[policy]\nunknown = 1\n").unwrap();
        assert!(faulty(&file));
        std::fs::write(&file, "[listen]\n").unwrap();
        assert!(faulty(&file), "what is the user's alone is not of the machine");
        std::fs::create_dir(file.with_file_name("folder")).unwrap();
        assert!(of_file(&file.with_file_name("folder")).is_err(), "there, and no file");
    }

    #[test]
    fn what_is_said_later_wins_over_the_defaults_before() {
        let said = |host: &str| parse_machine(&format!("[defaults]\nsmtp_host = \"{host}\"\nlanguage = \"en\"\n")).unwrap();
        let mut machine = Machine::default();
        machine.hear("installer".into(), said("ancien.fr"));
        let alone = parse_machine("[defaults]\nsmtp_host = \"clinique.fr\"\n").unwrap();
        machine.hear("file".into(), alone);
        assert_eq!(machine.defaults.smtp, said("clinique.fr").1.smtp);
        assert_eq!(machine.defaults.language, said("x").1.language, "what it leaves open is as before");
        assert_eq!(machine.places, [PathBuf::from("installer"), PathBuf::from("file")]);
    }

    /// A share that is not there yet.
    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_not_nothing() {
        let (machine, file) = place(None);
        std::os::unix::fs::symlink(machine.path().join("away"), &file).unwrap();
        assert!(matches!(of_file(&file), Err(LoadError::Unreadable { .. })));
        let link = machine.path().join("link");
        std::os::unix::fs::symlink(machine.path().join("away"), &link).unwrap();
        assert!(matches!(of_file(&link.join(POLICY_NAME)), Err(LoadError::Unreadable { .. })));
    }

    /// On Windows anybody could have made C:\ProgramData\Souspli first.
    #[cfg(windows)]
    #[test]
    fn what_everybody_may_change_is_an_error_be_it_empty() {
        let open = |path: &Path| crate::windows::rights::set(path, "D:P(A;OICI;FA;;;WD)").unwrap();
        let (_machine, file) = place(None);
        open(file.parent().unwrap());
        assert!(matches!(of_file(&file), Err(LoadError::Changeable(_))));
        let (_machine, file) = place(Some("[policy]\nmissing_certificate = \"refuse\"\n"));
        assert!(of_file(&file).unwrap().is_some());
        open(&file);
        assert!(matches!(of_file(&file), Err(LoadError::Changeable(_))));
    }
}
