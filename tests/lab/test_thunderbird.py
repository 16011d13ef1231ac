"""A real Thunderbird, in French, through Souspli: everything that a doctor does with letters on one day."""
import os
import time
import unittest

from lab import base, mails, pki, thunderbird

from common import PracticeCase

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

BODY = "Chère consœur, l'évolution de Mme Dupont est favorable."
HIDDEN = "Bilan protégé n° 7"
MARK = "souspli"  # stands in every form of the banner; it must not leave again


def protected_letter():
    """As a mail program hands it to Bob's Souspli."""
    html = f"<html><head><title></title></head><body><p>{BODY}</p></body></html>"
    return mails.letter("Dr Bob ESSAI <bob@lab.test>", "Dr Alice ESSAI <alice@lab.test>", f"#med# {HIDDEN}", BODY + "\n", html=html)


class ThunderbirdTest(PracticeCase):
    """One session; the tests run in the order of their names and stand on what came before."""

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available():
            raise unittest.SkipTest("Thunderbird or Xvfb is not installed")
        super().setUpClass()
        cls.pdf = mails.pdf(["Compte rendu", "Mme Dupont"], filler=5000)
        cls.file = cls.practice.folder.path / "compte-rendu.pdf"
        cls.file.write_bytes(cls.pdf)
        cls.seal_for_alice()
        cls.screen = thunderbird.Screen()
        cls.addClassCleanup(cls.screen.stop)
        cls.start_thunderbird()

    @classmethod
    def seal_for_alice(cls):
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        clear = mails.letter("Dr Bob ESSAI <bob@lab.test>", "Dr Alice ESSAI <alice@lab.test>", "Lettre scellée", BODY + "\n",
                             html=f"<html><body><p>{BODY}</p></body></html>", attachments=[("compte-rendu.pdf", "application/pdf", cls.pdf)])
        sealed = mails.smime(clear, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob))
        cls.store.append("alice@lab.test", sealed)
        cls.sealed = sealed
        for number in range(20):
            letter = mails.letter("bob@lab.test", "alice@lab.test", f"Compte rendu n° {number}", f"Lettre numéro {number} sur Mme Dupont.\n")
            cls.store.append("alice@lab.test", mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob)))
        cls.store.append("alice@lab.test", mails.letter("Zoé <zoe@lab.test>", "alice@lab.test", "Lettre ordinaire", "Rien de secret.\n"))

    @classmethod
    def start_thunderbird(cls):
        relay = cls.practice.relays["alice"]
        folder = cls.practice.folder.path / "thunderbird"
        folder.mkdir()
        cls.tb = thunderbird.Thunderbird(folder, cls.screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", relay.imap, relay.smtp,
                                         relay.tls_certificate)
        cls.addClassCleanup(cls.tb.stop)
        cls.tb.start()
        cls.tb.show("INBOX")

    def setUp(self):
        self.tb.tidy()
        self.tb.show("INBOX")

    def sent_clear(self):
        """What the receiver got last, which must be sealed, opened by Bob's Souspli."""
        transaction = self.provider.smtp.accepted()[-1]
        self.assertIn(b"pkcs7-mime", transaction.octets)
        self.assertNotIn(b"Dupont", transaction.octets)
        return mails.parse(self.newest("bob"))

    def leave(self):
        """Sends what the composer holds, which must work; opened at Bob's."""
        before = len(self.provider.smtp.accepted())
        self.assertIsNone(self.tb.press_send())
        self.assertGreater(len(self.provider.smtp.accepted()), before)
        return self.sent_clear()

    def banner_is_gone(self):
        """From what left last: seen without Bob's Souspli, which puts a banner of its own in."""
        opened = self.opened_by_openssl()
        self.assertNotIn(MARK, mails.texts(opened).lower())
        self.assertNotIn("x-souspli", opened.as_string().lower())

    def opened_by_openssl(self):
        """The signed entity of what left last."""
        bob = self.practice.doctors["bob"]
        octets = self.provider.smtp.accepted()[-1].octets
        signed = base.run("openssl", "cms", "-decrypt", "-recip", bob.certificate, "-inkey", bob.key, stdin=octets)
        clear = base.run("openssl", "cms", "-verify", "-noverify", stdin=signed)
        return mails.parse(clear)

    def test_01_lists_in_french(self):
        self.assertEqual(self.tb.locale(), "fr")
        self.tb.wait_for("Lettre ordinaire")
        self.assertLessEqual({"Lettre scellée", "Lettre ordinaire"}, {r["subject"] for r in self.tb.rows()})

    def test_02_opens_a_sealed_letter_with_its_pdf(self):
        shown = self.tb.read("Lettre scellée")
        self.assertIn(BODY, shown["text"])
        self.assertTrue(shown["text"].lstrip().startswith("[Souspli] Message chiffré et signé, signature vérifiée.\nSignataire : Dr Bob ESSAI, bob@lab.test, le "))
        self.assertTrue(self.tb.script("""const e = P.messageBrowser.contentWindow.getMessagePaneBrowser().contentDocument
            .querySelector("[data-souspli]"), r = e.getBoundingClientRect(); return r.top >= 0 && r.height > 40 && r.width > 300"""))
        self.assertEqual(shown["security"], [], "Thunderbird must not see S/MIME any more")
        self.assertNotIn("smime.p7m", [a["name"] for a in shown["attachments"]])
        self.assertEqual(["compte-rendu.pdf"], [a["name"] for a in shown["attachments"]])
        self.assertEqual(self.tb.save_attachment("compte-rendu.pdf", self.practice.folder.path / "saved.pdf"), self.pdf)
        if os.environ.get("SOUSPLI_SCREENSHOT") == "1":
            place = base.ROOT / "docs" / "images" / "thunderbird-message.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            self.tb.picture(place)

    def test_03_an_ordinary_letter_is_untouched(self):
        shown = self.tb.read("Lettre ordinaire")
        self.assertEqual(shown["text"].strip(), "Rien de secret.")

    def test_04_sends_tagged_mail_sealed(self):
        self.assertIsNone(self.tb.send("bob@lab.test", "#med# Compte rendu", f"<p>{BODY}</p>", [self.file]))
        got = self.sent_clear()
        self.assertEqual(got["Subject"], "Compte rendu")
        self.assertIn(BODY, mails.texts(got))
        self.assertEqual(mails.attachment(got, "compte-rendu.pdf"), self.pdf)

    def test_05_the_sent_copy_is_found_and_stored_sealed(self):
        stored = self.arrived("alice", 1, "Sent")[-1]
        self.assertIn(b"pkcs7-mime", stored)
        self.assertNotIn(b"Dupont", stored)
        self.tb.show("Sent")
        row = base.until(self.tb.rows, 20, "the Sent copy")[-1]
        shown = self.tb.read(row["subject"])
        self.assertIn(BODY, shown["text"])
        self.assertNotIn(f"data-{MARK}", shown["html"])

    def test_06_is_refused_in_french_without_a_certificate(self):
        before = len(self.provider.smtp.transactions)
        said = self.tb.send("zoe@lab.test", "#med# Sans certificat", f"<p>{BODY}</p>")
        self.assertIsNotNone(said, "the message must not leave")
        self.assertIn("zoe@lab.test", said)
        self.assertIn("certificat", said)
        self.tb.dismiss()
        self.assertIn(BODY, self.tb.draft_text()["text"], "the composer stays with what was written")
        self.assertEqual(self.tb.draft_text()["subject"], "#med# Sans certificat")
        self.tb.close_composer()
        self.assertEqual(len(self.provider.smtp.transactions), before)

    def test_07_saves_a_draft_sealed(self):
        self.tb.compose("bob@lab.test", "#med# Brouillon", f"<p>{BODY}</p>")
        self.tb.save_draft()
        self.tb.close_composer()
        stored = self.arrived("alice", 1, "Drafts")[-1]
        self.assertNotIn(b"Dupont", stored)
        self.tb.show("Drafts")
        row = base.until(self.tb.rows, 20, "the draft")[-1]
        shown = self.tb.read(row["subject"])
        self.assertIn(BODY, shown["text"])
        self.assertNotIn(MARK, shown["html"].lower())
        self.tb.compose_from(row["subject"], "Draft")
        held = self.tb.draft_text()
        self.assertEqual(held["subject"], "#med# Brouillon")
        self.assertIn(BODY, held["text"])
        self.assertNotIn(MARK, held["html"].lower())
        self.assertIn(BODY, mails.texts(self.leave()))

    def test_08_reply_keeps_the_body_and_leaves_the_banner(self):
        self.tb.read("Lettre scellée")
        self.tb.compose_from("Lettre scellée", "Reply")
        self.assertIn("favorable", self.tb.draft_text()["text"])
        got = self.leave()
        self.assertIn("favorable", mails.texts(got))
        self.banner_is_gone()

    def test_09_forward_inline_keeps_body_and_pdf(self):
        self.tb.read("Lettre scellée")
        self.tb.compose_from("Lettre scellée", "ForwardInline")
        held = self.tb.draft_text()
        self.assertIn("favorable", held["text"])
        self.assertEqual(held["attachments"], ["compte-rendu.pdf"])
        self.tb.address_to("bob@lab.test")
        got = self.leave()
        self.assertIn("favorable", mails.texts(got))
        self.assertEqual(mails.attachment(got, "compte-rendu.pdf"), self.pdf)
        self.banner_is_gone()

    def test_10_edit_as_new_keeps_body_and_pdf(self):
        self.tb.read("Lettre scellée")
        self.tb.compose_from("Lettre scellée", "EditAsNew")
        self.assertIn("favorable", self.tb.draft_text()["text"])
        self.tb.address_to("bob@lab.test", "Lettre reprise")
        got = self.leave()
        self.assertIn("favorable", mails.texts(got))
        self.assertEqual(mails.attachment(got, "compte-rendu.pdf"), self.pdf)
        self.banner_is_gone()

    def test_11_ordinary_mail_leaves_as_it_is(self):
        mark = f"ordinaire {time.time_ns()}"
        self.assertIsNone(self.tb.send("bob@lab.test", mark, "<p>Rien de secret.</p>"))
        octets = self.provider.smtp.accepted()[-1].octets
        self.assertNotIn(b"pkcs7", octets)
        self.assertIn(b"Rien de secret.", octets)

    def test_12_forward_as_attachment_leaves_marks_and_padding(self):
        self.tb.read("Lettre scellée")
        self.tb.compose_from("Lettre scellée", "ForwardAsAttachment")
        self.tb.address_to("bob@lab.test")
        got = self.leave()
        inner = next(p for p in got.walk() if p.get_content_type() == "message/rfc822").get_payload(0)
        self.assertIn("favorable", mails.texts(inner))
        self.assertEqual(mails.attachment(inner, "compte-rendu.pdf"), self.pdf)
        self.assertFalse((inner.epilogue or "").strip(" \r\n") or len(inner.epilogue or "") > 80, "padding")
        self.banner_is_gone()

    def test_13_a_draft_of_a_reply_is_stored_sealed_without_a_tag(self):
        self.tb.read("Lettre scellée")
        self.tb.compose_from("Lettre scellée", "Reply")
        before = len(self.store.stored("alice@lab.test", "Drafts"))
        self.tb.save_draft()
        self.tb.close_composer()
        stored = self.arrived("alice", before + 1, "Drafts")[-1]
        self.assertIn(b"pkcs7-mime", stored)
        self.assertNotIn(b"Dupont", stored)

    def test_14_dragged_away_and_back_it_is_stored_as_it_was(self):
        self.tb.read("Lettre scellée")
        self.tb.copy("Lettre scellée", "Local")
        self.tb.show("Local")
        self.tb.wait_for("Lettre scellée")
        before = len(self.store.stored("alice@lab.test", "Trash"))
        self.tb.copy("Lettre scellée", "Trash")
        self.assertEqual(mails.crlf(self.arrived("alice", before + 1, "Trash")[-1]), self.sealed)
        self.tb.show("INBOX")
        self.tb.copy("Lettre scellée", "Trash")
        self.assertEqual(mails.crlf(self.arrived("alice", before + 2, "Trash")[-1]), self.sealed)
        self.tb.show("Trash")
        self.assertIn(BODY, self.tb.read("Lettre scellée")["text"])

    def test_15_a_large_letter_comes_whole_in_chunks(self):
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        pdf = mails.pdf(["Imagerie"], filler=300_000)
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Grande lettre", BODY + "\n", attachments=[("imagerie.pdf", "application/pdf", pdf)])
        self.tb.keep_offline("Junk", False)
        self.store.append("alice@lab.test", mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob)), "Junk")
        self.tb.show("Junk")
        self.assertIn(BODY, self.tb.read("Grande lettre")["text"])
        self.assertEqual(self.tb.save_attachment("imagerie.pdf", self.practice.folder.path / "imagerie.pdf"), pdf)
        self.assertIn("BODY[]<65536.65536>", self.tb.commands().upper().replace("BODY.PEEK", "BODY"))

    def test_16_what_cannot_be_opened_says_so(self):
        bob = self.practice.doctors["bob"]
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Pas pour moi", BODY + "\n")
        stored = mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(bob))
        self.store.append("alice@lab.test", stored)
        shown = self.tb.read("Pas pour moi")
        self.assertIn("Ce message n’est pas chiffré pour une de vos clés.", shown["text"])
        self.assertIn("Prévenez l’expéditeur", shown["text"])
        self.assertEqual(shown["security"], [])
        original, report = (attached["name"] for attached in shown["attachments"])
        self.assertIn(original, ("original.eml", "original.eml.bin", "smime.p7m"))
        self.assertEqual("rapport-souspli.txt", report)

    def test_17_an_altered_text_is_not_shown(self):
        bob = self.practice.doctors["bob"]
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Falsifiée", "Dose : 10 mg\n")
        self.store.append("alice@lab.test", mails.smime(letter, mails.signing(bob)).replace(b"10 mg", b"90 mg"))
        listed = self.tb.marked("Falsifiée")
        self.assertEqual("[Souspli : ALTÉRÉ, en clair] Falsifiée", listed)
        shown = self.tb.read(listed)
        self.assertIn("ALERTE", shown["text"])
        self.assertNotIn("90 mg", shown["text"])
        self.assertEqual(shown["security"], [])

    def test_18_twenty_sealed_letters_are_downloaded_opened(self):
        wanted = {f"Compte rendu n° {n}" for n in range(20)}
        base.until(lambda: wanted <= set(self.tb.offline()), 60, "the download in the background")
        kept = self.tb.kept("INBOX")
        for number in range(20):
            self.assertIn(f"num=C3=A9ro {number} sur".encode(), kept.replace("é".encode(), b"=C3=A9"))
        self.assertNotIn(b"application/pkcs7-mime", kept)

    def test_19_a_hidden_subject_stands_where_subjects_stand(self):
        before = len(self.store.stored("alice@lab.test"))
        self.submit("bob", protected_letter(), "alice@lab.test")
        stored = mails.parse(self.arrived("alice", before + 1)[-1])
        self.assertEqual(stored["Subject"], "[...]")
        shown = self.tb.read(HIDDEN)
        self.assertIn(HIDDEN, [row["subject"] for row in self.tb.rows()])
        self.assertIn(BODY, shown["text"])
        self.assertNotIn("Subject:", shown["text"])

    def test_20_the_relay_restarts_under_it(self):
        self.relay("alice").restart()
        self.assertIn(BODY, self.tb.read("Lettre scellée")["text"])
        self.store.append("alice@lab.test", mails.letter("bob@lab.test", "alice@lab.test", "Après", "De retour.\n"))
        self.assertEqual(self.tb.read("Après")["text"].strip(), "De retour.")


class WithoutSouspliTest(PracticeCase):
    """A colleague whose Thunderbird opens S/MIME by itself: it knows no protected subject, and reads it above the text."""

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available() or not base.program("pk12util"):
            raise unittest.SkipTest("Thunderbird, Xvfb or pk12util is not installed")
        super().setUpClass()
        screen = thunderbird.Screen()
        cls.addClassCleanup(screen.stop)
        folder = cls.practice.folder.path / "direct"
        folder.mkdir()
        cls.tb = thunderbird.Thunderbird(folder, screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", cls.store.imap, cls.provider.smtp.starttls_port,
                                         cls.provider.tls.certificate)
        keys = f"sql:{folder / 'profile'}"
        base.run("certutil", "-A", "-d", keys, "-n", "authority", "-t", "CT,C,C", "-i", cls.practice.authority.certificate)
        base.run("pk12util", "-i", cls.practice.doctors["alice"].p12(), "-d", keys, "-W", pki.PASSWORD)
        cls.addClassCleanup(cls.tb.stop)
        cls.tb.start()

    def test_the_subject_stands_above_the_text(self):
        self.submit("bob", protected_letter(), "alice@lab.test")
        self.arrived("alice", 1)
        self.tb.show("INBOX")
        shown = self.tb.read("[...]")
        self.assertIn("encryptedHdrIcon", shown["security"], "Thunderbird opened it by itself")
        self.assertTrue(shown["text"].lstrip().startswith(f"Subject: {HIDDEN}"), shown["text"])
        self.assertIn(BODY, shown["text"])
