"""A setting that is changed on its page is in force for the next letter: the relay goes on with it, what is in hand first."""
import json
import smtplib
import socket
import threading
import unittest

from lab import base, imapline, pki, sink

from common import Canary
from test_assistant import ALICE, AssistantCase as _AssistantCase


class SettingsTest(_AssistantCase):
    """Alice at work, and a browser at her settings."""
    smtp = "sink"

    def setUp(self):
        super().setUp()
        self.relay.cli("trust", "add", self.authority.certificate)
        self.doors = self.to_service()
        self.addCleanup(self.provider.smtp.forget)

    def client(self):
        """Her mail program, logged in for sending."""
        client = smtplib.SMTP(base.LOOPBACK, int(self.doors["smtp"].rpartition(":")[2]), timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, "pw-alice")
        return client

    def set(self, name, word):
        """The form of the page; the status of its answer."""
        return self.own.post("/reglages", {"mot": self.word(), "reglage": name, "valeur": word}).status

    def glued(self, client):
        """A letter whose tag is glued to its text; the canary in it."""
        canary = Canary()
        client.sendmail(ALICE, [ALICE], canary.letter("#med#Compte rendu", [ALICE]))
        return canary

    def test_the_next_letter_goes_by_it_and_the_one_in_hand_is_finished(self):
        self.glued(self.client())
        self.assertEqual(1, len(self.provider.smtp.accepted()))
        process, reading = self.relay.process.pid, imapline.Imap(int(self.doors["imap"].rpartition(":")[2]), ALICE, "pw-alice")
        self.addCleanup(reading.close)
        held = Held(self.provider.smtp)
        self.addCleanup(held.release)
        answers = []
        sending = self.client()
        sender = threading.Thread(target=lambda: answers.append(sending.sendmail(ALICE, [ALICE], Canary().letter("#med# Compte rendu", [ALICE]))))
        sender.start()
        base.until(held.is_held, 20, "the letter in hand")
        self.assertEqual(303, self.set("policy.glued_tag", "refuse"))
        # Beginning again has begun: who reads is let go, and what is in hand is not.
        base.until(lambda: not answers_to(reading), 20, "her reading to be let go")
        self.assertTrue(sender.is_alive())
        held.release()
        sender.join(30)
        self.assertEqual([{}], answers)
        self.assertEqual(2, len(self.provider.smtp.accepted()))
        self.assertIn("enregistré et en vigueur", self.page("/reglages?fait=oui"))
        with self.assertRaises(smtplib.SMTPException) as refused:
            self.glued(self.client())
        self.assertIn("SP-TAG-GLUED", str(refused.exception))
        self.assertEqual(2, len(self.provider.smtp.accepted()))
        self.assertEqual((process, None), (self.relay.process.pid, self.relay.process.poll()))
        again = self.relay.ready(2)
        self.assertEqual((self.doors["smtp"], self.doors["imap"]), (again["smtp"], again["imap"]))

    def test_what_cannot_begin_is_taken_back_and_mail_goes_on(self):
        taken = socket.create_server((base.LOOPBACK, 0))
        self.addCleanup(taken.close)
        # Somebody has edited the file since, and not well.
        text = self.relay.config.read_text() + f'\n[dashboard]\nlisten = "127.0.0.1:{taken.getsockname()[1]}"\n'
        self.relay.config.write_text(text)
        self.assertEqual(303, self.set("policy.glued_tag", "refuse"))
        shown = self.page("/reglages?fait=oui")
        self.assertIn("SP-SETUP-NOT-BEGUN", shown)
        self.assertIn("SP-LISTEN-PORT-IN-USE", shown)
        self.assertNotIn("enregistré et en vigueur", shown)
        self.assertEqual(text, self.relay.config.read_text())
        self.glued(self.client())
        self.assertEqual(1, len(self.provider.smtp.accepted()))
        # Once it is mended, the same click does it.
        self.relay.config.write_text(text.partition("\n[dashboard]")[0])
        self.assertEqual(303, self.set("policy.glued_tag", "refuse"))
        self.assertIn("enregistré et en vigueur", self.page("/reglages?fait=oui"))
        with self.assertRaises(smtplib.SMTPException):
            self.glued(self.client())

    def test_what_is_in_force_already_ends_nobodys_connection(self):
        reading = imapline.Imap(int(self.doors["imap"].rpartition(":")[2]), ALICE, "pw-alice")
        self.addCleanup(reading.close)
        self.assertEqual(303, self.set("policy.glued_tag", "refuse"))
        self.page("/reglages?fait=oui")
        reading = imapline.Imap(int(self.doors["imap"].rpartition(":")[2]), ALICE, "pw-alice")
        self.addCleanup(reading.close)
        self.assertEqual(303, self.set("policy.glued_tag", "refuse"))
        self.page("/reglages?fait=oui")
        reading.do("NOOP")
        entries = [json.loads(line)["code"] for line in self.relay.cli("journal", "--json").splitlines()]
        self.assertEqual(2, entries.count("set-policy.glued_tag"))


def answers_to(reading):
    """Whether that connection stands."""
    try:
        reading.do("NOOP")
    except (imapline.Refused, OSError):
        return False
    return True


class Held:
    """The next letter at the provider, who says neither yes nor no until it is released."""

    def __init__(self, smtp):
        self._smtp, self._free, self._held = smtp, threading.Event(), threading.Event()
        self._inner, smtp.deliver = smtp.deliver, self._wait

    def _wait(self, *arguments):
        self._held.set()
        self._free.wait(60)
        return self._inner(*arguments)

    def is_held(self):
        """Whether it waits."""
        return self._held.is_set()

    def release(self):
        """It is given."""
        self._smtp.deliver = self._inner
        self._free.set()


if __name__ == "__main__":
    unittest.main()
