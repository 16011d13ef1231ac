//! What sealed letters were like: an HMAC of each whole text, of a few stretches of it, and of each file, for as long as
//! secure threads are remembered. Nothing of it can be read, nor made without the home's secret.

use super::lines::OnDisk;
use super::table::{Key, Table};
use super::{Home, Purpose, Secrets, StoreError};
use crate::base::UnixTime;
use crate::base::limits::{LETTER_TRAITS_MAX, THREAD_DAYS_MAX};
use crate::view::likeness::{Likeness, Words};
use aws_lc_rs::hmac;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// Stretches that are kept of a text.
const KEPT: usize = 12;
/// New stretches that a text must have for that: fewer are a formula.
const KEPT_FROM: usize = 24;

/// The memory of sealed letters in a home.
#[derive(Debug)]
pub struct Letters {
    table: Table<Trait>,
    secrets: Secrets,
    names: OnceLock<Names>,
}

/// Under which names things are kept.
#[derive(Debug)]
struct Names(hmac::Key);

/// The names of a message's whole texts and files: nothing of it can be read in them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traits(Vec<Key>);

/// What was known again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recognised {
    /// A text, whole or more than half of it.
    Text,
    /// A file.
    File,
}

/// One line: since when, of which letter, and how many of that letter there are; none where it is no secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trait {
    since: i64,
    letter: u32,
    of: u8,
}

impl Letters {
    /// Opens the memory; what is older than 18 months is forgotten when it is first read.
    pub fn open(home: &Home, secrets: &Secrets, now: UnixTime) -> Result<Self, StoreError> {
        Ok(Self {
            table: Table::open(home, home.letters(), LETTER_TRAITS_MAX, move |found: &Trait| found.is_fresh(now))?,
            secrets: secrets.clone(),
            names: OnceLock::new(),
        })
    }

    /// [`StoreError::KeyringLocked`] while the home's keys are awaited.
    fn names(&self) -> Result<&Names, StoreError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let names = Names(hmac::Key::new(
            hmac::HMAC_SHA256,
            &self.secrets.mac(Purpose::Letters, &[b"letters"])?,
        ));
        Ok(self.names.get_or_init(|| names))
    }

    /// Remembers what a sealed letter is like. What was known before stays what it was: a letter that quotes another, a file
    /// that has left in clear.
    pub fn remember(&self, letter: &Likeness, now: UnixTime) -> Result<(), StoreError> {
        let names = self.names()?;
        let mut new: BTreeMap<Key, Trait> = BTreeMap::new();
        for text in &letter.texts {
            names.whole(text).into_iter().for_each(|key| alone(&mut new, key, now));
            let mut stretches = self.unknown(text.own_stretches().map(|stretch| names.name(b"stretch", stretch.as_bytes())))?;
            stretches.retain(|key| !new.contains_key(key));
            if stretches.len() >= KEPT_FROM {
                // The first in the order of their digests: of the same text always the same ones.
                let kept: Vec<Key> = stretches.into_iter().take(KEPT).collect();
                let letter = kept.first().map_or(0, letter_of);
                new.extend(kept.into_iter().map(|key| {
                    (
                        key,
                        Trait {
                            since: now.0,
                            letter,
                            of: KEPT as u8,
                        },
                    )
                }));
            }
        }
        letter.files.iter().for_each(|file| alone(&mut new, names.name(b"file", file), now));
        self.put(new)
    }

    /// What [`Letters::remember_clear`] is told once the message has left.
    pub fn traits(&self, message: &Likeness) -> Result<Traits, StoreError> {
        if *message == Likeness::default() {
            return Ok(Traits::default());
        }
        let names = self.names()?;
        let files = message.files.iter().map(|file| names.name(b"file", file));
        let texts = message.texts.iter().filter_map(|text| names.whole(text));
        Ok(Traits(files.chain(texts).collect()))
    }

    /// Remembers the files and whole texts of what has left in clear: what is sealed later is no secret for that - a form of
    /// words that is in ordinary mail as well, a plan of the way to the practice.
    pub fn remember_clear(&self, message: &Traits, now: UnixTime) -> Result<(), StoreError> {
        let known_to_all = Trait {
            since: now.0,
            letter: 0,
            of: 0,
        };
        self.put(message.0.iter().map(|key| (*key, known_to_all.clone())).collect())
    }

    /// What of a message was in a sealed letter. An error is no `None`: the caller must not send in clear.
    pub fn recognised(&self, message: &Likeness, now: UnixTime) -> Result<Option<Recognised>, StoreError> {
        // Where nothing was ever sealed nothing is asked, and no key need be at hand.
        if *message == Likeness::default() || self.table.is_empty()? {
            return Ok(None);
        }
        let names = self.names()?;
        let files: Vec<Key> = message
            .files
            .iter()
            .chain(&message.asked_files)
            .map(|file| names.name(b"file", file))
            .collect();
        if self.has_one(&files, now)? {
            return Ok(Some(Recognised::File));
        }
        for text in message.texts.iter().chain(&message.asked_texts) {
            let whole: Vec<Key> = names.whole(text).into_iter().collect();
            if self.has_one(&whole, now)? || self.holds_a_letter(names, text, now)? {
                return Ok(Some(Recognised::Text));
            }
        }
        Ok(None)
    }

    /// True when more than half of what is kept of one letter stands in the text.
    fn holds_a_letter(&self, names: &Names, text: &Words, now: UnixTime) -> Result<bool, StoreError> {
        let keys: Vec<Key> = text.stretches().map(|stretch| names.name(b"stretch", stretch.as_bytes())).collect();
        let known = self.table.values(&keys)?;
        let mut found: BTreeMap<u32, BTreeSet<Key>> = BTreeMap::new();
        for (key, known) in keys.into_iter().zip(known) {
            if let Some(Trait { letter, of, .. }) = known.filter(|known| known.is_fresh(now)) {
                let seen = found.entry(letter).or_default();
                seen.insert(key);
                if seen.len() * 2 > usize::from(of) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Where the file cannot be read nothing is known: what is remembered twice is sealed in vain at worst.
    fn unknown(&self, keys: impl Iterator<Item = Key>) -> Result<BTreeSet<Key>, StoreError> {
        let keys: Vec<Key> = keys.collect();
        let known = match self.table.values(&keys) {
            Err(StoreError::Read { .. }) => vec![None; keys.len()],
            other => other?,
        };
        Ok(keys
            .into_iter()
            .zip(known)
            .filter(|(_, known)| known.is_none())
            .map(|(key, _)| key)
            .collect())
    }

    /// Gives the disk what it did not take before.
    pub fn write_what_waits(&self) {
        self.table.write_what_waits();
    }

    fn put(&self, mut new: BTreeMap<Key, Trait>) -> Result<(), StoreError> {
        let unknown = self.unknown(new.keys().copied().collect::<Vec<_>>().into_iter())?;
        new.retain(|key, _| unknown.contains(key));
        let new: Vec<(Key, Trait)> = new.into_iter().collect();
        self.table.put_all(&new, OnDisk::Soon)
    }

    /// Whether one of these stands for a letter by itself: no `of`, it has left in clear.
    fn has_one(&self, keys: &[Key], now: UnixTime) -> Result<bool, StoreError> {
        let known = self.table.values(keys)?;
        Ok(known.into_iter().flatten().any(|found| found.of > 0 && found.is_fresh(now)))
    }
}

impl Names {
    fn whole(&self, text: &Words) -> Option<Key> {
        text.whole().map(|whole| self.name(b"whole", whole.as_bytes()))
    }

    fn name(&self, kind: &[u8], octets: &[u8]) -> Key {
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(kind);
        mac.update(&[0]);
        mac.update(octets);
        let mut key = Key::default();
        key.iter_mut().zip(mac.sign().as_ref()).for_each(|(octet, signed)| *octet = *signed);
        key
    }
}

/// What tells a letter by itself.
fn alone(new: &mut BTreeMap<Key, Trait>, key: Key, now: UnixTime) {
    let letter = letter_of(&key);
    new.insert(
        key,
        Trait {
            since: now.0,
            letter,
            of: 1,
        },
    );
}

fn letter_of(key: &Key) -> u32 {
    u32::from_be_bytes([key[0], key[1], key[2], key[3]])
}

impl Trait {
    /// A date in the future (a clock that was wrong) counts as fresh: the error is on the side of sealing.
    fn is_fresh(&self, now: UnixTime) -> bool {
        now.0.saturating_sub(self.since) <= THREAD_DAYS_MAX * 86_400
    }
}

impl super::table::Value for Trait {}

impl fmt::Display for Trait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}.{}", self.since, self.letter, self.of)
    }
}

impl FromStr for Trait {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let mut parts = line.split('.');
        let (Some(since), Some(letter), Some(of), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(());
        };
        Ok(Self {
            since: since.parse().map_err(|_| ())?,
            letter: u32::from_str_radix(letter, 16).map_err(|_| ())?,
            of: of.parse().map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::likeness::likeness;

    const NOW: UnixTime = UnixTime(1_000_000_000);
    const LETTER: &str = "Chère consœur, je vous adresse Mme Dupont pour une hypertension qui résiste à deux médicaments depuis trois mois. \
        Le bilan rénal est normal, l’échographie montre une artère droite étroite. Merci de me dire ce que vous en pensez.";
    const END: &str = "\r\nBien cordialement,\r\nDr Zoé Martin, cabinet des Érables, 12 rue Longue, 44000 Nantes, sur rendez-vous\r\n\
        Ce message est confidentiel ; s'il ne vous est pas destiné, merci de le détruire et de prévenir son expéditeur.\r\n";

    fn like(text: &str) -> Likeness {
        likeness(format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}").as_bytes())
    }

    fn file(octets: &str) -> Likeness {
        likeness(format!("Content-Type: application/pdf\r\n\r\n{}", octets.repeat(200)).as_bytes())
    }

    fn left(letters: &Letters, message: &Likeness) {
        letters.remember_clear(&letters.traits(message).unwrap(), NOW).unwrap();
    }

    fn letters() -> (tempfile::TempDir, Home, Letters) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let letters = Letters::open(&home, &Secrets::ephemeral().unwrap(), NOW).unwrap();
        (guard, home, letters)
    }

    #[test]
    fn a_letter_is_known_again_changed_as_people_change_it() {
        let (_guard, home, letters) = letters();
        letters.remember(&like(&format!("{LETTER}{END}")), NOW).unwrap();
        for text in [
            LETTER.to_owned(),
            LETTER.replace("Chère consœur", "Cher Bob"),
            LETTER.replace("Dupont", "D."),
            format!("Je te transmets ceci :\r\n-------- Message transféré --------\r\n{LETTER}"),
            LETTER.replace(' ', "\r\n> "),
            // Five stretches fewer: whichever twelve were kept, more than half are left.
            LETTER.split_once("ce que vous").unwrap().0.to_owned(),
        ] {
            assert_eq!(letters.recognised(&like(&text), NOW).unwrap(), Some(Recognised::Text), "{text}");
        }
        let last = UnixTime(NOW.0 + THREAD_DAYS_MAX * 86_400);
        assert!(letters.recognised(&like(LETTER), last).unwrap().is_some());
        assert_eq!(letters.recognised(&like(LETTER), last.plus(1)).unwrap(), None);
        let kept = std::fs::read_to_string(home.letters()).unwrap().to_lowercase();
        assert!(!kept.contains("dupont") && kept.lines().count() == 2 + KEPT, "{kept}");
    }

    #[test]
    fn a_letter_is_known_again_wherever_it_stands() {
        let (_guard, _home, letters) = letters();
        let short = "La biopsie de Mme Dupont est positive, pouvez-vous la voir cette semaine ?";
        letters.remember(&like(LETTER), NOW).unwrap();
        letters.remember(&like(short), NOW).unwrap();
        for text in [LETTER, short] {
            let folded: String = text.replace(',', "\\,").chars().map(|c| format!("{c}\r\n ")).collect();
            let rtf: String = text
                .chars()
                .map(|c| match c {
                    '’' => "\\u8217?".to_owned(),
                    'œ' => "\\'9c".to_owned(),
                    c if c.is_ascii() => c.to_string(),
                    c => format!("\\u{}?", u32::from(c)),
                })
                .collect();
            let rtf = format!("{{\\rtf1{{\\fonttbl{{\\f0 Arial;}}{{\\f1 Cordialement;}}}}\\f0 {rtf}\\par}}");
            let coded = String::from_utf8(crate::mime::encode::base64_lines(text.as_bytes())).unwrap();
            let saved = format!(
                "From - Mon Nov 23\nFrom: a@b\nSubject: s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{coded}"
            );
            let mixed = |before: &str, behind: &str| {
                format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{before}\r\n--b\r\n\r\nvoir\r\n--b--\r\n{behind}")
            };
            for other in [
                format!("Content-Type: text/calendar; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nDESCRIPTION:{folded}\r\n"),
                format!("Content-Type: text/rtf\r\n\r\n{rtf}"),
                format!("Content-Type: application/rtf; name=l.rtf\r\n\r\n{rtf}"),
                format!("Content-Type: text/plain; name=l.rtf\r\n\r\n{rtf}"),
                format!("Content-Type: application/octet-stream; name=l.eml\r\n\r\n{saved}"),
                format!("Content-Type: text/plain; name=l.eml\r\n\r\n{saved}"),
                format!("Content-Type: image/svg+xml\r\n\r\n<svg><text>{text}</text></svg>"),
                format!(
                    "Content-Type: text/plain; charset=utf-8\r\n\r\nBM> {}",
                    text.replace(' ', "\r\nBM> ")
                ),
                format!("Subject: {text}\r\n\r\nvoir"),
                mixed(text, ""),
                mixed("", text),
            ] {
                let recognised = letters.recognised(&likeness(other.as_bytes()), NOW).unwrap();
                assert_eq!(recognised, Some(Recognised::Text), "{other}");
            }
            // An archive of one file, as it is: so a word processor's document holds its text.
            let head = b"Content-Type: application/zip\r\n\r\nPK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
            let archive = [
                &head[..],
                &(text.len() as u32).to_le_bytes(),
                &[0; 4],
                &[1, 0, 0, 0, b'a'],
                text.as_bytes(),
            ]
            .concat();
            assert_eq!(letters.recognised(&likeness(&archive), NOW).unwrap(), Some(Recognised::Text));
        }
        // What a program writes around parts, or a Subject that many letters have, is remembered of none.
        let usual = "Ceci est un message en plusieurs parties au format MIME, que votre logiciel de messagerie ne sait pas lire.";
        let sealed =
            format!("Subject: {usual}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{usual}\r\n--b\r\n\r\nvoir\r\n--b--\r\n");
        letters.remember(&likeness(sealed.as_bytes()), NOW).unwrap();
        assert_eq!(letters.recognised(&likeness(sealed.as_bytes()), NOW).unwrap(), None);
    }

    #[test]
    fn what_is_in_every_letter_is_not_known_again() {
        let (_guard, _home, letters) = letters();
        letters.remember(&like(&format!("{LETTER}{END}")), NOW).unwrap();
        letters
            .remember(&like(&format!("Bonjour, ci-joint le compte rendu.{END}")), NOW)
            .unwrap();
        for text in [
            format!("Chère consœur, je vous adresse mes vœux pour la nouvelle année.{END}"),
            format!("La réunion du réseau est déplacée à jeudi, même heure et même salle, merci de me dire ce que vous en pensez.{END}"),
            format!("Bonjour, ci-joint le compte rendu.{END}"),
            END.to_owned(),
        ] {
            assert_eq!(letters.recognised(&like(&text), NOW).unwrap(), None, "{text}");
        }
    }

    #[test]
    fn a_short_letter_is_known_as_a_whole() {
        let (_guard, _home, letters) = letters();
        let short = "La biopsie de Mme Dupont est positive, pouvez-vous la voir cette semaine ?";
        letters.remember(&like(short), NOW).unwrap();
        assert!(letters.recognised(&like(&format!("{short}{END}")), NOW).unwrap().is_some());
        assert!(
            letters
                .recognised(&like(&short.replace("Dupont", "Durand")), NOW)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_letter_that_quotes_another_is_known_by_its_own_words() {
        let (_guard, _home, letters) = letters();
        letters.remember(&like(LETTER), NOW).unwrap();
        let answer = "Merci de votre confiance, j’ai reçu votre patiente ce matin : je propose une dilatation de cette artère, \
            que le service peut faire dès le mois prochain si son cardiologue en est d’accord, et je la reverrai ensuite.";
        letters
            .remember(
                &like(&format!("{answer}\r\nCordialement\r\nLe 3 mai, Zoé a écrit :\r\n> {LETTER}")),
                NOW,
            )
            .unwrap();
        for text in [answer, LETTER] {
            assert!(letters.recognised(&like(text), NOW).unwrap().is_some(), "{text}");
        }
    }

    #[test]
    fn what_a_letter_quotes_may_have_come_in_clear() {
        let (_guard, _home, letters) = letters();
        let meeting = "La prochaine réunion du réseau se tiendra jeudi dans la salle des associations de la mairie, à partir de dix-neuf \
            heures ; merci de répondre avant lundi pour que nous puissions prévoir le nombre de repas et de chaises nécessaires.";
        let quoted = format!("Le 3 mai, Zoé a écrit :\r\n> {meeting}");
        letters.remember(&like(&format!("{LETTER}\r\n{quoted}")), NOW).unwrap();
        let answer = format!("Bonjour, je viendrai avec plaisir.{END}\r\n{quoted}");
        assert_eq!(letters.recognised(&like(&answer), NOW).unwrap(), None);
        assert!(letters.recognised(&like(&format!("{LETTER}\r\n{quoted}")), NOW).unwrap().is_some());
    }

    #[test]
    fn a_file_is_known_again_unless_it_had_left_in_clear() {
        let (_guard, _home, letters) = letters();
        left(&letters, &file("plan d'accès"));
        letters.remember(&file("plan d'accès"), NOW).unwrap();
        letters.remember(&file("compte rendu"), NOW).unwrap();
        left(&letters, &file("compte rendu"));
        assert_eq!(letters.recognised(&file("plan d'accès"), NOW).unwrap(), None);
        assert_eq!(letters.recognised(&file("compte rendu"), NOW).unwrap(), Some(Recognised::File));
        assert_eq!(letters.recognised(&file("compte rendus"), NOW).unwrap(), None);
        // What can be read is known by its words as well.
        assert_eq!(letters.recognised(&file("compte  rendu"), NOW).unwrap(), Some(Recognised::Text));
    }

    #[test]
    fn a_form_of_words_that_had_left_in_clear_is_no_secret() {
        let (_guard, _home, letters) = letters();
        let form = "Bonjour, veuillez trouver ci-joint le compte rendu de la consultation de ce jour, bonne réception.";
        left(&letters, &like(form));
        letters.remember(&like(&format!("{form}{END}")), NOW).unwrap();
        assert_eq!(letters.recognised(&like(form), NOW).unwrap(), None);
        letters.remember(&like(LETTER), NOW).unwrap();
        left(&letters, &like(LETTER));
        assert!(letters.recognised(&like(LETTER), NOW).unwrap().is_some());
    }
}
