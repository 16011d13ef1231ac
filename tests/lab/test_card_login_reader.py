"""Mutual TLS with a card in a reader: the lab's virtual card behind pcscd and OpenSC, pulled out before, during and after."""
import os
import smtplib
import unittest

from lab import base, cps, vcard

from cardlogin import ALICE, CardLoginCase

PRIVATE = "the virtual reader listens on every interface"


class ReaderCase(CardLoginCase):
    """The keys of a CPS under the names that our applet has for them."""

    @classmethod
    def setUpClass(cls):
        if vcard.missing():
            raise unittest.SkipTest(vcard.missing())
        super().setUpClass()
        cls.reader = vcard.Reader(cls.folder / "reader").start()
        cls.addClassCleanup(cls.reader.stop)
        cls.opensc = vcard.OpenSc(cls.folder)
        os.environ.update(cls.opensc.environment)

    def insert(self, place):
        self.card = self.another(place / "card", cps.card(self.authority))
        return self.opensc.module

    def another(self, place, pairs, slot=0):
        """A card with these pairs, put in."""
        names = (vcard.AUTHENTICATION, vcard.SIGNATURE)
        card = vcard.Card(self.reader, place, dict(zip(names, pairs)), slot)
        self.addCleanup(card.stop)
        return card.start()

    def open_card(self):
        """A first letter, for which the PIN was given."""
        self.run_it(vcard.PIN)
        self.send()
        self.sent()
        self.assertEqual(1, self.pinentry.prompts())

    def back_again(self):
        """The card is put in, and its PIN asked for once more."""
        prompts = self.pinentry.prompts()
        self.pinentry.will(vcard.PIN)
        base.until(self.leaves, 40, "a letter that leaves with the card back")
        self.assertEqual(prompts + 1, self.pinentry.prompts(), "a card that was out asks anew")

    def leaves(self):
        """Whether a letter leaves now; it must be sealed then."""
        try:
            self.send()
        except smtplib.SMTPResponseException:
            return False
        self.sent()
        return True


class PinTest(ReaderCase):
    """What a PIN opens."""

    def test_one_pin_and_one_operation_for_each_connection(self):
        self.open_card()
        used = self.card.uses()
        for count in (1, 2, 3):
            self.box().do('SELECT "INBOX"')
            self.assertEqual(used + count, self.card.uses(vcard.AUTHENTICATION))
        self.assertEqual((1, 1), (self.pinentry.prompts(), self.card.state()["right"]))
        self.assertEqual(self.card.uses(), self.card.uses(vcard.AUTHENTICATION), "the other key asks each time")

    def test_wrong_until_it_is_blocked(self):
        self.run_it("9999", "8888", "7777", vcard.PIN)
        said = self.refused("SP-PIN-BLOCKED")
        self.assertIn("code de deblocage", said)
        self.box_refused("SP-PIN-BLOCKED")
        self.assertEqual((3, 3), (self.pinentry.prompts(), self.card.state()["wrong"]), "no wrong PIN was given twice")
        self.bob_sends()


class PulledTest(ReaderCase):
    """Without its card nobody is let in, and nothing falls back to a handshake without it."""

    def test_before(self):
        self.run_it()
        self.card.take_out()
        said = self.refused("SP-CARD-ABSENT")
        self.assertIn("La carte de CAMILLE ESSAI-DURAND n'est pas dans le lecteur", said)
        self.box_refused("SP-CARD-ABSENT")
        self.assertEqual(0, self.pinentry.prompts(), "nobody is asked for the PIN of a card that is not there")
        self.bob_sends()
        self.card.put_in()
        self.back_again()

    def test_while_the_pin_is_awaited(self):
        self.run_it(vcard.PIN)
        self.pinentry.hold()
        thread, outcome = self.apart(lambda: self.refused("SP-CARD-ABSENT", "SP-CARD-FAILED"))
        base.until(self.pinentry.prompts, 20, "the window")
        self.bob_sends()
        self.card.take_out()
        self.pinentry.release()
        thread.join()
        self.assertIsInstance(outcome[0], str, outcome)
        self.assertEqual(0, self.card.uses())
        self.card.put_in()
        self.back_again()

    def test_in_the_handshake(self):
        self.open_card()
        met = len(self.provider.handshakes())
        self.card.pull_at_use()
        # pcscd looks at its readers every 0.4 s: the card may seem to be there still, and OpenSC may try for long.
        self.refused("SP-CARD-ABSENT", "SP-CARD-FAILED", "SP-CARD-HUNG")
        self.assertEqual(met, len(self.provider.handshakes()), "no handshake came to its end")
        self.card.put_in()
        self.back_again()

    def test_while_it_is_at_work_others_are_served(self):
        self.open_card()
        self.card.hold_at_use()
        thread, outcome = self.apart(self.send)
        self.card.wait_held()
        self.bob_sends()
        self.card.go()
        thread.join()
        self.assertEqual([None], outcome)
        self.sent()

    def test_after(self):
        """What is connected stays so; nobody else gets in, and no session is taken up again without the card."""
        self.open_card()
        box = self.box()
        self.card.take_out()
        self.assertTrue(box.do('SELECT "INBOX"'))
        self.refused("SP-CARD-ABSENT")
        self.box_refused("SP-CARD-ABSENT")
        self.card.put_in()
        self.back_again()

    def test_out_and_in_again_between_two_looks(self):
        """The card has forgotten its PIN, whether or not anybody has seen it go."""
        self.open_card()
        self.card.pull()
        self.card.put_in()
        self.back_again()

    def test_pcscd_stopped_and_started(self):
        self.open_card()
        self.reader.stop()
        # OpenSC goes on to show the reader, and no card in it.
        self.refused("SP-CARD-NO-SERVICE")
        self.bob_sends()
        self.reader.start()
        self.card.put_in()
        self.back_again()

    def test_another_card_in_its_place(self):
        self.open_card()
        self.card.take_out()
        pairs = cps.card(self.authority, cps.Holder("DOMINIQUE", "AUTRE", "99700000006"))
        self.another(self.folder / "dominique", pairs)
        self.assertIn("CAMILLE ESSAI-DURAND", self.refused("SP-CARD-OTHER"))
        self.box_refused("SP-CARD-OTHER")


class TwoCardsTest(ReaderCase):
    """A new card beside the old one: the newest certificate made for it logs in."""

    def test_the_new_card_is_asked_for(self):
        self.open_card()
        self.card.take_out()
        new = self.another(self.folder / "new", cps.card(self.authority, cps.Holder(given="CAMILLE", surname="NOUVELLE"), days=900), slot=1)
        self.relay.cli("key", "card", "--account", ALICE, "--config", self.relay.config)
        self.back_again()
        self.assertGreater(new.uses(vcard.AUTHENTICATION), 0)


if __name__ == "__main__":
    unittest.main()
