//! Words of a mail program's set-up.

use super::Explanation;
use super::dashboard::Words;
use crate::base::{Address, Retry};
use std::io;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $fr:literal, $en:literal;)*) => {
        $($(#[$doc])* pub const $name: Words = Words::new($fr, $en);)*
    };
}

words! {
    /// A heading.
    THUNDERBIRD: "Thunderbird", "Thunderbird";
    /// What the button does.
    THUNDERBIRD_INTRO: "Souspli peut faire passer ce compte par lui dans Thunderbird. Il garde une copie des réglages, n’en change que ce compte, et sait tout remettre.",
        "Souspli can have this account go through it in Thunderbird. It keeps a copy of the settings, changes this account only, and can put everything back.";
    /// A profile; its name follows.
    PROFILE: "Profil", "Profile";
    /// How a profile stands.
    DIRECT: "ce compte va encore directement chez votre fournisseur", "this account still goes to your provider directly";
    /// How a profile stands.
    SWITCHED: "ce compte passe par Souspli", "this account goes through Souspli";
    /// How a profile stands.
    BY_HAND: "ce compte passe par Souspli, réglé par vous", "this account goes through Souspli, set by you";
    /// How a profile stands.
    HALF: "ce compte ne passe qu’à moitié par Souspli", "only half of this account goes through Souspli";
    /// What that means.
    HALF_MEANS: "Il lit par Souspli et l’une de ses identités peut encore envoyer directement, ou l’inverse : ce qui part ainsi n’est pas scellé.",
        "It reads through Souspli and one of its identities may still send directly, or the other way round: what leaves so is not sealed.";
    /// A button.
    SWITCH: "Faire passer ce compte par Souspli", "Have this account go through Souspli";
    /// A button.
    UNDO: "Remettre comme avant", "Put it back as it was";
    /// After it is done.
    SWITCHED_NOW: "C’est fait.", "Done.";
    /// Its path follows.
    COPY: "Copie des réglages d’avant", "Copy of the settings as they were";
    /// After it was undone.
    UNDONE: "Les réglages d’avant sont remis.", "The settings are as they were.";
    /// What comes next.
    AFTER_SWITCH: "Ouvrez Thunderbird : il demande votre mot de passe une fois, le même qu’avant. Les plis qu’il avait déjà téléchargés fermés s’ouvrent après « Propriétés du dossier » puis « Réparer le dossier ».",
        "Open Thunderbird: it asks for your password once, the same as before. Sealed letters that it had downloaded closed open after “Folder properties”, “Repair folder”.";
    /// No profile has the account.
    NO_PROFILE: "Aucun profil de Thunderbird de cet ordinateur n’a ce compte : ajoutez-le avec les réglages ci-dessous.",
        "No Thunderbird profile of this computer has this account: add it with the settings below.";
    /// For who sets up many computers.
    ISP_FILE: "Fichier pour le dossier « isp » de Thunderbird", "File for Thunderbird's folder “isp”";
    /// How it stands with what Windows trusts.
    WINDOWS_TRUSTS: "Windows fait confiance au certificat de Souspli sur cet ordinateur.", "Windows trusts Souspli's certificate on this computer.";
    /// How it stands with what Windows trusts.
    WINDOWS_DOES_NOT: "Windows ne connaît pas le certificat de Souspli : Outlook avertirait à chaque démarrage. Windows demande votre accord ; répondez « Oui ». Ce certificat ne vaut que pour cet ordinateur.",
        "Windows does not know Souspli's certificate: Outlook would warn at each start. Windows asks whether you agree; answer “Yes”. This certificate counts for this computer only.";
    /// A button.
    WINDOWS_TRUST: "Faire confiance à ce certificat", "Trust this certificate";
    /// A button.
    WINDOWS_DISTRUST: "Ne plus lui faire confiance", "Trust it no longer";
    /// A heading.
    OTHERS: "Tout logiciel de messagerie", "Any mail program";
}

/// It would write over what is changed.
pub fn thunderbird_runs() -> Explanation {
    Explanation::new(
        "SP-TB-RUNS",
        Retry::AfterUser,
        (
            "Thunderbird est ouvert.",
            "Fermez-le, puis recommencez : il réécrirait ses réglages en se fermant.",
        ),
        (
            "Thunderbird is open.",
            "Close it, then try again: it would write its settings anew when it ends.",
        ),
    )
}

/// The user said no, or his clinic's IT.
pub fn not_trusted_by_windows(why: &io::Error) -> Explanation {
    Explanation::new(
        "SP-WINDOWS-TRUST",
        Retry::AfterUser,
        (
            format!("Windows n’a pas changé ce à quoi il fait confiance ({why})."),
            "Recommencez et répondez « Oui » à Windows ; s’il ne demande rien, votre service informatique l’a interdit : voyez avec lui.",
        ),
        (
            format!("Windows has not changed what it trusts ({why})."),
            "Try again and answer “Yes” to Windows; if it asks nothing, your IT department does not allow it: ask them.",
        ),
    )
}

/// Nobody of that name.
pub fn no_account_there(address: &Address) -> Explanation {
    Explanation::new(
        "SP-TB-NO-ACCOUNT",
        Retry::AfterUser,
        (
            format!("Ce profil de Thunderbird n’a pas de compte IMAP pour {address}."),
            "Ajoutez le compte dans Thunderbird avec les réglages de cette page.",
        ),
        (
            format!("This profile of Thunderbird has no IMAP account for {address}."),
            "Add the account in Thunderbird with the settings of this page.",
        ),
    )
}

/// Nothing was changed here.
pub fn nothing_to_undo(address: &Address) -> Explanation {
    Explanation::new(
        "SP-TB-NOTHING-TO-UNDO",
        Retry::Never,
        (
            format!("Souspli n’a rien changé pour {address} dans ce profil."),
            "Changez les réglages du compte dans Thunderbird.",
        ),
        (
            format!("Souspli has changed nothing for {address} in this profile."),
            "Change the settings of the account in Thunderbird.",
        ),
    )
}

/// A file that Thunderbird reads over its settings at each start.
pub fn held_by_user_js(name: &str) -> Explanation {
    Explanation::new(
        "SP-TB-USER-JS",
        Retry::AfterUser,
        (
            format!("Le fichier user.js de ce profil fixe « {name} » : Thunderbird le remettrait à chaque démarrage."),
            "Ôtez cette ligne de user.js, ou demandez à qui l’a écrite.",
        ),
        (
            format!("The file user.js of this profile fixes “{name}”: Thunderbird would put it back at each start."),
            "Take this line out of user.js, or ask who has written it.",
        ),
    )
}

/// It would not be known any more what to change back.
pub fn ledger_damaged(aside: &str) -> Explanation {
    Explanation::new(
        "SP-TB-LEDGER",
        Retry::AfterUser,
        (
            format!(
                "La liste de ce que Souspli a changé dans Thunderbird est abîmée ; elle est mise de côté ({aside}) et rien n’a changé."
            ),
            "Recommencez. Ce qui avait été changé avant se remet à la main : les copies des réglages sont dans le dossier du profil.",
        ),
        (
            format!("The list of what Souspli has changed in Thunderbird is damaged; it is set aside ({aside}) and nothing has changed."),
            "Try again. What had been changed before is put back by hand: the copies of the settings are in the folder of the profile.",
        ),
    )
}

/// Not text.
pub fn unreadable_settings(path: &str) -> Explanation {
    Explanation::new(
        "SP-TB-UNREADABLE",
        Retry::Never,
        (
            format!("{path} n’est pas lisible ; rien n’a changé."),
            "Réglez le compte dans Thunderbird avec les réglages de cette page.",
        ),
        (
            format!("{path} cannot be read; nothing has changed."),
            "Set the account in Thunderbird with the settings of this page.",
        ),
    )
}
