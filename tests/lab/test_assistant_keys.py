"""Keys that do not do what an account needs: said at the key step, which is not done by them."""
import html
import re

from lab import base, pki

from test_assistant import ALICE, AssistantCase as _AssistantCase

MAIL = "subjectAltName=email:{}\nkeyUsage={}\nextendedKeyUsage=emailProtection\n"
BOTH = "digitalSignature,keyEncipherment"


class KeysTest(_AssistantCase):
    """A file of each kind, in the hand of a doctor."""
    smtp = "sink"

    def setUp(self):
        super().setUp()
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers())

    def file(self, name, extensions, *when):
        """A key file whose certificate has these."""
        key, certificate = self.authority.issue(f"{self._testMethodName}-{name}", f"/C=FR/CN=Dr {name}", extensions, "rsa", *(when or (100,)))
        out = self.place.path / f"{self._testMethodName}-{name}.p12"
        base.run("openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-passout", f"pass:{pki.PASSWORD}", "-out", out)
        return out.read_bytes()

    def brought(self, *file):
        """What the page says of a file, and where the way goes on from there."""
        shown = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", self.key(file=self.file(*file)))))
        self.page("/assistant")
        return shown.partition("ou sur votre carte.")[2].partition("J’ai un fichier")[0], self.at

    def test_an_expired_one_is_for_reading_and_the_renewed_one_ends_the_step(self):
        shown, at = self.brought("VIEUX", MAIL.format(ALICE, BOTH), 10, "2020-01-01 00:00:00")
        for said in ("pour lire seulement (expirée)", "SP-KEY-ENDED", "SP-KEY-NONE-SERVES"):
            self.assertIn(said, shown)
        self.assertEqual("/assistant/cle", at)
        shown, at = self.brought("NEUF", MAIL.format(ALICE, BOTH))
        self.assertNotIn("SP-", shown)
        self.assertIn("en service", shown)
        self.assertEqual("/assistant/service", at)

    def test_that_of_a_server(self):
        shown, at = self.brought("serveur", "subjectAltName=DNS:x.test\nextendedKeyUsage=serverAuth\n")
        for said in ("pas faite pour le courrier", "SP-KEY-NOT-FOR-MAIL", "SP-KEY-NONE-SERVES"):
            self.assertIn(said, shown)
        self.assertEqual("/assistant/cle", at)

    def test_that_of_another_person(self):
        shown, at = self.brought("autre", MAIL.format("bob@lab.test", BOTH))
        for said in ("établie pour une autre adresse", "SP-KEY-OTHER-ADDRESS", "SP-KEY-NONE-SERVES"):
            self.assertIn(said, shown)
        self.assertEqual("/assistant/cle", at)
        # Whoever goes on all the same sees what he has.
        self.send("/assistant/cle/plus-tard")
        self.into_service()
        self.relay.ready(1)
        self.assertIn("établie pour une autre adresse", self.page("/cles"))

    def test_one_of_two(self):
        shown, at = self.brought("SIGNE", MAIL.format(ALICE, "digitalSignature"))
        self.assertIn("pour signer seulement", shown)
        self.assertIn("rien ne s’ouvrira", shown)
        self.assertIn("SP-KEY-NONE-OPENS", shown)
        self.assertEqual("/assistant/cle", at)
        shown, at = self.brought("CHIFFRE", MAIL.format(ALICE, "keyEncipherment"))
        self.assertIn("pour chiffrer seulement", shown)
        self.assertNotIn("SP-KEY-NONE", shown)
        self.assertEqual("/assistant/service", at)

    def test_one_that_only_encrypts(self):
        shown, at = self.brought("CHIFFRE", MAIL.format(ALICE, "keyEncipherment"))
        self.assertIn("SP-KEY-NONE-SIGNS", shown)
        self.assertEqual("/assistant/cle", at)

    def test_one_key_with_and_without_its_chain_is_one_key(self):
        intermediate = self.authority.certificate
        for chain in ((), ("-certfile", intermediate), ()):
            out = self.place.path / "chain.p12"
            base.run("openssl", "pkcs12", "-export", "-inkey", self.doctor.key, "-in", self.doctor.certificate, *chain, "-passout", f"pass:{pki.PASSWORD}", "-out", out)
            shown = self.key(file=out.read_bytes())
            self.assertEqual(1, shown.count("Dr Alice ESSAI"), shown)
        self.assertEqual(1, len(list((self.relay.home / "keys").glob("*.sealed"))))

    def test_a_renewed_certificate_long_after_the_first_day(self):
        self.key()
        self.into_service()
        self.relay.ready(1)
        form = self.page("/cles").partition('<form method="post" action="/comptes">')[2].partition("</form>")[0]
        self.assertIn("Ajouter une clé ou un certificat renouvelé", form)
        fields = {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)}
        self.own.post("/comptes", fields)
        answer = self.own.post("/comptes", fields)
        self.assertEqual((303, "/assistant/cle"), (answer.status, answer.headers["Location"]))
        self.assertIn("Dr NEUF", self.brought("NEUF", MAIL.format(ALICE, BOTH))[0])
        self.assertIn("Dr NEUF", self.page("/cles"))
        # The account is tried by a letter, not set up again.
        answer = self.own.post("/comptes", {"mot": self.word(), "compte": ALICE})
        self.assertEqual((303, "/assistant/pli"), (answer.status, answer.headers["Location"]))
