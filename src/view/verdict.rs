//! What can be said of an opened message, in one summary: never per part (RFC 9787 §3).

use crate::base::UnixTime;

/// How far the message can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// Signed by the person it comes from, by an authority that is configured.
    Verified,
    /// Right, but the status of the certificate could not be checked.
    Unchecked,
    /// Who sent it is not guaranteed: unsigned, unknown authority, another address, expired.
    Unassured,
    /// The signature does not fit the content, or the structure is dishonest.
    Altered,
    /// It could not be opened: not for one of our keys, or damaged.
    Unopenable,
    /// Not S/MIME.
    Plain,
}

/// Who signed, as the certificate says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// Holder's name, as shown to the doctor.
    pub name: String,
    /// The address of the certificate that fits From, else its first, if it has one.
    pub address: Option<String>,
    /// Common name of the issuer.
    pub issuer: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    /// signingTime as claimed.
    pub signing_time: Option<UnixTime>,
}

/// The summary. Frozen when the View is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// How far it can be trusted.
    pub grade: Grade,
    /// Stable code of the case, documented in docs/verdicts.md: lower case words joined by `-`.
    pub code: &'static str,
    /// What the code says, in French, in at most 110 characters, without names.
    pub french: String,
    /// The same in English.
    pub english: String,
    /// Who signed; empty when nobody did.
    pub signers: Vec<Signer>,
    /// It came encrypted.
    pub encrypted: bool,
    /// `AES-256-CBC`, ...
    pub content_encryption: Option<String>,
    /// `RSA-PKCS1v1.5`, `RSA-OAEP-SHA256`, `ECDH-P256`, ...
    pub key_encryption: Option<String>,
    /// Algorithms in use that are obsolete, as shown (`3DES`, `SHA-1`, `RSA-1024`).
    pub obsolete: Vec<String>,
    /// Only text may be shown, HTML neutralised: a CBC ciphertext without a valid signature inside, or altered.
    pub text_only: bool,
    /// A draft or a Sent copy that this installation stored for its owner: no banner.
    pub own: bool,
}

impl Grade {
    /// The word used in JSON, header fields and keywords.
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::Verified => "verified",
            Grade::Unchecked => "unchecked",
            Grade::Unassured => "unassured",
            Grade::Altered => "altered",
            Grade::Unopenable => "unopenable",
            Grade::Plain => "plain",
        }
    }
}
