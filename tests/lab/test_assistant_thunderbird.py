"""A real Thunderbird that reads its provider directly is switched to Souspli by the dashboard's button, works, and is switched back."""
import json
import re
import unittest

from lab import base, mails, thunderbird

from test_assistant import ALICE, AssistantCase

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

BODY = "Chère consœur, l'évolution de Mme Dupont est favorable."
ACCOUNT = re.compile(r'user_pref\("mail\.(account|identity|server|smtp)')


class SwitchTest(AssistantCase):
    """One profile; its provider's servers are named localhost, Souspli's 127.0.0.1."""
    smtp = "sink"

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available():
            raise unittest.SkipTest("Thunderbird or Xvfb is not installed")
        super().setUpClass()
        cls.screen = thunderbird.Screen()
        cls.addClassCleanup(cls.screen.stop)
        cls.desk = cls.place.path / "desk"
        folder = cls.place.path / "tb"
        folder.mkdir()
        cls.tb = thunderbird.Thunderbird(folder, cls.screen, ALICE, "Dr Alice ESSAI", "pw-alice", cls.provider.store.imap,
                                         cls.provider.smtp.starttls_port, cls.provider.tls.certificate)
        cls.addClassCleanup(cls.tb.stop)
        cls.profile = folder / "profile"
        cls.make_direct()

    @classmethod
    def make_direct(cls):
        """The account in Thunderbird's own settings, at localhost; the profile in the list of profiles."""
        lines = (cls.profile / "user.js").read_text().splitlines(keepends=True)
        own = [line.replace(base.LOOPBACK, "localhost") for line in lines if ACCOUNT.match(line)]
        # An alias: a second identity of the same account.
        own = [line.replace('"id1"', '"id1,id2"') if "account1.identities" in line else line for line in own]
        own += [f'user_pref("mail.identity.id2.{name}", "{value}");\n'
                for name, value in (("fullName", "Cabinet ESSAI"), ("smtpServer", "smtp1"), ("useremail", "cabinet@lab.test"))]
        (cls.profile / "prefs.js").write_text("// Mozilla User Preferences\n\n" + "".join(own))
        (cls.profile / "user.js").write_text("".join(line for line in lines if not ACCOUNT.match(line)))
        trusted = cls.profile / "cert_override.txt"
        trusted.write_text(trusted.read_text().replace(base.LOOPBACK, "localhost"))
        stored = json.loads((cls.profile / "logins.json").read_text())
        direct = [{**login, "id": login["id"] + 10, "guid": login["guid"].replace("{", "{d"),
                   **{key: login[key].replace(base.LOOPBACK, "localhost") for key in ("hostname", "httpRealm")}} for login in stored["logins"]]
        (cls.profile / "logins.json").write_text(json.dumps({**stored, "nextId": 30, "logins": stored["logins"] + direct}))
        listed = cls.desk / ".thunderbird"
        listed.mkdir(parents=True)
        (listed / "profiles.ini").write_text(f"[Profile0]\nName=cabinet\nIsRelative=0\nPath={cls.profile}\nDefault=1\n")

    def prepare(self, relay):
        relay.more = {"HOME": str(self.desk)}

    def account_lines(self):
        """The account's settings as they stand."""
        return sorted(line for line in (self.profile / "prefs.js").read_text().splitlines() if ACCOUNT.match(line))

    def hosts(self):
        """The servers that the running Thunderbird uses."""
        return self.tb.script("""return [server().serverURI, server().port, ...MailServices.outgoingServer.servers.map(s => s.serverURI.spec)]""")

    def senders(self):
        """Whom each identity of the account sends by, as Thunderbird itself chooses it."""
        return dict(self.tb.script("""return MailServices.accounts.allIdentities.map(
            i => [i.email, MailServices.outgoingServer.getServerByIdentity(i).serverURI.host])"""))

    def sealed(self, subject):
        """A letter that comes sealed for alice."""
        letter = mails.letter(f"Dr Alice ESSAI <{ALICE}>", ALICE, subject, BODY + "\n")
        self.provider.store.append(ALICE, mails.smime(letter, mails.signing(self.doctor, "-nodetach"), mails.encrypting(self.doctor)))

    def test_switched_used_and_switched_back(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        self.to_service()
        shown = self.page("/assistant/logiciel")
        self.assertIn("« cabinet »", shown)
        self.assertIn("va encore directement", shown)
        self.tb.start()
        self.tb.show("INBOX")
        self.assertIn("SP-TB-RUNS", self.switch())
        self.tb.stop()
        before = self.account_lines()
        shown = self.switch()
        self.assertIn("C’est fait", shown)
        copy = re.search(r"[^ >]*prefs\.js\.souspli-\w+", shown).group()
        with open(copy) as kept:
            self.assertEqual(before, sorted(line for line in kept.read().splitlines() if ACCOUNT.match(line)))
        self.switch()  # a second click, on a page that is older
        self.assertEqual([copy], [str(path) for path in self.profile.glob("prefs.js.souspli-*")])
        self.read_and_send()
        self.assertIn("ce compte passe par Souspli", self.page("/assistant/logiciel"))
        self.assertIn("Les réglages d’avant sont remis", self.switch(remettre="oui"))
        again = {line for line in self.account_lines() if "lastKey" not in line}
        self.assertLessEqual({line for line in before if "lastKey" not in line}, again)
        self.assertEqual([], [line for line in again if "souspli" in line])
        self.direct_again()

    def switch(self, **fields):
        """The button of that profile, and the page that follows: its address can be asked for again."""
        answer = self.own.post("/assistant/thunderbird", {"mot": self.word(), "adresse": ALICE, "profil": str(self.profile), **fields})
        return self.page(answer.headers["Location"]) if answer.status == 303 else answer.text

    def read_and_send(self):
        """The doctor's day, through Souspli."""
        self.sealed("Compte rendu scellé")
        self.tb.start()
        self.assertIn("@127.0.0.1", self.hosts()[0])
        self.assertEqual({ALICE: "127.0.0.1", "cabinet@lab.test": "127.0.0.1"}, self.senders())
        self.tb.show("INBOX")
        self.assertIn("Mme Dupont", self.tb.read("Compte rendu scellé")["text"])
        self.assertIsNone(self.tb.send(ALICE, "#med# Réponse", BODY))
        sent = self.provider.smtp.accepted()[-1]
        self.assertIn(b"pkcs7-mime", sent.octets)
        self.assertNotIn(b"Dupont", sent.octets)
        copy = base.until(lambda: self.provider.store.stored(ALICE, "Sent"), 20, "the copy")[-1]
        self.assertIn(b"pkcs7-mime", copy)
        self.tb.stop()

    def direct_again(self):
        """As it was before."""
        self.provider.store.append(ALICE, mails.letter("zoe@lab.test", ALICE, "Lettre ordinaire", "Rien de secret.\n"))
        self.tb.start()
        self.assertEqual({ALICE: "localhost", "cabinet@lab.test": "localhost"}, self.senders())
        uri, port, *sending = self.hosts()
        self.assertEqual((f"imap://{ALICE.replace('@', '%40')}@localhost", self.provider.store.imap), (uri, port))
        self.assertEqual(1, len(sending), sending)
        self.assertIn("localhost", sending[0])
        self.tb.show("INBOX")
        self.assertIn("Rien de secret", self.tb.read("Lettre ordinaire")["text"])
        self.tb.stop()
