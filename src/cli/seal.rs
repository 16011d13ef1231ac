//! `souspli seal`: what would be handed to the provider, without handing it over.

use super::out::{Out, complain};
use super::{Cli, Failure, input};
use crate::base::Address;
use crate::policy::outgoing::{Copies, CopyKind};
use crate::policy::{Envelope, Recipient, Submission, readable};
use crate::relay::port::Group;
use crate::store::atomic;
use crate::text::outgoing::header_unreadable;
use crate::text::{self, command as say};
use clap::Args;
use std::path::{Path, PathBuf};

/// Seals whatever the policy would say of the message; `explain` tells the decision.
#[derive(Args, Debug)]
pub struct Seal {
    /// Le compte qui envoie / the account that sends.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    from: Address,
    /// Les destinataires en À et Cc / recipients named in To or Cc.
    #[arg(long, value_name = "ADDR", num_args = 1.., required = true, value_parser = input::address)]
    to: Vec<Address>,
    /// Les destinataires en Cci, une enveloppe chacun / blind recipients: each gets an envelope of its own.
    #[arg(long, value_name = "ADDR", num_args = 1.., value_parser = input::address)]
    bcc: Vec<Address>,
    /// Un fichier par enveloppe dans ce dossier, au lieu de la première sur la sortie standard / one file per group here.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Seal {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let relay = cli.relay(cli.config_or_default(Some(&self.from))?)?;
        let account = relay.account_of(&self.from)?;
        let message = input::message(None)?;
        if readable::fault(&message).is_some() {
            return Err(header_unreadable().into());
        }
        let submission = Submission {
            envelope: self.envelope(),
            message: message.into(),
        };
        let groups = cli.block_on(relay.seal_by_hand(&account, &submission, self.copies()))??.groups;
        match &self.out {
            Some(dir) => write_groups(dir, &groups, out),
            None => print_first(&groups, out),
        }
    }

    fn copies(&self) -> Vec<Copies> {
        let plain = |addresses: &[Address]| addresses.iter().cloned().map(Recipient::plain).collect::<Vec<_>>();
        let open = Copies {
            recipients: plain(&self.to),
            kind: CopyKind::Open,
        };
        let blind = plain(&self.bcc).into_iter().map(|r| Copies {
            recipients: vec![r],
            kind: CopyKind::Blind,
        });
        std::iter::once(open).chain(blind).collect()
    }

    fn envelope(&self) -> Envelope {
        Envelope {
            from: Some(self.from.clone()),
            recipients: self.to.iter().chain(&self.bcc).cloned().map(Recipient::plain).collect(),
            eight_bit: true,
            smtputf8: false,
            ret: None,
            envid: None,
        }
    }
}

/// The first group on standard output; the others are told.
fn print_first(groups: &[Group], out: &mut Out) -> Result<(), Failure> {
    let Some(first) = groups.first() else { return Ok(()) };
    for piece in first.message.pieces() {
        out.octets(&piece.map_err(|e| Failure::from(&e))?);
    }
    if groups.len() > 1 {
        let more = groups.len() - 1;
        complain(format_args!(
            "{more} enveloppe(s) de plus (Cci) : --out DIR les écrit toutes / {more} more envelope(s) (Bcc): --out DIR writes all"
        ));
    }
    Ok(())
}

/// One file a group.
fn write_groups(dir: &Path, groups: &[Group], out: &mut Out) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(|error| say::unwritable(&dir.display().to_string(), &text::Why::from(&error)))?;
    for (index, group) in groups.iter().enumerate() {
        let path = dir.join(format!("{}.eml", index + 1));
        let message = group.message.to_vec().map_err(|e| Failure::from(&e))?;
        atomic::write(&path, &message).map_err(|e| Failure::from(&e))?;
        let names: Vec<&str> = group.recipients.iter().map(|r| r.address.as_str()).collect();
        out.line(format_args!("{}\t{}", path.display(), names.join(" ")));
    }
    Ok(())
}
