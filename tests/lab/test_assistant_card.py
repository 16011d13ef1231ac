"""The assistant of the first run with a card: found, shown without a PIN, taken, and a letter sealed with it and opened."""
import html
import re
import unittest

from lab import cps, pinentry, softhsm

from test_assistant import ALICE, AssistantCase


@unittest.skipUnless(softhsm.available(), "SoftHSM is not installed")
class CardTest(AssistantCase):
    """Her card is in the reader on the first day."""

    def prepare(self, relay):
        super().prepare(relay)
        self.hsm = softhsm.SoftHsm(relay.folder / "hsm")
        self.token = self.hsm.token(pairs=[cps.single(self.authority, address=ALICE)])
        self.pinentry = pinentry.Pinentry(relay.folder / "pinentry")
        self.addCleanup(self.pinentry.close)
        relay.config.write_text(f'[card]\nmodule = "{self.hsm.module}"\npinentry = "{self.pinentry.program}"\n')
        relay.more = {**relay.more, **self.hsm.environment}

    def to_key(self):
        """As far as the step of the key."""
        self.send("/assistant/adresse", adresse=ALICE)
        self.assertNotIn("finding bad", self.send("/assistant/serveurs", **self.servers()))
        return self.send("/assistant/cle/carte")

    def prints(self, shown):
        """What the button under the card brings."""
        return html.unescape(re.search(r'name="empreintes" value="([^"]+)"', shown)[1])

    def test_from_nothing_to_a_letter_by_card(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        shown = self.to_key()
        self.assertIn("ESSAI-DURAND", shown)
        taken = self.send("/assistant/cle/prendre", adresse=ALICE, empreintes=self.prints(shown))
        self.assertIn("ESSAI-DURAND", taken)
        self.assertEqual(0, self.pinentry.prompts(), "to look at a card and to take it asks for no PIN")
        self.into_service()
        self.relay.ready(1)
        self.send("/assistant/logiciel")
        self.pinentry.will(softhsm.PIN)
        shown = self.send("/assistant/pli", passe="pw-alice")
        self.assertEqual(6, shown.count("finding good"), shown)
        self.assertEqual(1, self.pinentry.prompts())
        self.assertIn(b"application/pkcs7-mime", self.provider.store.stored(ALICE, "INBOX")[-1])

    def test_what_is_not_on_the_card_is_not_taken(self):
        shown = self.to_key()
        prints = self.prints(shown)
        self.hsm.remove(self.token)
        self.hsm.token("CPS3v1-0000000002", pairs=[cps.single(self.authority, cps.Holder(given="AUTRE", rpps="99700000013"), address=ALICE)])
        for empreintes in (prints[:-2] + "00", "", "<b>"):
            answer = self.send("/assistant/cle/prendre", adresse=ALICE, empreintes=empreintes)
            self.assertIn("SP-", answer)
            self.assertNotIn("<b>", answer)
        self.assertEqual([], self.relay.cli("key", "list").decode().split())
        self.page("/assistant")
        self.assertEqual("/assistant/cle", self.at)

    def test_no_card_is_said(self):
        self.hsm.remove(self.token)
        self.assertIn("SP-CARD-", self.to_key())
