//! The report on a message: everything that a doctor, who helps him or an expert may ask of a verdict, French and English on
//! one line. What comes from a certificate or a message stands in quotation marks, where it cannot pass for ours.

use super::banner::{CLOSING, NOT_ENCRYPTED, OPENING, plain};
use crate::base::UnixTime;

/// The name under which it is attached.
pub const FILE: &str = "rapport-souspli.txt";

/// What a report that is attached begins with: by this it is known when it comes back.
pub const TITLE: &str = "Rapport de vérification.";

/// Characters of one value of others.
const VALUE_MAX: usize = 200;
/// Values of others in one list.
const VALUES_MAX: usize = 30;

/// The first line of one that is attached: a banner of its own, which says how the message came.
pub fn opening(encrypted: bool) -> String {
    let came = if encrypted { "Chiffrement : oui." } else { NOT_ENCRYPTED };
    format!("{OPENING} {TITLE} {came} {CLOSING}\r\n")
}

/// Words of others.
pub fn quoted(text: &str) -> String {
    format!("« {} »", plain(text, VALUE_MAX).replace(['«', '»'], "\""))
}

/// A list of words of others.
pub fn quoted_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut texts = texts.into_iter();
    let mut out: Vec<String> = texts.by_ref().take(VALUES_MAX).map(quoted).collect();
    out.extend(texts.next().map(|_| "…".to_owned()));
    out.join(", ")
}

/// A moment as both languages read it.
pub fn moment(at: UnixTime) -> String {
    at.rfc3339()
}

/// A title above some lines.
pub fn title(words: Words) -> String {
    format!("\r\n{}\r\n", said(words))
}

/// A line: what it is, and its value.
pub fn line(words: Words, value: &str) -> String {
    format!("  {} : {value}\r\n", said(words))
}

/// A sentence of ours.
pub fn sentence(text: &str) -> String {
    format!("  {text}\r\n")
}

/// French and English beside each other.
fn said((french, english): Words) -> String {
    format!("{french} / {english}")
}

/// French, English.
pub type Words = (&'static str, &'static str);

/// The verdict.
pub const VERDICT: Words = ("VERDICT", "VERDICT");
/// Its grade.
pub const GRADE: Words = ("Degré", "Grade");
/// Its code.
pub const CODE: Words = ("Code", "Code");
/// Layers.
pub const LAYERS: Words = ("COUCHES, de l’extérieur vers l’intérieur", "LAYERS, outermost first");
/// No layer.
pub const NO_LAYER: Words = ("Aucune n’a pu être ouverte", "None could be opened");
/// An encryption.
pub const ENCRYPTED: Words = ("Chiffrement", "Encryption");
/// How the key of the content is sent.
pub const KEY: Words = ("Clé du contenu", "Content key");
/// For how many.
pub const RECIPIENTS: Words = ("Destinataires du chiffrement", "Recipients of the encryption");
/// Whether the cipher notices changes.
pub const NOTICES: Words = ("Le procédé détecte une modification", "The cipher notices changes");
/// A signature.
pub const SIGNED: Words = ("Signature, signataires", "Signature, signers");
/// Compression.
pub const COMPRESSED: Words = ("Compression", "Compression");
/// One signer.
pub const SIGNER: Words = ("SIGNATAIRE", "SIGNER");
/// Holder.
pub const NAME: Words = ("Nom", "Name");
/// Addresses.
pub const ADDRESSES: Words = ("Adresses du certificat", "Addresses of the certificate");
/// Profession.
pub const PROFESSION: Words = ("Profession", "Profession");
/// RPPS.
pub const RPPS: Words = ("RPPS", "RPPS number");
/// Serial number.
pub const SERIAL: Words = ("Numéro de série", "Serial number");
/// Issuer.
pub const ISSUER: Words = ("Émis par", "Issued by");
/// From when to when.
pub const VALIDITY: Words = ("Valable", "Valid");
/// Signed when.
pub const SIGNING_TIME: Words = ("Date annoncée de la signature", "Claimed time of the signature");
/// Algorithm.
pub const ALGORITHM: Words = ("Algorithme", "Algorithm");
/// Whether it fits.
pub const INTEGRITY: Words = ("Signature", "Signature");
/// The way to an authority.
pub const PATH: Words = ("Chemin jusqu’à une autorité configurée", "Path to a configured authority");
/// No certificate.
pub const CERTIFICATE: Words = ("Certificat", "Certificate");
/// Obsolete algorithms.
pub const OBSOLETE: Words = ("Obsolète", "Obsolete");
/// Header protection.
pub const HEADER: Words = ("EN-TÊTE", "HEADER");
/// By which scheme.
pub const SCHEME: Words = ("Protection", "Protection");
/// Which fields.
pub const FIELDS: Words = ("Champs protégés", "Protected fields");
/// Which of them differ outside.
pub const CHANGED: Words = ("Champs affichés autrement qu’à l’extérieur", "Fields shown otherwise than outside");
/// The sender.
pub const SENDER: Words = ("Expéditeur comparé au signataire", "Sender compared with the signer");
/// The message.
pub const MESSAGE: Words = ("MESSAGE", "MESSAGE");
/// Octets.
pub const SIZE: Words = ("Taille en octets", "Size in octets");
/// What is not checked.
pub const NOT_CHECKED: Words = ("NON VÉRIFIÉ", "NOT CHECKED");

/// Values.
pub const YES: &str = "oui / yes";
/// Values.
pub const NO: &str = "non / no";
/// Values.
pub const NONE: &str = "aucun / none";
/// Values.
pub const ABSENT: &str = "absent du message / not in the message";

/// Whether the certificates of a signer still stand.
pub const STATUS: (&str, &str) = ("Révocation", "Revocation");

/// What proves that they do: since when, until when, and how it stands to that.
pub fn stands(how: &str, as_of: &str, until: &str, (fr, en): Words) -> String {
    format!("non, selon {how} du {as_of}, fin {until}, {fr} / none, by {how} of {as_of}, end {until}, {en}")
}

/// Nobody publishes it.
pub const NOT_PUBLISHED: &str = "l’autorité n’en publie rien / its authority publishes nothing";

/// What is left out, always.
pub fn not_checked() -> String {
    [
        "Le contenu des pièces jointes. / The content of attachments.",
        "L’heure de signature : elle est annoncée par le signataire. / The signing time: the signer claims it.",
    ]
    .map(sentence)
    .concat()
}

/// Why the path is not said where the report is part of a message as it is shown.
pub fn path_on_demand() -> &'static str {
    "souspli open --report"
}
