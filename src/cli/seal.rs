//! `souspli seal`: what would be handed to the provider, without handing it over.

use super::{Cli, Failure};
use crate::base::Address;
use crate::policy::outgoing::{Copies, CopyKind, Why};
use crate::policy::{Envelope, Recipient, Submission};
use crate::relay::port::Group;
use crate::store::atomic;
use clap::Args;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Seals whatever the policy would say of the message; `explain` tells the decision.
#[derive(Args, Debug)]
pub struct Seal {
    /// The account that sends.
    #[arg(long, value_name = "ADDR", value_parser = Address::parse)]
    from: Address,
    /// Recipients named in To or Cc.
    #[arg(long, value_name = "ADDR", num_args = 1.., required = true, value_parser = Address::parse)]
    to: Vec<Address>,
    /// Recipients that nobody else may see: each gets an envelope of its own.
    #[arg(long, value_name = "ADDR", num_args = 1.., value_parser = Address::parse)]
    bcc: Vec<Address>,
    /// Write one file per group here instead of the first group to standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Seal {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let relay = cli.relay(cli.config_or_default(Some(&self.from))?)?;
        let account = relay.account_of(&self.from)?;
        let submission = Submission {
            envelope: self.envelope(),
            message: message_on(std::io::stdin().lock())?.into(),
        };
        let groups = cli
            .block_on(relay.secure(&account, &submission, &Why::AlwaysEncrypt, self.copies()))??
            .groups;
        match &self.out {
            Some(dir) => write_groups(dir, &groups),
            None => print_first(&groups),
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

/// A message as it stands in a file: line ends of the platform become CRLF (RFC 5322 §2.1).
pub(super) fn message_on(mut input: impl Read) -> Result<Vec<u8>, Failure> {
    let mut raw = Vec::new();
    input
        .read_to_end(&mut raw)
        .map_err(|e| Failure(format!("le message n'a pas pu être lu : {e} / the message could not be read")))?;
    Ok(with_crlf(raw))
}

fn with_crlf(raw: Vec<u8>) -> Vec<u8> {
    let is_bare = |at: usize| at == 0 || raw[at - 1] != b'\r';
    let bare: Vec<usize> = memchr::memchr_iter(b'\n', &raw).filter(|&at| is_bare(at)).collect();
    if bare.is_empty() {
        return raw;
    }
    let mut out = Vec::with_capacity(raw.len() + bare.len());
    let mut start = 0;
    for at in bare {
        out.extend_from_slice(&raw[start..at]);
        out.extend_from_slice(b"\r\n");
        start = at + 1;
    }
    out.extend_from_slice(&raw[start..]);
    out
}

fn print_first(groups: &[Group]) -> Result<(), Failure> {
    let Some(first) = groups.first() else { return Ok(()) };
    let mut out = std::io::stdout().lock();
    for piece in first.message.pieces() {
        let octets = piece.map_err(|e| Failure::from(&e))?;
        out.write_all(&octets).map_err(|e| Failure(e.to_string()))?;
    }
    if groups.len() > 1 {
        eprintln!(
            "souspli: {} enveloppes séparées de plus (Cci) : --out DIR les écrit toutes / more envelopes, see --out",
            groups.len() - 1
        );
    }
    Ok(())
}

fn write_groups(dir: &Path, groups: &[Group]) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(|e| Failure(format!("{} : {e}", dir.display())))?;
    for (index, group) in groups.iter().enumerate() {
        let path = dir.join(format!("{}.eml", index + 1));
        let message = group.message.to_vec().map_err(|e| Failure::from(&e))?;
        atomic::write(&path, &message).map_err(|e| Failure::from(&e))?;
        let names: Vec<&str> = group.recipients.iter().map(|r| r.address.as_str()).collect();
        println!("{}\t{}", path.display(), names.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_any_platform_becomes_a_message() {
        for (file, message) in [("a\nb\r\nc", "a\r\nb\r\nc"), ("\n\n", "\r\n\r\n"), ("a\r\n", "a\r\n"), ("", "")] {
            assert_eq!(with_crlf(file.as_bytes().to_vec()), message.as_bytes());
        }
    }
}
