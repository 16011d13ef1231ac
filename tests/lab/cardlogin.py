"""What tests of cards that log in share: a provider that wants a certificate of whoever connects, and a doctor who has it on a card."""
import contextlib
import re
import shutil
import smtplib
import threading
import unittest

from lab import base, cps, dovecot, imapline, mails, pinentry, pki, postfix, sink, souspli

from common import Canary, need_product

ALICE, BOB = "alice@lab.test", "bob@lab.test"
LOCAL = "mot de passe local"


class Demanding:
    """Dovecot and Postfix that let nobody in without a certificate of that authority."""

    def __init__(self, folder, tls, authority, versions=">=TLSv1.2"):
        self.store = dovecot.Dovecot(folder / "d", tls, {ALICE: "pw-alice", BOB: "pw-bob"})
        self.store.folder.mkdir(parents=True)
        clients = shutil.copy(authority.certificate, self.store.folder / "clients.pem")
        old = "ssl_verify_client_cert = yes\nssl_require_crl = no\nprotocol imap {\n  auth_ssl_require_client_cert = yes\n}\nprotocol pop3 {\n  auth_ssl_require_client_cert = yes\n}\n"
        new = "ssl_server_request_client_cert = yes\nssl_server_require_crl = no\nprotocol imap {\n  auth_ssl_require_client_cert = yes\n}\nprotocol pop3 {\n  auth_ssl_require_client_cert = yes\n}\n"
        ca = f"ssl_ca = <{clients}\n{old}" if dovecot.version() < "2.4" else f"ssl_server_ca_file = {clients}\n{new}"
        self.store.extra = ca
        self.smtp = postfix.Postfix(folder / "p", tls, self.store)
        self.smtp.extra = (f"smtpd_tls_CAfile = {authority.certificate}\nsmtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes\n"
                           f"smtpd_tls_loglevel = 1\nsmtpd_tls_mandatory_protocols = {versions}\nsmtpd_tls_received_header = yes\n")

    def start(self):
        self.store.start()
        self.smtp.start()
        return self

    def stop(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.store.stop)
            stack.callback(self.smtp.stop)

    def handshakes(self):
        """How Postfix agreed with each who had a certificate: version, and what the client signed with where it says so."""
        return re.findall(r"Trusted TLS connection established from \S+ (TLSv1\.\d) .*?(?:client-signature (\S+).*)?\n", self.smtp.log().decode())


class CardLoginCase(unittest.TestCase):
    """Alice, whose card opens the way to her provider, and Bob, who needs none for his."""
    versions = ">=TLSv1.2"

    @classmethod
    def setUpClass(cls):
        need_product()
        if not postfix.available():
            raise unittest.SkipTest("Postfix wants root")
        cls.place = base.Folder()
        cls.addClassCleanup(cls.place.remove)
        cls.folder = cls.place.path
        cls.tls = pki.Tls(cls.folder / "tls")
        cls.authority = pki.Authority(cls.folder / "pki", "Autorité d'essai")
        cls.alice, cls.bob = (cls.authority.doctor(name, f"Dr {name.capitalize()} ESSAI", f"{name}@lab.test") for name in ("alice", "bob"))
        cls.provider = Demanding(cls.folder, cls.tls, cls.authority, cls.versions)
        cls.addClassCleanup(cls.provider.stop)
        cls.provider.start()
        cls.other = sink.Sink(cls.tls, {BOB: "pw-bob"})
        cls.other.start()
        cls.addClassCleanup(cls.other.stop)

    def setUp(self):
        place = self.folder / self.id().rsplit(".", 1)[1][:40]
        place.mkdir()
        module = self.insert(place)
        self.pinentry = pinentry.Pinentry(place / "pinentry")
        self.addCleanup(self.pinentry.close)
        self.canary, self.before = Canary(), len(self.provider.store.stored(BOB))
        self.relay = self.souspli(place, module)
        self.addCleanup(self.relay.stop)

    def pairs(self):
        """What is on the card: those of a CPS."""
        return cps.card(self.authority)

    def souspli(self, place, module, smtp=None):
        """In front of both providers, the passwords given, not started."""
        smtp = smtp or (self.provider.smtp.submission, "starttls")
        store = self.provider.store
        extra = 'client_certificate = "card"\n'
        accounts = [souspli.account(ALICE, smtp[0], store.imaps, smtp_tls=smtp[1], extra=extra, pop3=(store.pop3s, "implicit")),
                    souspli.account(BOB, self.other.starttls_port, 1, extra=self.of_bob())]
        card = f'recognise_letters = false\n\n[card]\nmodule = "{module}"\npinentry = "{self.pinentry.program}"\n'
        relay = souspli.Souspli(place, accounts, [self.tls.bundle], card, pop3=True)
        relay.furnish({ALICE: [self.alice], BOB: [self.bob]}, [], [self.authority.certificate])
        for option, password in (((), "pw-alice"), (("--local",), LOCAL)):
            (place / "given").write_text(password + "\n")
            relay.cli("account", "password", *option, "--password-file", place / "given", ALICE)
        return relay

    def of_bob(self):
        """More of Bob's account."""
        return ""

    def take_card(self):
        """The card's keys become Alice's; nobody is asked for a PIN."""
        self.relay.cli("key", "card", "--account", ALICE, "--config", self.relay.config)
        self.assertEqual(0, self.pinentry.prompts())

    def run_it(self, *answers):
        """With the card's keys, and what its holder will type."""
        self.take_card()
        self.pinentry.will(*answers)
        self.relay.start()

    def client(self, address=ALICE, password=LOCAL):
        """A submission connection that is logged in; SMTPResponseException where it is refused."""
        client = smtplib.SMTP(base.LOOPBACK, self.relay.smtp, timeout=120)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.ehlo()
        # One mechanism: smtplib would try them all.
        client.auth("PLAIN", lambda challenge=None: f"\0{address}\0{password}")
        return client

    def box(self):
        """An IMAP connection of Alice's."""
        box = imapline.Imap(self.relay.imap, ALICE, LOCAL, seconds=150)
        self.addCleanup(box.close)
        return box

    def send(self, subject="#med# Lettre"):
        """A letter from Alice to Bob."""
        self.client().sendmail(ALICE, [BOB], self.canary.letter(subject, [BOB], ALICE))

    def sent(self):
        """What has come last: opened by Bob's key and verified by openssl."""
        stored = base.until(lambda: len(got := self.provider.store.stored(BOB)) > self.before and got, 20, "a letter for Bob")
        self.before = len(stored)
        octets = stored[-1][stored[-1].index(b"MIME-Version"):]
        self.assertEqual([], self.canary.found_in(stored[-1]))
        signed = base.run("openssl", "cms", "-decrypt", "-recip", self.bob.certificate, "-inkey", self.bob.key, stdin=octets)
        clear = base.run("openssl", "cms", "-verify", "-CAfile", self.authority.certificate, stdin=signed)
        self.assertIn(self.canary.body.encode(), clear)

    def refused(self, *codes):
        """Nobody is let in, over neither protocol, for now; nothing left. What SMTP said."""
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.send()
        said = caught.exception.smtp_error.decode("ascii")
        self.assertRegex(said, rf"\[({'|'.join(codes)})\]")
        self.assertEqual(454, caught.exception.smtp_code, said)
        self.nothing_left()
        return said

    def box_refused(self, *codes):
        """The same over IMAP, in the words of a server that may be tried again."""
        with self.assertRaises(imapline.Refused) as caught:
            self.box()
        self.assertRegex(str(caught.exception), rf"NO \[UNAVAILABLE\] .*\[({'|'.join(codes)})\]")
        return str(caught.exception)

    def nothing_left(self):
        """Not a word has reached the provider."""
        self.assertEqual(self.before, len(self.provider.store.stored(BOB)))
        seen = b"".join(octets for _, octets in self.provider.store.everything()) + self.provider.smtp.log()
        self.assertEqual([], self.canary.found_in(seen))

    def bob_sends(self):
        """The other account is served."""
        count = len(self.other.accepted())
        client = self.client(BOB, "pw-bob")
        client.sendmail(BOB, ["carol@lab.test"], mails.letter(BOB, "carol@lab.test", "Bonjour", "Rien de secret"))
        self.assertEqual(count + 1, len(self.other.accepted()))

    def apart(self, does):
        """A thread that does it, and what became of it."""
        outcome = []

        def run():
            try:
                outcome.append(does())
            except Exception as error:
                outcome.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        return thread, outcome
