"""The lab's virtual card behind a real pcscd and OpenSC: its keys by openssl's verdict, its PIN, and what is done to it and to pcscd."""
import time
import unittest

from lab import base, cps, pkcs11, vcard

from cardcase import Case

PRIVATE = "the virtual reader listens on every interface"


class ReaderCase(Case):
    """pcscd with a virtual reader, and a card like a CPS in its first slot; what is in other keys of the card says the class."""

    @classmethod
    def setUpClass(cls):
        if vcard.missing():
            raise unittest.SkipTest(vcard.missing())
        super().setUpClass()
        cls.reader = vcard.Reader(cls.folder / "reader").start()
        cls.addClassCleanup(cls.reader.stop)
        cls.opensc = vcard.OpenSc(cls.folder)
        # Of PIV's four keys OpenSC calls the first 01, and so on.
        cls.authentication, cls.signature = (cls.named(pair, f"0{n}") for n, pair in enumerate(cps.card(cls.authority), 1))

    @staticmethod
    def named(pair, identifier):
        """The pair under the identifier that OpenSC gives it."""
        return cps.Pair(identifier, pair.label, pair.key, pair.certificate, pair.uses, pair.always)

    def card(self, name="card", slot=0, **options):
        """A card in the reader."""
        pairs = options.pop("pairs", {vcard.AUTHENTICATION: self.authentication, vcard.SIGNATURE: self.signature})
        card = vcard.Card(self.reader, self.folder / f"{self.id().rpartition('.')[2]}-{name}", pairs, slot, **options)
        self.addCleanup(card.stop)
        return card.start()

    def tool(self, slot=0, pin=vcard.PIN):
        """OpenSC on that slot."""
        return pkcs11.Tool(self.opensc.module, self.opensc.environment, pin, "--slot-index", str(slot))

    def begun(self, *words):
        """pkcs11-tool at work on the first slot."""
        process = self.tool().begin(*words)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def sign_in_the_background(self):
        """It uses the authentication key."""
        return self.begun("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "01", "--input-file", self.data, "--output-file", self.out)

    def until_told(self, words):
        """Returns once the module says so of its slots."""
        base.until(lambda: words in self.tool().slots(), 10, words)


class KeysTest(ReaderCase):
    """What the keys do, and how often."""

    def test_a_card_as_the_cps_is(self):
        card = self.card()
        for pair in (self.authentication, self.signature):
            self.signs(self.tool(), pair, "SHA256-RSA-PKCS")
            self.signs(self.tool(), pair, "SHA256-RSA-PKCS-PSS")
            self.opens(self.tool(), pair, "RSA-PKCS")
        self.assertEqual((3, 3), (card.uses(vcard.AUTHENTICATION), card.uses(vcard.SIGNATURE)))
        self.assertEqual(1, self.tool().tool("--list-objects").decode().count("always authenticate"))

    def test_other_kinds_of_keys(self):
        rsa = self.named(cps.single(self.authority, kind="rsa3072"), "01")
        ec = self.named(cps.single(self.authority, kind="ec"), "03")
        card = self.card(pairs={vcard.AUTHENTICATION: rsa, vcard.ENCIPHERMENT: ec}, atr=vcard.CPS4_ATR, pin="864209")
        tool = self.tool(pin="864209")
        self.signs(tool, rsa, "SHA256-RSA-PKCS")
        self.opens(tool, rsa, "RSA-PKCS-OAEP", "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256")
        self.signs(tool, ec, "ECDSA")
        self.agrees(tool, ec)
        self.assertEqual((2, 2, 4), (card.uses(vcard.AUTHENTICATION), card.uses(vcard.ENCIPHERMENT), card.uses()))

    def test_the_holder_is_read_without_a_pin(self):
        card = self.card()
        self.assertEqual(2, self.tool().public().count("899700000005"))
        self.assertEqual((0, 0, 0), (card.state()["right"], card.state()["wrong"], card.uses()))

    def test_two_cards(self):
        first, second = self.card("first"), self.card("second", slot=1, pin="5678")
        self.signs(self.tool(0), self.authentication, "SHA256-RSA-PKCS")
        self.signs(self.tool(1, pin="5678"), self.authentication, "SHA256-RSA-PKCS")
        self.assertEqual((1, 1), (first.uses(), second.uses()))
        self.assertEqual(2, len({line for line in self.tool().slots().splitlines() if "serial num" in line}))


class PinTest(ReaderCase):
    """Three tries."""

    def show(self, pin):
        """What became of it."""
        return self.tool(pin=pin).attempt("--list-objects").stderr

    def test_wrong_once_twice_and_blocked(self):
        card = self.card()
        self.assertIn(b"CKR_PIN_INCORRECT", self.show("0000"))
        self.assertEqual(2, card.state()["tries"])
        self.assertIn(b"CKR_PIN_INCORRECT", self.show("0000"))
        self.assertIn("final user PIN try", self.tool().slots())
        self.assertIn(b"CKR_PIN_LOCKED", self.show("0000"))
        self.assertIn("user PIN locked", self.tool().slots())
        self.assertIn(b"CKR_PIN_LOCKED", self.show(vcard.PIN))
        self.assertEqual((0, 0, 3), (card.state()["tries"], card.state()["right"], card.state()["wrong"]))

    def test_a_right_one_gives_the_tries_back(self):
        card = self.card()
        for pin in ("0000", "0001", vcard.PIN):
            self.show(pin)
        self.assertEqual((3, 1, 2), (card.state()["tries"], card.state()["right"], card.state()["wrong"]))

    def test_a_card_that_is_pulled_forgets_no_try(self):
        card = self.card()
        self.show("0000")
        card.take_out()
        card.put_in()
        self.assertEqual(2, card.state()["tries"])


class PulledTest(ReaderCase):
    """The card goes, and comes again."""

    def test_out_and_in(self):
        card = self.card()
        self.assertIn("token label", self.tool().slots())
        card.take_out()
        slots = self.tool().slots()
        self.assertEqual((True, False), ("Lecteur virtuel" in slots, "token label" in slots))
        card.put_in()
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")

    def test_another_in_its_place(self):
        numbers = set()
        for name in ("first", "second"):
            card = self.card(name)
            numbers |= {line for line in self.tool().slots().splitlines() if "serial num" in line}
            card.take_out()
        self.assertEqual(2, len(numbers))

    def test_pulled_when_it_signs(self):
        card = self.card()
        card.pull_at_use()
        self.assertNotEqual(0, self.tool().sign(self.authentication, "SHA256-RSA-PKCS", self.data, self.out).returncode)
        self.assertEqual((0, False), (card.uses(), card.state()["in"]))
        card.put_in()
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")

    def test_pulled_at_the_pin(self):
        card = self.card()
        card.pull_at_pin()
        self.assertNotEqual(0, self.tool().attempt("--list-objects").returncode)
        self.assertEqual((3, 0, False), (card.state()["tries"], card.state()["right"], card.state()["in"]))

    def test_held_while_it_signs(self):
        card = self.card()
        card.hold_at_use()
        process = self.sign_in_the_background()
        card.wait_held()
        self.assertIsNone(process.poll())
        card.go()
        self.assertEqual(0, process.wait(10))
        self.assertEqual(1, card.uses())

    def test_a_card_that_fails(self):
        card = self.card()
        card.fail_at_use("6F00")
        self.assertNotEqual(0, self.tool().sign(self.authentication, "SHA256-RSA-PKCS", self.data, self.out).returncode)
        card.behave()
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")

    def test_a_slow_card(self):
        card = self.card()
        card.delay(10)
        before, began = card.state()["apdus"], time.monotonic()
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")
        self.assertGreater(time.monotonic() - began, (card.state()["apdus"] - before) / 100)


class ServiceTest(ReaderCase):
    """pcscd goes, and comes again; so does the reader."""

    def test_stopped_and_started(self):
        card = self.card()
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")
        self.reader.stop()
        self.assertNotIn("Lecteur virtuel", self.tool().slots())
        self.reader.start()
        self.until_told("token label")
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")
        self.assertEqual(2, card.uses())

    def test_killed_while_the_card_signs(self):
        card = self.card()
        card.hold_at_use()
        process = self.sign_in_the_background()
        card.wait_held()
        self.reader.kill()
        self.assertNotEqual(0, process.wait(10))
        card.go()
        self.reader.start()
        self.until_told("token label")
        self.signs(self.tool(), self.authentication, "SHA256-RSA-PKCS")

    def test_no_reader(self):
        self.addCleanup(self.reader.start)
        self.addCleanup(self.reader.stop)
        self.card()
        self.reader.stop()
        self.reader.start(plugged=False)
        self.assertIn("No slots", self.tool().slots())
        self.reader.stop()
        self.reader.start()
        self.until_told("token label")
