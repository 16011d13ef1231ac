"""What Thunderbird makes of sealed letters that come back without a banner: nothing in them tells where their text comes from."""
import re
import secrets
import unittest

from lab import base, mails, thunderbird

from common import PracticeCase

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

KINDS = ("EditAsNew", "ForwardInline", "ForwardAsAttachment")


def letter_text():
    """Words that occur nowhere else, as many as a short letter has."""
    word = f"Canari{secrets.token_hex(6)}"
    return word, (f"Chère consœur, je vous adresse Mme {word} pour une hypertension qui résiste à deux médicaments depuis trois mois. "
                  "Le bilan rénal est normal, l’échographie montre une artère droite étroite. Merci de me dire ce que vous en pensez.")


class AgainTest(PracticeCase):
    """An own letter and one of a colleague, used once more without tag and without the thread."""
    options = {"policy": 'banner = "headers"'}

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available():
            raise unittest.SkipTest("Thunderbird or Xvfb is not installed")
        super().setUpClass()
        relay, folder = cls.practice.relays["alice"], cls.practice.folder.path / "thunderbird"
        folder.mkdir()
        screen = thunderbird.Screen()
        cls.addClassCleanup(screen.stop)
        cls.tb = thunderbird.Thunderbird(folder, screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", relay.imap, relay.smtp, relay.tls_certificate)
        cls.addClassCleanup(cls.tb.stop)
        cls.tb.start()

    def used_again(self, subject, word):
        """Sent to a colleague in each way that there is; each time it must leave sealed."""
        for kind in KINDS:
            with self.subTest(kind):
                self.tb.tidy()
                before = len(self.provider.smtp.accepted())
                self.tb.compose_from(subject, kind)
                if kind != "ForwardAsAttachment":
                    self.assertIn(word, self.tb.draft_text()["text"])
                self.tb.address_to("bob@lab.test", f"Lettre reprise {kind}")
                self.assertIsNone(self.tb.press_send())
                left = self.provider.smtp.accepted()[before:]
                self.assertEqual(1, len(left))
                header = left[0].octets.partition(b"\r\n\r\n")[0].decode()
                self.assertIn(b"pkcs7-mime", left[0].octets, re.findall(r"(?im)^(?:[\w-]*message-id|references|in-reply-to):.*", header))
                self.assertNotIn(word.encode(), left[0].octets)

    def test_the_own_sent_copy(self):
        word, text = letter_text()
        self.tb.tidy()
        self.assertIsNone(self.tb.send("bob@lab.test", f"#med# {word}", f"<p>{text}</p>"))
        self.tb.show("Sent")
        subject = base.until(lambda: [row["subject"] for row in self.tb.rows() if word in row["subject"]], 20, "the Sent copy")[0]
        self.assertIn(word, self.tb.read(subject)["text"])
        self.used_again(subject, word)

    def test_a_letter_with_its_banner_in_the_header_only(self):
        word, text = letter_text()
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        letter = mails.letter("bob@lab.test", "alice@lab.test", f"Lettre {word}", text + "\n", html=f"<html><body><p>{text}</p></body></html>")
        self.store.append("alice@lab.test", mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob)))
        self.tb.show("INBOX")
        shown = self.tb.read(f"Lettre {word}")
        self.assertNotIn("[Souspli]", shown["text"])
        self.used_again(f"Lettre {word}", word)
