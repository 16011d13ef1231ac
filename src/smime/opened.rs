//! What opening a message gives: its content, the layers that were taken off, or why not.

use crate::base::Secret;
use crate::pki::Certificate;
use crate::pki::ber::BerError;
use crate::smime::port::WrappedKey;
use crate::smime::verify::SignerReport;
use crate::text::{Explain, Explanation};

/// What was inside.
#[derive(Debug, Default)]
pub struct Opened {
    /// The innermost entity, header included.
    pub content: Vec<u8>,
    /// Layers that were taken off, outermost first.
    pub layers: Vec<Layer>,
    /// Certificates that came along, to be learnt from.
    pub certificates: Vec<Certificate>,
    /// What keys outside this process have unwrapped for it.
    pub unwrapped: Vec<ByOutside>,
}

/// What a key outside this process has unwrapped.
#[derive(Debug)]
pub struct ByOutside {
    /// Of the key that unwrapped it.
    pub certificate: Certificate,
    /// As it came.
    pub wrapped: WrappedKey,
    /// As it was used; `None`: it may be a stand-in (RFC 3218 §2.3.2) that happened to fit.
    pub content_key: Option<Secret>,
}

/// One layer.
#[derive(Debug)]
pub enum Layer {
    /// EnvelopedData or AuthEnvelopedData.
    Encrypted(Encryption),
    /// SignedData with each of its signers; none: unsigned.
    Signed(Vec<SignerReport>),
    /// CompressedData.
    Compressed,
}

impl Layer {
    /// Encrypted by a cipher that does not notice changes.
    pub(super) fn is_malleable(&self) -> bool {
        matches!(self, Self::Encrypted(encryption) if !encryption.authenticated)
    }
}

/// How it was encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encryption {
    /// As shown: `AES-256-CBC`.
    pub content: String,
    /// As shown: `RSA-PKCS1v1.5`.
    pub key: String,
    /// RecipientInfos that were read.
    pub recipients: usize,
    /// The cipher itself notices changes.
    pub authenticated: bool,
    /// Obsolete algorithms in use, as shown.
    pub obsolete: Vec<String>,
}

/// Why a message was not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// Encrypted for none of the keys.
    #[error("encrypted for none of our keys")]
    NotForMe,
    /// Encrypted for a key that awaits a PIN, a card or a password.
    #[error("the key is locked")]
    Locked,
    /// Not the structure it should have.
    #[error("the message is damaged")]
    Damaged,
    /// Certificates, and neither a content nor a signer (RFC 8551 §3.8), whatever the header says.
    #[error("the message holds certificates only")]
    CertificatesOnly,
    /// The key or the content did not decrypt: one error for all reasons.
    #[error("the message does not decrypt")]
    Undecryptable,
    /// By means that are not known here.
    #[error("the message uses unsupported algorithms")]
    Unsupported,
}

impl OpenError {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::NotForMe,
        Self::Damaged,
        Self::CertificatesOnly,
        Self::Undecryptable,
        Self::Unsupported,
        Self::Locked,
    ];

    /// Code of docs/verdicts.md.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotForMe => "not-for-me",
            Self::Locked => "locked",
            Self::Damaged => "damaged",
            Self::CertificatesOnly => "certificates-only",
            Self::Undecryptable => "undecryptable",
            Self::Unsupported => "unsupported",
        }
    }
}

impl Explain for OpenError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotForMe => crate::text::verdict::not_for_me(),
            Self::Locked => crate::text::keys::locked(),
            Self::Damaged => crate::text::verdict::damaged(),
            Self::CertificatesOnly => crate::text::verdict::certificates_only(),
            Self::Undecryptable => crate::text::verdict::undecryptable(),
            Self::Unsupported => crate::text::verdict::unsupported(),
        }
    }
}

impl From<BerError> for OpenError {
    fn from(_: BerError) -> Self {
        Self::Damaged
    }
}

impl Opened {
    /// The outermost encryption.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.layers.iter().find_map(|l| match l {
            Layer::Encrypted(e) => Some(e),
            Layer::Signed(_) | Layer::Compressed => None,
        })
    }

    /// The signers nearest to the content, if they stand inside every encryption.
    pub fn inner_signers(&self) -> Option<&[SignerReport]> {
        for layer in self.layers.iter().rev() {
            match layer {
                Layer::Signed(signers) if !signers.is_empty() => return Some(signers),
                Layer::Signed(_) | Layer::Compressed => {}
                Layer::Encrypted(_) => return None,
            }
        }
        None
    }

    /// The same, so that what others know of them can be said.
    pub fn signers_mut(&mut self) -> impl Iterator<Item = &mut SignerReport> {
        self.layers.iter_mut().flat_map(|l| match l {
            Layer::Signed(signers) => signers.as_mut_slice(),
            Layer::Encrypted(_) | Layer::Compressed => &mut [],
        })
    }

    /// Every signer of every layer.
    pub fn signers(&self) -> impl Iterator<Item = &SignerReport> {
        self.layers.iter().flat_map(|l| match l {
            Layer::Signed(signers) => signers.as_slice(),
            Layer::Encrypted(_) | Layer::Compressed => &[],
        })
    }
}
