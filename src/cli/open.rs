//! `souspli open`: a stored message as the mail program would get it, or what can be said of it.

use super::seal::message_on;
use super::{Cli, Failure};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Opens with every own key of the home.
#[derive(Args, Debug)]
pub struct Open {
    /// The verdict as JSON instead of the View (schema: docs/verdicts.md).
    #[arg(long)]
    json: bool,
    /// The stored message; standard input without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Open {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let stored = match &self.file {
            Some(path) => message_on(std::fs::File::open(path).map_err(|e| Failure(format!("{} : {e}", path.display())))?)?,
            None => message_on(std::io::stdin().lock())?,
        };
        let opened = cli.relay(cli.config_or_default(None)?)?.open_by_hand(&stored)?;
        let mut out = std::io::stdout().lock();
        let written = if self.json {
            writeln!(out, "{}", opened.json())
        } else {
            out.write_all(opened.bytes())
        };
        written.map_err(|e| Failure(e.to_string()))
    }
}
