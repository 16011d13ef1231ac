"""`souspli doctor` and its page: each thing that Souspli stands on, taken away once."""
import json
import unittest

from lab import base, browser, cps, mails, souspli

from common import Canary, PracticeCase, need_product

ALICE, BOB = "alice@lab.test", "bob@lab.test"


class DoctorTest(PracticeCase):
    """Alice's relay, and what it stands on."""

    def diagnosis(self, *more, relay=None):
        """Exit status, and each finding as JSON."""
        ran = (relay or self.relay("alice")).attempt("doctor", "--json", "--config", self.relay("alice").config, *more)
        return ran.returncode, [json.loads(line) for line in ran.stdout.decode().splitlines()]

    def codes(self, standing, found):
        return {(one["about"], one["code"]) for one in found if one["standing"] == standing}

    def test_all_is_well(self):
        status, found = self.diagnosis()
        self.assertEqual((0, set()), (status, self.codes("bad", found)))
        about = {one["about"] for one in found}
        expected = {"version", "Souspli's folder", "clock", "keyring", "own key", "card", "revocation lists", "journal", "sending server", "receiving server"}
        self.assertLessEqual(expected, about)

    def test_what_never_came_does_not_hold_and_what_nobody_uses_is_not_needed(self):
        absent = self.relay("alice").attempt("trust", "list").stdout.decode().count("ABSENTE")
        self.assertGreater(absent, 0, "the lists of the lab's authority come from nowhere")
        _, found = self.diagnosis()
        lists = next(one for one in found if one["about"] == "revocation lists")
        holding, expected = map(int, lists["which"].split("/"))
        self.assertEqual(absent, expected - holding)
        self.assertEqual(("warning", "SP-DOCTOR-LISTS-NEVER-CAME"), (lists["standing"], lists["code"]))
        card = next(one for one in found if one["about"] == "card")
        self.assertEqual(("good", "SP-DOCTOR-NO-CARD-NEEDED"), (card["standing"], card["code"]))

    def test_a_provider_that_is_away(self):
        relay = self.relay("alice")
        text = relay.config.read_text()
        self.addCleanup(relay.config.write_text, text)
        imaps = str(self.store.imaps)
        self.assertIn(imaps, text)
        relay.config.write_text(text.replace(f"port = {imaps}", "port = 1"))
        status, found = self.diagnosis()
        self.assertEqual(1, status)
        self.assertEqual({("receiving server", "SP-NET-REFUSED")}, self.codes("bad", found))

    def test_a_server_of_another_kind(self):
        relay = self.relay("alice")
        text = relay.config.read_text()
        self.addCleanup(relay.config.write_text, text)
        line = next(line for line in text.splitlines() if line.startswith("smtp = {"))
        relay.config.write_text(text.replace(line, f'smtp = {{ host = "127.0.0.1", port = {self.store.imaps}, tls = "implicit" }}'))
        status, found = self.diagnosis()
        self.assertEqual(1, status)
        self.assertEqual({("sending server", "SP-DOCTOR-GREETING")}, self.codes("bad", found))

    def test_a_folder_that_others_may_look_into(self):
        home = self.relay("alice").home
        home.chmod(0o755)
        self.addCleanup(home.chmod, 0o700)
        _, found = self.diagnosis()
        self.assertIn("Souspli's folder", {about for about, _ in self.codes("warning", found)})

    def test_the_bundle_tells_nothing_of_anybody(self):
        canary = Canary()
        stranger = "patient.martin@ailleurs.test"
        self.submit("alice", canary.letter("#med# Lettre", [BOB], ALICE), BOB)
        with self.assertRaises(Exception):
            self.submit("alice", canary.letter("#med# Lettre", [stranger], ALICE), stranger)
        file = self.relay("alice").folder / "dossier.json"
        self.diagnosis("--bundle", file)
        own = browser.Browser(self.relay("alice").cli("dashboard", "--print").decode().strip())
        own.enter()
        page = own.post("/diagnostic/dossier", {"mot": own.word()})
        self.assertEqual(200, page.status)
        for octets in (file.read_bytes(), page.text.encode()):
            self.assertEqual([], canary.found_in(octets))
            for name in (b"martin", b"ailleurs", BOB.encode(), b"Lettre"):
                self.assertNotIn(name, octets)
            self.assertIn(b"SP-NO-CERTIFICATE", octets)
        self.assertEqual(0o600, file.stat().st_mode & 0o777)

    def test_its_page(self):
        own = browser.Browser(self.relay("alice").cli("dashboard", "--print").decode().strip())
        own.enter()
        self.assertNotIn("en ordre", own.page("/diagnostic"))
        self.assertEqual(403, own.post("/diagnostic", {"mot": "0"}).status)
        page = own.post("/diagnostic", {"mot": own.word()})
        self.assertIn("Serveur d’envoi", page.text)
        self.assertNotIn("en panne", page.text)


class NothingYetTest(unittest.TestCase):
    """Before there is a configuration, or with one that has faults."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.relay = souspli.Fresh(folder.path / "new", [])

    def diagnosis(self, *more):
        """Each finding as JSON, by what it is about; the one about the configuration makes the exit status 1."""
        done = self.relay.attempt("doctor", "--json", *more)
        self.assertEqual(1, done.returncode, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(["configuration"], [one["about"] for one in found if one["standing"] == "bad"])
        return {one["about"]: one for one in found}

    def test_without_a_configuration_the_rest_is_looked_at(self):
        before = set(self.relay.home.rglob("*"))
        file = self.relay.folder / "dossier.json"
        found = self.diagnosis("--bundle", file)
        self.assertEqual("SP-CONFIG-NO-FILE", found["configuration"]["code"])
        self.assertLessEqual({"version", "Souspli's folder", "clock", "keyring", "card", "revocation lists", "journal"}, set(found))
        self.assertEqual(set(found), {one["about"] for one in json.loads(file.read_text())["findings"]})
        self.assertNotIn("master.json", {made.name for made in set(self.relay.home.rglob("*")) - before}, "no key is made")
        self.assertIn("assistant", self.relay.attempt("doctor").stdout.decode())

    def test_a_fault_in_it_is_one_finding(self):
        self.relay.config.parent.mkdir(exist_ok=True)
        self.relay.config.write_text("[journal]\nmonths = 99\n")
        self.assertTrue(self.diagnosis("--config", self.relay.config)["configuration"]["code"].startswith("SP-CONFIG-"))
