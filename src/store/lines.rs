//! Files of lines that several processes append to and read: appended under the home's lock, rewritten whole under a new
//! first line, so that a reader sees cheaply whether there is more, or whether it must start again.

use super::owner::private;
use super::{Home, StoreError, atomic, hex, look};
use crate::base::limits::LINE_FILE_MAX;
use aws_lc_rs::rand;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::SystemTime;

const TITLE: &str = "souspli-lines 1 ";

/// A file of lines in a home.
#[derive(Debug)]
pub(super) struct LineFile {
    home: Home,
    path: PathBuf,
}

/// When a line must be on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OnDisk {
    /// Before the call returns.
    Now,
    /// When the system gets to it: the end of this program loses nothing, a power cut the last seconds. A mailbox that is
    /// opened for the first time writes a line for each message, and a disk needs milliseconds to sync.
    Soon,
}

impl OnDisk {
    pub(super) fn sync(self, file: &File) -> io::Result<()> {
        match self {
            Self::Now => file.sync_data(),
            Self::Soon => Ok(()),
        }
    }
}

/// How far a reader has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    title: Vec<u8>,
    offset: u64,
    as_of: Option<(u64, SystemTime)>,
    /// The look in which that was.
    look: Option<u64>,
}

/// What [`LineFile::read_on`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// These lines follow those known.
    More(Vec<String>),
    /// The file is another one: forget what was known, these are its lines.
    Afresh(Vec<String>),
    /// What was known is gone, and nobody here took it out: the file is missing, empty or cut short (a home on a disk that was
    /// unplugged, hands that tidied up). These lines are left.
    Lost(Vec<String>),
}

/// Whether a reader knows the file to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reader {
    /// All of it.
    UpToDate,
    /// What was appended, and perhaps more, is still to be read.
    Behind,
}

impl LineFile {
    pub(super) fn new(home: &Home, path: PathBuf) -> Self {
        Self { home: home.clone(), path }
    }

    /// An error where there is a file that cannot be read.
    pub(super) fn is_readable(&self) -> Result<(), StoreError> {
        match File::open(&self.path).and_then(|mut file| file.read(&mut [0])) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::read(&self.path)(error)),
            _ => Ok(()),
        }
    }

    /// Appends a line, which a reader who knew all before it need not read again.
    pub(super) fn append(&self, line: &str, seen: &mut Seen, when: OnDisk) -> Result<Reader, StoreError> {
        let _lock = self.home.lock()?;
        let appended = self.append_locked(line, seen, when).map_err(StoreError::write(&self.path));
        look::forget();
        appended
    }

    /// Replaces the lines by what `keep` makes of all of them. Other processes wait.
    pub(super) fn rewrite(&self, keep: impl FnOnce(Vec<String>) -> Vec<String>) -> Result<(), StoreError> {
        let _lock = self.home.lock()?;
        let lines = match self.read_on(&mut Seen::default())? {
            News::More(lines) | News::Afresh(lines) | News::Lost(lines) => lines,
        };
        let mut text = title(TITLE).map_err(StoreError::write(&self.path))?;
        for line in keep(lines) {
            text.push_str(&line);
            text.push('\n');
        }
        atomic::write(&self.path, text.as_bytes())
    }

    /// The whole lines that came since `seen`. Costs one look at the folder where nothing has changed.
    pub(super) fn read_on(&self, seen: &mut Seen) -> Result<News, StoreError> {
        let look = look::number();
        if look.is_some() && seen.look == look {
            return Ok(News::More(Vec::new()));
        }
        let news = self.read_as_it_is(seen)?;
        seen.look = look;
        Ok(news)
    }

    fn read_as_it_is(&self, seen: &mut Seen) -> Result<News, StoreError> {
        let error = || StoreError::read(&self.path);
        let found = match fs::metadata(&self.path) {
            Ok(found) => found,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let known = std::mem::take(seen);
                return Ok(if known.offset == 0 {
                    News::More(Vec::new())
                } else {
                    News::Lost(Vec::new())
                });
            }
            Err(e) => return Err(error()(e)),
        };
        let as_of = (found.len(), found.modified().map_err(error())?);
        if seen.as_of == Some(as_of) {
            return Ok(News::More(Vec::new()));
        }
        let news = self.read_from(seen).map_err(error())?;
        seen.as_of = Some(as_of);
        Ok(news)
    }

    fn read_from(&self, seen: &mut Seen) -> io::Result<News> {
        let mut file = BufReader::new(File::open(&self.path)?);
        let mut title = Vec::new();
        file.by_ref().take(128).read_until(b'\n', &mut title)?;
        let known = seen.offset > 0;
        // A file that was rewritten here has a new title.
        let (is_ours, is_empty) = (title == seen.title, title.is_empty());
        let same = is_ours && file.get_ref().metadata()?.len() >= seen.offset;
        let offset = if same { seen.offset } else { title.len() as u64 };
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(LINE_FILE_MAX).read_to_end(&mut bytes)?;
        // What follows the last line end is still being written.
        let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let lines = bytes[..end].split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        (seen.title, seen.offset) = (title, offset + end as u64);
        Ok(match same {
            true => News::More(lines),
            false if known && (is_ours || is_empty) => News::Lost(lines),
            false => News::Afresh(lines),
        })
    }

    fn append_locked(&self, line: &str, seen: &mut Seen, when: OnDisk) -> io::Result<Reader> {
        let mut file = private(OpenOptions::new().read(true).append(true).create(true)).open(&self.path)?;
        let found = file.metadata()?;
        // Nobody else writes meanwhile.
        let all_seen = found.len() > 0 && seen.offset == found.len() && seen.as_of == Some((found.len(), found.modified()?));
        let mut text = match found.len() {
            0 => title(TITLE)?,
            // With a blank behind it half a value is none.
            _ if !all_seen && ends_within_a_line(&mut file)? => " \n".to_owned(),
            _ => String::new(),
        };
        text.push_str(line);
        text.push('\n');
        if let Err(error) = file.write_all(text.as_bytes()) {
            // Half a line, should it not be taken back, is one that nobody reads.
            let _ = file.set_len(found.len());
            return Err(error);
        }
        when.sync(&file)?;
        if !all_seen {
            return Ok(Reader::Behind);
        }
        let found = file.metadata()?;
        seen.offset = found.len();
        seen.as_of = Some((found.len(), found.modified()?));
        Ok(Reader::UpToDate)
    }
}

/// A power cut may have left half a line: it must not swallow the next one.
pub(super) fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// A first line that no other file has: it says whether a reader's place still means something.
pub(super) fn title(kind: &str) -> io::Result<String> {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(format!("{kind}{}\n", hex::encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_what_is_new_and_what_was_rewritten() {
        let (_guard, file) = file();
        let mut seen = Seen::default();
        assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec![]));
        let other = &mut Seen::default();
        assert_eq!(file.append("one", other, OnDisk::Soon).unwrap(), Reader::Behind);
        assert_eq!(file.read_on(&mut seen).unwrap(), News::Afresh(vec!["one".into()]));
        assert_eq!(file.append("two", other, OnDisk::Now).unwrap(), Reader::Behind);
        assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec!["two".into()]));
        assert_eq!(file.append("own", &mut seen, OnDisk::Soon).unwrap(), Reader::UpToDate);
        assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec![]));
        assert_eq!(
            file.read_on(other).unwrap(),
            News::Afresh(vec!["one".into(), "two".into(), "own".into()])
        );
        assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec![]));
        file.rewrite(|lines| lines.into_iter().filter(|l| l == "two").collect()).unwrap();
        assert_eq!(file.append("more", &mut seen, OnDisk::Soon).unwrap(), Reader::Behind);
        assert_eq!(file.read_on(&mut seen).unwrap(), News::Afresh(vec!["two".into(), "more".into()]));
    }

    #[test]
    fn what_nobody_took_out_is_lost_and_not_forgotten() {
        let (_guard, file) = file();
        let known = || {
            fs::remove_file(&file.path).ok();
            file.append("one", &mut Seen::default(), OnDisk::Soon).unwrap();
            file.append("two", &mut Seen::default(), OnDisk::Soon).unwrap();
            let mut seen = Seen::default();
            file.read_on(&mut seen).unwrap();
            seen
        };
        let mut seen = known();
        fs::remove_file(&file.path).unwrap();
        assert_eq!(file.read_on(&mut seen).unwrap(), News::Lost(vec![]));
        assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec![]));
        for (left, lines) in [(0, vec![]), (4, vec!["one".to_owned()])] {
            let mut seen = known();
            let raw = OpenOptions::new().write(true).open(&file.path).unwrap();
            let length = raw.metadata().unwrap().len();
            raw.set_len(if left == 0 { 0 } else { length - left }).unwrap();
            assert_eq!(file.read_on(&mut seen).unwrap(), News::Lost(lines));
            assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec![]));
        }
    }

    #[test]
    fn half_a_line_is_not_read_and_swallows_nothing() {
        let (_guard, file) = file();
        file.append("one", &mut Seen::default(), OnDisk::Soon).unwrap();
        let mut raw = OpenOptions::new().append(true).open(&file.path).unwrap();
        raw.write_all(b"hal").unwrap();
        let mut seen = Seen::default();
        assert_eq!(file.read_on(&mut seen).unwrap(), News::Afresh(vec!["one".into()]));
        assert_eq!(file.append("two", &mut seen, OnDisk::Now).unwrap(), Reader::Behind);
        assert_eq!(file.read_on(&mut seen).unwrap(), News::More(vec!["hal ".into(), "two".into()]));
    }

    #[test]
    fn many_writers_lose_nothing() {
        let (_guard, file) = file();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let file = &file;
                scope.spawn(move || {
                    let seen = &mut Seen::default();
                    for n in 0..20 {
                        file.append(&format!("{writer}-{n}"), seen, OnDisk::Now).unwrap();
                    }
                });
            }
        });
        let News::Afresh(lines) = file.read_on(&mut Seen::default()).unwrap() else {
            panic!("nothing read")
        };
        assert_eq!(lines.len(), 80);
    }

    fn file() -> (tempfile::TempDir, LineFile) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let path = home.threads();
        (guard, LineFile::new(&home, path))
    }
}
