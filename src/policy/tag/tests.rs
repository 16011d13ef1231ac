//! Tables of `tag`.

use super::*;
use proptest::prelude::*;

const APART: Tag = Tag::Present(Glue::Apart);
const GLUED: Tag = Tag::Present(Glue::Glued);

#[test]
fn what_a_subject_asks() {
    let rows: &[(&[&str], Tag)] = &[
        (
            &[
                "#med# Résultats",
                "#med#",
                "#med# ",
                "  #med# x",
                "#MED# x",
                "#Med# x",
                "#mEd#\tx",
                "#med#\u{a0}x",
                "#med#\u{202f}x",
                "\u{a0}#med# x",
                "\u{feff}#med# x",
                "\u{200b}#med# x",
                "RE: #med# x",
                "RE: [Souspli : non garanti] #med# x",
                "[Souspli : ALTÉRÉ] TR: [Souspli : non garanti, en clair] #med# x",
                "Re: #med# x",
                "Re : #med# x",
                "re:#med# x",
                "RE:RE: #med# x",
                "RE: TR: #med# x",
                "Tr: #med# x",
                "TR : #med# x",
                "Fwd: #med# x",
                "FW: #med# x",
                "Fw : #med# x",
                "Réf : #med# x",
                "Ref: #med# x",
                "RÉF\u{a0}: #med# x",
                "Rép : #med# x",
                "AW: #med# x",
                "WG: #med# x",
                "Re[2]: #med# x",
                "Re(3): #med# x",
                "Re^2: #med# x",
                "RE*: #med# x",
                "Re [2] : #med# x",
                "Fwd: Re: Fwd: #med# x",
                "SV: #med# x",
                "Antw: #med# x",
                "R: #med# x",
                "I: #med# x",
                "Réponse automatique : #med# x",
                "Réf. : #med# x",
                "=?unicode-1-1-utf-7?q?+ACM-med+ACM-_x?=",
                "RE：#med# x",
                "#med# #med# x",
                "#med# RE: x",
                "=?utf-8?B?I21lZCMgUsOpc3VsdGF0cw==?=",
                "=?utf-8?Q?=23med=23_x?=",
                "=?utf-8?Q?RE=3A_=23med=23_x?=",
                "RE: =?utf-8?Q?=23med=23_x?=",
                "=?utf-8?q?=23m?= =?utf-8?q?ed=23_x?=",
                "=?iso-8859-1?q?R=E9f_:_?= #med# x",
                "=?utf-16be?B?ACMAbQBlAGQAIwAgAHg=?=",
                "=?utf-8?q?=23med=23=C2=A0x?=",
                "#med#\r\n x",
                "\r\n #med# x",
                "#med# =?utf-8?q?=C3=A9?=",
            ],
            APART,
        ),
        (
            &[
                "#med#objet",
                "RE: #med#objet",
                "#MED#Objet",
                "#med#:",
                "#med#,x",
                "#med##",
                "#med#=?utf-8?q?x?=é",
                "=?utf-8?q?=23med=23objet?=",
                "=?utf-8?q?=23med=23?=objet",
                "#med#é",
            ],
            GLUED,
        ),
        (
            &[
                "#med ",
                "#med",
                "#med objet",
                "# med # objet",
                "# med# x",
                "#med # x",
                "#meds# x",
                "#meds x",
                "#med: x",
                "##med# x",
                "# #med# x",
                "#med\u{a0}# x",
                "#m ed# x",
                "#me\u{200b}d# x",
                "#med\u{ad}# x",
                "＃med＃ x",
                "#ｍｅｄ# x",
                "#méd# x",
                "#me\u{301}d# x",
                "#mde# x",
                "#mad# x",
                "#md# x",
                "#mmed# x",
                "med# x",
                "meds# x",
                "$med# x",
                "@med# x",
                "*#med#* x",
                "\"#med#\" x",
                "[#med#] x",
                "(#med#) x",
                "RE: #med x",
                "Tr : # med # x",
                "Fwd: #meds# x",
                "[EXT] #med# x",
                "Résultats #med#",
                "question sur #med# dans le logiciel",
                "x#med#",
                "Patient: #med# x",
                "- #med# x",
                "=?utf-8?q?=23med_x?=",
                "=?utf-8?q?x_=23med=23?=",
                "#med/x",
                "#med, x",
                "#med- x",
                "#Med",
                "#\u{a0}med",
                "♯med♯ x",
                "#m\u{2066}ed# x",
                "#m\u{3164}ed# x",
                "#m\u{2800}ed# x",
                "#m\u{180e}ed# x",
                "#m\u{34f}ed# x",
                "#m\u{e0001}ed# x",
                "#\u{fe0f}\u{20e3}med#\u{fe0f}\u{20e3} x",
                "\u{202e}#dem# x",
                "#ᵐᵉᵈ# x",
                "#𝐦𝐞𝐝# x",
                "ⓜⓔⓓ# x",
                "#mеd# x",
                "=?utf-8?q?=3D=3Futf-8=3Fq=3F=3D23med=3D23_x=3F=3D?=",
                "%23med%23 x",
                "%23MED%23%20x",
                "RE: %2523med%2523 x",
                "&#35;med&#35; x",
                "&#x23;med&#X23; x",
                "&num;med&num; x",
                "Bilan &#35;med&#35;",
                "&amp;#35;med&amp;#35; x",
                "=23med=23 x",
                "&ACM-med&ACM- x",
                "+ACM-med+ACM- x",
                "\"=?utf-8?q?=23med=23?= x\"",
                "=?utf-8?q?=23med=23_x",
                "=?utf-8?b?I21lZCMgeA",
                "=?utf-8?q?%23med%23?=",
                "utf-8''%23med%23%20x",
                "I21lZCMgUsOpc3VsdGF0cw==",
                "\\#med\\# x",
                "\\u0023med\\u0023 x",
                "\"med\" Mme Dupont",
                "3med3 x",
                "3med# x",
                "@med@ x",
                "*MED* x",
                "£med£ x",
                "§med§ x",
                "“med” x",
                "Re: \"med\" x",
                "~#med x",
                "#\"med\"# x",
                "#dem# x",
                "#m.e.d# x",
                "compte rendu #med",
                "compte rendu #Med, suite",
                "compte rendu med# (2)",
            ],
            Tag::NearMiss,
        ),
        (
            &[
                "",
                " ",
                "Résultats",
                "RE: Résultats",
                "med",
                "med x",
                "meduse",
                "Médecine",
                "#medecine du sport",
                "#médicaments",
                "#1 rendez-vous",
                "Dossier #12# suite",
                "commande # 33",
                "RE: RE: RE:",
                ":",
                "#",
                "##",
                "# #",
                "#abc# x",
                "#covid# x",
                "medical# x",
                "le med est là",
                "=?utf-8?q?R=C3=A9sultats?=",
                "=?utf-8?q?",
                "#mes vacances",
                "#mer",
                "1: 2",
                "#méditation",
                "\u{202e}bilan",
                "œdème",
                "Мед",
                "100 % pris en charge",
                "remise de 20%25",
                "AT&amp;T &#38; R&D",
                "a+b=c, x=3D",
                "C:\\medecine\\patients",
                "Cabinetdedermatologie",
                "%23medecine du sport",
                "(med) x",
                "[MED] réunion",
                "« med » x",
                "3 med x",
                "3medecins",
                "\"medecine\" x",
                "*mer* x",
                "le #medecin de garde",
                "amed# x",
                "x.med@lab.test",
                "- med - x",
            ],
            Tag::None,
        ),
    ];
    for (subjects, wanted) in rows {
        for subject in *subjects {
            assert_eq!(tag(subject.as_bytes(), "#med#"), *wanted, "{subject:?}");
        }
    }
}

#[test]
fn another_tag_may_be_configured() {
    for (subject, wanted) in [
        ("[secret] x", APART),
        ("RE: [Secret]x", GLUED),
        ("[secret x", Tag::NearMiss),
        ("x [secret]", Tag::NearMiss),
        ("secret x", Tag::None),
    ] {
        assert_eq!(tag(subject.as_bytes(), "[secret]"), wanted, "{subject}");
    }
    assert_eq!(tag(b"x", ""), Tag::None);
}

#[test]
fn the_tag_leaves_the_subject_and_nothing_else_does() {
    for (field, wanted) in [
        ("Subject: #med# Bilan\r\n", "Subject: Bilan\r\n"),
        ("subject:#MED#  Bilan \r\n", "subject: Bilan \r\n"),
        ("Subject: RE: #med# Bilan\r\n", "Subject: RE: Bilan\r\n"),
        ("Subject: #med#objet\r\n", "Subject: objet\r\n"),
        ("Subject: #med#\r\n", "Subject: \r\n"),
        ("Subject: #med#\r\n Bilan\r\n", "Subject: Bilan\r\n"),
        ("Subject:\r\n #med# Bilan\r\n", "Subject: Bilan\r\n"),
        (
            "Subject: Re:\r\n #med#\r\n Bilan\r\n suite\r\n",
            "Subject: Re:\r\n Bilan\r\n suite\r\n",
        ),
        ("Subject: =?utf-8?Q?=23med=23_Bilan?=\r\n", "Subject: Bilan\r\n"),
        (
            "Subject: =?utf-8?B?I21lZCMgUsOpc3VsdGF0cw==?=\r\n",
            "Subject: =?utf-8?Q?R=C3=A9sultats?=\r\n",
        ),
        ("Subject: #med# R\u{e9}sultats\r\n", "Subject: =?utf-8?Q?R=C3=A9sultats?=\r\n"),
        ("Subject: =?no-such?q?=23med=23_Bilan?=\r\n", "Subject: Bilan\r\n"),
        ("Subject: =?utf-8?Q?=23med=23_a=0D=0ABcc:_x?=\r\n", "Subject: a  Bcc: x\r\n"),
        ("Subject: Bilan\r\n", "Subject: Bilan\r\n"),
        ("Subject: =?utf-8?q?Bilan?=\r\n", "Subject: =?utf-8?q?Bilan?=\r\n"),
    ] {
        let got = without_tag(field.as_bytes(), "#med#");
        assert_eq!(String::from_utf8_lossy(&got), wanted, "{field:?}");
    }
}

#[test]
fn of_two_subjects_the_one_with_the_tag_counts() {
    let message = b"Subject: x\r\nFrom: a@b\r\nSubject : #med# y\r\n\r\nSubject: #med# body\r\n";
    assert_eq!(of_message(message, "#med#"), APART);
    assert_eq!(
        removed(message, "#med#").as_ref(),
        b"Subject: x\r\nFrom: a@b\r\nSubject : y\r\n\r\nSubject: #med# body\r\n".as_slice()
    );
    assert_eq!(of_message(b"From: a@b\r\n\r\nSubject: #med# y", "#med#"), Tag::None);
}

proptest! {
    #[test]
    fn the_tag_behind_prefixes_is_never_missed(
        prefixes in proptest::collection::vec(proptest::sample::select(vec!["RE:", "Tr :", "Fwd:", "Réf : ", "Re[12]:", " ", "\u{a0}", "\r\n "]), 0..5),
        tail in ".{0,30}",
    ) {
        let subject = format!("{}#mEd#{tail}", prefixes.concat());
        prop_assert!(matches!(tag(subject.as_bytes(), "#med#"), Tag::Present(_)), "{:?}", subject);
    }

    #[test]
    fn a_subject_with_the_tag_anywhere_is_never_clear(head in "[^=]{0,20}", tail in "[^=]{0,20}") {
        prop_assert_ne!(tag(format!("{head}#med#{tail}").as_bytes(), "#med#"), Tag::None);
    }

    #[test]
    fn any_octets_do(value in proptest::collection::vec(any::<u8>(), 0..80)) {
        let field = [b"Subject:".as_slice(), &value, b"\r\n"].concat();
        let _ = tag(&value, "#med#");
        let _ = without_tag(&field, "#med#");
    }
}
