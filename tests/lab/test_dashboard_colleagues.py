"""The dashboard's pages on correspondents: what is found, imported, bound and removed, and what nobody is led to do."""
import json
import re

from lab import base, browser

from test_directories import ALICE, BOB, DirectoryCase

HTML = "\"><script>alert('pli')</script><b>&amp;"
PLACE = "/correspondants"


class ColleaguesCase(DirectoryCase):
    """Alice's relay at work, and a browser that got in."""

    def practice(self, *sections):
        """A relay that runs, and a browser at its dashboard."""
        relay = self.home(*sections).start()
        self.addCleanup(relay.stop)
        own = browser.Browser(relay.dashboard)
        self.assertEqual(303, own.enter().status)
        return relay, own

    def journal(self, relay):
        """What was done with certificates."""
        entries = [json.loads(line) for line in relay.cli("journal", "--json").splitlines()]
        return [entry["code"] for entry in entries if entry["event"] == "certificate"]

    def fingerprint(self, certificate):
        """As the pages name it."""
        said = base.run("openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
        text = said.decode() if isinstance(said, bytes) else getattr(said, "stdout", said)
        text = text.decode() if isinstance(text, bytes) else text
        return text.split("=")[1].strip().replace(":", "").lower()

    def imported(self, own, *files):
        """What the page says once these were uploaded."""
        return own.upload(f"{PLACE}/importer", {"mot": own.word()}, b"".join(file.read_bytes() for file in files)).text


class BookTest(ColleaguesCase):
    """The book."""

    def test_imported_found_again_shown_and_removed(self):
        relay, own = self.practice()
        self.assertIn("Aucun certificat.", own.page(PLACE))
        self.assertIn("Dr Bob ESSAI", self.imported(own, self.bob.certificate))
        carol = self.authority.doctor("carol", "Dr Carol ESSAI", "carol@lab.test")
        self.imported(own, carol.certificate)
        only = own.page(f"{PLACE}?q=Carol")
        self.assertIn("carol@lab.test", only)
        self.assertNotIn(BOB, only)
        self.assertIn(b"enveloped-data", self.sealed(relay))
        name = self.fingerprint(self.bob.certificate)
        shown = own.page(f"{PLACE}/certificat?empreinte={name}")
        for words in ("Dr Bob ESSAI", BOB, "Autorité d&#39;essai" if "&#39;" in shown else "Autorité d'essai", name[:4], "utilisable"):
            self.assertIn(words, shown)
        self.assertEqual(303, own.post(f"{PLACE}/supprimer", {"mot": own.word(), "empreinte": name}).status)
        self.assertNotIn(BOB, own.page(PLACE))
        self.refused(relay, "SP-NO-CERTIFICATE")
        self.assertEqual(["imported", "imported", "removed"], self.journal(relay))

    def test_what_will_not_do_is_said(self):
        _, own = self.practice()
        alien = self.stranger.doctor("alien", "Dr Bob AILLEURS", BOB)
        self.imported(own, alien.certificate)
        self.assertIn("SP-UNKNOWN-AUTHORITY", own.page(PLACE))

    def test_a_file_without_a_certificate_changes_nothing(self):
        relay, own = self.practice()
        for octets in (b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", bytes(100_000), b""):
            answer = own.upload(f"{PLACE}/importer", {"mot": own.word()}, octets)
            self.assertIn("SP-NO-CERTIFICATE-IN-FILE", answer.text)
        self.assertEqual([], self.journal(relay))

    def test_bad_input_changes_nothing(self):
        relay, own = self.practice()
        self.imported(own, self.bob.certificate)
        name, word = self.fingerprint(self.bob.certificate), own.word()
        pem = self.bob.certificate.read_bytes()
        for fields, headers in (({"mot": "0"}, {}), ({}, {}), ({"mot": word}, {"Origin": "http://pli.example"}), ({"mot": word}, {"Origin": None}),
                                ({"mot": word}, {"Cookie": None})):
            with self.subTest(fields=fields, headers=headers):
                self.assertEqual(403, own.upload(f"{PLACE}/importer", fields, pem, **headers).status)
                for path in ("supprimer", "chercher", "lier"):
                    given = {**fields, "empreinte": name, "adresse": BOB, "sur": "oui"}
                    self.assertEqual(403, own.post(f"{PLACE}/{path}", given, **headers).status)
        many = {"mot": word, **{f"champ{n}": "x" for n in range(40)}}
        self.assertEqual(403, own.upload(f"{PLACE}/importer", many, pem).status)
        for odd in (name[:8], name[:-1], "", "../../x", HTML):
            self.assertEqual(422, own.post(f"{PLACE}/supprimer", {"mot": word, "empreinte": odd}).status)
        self.assertEqual(["imported"], self.journal(relay))
        self.assertIn(BOB, own.page(PLACE))

    def test_too_large_is_refused(self):
        _, own = self.practice()
        try:
            self.assertIn(own.upload(f"{PLACE}/importer", {"mot": own.word()}, bytes(20 << 20)).status, (403, 413))
        except OSError:
            pass  # It was hung up on in the midst of it.
        self.assertIn("Aucun certificat.", own.page(PLACE))

    def test_markup_is_shown_as_it_was_typed(self):
        _, own = self.practice()
        name = "Dr <script>alert(1)</script> & Fils"
        self.imported(own, self.authority.doctor("html", name.replace("/", "\\/"), "html@lab.test").certificate)
        word = own.word()
        texts = [own.page(PLACE), own.page(f"{PLACE}?q=%22%3E%3Cscript%3E"), own.page(f"{PLACE}?fait=%3Cscript%3E"),
                 own.ask("GET", f"{PLACE}/certificat?empreinte=%3Cscript%3Ealert").text,
                 own.ask("GET", f"{PLACE}/lier?adresse=%3Cscript%3Ealert&empreinte=x").text,
                 own.post(f"{PLACE}/supprimer", {"mot": word, "empreinte": HTML}).text]
        for text in texts:
            self.assertNotIn("<script>", text)
        self.assertIn("&lt;script&gt;alert(1)", texts[0])


class BindTest(ColleaguesCase):
    """Who is found by name is shown first, and bound in a second step."""

    def setUp(self):
        server = self.directory().add("Bob ESSAI", certificates=[self.authority.doctor("card", "899700000001", None).certificate]).start()
        self.alices, self.own = self.practice(server.section())
        self.answer = self.own.post(f"{PLACE}/chercher", {"mot": self.own.word(), "adresse": BOB}).text

    def place(self):
        """The link behind what was found."""
        return re.search(rf'href="({PLACE}/lier\?[^"]+)"', self.answer).group(1).replace("&amp;", "&")

    def fields(self):
        """Those of the form on the page that asks."""
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.own.page(self.place())), mot=self.own.word())

    def test_found_with_its_origin_and_who_did_not_answer(self):
        self.assertIn("Peut-être\xa0: Bob ESSAI (annuaire)", self.answer)
        self.assertIn("à confirmer", self.answer)
        _, own = self.practice('[[directory]]\nname = "loin"\nurl = "ldap://127.0.0.1:1"\nbase = "c=fr"\nstarttls = false\n')
        answer = own.post(f"{PLACE}/chercher", {"mot": own.word(), "adresse": BOB}).text
        self.assertIn("SP-NET-REFUSED", answer)
        self.assertNotIn("Aucun annuaire ne connaît", answer)

    def test_shown_and_then_bound(self):
        page = self.own.page(self.place())
        for words in ("99700000001", "Autorité d", BOB, 'type="checkbox"'):
            self.assertIn(words, page)
        self.refused(self.alices, "SP-AMBIGUOUS-RECIPIENT")
        # To look is not to bind, nor is to send it without having ticked.
        self.assertIn("rien n’a été lié", self.own.post(f"{PLACE}/lier", self.fields()).text)
        self.assertEqual([], self.journal(self.alices))
        self.assertEqual(303, self.own.post(f"{PLACE}/lier", {**self.fields(), "sur": "oui"}).status)
        self.assertEqual(["confirmed"], self.journal(self.alices))
        self.assertIn("confirmé", self.own.page(PLACE))
        self.assertIn(b"enveloped-data", self.sealed(self.alices))

    def test_only_what_was_shown_is_bound(self):
        fields = {**self.fields(), "sur": "oui"}
        for odd in ({"empreinte": fields["empreinte"][:16]}, {"empreinte": 64 * "0"}, {"adresse": "x"}, {"adresse": "carol@lab.test"}):
            self.assertEqual(422, self.own.post(f"{PLACE}/lier", {**fields, **odd}).status, odd)
        self.assertEqual([], self.journal(self.alices))

    def test_no_address_is_asked_nowhere(self):
        answer = self.own.post(f"{PLACE}/chercher", {"mot": self.own.word(), "adresse": HTML, "nom": HTML}).text
        self.assertIn("Ce n’est pas une adresse", answer)
        self.assertNotIn("<script>alert", answer)


del DirectoryCase, ColleaguesCase
