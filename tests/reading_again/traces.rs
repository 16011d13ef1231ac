//! Where a content key stands that should stand nowhere.

use souspli::base::Secret;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

/// What the program says in its most talkative log.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn begin() -> Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            let writer = log.clone();
            let builder = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
            builder.with_writer(move || writer.clone()).init();
            log
        });
        LOG.clone()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub fn traces(&self, key: &Secret) -> Vec<String> {
        has_trace(&self.0.lock().unwrap(), key)
            .then(|| "the log".to_owned())
            .into_iter()
            .collect()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Files in which the key stands, as it is, in hexadecimal or in base64.
pub fn in_folder(folder: &Path, key: &Secret) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(in_folder(&path, key));
        } else if has_trace(&std::fs::read(&path).unwrap(), key) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn has_trace(octets: &[u8], key: &Secret) -> bool {
    let key = key.expose();
    let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
    let mut traces = vec![key.to_vec(), hex.to_uppercase().into(), hex.into()];
    // Wherever in a text of base64 it begins: but for the first and last signs, which what stands beside has a part in.
    for before in 0..3 {
        let text = base64_simd::STANDARD.encode_to_string([&[0; 2][..before], key].concat());
        traces.push(text[4..40].into());
    }
    traces.iter().any(|trace| memchr::memmem::find(octets, trace).is_some())
}
