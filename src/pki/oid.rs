//! Object identifiers in use, under the names of their RFCs.

/// An object identifier.
pub type Oid = const_oid::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => { $($(#[$doc])* pub const $name: Oid = Oid::new_unwrap($text);)* };
}

oids! {
    /// id-data (RFC 5652 §4).
    DATA = "1.2.840.113549.1.7.1";
    /// id-signedData (RFC 5652 §5).
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    /// id-envelopedData (RFC 5652 §6).
    ENVELOPED_DATA = "1.2.840.113549.1.7.3";
    /// id-encryptedData (RFC 5652 §8).
    ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
    /// id-ct-compressedData (RFC 3274).
    COMPRESSED_DATA = "1.2.840.113549.1.9.16.1.9";
    /// id-ct-authEnvelopedData (RFC 5083).
    AUTH_ENVELOPED_DATA = "1.2.840.113549.1.9.16.1.23";
    /// id-alg-zlibCompress (RFC 3274).
    ZLIB = "1.2.840.113549.1.9.16.3.8";

    /// id-contentType (RFC 5652 §11.1).
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    /// id-messageDigest (RFC 5652 §11.2).
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    /// id-signingTime (RFC 5652 §11.3).
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    /// smimeCapabilities (RFC 8551 §2.5.2).
    SMIME_CAPABILITIES = "1.2.840.113549.1.9.15";
    /// id-aa-encrypKeyPref (RFC 8551 §2.5.3).
    ENCRYPTION_KEY_PREFERENCE = "1.2.840.113549.1.9.16.2.11";
    /// id-aa-signingCertificate (RFC 2634 §5.4).
    SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
    /// id-aa-signingCertificateV2 (RFC 5035).
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";

    /// id-sha1.
    SHA1 = "1.3.14.3.2.26";
    /// id-sha224.
    SHA224 = "2.16.840.1.101.3.4.2.4";
    /// id-sha256.
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// id-sha384.
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// id-sha512.
    SHA512 = "2.16.840.1.101.3.4.2.3";

    /// rsaEncryption (RFC 8017).
    RSA = "1.2.840.113549.1.1.1";
    /// sha1WithRSAEncryption.
    SHA1_RSA = "1.2.840.113549.1.1.5";
    /// id-RSAES-OAEP.
    OAEP = "1.2.840.113549.1.1.7";
    /// id-mgf1.
    MGF1 = "1.2.840.113549.1.1.8";
    /// id-pSpecified.
    P_SPECIFIED = "1.2.840.113549.1.1.9";
    /// id-RSASSA-PSS.
    PSS = "1.2.840.113549.1.1.10";
    /// sha224WithRSAEncryption.
    SHA224_RSA = "1.2.840.113549.1.1.14";
    /// sha256WithRSAEncryption.
    SHA256_RSA = "1.2.840.113549.1.1.11";
    /// sha384WithRSAEncryption.
    SHA384_RSA = "1.2.840.113549.1.1.12";
    /// sha512WithRSAEncryption.
    SHA512_RSA = "1.2.840.113549.1.1.13";

    /// id-ecPublicKey (RFC 5480).
    EC = "1.2.840.10045.2.1";
    /// secp256r1.
    P256 = "1.2.840.10045.3.1.7";
    /// secp384r1.
    P384 = "1.3.132.0.34";
    /// secp521r1.
    P521 = "1.3.132.0.35";
    /// ecdsa-with-SHA1.
    ECDSA_SHA1 = "1.2.840.10045.4.1";
    /// ecdsa-with-SHA224.
    ECDSA_SHA224 = "1.2.840.10045.4.3.1";
    /// ecdsa-with-SHA256.
    ECDSA_SHA256 = "1.2.840.10045.4.3.2";
    /// ecdsa-with-SHA384.
    ECDSA_SHA384 = "1.2.840.10045.4.3.3";
    /// ecdsa-with-SHA512.
    ECDSA_SHA512 = "1.2.840.10045.4.3.4";
    /// id-Ed25519 (RFC 8410).
    ED25519 = "1.3.101.112";
    /// id-X25519 (RFC 8410).
    X25519 = "1.3.101.110";

    /// dhSinglePass-stdDH-sha1kdf-scheme (RFC 5753).
    STD_DH_SHA1 = "1.3.133.16.840.63.0.2";
    /// dhSinglePass-cofactorDH-sha1kdf-scheme.
    COFACTOR_DH_SHA1 = "1.3.133.16.840.63.0.3";
    /// dhSinglePass-stdDH-sha224kdf-scheme.
    STD_DH_SHA224 = "1.3.132.1.11.0";
    /// dhSinglePass-stdDH-sha256kdf-scheme.
    STD_DH_SHA256 = "1.3.132.1.11.1";
    /// dhSinglePass-stdDH-sha384kdf-scheme.
    STD_DH_SHA384 = "1.3.132.1.11.2";
    /// dhSinglePass-stdDH-sha512kdf-scheme.
    STD_DH_SHA512 = "1.3.132.1.11.3";
    /// dhSinglePass-cofactorDH-sha224kdf-scheme.
    COFACTOR_DH_SHA224 = "1.3.132.1.14.0";
    /// dhSinglePass-cofactorDH-sha256kdf-scheme.
    COFACTOR_DH_SHA256 = "1.3.132.1.14.1";
    /// dhSinglePass-cofactorDH-sha384kdf-scheme.
    COFACTOR_DH_SHA384 = "1.3.132.1.14.2";
    /// dhSinglePass-cofactorDH-sha512kdf-scheme.
    COFACTOR_DH_SHA512 = "1.3.132.1.14.3";
    /// dhSinglePass-stdDH-hkdf-sha256-scheme (RFC 8418).
    STD_DH_HKDF_SHA256 = "1.2.840.113549.1.9.16.3.19";
    /// dhSinglePass-stdDH-hkdf-sha384-scheme (RFC 8418).
    STD_DH_HKDF_SHA384 = "1.2.840.113549.1.9.16.3.20";
    /// dhSinglePass-stdDH-hkdf-sha512-scheme (RFC 8418).
    STD_DH_HKDF_SHA512 = "1.2.840.113549.1.9.16.3.21";

    /// id-aes128-wrap (RFC 3394).
    AES128_WRAP = "2.16.840.1.101.3.4.1.5";
    /// id-aes192-wrap.
    AES192_WRAP = "2.16.840.1.101.3.4.1.25";
    /// id-aes256-wrap.
    AES256_WRAP = "2.16.840.1.101.3.4.1.45";
    /// id-alg-CMS3DESwrap (RFC 3370 §4.3.1).
    TRIPLE_DES_WRAP = "1.2.840.113549.1.9.16.3.6";
    /// id-aes128-CBC.
    AES128_CBC = "2.16.840.1.101.3.4.1.2";
    /// id-aes192-CBC.
    AES192_CBC = "2.16.840.1.101.3.4.1.22";
    /// id-aes256-CBC.
    AES256_CBC = "2.16.840.1.101.3.4.1.42";
    /// id-alg-PWRI-KEK (RFC 3211 §2.3).
    PWRI_KEK = "1.2.840.113549.1.9.16.3.9";
    /// id-aes128-GCM.
    AES128_GCM = "2.16.840.1.101.3.4.1.6";
    /// id-aes192-GCM.
    AES192_GCM = "2.16.840.1.101.3.4.1.26";
    /// id-aes256-GCM.
    AES256_GCM = "2.16.840.1.101.3.4.1.46";
    /// des-ede3-cbc.
    DES_EDE3_CBC = "1.2.840.113549.3.7";
    /// rc2-cbc.
    RC2_CBC = "1.2.840.113549.3.2";

    /// commonName.
    COMMON_NAME = "2.5.4.3";
    /// surname.
    SURNAME = "2.5.4.4";
    /// title, by which a card names its holder's profession.
    TITLE = "2.5.4.12";
    /// givenName.
    GIVEN_NAME = "2.5.4.42";
    /// countryName.
    COUNTRY = "2.5.4.6";
    /// localityName.
    LOCALITY = "2.5.4.7";
    /// stateOrProvinceName.
    STATE = "2.5.4.8";
    /// serialNumber of a name.
    SERIAL_NUMBER = "2.5.4.5";
    /// organizationName.
    ORGANIZATION = "2.5.4.10";
    /// organizationalUnitName.
    ORGANIZATIONAL_UNIT = "2.5.4.11";
    /// emailAddress (PKCS#9).
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";
    /// SmtpUTF8Mailbox (RFC 9598).
    SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9";

    /// id-ce-subjectKeyIdentifier.
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// id-ce-keyUsage.
    KEY_USAGE = "2.5.29.15";
    /// id-ce-subjectAltName.
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// id-ce-basicConstraints.
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// id-ce-nameConstraints.
    NAME_CONSTRAINTS = "2.5.29.30";
    /// id-ce-policyMappings.
    POLICY_MAPPINGS = "2.5.29.33";
    /// id-ce-policyConstraints.
    POLICY_CONSTRAINTS = "2.5.29.36";
    /// id-ce-inhibitAnyPolicy.
    INHIBIT_ANY_POLICY = "2.5.29.54";
    /// anyPolicy (RFC 5280 §4.2.1.4).
    ANY_POLICY = "2.5.29.32.0";
    /// id-ce-certificatePolicies.
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// id-ce-extKeyUsage.
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// anyExtendedKeyUsage.
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// id-ce-cRLNumber.
    CRL_NUMBER = "2.5.29.20";
    /// id-ce-cRLReasons.
    REASON_CODE = "2.5.29.21";
    /// id-ce-invalidityDate.
    INVALIDITY_DATE = "2.5.29.24";
    /// id-ce-deltaCRLIndicator.
    DELTA_CRL_INDICATOR = "2.5.29.27";
    /// id-ce-issuingDistributionPoint.
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// id-ce-certificateIssuer.
    CERTIFICATE_ISSUER = "2.5.29.29";
    /// id-ce-cRLDistributionPoints.
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// id-ce-authorityKeyIdentifier.
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// id-ce-freshestCRL.
    FRESHEST_CRL = "2.5.29.46";
    /// id-ce-expiredCertsOnCRL (X.509).
    EXPIRED_CERTS_ON_CRL = "2.5.29.60";
    /// id-pe-authorityInfoAccess.
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// id-ad-ocsp.
    OCSP = "1.3.6.1.5.5.7.48.1";
    /// id-pkix-ocsp-basic (RFC 6960 §4.2.1).
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
    /// id-pkix-ocsp-nonce (RFC 9654).
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// id-kp-serverAuth.
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// id-kp-clientAuth.
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    /// id-kp-codeSigning.
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    /// id-kp-timeStamping.
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// id-kp-OCSPSigning (RFC 6960 §4.2.2.2).
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
    /// id-kp-emailProtection.
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";

    /// keyBag (RFC 7292 §4.2).
    KEY_BAG = "1.2.840.113549.1.12.10.1.1";
    /// pkcs8ShroudedKeyBag.
    SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
    /// certBag.
    CERT_BAG = "1.2.840.113549.1.12.10.1.3";
    /// safeContentsBag.
    SAFE_CONTENTS_BAG = "1.2.840.113549.1.12.10.1.6";
    /// x509Certificate of a certBag.
    X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";
    /// extensionRequest (RFC 2985 §5.4.2).
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// friendlyName.
    FRIENDLY_NAME = "1.2.840.113549.1.9.20";
    /// localKeyID.
    LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
    /// pbeWithSHAAnd3-KeyTripleDES-CBC.
    PBE_SHA_3DES = "1.2.840.113549.1.12.1.3";
    /// pbeWithSHAAnd128BitRC2-CBC.
    PBE_SHA_RC2_128 = "1.2.840.113549.1.12.1.5";
    /// pbeWithSHAAnd40BitRC2-CBC.
    PBE_SHA_RC2_40 = "1.2.840.113549.1.12.1.6";
    /// PBES2 (RFC 8018).
    PBES2 = "1.2.840.113549.1.5.13";
    /// PBKDF2 (RFC 8018).
    PBKDF2 = "1.2.840.113549.1.5.12";
    /// hmacWithSHA1.
    HMAC_SHA1 = "1.2.840.113549.2.7";
    /// hmacWithSHA256.
    HMAC_SHA256 = "1.2.840.113549.2.9";
    /// hmacWithSHA384.
    HMAC_SHA384 = "1.2.840.113549.2.10";
    /// hmacWithSHA512.
    HMAC_SHA512 = "1.2.840.113549.2.11";
}
