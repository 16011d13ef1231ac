//! What is said of smart cards and their PIN.

use super::Explanation;
use crate::base::Retry;

/// Title of the window that asks.
pub const PIN_TITLE: &str = "Souspli – code de la carte / card PIN";
/// What is typed.
pub const PIN_WORD: &str = "Code porteur (PIN)";

/// The button that says no.
pub const PIN_CANCEL: &str = "Annuler";

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

/// What a PIN is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PinFor {
    /// To open the card.
    Card,
    /// For one signature, of a key that asks at each.
    OneSignature,
}

/// What is asked for, and what a wrong answer costs.
pub fn pin_question(card: &str, left: TriesLeft, what: PinFor) -> String {
    let warning = match left {
        TriesLeft::All => "",
        TriesLeft::Fewer => "\nUn code faux a déjà été donné. / A wrong PIN was given before.",
        TriesLeft::One => "\nDERNIER ESSAI : un code faux bloque la carte. / LAST TRY: a wrong PIN blocks the card.",
    };
    let each = match what {
        PinFor::Card => "",
        PinFor::OneSignature => {
            "\nPour signer ce message : cette carte demande le code à chaque signature. / To sign this message: this card asks for the PIN at each signature."
        }
    };
    format!("Code de la carte « {card} » / PIN of the card “{card}”{each}{warning}")
}

/// The last one was wrong.
pub const PIN_WRONG: &str = "Code faux / wrong PIN";
/// The last one cannot be one.
pub const PIN_MALFORMED: &str = "Ce code n’a pas la longueur ou les signes voulus / not the length or the characters of a PIN";

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

/// The module is there and cannot be used; `why`: for who knows about modules.
pub fn module_not_loaded(file: &str, why: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-MODULE",
        Retry::AfterUser,
        (
            format!("Le logiciel de carte {file} ne peut pas être utilisé."),
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

/// Nobody knows the readers.
pub fn no_service() -> Explanation {
    Explanation::new(
        "SP-CARD-NO-SERVICE",
        Retry::AfterUser,
        (
            "Le service des lecteurs de carte (PC/SC) ne fonctionne pas sur ce poste : aucune carte n’est vue.",
            "Vérifiez que le lecteur est branché et démarrez ce service (pcscd ; « Carte à puce » sous Windows), puis réessayez.",
        ),
        (
            "The service of card readers (PC/SC) does not run on this machine: no card is seen.",
            "Check that the reader is connected and start that service (pcscd; “Smart Card” on Windows), then try again.",
        ),
    )
}

/// A card is there, and nobody can speak with it.
pub fn unreadable() -> Explanation {
    Explanation::new(
        "SP-CARD-UNREADABLE",
        Retry::AfterUser,
        (
            "Une carte est dans le lecteur, mais elle ne répond pas ou n’est pas reconnue par le logiciel de carte.",
            "Retirez-la et remettez-la, la puce du bon côté ; vérifiez que c’est la bonne carte, puis réessayez.",
        ),
        (
            "A card is in the reader, but it does not answer or the card software does not know it.",
            "Take it out and put it in again, the chip on the right side; check that it is the right card, then try again.",
        ),
    )
}

/// Nobody has looked yet.
pub fn not_looked_for(holder: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-UNKNOWN",
        Retry::Later,
        (
            format!("La carte de {holder} n’a pas encore été cherchée."),
            "Patientez un instant.",
        ),
        (format!("The card of {holder} has not been looked for yet."), "Wait a moment."),
    )
}

/// It is there, its PIN was not given.
pub fn closed(holder: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-READY",
        Retry::Never,
        (
            format!("La carte de {holder} est dans le lecteur."),
            "Son code sera demandé quand elle servira : rien à faire.",
        ),
        (
            format!("The card of {holder} is in the reader."),
            "Its PIN will be asked for when it is needed: nothing to do.",
        ),
    )
}

/// It is there, and its PIN was given.
pub fn open(holder: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-OPEN",
        Retry::Never,
        (
            format!("La carte de {holder} est dans le lecteur et son code a été donné."),
            "Retirez-la quand vous quittez le poste.",
        ),
        (
            format!("The card of {holder} is in the reader and its PIN was given."),
            "Take it out when you leave the machine.",
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

/// Another card is; `whose`: what is known of it without a PIN.
pub fn other_card(holder: &str, whose: &str) -> Explanation {
    if holder == whose {
        return another_of_the_same(holder);
    }
    Explanation::new(
        "SP-CARD-OTHER",
        Retry::AfterUser,
        (
            format!("La carte dans le lecteur est celle de « {whose} » ; il faut celle de {holder}."),
            "Changez de carte, puis réessayez.",
        ),
        (
            format!("The card in the reader is that of “{whose}”; that of {holder} is needed."),
            "Change the card, then try again.",
        ),
    )
}

/// A holder has more than one, or a new one.
fn another_of_the_same(holder: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-NEW",
        Retry::AfterUser,
        (
            format!("La carte dans le lecteur est aussi celle de {holder}, mais ce n’est pas celle que ce compte connaît."),
            "Mettez l’autre carte ; ou, si celle-ci la remplace, prenez-la par : souspli key card --account ADRESSE.",
        ),
        (
            format!("The card in the reader is {holder}’s too, but not the one that this account knows."),
            "Put the other card in; or, if this one replaces it, take it by: souspli key card --account ADDRESS.",
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

/// The same, where nobody knows whose card it is.
pub fn pin_blocked_somehow() -> Explanation {
    Explanation::new(
        "SP-PIN-BLOCKED",
        Retry::AfterUser,
        (
            "La carte est bloquée : trop de codes faux.",
            "Débloquez-la avec le logiciel de la carte et le code de déblocage.",
        ),
        (
            "The card is blocked: too many wrong PINs.",
            "Unblock it with the card's own software and the unblocking code.",
        ),
    )
}

/// The card or its module says something else; `why`: for who knows about modules.
pub fn failed(why: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-FAILED",
        Retry::Later,
        (
            "La carte n’a pas fait ce qui lui était demandé.",
            "Retirez-la et remettez-la, puis réessayez ; si cela dure, mettez à jour le logiciel de carte.",
        ),
        (
            format!("The card did not do what it was asked ({why})."),
            "Take it out and put it in again, then retry; if it lasts, update the card software.",
        ),
    )
}

/// It was taken out meanwhile.
pub fn gone() -> Explanation {
    Explanation::new(
        "SP-CARD-GONE",
        Retry::AfterUser,
        ("La carte a été retirée.", "Remettez-la, puis réessayez."),
        ("The card was taken out.", "Put it in again, then retry."),
    )
}

/// The key of a certificate is not on its card.
pub fn key_not_there() -> Explanation {
    Explanation::new(
        "SP-CARD-NO-KEY",
        Retry::AfterUser,
        (
            "La clé que ce compte connaît n’est plus sur la carte.",
            "Reprenez la carte pour ce compte : souspli key card --account ADRESSE.",
        ),
        (
            "The key that this account knows is not on the card any more.",
            "Take the card again for this account: souspli key card --account ADDRESS.",
        ),
    )
}

/// The card cannot sign or open in that way.
pub fn not_able() -> Explanation {
    Explanation::new(
        "SP-CARD-UNABLE",
        Retry::Never,
        (
            "La clé de cette carte ne sait pas faire ce qui lui est demandé.",
            "Choisissez un autre certificat de la carte (souspli key card --account ADRESSE --certificate …), ou mettez à jour le logiciel de carte.",
        ),
        (
            "The key of this card cannot do what it is asked.",
            "Choose another certificate of the card (souspli key card --account ADDRESS --certificate …), or update the card software.",
        ),
    )
}

/// Its key asks for the PIN at each use: connections would each open a window.
pub fn no_handshake_key(holder: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-LOGIN-EACH-TIME",
        Retry::AfterUser,
        (
            format!("La clé de la carte de {holder} demande le code à chaque usage : Souspli ne s’identifie pas avec elle."),
            "Prenez la clé d’authentification de la carte (souspli key card), ou retirez celle-ci (souspli key retire).",
        ),
        (
            format!("The key of the card of {holder} asks for the PIN at each use: Souspli does not log in with it."),
            "Take the card’s authentication key (souspli key card), or retire this one (souspli key retire).",
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

/// A card speaks for its holder in several activities, and none was chosen.
pub fn several_situations(choice: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-SITUATIONS",
        Retry::AfterUser,
        (
            format!("Plusieurs situations d’exercice sont là, et un compte n’en a qu’une : {choice}."),
            "Choisissez-en une : ajoutez --situation et son numéro.",
        ),
        (
            format!("There are several activities, and an account has one: {choice}."),
            "Choose one: add --situation and its number.",
        ),
    )
}

/// No activity has that number.
pub fn no_such_situation(number: usize, choice: &str) -> Explanation {
    Explanation::new(
        "SP-CARD-NO-SITUATION",
        Retry::AfterUser,
        (
            format!("Aucune situation d’exercice n’a le numéro {number}. Celles qui sont là : {choice}."),
            "Corrigez --situation.",
        ),
        (
            format!("No activity has the number {number}. Those that are there: {choice}."),
            "Correct --situation.",
        ),
    )
}
