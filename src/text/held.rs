//! What is said of keys that are held for several persons: by the card, for a delegate, under the rescue passphrase.

use super::Explanation;
use super::config::fault;
use crate::base::{Address, Retry, UnixTime};

/// State of a key in a list.
pub const BY_CARD: &str = "tenue par la carte / held by the card";
/// The same while rescue mode is open.
pub const IN_RESCUE: &str = "mode de secours ouvert / rescue mode is open";
/// A passphrase opens the file.
pub const HAS_RESCUE: &str = "phrase de secours : oui / rescue passphrase: yes";
/// None does.
pub const NO_RESCUE: &str = "phrase de secours : non / rescue passphrase: no";
/// Nobody has been let in.
pub const NO_DELEGATE: &str = "Personne d’autre ne lit ce compte. / Nobody else reads this account.";
/// Beside somebody who is being taken out, where that did not end.
pub const LEAVING: &str = "(retrait à finir / removal to be ended)";
/// What the passphrase is asked for at the terminal.
pub const NEW_PASSPHRASE: &str = "phrase de secours / rescue passphrase";
/// Title of the window that asks for it.
pub const PASSPHRASE_TITLE: &str = "Souspli – mode de secours / rescue mode";
/// What is typed.
pub const PASSPHRASE_WORD: &str = "Phrase de secours";

/// Asks for it.
pub fn passphrase_question(account: &Address) -> String {
    format!("Lire {account} sans la carte (lecture seule) / read {account} without the card (reading only)")
}

/// `[[account]]` with both keys.
pub fn own_and_delegated(line: usize) -> Explanation {
    fault(
        "SP-CONFIG-HELD",
        line,
        (
            "held et delegated ne vont pas ensemble.",
            "Gardez held si le compte est le vôtre, delegated si son titulaire vous laisse le lire.",
        ),
        (
            "held and delegated do not go together.",
            "Keep held where the account is yours, delegated where its owner lets you read it.",
        ),
    )
}

/// The file is not where it should be.
pub fn no_file(account: &Address, path: &str) -> Explanation {
    Explanation::new(
        "SP-HELD-NO-FILE",
        Retry::AfterUser,
        (
            format!("Le fichier des clés de {account} n’est pas accessible ({path})."),
            "Vérifiez que ce dossier est joignable (réseau, clé USB) ; sinon demandez au titulaire du compte de l’écrire à nouveau.",
        ),
        (
            format!("The file with the keys of {account} cannot be reached ({path})."),
            "Check that its folder can be reached (network, memory stick); else ask the owner of the account to write it again.",
        ),
    )
}

/// It is something else, or was changed.
pub fn damaged(account: &Address, path: &str) -> Explanation {
    Explanation::new(
        "SP-HELD-DAMAGED",
        Retry::AfterUser,
        (
            format!("Le fichier des clés de {account} ({path}) est abîmé, ou n’en est pas un."),
            "Remettez sa sauvegarde, ou faites-le écrire à nouveau par le titulaire du compte.",
        ),
        (
            format!("The file with the keys of {account} ({path}) is damaged, or is no such file."),
            "Put its backup back, or have the owner of the account write it again.",
        ),
    )
}

/// It is for others.
pub fn not_for_you(account: &Address) -> Explanation {
    Explanation::new(
        "SP-DELEGATION-ENDED",
        Retry::Never,
        (
            format!(
                "Le titulaire de {account} ne vous laisse pas, ou plus, lire ce compte : aucune de vos clés n’ouvre son fichier de clés."
            ),
            "Si c’est une erreur, demandez-lui de vous y admettre (souspli key delegate add), pour votre certificat d’aujourd’hui.",
        ),
        (
            format!("The owner of {account} does not, or no longer, let you read it: no key of yours opens its file of keys."),
            "If that is a mistake, ask to be let in (souspli key delegate add), for your certificate of today.",
        ),
    )
}

/// A key that should open it did not.
pub fn not_opened(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-NOT-OPENED",
        Retry::AfterUser,
        (
            format!("Le fichier des clés de {account} ne s’ouvre pas avec cette carte ou cette clé."),
            "Vérifiez que c’est la bonne carte ; sinon la phrase de secours ouvre le fichier (souspli key rescue --open).",
        ),
        (
            format!("The file with the keys of {account} does not open with this card or key."),
            "Check that it is the right card; else the rescue passphrase opens the file (souspli key rescue --open).",
        ),
    )
}

/// All keys of the account are a card's own.
pub fn nothing_to_hold(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-NO-KEY",
        Retry::Never,
        (
            format!("{account} n’a aucune clé logicielle : celle d’une carte n’en sort pas, personne d’autre ne peut la recevoir."),
            "Ce que la carte a déjà ouvert se relit sans elle (remember_days) ; pour le reste, chiffrez vers une clé logicielle (souspli key request).",
        ),
        (
            format!("{account} has no software key: that of a card stays there, nobody else can be given it."),
            "What the card has opened already is read again without it (remember_days); for the rest, encrypt to a software key (souspli key request).",
        ),
    )
}

/// `souspli key hold` without a card.
pub fn no_card(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-NO-CARD",
        Retry::AfterUser,
        (
            format!("{account} n’a pas de carte qui puisse tenir ses clés."),
            "Donnez-lui la vôtre d’abord (souspli key card --account), puis recommencez.",
        ),
        (
            format!("{account} has no card that could hold its keys."),
            "Give it yours first (souspli key card --account), then try again.",
        ),
    )
}

/// Another command, or the relay, changes the same keys.
pub fn busy(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-BUSY",
        Retry::Later,
        (
            format!("Une autre commande change les clés de {account} en ce moment, ou vient de le faire ; rien n’a été écrit ici."),
            "Laissez-la finir (elle attend peut-être un code), puis recommencez.",
        ),
        (
            format!("Another command is changing the keys of {account}, or has just done so; nothing was written here."),
            "Let it end (it may wait for a PIN), then try again.",
        ),
    )
}

/// The file has a key of which the store knows nothing any more.
pub fn key_without_trace(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-NO-TRACE",
        Retry::AfterUser,
        (
            format!(
                "Le fichier de clés de {account} tient une clé dont ce dossier n’a plus trace ; l’écrire à nouveau la perdrait, rien n’a été écrit."
            ),
            format!("Reprenez d’abord toutes ses clés : souspli key hold --undo --account {account}, puis recommencez."),
        ),
        (
            format!(
                "The file with the keys of {account} holds a key of which this home has no trace any more; writing it anew would lose it, nothing was written."
            ),
            format!("First take back all its keys: souspli key hold --undo --account {account}, then try again."),
        ),
    )
}

/// What was made did not read back, or the system gave no randomness.
pub fn not_written(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-NOT-WRITTEN",
        Retry::Later,
        (
            format!("Le fichier des clés de {account} n’a pas pu être écrit et relu ; rien n’a changé."),
            "Recommencez ; si cela persiste, vérifiez le disque.",
        ),
        (
            format!("The file with the keys of {account} could not be written and read back; nothing has changed."),
            "Try again; if it persists, check the disk.",
        ),
    )
}

/// A key whose private half is not in the store.
pub fn by_the_card(account: &Address) -> Explanation {
    Explanation::new(
        "SP-KEY-HELD",
        Retry::AfterUser,
        (
            format!("Cette clé de {account} est tenue par la carte, dans le fichier de clés du compte."),
            format!("Reprenez-la d’abord avec la carte : souspli key hold --undo --account {account}."),
        ),
        (
            format!("This key of {account} is held by the card, in the account’s file of keys."),
            format!("Take it back with the card first: souspli key hold --undo --account {account}."),
        ),
    )
}

/// The passphrase is another.
pub fn wrong_passphrase(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-PASSPHRASE",
        Retry::AfterUser,
        (
            format!("Ce n’est pas la phrase de secours de {account}."),
            "Vérifiez-la (majuscules, espaces, accents, clavier) et recommencez.",
        ),
        (
            format!("This is not the rescue passphrase of {account}."),
            "Check it (capitals, spaces, accents, keyboard) and try again.",
        ),
    )
}

/// Nobody has chosen one.
pub fn no_passphrase(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-NONE",
        Retry::AfterUser,
        (
            format!("{account} n’a pas de phrase de secours."),
            format!("Choisissez-en une pendant que la carte fonctionne : souspli key rescue --account {account}."),
        ),
        (
            format!("{account} has no rescue passphrase."),
            format!("Choose one while the card works: souspli key rescue --account {account}."),
        ),
    )
}

/// The keys open without a card anyway.
pub fn no_rescue_needed(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-NOT-NEEDED",
        Retry::Never,
        (
            format!("Les clés de {account} ne sont pas tenues par une carte : elles s’ouvrent sans mode de secours."),
            "Il n’y a rien à faire.",
        ),
        (
            format!("The keys of {account} are held by no card: they open without rescue mode."),
            "There is nothing to do.",
        ),
    )
}

/// A delegate cannot be taken out without the passphrase, unless that goes too.
pub fn rescue_cannot_go(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-KEPT",
        Retry::AfterUser,
        (
            format!("Les clés de {account} sont tenues par la carte : sans phrase de secours, une carte perdue emporterait vos messages."),
            "Donnez la phrase de secours au lieu de --drop-rescue.",
        ),
        (
            format!("The keys of {account} are held by the card: without the rescue passphrase, a lost card would take your mail along."),
            "Give the rescue passphrase instead of --drop-rescue.",
        ),
    )
}

/// Nothing is signed or sent in rescue mode.
pub fn rescue_reads_only(account: &Address) -> Explanation {
    Explanation::new(
        "SP-RESCUE-READS-ONLY",
        Retry::Never,
        (
            format!("{account} est en mode de secours, qui permet seulement de lire : rien n’est signé ni envoyé à ce nom."),
            format!("Remettez la carte, ou fermez le mode de secours : souspli key rescue --close --account {account}."),
        ),
        (
            format!("{account} is in rescue mode, which only reads: nothing is signed or sent in its name."),
            format!("Put the card back, or close rescue mode: souspli key rescue --close --account {account}."),
        ),
    )
}

/// A delegate sends nothing.
pub fn delegate_reads_only(account: &Address) -> Explanation {
    Explanation::new(
        "SP-DELEGATE-READS-ONLY",
        Retry::Never,
        (
            format!("Vous lisez {account} par délégation : rien ne peut être signé, rangé chiffré ni envoyé à ce nom."),
            "Écrivez depuis votre propre compte.",
        ),
        (
            format!("You read {account} as a delegate: nothing can be signed, stored sealed or sent in its name."),
            "Write from your own account.",
        ),
    )
}

/// `souspli key delegate add` without `held`.
pub fn no_place(account: &Address) -> Explanation {
    Explanation::new(
        "SP-DELEGATE-NO-PLACE",
        Retry::AfterUser,
        (
            format!("La configuration ne dit pas où mettre la copie des clés de {account} pour les autres."),
            "Sous ce compte, écrivez held = \"dossier-commun/vous.p7m\", un dossier que cette personne voit aussi, puis recommencez.",
        ),
        (
            format!("The configuration does not say where to put the copy of the keys of {account} for others."),
            "Under that account write held = \"common-folder/you.p7m\", a folder which that person sees too, then try again.",
        ),
    )
}

/// `souspli key delegate remove`.
pub fn no_such_delegate(account: &Address, typed: &str) -> Explanation {
    Explanation::new(
        "SP-NO-SUCH-DELEGATE",
        Retry::Never,
        (
            format!("« {typed} » ne désigne, pour {account}, aucune personne admise, ou plusieurs."),
            format!("Voyez souspli key delegate list --account {account}."),
        ),
        (
            format!("“{typed}” names nobody who was let in to {account}, or several."),
            format!("See souspli key delegate list --account {account}."),
        ),
    )
}

/// `souspli key delegate add`: an own certificate, or one that was let in.
pub fn let_in_already(account: &Address) -> Explanation {
    Explanation::new(
        "SP-DELEGATE-TWICE",
        Retry::Never,
        (
            format!("Ce certificat est déjà admis à lire {account}, ou c’est celui du compte."),
            "Il n’y a rien à faire.",
        ),
        (
            format!("This certificate may read {account} already, or is the account’s own."),
            "There is nothing to do.",
        ),
    )
}

/// `souspli key delegate add`: who reads from now on.
pub fn let_in(account: &Address, holder: &str, addresses: &str, fingerprint: &str) -> String {
    format!(
        "{account} est lu désormais par {holder} ({addresses}), empreinte {fingerprint}\n\
         {account} is read from now on by {holder} ({addresses}), fingerprint {fingerprint}"
    )
}

/// `souspli key delegate add`: nobody is chosen for the owner.
pub fn several_people(file: &str) -> Explanation {
    Explanation::new(
        "SP-DELEGATE-WHO",
        Retry::Never,
        (
            format!("{file} a les certificats de plusieurs personnes : Souspli ne choisit pas qui vous lit."),
            "Dites laquelle par son adresse (--address) ou par son empreinte (--fingerprint).",
        ),
        (
            format!("{file} has the certificates of several persons: Souspli does not choose who reads your mail."),
            "Say which by the address (--address) or by the fingerprint (--fingerprint).",
        ),
    )
}

/// `souspli key delegate add`: a certificate that no key can be given to.
pub fn unfit_delegate(why: &Explanation) -> Explanation {
    Explanation::new(
        "SP-DELEGATE-UNFIT",
        Retry::AfterUser,
        (
            format!("Ce certificat ne peut pas recevoir vos clés. {}", why.fr.what),
            "Demandez à cette personne son certificat d’aujourd’hui. S’il est d’une autorité que Souspli ne connaît pas, comparez son empreinte avec elle et donnez-la : --fingerprint.",
        ),
        (
            format!("This certificate cannot be given your keys. {}", why.en.what),
            "Ask that person for today’s certificate. Where it is of an authority unknown to Souspli, compare its fingerprint with that person and give it: --fingerprint.",
        ),
    )
}

/// `souspli key delegate add`: more than the file takes.
pub fn too_many_delegates(most: usize) -> Explanation {
    Explanation::new(
        "SP-DELEGATES-MANY",
        Retry::Never,
        (
            format!("{most} personnes au plus peuvent lire un compte."),
            "Retirez-en une d’abord (souspli key delegate remove).",
        ),
        (
            format!("{most} persons at most may read an account."),
            "Take one out first (souspli key delegate remove).",
        ),
    )
}

/// A key that is not in the file yet.
pub fn not_in_file(account: &Address) -> Explanation {
    Explanation::new(
        "SP-HELD-NOT-YET",
        Retry::AfterUser,
        (
            format!(
                "Une clé de {account} n’est pas encore dans son fichier de clés : la carte ne la tient pas, et qui lit par délégation ou secours ne l’a pas."
            ),
            format!("souspli key hold --account {account}, ou souspli key delegate update --account {account}."),
        ),
        (
            format!(
                "A key of {account} is not in its file of keys yet: the card does not hold it, and who reads as a delegate or in rescue has it not."
            ),
            format!("souspli key hold --account {account}, or souspli key delegate update --account {account}."),
        ),
    )
}

/// `souspli check`: somebody else's account.
pub fn read_as_delegate(account: &Address) -> String {
    format!("{account} : lu par délégation, sans pouvoir envoyer / read as a delegate, who cannot send")
}

/// Rescue mode is open.
pub fn rescue_opened(account: &Address, until: UnixTime) -> String {
    let until = until.rfc3339();
    format!(
        "Mode de secours ouvert pour {account} jusqu’à {until} : la phrase sera demandée à la première lecture. Fermez votre session si ce poste n’est pas le vôtre.\n\
         Rescue mode is open for {account} until {until}: the passphrase will be asked when mail is first read."
    )
}

/// What taking somebody out cannot do.
pub const REMOVED: &str = "Cette personne n’ouvre plus le fichier. Si elle en a gardé une ancienne copie, ou des messages, elle les lit encore : seule une nouvelle clé (souspli key request) y change quelque chose, pour les messages à venir.\n\
    That person opens the file no more. An old copy of it, or messages that were kept, can still be read: only a new key (souspli key request) changes that, for mail to come.";

/// `souspli key delegate add`: a key that opens mail and signs as well.
pub fn given_key_signs(account: &Address, serial: &str) -> String {
    format!(
        "La clé de {account} au certificat {serial} ouvre vos messages et signe aussi : avec un autre logiciel, cette personne pourrait signer à votre nom. Demandez plutôt deux certificats, l’un pour signer, l’autre pour chiffrer (souspli key request), et ne laissez lire que le second ; sinon retirez-la (souspli key delegate remove).\n\
         The key of {account} with the certificate {serial} opens your mail and signs as well: with other software, that person could sign in your name. Better ask for two certificates, one to sign and one to encrypt to (souspli key request), and let only the second be read with; else take that person out (souspli key delegate remove)."
    )
}

/// `souspli key delegate remove`: of such a key.
pub fn taken_key_signs(account: &Address, serial: &str) -> String {
    format!(
        "Cette personne a eu la clé de {account} au certificat {serial}, qui signe aussi : faites révoquer ce certificat par son autorité et remplacez-le (souspli key request).\n\
         That person has had the key of {account} with the certificate {serial}, which signs as well: have its authority revoke that certificate, and replace it (souspli key request)."
    )
}
