//! Sentences about connections.

use super::{Explanation, Why};
use crate::base::Retry;

/// The host name has no address.
pub fn name_not_found(host: &str) -> Explanation {
    Explanation::new(
        "SP-NET-NAME",
        Retry::Later,
        (
            format!("Le serveur {host} est introuvable."),
            "Vérifiez la connexion à Internet, puis le nom du serveur dans la configuration.",
        ),
        (
            format!("The server {host} cannot be found."),
            "Check the Internet connection, then the server's name in the configuration.",
        ),
    )
}

/// Nobody listens there.
pub fn refused(host: &str, port: u16) -> Explanation {
    Explanation::new(
        "SP-NET-REFUSED",
        Retry::Later,
        (
            format!("Le serveur {host} refuse la connexion sur le port {port}."),
            "Réessayez dans quelques minutes ; si cela dure, vérifiez le port dans la configuration.",
        ),
        (
            format!("The server {host} refuses the connection on port {port}."),
            "Try again in a few minutes; if it lasts, check the port in the configuration.",
        ),
    )
}

/// The network leads nowhere.
pub fn no_route(host: &str) -> Explanation {
    Explanation::new(
        "SP-NET-NO-ROUTE",
        Retry::Later,
        (
            format!("Aucun chemin ne mène au serveur {host}."),
            "Vérifiez la connexion à Internet ou le VPN, puis réessayez.",
        ),
        (
            format!("There is no route to the server {host}."),
            "Check the Internet connection or the VPN, then try again.",
        ),
    )
}

/// No answer in time.
pub fn timed_out(host: &str, port: u16) -> Explanation {
    Explanation::new(
        "SP-NET-TIMEOUT",
        Retry::Later,
        (
            format!("Le serveur {host} (port {port}) ne répond pas."),
            "Réessayez dans quelques minutes ; si cela dure, vérifiez le pare-feu, le nom et le port.",
        ),
        (
            format!("The server {host} (port {port}) does not answer."),
            "Try again in a few minutes; if it lasts, check the firewall, the name and the port.",
        ),
    )
}

/// Any other failure to connect.
pub fn not_connected(host: &str, port: u16, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-NET-CONNECT",
        Retry::Later,
        (
            format!("La connexion au serveur {host} (port {port}) a échoué ({fr})."),
            "Vérifiez la connexion à Internet, puis réessayez.",
        ),
        (
            format!("The connection to the server {host} (port {port}) failed ({en})."),
            "Check the Internet connection, then try again.",
        ),
    )
}

/// An authority that is not known.
pub fn unknown_issuer(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-UNKNOWN-ISSUER",
        Retry::AfterUser,
        (
            format!("Le serveur {host} présente un certificat d’une autorité inconnue : rien ne lui a été envoyé."),
            "Vérifiez qu’un antivirus ou un réseau public ne s’interpose pas ; sinon, ajoutez l’autorité du fournisseur dans [upstream] authorities.",
        ),
        (
            format!("The server {host} shows a certificate of an unknown authority: nothing was sent to it."),
            "Check that no antivirus or public network stands between; otherwise add the provider's authority to [upstream] authorities.",
        ),
    )
}

/// On a channel of the space of trust, an authority that is none of it.
pub fn outside_space(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-NOT-IGC-SANTE",
        Retry::AfterUser,
        (
            format!(
                "Le certificat du serveur {host} ne vient pas de l’autorité de l’espace MSSanté (IGC-Santé) : rien ne lui a été envoyé."
            ),
            "Vérifiez le nom du serveur auprès de votre opérateur, et qu’un antivirus ou un réseau public ne s’interpose pas ; voir [mssante] authorities.",
        ),
        (
            format!(
                "The certificate of the server {host} is not of the authority of the MSSanté space (IGC-Santé): nothing was sent to it."
            ),
            "Check the server's name with your operator, and that no antivirus or public network stands between; see [mssante] authorities.",
        ),
    )
}

/// A server that asks for a certificate, and for a signature that its key does not make.
pub fn no_way_to_sign() -> Explanation {
    Explanation::new(
        "SP-TLS-NO-WAY",
        Retry::AfterUser,
        (
            "Le serveur demande une signature que votre clé (carte ou fichier) ne sait pas faire : la connexion n’a pas eu lieu.",
            "Demandez à votre opérateur quelles clés il accepte (RSA, P-256), et changez client_certificate.",
        ),
        (
            "The server asks for a signature that your key (card or file) does not make: no connection was made.",
            "Ask your operator which keys it accepts (RSA, P-256), and change client_certificate.",
        ),
    )
}

/// A server that takes TLS 1.3 only, and a card that cannot sign it.
pub fn tls13_wanted(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-CARD-TOO-OLD",
        Retry::AfterUser,
        (
            format!(
                "Le serveur {host} exige TLS 1.3, que cette carte ne sait pas signer (elle ne connaît pas RSA-PSS) : rien ne lui a été envoyé."
            ),
            "Demandez à votre opérateur s’il accepte TLS 1.2, ou utilisez une carte plus récente (CPS4) ou un fichier PKCS#12.",
        ),
        (
            format!("The server {host} demands TLS 1.3, which this card cannot sign (it knows no RSA-PSS): nothing was sent to it."),
            "Ask your operator whether TLS 1.2 is accepted, or use a newer card (CPS4) or a PKCS#12 file.",
        ),
    )
}

/// A name that a token would be shown to, in a private network.
pub fn private_network(host: &str) -> Explanation {
    Explanation::new(
        "SP-NET-PRIVATE",
        Retry::AfterUser,
        (
            format!("Le nom {host} mène à un réseau privé : votre jeton d’identité ne lui est pas présenté."),
            "Vérifiez le nom du serveur auprès de votre opérateur ; sur un réseau public, essayez ailleurs.",
        ),
        (
            format!("The name {host} leads into a private network: your identity token is not shown to it."),
            "Check the server's name with your operator; on a public network, try elsewhere.",
        ),
    )
}

/// A channel of the space of trust without an authority.
pub fn no_space_authority(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-NO-IGC-SANTE",
        Retry::AfterUser,
        (
            format!("Aucune autorité de l’espace MSSanté n’est connue pour vérifier le serveur {host} : rien ne lui a été envoyé."),
            "Indiquez les certificats d’IGC-Santé (fichier PEM) dans [mssante] authorities.",
        ),
        (
            format!("No authority of the MSSanté space is known by which to check the server {host}: nothing was sent to it."),
            "Name the certificates of IGC-Santé (a PEM file) in [mssante] authorities.",
        ),
    )
}

/// A certificate for another name.
pub fn wrong_name(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-WRONG-NAME",
        Retry::AfterUser,
        (
            format!("Le certificat du serveur n’est pas au nom de {host} : rien ne lui a été envoyé."),
            "Vérifiez le nom du serveur dans la configuration ; sur un réseau public, ouvrez d’abord sa page de connexion.",
        ),
        (
            format!("The server's certificate is not for the name {host}: nothing was sent to it."),
            "Check the server's name in the configuration; on a public network, open its login page first.",
        ),
    )
}

/// A certificate too old.
pub fn expired(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-EXPIRED",
        Retry::Later,
        (
            format!("Le certificat du serveur {host} est expiré : rien ne lui a été envoyé."),
            "Vérifiez la date de cet ordinateur ; si elle est juste, prévenez le fournisseur.",
        ),
        (
            format!("The certificate of the server {host} has expired: nothing was sent to it."),
            "Check this computer's date; if it is right, tell the provider.",
        ),
    )
}

/// A certificate not yet valid.
pub fn not_yet_valid(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-NOT-YET-VALID",
        Retry::AfterUser,
        (
            format!("Le certificat du serveur {host} n’est pas encore valable : rien ne lui a été envoyé."),
            "Vérifiez la date de cet ordinateur.",
        ),
        (
            format!("The certificate of the server {host} is not valid yet: nothing was sent to it."),
            "Check this computer's date.",
        ),
    )
}

/// A revoked certificate.
pub fn revoked(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-REVOKED",
        Retry::Later,
        (
            format!("Le certificat du serveur {host} est révoqué : rien ne lui a été envoyé."),
            "Prévenez le fournisseur.",
        ),
        (
            format!("The certificate of the server {host} is revoked: nothing was sent to it."),
            "Tell the provider.",
        ),
    )
}

/// Any other flaw of a certificate.
pub fn unfit(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-CERTIFICATE",
        Retry::Later,
        (
            format!("Le certificat du serveur {host} n’est pas recevable : rien ne lui a été envoyé."),
            "Prévenez le fournisseur.",
        ),
        (
            format!("The certificate of the server {host} cannot be accepted: nothing was sent to it."),
            "Tell the provider.",
        ),
    )
}

/// The port speaks something else than TLS.
pub fn no_tls(host: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-NOT-SPOKEN",
        Retry::Later,
        (
            format!("Ce port du serveur {host} ne parle pas TLS dès le début : rien ne lui a été envoyé."),
            "Vérifiez le port (993 pour la réception et 465 pour l’envoi sont les plus courants), ou choisissez STARTTLS pour lui.",
        ),
        (
            format!("This port of the server {host} does not speak TLS from the start: nothing was sent to it."),
            "Check the port (993 for receiving and 465 for sending are the most common), or choose STARTTLS for it.",
        ),
    )
}

/// TLS could not be agreed upon.
pub fn tls(host: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-TLS",
        Retry::Later,
        (
            format!("La connexion chiffrée avec {host} n’a pas pu s’établir ({fr})."),
            "Vérifiez le port et le mode (tls = \"implicit\" ou \"starttls\") dans la configuration.",
        ),
        (
            format!("The encrypted connection with {host} could not be made ({en})."),
            "Check the port and the mode (tls = \"implicit\" or \"starttls\") in the configuration.",
        ),
    )
}

/// A file of authorities that cannot be used.
pub fn authorities(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-TLS-AUTHORITIES",
        Retry::AfterUser,
        (
            format!("Le fichier d’autorités {path} n’est pas utilisable ({fr})."),
            "Donnez un fichier PEM (« BEGIN CERTIFICATE ») dans [upstream] authorities.",
        ),
        (
            format!("The file of authorities {path} cannot be used ({en})."),
            "Give a PEM file (\"BEGIN CERTIFICATE\") in [upstream] authorities.",
        ),
    )
}

/// TLS settings refused.
pub fn setup(why: &str) -> Explanation {
    Explanation::new(
        "SP-TLS-SETUP",
        Retry::AfterUser,
        (
            format!("Les connexions chiffrées ne peuvent pas être préparées ({why})."),
            "Vérifiez que les autorités du système sont installées (paquet ca-certificates) et le dossier tls de Souspli.",
        ),
        (
            format!("Encrypted connections cannot be prepared ({why})."),
            "Check that the system's authorities are installed (package ca-certificates) and Souspli's tls folder.",
        ),
    )
}

/// A listen address within reach of others.
pub fn not_loopback(address: &str) -> Explanation {
    Explanation::new(
        "SP-LISTEN-NOT-LOOPBACK",
        Retry::AfterUser,
        (
            format!("L’adresse {address} serait accessible à d’autres machines."),
            "Choisissez une adresse 127.0.0.1 ou [::1] dans [listen].",
        ),
        (
            format!("The address {address} would be within reach of other machines."),
            "Choose an address of 127.0.0.1 or [::1] in [listen].",
        ),
    )
}

/// Another program listens there.
pub fn port_in_use(port: u16) -> Explanation {
    Explanation::new(
        "SP-LISTEN-PORT-IN-USE",
        Retry::AfterUser,
        (
            format!("Le port {port} est déjà pris par un autre programme, ou Souspli tourne déjà."),
            "Fermez cet autre programme, ou choisissez un autre port dans [listen] (et dans le logiciel de messagerie).",
        ),
        (
            format!("The port {port} is taken by another program, or Souspli is already running."),
            "Close that other program, or choose another port in [listen] (and in the mail program).",
        ),
    )
}

/// The listener could not be opened.
pub fn not_listening(address: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-LISTEN",
        Retry::AfterUser,
        (
            format!("Souspli ne peut pas écouter sur {address} ({fr})."),
            "Choisissez un autre port, au-dessus de 1023, dans [listen].",
        ),
        (
            format!("Souspli cannot listen on {address} ({en})."),
            "Choose another port, above 1023, in [listen].",
        ),
    )
}
