//! An account put into a configuration file that may hold anything else already: what stands there stays, comments and all. Text in,
//! text out; what was written is read again before it is given back.

use super::parse::parse_with;
use super::{Channel, Config, Defaults, Fault, Server, ServerTls};
use crate::base::Address;
use std::net::SocketAddr;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

/// What the file begins with where there was none.
const HEAD: &str = "# Écrit par l’assistant de Souspli ; docs/guide.md dit chaque clé.\n# Written by Souspli's assistant; docs/guide.md tells every key.\n";

/// An account to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    /// Its address.
    pub address: &'a Address,
    /// What the mail program logs in with.
    pub login: &'a str,
    /// What kind of provider it has.
    pub channel: Channel,
    /// Its submission server.
    pub smtp: &'a Server,
    /// Its IMAP server.
    pub imap: &'a Server,
}

/// Why an account cannot be added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditFault {
    /// The file has faults, before or after.
    Faults(Vec<Fault>),
    /// It has that account.
    Exists,
    /// `account` or `listen` is written in a way that is not added to.
    Shape,
}

/// `text` with this account, and with these ports for mail programs; `machine`: what counts where the file says nothing.
pub fn with_account(
    text: &str,
    account: &NewAccount<'_>,
    ports: &[(&'static str, SocketAddr)],
    machine: &Defaults,
) -> Result<String, EditFault> {
    let before = parse_with(text, machine).map_err(EditFault::Faults)?;
    if before.accounts.iter().any(|known| known.address == *account.address) {
        return Err(EditFault::Exists);
    }
    let mut document: DocumentMut = text.parse().map_err(|_| EditFault::Shape)?;
    listen(&mut document, ports)?;
    add(&mut document, account)?;
    let head = if text.trim().is_empty() { HEAD } else { "" };
    let written = format!("{head}{document}");
    let after = parse_with(&written, machine).map_err(EditFault::Faults)?;
    match is_only_longer(&before, &after, account) {
        true => Ok(written),
        false => Err(EditFault::Shape),
    }
}

/// Everything else says what it said.
fn is_only_longer(before: &Config, after: &Config, account: &NewAccount<'_>) -> bool {
    let Some((last, others)) = after.accounts.split_last() else {
        return false;
    };
    let rest = Config {
        accounts: before.accounts.clone(),
        listen: before.listen.clone(),
        ..after.clone()
    };
    last.address == *account.address && others == before.accounts && rest == *before
}

fn listen(document: &mut DocumentMut, ports: &[(&'static str, SocketAddr)]) -> Result<(), EditFault> {
    if ports.is_empty() {
        return Ok(());
    }
    let table = document.entry("listen").or_insert_with(|| Item::Table(Table::new()));
    let table = table.as_table_like_mut().ok_or(EditFault::Shape)?;
    for (door, address) in ports {
        // A comment beside the port that stood there stays.
        let kept = table.get(door).and_then(Item::as_value).map(|old| old.decor().clone());
        let mut said = Value::from(address.to_string());
        if let Some(decor) = kept {
            *said.decor_mut() = decor;
        }
        table.insert(door, Item::Value(said));
    }
    Ok(())
}

fn add(document: &mut DocumentMut, account: &NewAccount<'_>) -> Result<(), EditFault> {
    let accounts = document
        .entry("account")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    match accounts {
        Item::ArrayOfTables(tables) => {
            tables.push(pairs(account).into_iter().collect());
            Ok(())
        }
        Item::Value(Value::Array(array)) => {
            push_inline(array, account);
            Ok(())
        }
        _ => Err(EditFault::Shape),
    }
}

fn push_inline(array: &mut Array, account: &NewAccount<'_>) {
    let table: InlineTable = pairs(account)
        .into_iter()
        .filter_map(|(key, item)| Some((key, item.into_value().ok()?)))
        .collect();
    array.push(table);
}

fn pairs(account: &NewAccount<'_>) -> Vec<(&'static str, Item)> {
    let channel = match account.channel {
        Channel::Ordinary => "ordinary",
        Channel::Mssante => "mssante",
    };
    vec![
        ("address", value(account.address.as_str())),
        ("login", value(account.login)),
        ("channel", value(channel)),
        ("smtp", value(server(account.smtp))),
        ("imap", value(server(account.imap))),
    ]
}

fn server(server: &Server) -> InlineTable {
    let tls = match server.tls {
        ServerTls::StartTls => "starttls",
        ServerTls::Implicit => "implicit",
        ServerTls::Plain => "plain",
    };
    let pairs: [(&str, Value); 3] = [
        ("host", server.host.as_str().into()),
        ("port", i64::from(server.port).into()),
        ("tls", tls.into()),
    ];
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Terms;
    use crate::config::parse::parse;

    const FULL: &str = "# du cabinet\r\n[listen] # ports\r\nsmtp = \"127.0.0.1:0\" # libre\r\nimap = \"127.0.0.1:2143\"\r\n\r\n[[account]]\r\naddress = \"a@b.fr\"\r\nsmtp = { host = \"s.b.fr\", port = 465, tls = \"implicit\" }\r\nimap = { host = \"i.b.fr\", port = 993, tls = \"implicit\" }\r\n# sa politique\r\n[policy]\r\ntag = \"#moi#\"\r\n";

    #[test]
    fn into_nothing() {
        let text = added("", "zoe@b.fr", "zoe", &[("smtp", "127.0.0.1:2587")]).unwrap();
        let config = parse(&text).unwrap();
        assert_eq!(config.accounts[0].login, "zoe");
        assert_eq!(config.accounts[0].smtp.host, "smtp.b.fr");
        assert!(text.starts_with("# Écrit") && text.contains("smtp = \"127.0.0.1:2587\""), "{text}");
    }

    #[test]
    fn what_stands_there_stays() {
        let text = added(FULL, "zoe@b.fr", "zoe@b.fr", &[("smtp", "127.0.0.1:2590")]).unwrap();
        let config = parse(&text).unwrap();
        assert_eq!(config.accounts.len(), 2);
        assert_eq!(config.policy.tag, "#moi#");
        assert_eq!(config.listen.smtp, Some("127.0.0.1:2590".parse().unwrap()));
        for line in FULL.lines().filter(|line| !line.starts_with("smtp = \"127")) {
            assert!(text.contains(line.trim_end()), "{line} in {text}");
        }
        assert!(text.contains("smtp = \"127.0.0.1:2590\" # libre"), "{text}");
    }

    #[test]
    fn an_account_is_never_replaced() {
        assert_eq!(added(FULL, "a@b.fr", "x", &[]), Err(EditFault::Exists));
        assert!(matches!(added("account = 3\n", "a@b.fr", "x", &[]), Err(EditFault::Faults(_))));
    }

    #[test]
    fn a_login_is_never_markup() {
        for login in ["a\"b", "x = 1", "#", "é\\n", "'''", "\"\"\""] {
            let text = added("", "zoe@b.fr", login, &[]).unwrap();
            assert_eq!(parse(&text).unwrap().accounts[0].login, login);
        }
        assert!(matches!(added("", "zoe@b.fr", "a\nb", &[]), Err(EditFault::Faults(_))));
    }

    #[test]
    fn into_a_list_in_one_line() {
        let text = "account = [{ address = \"a@b.fr\", smtp = { host = \"s\", port = 1, tls = \"implicit\" }, imap = { host = \"i\", port = 2, tls = \"implicit\" } }]\n";
        let text = added(text, "zoe@b.fr", "zoe", &[]).unwrap();
        assert_eq!(parse(&text).unwrap().accounts.len(), 2);
    }

    fn added(text: &str, address: &str, login: &str, ports: &[(&'static str, &str)]) -> Result<String, EditFault> {
        let place = |host: &str, port, tls| Server {
            host: host.to_owned(),
            port,
            tls,
            terms: Terms::default(),
        };
        let account = NewAccount {
            address: &Address::parse(address).unwrap(),
            login,
            channel: Channel::Ordinary,
            smtp: &place("smtp.b.fr", 587, ServerTls::StartTls),
            imap: &place("imap.b.fr", 993, ServerTls::Implicit),
        };
        let ports: Vec<_> = ports.iter().map(|(door, at)| (*door, at.parse().unwrap())).collect();
        with_account(text, &account, &ports, &Defaults::default())
    }
}
