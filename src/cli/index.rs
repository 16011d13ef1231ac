//! `souspli index`: what is kept of opened messages so that searches find them, and its end.

use super::out::Out;
use super::{Cli, Failure};
use crate::store::Index;
use clap::{Args, Subcommand};

/// The index of texts.
#[derive(Args, Debug)]
pub struct TextIndex {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Efface tout, aussi pendant que le relais travaille / remove all of it, also while the relay is at work.
    Wipe,
}

impl TextIndex {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        let index = Index::new(&home, &cli.secrets(&home)?);
        if let Some(What::Wipe) = self.what {
            return index.wipe().map_err(|e| Failure::from(&e));
        }
        for (account, held) in index.held().map_err(|e| Failure::from(&e))? {
            out.line(format_args!("{account}\t{}\t{}", held.messages, held.octets));
        }
        Ok(())
    }
}
