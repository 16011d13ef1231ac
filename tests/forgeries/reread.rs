//! A View read as a mail program reads it, by another parser than the one that made it.

use crate::Attack;
use crate::practice::Seen;
use mail_parser::{MessageParser, PartType};

const GENUINE: [&str; 4] = ["signed", "encrypted-signed", "own-copy", "plain"];

/// What is wrong with the answer to an attack.
pub fn faults(attack: &Attack, seen: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    let code = seen.verdict["code"].as_str().unwrap();
    if code != attack.code {
        faults.push(format!("said {code} instead of {}", attack.code));
    }
    let grade = seen.verdict["grade"].as_str().unwrap();
    if (grade == "verified") != matches!(code, "signed" | "encrypted-signed" | "own-copy") {
        faults.push(format!("{code} is graded {grade}"));
    }
    if code == "plain" {
        if seen.view != attack.message {
            faults.push("what is no S/MIME was changed".to_owned());
        }
    } else {
        faults.extend(of_view(&seen.view, grade, code));
    }
    let all = everything(&seen.view);
    faults.extend(
        attack
            .shows
            .iter()
            .filter(|w| !all.contains(**w))
            .map(|w| format!("does not show {w:?}")),
    );
    faults.extend(attack.hides.iter().filter(|w| all.contains(**w)).map(|w| format!("shows {w:?}")));
    faults
}

fn of_view(view: &[u8], grade: &str, code: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let message = MessageParser::default().parse(view).unwrap();
    let ours: Vec<_> = message
        .headers()
        .iter()
        .filter(|h| h.name.as_str() == "X-Souspli-Verdict")
        .collect();
    let said = ours.first().and_then(|h| h.value.as_text()).unwrap_or_default();
    if ours.len() != 1 || !said.starts_with(&format!("{grade}; code={code}")) {
        faults.push(format!("the header says {said:?}, {} times", ours.len()));
    }
    // Where nobody vouches for the content a mail program finds nothing that it renders, nor a message in a message.
    let vouched = GENUINE.contains(&code);
    for part in message.parts.iter().filter(|_| !vouched) {
        match &part.body {
            PartType::Html(_) => faults.push("an HTML part".to_owned()),
            PartType::Message(_) => faults.push("a message in the message".to_owned()),
            _ => {}
        }
    }
    faults.extend(of_subject(&message, grade));
    let (reports, shown): (Vec<String>, Vec<String>) = texts(&message).into_iter().partition(|text| text.starts_with(REPORT));
    faults.extend(of_reports(&message, &reports, vouched));
    let failed = matches!(grade, "altered" | "unopenable");
    for text in &shown {
        let text = text.as_str();
        let (rest, banners) = without_banner(text);
        if failed && banners > 0 {
            faults.push("a banner over a content that is not shown".to_owned());
        }
        if souspli::view::lookalike::defanged(rest).is_some() || rest.to_lowercase().contains("data-souspli") {
            faults.push(format!("what looks like a banner of ours: {rest:?}"));
        }
    }
    if !failed && code != "own-copy" && !shown.iter().any(|text| without_banner(text).1 == 1) {
        faults.push("no banner".to_owned());
    }
    faults
}

const REPORT: &str = "[Souspli] Rapport de vérification.";

/// The mark in front of the Subject is that of the grade, once, and nothing else there looks like ours.
fn of_subject(message: &mail_parser::Message<'_>, grade: &str) -> Vec<String> {
    let subject = message.subject().unwrap_or_default();
    let mark = match grade {
        "unassured" => "[Souspli : non garanti",
        "altered" => "[Souspli : ALTÉRÉ",
        _ => "",
    };
    let rest = subject.strip_prefix(mark).unwrap_or("[Souspli]");
    let fields = message.headers().iter().filter(|h| h.name.as_str() == "Subject").count();
    let right = souspli::view::lookalike::defanged(rest).is_none() && fields <= 1;
    (!right)
        .then(|| format!("the Subject of what is {grade} says {subject:?}, {fields} times"))
        .into_iter()
        .collect()
}

/// There is one report where there must be, of ours, and no file of others has its name.
fn of_reports(message: &mail_parser::Message<'_>, reports: &[String], vouched: bool) -> Vec<String> {
    use mail_parser::MimeHeaders;
    let named = |part: &&mail_parser::MessagePart<'_>| {
        part.attachment_name()
            .is_some_and(|name| souspli::view::lookalike::renamed(name).is_some())
    };
    let files = message.parts.iter().filter(named).count();
    let wanted = usize::from(!vouched);
    let mut faults = Vec::new();
    if reports.len() > wanted || files != reports.len() {
        faults.push(format!("{} reports, {files} files of that name", reports.len()));
    }
    for report in reports {
        let (rest, _) = without_banner(report);
        if souspli::view::lookalike::defanged(rest).is_some() || rest.matches("Grade : ").count() != 1 {
            faults.push(format!("what looks like a report of ours: {rest:?}"));
        }
    }
    faults
}

/// Texts that are shown, HTML as its words.
fn texts(message: &mail_parser::Message<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for part in &message.parts {
        match &part.body {
            PartType::Text(text) => found.push(text.to_string()),
            PartType::Html(html) => found.push(souspli::view::html::to_text(html)),
            PartType::Message(inner) => found.extend(texts(inner)),
            _ => {}
        }
    }
    found
}

/// What follows our banner at the top of a text, and whether there is one.
fn without_banner(text: &str) -> (&str, usize) {
    let rest = text
        .trim_start()
        .strip_prefix("[Souspli] ")
        .and_then(|rest| rest.split_once("[/Souspli]"))
        .map(|(_, rest)| rest);
    rest.map_or((text, 0), |rest| (rest, 1))
}

/// All that a reader or a mail program could find: the octets and every text decoded.
fn everything(view: &[u8]) -> String {
    let message = MessageParser::default().parse(view).unwrap();
    let mut all = String::from_utf8_lossy(view).into_owned();
    for text in texts(&message) {
        all.push_str(&text);
    }
    // A line of the banner may end between any two words.
    all.push_str(&all.clone().split_whitespace().collect::<Vec<_>>().join(" "));
    all
}
