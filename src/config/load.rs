//! Finds and reads the configuration, with what the machine says (`config::machine`).

use super::machine::{Machine, POLICY_NAME};
use super::parse::parse_with;
use super::{Account, ClientCertificate, Config, Defaults, Fault, FaultKind, HeldAt, PolicyRules};
use crate::base::limits::CONFIG_FILE_MAX;
use crate::text::{Explain, Explanation, Why, beginning, config as words};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Name of the configuration file in every place where it is looked for.
pub const FILE_NAME: &str = "souspli.toml";

/// What was last in force with an account, in the home: who finds it and no configuration knows that one is lost.
pub const LAST_NAME: &str = "souspli.toml.last";

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says, the machine policy applied, paths made absolute or relative to the working folder.
    pub config: Config,
    /// The user's file.
    pub file: PathBuf,
    /// The machine policies that there are; the last one wins.
    pub policies: Vec<PathBuf>,
}

/// Where files are looked for; made once from the command line and the platform.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `--config FILE`: no other place is tried.
    pub chosen: Option<PathBuf>,
    /// The home (`store::paths::Home::root`).
    pub home: Option<PathBuf>,
    /// The platform's configuration folder.
    pub platform: Option<PathBuf>,
    /// The machine policy.
    pub policy: Option<PathBuf>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of the places holds a file.
    #[error("no configuration file in {0:?}")]
    NoFile(Vec<PathBuf>),
    /// There was one with an account, and there is none, or an empty one.
    #[error("{path}: lost")]
    Lost {
        /// Where it is missing.
        path: PathBuf,
        /// What it said last.
        copy: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not UTF-8, or is too large.
    #[error("{0}: not a text file")]
    NotText(PathBuf),
    /// The machine policy cannot be put in its place: whoever asked is no administrator, or the disk is full.
    #[error("{0}: not written")]
    NotWritten(PathBuf),
    /// The machine policy can be changed by somebody who administers nothing.
    #[error("{0}: others than administrators may change it")]
    Changeable(PathBuf),
    /// A file has faults.
    #[error("{path}: {} faults", faults.len())]
    Faults {
        /// The file.
        path: PathBuf,
        /// Never empty, in the order of the file.
        faults: Vec<Fault>,
    },
}

/// Reads the configuration from the first place that holds one, what the machine says under it and over it.
pub fn load(places: &Places) -> Result<Loaded, LoadError> {
    let loaded = load_file(places, find(places)?)?;
    match loaded.config.accounts.is_empty() {
        false => Ok(loaded),
        true => Err(LoadError::Faults {
            path: loaded.file,
            faults: vec![Fault {
                line: 0,
                kind: FaultKind::NoAccount,
            }],
        }),
    }
}

/// The same for who goes on where nobody has configured anything yet: a file without an account, or no file where none was chosen.
/// `file` is then where it is to be written. What a power cut has emptied, or stands on a disk that is away, is no beginning.
pub fn load_begun(places: &Places) -> Result<Loaded, LoadError> {
    match find(places) {
        Ok(file) => {
            if read_text(&file)?.trim().is_empty() {
                not_lost(places, &file)?;
            }
            load_file(places, file)
        }
        Err(LoadError::NoFile(mut candidates)) if !candidates.is_empty() => {
            not_lost(places, &candidates[0])?;
            let machine = Machine::read(places.policy.as_deref())?;
            Ok(Loaded {
                config: ruled(places, Config::default())?,
                file: candidates.swap_remove(0),
                policies: machine.places,
            })
        }
        Err(error) => Err(error),
    }
}

fn not_lost(places: &Places, path: &Path) -> Result<(), LoadError> {
    let Some(copy) = places.home.as_ref().map(|home| home.join(LAST_NAME)) else {
        return Ok(());
    };
    match copy.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(LoadError::Lost {
            path: path.to_owned(),
            copy,
        }),
        Err(source) => Err(unreadable(&copy)(source)),
    }
}

fn load_file(places: &Places, file: PathBuf) -> Result<Loaded, LoadError> {
    let text = read_text(&file)?;
    let machine = Machine::read(places.policy.as_deref())?;
    let mut config = parse_with(&text, &machine.defaults).map_err(|faults| LoadError::Faults {
        path: file.clone(),
        faults,
    })?;
    let base = file.parent().unwrap_or(Path::new(""));
    for path in paths(&mut config) {
        *path = base.join(&*path);
    }
    machine.bind(&mut config);
    Ok(Loaded {
        config,
        file,
        policies: machine.places,
    })
}

/// The machine policy over a configuration that no file says: it binds commands that need none, too.
pub fn ruled(places: &Places, mut config: Config) -> Result<Config, LoadError> {
    let machine = Machine::read(places.policy.as_deref())?;
    config.dashboard.language = machine.defaults.language.unwrap_or(config.dashboard.language);
    machine.bind(&mut config);
    Ok(config)
}

/// What the machine policies say, each by itself: nobody else decides that. The last one wins.
pub fn machine_rules(places: &Places) -> Result<Vec<PolicyRules>, LoadError> {
    Machine::read(places.policy.as_deref()).map(|machine| machine.rules)
}

/// What the machine says for accounts that say nothing: the provider of a clinic, for who sets up the first account.
pub fn defaults(places: &Places) -> Result<Defaults, LoadError> {
    Machine::read(places.policy.as_deref()).map(|machine| machine.defaults)
}

/// Every path that is written relative to the file.
fn paths(config: &mut Config) -> impl Iterator<Item = &mut PathBuf> {
    let upstream = config.upstream_authorities.iter_mut();
    let all = upstream.chain(&mut config.mssante.authorities).chain(&mut config.card.module);
    all.chain(config.accounts.iter_mut().flat_map(certificates))
}

fn certificates(account: &mut Account) -> impl Iterator<Item = &mut PathBuf> {
    let Account {
        smtp,
        imap,
        pop3,
        client_certificate,
        held,
        ..
    } = account;
    let servers = [Some(smtp), imap.as_mut(), pop3.as_mut()].into_iter().flatten();
    let shown = servers.filter_map(|server| server.terms.certificate.as_mut().map(|(_, shown)| shown));
    let held = held.as_mut().map(|(HeldAt::Own(file) | HeldAt::Delegated(file))| file);
    let shown = shown.chain(client_certificate.as_mut()).filter_map(|shown| match shown {
        ClientCertificate::File(file) => Some(file),
        ClientCertificate::Card => None,
    });
    shown.chain(held)
}

impl Places {
    /// The places of this platform. `chosen` is `--config`, `home` the root of the home.
    pub fn of_platform(chosen: Option<PathBuf>, home: Option<PathBuf>) -> Self {
        let dirs = directories::ProjectDirs::from("fr", "Souspli", "Souspli");
        Self {
            chosen,
            home,
            platform: dirs.map(|d| d.config_dir().to_path_buf()),
            policy: machine_policy(),
        }
    }

    /// The files that would be tried, in order.
    pub fn candidates(&self) -> Vec<PathBuf> {
        match &self.chosen {
            Some(file) => vec![file.clone()],
            None => [&self.home, &self.platform]
                .into_iter()
                .flatten()
                .map(|folder| folder.join(FILE_NAME))
                .collect(),
        }
    }
}

impl LoadError {
    /// Every sentence to tell: one per fault, else one.
    pub fn explanations(&self) -> Vec<Explanation> {
        match self {
            LoadError::Faults { faults, .. } => faults.iter().map(Explain::explain).collect(),
            LoadError::NoFile(_) | LoadError::Lost { .. } => vec![self.explain()],
            LoadError::Unreadable { .. } | LoadError::NotText(_) => vec![self.explain()],
            LoadError::NotWritten(_) | LoadError::Changeable(_) => vec![self.explain()],
        }
    }
}

impl Explain for LoadError {
    fn explain(&self) -> Explanation {
        match self {
            LoadError::NoFile(places) => {
                let places: Vec<String> = places.iter().map(|p| p.display().to_string()).collect();
                words::no_file(&places.join(", "))
            }
            LoadError::Lost { path, copy } => beginning::lost(&path.display().to_string(), &copy.display().to_string()),
            LoadError::Unreadable { path, source } => words::unreadable(&path.display().to_string(), &Why::from(source)),
            LoadError::NotText(path) => words::not_text(&path.display().to_string()),
            LoadError::NotWritten(path) => words::not_written(&path.display().to_string()),
            LoadError::Changeable(path) => words::changeable(&path.display().to_string()),
            LoadError::Faults { path, faults } => match faults.first() {
                Some(fault) => fault.explain(),
                None => words::not_text(&path.display().to_string()),
            },
        }
    }
}

/// A file that was chosen is read even when it is absent, so that the error names it.
fn find(places: &Places) -> Result<PathBuf, LoadError> {
    if let Some(file) = &places.chosen {
        return Ok(file.clone());
    }
    let candidates = places.candidates();
    for file in &candidates {
        match file.try_exists() {
            Ok(true) => return Ok(file.clone()),
            Ok(false) => {}
            Err(source) => {
                return Err(LoadError::Unreadable {
                    path: file.clone(),
                    source,
                });
            }
        }
    }
    Err(LoadError::NoFile(candidates))
}

pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LoadError {
    let path = path.to_owned();
    |source| LoadError::Unreadable { path, source }
}

/// The text of a configuration file, without a byte order mark.
pub fn read_text(path: &Path) -> Result<String, LoadError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable(path))?;
    file.take(CONFIG_FILE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable(path))?;
    if bytes.len() as u64 > CONFIG_FILE_MAX {
        return Err(LoadError::NotText(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| LoadError::NotText(path.to_owned()))?;
    // Windows' Notepad may write a byte order mark, which is no TOML.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn machine_policy() -> Option<PathBuf> {
    machine_folder().map(|folder| folder.join(POLICY_NAME))
}

/// Where the machine's administrators put what binds every user.
#[cfg(unix)]
pub fn machine_folder() -> Option<PathBuf> {
    Some(PathBuf::from("/etc/souspli"))
}

/// Where the machine's administrators put what binds every user.
#[cfg(windows)]
pub fn machine_folder() -> Option<PathBuf> {
    // The variable may be set by the user, the folder of a default installation may not: a user must not be able to
    // choose which policy binds him.
    Some(PathBuf::from(r"C:\ProgramData\Souspli"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MissingCertificate;
    use std::fs;

    const USER: &str = r##"
[upstream]
authorities = ["ca.pem"]
[[account]]
address = "a@b.fr"
smtp = { host = "s.b.fr", port = 465, tls = "implicit" }
imap = { host = "i.b.fr", port = 993, tls = "implicit" }
[policy]
tag = "#moi#"
missing_certificate = "partial"
"##;

    #[test]
    fn the_home_comes_before_the_platform_and_paths_start_at_the_file() {
        let (home, platform) = (folder_with(USER), folder_with("broken ="));
        let places = Places {
            home: path(&home),
            platform: path(&platform),
            ..Places::default()
        };
        let loaded = load(&places).unwrap();
        assert_eq!(loaded.file, home.path().join(FILE_NAME));
        assert_eq!(loaded.config.upstream_authorities, [home.path().join("ca.pem")]);
        assert!(loaded.policies.is_empty());
    }

    #[test]
    fn a_chosen_file_is_the_only_place() {
        let home = folder_with(USER);
        let places = Places {
            chosen: Some(home.path().join("absent.toml")),
            home: path(&home),
            ..Places::default()
        };
        assert!(matches!(load(&places), Err(LoadError::Unreadable { path, .. }) if path.ends_with("absent.toml")));
    }

    #[test]
    fn the_machine_policy_wins_key_by_key() {
        let home = folder_with(USER);
        let policy = home.path().join("policy.toml");
        fs::write(&policy, "[policy]\nmissing_certificate = \"refuse\"\n").unwrap();
        let places = Places {
            home: path(&home),
            policy: Some(policy.clone()),
            ..Places::default()
        };
        let loaded = load(&places).unwrap();
        assert_eq!(loaded.config.policy.missing_certificate, MissingCertificate::Refuse);
        assert_eq!(loaded.config.policy.tag, "#moi#");
        assert_eq!(loaded.policies, [policy]);
    }

    #[test]
    fn a_faulty_machine_policy_is_never_left_out() {
        let home = folder_with(USER);
        let policy = home.path().join("policy.toml");
        let places = Places {
            home: path(&home),
            policy: Some(policy.clone()),
            ..Places::default()
        };
        for text in [&b"[policy]\nunknown = 1\n"[..], b"[listen]\n", b"\xff\xfe"] {
            fs::write(&policy, text).unwrap();
            assert!(load(&places).is_err(), "{text:?}");
        }
        fs::remove_file(&policy).unwrap();
        fs::create_dir(&policy).unwrap();
        assert!(load(&places).is_err(), "a folder in its place");
    }

    #[cfg(unix)]
    #[test]
    fn a_machine_policy_that_is_not_reached_is_not_absent() {
        let home = folder_with(USER);
        let (link, share) = (home.path().join("etc"), home.path().join("share"));
        std::os::unix::fs::symlink(&share, &link).unwrap();
        let of = |policy: PathBuf| {
            load(&Places {
                home: path(&home),
                policy: Some(policy),
                ..Places::default()
            })
        };
        assert!(of(link.join("policy.toml")).is_err(), "its folder is a share that is not there yet");
        let file = home.path().join("policy.toml");
        std::os::unix::fs::symlink(share.join("policy.toml"), &file).unwrap();
        assert!(of(file).is_err(), "it is itself on that share");
        fs::create_dir(&share).unwrap();
        assert!(
            of(link.join("policy.toml")).unwrap().policies.is_empty(),
            "the share is there, and empty"
        );
    }

    #[test]
    fn the_machine_policy_binds_without_a_file_of_the_user() {
        let machine = folder_with("");
        let policy = machine.path().join("policy.toml");
        fs::write(&policy, "[policy]\ncard_for_each_reading = true\n").unwrap();
        let places = Places {
            policy: Some(policy),
            ..Places::default()
        };
        assert!(ruled(&places, Config::default()).unwrap().policy.card_for_each_reading);
    }

    #[test]
    fn no_file_and_no_account_are_told() {
        let empty = tempfile::tempdir().unwrap();
        let places = Places {
            home: path(&empty),
            ..Places::default()
        };
        assert!(load(&places).unwrap_err().explain().fr.todo.contains(FILE_NAME));
        let bare = folder_with("\u{feff}[listen]\n");
        let error = load(&Places {
            home: path(&bare),
            ..Places::default()
        })
        .unwrap_err();
        assert_eq!(error.explanations()[0].code, "SP-CONFIG-NO-ACCOUNT");
    }

    #[test]
    fn one_that_was_in_force_and_is_gone_or_empty_is_no_beginning() {
        let home = tempfile::tempdir().unwrap();
        let places = Places {
            home: path(&home),
            ..Places::default()
        };
        let code = || load_begun(&places).map_err(|error| error.explain().code).map(|loaded| loaded.file);
        let file = home.path().join(FILE_NAME);
        assert_eq!(code().as_ref(), Ok(&file), "nothing was ever configured");
        fs::write(home.path().join(LAST_NAME), USER).unwrap();
        assert_eq!(code(), Err("SP-CONFIG-LOST"));
        fs::write(&file, "\r\n").unwrap();
        assert_eq!(code(), Err("SP-CONFIG-LOST"));
        fs::write(&file, "# l’administrateur a retiré le compte\n").unwrap();
        assert!(code().is_ok());
    }

    fn folder_with(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        folder
    }

    fn path(folder: &tempfile::TempDir) -> Option<PathBuf> {
        Some(folder.path().to_path_buf())
    }
}
