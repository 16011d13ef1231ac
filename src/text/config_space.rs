//! Sentences about the configuration of accounts that log in by themselves, or send through the space of trust.

use super::Explanation;
use super::config::fault;

/// `mssante_via` names no account of the space of trust.
pub fn bad_companion(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-COMPANION",
        line,
        (
            format!("mssante_via = \"{given}\" ne désigne pas un autre compte de ce fichier avec channel = \"mssante\"."),
            "Écrivez l’adresse d’un compte MSSanté de ce fichier ; un compte MSSanté lui-même n’en a pas besoin.",
        ),
        (
            format!("mssante_via = \"{given}\" names no other account of this file with channel = \"mssante\"."),
            "Write the address of an MSSanté account of this file; an MSSanté account itself needs none.",
        ),
    )
}

/// A command without a program.
pub fn empty_command(line: usize, key: &str) -> Explanation {
    fault(
        "SP-CONFIG-EMPTY-COMMAND",
        line,
        (
            format!("La commande {key} est vide."),
            "Écrivez le programme et ses arguments : [\"programme\", \"argument\"], ou supprimez la clé.",
        ),
        (
            format!("The command {key} is empty."),
            "Write the program and its arguments: [\"program\", \"argument\"], or remove the key.",
        ),
    )
}

/// A token for a host that nobody answers for.
pub fn token_host(line: usize, host: &str) -> Explanation {
    fault(
        "SP-CONFIG-TOKEN-HOST",
        line,
        (
            format!(
                "Un jeton d’identité ne peut pas être présenté à {host} : ce serveur n’est ni sous mssante.fr, ni sous le domaine de l’adresse."
            ),
            "Vérifiez le nom du serveur ; si c’est bien celui de votre opérateur, ajoutez son domaine à [mssante] hosts.",
        ),
        (
            format!("An identity token cannot be shown to {host}: this server is neither under mssante.fr nor under the address’s domain."),
            "Check the server’s name; if it is your operator’s, add its domain to [mssante] hosts.",
        ),
    )
}

/// A client certificate where no TLS is spoken.
pub fn plain_certificate(line: usize, host: &str) -> Explanation {
    fault(
        "SP-CONFIG-PLAIN-CERTIFICATE",
        line,
        (
            format!("client_certificate ne sert à rien avec {host} : la liaison est en clair (tls = \"plain\")."),
            "Écrivez tls = \"starttls\" ou \"implicit\", ou supprimez client_certificate.",
        ),
        (
            format!("client_certificate is of no use with {host}: the connection is in clear (tls = \"plain\")."),
            "Write tls = \"starttls\" or \"implicit\", or remove client_certificate.",
        ),
    )
}

/// Not an address that begins with `https://`.
pub fn bad_secure_url(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-SECURE-URL",
        line,
        (
            format!("« {given} » n’est pas une adresse https://."),
            "La liste blanche se prend par une liaison sûre : https://espacedeconfiance.mssante.fr/listeblanchemssante.xml.",
        ),
        (
            format!("\"{given}\" is no https:// address."),
            "The liste blanche is taken over a safe connection: https://espacedeconfiance.mssante.fr/listeblanchemssante.xml.",
        ),
    )
}
