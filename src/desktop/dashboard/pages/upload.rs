//! Forms that bring files (RFC 7578). The route says how much may come.

use crate::base::limits::DASHBOARD_FIELDS_MAX;
use crate::desktop::dashboard::guard::Visitor;
use crate::desktop::dashboard::page;
use crate::text::dashboard::Language;
use axum::extract::Multipart;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::http::StatusCode;
use axum::response::Response;

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

/// Why a form was not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    /// It is none, or somebody else's.
    NotOurs,
    /// More than its route takes.
    TooLarge,
}

impl From<MultipartError> for Unread {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::NotOurs,
        }
    }
}

impl Unread {
    /// What its user reads, who may send so many octets.
    pub(super) fn page(self, most: usize, language: Language) -> Response {
        match self {
            Self::NotOurs => page::form_refused(language),
            Self::TooLarge => page::too_large(most, language),
        }
    }
}

/// A form of ours with its files.
pub(super) async fn ours(form: Form, visitor: &Visitor) -> Result<Uploaded, Unread> {
    let mut form = form.map_err(|_| Unread::NotOurs)?;
    let mut uploaded = Uploaded::default();
    for _ in 0..=DASHBOARD_FIELDS_MAX {
        let Some(field) = form.next_field().await? else {
            return match visitor.has_written(&uploaded.text("mot")) {
                true => Ok(uploaded),
                false => Err(Unread::NotOurs),
            };
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let octets = field.bytes().await?;
        match file {
            None => uploaded.texts.push((name, String::from_utf8_lossy(&octets).trim().to_owned())),
            Some(_) if octets.is_empty() => {}
            Some(name) => uploaded.files.push(File {
                name,
                octets: octets.to_vec(),
            }),
        }
    }
    Err(Unread::NotOurs)
}
