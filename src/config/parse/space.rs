//! What the accounts of the space of trust must have, and what follows for their servers.

use super::super::fault::FaultKind;
use super::super::model::*;
use super::super::reader::{At, Faults};
use super::is_loopback_host;
use crate::base::Domain;

/// The domain of the space of trust itself.
const SPACE: &str = "mssante.fr";

/// Companions that are none, and tokens that would be shown to hosts that nobody answers for (requirements A.3).
pub(super) fn check(accounts: &[At<Account>], mssante: &Mssante, faults: &mut Faults) {
    for At { value: account, line } in accounts {
        if let Some(given) = companion_fault(account, accounts) {
            faults.add(*line, FaultKind::BadCompanion { given });
        }
        let stranger = account.servers().find(|server| !may_be_told(&server.host, account, mssante));
        if let Some(server) = stranger.filter(|_| tells_token(account)) {
            let host = server.host.clone();
            faults.add(*line, FaultKind::TokenHost { host });
        }
        if let Some(server) = account.servers().find(|server| tells_nobody(account, server)) {
            let host = server.host.clone();
            faults.add(*line, FaultKind::PlainCertificate { host });
        }
    }
}

/// The account with servers that are believed as its channel asks, and that know its certificate.
pub(super) fn with_terms(mut account: Account) -> Account {
    let terms = Terms {
        roots: match account.channel {
            Channel::Mssante => Roots::Space,
            Channel::Ordinary => Roots::Platform,
        },
        reach: match tells_token(&account) {
            true => Reach::Public,
            false => Reach::Anywhere,
        },
        certificate: account.client_certificate.clone().map(|shown| (account.address.clone(), shown)),
    };
    for server in account.servers_mut() {
        server.terms = terms.clone();
    }
    account
}

/// Such a token says who somebody is to all of the space of trust.
fn tells_token(account: &Account) -> bool {
    account.channel == Channel::Mssante && !account.token_command.is_empty()
}

fn companion_fault(account: &Account, accounts: &[At<Account>]) -> Option<String> {
    let via = account.mssante_via.as_ref()?;
    let is_companion = |other: &Account| other.address == *via && other.channel == Channel::Mssante;
    let found = accounts.iter().any(|other| is_companion(&other.value));
    (account.channel == Channel::Mssante || !found).then(|| via.to_string())
}

fn may_be_told(host: &str, account: &Account, mssante: &Mssante) -> bool {
    let Ok(host_domain) = Domain::parse(host) else { return false };
    let own = [Domain::parse(SPACE).ok(), Some(account.address.domain().clone())];
    let mut domains = own.iter().flatten().chain(&mssante.hosts);
    is_loopback_host(host) || domains.any(|domain| host_domain.is_within(domain))
}

/// Without TLS nobody sees the certificate.
fn tells_nobody(account: &Account, server: &Server) -> bool {
    account.client_certificate.is_some() && server.tls == ServerTls::Plain
}
