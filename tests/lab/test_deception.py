"""Forged letters through Souspli as a real Thunderbird shows them: nothing of theirs is rendered, and no word of ours is theirs."""
import base64
import unittest

from lab import base, mails, thunderbird

from common import PracticeCase

LURE = "Virez mille euros"
CLAIM = "Message chiffré et signé, signature vérifiée."
PAGE = f"<html><body style='background:#fcc'><h1 id='lure'>{LURE}</h1></body></html>"
HTML = f"Content-Type: text/html; charset=utf-8\r\n\r\n{PAGE}\r\n".encode()


def multipart(*parts):
    """A multipart/mixed of entities."""
    return b"Content-Type: multipart/mixed; boundary=fff\r\n\r\n" + b"".join(b"--fff\r\n" + part + b"\r\n" for part in parts) + b"--fff--\r\n"


def file(name, content, kind="application/octet-stream"):
    """A file of that name."""
    return f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n{content}'.encode()


def changed_inside(entity):
    """An opaque SignedData in which a word of the content is another."""
    head, _, body = entity.partition(b"\r\n\r\n")
    octets = base64.b64decode(body).replace(b"mille", b"Mille")
    return head + b"\r\n\r\n" + base64.encodebytes(octets).replace(b"\n", b"\r\n")


class DeceptionTest(PracticeCase):
    """One Thunderbird, one letter after the other."""

    @classmethod
    def setUpClass(cls):
        if not thunderbird.available():
            raise unittest.SkipTest("Thunderbird or Xvfb is not installed")
        super().setUpClass()
        cls.alice, cls.bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        cls.screen = thunderbird.Screen()
        cls.addClassCleanup(cls.screen.stop)
        relay = cls.practice.relays["alice"]
        folder = cls.practice.folder.path / "thunderbird"
        folder.mkdir()
        cls.tb = thunderbird.Thunderbird(folder, cls.screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", relay.imap, relay.smtp,
                                         relay.tls_certificate)
        cls.addClassCleanup(cls.tb.stop)
        cls.tb.start()
        cls.tb.show("INBOX")

    def signed(self, entity, *more):
        """The entity signed by Bob."""
        return self.by_openssl(entity, mails.signing(self.bob, *more))

    def sealed(self, entity):
        """The entity encrypted to Alice, by anybody."""
        return self.by_openssl(entity, mails.encrypting(self.alice))

    @staticmethod
    def by_openssl(entity, step):
        out = mails.crlf(base.run("openssl", "cms", *step, *([] if "-binary" in step else ["-binary"]), stdin=entity))
        return out.replace(b"MIME-Version: 1.0\r\n", b"", 1)

    def shown(self, subject, entity):
        """What is on the screen of a letter of Bob's with that content."""
        head = mails.letter("Dr Bob ESSAI <bob@lab.test>", "alice@lab.test", subject, "x").partition(b"Content-Type:")[0]
        self.store.append("alice@lab.test", head.replace(b"MIME-Version: 1.0\r\n", b"") + b"MIME-Version: 1.0\r\n" + entity)
        listed = self.tb.marked(subject)
        shown = self.tb.read(listed)
        shown["mark"] = listed.removesuffix(subject)
        self.assertEqual(shown["security"], [], "Thunderbird must see no S/MIME of its own")
        self.assertNotIn('id="lure"', shown["html"])
        return shown

    def assert_unassured(self, shown):
        """The list says it; the banner stands first, once, and no word like it below."""
        self.assertTrue(shown["mark"].startswith("[Souspli : non garanti"), shown["mark"])
        text = " ".join(shown["text"].split())
        self.assertTrue(text.startswith("[Souspli] ") and "garanti" in text.partition("[/Souspli]")[0], text)
        self.assertEqual((text.count("[Souspli]"), text.count("[/Souspli]")), (1, 1), text)

    def assert_warned(self, shown):
        """The list says it, and the warning stands alone."""
        self.assertTrue(shown["mark"].startswith("[Souspli : ALTÉRÉ"), shown["mark"])
        self.assertIn("Le contenu n’est pas affiché.", " ".join(shown["text"].split()))
        self.assertNotIn("euros", shown["html"])

    def test_altered_beside_the_signature(self):
        self.assert_warned(self.shown("clair", self.signed(HTML).replace(b"mille", b"Mille")))

    def test_altered_inside_the_signature(self):
        self.assert_warned(self.shown("opaque", changed_inside(self.signed(HTML, "-nodetach"))))

    def test_altered_inside_the_signature_and_long(self):
        """Long enough for the original to be attached as it came."""
        long = HTML.replace(b"</body>", b"<p>" + b"mot " * 20000 + b"</p></body>")
        self.assert_warned(self.shown("opaque long", changed_inside(self.signed(long, "-nodetach"))))

    def test_a_third_part(self):
        entity = self.signed(b"Content-Type: text/plain\r\n\r\nBonjour.\r\n")
        boundary = entity.partition(b'boundary="')[2].partition(b'"')[0]
        end = b"--" + boundary + b"--"
        self.assert_unassured(self.shown("trois", entity.replace(end, b"--" + boundary + b"\r\n" + HTML + end)))

    def test_encrypted_by_nobody(self):
        shown = self.shown("personne", self.sealed(HTML))
        self.assert_unassured(shown)
        self.assertIn(LURE, shown["text"])

    def test_a_banner_by_nobody(self):
        claim = f"<div data-souspli='verified' style='position:fixed;top:0'>&#91;Souspli] {CLAIM} [/Sous&shy;pli]</div>"
        shown = self.shown("bandeau", self.sealed(f"Content-Type: text/html; charset=utf-8\r\n\r\n{claim}<p>Bonjour.</p>\r\n".encode()))
        self.assert_unassured(shown)
        self.assertIn(f"(faux) {CLAIM} (faux)", shown["text"])

    def test_a_banner_in_an_ordinary_letter(self):
        """A short one, which comes whole, and one that comes in pieces."""
        claim = f"<div data-souspli='verified' style='background:#edf7ed'>[Souspli] {CLAIM}<br>Signataire : Dr Bob. [/Souspli]</div>"
        for subject, more in (("ordinaire", ""), ("ordinaire et long", "<p>" + "mot " * 40000 + "</p>")):
            page = f"Content-Type: text/html; charset=utf-8\r\n\r\n{claim}<p>Bonjour.</p>{more}\r\n".replace("mot " * 20, "mot " * 19 + "\r\n")
            shown = self.shown(subject, page.encode())
            self.assertTrue(" ".join(shown["text"].split()).startswith(f"(faux) {CLAIM} Signataire : Dr Bob. (faux) Bonjour."), shown["text"][:200])
            self.assertNotIn("data-souspli", shown["html"])

    def test_a_banner_under_another_name_of_text(self):
        """Thunderbird shows what it does not know as text."""
        claim = f"[Souspli] {CLAIM}\r\nSignataire : Dr Bob ESSAI\r\n[/Souspli]\r\nBonjour."
        for kind in ("text/markdown", "text/x-inconnu", "text/enriched", "text/csv", "text/calendar", "text/vcard", "message/delivery-status"):
            with self.subTest(kind):
                shown = self.shown(kind, f"Content-Type: {kind}; charset=utf-8\r\n\r\n{claim}\r\n".encode())
                self.assertNotIn("[Souspli]", shown["text"])
        seen = self.shown("markdown", f"Content-Type: text/markdown; charset=utf-8\r\n\r\n{claim}\r\n".encode())["text"]
        self.assertIn(f"(faux) {CLAIM}", " ".join(seen.split()))

    def test_files_by_nobody(self):
        card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{LURE}\r\nEND:VCARD"
        entity = multipart(
            file("image.svg", f"<svg xmlns='http://www.w3.org/2000/svg'><text id='lure'>{LURE}</text></svg>", "image/svg+xml"),
            file("page.html", PAGE), file("page.xhtml", PAGE), file("lettre.eml", f"Subject: x\r\nContent-Type: text/html\r\n\r\n{PAGE}"),
            file("smime.p7m", PAGE), file("carte.vcf", card), file("note.txt", f"[Souspli] {CLAIM} [/Souspli]"),
            file("riche.rtf", f"[Souspli] {CLAIM} [/Souspli]"), b"Content-Type: text/plain; charset=utf-8\r\n\r\nBonjour.\r\n")
        shown = self.shown("fichiers", self.sealed(entity))
        self.assert_unassured(shown)
        self.assertNotIn("<svg", shown["html"])
        self.assertEqual(len(shown["attachments"]), 8)


if __name__ == "__main__":
    unittest.main()
