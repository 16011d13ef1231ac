//! Why a letter to oneself was not taken, from the reply of the relay. That is one line of ASCII for a mail program; a page has room for
//! the sentence behind it.

use crate::base::Address;
use crate::text::{Explanation, outgoing, provider, trial as say};

/// What the relay itself knows of it.
#[derive(Clone, Debug, Default)]
pub(in crate::desktop) struct Noted {
    /// Why nothing can be signed for the account, or encrypted to it.
    pub(in crate::desktop) hindrance: Option<Explanation>,
    /// Why a letter of the account was refused last.
    pub(in crate::desktop) refused: Option<Explanation>,
}

/// The sentence behind a reply.
pub(super) fn explained(said: &str, account: &Address, noted: Noted) -> Explanation {
    let code = code_of(said).unwrap_or_default();
    let account = std::slice::from_ref(account);
    match code {
        "SP-OUTCOME-UNKNOWN" => say::letter_unconfirmed(),
        "SP-PROVIDER-REFUSED" => outgoing::message_refused(providers_words(said)),
        "SP-PROVIDER-DEFERRED" => provider::message_deferred(providers_words(said)),
        "SP-RECIPIENT-REFUSED" => say::own_address_refused(providers_words(said)),
        "SP-RECIPIENT-DEFERRED" => provider::recipients_deferred(account, providers_words(said)),
        // Sender and recipient are the same: what the one lacks is why the other has none.
        "SP-NO-CERTIFICATE" if noted.hindrance.is_some() => noted.hindrance.unwrap_or_else(|| say::not_taken(said)),
        _ => match noted.refused {
            Some(refused) if refused.code == code => refused,
            _ => say::not_taken(said),
        },
    }
}

/// The code at the end of a reply.
fn code_of(said: &str) -> Option<&str> {
    let (_, code) = said.trim_end().strip_suffix(']')?.rsplit_once('[')?;
    code.starts_with("SP-").then_some(code)
}

/// What the relay quotes, which may have parentheses of its own.
fn providers_words(said: &str) -> &str {
    let quoted = said.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    quoted.map_or(said, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixTime;
    use crate::text::keys;

    #[test]
    fn the_sentence_behind_a_reply() {
        let own = Address::parse("alice@lab.test").unwrap();
        let expired = || Noted {
            refused: Some(keys::own_certificate_expired(&own, UnixTime(0))),
            hindrance: None,
        };
        let why = |said: &str| explained(said, &own, expired());
        let is = why("550 5.7.1 Le certificat de alice@lab.test a expire le 1er janvier 1970. Importez [SP-OWN-EXPIRED]");
        assert_eq!(is.code, "SP-OWN-EXPIRED");
        assert!(is.fr.what.contains("a expiré"), "{is}");
        let is =
            why("550 5.1.1 Message non envoye : le serveur refuse alice@lab.test (550 5.1.1 No (here)). Corrigez [SP-RECIPIENT-REFUSED]");
        assert!(is.fr.what.contains("(550 5.1.1 No (here))"), "{is}");
        assert!(!is.fr.todo.contains("retirez"), "{is}");
        assert!(!why("451 4.4.2 x [SP-OUTCOME-UNKNOWN]").fr.todo.contains("destinataire"));
        // Another reason than the one that is noted, or none that is known.
        for said in ["550 x [SP-NO-CERTIFICATE]", "550 no [SP-OWN-EXPIRED] more", "550 [", "]", ""] {
            assert_eq!(why(said).code, "SP-SETUP-NOT-TAKEN", "{said}");
        }
    }
}
