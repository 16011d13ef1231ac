//! What is said of smart cards and their PIN.

use super::Explanation;
use crate::base::Retry;

/// Title of the window that asks.
pub const PIN_TITLE: &str = "Souspli – code de la carte / card PIN";
/// What is typed.
pub const PIN_WORD: &str = "Code porteur (PIN)";

/// How the next try stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TriesLeft {
    /// Nothing is known against it.
    All,
    /// A wrong one was given before.
    Fewer,
    /// The next wrong one blocks the card.
    One,
}

/// What is asked for, and what a wrong answer costs.
pub fn pin_question(card: &str, left: TriesLeft) -> String {
    let warning = match left {
        TriesLeft::All => "",
        TriesLeft::Fewer => "\nUn code faux a déjà été donné. / A wrong PIN was given before.",
        TriesLeft::One => "\nDERNIER ESSAI : un code faux bloque la carte. / LAST TRY: a wrong PIN blocks the card.",
    };
    format!("Code de la carte « {card} » / PIN of the card “{card}”{warning}")
}

/// The last one was wrong.
pub const PIN_WRONG: &str = "Code faux / wrong PIN";
/// The last one cannot be one.
pub const PIN_MALFORMED: &str = "Ce code n’a pas la longueur ou les signes voulus / not the length or the characters of a PIN";
/// The key asks at each use.
pub const PIN_EACH_TIME: &str = "Cette clé demande le code à chaque signature / this key asks at each signature";

/// No module is configured, and none of the known ones is installed.
pub fn no_module() -> Explanation {
    Explanation::new(
        "SP-CARD-NO-MODULE",
        Retry::AfterUser,
        (
            "Aucun logiciel de carte (module PKCS#11) n’est installé sur ce poste.",
            "Installez celui de votre carte (Cryptolib CPS, OpenSC), ou indiquez son fichier dans [card] module.",
        ),
        (
            "No card software (PKCS#11 module) is installed on this machine.",
            "Install that of your card (Cryptolib CPS, OpenSC), or name its file in [card] module.",
        ),
    )
}

/// The module is there and cannot be used.
pub fn module_not_loaded(file: &str, why: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-MODULE",
        Retry::AfterUser,
        (
            format!("Le logiciel de carte {file} ne peut pas être utilisé ({why})."),
            "Vérifiez qu’il est bien installé pour ce système (64 bits), ou corrigez [card] module.",
        ),
        (
            format!("The card software {file} cannot be used ({why})."),
            "Check that it is installed for this system (64 bits), or correct [card] module.",
        ),
    )
}

/// It did not answer in time.
pub fn hung() -> Explanation {
    Explanation::new(
        "SP-CARD-HUNG",
        Retry::Later,
        (
            "Le logiciel de carte ne répond pas ; Souspli l’a arrêté.",
            "Retirez et remettez la carte, puis réessayez ; si cela dure, redémarrez le poste.",
        ),
        (
            "The card software does not answer; Souspli has ended it.",
            "Take the card out and put it in again, then retry; if it lasts, restart the machine.",
        ),
    )
}

/// It ended by itself.
pub fn crashed() -> Explanation {
    Explanation::new(
        "SP-CARD-CRASHED",
        Retry::Later,
        (
            "Le logiciel de carte s’est arrêté de lui-même.",
            "Réessayez ; si cela se répète, mettez à jour le logiciel de carte.",
        ),
        (
            "The card software ended by itself.",
            "Try again; if it happens again, update the card software.",
        ),
    )
}

/// No reader is seen.
pub fn no_reader() -> Explanation {
    Explanation::new(
        "SP-CARD-NO-READER",
        Retry::AfterUser,
        (
            "Aucun lecteur de carte n’est vu sur ce poste.",
            "Branchez le lecteur, mettez la carte, puis réessayez.",
        ),
        (
            "No card reader is seen on this machine.",
            "Connect the reader, put the card in, then try again.",
        ),
    )
}

/// No card is in the reader.
pub fn absent(holder: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-ABSENT",
        Retry::AfterUser,
        (
            format!("La carte de {holder} n’est pas dans le lecteur."),
            "Mettez la carte, puis réessayez.",
        ),
        (
            format!("The card of {holder} is not in the reader."),
            "Put the card in, then try again.",
        ),
    )
}

/// A reader is there, and nothing in it.
pub fn empty_reader() -> Explanation {
    Explanation::new(
        "SP-CARD-EMPTY-READER",
        Retry::AfterUser,
        ("Aucune carte n’est dans le lecteur.", "Mettez la carte, puis réessayez."),
        ("No card is in the reader.", "Put the card in, then try again."),
    )
}

/// Another card is.
pub fn other_card(holder: &str, present: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-OTHER",
        Retry::AfterUser,
        (
            format!("La carte dans le lecteur est « {present} » ; il faut celle de {holder}."),
            "Changez de carte, puis réessayez.",
        ),
        (
            format!("The card in the reader is “{present}”; that of {holder} is needed."),
            "Change the card, then try again.",
        ),
    )
}

/// The user closed the window.
pub fn pin_cancelled() -> Explanation {
    Explanation::new(
        "SP-PIN-CANCELLED",
        Retry::AfterUser,
        ("Le code de la carte n’a pas été donné.", "Réessayez et tapez le code."),
        ("The PIN of the card was not given.", "Try again and type the PIN."),
    )
}

/// Nobody answered.
pub fn pin_awaited() -> Explanation {
    Explanation::new(
        "SP-PIN-AWAITED",
        Retry::AfterUser,
        (
            "Souspli attend le code de la carte.",
            "Tapez-le dans la fenêtre de Souspli ; si elle s’est fermée, réessayez : elle s’ouvrira à nouveau.",
        ),
        (
            "Souspli awaits the PIN of the card.",
            "Type it in Souspli’s window; if that has closed, try again: it opens anew.",
        ),
    )
}

/// There is nowhere to ask.
pub fn pin_no_way() -> Explanation {
    Explanation::new(
        "SP-PIN-NO-WINDOW",
        Retry::AfterUser,
        (
            "Le code de la carte ne peut pas être demandé : aucune fenêtre de saisie n’est installée.",
            "Installez pinentry, ou indiquez un tel programme dans [card] pinentry.",
        ),
        (
            "The PIN of the card cannot be asked for: no program for it is installed.",
            "Install pinentry, or name such a program in [card] pinentry.",
        ),
    )
}

/// A key that asks at each use was given another code.
pub fn pin_wrong() -> Explanation {
    Explanation::new(
        "SP-PIN-WRONG",
        Retry::AfterUser,
        ("Le code donné pour la carte est faux.", "Réessayez : il sera demandé à nouveau."),
        (
            "The PIN that was given for the card is wrong.",
            "Try again: it will be asked for again.",
        ),
    )
}

/// No more tries.
pub fn pin_blocked(holder: &str) -> Explanation {
    Explanation::new(
        "SP-PIN-BLOCKED",
        Retry::AfterUser,
        (
            format!("La carte de {holder} est bloquée : trop de codes faux."),
            "Débloquez-la avec le logiciel de la carte et le code de déblocage.",
        ),
        (
            format!("The card of {holder} is blocked: too many wrong PINs."),
            "Unblock it with the card's own software and the unblocking code.",
        ),
    )
}

/// The card or its module says something else.
pub fn failed(why: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-FAILED",
        Retry::Later,
        (
            format!("La carte n’a pas fait ce qui lui était demandé ({why})."),
            "Retirez et remettez la carte, puis réessayez.",
        ),
        (
            format!("The card did not do what it was asked ({why})."),
            "Take the card out and put it in again, then retry.",
        ),
    )
}

/// A card shows no certificate that this account could use.
pub fn nothing_on_card(card: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-NO-CERTIFICATE",
        Retry::Never,
        (
            format!("La carte « {card} » ne montre aucun certificat utilisable."),
            "Vérifiez que c’est la bonne carte, et le bon logiciel de carte.",
        ),
        (
            format!("The card “{card}” shows no certificate that can be used."),
            "Check that it is the right card, and the right card software.",
        ),
    )
}
