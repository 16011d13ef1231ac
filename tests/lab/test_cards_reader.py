"""Keys on a card in a reader: the lab's virtual card behind pcscd and OpenSC, as a doctor's own card is used and pulled out."""
import os
import unittest

from lab import base, cps, vcard

from test_cards import ALICE, BOB, CardCase

PRIVATE = "the virtual reader listens on every interface"


class ReaderCase(CardCase):
    """Alice's card is in the first slot."""

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
        self.card = self.another(place / "card", self.key)
        return self.opensc.module

    def another(self, place, pair, slot=0):
        """A card with this pair, put in."""
        card = vcard.Card(self.reader, place, {vcard.AUTHENTICATION: pair}, slot)
        self.addCleanup(card.stop)
        return card.start()

    def open_card(self):
        """A first letter, for which the PIN was given."""
        self.run_it()
        self.pinentry.will(vcard.PIN)
        self.send()
        self.sent()
        self.assertEqual(1, self.pinentry.prompts())


class PinTest(ReaderCase):
    """What a PIN costs."""

    def test_one_for_many_letters(self):
        self.open_card()
        for _ in range(2):
            self.send()
            self.sent()
        self.assertEqual((1, 3), (self.pinentry.prompts(), self.card.uses(vcard.AUTHENTICATION)))

    def test_wrong_twice_then_right(self):
        self.run_it()
        self.pinentry.will("9999", "8888", vcard.PIN)
        self.send()
        self.sent()
        asked = [each["SETDESC"] for each in self.pinentry.asked() if each["command"] == "GETPIN"]
        self.assertEqual(3, len(asked))
        self.assertIn("DERNIER ESSAI", asked[2])
        self.assertEqual(2, self.card.state()["wrong"], "no wrong PIN was given twice")

    def test_wrong_three_times(self):
        self.run_it()
        self.pinentry.will("9999", "8888", "7777", vcard.PIN)
        self.refused("SP-PIN-BLOCKED")
        self.refused("SP-PIN-BLOCKED")
        self.assertEqual((3, 3), (self.pinentry.prompts(), self.card.state()["wrong"]))


class TwoCardsTest(ReaderCase):
    """Bob has a card as well, in the second reader; both write to Carol."""
    to = "carol@lab.test"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls.practice.authority.doctor("carol", "Dr Carol", cls.to)

    def run_both(self):
        """Each account with its own card, open."""
        holder = cps.Holder("DOMINIQUE", "AUTRE", "99700000006")
        self.other = self.another(self.folder / f"two-{self.id().rpartition('.')[2][:20]}", cps.single(self.practice.authority, holder, address=BOB), 1)
        self.souspli.cli("cert", "import", self.colleague.certificate)
        self.souspli.cli("key", "remove", self.souspli.cli("key", "list").decode().split("\t")[0])
        listed = self.souspli.cli("key", "card", "--config", self.souspli.config).decode().splitlines()
        for address, name in ((ALICE, "CAMILLE"), (BOB, "DOMINIQUE")):
            print_of = next(line.split("\t")[0] for line in listed if name in line)
            self.souspli.cli("key", "card", "--account", address, "--certificate", print_of, "--config", self.souspli.config)
        self.addCleanup(self.souspli.stop)
        self.souspli.start()
        self.pinentry.will(vcard.PIN, vcard.PIN)
        for address in (ALICE, BOB):
            self.send(sender=address)
            self.sent()
        self.assertEqual(2, self.pinentry.prompts())

    def test_one_pulled_does_not_disturb_the_other(self):
        self.run_both()
        self.card.take_out()
        self.assertIn('celle de "DOMINIQUE AUTRE" ; il faut celle de CAMILLE ESSAI-DURAND', self.refused("SP-CARD-OTHER"))
        self.send(sender=BOB)
        self.sent()
        self.assertEqual((2, 2), (self.pinentry.prompts(), self.other.uses()))
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.send()
        self.sent()


class PulledTest(ReaderCase):
    """Pulled out, before, during and after; and pcscd with it."""

    def test_before(self):
        self.run_it()
        self.card.take_out()
        self.refused("SP-CARD-ABSENT")
        self.assertEqual(0, self.pinentry.prompts(), "nobody is asked for the PIN of a card that is not there")
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.send()
        self.sent()

    def test_between_two_letters(self):
        self.open_card()
        self.card.take_out()
        self.refused("SP-CARD-ABSENT")
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        self.send()
        self.sent()
        self.assertEqual(2, self.pinentry.prompts(), "a card that was out asks anew")

    def test_during_the_signature(self):
        self.open_card()
        self.card.pull_at_use()
        # pcscd looks at its readers every 0.4 s: the card may seem to be there still.
        self.refused("SP-CARD-ABSENT", "SP-CARD-FAILED")
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        base.until(self.leaves, 40, "a letter that leaves with the card back")

    def test_another_card_in_its_place(self):
        self.open_card()
        self.card.take_out()
        other = cps.single(self.practice.authority, cps.Holder("DOMINIQUE", "AUTRE", "99700000006"), address="dominique@lab.test")
        self.another(self.folder / "dominique", other)
        said = self.refused("SP-CARD-OTHER")
        self.assertIn("CAMILLE ESSAI-DURAND", said)

    def test_pcscd_stopped_and_started(self):
        self.open_card()
        self.reader.stop()
        # OpenSC goes on to show the reader, and no card in it: PC/SC knows better.
        self.refused("SP-CARD-NO-SERVICE")
        self.reader.start()
        self.card.put_in()
        self.pinentry.will(vcard.PIN)
        base.until(self.leaves, 40, "a letter that leaves with pcscd back")


if __name__ == "__main__":
    unittest.main()
