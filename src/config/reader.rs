//! TOML tables read key by key: what was not asked for is unknown, and every value has a line.

use super::fault::{Fault, FaultKind, Wanted};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value and the line it stands on.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub line: usize,
}

/// Faults found so far, and where lines begin.
pub(super) struct Faults {
    starts: Vec<usize>,
    found: Vec<Fault>,
}

/// One table, with the keys that have been asked of it.
pub(super) struct Section<'t, 'i> {
    name: String,
    line: usize,
    table: &'t DeTable<'i>,
    known: Vec<&'static str>,
}

impl Faults {
    pub(super) fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(breaks).collect(),
            found: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, line: usize, kind: FaultKind) {
        self.found.push(Fault { line, kind });
    }

    pub(super) fn has(&self, line: usize) -> bool {
        self.found.iter().any(|fault| fault.line == line)
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.starts.partition_point(|start| *start <= span.start)
    }

    /// In the order of the file.
    pub(super) fn into_sorted(mut self) -> Vec<Fault> {
        self.found.sort_by_key(|fault| fault.line);
        self.found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

impl<'t, 'i> Section<'t, 'i> {
    pub(super) fn new(name: &str, line: usize, table: &'t DeTable<'i>) -> Self {
        Self {
            name: name.to_owned(),
            line,
            table,
            known: Vec::new(),
        }
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Where a key stands; `None`: it is not written.
    pub(super) fn line_of(&self, key: &str, faults: &Faults) -> Option<usize> {
        self.table.get(key).map(|value| faults.line(&value.span()))
    }

    /// The key as a person finds it: `listen.smtp`.
    pub(super) fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self, faults: &mut Faults) {
        for key in self.table.keys() {
            if !self.known.contains(&key.get_ref().as_ref()) {
                let line = faults.line(&key.span());
                let known = self.known.clone();
                faults.add(
                    line,
                    FaultKind::UnknownKey {
                        key: self.path(key.get_ref()),
                        known,
                    },
                );
            }
        }
    }

    pub(super) fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<At<&'t str>> {
        let found = self.value(key, faults)?;
        match found.value {
            DeValue::String(text) => Some(At {
                value: text.as_ref(),
                line: found.line,
            }),
            _ => self.wrong(key, Wanted::Text, found.line, faults),
        }
    }

    /// As [`Section::text`], and a fault where the key is absent.
    pub(super) fn required(&mut self, key: &'static str, faults: &mut Faults) -> Option<At<&'t str>> {
        self.require(key, faults);
        self.text(key, faults)
    }

    pub(super) fn switch(&mut self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        let found = self.value(key, faults)?;
        match found.value {
            DeValue::Boolean(on) => Some(*on),
            _ => self.wrong(key, Wanted::Switch, found.line, faults),
        }
    }

    /// An integer as written, so that one out of every range can still be shown.
    pub(super) fn number(&mut self, key: &'static str, faults: &mut Faults) -> Option<At<(String, Option<i64>)>> {
        let found = self.value(key, faults)?;
        match found.value {
            DeValue::Integer(n) => {
                let number = i64::from_str_radix(n.as_str(), n.radix()).ok();
                Some(At {
                    value: (n.to_string(), number),
                    line: found.line,
                })
            }
            _ => self.wrong(key, Wanted::Number, found.line, faults),
        }
    }

    pub(super) fn texts(&mut self, key: &'static str, faults: &mut Faults) -> Option<Vec<At<&'t str>>> {
        let found = self.value(key, faults)?;
        let DeValue::Array(items) = found.value else {
            return self.wrong(key, Wanted::List, found.line, faults);
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            let line = faults.line(&item.span());
            match item.get_ref() {
                DeValue::String(text) => texts.push(At {
                    value: text.as_ref(),
                    line,
                }),
                _ => return self.wrong(key, Wanted::List, line, faults),
            }
        }
        Some(texts)
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)], faults: &mut Faults) -> Option<T> {
        let given = self.text(key, faults)?;
        let found = words.iter().find(|(word, _)| *word == given.value).map(|(_, value)| *value);
        if found.is_none() {
            let allowed = words.iter().map(|(word, _)| *word).collect();
            let kind = FaultKind::NotAChoice {
                key: self.path(key),
                given: given.value.to_owned(),
                allowed,
            };
            faults.add(given.line, kind);
        }
        found
    }

    pub(super) fn table(&mut self, key: &'static str, faults: &mut Faults) -> Option<Section<'t, 'i>> {
        let found = self.value(key, faults)?;
        match found.value {
            DeValue::Table(table) => Some(Section::new(&self.path(key), found.line, table)),
            _ => self.wrong(key, Wanted::Table, found.line, faults),
        }
    }

    pub(super) fn tables(&mut self, key: &'static str, faults: &mut Faults) -> Vec<Section<'t, 'i>> {
        let Some(found) = self.value(key, faults) else { return Vec::new() };
        let DeValue::Array(items) = found.value else {
            self.wrong::<()>(key, Wanted::Tables, found.line, faults);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            let line = faults.line(&item.span());
            match item.get_ref() {
                DeValue::Table(table) => sections.push(Section::new(&self.path(key), line, table)),
                _ => drop(self.wrong::<()>(key, Wanted::Tables, line, faults)),
            }
        }
        sections
    }

    pub(super) fn require(&mut self, key: &'static str, faults: &mut Faults) {
        if !self.table.contains_key(key) {
            faults.add(self.line, FaultKind::Missing { key: self.path(key) });
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn value(&mut self, key: &'static str, faults: &Faults) -> Option<At<&'t DeValue<'i>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let spanned = self.table.get(key)?;
        Some(At {
            value: spanned.get_ref(),
            line: faults.line(&spanned.span()),
        })
    }

    fn wrong<T>(&self, key: &str, wanted: Wanted, line: usize, faults: &mut Faults) -> Option<T> {
        faults.add(
            line,
            FaultKind::WrongType {
                key: self.path(key),
                wanted,
            },
        );
        None
    }
}
