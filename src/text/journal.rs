//! Sentences about the journal.

use super::Explanation;
use crate::base::Retry;

/// What the codes begin with that the journal keeps of itself.
pub const TOLD: &str = "SP-JOURNAL-";

/// A journal that is damaged.
pub fn set_aside(name: &str) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-SET-ASIDE",
        Retry::AfterUser,
        (
            format!(
                "Le journal était endommagé ; il est mis de côté sous le nom {name}, et un nouveau est commencé. Le courrier n’est pas touché."
            ),
            "Faites vérifier le disque de cet ordinateur. souspli journal --verify dit ce qui manque.",
        ),
        (
            format!("The journal was damaged; it is set aside under the name {name}, and a new one is begun. Mail is not touched."),
            "Have the disk of this computer checked. souspli journal --verify says what is missing.",
        ),
    )
}

/// A journal that has disappeared since.
pub fn gone() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-GONE",
        Retry::AfterUser,
        (
            "Le journal n’est plus là : un nouveau le continue.",
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            "The journal is no longer there: a new one goes on from it.",
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// Entries that are gone at the end, found while writing.
pub fn shortened() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-SHORTENED",
        Retry::AfterUser,
        (
            "Le journal est plus court que Souspli ne l’avait laissé : ses dernières lignes manquent.",
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            "The journal is shorter than Souspli left it: its last entries are missing.",
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// Entries that are others, found while writing.
pub fn replaced() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-REPLACED",
        Retry::AfterUser,
        (
            "Le journal n’est plus celui que Souspli avait écrit : des lignes y ont été remplacées.",
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            "The journal is no longer the one that Souspli had written: entries in it were replaced.",
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// The head of the journal is gone.
pub fn head_gone() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-HEAD-GONE",
        Retry::AfterUser,
        (
            "Le fichier journal.head, qui dit jusqu’où le journal était arrivé, a disparu.",
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            "The file journal.head, which says how far the journal had come, has disappeared.",
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// The head of the journal is not ours.
pub fn head_forged() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-HEAD-FORGED",
        Retry::AfterUser,
        (
            "Le fichier journal.head, qui dit jusqu’où le journal était arrivé, n’est pas de cette installation ou a été modifié.",
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            "The file journal.head, which says how far the journal had come, is not of this installation or was changed.",
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// A journal of a later version.
pub fn newer(path: &str) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-NEWER",
        Retry::AfterUser,
        (
            format!("Le journal {path} a été écrit par une version plus récente de Souspli."),
            "Mettez Souspli à jour sur cet ordinateur.",
        ),
        (
            format!("The journal {path} was written by a later version of Souspli."),
            "Update Souspli on this computer.",
        ),
    )
}

/// A journal that cannot be read.
pub fn unreadable() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-UNREADABLE",
        Retry::AfterUser,
        (
            "Le journal est endommagé : il ne peut pas être lu en entier.",
            "Faites vérifier le disque. Au prochain démarrage, Souspli le met de côté et en commence un nouveau.",
        ),
        (
            "The journal is damaged: it cannot be read as a whole.",
            "Have the disk checked. At its next start Souspli sets it aside and begins a new one.",
        ),
    )
}

/// An entry that is not there.
pub fn missing(number: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-MISSING",
        Retry::AfterUser,
        (
            format!("La ligne {number} du journal a été retirée."),
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            format!("Entry {number} of the journal was taken out."),
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// An entry that says something else.
pub fn changed(number: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-CHANGED",
        Retry::AfterUser,
        (
            format!("La ligne {number} du journal n’est plus celle qui a été écrite à cette place."),
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            format!("Entry {number} of the journal is no longer the one that was written in that place."),
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// A seal that is not of this home.
pub fn forged(number: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-FORGED",
        Retry::AfterUser,
        (
            format!("Le sceau de la ligne {number} du journal n’est pas de cette installation."),
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            format!("The seal of entry {number} of the journal is not of this installation."),
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// The beginning is gone.
pub fn beginning(number: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-BEGINNING",
        Retry::AfterUser,
        (
            format!("Le journal commence à la ligne {number}, et rien ne dit que ce qui précédait a été effacé à son terme."),
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            format!("The journal begins at entry {number}, and nothing says that what was before it went in its time."),
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// The end is gone.
pub fn ends_early(wanted: u64, found: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-ENDS-EARLY",
        Retry::AfterUser,
        (
            format!("Le journal était arrivé à la ligne {wanted} et s’arrête à la ligne {found} : sa fin a été coupée."),
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            format!("The journal had come to entry {wanted} and ends at entry {found}: its end was cut off."),
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// Another entry was sealed there.
pub fn other_entry(number: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-OTHER-ENTRY",
        Retry::AfterUser,
        (
            format!("La ligne {number} du journal n’est pas celle que Souspli avait scellée : ce qui la précède a pu être récrit."),
            "Gardez une copie du dossier de Souspli et prévenez la personne qui s’occupe de cet ordinateur : quelqu’un ou un programme a touché à ce fichier.",
        ),
        (
            format!("Entry {number} of the journal is not the one that Souspli had sealed: what is before it may have been written anew."),
            "Keep a copy of Souspli's folder and tell whoever looks after this computer: somebody or some program has touched that file.",
        ),
    )
}

/// No entry is sealed.
pub fn nothing_sealed() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-NOTHING-SEALED",
        Retry::AfterUser,
        (
            "Aucune ligne du journal n’est scellée : rien ne prouve que ce soit celui de Souspli.",
            "Si Souspli n’a encore jamais démarré, démarrez-le : il scelle ce qui est là. Sinon le journal a été remplacé.",
        ),
        (
            "No entry of the journal is sealed: nothing proves that it is Souspli's.",
            "If Souspli has never been started yet, start it: it seals what is there. Else the journal was replaced.",
        ),
    )
}

/// An entry that says that the journal was touched.
pub fn told(number: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-TOLD",
        Retry::AfterUser,
        (
            format!(
                "À la ligne {number}, Souspli a noté que le journal n’était plus comme il l’avait laissé ; ce qui précède a pu être modifié ou perdu."
            ),
            "souspli journal --event journal montre ce qu’il a trouvé. La ligne s’efface à son terme, comme les autres.",
        ),
        (
            format!(
                "At entry {number} Souspli has noted that the journal was no longer as it had left it; what is before may have been changed or lost."
            ),
            "souspli journal --event journal shows what it found. The entry goes in its time, as the others do.",
        ),
    )
}

/// The code of entries that were lost, in the journal itself.
pub const LOST: &str = "SP-JOURNAL-LOST";

/// Entries that could be written nowhere.
pub fn lost(count: u64, since: &str) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-LOST",
        Retry::AfterUser,
        (
            format!("{count} ligne(s) du journal sont perdues depuis {since} : le disque ne les a pas prises."),
            "Faites vérifier le disque et le dossier de Souspli (souspli doctor). Le courrier n’est pas touché.",
        ),
        (
            format!("{count} entries of the journal are lost since {since}: the disk did not take them."),
            "Have the disk and the folder of Souspli checked (souspli doctor). Mail is not touched.",
        ),
    )
}

/// Entries that wait for what stands in their way.
pub fn waits(count: usize, why: &Explanation) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-WAITS",
        Retry::Later,
        (
            format!("{count} ligne(s) du journal attendent d’être écrites. {}", why.fr.what),
            why.fr.todo.clone(),
        ),
        (
            format!("{count} entries of the journal wait to be written. {}", why.en.what),
            why.en.todo.clone(),
        ),
    )
}

/// Entries in the reserve, which the journal has not taken yet.
pub fn reserved(count: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-RESERVE",
        Retry::Later,
        (
            format!("{count} ligne(s) du journal attendent : le disque ne les prend pas."),
            "Libérez de la place sur le disque. Souspli écrit ces lignes dès qu’il le peut, et au plus tard au prochain démarrage.",
        ),
        (
            format!("{count} entries of the journal wait: the disk does not take them."),
            "Make room on the disk. Souspli writes these entries as soon as it can, and at the latest at its next start.",
        ),
    )
}

/// Lines beside the journal that it has not taken yet.
pub fn beside() -> Explanation {
    Explanation::new(
        "SP-JOURNAL-BESIDE",
        Retry::Later,
        (
            "Des lignes du journal sont posées à côté de lui (journal.jsonl) : il ne les a pas encore prises.",
            "Souspli le fait dès qu’il écrit de nouveau ; s’il ne le fait pas, faites vérifier le disque.",
        ),
        (
            "Entries of the journal lie beside it (journal.jsonl): it has not taken them yet.",
            "Souspli does it as soon as it writes again; if it does not, have the disk checked.",
        ),
    )
}

/// More than are told one by one.
pub fn more_breaks(count: u64) -> Explanation {
    Explanation::new(
        "SP-JOURNAL-MORE",
        Retry::Never,
        (
            format!("Et {count} autres lignes du journal ne sont plus comme elles furent écrites."),
            "Gardez le fichier tel quel et montrez-le à qui en répond.",
        ),
        (
            format!("And {count} other entries of the journal are no longer as they were written."),
            "Keep the file as it is and show it to whoever answers for it.",
        ),
    )
}

/// The journal is whole, or as far as it is: entries, period, the last hash.
pub fn verified(entries: u64, first: &str, last: &str, hash: &str) -> String {
    format!(
        "{entries} ligne(s), du {first} au {last} ; dernière empreinte {hash}\n{entries} entries, from {first} to {last}; last hash {hash}"
    )
}

/// An empty journal.
pub const EMPTY: &str = "Le journal est vide. / The journal is empty.";

/// The chain holds.
pub const WHOLE: &str = "Le journal est entier. / The journal is whole.";

/// Entries that went in their time.
pub fn cut(number: u64) -> String {
    format!("Effacées à leur terme : les lignes jusqu’à {number}. / Gone in their time: the entries up to {number}.")
}

/// Entries that nobody has sealed yet.
pub fn unsealed(count: u64) -> String {
    format!(
        "Pas encore scellées : les {count} dernières lignes ; Souspli le fait dès qu’il écrit avec sa clé.\nNot sealed yet: the last {count} entries; Souspli does it as soon as it writes with its key."
    )
}

/// The last line of a table that does not hold everything.
pub const CSV_GOES_ON: &str =
    "# Il y a des entrées plus anciennes : souspli journal --csv les donne toutes / older entries: souspli journal --csv\r\n";

/// The first lines of a file for spreadsheets.
pub const CSV_HEAD: &str = "number,time,offset,event,account,user,message,certificates,card,rpps,recipients,recipient_ids,reply,digest,taken_over,code,sealed,hash";

/// A word that is no event.
pub fn no_event(words: &str) -> String {
    format!("mots admis / words: {words}")
}

/// A moment that is none.
pub const NO_MOMENT: &str = "attendu / expected: 2026-11-23, 2026-11-23T14:30:00+01:00";
