"""What a doctor is told of the certificates that Souspli looked at."""
import unittest

from lab import base, mails, pki, souspli

from common import need_product


class CertificatesTest(unittest.TestCase):
    """Dr Alice writes to Dr Bob, whose certificates will not do."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        known = pki.Authority(folder.path / "known", "Autorité connue")
        stranger = pki.Authority(folder.path / "stranger", "Autorité étrangère")
        alice = known.doctor("alice", "Dr Alice ESSAI", "alice@lab.test")
        bob = stranger.doctor("bob", "Dr Bob ESSAI", "bob@lab.test")
        self.carol = known.doctor("carol", "Dr Carol ESSAI", "carol@lab.test")
        self.relay = souspli.Souspli(folder.path, [souspli.account("alice@lab.test", 1, 1)], [])
        self.relay.furnish({"alice@lab.test": [alice]}, [bob], [known.certificate])
        self.message = mails.letter("alice@lab.test", "bob@lab.test", "#med# Lettre", "Bonjour.\n")

    def test_explain_says_why_each_certificate_is_refused(self):
        arguments = ("--from", "alice@lab.test", "--to", "bob@lab.test", "--config", self.relay.config)
        said = self.relay.cli("explain", *arguments, stdin=self.message).decode()
        self.assertIn("[SP-NO-CERTIFICATE]", said)
        self.assertRegex(said, "Pour bob@lab.test, le certificat n° [0-9a-f]+ .* est écarté : L’autorité « Autorité étrangère » n’est pas connue.")
        self.assertIn("[SP-UNKNOWN-AUTHORITY]", said)
        self.assertIn("signé et chiffré : la marque #med# de l’objet le demande.", said)
        # Who has imported it would import it again, were he not told.
        refused = self.relay.attempt("seal", *arguments, stdin=self.message).stderr.decode()
        self.assertIn("[SP-NO-CERTIFICATE]", refused)
        self.assertIn("Celui que l’on connaît de bob@lab.test est écarté : L’autorité « Autorité étrangère » n’est pas connue.", refused)

    def test_a_right_signature_assures_one_sender_only(self):
        signed = mails.smime(mails.letter("carol@lab.test", "alice@lab.test", "Lettre", "Bonjour.\n"), mails.signing(self.carol))
        self.assertEqual(("verified", "signed"), self.judged(signed))
        for what, beside in (("a second field", b"From: chef@lab.test\r\n"), ("a field without an address", b"From: Le chef\r\n")):
            with self.subTest(what):
                self.assertEqual(("unassured", "signer-is-not-sender"), self.judged(beside + signed))

    def judged(self, message):
        verdict = self.relay.open_json(message)
        return verdict["grade"], verdict["code"]


if __name__ == "__main__":
    unittest.main()
