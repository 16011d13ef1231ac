//! `souspli doctor`: looks at all that Souspli stands on, and writes a bundle for support.

use super::out::Out;
use super::{Cli, Failure};
use crate::config::Config;
use crate::config::load::{load, ruled};
use crate::desktop::diagnosis::{Finding, Patient, Standing, bundle, diagnose};
use crate::keys::HomeProofs;
use crate::net::provider::Providers;
use crate::relay::handshakes::ClientKeys;
use crate::relay::{Relay, clock};
use crate::store::{Home, Secrets, atomic, journal};
use crate::text::dashboard::Language;
use crate::text::{command as say, diagnosis as words};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

/// Looks at everything.
#[derive(Args, Debug)]
pub struct Doctor {
    /// En JSON, une ligne par point regardé (docs/diagnosis.md) / as JSON, a line for each thing.
    #[arg(long)]
    json: bool,
    /// Écrit aussi un dossier pour l’assistance, sans donnée de patient / write a bundle for support as well, without patient data.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

impl Doctor {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let (home, places) = (cli.home()?, cli.places()?);
        // What has no configuration, or one with faults, is looked at by the defaults.
        let (config, faults) = match load(&places) {
            Ok(loaded) => (loaded.config, Vec::new()),
            Err(error) => (ruled(&places, Config::default()).unwrap_or_default(), error.explanations()),
        };
        let faults = faults.into_iter().map(|why| Finding::bad(words::CONFIGURATION, "", why));
        let secrets = secrets_of(&home)?;
        let found = cli.block_on(look(&home, &config, &secrets))??;
        let found: Vec<Finding> = faults.chain(found).collect();
        for finding in &found {
            match self.json {
                true => out.line(finding.json()),
                false => out.line(line(finding)),
            }
        }
        if let Some(file) = &self.bundle {
            let counts = journal::counted(&home).map_err(|e| Failure::from(&e))?;
            atomic::write(file, bundle(&found, &counts, clock()).as_bytes()).map_err(|e| Failure::from(&e))?;
        }
        match found.iter().filter(|finding| finding.standing == Standing::Bad).count() {
            0 => Ok(()),
            bad => Err(say::doctor_found(bad).into()),
        }
    }
}

/// A home without keys gets none by being looked at.
fn secrets_of(home: &Home) -> Result<Secrets, Failure> {
    if !Home::is_in_use(home.root()) {
        return Secrets::ephemeral().map_err(|e| Failure::from(&e));
    }
    // A keyring that is locked is told, not waited for.
    let secrets = Secrets::awaited(home).map_err(|e| Failure::from(&e))?;
    // One that cannot be opened is among the findings.
    let _ = secrets.unlock_quietly();
    Ok(secrets)
}

async fn look(home: &Home, config: &Config, secrets: &Secrets) -> Result<Vec<Finding>, Failure> {
    let relay = Arc::new(Relay::open(config.clone(), home, secrets).map_err(|e| Failure::from(&e))?);
    let proofs = Arc::new(HomeProofs::new(home, secrets));
    let shown = Arc::new(ClientKeys::new(proofs, relay.clone()));
    let providers = Providers::new(config, relay.operators()?, Some(shown)).map_err(|e| Failure::from(&e))?;
    providers.ask(relay.clone());
    let patient = Patient {
        relay: &relay,
        config,
        home,
        upstreams: &providers,
    };
    Ok(diagnose(&patient).await)
}

fn line(finding: &Finding) -> String {
    let (mark, standing) = match finding.standing {
        Standing::Good => ("+", words::GOOD),
        Standing::Warning => ("!", words::WARNING),
        Standing::Bad => ("X", words::BAD),
    };
    let both = |of: crate::text::dashboard::Words| format!("{} / {}", of.of(Language::French), of.of(Language::English));
    let head = format!("{mark} {} {}: {}", both(finding.about), finding.which, both(standing));
    match &finding.why {
        Some(why) => format!("{head}\n{why}"),
        None => head,
    }
}
