//! What was written, read again by another hand before it leaves: the `cms` package, in strict DER.
//!
//! A letter sealed for one person too many cannot be called back, one person too few finds a letter that stays shut. Our own
//! writer is not asked; small structures only, never content (`cms` is not given any).

use crate::pki::Certificate;
use cms::enveloped_data::{KeyAgreeRecipientIdentifier, RecipientIdentifier, RecipientInfo};
use der::{Decode, DecodeValue, Encode, FixedTag, Header, Reader, Tag};

/// True when these RecipientInfos are for exactly these certificates, each once.
pub fn is_for(infos: &[u8], recipients: &[&Certificate]) -> bool {
    let Some(named) = Infos::from_der(infos).ok().and_then(|read| named(&read)) else {
        return false;
    };
    let meant = |certificate: &Certificate| named.iter().filter(|id| certificate.is_named_by(id)).count() == 1;
    named.len() == recipients.len() && recipients.iter().all(|c| meant(c))
}

/// RecipientInfos (RFC 5652 §6.1) as they stand: `cms` would put them in order, and encode each anew for that.
struct Infos(Vec<RecipientInfo>);

impl FixedTag for Infos {
    const TAG: Tag = Tag::Set;
}

impl<'a> DecodeValue<'a> for Infos {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _header: Header) -> der::Result<Self> {
        let mut all = Vec::new();
        while !reader.is_finished() {
            all.push(RecipientInfo::decode(reader)?);
        }
        Ok(Self(all))
    }
}

/// IssuerAndSerialNumber of everybody; `None`: somebody is named otherwise, which is not how we write.
fn named(infos: &Infos) -> Option<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    for info in &infos.0 {
        match info {
            RecipientInfo::Ktri(info) => match &info.rid {
                RecipientIdentifier::IssuerAndSerialNumber(id) => out.push(id.to_der().ok()?),
                RecipientIdentifier::SubjectKeyIdentifier(_) => return None,
            },
            RecipientInfo::Kari(info) => {
                for key in &info.recipient_enc_keys {
                    match &key.rid {
                        KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(id) => out.push(id.to_der().ok()?),
                        KeyAgreeRecipientIdentifier::RKeyId(_) => return None,
                    }
                }
            }
            RecipientInfo::Kekri(_) | RecipientInfo::Pwri(_) | RecipientInfo::Ori(_) => return None,
        }
    }
    Some(out)
}
