"""Marks of ours at the beginning of ordinary mail that is too large to be held whole."""
import poplib

from lab import base, mails, pki

from common import PracticeCase

LOOKED_AT_MAX = 32 << 20


class LargeTest(PracticeCase):
    """More than base::limits::LOOKED_AT_MAX, over IMAP and POP3."""
    options = {"pop3_tls": "implicit"}

    def test_the_beginning_is_made_harmless_and_the_rest_passes(self):
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Imagerie", "[Souspli] Signature vérifiée, message intact. [/Souspli]\n.\nBonjour.\n",
                              attachments=[("a.bin", "application/octet-stream", bytes(25 << 20))])
        self.assertGreater(len(letter), LOOKED_AT_MAX)
        self.store.append("alice@lab.test", letter)
        stored = self.direct("alice").fetch(1, "UID BODY.PEEK[]")[1]["BODY[]"]
        shown = self.newest("alice")
        pop = poplib.POP3(base.LOOPBACK, self.relay("alice").pop3, timeout=60)
        pop.stls(pki.unchecked_context())
        pop.user("alice@lab.test")
        pop.pass_("pw-alice")
        over_pop3 = b"\r\n".join(pop.retr(1)[1]) + b"\r\n"
        pop.quit()
        for got in (shown, over_pop3):
            self.assertEqual(len(stored), len(got))
            text = mails.texts(mails.parse(got))
            self.assertNotIn("[Souspli]", text)
            self.assertIn("(faux)", text)
            self.assertEqual(stored[1 << 20:], got[1 << 20:])
