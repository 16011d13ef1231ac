//! Asks the servers of authorities about single certificates (RFC 6960, appendix A.1) and keeps what may be believed.

use super::lists::{Published, host_of};
use crate::base::UnixTime;
use crate::base::limits::OCSP_RESPONSE_MAX;
use crate::net::http::{Client, Hosts, Url};
use crate::pki::ocsp::{Asked, NONCE_OCTETS, answer, request};
use crate::pki::revocation::{Age, sources};
use crate::pki::{Certificate, Path, Trust};
use crate::text::{Explain, Explanation, revocation as say};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

impl Published {
    /// Asks about every certificate of a path of which no answer is held that still holds, side by side, under one deadline. What
    /// went wrong is told in the log: the status of the path says what it means.
    pub async fn ask(&self, path: &Path, trust: &Trust, now: UnixTime) {
        let hosts = self.hosts_of(path, trust);
        let client = Client::new(self.upstreams(), Arc::clone(&hosts)).with_silence(self.patience());
        let pairs = path
            .certificates
            .windows(2)
            .filter(|pair| !self.is_answered(&pair[0], &pair[1], now));
        let asked = pairs.map(|pair| self.ask_one(&client, &hosts, &pair[0], &pair[1], trust, now));
        if tokio::time::timeout(self.patience(), join_all(asked)).await.is_err() {
            tracing::info!("an OCSP server did not answer in time");
        }
    }

    /// Whether somebody can be asked about one of its certificates of which nothing is held that still holds.
    pub fn is_askable(&self, path: &Path, trust: &Trust, now: UnixTime) -> bool {
        let hosts = self.hosts_of(path, trust);
        path.certificates
            .windows(2)
            .any(|pair| !self.is_answered(&pair[0], &pair[1], now) && !servers(&pair[0], &pair[1], trust, &hosts).is_empty())
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.settings().ocsp_seconds)
    }

    fn is_answered(&self, certificate: &Certificate, issuer: &Certificate, now: UnixTime) -> bool {
        let held = self.answers().find(certificate, issuer);
        let held = held.and_then(|bytes| answer(&bytes, certificate, issuer, now, None).ok());
        held.is_some_and(|held| Age::of(held.end(), now, &self.rules()) == Age::Fresh)
    }

    async fn ask_one(&self, client: &Client, hosts: &Hosts, certificate: &Certificate, issuer: &Certificate, trust: &Trust, now: UnixTime) {
        for url in servers(certificate, issuer, trust, hosts) {
            match self.ask_at(client, &url, certificate, issuer, now).await {
                Ok(()) => return,
                Err(why) => tracing::warn!(host = url.host(), code = why.code, "an OCSP server did not help"),
            }
        }
    }

    async fn ask_at(
        &self,
        client: &Client,
        url: &Url,
        certificate: &Certificate,
        issuer: &Certificate,
        now: UnixTime,
    ) -> Result<(), Explanation> {
        let mut nonce = [0; NONCE_OCTETS];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| say::answer_unusable())?;
        let question = request(&Asked::of(certificate, issuer), &nonce);
        let posted = client.post(url, "application/ocsp-request", question, OCSP_RESPONSE_MAX as u64);
        let bytes = posted.await.map_err(|e| e.explain())?;
        let read = answer(&bytes, certificate, issuer, now, Some(&nonce)).map_err(|e| e.explain())?;
        if Age::of(read.end(), now, &self.rules()) == Age::Stale {
            return Err(say::answer_old());
        }
        self.keep_answer(certificate, issuer, &bytes, read.this_update, now);
        Ok(())
    }

    /// An older answer does not take the place of a newer one: somebody may play it again.
    fn keep_answer(&self, certificate: &Certificate, issuer: &Certificate, bytes: &[u8], this_update: UnixTime, now: UnixTime) {
        let answers = self.answers();
        let held = answers.find(certificate, issuer);
        let held = held.and_then(|held| answer(&held, certificate, issuer, now, None).ok());
        if held.is_some_and(|held| held.this_update > this_update) {
            return;
        }
        if let Err(error) = answers.keep(certificate, issuer, bytes) {
            tracing::warn!(%error, "an OCSP answer could not be kept");
        }
    }

    fn upstreams(&self) -> Arc<dyn crate::net::port::Upstreams> {
        Arc::clone(&self.upstreams)
    }
}

/// Those that the certificate names, and the one of its authority's bundle, of the hosts that may be contacted.
fn servers(certificate: &Certificate, issuer: &Certificate, trust: &Trust, hosts: &Hosts) -> Vec<Url> {
    let named = sources(certificate).ocsp;
    let of_bundle = trust.authorities().filter(|a| a.certificate == *issuer);
    let urls = named.into_iter().chain(of_bundle.filter_map(|a| a.published.responder.clone()));
    urls.filter(|url| host_of(url).is_some_and(|host| hosts.allow(&host)))
        .filter_map(|url| Url::parse(&url))
        .collect()
}
