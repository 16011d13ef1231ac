//! The primitives alone, used as well as they can be: keys kept, buffers kept, pieces that stay in the processor's cache.

use super::measure::seconds;
use aws_lc_rs::cipher::{AES_256, DecryptionContext, EncryptionContext, StreamingDecryptingKey, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64_simd::{Out, STANDARD};
use std::hint::black_box;

/// Octets handed to a primitive at once: whole lines of base64, and whole blocks of the cipher.
const PIECE: usize = 57 * 16 * 64;
const KEY: [u8; 32] = [7; 32];
const IV: [u8; 16] = [9; 16];

/// One RSA-2048 key, ready for use.
pub struct Bare {
    signing: KeyPair,
    decrypting: Pkcs1PrivateDecryptingKey,
    encrypting: Pkcs1PublicEncryptingKey,
    wrapped: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    pub fn new() -> Self {
        let signing = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let private = PrivateDecryptingKey::from_pkcs8(signing.as_der().unwrap().as_ref()).unwrap();
        let encrypting = Pkcs1PublicEncryptingKey::new(private.public_key()).unwrap();
        let mut wrapped = vec![0; 256];
        encrypting.encrypt(&KEY, &mut wrapped).unwrap();
        let mut bare = Self {
            signing,
            decrypting: Pkcs1PrivateDecryptingKey::new(private).unwrap(),
            encrypting,
            wrapped,
            signature: vec![0; 256],
        };
        bare.signature = bare.sign();
        bare
    }

    fn sign(&self) -> Vec<u8> {
        let mut out = vec![0; 256];
        self.signing
            .sign(&RSA_PKCS1_SHA256, &aws_lc_rs::rand::SystemRandom::new(), b"attributes", &mut out)
            .unwrap();
        out
    }

    fn decrypt(&self) {
        let mut out = [0; 256];
        black_box(self.decrypting.decrypt(&self.wrapped, &mut out).unwrap());
    }

    fn wrap(&self) {
        let mut out = [0; 256];
        black_box(self.encrypting.encrypt(&KEY, &mut out).unwrap());
    }

    fn verify(&self) {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.signing.public_key());
        key.verify(b"attributes", &self.signature).unwrap();
    }

    pub fn sign_rate(&self, batch: usize) -> f64 {
        rate(batch, || drop(black_box(self.sign())))
    }

    pub fn decrypt_rate(&self, batch: usize) -> f64 {
        rate(batch, || self.decrypt())
    }

    /// Signature, a key for two readers, and the pipeline.
    pub fn sealing_rate(&self, pipeline: &mut Pipeline, batch: usize) -> f64 {
        rate(batch, || {
            self.sign();
            self.wrap();
            self.wrap();
            pipeline.out();
        })
    }

    /// The key unwrapped, the signatures of the signer and of its authority, and the pipeline.
    pub fn opening_rate(&self, pipeline: &mut Pipeline, batch: usize) -> f64 {
        rate(batch, || {
            self.decrypt();
            self.verify();
            self.verify();
            pipeline.inwards();
        })
    }

    pub fn encrypt_rate(&self, block: &[u8]) -> f64 {
        let mut out = vec![0; PIECE + 16];
        megabytes(block.len(), || {
            let mut stream = encryption();
            for piece in block.chunks(PIECE) {
                black_box(stream.update(piece, &mut out).unwrap().written());
            }
        })
    }
}

pub fn sha256_rate(block: &[u8]) -> f64 {
    megabytes(block.len(), || {
        black_box(digest::digest(&SHA256, block));
    })
}

/// Every octet of a message through hash, base64, cipher and base64, outwards and inwards.
pub struct Pipeline {
    message: Vec<u8>,
    sealed: Vec<u8>,
    /// Kept from run to run: signed text, ciphertext, sealed text, and pieces.
    buffers: [Vec<u8>; 3],
    piece: Vec<u8>,
}

impl Pipeline {
    pub fn new(bare: &Bare, message: &[u8]) -> Self {
        black_box(bare);
        let mut pipeline = Self {
            message: message.to_vec(),
            sealed: Vec::new(),
            buffers: Default::default(),
            piece: vec![0; PIECE * 2],
        };
        pipeline.out();
        pipeline.sealed = pipeline.buffers[2].clone();
        pipeline
    }

    pub fn out_rate(&mut self) -> f64 {
        megabytes(self.message.len(), || self.out())
    }

    pub fn in_rate(&mut self) -> f64 {
        megabytes(self.message.len(), || self.inwards())
    }

    fn out(&mut self) {
        let [signed, cipher, sealed] = &mut self.buffers;
        for buffer in [&mut *signed, &mut *cipher, &mut *sealed] {
            buffer.clear();
        }
        black_box(digest::digest(&SHA256, &self.message));
        lines(&self.message, &mut self.piece, signed);
        let mut stream = encryption();
        for piece in signed.chunks(PIECE) {
            cipher.extend_from_slice(stream.update(piece, &mut self.piece).unwrap().written());
        }
        cipher.extend_from_slice(stream.finish(&mut self.piece).unwrap().1.written());
        lines(cipher, &mut self.piece, sealed);
    }

    fn inwards(&mut self) {
        let [plain, cipher, signed] = &mut self.buffers;
        unlines(&self.sealed, &mut self.piece, cipher);
        let key = UnboundCipherKey::new(&AES_256, &KEY).unwrap();
        let mut stream = StreamingDecryptingKey::cbc_pkcs7(key, DecryptionContext::Iv128(IV.into())).unwrap();
        signed.clear();
        for piece in cipher.chunks(PIECE) {
            signed.extend_from_slice(stream.update(piece, &mut self.piece).unwrap().written());
        }
        signed.extend_from_slice(stream.finish(&mut self.piece).unwrap().written());
        unlines(signed, &mut self.piece, plain);
        assert_eq!(plain.len(), self.message.len());
        black_box(digest::digest(&SHA256, plain));
    }
}

fn encryption() -> StreamingEncryptingKey {
    let key = UnboundCipherKey::new(&AES_256, &KEY).unwrap();
    StreamingEncryptingKey::less_safe_cbc_pkcs7(key, EncryptionContext::Iv128(IV.into())).unwrap()
}

/// Base64 in lines of 76.
fn lines(octets: &[u8], text: &mut [u8], out: &mut Vec<u8>) {
    for piece in octets.chunks(PIECE) {
        for line in STANDARD.encode(piece, Out::from_slice(text)).chunks(76) {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// And back.
fn unlines(text: &[u8], packed: &mut [u8], out: &mut Vec<u8>) {
    out.clear();
    for piece in text.chunks(78 * 1024) {
        let mut n = 0;
        for line in piece.chunks(78) {
            let line = line.strip_suffix(b"\r\n").unwrap_or(line);
            packed[n..n + line.len()].copy_from_slice(line);
            n += line.len();
        }
        out.extend_from_slice(STANDARD.decode_inplace(&mut packed[..n]).unwrap());
    }
}

fn rate(batch: usize, mut work: impl FnMut()) -> f64 {
    batch as f64 / seconds(|| (0..batch).for_each(|_| work()))
}

fn megabytes(octets: usize, work: impl FnOnce()) -> f64 {
    octets as f64 / 1e6 / seconds(work)
}
