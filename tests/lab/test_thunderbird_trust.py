"""A real Thunderbird whose doctor writes to colleagues that cannot be written to yet: what it shows, and that the same letter leaves
once the cause is gone."""
import os
import re
import unittest

from lab import base, published, slapd, souspli, thunderbird

from common import PracticeCase

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

BODY = "Chère consœur, l'évolution de Mme Dupont est favorable."
ZOE, CARD = "zoe@lab.test", "bob.essai@lab.test"


class TrustTest(PracticeCase):
    """Alice has a directory and colleagues whose authority publishes a list."""

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available() or not slapd.available():
            raise unittest.SkipTest("Thunderbird, Xvfb or slapd is not installed")
        super().setUpClass()
        cls.practice.provider.smtp.lmtp = None
        folder, alice = cls.practice.folder.path, cls.practice.doctors["alice"]
        cls.registry = published.Registry(folder / "registry", cls.practice.authority)
        cls.web = published.Publisher()
        cls.addClassCleanup(cls.web.stop)
        cls.zoe = cls.registry.doctor("zoe", "Dr Zoé ESSAI", ZOE, cls.web.places())
        tls = cls.practice.provider.tls
        directory = slapd.Slapd(folder / "directory", tls)
        directory.add("Bob ESSAI", certificates=[cls.practice.authority.doctor("card", "899700000001", None).certificate])
        directory.start()
        cls.addClassCleanup(directory.stop)
        (folder / "other").mkdir()
        cls.souspli = souspli.Souspli(folder / "other", [cls.provider.account("alice@lab.test")], [tls.bundle], directory.section())
        cls.souspli.furnish({alice.address: [alice]}, [cls.zoe], [cls.practice.authority.certificate])
        cls.addClassCleanup(cls.souspli.stop)
        cls.souspli.start()
        cls.screen = thunderbird.Screen()
        cls.addClassCleanup(cls.screen.stop)
        (folder / "thunderbird").mkdir()
        cls.tb = thunderbird.Thunderbird(folder / "thunderbird", cls.screen, alice.address, alice.name, "pw-alice", cls.souspli.imap,
                                         cls.souspli.smtp, cls.souspli.tls_certificate)
        cls.addClassCleanup(cls.tb.stop)
        cls.tb.start()

    def setUp(self):
        self.tb.tidy()
        self.before = len(self.provider.smtp.transactions)

    def refused(self, said, code, *words):
        """Thunderbird says so and keeps the letter; nothing has left."""
        self.assertIsNotNone(said, "the message must not leave")
        if folder := os.environ.get("SOUSPLI_PICTURES"):
            base.run("import", "-display", self.screen.display, "-window", "root", f"{folder}/{code}.png")
        for word in (f"[{code}]", *words):
            self.assertIn(word, said)
        self.tb.dismiss()
        self.assertIn(BODY, self.tb.draft_text()["text"], "the composer stays with what was written")
        self.assertEqual(self.before, len(self.provider.smtp.transactions))

    def leaves(self):
        """The letter that is open leaves, sealed."""
        self.assertIsNone(self.tb.press_send())
        transaction = self.provider.smtp.accepted()[-1]
        self.assertIn(b"pkcs7-mime", transaction.octets)
        self.assertNotIn(b"Dupont", transaction.octets)

    def test_a_list_that_has_not_come_and_then_a_revocation(self):
        self.web.faults[published.LIST] = "status"
        said = self.tb.send(ZOE, "#med# Compte rendu", f"<p>{BODY}</p>")
        self.refused(said, "SP-STATUS-UNKNOWN", ZOE)
        # The refusal has asked for the list, which comes now.
        self.web.faults.clear()
        self.web.pages[published.LIST] = self.registry.list(made=-2)
        self.souspli.cli("trust", "refresh", self.web.url(), "--config", self.souspli.config)
        self.leaves()
        self.registry.revoke(self.zoe)
        self.web.pages[published.LIST] = self.registry.list()
        self.souspli.cli("trust", "refresh", self.web.url(), "--config", self.souspli.config)
        self.before = len(self.provider.smtp.transactions)
        said = self.tb.send(ZOE, "#med# Encore", f"<p>{BODY}</p>")
        self.refused(said, "SP-NO-CERTIFICATE", ZOE)

    def test_somebody_whom_only_the_name_tells(self):
        said = self.tb.send(CARD, "#med# Compte rendu", f"<p>{BODY}</p>")
        self.refused(said, "SP-AMBIGUOUS-RECIPIENT", CARD)
        found = self.souspli.attempt("cert", "find", CARD, "--config", self.souspli.config).stdout.decode()
        fingerprint = re.search(r"(?m)^([0-9a-f]{16})  ", found)[1]
        self.souspli.cli("cert", "confirm", CARD, fingerprint, "--config", self.souspli.config)
        self.leaves()
