//! `souspli open`: a stored message as the mail program would get it, or what can be said of it.

use super::out::{Out, complain};
use super::{Cli, Failure, Status, input};
use crate::relay::Relay;
use crate::text::command as say;
use clap::Args;
use std::path::{Path, PathBuf};

/// Opens with every own key of the home.
#[derive(Args, Debug)]
pub struct Open {
    /// Le verdict en JSON au lieu du message (docs/verdicts.md) / the verdict as JSON instead of the View.
    #[arg(long)]
    json: bool,
    /// Le rapport détaillé, sans le contenu / the detailed report, without the content.
    #[arg(long, conflicts_with = "json")]
    report: bool,
    /// Le message ; sinon l’entrée standard ; plusieurs avec --json / the stored message; standard input without it; several with --json.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Open {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        match self.files.as_slice() {
            [] => self.show(cli, input::stored(None)?, out),
            [file] => self.show(cli, input::stored(Some(file))?, out),
            _ if !self.json => Err(Failure::usage(&say::several_views())),
            files => each(&relay(cli)?, files, out),
        }
    }

    fn show(&self, cli: &Cli, stored: Vec<u8>, out: &mut Out) -> Result<(), Failure> {
        let opened = relay(cli)?.open_by_hand(stored)?;
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

fn relay(cli: &Cli) -> Result<Relay, Failure> {
    cli.relay(cli.config_or_default(None)?)
}

/// A line for each file that could be read, which names it. One that could not be keeps none of the others waiting.
fn each(relay: &Relay, files: &[PathBuf], out: &mut Out) -> Result<(), Failure> {
    let mut missed = 0;
    for file in files {
        match verdict(relay, file) {
            Ok(line) => out.line(line),
            Err(failure) => {
                complain(failure);
                missed += 1;
            }
        }
    }
    match missed {
        0 => Ok(()),
        _ => Err(say::not_all_opened(missed, files.len()).into()),
    }
}

fn verdict(relay: &Relay, file: &Path) -> Result<serde_json::Value, Failure> {
    let stored = input::stored(Some(file))?;
    let opened = relay.open_by_hand(stored).map_err(|explanation| Failure {
        status: Status::NotDone,
        text: format!("{}: {explanation}", file.display()),
        port: None,
    })?;
    let mut verdict = opened.json();
    verdict["file"] = file.to_string_lossy().into();
    Ok(verdict)
}
