"""Accounts that log in by themselves: whom the channel of the space of trust believes, tokens of a command, client certificates.

Real servers stand at the other end: Dovecot, stunnel that asks for a certificate, receivers that want XOAUTH2 or EXTERNAL.
"""
import base64
import copy
import http.server
import smtplib
import subprocess
import sys
import threading
import unittest

from lab import base, dovecot, imapline, imapstub, pki, sink, souspli

from common import Canary, need_product

BAL, TOKEN, LOCAL = "bal@medecin.mssante.fr", "jeton-frais", "mot de passe local"
COLLEAGUE = "paul@medecin.mssante.fr"
# Prints the next line of a file, the last one for ever, and counts its calls.
COMMAND = """import pathlib, sys
place = pathlib.Path(sys.argv[1])
lines = place.read_text().splitlines()
print(lines[0])
place.write_text("\\n".join(lines[1:] or lines) + "\\n")
with open(place.with_suffix(".calls"), "a") as calls:
    calls.write("x")
sys.exit(3 if lines[0] == "fail" else 0)
"""


class OwnLoginCase(unittest.TestCase):
    """One account of the space of trust in a Souspli of its own, and its operator."""

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.tls, cls.other = (pki.Tls(cls.folder.path / name) for name in ("tls", "other-tls"))
        cls.authority = pki.Authority(cls.folder.path / "pki", "Autorité d'essai")
        cls.doctor = cls.authority.doctor("bal", "Dr Bal ESSAI", BAL)
        # As the offer ORG AUTH_CLI of IGC-Santé: a certificate for TLS is none for mail.
        tls = cls.authority.issue("client", "/C=FR/CN=bal", "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n")
        cls.client = pki.Doctor("client", "bal", BAL, *tls, cls.authority.certificate)

    def operator(self, **more):
        """A receiver that wants a password, a token or a certificate."""
        server = sink.Sink(self.tls, {BAL: TOKEN.removeprefix("token-"), **more})
        server.start()
        self.addCleanup(server.stop)
        return server

    def souspli(self, smtp_port, imap_port, smtp_tls="starttls", imap_tls="implicit", extra="", space=None, login=None):
        """A Souspli in front of these, not started."""
        place = self.folder.path / self.id().rsplit(".", 1)[1][:30]
        place.mkdir()
        account = souspli.account(BAL, smtp_port, imap_port, smtp_tls, imap_tls, channel="mssante", extra=extra, login=login)
        relay = souspli.Souspli(place, [account], [self.tls.bundle, self.other.bundle], space=[self.tls.bundle] if space is None else space)
        relay.furnish({BAL: [self.doctor]}, [], [self.authority.certificate])
        self.addCleanup(relay.stop)
        return relay

    def keep(self, relay, password, *options):
        """`souspli account password`."""
        place = relay.folder / "given"
        place.write_text(password + "\n")
        relay.cli("account", "password", *options, "--password-file", place, BAL)
        place.unlink()

    def smtp(self, relay):
        """A connection that has not logged in."""
        client = smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.ehlo()
        return client

    def login_refused(self, relay, password=LOCAL):
        """Code and text of the answer to AUTH."""
        # Once: smtplib's own login would try every mechanism.
        given = base64.b64encode(f"\0{BAL}\0{password}".encode()).decode()
        code, text = self.smtp(relay).docmd("AUTH", f"PLAIN {given}")
        self.assertNotEqual(235, code)
        return code, text.decode("ascii")

    def send(self, relay, password=LOCAL):
        """One letter to a colleague."""
        client = self.smtp(relay)
        client.login(BAL, password)
        client.sendmail(BAL, [COLLEAGUE], Canary().letter("Lettre", COLLEAGUE, sender=BAL))

    def box(self, relay, password=LOCAL):
        """An IMAP connection."""
        box = imapline.Imap(relay.imap, BAL, password)
        self.addCleanup(box.close)
        return box

    def box_refused(self, relay, password=LOCAL):
        """The answer to LOGIN."""
        with self.assertRaises(Exception) as caught:
            self.box(relay, password)
        return str(caught.exception)


class PinnedTest(OwnLoginCase):
    """The channel of the space of trust believes its own authorities, whatever the others say of a server."""

    def real(self, space):
        """Dovecot and a receiver whose authority is one of [upstream], and the space's."""
        store = dovecot.Dovecot(self.folder.path / f"d{len(space)}{self.id()[-4:]}", self.tls, {BAL: "pw"})
        store.start()
        self.addCleanup(store.stop)
        server = sink.Sink(self.tls, {BAL: "pw"})
        server.start()
        self.addCleanup(server.stop)
        return server, self.souspli(server.starttls_port, store.imaps, space=space).start()

    def test_another_authority_is_refused_before_anything_is_said(self):
        server, relay = self.real([self.other.bundle])
        code, text = self.login_refused(relay, "pw")
        self.assertEqual(454, code)
        self.assertIn("SP-TLS-NOT-IGC-SANTE", text)
        self.assertIn("SP-TLS-NOT-IGC-SANTE", self.box_refused(relay, "pw"))
        self.assertEqual([], server.attempts)

    def test_without_a_word_it_is_igc_sante_alone(self):
        """Neither those of [upstream], nor those that the user trusts for mail."""
        server, relay = self.real([])
        relay.cli("trust", "add", self.tls.bundle)
        self.assertIn("SP-TLS-NOT-IGC-SANTE", self.login_refused(relay, "pw")[1])
        self.assertIn("SP-TLS-NOT-IGC-SANTE", self.box_refused(relay, "pw"))
        self.assertEqual([], server.attempts)

    def test_its_own_authority(self):
        server, relay = self.real([self.tls.bundle])
        self.send(relay, "pw")
        self.assertEqual(2, len(server.accepted()))
        self.box(relay, "pw").do('SELECT "INBOX"')


class RevokedTest(OwnLoginCase):
    """An operator whose certificate its authority has taken back: nothing is said to it."""

    def revoked(self, certificate, authority=None):
        """The list of the servers' authority, in DER."""
        authority = authority or self.tls.authority
        place = self.folder.path / f"crl-{certificate.stem}"
        place.mkdir()
        (place / "index").touch()
        (place / "number").write_text("01\n")
        (place / "ca.cnf").write_text(f"[ca]\ndefault_ca = d\n[d]\ndatabase = {place}/index\ncrlnumber = {place}/number\ndefault_md = sha256\n"
                                      f"default_crl_days = 3\ncertificate = {authority.certificate}\nprivate_key = {authority.key}\n"
                                      "crl_extensions = e\n[e]\nauthorityKeyIdentifier = keyid\n")
        base.run("openssl", "ca", "-config", place / "ca.cnf", "-revoke", certificate)
        pem = base.run("openssl", "ca", "-config", place / "ca.cnf", "-gencrl")
        return base.run("openssl", "crl", "-outform", "DER", stdin=pem)

    def test_a_revoked_operator_hears_nothing(self):
        relay, server = self.world(self.tls, self.revoked(self.tls.certificate), self.tls.bundle)
        code, text = self.login_refused(relay, "pw")
        self.assertEqual((454, True), (code, "SP-TLS-REVOKED" in text), text)
        self.assertIn("SP-TLS-REVOKED", self.box_refused(relay, "pw"))
        self.assertEqual(([], b""), (server.attempts, server.received()))

    def test_nor_where_it_shows_its_authority_among_many_of_that_name(self):
        """TLS finds the one that issued its certificate; whoever asks for its status must not have given up before."""
        middle = copy.copy(self.tls.authority)
        middle.key, middle.certificate = self.tls.authority.issue(
            "middle", "/CN=Milieu", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
        crowd = copy.copy(self.tls)
        crowd.key, certificate = middle.issue("crowded", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
                                              "extendedKeyUsage=serverAuth\n")
        key_id = base.run("openssl", "x509", "-noout", "-ext", "subjectKeyIdentifier", "-in", middle.certificate).decode().split()[-1]
        ca = f"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier={key_id}\n"
        others = [self.other.authority.issue(f"like-{n}", "/CN=Milieu", ca, "ec")[1].read_text() for n in range(66)]
        crowd.certificate = self.folder.path / "crowd.pem"
        crowd.certificate.write_text("".join([certificate.read_text(), *others, middle.certificate.read_text()]))
        relay, server = self.world(crowd, self.revoked(certificate, middle), middle.certificate)
        code, text = self.login_refused(relay, "pw")
        self.assertEqual((454, True), (code, "SP-TLS-CERTIFICATE" in text), text)
        self.assertIn("SP-TLS-CERTIFICATE", self.box_refused(relay, "pw"))
        self.assertEqual(([], b""), (server.attempts, server.received()))

    def world(self, tls, crl, trusted):
        """A receiver that shows these certificates, and a relay that holds that list."""
        handler = type("Handler", (http.server.BaseHTTPRequestHandler,), {"do_GET": lambda answer: _give(answer, crl), "log_message": lambda *_: None})
        lists = http.server.ThreadingHTTPServer((base.LOOPBACK, 0), handler)
        self.addCleanup(lists.server_close)
        self.addCleanup(lists.shutdown)
        threading.Thread(target=lists.serve_forever, daemon=True).start()
        server = sink.Sink(tls, {BAL: "pw"})
        server.start()
        self.addCleanup(server.stop)
        relay = self.souspli(server.implicit_port, server.port("implicit"), smtp_tls="implicit")
        relay.config.write_text(relay.config.read_text() + f'\n[revocation]\nlists = ["http://127.0.0.1:{lists.server_address[1]}/op.crl"]\n')
        relay.cli("trust", "add", trusted)
        # The lists of IGC-Santé itself are out of reach here.
        relay.attempt("trust", "refresh", "--config", relay.config)
        return relay.start(), server


def _give(answer, octets):
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(octets)))
    answer.end_headers()
    answer.wfile.write(octets)


class TokenTest(OwnLoginCase):
    """XOAUTH2 with a token that a command prints; a local password stands in front."""

    def world(self, *tokens, local=LOCAL):
        """A receiver and a mailbox that take one token, and a command that prints these in turn."""
        server = sink.Sink(self.tls, {BAL: TOKEN})
        server.start()
        self.addCleanup(server.stop)
        stub = imapstub.Stub([b"Subject: x\r\n\r\ny\r\n"], token=f"token-{TOKEN}").start()
        self.addCleanup(stub.stop)
        place = self.folder.path / f"{self.id().rsplit('.', 1)[1][:20]}-tokens"
        place.write_text("\n".join(tokens) + "\n")
        program = self.folder.path / "command.py"
        program.write_text(COMMAND)
        extra = f'token_command = ["{sys.executable}", "{program}", "{place}"]\n'
        relay = self.souspli(server.starttls_port, stub.port, imap_tls="plain", extra=extra)
        if local:
            self.keep(relay, local, "--local")
        return server, stub, relay.start(), place.with_suffix(".calls")

    def test_the_provider_gets_the_token_and_never_the_local_password(self):
        server, stub, relay, _ = self.world(f"token-{TOKEN}")
        self.send(relay)
        self.box(relay).do('SELECT "INBOX"')
        self.assertEqual({("XOAUTH2", BAL)}, set(server.attempts))
        self.assertTrue(all(given.startswith(b"XOAUTH2 ") for given in stub.logins), stub.logins)
        for secret in (TOKEN, LOCAL):
            self.assertNotIn(secret.encode(), server.received() if secret == LOCAL else b"")
            self.assertEqual([], [str(file) for file, octets in relay.everything() if secret.encode() in octets])

    def test_a_token_that_has_ended_is_had_again_once(self):
        server, stub, relay, calls = self.world("token-perime", f"token-{TOKEN}")
        self.send(relay)
        self.assertEqual(("xx", 2), (calls.read_text(), len(server.attempts)))
        calls.with_suffix("").write_text(f"token-perime\ntoken-{TOKEN}\n")
        self.box(relay).do('SELECT "INBOX"')
        self.assertEqual(2, len(stub.logins))

    def test_a_token_that_is_never_right(self):
        server, stub, relay, calls = self.world("token-perime")
        code, text = self.login_refused(relay)
        self.assertEqual((535, 2, "xx"), (code, len(server.attempts), calls.read_text()), text)
        self.assertIn("SP-TOKEN-REFUSED", text)
        self.box_refused(relay)
        self.assertEqual(2, len(stub.logins))

    def test_who_does_not_know_the_local_password_gets_nowhere(self):
        server, stub, relay, calls = self.world(f"token-{TOKEN}")
        for password in ("", "autre", TOKEN, f"token-{TOKEN}"):
            code, text = self.login_refused(relay, password)
            self.assertEqual((535, True), (code, "SP-LOCAL-PASSWORD" in text), text)
            self.assertIn("AUTHENTICATIONFAILED", self.box_refused(relay, password))
        self.assertEqual(([], [], False), (server.attempts, stub.logins, calls.exists()))

    def test_without_a_local_password_nobody_is_let_in(self):
        server, stub, relay, calls = self.world(f"token-{TOKEN}", local=None)
        self.assertIn("SP-NO-LOCAL-PASSWORD", self.login_refused(relay, "")[1])
        self.assertIn("SP-NO-LOCAL-PASSWORD", self.box_refused(relay, "x"))
        self.assertEqual(([], [], False), (server.attempts, stub.logins, calls.exists()))

    def test_a_command_that_fails_is_explained(self):
        server, _, relay, _ = self.world("fail", "deux mots", f"token-{TOKEN}")
        for code in ("SP-TOKEN-FAILED", "SP-NOT-A-TOKEN"):
            self.assertIn(code, self.login_refused(relay)[1])
        self.assertEqual([], server.attempts)
        self.send(relay)


@unittest.skipUnless(base.program("stunnel"), "stunnel is not installed")
class CertificateTest(OwnLoginCase):
    """Mutual TLS with a PKCS#12 file."""

    def stunnel(self, *pairs):
        """A stunnel that asks for a certificate in front of these ports; its own ports."""
        ports = base.free_ports(len(pairs))
        name = self.id().rsplit(".", 1)[1][:20]
        file, log = (self.folder.path / f"{name}.stunnel{end}" for end in (".conf", ".log"))
        file.write_text(f"foreground = yes\npid =\nsyslog = no\ncert = {self.tls.certificate}\nkey = {self.tls.key}\n"
                        f"CAfile = {self.authority.certificate}\nverifyChain = yes\nrequireCert = yes\n" +
                        "".join(f"[s{port}]\naccept = {base.LOOPBACK}:{port}\nconnect = {base.LOOPBACK}:{to}\n" for port, to in zip(ports, pairs)))
        with open(log, "ab") as out:
            process = subprocess.Popen([base.program("stunnel"), file], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.addCleanup(base.stop_pid, process.pid)
        for port in ports:
            base.until(lambda port=port: base.answers(port), 10, "stunnel")
        return ports

    def world(self, certificate=True):
        """A receiver and a real Dovecot that only who shows a certificate reaches."""
        server = sink.Sink(self.tls, {BAL: "pw"})
        server.start()
        self.addCleanup(server.stop)
        store = dovecot.Dovecot(self.folder.path / f"d-{self.id()[-8:]}", self.tls, {BAL: "pw"})
        store.start()
        self.addCleanup(store.stop)
        smtp, imap = self.stunnel(server.port("plain"), store.imap)
        extra = f'client_certificate = "{self.client.p12()}"\n' if certificate else ""
        return server, self.souspli(smtp, imap, smtp_tls="implicit", extra=extra)

    def test_the_certificate_opens_the_way_and_the_kept_password_logs_in(self):
        server, relay = self.world()
        self.keep(relay, LOCAL, "--local")
        self.keep(relay, pki.PASSWORD, "--certificate")
        self.keep(relay, "pw")
        relay.start()
        self.send(relay)
        self.assertEqual({("PLAIN", BAL)}, set(server.attempts))
        self.box(relay).do('SELECT "INBOX"')
        for secret in (LOCAL, pki.PASSWORD):
            kept = [file for file, octets in relay.everything() if secret.encode() in octets]
            self.assertEqual([], [file for file in kept if file.name != "p12-password"])

    def test_a_file_that_does_not_open(self):
        server, relay = self.world()
        self.keep(relay, LOCAL, "--local")
        self.keep(relay, "pw")
        self.keep(relay, "autre", "--certificate")
        relay.start()
        self.assertIn("SP-CLIENT-CERTIFICATE-CLOSED", self.login_refused(relay)[1])
        self.assertIn("SP-CLIENT-CERTIFICATE-CLOSED", self.box_refused(relay))
        self.assertEqual([], server.attempts)

    def test_without_one_the_server_is_not_reached(self):
        server, relay = self.world(certificate=False)
        relay.start()
        code, text = self.login_refused(relay, "pw")
        self.assertEqual((454, True), (code, "SP-TLS" in text), text)
        self.assertEqual([], server.attempts)

    def test_the_certificate_alone_says_who_it_is(self):
        server = sink.Sink(self.tls, {BAL: "pw"})
        server.external, server.tls = BAL, _Asking(self.tls, self.authority.certificate)
        server.start()
        self.addCleanup(server.stop)
        relay = self.souspli(server.implicit_port, 1, smtp_tls="implicit", extra=f'client_certificate = "{self.client.p12()}"\n')
        self.keep(relay, LOCAL, "--local")
        self.keep(relay, pki.PASSWORD, "--certificate")
        relay.start()
        self.send(relay)
        self.assertEqual({("EXTERNAL", BAL)}, set(server.attempts))


class _Asking:
    """The TLS of a server that asks its clients for a certificate."""

    def __init__(self, tls, authority):
        self._tls, self._authority = tls, authority

    def server_context(self):
        """For each connection."""
        return self._tls.asking_context(self._authority)
