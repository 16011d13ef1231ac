//! Sentences about what was typed on the command line, and the files it names.

use super::{Explanation, Why};
use crate::base::Retry;

/// Not as the command is written; the detail follows, in the parser's English.
pub fn usage() -> Explanation {
    Explanation::new(
        "SP-USAGE",
        Retry::AfterUser,
        (
            "La commande n’est pas écrite comme elle devrait.",
            "Le détail suit, en anglais ; « souspli --help » montre les commandes et leurs options.",
        ),
        (
            "The command is not written as it should be.",
            "The detail follows; \"souspli --help\" shows the commands and their options.",
        ),
    )
}

/// A second relay on one home.
pub fn runs_already(home: &str) -> Explanation {
    Explanation::new(
        "SP-RUNS-ALREADY",
        Retry::AfterUser,
        (
            format!("Souspli tourne déjà pour le dossier {home} : il n’a pas été démarré une seconde fois."),
            "Il n’y a rien à démarrer ; « souspli dashboard » ouvre son tableau de bord. Pour un second Souspli, choisissez un autre dossier avec --home.",
        ),
        (
            format!("Souspli runs already for the home {home}: it was not started a second time."),
            "There is nothing to start; \"souspli dashboard\" opens its dashboard. For a second Souspli choose another home with --home.",
        ),
    )
}

/// A relay that was told to end goes on (Windows).
pub fn not_stopped() -> Explanation {
    Explanation::new(
        "SP-NOT-STOPPED",
        Retry::Later,
        (
            "Souspli n’a pas fini à temps : un envoi est peut-être en cours.",
            "Recommencez dans une minute ; sinon fermez la session de l’utilisateur.",
        ),
        (
            "Souspli did not end in time: a message may be leaving.",
            "Try again in a minute; or else log the user off.",
        ),
    )
}

/// Homes of others are for administrators.
pub fn homes_not_yours() -> Explanation {
    Explanation::new(
        "SP-HOMES-NOT-YOURS",
        Retry::AfterUser,
        (
            "Les dossiers de tous les utilisateurs ne sont retirés que par un administrateur.",
            "Désinstallez par msiexec avec REMOVEHOMES=1, en administrateur ; rien n’a été retiré.",
        ),
        (
            "The folders of all users are removed by an administrator only.",
            "Uninstall by msiexec with REMOVEHOMES=1, as an administrator; nothing was removed.",
        ),
    )
}

/// Some homes are there yet, as the lines before tell.
pub fn homes_kept(count: usize) -> Explanation {
    Explanation::new(
        "SP-HOMES-KEPT",
        Retry::AfterUser,
        (
            format!("Des dossiers n’ont pas été retirés : {count}. Leurs clés sont toujours là."),
            "Les lignes qui précèdent disent lesquels et pourquoi ; retirez-les à la main.",
        ),
        (
            format!("Folders were not removed: {count}. Their keys are still there."),
            "The lines before tell which and why; remove them by hand.",
        ),
    )
}

/// There was none.
pub fn no_home() -> &'static str {
    "Aucun dossier de Souspli sur cet ordinateur / no folder of Souspli on this computer"
}

/// One that is no more.
pub fn home_removed(home: &str) -> String {
    format!("retiré / removed: {home}")
}

/// One that a link leads to.
pub fn home_elsewhere(home: &str) -> String {
    format!("gardé, un lien y mène / kept, a link leads there: {home}")
}

/// One that is there as it was.
pub fn home_kept(home: &str, why: &Why) -> String {
    format!("gardé / kept: {home} ({} / {})", why.fr, why.en)
}

/// One of which a part is left.
pub fn home_left(home: &str, place: &str, why: &Why) -> String {
    format!(
        "retiré en partie, le reste est dans / removed in part, the rest is in {place}: {home} ({} / {})",
        why.fr, why.en
    )
}

/// What Windows shows while a session that is to end waits for Souspli.
pub fn session_ends() -> &'static str {
    "Les envois en cours sont terminés, quelques secondes. / Submissions in hand are finished, a few seconds."
}

/// Not an address.
pub fn not_an_address(given: &str) -> Explanation {
    Explanation::new(
        "SP-NOT-AN-ADDRESS",
        Retry::AfterUser,
        (
            format!("« {given} » n’est pas une adresse."),
            "Écrivez-la comme prenom.nom@exemple.fr, sans nom ni chevrons.",
        ),
        (
            format!("\"{given}\" is no address."),
            "Write it like first.last@example.org, without name or angle brackets.",
        ),
    )
}

/// No recipient.
pub fn no_recipient() -> Explanation {
    Explanation::new(
        "SP-NO-RECIPIENT",
        Retry::AfterUser,
        ("Aucun destinataire n’est donné.", "Donnez au moins une adresse après --to."),
        ("No recipient is given.", "Give one address at least after --to."),
    )
}

/// Several files, and no --json.
pub fn several_views() -> Explanation {
    Explanation::new(
        "SP-ONE-MESSAGE",
        Retry::AfterUser,
        (
            "Un seul message peut être montré à la fois.",
            "Donnez un seul fichier, ou --json pour avoir une ligne par fichier.",
        ),
        (
            "One message can be shown at a time.",
            "Give one file, or --json for a line per file.",
        ),
    )
}

/// Some of several files could not be opened; each was told of before.
pub fn not_all_opened(missed: usize, of: usize) -> Explanation {
    Explanation::new(
        "SP-NOT-ALL-OPENED",
        Retry::AfterUser,
        (
            format!("{missed} fichiers sur {of} n’ont pas été ouverts."),
            "Chacun est nommé plus haut, avec ce qu’il faut faire.",
        ),
        (
            format!("{missed} files of {of} were not opened."),
            "Each is named above, with what to do.",
        ),
    )
}

/// A file that cannot be read.
pub fn unreadable(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-FILE-UNREADABLE",
        Retry::AfterUser,
        (
            format!("{path} ne peut pas être lu ({fr})."),
            "Vérifiez son nom et vos droits sur lui.",
        ),
        (format!("{path} cannot be read ({en})."), "Check its name and your rights on it."),
    )
}

/// A folder that cannot be made, or a file in it.
pub fn unwritable(path: &str, why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-FILE-UNWRITABLE",
        Retry::AfterUser,
        (
            format!("{path} ne peut pas être écrit ({fr})."),
            "Vérifiez son nom, vos droits sur lui et la place sur le disque.",
        ),
        (
            format!("{path} cannot be written ({en})."),
            "Check its name, your rights on it and the room on the disk.",
        ),
    )
}

/// More than what is taken.
pub fn too_large(what: &str, most: u64) -> Explanation {
    let most = most >> 20;
    Explanation::new(
        "SP-FILE-TOO-LARGE",
        Retry::AfterUser,
        (format!("{what} dépasse {most} Mio."), "Vérifiez que c’est le bon fichier."),
        (format!("{what} is larger than {most} MiB."), "Check that it is the right file."),
    )
}

/// Results that could not be written to standard output.
pub fn output(why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-OUTPUT",
        Retry::AfterUser,
        (
            format!("Le résultat n’a pas pu être écrit en entier ({fr})."),
            "Faites de la place ou choisissez un autre fichier, puis recommencez.",
        ),
        (
            format!("Not all of the result could be written ({en})."),
            "Make room or choose another file, then do it again.",
        ),
    )
}

/// A password that is no text.
pub fn password_not_text(path: &str) -> Explanation {
    Explanation::new(
        "SP-PASSWORD-NOT-TEXT",
        Retry::AfterUser,
        (
            format!("Le mot de passe lu dans {path} n’est pas du texte UTF-8."),
            "Enregistrez ce fichier en UTF-8, le mot de passe sur la première ligne.",
        ),
        (
            format!("The password read from {path} is no UTF-8 text."),
            "Save this file as UTF-8, the password on its first line.",
        ),
    )
}

/// The system refused something that the program cannot do without.
pub fn system(why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-SYSTEM",
        Retry::Later,
        (
            format!("Le système n’a pas permis à Souspli de travailler ({fr})."),
            "Fermez d’autres programmes, puis recommencez ; si cela dure, redémarrez l’ordinateur.",
        ),
        (
            format!("The system did not let Souspli work ({en})."),
            "Close other programs, then try again; if it lasts, restart the computer.",
        ),
    )
}

/// Nothing is behind the link of the home, or there is none.
pub fn no_dashboard() -> Explanation {
    Explanation::new(
        "SP-NO-DASHBOARD",
        Retry::AfterUser,
        (
            "Souspli ne tourne pas pour ce dossier, ou son tableau de bord est coupé.",
            "Démarrez Souspli (souspli run) ; vérifiez que [dashboard] listen n’est pas \"off\".",
        ),
        (
            "Souspli is not running for this home, or its dashboard is off.",
            "Start Souspli (souspli run); check that [dashboard] listen is not \"off\".",
        ),
    )
}

/// Another program has taken the port of a relay that was ended by force.
pub fn stranger_at_dashboard() -> Explanation {
    Explanation::new(
        "SP-DASHBOARD-STRANGER",
        Retry::AfterUser,
        (
            "Un autre programme répond à la place du tableau de bord de Souspli : il n’a pas été ouvert.",
            "Démarrez Souspli à nouveau ; si cela revient, montrez ce message à votre informaticien.",
        ),
        (
            "Another program answers in place of Souspli’s dashboard: it was not opened.",
            "Start Souspli again; if it comes back, show this message to your IT.",
        ),
    )
}

/// The system opens no browser.
pub fn no_browser(why: &Why) -> Explanation {
    let Why { fr, en } = why;
    Explanation::new(
        "SP-NO-BROWSER",
        Retry::AfterUser,
        (
            format!("Le navigateur n’a pas pu être ouvert ({fr})."),
            "Ouvrez vous-même le lien affiché : il sert une seule fois.",
        ),
        (
            format!("The browser could not be opened ({en})."),
            "Open the link that is shown yourself: it serves once.",
        ),
    )
}

/// A diagnosis found what keeps mail from being sealed or read.
pub fn doctor_found(count: usize) -> Explanation {
    Explanation::new(
        "SP-DOCTOR",
        Retry::AfterUser,
        (
            format!("{count} point(s) en panne."),
            "Suivez le remède indiqué sous chacun, puis relancez le diagnostic.",
        ),
        (
            format!("{count} thing(s) out of order."),
            "Follow the mend below each, then run the diagnosis again.",
        ),
    )
}
