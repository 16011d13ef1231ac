//! Fetching the liste blanche from its keeper, whose server is known by the authorities of the space of trust and no others.

use super::whitelist::{self, Whitelist};
use crate::base::limits::WHITELIST_FILE_MAX;
use crate::config::{Roots, Server};
use crate::net::BoxedStream;
use crate::net::http::{Client, Got, Held, Hosts, HttpError, Url};
use crate::net::port::Upstreams;
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::sync::Arc;

/// The keeper's server.
pub struct ListServer {
    client: Client,
    url: Url,
}

impl ListServer {
    /// At this address; `None`: it is none.
    pub fn new(upstreams: Arc<dyn Upstreams>, url: &str) -> Option<Self> {
        let url = Url::parse(url)?;
        // A redirect may lead to another page of the keeper's, and to nobody else.
        let hosts: Hosts = [url.host()].into_iter().collect();
        Some(Self {
            client: Client::new(Arc::new(OfSpace(upstreams)), Arc::new(hosts)),
            url,
        })
    }

    /// Its name.
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// The list as it is published now.
    pub async fn fetch(&self) -> Result<Whitelist, Explanation> {
        let document = self.document().await.map_err(|e| e.explain())?;
        whitelist::parse(&document).map_err(|e| e.explain())
    }

    async fn document(&self) -> Result<Vec<u8>, HttpError> {
        let Got::Content(mut content) = self.client.get(&self.url, Held::default(), WHITELIST_FILE_MAX).await? else {
            // Nothing was held: there is nothing that could be the same.
            return Err(HttpError::Broken {
                host: self.host().to_owned(),
            });
        };
        let mut document = Vec::new();
        while let Some(piece) = content.next().await? {
            document.extend_from_slice(&piece);
        }
        Ok(document)
    }
}

/// Connections that are believed as those of an operator are.
struct OfSpace(Arc<dyn Upstreams>);

impl Upstreams for OfSpace {
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        let mut server = server.clone();
        server.terms.roots = Roots::Space;
        Box::pin(async move { self.0.connect(&server).await })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        self.0.secure(server, plain)
    }
}
