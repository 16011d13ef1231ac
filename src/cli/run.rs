//! `souspli run`: the listeners, until Ctrl-C, SIGTERM, or the end that was chosen in the menu of the icon.

use super::out::complain;
use super::serving::{Ended, Serving};
use super::{Cli, Failure, faults, signals};
use crate::base::limits::ANOTHER_SECONDS_MAX;
use crate::config::Config;
use crate::config::desktop::Tray;
use crate::config::load::{Places, load, load_begun};
use crate::desktop::Lasting;
use crate::desktop::browser;
use crate::desktop::dashboard::LinkFile;
use crate::desktop::desk::Desk;
use crate::desktop::tray::Tray as Icon;
use crate::relay::Relay;
use crate::store::sole::{Hold, Sole};
use crate::store::{Home, Secrets};
use crate::text::command as say;
use crate::text::dashboard::Language;
use crate::text::tray as words;
use clap::Args;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// How often it is looked whether the one before has ended.
const LOOKED_AGAIN: Duration = Duration::from_millis(100);

/// Starts the relay.
#[derive(Args, Debug)]
pub struct Run {
    /// Sans icône (serveur, essai) / without the tray icon (a server, a test).
    #[arg(long)]
    headless: bool,
}

impl Run {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        start_log();
        let rules = cli.places().and_then(|places| begun(&places)).ok();
        let (realm, language) = rules
            .as_ref()
            .map(|config| (config.trust.environment, config.dashboard.language))
            .unwrap_or_default();
        let is_shown = !self.headless && rules.as_ref().is_none_or(|config| config.desktop.tray == Tray::Shown);
        // A configuration that has a fault makes no home; it is told before there is anything to hold.
        let mut held = None;
        if rules.is_some() {
            if is_shown && opens_the_one_that_runs(cli) {
                complain(words::RUNS_ALREADY);
                return Ok(());
            }
            match alone(cli, &cli.home()?) {
                Ok(hold) => held = Some(hold),
                // It had only begun when it was looked for.
                Err(_) if is_shown && opens_the_one_that_runs(cli) => {
                    complain(words::RUNS_ALREADY);
                    return Ok(());
                }
                Err(failure) => return Err(failure),
            }
        }
        match is_shown.then(|| Icon::put(realm, language)).flatten() {
            Some((icon, desk)) => beside(cli, icon, &desk, (language, &mut held)),
            None => once(cli, &Desk::none(), &mut held),
        }
    }
}

/// The home is this process's alone until it ends: two would take each other's dashboard. The one before may be about to end.
fn alone(cli: &Cli, home: &Home) -> Result<Hold, Failure> {
    let place = home.running();
    if let Sole::Ours(hold) = Sole::of(&place) {
        return Ok(hold);
    }
    let ended = async {
        loop {
            tokio::time::sleep(LOOKED_AGAIN).await;
            if let Sole::Ours(hold) = Sole::of(&place) {
                return hold;
            }
        }
    };
    let waited = async { tokio::time::timeout(Duration::from_secs(ANOTHER_SECONDS_MAX), ended).await };
    let taken = |_| say::runs_already(&home.root().display().to_string()).into();
    cli.block_on(waited)?.map_err(taken)
}

/// Whoever starts it a second time - by its entry in a menu, say - wants to see it: the dashboard of the one that runs is opened.
fn opens_the_one_that_runs(cli: &Cli) -> bool {
    let link = cli.home().ok().and_then(|home| LinkFile::of(&home).proven().ok());
    link.is_some_and(|link| browser::open(&link).is_ok())
}

/// The icon has this thread, the relay another.
fn beside(cli: &Cli, icon: Icon, desk: &Desk, (language, held): (Language, &mut Option<Hold>)) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let serving = std::thread::Builder::new().name("relay".to_owned()).spawn_scoped(scope, || {
            let _over = Over(desk);
            until_quit(cli, desk, (language, held))
        });
        let serving = serving.map_err(|e| Failure::system(&e))?;
        icon.serve(desk);
        serving.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The icon does not outlive the relay, however that ends.
struct Over<'a>(&'a Desk);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Where somebody sees the icon, what could not begin says why there, and is tried again.
fn until_quit(cli: &Cli, desk: &Desk, (language, held): (Language, &mut Option<Hold>)) -> Result<(), Failure> {
    let mut said = String::new();
    loop {
        let Err(failure) = once(cli, desk, held) else { return Ok(()) };
        if failure.text != said {
            complain(&failure);
            said.clone_from(&failure.text);
        }
        let realm = cli.config().map(|config| config.trust.environment).unwrap_or_default();
        let again = async {
            let end = signals::end().map_err(|e| Failure::system(&e))?;
            tokio::select! {
                () = end => Ok::<_, Failure>(Next::End),
                () = desk.wait_to_begin(realm, failure.port, language) => Ok(if desk.is_to_quit() { Next::End } else { Next::Again }),
            }
        };
        match cli.block_on(again)?? {
            Next::Again => {}
            // Its user has ended it, and knows why it did not begin: who watches over it must not begin it again.
            Next::End if desk.is_to_quit() => return Ok(()),
            Next::End => return Err(failure),
        }
    }
}

/// What comes after a try in vain.
enum Next {
    Again,
    End,
}

/// Begins, serves, ends.
fn once(cli: &Cli, desk: &Desk, held: &mut Option<Hold>) -> Result<(), Failure> {
    // A configuration that has a fault makes no home.
    let (places, first) = (cli.places()?, begun(&cli.places()?)?);
    let home = cli.home()?;
    if held.is_none() {
        *held = Some(alone(cli, &home)?);
    }
    if let Some(warning) = home.warning() {
        tracing::warn!("{warning}");
    }
    let secrets = Secrets::awaited(&home).map_err(|e| Failure::from(&e))?;
    let lasting = Lasting::new(places, &home);
    // While the keyring is asked the signals end the program as they end any other.
    let relay = opened(&first, &home, &secrets)?;
    cli.block_on(rounds((first, relay), (home, secrets), &lasting, desk))?
}

/// One relay after the other, each with the configuration as it is then, until the end is told. Where one cannot begin with what
/// the assistant has written, that is taken back and the one before goes on.
async fn rounds(
    (mut config, mut relay): (Config, Relay),
    (home, secrets): (Home, Secrets),
    lasting: &Arc<Lasting>,
    desk: &Desk,
) -> Result<(), Failure> {
    // Ahead of the first door: who finds it open may ask for the end.
    let mut end = pin!(signals::end().map_err(|e| Failure::system(&e))?);
    let mut before: Option<Config> = None;
    loop {
        let round = Serving::start(
            (home.clone(), secrets.clone()),
            config.clone(),
            relay,
            (lasting, desk),
            end.as_mut(),
        );
        (config, relay) = match (round.await, before.take()) {
            (Ok(Ended::Told), _) => return Ok(()),
            (Ok(Ended::ToBeginAgain), _) => match next(lasting, &home, &secrets) {
                Ok(next) => {
                    before = Some(config);
                    next
                }
                Err(failure) => resumed(config, failure, lasting, (&home, &secrets))?,
            },
            (Err(failure), Some(before)) => resumed(before, failure, lasting, (&home, &secrets))?,
            (Err(failure), None) => return Err(failure),
        };
    }
}

fn next(lasting: &Lasting, home: &Home, secrets: &Secrets) -> Result<(Config, Relay), Failure> {
    let config = begun(lasting.places())?;
    let relay = tokio::task::block_in_place(|| opened(&config, home, secrets))?;
    Ok((config, relay))
}

/// Mail goes on as it did before.
fn resumed(before: Config, failure: Failure, lasting: &Lasting, (home, secrets): (&Home, &Secrets)) -> Result<(Config, Relay), Failure> {
    complain(&failure);
    if !lasting.take_back(failure.text.clone()) {
        return Err(failure);
    }
    let relay = tokio::task::block_in_place(|| opened(&before, home, secrets))?;
    Ok((before, relay))
}

fn opened(config: &Config, home: &Home, secrets: &Secrets) -> Result<Relay, Failure> {
    let relay = Relay::open(config.clone(), home, secrets).map_err(|e| Failure::from(&e))?;
    relay.ask_at_start()?;
    Ok(relay)
}

/// The configuration; without an account yet where the dashboard can lead to one.
fn begun(places: &Places) -> Result<Config, Failure> {
    let config = load_begun(places).map(|loaded| loaded.config).map_err(|e| faults(&e))?;
    match config.accounts.is_empty() && config.dashboard.listen.is_none() {
        true => load(places).map(|loaded| loaded.config).map_err(|e| faults(&e)),
        false => Ok(config),
    }
}

/// The log goes to standard error: codes, ports, hosts; never a subject, an address of a patient, content or a secret.
fn start_log() {
    // By target and level; what picks by fields too would bring a whole engine of regular expressions along.
    let asked = std::env::var("SOUSPLI_LOG").ok().and_then(|text| text.parse().ok());
    let level = asked.unwrap_or_else(|| Targets::new().with_target("souspli", LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would panic where standard error is closed, in the midst of whatever was to be logged.
        .log_internal_errors(false);
    // A second start in one process (a test) keeps the first log.
    let _ = tracing_subscriber::registry().with(lines.with_filter(level)).try_init();
}
