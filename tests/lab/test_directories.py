"""Colleagues' certificates from directories: real slapd, and servers that stop, wait, lie or send without end."""
import json
import re
import signal
import unittest

from lab import base, mails, pki, slapd, souspli

from common import need_product

ALICE, BOB = "alice@lab.test", "bob.essai@lab.test"


class DirectoryCase(unittest.TestCase):
    """Alice, who knows nobody, and directories."""

    @classmethod
    def setUpClass(cls):
        need_product()
        if not slapd.available():
            raise unittest.SkipTest("slapd is not installed")
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        cls.folder = folder.path
        cls.tls = pki.Tls(cls.folder / "tls")
        cls.authority = pki.Authority(cls.folder / "pki", "Autorité d'essai")
        cls.stranger = pki.Authority(cls.folder / "stranger", "Autorité étrangère")
        cls.alice = cls.authority.doctor("alice", "Dr Alice ESSAI", ALICE)
        cls.bob = cls.authority.doctor("bob", "Dr Bob ESSAI", BOB)
        cls.letter = mails.letter(ALICE, BOB, "#med# Lettre", "Bonjour.\n")

    def directory(self, **options):
        """A slapd that is stopped with the test."""
        place = self.folder / f"l{len(list(self.folder.iterdir()))}"
        server = slapd.Slapd(place, self.tls, **options)
        self.addCleanup(server.stop)
        return server

    def with_bob(self, **options):
        """One that has Bob, started."""
        return self.directory(**options).add("Bob ESSAI", BOB, certificates=[self.bob.certificate]).start()

    def home(self, *sections, authorities=None, policy=""):
        """Alice's home with these sections."""
        place = self.folder / f"h{len(list(self.folder.iterdir()))}"
        place.mkdir()
        bundles = [self.tls.bundle] if authorities is None else authorities
        relay = souspli.Souspli(place, [souspli.account(ALICE, 1, 1)], bundles, policy)
        relay.config.write_text(relay.config.read_text() + "".join(sections))
        relay.furnish({ALICE: [self.alice]}, [], [self.authority.certificate])
        return relay

    def sealed(self, relay, *recipients):
        """The sealed message; the lab's error when it is refused."""
        to = [word for r in recipients or (BOB,) for word in ("--to", r)]
        return relay.cli("seal", "--from", ALICE, *to, "--config", relay.config, stdin=self.letter)

    def refused(self, relay, code, *recipients, inside=None):
        """What is said of a message that cannot be sealed."""
        to = [word for r in recipients or (BOB,) for word in ("--to", r)]
        done = relay.attempt("seal", "--from", ALICE, *to, "--config", relay.config, stdin=self.letter)
        said = done.stderr.decode()
        self.assertEqual((1, b""), (done.returncode, done.stdout), said)
        self.assertIn(f"[{code}]", said)
        self.assertNotIn("panicked", said)
        if inside:
            self.assertIn(inside, said)
        return said

    def found(self, relay, *more, status=0):
        """What `cert find` says, both outputs."""
        done = relay.attempt("cert", "find", BOB, *more, "--config", relay.config)
        said = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(status, done.returncode, said)
        return said


class TransportTest(DirectoryCase):
    """How a directory is reached."""

    def test_plain_starttls_and_ldaps(self):
        server = self.with_bob()
        for tls in ("plain", "starttls", "ldaps"):
            with self.subTest(tls):
                relay = self.home(server.section(tls=tls))
                self.assertIn(b"enveloped-data", self.sealed(relay))
                said = self.found(relay)
                self.assertIn("Dr Bob ESSAI", said)
                self.assertIn("annuaire", said)

    def test_a_certificate_that_is_not_to_be_trusted(self):
        server = self.with_bob()
        for tls in ("starttls", "ldaps"):
            with self.subTest(tls):
                relay = self.home(server.section(tls=tls), authorities=[self.authority.certificate])
                before = server.searches()
                self.refused(relay, "SP-DIRECTORY-AWAY")
                self.assertRegex(self.found(relay, status=1), r"SP-TLS-UNKNOWN-ISSUER|SP-TLS-CERTIFICATE")
                self.assertEqual(before, server.searches(), "nothing is asked of a stranger")

    def test_who_is_not_bound_learns_nothing_and_the_password_is_sealed(self):
        server = self.with_bob(closed=True)
        relay = self.home(server.section(more=f'bind_dn = "{slapd.BINDER}"\n'))
        self.assertIn("SP-LDAP-NO-PASSWORD", self.found(relay, status=1))
        for word, expected in (("faux", "SP-LDAP-PASSWORD"), (slapd.PASSWORD, "Dr Bob ESSAI")):
            (relay.folder / "word").write_text(f"{word}\n")
            relay.cli("cert", "password", "annuaire", "--password-file", relay.folder / "word", "--config", relay.config)
            self.assertIn(expected, self.found(relay, status=0 if "Bob" in expected else 1))
        (relay.folder / "word").unlink()
        for path, octets in relay.everything():
            self.assertNotIn(slapd.PASSWORD.encode(), octets, path)
        told = self.home(server.section(more=f'bind_dn = "{slapd.BINDER}"\npassword_command = ["printf", "{slapd.PASSWORD}"]\n'))
        self.assertIn("Dr Bob ESSAI", self.found(told))


class CacheTest(DirectoryCase):
    """What a directory has said counts for a while, and longer when it is away."""

    def test_stopped_and_cached(self):
        server = self.with_bob()
        relay = self.home(server.section())
        self.sealed(relay)
        asked = server.searches()
        self.sealed(relay)
        self.assertEqual(asked, server.searches(), "known by now")
        for path, octets in relay.everything():
            if relay.home in path.parents:
                self.assertNotIn(b"bob.essai", octets.lower(), path)
        server.stop()
        self.sealed(relay)
        day = base.run("date", "-d", "+3 days", "+%Y-%m-%d %H:%M:%S").decode().strip()
        self.assertIn(b"enveloped-data", self.later(relay, day, "seal", "--from", ALICE, "--to", BOB, "--config", relay.config))
        listed = self.later(relay, day, "cert", "list", "--config", relay.config).decode()
        self.assertRegex(listed, r"Dr Bob ESSAI +annuaire +\S+ +\S+ \(3 jours / days\)")

    def later(self, relay, day, *arguments):
        command = [*pki.at(day), str(souspli.binary()), *map(str, arguments), "--home", str(relay.home)]
        return base.run(*command, stdin=self.letter, env=relay.environment())

    def test_stopped_and_nothing_known_is_never_nobody(self):
        server = self.with_bob()
        relay = self.home(server.section(), policy='missing_certificate = "partial"')
        server.stop()
        self.refused(relay, "SP-DIRECTORY-AWAY")
        self.assertIn("SP-NET-REFUSED", self.found(relay, status=1))
        server.start()
        self.sealed(relay)

    def test_nobody_is_believed_for_a_while(self):
        server = self.directory().add("Carol ESSAI", "carol@lab.test").start()
        relay = self.home(server.section(more="by_name = false\n"))
        self.refused(relay, "SP-NO-CERTIFICATE")
        asked = server.searches()
        self.refused(relay, "SP-NO-CERTIFICATE")
        self.assertEqual(asked, server.searches())

    def test_deaf(self):
        server = self.with_bob()
        relay = self.home(server.section(more="timeout_seconds = 1\n"))
        server.pause(signal.SIGSTOP)
        self.addCleanup(server.pause, signal.SIGCONT)
        self.refused(relay, "SP-DIRECTORY-AWAY")

    def test_two_directories(self):
        away, server = self.with_bob(), self.with_bob()
        away.stop()
        relay = self.home(away.section("premier"), server.section("second"))
        self.sealed(relay)
        self.refused(relay, "SP-DIRECTORY-AWAY", BOB, "zoe@lab.test")


if __name__ == "__main__":
    unittest.main()
