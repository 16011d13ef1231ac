//! What can go wrong with connections, told so that the right person can mend it.

use super::identity::{NotSigned, Tls13};
use crate::config::{Roots, Server};
use crate::text::{Explain, Explanation, Why, net as words};
use rustls::{AlertDescription, CertificateError};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a connection was not made, or a listener not opened.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The host name has no address.
    #[error("{host}: name not found")]
    Name {
        /// The host.
        host: String,
    },
    /// The server did not take the connection.
    #[error("{host}:{port}: {source}")]
    Connect {
        /// The host.
        host: String,
        /// Its port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// No answer in time.
    #[error("{host}:{port}: no answer in time")]
    TimedOut {
        /// The host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// The server's certificate is not to be trusted.
    #[error("{host}: {flaw:?}")]
    Certificate {
        /// The host.
        host: String,
        /// Why.
        flaw: CertificateFlaw,
    },
    /// TLS could not be agreed upon.
    #[error("{host}: TLS: {source}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Our own key did not sign the handshake.
    #[error("not signed: {}", .0.code)]
    NotSigned(Box<Explanation>),
    /// The server wants a version of TLS that the key on the card cannot sign.
    #[error("{host}: TLS 1.3 wanted")]
    Tls13Wanted {
        /// The host.
        host: String,
    },
    /// A name that a token would be shown to leads into a private network.
    #[error("{host}: in a private network")]
    Private {
        /// The host.
        host: String,
    },
    /// No authority of the space of trust is known.
    #[error("{host}: no authority of the space of trust")]
    NoSpaceAuthority {
        /// The host.
        host: String,
    },
    /// A file of authorities cannot be used.
    #[error("{path}: {}", why.en)]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        why: Why,
    },
    /// The TLS library refused its settings.
    #[error("TLS setup: {0}")]
    Setup(String),
    /// A listen address that other machines could reach.
    #[error("{0}: not a loopback address")]
    NotLoopback(SocketAddr),
    /// Another program listens there.
    #[error("{0}: in use")]
    PortInUse(SocketAddr),
    /// The listener could not be opened.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Why a certificate is not to be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CertificateFlaw {
    /// No authority that is known.
    UnknownIssuer,
    /// None of those of the space of trust.
    OutsideSpace,
    /// Another name.
    WrongName,
    /// Too old.
    Expired,
    /// Not yet valid.
    NotYetValid,
    /// Revoked by its authority.
    Revoked,
    /// Anything else.
    Unfit,
}

impl NetError {
    /// The port that another program has, where this is the error.
    pub fn taken_port(&self) -> Option<u16> {
        match self {
            Self::PortInUse(address) => Some(address.port()),
            _ => None,
        }
    }

    /// What a handshake with that server failed of.
    pub fn of_handshake(server: &Server, source: io::Error) -> Self {
        let host = server.host.clone();
        match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(error)) => NetError::Certificate {
                host,
                flaw: CertificateFlaw::of(error).where_believed(server.terms.roots),
            },
            Some(error) => match NotSigned::behind(error) {
                Some(why) => NetError::NotSigned(Box::new(why.clone())),
                None => NetError::Tls { host, source },
            },
            None => NetError::Tls { host, source },
        }
    }
}

impl NetError {
    /// The same, of a handshake in which TLS 1.3 could be offered, or could not.
    pub fn with(self, tls13: Tls13) -> Self {
        match self {
            NetError::Tls { host, source } if tls13 == Tls13::Withheld && wants_another_version(&source) => NetError::Tls13Wanted { host },
            other => other,
        }
    }
}

/// Whatever it says is no TLS: the port is for something else, or wants STARTTLS first.
fn speaks_no_tls(source: &io::Error) -> bool {
    let error = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::InvalidMessage(_)))
}

/// RFC 8446 §6.2.
fn wants_another_version(source: &io::Error) -> bool {
    let error = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)))
}

impl CertificateFlaw {
    fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::Revoked => Self::Revoked,
            // The enum of rustls grows.
            _ => Self::Unfit,
        }
    }
}

impl CertificateFlaw {
    /// Towards an operator of the space of trust an unknown authority is a server that is none of it.
    fn where_believed(self, roots: Roots) -> Self {
        match (self, roots) {
            (Self::UnknownIssuer | Self::Unfit, Roots::Space) => Self::OutsideSpace,
            (flaw, _) => flaw,
        }
    }
}

impl Explain for NetError {
    fn explain(&self) -> Explanation {
        match self {
            NetError::Name { host } => words::name_not_found(host),
            NetError::Connect { host, port, source } => match source.kind() {
                ErrorKind::ConnectionRefused => words::refused(host, *port),
                ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => words::no_route(host),
                ErrorKind::TimedOut => words::timed_out(host, *port),
                _ => words::not_connected(host, *port, &Why::from(source)),
            },
            NetError::TimedOut { host, port } => words::timed_out(host, *port),
            NetError::Certificate { host, flaw } => match flaw {
                CertificateFlaw::UnknownIssuer => words::unknown_issuer(host),
                CertificateFlaw::OutsideSpace => words::outside_space(host),
                CertificateFlaw::WrongName => words::wrong_name(host),
                CertificateFlaw::Expired => words::expired(host),
                CertificateFlaw::NotYetValid => words::not_yet_valid(host),
                CertificateFlaw::Revoked => words::revoked(host),
                CertificateFlaw::Unfit => words::unfit(host),
            },
            NetError::Tls { host, source } if speaks_no_tls(source) => words::no_tls(host),
            NetError::Tls { host, source } => words::tls(host, &Why::from(source)),
            NetError::NotSigned(why) => (**why).clone(),
            NetError::Tls13Wanted { host } => words::tls13_wanted(host),
            NetError::Private { host } => words::private_network(host),
            NetError::NoSpaceAuthority { host } => words::no_space_authority(host),
            NetError::Authorities { path, why } => words::authorities(&path.display().to_string(), why),
            NetError::Setup(why) => words::setup(why),
            NetError::NotLoopback(address) => words::not_loopback(&address.to_string()),
            NetError::PortInUse(address) => words::port_in_use(address.port()),
            NetError::Listen { address, source } => words::not_listening(&address.to_string(), &Why::from(source)),
        }
    }
}
