//! What is written here, read by the `cms` package: DER, with what was meant in it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod forge;

use cms::authenveloped_data::AuthEnvelopedData;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::enveloped_data::EnvelopedData;
use cms::signed_data::SignedData;
use der::asn1::OctetString;
use der::{Decode, Encode};
use forge::{Authority, ENTITY, NOW, doctor, encrypt};
use souspli::keys::{SoftwareKey, material};
use souspli::pki::{Certificate, der as write, oid};
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::smime::sign::{Form, Signer, prepare};
use souspli::smime::{PrivateKey, SignatureScheme, field, reread};

#[test]
fn envelopes() {
    let authority = Authority::new("Autorité");
    let keys = ["a@lab.test", "b@lab.test"].map(|address| authority.issues(&doctor(address)));
    let all: Vec<&Certificate> = keys.iter().map(|k| k.certificate()).collect();
    let sealed = |cipher| {
        let transport = Transport::Pkcs1;
        structure(&encrypt(ENTITY, &all, Method { cipher, transport }, material().unwrap()).unwrap())
    };
    let cbc: EnvelopedData = read(&sealed(Cipher::Aes256Cbc), oid::ENVELOPED_DATA);
    assert_eq!((cbc.version, cbc.recip_infos.0.len()), (CmsVersion::V2, 2));
    assert_eq!(cbc.encrypted_content.content_type, oid::DATA);
    assert_eq!(cbc.encrypted_content.content_enc_alg.oid, oid::AES256_CBC);
    assert_eq!(
        cbc.encrypted_content.encrypted_content.unwrap().as_bytes().len(),
        (ENTITY.len() / 16 + 1) * 16
    );
    let gcm: AuthEnvelopedData = read(&sealed(Cipher::Aes256Gcm), oid::AUTH_ENVELOPED_DATA);
    assert_eq!(
        (gcm.version, gcm.recip_infos.0.len(), gcm.mac.as_bytes().len()),
        (CmsVersion::V0, 2, 16)
    );
    assert_eq!(gcm.auth_encrypted_content_info.content_enc_alg.oid, oid::AES256_GCM);
    // Nobody more, nobody less, nobody else.
    let infos = cbc.recip_infos.to_der().unwrap();
    let other = authority.issues(&doctor("c@lab.test"));
    assert!(reread::is_for(&infos, &all));
    for recipients in [
        &all[..1],
        &[],
        &[all[0], all[1], other.certificate()],
        &[all[0], other.certificate()],
    ] {
        assert!(!reread::is_for(&infos, recipients));
    }
    for wrong in [&infos[..infos.len() - 1], b"", &write::tlv(0x31, &[&write::null()])] {
        assert!(!reread::is_for(wrong, &all));
    }
}

#[test]
fn signatures() {
    let authority = Authority::new("Autorité");
    let key = authority.issues(&doctor("a@lab.test"));
    let opaque: SignedData = read(&structure(&signed(&key, Form::Opaque)), oid::SIGNED_DATA);
    assert_eq!(opaque.version, CmsVersion::V1);
    let content = opaque.encap_content_info.econtent.unwrap();
    assert_eq!(content.decode_as::<OctetString>().unwrap().as_bytes(), ENTITY);
    let signer = &opaque.signer_infos.0.as_slice()[0];
    let attributes: Vec<_> = signer.signed_attrs.as_ref().unwrap().iter().map(|a| a.oid).collect();
    for kind in [
        oid::CONTENT_TYPE,
        oid::MESSAGE_DIGEST,
        oid::SIGNING_TIME,
        oid::SIGNING_CERTIFICATE_V2,
        oid::SMIME_CAPABILITIES,
        oid::ENCRYPTION_KEY_PREFERENCE,
    ] {
        assert_eq!(attributes.iter().filter(|a| **a == kind).count(), 1, "{kind}");
    }
}

fn signed(key: &SoftwareKey, form: Form) -> Vec<u8> {
    let signer = Signer {
        certificate: key.certificate(),
        chain: key.chain(),
        encryption_certificate: Some(key.certificate()),
    };
    let prepared = prepare(ENTITY, &signer, form, NOW, SignatureScheme::EcdsaP256Sha256);
    let signature = key.sign(SignatureScheme::EcdsaP256Sha256, prepared.to_be_signed()).unwrap();
    prepared.finish(&signature).to_vec().unwrap()
}

/// The CMS structure of an entity in base64.
fn structure(entity: &[u8]) -> Vec<u8> {
    let packed: Vec<u8> = field::split(entity)
        .1
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    base64_simd::STANDARD.decode_to_vec(packed).unwrap()
}

/// As that type, and written again as long: `cms` has an order of its own for a SET OF RecipientInfo.
fn read<T: for<'a> Decode<'a, Error = der::Error> + Encode>(bytes: &[u8], kind: oid::Oid) -> T {
    let info = ContentInfo::from_der(bytes).unwrap();
    assert_eq!(info.content_type, kind);
    let inner = info.content.to_der().unwrap();
    let value = T::from_der(&inner).unwrap();
    assert_eq!(value.to_der().unwrap().len(), inner.len());
    value
}
