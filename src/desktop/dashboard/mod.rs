//! A web page for the user's own browser, on loopback: how things stand, and what he can do about it.
//!
//! `admission` who may look, `link` how he gets there, `serving` its connections, `guard` what every request must show, `page` what all pages have in common, `pages` each of them.
//! Whatever stands in a page is written by `maud`, which escapes it. Nothing comes from elsewhere, no script is needed.

pub mod admission;
mod guard;
mod link;
mod page;
mod pages;
mod proof;
mod rounds;
mod serving;

pub use link::LinkFile;
pub use proof::NoLink;

use crate::base::limits::{DASHBOARD_CERTIFICATES_MAX, DASHBOARD_FORM_MAX};
use crate::config::Config;
use crate::desktop::Lasting;
use crate::net::port::Upstreams;
use crate::net::{NetError, listen};
use crate::relay::Relay;
use crate::store::{Home, Secrets};
use crate::text::dashboard::Language;
use admission::random_word;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rounds::{Rounds, Taking};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What the pages show, and who may see it.
pub(super) struct Office {
    relay: Arc<Relay>,
    config: Config,
    home: Home,
    secrets: Secrets,
    upstreams: Arc<dyn Upstreams>,
    lasting: Arc<Lasting>,
    rounds: Rounds,
    taking: Taking,
    /// One change of it at a time.
    settings: Mutex<()>,
    link: LinkFile,
    /// What it proves itself by to who opens the link.
    proof: String,
    /// Unless its user chooses another.
    language: Language,
    host: String,
    origin: String,
    /// Named by the port: cookies do not tell ports apart (RFC 6265 §8.5).
    cookie: String,
    port: u16,
}

/// The dashboard of a relay, bound and not serving yet.
pub struct Dashboard {
    listener: TcpListener,
    office: Arc<Office>,
}

impl Dashboard {
    /// Binds as the rules say; `None`: they say that there is none.
    pub async fn bind(
        config: &Config,
        relay: Arc<Relay>,
        (home, secrets): (&Home, &Secrets),
        upstreams: Arc<dyn Upstreams>,
        lasting: &Arc<Lasting>,
    ) -> Result<Option<Self>, NetError> {
        let Some(address) = config.dashboard.listen else { return Ok(None) };
        let link = LinkFile::of(home);
        let listener = match lasting.dashboard(address).map(TcpListener::from_std) {
            Some(Ok(kept)) => kept,
            _ => keep(bind(address, link.port()).await?, lasting).map_err(|source| NetError::Listen { address, source })?,
        };
        let bound = listener.local_addr().unwrap_or(address);
        let office = Office {
            relay,
            config: config.clone(),
            home: home.clone(),
            secrets: secrets.clone(),
            upstreams,
            lasting: Arc::clone(lasting),
            rounds: Rounds::default(),
            taking: Taking::default(),
            settings: Mutex::default(),
            link,
            proof: random_word().unwrap_or_default(),
            language: config.dashboard.language,
            host: bound.to_string(),
            origin: format!("http://{bound}"),
            cookie: format!("souspli_{}", bound.port()),
            port: bound.port(),
        };
        office.leave_link();
        Ok(Some(Self {
            listener,
            office: Arc::new(office),
        }))
    }

    /// A link that opens it once; `None`: the system gives no randomness.
    pub fn invitation(&self) -> Option<String> {
        self.office.invitation()
    }

    /// Links into it, for the icon.
    pub fn invitations(&self) -> Invitations {
        Invitations(Arc::clone(&self.office))
    }

    /// Serves until `end`.
    pub async fn serve(self, end: impl Future<Output = ()> + Send + 'static) {
        let Self { listener, office } = self;
        serving::serve(listener, routes(Arc::clone(&office)), end).await;
        office.take_link_back();
    }
}

/// Links into a dashboard, made for who opens them at once.
#[derive(Clone)]
pub struct Invitations(Arc<Office>);

impl Invitations {
    /// To a page; the first one where there is no such page. `None`: the system gives no randomness.
    pub fn to(&self, page: &str) -> Option<String> {
        Some(format!("{}&page={page}", self.0.invitation()?))
    }
}

/// The port of the last time where any free one will do: bookmarks and the links of the mail program's set-up stay right.
async fn bind(address: SocketAddr, kept: u16) -> Result<TcpListener, NetError> {
    if address.port() == 0
        && kept != 0
        && let Ok(listener) = listen::bind(SocketAddr::new(address.ip(), kept)).await
    {
        return Ok(listener);
    }
    listen::bind(address).await
}

/// With a second handle for the next round.
fn keep(listener: TcpListener, lasting: &Lasting) -> io::Result<TcpListener> {
    let listener = listener.into_std()?;
    lasting.keep_dashboard(listener.try_clone()?);
    TcpListener::from_std(listener)
}

impl Office {
    fn invitation(&self) -> Option<String> {
        Some(format!("{}/entrer?jeton={}", self.origin, self.lasting.admission.invite()?))
    }

    /// A new one for each that was used.
    fn leave_link(&self) {
        self.put_link(self.invitation());
    }

    fn take_link_back(&self) {
        self.put_link(None);
    }

    fn put_link(&self, link: Option<String>) {
        let link = link.map(|link| (link, self.proof.clone()));
        if let Err(error) = self.link.put(self.port, link) {
            tracing::warn!(%error, "the link into the dashboard could not be written");
        }
    }
}

fn routes(office: Arc<Office>) -> Router {
    let inside = Router::new()
        .route("/", get(pages::state::show))
        .merge(pages::assistant::routes())
        .route("/comptes", get(pages::accounts::show).post(pages::accounts::choose))
        .route("/cles", get(pages::keys::show))
        .route("/correspondants", get(pages::colleagues::show))
        .route("/correspondants/chercher", post(pages::colleagues::search))
        .route(
            "/correspondants/importer",
            post(pages::colleagues::import).layer(DefaultBodyLimit::max(DASHBOARD_CERTIFICATES_MAX)),
        )
        .route("/correspondants/certificat", get(pages::colleague::show))
        .route("/correspondants/lier", get(pages::colleague::ask).post(pages::colleague::bind))
        .route("/correspondants/supprimer", post(pages::colleague::remove))
        .route("/listes", get(pages::lists::show))
        .route("/listes/actualiser", post(pages::rounds::begin))
        .route("/listes/progres", get(pages::rounds::show))
        .route("/listes/blanche", get(pages::whitelist::show).post(pages::whitelist::begin))
        .route("/autorites", get(pages::authority::show))
        .route(
            "/autorites/lire",
            post(pages::authority::read).layer(DefaultBodyLimit::max(DASHBOARD_CERTIFICATES_MAX)),
        )
        .route(
            "/autorites/ajouter",
            post(pages::authority::add).layer(DefaultBodyLimit::max(DASHBOARD_CERTIFICATES_MAX)),
        )
        .route("/autorites/supprimer", post(pages::authority::remove))
        .route("/pourquoi", get(pages::why::show).post(pages::why::ask).layer(pages::why::limit()))
        .route("/journal", get(pages::journal::show))
        .route("/journal.csv", get(pages::journal::table))
        .route("/journal/verifier", post(pages::journal::verify))
        .route("/reglages", get(pages::settings::show).post(pages::settings::set))
        .route("/diagnostic", get(pages::diagnosis::show).post(pages::diagnosis::begin))
        .route("/diagnostic/dossier", post(pages::diagnosis::hand_out))
        .route("/langue", post(pages::visit::speak))
        .route("/preuve/page", get(proof::to_page))
        .route("/fermer", post(pages::visit::leave))
        .layer(from_fn_with_state(Arc::clone(&office), guard::admit));
    Router::new()
        .merge(inside)
        .route("/entrer", get(pages::visit::enter))
        .route("/preuve", get(proof::show))
        .route("/style.css", get(|| asset("text/css; charset=utf-8", include_str!("style.css"))))
        .route(
            "/copier.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("copier.js"))),
        )
        .route(
            "/langue.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("langue.js"))),
        )
        .route(
            "/preuve.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("preuve.js"))),
        )
        .route(
            "/progres.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("progres.js"))),
        )
        .route("/souspli.svg", get(|| asset("image/svg+xml", include_str!("souspli.svg"))))
        .fallback(|State(office): State<Arc<Office>>| async move { page::not_found(office.language) })
        .layer(DefaultBodyLimit::max(DASHBOARD_FORM_MAX))
        .layer(from_fn(serving::hurry))
        .layer(map_response(without_framework_words))
        .layer(from_fn_with_state(Arc::clone(&office), guard::look))
        .with_state(office)
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What the library itself says of a bad request is English and plain: the status tells enough.
async fn without_framework_words(response: Response) -> Response {
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/html") || !kind.as_bytes().starts_with(b"text/plain"));
    match response.status().is_client_error() && !is_page {
        true => response.status().into_response(),
        false => response,
    }
}
