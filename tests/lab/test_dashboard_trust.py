"""The dashboard's pages on authorities, lists and settings: what can be changed, and what nobody is led to change."""
import http.server
import json
import re
import threading
import unittest

from lab import base, browser, pki, souspli

from common import need_product
from test_whitelist import Keeper, document

ALICE = "alice@lab.test"
HTML = "\"><script>alert('pli')</script><b>&amp;"


class OfficeCase(unittest.TestCase):
    """Alice's relay at work, and a browser that got in."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.folder = folder.path
        self.authority = pki.Authority(self.folder / "pki", "Autorité d'essai")
        self.other = pki.Authority(self.folder / "other", "Autorité nouvelle")
        self.alice = self.authority.doctor("alice", "Dr Alice ESSAI", ALICE)
        self.alices = souspli.Souspli(self.folder, [souspli.account(ALICE, 1, 1)], [])
        self.alices.furnish({ALICE: [self.alice]}, [], [self.authority.certificate])
        self.furnished()
        self.started()

    def furnished(self):
        """What else there is before it starts."""

    def started(self):
        """The relay begins, and a browser gets in."""
        self.alices.start()
        self.addCleanup(self.alices.stop)
        self.own = browser.Browser(self.alices.dashboard)
        self.assertEqual(303, self.own.enter().status)

    def journal(self, *events):
        """What was done."""
        entries = [json.loads(line) for line in self.alices.cli("journal", "--json").splitlines()]
        return [entry["code"] for entry in entries if entry["event"] in events]


class AuthoritiesTest(OfficeCase):
    """Added after a comparison, and removed."""

    def read(self, octets=None, **fields):
        """What the first step shows."""
        octets = self.other.certificate.read_bytes() if octets is None else octets
        return self.own.upload("/autorites/lire", {"mot": self.own.word(), "regles": "mail", **fields}, octets)

    def fields(self, page):
        """Those of the form of the second step."""
        found = dict(re.findall(r'type="hidden" name="(certificats|regles|essai)" value="([^"]*)"', page.text))
        return {**found, "mot": self.own.word()}

    def names(self):
        """Those that count, as the command line says it."""
        return self.alices.cli("trust", "list").decode()

    def test_added_in_two_steps_and_removed(self):
        shown = self.read()
        self.assertIn("Autorité nouvelle", shown.text)
        self.assertIn("n’importe qui pour n’importe qui", shown.text)
        self.assertNotIn("Autorité nouvelle", self.names())
        fields = self.fields(shown)
        self.assertIn("rien n’a été ajouté", self.own.post("/autorites/ajouter", fields).text)
        self.assertNotIn("Autorité nouvelle", self.names())
        self.assertEqual(303, self.own.post("/autorites/ajouter", {**fields, "sur": "oui"}).status)
        self.assertIn("Autorité nouvelle", self.names())
        name = re.search(r'/autorites\?empreinte=([0-9a-f]{64})">Autorité nouvelle', self.own.page("/listes")).group(1)
        self.assertIn("ne seront plus vérifiées", self.own.page(f"/autorites?empreinte={name}"))
        self.assertEqual(303, self.own.post("/autorites/supprimer", {"mot": self.own.word(), "empreinte": name}).status)
        self.assertNotIn("Autorité nouvelle", self.names())
        self.assertEqual(["added", "added", "removed"], self.journal("trust"))

    def test_a_trial_stays_a_trial(self):
        fields = self.fields(self.read(essai="oui", regles="igc-sante"))
        self.own.post("/autorites/ajouter", {**fields, "sur": "oui"})
        row = next(line for line in self.names().splitlines() if "Autorité nouvelle" in line)
        self.assertIn("TEST", row)
        self.assertIn("igc-sante", row)

    def test_what_is_no_authority_is_refused(self):
        for octets, code in ((self.alice.certificate.read_bytes(), "SP-NO-AUTHORITY-IN-FILE"), (b"x", "SP-NO-CERTIFICATE-IN-FILE"),
                             (b"", "SP-NO-CERTIFICATE-IN-FILE")):
            answer = self.read(octets)
            self.assertEqual(422, answer.status)
            self.assertIn(code, answer.text)
        pem = self.alice.certificate.read_text()
        answer = self.own.post("/autorites/ajouter", {"mot": self.own.word(), "certificats": pem, "sur": "oui"})
        self.assertIn("SP-NO-AUTHORITY-IN-FILE", answer.text)
        self.assertEqual(["added"], self.journal("trust"))

    def test_those_of_souspli_stay(self):
        page = self.own.page("/listes")
        name = re.search(r'/autorites\?empreinte=([0-9a-f]{64})">AC RACINE IGC-SANTE ELEMENTAIRE', page).group(1)
        self.assertNotIn("/autorites/supprimer", self.own.page(f"/autorites?empreinte={name}"))
        self.assertIn("SP-AUTHORITY-OF-BUNDLE", self.own.post("/autorites/supprimer", {"mot": self.own.word(), "empreinte": name}).text)

    def test_bad_input_changes_nothing(self):
        pem, word = self.other.certificate.read_text(), self.own.word()
        for fields, headers in (({"mot": "0"}, {}), ({}, {}), ({"mot": word}, {"Origin": "http://pli.example"}), ({"mot": word}, {"Cookie": None})):
            meant = {**fields, "certificats": pem, "sur": "oui", "empreinte": "0" * 64}
            for path in ("/autorites/ajouter", "/autorites/supprimer", "/listes/actualiser"):
                self.assertEqual(403, self.own.post(path, meant, **headers).status, path)
            self.assertEqual(403, self.own.upload("/autorites/lire", fields, pem.encode(), **headers).status)
        for odd in ("", "x", "0" * 64, HTML):
            answer = self.own.post("/autorites/supprimer", {"mot": word, "empreinte": odd})
            self.assertEqual(422, answer.status)
            self.assertNotIn("<script>alert", answer.text)
        self.assertNotIn("<script>alert", self.read(regles=HTML, essai=HTML).text)
        named = pki.Authority(self.folder / "html", "<script>alert(1)<\\/script>")
        shown = self.read(named.certificate.read_bytes())
        self.assertNotIn("<script>alert", shown.text)
        self.own.post("/autorites/ajouter", {**self.fields(shown), "sur": "oui"})
        self.assertNotIn("<script>alert", self.own.page("/listes"))
        self.assertIn("&lt;script&gt;alert(1)", self.own.page("/listes"))

    def test_too_large_is_refused(self):
        try:
            self.assertIn(self.read(bytes(20 << 20)).status, (403, 413))
        except OSError:
            pass  # It was hung up on in the midst of it.
        self.assertEqual(["added"], self.journal("trust"))

    def test_lists_are_fetched_and_each_is_told(self):
        answer = self.own.post("/listes/actualiser", {"mot": self.own.word()})
        self.assertEqual((303, "/listes"), (answer.status, answer.headers["Location"]))
        ended = base.until(lambda: "data-ended" in (bars := self.own.page("/listes/progres")) and bars, 60, "the round has ended")
        # A machine without a network gets none.
        self.assertIn("non reçue", ended)
        self.assertNotIn("<html", ended)
        self.assertRegex(self.own.page("/listes"), r"Listes : 0 mises à jour, 0 déjà à jour, \d+ non reçues")

    def test_the_liste_blanche_and_its_age(self):
        self.assertIn("Aucune liste blanche", self.own.page("/listes"))
        file = self.folder / "liste.xml"
        file.write_bytes(document(2))
        self.alices.cli("trust", "whitelist", "import", file)
        self.assertRegex(self.own.page("/listes"), r"2 domaines, prise de liste.xml le \d\d/\d\d/\d{4} \(0 j\)")
        (self.alices.home / "whitelist.json").write_text("{")
        self.assertIn("SP-WHITELIST-UNREADABLE", self.own.page("/listes"))
        # Nobody has said where it could be taken from.
        self.assertNotIn("/listes/blanche", self.own.page("/listes"))


class FetchTest(OfficeCase):
    """The liste blanche at the click of a button."""

    def furnished(self):
        """Its keeper's server, which has nothing yet."""
        tls = pki.Tls(self.folder / "tls")
        self.server = http.server.ThreadingHTTPServer((base.LOOPBACK, 0), Keeper)
        self.server.socket = tls.server_context().wrap_socket(self.server.socket, server_side=True)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.server.asked, self.server.answer = [], (500, {}, b"")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"https://localhost:{self.server.server_address[1]}/listeblanche.xml"
        text = self.alices.config.read_text()
        self.alices.config.write_text(re.sub(r"\[mssante\]\nauthorities = .*", f'[mssante]\nwhitelist = "{url}"\nauthorities = ["{tls.bundle}"]', text))

    def take(self, answer):
        """What the page says once it has ended."""
        self.server.answer = answer
        sent = self.own.post("/listes/blanche", {"mot": self.own.word()})
        self.assertEqual((303, "/listes"), (sent.status, sent.headers["Location"]))
        base.until(lambda: "data-ended" in self.own.page("/listes/blanche"), 30, "the list, or why not")
        return self.own.page("/listes")

    def test_taken_now_or_told_why_not(self):
        # By itself it asks once at the start.
        base.until(lambda: self.server.asked, 20, "the first question")
        self.assertIn("Aucune liste blanche", self.own.page("/listes"))
        shown = self.take((200, {}, document(7)))
        self.assertIn("La liste blanche vient d’être prise", shown)
        self.assertIn("7 domaines, prise de localhost", shown)
        self.assertEqual(["added", "whitelist"], self.journal("trust"))
        for answer, code in (((200, {}, document(2)), "SP-WHITELIST-SHRUNK"), ((500, {}, b""), "SP-HTTP"), ((200, {}, b"<html>"), "SP-WHITELIST-")):
            shown = self.take(answer)
            self.assertIn(code, shown)
            self.assertIn("7 domaines", shown)
        asked = len(self.server.asked)
        self.assertEqual(403, self.own.post("/listes/blanche", {"mot": "0"}).status)
        self.assertEqual(asked, len(self.server.asked))


class SettingsTest(OfficeCase):
    """What is in force, and the few that a click changes."""

    def set(self, name, word, **headers):
        """A form of the page."""
        return self.own.post("/reglages", {"mot": self.own.word(), "reglage": name, "valeur": word}, **headers)

    def followed(self, path):
        """A page, also while the relay begins again."""
        def answered():
            try:
                answer = self.own.ask("GET", path)
            except OSError:
                return None
            return answer.text if answer.status == 200 else None
        return base.until(answered, 20, path)

    def test_what_was_written_by_hand_waits_and_says_so(self):
        self.alices.config.write_text(self.alices.config.read_text() + "\n[journal]\nmonths = 9\n")
        self.assertIn("en vigueur au prochain démarrage", self.own.page("/reglages"))
        self.assertEqual(303, self.set("journal.months", "9").status)
        self.assertNotIn("en vigueur au prochain démarrage", self.followed("/reglages?fait=oui"))

    def test_one_is_changed_and_every_comment_stays(self):
        before = self.alices.config.read_text()
        self.alices.config.write_text(before + "\n[journal] # le journal\nmonths = 6 # mois\n# fin\n")
        self.assertEqual(303, self.set("journal.months", "9").status)
        after = self.alices.config.read_text()
        self.assertEqual(before + "\n[journal] # le journal\nmonths = 9 # mois\n# fin\n", after)
        page = self.followed("/reglages?fait=oui")
        self.assertIn("enregistré et en vigueur", page)
        self.assertIn('value="9"', page)
        self.assertNotIn("en vigueur au prochain démarrage", page)
        self.assertEqual(["set-journal.months"], [code for code in self.journal("service") if code.startswith("set-")])
        self.alices.cli("check", "--config", self.alices.config)

    def test_what_could_leave_in_clear_is_not_changed_here(self):
        before = self.alices.config.read_text()
        for name, word in (("policy.tag", "#autre#"), ("policy.domains", ""), ("policy.protect_subject", "false"), ("policy.recognise_letters", "false"),
                           ("policy.mssante_requires_certificate", "false"), ("trust.environment", "test"), ("journal.months", "13"),
                           ("journal.months", "6\n[policy]\ntag = \"x\""), ("policy.unknown", "1"), ("account.address", "x"), (HTML, HTML)):
            answer = self.set(name, word)
            self.assertEqual(422, answer.status, name)
            number = name == "journal.months"
            self.assertIn("SP-SETTING-RANGE" if number else "SP-SETTING-NOT-HERE", answer.text)
            self.assertEqual(number, "un nombre entier de 1 à 12" in answer.text)
            self.assertNotIn("<script>alert", answer.text)
        for fields, headers in (({"mot": "0"}, {}), ({}, {}), ({"mot": self.own.word()}, {"Origin": "http://pli.example"})):
            wanted = {**fields, "reglage": "journal.months", "valeur": "9"}
            self.assertEqual(403, self.own.post("/reglages", wanted, **headers).status)
        self.assertEqual(before, self.alices.config.read_text())
        self.assertEqual(["started"], self.journal("service"))

    def test_towards_more_protection_it_goes(self):
        config = self.alices.config
        config.write_text(re.sub(r"(?m)^protect_subject.*\n", "", config.read_text()).replace("[policy]\n", "[policy]\nprotect_subject = false\n"))
        if "protect_subject" not in config.read_text():
            config.write_text(config.read_text() + "\n[policy]\nprotect_subject = false\n")
        self.assertIn("protège moins", self.own.page("/reglages"))
        self.assertEqual(303, self.set("policy.protect_subject", "true").status)
        self.assertIn("protect_subject = true", config.read_text())

    def test_a_file_with_faults_is_left_alone(self):
        broken = self.alices.config.read_text() + "\nunknown = 1\n"
        self.alices.config.write_text(broken)
        self.assertEqual(422, self.set("journal.months", "9").status)
        self.assertEqual(broken, self.alices.config.read_text())
        self.assertIn("SP-CONFIG", self.own.page("/reglages"))


class LanguageTest(OfficeCase):
    """A page speaks one language."""

    def test_why_is_answered_in_that_of_the_page(self):
        asked = {"mot": self.own.word(), "de": ALICE, "a": "inconnu@ailleurs.test", "objet": "#med# x"}
        french = self.own.upload("/pourquoi", asked).text
        self.assertIn("aucun certificat utilisable", french)
        self.assertNotIn("no usable certificate", french)
        self.own.post("/langue", {"mot": self.own.word(), "langue": "en", "page": "/"})
        english = self.own.upload("/pourquoi", asked).text
        self.assertIn("no usable certificate", english)
        self.assertNotIn("certificat utilisable", english)
        for path, words in (("/correspondants", "Search the book"), ("/listes", "Update now"), ("/reglages", "in the file only")):
            self.assertIn(words, self.own.page(path))


del OfficeCase
