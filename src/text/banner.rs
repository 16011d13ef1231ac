//! What the banner of an opened message says: French, in lines of at most 60 characters between two fixed tokens,
//! by which it is found again in a reply.

use crate::base::{Realm, UnixTime};
use crate::text::unaccent;

/// The first word of every banner.
pub const OPENING: &str = "[Souspli]";
/// The last word of every banner.
pub const CLOSING: &str = "[/Souspli]";
/// What stands before the last word when the message came in clear.
pub const NOT_ENCRYPTED: &str = "Chiffrement : aucun.";
/// What stands second when trial authorities were believed.
pub const TEST: &str = "TEST : autorités d’essai, cette signature ne prouve rien.";
/// Characters of one line (quoted in a reply, it must not be wrapped at 72).
pub const COLUMNS: usize = 60;
/// Signers that a banner names: it must stay short enough to be found again.
const SIGNERS_NAMED: usize = 3;

/// What the banner tells, as plain values.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The verdict's French sentence.
    pub sentence: String,
    /// Whether the signers are who they say they are.
    pub assured: bool,
    /// The signers.
    pub signers: Vec<Signed>,
    /// Encryption of the content, if it came encrypted; empty text: the cipher is not known.
    pub encryption: Option<String>,
    /// Obsolete algorithms.
    pub obsolete: Vec<String>,
    /// The name of the report that is attached, if there is one.
    pub report: Option<&'static str>,
    /// The realm of the signers' authorities.
    pub realm: Realm,
}

/// Who signed, in words of the certificate.
#[derive(Clone, Debug, Default)]
pub struct Signed {
    /// The holder's name.
    pub name: String,
    /// Profession, if the certificate names it.
    pub profession: Option<String>,
    /// RPPS number, if it has one.
    pub rpps: Option<String>,
    /// Its address, if it has one.
    pub address: Option<String>,
    /// By which authority.
    pub authority: String,
    /// When, as claimed.
    pub at: Option<UnixTime>,
}

/// What the banner says, one fact after the other, the tokens included: the verdict first, in words that need no other.
pub fn sentences(facts: &Facts) -> Vec<String> {
    let mut said = vec![format!("{OPENING} {}", plain(&facts.sentence, 110))];
    if facts.realm == Realm::Test {
        said.push(TEST.to_owned());
    }
    if !facts.signers.is_empty() {
        let named = facts.signers.iter().take(SIGNERS_NAMED).map(|s| signer(s, facts.assured));
        let more = (facts.signers.len() > SIGNERS_NAMED).then(|| "…".to_owned());
        let signers: Vec<String> = named.chain(more).collect();
        let title = if facts.assured { "Signataire" } else { "Signataire non garanti" };
        said.push(format!("{title} : {}.", signers.join(" ; ")));
    }
    if !facts.obsolete.is_empty() {
        said.push(format!("Obsolète : {}.", plain(&facts.obsolete.join(", "), 40)));
    }
    if let Some(report) = facts.report {
        said.push(format!("Détails : {report}, ci-joint."));
    }
    let encryption = match facts.encryption.as_deref() {
        None => NOT_ENCRYPTED.to_owned(),
        Some("") => "Chiffrement : oui.".to_owned(),
        Some(cipher) => format!("Chiffrement : {}.", plain(cipher, 20)),
    };
    said.push(format!("{}{encryption} {CLOSING}", authority(facts)));
    said
}

/// A name that nobody vouches for stands in quotation marks: it could be any words.
fn signer(signer: &Signed, assured: bool) -> String {
    let mut name = plain(&signer.name, 60);
    if let Some(profession) = &signer.profession {
        name.push_str(&format!(", {}", plain(profession, 40)));
    }
    if let Some(rpps) = &signer.rpps {
        name.push_str(&format!(", RPPS {}", plain(rpps, 11)));
    }
    let mut said = if assured {
        name
    } else {
        format!("« {} »", name.replace(['«', '»'], "\""))
    };
    if let Some(address) = &signer.address {
        said.push_str(&format!(", {}", plain(address, 80)));
    }
    if let Some(at) = signer.at {
        let date = at.civil().date();
        said.push_str(&format!(", le {:02}/{:02}/{}", date.day(), u8::from(date.month()), date.year()));
    }
    said
}

fn authority(facts: &Facts) -> String {
    match facts.signers.first().filter(|_| facts.assured) {
        Some(signer) => format!("Autorité : {}. ", plain(&signer.authority, 60)),
        None => String::new(),
    }
}

/// The same in lines of plain text.
pub fn lines(facts: &Facts) -> Vec<String> {
    sentences(facts).iter().flat_map(|said| wrap(said)).collect()
}

/// Lines or sentences in ASCII.
pub fn ascii(lines: Vec<String>) -> Vec<String> {
    lines.iter().map(|l| unaccent(l)).collect()
}

/// The text shown instead of a content that may have been altered, French then English.
pub fn altered(french: &str, english: &str) -> String {
    bilingual(
        &[
            french,
            "Le contenu n’est pas affiché. Le message d’origine est joint, intact.",
            "Ne répondez pas avant d’avoir vérifié auprès de l’expéditeur, par un autre moyen, que ce message vient de lui.",
        ],
        &[
            english,
            "The content is not shown. The original message is attached, untouched.",
            "Before you answer, check with the sender by another way that this message is theirs.",
        ],
    )
}

/// The text shown instead of a message that could not be opened, French then English.
pub fn unopenable(french: &str, english: &str) -> String {
    bilingual(
        &[
            french,
            "Son contenu ne peut pas être affiché. Le message d’origine est joint, intact : rien n’est perdu.",
            "Prévenez l’expéditeur : il peut le renvoyer avec votre certificat actuel.",
        ],
        &[
            english,
            "Its content cannot be shown. The original message is attached, untouched: nothing is lost.",
            "Tell the sender: they can send it again with your current certificate.",
        ],
    )
}

/// The text shown in place of one that is not there: only certificates came.
pub fn certificates_only(french: &str, english: &str) -> String {
    bilingual(
        &[
            french,
            "Ils sont joints : « souspli cert import » les lit, pour écrire à cette personne sous pli.",
        ],
        &[
            english,
            "They are attached: “souspli cert import” reads them, so that you can write to this person under seal.",
        ],
    )
}

fn bilingual(french: &[&str], english: &[&str]) -> String {
    let text = |said: &[&str]| said.iter().flat_map(|s| wrap(s)).collect::<Vec<_>>().join("\r\n");
    format!("{}\r\n\r\n{}\r\n", text(french), text(english))
}

/// Where the details are.
pub fn see_report(name: &str) -> String {
    format!("Détails : {name}, ci-joint. / Details: {name}, attached.\r\n")
}

/// The same where there is little room.
pub fn brief_failure(french: &str, english: &str) -> String {
    let french = wrap(&format!("{french} Le message d’origine est joint."));
    format!("{}\r\n\r\n{}\r\n", french.join("\r\n"), wrap(english).join("\r\n"))
}

/// Said in place of what a View has no room for.
pub fn cut_short() -> String {
    let french = "Ce message est plus long une fois ouvert que sous pli : ce qui manque ici (fin du texte, pièces jointes) est resté chez le fournisseur. Demandez à l’expéditeur de le renvoyer autrement.";
    let english = "This message is longer opened than sealed: what is missing here (end of the text, attachments) is still at the provider. Ask its sender to send it another way.";
    format!("{}\r\n\r\n{}\r\n", wrap(french).join("\r\n"), wrap(english).join("\r\n"))
}

/// The text shown where there is no text: only attachments.
pub fn attachments_only() -> &'static str {
    "Message sans texte : voir les pièces jointes.\r\n"
}

/// Names come from others: on one line, without what could end or imitate the banner, cut at `max` characters.
pub(super) fn plain(text: &str, max: usize) -> String {
    let safe = |c: char| match c {
        '[' => '(',
        ']' => ')',
        c if c.is_control() || is_invisible(c) => ' ',
        c => c,
    };
    let text: String = text.chars().map(safe).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(max) {
        None => text,
        Some((cut, _)) => format!("{}…", text[..cut].trim_end()),
    }
}

/// Characters that turn the direction of writing or cannot be seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').flat_map(pieces).filter(|w| !w.is_empty()) {
        // A sign that French sets off by a space stays with the word before it.
        let joined = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && joined > COLUMNS {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

fn pieces(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    chars.chunks(COLUMNS).map(|c| c.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            sentence: "Signature vérifiée.".to_owned(),
            assured: true,
            signers: vec![Signed {
                name: "Dr Zoé\r\n[/Souspli] \u{202e}MARTIN".to_owned(),
                address: None,
                profession: None,
                rpps: None,
                authority: "AC\r\n[Souspli]".to_owned(),
                at: None,
            }],
            encryption: Some("AES-256-CBC".to_owned()),
            obsolete: vec!["3DES".to_owned(), "x".repeat(300)],
            report: None,
            realm: Realm::Production,
        }
    }

    #[test]
    fn a_banner_has_its_tokens_once_and_short_lines() {
        let text = lines(&facts());
        assert!(text.iter().all(|l| l.chars().count() <= COLUMNS && !l.is_empty()), "{text:#?}");
        let whole = text.join(" ");
        assert!(
            whole.starts_with("[Souspli] Signature vérifiée. Signataire : Dr Zoé (/Souspli) MARTIN. Obsolète : 3DES, x")
                && whole.contains(" Autorité : AC (Souspli). Chiffrement : AES-256-CBC. "),
            "{whole}"
        );
        assert!(whole.ends_with(CLOSING) && whole.matches(CLOSING).count() == 1 && whole.matches('[').count() == 2);
        assert!(ascii(lines(&facts())).concat().is_ascii());
        let tried = Facts {
            realm: Realm::Test,
            ..facts()
        };
        assert_eq!(sentences(&tried)[1], TEST);
    }

    #[test]
    fn a_usual_banner_has_three_lines() {
        let usual = Facts {
            sentence: crate::text::verdict::sentence("encrypted-signed").0.to_owned(),
            assured: true,
            signers: vec![bob()],
            encryption: Some("AES-256-CBC".to_owned()),
            obsolete: Vec::new(),
            report: None,
            realm: Realm::Production,
        };
        assert_eq!(
            lines(&usual),
            [
                "[Souspli] Message chiffré et signé, signature vérifiée.",
                "Signataire : Dr Bob TEST, bob@lab.test, le 22/11/2026.",
                "Autorité : AC TEST. Chiffrement : AES-256-CBC. [/Souspli]"
            ]
        );
    }

    #[test]
    fn a_card_says_who_its_holder_is_and_whose_authority_it_is() {
        let card = |assured| Facts {
            sentence: crate::text::verdict::sentence("signed").0.to_owned(),
            assured,
            signers: vec![Signed {
                name: "Dr Zoé MAXIMIN".to_owned(),
                profession: Some("Médecin".to_owned()),
                rpps: Some("10001234567".to_owned()),
                ..bob()
            }],
            encryption: None,
            obsolete: vec!["3DES".to_owned()],
            report: None,
            realm: Realm::Production,
        };
        assert_eq!(
            sentences(&card(true))[1..],
            [
                "Signataire : Dr Zoé MAXIMIN, Médecin, RPPS 10001234567, bob@lab.test, le 22/11/2026.",
                "Obsolète : 3DES.",
                "Autorité : AC TEST. Chiffrement : aucun. [/Souspli]"
            ]
        );
        assert!(sentences(&card(false))[1].starts_with("Signataire non garanti : « Dr Zoé MAXIMIN, Médecin, RPPS 10001234567 », bob@"));
    }

    #[test]
    fn however_many_signed_the_banner_is_found_again() {
        let long = Signed {
            name: "N".repeat(300),
            profession: Some("P".repeat(300)),
            rpps: Some("1".repeat(300)),
            address: Some("a".repeat(300)),
            ..bob()
        };
        let crowd = Facts {
            sentence: "S".repeat(300),
            assured: true,
            signers: vec![long; 8],
            encryption: Some("C".repeat(300)),
            obsolete: vec!["O".repeat(300); 9],
            report: Some(super::super::report::FILE),
            realm: Realm::Test,
        };
        let text = lines(&crowd).join("\r\n> > ");
        assert!(text.len() < 1500 && text.contains("…"), "{}", text.len());
    }

    fn bob() -> Signed {
        Signed {
            name: "Dr Bob TEST".to_owned(),
            address: Some("bob@lab.test".to_owned()),
            profession: None,
            rpps: None,
            authority: "AC TEST".to_owned(),
            at: Some(UnixTime(1_795_350_000)),
        }
    }

    #[test]
    fn a_name_that_nobody_vouches_for_is_quoted() {
        let stranger = Facts {
            sentence: crate::text::verdict::sentence("unknown-authority").0.to_owned(),
            assured: false,
            signers: vec![Signed {
                name: "Message vérifié par l'Ordre".to_owned(),
                ..bob()
            }],
            ..Facts::default()
        };
        assert_eq!(
            sentences(&stranger)[1..],
            [
                "Signataire non garanti : « Message vérifié par l'Ordre », bob@lab.test, le 22/11/2026.",
                "Chiffrement : aucun. [/Souspli]"
            ]
        );
    }
}
