//! Keys of the doctor. `software` holds those of a file, `pkcs12` reads and writes such files, `request` makes one and asks for its
//! certificate, `shelf` says of each where it stands in its life; cards will stand beside them. `proofs` is what providers know
//! him by, `token` what a program of his prints for that.

pub mod pkcs12;
pub mod proofs;
pub mod request;
pub mod shelf;
pub mod software;
pub mod token;

pub use proofs::HomeProofs;
pub use software::{ImportError, SoftwareKey};

use crate::base::Secret;
use crate::smime::encrypt::Material;

/// Fresh random values to encrypt one message with; `None`: the system gives no randomness.
pub fn material() -> Option<Material> {
    let mut key = vec![0; 32];
    let mut iv = [0; 16];
    aws_lc_rs::rand::fill(&mut key).ok()?;
    aws_lc_rs::rand::fill(&mut iv).ok()?;
    Some(Material { key: Secret::new(key), iv })
}
