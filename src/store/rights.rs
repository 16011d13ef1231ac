//! What the access list of a file says, in the text form of Windows (SDDL, [MS-DTYP] §2.5.1). Read here, on every platform, so that
//! it is tested on every platform.

/// Owner and access list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rights {
    owner: String,
    /// `None`: no list, which opens it to everybody.
    entries: Option<Vec<Entry>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    /// Everything but a denial.
    allows: bool,
    /// For what is made inside only.
    is_handed_down_only: bool,
    rights: u32,
    who: String,
}

/// Whoever administers this computer: the system, administrators, the installer of Windows itself.
const ADMINISTRATORS: [&str; 3] = ["SY", "BA", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"];
/// Stand for the owner, who is judged apart.
const OWNERS: [&str; 2] = ["CO", "OW"];

/// What changes a file or a folder, or takes it away: FILE_WRITE_DATA, FILE_APPEND_DATA, FILE_DELETE_CHILD, DELETE, WRITE_DAC,
/// WRITE_OWNER, GENERIC_ALL, GENERIC_WRITE.
const CHANGE: u32 = 0x2 | 0x4 | 0x40 | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x1000_0000 | 0x4000_0000;
/// The same of a folder in which others may make files of their own, as in C:\ProgramData.
const CHANGE_FOLDER: u32 = CHANGE & !(0x2 | 0x4);

impl Rights {
    /// `None`: not in that form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("O:")?;
        let (owner, rest) = match rest.find("G:").into_iter().chain(rest.find("D:")).min() {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let entries = match rest.find("D:") {
            Some(at) => list(&rest[at + 2..])?,
            None => None,
        };
        let owner = owner.to_owned();
        Some(Self { owner, entries })
    }

    /// Whether it is of one of these accounts, or of administrators.
    pub(super) fn is_owned_by(&self, own: &str) -> bool {
        self.owner == own || ADMINISTRATORS.contains(&self.owner.as_str())
    }

    /// Whether it is of this account or administrators, and nobody else can change it; an empty account is nobody's.
    pub(super) fn bind_all_but(&self, own: &str, is_folder: bool) -> bool {
        let change = if is_folder { CHANGE_FOLDER } else { CHANGE };
        self.is_owned_by(own) && !self.are_given_to_others(own, change)
    }

    /// Whether somebody else than this account and administrators has one of these rights to it.
    pub(super) fn are_given_to_others(&self, own: &str, rights: u32) -> bool {
        let others =
            |entry: &&Entry| entry.who != own && !ADMINISTRATORS.contains(&entry.who.as_str()) && !OWNERS.contains(&entry.who.as_str());
        let given = |entry: &Entry| entry.allows && !entry.is_handed_down_only && entry.rights & rights != 0;
        match &self.entries {
            Some(entries) => entries.iter().filter(others).any(given),
            None => true,
        }
    }
}

/// Flags, then `(type;flags;rights;object;inherited;account)` for each. `Some(None)`: a list that is none.
fn list(text: &str) -> Option<Option<Vec<Entry>>> {
    let end = text.find("S:").unwrap_or(text.len());
    let text = &text[..end];
    let start = text.find('(').unwrap_or(text.len());
    if text[..start].contains("NO_ACCESS_CONTROL") {
        return Some(None);
    }
    let inside = text[start..].split('(').skip(1);
    inside
        .map(|one| entry(one.trim_end().strip_suffix(')')?))
        .collect::<Option<Vec<_>>>()
        .map(Some)
}

fn entry(text: &str) -> Option<Entry> {
    let parts: Vec<&str> = text.split(';').collect();
    let [kind, flags, rights, _, _, who, ..] = parts.as_slice() else {
        return None;
    };
    Some(Entry {
        allows: !matches!(*kind, "D" | "OD" | "XD"),
        is_handed_down_only: pairs(flags).any(|flag| flag == "IO"),
        rights: mask(rights)?,
        who: (*who).to_owned(),
    })
}

fn mask(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok();
    }
    pairs(text).try_fold(0, |all, pair| Some(all | right(pair)?))
}

fn pairs(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len())
        .step_by(2)
        .filter_map(|at| text.get(at..at + 2).or_else(|| text.get(at..)))
}

/// [MS-DTYP] §2.5.1.1 and winsddl.h.
fn right(pair: &str) -> Option<u32> {
    Some(match pair {
        "GA" => 0x1000_0000,
        "GX" => 0x2000_0000,
        "GW" => 0x4000_0000,
        "GR" => 0x8000_0000,
        "RC" => 0x2_0000,
        "SD" => 0x1_0000,
        "WD" => 0x4_0000,
        "WO" => 0x8_0000,
        "CC" => 0x1,
        "DC" => 0x2,
        "LC" => 0x4,
        "SW" => 0x8,
        "RP" => 0x10,
        "WP" => 0x20,
        "DT" => 0x40,
        "LO" => 0x80,
        "CR" => 0x100,
        "FA" => 0x1f_01ff,
        "FR" => 0x12_0089,
        "FW" => 0x12_0116,
        "FX" => 0x12_00a0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "S-1-5-21-1-2-3-1001";
    const ALL: u32 = u32::MAX;

    #[test]
    fn a_profile_s_folder_is_its_owner_s_alone() {
        let text = format!("O:{OWN}G:{OWN}D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIID;0x1f01ff;;;{OWN})(A;OICIIO;GA;;;CO)");
        let rights = Rights::parse(&text).unwrap();
        assert!(rights.is_owned_by(OWN) && !rights.are_given_to_others(OWN, ALL));
        assert!(!rights.is_owned_by("S-1-5-21-1-2-3-1002"), "a prefix is another account");
        assert!(rights.are_given_to_others("S-1-5-21-1-2-3-1002", ALL));
    }

    #[test]
    fn who_may_read_and_who_may_change_are_told_apart() {
        let rows = [
            // As C:\ProgramData hands down: users read, and make files of their own.
            (
                "O:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)",
                true,
                true,
                false,
            ),
            ("O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)", true, false, false),
            ("O:SYD:(A;;FA;;;WD)", true, true, true),
            ("O:SYD:(A;;FRSD;;;AU)", true, true, true),
            ("O:BAD:(A;OICIIO;GA;;;BU)", false, false, false),
            ("O:BAD:(D;;FA;;;WD)(A;;FA;;;SY)", false, false, false),
            ("O:BAD:NO_ACCESS_CONTROL", true, true, true),
            ("O:BA", true, true, true),
        ];
        for (text, reads, changes, changes_folder) in rows {
            let rights = Rights::parse(text).unwrap();
            assert!(rights.is_owned_by(OWN), "{text}");
            let found = [ALL, CHANGE, CHANGE_FOLDER].map(|mask| rights.are_given_to_others(OWN, mask));
            assert_eq!(found, [reads, changes, changes_folder], "{text}");
        }
    }

    #[test]
    fn what_a_user_has_made_himself_binds_nobody() {
        let rows = [
            // As C:\ProgramData is: users make files and folders in it.
            ("O:SYD:(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)(A;CI;DCLCRPCR;;;BU)", true, true),
            ("O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)", true, true),
            // Made by whoever came first.
            (
                &format!("O:{OWN}D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)"),
                false,
                true,
            ),
            (&format!("O:BAD:(A;OICI;FA;;;SY)(A;OICI;FA;;;{OWN})"), false, true),
            ("O:S-1-5-21-1-2-3-1002D:(A;;FA;;;SY)", false, false),
            ("O:SYD:(A;OICI;FA;;;WD)", false, false),
        ];
        for (text, for_all, for_own) in rows {
            let rights = Rights::parse(text).unwrap();
            assert_eq!(
                (rights.bind_all_but("", true), rights.bind_all_but(OWN, true)),
                (for_all, for_own),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_not_believed() {
        for text in [
            "",
            "D:(A;;FA;;;SY)",
            "O:BAD:(A;;FA;;SY)",
            "O:BAD:(A;;F?;;;SY)",
            "O:BAD:(A;;FA;;;SY",
            "O:BAD:(A;;é;;;SY)",
        ] {
            assert_eq!(Rights::parse(text), None, "{text}");
        }
    }
}
