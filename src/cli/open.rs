//! `souspli open`: a stored message as the mail program would get it, or what can be said of it.

use super::out::Out;
use super::{Cli, Failure, input};
use clap::Args;
use std::path::PathBuf;

/// Opens with every own key of the home.
#[derive(Args, Debug)]
pub struct Open {
    /// Le verdict en JSON au lieu du message (docs/verdicts.md) / the verdict as JSON instead of the View.
    #[arg(long)]
    json: bool,
    /// Le rapport détaillé, sans le contenu / the detailed report, without the content.
    #[arg(long, conflicts_with = "json")]
    report: bool,
    /// Le message ; sinon l’entrée standard / the stored message; standard input without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Open {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let stored = input::message(self.file.as_deref())?;
        let opened = cli.relay(cli.config_or_default(None)?)?.open_by_hand(stored)?;
        if self.json {
            out.line(opened.json());
        } else if self.report {
            out.octets(opened.report().replace("\r\n", "\n").trim_start().as_bytes());
        } else {
            out.octets(opened.bytes());
        }
        Ok(())
    }
}
