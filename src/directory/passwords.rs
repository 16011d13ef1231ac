//! Passwords of directories: sealed in the home, or from a program of the user's.

use super::ldap::LdapError;
use crate::base::Secret;
use crate::base::limits::PASSWORD_COMMAND_SECONDS_MAX;
use crate::config::{Bind, DirectoryServer};
use crate::store::{Home, Records, Secrets, StoreError};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The passwords of a home.
#[derive(Clone, Debug)]
pub struct Passwords {
    records: Records,
}

impl Passwords {
    /// Nothing is read before the first question.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            records: Records::lasting(home, "directories", secrets),
        }
    }

    /// Keeps the password of a directory.
    pub fn put(&self, directory: &str, password: &Secret) -> Result<(), StoreError> {
        let length = u16::try_from(password.expose().len()).map_err(|_| StoreError::Crypto)?;
        let plain = Secret::new([&length.to_be_bytes()[..], password.expose()].concat());
        self.records.put(&[b"password", directory.as_bytes()], plain.expose())
    }

    /// The password for `bind`.
    pub(super) async fn of(&self, directory: &DirectoryServer, bind: &Bind) -> Result<Secret, LdapError> {
        match bind.command.split_first() {
            Some((program, arguments)) => printed(program, arguments).await.ok_or(LdapError::Command),
            None => {
                let record = self.records.of_name(&[b"password", directory.name.as_bytes()]);
                record.ok().flatten().as_ref().and_then(unpadded).ok_or(LdapError::NoPassword)
            }
        }
    }
}

/// The length tells where the padding of the record begins: a password may end with spaces.
fn unpadded(record: &Secret) -> Option<Secret> {
    let (length, rest) = record.expose().split_first_chunk()?;
    let password = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    // An empty one would bind as nobody, and be accepted (RFC 4513 §5.1.2).
    (!password.is_empty()).then(|| Secret::new(password.to_vec()))
}

/// The first line that a program prints.
async fn printed(program: &str, arguments: &[String]) -> Option<Secret> {
    let mut command = Command::from(crate::keys::begin::program(program));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let limit = Duration::from_secs(PASSWORD_COMMAND_SECONDS_MAX);
    let output = tokio::time::timeout(limit, command.output()).await.ok()?.ok()?;
    let all = Secret::new(output.stdout);
    let line = all.expose().split(|octet| matches!(octet, b'\r' | b'\n')).next()?;
    (output.status.success() && !line.is_empty()).then(|| Secret::new(line.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_comes_back_as_it_was_given() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let passwords = Passwords::new(&home, &Secrets::ephemeral().unwrap());
        let text = "[[directory]]\nname = \"a\"\nurl = \"ldaps://h\"\nbase = \"o=x\"\nbind_dn = \"cn=a\"\n";
        let directory = crate::config::parse::parse(text).unwrap().directories.remove(0);
        let mut bind = directory.bind.clone().unwrap();
        assert_eq!(passwords.of(&directory, &bind).await.err(), Some(LdapError::NoPassword));
        passwords.put("a", &Secret::from("s é  ")).unwrap();
        assert_eq!(passwords.of(&directory, &bind).await.unwrap().expose(), "s é  ".as_bytes());
        bind.command = vec!["/no/such/program".into()];
        assert_eq!(passwords.of(&directory, &bind).await.err(), Some(LdapError::Command));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_prints_it_on_one_line() {
        let said = |script: &'static str| async move { printed("/bin/sh", &["-c".into(), script.into()]).await };
        assert_eq!(said("printf 'secret\\nmore'").await.unwrap().expose(), b"secret");
        assert!(said("echo secret; exit 3").await.is_none());
        assert!(said("echo").await.is_none());
    }
}
