"""Colleagues' certificates from directories: real slapd, and servers that stop, wait, lie or send without end."""
import json
import re
import signal
import smtplib
import time
import unittest

from lab import base, ldapfake, mails, pki, servers, slapd, souspli

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

    def test_asked_again_in_the_background_before_it_is_too_old(self):
        server = self.with_bob()
        relay = self.home(server.section(tls="plain"))
        yesterday = base.run("date", "-d", "-20 hours", "+%Y-%m-%d %H:%M:%S").decode().strip()
        self.later(relay, yesterday, "cert", "find", BOB, "--config", relay.config)
        self.assertEqual(1, server.searches())
        relay.start()
        self.addCleanup(relay.kill)
        base.until(lambda: server.searches() == 2, 20, "the directory to be asked anew")
        relay.stop()
        server.stop()
        self.sealed(relay)

    def test_something_older_serves_when_the_directory_is_deaf(self):
        server = self.with_bob()
        relay = self.home(server.section(tls="plain", more="timeout_seconds = 3\n"))
        yesterday = base.run("date", "-d", "-25 hours", "+%Y-%m-%d %H:%M:%S").decode().strip()
        self.later(relay, yesterday, "cert", "find", BOB, "--config", relay.config)
        server.pause(signal.SIGSTOP)
        self.addCleanup(server.pause, signal.SIGCONT)
        with Clock() as clock:
            self.sealed(relay)
        self.assertGreaterEqual(clock.seconds, 3)

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


class NameTest(DirectoryCase):
    """Who is found by name, or whose certificate names no address, is used once the user has said so."""

    def fingerprint(self, said):
        """The one in the table under a name."""
        return re.search(r"(?m)^([0-9a-f]{16})  ", said.split("Peut-être", 1)[1]).group(1)

    def bound(self, relay, *more):
        """Found, not used, confirmed, used, and in the journal."""
        said = self.found(relay, *more)
        self.assertIn("[SP-TO-CONFIRM]", said)
        self.refused(relay, "SP-AMBIGUOUS-RECIPIENT")
        short = self.fingerprint(said)
        bound = relay.cli("cert", "confirm", BOB, short, "--config", relay.config).decode()
        self.assertIn("confirmé / confirmed", bound)
        self.assertIn(b"enveloped-data", self.sealed(relay))
        journal = [json.loads(line) for line in relay.cli("journal", "--json").splitlines()]
        self.assertEqual(["confirmed"], [e["code"] for e in journal if e["event"] == "certificate"])
        relay.cli("cert", "remove", short, "--config", relay.config)
        self.refused(relay, "SP-AMBIGUOUS-RECIPIENT")

    def card(self):
        return self.authority.doctor("card", "899700000001", None)

    def test_the_name_in_the_address(self):
        server = self.directory().add("Bob ESSAI", certificates=[self.card().certificate]).start()
        self.bound(self.home(server.section()))

    def test_a_name_that_is_given(self):
        server = self.directory().add("Robert DE L'ESSAI", certificates=[self.card().certificate]).start()
        self.refused(self.home(server.section()), "SP-NO-CERTIFICATE")
        self.bound(self.home(server.section()), "--name", "robert de l'essai")

    def test_an_address_in_the_entry_alone(self):
        server = self.directory().add("Bob ESSAI", BOB, certificates=[self.card().certificate]).start()
        self.bound(self.home(server.section(more="by_name = false\n")))

    def test_a_certificate_that_names_somebody_else_is_never_bound(self):
        carol = self.authority.doctor("carol", "Dr Carol ESSAI", "carol@lab.test")
        server = self.directory().add("Bob ESSAI", certificates=[carol.certificate]).start()
        relay = self.home(server.section())
        short = self.fingerprint(self.found(relay))
        done = relay.attempt("cert", "confirm", BOB, short, "--config", relay.config)
        self.assertEqual(1, done.returncode)
        self.assertIn("[SP-CONFIRM-OTHER-ADDRESS]", done.stderr.decode())
        self.refused(relay, "SP-AMBIGUOUS-RECIPIENT")

    def test_what_nobody_has_found_is_not_bound(self):
        server = self.with_bob()
        relay = self.home(server.section())
        done = relay.attempt("cert", "confirm", BOB, "0" * 64, "--config", relay.config)
        self.assertEqual(1, done.returncode)
        self.assertIn("[SP-CONFIRM-UNKNOWN]", done.stderr.decode())


class SeveralTest(DirectoryCase):
    """Several certificates of a person, good and bad, are normal."""

    def test_the_best_is_chosen_and_each_is_explained(self):
        old = self.authority.issue("old", "/CN=Dr Bob VIEUX", f"subjectAltName=email:{BOB}\n", "rsa", 30, "2020-01-01 00:00:00")[1]
        alien = self.stranger.doctor("alien", "Dr Bob AILLEURS", BOB)
        signing = self.authority.doctor("signing", "Dr Bob SIGNE", BOB, usage="sign")
        carol = self.authority.doctor("wrong", "Dr Carol ESSAI", "carol@lab.test")
        certificates = [old, alien.certificate, signing.certificate, carol.certificate, self.bob.certificate]
        server = self.directory().add("Bob ESSAI", BOB, certificates=certificates).start()
        relay = self.home(server.section())
        self.sealed(relay)
        rows = re.split(r"(?m)^(?=[0-9a-f]{16}  )", self.found(relay))[1:]
        codes = {re.search(r"Dr [A-Za-z]+ [A-Z]+", row).group(): (re.findall(r"\[(SP-[A-Z-]+)\]", row) or ["usable"])[0] for row in rows}
        self.assertEqual(5, len(codes), rows)
        self.assertEqual("usable", codes["Dr Bob ESSAI"])
        self.assertNotIn("usable", [code for who, code in codes.items() if who != "Dr Bob ESSAI"])
        self.assertEqual(5, len(set(codes.values())), codes)

    def test_only_certificates_of_another_address(self):
        carol = self.authority.doctor("lying", "Dr Carol ESSAI", "carol@lab.test")
        server = self.directory().add("Bob ESSAI", BOB, certificates=[carol.certificate]).start()
        self.refused(self.home(server.section()), "SP-NO-CERTIFICATE")

    def test_a_bundle_with_its_authority(self):
        middle_key, middle = self.authority.issue("middle", "/CN=Autorité intermédiaire", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
        below = pki.Authority.__new__(pki.Authority)
        below.folder, below.name, below.certificate, below.key = self.authority.folder, "middle", middle, middle_key
        bob = below.doctor("below", "Dr Bob ESSAI", BOB)
        server = self.directory().add("Bob ESSAI", BOB, smime=[slapd.bundle(bob.certificate, middle)]).start()
        relay = self.home(server.section())
        self.sealed(relay)
        self.assertEqual(1, len(re.findall(r"(?m)^[0-9a-f]{16}  ", self.found(relay))), "the authority is nobody's certificate")
        alone = self.home()
        (alone.folder / "both.p7b").write_bytes(slapd.bundle(bob.certificate, middle))
        alone.cli("cert", "import", alone.folder / "both.p7b")
        self.sealed(alone)


class ManyTest(DirectoryCase):
    """Ten thousand entries, and fifty recipients."""

    def test_ten_thousand_of_one_address(self):
        server = self.directory()
        for number in range(10_000):
            server.add(f"Carole NOMBREUSE{number}", BOB)
        server.start()
        relay = self.home(server.section())
        # More than it gives: Bob may be among the others, so that nobody says that he has none.
        self.refused(relay, "SP-DIRECTORY-AWAY")
        self.assertIn("[SP-LDAP-TOO-MANY]", self.found(relay, status=1))

    def test_fifty_recipients(self):
        server, addresses = self.directory(), [f"colleague{n}@lab.test" for n in range(50)]
        for address in addresses:
            certificate = self.authority.doctor(address.split("@")[0], f"Dr {address}", address, "ec").certificate
            server.add(f"Dr {address}", address, certificates=[certificate])
        server.start()
        relay = self.home(server.section(more="by_name = false\n"))
        with Clock() as cold:
            self.sealed(relay, *addresses)
        self.assertEqual(50, server.searches())
        self.assertEqual(1, len(re.findall(r"conn=\d+ fd=\d+ ACCEPT", server.said())) - 1, "over one connection, beside the lab's own")
        with Clock() as warm:
            self.sealed(relay, *addresses)
        self.assertEqual(50, server.searches())
        print(f"50 recipients, a debug build and its start: cold {cold.seconds:.2f} s, warm {warm.seconds:.2f} s")


class FarTest(DirectoryCase):
    """Between Souspli and slapd: delay, and an end at any octet."""

    def test_slow(self):
        server = self.with_bob()
        proxy = ldapfake.Proxy(server.port, wait=0.3)
        self.addCleanup(proxy.stop)
        section = server.section().replace(str(server.port), str(proxy.port))
        self.sealed(self.home(section))
        proxy.wait = 2
        self.refused(self.home(section.replace("[[directory]]", "[[directory]]\ntimeout_seconds = 1")), "SP-DIRECTORY-AWAY")

    def test_truncated(self):
        server = self.with_bob()
        proxy = ldapfake.Proxy(server.port)
        self.addCleanup(proxy.stop)
        section = server.section(tls="plain").replace(str(server.port), str(proxy.port))
        self.found(self.home(section))
        whole = proxy.passed
        relay = self.home(section)
        for cut in sorted({1, 2, 3, 5, whole // 4, whole // 2, whole - 20, whole - 14, whole - 5, whole - 1}):
            with self.subTest(cut=cut, of=whole):
                proxy.cut = cut
                self.refused(relay, "SP-DIRECTORY-AWAY")


class HostileTest(DirectoryCase):
    """A server that is none of ours: nothing that it says is more than an answer that did not come."""

    def told(self, answer, code="SP-DIRECTORY-AWAY", more="timeout_seconds = 3\n", memory=None):
        """What is said of a letter to Bob when that server answers; and nothing is held beyond `memory` KiB."""
        fake = ldapfake.Fake(answer)
        self.addCleanup(fake.stop)
        section = f'[[directory]]\nname = "faux"\nurl = "ldap://127.0.0.1:{fake.port}"\nstarttls = false\nbase = "o=x"\n{more}'
        relay = self.home(section)
        said = self.refused(relay, code)
        if memory:
            command = ["/usr/bin/env", "python3", "-c", MEASURE, str(souspli.binary()), "cert", "find", BOB, "--config", str(relay.config),
                       "--home", str(relay.home)]
            peak = int(base.run(*command, env=relay.environment()).split()[-1])
            self.assertLess(peak, memory)
        return said

    def test_what_is_no_answer(self):
        own = slapd.der(self.bob.certificate)
        right = {"mail": [BOB.encode()], "userCertificate_binary": [own]}
        nested = b""
        for _ in range(20_000):
            nested = ldapfake.tlv(0x30, nested[:60_000])
        for what, answer in {
                "no LDAP": lambda n, o: [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
                "an empty message": lambda n, o: [b"\x30\x00"],
                "no number": lambda n, o: [ldapfake.tlv(0x30, ldapfake.tlv(0x65))],
                "another number": lambda n, o: [ldapfake.entry(n + 7, **right), ldapfake.done(n + 7)],
                "number nought": lambda n, o: [ldapfake.done(0, 52, operation=0x78)],
                "another operation": lambda n, o: [ldapfake.done(n, operation=0x61)],
                "an indefinite length": lambda n, o: [b"\x30\x80" + ldapfake.entry(n, **right)],
                "two gigabytes announced": lambda n, o: [b"\x30\x84\x7f\xff\xff\xff", b"x" * 100],
                "a huge value": lambda n, o: [ldapfake.entry(n, mail=[BOB.encode()], userCertificate_binary=[b"0" * (2 << 20)])],
                "values inside each other": lambda n, o: [ldapfake.message(n, ldapfake.tlv(0x64, nested))],
                "an entry and no end": lambda n, o: [ldapfake.entry(n, **right)],
                "busy": lambda n, o: [ldapfake.done(n, 51, text=b"\x1b[2Jbusy\r\n")],
                "no base": lambda n, o: [ldapfake.done(n, 32)],
                "silence": lambda n, o: []}.items():
            with self.subTest(what):
                self.told(answer)

    def test_entries_without_end(self):
        own = slapd.der(self.bob.certificate)

        def endless(number, _):
            entry = ldapfake.entry(number, mail=[b"x@y.fr"], cn=[b"x"])
            while True:
                yield entry * 100

        def heavy(number, _):
            entry = ldapfake.entry(number, mail=[BOB.encode()], userCertificate_binary=[own] * 300)
            while True:
                yield entry

        for answer in (endless, heavy):
            self.told(answer, memory=120_000)

    def test_ten_thousand_though_twenty_were_asked(self):
        own = slapd.der(self.bob.certificate)

        def many(number, _, first=b""):
            yield first
            yield ldapfake.entry(number, mail=[b"x@y.fr"]) * 10_000
            yield ldapfake.done(number)

        self.told(many, memory=120_000)
        # Bob is among those that were read, under his own certificate.
        fake = ldapfake.Fake(lambda n, o: many(n, o, ldapfake.entry(n, mail=[BOB.encode()], userCertificate_binary=[own])))
        self.addCleanup(fake.stop)
        section = f'[[directory]]\nname = "faux"\nurl = "ldap://127.0.0.1:{fake.port}"\nstarttls = false\nbase = "o=x"\n'
        self.sealed(self.home(section))

    def test_other_servers_are_never_asked(self):
        other = ldapfake.Counted(lambda connection: connection.recv(1))
        self.addCleanup(other.stop)
        url = f"ldap://127.0.0.1:{other.port}/o=x"
        referral = ldapfake.tlv(0xA3, ldapfake.tlv(4, url.encode()))
        self.told(lambda n, o: [ldapfake.done(n, 10, referral)])
        self.told(lambda n, o: [ldapfake.reference(n, url, url), ldapfake.done(n)])
        self.assertEqual(0, other.count)

    def test_an_entry_that_was_not_asked_for(self):
        own = slapd.der(self.bob.certificate)
        answer = lambda n, o: [ldapfake.entry(n, mail=[b"carol@lab.test"], userCertificate_binary=[own]), ldapfake.done(n)]  # noqa: E731
        self.told(answer, code="SP-NO-CERTIFICATE", more="by_name = false\n")

    def test_rubbish_in_the_place_of_a_certificate(self):
        values = [b"", b"0", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"-----BEGIN CERTIFICATE-----\nAA", slapd.der(self.bob.certificate)[:-1]]
        answer = lambda n, o: [ldapfake.entry(n, mail=[BOB.encode()], userCertificate_binary=values), ldapfake.done(n)]  # noqa: E731
        self.told(answer, code="SP-NO-CERTIFICATE", more="by_name = false\n")

    def test_words_ahead_of_tls(self):
        own = slapd.der(self.bob.certificate)

        def ahead(number, operation):
            yield ldapfake.done(number, operation=0x78) + ldapfake.entry(number + 1, mail=[BOB.encode()], userCertificate_binary=[own]) + ldapfake.done(number + 1)

        fake = ldapfake.Fake(ahead)
        self.addCleanup(fake.stop)
        relay = self.home(f'[[directory]]\nname = "faux"\nurl = "ldap://127.0.0.1:{fake.port}"\nbase = "o=x"\n')
        self.refused(relay, "SP-DIRECTORY-AWAY")
        self.assertIn("[SP-LDAP-UNREADABLE]", self.found(relay, status=1))

    def test_no_starttls_is_never_clear(self):
        asked = []

        def refusing(number, operation):
            asked.append(operation)
            yield ldapfake.done(number, 2, operation=0x78)

        fake = ldapfake.Fake(refusing)
        self.addCleanup(fake.stop)
        relay = self.home(f'[[directory]]\nname = "faux"\nurl = "ldap://127.0.0.1:{fake.port}"\nbase = "o=x"\n')
        self.refused(relay, "SP-DIRECTORY-AWAY")
        self.assertIn("[SP-LDAP-NO-STARTTLS]", self.found(relay, status=1))
        self.assertEqual({0x77}, set(asked), "not a word more")


class SendingTest(DirectoryCase):
    """A mail program sends while the directory answers, is cut, is gone, comes back: nothing in clear, whatever happens."""
    WORD = "Canari7f31c9"

    def test_over_a_day(self):
        provider = servers.Provider(self.folder / "provider", users={ALICE: "pw-alice", BOB: "pw-bob"})
        self.addCleanup(provider.stop)
        provider.start()
        server, place = self.with_bob(), self.folder / "sending"
        place.mkdir()
        relay = souspli.Souspli(place, [provider.account(ALICE)], [provider.tls.bundle, self.tls.bundle], "recognise_letters = false")
        relay.config.write_text(relay.config.read_text() + server.section(more="timeout_seconds = 2\nabsent_hours = 0\nby_name = false\n"))
        relay.furnish({ALICE: [self.alice]}, [], [self.authority.certificate])
        relay.start()
        self.addCleanup(relay.kill)
        self.assertIsNone(self.sent(relay, BOB))
        self.assertEqual(550, self.sent(relay, BOB, "zoe@lab.test"))
        server.stop()
        self.assertIsNone(self.sent(relay, BOB), "still known")
        for others in (["zoe@lab.test"], [BOB, "zoe@lab.test"]):
            self.assertEqual(451, self.sent(relay, *others))
        server.start()
        server.pause(signal.SIGSTOP)
        self.assertEqual(451, self.sent(relay, "zoe@lab.test"))
        server.pause(signal.SIGCONT)
        self.assertEqual(550, self.sent(relay, "zoe@lab.test"))
        accepted = provider.smtp.accepted()
        self.assertEqual([[f"RCPT TO:<{BOB}>"]] * 2, [t.rcpts for t in accepted])
        self.assertNotIn(self.WORD.encode(), provider.smtp.received())
        self.assertNotIn("bob.essai", relay.log.read_text(), "the log does not tell who is written to")

    def sent(self, relay, *recipients):
        """None, or the code of the refusal."""
        message = mails.letter(ALICE, list(recipients), "#med# Lettre", f"Bonjour {self.WORD}.\n")
        with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as client:
            client.starttls(context=pki.unchecked_context())
            client.login(ALICE, "pw-alice")
            try:
                client.sendmail(ALICE, list(recipients), message)
            except smtplib.SMTPDataError as refused:
                return refused.smtp_code
        return None


# Peak memory, in KiB, of a command, whatever its status.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class Clock:
    """Seconds of a block."""

    def __enter__(self):
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began


if __name__ == "__main__":
    unittest.main()
