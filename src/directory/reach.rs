//! Connections to directories. The authorities of TLS are read when one is needed first: most starts need none.

use crate::config::Server;
use crate::net::BoxedStream;
use crate::net::port::Upstreams;
use crate::net::provider::Providers;
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Connections whose certificates are checked as those of the providers.
pub struct Reach {
    authorities: Vec<PathBuf>,
    providers: OnceLock<Result<Providers, Explanation>>,
}

impl Reach {
    /// With these PEM files beside the roots of the platform.
    pub fn new(authorities: Vec<PathBuf>) -> Self {
        Self {
            authorities,
            providers: OnceLock::new(),
        }
    }

    fn providers(&self) -> Result<&Providers, Explanation> {
        let made = self
            .providers
            .get_or_init(|| Providers::strangers(&self.authorities).map_err(|e| e.explain()));
        made.as_ref().map_err(Clone::clone)
    }
}

impl Upstreams for Reach {
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move { self.providers()?.connect(server).await })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move { self.providers()?.secure(server, plain).await })
    }
}
