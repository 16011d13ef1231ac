//! `souspli journal`: what was sealed, opened, refused. The journal never holds content or subjects.

use super::{Cli, Failure};
use crate::store::Journal as Entries;
use clap::Args;

/// Prints the journal, oldest first.
#[derive(Args, Debug)]
pub struct Journal {
    /// One JSON object a line (schema: docs/journal.md).
    #[arg(long)]
    json: bool,
}

impl Journal {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let home = cli.home()?;
        let entries = Entries::new(&home, &cli.secrets(&home)?).entries().map_err(|e| Failure::from(&e))?;
        for entry in entries {
            let json = serde_json::to_string(&entry).map_err(|e| Failure(e.to_string()))?;
            if self.json {
                println!("{json}");
            } else {
                println!(
                    "{}\t{:?}\t{}\t{} dest.\t{}",
                    entry.time, entry.event, entry.account, entry.recipients, entry.code
                );
            }
        }
        Ok(())
    }
}
