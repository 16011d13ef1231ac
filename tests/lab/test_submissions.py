"""Odd submissions: whatever a mail program or a careless hand makes of a letter that is to be sealed, it never leaves in clear.

Each row is one submission to the running program; every octet that reaches the provider is searched for the letter.
"""
import base64
import binascii
import email.utils
import io
import os
import quopri
import secrets
import smtplib
import zipfile

from lab import mails, souspli

from common import Canary
from test_sending import ALICE, BOB, ZOE, OtherRelay, SendingCase


def head(*fields, to=BOB, sender=ALICE):
    """A header; the fields are given as octets or text."""
    lines = [f"From: {sender}", f"To: {to}", f"Date: {email.utils.formatdate()}", f"Message-ID: <{secrets.token_hex(8)}@lab.test>", "MIME-Version: 1.0"]
    return b"".join((f.encode() if isinstance(f, str) else f) + b"\r\n" for f in (*lines, *fields))


def wrapped(octets):
    """Base64 in lines."""
    return mails.crlf(base64.encodebytes(octets))


def unix(text):
    """Quoted-printable is made of lines that end as Unix has them."""
    return text.replace("\r\n", "\n").encode()


def archive(octets):
    """A ZIP that holds them, deflated."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("lettre.eml", octets)
    return out.getvalue()


def uuencoded(octets):
    """As `uuencode` writes a file."""
    lines = b"".join(binascii.b2a_uu(octets[at:at + 45]) for at in range(0, len(octets), 45))
    return b"voir\n\nbegin 644 lettre.txt\n" + lines + b"`\nend\n"


def in_files(words):
    """A text as other programs put it into a file."""
    rtf = "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in words)
    folded = "\\n".join(words.replace(",", "\\,").split("\n"))
    folded = "\r\n ".join(folded[n:n + 60] for n in range(0, len(folded), 60))
    saved = mails.letter(ALICE, BOB, "x", words).replace(b"\r\n", b"\n")
    return {
        "an invitation": ("i.ics", "text/calendar", f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDESCRIPTION:{folded}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()),
        "rich text": ("l.rtf", "application/rtf", f"{{\\rtf1{{\\fonttbl{{\\f0 Arial;}}}}\\f0 {rtf}\\par}}".encode()),
        "a document": ("l.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                       archive(f"<w:document><w:p><w:t>{words.replace('. ', '.</w:t></w:p><w:p><w:t>')}</w:t></w:p></w:document>".encode())),
        "a saved message": ("l.eml", "application/octet-stream", b"From - Mon Nov 23\n" + saved),
    }


class OddTest(SendingCase):
    """Submissions that must leave sealed or not at all."""

    def never_in_clear(self, rows, *recipients):
        """`rows`: a name and what makes the message from the letter's text."""
        for name, make in rows:
            with self.subTest(name):
                self.smtp_server.forget()
                self.canary, self.before = Canary(), 0
                try:
                    self.submit("alice", make(self.canary.body), *(recipients or (BOB,)))
                except smtplib.SMTPResponseException as refused:
                    self.assertRegex(refused.smtp_error, rb"\[SP-[A-Z-]+\]")
                    self.sent(0)
                else:
                    sealed, = self.sent()
                    self.assertIn(b"smime-type=enveloped-data", sealed.octets)
                self.assertEqual([], self.canary.found_in(self.smtp_server.received()))

    # The tag, however it is spelt and wherever it stands.

    def test_spellings_of_the_tag(self):
        fields = {
            "words cut in the tag": b"Subject: =?utf-8?q?=23m?=\r\n =?utf-8?q?ed=23_x?=",
            "two charsets": b"Subject: =?utf-8?q?=23m?= =?iso-8859-1?Q?ed=23_x?=",
            "UTF-7 by its old name": b"Subject: =?unicode-1-1-utf-7?q?+ACM-med+ACM-_x?=",
            "UTF-16": b"Subject: =?utf-16?b?" + base64.b64encode("#med# x".encode("utf-16")) + b"?=",
            "UTF-32": b"Subject: =?utf-32?b?" + base64.b64encode("#med# x".encode("utf-32")) + b"?=",
            "encoded twice": b"Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3F=3D23med=3D23_x=3F=3D?=",
            "second Subject": b"Subject: x\r\nSubject: #med# y",
            "direction marks": "Subject: \u2067#med#\u2069 x".encode(),
            "isolate inside": "Subject: #m\u2066ed# x".encode(),
            "filler inside": "Subject: #m\u3164ed# x".encode(),
            "turned round": "Subject: \u202e#dem# x".encode(),
            "full-width": "Subject: ＃med＃ x".encode(),
            "bold": "Subject: #\U0001d426\U0001d41e\U0001d41d# x".encode(),
            "a Cyrillic letter": "Subject: #m\u0435d# x".encode(),
            "ten prefixes": b"Subject: " + b"Re: " * 5 + b"TR : Fwd: AW: RE[2]: WG: #med# x",
            "abbreviated prefix": "Subject: Réf. : #med# x".encode(),
            "NUL inside": b"Subject: #m\0ed# x",
            "of a link": b"Subject: %23med%23%20x", "of a link, twice": b"Subject: %2523med%2523 x", "of a page": b"Subject: &#35;med&#x23; x",
            "of a page, by name": b"Subject: RE: &num;med&num; x", "left of quoted-printable": b"Subject: =23med=23 x",
            "of a mailbox": b"Subject: &ACM-med&ACM- x", "a word that does not end": b"Subject: =?utf-8?q?=23med=23_x",
            "a word in quotes": b'Subject: "=?utf-8?q?=23med=23?= x"', "of a parameter": b"Subject: utf-8''%23med%23%20x",
            "base64 and nothing else": b"Subject: I21lZCMgUsOpc3VsdGF0cw==", "of a program": rb"Subject: \u0023med\u0023 x",
            "another field": b"Subject: RE: \r\nThread-Topic: #med# x", "no Subject": b"X-Title: #med# x",
        }
        self.never_in_clear([(name, lambda text, field=field: head(field) + f"\r\n{text}\r\n".encode()) for name, field in fields.items()])

    def test_subjects_that_are_none(self):
        fields = {
            "byte order mark": b"\xef\xbb\xbfSubject: #med# x", "NUL in the name": b"Sub\0ject: #med# x", "no colon": b"Subject #med# x",
            "no-break space": b"Subject\xc2\xa0: #med# x", "space in the name": b"Sub ject: #med# x", "folded": b"X-A: 1\r\n Subject: #med# x",
            "redirected": b"Subject: x\r\nResent-Subject: #med# x", "in French": b"Objet: #med# x", "behind a blank line": b"X-A: 1\r\n \r\nSubject: #med# x",
            "a line end lost": b"X-A: 1Subject: #med# x", "a line end too many": b"Subject\r\nX-A: : #med# x",
        }
        rows = [(name, lambda text, field=field: head(field) + f"\r\n{text}\r\n".encode()) for name, field in fields.items()]
        rows += [(name, lambda text, before=before: before + head("Subject: #med# x") + f"\r\n{text}\r\n".encode())
                 for name, before in (("leading space", b" Subject: #med# x\r\n"), ("empty line first", b"\r\n"), ("mbox", b"From alice Mon Nov 2\r\n"))]
        rows += [("first line of the text", lambda text: head("Subject: Lettre") + f"\r\n#med# {text}\r\n".encode()),
                 ("first line of a page", lambda text: head("Subject: x", "Content-Type: text/html") + f"\r\n<p>#med#</p>{text}\r\n".encode())]
        self.never_in_clear(rows)

    # Recipients whose domain asks for encryption, however they are written; a colleague who can read it is there as well.

    def test_spellings_of_a_recipient(self):
        for path in ("zoe@MSSANTE.FR.", "zoe@a.b.mssante.fr", "@gw.fr,@x.fr:zoe@mssante.fr", "zoe%mssante.fr@lab.test", "mssante.fr!zoe@lab.test",
                     '"zoe@mssante.fr"@lab.test', '"zoe x"@mssante.fr', "zoe@.mssante.fr", "zoé@mssante.fr", "zoe@mssante.fr> NOTIFY=SOMETIMES"):
            with self.subTest(path):
                client = self.smtp("alice")
                client.docmd(f"MAIL FROM:<{ALICE}>")
                for recipient in (path, BOB):
                    client.send(f"RCPT TO:<{recipient}>\r\n".encode())
                    client.getreply()
                if client.docmd("DATA")[0] == 354:
                    client.send(head("Subject: Lettre") + f"\r\n{self.canary.body}\r\n.\r\n".encode())
                    self.assertEqual(550, client.getreply()[0])
                self.sent(0)
                self.assertEqual([], self.canary.found_in(self.smtp_server.received()))

    def test_look_alikes_that_hands_type(self):
        for address in ("zoe@xn--mssant-gva.fr", "zoe@a.xn--mssant-gva.fr", "zoe@mss-ante.fr", "zoe@msssante.fr"):
            with self.subTest(address):
                self.assertIn("SP-DOMAIN-UNSURE", self.refused(head("Subject: Lettre") + f"\r\n{self.canary.body}\r\n".encode(), address)[1])
        for address in ("zoe@[mssante.fr]", "zoe@mssante.fr:25", "zoe@mssante.fr/lab.test"):
            with self.subTest(address):
                client = self.smtp("alice")
                client.docmd(f"MAIL FROM:<{ALICE}>")
                self.assertEqual(501, client.docmd(f"RCPT TO:<{address}>")[0])
        self.assertEqual([], self.canary.found_in(self.smtp_server.received()))

    def test_look_alikes_are_others(self):
        for address in ("zoe@mssante.fr.evil.com", "zoe@xmssante.fr", "zoe@[127.0.0.1]", "mssante@lab.test"):
            self.submit("alice", head("Subject: Lettre") + b"\r\nRien.\r\n", address)
        self.assertEqual([b"Rien.\r\n"] * 4, [t.octets.split(b"\r\n\r\n")[1] for t in self.sent(4)])

    # Nothing but the memory tells that a letter belongs to a sealed one.

    def root(self):
        """The identifier of a letter that was sealed."""
        identifier = f"<root.{secrets.token_hex(8)}@lab.test>"
        self.submit("alice", mails.letter(ALICE, BOB, "#med# Lettre", "x\n", message_id=identifier), BOB)
        return identifier

    def test_identifiers(self):
        sealed = self.root()
        root = sealed.encode()
        quoted = root.replace(b"@", b"=40").replace(b"<", b"=3C").replace(b">", b"=3E")
        many = b" ".join(b"<%d@x>" % n for n in range(300))
        fields = {
            "folded inside": b"References:\r\n " + root[:12] + b"\r\n " + root[12:], "without brackets": b"In-Reply-To: " + root[1:-1],
            "second field": b"References: <a@b>\r\nReferences: " + root, "behind 300": b"References: " + root + b" " + many,
            "encoded word": b"In-Reply-To: =?utf-8?q?" + quoted + b"?=", "redirected": b"Resent-Message-ID: " + root,
            "cut in two words": b"References: =?utf-8?b?" + base64.b64encode(root[:12]) + b"?=\r\n =?utf-8?b?" + base64.b64encode(root[12:]) + b"?=",
        }
        fields |= {
            "escaped for a page": b"In-Reply-To: &lt;" + root[1:-1] + b"&gt;", "escaped for a link": b"References: %3C" + root[1:-1].replace(b"@", b"%40") + b"%3E",
            "a comment inside": b"In-Reply-To: <" + root[1:-1].replace(b"@", b"(ici)@") + b">", "in quotes": b'In-Reply-To: "' + root + b'"',
            "never closed": b"References: <a@b <" + root[1:-1], "opened once": b"In-Reply-To: <a@b> " + root[1:], "in capitals": b"References: " + root.upper(),
            "a link": b"In-Reply-To: <mid:" + root[1:-1] + b">", "by another name": b"X-MS-Exchange-Parent-Message-Id: " + root,
            "with an underscore": b"In_Reply_To: " + root,
        }
        rows = [(name, lambda text, field=field: head("Subject: Re: Lettre", field) + f"\r\n{text}\r\n".encode()) for name, field in fields.items()]
        rows.append(("the same letter to somebody else", lambda text: mails.letter(ALICE, BOB, "Lettre", text, message_id=sealed)))
        self.never_in_clear(rows)

    def test_attached(self):
        root = self.root()
        parts = {
            "a message": f"Content-Type: message/rfc822\r\n\r\nFrom: {BOB}\r\nMessage-ID: {root}\r\n\r\nx",
            "its header": f"Content-Type: text/rfc822-headers\r\n\r\nFrom: {BOB}\r\nMessage-ID: {root}",
            "a receipt": f"Content-Type: message/disposition-notification\r\n\r\nOriginal-Message-ID: {root}",
            "a file": f"Content-Type: application/octet-stream\r\n\r\nFrom: {BOB}\r\nMessage-ID: {root}\r\n\r\nx",
        }
        self.never_in_clear([(name, lambda text, part=part: head("Subject: Lettre", "Content-Type: multipart/mixed; boundary=b")
                              + f"\r\n--b\r\n\r\n{text}\r\n--b\r\n{part}\r\n--b--\r\n".encode()) for name, part in parts.items()])

    # A letter that was sealed once, taken up again where nothing but its words and files tells it.

    END = "\r\n\r\nBien cordialement,\r\nDr Alice ESSAI, cabinet des Érables, 12 rue Longue, Nantes, sur rendez-vous du lundi au jeudi\r\n" \
          "Ce message est confidentiel ; s'il ne vous est pas destiné, merci de le détruire et de prévenir son expéditeur.\r\n"

    def known(self):
        """The words of a letter that was sealed, and a file of it."""
        words = (f"Chère consœur, je vous adresse Mme {self.canary.body} pour une hypertension qui résiste à deux médicaments depuis trois mois. "
                 "Le bilan rénal est normal, l’échographie montre une artère droite étroite. Merci de me dire ce que vous en pensez.")
        pdf = mails.pdf([self.canary.body], 2000)
        self.submit("alice", mails.letter(ALICE, BOB, "#med# Lettre", words + self.END, attachments=[("cr.pdf", "application/pdf", pdf)]), BOB)
        self.sent()
        self.smtp_server.forget()
        return words, pdf

    def test_a_letter_taken_up_again(self):
        for relay in ("as it runs", "after a restart"):
            words, pdf = self.known()
            if relay == "after a restart":
                self.relay("alice").restart()
            changed = words.replace("Chère consœur", "Cher Bob").replace("deux médicaments", "trois médicaments")
            html = "<p>" + words.replace(". ", ".</p><p>") + "</p>"
            for name, message in {
                "as it was": mails.letter(ALICE, BOB, "Reprise", words + self.END), "changed": mails.letter(ALICE, BOB, "Reprise", changed),
                "as a page": mails.letter(ALICE, BOB, "Reprise", "voir", html=html), "quoted": mails.letter(ALICE, BOB, "Reprise", "> " + words.replace(". ", ".\n> ")),
                "its file": mails.letter(ALICE, BOB, "Reprise", "voir", attachments=[("autre nom.bin", "application/octet-stream", pdf)]),
                "attached": mails.letter(ALICE, BOB, "Reprise", "voir", attachments=[("m.eml", "message/rfc822", mails.letter(ALICE, BOB, "x", words))]),
                **{name: mails.letter(ALICE, BOB, "Reprise", "voir", attachments=[file]) for name, file in in_files(words).items()},
            }.items():
                with self.subTest(name, relay=relay):
                    self.before = len(self.smtp_server.accepted())
                    self.submit("alice", message, BOB)
                    self.assertIn(b"smime-type=enveloped-data", self.sent()[0].octets)
            self.before = len(self.smtp_server.accepted())
            for message, what in ((mails.letter(ALICE, ZOE, "Reprise", words), "le texte, qui est"),
                                  (mails.letter(ALICE, ZOE, "Reprise", "voir", attachments=[("a.pdf", "application/pdf", pdf)]), "une piece jointe, qui est")):
                self.assertIn(f"{what} celui d'un message deja envoye ou recu chiffre".replace("jointe, qui est celui", "jointe, qui est celle"),
                              self.refused(message, ZOE)[1])
            self.assertEqual([], self.canary.found_in(self.smtp_server.received()))
            self.canary = type(self.canary)()

    def test_a_photograph_in_the_text(self):
        """As telephones and pages put it there; then as a file, and the other way round."""
        def letter(subject, place):
            part = f"--b\r\n{place}\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64.encodebytes(photo).decode()}\r\n"
            text = f"\r\n--b\r\n\r\nvoir\r\n{part}--b--\r\n".replace("\r\n", "\n").replace("\n", "\r\n")
            return head(f"Subject: {subject}", "Content-Type: multipart/mixed; boundary=b") + text.encode()

        places = ("Content-Type: image/jpeg\r\nContent-Disposition: inline", "Content-Type: image/jpeg\r\nContent-ID: <a>",
                  "Content-Type: image/jpeg\r\nContent-ID: <a>\r\nContent-Disposition: attachment; filename=a.jpg")
        for sealed in places:
            photo = b"\xff\xd8\xff\xe0" + os.urandom(200_000)
            self.before = len(self.smtp_server.accepted())
            self.submit("alice", letter("#med# Plaie", sealed), BOB)
            for again in places:
                with self.subTest(sealed=sealed, again=again):
                    self.submit("alice", letter("Plaie", again), BOB)
            self.assertEqual([True] * 4, [b"smime-type=enveloped-data" in sent.octets for sent in self.sent(4)])

    def test_what_is_in_every_letter_passes(self):
        self.known()
        self.before = len(self.smtp_server.accepted())
        card = b"BEGIN:VCARD\r\nFN:Dr Alice ESSAI\r\n" + b"NOTE:x\r\n" * 100 + b"END:VCARD\r\n"
        first = mails.letter(ALICE, BOB, "#med# Suite", "Bonjour, ci-joint le compte rendu." + self.END, attachments=[("a.vcf", "text/vcard", card)])
        self.submit("alice", first, BOB)
        for text in ("Bonjour, ci-joint le compte rendu.", "Chère consœur, je vous adresse mes vœux pour la nouvelle année.",
                     "La réunion est déplacée à jeudi, même heure et même salle ; merci de me dire ce que vous en pensez."):
            message = mails.letter(ALICE, ZOE, "Cabinet", text + self.END, attachments=[("a.vcf", "text/vcard", card)])
            self.submit("alice", message, ZOE)
            self.assertEqual(message, self.smtp_server.accepted()[-1].octets)

    def test_a_plan_that_had_left_in_clear(self):
        plan = mails.pdf(["Plan d'accès " + self.canary.name], 2000)
        for subject in ("Plan", "#med# Plan", "Plan"):
            self.submit("alice", mails.letter(ALICE, BOB, subject, "voir", attachments=[("plan.pdf", "application/pdf", plan)]), BOB)
        self.assertEqual([False, True, False], [b"pkcs7" in t.octets for t in self.sent(3)])

    def test_what_the_provider_refused_has_not_left_in_clear(self):
        """A wrong address, then the letter with its tag, then the letter taken up again without: it was never ordinary mail."""
        # Words that no other test seals: a letter that is like a sealed one would be refused before the provider sees it.
        words = (f"Cher ami, voici le jeune {self.canary.body}, dont la cheville gauche reste douloureuse six semaines après une entorse "
                 "du ligament latéral ; la radiographie était normale, faut-il une échographie ?" + self.END)
        pdf = mails.pdf([self.canary.name], 2000)
        for step, answer in (("mail", "550 5.7.1 porte close"), ("rcpt", "550 5.1.1 inconnu"), ("data", "451 4.3.0 plus tard")):
            self.smtp_server.fail(step, answer, times=1)
            said = self.refused(mails.letter(ALICE, ZOE, "Lettre", words, attachments=[("cr.pdf", "application/pdf", pdf)]), ZOE)
            self.assertIn(answer[10:], said[1], "refused by the provider, not before")
        for subject, text, files in (("#med# Lettre", words, True), ("Lettre", words, False), ("Lettre", "voir", True)):
            attached = [("cr.pdf", "application/pdf", pdf)] if files else []
            self.submit("alice", mails.letter(ALICE, BOB, subject, text, attachments=attached), BOB)
        self.assertEqual([], self.canary.found_in(self.smtp_server.received()))
        self.sent(3)

    # A text that was opened here, quoted without tag or reference.

    def quoted(self, text):
        banner = ("[Souspli] Message chiffré et signé, signature vérifiée.", "Signataire : Dr Bob.", "Chiffrement : AES-256-CBC. [/Souspli]", "", text)
        return "".join(f"> {line}\r\n" for line in banner)

    def written(self, kind, coding, write):
        return lambda text: head("Subject: Lettre", f"Content-Type: {kind}", f"Content-Transfer-Encoding: {coding}") + b"\r\n" + write(self.quoted(text))

    def test_marks_however_they_are_written(self):
        utf8 = str.encode
        rows = [(f"{charset} as {kind}", self.written(kind, "base64", lambda t, charset=charset: wrapped(t.encode(charset))))
                for charset in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")
                for kind in ("text/plain; charset=utf-16", "text/markdown", "application/octet-stream; name=a.txt")]
        rows += [
            ("quoted-printable", self.written("text/plain; charset=utf-8", "quoted-printable", lambda t: mails.crlf(quopri.encodestring(unix(t))))),
            ("flowed", self.written("text/plain; charset=utf-8; format=flowed", "8bit", lambda t: utf8(t.replace(" signature", " \r\n> signature")))),
            ("said to be base64", self.written("text/plain; charset=utf-8", "base64", utf8)),
            ("an unknown encoding", self.written("text/plain; charset=utf-8", "x-unknown", utf8)),
            ("no delimiter", self.written("multipart/mixed; boundary=z", "8bit", utf8)),
            ("preamble", self.written("multipart/mixed; boundary=z", "8bit", lambda t: utf8(t) + b"\r\n--z\r\n\r\nx\r\n--z--\r\n")),
            ("epilogue", self.written("multipart/mixed; boundary=z", "8bit", lambda t: b"--z\r\n\r\nx\r\n--z--\r\n" + utf8(t))),
            ("named signs", self.written("text/html; charset=utf-8", "8bit", lambda t: utf8(t.replace("[", "&lsqb;").replace("]", "&rsqb;")))),
            ("in an archive", self.written("application/zip", "base64", lambda t: wrapped(archive(mails.letter(ALICE, BOB, "x", t))))),
            ("in an office text", self.written("application/octet-stream", "base64",
                                               lambda t: wrapped(archive(utf8("<w:t>" + t.replace("[Sous", "[</w:t><w:t>Sous") + "</w:t>"))))),
            ("uuencoded", self.written("text/plain", "7bit", lambda t: mails.crlf(uuencoded(utf8(t))))),
            ("rich text of Outlook", self.written("application/ms-tnef; name=winmail.dat", "base64",
                                                  lambda t: wrapped(b"\x78\x9f\x3e\x22\1\0" + b"\0" * 8 + b"MELA\0\0\0\0{\\rtf1 " + utf8(t.replace("pli]", "{\\b pli}]")) + b"}"))),
            ("a tag inside", self.written("text/html; charset=utf-8", "8bit", lambda t: utf8(t.replace("[Sous", "[<b>Sous</b>")))),
        ]
        self.never_in_clear(rows)

    # Nothing is signed under a name that the key does not cover.

    def test_another_name(self):
        for sender in ("zoe@lab.test", f"{ALICE}, zoe@lab.test", f'"{ALICE}" <zoe@lab.test>', f"{ALICE}\r\nFrom: zoe@lab.test"):
            message = head("Subject: #med# Lettre", sender=sender) + f"\r\n{self.canary.body}\r\n".encode()
            code, said = self.refused(message, BOB)
            self.assertEqual(550, code)
            self.assertIn(f"signe pour {ALICE}, pas pour l'expediteur zoe@lab.test", said)
        self.assertIn("[SP-HEADER]", self.refused(head("Subject: #med# Lettre", sender="Dr Alice") + b"\r\nx\r\n", BOB)[1])

    def test_an_ordinary_letter_may_go_under_any(self):
        message = head("Subject: Lettre", sender="zoe@lab.test") + b"\r\nx\r\n"
        self.submit("alice", message, BOB)
        self.assertEqual(message, self.sent()[0].octets)

    # A provider that takes little.

    def test_what_sealing_makes_too_large_is_told(self):
        self.addCleanup(setattr, self.smtp_server, "size", self.smtp_server.size)
        self.smtp_server.size = 300_000
        client = self.smtp("alice")
        client.ehlo()
        self.assertEqual("300000", client.esmtp_features["size"])
        body = b"\r\n" + (b"x" * 70 + b"\r\n") * 3500
        code, said = self.refused(head("Subject: #med# Lettre") + body, BOB)
        self.assertEqual(552, code)
        self.assertIn("une fois chiffre, il depasse ce que le serveur accepte (0,3 Mo)", said)
        self.submit("alice", head("Subject: Lettre") + body.replace(b"x", b"y"), BOB)
        self.submit("alice", head("Subject: #med# Lettre") + body[:100_000] + b"\r\n", BOB)
        self.sent(2)


class SeveralTest(SendingCase):
    """Two accounts of one home at one server, and two keys of the one."""
    PRACTICE = "cabinet@lab.test"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = cls.practice.folder.path / "two"
        place.mkdir()
        accounts = [cls.provider.account(ALICE), cls.provider.account("carol@lab.test", extra="always_encrypt = true")]
        relay = souspli.Souspli(place, accounts, [cls.provider.tls.bundle])
        doctors, authority = cls.practice.doctors, cls.practice.authority
        newer = authority.doctor("cabinet", "Cabinet ESSAI", cls.PRACTICE)
        relay.furnish({ALICE: [doctors["alice"], newer]}, [doctors["bob"]], [authority.certificate])
        cls.addClassCleanup(relay.stop)
        cls.practice.relays["alice"].stop()
        cls.practice.relays["alice"] = relay.start()

    def test_under_the_name_of_who_seals_everything(self):
        """The rules of the one account are not passed by through the other."""
        message = head("Subject: Lettre", sender="carol@lab.test") + f"\r\n{self.canary.body}\r\n".encode()
        self.assertIn("[SP-SENDER]", self.refused(message, BOB)[1])
        self.submit("alice", head("Subject: Lettre") + b"\r\nx\r\n", BOB)
        self.assertNotIn(b"pkcs7", self.sent()[0].octets)

    def test_each_sender_has_the_key_that_names_him(self):
        for at, sender in enumerate((ALICE, self.PRACTICE)):
            self.submit("alice", head("Subject: #med# Lettre", sender=sender) + b"\r\nx\r\n", BOB)
            verdict = self.relay("bob").open_json(self.sent(at + 1)[at].octets)
            self.assertEqual(("verified", sender), (verdict["grade"], verdict["signers"][0]["address"]))


class SizeOfSealedTest(OtherRelay):
    """Where everything is sealed, the announced size leaves room for it."""
    extra = "always_encrypt = true"

    def test_half(self):
        client = self.smtp("alice")
        client.ehlo()
        self.assertEqual(self.smtp_server.size // 2, int(client.esmtp_features["size"]))
