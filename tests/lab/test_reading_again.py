"""Reading without the card: what it has opened once is read again without it and its PIN, until the user wipes that."""
import base64
import contextlib
import os
import pathlib
import unittest

from lab import badmodule, base, imapline, softhsm

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


class TracesTest(CardCase):
    """What a PIN and a content key leave behind: nothing, with the most talkative log."""
    pin = "Canari-48291736"

    @classmethod
    def setUpClass(cls):
        os.environ["SOUSPLI_LOG"] = "trace"
        cls.addClassCleanup(os.environ.pop, "SOUSPLI_LOG")
        super().setUpClass()

    def insert(self, place):
        self.hsm = softhsm.SoftHsm(place / "hsm")
        self.token = self.hsm.token(pin=self.pin, pairs=[self.key])
        self.module = badmodule.BadModule(place / "module", self.hsm.module, self.hsm.environment)
        self.addCleanup(self.module.behave)
        return self.module.module

    def content_key(self, letter):
        """What `openssl pkeyutl` unwraps from a letter to the card's key."""
        der = base64.b64decode(letter.partition(b"\r\n\r\n")[2])
        at = der.index(bytes.fromhex("300d06092a864886f70d0101010500")) + 15
        self.assertEqual(bytes.fromhex("04820100"), der[at:at + 4], "an RSA-2048 key transport")
        return base.run("openssl", "pkeyutl", "-decrypt", "-inkey", self.key.key, stdin=der[at + 4:at + 260])

    def test_neither_is_on_the_disk_nor_in_a_log(self):
        letter = self.sealed_for_alice(1)
        key = self.content_key(letter)
        self.assertIn(len(key), (16, 32))
        self.run_it()
        self.pinentry.will(self.pin)
        self.assertEqual(1, len(self.read()[-1:]))
        self.send()
        self.sent()
        for process in self.family():
            limits = (process / "limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ", process)
        self.souspli.stop()
        traces = [self.pin.encode(), self.pin.encode().hex().encode(), key, key.hex().encode(), base64.b64encode(key)]
        (self.hsm.folder / "decoy").write_bytes(b"".join(traces))
        found = {path: [trace for trace in traces if trace in octets] for path, octets in self.souspli.everything()}
        # What plays the user and the card knows what they know.
        players = [path for path in found if {"pinentry", "hsm", "module"} & set(path.parts)]
        self.assertTrue(any(found[path] == traces for path in players), "the search finds what is there")
        self.assertEqual([], [path for path in found if found[path] and path not in players])

    def family(self):
        """The relay and the processes that it has begun, as /proc has them."""
        relay = self.souspli.process.pid
        children = pathlib.Path(f"/proc/{relay}/task/{relay}/children")
        tasks = pathlib.Path(f"/proc/{relay}/task").glob("*/children")
        begun = {int(child) for task in {children, *tasks} for child in task.read_text().split()}
        self.assertTrue(begun, "the card's module runs in a process of its own")
        return [pathlib.Path(f"/proc/{pid}") for pid in (relay, *begun)]


if __name__ == "__main__":
    unittest.main()
