//! What is said where rescue mode and a card meet.

use super::Explanation;
use crate::base::{Address, Retry};

/// `souspli key rescue --open` beside a card of which nothing bad is known.
pub fn card_is_there(account: &Address, holder: &str) -> Explanation {
    Explanation::new(
        "SP-RESCUE-CARD-THERE",
        Retry::AfterUser,
        (
            format!(
                "La carte de {holder} est dans le lecteur : le mode de secours de {account} n’a pas été ouvert, elle le refermerait aussitôt."
            ),
            "Si elle ne fonctionne pas (bloquée, en panne) : retirez la carte du lecteur, puis recommencez. Sinon lisez avec elle et son code.",
        ),
        (
            format!("The card of {holder} is in the reader: rescue mode of {account} was not opened, the card would close it at once."),
            "If it does not work (blocked, out of order): take the card out of the reader, then try again. Else read with it and its PIN.",
        ),
    )
}

/// The card that has come back has ended rescue mode.
pub fn rescue_ended_by_card(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-CARD-BACK",
        Retry::AfterUser,
        (
            format!("La carte de {account} est de nouveau dans le lecteur : le mode de secours est fermé."),
            "Rouvrez le message et tapez le code de la carte, pas la phrase de secours. Si la carte ne fonctionne pas, retirez-la, puis rouvrez ce mode (souspli key rescue --open).",
        ),
        (
            format!("The card of {account} is in the reader again: rescue mode is closed."),
            "Open the message again and type the PIN of the card, not the rescue passphrase. If the card does not work, take it out, then open the mode again (souspli key rescue --open).",
        ),
    )
}

/// The window for the PIN was answered by the passphrase.
pub fn passphrase_for_pin(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-NOT-PIN",
        Retry::AfterUser,
        (
            format!("Vous avez tapé la phrase de secours de {account} là où le code de la carte était demandé : la carte n’a rien reçu."),
            "Tapez le code de la carte. Pour lire sans elle, retirez-la du lecteur, puis ouvrez le mode de secours (souspli key rescue --open).",
        ),
        (
            format!("You typed the rescue passphrase of {account} where the PIN of the card was asked for: the card was given nothing."),
            "Type the PIN of the card. To read without the card, take it out of the reader, then open rescue mode (souspli key rescue --open).",
        ),
    )
}
