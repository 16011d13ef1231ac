"""Who has written a verified message can be answered: his certificate is learnt, and no other."""
import json
import subprocess
import time
import unittest

from lab import base, imapline, mails, pki, servers, souspli

from common import need_product

ALICE, BOB = "alice@lab.test", "bob@lab.test"


class HarvestTest(unittest.TestCase):
    """Alice, who knows an authority and no colleague, reads what they send."""

    @classmethod
    def setUpClass(cls):
        need_product()
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        cls.folder = folder.path
        cls.provider = servers.Provider(cls.folder / "provider")
        cls.addClassCleanup(cls.provider.stop)
        cls.provider.start()
        cls.authority = pki.Authority(cls.folder / "pki", "Autorité d'essai")
        cls.stranger = pki.Authority(cls.folder / "stranger", "Autorité étrangère")
        cls.alice = cls.authority.doctor("alice", "Dr Alice ESSAI", ALICE)
        cls.answer = mails.letter(ALICE, BOB, "#med# Réponse", "Bonjour.\n")

    def setUp(self):
        place = self.folder / self.id().rsplit(".", 1)[1]
        place.mkdir()
        self.relay = self.home(place, self.provider.account(ALICE))
        self.relay.furnish({ALICE: [self.alice]}, [], [self.authority.certificate])

    def home(self, place, account, policy=""):
        return souspli.Souspli(place, [account], [self.provider.tls.bundle], policy)

    def read(self, *messages):
        """Alice's mail program reads them."""
        for message in messages:
            self.provider.store.append(ALICE, message)
        last = len(self.provider.store.stored(ALICE))
        self.relay.start()
        box = imapline.Imap(self.relay.imap, ALICE, "pw-alice")
        box.do("SELECT INBOX")
        for number in range(last - len(messages) + 1, last + 1):
            box.fetch(number, "BODY.PEEK[]")
        box.close()
        self.relay.stop()

    def book(self):
        """The lines of `cert list`."""
        return [json.loads(line) for line in self.relay.cli("cert", "list", "--json", "--config", self.relay.config).splitlines()]

    def signed(self, doctor, sender, subject="Lettre"):
        """A letter signed by openssl."""
        return mails.smime(mails.letter(sender, ALICE, subject, "Bonjour.\n"), mails.signing(doctor))

    def refused(self):
        done = self.relay.attempt("seal", "--from", ALICE, "--to", BOB, "--config", self.relay.config, stdin=self.answer)
        self.assertEqual(1, done.returncode)
        self.assertIn("SP-NO-CERTIFICATE", done.stderr.decode())

    def test_a_verified_letter_can_be_answered(self):
        bob = self.authority.doctor("bob", "Dr Bob ESSAI", BOB)
        self.refused()
        self.read(self.signed(bob, BOB), self.signed(bob, BOB))
        self.assertIn(b"enveloped-data", self.relay.seal(self.answer, ALICE, BOB))
        (row,) = self.book()
        self.assertEqual(([BOB], "harvested", True), (row["addresses"], row["source"], row["usable"]))
        journal = [json.loads(line) for line in self.relay.cli("journal", "--json").splitlines()]
        noted = [(e["account"], e["code"]) for e in journal if e["event"] == "certificate"]
        self.assertEqual([(ALICE, "harvested")], noted, "once")
        for path, octets in self.relay.everything():
            if "correspondents" in str(path):
                self.assertNotIn(b"bob", octets)
        self.relay.cli("cert", "remove", row["fingerprint"], "--config", self.relay.config)
        self.refused()

    def test_the_certificate_that_the_signature_prefers(self):
        place = self.folder / "preferring"
        place.mkdir()
        both = [self.authority.doctor(f"two-{use}", "Dr Bob ESSAI", BOB, usage=use) for use in ("sign", "encrypt")]
        other = souspli.Souspli(place, [souspli.account(BOB, 1, 1)], [])
        other.furnish({BOB: both}, [self.alice], [self.authority.certificate])
        self.read(other.seal(mails.letter(BOB, ALICE, "#med# Lettre", "Bonjour.\n"), BOB, ALICE))
        (row,) = self.book()
        serial = base.run("openssl", "x509", "-in", both[1].certificate, "-noout", "-serial").decode().split("=")[1].strip()
        self.assertEqual(serial.lower(), row["serial"])

    def test_what_is_not_verified_teaches_nothing(self):
        bob = self.authority.doctor("good", "Dr Bob ESSAI", BOB)
        right = self.signed(bob, BOB)
        for what, message in (
                ("an unknown authority", self.signed(self.stranger.doctor("bob", "Dr Bob ESSAI", BOB), BOB)),
                ("another sender", self.signed(bob, "carol@lab.test")),
                ("altered", right.replace(b"Bonjour.", b"Bonsoir.")),
                ("a key that only signs", self.signed(self.authority.doctor("only", "Dr Bob ESSAI", BOB, usage="sign"), BOB)),
                ("his own address", self.signed(self.alice, ALICE))):
            with self.subTest(what):
                self.read(message)
                self.assertEqual([], self.book())

    def test_a_newer_one_renews_by_the_same_authority_only(self):
        known = self.authority.doctor("known", "Dr Bob CONNU", BOB)
        other = pki.Authority(self.folder / "other", "Autre autorité")
        self.relay.cli("cert", "import", known.certificate)
        self.relay.cli("trust", "add", other.certificate)
        alien = self.later(other, "alien")
        self.read(self.signed(alien, BOB))
        self.assertEqual(2, len(self.book()))
        self.assertEqual([known], self.readers(known, alien))
        renewed = self.later(self.authority, "renewed")
        self.read(self.signed(renewed, BOB))
        self.assertEqual([renewed], self.readers(known, alien, renewed))

    def later(self, authority, stem):
        """One whose certificate begins later than all that were issued before."""
        began = int(time.time())
        base.until(lambda: int(time.time()) > began, 10, "the next second")
        return authority.doctor(stem, "Dr Bob ESSAI", BOB)

    def readers(self, *doctors):
        """Who of these can open what Alice seals for Bob."""
        sealed = self.folder / "sealed"
        sealed.write_bytes(self.relay.seal(self.answer, ALICE, BOB))
        opens = ("openssl", "cms", "-decrypt", "-in", str(sealed), "-out", "/dev/null", "-recip")
        return [d for d in doctors if subprocess.run([*opens, d.certificate, "-inkey", d.key], capture_output=True).returncode == 0]

    def test_the_switch(self):
        text = self.relay.config.read_text().replace("[policy]", "[policy]\nharvest = false")
        self.relay.config.write_text(text)
        self.read(self.signed(self.authority.doctor("off", "Dr Bob ESSAI", BOB), BOB))
        self.assertEqual([], self.book())


if __name__ == "__main__":
    unittest.main()
