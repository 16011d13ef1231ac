//! `souspli dashboard`: a link into the dashboard of the relay that runs, opened in the browser.

use super::out::{Out, complain};
use super::{Cli, Failure};
use crate::desktop::browser;
use crate::desktop::dashboard::{LinkFile, NoLink};
use crate::text::command as say;
use clap::Args;

/// Opens the dashboard.
#[derive(Args, Debug)]
pub struct OpenDashboard {
    /// Affiche le lien sans ouvrir le navigateur / print the link, open no browser.
    #[arg(long)]
    print: bool,
}

impl OpenDashboard {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let link = LinkFile::of(&cli.home()?).proven().map_err(|why| match why {
            NoLink::Nobody => say::no_dashboard(),
            NoLink::Stranger => say::stranger_at_dashboard(),
        })?;
        if self.print {
            out.line(&link);
        } else if let Err(error) = browser::open_where_there_is_one(&link) {
            complain(say::no_browser(&(&error).into()));
            out.line(&link);
        }
        Ok(())
    }
}
