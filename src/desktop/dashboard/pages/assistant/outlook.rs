//! What is clicked and typed in classic Outlook, drawn with the values of the account, and a file that spares it.

use super::drawing::{Row, Window};
use super::program::security;
use crate::config::{Account, ListenTls};
use crate::desktop::Doors;
use crate::desktop::setup::outlook;
use crate::text::assistant::PROGRAM_LOCAL;
use crate::text::dashboard::{Language, Words};
use crate::text::outlook::{self as words, label};
use maud::{Markup, html};

/// What Outlook is told of an account.
struct Typed<'a> {
    address: String,
    login: &'a str,
    reading: Reading,
    incoming: [String; 2],
    outgoing: [String; 2],
    tls: ListenTls,
    language: Language,
}

/// How it reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Imap,
    Pop3,
}

/// The section of the page.
pub(super) fn section(account: &Account, doors: &Doors, tls: ListenTls, language: Language) -> Markup {
    let said = |words: Words| words.of(language);
    let is_short = account.imap.is_some() && account.login == account.address.to_string();
    let password = if account.logs_in_by_itself() {
        PROGRAM_LOCAL
    } else {
        words::PASSWORD
    };
    html! {
        h3 { (said(words::OUTLOOK)) }
        p { (said(words::INTRO)) }
        @if is_short { p { (said(words::SHORT)) } }
        @match Typed::of(account, doors, tls, language) {
            Some(typed) if typed.can_be_told() => { (typed.steps()) }
            Some(_) => { p.bad { (said(words::NO_POP3)) } }
            None => {}
        }
        ul {
            li { (said(words::SECURITY)) (language.colon()) (said(security(tls))) }
            li { (said(password)) }
            li { (said(words::OLD_ACCOUNT)) }
        }
        @if account.imap.is_some() && outlook::can_be_told(tls) { p { a href="/assistant/outlook.prf" { (said(words::PROFILE)) } } }
    }
}

impl<'a> Typed<'a> {
    /// `None`: the doors are not open.
    fn of(account: &'a Account, doors: &Doors, tls: ListenTls, language: Language) -> Option<Self> {
        let reading = if account.imap.is_some() { Reading::Imap } else { Reading::Pop3 };
        let incoming = doors.get(if reading == Reading::Imap { "imap" } else { "pop3" })?;
        let in_two = |door: &std::net::SocketAddr| [door.ip().to_string(), door.port().to_string()];
        Some(Self {
            address: account.address.to_string(),
            login: &account.login,
            reading,
            incoming: in_two(incoming),
            outgoing: in_two(doors.get("smtp")?),
            tls,
            language,
        })
    }

    /// Its POP3 has a box for TLS from the first octet, and no word for STARTTLS.
    fn can_be_told(&self) -> bool {
        self.reading == Reading::Imap || self.tls == ListenTls::Implicit
    }

    fn steps(&self) -> Markup {
        let steps = [
            (words::STEP_MENU, self.menu()),
            (words::STEP_PROFILES, self.profiles()),
            (words::STEP_MANUAL, self.manual()),
            (words::STEP_KIND, self.kind()),
            (words::STEP_ACCOUNT, self.account()),
            (words::STEP_OUTGOING, self.outgoing()),
            (words::STEP_ADVANCED, self.advanced()),
        ];
        html! {
            details.drawn {
                summary { (self.said(words::STEP_BY_STEP)) }
                p.note { (self.said(words::DRAWN)) }
                ol { @for (step, drawing) in steps { li { (self.said(step)) (drawing) } } }
            }
        }
    }

    fn said(&self, words: Words) -> &'static str {
        words.of(self.language)
    }

    fn window(&self, step: &str, title: Words, rows: &[Row<'_>]) -> Markup {
        self.with_tabs(step, title, (&[], 0), rows)
    }

    fn with_tabs(&self, step: &str, title: Words, tabs: (&[&str], usize), rows: &[Row<'_>]) -> Markup {
        let window = Window {
            title: self.said(title),
            tabs,
            rows,
        };
        window.drawn(step, self.language)
    }

    fn menu(&self) -> Markup {
        let rows = [
            Row::Group(self.said(label::ACCOUNT_SETTINGS)),
            Row::Button(self.said(label::ACCOUNT_SETTINGS)),
            Row::Press(self.said(label::MANAGE_PROFILES)),
        ];
        self.window("outlook-1", label::FILE, &rows)
    }

    fn profiles(&self) -> Markup {
        let rows = [
            Row::Press(self.said(label::EMAIL_ACCOUNTS)),
            Row::Button(self.said(label::DATA_FILES)),
            Row::Button(self.said(label::SHOW_PROFILES)),
        ];
        self.window("outlook-2", label::MAIL_SETUP, &rows)
    }

    fn manual(&self) -> Markup {
        let rows = [
            Row::Other(self.said(label::EMAIL_ACCOUNT)),
            Row::Choose(self.said(label::MANUAL)),
            Row::Press(self.said(label::NEXT)),
        ];
        self.window("outlook-3", label::ADD_ACCOUNT, &rows)
    }

    fn kind(&self) -> Markup {
        let rows = [
            Row::Other(self.said(label::EXCHANGE)),
            Row::Choose(self.said(label::POP_OR_IMAP)),
            Row::Press(self.said(label::NEXT)),
        ];
        self.window("outlook-4", label::ACCOUNT_TYPE_WINDOW, &rows)
    }

    fn account(&self) -> Markup {
        let kind = if self.reading == Reading::Imap { "IMAP" } else { "POP3" };
        let rows = [
            Row::Group(self.said(label::USER)),
            Row::Field(self.said(label::YOUR_NAME), self.said(label::SOME_NAME)),
            Row::Field(self.said(label::ADDRESS), &self.address),
            Row::Group(self.said(label::SERVER)),
            Row::Field(self.said(label::ACCOUNT_TYPE), kind),
            Row::Field(self.said(label::INCOMING_SERVER), &self.incoming[0]),
            Row::Field(self.said(label::OUTGOING_SERVER), &self.outgoing[0]),
            Row::Group(self.said(label::LOGON)),
            Row::Field(self.said(label::USER_NAME), self.login),
            Row::Field(self.said(label::PASSWORD), "••••••••"),
            Row::Empty(self.said(label::SPA)),
            Row::Press(self.said(label::MORE_SETTINGS)),
        ];
        self.window("outlook-5", label::POP_AND_IMAP, &rows)
    }

    fn outgoing(&self) -> Markup {
        let rows = [
            Row::Tick(self.said(label::AUTHENTICATED)),
            Row::Choose(self.said(label::SAME_SETTINGS)),
            Row::Other(self.said(label::LOG_ON_USING)),
        ];
        self.with_tabs("outlook-6", label::INTERNET_SETTINGS, (&self.tabs(), 1), &rows)
    }

    fn advanced(&self) -> Markup {
        let encryption = self.said(security(self.tls));
        let encrypted = |by: &'static str| Row::Short(self.said(label::ENCRYPTED_BY), by);
        let (incoming, its_encryption) = match self.reading {
            Reading::Imap => (label::INCOMING_IMAP, encrypted(encryption)),
            Reading::Pop3 => (label::INCOMING_POP3, Row::Tick(self.said(label::POP3_ENCRYPTED))),
        };
        let rows = [
            Row::Group(self.said(label::PORTS)),
            Row::Short(self.said(incoming), &self.incoming[1]),
            its_encryption,
            Row::Short(self.said(label::OUTGOING_SMTP), &self.outgoing[1]),
            encrypted(encryption),
            Row::Press(self.said(label::OK)),
        ];
        self.with_tabs("outlook-7", label::INTERNET_SETTINGS, (&self.tabs(), 2), &rows)
    }

    fn tabs(&self) -> [&'static str; 3] {
        [label::TAB_GENERAL, label::TAB_OUTGOING, label::TAB_ADVANCED].map(|tab| self.said(tab))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse::parse;

    #[test]
    fn pop3_has_a_box_for_tls_and_no_word_for_starttls() {
        let doors = Doors::from([
            ("pop3", "127.0.0.1:2110".parse().unwrap()),
            ("smtp", "127.0.0.1:2587".parse().unwrap()),
        ]);
        let text = "[[account]]\naddress = \"zoe@b.fr\"\nlogin = \"zoe\"\nsmtp = { host = \"s.b.fr\", port = 465, tls = \"implicit\" }\n\
                    pop3 = { host = \"i.b.fr\", port = 995, tls = \"implicit\" }\n";
        let account = parse(text).unwrap().accounts.remove(0);
        let drawn = |tls| section(&account, &doors, tls, Language::English).into_string();
        let whole = drawn(ListenTls::Implicit);
        for said in [
            "Incoming server (POP3):</text>",
            ">2110</text>",
            "(SSL/TLS) (ticked)",
            ">POP3</text>",
            ">zoe</text>",
        ] {
            assert!(whole.contains(said), "{said}: {whole}");
        }
        assert!(!whole.contains("Add Account; type"), "the short way asks for no user name");
        let wanting = drawn(ListenTls::StartTls);
        assert!(
            wanting.contains(words::NO_POP3.of(Language::English).split('"').next().unwrap()) && !wanting.contains("<svg"),
            "{wanting}"
        );
    }
}
