"""A test letter that does not come all the way: what went wrong, in whole sentences, and nothing else is blamed for it."""
import html
import re

from lab import base, pki, sink

from test_assistant import ALICE, AssistantCase as _AssistantCase

EXPIRED = "subjectAltName=email:alice@lab.test\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n"


class LetterTest(_AssistantCase):
    """A provider that can be told to fail."""
    smtp = "sink"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.provider.smtp.heal)

    def letter(self):
        """What the page says of a test letter."""
        return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", self.send("/assistant/pli", passe="pw-alice"))))

    def test_a_provider_that_fails(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        self.to_service()
        self.send("/assistant/logiciel")
        long = "User unknown in virtual mailbox table, contact postmaster " + 20 * "before you try again "
        for step, answer, said, never in (
                ("connect", sink.CLOSE, "SP-SETUP-PROVIDER-AWAY", "Vérifiez l’identifiant"),
                ("rcpt", f"550 5.1.1 <{ALICE}>: {long}", "refuse votre propre adresse comme destinataire", "Corrigez ou retirez"),
                ("dot", "554 5.7.1 Spam message rejected", "Personne n’a reçu ce message. SP-PROVIDER-REFUSED", "Suivez ce que dit"),
                ("dot", "451 4.3.0 later", "pour l’instant (451 4.3.0 later). Réessayez plus tard.", "Suivez ce que dit"),
                ("body", sink.CLOSE, "SP-SETUP-UNCONFIRMED", "à un destinataire")):
            with self.subTest(step=step, answer=answer):
                self.provider.smtp.fail(step, answer)
                shown = self.letter()
                self.assertIn(said, shown)
                self.assertNotIn(never, shown)
                self.assertNotIn("reconnaît pas", shown)
                self.provider.smtp.heal()
        self.assertIn("Tout fonctionne", self.letter())

    def test_an_own_key_that_has_expired(self):
        key, certificate = self.authority.issue("expired", "/C=FR/CN=Dr Alice VIEUX", EXPIRED, "rsa", 10, "2020-01-01 00:00:00")
        old = self.place.path / "expired.p12"
        base.run("openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-passout", f"pass:{pki.PASSWORD}", "-out", old)
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers())
        self.key(file=old.read_bytes())
        if "/assistant/cle" in (self.page("/assistant"), self.at):
            self.send("/assistant/cle/plus-tard")
        self.into_service()
        self.relay.ready(1)
        self.send("/assistant/logiciel")
        shown = self.letter()
        self.assertIn(f"Le certificat de {ALICE} a expiré le", shown)
        self.assertIn("SP-OWN-EXPIRED", shown)
        self.assertIn("page « Clés et cartes »", shown)
        self.assertNotIn("SP-SETUP-NOT-TAKEN", shown)
