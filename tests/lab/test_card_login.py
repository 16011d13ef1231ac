"""Mutual TLS with a key on a card: a SoftHSM token in front of a Dovecot and a Postfix that let nobody in without its certificate."""
import copy
import smtplib
import ssl
import unittest

from lab import badmodule, base, cps, dovecot, imapline, pinentry, pki, pop3line, sink, softhsm

from cardlogin import ALICE, BOB, LOCAL, CardLoginCase

CAROL = "carol@ailleurs.test"


class TokenCase(CardLoginCase):
    """The card is a token of SoftHSM behind a module that counts."""
    mechanisms = "ALL"

    @classmethod
    def setUpClass(cls):
        if not softhsm.available() or not badmodule.available():
            raise unittest.SkipTest("SoftHSM, pkcs11-tool or a C compiler is not installed")
        super().setUpClass()

    def insert(self, place):
        """The card; its module."""
        hsm = softhsm.SoftHsm(place / "hsm", self.mechanisms)
        hsm.token(pairs=self.pairs())
        self.module = badmodule.BadModule(place / "module", hsm.module, hsm.environment)
        self.addCleanup(self.module.behave)
        return self.module.module

    def sends_and_reads(self):
        """One PIN, and one operation of the card for each connection."""
        self.run_it(softhsm.PIN)
        already = len(self.provider.handshakes())
        self.send()
        self.sent()
        made = self.provider.handshakes()[already:]
        operations = self.module.operations()
        for count in (1, 2):
            self.box().do('SELECT "INBOX"')
            self.assertEqual(operations + count, self.module.operations(), "each connection is signed anew, once")
        self.assertEqual((1, 1), (self.pinentry.prompts(), self.module.count("C_Login")))
        self.assertEqual(operations, len(made))
        return made


class Tls13Test(TokenCase):
    """A card that knows PSS."""

    def test_tls_13_with_pss(self):
        """The authentication key signs: the other one of a CPS would ask at each use."""
        self.assertEqual({("TLSv1.3", "RSA-PSS")}, set(self.sends_and_reads()))

    def test_who_does_not_know_the_local_password_sees_no_window(self):
        self.run_it(softhsm.PIN)
        with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
            self.client(ALICE, "autre")
        self.assertIn(b"SP-LOCAL-PASSWORD", caught.exception.smtp_error)
        self.assertEqual((0, 0), (self.pinentry.prompts(), self.module.operations()))
        self.box()
        used = self.module.operations()
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.client(ALICE, "autre")
        self.assertEqual(used, self.module.operations(), "nor is a card that is open used for anybody")

    def test_without_the_card_others_are_offered_what_their_provider_offers(self):
        self.run_it()
        self.assertTrue(self.client(BOB, "pw-bob").has_extn("dsn"))
        self.assertEqual((0, 0), (self.pinentry.prompts(), self.module.operations()))

    def test_a_wrong_pin_is_asked_again(self):
        self.run_it("9999", softhsm.PIN)
        self.send()
        self.sent()
        self.assertEqual((2, 2), (self.pinentry.prompts(), self.module.count("C_Login")))

    def test_who_says_no_is_told_so(self):
        self.run_it(pinentry.CANCEL, pinentry.CANCEL, softhsm.PIN)
        said = self.refused("SP-PIN-CANCELLED")
        self.assertIn("Le code de la carte n'a pas ete donne", said)
        self.box_refused("SP-PIN-CANCELLED")
        self.send()
        self.sent()

    def test_ten_connections_see_one_window(self):
        self.run_it(softhsm.PIN)
        self.pinentry.hold()
        threads = [self.apart(self.box) for _ in range(10)]
        base.until(self.pinentry.prompts, 20, "the window")
        self.bob_sends()
        self.pinentry.release()
        for thread, _ in threads:
            thread.join()
        self.assertEqual([], [outcome[0] for _, outcome in threads if isinstance(outcome[0], Exception)])
        self.assertEqual((1, 1), (self.pinentry.prompts(), self.module.count("C_Login")))

    def test_ten_connections_are_refused_by_one_no(self):
        self.run_it(pinentry.CANCEL)
        self.pinentry.hold()
        threads = [self.apart(self.box) for _ in range(10)]
        base.until(self.pinentry.prompts, 20, "the window")
        self.pinentry.release()
        for thread, _ in threads:
            thread.join()
        self.assertEqual(10, sum("SP-PIN-CANCELLED" in str(outcome[0]) for _, outcome in threads))
        self.assertEqual(1, self.pinentry.prompts())

    def test_a_mail_program_that_waits_hears_of_it(self):
        """An IMAP client is told that it is not forgotten while the window stands."""
        self.run_it(softhsm.PIN)
        self.pinentry.hold()
        thread, outcome = self.apart(lambda: self.ticked())
        base.until(lambda: outcome or self.pinentry.prompts(), 20, "the window")
        base.until(lambda: self.heard, 20, "a word for who waits")
        self.pinentry.release()
        thread.join()
        self.assertEqual([True], outcome)

    def ticked(self):
        """Logs in; whether it was told to wait, and let in."""
        self.heard = []
        box = self.unlogged()
        box._socket.sendall(f'w LOGIN "{ALICE}" "{LOCAL}"\r\n'.encode())
        while (line := box._response()).startswith(b"* "):
            self.heard.append(line)
        return line.startswith(b"w OK") and all(each.startswith((b"* OK ", b"* CAPABILITY ")) for each in self.heard)

    def unlogged(self):
        """A connection before its login."""
        box = imapline.Imap(self.relay.imap, seconds=120)
        self.addCleanup(box.close)
        return box

    def test_nobody_is_let_in_without_it(self):
        """Neither of the two servers, when it is spoken to directly."""
        with self.assertRaisesRegex(imapline.Refused, "valid SSL certificate"):
            imapline.Imap(self.provider.store.imaps, ALICE, "pw-alice", secure="implicit")
        client = smtplib.SMTP(base.LOOPBACK, self.provider.smtp.submission, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            client.sendmail(ALICE, [BOB], "Subject: x\r\n\r\n")

    @unittest.skipUnless(dovecot.has_pop3(), "Dovecot's POP3 server is not installed")
    def test_over_pop3(self):
        self.run_it(pinentry.CANCEL, softhsm.PIN)
        # Behind the back of somebody who has just said no, a mail program that looks for mail opens no window.
        for _ in range(2):
            with self.assertRaisesRegex(pop3line.Refused, r"SYS/TEMP.*SP-PIN-CANCELLED"):
                self.pop3()
        self.assertEqual(1, self.pinentry.prompts())
        self.send()
        self.sent()
        self.pop3()

    def pop3(self):
        """A login."""
        box = pop3line.Pop3(self.relay.pop3, ALICE, LOCAL)
        self.addCleanup(box.close)

    def test_check_says_that_a_card_is_wanting(self):
        checked = self.relay.cli("check", "--config", self.relay.config).decode()
        self.assertIn("SP-CLIENT-CARD-NO-KEY", checked)
        self.take_card()
        self.assertNotIn("SP-CLIENT-CARD-NO-KEY", self.relay.cli("check", "--config", self.relay.config).decode())

    def test_the_card_alone_says_who_it_is(self):
        """EXTERNAL, where no password is kept."""
        server = sink.Sink(_Asking(self.tls, self.authority.certificate), {ALICE: "pw-alice"})
        server.external = ALICE
        server.start()
        self.addCleanup(server.stop)
        place = self.folder / "external"
        place.mkdir()
        self.relay = self.souspli(place, self.module.module, (server.implicit_port, "implicit"))
        self.addCleanup(self.relay.stop)
        self.relay.cli("account", "forget", ALICE)
        (place / "given").write_text(LOCAL + "\n")
        self.relay.cli("account", "password", "--local", "--password-file", place / "given", ALICE)
        self.run_it(softhsm.PIN)
        self.send()
        self.assertEqual({("EXTERNAL", ALICE)}, set(server.attempts))

    def test_a_card_that_is_not_known_is_told_with_the_command(self):
        self.relay.start()
        said = self.refused("SP-CLIENT-CARD-NO-KEY")
        self.assertIn(f"souspli key card --account {ALICE}", said)
        self.box_refused("SP-CLIENT-CARD-NO-KEY")
        self.assertEqual(0, self.pinentry.prompts())

    def test_a_module_that_hangs_or_crashes_in_the_handshake(self):
        self.run_it(*[softhsm.PIN] * 9)
        self.send()
        self.sent()
        for does, code in ((badmodule.CRASH, "SP-CARD-CRASHED"), (badmodule.HANG, "SP-CARD-HUNG")):
            with self.subTest(does):
                self.module.will("C_Sign", does)
                thread, outcome = self.apart(lambda: self.refused(code))
                self.bob_sends()
                thread.join()
                self.assertIsInstance(outcome[0], str)
                self.module.behave()
                self.relay.restart()
                self.send()
                self.sent()

    def test_nobody_is_kept_waiting_who_needs_no_card(self):
        self.run_it(softhsm.PIN)
        self.send()
        self.sent()
        self.module.will("C_Sign", badmodule.delay(5000), times=1)
        thread, outcome = self.apart(self.send)
        base.until(lambda: self.module.pending("C_Sign"), 20, "the card at work")
        self.bob_sends()
        self.assertEqual(1, self.module.pending("C_Sign"), "the card is still at work")
        thread.join()
        self.assertEqual([None], outcome)
        self.sent()

    def test_nothing_of_the_pin_is_kept(self):
        self.run_it("40817263", softhsm.PIN)
        self.send()
        self.sent()
        self.assertEqual([], [str(file) for file, octets in self.relay.everything() if b"40817263" in octets and file.parent.name != "pinentry"])


class OnlyEachTimeTest(TokenCase):
    """A card whose only key that could log in asks for the PIN at each use."""

    def pairs(self):
        return [cps._pair(self.authority, cps.Holder(), "authentication", "rsa", cps.AUTHENTICATION, "Certificat", ("sign",), always=True)]

    def test_it_is_not_used(self):
        self.run_it(*[softhsm.PIN] * 5)
        said = self.refused("SP-CARD-LOGIN-EACH-TIME")
        self.assertIn("CAMILLE ESSAI-DURAND", said)
        self.box_refused("SP-CARD-LOGIN-EACH-TIME")
        self.assertEqual(1, self.pinentry.prompts(), "no window for each connection")


class Tls12Test(TokenCase):
    """A card that knows PKCS#1 v1.5 only, as a CPS3 does."""
    mechanisms = softhsm.WITHOUT_PSS

    def test_tls_12_where_the_card_knows_no_pss(self):
        """The servers would speak TLS 1.3."""
        self.assertEqual({"TLSv1.2"}, {version for version, _ in self.sends_and_reads()})

    def test_a_server_that_wants_tls_13(self):
        server = sink.Sink(_Strict(self.tls, self.authority.certificate), {ALICE: "pw-alice"})
        server.start()
        self.addCleanup(server.stop)
        place = self.folder / "strict"
        place.mkdir()
        self.relay = self.souspli(place, self.module.module, (server.implicit_port, "implicit"))
        self.addCleanup(self.relay.stop)
        self.run_it(softhsm.PIN)
        said = self.refused("SP-TLS-CARD-TOO-OLD")
        self.assertIn("exige TLS 1.3", said)
        self.assertEqual(([], b""), (server.attempts, server.received()))


class _Asking:
    """The TLS of a server that asks for a certificate."""

    def __init__(self, tls, authority):
        self._tls, self._authority = tls, authority

    def server_context(self):
        """For each connection."""
        return self._tls.asking_context(self._authority)


class _Strict(_Asking):
    """The same for one that takes TLS 1.3 only."""

    def server_context(self):
        """For each connection."""
        context = super().server_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context


class MiddleTest(TokenCase):
    """A card whose authority the servers do not know, though they know the one above it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.middle = copy.copy(cls.authority)
        cls.middle.key, cls.middle.certificate = cls.authority.issue(
            "middle", "/C=FR/CN=Milieu", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
            "authorityKeyIdentifier=keyid\n")

    def pairs(self):
        return cps.card(self.middle)

    def test_the_authority_between_is_shown_too(self):
        self.relay.cli("trust", "add", self.middle.certificate)
        self.assertEqual({("TLSv1.3", "RSA-PSS")}, set(self.sends_and_reads()))


class CompanionTest(TokenCase):
    """Bob's letters to the space of trust leave through Alice's account, which wants her card."""

    def of_bob(self):
        return f'mssante_via = "{ALICE}"\n'

    def souspli(self, place, module, smtp=None):
        relay = super().souspli(place, module, smtp)
        relay.config.write_text(relay.config.read_text().replace('channel = "ordinary"', 'channel = "mssante"', 1))
        relay.cli("cert", "import", self.authority.doctor("carol", "Dr Carol ESSAI", CAROL).certificate)
        return relay

    def test_without_the_card_neither_half_leaves(self):
        self.run_it(pinentry.CANCEL, softhsm.PIN)
        both = [CAROL, "paul@medecin.mssante.fr"]
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.client(BOB, "pw-bob").sendmail(BOB, both, self.canary.letter("Lettre", both, BOB))
        said = caught.exception.smtp_error.decode()
        self.assertEqual(4, caught.exception.smtp_code // 100, said)
        self.assertIn("SP-PIN-CANCELLED", said)
        self.assertEqual([], self.other.accepted())
        self.nothing_left()
        met = len(self.provider.handshakes())
        self.client(BOB, "pw-bob").sendmail(BOB, both, self.canary.letter("Lettre", both, BOB))
        self.assertEqual([f"RCPT TO:<{CAROL}>"], self.other.accepted()[0].rcpts)
        self.assertGreater(len(self.provider.handshakes()), met)


class P256Test(TokenCase):
    """A card with a key on P-256, in either version."""

    def pairs(self):
        return [cps.single(self.authority, kind="ec")]

    def test_tls_13_with_ecdsa(self):
        self.assertEqual({("TLSv1.3", "ECDSA")}, set(self.sends_and_reads()))


class P384Test(TokenCase):
    """On P-384."""

    def pairs(self):
        return [cps.single(self.authority, kind="ec384")]

    def test_tls_13_with_ecdsa(self):
        self.assertEqual({("TLSv1.3", "ECDSA")}, set(self.sends_and_reads()))


class OldServerTest(P256Test):
    """The same with servers that speak TLS 1.2."""
    versions = ">=TLSv1.2, <=TLSv1.2"

    def test_tls_13_with_ecdsa(self):
        self.assertEqual({"TLSv1.2"}, {version for version, _ in self.sends_and_reads()})


class OldServerRsaTest(TokenCase):
    """TLS 1.2 and a card that knows both paddings of RSA."""
    versions = ">=TLSv1.2, <=TLSv1.2"

    def test_tls_12(self):
        self.assertEqual({"TLSv1.2"}, {version for version, _ in self.sends_and_reads()})


if __name__ == "__main__":
    unittest.main()
