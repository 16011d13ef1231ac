"""How mail programs and providers are spoken to: TLS in each form, every way to log in, what EHLO offers, several accounts in one home."""
import base64
import smtplib
import socket
import ssl
import unittest

from lab import base, imapline, mails, pki, postfix, servers, souspli

from common import PracticeCase, need_product

LETTER = mails.letter("alice@lab.test", "bob@lab.test", "ordinaire", "Rien de secret.\n")


class OneHomeTest(unittest.TestCase):
    """Alice, bob and carol in one home, a provider behind it."""

    def practice(self, addresses=("alice@lab.test",), listen_tls="starttls", bundle=True, **tls):
        """A provider and one started Souspli."""
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        provider = servers.Provider(folder.path)
        self.addCleanup(provider.stop)
        provider.start()
        place = folder.path / "souspli"
        place.mkdir()
        accounts = [provider.account(a, **tls) for a in addresses]
        relay = souspli.Souspli(place, accounts, [provider.tls.bundle] if bundle else [], listen_tls=listen_tls)
        authority = pki.Authority(folder.path / "pki", "Autorité d'essai")
        doctors = {a: authority.doctor(a.split("@")[0], "Dr ESSAI", a) for a in addresses}
        relay.furnish({a: [d] for a, d in doctors.items()}, doctors.values(), [authority.certificate])
        self.addCleanup(relay.stop)
        relay.start()
        return provider, relay

    def send(self, relay, sender="alice", recipient="bob", message=LETTER, implicit=False):
        context = pki.unchecked_context()
        if implicit:
            client = smtplib.SMTP_SSL(base.LOOPBACK, relay.smtp, timeout=40, context=context)
        else:
            client = smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=40)
            client.starttls(context=context)
        self.addCleanup(client.close)
        client.login(f"{sender}@lab.test", f"pw-{sender}")
        client.sendmail(f"{sender}@lab.test", [f"{recipient}@lab.test"], message)

    def read(self, relay, name, secure="starttls"):
        box = imapline.Imap(relay.imap, f"{name}@lab.test", f"pw-{name}", secure=secure)
        self.addCleanup(box.close)
        box.do("SELECT INBOX")
        return box

    def test_each_tls_towards_the_provider(self):
        for smtp_tls, imap_tls in (("starttls", "starttls"), ("implicit", "implicit")):
            with self.subTest(smtp=smtp_tls, imap=imap_tls):
                provider, relay = self.practice(smtp_tls=smtp_tls, imap_tls=imap_tls)
                self.send(relay, recipient="alice")
                self.assertEqual(provider.smtp.accepted()[-1].octets, LETTER)
                self.read(relay, "alice")

    def test_implicit_tls_towards_the_mail_program(self):
        provider, relay = self.practice(listen_tls="implicit")
        self.send(relay, implicit=True)
        self.assertEqual(1, len(provider.smtp.accepted()))
        self.read(relay, "alice", "implicit")

    def test_plain_towards_the_mail_program(self):
        _, relay = self.practice()
        self.read(relay, "alice", "none")

    def test_a_provider_that_nobody_vouches_for(self):
        """Without its authority nothing is said to it: no password, no letter."""
        provider, relay = self.practice(bundle=False)
        with self.assertRaises((smtplib.SMTPException, OSError)):
            self.send(relay)
        self.assertEqual([], provider.smtp.attempts)
        with self.assertRaises((base.LabError, OSError)):
            self.read(relay, "alice")

    def test_two_accounts_seal_each_with_its_own_key(self):
        provider, relay = self.practice(("alice@lab.test", "carol@lab.test"))
        message = mails.letter("carol@lab.test", "alice@lab.test", "#med# Lettre", "Entre nous.\n")
        self.send(relay, "carol", "alice", message)
        self.assertEqual("carol@lab.test", provider.smtp.accepted()[-1].login)
        self.assertIn(b"pkcs7-mime", provider.smtp.accepted()[-1].octets)
        got = self.read(relay, "alice").fetch("*", "UID BODY.PEEK[]").popitem()[1]["BODY[]"]
        self.assertIn("Entre nous.", mails.texts(mails.parse(got)))
        self.assertIn(b"verified", got)


class DialogueTest(PracticeCase):
    """The words on the wire."""

    def test_ehlo_is_an_allow_list(self):
        client = self.smtp("alice")
        client.ehlo()
        offered = client.esmtp_features
        for useful in ("size", "8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes", "dsn", "auth"):
            self.assertIn(useful, offered)
        for never in ("chunking", "binarymime", "vrfy", "burl"):
            self.assertNotIn(never, offered)
        self.assertEqual(self.provider.smtp.size, int(offered["size"]), "ordinary mail passes as it did")

    def test_each_way_to_log_in_reaches_the_provider(self):
        bearer = "token-pw-alice"
        given = {
            "PLAIN": "\0alice@lab.test\0pw-alice",
            "XOAUTH2": f"user=alice@lab.test\x01auth=Bearer {bearer}\x01\x01",
            "OAUTHBEARER": f"n,a=alice@lab.test,\x01auth=Bearer {bearer}\x01\x01",
        }
        for mechanism, response in given.items():
            with self.subTest(mechanism=mechanism):
                client = self.fresh()
                code, _ = client.docmd("AUTH", f"{mechanism} {base64.b64encode(response.encode()).decode()}")
                self.assertEqual(235, code)
                self.assertEqual("alice@lab.test", self.provider.smtp.attempts[-1][1])
        client = self.fresh()
        client.user, client.password = "alice@lab.test", "pw-alice"
        self.assertEqual(235, client.auth("LOGIN", client.auth_login)[0])

    def fresh(self):
        """A connection that has not logged in."""
        client = smtplib.SMTP(base.LOOPBACK, self.relay("alice").smtp, timeout=40)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.ehlo()
        return client

    def test_dsn_parameters_are_passed_on(self):
        client = self.smtp("alice")
        client.sendmail("alice@lab.test", ["bob@lab.test"], LETTER, mail_options=["RET=HDRS", "ENVID=abc"],
                        rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;bob@lab.test"])
        got = self.provider.smtp.accepted()[-1]
        self.assertRegex(got.mail.upper(), "RET=HDRS.*ENVID=ABC|ENVID=ABC.*RET=HDRS")
        self.assertIn("NOTIFY=SUCCESS,FAILURE", got.rcpts[0].upper())

    def test_nothing_said_before_tls_is_believed(self):
        """A command sent in clear right behind STARTTLS must not be answered inside TLS (CVE-2011-0411)."""
        with socket.create_connection((base.LOOPBACK, self.relay("alice").smtp), 20) as connection:
            connection.recv(4096)
            connection.sendall(b"EHLO here\r\n")
            connection.recv(4096)
            connection.sendall(b"STARTTLS\r\nRSET\r\n")
            try:
                self.assertTrue(connection.recv(4096).startswith(b"220"))
                secure = pki.unchecked_context().wrap_socket(connection)
                secure.sendall(b"NOOP\r\n")
                secure.settimeout(2)
                answers = secure.recv(4096)
                try:
                    answers += secure.recv(4096)
                except (OSError, ssl.SSLError):
                    pass
                self.assertEqual(1, answers.count(b"\r\n"), answers)
            except (ssl.SSLError, ConnectionError):
                pass  # it may as well end the connection

    def test_mail_without_login_is_refused(self):
        code, _ = self.fresh().docmd("MAIL FROM:<alice@lab.test>")
        self.assertGreaterEqual(code, 500)


class PostfixTest(PracticeCase):
    """The whole way with a Postfix between."""
    options = {"smtp": "postfix"}

    @classmethod
    def setUpClass(cls):
        if not postfix.available():
            raise unittest.SkipTest("Postfix can only be started by root")
        super().setUpClass()

    def test_a_sealed_letter_and_an_ordinary_one(self):
        self.submit("alice", mails.letter("alice@lab.test", "bob@lab.test", "#med# Lettre", "Texte entier.\n"), "bob@lab.test")
        self.assertIn(b"pkcs7-mime", self.arrived("bob", 1)[-1])
        self.assertIn("Texte entier.", mails.texts(mails.parse(self.newest("bob"))))
        self.submit("alice", LETTER, "bob@lab.test")
        self.assertIn(b"Rien de secret.", self.arrived("bob", 2)[-1])

    def test_the_refusal_of_postfix_is_told(self):
        with self.assertRaises(smtplib.SMTPException) as caught:
            self.submit("alice", LETTER, "nobody@elsewhere.test")
        self.assertRegex(str(caught.exception), r"5\d\d")
