//! What is said of revocation: of a certificate that is revoked, and of one of which it cannot be said.

use super::Explanation;
use super::verdict::day;
use crate::base::{Retry, UnixTime};

/// Revoked, since when and why.
pub fn revoked(holder: &str, since: UnixTime, reason: Option<(&str, &str)>) -> Explanation {
    let (fr, en) = day(since);
    let (why_fr, why_en) = reason.map_or_else(Default::default, |(fr, en)| (format!(" ({fr})"), format!(" ({en})")));
    Explanation::new(
        "SP-REVOKED",
        Retry::Never,
        (
            format!("Le certificat de « {holder} » est révoqué depuis le {fr}{why_fr}."),
            "Ne vous y fiez plus ; demandez à cette personne son nouveau certificat.",
        ),
        (
            format!("The certificate of “{holder}” has been revoked since {en}{why_en}."),
            "Do not rely on it any more; ask this person for the new certificate.",
        ),
    )
}

/// A line of the configuration that is no URL of a list.
pub fn bad_list_url(line: usize, given: &str) -> Explanation {
    super::config::fault(
        "SP-CONFIG-LIST-URL",
        line,
        (
            format!("« {given} » n’est pas l’adresse d’une liste de révocation."),
            "Écrivez http://, https://, ldap:// ou ldaps:// et le serveur, sans identifiant ni espace.",
        ),
        (
            format!("“{given}” is not the address of a revocation list."),
            "Write http://, https://, ldap:// or ldaps:// and the server, without a login or a space.",
        ),
    )
}

macro_rules! of_authority {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $retry:ident: $fr:literal, $fr_do:literal; $en:literal, $en_do:literal.)*) => {
        $($(#[$doc])* pub fn $name(issuer: &str) -> Explanation {
            Explanation::new($code, Retry::$retry, (format!($fr, issuer = issuer), $fr_do), (format!($en, issuer = issuer), $en_do))
        })*
    };
}

of_authority! {
    /// No place that can be asked.
    no_usable_source, "SP-STATUS-NO-SOURCE", AfterUser:
        "Les certificats de « {issuer} » n’indiquent pas d’adresse utilisable pour leur état de révocation.",
        "Indiquez la liste de cette autorité sous [revocation] lists.";
        "The certificates of “{issuer}” name no place that can be asked for revocation.",
        "Name this authority’s list under [revocation] lists.".
    /// Nothing has come yet.
    never_fetched, "SP-STATUS-NOT-FETCHED", Later:
        "L’état de révocation des certificats de « {issuer} » n’est pas encore connu de ce poste.",
        "Réessayez dans un instant ; sinon, mettez à jour les listes : souspli trust refresh.";
        "Whether certificates of “{issuer}” are revoked is not known on this computer yet.",
        "Try again in a moment; else update the lists: souspli trust refresh.".
    /// For other certificates.
    not_covered, "SP-STATUS-NOT-COVERED", Later:
        "Les listes de révocation reçues de « {issuer} » ne concernent pas ce certificat.",
        "Mettez à jour les listes : souspli trust refresh.";
        "The revocation lists that came from “{issuer}” do not concern this certificate.",
        "Update the lists: souspli trust refresh.".
    /// Taken off the lists.
    expired_before, "SP-STATUS-EXPIRED", Never:
        "Un certificat de « {issuer} » a expiré : les listes de révocation n’en parlent plus.",
        "Demandez le nouveau certificat.";
        "A certificate of “{issuer}” has expired: revocation lists do not speak of it any more.",
        "Ask for the new certificate.".
    /// Not readable.
    unreadable, "SP-STATUS-UNREADABLE", Later:
        "Ce que « {issuer} » publie sur la révocation de ses certificats ne peut pas être lu.",
        "Mettez à jour les listes : souspli trust refresh. Si cela dure, prévenez cette autorité.";
        "What “{issuer}” publishes on the revocation of its certificates cannot be read.",
        "Update the lists: souspli trust refresh. If it lasts, tell this authority.".
    /// Signed by nobody who may.
    wrong_signer, "SP-STATUS-WRONG-SIGNER", Later:
        "Ce qui est reçu sur la révocation des certificats de « {issuer} » n’est pas signé par qui en a le droit.",
        "Mettez à jour les listes : souspli trust refresh. Si cela dure, prévenez cette autorité.";
        "What came on the revocation of certificates of “{issuer}” is not signed by anybody who may.",
        "Update the lists: souspli trust refresh. If it lasts, tell this authority.".
    /// Of the future.
    not_yet, "SP-STATUS-NOT-YET", AfterUser:
        "La liste de révocation de « {issuer} » est datée du futur.",
        "Vérifiez la date de votre ordinateur.";
        "The revocation list of “{issuer}” is of the future.",
        "Check your computer’s date.".
    /// Unknown to its own authority.
    not_known_there, "SP-STATUS-NOT-KNOWN", Never:
        "Le serveur de « {issuer} » ne connaît pas ce certificat.",
        "N’utilisez pas ce certificat ; demandez-en un autre.";
        "The server of “{issuer}” does not know this certificate.",
        "Do not use this certificate; ask for another one.".
}

macro_rules! of_list {
    ($($(#[$doc:meta])* $name:ident, $code:literal: $fr:literal, $fr_do:literal; $en:literal, $en_do:literal.)*) => {
        $($(#[$doc])* pub fn $name() -> Explanation { Explanation::new($code, Retry::Later, ($fr, $fr_do), ($en, $en_do)) })*
    };
}

of_list! {
    /// No list.
    list_unreadable, "SP-LIST-UNREADABLE":
        "Ce qui a été reçu n’est pas une liste de révocation lisible.",
        "Vérifiez l’adresse ; un portail d’accès Internet répond parfois à la place du serveur.";
        "What came is no revocation list that can be read.",
        "Check the address; an Internet access portal sometimes answers in place of the server.".
    /// A critical extension.
    list_not_understood, "SP-LIST-NOT-UNDERSTOOD":
        "La liste de révocation porte une condition critique inconnue.", "Mettez Souspli à jour.";
        "The revocation list has an unknown critical condition.", "Update Souspli.".
    /// Nobody configured stands behind it.
    list_of_nobody, "SP-LIST-UNKNOWN-AUTHORITY":
        "La liste de révocation vient d’une autorité qui n’est pas connue.",
        "Ajoutez cette autorité par « souspli trust add » si vous lui faites confiance.";
        "The revocation list comes from an authority that is not known.",
        "Add this authority by “souspli trust add” if you trust it.".
    /// No cRLSign.
    list_signer_not_allowed, "SP-LIST-NOT-ALLOWED":
        "La liste de révocation est signée par un certificat qui n’en a pas le droit.", "L’ancienne liste est conservée ; réessayez plus tard.";
        "The revocation list is signed by a certificate that may not sign it.", "The former list is kept; try again later.".
    /// An unknown algorithm.
    list_unsupported, "SP-LIST-UNSUPPORTED":
        "L’algorithme de signature de la liste de révocation n’est pas pris en charge.", "Prévenez cette autorité.";
        "The signature algorithm of the revocation list is not supported.", "Tell this authority.".
    /// SHA-1, a short key.
    list_obsolete, "SP-LIST-OBSOLETE":
        "La liste de révocation est signée avec un algorithme obsolète.", "Prévenez cette autorité.";
        "The revocation list is signed with an obsolete algorithm.", "Tell this authority.".
    /// The signature does not hold.
    list_altered, "SP-LIST-ALTERED":
        "La signature de la liste de révocation est fausse : elle a été modifiée.", "L’ancienne liste est conservée ; réessayez plus tard.";
        "The signature of the revocation list is wrong: it was altered.", "The former list is kept; try again later.".
    /// A scheme nobody here speaks.
    list_scheme, "SP-LIST-SCHEME":
        "L’annuaire qui publie cette liste de révocation ne répond pas ou n’est pas pris en charge.", "Indiquez, s’il en existe, une adresse http:// de la même liste sous [revocation] lists.";
        "The directory that publishes this revocation list does not answer or is not supported.", "Name an http:// address of the same list, where there is one, under [revocation] lists.".
    /// No such entry.
    list_not_there, "SP-LIST-ABSENT":
        "L’annuaire ne contient pas cette liste de révocation.", "Prévenez cette autorité, ou indiquez une autre adresse de la liste sous [revocation] lists.";
        "The directory does not hold this revocation list.", "Tell this authority, or name another address of the list under [revocation] lists.".
    /// Another issuer or scope.
    list_of_another, "SP-LIST-OF-ANOTHER":
        "Le serveur a donné la liste de révocation d’une autre autorité.", "L’ancienne liste est conservée ; réessayez plus tard.";
        "The server gave the revocation list of another authority.", "The former list is kept; try again later.".
    /// No answer.
    answer_unusable, "SP-OCSP-UNREADABLE":
        "Le serveur OCSP de l’autorité a donné une réponse inutilisable.", "Réessayez plus tard.";
        "The authority’s OCSP server gave an answer that cannot be used.", "Try again later.".
    /// tryLater and the like.
    answer_refused, "SP-OCSP-REFUSED":
        "Le serveur OCSP de l’autorité refuse de répondre.", "Réessayez plus tard.";
        "The authority’s OCSP server refuses to answer.", "Try again later.".
    /// Another nonce.
    answer_to_another, "SP-OCSP-REPLAYED":
        "La réponse OCSP reçue répond à une autre question : quelqu’un a pu la rejouer.", "Réessayez plus tard.";
        "The OCSP answer that came is to another question: somebody may have played it again.", "Try again later.".
    /// Not by the authority.
    answer_wrong_signer, "SP-OCSP-WRONG-SIGNER":
        "La réponse OCSP reçue n’est pas signée par l’autorité.", "Réessayez plus tard.";
        "The OCSP answer that came is not signed by the authority.", "Try again later.".
    /// thisUpdate in the future.
    answer_not_yet, "SP-OCSP-NOT-YET":
        "La réponse OCSP reçue est datée du futur.", "Vérifiez la date et l’heure de votre ordinateur.";
        "The OCSP answer that came is of the future.", "Check your computer’s date and time.".
    /// nextUpdate long past.
    answer_old, "SP-OCSP-OLD":
        "La réponse OCSP reçue est périmée.", "Réessayez plus tard.";
        "The OCSP answer that came has ended.", "Try again later.".
    /// thisUpdate in the future.
    list_of_the_future, "SP-LIST-NOT-YET":
        "La liste de révocation est datée du futur.", "Vérifiez la date de votre ordinateur.";
        "The revocation list is of the future.", "Check your computer’s date.".
}

/// A list older than the one held.
pub fn list_older(held: UnixTime, came: UnixTime) -> Explanation {
    let ((held_fr, held_en), (came_fr, came_en)) = (day(held), day(came));
    Explanation::new(
        "SP-LIST-OLDER",
        Retry::Later,
        (
            format!("Le serveur a donné une liste de révocation du {came_fr}, plus ancienne que celle du {held_fr} déjà reçue."),
            "La plus récente est conservée ; réessayez plus tard.",
        ),
        (
            format!("The server gave a revocation list of {came_en}, older than that of {held_en} which is held."),
            "The newer one is kept; try again later.",
        ),
    )
}

/// A list that came.
pub fn list_updated(name: &str, entries: usize, until: UnixTime) -> String {
    let (fr, en) = day(until);
    let s = if entries > 1 { "s" } else { "" };
    format!("{name} : à jour jusqu’au {fr}, {entries} certificat{s} révoqué{s} / up to date until {en}, {entries} revoked")
}

/// The newest there is.
pub fn list_unchanged(name: &str) -> String {
    format!("{name} : inchangée / unchanged")
}

/// Another process is at it.
pub fn list_elsewhere(name: &str) -> String {
    format!("{name} : déjà en cours ailleurs / under way elsewhere")
}

/// A list that did not come.
pub fn list_failed(name: &str, why: &Explanation) -> String {
    format!(
        "{name} : {} {} / {} {} [{}]",
        why.fr.what, why.fr.todo, why.en.what, why.en.todo, why.code
    )
}

/// The head of the table of lists.
pub const COLUMNS: [&str; 6] = ["Liste de révocation de", "État", "Faite le", "Valable au", "Révoqués", "Adresse"];

/// How a list stands, in that table; the code of what went wrong at the last try.
pub fn list_state(state: ListState, failed: Option<&str>) -> String {
    let said = match state {
        ListState::Fresh => "à jour / up to date",
        ListState::Grace => "échue, tolérée / ended, tolerated : souspli trust refresh",
        ListState::Stale => "PÉRIMÉE / STALE : souspli trust refresh",
        ListState::Absent => "ABSENTE / ABSENT : souspli trust refresh",
    };
    failed.map_or_else(|| said.to_owned(), |code| format!("{said} [{code}]"))
}

/// How a list stands to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListState {
    /// It holds.
    Fresh,
    /// It has ended and is tolerated.
    Grace,
    /// It has ended.
    Stale,
    /// It never came.
    Absent,
}

/// Lists that did not come.
pub fn lists_failed(count: usize) -> Explanation {
    let s = if count > 1 { "s" } else { "" };
    Explanation::new(
        "SP-LISTS-FAILED",
        Retry::Later,
        (
            format!("{count} liste{s} de révocation n’ont pas pu être mise{s} à jour."),
            "Les raisons sont dites ci-dessus ; les anciennes listes sont conservées.",
        ),
        (
            format!("{count} revocation list{s} could not be updated."),
            "The reasons stand above; the former lists are kept.",
        ),
    )
}

/// A place that nothing names.
pub fn lists_unknown() -> Explanation {
    Explanation::new(
        "SP-LISTS-UNKNOWN",
        Retry::AfterUser,
        (
            "Aucune liste n’est attendue à cette adresse.",
            "Voyez les adresses par « souspli trust list », ou ajoutez-la sous [revocation] lists.",
        ),
        (
            "No list is expected at that address.",
            "See the addresses by “souspli trust list”, or add it under [revocation] lists.",
        ),
    )
}

/// Stopped by the user.
pub fn lists_cancelled() -> Explanation {
    Explanation::new(
        "SP-LISTS-STOPPED",
        Retry::AfterUser,
        (
            "La mise à jour des listes est interrompue.",
            "Ce qui est arrivé est gardé ; la prochaine mise à jour continuera là.",
        ),
        (
            "The update of the lists was stopped.",
            "What has come is kept; the next update goes on from there.",
        ),
    )
}

/// A host that nobody configured has named.
pub fn host_not_allowed(issuer: &str, host: &str) -> Explanation {
    Explanation::new(
        "SP-STATUS-HOST",
        Retry::AfterUser,
        (
            format!("« {issuer} » publie ses révocations chez {host}, que rien n’autorise Souspli à contacter."),
            "Si vous faites confiance à cette autorité, ajoutez ce nom sous [revocation] hosts.",
        ),
        (
            format!("“{issuer}” publishes its revocations at {host}, which nothing allows Souspli to contact."),
            "If you trust this authority, add that name under [revocation] hosts.",
        ),
    )
}

/// Too old.
pub fn stale(issuer: &str, until: UnixTime) -> Explanation {
    let (fr, en) = day(until);
    Explanation::new(
        "SP-STATUS-STALE",
        Retry::Later,
        (
            format!("La liste de révocation de « {issuer} » est périmée depuis le {fr}."),
            "Mettez à jour les listes : souspli trust refresh.",
        ),
        (
            format!("The revocation list of “{issuer}” ended on {en}."),
            "Update the lists: souspli trust refresh.",
        ),
    )
}
