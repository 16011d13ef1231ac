"""Whether certificates still stand: lists over HTTP and OCSP by openssl, from servers that stop, wait, lie or send without end."""
import base64
import json
import signal
import smtplib
import subprocess
import time
import unittest

from lab import base, mails, pki, published, slapd, souspli

from common import PracticeCase, need_product

# Why it is not known whether a certificate stands, before anything has come.
NOT_FETCHED = "pas encore connu de ce poste"
ALICE, BOB = "alice@lab.test", "bob@lab.test"


class RevocationCase(unittest.TestCase):
    """Alice, who writes to Bob, and the authority of both."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.folder = folder.path
        self.authority = pki.Authority(self.folder / "pki", "Autorité d'essai")
        self.registry = published.Registry(self.folder / "registry", self.authority)
        self.web = published.Publisher()
        self.addCleanup(self.web.stop)

    def home(self, places, hosts=("127.0.0.1",), settings=""):
        """Alice's home; Bob's certificate names these places."""
        self.alice = self.authority.doctor("alice", "Dr Alice ESSAI", ALICE)
        self.bob = self.registry.doctor("bob", "Dr Bob ESSAI", BOB, places)
        relay = souspli.Souspli(self.folder / "a", [souspli.account(ALICE, 1, 1)], [])
        names = ", ".join(f'"{h}"' for h in hosts)
        relay.config.write_text(f"{relay.config.read_text()}\n[revocation]\nhosts = [{names}]\n{settings}\n")
        relay.furnish({ALICE: [self.alice]}, [self.bob], [self.authority.certificate])
        return relay

    def seal(self, relay):
        """The code of a refusal; None when the letter is sealed."""
        letter = mails.letter(ALICE, BOB, "#med# Lettre", "Bonjour.\n")
        done = relay.attempt("seal", "--from", ALICE, "--to", BOB, "--config", relay.config, stdin=letter)
        said = done.stderr.decode()
        self.assertNotIn("panicked", said)
        if done.returncode == 0:
            self.assertIn(b"enveloped-data", done.stdout)
            return None
        self.assertEqual((1, b""), (done.returncode, done.stdout), said)
        return said

    def refused(self, relay, *words):
        """Nothing leaves, and these words say why."""
        code = "[SP-STATUS-UNKNOWN]" if "révoqué depuis" not in words[0] else "[SP-"
        words = (*words, code)
        said = self.seal(relay)
        self.assertIsNotNone(said, "it was sealed")
        for word in words:
            self.assertIn(word, said)

    def sealed(self, relay):
        """It leaves, encrypted."""
        self.assertIsNone(self.seal(relay))

    def refresh(self, relay, path=published.LIST, seconds=60):
        """How the update of that list went: its last event."""
        return self.refresh_at(relay, self.web.url(path), seconds)

    def refresh_at(self, relay, url, seconds=60):
        """The same of any place."""
        done = relay.attempt("trust", "refresh", "--json", url, "--config", relay.config, seconds=seconds)
        self.assertNotIn("panicked", done.stderr.decode())
        events = [json.loads(line) for line in done.stdout.splitlines()]
        ends = [e for e in events if e["event"] == "done" and e["url"] == url]
        self.assertEqual(1, len(ends), done.stderr.decode())
        self.assertEqual(0 if ends[0]["outcome"] in ("updated", "unchanged") else 1, done.returncode)
        return ends[0]


class ListsTest(RevocationCase):
    """Revocation lists."""

    def test_not_fetched_good_unchanged_revoked(self):
        relay = self.home(self.web.places())
        self.refused(relay, NOT_FETCHED)
        self.assertEqual(0, self.web.count(), "no message waits for a list")
        self.web.pages[published.LIST] = self.registry.list()
        event = self.refresh(relay)
        self.assertEqual(("updated", 0, "Autorité d'essai"), (event["outcome"], event["entries"], event["authority"]))
        self.sealed(relay)
        self.assertEqual("unchanged", self.refresh(relay)["outcome"])
        self.assertIn("if-none-match", self.web.asked[-1][1])
        self.registry.revoke(self.bob)
        self.web.pages[published.LIST] = self.registry.list(made=0)
        self.assertEqual(1, self.refresh(relay)["entries"])
        self.refused(relay, "est révoqué depuis")
        self.assertIn("à jour", relay.cli("trust", "list", "--config", relay.config).decode())

    def test_ended_within_grace_and_stale(self):
        relay = self.home(self.web.places())
        self.seal(relay)
        for made, ends, word in ((-90, -25, "périmée depuis"), (-80, -23, None)):
            self.web.pages[published.LIST] = self.registry.list(made=made, ends=ends)
            self.assertEqual("updated", self.refresh(relay)["outcome"])
            self.refused(relay, word) if word else self.sealed(relay)

    def test_what_servers_do_instead(self):
        relay = self.home(self.web.places())
        self.seal(relay)
        self.web.pages[published.LIST] = self.registry.list(made=-2)
        self.assertEqual("updated", self.refresh(relay)["outcome"])
        self.web.pages[published.LIST] = newer = self.registry.list(made=-1)
        codes = {"status": "SP-HTTP-STATUS", "portal": "SP-LIST-UNREADABLE", "huge": "SP-HTTP-TOO-LARGE", "endless": "SP-HTTP-TOO-LARGE",
                 "loop": "SP-HTTP-REDIRECTS", "elsewhere": "SP-HTTP-HOST", "silent": "SP-HTTP-SILENT"}
        for fault, code in codes.items():
            with self.subTest(fault):
                self.web.faults[published.LIST] = fault
                event = self.refresh(relay)
                self.assertEqual(("failed", code), (event["outcome"], event.get("code")))
                self.sealed(relay)
        self.web.faults.clear()
        stranger = pki.Authority(self.folder / "stranger", "Autorité étrangère")
        twin = pki.Authority(self.folder / "twin", "Autorité d'essai")
        for name, page, code in (
                ("another authority", published.Registry(self.folder / "r2", stranger).list(), "SP-LIST-UNKNOWN-AUTHORITY"),
                ("the same name", published.Registry(self.folder / "r3", twin).list(), "SP-LIST-"),
                ("altered", newer[:-1] + bytes([newer[-1] ^ 1]), "SP-LIST-ALTERED"),
                ("older", self.registry.list(made=-50), "SP-LIST-OLDER"),
                ("of tomorrow", self.registry.list(made=24), "SP-LIST-NOT-YET"),
                ("half", newer[:len(newer) // 2], "SP-LIST-UNREADABLE")):
            with self.subTest(name):
                self.web.pages[published.LIST] = page
                event = self.refresh(relay)
                self.assertEqual("failed", event["outcome"], event)
                self.assertIn(code, event["code"])
                self.sealed(relay)
        self.web.pages[published.LIST] = newer
        self.assertEqual("updated", self.refresh(relay)["outcome"])
        self.assertNotIn("[SP-", relay.cli("trust", "list", "--config", relay.config).decode())

    def test_the_list_of_another_configured_authority(self):
        relay = self.home(self.web.places())
        self.seal(relay)
        other = pki.Authority(self.folder / "other", "Autre autorité")
        relay.cli("trust", "add", other.certificate)
        self.web.pages[published.LIST] = published.Registry(self.folder / "r2", other).list()
        self.assertEqual("SP-LIST-OF-ANOTHER", self.refresh(relay)["code"])
        self.refused(relay, "n’est pas signé par qui en a le droit")

    def test_what_broke_off_goes_on(self):
        relay = self.home(self.web.places())
        self.seal(relay)
        self.registry.crowd(5000)
        page = self.web.pages[published.LIST] = self.registry.list()
        self.web.faults[published.LIST] = "cut"
        self.assertEqual("SP-HTTP-BROKEN", self.refresh(relay)["code"])
        self.web.faults.clear()
        self.assertEqual(("updated", 5000), tuple(map(self.refresh(relay).get, ("outcome", "entries"))))
        self.assertEqual(f"bytes={len(page) // 2}-", self.web.asked[-1][1]["range"])
        self.sealed(relay)

    def test_an_interrupt_keeps_what_came(self):
        relay = self.home(self.web.places())
        self.seal(relay)
        self.registry.crowd(20000)
        page = self.web.pages[published.LIST] = self.registry.list()
        self.web.faults[published.LIST] = "half"
        command = [str(souspli.binary()), "trust", "refresh", "--json", self.web.url(), "--config", str(relay.config), "--home", str(relay.home)]
        running = subprocess.Popen(command, env=relay.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in running.stdout:
            if json.loads(line)["event"] == "came":
                break
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
        self.assertEqual(1, running.returncode)
        self.assertIn("SP-LISTS-STOPPED", said.decode())
        self.web.released.set()
        self.web.faults.clear()
        self.assertEqual("updated", self.refresh(relay)["outcome"])
        begins = int(self.web.asked[-1][1]["range"][6:-1])
        self.assertTrue(0 < begins <= len(page) // 2, begins)

    def test_a_host_that_nobody_configured_hears_nothing(self):
        relay = self.home(self.web.places(ocsp=True), hosts=("crl.lab.test",))
        self.refused(relay, "chez 127.0.0.1, que rien n’autorise")
        done = relay.attempt("trust", "refresh", self.web.url(), "--config", relay.config)
        self.assertEqual((1, True), (done.returncode, b"SP-LISTS-UNKNOWN" in done.stderr), done.stderr)
        self.assertEqual([], self.web.asked)

    def test_a_configured_list_that_no_certificate_names(self):
        relay = self.home("", settings=f'lists = ["{self.web.url()}"]')
        self.refused(relay, NOT_FETCHED)
        self.registry.revoke(self.bob, "affiliationChanged")
        self.web.pages[published.LIST] = self.registry.list()
        self.assertEqual("updated", self.refresh(relay)["outcome"])
        self.refused(relay, "est révoqué depuis", "situation changée")

    def test_fourteen_lists_of_a_megabyte(self):
        places = [f"/{n}.crl" for n in range(14)]
        settings = "lists = [" + ", ".join(f'"{self.web.url(p)}"' for p in places) + "]"
        relay = self.home("", settings=settings)
        self.registry.crowd(30000)
        page = self.registry.list()
        self.assertGreater(len(page), 1_000_000)
        self.web.pages.update({p: page for p in places})
        began = time.monotonic()
        done = relay.attempt("trust", "refresh", "--json", *map(self.web.url, places), "--config", relay.config)
        took = time.monotonic() - began
        outcomes = [e["outcome"] for e in map(json.loads, done.stdout.splitlines()) if e["event"] == "done"]
        self.assertEqual(["updated"] * 14, outcomes)
        print(f"14 lists of {len(page)} octets in {took:.2f} s")
        self.assertLess(took, 6 if "debug" in str(souspli.binary()) else 2)


class DirectoryTest(RevocationCase):
    """Lists that a directory publishes."""

    def test_by_ldap(self):
        if not slapd.available():
            self.skipTest("slapd is not installed")
        server = slapd.Slapd(self.folder / "slapd", pki.Tls(self.folder / "tls"))
        self.addCleanup(server.stop)
        url = f"ldap://127.0.0.1:{server.port}/cn=AC%20Essai,{slapd.BASE}?certificateRevocationList;binary?base?objectclass=pkiCA"
        relay = self.home("", settings=f'lists = ["{url}"]')
        self.registry.revoke(self.bob)
        packed = base64.b64encode(self.registry.list()).decode()
        server.people.append(f"dn: cn=AC Essai,{slapd.BASE}\nobjectClass: device\nobjectClass: pkiCA\ncn: AC Essai\n"
                             f"certificateRevocationList;binary:: {packed}\n")
        self.refused(relay, NOT_FETCHED)
        self.assertEqual("SP-NET-REFUSED", self.refresh_at(relay, url)["code"])
        server.start()
        self.assertEqual(("updated", 1), tuple(map(self.refresh_at(relay, url).get, ("outcome", "entries"))))
        self.refused(relay, "est révoqué depuis")
        self.assertEqual("unchanged", self.refresh_at(relay, url)["outcome"])


class AnswersTest(RevocationCase):
    """OCSP."""

    def ask(self, **how):
        """A home whose Bob names an OCSP server that answers so."""
        relay = self.home(self.web.places(path=None, ocsp=True), settings="ocsp_seconds = 2")
        self.signer = self.registry.responder()
        self.web.answers = lambda question: self.registry.answer(question, self.signer, **how)
        return relay

    def test_good_once_then_from_the_home_then_revoked(self):
        relay = self.ask()
        self.sealed(relay)
        self.sealed(relay)
        self.assertEqual(1, self.web.count(published.OCSP), "an answer that holds is not asked for again")
        self.registry.revoke(self.bob)
        for file in (relay.home / "lists" / "answers").iterdir():
            file.unlink()
        self.refused(relay, "est révoqué depuis", "clé compromise")

    def test_who_does_not_answer_is_asked_once_for_one_letter(self):
        relay = self.ask()
        self.web.faults[published.OCSP] = "silent"
        began = time.monotonic()
        self.refused(relay, NOT_FETCHED)
        self.assertEqual(1, self.web.count(published.OCSP))
        self.assertLess(time.monotonic() - began, 6, "twice as long as one answer is waited for")

    def test_the_authority_itself_answers_and_an_answer_made_ahead(self):
        relay = self.ask(nonce=False)
        self.signer = (self.authority.key, self.authority.certificate)
        self.sealed(relay)

    def test_what_servers_do_instead(self):
        relay = self.ask()
        for fault in ("status", "portal", "huge", "endless", "loop", "silent"):
            with self.subTest(fault):
                self.web.faults[published.OCSP] = fault
                began = time.monotonic()
                self.refused(relay, NOT_FETCHED)
                self.assertLess(time.monotonic() - began, 8)
        self.web.faults.clear()
        stranger = pki.Authority(self.folder / "stranger", "Autorité étrangère")
        plain = self.authority.issue("plain", "/C=FR/CN=Passant", "keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n")
        for name, signer in (("of another authority", self.registry.responder("o2", stranger)), ("not for answers", plain)):
            with self.subTest(name):
                self.signer = signer
                self.refused(relay, NOT_FETCHED)
        self.signer = self.registry.responder("o3")
        kept = []
        with self.subTest("played again"):
            self.web.answers = lambda question: kept[0] if kept else kept.append(self.registry.answer(question, self.signer)) or kept[0]
            self.sealed(relay)
            for file in (relay.home / "lists" / "answers").iterdir():
                file.unlink()
            self.refused(relay, NOT_FETCHED)
        with self.subTest("stopped"):
            self.web.stop()
            self.refused(relay, NOT_FETCHED)

    def test_a_server_helps_where_lists_do_not(self):
        relay = self.home(self.web.places(ocsp=True))
        signer = self.registry.responder()
        self.web.answers = lambda question: self.registry.answer(question, signer)
        self.sealed(relay)
        self.assertEqual((0, 1), (self.web.count(), self.web.count(published.OCSP)))

    def test_first_by_policy(self):
        relay = self.home(self.web.places(ocsp=True), settings='prefer = "ocsp"')
        self.web.pages[published.LIST] = self.registry.list()
        signer = self.registry.responder()
        self.web.answers = lambda question: self.registry.answer(question, signer)
        self.sealed(relay)
        self.assertEqual("updated", self.refresh(relay)["outcome"])
        self.registry.revoke(self.bob)
        for file in (relay.home / "lists" / "answers").iterdir():
            file.unlink()
        self.refused(relay, "est révoqué depuis")


class OwnTest(RevocationCase):
    """A certificate of the home itself."""

    def test_an_own_certificate_that_was_taken_back_writes_nothing_more(self):
        relay = self.home(self.web.places())
        self.web.pages[published.LIST] = self.registry.list()
        self.refresh(relay)
        carol = self.registry.doctor("carol", "Dr Carol ESSAI", "carol@lab.test", self.web.places())
        relay.config.write_text(f'{relay.config.read_text()}\n{souspli.account("carol@lab.test", 1, 1, extra="always_sign = true")}')
        relay.furnish({"carol@lab.test": [carol]}, [], [])
        self.sealed(relay)
        to_bob = mails.letter("carol@lab.test", BOB, "#med# Lettre", "Bonjour.\n")
        to_carol = mails.letter(ALICE, "carol@lab.test", "#med# Lettre", "Bonjour.\n")
        ways = (("carol@lab.test", BOB, to_bob), (ALICE, "carol@lab.test", to_carol))

        def tried():
            return [relay.attempt("seal", "--from", f, "--to", t, "--config", relay.config, stdin=letter) for f, t, letter in ways]

        self.assertEqual([0, 0], [done.returncode for done in tried()])
        self.registry.revoke(carol)
        self.web.pages[published.LIST] = self.registry.list(made=0)
        self.refresh(relay)
        from_her, to_her = tried()
        self.assertEqual([(1, b""), (1, b"")], [(done.returncode, done.stdout) for done in (from_her, to_her)])
        self.assertIn("SP-OWN-REVOKED", from_her.stderr.decode())
        self.assertIn("révoqué depuis", to_her.stderr.decode())
        signed = mails.letter("carol@lab.test", BOB, "Lettre", "Bonjour.\n")
        said = relay.cli("explain", "--from", "carol@lab.test", "--to", BOB, "--config", relay.config, stdin=signed).decode()
        self.assertIn("SP-OWN-REVOKED", said)
        self.sealed(relay)


class ReadingTest(RevocationCase):
    """A letter that is read."""

    def test_unchecked_verified_revoked(self):
        relay = self.home(self.web.places())
        letter = mails.smime(mails.letter(BOB, ALICE, "Lettre", "Bonjour.\n"), mails.signing(self.bob))

        def judged():
            verdict = relay.open_json(letter)
            return verdict["grade"], verdict["code"]

        self.assertEqual(("unchecked", "signed-unchecked"), judged())
        self.web.pages[published.LIST] = self.registry.list()
        self.refresh(relay)
        self.assertEqual(("verified", "signed"), judged())
        report = relay.cli("open", "--report", "--config", relay.config, stdin=letter).decode()
        self.assertIn("CRL", report)
        self.registry.revoke(self.bob, "superseded")
        self.web.pages[published.LIST] = self.registry.list(made=0)
        self.refresh(relay)
        self.assertEqual(("unassured", "certificate-revoked"), judged())


class RunningTest(PracticeCase):
    """A relay that runs."""

    def test_a_refusal_begins_an_update_and_the_next_try_leaves(self):
        folder = base.Folder()
        self.addCleanup(folder.remove)
        web = published.Publisher()
        self.addCleanup(web.stop)
        authority = pki.Authority(folder.path / "pki", "Autorité qui publie")
        registry = published.Registry(folder.path / "registry", authority)
        carol = registry.doctor("carol", "Dr Carol ESSAI", "carol@lab.test", web.places())
        relay = self.relay("alice")
        relay.stop()
        relay.config.write_text(relay.config.read_text() + '\n[revocation]\nhosts = ["127.0.0.1"]\n')
        relay.cli("trust", "add", authority.certificate)
        relay.cli("cert", "import", carol.certificate)
        relay.start_again()
        letter = mails.letter("alice@lab.test", "carol@lab.test", "#med# Lettre", "Bonjour.\n")
        with self.assertRaises(smtplib.SMTPDataError) as refused:
            self.smtp("alice").sendmail("alice@lab.test", ["carol@lab.test"], letter)
        self.assertEqual(4, refused.exception.smtp_code // 100, refused.exception)
        base.until(lambda: web.count() > 0, 15, "the list is asked for")
        web.pages[published.LIST] = registry.list()

        def leaves():
            try:
                return self.smtp("alice").sendmail("alice@lab.test", ["carol@lab.test"], letter) == {}
            except smtplib.SMTPDataError as error:
                self.assertEqual(4, error.smtp_code // 100, error)
                return False

        base.until(leaves, 60, "the letter leaves")


if __name__ == "__main__":
    unittest.main()
