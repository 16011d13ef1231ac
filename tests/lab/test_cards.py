"""Keys that stay on a card: a SoftHSM token behind a module that counts, and a pinentry that answers by script."""
import base64
import contextlib
import smtplib
import threading
import unittest

from lab import badmodule, base, cps, imapline, mails, pinentry, servers, softhsm, souspli

from common import Canary, need_product

ALICE, BOB = "alice@lab.test", "bob@lab.test"
LETTER = "L'évolution de Mme Dupont est favorable."


def with_wrapped_key(letter, wrapped):
    """The same sealed letter, its first content key replaced by these octets."""
    header, _, body = letter.partition(b"\r\n\r\n")
    der = base64.b64decode(body)
    at = der.index(bytes.fromhex("300d06092a864886f70d0101010500")) + 15
    assert der[at:at + 4] == b"\x04\x82\x01\x00", "an RSA-2048 key transport"
    return header + b"\r\n\r\n" + mails.crlf(base64.encodebytes(rewrapped(der, at, element(4, wrapped))))


def element(tag, content):
    """One value in DER."""
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (octets if length < 128 else bytes([0x80 | len(octets)]) + octets) + content


def rewrapped(der, start, instead):
    """DER with the octets of one value replaced, and the lengths of all around it."""
    out, at = b"", 0
    while at < len(der):
        tag, first = der[at], der[at + 1]
        size = first & 0x7F if first & 0x80 else 0
        head = 2 + size
        length = int.from_bytes(der[at + 2:at + head], "big") if size else first
        if at == start:
            out += instead
        elif at < start < at + head + length:
            inner = der[at + head:at + head + length]
            out += element(tag, rewrapped(inner, start - at - head, instead))
        else:
            out += der[at:at + head + length]
        at += head + length
    return out


class CardCase(unittest.TestCase):
    """Alice, whose only key is on a card, and Bob, who has his in a file."""
    idle = 120
    # Who gets the letters.
    to = BOB
    pop3_tls = None

    @classmethod
    def setUpClass(cls):
        need_product()
        if not softhsm.available() or not badmodule.available():
            raise unittest.SkipTest("SoftHSM, pkcs11-tool or a C compiler is not installed")
        cls.practice = servers.Practice(names=("bob",))
        cls.addClassCleanup(cls.practice.stop)
        cls.practice.start()
        cls.folder = cls.practice.folder.path
        cls.provider, cls.bob = cls.practice.provider, cls.practice.doctors["bob"]
        cls.colleague = cls.bob
        cls.provider.smtp.lmtp = None
        cls.key = cps.single(cls.practice.authority, address=ALICE)

    def setUp(self):
        place = self.folder / self.id().rsplit(".", 1)[1][:40]
        place.mkdir()
        module = self.insert(place)
        self.pinentry = pinentry.Pinentry(place / "pinentry")
        self.addCleanup(self.pinentry.close)
        card = f'\n[card]\nmodule = "{module}"\npinentry = "{self.pinentry.program}"\nidle_minutes = {self.idle}\n'
        accounts = [self.provider.account(ALICE, pop3_tls=self.pop3_tls), self.provider.account(BOB)]
        policy = f"recognise_letters = false\n{card}"
        self.souspli = souspli.Souspli(place, accounts, [self.provider.tls.bundle], policy, pop3=bool(self.pop3_tls))
        self.souspli.furnish({BOB: [self.bob]}, [self.bob], [self.practice.authority.certificate])
        self.canary, self.before = Canary(), len(self.provider.smtp.accepted())

    def insert(self, place):
        """The card; its module."""
        self.hsm = softhsm.SoftHsm(place / "hsm")
        self.token = self.hsm.token(pairs=[self.key])
        self.module = badmodule.BadModule(place / "module", self.hsm.module, self.hsm.environment)
        self.addCleanup(self.module.behave)
        return self.module.module

    def take_card(self):
        """The card's key becomes Alice's; nobody is asked for a PIN."""
        said = self.souspli.cli("key", "card", "--account", ALICE, "--config", self.souspli.config).decode()
        self.assertEqual(0, self.pinentry.prompts())
        return said

    def run_it(self):
        self.take_card()
        self.addCleanup(self.souspli.stop)
        self.souspli.start()

    def client(self, address=ALICE):
        client = smtplib.SMTP(base.LOOPBACK, self.souspli.smtp, timeout=120)
        self.addCleanup(client.close)
        client.starttls()
        client.login(address, self.provider.users[address])
        return client

    def send(self, subject="#med# Lettre", sender=ALICE):
        self.client(sender).sendmail(sender, [self.to], self.canary.letter(subject, [self.to], sender))

    def refused(self, *codes):
        """Nothing left, not even a word, and the answer can be tried again."""
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.send()
        said = caught.exception.smtp_error.decode("ascii")
        self.assertRegex(said, rf"\[({'|'.join(codes)})\]")
        self.assertEqual(4, caught.exception.smtp_code // 100, said)
        self.assertEqual(self.before, len(self.provider.smtp.accepted()))
        self.assertEqual([], self.canary.found_in(self.provider.smtp.received()))
        return said

    def sent(self):
        """What left last: opened by the colleague's key and verified by openssl."""
        accepted = self.provider.smtp.accepted()
        self.assertEqual(self.before + 1, len(accepted))
        self.before += 1
        octets = accepted[-1].octets
        self.assertEqual([], self.canary.found_in(octets))
        clear = base.run("openssl", "cms", "-verify", "-CAfile", self.practice.authority.certificate, stdin=self.signed(octets))
        self.assertIn(self.canary.body.encode(), clear)

    def signed(self, octets):
        """What the colleague's key opens."""
        return base.run("openssl", "cms", "-decrypt", "-recip", self.colleague.certificate, "-inkey", self.colleague.key, stdin=octets)

    def leaves(self):
        """Whether a letter leaves now; it must be sealed then."""
        try:
            self.send()
        except smtplib.SMTPResponseException:
            return False
        self.sent()
        return True

    def read(self, numbers="1:*"):
        """The texts of these letters, as somebody gets them who has just sat down."""
        with contextlib.closing(imapline.Imap(self.souspli.imap, ALICE, self.provider.users[ALICE])) as box:
            box.do('SELECT "INBOX"')
            fetched = box.fetch(numbers, "UID BODY.PEEK[]")
        return [mails.texts(mails.parse(message["BODY[]"])) for message in fetched.values()]

    def sealed_for_alice(self, count=1):
        """Letters of Bob's to the key on the card, stored at the provider; the last of them."""
        for number in range(count):
            clear = mails.letter(BOB, ALICE, f"Lettre {number}", LETTER)
            letter = mails.smime(clear, mails.signing(self.bob, "-nodetach"), mails.encrypting(self.key))
            self.provider.store.append(ALICE, letter)
        return letter


class SendingTest(CardCase):
    """Signed by the card."""

    def test_the_pin_is_asked_once(self):
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        for _ in range(3):
            self.send()
            self.sent()
        self.assertEqual(1, self.pinentry.prompts())
        self.assertEqual(3, self.module.operations())

    def test_a_wrong_pin_is_asked_again_and_never_given_twice(self):
        self.run_it()
        self.pinentry.will("9999", softhsm.PIN)
        self.send()
        self.sent()
        self.assertEqual(2, self.module.count("C_Login"))
        first, second = [each for each in self.pinentry.asked() if each["command"] == "GETPIN"]
        self.assertNotIn("SETERROR", first)
        self.assertIn("Code faux", second["SETERROR"])
        self.assertIn("CAMILLE ESSAI-DURAND", first["SETDESC"])

    def test_who_says_no_is_told_so_and_asked_at_the_next_try(self):
        self.run_it()
        self.pinentry.will(pinentry.CANCEL, softhsm.PIN)
        self.refused("SP-PIN-CANCELLED")
        self.send()
        self.sent()

    def test_no_window_at_all(self):
        text = self.souspli.config.read_text()
        self.souspli.config.write_text(text.replace(str(self.pinentry.program), "/no/such/pinentry"))
        self.run_it()
        self.refused("SP-PIN-NO-WINDOW")

    def test_a_card_that_is_blocked(self):
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        self.module.will("C_Login", badmodule.PIN_LOCKED)
        said = self.refused("SP-PIN-BLOCKED")
        self.assertIn("code de deblocage", said)
        self.assertEqual(1, self.module.count("C_Login"))

    def test_a_module_that_is_not_there_or_is_none(self):
        self.take_card()
        self.addCleanup(self.souspli.stop)
        text = self.souspli.config.read_text()
        for place in ("/no/such/module.so", str(self.souspli.config)):
            with self.subTest(place):
                self.souspli.config.write_text(text.replace(str(self.module.module), place))
                self.souspli.start()
                self.refused("SP-CARD-MODULE")
                self.souspli.stop()

    def test_who_needs_no_card_is_served_meanwhile(self):
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        self.send()
        self.sent()
        self.module.will("C_Sign", badmodule.delay(5000), times=1)
        slow = threading.Thread(target=self.send)
        slow.start()
        base.until(lambda: self.module.pending("C_Sign"), 20, "the card at work")
        self.send(sender=BOB)
        self.sent()
        self.assertEqual(1, self.module.pending("C_Sign"), "the card is still at work")
        slow.join()
        self.sent()

    def test_a_module_that_hangs_or_crashes(self):
        self.run_it()
        self.pinentry.will(*[softhsm.PIN] * 99)
        for function in ("C_Login", "C_Sign", "C_GetSlotList"):
            for does, code in ((badmodule.HANG, "SP-CARD-HUNG"), (badmodule.CRASH, "SP-CARD-CRASHED")):
                with self.subTest(function, does=does):
                    self.module.will(function, does)
                    self.refused(code)
                    self.module.behave()
                    base.until(self.leaves, 40, "a letter that leaves once the module is well")
                    # Nobody is logged in for the next one, and nothing that hung is remembered.
                    self.souspli.restart()



class CpsTest(CardCase):
    """A CPS: one pair to log in with, one to sign with, which asks at each use; nothing to encrypt to, no address."""

    def insert(self, place):
        module = super().insert(place)
        self.pairs = cps.card(self.practice.authority)
        for pair in self.pairs:
            self.token.put(pair)
        return module

    def take_cps(self):
        """Only the pairs of the CPS; an encryption key of another kind beside them, for her own copies."""
        for pair in self.pairs:
            self.souspli.cli("key", "card", "--account", ALICE, "--certificate", self.of(pair), "--config", self.souspli.config)
        self.souspli.key_import(ALICE, self.practice.authority.doctor("alice-enc", "Dr Alice", ALICE, usage="encrypt").p12())
        self.addCleanup(self.souspli.stop)
        self.souspli.start()

    def test_a_wrong_pin_of_one_signature_is_told_and_given_once(self):
        self.take_cps()
        self.pinentry.will(softhsm.PIN, "9999")
        self.refused("SP-PIN-WRONG")
        self.assertEqual((2, 2), (self.pinentry.prompts(), self.module.count("C_Login")))
        self.pinentry.will(softhsm.PIN)
        self.send()
        self.sent()

    def test_the_signature_key_signs_and_asks_each_time(self):
        listed = self.souspli.cli("key", "card", "--config", self.souspli.config).decode()
        self.assertEqual(3, len(listed.splitlines()), listed)
        self.take_cps()
        self.pinentry.will(*[softhsm.PIN] * 3)
        for _ in range(2):
            self.send()
            self.sent()
        prompts = [each for each in self.pinentry.asked() if each["command"] == "GETPIN"]
        self.assertEqual(3, len(prompts), "once for the card, and once for each signature")
        self.assertIn("chaque signature", prompts[-1]["SETDESC"])
        self.assertNotIn("SETERROR", prompts[-1], "nothing was wrong")

    def of(self, pair):
        """SHA-256 of its certificate."""
        said = base.run("openssl", "x509", "-in", pair.certificate, "-noout", "-fingerprint", "-sha256").decode()
        return said.strip().split("=")[1].replace(":", "").lower()


class ReadingTest(CardCase):
    """Opened by the card."""

    def test_letters_cost_one_pin(self):
        self.sealed_for_alice(5)
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        texts = self.read()
        self.assertEqual(5, len(texts))
        for text in texts:
            self.assertIn(LETTER, text)
        self.assertEqual(1, self.pinentry.prompts())

    def test_two_who_read_and_send_at_once_see_one_window(self):
        self.sealed_for_alice(1)
        self.run_it()
        self.pinentry.hold()
        self.pinentry.will(softhsm.PIN)
        read = []
        reader = threading.Thread(target=lambda: read.extend(self.read("1")))
        reader.start()
        base.until(self.pinentry.prompts, 20, "the window")
        sender = threading.Thread(target=self.send)
        sender.start()
        self.pinentry.release()
        reader.join()
        sender.join()
        self.sent()
        self.assertIn(LETTER, read[0])
        self.assertEqual((1, 1), (self.pinentry.prompts(), self.module.count("C_Login")))

    def test_what_is_no_ciphertext_of_the_key_troubles_no_card(self):
        """A wrapped key of a wrong length, or of any octets: the same answer for both, and the card stays open."""
        good = self.sealed_for_alice(1)
        for wrapped in (b"\xff" * 256, b"\x01" * 1_200_000):
            self.provider.store.append(ALICE, with_wrapped_key(good, wrapped))
        self.run_it()
        self.pinentry.will(softhsm.PIN)
        count = len(self.provider.store.stored(ALICE))
        right, *wrong = self.read(f"{count - 2}:{count}")
        self.assertIn(LETTER, right)
        self.assertEqual(1, len({text.split("[/Souspli]")[0] for text in wrong}))
        self.assertEqual(1, self.pinentry.prompts())

    def test_who_says_no_reads_nothing_provisional(self):
        self.sealed_for_alice(1)
        self.run_it()
        self.pinentry.will(pinentry.CANCEL, softhsm.PIN)
        with self.assertRaisesRegex(imapline.Refused, r"NO \[UNAVAILABLE\].*SP-PIN-CANCELLED"):
            self.read("1")
        self.assertIn(LETTER, self.read("1")[0])


if __name__ == "__main__":
    unittest.main()
