"""How a card stands is told as it changes, before anybody needs it: put in, pulled, changed, without reader, without service."""
import os
import re
import threading
import time
import unittest

from lab import badmodule, base, cps, vcard

from test_cards import ALICE
from test_cards_reader import ReaderCase

PRIVATE = "the virtual reader listens on every interface"
# What a doctor would call at once; a machine that runs other tests beside this one is given more.
SECONDS = 1.0 if os.environ.get("SOUSPLI_LAB_QUIET") else 4.0
CAMILLE = "CAMILLE ESSAI-DURAND"


class StatesCase(ReaderCase):
    """Alice's card in the reader, and what the log says of it."""

    def setUp(self):
        super().setUp()
        self.read_to = 0

    def insert(self, place):
        self.module = badmodule.BadModule(place / "module", super().insert(place), self.opensc.environment)
        return self.module.module

    def told(self, code, *words, since=None):
        """Returns once the log says so, after what was read of it before; within the time that a doctor waits."""
        since = since or time.monotonic()
        try:
            line = base.until(lambda: self.line(code), 20, code)
        except base.LabError as error:
            raise AssertionError(f"{error}\n{self.souspli.log.read_text()[-2000:]}") from None
        self.assertLess(time.monotonic() - since, SECONDS, line)
        for word in words:
            self.assertIn(word, line)
        self.assertIn(ALICE, line)

    @staticmethod
    def in_the_background(does):
        """On a thread of its own."""
        thread = threading.Thread(target=does)
        thread.start()
        return thread

    def line(self, code):
        """The next line with that code, which is read with all before it."""
        text = self.souspli.log.read_text()[self.read_to:]
        for found in re.finditer(r".*\n", text):
            if "card_states" in found[0] and f'"{code}"' in found[0]:
                self.read_to += found.end()
                return found[0]
        return None


class CardTest(StatesCase):
    """In a reader that is there."""

    def test_in_and_out_and_another(self):
        self.run_it()
        self.told("SP-CARD-READY", CAMILLE)
        self.card.take_out()
        self.told("SP-CARD-ABSENT", CAMILLE)
        self.card.put_in()
        self.told("SP-CARD-READY", CAMILLE)
        self.card.take_out()
        self.told("SP-CARD-ABSENT")
        other = cps.single(self.practice.authority, cps.Holder("DOMINIQUE", "AUTRE", "99700000006"), address="dominique@lab.test")
        other = self.another(self.folder / "states-dominique", other)
        self.told("SP-CARD-OTHER", "DOMINIQUE AUTRE", CAMILLE)
        other.take_out()
        self.told("SP-CARD-ABSENT")
        self.assertEqual(0, self.pinentry.prompts())

    def test_a_new_card_of_the_same_holder(self):
        self.run_it()
        self.card.take_out()
        self.told("SP-CARD-ABSENT")
        self.another(self.folder / "states-renewed", cps.single(self.practice.authority, address=ALICE))
        self.told("SP-CARD-NEW", CAMILLE)
        self.assertIn("souspli key card", self.refused("SP-CARD-NEW"))

    def test_the_second_reader_has_the_right_card(self):
        self.run_it()
        self.card.take_out()
        other = cps.single(self.practice.authority, cps.Holder("DOMINIQUE", "AUTRE", "99700000006"), address="dominique@lab.test")
        self.another(self.folder / "states-first", other)
        self.told("SP-CARD-OTHER")
        self.card.stop()
        self.card = vcard.Card(self.reader, self.card.folder, {vcard.AUTHENTICATION: self.key}, 1)
        self.addCleanup(self.card.stop)
        self.card.start()
        self.told("SP-CARD-READY")
        self.pinentry.will(vcard.PIN)
        self.send()
        self.sent()

    def test_the_pin_is_awaited_given_and_gone_with_the_card(self):
        self.run_it()
        self.told("SP-CARD-READY")
        self.pinentry.hold()
        self.pinentry.will(vcard.PIN)
        sending = self.in_the_background(self.send)
        self.told("SP-PIN-AWAITED")
        self.pinentry.release()
        sending.join()
        self.sent()
        self.told("SP-CARD-OPEN")
        self.card.take_out()
        self.told("SP-CARD-ABSENT")
        self.card.put_in()
        self.told("SP-CARD-READY")

    def test_a_look_that_never_ends_is_given_up_when_a_card_is_pulled(self):
        self.run_it()
        self.told("SP-CARD-READY")
        self.module.will("C_GetTokenInfo", badmodule.HANG, times=1)
        other = cps.single(self.practice.authority, cps.Holder("DOMINIQUE", "AUTRE", "99700000006"), address="dominique@lab.test")
        self.another(self.folder / "states-stuck", other, 1)
        base.until(lambda: self.module.pending("C_GetTokenInfo"), 10, "a look that hangs")
        self.card.take_out()
        self.told("SP-CARD-OTHER", "DOMINIQUE AUTRE")

    def test_a_card_that_the_software_does_not_know(self):
        self.run_it()
        self.card.take_out()
        self.told("SP-CARD-ABSENT")
        self.card.refuse_to_be_selected()
        self.card.put_in()
        self.told("SP-CARD-UNREADABLE")
        self.refused("SP-CARD-UNREADABLE")
        self.card.take_out()
        self.told("SP-CARD-ABSENT")
        self.card.behave()
        self.card.put_in()
        self.told("SP-CARD-READY")

    def test_blocked(self):
        self.run_it()
        self.pinentry.will("9999", "8888", "7777")
        self.refused("SP-PIN-BLOCKED")
        self.told("SP-PIN-BLOCKED", CAMILLE)

    def test_what_is_asked_for_in_a_terminal_says_how_the_card_stands(self):
        self.take_card()
        self.assertIn("SP-CARD-READY", self.take_states())
        self.card.take_out()
        self.assertIn("SP-CARD-ABSENT", self.take_states())

    def take_states(self):
        """What `souspli key card` says."""
        done = self.souspli.attempt("key", "card", "--config", self.souspli.config)
        return (done.stdout + done.stderr).decode()


class ServiceTest(StatesCase):
    """pcscd stops, starts, has no reader."""

    def test_stopped_and_started(self):
        self.run_it()
        self.told("SP-CARD-READY")
        self.reader.stop()
        self.told("SP-CARD-NO-SERVICE")
        self.reader.start()
        self.card.put_in()
        self.told("SP-CARD-READY")
        self.reader.kill()
        self.told("SP-CARD-NO-SERVICE")
        self.reader.start()
        self.told("SP-CARD-READY")
        self.pinentry.will(vcard.PIN)
        self.send()
        self.sent()

    def test_no_reader(self):
        self.addCleanup(self.reader.start)
        self.addCleanup(self.reader.stop)
        self.run_it()
        self.told("SP-CARD-READY")
        self.reader.stop()
        self.told("SP-CARD-NO-SERVICE")
        self.reader.start(plugged=False)
        self.told("SP-CARD-NO-READER")
        self.refused("SP-CARD-NO-READER")

    def test_started_without_it(self):
        self.take_card()
        self.reader.stop()
        self.addCleanup(self.souspli.stop)
        self.souspli.start()
        self.told("SP-CARD-NO-SERVICE")
        self.send_as_bob()
        self.reader.start()
        self.told("SP-CARD-READY")

    def send_as_bob(self):
        """Who needs no card is served."""
        self.send(sender="bob@lab.test")
        self.sent()

    def test_it_ends_in_time_with_its_processes(self):
        self.run_it()
        self.told("SP-CARD-READY")
        children = base.run("ps", "--ppid", str(self.souspli.process.pid), "-o", "args=").decode()
        self.assertIn("card-readers", children)
        began = time.monotonic()
        self.assertEqual(0, self.souspli.stop())
        self.assertLess(time.monotonic() - began, 5)
        base.until(lambda: "card-readers" not in base.run("ps", "-e", "-o", "args=").decode(), 5, "the end of the watching process")


if __name__ == "__main__":
    unittest.main()
