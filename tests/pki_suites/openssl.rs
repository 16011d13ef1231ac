//! Chains of OpenSSL's own tests: algorithms below the floor are read, named, and trusted by nobody.

use crate::{DAY, corpora, path};
use souspli::pki::path::{PathError, Policies};
use souspli::pki::{Certificate, Trust, certificates_in};

fn certificate(name: &str) -> Certificate {
    let file = corpora().join("openssl/certs").join(format!("{name}.pem"));
    certificates_in(&std::fs::read(file).unwrap()).remove(0)
}

fn said(leaf: &str, between: &[&str], root: &str) -> Result<(), PathError> {
    let between: Vec<Certificate> = between.iter().map(|name| certificate(name)).collect();
    let trust = Trust::of(vec![certificate(root)]);
    path(&certificate(leaf), &between, &trust, DAY, Policies::default()).map(drop)
}

#[test]
fn what_is_obsolete_is_said_and_never_trusted() {
    for (leaf, between, root, wanted) in [
        ("ee-cert", vec!["ca-cert"], "root-cert", Ok(())),
        ("ee-cert-1024", vec!["ca-cert"], "root-cert", Err(PathError::WeakKey)),
        ("ee-cert-768", vec!["ca-cert"], "root-cert", Err(PathError::WeakKey)),
        ("ee-cert-768i", vec!["ca-cert-768"], "root-cert", Err(PathError::WeakKey)),
        ("ee-pss-sha1-cert", vec!["ca-cert"], "root-cert", Err(PathError::Obsolete)),
        ("ee-pss-sha256-cert", vec!["ca-cert"], "root-cert", Ok(())),
        ("ee-cert-md5", vec!["ca-cert"], "root-cert", Err(PathError::Unsupported)),
        ("ee-cert", vec!["ca-cert-md5"], "root-cert", Err(PathError::Unsupported)),
        ("ee-cert", vec!["ca-cert-768"], "root-cert", Err(PathError::WeakKey)),
        ("ee-cert", vec!["ca-cert"], "root-cert-768", Err(PathError::WeakKey)),
        // Of several ways that fail the nearest is told; one that holds is found among them.
        ("ee-cert", vec!["ca-cert-md5", "ca-cert-768"], "root-cert", Err(PathError::WeakKey)),
        ("ee-cert", vec!["ca-cert-md5", "ca-cert-768", "ca-cert"], "root-cert", Ok(())),
    ] {
        assert_eq!(said(leaf, &between, root), wanted, "{leaf} {between:?} {root}");
    }
}
