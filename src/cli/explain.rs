//! `souspli explain`: "Pourquoi ?" - the rule that fires and the certificates that would be chosen. Sends nothing.

use super::seal::message_on;
use super::{Cli, Failure};
use crate::base::Address;
use crate::policy::{Envelope, Recipient, Submission};
use clap::Args;
use std::path::PathBuf;

/// What would be decided for this message.
#[derive(Args, Debug)]
pub struct ExplainMessage {
    /// The account that sends.
    #[arg(long, value_name = "ADDR", value_parser = Address::parse)]
    from: Address,
    /// Every recipient; a last word without `@` is FILE: the message, standard input without it.
    #[arg(long, value_names = ["ADDR", "FILE"], num_args = 1.., required = true)]
    to: Vec<String>,
    /// The message; standard input without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ExplainMessage {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let relay = cli.relay(cli.config_or_default(Some(&self.from))?)?;
        let account = relay.account_of(&self.from)?;
        let (recipients, file) = self.recipients_and_file()?;
        let message = match file {
            Some(path) => message_on(std::fs::File::open(&path).map_err(|e| Failure(format!("{} : {e}", path.display())))?)?,
            None => message_on(std::io::stdin().lock())?,
        };
        let envelope = Envelope {
            from: Some(self.from.clone()),
            recipients,
            eight_bit: true,
            smtputf8: false,
            ret: None,
            envid: None,
        };
        for line in cli.block_on(relay.explain(
            &account,
            &Submission {
                envelope,
                message: message.into(),
            },
        ))? {
            println!("{line}");
        }
        Ok(())
    }

    /// `--to ADDR... FILE` leaves it to us to see where the addresses end.
    fn recipients_and_file(&self) -> Result<(Vec<Recipient>, Option<PathBuf>), Failure> {
        let (words, file) = match self.to.split_last() {
            Some((last, words)) if self.file.is_none() && !last.contains('@') => (words, Some(PathBuf::from(last))),
            _ => (self.to.as_slice(), self.file.clone()),
        };
        let recipients = words
            .iter()
            .map(|w| Address::parse(w).map(Recipient::plain).map_err(|e| Failure(format!("{w} : {e}"))))
            .collect::<Result<_, _>>()?;
        Ok((recipients, file))
    }
}
