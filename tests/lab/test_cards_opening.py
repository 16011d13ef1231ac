"""Opening with a card in a reader: pulled before, during and after, wrong PINs, no service; the same over POP3. Nothing provisional is shown."""
import contextlib
import threading
import unittest

from lab import badmodule, base, dovecot, imapline, mails, pinentry, pop3line, softhsm, vcard

from test_cards import ALICE, BOB, LETTER, CardCase
from test_cards_reader import ReaderCase

PRIVATE = "the virtual reader listens on every interface"


class Opening:
    """What a reader sees, whatever the card is."""

    def unread(self, code, numbers="*"):
        """The answer that refuses it; nothing of the letter comes with it."""
        with contextlib.closing(imapline.Imap(self.souspli.imap, ALICE, self.provider.users[ALICE])) as box:
            box.do('SELECT "INBOX"')
            with self.assertRaises(imapline.Refused) as caught:
                box.fetch(numbers, "UID BODY.PEEK[]")
        said = str(caught.exception)
        self.assertRegex(said, rf"NO \[UNAVAILABLE\].*\[({code})\]")
        return said

    def opens(self):
        """The last letter, whole."""
        self.assertIn(LETTER, self.read("*")[0])

    def others_are_served(self):
        """Bob, who has no card, sends."""
        self.send(sender=BOB)
        self.sent()

    def reading(self):
        """In the background; what came of it is in the list in the end."""
        found = []

        def read():
            try:
                found.extend(self.read("*"))
            except imapline.Refused as refused:
                found.append(str(refused))
        thread = threading.Thread(target=read)
        thread.start()
        return thread, found


class ReaderTest(Opening, ReaderCase):
    """A card in a reader."""

    def setUp(self):
        super().setUp()
        self.sealed_for_alice(1)
        self.run_it()

    def test_pulled_before(self):
        self.card.take_out()
        said = self.unread("SP-CARD-ABSENT")
        self.assertIn("CAMILLE ESSAI-DURAND", said)
        self.assertEqual(0, self.pinentry.prompts())
        self.others_are_served()
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.opens()

    def test_pulled_while_the_pin_is_awaited(self):
        self.pinentry.hold()
        self.pinentry.will(vcard.PIN)
        thread, found = self.reading()
        base.until(self.pinentry.prompts, 20, "the window")
        self.others_are_served()
        self.card.take_out()
        self.pinentry.release()
        thread.join()
        self.assertRegex(found[0], r"NO \[UNAVAILABLE\].*\[SP-CARD-(ABSENT|GONE)\]")
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.opens()

    def test_pulled_at_the_pin(self):
        self.card.pull_at_pin()
        self.pinentry.will(vcard.PIN)
        self.unread("SP-CARD-ABSENT|SP-CARD-FAILED|SP-CARD-GONE|SP-PIN-CANCELLED")
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.opens()

    def test_pulled_between_the_pin_and_the_opening(self):
        self.card.pull_at_use()
        self.pinentry.will(vcard.PIN)
        self.unread("SP-CARD-ABSENT|SP-CARD-FAILED")
        self.others_are_served()
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.opens()

    def test_pulled_after(self):
        self.pinentry.will(vcard.PIN)
        self.opens()
        self.card.take_out()
        self.opens()
        self.souspli.restart()
        self.opens()
        self.sealed_for_alice(1)
        self.unread("SP-CARD-ABSENT")
        self.assertEqual((1, 1), (self.pinentry.prompts(), self.card.uses()))

    def test_wrong_once_and_twice(self):
        self.pinentry.will("9999", "8888", vcard.PIN)
        self.opens()
        asked = [each for each in self.pinentry.asked() if each["command"] == "GETPIN"]
        self.assertEqual(3, len(asked))
        self.assertIn("Code faux", asked[1]["SETERROR"])
        self.assertIn("DERNIER ESSAI", asked[2]["SETDESC"])
        self.assertEqual(2, self.card.state()["wrong"])

    def test_blocked(self):
        self.pinentry.will("9999", "8888", "7777")
        said = self.unread("SP-PIN-BLOCKED")
        self.assertIn("code de deblocage", said)
        self.unread("SP-PIN-BLOCKED")
        self.others_are_served()
        self.assertEqual((3, 3), (self.pinentry.prompts(), self.card.state()["wrong"]))

    def test_pcscd_stopped_and_started(self):
        self.reader.stop()
        self.assertIn("pcscd", self.unread("SP-CARD-NO-SERVICE"))
        self.others_are_served()
        self.reader.start()
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.opens()


class ModuleTest(Opening, CardCase):
    """Card software that is not there, hangs or crashes."""

    def setUp(self):
        super().setUp()
        self.sealed_for_alice(1)

    def test_not_there(self):
        self.take_card()
        self.addCleanup(self.souspli.stop)
        text = self.souspli.config.read_text()
        self.souspli.config.write_text(text.replace(str(self.module.module), "/no/such/module.so"))
        self.souspli.start()
        said = self.unread("SP-CARD-MODULE")
        self.assertNotRegex(said, "CKR_|dlopen|cannot open")
        self.others_are_served()

    def test_hangs_or_crashes(self):
        self.run_it()
        self.pinentry.will(*[softhsm.PIN] * 9)
        for function in ("C_Login", "C_Decrypt"):
            for does, code in ((badmodule.HANG, "SP-CARD-HUNG"), (badmodule.CRASH, "SP-CARD-CRASHED")):
                with self.subTest(function, does=does):
                    self.module.will(function, does)
                    self.unread(code)
                    self.others_are_served()
                    self.module.behave()
                    self.souspli.restart()
        self.opens()

    def test_words_of_modules_reach_nobody(self):
        self.run_it()
        self.pinentry.will(*[softhsm.PIN] * 9)
        self.module.will("C_Login", ("return", 0x30))
        self.assertNotRegex(self.unread("SP-CARD-FAILED"), "CKR|DeviceError|C_Login")


@unittest.skipUnless(dovecot.has_pop3(), "Dovecot speaks no POP3 here")
class Pop3Test(Opening, CardCase):
    """POP3 has no word for "wait" but silence, and no code but [SYS/TEMP]."""
    pop3_tls = "implicit"

    def setUp(self):
        super().setUp()
        self.sealed_for_alice(2)
        self.run_it()

    def box(self):
        """A session of Alice's."""
        box = pop3line.Pop3(self.souspli.pop3, ALICE, self.provider.users[ALICE], "starttls")
        self.addCleanup(box.close)
        return box

    def last(self):
        """The number of her last letter."""
        return len(self.provider.store.stored(ALICE))

    def refused(self, code):
        """RETR is refused, and the session goes on."""
        box = self.box()
        with self.assertRaisesRegex(pop3line.Refused, rf"^-ERR \[SYS/TEMP\] .*\[{code}\]$"):
            box.content(f"RETR {self.last()}")
        self.assertTrue(box.names())

    def test_the_pin_is_asked_once_and_for_both_ways(self):
        self.pinentry.will(softhsm.PIN)
        box = self.box()
        for number in (self.last() - 1, self.last()):
            self.assertIn(LETTER, mails.texts(mails.parse(box.message(number))))
        self.opens()
        self.assertEqual((1, 2), (self.pinentry.prompts(), self.module.operations()))

    def test_who_says_no_is_told_so_and_not_asked_by_programs(self):
        self.pinentry.will(pinentry.CANCEL)
        self.refused("SP-PIN-CANCELLED")
        self.pinentry.will(softhsm.PIN)
        # A program that fetches every few minutes opens no window behind his back; he himself does, over whatever protocol.
        self.refused("SP-PIN-CANCELLED")
        self.assertEqual(1, self.pinentry.prompts())
        self.send()
        self.sent()
        self.assertIn(LETTER, mails.texts(mails.parse(self.box().message(self.last()))))

    def test_blocked_and_hung(self):
        self.pinentry.will(softhsm.PIN, softhsm.PIN)
        self.module.will("C_Login", badmodule.PIN_LOCKED, times=1)
        self.refused("SP-PIN-BLOCKED")
        self.module.will("C_Login", badmodule.HANG)
        self.souspli.restart()
        self.refused("SP-CARD-HUNG")

    def test_while_the_pin_is_awaited_nothing_is_said_and_others_are_served(self):
        self.pinentry.hold()
        self.pinentry.will(softhsm.PIN)
        found = []
        thread = threading.Thread(target=lambda: found.append(self.box().message(self.last())))
        thread.start()
        base.until(self.pinentry.prompts, 20, "the window")
        self.others_are_served()
        self.assertEqual([], found)
        self.pinentry.release()
        thread.join()
        self.assertIn(LETTER, mails.texts(mails.parse(found[0])))


class WaitingTest(Opening, CardCase):
    """IMAP has a word for it."""

    def test_two_who_open_one_letter_cost_one_operation(self):
        self.sealed_for_alice(2)
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        self.read(str(len(self.provider.store.stored(ALICE)) - 1))
        self.assertEqual(1, self.module.operations())
        self.module.will("C_Decrypt", badmodule.delay(1500))
        both = [self.reading() for _ in range(2)]
        for thread, found in both:
            thread.join()
            self.assertIn(LETTER, found[0])
        self.assertEqual(2, self.module.operations())

    def test_untagged_ok_while_the_pin_is_awaited(self):
        self.sealed_for_alice(1)
        self.run_it()
        self.pinentry.hold()
        self.pinentry.will(pinentry.CANCEL)
        with contextlib.closing(imapline.Imap(self.souspli.imap, ALICE, self.provider.users[ALICE])) as box:
            box.do('SELECT "INBOX"')
            box.raw(b"r FETCH * (UID BODY.PEEK[])\r\n")
            line = box.line()
            self.assertRegex(line.decode(), r"^\* OK ")
            self.pinentry.release()
            lines = [line]
            while not lines[-1].startswith(b"r "):
                lines.append(box.line())
        self.assertRegex(lines[-1].decode(), r"^r NO \[UNAVAILABLE\] .*\[SP-PIN-CANCELLED\]")
        self.assertNotIn(b"BODY[", b"".join(lines))


if __name__ == "__main__":
    unittest.main()
