//! What a sender reads when a message does not leave, or not for everybody.
//!
//! Addresses are named: they stand in the sender's own message. A patient's address is not, its local part is a number of
//! social insurance.

use super::rule::Rule;
use super::{Explanation, Said};
use crate::base::{Address, Domain, Retry};

/// These recipients have no certificate to encrypt to.
pub fn no_certificate(addresses: &[Address], rule: &Rule) -> Explanation {
    let list = list(addresses);
    let (mend_fr, mend_en) = match addresses {
        [_] => (
            "Importez son certificat ou retirez ce destinataire",
            "Import the certificate or remove this recipient",
        ),
        _ => (
            "Importez leurs certificats ou retirez ces destinataires",
            "Import their certificates or remove these recipients",
        ),
    };
    Explanation::new(
        "SP-NO-CERTIFICATE",
        Retry::Never,
        (
            format!(
                "Message non envoyé : pas de certificat de chiffrement valide pour {list} ({} demande de chiffrer).",
                rule.fr
            ),
            format!("{mend_fr}, puis renvoyez. Personne n’a reçu ce message."),
        ),
        (
            format!(
                "Not sent: no valid encryption certificate for {list} ({} asks to encrypt).",
                rule.en
            ),
            format!("{mend_en}, then send again. Nobody has received this message."),
        ),
    )
}

/// A certificate of one of these recipients is known and will not do: said with the refusal, or the wrong one is looked for.
pub fn known_but_unfit(refusal: Explanation, address: &Address, why: &Explanation) -> Explanation {
    let with = |said: Said, known: String| Said {
        what: format!("{} {known}", said.what),
        todo: said.todo,
    };
    Explanation {
        fr: with(
            refusal.fr,
            format!("Celui que l’on connaît de {address} est écarté : {}", why.fr.what),
        ),
        en: with(refusal.en, format!("The one known of {address} is not used: {}", why.en.what)),
        ..refusal
    }
}

/// Certificates could not be looked up.
pub fn directory_away(addresses: &[Address], rule: &Rule) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-DIRECTORY-AWAY",
        Retry::Later,
        (
            format!(
                "Message non envoyé : l’annuaire des certificats ne répond pas pour {list} ({} demande de chiffrer).",
                rule.fr
            ),
            "Réessayez dans quelques minutes. Personne n’a reçu ce message.",
        ),
        (
            format!(
                "Not sent: the certificate directory does not answer for {list} ({} asks to encrypt).",
                rule.en
            ),
            "Try again in a few minutes. Nobody has received this message.",
        ),
    )
}

/// Something in the Subject resembles the tag.
pub fn near_miss(tag: &str) -> Explanation {
    Explanation::new(
        "SP-TAG-UNSURE",
        Retry::Never,
        (
            format!("Message non envoyé : l’objet contient une marque qui ressemble à {tag} sans être exacte ou sans être au début."),
            format!("Pour chiffrer, commencez l’objet par \"{tag} \" ; sinon, ôtez cette marque. Puis renvoyez."),
        ),
        (
            format!("Not sent: the subject holds a mark that resembles {tag} but is not exact or not at its start."),
            format!("To encrypt, begin the subject with \"{tag} \"; otherwise remove the mark. Then send again."),
        ),
    )
}

/// A domain that is taken for one whose mail is always sealed.
pub fn near_domain(address: &Address, meant: &Domain) -> Explanation {
    Explanation::new(
        "SP-DOMAIN-UNSURE",
        Retry::Never,
        (
            format!("Message non envoyé : {address} ressemble à une adresse de {meant}, où tout part chiffré, et n’en est pas une."),
            "Corrigez cette adresse, puis renvoyez.",
        ),
        (
            format!("Not sent: {address} resembles an address of {meant}, where all leaves sealed, and is none."),
            "Correct this address, then send again.",
        ),
    )
}

/// The text begins with the tag, or a field that is no Subject does.
pub fn misplaced_tag(tag: &str) -> Explanation {
    Explanation::new(
        "SP-TAG-MISPLACED",
        Retry::Never,
        (
            format!("Message non envoyé : la marque {tag} commence le texte et non l’objet ; il serait parti en clair."),
            format!("Pour chiffrer, mettez \"{tag} \" au début de l’objet ; sinon, ôtez cette marque. Puis renvoyez."),
        ),
        (
            format!("Not sent: the tag {tag} begins the text and not the subject; it would have left in clear."),
            format!("To encrypt, put \"{tag} \" at the start of the subject; otherwise remove the mark. Then send again."),
        ),
    )
}

/// The tag is glued to the subject and the configuration does not take that.
pub fn glued_tag(tag: &str) -> Explanation {
    Explanation::new(
        "SP-TAG-GLUED",
        Retry::Never,
        (
            format!("Message non envoyé : la marque {tag} est collée au texte de l’objet."),
            format!("Mettez une espace après {tag}, puis renvoyez."),
        ),
        (
            format!("Not sent: the tag {tag} is glued to the subject."),
            format!("Put a space after {tag}, then send again."),
        ),
    )
}

/// The account has no key or certificate to sign with, or to read its own mail with.
pub fn no_own_key(account: &Address) -> Explanation {
    Explanation::new(
        "SP-NO-OWN-KEY",
        Retry::AfterUser,
        (
            format!("Il n’y a aucune clé utilisable pour {account}."),
            "Importez votre clé et son certificat (fichier .p12), puis recommencez.",
        ),
        (
            format!("There is no usable key for {account}."),
            "Import your key and its certificate (a .p12 file), then do it again.",
        ),
    )
}

/// The letter goes under an address that the key does not speak for; `covered` are those that it does.
pub fn another_sender(from: &[Address], covered: &[Address]) -> Explanation {
    let (from, covered) = (list(from), list(covered));
    Explanation::new(
        "SP-SENDER",
        Retry::Never,
        (
            format!("Message non envoyé : votre clé signe pour {covered}, pas pour l’expéditeur {from}."),
            "Choisissez un expéditeur de votre clé, ou envoyez depuis le compte de celui-ci. Personne n’a reçu ce message.",
        ),
        (
            format!("Not sent: your key signs for {covered}, not for the sender {from}."),
            "Choose a sender of your key, or send from that one's account. Nobody has received this message.",
        ),
    )
}

/// The key is there but locked.
pub fn key_locked() -> Explanation {
    Explanation::new(
        "SP-KEY-LOCKED",
        Retry::AfterUser,
        (
            "Message non envoyé : votre clé est verrouillée.",
            "Déverrouillez-la (carte, code ou trousseau), puis renvoyez.",
        ),
        (
            "Not sent: your key is locked.",
            "Unlock it (card, code or keyring), then send again.",
        ),
    )
}

/// The message could not be sealed for a reason that the user cannot mend.
pub fn sealing_failed() -> Explanation {
    Explanation::new(
        "SP-SEALING-FAILED",
        Retry::Never,
        ("Le message n’a pas pu être chiffré.", "Signalez ce code à votre assistance."),
        ("The message could not be encrypted.", "Report this code to your support."),
    )
}

/// Larger than the provider or this program takes; `most` in octets.
pub fn too_large(most: u64) -> Explanation {
    let megabytes = super::provider::megabytes(most);
    Explanation::new(
        "SP-TOO-LARGE",
        Retry::Never,
        (
            format!("Message non envoyé : il est trop volumineux (au plus {megabytes} Mo)."),
            "Réduisez ou répartissez les pièces jointes.",
        ),
        (
            format!("Not sent: it is too large (at most {megabytes} MB)."),
            "Make the attachments smaller or send them apart.",
        ),
    )
}

/// The message is larger than the mail program said, and other large ones are on their way.
pub fn no_room() -> Explanation {
    Explanation::new(
        "SP-NO-ROOM",
        Retry::Later,
        (
            "Message non envoyé : d’autres messages volumineux sont en cours d’envoi.",
            "Réessayez dans quelques minutes. Rien n’est parti.",
        ),
        (
            "Not sent: other large messages are being sent.",
            "Try again in a few minutes. Nothing has left.",
        ),
    )
}

/// So many copies of such a size: each recipient in Bcc gets a sealed one of its own.
pub fn too_many_copies() -> Explanation {
    Explanation::new(
        "SP-TOO-MANY-COPIES",
        Retry::Never,
        (
            "Message non envoyé : trop de destinataires en copie cachée pour un message de cette taille.",
            "Réduisez les pièces jointes, ou envoyez en plusieurs fois. Rien n’est parti.",
        ),
        (
            "Not sent: too many recipients in Bcc for a message of this size.",
            "Make the attachments smaller, or send in several turns. Nothing has left.",
        ),
    )
}

/// Another recipient of the same envelope was refused: nobody of it has it. Stands in the notice to the sender.
pub fn refused_with_another() -> Explanation {
    Explanation::new(
        "SP-WITH-ANOTHER",
        Retry::Never,
        (
            "le serveur a refusé un autre destinataire du même envoi",
            "Renvoyez-lui le message.",
        ),
        (
            "the server refused another recipient of the same envelope",
            "Send it to this recipient again.",
        ),
    )
}

/// A later group was not tried: the mail program would have given up waiting.
pub fn not_in_time() -> Explanation {
    Explanation::new(
        "SP-NOT-IN-TIME",
        Retry::Later,
        ("le serveur est trop lent, pas essayé", "Renvoyez-lui le message."),
        ("the server is too slow, not tried", "Send it to this recipient again."),
    )
}

/// A CR or an LF that is not part of a CRLF in the message (RFC 5321 §2.3.8).
pub fn bare_line_end() -> Explanation {
    Explanation::new(
        "SP-LINE-END",
        Retry::Never,
        (
            "Message non envoyé : il contient une fin de ligne incorrecte (CR ou LF isolé).",
            "Le logiciel de messagerie doit être corrigé ou mis à jour.",
        ),
        (
            "Not sent: it holds a wrong line end (a bare CR or LF).",
            "The mail program needs to be mended or updated.",
        ),
    )
}

/// An octet 0 in the message (RFC 2045 §2.8).
pub fn nul_octet() -> Explanation {
    Explanation::new(
        "SP-NUL",
        Retry::Never,
        (
            "Message non envoyé : il contient un octet nul, que le courriel n’admet pas.",
            "Joignez ce contenu comme fichier, ou faites corriger le logiciel de messagerie. Rien n’est parti.",
        ),
        (
            "Not sent: it holds a NUL octet, which mail does not allow.",
            "Attach this content as a file, or have the mail program mended. Nothing has left.",
        ),
    )
}

/// The header is too long to be read, or holds lines that are no field, so that nobody can tell it from the letter.
pub fn header_unreadable() -> Explanation {
    Explanation::new(
        "SP-HEADER",
        Retry::Never,
        (
            "L’en-tête du message est incorrect, il ne peut pas être chiffré sans risque.",
            "Le logiciel de messagerie doit être corrigé ou mis à jour.",
        ),
        (
            "The header of the message is wrong, it cannot be encrypted safely.",
            "The mail program needs to be mended or updated.",
        ),
    )
}

/// The provider cannot be reached, or went away before it accepted anything.
pub fn provider_away(host: &str) -> Explanation {
    Explanation::new(
        "SP-PROVIDER-AWAY",
        Retry::Later,
        (
            format!("Message non envoyé : le serveur {host} ne répond pas."),
            "Vérifiez la connexion et réessayez plus tard. Rien n’est parti.",
        ),
        (
            format!("Not sent: the server {host} does not answer."),
            "Check the connection and try again later. Nothing has left.",
        ),
    )
}

/// The connection broke after the whole message was given and before the provider answered.
pub fn outcome_unknown(host: &str) -> Explanation {
    Explanation::new(
        "SP-OUTCOME-UNKNOWN",
        Retry::Later,
        (
            format!("Le serveur {host} n’a pas confirmé : ce message est peut-être parti."),
            "Demandez à un destinataire s’il l’a reçu avant de renvoyer : il le recevrait deux fois.",
        ),
        (
            format!("The server {host} has not confirmed: this message may have been sent."),
            "Ask a recipient before sending it again: they might get it twice.",
        ),
    )
}

/// The provider refused some recipients; nobody got the message.
pub fn recipients_refused(addresses: &[Address], said: &str) -> Explanation {
    let list = list(addresses);
    Explanation::new(
        "SP-RECIPIENT-REFUSED",
        Retry::Never,
        (
            format!("Message non envoyé : le serveur refuse {list} ({said})."),
            "Corrigez ou retirez cette adresse, puis renvoyez. Personne n’a reçu ce message.",
        ),
        (
            format!("Not sent: the server refuses {list} ({said})."),
            "Mend or remove that address, then send again. Nobody has received this message.",
        ),
    )
}

/// The provider refused the message; its own words are given.
pub fn message_refused(said: &str) -> Explanation {
    Explanation::new(
        "SP-PROVIDER-REFUSED",
        Retry::Never,
        (
            format!("Message non envoyé : le serveur le refuse ({said})."),
            "Personne n’a reçu ce message.",
        ),
        (
            format!("Not sent: the server refuses it ({said})."),
            "Nobody has received this message.",
        ),
    )
}

/// The provider does not take what the message needs (8-bit octets, addresses with accents).
pub fn provider_lacks(what_fr: &str, what_en: &str) -> Explanation {
    Explanation::new(
        "SP-PROVIDER-LACKS",
        Retry::Never,
        (
            format!("Message non envoyé : le serveur n’accepte pas {what_fr}."),
            "Envoyez-le depuis un autre compte.",
        ),
        (
            format!("Not sent: the server does not take {what_en}."),
            "Send it from another account.",
        ),
    )
}

/// An address where others may read it: a patient's is not repeated.
pub fn shown(address: &Address) -> String {
    match address.domain().as_str() {
        "patient.mssante.fr" => "(patient)@patient.mssante.fr".to_owned(),
        _ => address.to_string(),
    }
}

/// The addresses in a sentence.
pub(super) fn list(addresses: &[Address]) -> String {
    // A refusal is a few lines in a window: the rest is counted.
    let shown: Vec<_> = addresses.iter().take(20).map(shown).collect();
    let more = addresses.len().saturating_sub(shown.len());
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} (+{more})", shown.join(", "))
    }
}
/// `--from` names no account.
pub fn no_account(address: &Address) -> Explanation {
    Explanation::new(
        "SP-NO-ACCOUNT",
        Retry::Never,
        (
            format!("Aucun compte n’est configuré pour {address}."),
            "Vérifiez l’adresse, ou ajoutez le compte à souspli.toml.",
        ),
        (
            format!("No account is configured for {address}."),
            "Check the address, or add the account to souspli.toml.",
        ),
    )
}

/// A recipient left out by `missing_certificate = "partial"`; stands in the notice to the sender.
pub fn left_out() -> Explanation {
    Explanation::new(
        "SP-LEFT-OUT",
        Retry::Never,
        (
            "pas de certificat de chiffrement",
            "Demandez-lui un message signé, ou importez son certificat.",
        ),
        ("no encryption certificate", "Ask for a signed message, or import the certificate."),
    )
}
