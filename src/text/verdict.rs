//! What is said of certificates and of opened messages.

use super::Explanation;
use crate::base::{Retry, UnixTime};

fn never(code: &'static str, fr: (String, &str), en: (String, &str)) -> Explanation {
    Explanation::new(code, Retry::Never, fr, en)
}

/// A date as each language writes it.
pub fn day(at: UnixTime) -> (String, String) {
    let date = at.civil().date();
    let (y, m, d) = (date.year(), u8::from(date.month()), date.day());
    (format!("{d:02}/{m:02}/{y}"), format!("{y}-{m:02}-{d:02}"))
}

/// No configured authority.
pub fn unknown_authority(issuer: &str) -> Explanation {
    never(
        "SP-UNKNOWN-AUTHORITY",
        (
            format!("L’autorité « {issuer} » n’est pas connue."),
            "Ajoutez son certificat racine si vous lui faites confiance.",
        ),
        (
            format!("The authority “{issuer}” is not known."),
            "Add its root certificate if you trust it.",
        ),
    )
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident, $code:literal: $fr:literal, $fr_do:literal; $en:literal, $en_do:literal.)*) => {
        $($(#[$doc])* pub fn $name() -> Explanation { never($code, ($fr.to_owned(), $fr_do), ($en.to_owned(), $en_do)) })*
    };
}

fixed! {
    /// A certificate that its issuer did not sign.
    bad_chain_signature, "SP-BAD-CHAIN":
        "La signature d’un certificat par son autorité est fausse.", "N’utilisez pas ce certificat.";
        "A certificate’s signature by its authority is wrong.", "Do not use this certificate.".
    /// The budget is spent.
    chain_too_complex, "SP-CHAIN-TOO-COMPLEX":
        "La chaîne de certificats est trop longue.", "Demandez à votre correspondant un certificat avec sa chaîne exacte.";
        "The certificate chain is too long.", "Ask your correspondent for a certificate with its exact chain.".
    /// An unknown algorithm.
    chain_unsupported, "SP-CHAIN-UNSUPPORTED":
        "L’algorithme d’un certificat n’est pas pris en charge.", "Demandez un certificat RSA ou ECDSA courant.";
        "A certificate’s algorithm is not supported.", "Ask for an ordinary RSA or ECDSA certificate.".
    /// SHA-1.
    chain_obsolete, "SP-CHAIN-OBSOLETE":
        "Un certificat est signé avec un algorithme obsolète (SHA-1).", "Demandez un certificat plus récent.";
        "A certificate is signed with an obsolete algorithm (SHA-1).", "Ask for a newer certificate.".
    /// RSA below 2048.
    weak_key, "SP-WEAK-KEY":
        "La clé d’un certificat est trop courte.", "Demandez un certificat d’au moins 2048 bits.";
        "A certificate’s key is too short.", "Ask for a certificate of at least 2048 bits.".
    /// An issuer that may not issue.
    not_an_authority, "SP-NOT-AN-AUTHORITY":
        "Un certificat a été émis par quelqu’un qui n’en a pas le droit.", "N’utilisez pas ce certificat.";
        "A certificate was issued by someone who may not issue it.", "Do not use this certificate.".
    /// A critical extension.
    unknown_extension, "SP-UNKNOWN-EXTENSION":
        "Un certificat porte une condition critique inconnue.", "Demandez un certificat de messagerie ordinaire.";
        "A certificate has an unknown critical condition.", "Ask for an ordinary mail certificate.".
    /// Name constraints.
    name_not_permitted, "SP-NAME-NOT-PERMITTED":
        "L’autorité n’a pas le droit de certifier cette adresse.", "N’utilisez pas ce certificat.";
        "The authority may not certify this address.", "Do not use this certificate.".
    /// A certificate that claims rights which it has not.
    contradictory, "SP-CONTRADICTORY-CERTIFICATE":
        "Un certificat se contredit lui-même.", "N’utilisez pas ce certificat.";
        "A certificate contradicts itself.", "Do not use this certificate.".
    /// Policies.
    policy_not_met, "SP-POLICY-NOT-MET":
        "Un certificat ne suit pas la politique que son autorité exige.", "Demandez un certificat de messagerie ordinaire.";
        "A certificate does not follow the policy that its authority demands.", "Ask for an ordinary mail certificate.".
    /// A trial certificate where real ones count.
    test_authority, "SP-TEST-AUTHORITY":
        "Ce certificat vient d’une autorité de TEST : il ne prouve rien.", "Demandez un certificat de production.";
        "This certificate is from a TEST authority: it proves nothing.", "Ask for a production certificate.".
    /// A real certificate where trial ones count.
    authority_not_for_tests, "SP-AUTHORITY-NOT-FOR-TESTS":
        "Ce certificat est de production, et seules les autorités de TEST sont admises ici.",
        "Mettez environment = \"production\" dans [trust] pour l’utiliser.";
        "This certificate is a production one, and only TEST authorities count here.",
        "Set environment = \"production\" in [trust] to use it.".
    /// An authority out of its dates.
    authority_expired, "SP-AUTHORITY-EXPIRED":
        "Le certificat d’une autorité n’est plus valable.", "Mettez à jour les autorités.";
        "An authority’s certificate is not valid any more.", "Update the authorities.".
    /// Not the recipient's.
    another_address, "SP-ANOTHER-ADDRESS":
        "Ce certificat appartient à une autre adresse.", "Importez le certificat de cette adresse-ci.";
        "This certificate belongs to another address.", "Import the certificate of this address.".
    /// A signature key, an unusual curve.
    key_not_for_encryption, "SP-SIGNATURE-ONLY":
        "La clé de ce certificat ne permet pas de chiffrer.", "Demandez un certificat RSA, P-256 ou P-384.";
        "One cannot encrypt to this certificate’s key.", "Ask for an RSA, P-256 or P-384 certificate.".
    /// Encrypted for others.
    not_for_me, "SP-NOT-FOR-ME":
        "Ce message n’est pas chiffré pour une de vos clés.", "Demandez à l’expéditeur de le renvoyer avec votre certificat actuel.";
        "This message is not encrypted to one of your keys.", "Ask the sender to send it again with your current certificate.".
    /// Broken structure.
    damaged, "SP-DAMAGED":
        "Ce message protégé est endommagé ou incomplet.", "Demandez à l’expéditeur de le renvoyer.";
        "This protected message is damaged or incomplete.", "Ask the sender to send it again.".
    /// No content and no signature.
    certificates_only, "SP-CERTIFICATES-ONLY":
        "Ce message ne contient que des certificats.", "Importez-les par « souspli cert import ».";
        "This message holds certificates only.", "Import them by “souspli cert import”.".
    /// Key or content did not decrypt.
    undecryptable, "SP-UNDECRYPTABLE":
        "Ce message n’a pas pu être déchiffré.", "Demandez à l’expéditeur de le renvoyer.";
        "This message could not be decrypted.", "Ask the sender to send it again.".
    /// Unknown means.
    unsupported, "SP-UNSUPPORTED":
        "Ce message utilise un procédé de chiffrement non pris en charge.", "Demandez à l’expéditeur d’utiliser AES.";
        "This message uses an encryption method that is not supported.", "Ask the sender to use AES.".
    /// Another use.
    wrong_usage, "SP-WRONG-USAGE":
        "Ce certificat n’est pas fait pour cet usage.", "Demandez un certificat de messagerie adapté.";
        "This certificate is not made for this use.", "Ask for a fitting mail certificate.".
}

/// Before notBefore.
pub fn not_yet_valid(from: UnixTime) -> Explanation {
    let (fr, en) = day(from);
    never(
        "SP-NOT-YET-VALID",
        (
            format!("Ce certificat n’est valable qu’à partir du {fr}."),
            "Vérifiez la date de votre ordinateur.",
        ),
        (format!("This certificate is valid from {en} only."), "Check your computer’s date."),
    )
}

/// After notAfter.
pub fn expired(until: UnixTime) -> Explanation {
    let (fr, en) = day(until);
    never(
        "SP-EXPIRED",
        (format!("Ce certificat a expiré le {fr}."), "Demandez le nouveau certificat."),
        (format!("This certificate expired on {en}."), "Ask for the new certificate."),
    )
}

/// The sentence of a verdict's code, French and English, at most 110 characters each (docs/verdicts.md).
pub fn sentence(code: &'static str) -> (&'static str, &'static str) {
    match code {
        "encrypted-signed" => (
            "Message chiffré et signé, signature vérifiée.",
            "Encrypted and signed, signature verified.",
        ),
        "signed" => (
            "Message signé, signature vérifiée ; il n’était pas chiffré.",
            "Signed, signature verified; it was not encrypted.",
        ),
        "own-copy" => (
            "Copie que vous avez enregistrée depuis ce poste.",
            "A copy that you stored from this computer.",
        ),
        "encrypted-unsigned" => (
            "Message chiffré mais non signé : l’expéditeur n’est pas garanti.",
            "Encrypted but not signed: the sender is not assured.",
        ),
        "signed-outside-only" => (
            "La signature entoure le chiffrement : l’auteur du contenu n’est pas garanti.",
            "The signature stands outside the encryption: the author is not assured.",
        ),
        "unsigned" => (
            "Ce message ne porte aucune signature : l’expéditeur n’est pas garanti.",
            "This message carries no signature: the sender is not assured.",
        ),
        "signer-is-not-sender" => (
            "Le signataire n’est pas l’expéditeur affiché.",
            "The signer is not the sender shown.",
        ),
        "signer-without-address" => (
            "Signature vérifiée, mais ce certificat n’a pas d’adresse : comparez son titulaire à l’expéditeur.",
            "Signature verified, but this certificate has no address: compare its holder with the sender.",
        ),
        "signers-differ" => (
            "Plusieurs personnes différentes ont signé ce message.",
            "Several different persons signed this message.",
        ),
        "unknown-authority" => (
            "Signature intacte, mais l’autorité du signataire n’est pas connue.",
            "Signature intact, but the signer’s authority is not known.",
        ),
        "certificate-expired" => (
            "Signature intacte, mais le certificat du signataire a expiré.",
            "Signature intact, but the signer’s certificate has expired.",
        ),
        "certificate-not-yet-valid" => (
            "Signature intacte, mais le certificat du signataire n’est pas encore valable.",
            "Signature intact, but the signer’s certificate is not valid yet.",
        ),
        "certificate-wrong-usage" => (
            "Signature intacte, mais le certificat n’est pas fait pour signer du courrier.",
            "Signature intact, but the certificate is not made for signing mail.",
        ),
        "certificate-not-trusted" => (
            "Signature intacte, mais le certificat du signataire n’est pas acceptable.",
            "Signature intact, but the signer’s certificate is not acceptable.",
        ),
        "certificate-expired-since" => (
            "Signature intacte, le certificat était valable à la date qu’elle annonce ; il a expiré depuis.",
            "Signature intact, the certificate was valid on the day that it claims; it has expired since.",
        ),
        "certificate-not-valid-then" => (
            "Signature intacte, mais le certificat n’était pas valable à la date qu’elle annonce.",
            "Signature intact, but the certificate was not valid on the day that it claims.",
        ),
        "encrypted-signed-unchecked" => (
            "Message chiffré et signé ; statut du certificat non vérifiable (révocation).",
            "Encrypted and signed; whether the certificate was revoked could not be checked.",
        ),
        "signed-unchecked" => (
            "Message signé, non chiffré ; statut du certificat non vérifiable (révocation).",
            "Signed, not encrypted; whether the certificate was revoked could not be checked.",
        ),
        "certificate-revoked" => (
            "Signature intacte, mais le certificat du signataire a été révoqué : elle ne prouve rien.",
            "Signature intact, but the signer’s certificate was revoked: it proves nothing.",
        ),
        "certificate-test" => (
            "Signature intacte, mais par un certificat de TEST : elle ne prouve rien.",
            "Signature intact, but by a TEST certificate: it proves nothing.",
        ),
        "certificate-not-test" => (
            "Signature intacte, mais par un certificat de production, et seuls ceux de TEST comptent ici.",
            "Signature intact, but by a production certificate, and only TEST ones count here.",
        ),
        "signed-another-day" => (
            "La date de la signature n’est pas celle du message : un ancien message a pu être renvoyé.",
            "The date of the signature is not that of the message: an old message may have been sent again.",
        ),
        "signature-obsolete" => (
            "La signature utilise un algorithme obsolète : elle ne prouve rien.",
            "The signature uses an obsolete algorithm: it proves nothing.",
        ),
        "signature-not-checked" => (
            "La signature ne peut pas être vérifiée : algorithme non pris en charge.",
            "The signature cannot be checked: unsupported algorithm.",
        ),
        "signer-certificate-missing" => (
            "La signature ne peut pas être vérifiée : certificat du signataire absent.",
            "The signature cannot be checked: the signer’s certificate is missing.",
        ),
        "altered" => (
            "ALERTE : le contenu ne correspond pas à la signature ; il a pu être modifié.",
            "WARNING: the content does not fit the signature; it may have been altered.",
        ),
        "dishonest-structure" => (
            "ALERTE : la structure de ce message signé est trompeuse.",
            "WARNING: the structure of this signed message is deceptive.",
        ),
        "boundary-in-content" => (
            "ALERTE : ce message imite la présentation de Souspli.",
            "WARNING: this message imitates the way in which Souspli presents mail.",
        ),
        "from-differs" => (
            "Signature vérifiée, mais le message est arrivé sous une autre adresse d’expéditeur.",
            "Signature verified, but the message came under another sender’s address.",
        ),
        "from-contradicted" => (
            "L’expéditeur affiché n’est pas celui qu’indique le message protégé : il n’est pas garanti.",
            "The sender shown is not the one inside the protected message: the sender is not assured.",
        ),
        "not-for-me" => (
            "Ce message n’est pas chiffré pour une de vos clés.",
            "This message is not encrypted to one of your keys.",
        ),
        "damaged" => (
            "Ce message protégé est endommagé ou incomplet.",
            "This protected message is damaged or incomplete.",
        ),
        "certificates-only" => (
            "Ce message ne contient que des certificats : il n’a ni texte ni signature.",
            "This message holds certificates only: it has neither a text nor a signature.",
        ),
        "undecryptable" => ("Ce message n’a pas pu être déchiffré.", "This message could not be decrypted."),
        "unsupported" => (
            "Ce message utilise un procédé de chiffrement non pris en charge.",
            "This message uses an encryption method that is not supported.",
        ),
        "locked" => ("La clé de déchiffrement est verrouillée.", "The decryption key is locked."),
        _ => (
            "Message ordinaire, sans protection S/MIME.",
            "Ordinary message, without S/MIME protection.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_each_language_does() {
        let e = expired(UnixTime(0));
        assert!(e.fr.what.contains("01/01/1970") && e.en.what.contains("1970-01-01"));
    }
}
