use super::*;
use crate::base::{Address, UnixTime};
use crate::desktop::status::Refusal;

const FR: Language = Language::French;
const EN: Language = Language::English;

fn account(address: &str, matters: &[Matter]) -> AccountStatus {
    AccountStatus {
        address: Address::parse(address).unwrap(),
        matters: matters.to_vec(),
        refused: None,
    }
}

fn serving(whole: &[Matter], own: &[Matter]) -> Status {
    Status {
        phase: Phase::Serving,
        matters: whole.to_vec(),
        accounts: vec![account("dr.martin@cabinet.example", own)],
        ..Status::starting(Realm::Production)
    }
}

/// What is said, one line below the other.
fn said_by(menu: &Menu) -> Vec<&str> {
    let mut said = Vec::new();
    for entry in &menu.entries {
        if let Entry::Said(text) = entry {
            said.push(text.as_str());
        }
    }
    said
}

fn offered(menu: &Menu) -> Vec<(Choice, &'static str)> {
    let offered = |entry: &Entry| match entry {
        Entry::Does(choice, text) => Some((*choice, *text)),
        Entry::Said(_) | Entry::Line => None,
    };
    menu.entries.iter().filter_map(offered).collect()
}

#[test]
fn each_state_has_its_words_in_both_languages() {
    let away = Matter::ProviderAway("imap.example".to_owned());
    for (matter, light, fr, en) in [
        (Matter::CardAbsent, Light::Waiting, "Carte absente", "Card not there"),
        (
            Matter::CardWanted,
            Light::Waiting,
            "Carte attendue : insérez-la",
            "Card awaited: insert it",
        ),
        (
            Matter::CardOther,
            Light::Waiting,
            "Une autre carte est dans le lecteur",
            "Another card is in the reader",
        ),
        (
            Matter::NoReader,
            Light::Waiting,
            "Lecteur de carte débranché",
            "No card reader connected",
        ),
        (
            Matter::PinAwaited,
            Light::Waiting,
            "Code de la carte attendu",
            "PIN of the card awaited",
        ),
        (Matter::CardBlocked, Light::Stopped, "Carte bloquée", "Card blocked"),
        (
            Matter::CardFault,
            Light::Attention,
            "Carte illisible, ou son logiciel en panne",
            "Card not readable, or its software at fault",
        ),
        (
            Matter::EndsSoon(7),
            Light::Attention,
            "Le certificat expire dans 7 jours",
            "The certificate ends in 7 days",
        ),
        (
            Matter::EndsSoon(1),
            Light::Attention,
            "Le certificat expire demain",
            "The certificate ends tomorrow",
        ),
        (
            away,
            Light::Attention,
            "Fournisseur injoignable (imap.example)",
            "Provider unreachable (imap.example)",
        ),
        (
            Matter::ProviderUnsafe("imap.example".to_owned()),
            Light::Attention,
            "Connexion au fournisseur pas sûre (imap.example)",
            "Connection to the provider not safe (imap.example)",
        ),
        (
            Matter::CannotSeal(Hindrance::NoKey),
            Light::Stopped,
            "Aucune clé utilisable",
            "No usable key",
        ),
        (
            Matter::CannotSeal(Hindrance::Expired),
            Light::Stopped,
            "Certificat expiré",
            "Certificate expired",
        ),
        (
            Matter::CannotSeal(Hindrance::Revoked),
            Light::Stopped,
            "Certificat révoqué",
            "Certificate revoked",
        ),
    ] {
        let status = serving(&[], std::slice::from_ref(&matter));
        let (french, english) = (menu(&status, FR), menu(&status, EN));
        assert_eq!((french.sign.light, english.sign.light), (light, light), "{matter:?}");
        assert_eq!(french.tip, format!("Souspli\u{a0}: {fr}"));
        assert_eq!(english.tip, format!("Souspli: {en}"));
        assert_eq!(said_by(&french)[1], format!("dr.martin@cabinet.example\u{a0}: {fr}"));
        assert_eq!(said_by(&english)[1], format!("dr.martin@cabinet.example: {en}"));
    }
}

#[test]
fn what_concerns_all_accounts_stands_above_them() {
    let stale = "Listes de révocation périmées ou absentes";
    for (matter, light, said) in [
        (Matter::ListsStale, Light::Attention, stale),
        (Matter::Locked, Light::Waiting, "Trousseau de clés verrouillé"),
        (Matter::Fault, Light::Attention, "Un fichier de Souspli est illisible"),
    ] {
        let shown = menu(&serving(&[matter], &[]), FR);
        assert_eq!(shown.sign.light, light);
        assert_eq!(said_by(&shown)[1..], [said, "dr.martin@cabinet.example\u{a0}: Prêt"]);
    }
}

#[test]
fn all_is_well() {
    let shown = menu(&serving(&[], &[]), FR);
    assert_eq!(
        shown,
        Menu {
            sign: Sign {
                light: Light::Ready,
                realm: Realm::Production
            },
            tip: "Souspli\u{a0}: Prêt".to_owned(),
            entries: vec![
                Entry::Said("Souspli\u{a0}: Prêt".to_owned()),
                Entry::Line,
                Entry::Said("dr.martin@cabinet.example\u{a0}: Prêt".to_owned()),
                Entry::Line,
                Entry::Does(Choice::Dashboard, "Ouvrir le tableau de bord"),
                Entry::Does(Choice::TestMessage, "Message d’essai…"),
                Entry::Does(Choice::Diagnosis, "Diagnostic…"),
                Entry::Does(Choice::Lists, "Mettre à jour les listes"),
                Entry::Does(Choice::Lock, "Verrouiller (oublier le code)"),
                Entry::Does(Choice::Quit, "Quitter Souspli"),
            ],
        }
    );
    let english = menu(&serving(&[], &[]), EN);
    let names: Vec<&str> = offered(&english).into_iter().map(|(_, name)| name).collect();
    assert_eq!(
        names,
        [
            "Open the dashboard",
            "Test message…",
            "Diagnosis…",
            "Update the lists",
            "Lock (forget the PIN)",
            "Quit Souspli"
        ]
    );
}

#[test]
fn a_port_that_is_taken_offers_another_try_and_no_dashboard() {
    let shown = menu(&Status::not_started(Realm::Production, Some(2587)), FR);
    assert_eq!(shown.sign.light, Light::Stopped);
    assert_eq!(
        said_by(&shown),
        [
            "Souspli\u{a0}: Ne peut pas mettre sous pli",
            "Port 2587 pris par un autre programme"
        ]
    );
    assert_eq!(
        offered(&shown),
        [(Choice::Again, "Réessayer maintenant"), (Choice::Quit, "Quitter Souspli")]
    );
    let other = menu(&Status::not_started(Realm::Production, None), EN);
    assert!(said_by(&other)[1].contains("could not start"), "{other:?}");
}

#[test]
fn trials_are_said_whatever_the_state() {
    for status in [
        Status::starting(Realm::Test),
        Status::not_started(Realm::Test, None),
        Status {
            realm: Realm::Test,
            ..serving(&[], &[Matter::PinAwaited])
        },
    ] {
        let shown = menu(&status, FR);
        assert_eq!(shown.sign.realm, Realm::Test);
        assert!(shown.tip.starts_with("Souspli\u{a0}: TEST - "), "{}", shown.tip);
        assert!(said_by(&shown)[1].starts_with("TEST"), "{shown:?}");
    }
}

#[test]
fn leaving_says_what_becomes_of_letters_in_hand() {
    let busy = Status {
        in_hand: 2,
        ..serving(&[], &[])
    };
    let shown = menu(&busy, FR);
    assert!(said_by(&shown).contains(&"2 envois en cours"));
    let quit = offered(&shown).pop().unwrap();
    assert_eq!(
        quit,
        (Choice::Quit, "Quitter : l’envoi en cours est terminé d’abord (10 s au plus)")
    );
    assert_eq!(offered(&menu(&busy.ending(), FR)), []);
}

#[test]
fn a_refusal_is_said_by_its_kind_and_code() {
    let mut status = serving(&[], &[]);
    status.accounts[0].refused = Some(Refusal {
        at: UnixTime(1_795_392_000),
        code: "SP-NO-CERTIFICATE",
    });
    let shown = menu(&status, FR);
    assert_eq!(
        said_by(&shown)[2],
        "Dernier refus (23/11/2026) : certificat d’un destinataire manquant [SP-NO-CERTIFICATE]"
    );
    // It is over: the whole is as it was.
    assert_eq!(shown.sign.light, Light::Ready);
}

#[test]
fn many_accounts_are_left_to_the_dashboard() {
    let mut status = serving(&[], &[]);
    status.accounts = (0..40).map(|n| account(&format!("bal{n}@cabinet.example"), &[])).collect();
    let shown = menu(&status, FR);
    assert!(shown.entries.len() < 25, "{}", shown.entries.len());
    assert_eq!(said_by(&shown).last(), Some(&"La suite sur le tableau de bord"));
}

#[test]
fn the_worst_is_in_the_tip() {
    let both = serving(&[Matter::ListsStale], &[Matter::CardBlocked]);
    assert_eq!(menu(&both, FR).tip, "Souspli\u{a0}: Carte bloquée");
}

#[test]
fn choices_are_known_again_by_their_words() {
    for choice in Choice::ALL {
        assert_eq!(Choice::parse(choice.as_str()), Some(choice));
    }
    assert_eq!(Choice::parse("autre"), None);
}
