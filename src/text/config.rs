//! Sentences about the configuration. `line` 0: the fault is of the whole file.

use super::{Explanation, Why};
use crate::base::Retry;

/// Above the faults of a file.
pub fn faulty(path: &str, count: usize) -> String {
    let s = if count > 1 { "s" } else { "" };
    format!("{path} : {count} faute{s} / {count} fault{s}")
}

/// Not TOML.
pub fn syntax(line: usize, message: &str) -> Explanation {
    fault(
        "SP-CONFIG-SYNTAX",
        line,
        (
            format!(
                "Cette ligne n’est pas écrite comme il faut : guillemet, crochet ou signe « = » en trop ou manquant (détail en anglais : {message})."
            ),
            "Corrigez-la, ou la ligne d’avant ; config/souspli.toml montre comment chacune s’écrit.",
        ),
        (
            format!("The file is not valid TOML here ({message})."),
            "Check the quotes, brackets and equal signs of this line.",
        ),
    )
}

/// A key that does not exist.
pub fn unknown_key(line: usize, key: &str, known: &str) -> Explanation {
    fault(
        "SP-CONFIG-UNKNOWN-KEY",
        line,
        (
            format!("La clé « {key} » n’existe pas."),
            format!("Corrigez-la ou supprimez-la. Clés possibles ici : {known}."),
        ),
        (
            format!("There is no key \"{key}\"."),
            format!("Correct or remove it. Keys possible here: {known}."),
        ),
    )
}

/// A value of the wrong type.
pub fn wrong_type(line: usize, key: &str, example: &str) -> Explanation {
    fault(
        "SP-CONFIG-TYPE",
        line,
        (
            format!("La valeur de « {key} » n’est pas du bon type."),
            format!("Écrivez-la sous la forme {example}."),
        ),
        (
            format!("The value of \"{key}\" has the wrong type."),
            format!("Write it as {example}."),
        ),
    )
}

/// A word that is none of the allowed ones.
pub fn not_a_choice(line: usize, key: &str, given: &str, allowed: &str) -> Explanation {
    fault(
        "SP-CONFIG-CHOICE",
        line,
        (
            format!("« {given} » n’est pas une valeur de « {key} »."),
            format!("Choisissez parmi : {allowed}."),
        ),
        (
            format!("\"{given}\" is not a value of \"{key}\"."),
            format!("Choose one of: {allowed}."),
        ),
    )
}

/// A key that must be there.
pub fn missing(line: usize, key: &str) -> Explanation {
    fault(
        "SP-CONFIG-MISSING-KEY",
        line,
        (
            format!("La clé « {key} » manque."),
            "Ajoutez-la ; config/souspli.toml en donne un exemple commenté.",
        ),
        (
            format!("The key \"{key}\" is missing."),
            "Add it; config/souspli.toml has a commented example.",
        ),
    )
}

/// An address without local part, @ or domain.
pub fn address_incomplete(line: usize, given: &str) -> Explanation {
    let fr = format!("« {given} » n’est pas complète");
    bad_address(line, &fr, &format!("\"{given}\" is not complete"))
}

/// An address with a character that none may hold.
pub fn address_character(line: usize, given: &str) -> Explanation {
    let fr = format!("« {given} » contient un caractère interdit");
    bad_address(line, &fr, &format!("\"{given}\" holds a forbidden character"))
}

/// An address of more than 254 octets.
pub fn address_long(line: usize) -> Explanation {
    bad_address(line, "elle dépasse 254 octets", "it is longer than 254 octets")
}

/// Not a domain name.
pub fn bad_domain(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-DOMAIN",
        line,
        (
            format!("« {given} » n’est pas un nom de domaine."),
            "Écrivez par exemple \"mssante.fr\".",
        ),
        (format!("\"{given}\" is not a domain name."), "Write for instance \"mssante.fr\"."),
    )
}

/// Not `IP:PORT`.
pub fn bad_listen(line: usize, key: &str, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-LISTEN",
        line,
        (
            format!("« {given} » n’est pas une adresse d’écoute pour « {key} »."),
            "Écrivez par exemple \"127.0.0.1:2587\", ou \"off\" pour ne pas écouter.",
        ),
        (
            format!("\"{given}\" is not an address to listen on for \"{key}\"."),
            "Write for instance \"127.0.0.1:2587\", or \"off\" to offer nothing.",
        ),
    )
}

/// A listen address that other machines could reach.
pub fn not_loopback(line: usize, key: &str, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-NOT-LOOPBACK",
        line,
        (
            format!("« {key} » écouterait sur {given}, que d’autres machines pourraient atteindre."),
            "Souspli ne sert que cet ordinateur : écrivez une adresse 127.0.0.1 ou [::1].",
        ),
        (
            format!("\"{key}\" would listen on {given}, within reach of other machines."),
            "Souspli serves this computer only: write an address of 127.0.0.1 or [::1].",
        ),
    )
}

/// A POP3 listener for nobody.
pub fn no_pop3_server(line: usize) -> Explanation {
    fault(
        "SP-CONFIG-POP3",
        line,
        (
            "Souspli écouterait en POP3, mais aucun compte n’a de serveur POP3.",
            "Ajoutez « pop3 = { … } » à un compte, ou supprimez la clé pop3 de [listen].",
        ),
        (
            "Souspli would listen for POP3, but no account has a POP3 server.",
            "Add \"pop3 = { … }\" to an account, or remove the key pop3 of [listen].",
        ),
    )
}

/// Two listeners on one address.
pub fn same_listen(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-SAME-PORT",
        line,
        (
            format!("Deux services (smtp, imap, pop3) écoutent sur {given}."),
            "Donnez à chacun son propre port.",
        ),
        (
            format!("Two services (smtp, imap, pop3) listen on {given}."),
            "Give each a port of its own.",
        ),
    )
}

/// A port out of range.
pub fn bad_port(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-PORT",
        line,
        (
            format!("{given} n’est pas un numéro de port."),
            "Un port va de 1 à 65535 ; le fournisseur indique le sien.",
        ),
        (
            format!("{given} is not a port number."),
            "A port lies between 1 and 65535; the provider tells its own.",
        ),
    )
}

/// Not a time that a mail program can wait.
pub fn bad_silence(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-SILENCE",
        line,
        (
            format!("{given} n’est pas une durée d’attente en secondes."),
            "silence_seconds va de 1 à 600.",
        ),
        (
            format!("{given} is not a time to wait in seconds."),
            "silence_seconds lies between 1 and 600.",
        ),
    )
}

/// Not a host.
pub fn bad_host(line: usize, given: &str) -> Explanation {
    fault(
        "SP-CONFIG-HOST",
        line,
        (
            format!("« {given} » n’est ni un nom de serveur ni une adresse IP."),
            "Écrivez le nom donné par le fournisseur, sans « https:// » ni port.",
        ),
        (
            format!("\"{given}\" is neither a host name nor an IP address."),
            "Write the name that the provider tells, without \"https://\" or port.",
        ),
    )
}

/// Clear text to another machine.
pub fn plain_upstream(line: usize, host: &str) -> Explanation {
    fault(
        "SP-CONFIG-PLAIN",
        line,
        (
            format!("La connexion à {host} ne serait pas chiffrée et le mot de passe y passerait en clair."),
            "Écrivez tls = \"implicit\" ou \"starttls\" ; \"plain\" n’est admis que pour cet ordinateur.",
        ),
        (
            format!("The connection to {host} would not be encrypted and the password would cross it in clear."),
            "Write tls = \"implicit\" or \"starttls\"; \"plain\" is for this computer only.",
        ),
    )
}

/// Two accounts with one address.
pub fn same_address(line: usize, given: &str, first: usize) -> Explanation {
    fault(
        "SP-CONFIG-SAME-ADDRESS",
        line,
        (
            format!("L’adresse {given} a déjà un compte, ligne {first}."),
            "Supprimez l’un des deux comptes.",
        ),
        (
            format!("The address {given} already has an account, line {first}."),
            "Remove one of the two accounts.",
        ),
    )
}

/// Two accounts with one login.
pub fn same_login(line: usize, first: usize) -> Explanation {
    fault(
        "SP-CONFIG-SAME-LOGIN",
        line,
        (
            format!("Ce compte a le même identifiant (login) que celui de la ligne {first}."),
            "Donnez à chaque compte son propre identifiant.",
        ),
        (
            format!("This account has the same login as that of line {first}."),
            "Give each account its own login.",
        ),
    )
}

/// A login that is empty or holds control characters.
pub fn bad_login(line: usize) -> Explanation {
    fault(
        "SP-CONFIG-LOGIN",
        line,
        (
            "L’identifiant (login) est vide ou contient un caractère de contrôle.",
            "Écrivez l’identifiant que le logiciel de messagerie utilise, ou supprimez la clé : ce sera l’adresse.",
        ),
        (
            "The login is empty or holds a control character.",
            "Write what the mail program logs in with, or remove the key: it will be the address.",
        ),
    )
}

/// A tag with nothing to see in it.
pub fn empty_tag(line: usize) -> Explanation {
    fault(
        "SP-CONFIG-EMPTY-TAG",
        line,
        (
            "La balise (tag) est vide ou invisible.",
            "Écrivez une balise visible, par exemple \"#med#\".",
        ),
        (
            "The tag is empty or invisible.",
            "Write a tag that can be seen, for instance \"#med#\".",
        ),
    )
}

/// A tag that could not be typed.
pub fn tag_character(line: usize) -> Explanation {
    fault(
        "SP-CONFIG-TAG",
        line,
        (
            "La balise (tag) contient une espace ou un caractère invisible.",
            "Retirez-les : \"#med#\", sans espace avant, dedans ni après.",
        ),
        (
            "The tag holds a space or an invisible character.",
            "Remove them: \"#med#\", without a space before, inside or after it.",
        ),
    )
}

/// A tag too long.
pub fn long_tag(line: usize) -> Explanation {
    fault(
        "SP-CONFIG-LONG-TAG",
        line,
        ("La balise (tag) est trop longue.", "Choisissez-en une de 32 caractères au plus."),
        ("The tag is too long.", "Choose one of 32 characters at most."),
    )
}

/// An empty path.
pub fn empty_path(line: usize, key: &str) -> Explanation {
    fault(
        "SP-CONFIG-EMPTY-PATH",
        line,
        (
            format!("« {key} » contient un nom de fichier vide."),
            "Écrivez le nom du fichier, ou retirez-le de la liste.",
        ),
        (
            format!("\"{key}\" holds an empty file name."),
            "Write the file's name, or remove it from the list.",
        ),
    )
}

/// No account at all.
pub fn no_account() -> Explanation {
    fault(
        "SP-CONFIG-NO-ACCOUNT",
        0,
        (
            "Aucun compte n’est configuré.",
            "Ajoutez une section [[account]] ; config/souspli.toml en donne un exemple commenté.",
        ),
        (
            "No account is configured.",
            "Add an [[account]] section; config/souspli.toml has a commented example.",
        ),
    )
}

/// No configuration file where they are looked for.
pub fn no_file(places: &str) -> Explanation {
    fault(
        "SP-CONFIG-NO-FILE",
        0,
        (
            "Aucun fichier de configuration n’a été trouvé.",
            format!(
                "Lancez « souspli run » : l’assistant du tableau de bord l’écrit. Ou écrivez-le vous-même, à l’un de ces endroits : {places}."
            ),
        ),
        (
            "No configuration file was found.",
            format!("Start \"souspli run\": the dashboard's assistant writes it. Or write it yourself, at one of these places: {places}."),
        ),
    )
}

/// A file that cannot be read.
pub fn unreadable(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    fault(
        "SP-CONFIG-UNREADABLE",
        0,
        (
            format!("Le fichier {path} ne peut pas être lu ({fr})."),
            "Vérifiez son nom et vos droits sur lui.",
        ),
        (
            format!("The file {path} cannot be read ({en})."),
            "Check its name and your rights on it.",
        ),
    )
}

/// A machine policy that could not be put in its place.
pub fn not_written(path: &str) -> Explanation {
    fault(
        "SP-POLICY-NOT-WRITTEN",
        0,
        (
            format!("{path} n’a pas pu être écrit."),
            "Recommencez en administrateur ; sinon vérifiez la place sur le disque.",
        ),
        (
            format!("{path} could not be written."),
            "Try again as an administrator; or else check the room on the disk.",
        ),
    )
}

/// A machine policy that somebody who administers nothing could change.
pub fn changeable(path: &str) -> Explanation {
    fault(
        "SP-POLICY-CHANGEABLE",
        0,
        (
            format!("{path} lie tous les utilisateurs de cet ordinateur, et d’autres que ses administrateurs peuvent le modifier."),
            "Administrateur : reprenez-en la propriété et retirez aux autres le droit d’écrire (icacls), ou supprimez-le.",
        ),
        (
            format!("{path} binds every user of this computer, and others than its administrators can change it."),
            "Administrator: take its ownership and the others' right to write (icacls), or remove it.",
        ),
    )
}

/// A file too large, or not text.
pub fn not_text(path: &str) -> Explanation {
    fault(
        "SP-CONFIG-NOT-TEXT",
        0,
        (
            format!("Le fichier {path} n’est pas un fichier texte UTF-8 de taille raisonnable."),
            "Enregistrez-le en UTF-8, 1 Mio au plus.",
        ),
        (
            format!("The file {path} is not a UTF-8 text file of a sensible size."),
            "Save it as UTF-8, 1 MiB at most.",
        ),
    )
}

fn bad_address(line: usize, why_fr: &str, why_en: &str) -> Explanation {
    fault(
        "SP-CONFIG-ADDRESS",
        line,
        (
            format!("Ce n’est pas une adresse : {why_fr}."),
            "Écrivez-la comme \"prenom.nom@exemple.fr\", sans nom ni chevrons.",
        ),
        (
            format!("This is no address: {why_en}."),
            "Write it like \"first.last@example.org\", without name or angle brackets.",
        ),
    )
}

/// Every fault of a configuration is mended by a person, then tried again.
pub(super) fn fault(
    code: &'static str,
    line: usize,
    fr: (impl Into<String>, impl Into<String>),
    en: (impl Into<String>, impl Into<String>),
) -> Explanation {
    let at = |word: &str, said: String| if line == 0 { said } else { format!("{word} {line}: {said}") };
    let (fr_what, en_what) = (at("Ligne", fr.0.into()), at("Line", en.0.into()));
    Explanation::new(
        code,
        Retry::AfterUser,
        (fr_what.replacen(": ", " : ", usize::from(line != 0)), fr.1),
        (en_what, en.1),
    )
}
