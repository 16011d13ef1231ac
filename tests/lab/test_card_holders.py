"""Whose card it is and for which activity, read without a PIN; one activity is chosen for an account, and another holder's card refused."""
import threading
import unittest

from lab import base, cps, softhsm

from test_cards import ALICE, BOB, CardCase

CAROL = "carol@lab.test"
PORT, HOSPITAL = "CABINET DU PORT", "HOPITAL D ESSAI"


class HolderCase(CardCase):
    """Alice works at two places: her card has a certificate for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pairs = [cps.single(cls.practice.authority, cps.Holder(place=place), identifier=f"010000000000000{n}", address=ALICE)
                     for n, place in enumerate((PORT, HOSPITAL), 1)]
        cls.key = cls.pairs[0]

    def insert(self, place):
        module = super().insert(place)
        self.token.put(self.pairs[1])
        return module

    def take(self, *words):
        """`souspli key card` for Alice."""
        return self.souspli.attempt("key", "card", "--account", ALICE, *words, "--config", self.souspli.config)

    def signer(self):
        """For which place the letter was signed that left last."""
        signed = self.signed(self.provider.smtp.accepted()[-1].octets)
        certificates = base.run("openssl", "cms", "-cmsout", "-print", stdin=signed).decode("utf-8", "replace")
        return [place for place in (PORT, HOSPITAL) if place in certificates]


class SituationTest(HolderCase):
    """Which of the two."""

    def test_the_holder_and_the_situations_are_read_without_a_pin(self):
        listed = self.souspli.cli("key", "card", "--config", self.souspli.config).decode().splitlines()
        self.assertEqual(2, len(listed), listed)
        for line, number, place in zip(listed, "12", (PORT, HOSPITAL)):
            columns = line.split("\t")
            for word in ("CAMILLE ESSAI-DURAND", "Médecin", "RPPS 99700000005"):
                self.assertIn(word, columns)
            self.assertEqual([number, place], columns[-2:])
        self.assertEqual((0, 0), (self.pinentry.prompts(), self.module.count("C_Login")))

    def test_one_must_be_chosen(self):
        done = self.take()
        said = done.stderr.decode()
        self.assertEqual(1, done.returncode)
        self.assertIn("SP-CARD-SITUATIONS", said)
        for word in (f"1 : CAMILLE ESSAI-DURAND, {PORT}", f"2 : CAMILLE ESSAI-DURAND, {HOSPITAL}", "--situation"):
            self.assertIn(word, said)
        self.assertIn("SP-CARD-NO-SITUATION", self.take("--situation", "3").stderr.decode())
        self.assertNotIn(ALICE.encode(), self.souspli.cli("key", "list"))

    def test_the_chosen_one_signs_and_another_may_be_chosen_later(self):
        self.assertEqual(0, self.take("--situation", "2").returncode)
        self.addCleanup(self.souspli.stop)
        self.souspli.start()
        self.pinentry.will(softhsm.PIN, softhsm.PIN)
        self.send()
        self.sent()
        self.assertEqual([HOSPITAL], self.signer())
        for number, place in (("1", PORT), ("2", HOSPITAL)):
            self.assertEqual(0, self.take("--situation", number).returncode)
            self.send()
            self.sent()
            self.assertEqual([place], self.signer())
        self.assertEqual(1, self.pinentry.prompts(), "it is the same card")

    def test_a_card_with_another_address_is_told(self):
        done = self.souspli.attempt("key", "card", "--account", BOB, "--situation", "1", "--config", self.souspli.config)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(ALICE, done.stderr.decode())


class TwoTokensTest(CardCase):
    """Two tokens at once, each for an account of its own; both write to Carol."""
    to = CAROL

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls.practice.authority.doctor("carol", "Dr Carol", CAROL)

    def insert(self, place):
        module = super().insert(place)
        holder = cps.Holder("DOMINIQUE", "AUTRE", "99700000006")
        self.other = cps.single(self.practice.authority, holder, identifier="0200000000000001", address=BOB)
        self.second = self.hsm.token(label="CPS3v1-0000000002", pin="5678", pairs=[self.other])
        return module

    def run_both(self):
        """Each account has the key of its card, and no other."""
        self.souspli.cli("cert", "import", self.colleague.certificate)
        self.souspli.cli("key", "remove", self.only_key())
        for address, number in ((ALICE, self.number("CAMILLE")), (BOB, self.number("DOMINIQUE"))):
            self.souspli.cli("key", "card", "--account", address, "--situation", number, "--config", self.souspli.config)
        self.addCleanup(self.souspli.stop)
        self.souspli.start()

    def only_key(self):
        """Bob's key of a file."""
        return self.souspli.cli("key", "list").decode().split("\t")[0]

    def number(self, name):
        """Of the situation of that holder: SoftHSM shows tokens in any order."""
        listed = self.souspli.cli("key", "card", "--config", self.souspli.config).decode().splitlines()
        return next(line.split("\t")[-2] for line in listed if name in line)

    def signed_by(self):
        """Whose certificate came with the letter that left last."""
        signed = self.signed(self.provider.smtp.accepted()[-1].octets)
        shown = base.run("openssl", "cms", "-cmsout", "-print", stdin=signed).decode("utf-8", "replace")
        return [name for name in ("CAMILLE", "DOMINIQUE") if name in shown]

    def letter_from(self, address):
        """Sent and sealed, signed by whom."""
        self.send(sender=address)
        self.sent()
        return self.signed_by()

    def test_each_signs_with_its_own(self):
        self.run_both()
        self.pinentry.will(softhsm.PIN, "5678")
        self.assertEqual(["CAMILLE"], self.letter_from(ALICE))
        self.assertEqual(["DOMINIQUE"], self.letter_from(BOB))
        self.assertEqual(["CAMILLE"], self.letter_from(ALICE))
        asked = [each["SETDESC"] for each in self.pinentry.asked() if each["command"] == "GETPIN"]
        self.assertEqual(2, len(asked))
        self.assertIn("CAMILLE", asked[0])
        self.assertIn("DOMINIQUE", asked[1])

    def test_one_pulled_does_not_disturb_the_other(self):
        self.run_both()
        self.pinentry.will(softhsm.PIN, "5678")
        self.letter_from(ALICE)
        self.letter_from(BOB)
        self.hsm.remove(self.token)
        base.until(lambda: "SP-CARD-OTHER" in self.souspli.log.read_text(), 20, "the end of the first card")
        said = self.refused("SP-CARD-OTHER")
        self.assertIn('celle de "DOMINIQUE AUTRE" ; il faut celle de CAMILLE ESSAI-DURAND', said)
        self.assertIn("Rien n'est parti", said)
        self.assertEqual(["DOMINIQUE"], self.letter_from(BOB))
        self.assertEqual(2, self.pinentry.prompts(), "the other card stays open")

    def test_one_that_waits_for_its_pin_keeps_nobody(self):
        self.run_both()
        self.pinentry.will("5678")
        self.letter_from(BOB)
        self.pinentry.hold()
        self.pinentry.will(softhsm.PIN)
        waiting = threading.Thread(target=self.send)
        waiting.start()
        base.until(lambda: self.pinentry.prompts() == 2, 20, "the window")
        self.assertEqual(["DOMINIQUE"], self.letter_from(BOB))
        self.pinentry.release()
        waiting.join()
        self.sent()
        self.assertEqual(["CAMILLE"], self.signed_by())


if __name__ == "__main__":
    unittest.main()
