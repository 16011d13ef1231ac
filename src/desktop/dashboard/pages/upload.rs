//! Forms that bring files (RFC 7578). The route says how much may come.

use crate::base::limits::DASHBOARD_FIELDS_MAX;
use crate::desktop::dashboard::guard::Visitor;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;

/// As the framework hands it over.
pub(super) type Form = Result<Multipart, MultipartRejection>;

/// A form that was read.
#[derive(Default)]
pub(super) struct Uploaded {
    texts: Vec<(String, String)>,
    /// In their order; those that were left empty are none.
    pub(super) files: Vec<File>,
}

/// A file as the browser sends it.
pub(super) struct File {
    /// As its owner calls it.
    pub(super) name: String,
    pub(super) octets: Vec<u8>,
}

impl Uploaded {
    /// A field; empty where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        let found = self.texts.iter().find(|(key, _)| key == name);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// A form of ours with its files; `None`: it is none, or too large, or somebody else's.
pub(super) async fn ours(form: Form, visitor: &Visitor) -> Option<Uploaded> {
    let mut form = form.ok()?;
    let mut uploaded = Uploaded::default();
    for _ in 0..=DASHBOARD_FIELDS_MAX {
        let Some(field) = form.next_field().await.ok()? else {
            return visitor.has_written(&uploaded.text("mot")).then_some(uploaded);
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let octets = field.bytes().await.ok()?;
        match file {
            None => uploaded.texts.push((name, String::from_utf8_lossy(&octets).trim().to_owned())),
            Some(_) if octets.is_empty() => {}
            Some(name) => uploaded.files.push(File {
                name,
                octets: octets.to_vec(),
            }),
        }
    }
    None
}
