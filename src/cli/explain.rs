//! `souspli explain`: "Pourquoi ?" - the rule that fires and the certificates that would be chosen. Sends nothing.

use super::out::Out;
use super::{Cli, Failure, input};
use crate::base::Address;
use crate::policy::{Envelope, Recipient, Submission};
use crate::text::{Tongue, command as say};
use clap::Args;
use std::path::PathBuf;

/// What would be decided for this message.
#[derive(Args, Debug)]
pub struct ExplainMessage {
    /// En JSON (docs/explain.md) / as JSON.
    #[arg(long)]
    json: bool,
    /// Le compte qui envoie / the account that sends.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    from: Address,
    /// Les destinataires ; un dernier mot sans `@` est FILE / every recipient; a last word without `@` is FILE.
    #[arg(long, value_names = ["ADDR", "FILE"], num_args = 1.., required = true)]
    to: Vec<String>,
    /// Le message ; sinon l’entrée standard / the message; standard input without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ExplainMessage {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let (recipients, file) = self.recipients_and_file()?;
        let relay = cli.relay(cli.config_or_default(Some(&self.from))?)?;
        let account = relay.account_of(&self.from)?;
        let message = input::message(file.as_deref())?;
        let envelope = Envelope {
            from: Some(self.from.clone()),
            recipients,
            eight_bit: true,
            smtputf8: false,
            ret: None,
            envid: None,
        };
        let message = message.into();
        let explained = cli.block_on(relay.explain(&account, &Submission { envelope, message }))?;
        match self.json {
            true => out.line(explained.json()),
            false => explained.lines(Tongue::Both).into_iter().for_each(|line| out.line(line)),
        }
        Ok(())
    }

    /// `--to ADDR... FILE` leaves it to us to see where the addresses end.
    fn recipients_and_file(&self) -> Result<(Vec<Recipient>, Option<PathBuf>), Failure> {
        let (words, file) = match self.to.split_last() {
            Some((last, words)) if self.file.is_none() && !last.contains('@') => (words, Some(PathBuf::from(last))),
            _ => (self.to.as_slice(), self.file.clone()),
        };
        let parsed = |word: &String| Address::parse(word).map_err(|_| Failure::usage(&say::not_an_address(word)));
        let recipients: Vec<Recipient> = words
            .iter()
            .map(|word| parsed(word).map(Recipient::plain))
            .collect::<Result<_, _>>()?;
        if recipients.is_empty() {
            return Err(Failure::usage(&say::no_recipient()));
        }
        Ok((recipients, file))
    }
}
