//! `souspli journal`: what was sealed, opened, refused. The journal never holds content or subjects.

use super::out::Out;
use super::{Cli, Failure};
use crate::store::journal;
use clap::Args;

/// Prints the journal, oldest first.
#[derive(Args, Debug)]
pub struct Journal {
    /// Un objet JSON par ligne (docs/journal.md) / one JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Journal {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        for entry in journal::entries(&cli.home()?).map_err(|e| Failure::from(&e))? {
            if self.json {
                out.line(entry.json());
            } else {
                let (event, recipients) = (entry.event.as_str(), entry.recipients);
                out.line(format_args!(
                    "{}\t{event}\t{}\t{recipients}\t{}",
                    entry.time, entry.account, entry.code
                ));
            }
        }
        Ok(())
    }
}
