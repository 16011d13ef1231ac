"""A real Thunderbird in front of a keyring that is locked: what the doctor sees, and that all comes once it is open."""
import unittest

from lab import base, thunderbird

from test_keyring import KeyringCase

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

LETTER = "résultat normal"


class LockedTest(KeyringCase):
    """The letters in clear at once; the sealed ones, which nobody can open yet, afterwards."""

    def setUp(self):
        if not thunderbird.available():
            raise unittest.SkipTest("Thunderbird or Xvfb is not installed")
        super().setUp()
        self.screen = thunderbird.Screen()
        self.addCleanup(self.screen.stop)
        folder = self.folder / "thunderbird"
        folder.mkdir()
        self.tb = thunderbird.Thunderbird(folder, self.screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", self.relay.imap, self.relay.smtp,
                                          self.relay.tls_certificate)
        self.addCleanup(self.tb.stop)
        self.tb.start()
        self.tb.show("INBOX")

    def subjects(self):
        """The list as it stands."""
        return sorted(row["subject"] for row in self.tb.rows())

    def again(self):
        """What was said since "Get Messages" was pressed."""
        self.tb.script("P.gFolder.updateFolder(W.msgWindow)")
        return self.tb.commands()

    def test_what_the_doctor_sees(self):
        # The window is open, and Thunderbird waits for the list.
        base.until(lambda: "Souspli attend la cle" in self.tb.commands(), 60, "the words that keep Thunderbird waiting")
        self.keyring.close_window()
        said = base.until(self.tb.prompt, 60, "what Thunderbird says")
        self.assertIn("trousseau", said)
        self.assertIn("Deverrouillez-le", said)
        self.tb.dismiss()
        self.tb.show("INBOX")
        self.tb.wait_for("Lettre 1")
        self.assertEqual(["Lettre 1", "Lettre 4"], self.subjects(), "of sealed letters nothing provisional")
        self.assertIn(LETTER, self.tb.read("Lettre 1")["text"])
        asked = self.keyring.windows()
        self.keyring.unlock()
        base.until(lambda: "* BYE Vos cles sont deverrouillees" in self.again(), 30, "the end of the session that lacks letters")
        for number in (2, 3):
            shown = self.tb.read(f"Lettre {number}")
            self.assertIn(LETTER, shown["text"])
            self.assertIn("Souspli", shown["text"])
            self.assertEqual([], shown["security"])
        self.assertEqual(["Lettre 1", "Lettre 2", "Lettre 3", "Lettre 4"], self.subjects())
        self.assertEqual(asked, self.keyring.windows(), "no further window")
        self.assertIsNone(self.tb.prompt(), "Thunderbird connects again without a word")
