"""A real Thunderbird that reads over POP3, through Souspli."""
import unittest

from lab import base, dovecot, mails, thunderbird

from common import PracticeCase

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

BODY = "Chère consœur, l'évolution de Mme Dupont est favorable."


class ThunderbirdPop3Test(PracticeCase):
    """One session; the tests run in the order of their names and stand on what came before."""
    options = {"pop3_tls": "implicit"}

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available() or not dovecot.has_pop3():
            raise unittest.SkipTest("Thunderbird, Xvfb or Dovecot's POP3 server is not installed")
        super().setUpClass()
        cls.pdf = mails.pdf(["Compte rendu"], filler=50000)
        letter = mails.letter("Dr Bob ESSAI <bob@lab.test>", "alice@lab.test", "Lettre scellée", BODY + "\n", attachments=[("compte-rendu.pdf", "application/pdf", cls.pdf)])
        cls.store.append("alice@lab.test", cls.sealed(letter))
        cls.store.append("alice@lab.test", mails.letter("Zoé <zoe@lab.test>", "alice@lab.test", "Lettre ordinaire", "Rien de secret.\n.\nfin\n"))
        signed = mails.smime(mails.letter("bob@lab.test", "alice@lab.test", "Lettre falsifiée", "Dose : 1 mg\n"), mails.signing(cls.practice.doctors["bob"]))
        cls.store.append("alice@lab.test", signed.replace(b"1 mg", b"9 mg"))
        cls.screen = thunderbird.Screen()
        cls.addClassCleanup(cls.screen.stop)
        relay = cls.practice.relays["alice"]
        folder = cls.practice.folder.path / "thunderbird"
        folder.mkdir()
        cls.tb = thunderbird.Thunderbird(folder, cls.screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", relay.pop3, relay.smtp,
                                         relay.tls_certificate, kind="pop3")
        cls.addClassCleanup(cls.tb.stop)
        cls.tb.start()
        cls.tb.show("INBOX")

    @classmethod
    def sealed(cls, letter):
        return mails.smime(letter, mails.signing(cls.practice.doctors["bob"], "-nodetach"), mails.encrypting(cls.practice.doctors["alice"]))

    def subjects(self):
        return sorted(row["subject"] for row in self.tb.rows())

    def test_01_a_sealed_letter_with_its_file(self):
        self.tb.get_messages()
        shown = self.tb.read("Lettre scellée")
        self.assertIn(BODY, shown["text"])
        self.assertIn("[Souspli]", shown["text"])
        self.assertEqual([], shown["security"], "Thunderbird finds nothing to open itself")
        self.assertEqual(["compte-rendu.pdf"], [a["name"] for a in shown["attachments"]])
        saved = self.tb.save_attachment("compte-rendu.pdf", self.practice.folder.path / "saved.pdf")
        self.assertEqual(self.pdf, saved)

    def test_02_an_ordinary_letter(self):
        self.assertEqual("Rien de secret.\n.\nfin", self.tb.read("Lettre ordinaire")["text"].strip())

    def test_03_a_forged_letter(self):
        listed = self.tb.marked("Lettre falsifiée")
        self.assertTrue(listed.startswith("[Souspli : "), listed)
        shown = self.tb.read(listed)
        self.assertNotIn("9 mg", shown["text"])
        self.assertNotIn("vérifiée", shown["text"])

    def test_04_what_comes_later_comes_once(self):
        self.store.append("alice@lab.test", self.sealed(mails.letter("bob@lab.test", "alice@lab.test", "Seconde lettre", BODY + "\n")))
        self.tb.get_messages()
        self.assertIn(BODY, self.tb.read("Seconde lettre")["text"])
        listed = [subject.rpartition("] ")[2] for subject in self.subjects()]
        self.assertEqual(["Lettre falsifiée", "Lettre ordinaire", "Lettre scellée", "Seconde lettre"], sorted(listed))
        self.relay("alice").restart()
        self.store.append("alice@lab.test", mails.letter("zoe@lab.test", "alice@lab.test", "Après", "De retour.\n"))
        self.tb.get_messages()
        self.assertEqual("De retour.", self.tb.read("Après")["text"].strip())
        self.assertEqual(5, len(self.subjects()), "known by their unique-ids")
        self.assertEqual(5, len(self.store.stored("alice@lab.test")), "left on the server")

    def test_05_headers_only(self):
        """TOP shows the header of the View; the rest is fetched when it is asked for."""
        self.store.append("alice@lab.test", self.sealed(mails.letter("bob@lab.test", "alice@lab.test", "En-tête", BODY + "\n" * 3)))
        self.tb.script("server().QueryInterface(Ci.nsIPop3IncomingServer).headersOnly = true")
        self.tb.get_messages()
        self.assertNotIn(BODY, self.tb.read("En-tête")["text"])
        self.tb.script("server().QueryInterface(Ci.nsIPop3IncomingServer).headersOnly = false")

    def test_06_taken_from_the_server(self):
        self.tb.script("server().QueryInterface(Ci.nsIPop3IncomingServer).leaveMessagesOnServer = false")
        self.store.append("alice@lab.test", mails.letter("zoe@lab.test", "alice@lab.test", "Dernière", "x\n"))
        self.tb.get_messages()
        self.tb.wait_for("Dernière")
        base.until(lambda: len(self.store.stored("alice@lab.test")) < 6, 40, "the letters to be deleted at the provider")
