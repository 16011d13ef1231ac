//! The account written into the configuration, beside whatever stands there.

use super::Draft;
use crate::config::edit::{EditFault, NewAccount, with_account};
use crate::config::load::{Loaded, Places, defaults, load, load_begun};
use crate::config::parse::parse;
use crate::config::{Account, Config, Defaults};
use crate::desktop::Doors;
use crate::desktop::taken_up::{Held, TakenUp, put_back, read, write};
use crate::store::Home;
use crate::text::{Explain, Explanation, Why, assistant as say, net};
use std::fs;
use std::net::{SocketAddr, TcpListener};

/// Writes it, if the whole is right then.
pub(in crate::desktop) fn take_up(places: &Places, home: &Home, draft: &Draft, open: &Doors) -> Result<TakenUp, Explanation> {
    let _turn = home.lock().map_err(|e| e.explain())?;
    let loaded = load_begun(places).map_err(|e| e.explain())?;
    // A link to where somebody keeps such files stays one.
    let file = fs::canonicalize(&loaded.file).unwrap_or_else(|_| loaded.file.clone());
    let before = read(&file)?;
    let text = before.as_deref().unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut held = Held::new();
    let ports = ports(&loaded, text, open, &mut held)?;
    let machine = defaults(places).map_err(|e| e.explain())?;
    let after = edited(text, draft, &ports, &machine)?;
    write(&file, &after)?;
    if let Err(error) = load(places) {
        put_back(&file, before.as_deref())?;
        return Err(error.explain());
    }
    Ok(TakenUp {
        home: home.clone(),
        file,
        before,
        after,
        held,
    })
}

/// The account as the configuration would have it, with what follows from its channel.
pub(in crate::desktop) fn account(draft: &Draft) -> Result<Account, Explanation> {
    let text = edited("", draft, &[], &Defaults::default())?;
    let accounts = parse(&text).map(|config: Config| config.accounts).unwrap_or_default();
    accounts.into_iter().next().ok_or_else(say::servers_wanting)
}

fn edited(text: &str, draft: &Draft, ports: &[(&'static str, SocketAddr)], machine: &Defaults) -> Result<String, Explanation> {
    let (Some(address), Some(smtp), Some(imap)) = (draft.parsed_address(), &draft.smtp, &draft.imap) else {
        return Err(say::servers_wanting());
    };
    let account = NewAccount {
        address: &address,
        login: &draft.login,
        channel: draft.channel(),
        smtp: &smtp.server(),
        imap: &imap.server(),
    };
    with_account(text, &account, ports, machine).map_err(|fault| match fault {
        EditFault::Exists => say::account_exists(&address),
        EditFault::Shape => say::not_edited(),
        EditFault::Faults(faults) => faults.first().map_or_else(say::not_edited, Explain::explain),
    })
}

/// The ports of mail programs, once chosen: those of the file, those that are open, else free ones. What is not open yet is `held`.
fn ports(loaded: &Loaded, text: &str, open: &Doors, held: &mut Held) -> Result<Vec<(&'static str, SocketAddr)>, Explanation> {
    let listen = &loaded.config.listen;
    let says = |door: &str| {
        text.parse::<toml_edit::DocumentMut>()
            .is_ok_and(|file| file.get("listen").and_then(|l| l.get(door)).is_some())
    };
    let doors = [("smtp", listen.smtp), ("imap", listen.imap)];
    let wanted = doors.into_iter().filter_map(|(door, said)| Some((door, said?)));
    wanted
        .map(|(door, said)| match open.get(door) {
            Some(is) if said.port() == 0 || said == *is => Ok((door, *is)),
            _ => {
                let listener = match TcpListener::bind(said) {
                    Ok(listener) => listener,
                    Err(_) if says(door) && said.port() != 0 => return Err(net::port_in_use(said.port())),
                    Err(_) => free(said)?,
                };
                let at = listener.local_addr().map_err(not_listening(said))?;
                held.push((door, listener));
                Ok((door, at))
            }
        })
        .collect()
}

fn free(near: SocketAddr) -> Result<TcpListener, Explanation> {
    TcpListener::bind((near.ip(), 0)).map_err(not_listening(near))
}

fn not_listening(at: SocketAddr) -> impl FnOnce(std::io::Error) -> Explanation {
    move |error| net::not_listening(&at.to_string(), &Why::from(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Address;
    use crate::desktop::assistant::Place;
    use crate::store::atomic;

    #[test]
    fn into_a_home_without_a_file_and_a_second_beside_the_first() {
        let (_guard, home, places) = home();
        let first = take_up(&places, &home, &draft("a@b.fr"), &Doors::new()).unwrap();
        assert!(first.after.contains("[listen]"), "{first:?}");
        let ports = load(&places).unwrap().config.listen;
        for (_, at) in [("smtp", ports.smtp), ("imap", ports.imap)] {
            assert!(TcpListener::bind(at.unwrap()).is_err(), "held for the door to come");
        }
        drop(first);
        take_up(&places, &home, &draft("zoe@b.fr"), &Doors::new()).unwrap();
        let loaded = load(&places).unwrap();
        assert_eq!((loaded.config.accounts.len(), loaded.config.listen), (2, ports));
        let again = take_up(&places, &home, &draft("zoe@b.fr"), &Doors::new());
        assert_eq!(again.unwrap_err().code, "SP-SETUP-ACCOUNT-EXISTS");
    }

    #[test]
    fn a_port_that_is_taken_is_not_written_unless_it_was_said() {
        let (_guard, home, places) = home();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let said = format!(
            "[listen]\nsmtp = \"{}\" # dit\nimap = \"127.0.0.1:0\"\n",
            taken.local_addr().unwrap()
        );
        let file = home.root().join("souspli.toml");
        atomic::write(&file, said.as_bytes()).unwrap();
        assert_eq!(
            take_up(&places, &home, &draft("a@b.fr"), &Doors::new()).unwrap_err().code,
            "SP-LISTEN-PORT-IN-USE"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), said, "nothing has changed");
        // What the relay itself has open is no obstacle.
        let open = Doors::from([("smtp", taken.local_addr().unwrap())]);
        take_up(&places, &home, &draft("a@b.fr"), &open).unwrap();
        let listen = load(&places).unwrap().config.listen;
        assert_eq!(listen.smtp, taken.local_addr().ok());
        assert!(listen.imap.is_some_and(|at| at.port() != 0));
    }

    #[test]
    fn a_policy_that_cannot_be_obeyed_undoes_it() {
        let (_guard, home, mut places) = home();
        let policy = home.root().join("policy.toml");
        places.policy = Some(policy.clone());
        take_up(&places, &home, &draft("a@b.fr"), &Doors::new()).unwrap();
        let before = fs::read_to_string(home.root().join("souspli.toml")).unwrap();
        atomic::write(&policy, b"[policy]\nnothing = 1\n").unwrap();
        assert!(take_up(&places, &home, &draft("zoe@b.fr"), &Doors::new()).is_err());
        assert_eq!(fs::read_to_string(home.root().join("souspli.toml")).unwrap(), before);
    }

    #[test]
    fn what_was_written_is_taken_back_unless_somebody_has_changed_it() {
        let (_guard, home, places) = home();
        let file = home.root().join("souspli.toml");
        let first = take_up(&places, &home, &draft("a@b.fr"), &Doors::new()).unwrap();
        assert_eq!(first.undo().code, "SP-SETUP-NOT-BEGUN");
        assert!(!file.exists());
        atomic::write(&file, b"# du cabinet\n").unwrap();
        let second = take_up(&places, &home, &draft("a@b.fr"), &Doors::new()).unwrap();
        assert_eq!(second.undo().code, "SP-SETUP-NOT-BEGUN");
        assert_eq!(fs::read_to_string(&file).unwrap(), "# du cabinet\n");
        let third = take_up(&places, &home, &draft("a@b.fr"), &Doors::new()).unwrap();
        atomic::write(&file, b"# autre chose\n").unwrap();
        assert_eq!(third.undo().code, "SP-SETUP-NOT-UNDONE");
        assert_eq!(fs::read_to_string(&file).unwrap(), "# autre chose\n");
    }

    fn draft(address: &str) -> Draft {
        let place = |port| Place::typed("mail.b.fr", port, true);
        Draft {
            smtp: place("465"),
            imap: place("993"),
            ..Draft::begun(&Address::parse(address).unwrap())
        }
    }

    fn home() -> (tempfile::TempDir, Home, Places) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let places = Places {
            home: Some(home.root().to_owned()),
            ..Places::default()
        };
        (guard, home, places)
    }
}
