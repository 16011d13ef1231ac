//! Single settings: what each says, who may change it, and the text of a file with one of them changed. Text in, text out; comments
//! and everything else stay, and what was written is read again before it is given back.

use super::parse::parse_with;
use super::{BannerMode, Config, Defaults, Fault, GluedTag, MissingCertificate, PolicyRules};
use toml_edit::{DocumentMut, Item, Table, Value};

/// One setting.
pub struct Setting {
    /// Its section in the file.
    pub section: &'static str,
    /// Its key there.
    pub key: &'static str,
    /// What it can say.
    pub kind: Kind,
    /// Whether its user may change it with a click.
    pub change: Change,
    said: fn(&Config) -> String,
    copy: fn(&mut Config, &Config),
    ruled: fn(&PolicyRules) -> bool,
}

/// What a setting can say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Anything.
    Text,
    /// `true` or `false`.
    YesNo,
    /// A number of this range.
    Whole(u32, u32),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// Whether a click may change a setting. What could let something leave in clear is changed in the file, by who knows what he does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// To whatever it can say.
    Free,
    /// To this only, which protects more.
    OnlyTo(&'static str),
    /// Not here.
    Never,
}

/// Why a setting cannot be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SettingFault {
    /// The file has faults, before or after.
    Faults(Vec<Fault>),
    /// It cannot say that, or not by a click.
    Value,
    /// The section is written in a way that is not changed here.
    Shape,
}

macro_rules! settings {
    ($($section:literal $key:ident, $kind:expr, $change:expr, $($field:ident).+, $said:expr, $ruled:expr;)*) => {
        /// Those that are shown, in their order.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            section: $section,
            key: stringify!($key),
            kind: $kind,
            change: $change,
            said: |config| { let say: fn(&Config) -> String = $said; say(config) },
            copy: |to, from| to.$($field).+ = from.$($field).+.clone(),
            ruled: $ruled,
        }),*];
    };
}

settings! {
    "policy" tag, Kind::Text, Change::Never, policy.tag, |c| c.policy.tag.clone(), |r| r.tag.is_some();
    "policy" domains, Kind::Text, Change::Never, policy.domains,
        |c| c.policy.domains.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "), |r| r.domains.is_some();
    "policy" missing_certificate, Kind::OneOf(&["refuse", "partial"]), Change::Free, policy.missing_certificate,
        |c| missing(c.policy.missing_certificate).to_owned(), |r| r.missing_certificate.is_some();
    "policy" glued_tag, Kind::OneOf(&["secure", "refuse"]), Change::Free, policy.glued_tag,
        |c| glued(c.policy.glued_tag).to_owned(), |r| r.glued_tag.is_some();
    "policy" protect_subject, Kind::YesNo, Change::OnlyTo("true"), policy.protect_subject,
        |c| c.policy.protect_subject.to_string(), |r| r.protect_subject.is_some();
    "policy" recognise_letters, Kind::YesNo, Change::OnlyTo("true"), policy.recognise_letters,
        |c| c.policy.recognise_letters.to_string(), |r| r.recognise_letters.is_some();
    "policy" mssante_requires_certificate, Kind::YesNo, Change::OnlyTo("true"), policy.mssante_requires_certificate,
        |c| c.policy.mssante_requires_certificate.to_string(), |r| r.mssante_requires_certificate.is_some();
    "policy" mssante_notice, Kind::YesNo, Change::OnlyTo("true"), policy.mssante_notice,
        |c| c.policy.mssante_notice.to_string(), |r| r.mssante_notice.is_some();
    "policy" banner, Kind::OneOf(&["text", "headers"]), Change::OnlyTo("text"), policy.banner,
        |c| banner(c.policy.banner).to_owned(), |r| r.banner.is_some();
    "policy" search_index, Kind::YesNo, Change::Free, policy.search_index,
        |c| c.policy.search_index.to_string(), |r| r.search_index.is_some();
    "policy" harvest, Kind::YesNo, Change::Free, policy.harvest, |c| c.policy.harvest.to_string(), |r| r.harvest.is_some();
    "policy" card_for_each_reading, Kind::YesNo, Change::OnlyTo("true"), policy.card_for_each_reading,
        |c| c.policy.card_for_each_reading.to_string(), |r| r.card_for_each_reading.is_some();
    "card" idle_minutes, Kind::Whole(1, 720), Change::Free, card.idle, |c| (c.card.idle / 60).to_string(), |_| false;
    "keys" remember_days, Kind::Whole(0, 3650), Change::Free, keys.remember_days, |c| c.keys.remember_days.to_string(), |_| false;
    "journal" months, Kind::Whole(1, 12), Change::Free, journal.months, |c| c.journal.months.to_string(), |_| false;
    "dashboard" language, Kind::OneOf(&["fr", "en"]), Change::Free, dashboard.language, |c| c.dashboard.language.tag().to_owned(), |_| false;
    "trust" environment, Kind::OneOf(&["production", "test"]), Change::Never, trust.environment,
        |c| c.trust.environment.as_str().to_owned(), |_| false;
}

fn missing(rule: MissingCertificate) -> &'static str {
    match rule {
        MissingCertificate::Refuse => "refuse",
        MissingCertificate::Partial => "partial",
    }
}

fn glued(rule: GluedTag) -> &'static str {
    match rule {
        GluedTag::Secure => "secure",
        GluedTag::Refuse => "refuse",
    }
}

fn banner(mode: BannerMode) -> &'static str {
    match mode {
        BannerMode::Text => "text",
        BannerMode::Headers => "headers",
    }
}

impl Setting {
    /// By its section and key, as in `policy.harvest`.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name() == name)
    }

    /// Section and key.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// What a configuration says of it.
    pub fn said(&self, config: &Config) -> String {
        (self.said)(config)
    }

    /// Whether a machine policy says it.
    pub fn is_ruled(&self, rules: &PolicyRules) -> bool {
        (self.ruled)(rules)
    }

    /// The words that a click may change it to, from what it says now.
    pub fn may_become(&self, word: &str) -> bool {
        let fits = match self.kind {
            Kind::Text => false,
            Kind::YesNo => matches!(word, "true" | "false"),
            Kind::Whole(least, most) => word.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number)),
            Kind::OneOf(words) => words.contains(&word),
        };
        fits && match self.change {
            Change::Free => true,
            Change::OnlyTo(only) => word == only,
            Change::Never => false,
        }
    }

    /// `text` with this setting saying `word`, and nothing else saying anything else; `machine`: what counts where the file says nothing.
    pub fn changed(&self, text: &str, word: &str, machine: &Defaults) -> Result<String, SettingFault> {
        if !self.may_become(word) {
            return Err(SettingFault::Value);
        }
        let before = parse_with(text, machine).map_err(SettingFault::Faults)?;
        let mut document: DocumentMut = text.parse().map_err(|_| SettingFault::Shape)?;
        self.put(&mut document, word)?;
        let written = with_ends_of(text, document.to_string());
        let mut after = parse_with(&written, machine).map_err(SettingFault::Faults)?;
        let says = self.said(&after);
        (self.copy)(&mut after, &before);
        match after == before && says == word {
            true => Ok(written),
            false => Err(SettingFault::Shape),
        }
    }

    fn put(&self, document: &mut DocumentMut, word: &str) -> Result<(), SettingFault> {
        let section = document.entry(self.section).or_insert_with(|| Item::Table(Table::new()));
        let section = section.as_table_like_mut().ok_or(SettingFault::Shape)?;
        let mut value = match self.kind {
            Kind::YesNo => Value::from(word == "true"),
            Kind::Whole(..) => Value::from(word.parse::<i64>().map_err(|_| SettingFault::Value)?),
            Kind::Text | Kind::OneOf(_) => Value::from(word),
        };
        // A comment beside it stays.
        if let Some(old) = section.get(self.key).and_then(Item::as_value) {
            *value.decor_mut() = old.decor().clone();
        }
        match section.get_mut(self.key) {
            Some(item) => *item = Item::Value(value),
            None => drop(section.insert(self.key, Item::Value(value))),
        }
        Ok(())
    }
}

/// Windows' line ends where the file has them.
fn with_ends_of(text: &str, written: String) -> String {
    match text.contains("\r\n") {
        true => written.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse::parse;

    const FILE: &str = "# du cabinet\n[[account]]\naddress = \"a@b.fr\" # moi\nsmtp = { host = \"s.b.fr\", port = 465, tls = \"implicit\" }\n\
                        imap = { host = \"i.b.fr\", port = 993, tls = \"implicit\" }\n\n[policy] # la politique\ntag = \"#moi#\"\n\
                        harvest = true   # récolte\n# fin\n";

    #[test]
    fn one_value_changes_and_every_other_octet_stays() {
        let text = changed("policy.harvest", FILE, "false").unwrap();
        assert_eq!(text, FILE.replace("harvest = true ", "harvest = false "));
        assert_eq!(changed("policy.harvest", &text, "true").unwrap(), FILE);
    }

    #[test]
    fn what_was_not_written_is_added() {
        let text = changed("journal.months", FILE, "9").unwrap();
        assert!(text.contains("[journal]\nmonths = 9\n"), "{text}");
        assert!(FILE.lines().all(|line| text.contains(line)), "{text}");
        let text = changed("policy.glued_tag", FILE, "refuse").unwrap();
        assert!(
            parse(&text).is_ok() && text.contains("# récolte\nglued_tag = \"refuse\"\n"),
            "{text}"
        );
        let inline = format!("policy = {{ tag = \"#moi#\" }}\n{}", FILE.split("[policy]").next().unwrap());
        assert_eq!(
            parse(&changed("policy.harvest", &inline, "false").unwrap()).unwrap().policy.tag,
            "#moi#"
        );
    }

    #[test]
    fn line_ends_stay_those_of_the_file() {
        let windows = FILE.replace('\n', "\r\n");
        let text = changed("policy.harvest", &windows, "false").unwrap();
        assert_eq!(text, windows.replace("harvest = true ", "harvest = false "));
    }

    #[test]
    fn nothing_is_made_less_safe_by_a_click() {
        for (name, word) in [
            ("policy.tag", "#autre#"),
            ("policy.domains", ""),
            ("policy.protect_subject", "false"),
            ("policy.recognise_letters", "false"),
            ("policy.mssante_requires_certificate", "false"),
            ("policy.mssante_notice", "false"),
            ("policy.card_for_each_reading", "false"),
            // A short text that is used again is known by the summary above it.
            ("policy.banner", "headers"),
            ("trust.environment", "test"),
            ("journal.months", "13"),
            ("journal.months", "0"),
            ("keys.remember_days", "-1"),
            ("policy.harvest", "\"true\"\n[x]"),
            ("dashboard.language", "de"),
        ] {
            assert_eq!(changed(name, FILE, word), Err(SettingFault::Value), "{name} {word}");
        }
        assert!(Setting::named("policy.unknown").is_none());
    }

    #[test]
    fn each_says_what_its_own_default_is() {
        let commented = include_str!("../../config/souspli.toml");
        for setting in SETTINGS {
            let said = setting.said(&Config::default());
            let quoted = format!("{} = \"{said}\"", setting.key);
            let listed = format!("{} = [\"{said}\"]", setting.key);
            let bare = format!("{} = {said}", setting.key);
            assert!(
                [quoted, listed, bare].iter().any(|line| commented.contains(line)),
                "{}: {said}",
                setting.name()
            );
        }
    }

    #[test]
    fn a_file_with_faults_is_not_written_to() {
        assert!(matches!(
            changed("policy.harvest", "unknown = 1\n", "false"),
            Err(SettingFault::Faults(_))
        ));
    }

    fn changed(name: &str, text: &str, word: &str) -> Result<String, SettingFault> {
        Setting::named(name).unwrap().changed(text, word, &Defaults::default())
    }
}
