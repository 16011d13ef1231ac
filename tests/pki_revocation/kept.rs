//! Lists in a home: what is kept, what is refused, and how large and fast it is.

use crate::made::{Authority, DAY, List as Written, NOW, authority, entry, integer, time};
use souspli::pki::Trust;
use souspli::pki::crl::Reason;
use souspli::pki::der;
use souspli::pki::revocation::List;
use souspli::store::lists::{Origin, Refusal, Watch};
use souspli::store::{Home, Lists};
use souspli::text::Explain;
use std::path::PathBuf;

const URL: &str = "http://crl.lab.test/ca.crl";

struct Kept {
    _guard: tempfile::TempDir,
    home: Home,
    root: Authority,
}

impl Kept {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        Self {
            _guard: guard,
            home,
            root: Authority::new("Racine"),
        }
    }

    fn lists(&self) -> Lists {
        Lists::new(&self.home)
    }

    fn keep(&self, der: Vec<u8>) -> Result<usize, &'static str> {
        self.keep_as(der, &Watch::default(), &self.root.trust())
    }

    fn keep_as(&self, der: Vec<u8>, watch: &Watch, trust: &Trust) -> Result<usize, &'static str> {
        let origin = Origin {
            url: URL.to_owned(),
            ..Origin::default()
        };
        let kept = self.lists().keep(der, &origin, watch, trust, NOW);
        kept.map(|list| list.entries()).map_err(|e: Refusal| e.explain().code)
    }

    /// The file of the one list.
    fn file(&self) -> PathBuf {
        let mut files = std::fs::read_dir(self.home.lists()).unwrap().map(|e| e.unwrap().path());
        files.find(|p| p.extension().is_some_and(|x| x == "list")).unwrap()
    }
}

#[test]
fn what_was_kept_is_found_again() {
    let kept = Kept::new();
    let entries: Vec<(u64, Reason)> = (0..1000).map(|n| (n * n * 7919 + 3, Reason::of((n % 6) as u8))).collect();
    assert_eq!(kept.keep(kept.root.list(&Written::of(&entries))), Ok(1000));
    let list = kept.lists().of_url(URL).unwrap();
    let issuer = kept.root.certificate.subject_name();
    for (serial, reason) in &entries {
        let found = list.find(issuer, &integer(*serial)[2..]).unwrap().unwrap();
        assert_eq!((found.reason, found.since), (*reason, NOW.plus(-2 * DAY)));
        assert_eq!(list.find(issuer, &integer(*serial + 1)[2..]).unwrap(), None);
    }
    assert_eq!(list.find(Authority::new("Autre").certificate.subject_name(), &[3]).unwrap(), None);
    assert_eq!(list.signer().certificates.as_slice(), std::slice::from_ref(&kept.root.certificate));
    assert_eq!(list.head().next_update, Some(NOW.plus(DAY)));
    assert_eq!(kept.lists().of_issuer(issuer).len(), 1);
}

/// Lists of one issuer may be divided otherwise one day. While the one that is held holds, what came in its place is another.
#[test]
fn an_authority_that_divides_its_lists_otherwise() {
    use souspli::pki::{ber::tag, oid};
    let persons = der::sequence(&[&der::tlv(tag::context_primitive(1), &[&[0xff]])]);
    let divided = Written {
        others: vec![crate::made::extension(oid::ISSUING_DISTRIBUTION_POINT, true, &persons)],
        this_update: NOW,
        number: Some(6),
        ..Written::default()
    };
    for (ended, outcome) in [(NOW.plus(-1), Ok(0)), (NOW.plus(1), Err("SP-LIST-OF-ANOTHER"))] {
        let kept = Kept::new();
        let held = Written {
            next_update: Some(ended),
            ..Written::of(&[(7, Reason::Hold)])
        };
        assert_eq!(kept.keep(kept.root.list(&held)), Ok(1));
        assert_eq!(kept.keep(kept.root.list(&divided)), outcome);
    }
}

#[test]
fn an_empty_list_is_one() {
    let kept = Kept::new();
    assert_eq!(kept.keep(kept.root.list(&Written::default())), Ok(0));
    let list = kept.lists().of_url(URL).unwrap();
    assert_eq!(list.find(kept.root.certificate.subject_name(), &[1]).unwrap(), None);
}

#[test]
fn the_last_good_copy_stays() {
    let kept = Kept::new();
    let good = Written::of(&[(7, Reason::KeyCompromise)]);
    assert_eq!(kept.keep(kept.root.list(&good)), Ok(1));
    let older = Written {
        this_update: good.this_update.plus(-1),
        ..good.clone()
    };
    let lower = Written {
        number: Some(4),
        ..good.clone()
    };
    let unknown = souspli::pki::oid::Oid::new_unwrap("1.3.6.1.4.1.99999.1");
    let strange = Written {
        others: vec![crate::made::extension(unknown, true, &der::null())],
        ..good.clone()
    };
    let bad_entry = Written {
        entries: vec![entry(7, Reason::Hold), vec![0x30, 1, 2]],
        ..good.clone()
    };
    let mut altered = kept.root.list(&good);
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let named_like_it = Authority::new("Racine").list(&good);
    for (der, code) in [
        (b"<html>portail</html>".to_vec(), "SP-LIST-UNREADABLE"),
        (Vec::new(), "SP-LIST-UNREADABLE"),
        (altered, "SP-LIST-ALTERED"),
        (named_like_it, "SP-LIST-ALTERED"),
        (Authority::new("Autre").list(&good), "SP-LIST-UNKNOWN-AUTHORITY"),
        (kept.root.list(&older), "SP-LIST-OLDER"),
        (kept.root.list(&lower), "SP-LIST-OLDER"),
        (kept.root.list(&strange), "SP-LIST-NOT-UNDERSTOOD"),
        (kept.root.list(&bad_entry), "SP-LIST-UNREADABLE"),
    ] {
        assert_eq!(kept.keep(der), Err(code));
        assert_eq!(kept.lists().of_url(URL).unwrap().entries(), 1, "{code}");
    }
    let newer = Written {
        this_update: NOW,
        number: Some(6),
        ..Written::default()
    };
    assert_eq!(kept.keep(kept.root.list(&newer)), Ok(0));
}

#[test]
fn the_list_of_another_authority_in_its_place() {
    let kept = Kept::new();
    let other = Authority::new("Autre");
    let both = Trust::of(vec![kept.root.certificate.clone(), other.certificate.clone()]);
    let watch = Watch::of([kept.root.certificate.subject_name()], "Racine");
    let others = other.list(&Written::default());
    assert_eq!(kept.keep_as(others.clone(), &watch, &both), Err("SP-LIST-OF-ANOTHER"));
    assert_eq!(kept.keep_as(kept.root.list(&Written::default()), &Watch::default(), &both), Ok(0));
    assert_eq!(kept.keep_as(others, &Watch::default(), &both), Err("SP-LIST-OF-ANOTHER"));
}

#[test]
fn an_intermediate_that_was_met_may_sign() {
    let kept = Kept::new();
    let middle = kept.root.authorises(authority("Intermédiaire"));
    let list = middle.list(&Written::default());
    assert_eq!(kept.keep(list.clone()), Err("SP-LIST-UNKNOWN-AUTHORITY"));
    kept.lists().remember_issuers(std::slice::from_ref(&middle.certificate)).unwrap();
    assert_eq!(kept.keep(list), Ok(0));
    let path = kept.lists().of_url(URL).unwrap().signer().clone();
    assert_eq!(path.certificates, [middle.certificate.clone(), kept.root.certificate.clone()]);
}

#[test]
fn a_damaged_file_is_no_proof() {
    let kept = Kept::new();
    let entries: Vec<(u64, Reason)> = (1..300).map(|n| (n * 2, Reason::Hold)).collect();
    kept.keep(kept.root.list(&Written::of(&entries))).unwrap();
    let file = kept.file();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.len() - 40;
    bytes[at] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let issuer = kept.root.certificate.subject_name();
    let list = kept.lists().of_url(URL).unwrap();
    assert!(list.find(issuer, &integer(2)[2..]).is_ok(), "another block");
    assert!(list.find(issuer, &integer(598)[2..]).is_err());
    for cut in [0, 10, 19, 30, 200] {
        std::fs::write(&file, &bytes[..cut]).unwrap();
        assert!(kept.lists().of_url(URL).is_none(), "{cut}");
    }
}

#[test]
fn another_process_puts_a_newer_one_in_its_place() {
    let kept = Kept::new();
    let running = kept.lists();
    assert!(running.of_url(URL).is_none());
    kept.keep(kept.root.list(&Written::default())).unwrap();
    let held = running.of_url(URL).unwrap();
    let newer = Written {
        this_update: NOW,
        ..Written::of(&[(7, Reason::Hold)])
    };
    kept.keep(kept.root.list(&newer)).unwrap();
    assert_eq!(running.of_url(URL).unwrap().entries(), 1);
    let issuer = kept.root.certificate.subject_name();
    assert_eq!(
        held.find(issuer, &[7]).unwrap(),
        None,
        "who has begun with the former goes on with it"
    );
}

/// With `SOUSPLI_FIGURES` set 20 lists of 500,000 entries, 320 MB on disk (ARCHITECTURE.md section 7):
/// `SOUSPLI_FIGURES=1 cargo test --release --test pki_revocation twenty -- --nocapture`.
#[test]
fn twenty_lists_of_half_a_million() {
    if std::env::var_os("SOUSPLI_FIGURES").is_some() {
        figures(20, 500_000);
    }
}

#[test]
fn two_lists_of_twenty_thousand() {
    figures(2, 20_000);
}

fn figures(lists: usize, entries: u64) {
    let kept = Kept::new();
    let began = std::time::Instant::now();
    let written = Written {
        entries: (0..entries)
            .map(|n| {
                // As authorities choose them: 16 octets that nobody guesses.
                let serial = souspli::pki::algorithm::Digest::Sha256.of(&[n.to_be_bytes()]);
                let number = der::tlv(2, &[&[0x40 | (serial[0] & 0x3f)], &serial[1..16]]);
                der::sequence(&[&number, &time(NOW.plus(-2 * DAY))])
            })
            .collect(),
        ..Written::default()
    };
    let der = kept.root.list(&written);
    drop(written);
    println!("a list of {} octets, made in {:?}", der.len(), began.elapsed());
    let store = kept.lists();
    for n in 0..lists {
        let origin = Origin {
            url: format!("http://crl.lab.test/{n}.crl"),
            ..Origin::default()
        };
        let began = std::time::Instant::now();
        store
            .keep(der.clone(), &origin, &Watch::default(), &kept.root.trust(), NOW)
            .unwrap();
        println!("kept in {:?}", began.elapsed());
    }
    drop(der);
    // Another process holds nothing of what making them took.
    let asked = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["kept::asked_by_another_process", "--exact", "--nocapture"])
        .env(ASKED, kept.home.root())
        .env(ENTRIES, entries.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(asked.status.success(), "{said}");
    let line = said.lines().find(|l| l.contains("KiB held")).unwrap();
    println!("{lists} lists of {entries}: {line}");
}

const ASKED: &str = "SOUSPLI_TEST_LISTS";
const ENTRIES: &str = "SOUSPLI_TEST_ENTRIES";

#[test]
fn asked_by_another_process() {
    let Some(folder) = std::env::var_os(ASKED) else { return };
    let entries: u64 = std::env::var(ENTRIES).unwrap().parse().unwrap();
    let before = resident();
    let all = Lists::new(&Home::open(folder.as_ref()).unwrap()).all();
    let mut took = Vec::new();
    for list in &all {
        let issuer = list.head().issuer.clone();
        for n in (0..entries).step_by((entries / 200) as usize) {
            let serial = souspli::pki::algorithm::Digest::Sha256.of(&[n.to_be_bytes()]);
            let number = [&[0x40 | (serial[0] & 0x3f)], &serial[1..16]].concat();
            let began = std::time::Instant::now();
            assert!(list.find(&issuer, &number).unwrap().is_some());
            took.push(began.elapsed());
        }
    }
    took.sort();
    let held = resident().saturating_sub(before);
    let (median, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("{} KiB held, a look-up {median:?}, 99 of 100 below {most:?}", held >> 10);
    assert!(held < 64 << 20 && median < std::time::Duration::from_millis(1), "{held} {median:?}");
}

/// Octets of memory in use; 0 where the system does not tell.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or_default() * 4096
}
