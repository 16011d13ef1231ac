//! Finds and reads the configuration and the machine policy. A policy that is there but cannot be read stops the start:
//! it is never left out.

use super::parse::{parse, parse_policy};
use super::{Account, Config, Fault, FaultKind};
use crate::base::limits::CONFIG_FILE_MAX;
use crate::text::{Explain, Explanation, Why, config as words};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Name of the configuration file in every place where it is looked for.
pub const FILE_NAME: &str = "souspli.toml";

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says, the machine policy applied, paths made absolute or relative to the working folder.
    pub config: Config,
    /// The user's file.
    pub file: PathBuf,
    /// The machine policy, where there is one.
    pub policy: Option<PathBuf>,
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
    /// A file has faults.
    #[error("{path}: {} faults", faults.len())]
    Faults {
        /// The file.
        path: PathBuf,
        /// Never empty, in the order of the file.
        faults: Vec<Fault>,
    },
}

/// Reads the configuration from the first place that holds one, then the machine policy over it.
pub fn load(places: &Places) -> Result<Loaded, LoadError> {
    let file = find(places)?;
    let mut config = parse(&read_text(&file)?).map_err(|faults| LoadError::Faults {
        path: file.clone(),
        faults,
    })?;
    if config.accounts.is_empty() {
        let faults = vec![Fault {
            line: 0,
            kind: FaultKind::NoAccount,
        }];
        return Err(LoadError::Faults { path: file, faults });
    }
    let base = file.parent().unwrap_or(Path::new(""));
    for path in paths(&mut config) {
        *path = base.join(&*path);
    }
    let policy = match &places.policy {
        Some(path) => apply_policy(path, &mut config)?,
        None => None,
    };
    Ok(Loaded { config, file, policy })
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
        ..
    } = account;
    let servers = [Some(smtp), imap.as_mut(), pop3.as_mut()].into_iter().flatten();
    let shown = servers.filter_map(|server| server.terms.certificate.as_mut().map(|(_, file)| file));
    shown.chain(client_certificate.as_mut())
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
            LoadError::NoFile(_) | LoadError::Unreadable { .. } | LoadError::NotText(_) => vec![self.explain()],
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
            LoadError::Unreadable { path, source } => words::unreadable(&path.display().to_string(), &Why::from(source)),
            LoadError::NotText(path) => words::not_text(&path.display().to_string()),
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

fn apply_policy(path: &Path, config: &mut Config) -> Result<Option<PathBuf>, LoadError> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(LoadError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let rules = parse_policy(&text).map_err(|faults| LoadError::Faults {
        path: path.to_owned(),
        faults,
    })?;
    config.policy = rules.applied_to(config.policy.clone());
    Ok(Some(path.to_owned()))
}

fn read_text(path: &Path) -> Result<String, LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(CONFIG_FILE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > CONFIG_FILE_MAX {
        return Err(LoadError::NotText(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| LoadError::NotText(path.to_owned()))?;
    // Windows' Notepad may write a byte order mark, which is no TOML.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn machine_policy() -> Option<PathBuf> {
    machine_folder().map(|folder| folder.join("policy.toml"))
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
        assert_eq!(loaded.policy, None);
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
        assert_eq!(loaded.policy, Some(policy));
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

    fn folder_with(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        folder
    }

    fn path(folder: &tempfile::TempDir) -> Option<PathBuf> {
        Some(folder.path().to_path_buf())
    }
}
