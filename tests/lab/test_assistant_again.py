"""Beginning again after the assistant has written an account: the doors stay Souspli's, and what cannot begin is taken back."""
import smtplib
import socket
import unittest

from lab import base, imapline, pki, sink

from common import Canary
from test_assistant import ALICE, AssistantCase as _AssistantCase

BOB = "bob@lab.test"


class AgainTest(_AssistantCase):
    """A second account beside one that is in service."""
    smtp = "sink"

    def port(self, door):
        """Where that door is."""
        return int(self.doors[door].rpartition(":")[2])

    def box(self):
        """Alice's mailbox, by the door that she knows."""
        box = imapline.Imap(self.port("imap"), ALICE, "pw-alice")
        self.addCleanup(box.close)
        box.do('SELECT "INBOX"')
        return box

    def to_second(self):
        """As far as the second account can be put into service."""
        self.doors = self.to_service()
        self.send("/assistant/nouveau")
        self.send("/assistant/adresse", adresse=BOB)
        self.send("/assistant/serveurs", **self.servers(identifiant=BOB, passe="pw-bob"))
        self.send("/assistant/cle/plus-tard")
        self.assertEqual("/assistant/service", self.at)

    def test_nobody_takes_a_door_while_a_letter_is_in_hand(self):
        self.to_second()
        box = self.box()
        self.provider.smtp.fail("dot", sink.SILENT)
        self.addCleanup(self.provider.smtp.heal)
        client = smtplib.SMTP(base.LOOPBACK, self.port("smtp"), timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, "pw-alice")
        client.mail(ALICE)
        client.rcpt(BOB)
        client.docmd("DATA")
        canary = Canary()
        client.send(canary.letter("bonjour", [BOB]) + b"\r\n.\r\n")
        base.until(lambda: canary.body.encode() in self.provider.smtp.received(), 20, "the letter in hand")
        seen = {"mot": self.word(), **self.brought_back("/assistant/service")}
        self.assertEqual(303, self.own.post("/assistant/service", seen).status)
        with self.assertRaises((imapline.Refused, OSError)):
            while True:
                box.do("NOOP")
        for door in ("imap", "smtp"):
            with socket.socket() as other, self.assertRaises(OSError, msg=door):
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind((base.LOOPBACK, self.port(door)))
        # Who comes meanwhile waits, and is served.
        self.box()
        again = self.relay.ready(2)
        self.assertEqual((self.doors["smtp"], self.doors["imap"]), (again["smtp"], again["imap"]))

    def test_what_cannot_begin_is_taken_back_and_mail_goes_on(self):
        self.to_second()
        taken = socket.create_server((base.LOOPBACK, 0))
        self.addCleanup(taken.close)
        # Somebody has edited the file since, and not well.
        text = self.relay.config.read_text() + f'\n[dashboard]\nlisten = "127.0.0.1:{taken.getsockname()[1]}"\n'
        self.relay.config.write_text(text)
        shown = self.into_service()
        self.assertEqual("/assistant/service", self.at)
        self.assertIn("SP-SETUP-NOT-BEGUN", shown)
        self.assertIn("SP-LISTEN-PORT-IN-USE", shown)
        self.assertEqual(text, self.relay.config.read_text())
        again = self.relay.ready(2)
        self.assertEqual((self.doors["smtp"], self.doors["imap"]), (again["smtp"], again["imap"]))
        self.box()
        self.assertNotIn(BOB, self.page("/comptes"))
        # Once it is mended, the same click does it.
        self.relay.config.write_text(text.partition("\n[dashboard]")[0])
        self.into_service()
        self.assertEqual("/assistant/logiciel", self.at)
        self.assertIn(BOB, self.page("/comptes"))

    def test_a_configuration_that_is_lost_is_no_beginning(self):
        self.doors = self.to_service()
        self.relay.stop()
        text = self.relay.config.read_text()
        kept = self.relay.home / "souspli.toml.last"
        self.assertEqual(text, kept.read_text())
        for lost in (self.relay.config.unlink, lambda: self.relay.config.write_text("")):
            lost()
            with self.subTest(self.relay.config.exists()):
                done = self.relay.attempt("run", "--headless", seconds=30)
                self.assertEqual(1, done.returncode)
                self.assertIn("SP-CONFIG-LOST", done.stderr.decode())
                self.assertIn(str(kept), done.stderr.decode())
                self.assertEqual(text, kept.read_text())
        # As the message says.
        self.relay.config.write_text(kept.read_text())
        self.relay.start()
        again = self.relay.ready(0)
        self.assertEqual((self.doors["smtp"], self.doors["imap"]), (again["smtp"], again["imap"]))
        self.box()


if __name__ == "__main__":
    unittest.main()
