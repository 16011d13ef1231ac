"""Reading without the card: what it has opened once is read again without it and its PIN, until the user wipes that."""
import contextlib
import unittest

from lab import imapline, softhsm

from test_cards import ALICE, CardCase

LETTERS = 42


class ReadingAgainTest(CardCase):
    """Letters to a key on a token, whose module counts."""

    def setUp(self):
        super().setUp()
        self.first = len(self.provider.store.stored(ALICE)) + 1

    def octets(self):
        """The letters as a mail program gets them."""
        with contextlib.closing(imapline.Imap(self.souspli.imap, ALICE, self.provider.users[ALICE])) as box:
            box.do('SELECT "INBOX"')
            fetched = box.fetch(f"{self.first}:*", "UID RFC822.SIZE BODY.PEEK[]")
        return [(message["RFC822.SIZE"], message["BODY[]"]) for message in fetched.values()]

    def spent(self):
        """Operations of the card and windows for its PIN, up to now."""
        return self.module.operations(), self.pinentry.prompts()

    def test_forty_two_letters_cost_one_pin_and_nothing_the_second_time(self):
        self.sealed_for_alice(LETTERS)
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        first = self.octets()
        self.assertEqual(LETTERS, len(first))
        self.assertEqual((LETTERS, 1), self.spent())
        # Nobody would type a PIN now.
        self.souspli.restart()
        self.assertEqual(first, self.octets())
        self.assertEqual((LETTERS, 1), self.spent())
        # The relay at work notices, and asks.
        self.souspli.cli("key", "wipe")
        self.pinentry.will(softhsm.PIN)
        self.assertEqual(first, self.octets())
        self.assertEqual((2 * LETTERS, 2), self.spent())

    def test_a_card_that_is_required_each_time_is_asked_each_time(self):
        text = self.souspli.config.read_text()
        self.souspli.config.write_text(text.replace("[policy]", "[policy]\ncard_for_each_reading = true", 1))
        self.assertIn("card_for_each_reading", self.souspli.config.read_text())
        self.sealed_for_alice(2)
        self.run_it()
        for turn in (1, 2):
            self.pinentry.will(softhsm.PIN)
            self.assertEqual(2, len(self.octets()))
            self.assertEqual((2 * turn, turn), self.spent())
            self.souspli.restart()

    def test_a_card_that_is_removed_takes_its_letters_along(self):
        self.sealed_for_alice(1)
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        self.assertIn(b"favorable", self.octets()[0][1])
        kept = (self.souspli.home / "content-keys").read_text().splitlines()
        self.assertEqual(2, len(kept))
        (listed,) = (line for line in self.souspli.cli("key", "list").decode().splitlines() if ALICE in line.split("\t"))
        self.souspli.cli("key", "remove", listed.split("\t")[0])
        self.assertEqual(1, len((self.souspli.home / "content-keys").read_text().splitlines()))
        self.assertNotIn(b"favorable", self.octets()[0][1])


if __name__ == "__main__":
    unittest.main()
