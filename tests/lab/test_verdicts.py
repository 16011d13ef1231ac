"""What a list says of a verdict, in front of the Subject and among the flags; and how it goes again on the way out."""
import re

from lab import base, imapline, mails

from common import PracticeCase

ALICE, BOB, CAROL = "alice@lab.test", "bob@lab.test", "carol@lab.test"
UNASSURED, CLEAR = "[Souspli : non garanti] ", "[Souspli : non garanti, en clair] "
ALTERED = "[Souspli : ALTÉRÉ, en clair] "


def letter(subject, text="Bonjour\n", **more):
    return mails.letter(f"Dr Bob <{BOB}>", ALICE, subject, text, **more)


def flags_of(box, what="1:*"):
    """UID -> flags, as a client is told them."""
    return {uid: set(got["FLAGS"]) for uid, got in box.fetch(what, "UID FLAGS").items()}


class ListsTest(PracticeCase):
    """Marks and keywords before a message is opened, after it, after a restart, and at the provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = (cls.practice.doctors[name] for name in ("alice", "bob"))
        opaque, detached, wrap = mails.signing(bob, "-nodetach"), mails.signing(bob), mails.encrypting(alice)
        other = mails.letter(CAROL, ALICE, "Résultat", "Bonjour\n")
        changed = mails.smime(letter("Dose", "Dose : 10 mg\n"), detached).replace(b"10 mg", b"90 mg")
        # Subject as it is shown, keyword, the message.
        cls.letters = [
            ("Ordinaire", None, letter("Ordinaire")),
            ("Bilan", b"$SouspliVerified", mails.smime(letter("Bilan"), opaque, wrap)),
            (UNASSURED + "Bilan", b"$SouspliUnassured", mails.smime(letter("Bilan"), wrap)),
            (CLEAR + "Résultat", b"$SouspliUnassured", mails.smime(other, detached)),
            (ALTERED + "Dose", b"$SouspliAltered", changed),
            ("Pas pour moi", b"$SouspliUnopenable", mails.smime(letter("Pas pour moi"), mails.encrypting(bob))),
        ]
        for _, _, message in cls.letters:
            cls.store.append(ALICE, message)

    def keywords(self, box):
        """Keywords of ours that a client is told, message by message."""
        ours = {uid: {flag for flag in flags if flag.lower().startswith(b"$souspli")} for uid, flags in flags_of(box).items()}
        return [ours[uid] for uid in sorted(ours)]

    def wanted(self, *, opened):
        """Those that it must be told."""
        return [{keyword} - {None} if opened(keyword) else set() for _, keyword, _ in self.letters]

    def test_1_nobody_elses_keyword_is_told_and_ours_only_once_it_is_known(self):
        direct, box = self.direct("alice"), self.imap("alice")
        direct.do("UID STORE 1:* +FLAGS ($SouspliVerified $important)")
        self.assertEqual(self.wanted(opened=lambda _: False), self.keywords(box))
        self.assertTrue(all(b"$important" in flags for flags in flags_of(box).values()))
        told = self.imap("alice", None).do("SELECT INBOX")
        self.assertNotIn(b"$Souspli", repr(told).encode())
        direct.do("UID STORE 1:* -FLAGS ($SouspliVerified $important)")

    def test_2_every_way_of_asking_says_the_same_subject(self):
        box = self.imap("alice")
        listed = box.fetch("1:*", "UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Subject)]")
        for uid, (subject, keyword, _) in enumerate(self.letters, 1):
            with self.subTest(letter=subject):
                got = box.fetch(uid, "UID FLAGS RFC822.SIZE ENVELOPE BODY.PEEK[] BODY.PEEK[HEADER]")[uid]
                field = next(value for name, value in listed[uid].items() if name.startswith("BODY[HEADER.FIELDS"))
                for octets in (field, got["BODY[]"], got["BODY[HEADER]"]):
                    self.assertEqual(subject, mails.parse(octets)["Subject"])
                raw = re.search(rb"(?ms)^Subject: (.*?)\r\n(?![ \t])", got["BODY[]"])[1]
                self.assertEqual(re.sub(rb"\r\n", b"", raw), got["ENVELOPE"][1])
                self.assertEqual(listed[uid]["RFC822.SIZE"], got["RFC822.SIZE"])
                for flags in (listed[uid]["FLAGS"], got["FLAGS"]):
                    self.assertEqual({keyword} - {None}, {flag for flag in flags if flag.startswith(b"$Souspli")})

    def test_3_the_same_by_another_connection_and_after_a_restart(self):
        for attempt in range(2):
            box = self.imap("alice")
            # What no key has opened is looked at anew after a restart: its key may have come.
            known = (lambda keyword: keyword != b"$SouspliUnopenable") if attempt else (lambda _: True)
            self.assertEqual(self.wanted(opened=known), self.keywords(box))
            listed = box.fetch("1:*", "UID BODY.PEEK[HEADER.FIELDS (Subject)]")
            self.assertEqual([subject for subject, _, _ in self.letters],
                             [mails.parse(next(v for n, v in listed[uid].items() if n.startswith("BODY["))) ["Subject"] for uid in sorted(listed)])
            self.assertEqual(0, self.relay("alice").stop())
            self.relay("alice").start()

    def test_4_none_is_ever_stored(self):
        box, direct = self.imap("alice"), self.direct("alice")
        self.assertIn(b"$SouspliUnassured", flags_of(box, 3)[3])
        for command in ("UID STORE 3 +FLAGS ($SouspliVerified)", "UID STORE 3 -FLAGS ($SouspliUnassured)", "UID STORE 3 FLAGS ($SouspliVerified \\Flagged)",
                        "STORE 3 +FLAGS.SILENT ($souspliVerified)", "UID STORE 3 -FLAGS.SILENT (\\Flagged)"):
            told = [answer for answer in box.do(command) if answer[1:2] == [b"FETCH"]]
            for answer in told:
                self.assertIn(b"$SouspliUnassured", repr(answer).encode(), command)
            self.assertEqual("SILENT" not in command, bool(told), command)
            self.assertEqual({b"$SouspliUnassured"}, {f for f in flags_of(box, 3)[3] if f.startswith(b"$")})
        box.do('APPEND "Junk" ($SouspliVerified \\Flagged) ', letter("Rangé"))
        self.assertEqual({b"\\Flagged"}, flags_of(self.direct("alice", "Junk"))[1] - {b"\\Recent"})
        self.assertNotIn(b"$Souspli", repr(direct.do("UID FETCH 1:* (FLAGS)")).encode())

    def test_5_news_of_flags_keep_it(self):
        box, direct = self.imap("alice"), self.direct("alice")
        flags_of(box)
        direct.do("UID STORE 2:3 +FLAGS (\\Answered)")
        news = {answer[0]: repr(answer) for answer in box.do("NOOP") if answer[1:2] == [b"FETCH"]}
        self.assertIn("$SouspliVerified", news[b"2"])
        self.assertIn("$SouspliUnassured", news[b"3"])

    def test_6_they_are_sought_too(self):
        box, direct = self.imap("alice"), self.direct("alice")
        self.keywords(box)
        direct.do("UID STORE 1,2 +FLAGS ($SouspliAltered)")
        for command, uids in (("KEYWORD $SouspliUnassured", [3, 4]), ("KEYWORD $SouspliAltered", [5]), ("KEYWORD $SouspliUnchecked", []),
                              ("UNKEYWORD $souspliunassured UID 1:4", [1, 2]), ("OR KEYWORD $SouspliVerified NOT UNKEYWORD $SouspliAltered", [2, 5])):
            answer = box.do(f"UID SEARCH {command}")
            found = [int(uid) for line in answer if line[0] in (b"SEARCH", b"ESEARCH") for uid in line[1:]]
            self.assertEqual(uids, found, command)
        direct.do("UID STORE 1,2 -FLAGS ($SouspliAltered)")

    def test_7_a_view_put_elsewhere_is_its_original(self):
        box = self.imap("alice")
        view = box.fetch(3, "UID BODY.PEEK[]")[3]["BODY[]"]
        box.do('APPEND "Trash" ', view)
        self.assertEqual(self.letters[2][2], mails.crlf(self.store.stored(ALICE, "Trash")[-1]))


class OnTheWayOutTest(PracticeCase):
    """The mark of a Subject in answers, forwards and drafts, as mail programs write them."""

    def received(self, subject, **more):
        """What bob gets of alice's message: as it is stored, and as his mail program shows it."""
        count = len(self.store.stored(BOB))
        text = more.pop("text", "Voir.\n")
        self.submit("alice", mails.letter(ALICE, BOB, subject, text, **more), BOB)
        return self.arrived("bob", count + 1)[-1], mails.parse(self.newest("bob"))

    def test_an_answer_leaves_sealed_and_without_the_mark(self):
        for subject, after in ((f"Re: {UNASSURED}Bilan", "Re: Bilan"), (f"RE: TR : {UNASSURED}Bilan été", "RE: TR : Bilan été"),
                               (f"{UNASSURED}{ALTERED}Bilan", "Bilan"), ("Fwd: [Souspli : non gar", "Fwd: (faux) : non gar"),
                               ("Re: [Souspli : ALTÉRÉ]  " + "Bilan " * 30, "Re: " + ("Bilan " * 30).strip()),
                               (f"Re: {UNASSURED}#med# Bilan", "Re: Bilan"), (f"{CLEAR}#med# Bilan", "Bilan")):
            with self.subTest(subject=subject):
                stored, view = self.received(subject)
                self.assertIn(b"enveloped-data", stored)
                self.assertEqual(after, view["Subject"])

    def test_an_answer_to_what_came_in_clear_leaves_in_clear(self):
        for subject, after in ((f"Re: {CLEAR}Publicité", "Re: Publicité"), (f"TR: {ALTERED}Dose", "TR: Dose")):
            stored, _ = self.received(subject)
            self.assertNotIn(b"pkcs7", stored)
            self.assertEqual(after, mails.parse(stored)["Subject"])

    def test_a_letter_forwarded_in_the_text(self):
        quoted = "-------- Message transféré --------\nSujet : [Souspli : non\n garanti] Bilan\nDe : Dr Bob\n\nBonjour\n"
        stored, view = self.received("Fwd: Bilan", text=quoted)
        self.assertIn(b"enveloped-data", stored)
        shown = view.get_body(("plain",)).get_content()
        self.assertIn("Sujet : Bilan", shown)
        self.assertNotIn("non garanti]", shown.replace("\n", ""))

    def test_a_draft_is_sealed_and_comes_back_without_the_mark(self):
        self.imap("alice", None).do('APPEND "Drafts" (\\Draft) ', mails.letter(ALICE, BOB, f"{UNASSURED}Bilan", "Voir.\n"))
        self.assertIn(b"enveloped-data", self.store.stored(ALICE, "Drafts")[-1])
        again = mails.parse(self.newest("alice", "Drafts"))["Subject"]
        # In an own draft it stands as the owner left it: what it says of the text still counts.
        self.assertEqual(UNASSURED + "Bilan", again)
        stored, view = self.received(again)
        self.assertIn(b"enveloped-data", stored)
        self.assertEqual("Bilan", view["Subject"])

    def test_who_writes_the_mark_gains_nothing(self):
        self.store.append(ALICE, mails.smime(letter("[Souspli : vérifié] Bilan"), mails.encrypting(self.practice.doctors["alice"])))
        self.assertEqual(UNASSURED + "(faux) : vérifié] Bilan", mails.parse(self.newest("alice"))["Subject"])


class ReportTest(PracticeCase):
    """The report: asked for, and beside what nobody guarantees."""

    def test_the_command_says_everything_of_a_verified_letter(self):
        alice, bob = (self.practice.doctors[name] for name in ("alice", "bob"))
        message = mails.smime(letter("Bilan secret", "Texte secret\n"), mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob))
        said = self.relay("alice").cli("open", "--report", stdin=message).decode()
        for words in ("Degré / Grade : verified", "Code / Code : encrypted-signed", "Message chiffré et signé, signature vérifiée.",
                      "Encrypted and signed, signature verified.", "AES-256-CBC", "RSA", "Destinataires du chiffrement / Recipients of the encryption : 2",
                      "« Dr Bob ESSAI »", BOB, "Numéro de série / Serial number : ", "Valable / Valid : 20", "intacte / intact", "→",
                      "Révocation / Revocation : l’autorité n’en publie rien / its authority publishes nothing", f"Taille en octets / Size in octets : {len(message)}"):
            self.assertIn(words, said)
        self.assertNotIn("secret", said)
        self.assertNotIn("[Souspli]", said)
        self.assertEqual(said.count("\r"), 0)
        view = mails.parse(self.relay("alice").cli("open", stdin=message))
        self.assertEqual([], [part.get_filename() for part in view.walk() if part.get_filename()])

    def test_one_is_attached_to_what_nobody_guarantees_and_goes_when_it_is_forwarded(self):
        alice, bob = (self.practice.doctors[name] for name in ("alice", "bob"))
        count = len(self.store.stored(BOB))
        large = letter("Bilan", "Voir.\n" * 3000)
        changed = mails.smime(letter("Dose", "Dose : 10 mg\n" * 400), mails.signing(bob)).replace(b"10 mg", b"90 mg", 1)
        for message in (mails.smime(large, mails.encrypting(alice)), changed, mails.smime(letter("Bilan", "Voir.\n" * 30000), mails.encrypting(bob))):
            self.store.append(ALICE, message)
            octets = self.newest("alice")
            again = self.imap("alice").fetch("*", "UID BODY.PEEK[]")
            self.assertEqual(octets, again[max(again)]["BODY[]"])
            view = mails.parse(octets)
            report = next(part for part in view.walk() if part.get_filename() == "rapport-souspli.txt")
            self.assertRegex(report.get_content(), r"^\[Souspli\] Rapport de vérification\. Chiffrement : (oui|aucun)\. \[/Souspli\]")
            self.assertIn("Détails : rapport-souspli.txt", re.sub(r"\s+", " ", view.get_body(("plain",)).get_content()))
            forwarded = mails.letter(ALICE, BOB, "Tr: Bilan", "Voir.\n", attachments=[("lettre.eml", "message/rfc822", octets)])
            self.submit("alice", forwarded, BOB)
            count += 1
            arrived = self.arrived("bob", count)[-1]
            shown = mails.parse(self.newest("bob"))
            names = [part.get_filename() for octets in (arrived, shown.as_bytes()) for part in mails.parse(octets).walk()]
            self.assertIn("lettre.eml", names)
            self.assertNotIn("rapport-souspli.txt", names)
