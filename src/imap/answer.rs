//! Writing FETCH responses: the provider's with something taken out or replaced, and those made from a View.

use super::fetch::{Addressing, Extension, FetchRequest, Item, Rfc822, write_section};
use super::keywords;
use super::line::{Line, write_literal};
use super::response::{Fetched, FetchedItem};
use super::structure;
use crate::view::header::rewrite_fields;
use crate::view::{Restored, Section, SectionText, View};

/// The response without some of its items; nothing when nothing but a UID is left.
pub fn write_without(line: &Line, fetched: &Fetched, strip: &dyn Fn(&FetchedItem) -> bool, out: &mut Vec<u8>) {
    write_items(fetched, fetched.items.iter().filter(|item| !strip(item)), out, |item, out| {
        line.write(&item.span, out)
    });
}

/// What a listing says of an S/MIME message otherwise than the provider does.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// The boundary of its View.
    pub boundary: &'a str,
    /// The size of its View, where it is known.
    pub size: Option<u64>,
    /// What changes in its header.
    pub restored: &'a Restored,
    /// What is said of it.
    pub keyword: Option<&'static str>,
}

/// A listing of an S/MIME message: header fields as its View has them, its View's size, and the verdict among its flags.
pub fn write_listing(line: &Line, fetched: &Fetched, strip: &dyn Fn(&FetchedItem) -> bool, listed: Listed<'_>, out: &mut Vec<u8>) {
    let Listed {
        boundary,
        size,
        restored,
        keyword,
    } = listed;
    let kept = fetched.items.iter().filter(|item| is_listed(item) && !strip(item));
    write_items(fetched, kept, out, |item, out| match (size, item.name.as_str()) {
        (_, "FLAGS") => write_flags(line, item, keyword, out),
        (Some(size), "RFC822.SIZE") => out.extend_from_slice(format!("RFC822.SIZE {size}").as_bytes()),
        (_, name) if name.starts_with("BODY[HEADER.FIELDS (") && line.string(&item.value).is_some() => {
            let fields = line.string(&item.value).unwrap_or_default();
            line.write(&item.span.before(item.value.span()), out);
            let asked = |field: &str| item.name.split(['(', ' ', ')']).any(|word| word.eq_ignore_ascii_case(field));
            write_literal(&rewrite_fields(&fields, boundary, restored, asked), out);
        }
        _ => line.write(&item.span, out),
    });
}

/// What a list of an S/MIME message may hold: whatever else a provider adds unasked is not what its View says.
fn is_listed(item: &FetchedItem) -> bool {
    let fields = item.name.starts_with("BODY[HEADER.FIELDS (") && item.name.ends_with(")]");
    is_dynamic(item) || fields || item.name == "RFC822.SIZE"
}

/// What a provider says of a message besides its content.
pub fn write_dynamic(line: &Line, fetched: &Fetched, out: &mut Vec<u8>) {
    let dynamic = fetched.items.iter().filter(|item| is_dynamic(item));
    write_items(fetched, dynamic, out, |item, out| line.write(&item.span, out));
}

/// What an answer does to the flags that the provider has told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marked {
    /// Nothing.
    AsBefore,
    /// The message is read now (RFC 9051 §6.4.5: the change belongs in the answer).
    Seen,
}

/// Whose ENVELOPE, BODY and BODYSTRUCTURE an answer tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TellsEnvelope {
    /// The View's.
    View,
    /// The provider's, as when nothing else of the message is asked: two who read one message need not write the same.
    Provider,
}

/// The answer for an opened message: UID first where it is asked, then what only the provider knows, then the View's items
/// as asked.
pub fn write_view(
    (line, fetched): (&Line, &Fetched),
    tells: TellsEnvelope,
    marked: Marked,
    request: &FetchRequest,
    view: &View,
    out: &mut Vec<u8>,
) {
    // Once, for what may be many megabytes.
    out.reserve(usize::try_from(octets(request, view)).unwrap_or(0) + 1024);
    out.extend_from_slice(format!("* {} FETCH", fetched.number).as_bytes());
    let mut before: &[u8] = b" (";
    let named = request.by == Addressing::Uid || request.asks("UID");
    let (uid, others): (Vec<_>, Vec<_>) = fetched
        .items
        .iter()
        .filter(|item| is_dynamic(item))
        .partition(|item| item.name == "UID");
    for item in uid.into_iter().filter(|_| named).take(1).chain(others) {
        out.extend_from_slice(std::mem::replace(&mut before, b" "));
        match item.name.as_str() {
            "FLAGS" => write_flags(line, item, keywords::of(view.grade()), out),
            _ => line.write(&item.span, out),
        }
        if marked == Marked::Seen && item.name == "FLAGS" && out.pop_if(|last| *last == b')').is_some() {
            out.extend_from_slice(if out.ends_with(b"(") { b"\\Seen)" } else { b" \\Seen)" });
        }
    }
    for item in request.items.iter().filter(|item| !matches!(item, Item::Dynamic(_))) {
        out.extend_from_slice(std::mem::replace(&mut before, b" "));
        match told(item, fetched).filter(|_| tells == TellsEnvelope::Provider) {
            Some(told) => line.write(&told.span, out),
            None => write_item(item, view, out),
        }
    }
    out.extend_from_slice(b")\r\n");
}

/// What the provider tells for an item of which he need not be asked for the message.
fn told<'a>(item: &Item, fetched: &'a Fetched) -> Option<&'a FetchedItem> {
    fetched.find(match item {
        Item::Envelope => "ENVELOPE",
        Item::Structure(Extension::With) => "BODYSTRUCTURE",
        Item::Structure(Extension::Without) => "BODY",
        Item::Dynamic(_) | Item::Size | Item::Body { .. } | Item::Rfc822(_) => return None,
    })
}

fn write_flags(line: &Line, item: &FetchedItem, keyword: Option<&str>, out: &mut Vec<u8>) {
    match keywords::told(line.span_text(item.value.span()), keyword) {
        Some(list) => {
            out.extend_from_slice(b"FLAGS ");
            out.extend_from_slice(&list);
        }
        None => line.write(&item.span, out),
    }
}

/// About how many octets the View's items take.
pub fn octets(request: &FetchRequest, view: &View) -> u64 {
    let of = |item: &Item| match item {
        Item::Body { section, partial, .. } => {
            let all = view.section(section).map_or(0, |octets| octets.len() as u64);
            partial.map_or(all, |(_, count)| all.min(u64::from(count)))
        }
        Item::Rfc822(_) => view.bytes().len() as u64,
        Item::Dynamic(_) | Item::Size | Item::Envelope | Item::Structure(_) => 0,
    };
    request.items.iter().map(of).sum()
}

/// One item of a View, with its name.
pub fn write_item(item: &Item, view: &View, out: &mut Vec<u8>) {
    match item {
        Item::Dynamic(_) => {}
        Item::Size => out.extend_from_slice(format!("RFC822.SIZE {}", view.bytes().len()).as_bytes()),
        Item::Envelope => {
            out.extend_from_slice(b"ENVELOPE ");
            structure::envelope(view.bytes(), view.entity(), out);
        }
        Item::Structure(extension) => {
            out.extend_from_slice(if *extension == Extension::With {
                b"BODYSTRUCTURE "
            } else {
                b"BODY "
            });
            structure::structure(view.bytes(), view.entity(), *extension, out);
        }
        Item::Body { section, partial, .. } => {
            out.extend_from_slice(b"BODY");
            write_section(section, out);
            if let Some((origin, _)) = partial {
                out.extend_from_slice(format!("<{origin}>").as_bytes());
            }
            write_octets(view, section, *partial, out);
        }
        Item::Rfc822(which) => {
            Item::Rfc822(*which).ask(out);
            let text = match which {
                Rfc822::Whole => SectionText::Whole,
                Rfc822::Header => SectionText::Header,
                Rfc822::Text => SectionText::Text,
            };
            write_octets(view, &Section { path: Vec::new(), text }, None, out);
        }
    }
}

/// A section's octets, or `NIL`; a partial that begins beyond the end is empty (RFC 9051 §6.4.5).
fn write_octets(view: &View, section: &Section, partial: Option<(u32, u32)>, out: &mut Vec<u8>) {
    out.push(b' ');
    let Some(octets) = view.section(section) else {
        out.extend_from_slice(b"NIL");
        return;
    };
    let all: &[u8] = &octets;
    let part = match partial {
        None => all,
        Some((origin, count)) => {
            let from = (origin as usize).min(all.len());
            let to = from.saturating_add(count as usize).min(all.len());
            &all[from..to]
        }
    };
    write_literal(part, out);
}

/// Whether an item says nothing of the content.
pub fn is_dynamic(item: &FetchedItem) -> bool {
    let content = ["BODY", "RFC822", "ENVELOPE", "BINARY"]
        .iter()
        .any(|word| item.name.starts_with(word));
    !content
}

fn write_items<'a>(
    fetched: &Fetched,
    items: impl Iterator<Item = &'a FetchedItem>,
    out: &mut Vec<u8>,
    write: impl Fn(&FetchedItem, &mut Vec<u8>),
) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    out.extend_from_slice(format!("* {} FETCH (", fetched.number).as_bytes());
    while let Some(item) = items.next() {
        write(item, out);
        if items.peek().is_some() {
            out.push(b' ');
        }
    }
    out.extend_from_slice(b")\r\n");
}
