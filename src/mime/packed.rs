//! Text and files inside a file: `winmail.dat` (MS-OXTNEF), its compressed RTF (MS-OXRTFCP) and that of `.msg`, RTF as it is,
//! uuencode, ZIP.
//!
//! Only for asking whether something stands in them; bounded, and whatever is damaged gives what was read until there.

use super::rtf;
use crate::base::limits::{PACKED_FILES_MAX, PACKED_OUT_MAX};
use flate2::{Decompress, FlushDecompress, Status};

/// The signature of a compressed RTF; ten octets before it its header begins.
const COMPRESSED_RTF: &[u8] = b"LZFu";
/// The same of one that is not compressed.
const PLAIN_RTF: &[u8] = b"MELA";
/// What a decoder's window holds at the start (MS-OXRTFCP §2.1.3.1.3).
const RTF_WINDOW: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4096;
/// The signature of a `winmail.dat`.
const TNEF: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();
/// What the line before a uuencoded file begins with.
const UUENCODED: &[u8] = b"begin ";
/// The local header of a file in a ZIP (APPNOTE 4.3.7).
const ZIP_FILE: &[u8] = b"PK\x03\x04";
const ZIP_HEADER: usize = 30;

/// What is packed in these octets, each file by itself; none where nothing is.
pub fn unpacked(octets: &[u8]) -> Vec<Vec<u8>> {
    let begins = [ZIP_FILE, &TNEF, rtf::SIGNATURE];
    if !begins.iter().any(|signature| octets.starts_with(signature)) && !holds_a_beginning(octets) {
        return Vec::new();
    }
    let mut room = PACKED_OUT_MAX;
    let mut out = Vec::new();
    let rtf = memchr::memmem::find_iter(octets, COMPRESSED_RTF).map(|at| Packed::CompressedRtf(&octets[at + COMPRESSED_RTF.len()..]));
    let plain_rtf = memchr::memmem::find_iter(octets, PLAIN_RTF).map(|at| Packed::PlainRtf(&octets[at + PLAIN_RTF.len()..]));
    let zipped = octets.starts_with(ZIP_FILE).then(|| memchr::memmem::find_iter(octets, ZIP_FILE));
    let zipped = zipped.into_iter().flatten().map(|at| Packed::Zip(&octets[at..]));
    let coded = uuencoded(octets).map(Packed::Uu);
    let attached = tnef_files(octets).map(Packed::Plain);
    let document = octets.starts_with(rtf::SIGNATURE).then_some(Packed::Rtf(octets));
    for packed in document
        .into_iter()
        .chain(rtf)
        .chain(plain_rtf)
        .chain(zipped)
        .chain(coded)
        .chain(attached)
        .take(PACKED_FILES_MAX)
    {
        let file = packed.unpack(room);
        room = room.saturating_sub(file.len());
        if !file.is_empty() {
            out.push(file);
        }
    }
    out
}

/// Whether what a compressed RTF, another one or uuencode begins with stands somewhere: one pass, as nearly all files hold none.
fn holds_a_beginning(octets: &[u8]) -> bool {
    let stands = |at: usize, word: &[u8], sign: usize| at.checked_sub(sign).is_some_and(|start| octets[start..].starts_with(word));
    // By a letter of each that is rare in texts.
    memchr::memchr3_iter(b'Z', b'M', b'g', octets).any(|at| match octets[at] {
        b'Z' => stands(at, COMPRESSED_RTF, 1),
        b'M' => stands(at, PLAIN_RTF, 0),
        _ => stands(at, UUENCODED, 2),
    })
}

/// What a compound file begins with (MS-CFB §2.2), of which `.msg` is one.
const COMPOUND: [u8; 8] = 0xe11a_b1a1_e011_cfd0_u64.to_le_bytes();

/// Whether something can be packed in a file that begins so: false for pictures, PDF and the like.
pub fn may_hold_files(start: &[u8]) -> bool {
    start.is_ascii() || start.starts_with(ZIP_FILE) || start.starts_with(&TNEF) || start.starts_with(&COMPOUND)
}

enum Packed<'a> {
    CompressedRtf(&'a [u8]),
    PlainRtf(&'a [u8]),
    Rtf(&'a [u8]),
    Zip(&'a [u8]),
    Uu(&'a [u8]),
    Plain(&'a [u8]),
}

impl Packed<'_> {
    fn unpack(&self, room: usize) -> Vec<u8> {
        match self {
            Packed::CompressedRtf(stream) => rtf::text(&decompress_rtf(stream, room)),
            Packed::PlainRtf(content) => match content.get(4..) {
                Some(content) => Packed::Rtf(content).unpack(room),
                None => Vec::new(),
            },
            Packed::Rtf(content) if content.starts_with(rtf::SIGNATURE) => rtf::text(&content[..content.len().min(room)]),
            Packed::Rtf(_) => Vec::new(),
            Packed::Zip(file) => zip_file(file, room),
            Packed::Uu(lines) => uudecode(lines, room),
            Packed::Plain(file) => file[..file.len().min(room)].to_vec(),
        }
    }
}

/// The content of each attachment (attAttachData, MS-OXTNEF §2.1.3.3): level, id, length, data, checksum.
fn tnef_files(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    const ATTACHED: [u8; 4] = 0x0006_800f_u32.to_le_bytes();
    let mut rest = octets.strip_prefix(&TNEF).and_then(|rest| rest.get(2..)).unwrap_or_default();
    std::iter::from_fn(move || {
        let (id, after) = rest.get(1..)?.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let (data, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = after.get(2..)?;
        Some((*id, data))
    })
    .filter_map(|(id, data)| (id == ATTACHED).then_some(data))
}

/// MS-OXRTFCP §2.2.3: groups of eight, each an octet or a reference into the window, until a reference to the place where
/// the next octet goes. `stream` begins with the CRC.
fn decompress_rtf(stream: &[u8], room: usize) -> Vec<u8> {
    let mut window = [b' '; WINDOW];
    window[..RTF_WINDOW.len()].copy_from_slice(RTF_WINDOW);
    let (mut at, mut out) = (RTF_WINDOW.len(), Vec::new());
    let mut rest = stream.get(4..).unwrap_or_default();
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if out.len() >= room {
                return out;
            }
            let (from, length) = if control & (1 << bit) == 0 {
                let Some((&octet, after)) = rest.split_first() else { return out };
                rest = after;
                window[at] = octet;
                (at, 1)
            } else {
                let Some((pair, after)) = rest.split_first_chunk::<2>() else {
                    return out;
                };
                rest = after;
                let reference = usize::from(u16::from_be_bytes(*pair));
                (reference >> 4, (reference & 15) + 2)
            };
            if length > 1 && from == at {
                return out;
            }
            for n in 0..length {
                let octet = window[(from + n) % WINDOW];
                window[at] = octet;
                at = (at + 1) % WINDOW;
                out.push(octet);
            }
        }
    }
    out
}

/// A stored or deflated file. Its sizes may stand behind it: what ends the stream ends the file.
fn zip_file(octets: &[u8], room: usize) -> Vec<u8> {
    let number = |at: usize| {
        octets
            .get(at..at + 2)
            .map_or(0, |two| usize::from(u16::from_le_bytes([two[0], two[1]])))
    };
    let begins = ZIP_HEADER + number(26) + number(28);
    let Some(content) = octets.get(begins..) else { return Vec::new() };
    match number(8) {
        0 => content[..content.len().min(room).min(number(18) + (number(20) << 16))].to_vec(),
        8 => inflate(content, room),
        _ => Vec::new(),
    }
}

fn inflate(content: &[u8], room: usize) -> Vec<u8> {
    let mut stream = Decompress::new(false);
    let mut out = Vec::new();
    loop {
        let read = stream.total_in() as usize;
        out.reserve((64 << 10).min(room.saturating_sub(out.len())));
        let before = out.len();
        let status = stream.decompress_vec(content.get(read..).unwrap_or_default(), &mut out, FlushDecompress::None);
        out.truncate(room);
        let stuck = out.len() == before && stream.total_in() as usize == read;
        if out.len() >= room || stuck || !matches!(status, Ok(Status::Ok)) {
            return out;
        }
    }
}

/// Every `begin 644 name`, with what follows it.
fn uuencoded(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = memchr::memmem::find_iter(octets, UUENCODED).filter(|at| *at == 0 || octets[at - 1] == b'\n');
    begins.filter_map(|at| {
        let rest = &octets[at + UUENCODED.len()..];
        let mode = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let line = memchr::memchr(b'\n', rest)?;
        (mode >= 3 && line < 300).then(|| &rest[line + 1..])
    })
}

/// Lines of a length and groups of four (POSIX uuencode), up to the first that is none.
fn uudecode(lines: &[u8], room: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let six = |b: &u8| (b.wrapping_sub(0x20)) & 0x3f;
        let Some((length, coded)) = line.split_first() else { break };
        if !(0x20..=0x60).contains(length) || line.starts_with(b"end") || out.len() >= room {
            break;
        }
        let group = |four: &[u8]| {
            let bits = (0..4).fold(0u32, |bits, n| (bits << 6) | u32::from(four.get(n).map_or(0, six)));
            [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
        };
        out.extend(coded.chunks(4).flat_map(group).take(usize::from(six(length))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of MS-OXRTFCP §3.2.
    #[test]
    fn compressed_rtf_is_read() {
        let octets: [u8; 49] = [
            0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0, 0x0a, 0, 0x72, 0x63, 0x70, 0x67, 0x31,
            0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a,
            0x80, 0x0f, 0xa0,
        ];
        assert_eq!(
            decompress_rtf(&octets[12..], 1000),
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
        assert_eq!(unpacked(&octets), [b"hello world"]);
        assert_eq!(unpacked(b"\0\0\0\0MELA\0\0\0\0{\\rtf1 hello}"), [b"hello"]);
    }

    #[test]
    fn attachments_of_a_winmail_are_read() {
        let attribute = |id: u32, data: &[u8]| [&[2], &id.to_le_bytes()[..], &(data.len() as u32).to_le_bytes(), data, &[0, 0]].concat();
        let tnef = [
            &TNEF[..],
            &[1, 0],
            &attribute(0x0006_8005, b"title"),
            &attribute(0x0006_800f, b"a file"),
            &attribute(0x0006_800f, b"b"),
        ]
        .concat();
        assert_eq!(unpacked(&tnef), [b"a file".to_vec(), b"b".to_vec()]);
        for end in 0..tnef.len() {
            unpacked(&tnef[..end]);
        }
    }

    #[test]
    fn files_in_a_text_are_read() {
        let text = b"voir\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\nbegin 600 b\n#0V%T\nbegin of the end\r\n";
        assert_eq!(unpacked(text), [b"Cat", b"Cat"]);
        assert!(unpacked(b"begin 644 a\r\nM\x80\x81\xff").len() <= 1);
    }

    #[test]
    fn files_of_an_archive_are_read() {
        let zip = |method: u8, content: &[u8]| {
            let mut out = [
                b"PK\x03\x04\x14\0\0\0".as_slice(),
                &[method, 0],
                &[0; 8],
                &(content.len() as u32).to_le_bytes(),
                &[5, 0, 0, 0],
                &[1, 0, 0, 0],
            ]
            .concat();
            out.extend_from_slice(b"a");
            out.extend_from_slice(content);
            out
        };
        let deflated = [0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(
            unpacked(&[zip(0, b"stored"), zip(8, &deflated), zip(99, b"other")].concat()),
            [b"stored".to_vec(), b"hello".to_vec()]
        );
    }

    #[test]
    fn hostile_files_are_bounded() {
        let reference = [vec![0; 4], vec![0xff; 3_000_000]].concat();
        assert!(decompress_rtf(&reference, 1000).len() <= 1000 + 17);
        unpacked(&b"LZFu".repeat(100_000));
        unpacked(&[ZIP_FILE, &ZIP_FILE.repeat(100_000)].concat());
        unpacked(&b"begin 644 a\n".repeat(100_000));
        for length in 0..60 {
            unpacked(&[ZIP_FILE, &vec![8; length]].concat());
        }
    }
}
