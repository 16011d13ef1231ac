//! One revocation list on disk: what it says of itself, a sparse index, and its records in order.
//!
//! ```text
//! "souspli-list 1\n"  u32 octets of the header  header (JSON)  index: KEY and check of each block  records
//! ```
//! In memory are the header and the index: 32 octets for each 128 certificates. A look-up reads one block.

use super::record::{self, BLOCK, KEY, Key, RECORD, Record};
use crate::base::limits::{LIST_ENTRIES_MAX, LIST_HEADER_MAX, LIST_ISSUERS_MAX};
use crate::base::{Realm, UnixTime};
use crate::pki::authority::Profile;
use crate::pki::ber::BerError;
use crate::pki::crl::{Crl, Entry, Head};
use crate::pki::name::DistinguishedName;
use crate::pki::revocation::{List, Unreadable};
use crate::pki::{Certificate, Path};
use crate::store::{StoreError, atomic, hex};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path as FilePath;
use std::sync::OnceLock;

const TITLE: &[u8; 15] = b"souspli-list 1\n";
/// Octets of the index for one block: its first key, a check of its octets.
const INDEXED: usize = 32;
const CHECK: usize = INDEXED - KEY;

/// Where a list comes from, and what the server said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its place.
    pub url: String,
    /// ETag as received.
    pub etag: Option<String>,
    /// Last-Modified as received.
    pub modified: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    origin: Origin,
    /// The list without its entries, in DER.
    list: String,
    /// The certificates from its signer to an authority, in DER.
    signer: Vec<String>,
    /// Realm and rules of that authority.
    realm: String,
    profile: String,
    /// Whose certificates are on it: each a list of relative names.
    issuers: Vec<Vec<String>>,
    entries: usize,
    received: i64,
}

/// A list that is kept.
#[derive(Debug)]
pub struct KeptList {
    origin: Origin,
    received: UnixTime,
    head: Head,
    signer: Path,
    issuers: Vec<DistinguishedName>,
    entries: usize,
    file: File,
    /// Where the index begins.
    index_at: u64,
    index: OnceLock<Vec<[u8; INDEXED]>>,
}

/// Why a list could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// An entry cannot be read, or there are too many.
    #[error("the list cannot be read")]
    List(#[from] BerError),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes a list whose signature has been checked.
pub(super) fn write(path: &FilePath, crl: &Crl, signer: &Path, origin: &Origin, received: UnixTime) -> Result<(), KeepError> {
    let (issuers, records) = records(crl)?;
    let header = Header {
        origin: origin.clone(),
        list: hex::encode(&crl.without_entries()),
        signer: signer.certificates.iter().map(|c| hex::encode(c.der())).collect(),
        realm: signer.realm.as_str().to_owned(),
        profile: signer.profile.as_str().to_owned(),
        issuers: issuers
            .iter()
            .map(|name| name.iter().map(|rdn| hex::encode(rdn)).collect())
            .collect(),
        entries: records.len(),
        received: received.0,
    };
    let header = serde_json::to_vec(&header).map_err(|_| BerError::TooLarge)?;
    let length = u32::try_from(header.len()).ok().filter(|n| u64::from(*n) <= LIST_HEADER_MAX);
    let length = length.ok_or(BerError::TooLarge)?;
    let fill = |file: &mut File| {
        let mut out = io::BufWriter::with_capacity(1 << 16, file);
        out.write_all(TITLE)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(&header)?;
        for block in records.chunks(BLOCK) {
            out.write_all(&block[0][..KEY])?;
            out.write_all(&check(block.as_flattened()))?;
        }
        out.write_all(records.as_flattened())?;
        out.flush()
    };
    atomic::write_with(path, fill).map_err(StoreError::write(path))?;
    Ok(())
}

/// The issuers in the order of the list, and every entry; of two about one certificate the first counts.
fn records(crl: &Crl) -> Result<(Vec<DistinguishedName>, Vec<Record>), BerError> {
    let mut places: HashMap<DistinguishedName, u16> = HashMap::new();
    let mut issuers: Vec<DistinguishedName> = Vec::new();
    let mut records: Vec<Record> = Vec::new();
    let mut last: Option<(std::sync::Arc<DistinguishedName>, u16)> = None;
    for listed in crl.entries() {
        let listed = listed?;
        if records.len() == LIST_ENTRIES_MAX {
            return Err(BerError::TooLarge);
        }
        let place = match &last {
            Some((name, place)) if std::sync::Arc::ptr_eq(name, &listed.issuer) => *place,
            _ => {
                let next = u16::try_from(issuers.len()).map_err(|_| BerError::TooLarge)?;
                let place = *places.entry((*listed.issuer).clone()).or_insert(next);
                if place == next {
                    issuers.push((*listed.issuer).clone());
                }
                last = Some((listed.issuer, place));
                place
            }
        };
        records.push(record::record(&record::key(place, listed.serial), listed.entry));
    }
    records.sort_unstable();
    records.dedup_by(|later, first| record::key_of(later) == record::key_of(first));
    Ok((issuers, records))
}

fn check(block: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest::digest(&digest::SHA256, block).as_ref()[..CHECK]);
    check
}

/// Opens a list; `None`: none that this program wrote.
pub(super) fn open(path: &FilePath) -> Option<KeptList> {
    read(File::open(path).ok()?).ok().flatten()
}

fn read(mut file: File) -> io::Result<Option<KeptList>> {
    let mut title = [0; TITLE.len()];
    let mut length = [0; 4];
    file.read_exact(&mut title)?;
    file.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    if title != *TITLE || length > LIST_HEADER_MAX {
        return Ok(None);
    }
    let mut header = Vec::new();
    (&mut file).take(length).read_to_end(&mut header)?;
    Ok(of_header(&header, file, TITLE.len() as u64 + 4 + length))
}

fn of_header(header: &[u8], file: File, index_at: u64) -> Option<KeptList> {
    let header: Header = serde_json::from_slice(header).ok()?;
    let head = Crl::from_der(hex::decode(&header.list)?).ok()?.head().clone();
    let certificate = |der: &String| Certificate::from_der(hex::decode(der)?).ok();
    let signer = header.signer.iter().map(certificate).collect::<Option<Vec<_>>>()?;
    let name = |rdns: &Vec<String>| rdns.iter().map(|rdn| hex::decode(rdn)).collect::<Option<DistinguishedName>>();
    let issuers = header.issuers.iter().map(name).collect::<Option<Vec<_>>>()?;
    if header.entries > LIST_ENTRIES_MAX || issuers.len() > LIST_ISSUERS_MAX {
        return None;
    }
    Some(KeptList {
        origin: header.origin,
        received: UnixTime(header.received),
        head,
        signer: Path {
            certificates: signer,
            realm: [Realm::Production, Realm::Test].into_iter().find(|r| r.as_str() == header.realm)?,
            profile: Profile::parse(&header.profile)?,
        },
        issuers,
        entries: header.entries,
        file,
        index_at,
        index: OnceLock::new(),
    })
}

impl KeptList {
    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When it came.
    pub fn received(&self) -> UnixTime {
        self.received
    }

    /// How many certificates are on it.
    pub fn entries(&self) -> usize {
        self.entries
    }

    fn blocks(&self) -> usize {
        self.entries.div_ceil(BLOCK)
    }

    /// Read at the first look-up: a start takes no longer for lists.
    fn index(&self) -> io::Result<&[[u8; INDEXED]]> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut index = vec![[0; INDEXED]; self.blocks()];
        read_at(&self.file, index.as_flattened_mut(), self.index_at)?;
        Ok(self.index.get_or_init(|| index))
    }

    fn search(&self, key: &Key) -> io::Result<Option<Entry>> {
        let index = self.index()?;
        let after = index.partition_point(|block| block[..KEY] <= key[..]);
        let Some(number) = after.checked_sub(1) else { return Ok(None) };
        let mut block = vec![[0; RECORD]; BLOCK.min(self.entries - number * BLOCK)];
        let records_at = self.index_at + (index.len() * INDEXED) as u64;
        read_at(&self.file, block.as_flattened_mut(), records_at + (number * BLOCK * RECORD) as u64)?;
        if check(block.as_flattened()) != index[number][KEY..] {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let found = block.binary_search_by(|r| record::key_of(r).cmp(key));
        Ok(found.ok().map(|at| record::entry(&block[at])))
    }
}

impl List for KeptList {
    fn head(&self) -> &Head {
        &self.head
    }

    fn signer(&self) -> &Path {
        &self.signer
    }

    fn find(&self, issuer: &DistinguishedName, serial: &[u8]) -> Result<Option<Entry>, Unreadable> {
        let Some(place) = self.issuers.iter().position(|i| i == issuer) else {
            return Ok(None);
        };
        let place = u16::try_from(place).map_err(|_| Unreadable)?;
        self.search(&record::key(place, serial)).map_err(|error| {
            tracing::warn!(%error, "a revocation list could not be read");
            Unreadable
        })
    }
}

/// Without moving the file's own place: several look up at once.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, buffer, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[read..];
        at += read as u64;
    }
    Ok(())
}
