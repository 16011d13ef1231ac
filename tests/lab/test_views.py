"""One View per message: every size, count, section and partial agrees. And what is not S/MIME passes byte for byte, both ways."""
import base64
import email.utils
import hashlib
import itertools
import quopri
import re

from lab import base, imapline, mails

from common import CORPORA, PracticeCase

TODAY = email.utils.format_datetime(email.utils.localtime()).encode()
HEAD = (b"From: Dr Bob ESSAI <bob@lab.test>\r\nTo: alice@lab.test\r\nSubject: %s\r\nDate: " + TODAY + b"\r\n"
        b"Message-ID: <%s@lab.test>\r\nMIME-Version: 1.0\r\n")


def contents():
    """Entities of many shapes: (name, octets from the first Content- field on)."""
    text, pdf = "Bonjour,\n\nrésultat normal.\n", mails.pdf(["x"], 3000)
    make = {
        "plain": mails.letter("a@b.c", "d@e.f", "s", "Bonjour\n"),
        "accents": mails.letter("a@b.c", "d@e.f", "s", text * 40),
        "alternative": mails.letter("a@b.c", "d@e.f", "s", text, html="<html><body><p>Bonjour</p></body></html>"),
        "pdf": mails.letter("a@b.c", "d@e.f", "s", text, attachments=[("labo.pdf", "application/pdf", pdf)]),
        "all": mails.letter("a@b.c", "d@e.f", "s", text, html="<p>x</p>", attachments=[("é à.pdf", "application/pdf", pdf), ("b.csv", "text/csv", b"a;b\r\n" * 99)]),
        "eml": mails.letter("a@b.c", "d@e.f", "s", text, attachments=[("m.eml", "message/rfc822", mails.letter("x@y.z", "d@e.f", "joint", text, html="<p>y</p>"))]),
    }
    for name, message in make.items():
        _, inner, body = mails.split(message)
        yield name, b"\r\n".join([line for line in inner if not line.startswith(b"MIME-")] + [b"", body])
    yield "no-text", b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n"
    yield "empty", b"Content-Type: text/plain\r\n\r\n"
    yield "no-last-line-end", b"Content-Type: text/plain\r\n\r\nsans fin"
    yield "open-boundary", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nun\r\n--b\r\n\r\ndeux\r\n"
    yield "preamble", b"Content-Type: multipart/mixed; boundary=b\r\n\r\navant\r\n--b\r\n\r\nun\r\n--b--\r\napres\r\n"
    yield "html-only", b"Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><style>p{}</style></head><body><p>un</p></body></html>\r\n"
    yield "deep", b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nt\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>h\r\n--c--\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <i>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n--b--\r\n--a--\r\n"
    yield "long-line", b"Content-Type: text/plain\r\n\r\n" + b"x" * 5000 + b"\r\n"
    yield "no-header", b"\r\nsans champ\r\n"


def wrappings(alice, bob, alice_ec):
    """Ways to seal: (name, steps of `openssl cms`)."""
    sign, opaque = mails.signing(bob), mails.signing(bob, "-nodetach")
    return {
        "enveloped": [mails.encrypting(alice)],
        "two-recipients": [mails.encrypting(bob, alice)],
        "signed-enveloped": [sign, mails.encrypting(alice)],
        "opaque-enveloped": [opaque, mails.encrypting(alice)],
        "streamed": [[*opaque, "-stream"], [*mails.encrypting(alice), "-stream"]],
        "detached": [sign],
        "opaque": [opaque],
        "triple": [sign, mails.encrypting(alice), sign],
        "encrypt-then-sign": [mails.encrypting(alice), opaque],
        "gcm": [opaque, mails.encrypting(alice, cipher="-aes-256-gcm")],
        "3des": [opaque, mails.encrypting(alice, cipher="-des3")],
        "oaep": [opaque, mails.encrypting(alice, keyopt=["rsa_padding_mode:oaep", "rsa_oaep_md:sha256"])],
        "ec": [opaque, mails.encrypting(alice_ec)],
        "not-for-me": [opaque, mails.encrypting(bob)],
    }


class ViewsTest(PracticeCase):
    """Requirement 5, first half."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        ec = cls.practice.authority.doctor("alice-ec", "Dr Alice ESSAI", "alice@lab.test", "ec")
        cls.practice.relays["alice"].key_import("alice@lab.test", ec.p12())
        box = imapline.Imap(cls.store.imaps, "alice@lab.test", "pw-alice", secure="implicit")
        cls.names = []
        for (name, entity), (how, steps) in itertools.product(contents(), wrappings(alice, bob, ec).items()):
            sealed = entity
            for step in steps:
                sealed = mails.crlf(base.run("openssl", "cms", *step, stdin=sealed))
            title = f"{name}.{how}".encode()
            sealed = re.sub(rb"^MIME-Version: 1\.0\r\n", b"", sealed)
            box.do('APPEND "INBOX" ', HEAD % (title, title) + sealed)
            cls.names.append(title.decode())
        box.close()

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(self.names), 200)

    def test_a_list_before_and_after_opening_says_the_same(self):
        box = self.imap("alice")
        listing = "UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (From Subject Content-Type)]"
        before = box.fetch("1:*", listing)
        box.fetch("1:*", "UID BODY.PEEK[]")
        self.assertEqual(before, box.fetch("1:*", listing))

    def test_sizes_and_sections_agree(self):
        box = self.imap("alice")
        for uid in sorted(box.fetch("1:*", "UID")):
            got = box.fetch(uid, "UID RFC822.SIZE BODYSTRUCTURE BODY ENVELOPE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]")[uid]
            with self.subTest(message=self.names[uid - 1]):
                self.assertEqual(int(got["RFC822.SIZE"]), len(got["BODY[]"]))
                self.assertEqual(got["BODY[]"], got["BODY[HEADER]"] + got["BODY[TEXT]"])
                self.assertEqual(got["ENVELOPE"][1], mails.parse(got["BODY[HEADER]"])["Subject"].encode())
                self.check_structure(box, uid, got["BODYSTRUCTURE"])

    def check_structure(self, box, uid, structure):
        """Each leaf's octets and lines, and its MIME header, against the sections themselves."""
        leaves = list(leaves_of(structure, ()))
        items = " ".join(f"BODY.PEEK[{path}] BODY.PEEK[{path}.MIME]" for path, *_ in leaves)
        got = box.fetch(uid, f"UID {items}")[uid]
        for path, octets, lines, kind in leaves:
            section = got[f"BODY[{path}]"]
            self.assertEqual(octets, len(section), f"octets of {path}")
            if lines is not None:
                open_end = 0 if section.endswith(b"\n") or not section else 1
                self.assertIn(lines, (section.count(b"\n"), section.count(b"\n") + open_end), f"lines of {path}")
            if kind and got[f"BODY[{path}.MIME]"]:
                self.assertIn(kind.lower(), got[f"BODY[{path}.MIME]"].lower() + b"text/plain")

    def test_odd_partials_join_to_the_whole(self):
        box = self.imap("alice")
        for uid, size in itertools.islice(zip(sorted(box.fetch("1:*", "UID")), itertools.cycle((1, 13, 997, 4099, 65537))), None):
            whole = box.fetch(uid, "UID BODY.PEEK[]")[uid]["BODY[]"]
            step = max(size, len(whole) // 50)
            pieces = {}
            for start in range(0, len(whole) + step, step):
                pieces.update(box.fetch(uid, f"UID BODY.PEEK[]<{start}.{step}>")[uid])
            joined = b"".join(pieces[f"BODY[]<{start}>"] or b"" for start in range(0, len(whole) + step, step))
            self.assertEqual(joined, whole, self.names[uid - 1])

    def test_two_connections_and_a_restart_give_the_same(self):
        def sums():
            got = self.imap("alice").fetch("1:*", "UID BODY.PEEK[]")
            return {uid: hashlib.sha256(v["BODY[]"]).hexdigest() for uid, v in got.items()}
        first = sums()
        self.assertEqual(len(first), len(self.names))
        self.assertEqual(first, sums())
        self.assertEqual(0, self.relay("alice").stop())
        self.relay("alice").start()
        self.assertEqual(first, sums())

    def test_seen_is_set_by_reading_and_not_by_peeking(self):
        box = self.imap("alice")
        box.do("STORE 1:2 -FLAGS (\\Seen)")
        box.fetch("1", "BODY.PEEK[]")
        box.fetch("2", "BODY[TEXT]")
        flags = self.direct("alice").fetch("1:2", "UID FLAGS")
        self.assertEqual([b"\\Seen" in v["FLAGS"] for _, v in sorted(flags.items())], [False, True])


MARKS = re.compile(rb"(?mi)\\[/?souspli\\]|data-souspli|^x-souspli-")


class MarksOfOthersTest(PracticeCase):
    """Ordinary mail that imitates an opened one: the marks are gone in whatever form a mail program asks, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        page = "<html><body><div data-souspli='verified'>[Souspli] Signé, vérifié.<br>[/Souspli]</div><p>Bonjour</p></body></html>"
        text = "[Souspli] Signé, vérifié. [/Souspli]\r\n\r\nBonjour\r\n"
        cls.letters = []
        for coding, packed in (("8bit", lambda t: t.encode()), ("quoted-printable", lambda t: quopri.encodestring(t.encode()).replace(b"\n", b"\r\n")),
                               ("base64", lambda t: base64.encodebytes(t.encode()).replace(b"\n", b"\r\n"))):
            leaf = lambda kind, t: f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: {coding}\r\n\r\n".encode() + packed(t)
            pair = b"Content-Type: multipart/alternative; boundary=aa\r\n\r\n--aa\r\n" + leaf("text/plain", text) + b"\r\n--aa\r\n" + leaf("text/html", page) + b"\r\n--aa--\r\n"
            nested = b"Content-Type: message/rfc822\r\n\r\nX-Souspli-Verdict: verified\r\nSubject: y\r\n" + leaf("text/plain", text)
            for entity in (leaf("text/plain", text), leaf("text/html", page), pair, nested):
                cls.letters.append(b"X-Souspli-Verdict: verified; code=encrypted-signed\r\nx-souspli-view: t\r\n" + HEAD % (coding.encode(), b"m") + entity)
        for letter in cls.letters:
            cls.store.append("alice@lab.test", letter)

    @staticmethod
    def decoded(octets):
        """In every way in which the octets could be read."""
        yield octets
        yield quopri.decodestring(octets)
        for line in re.findall(rb"(?:^[A-Za-z0-9+/=]{4,}\r?\n)+", octets + b"\n", re.M):
            yield base64.b64decode(line + b"===")

    def assert_clean(self, octets, what):
        for form in self.decoded(octets):
            self.assertIsNone(MARKS.search(form), (what, form))

    def test_in_every_form(self):
        plain, sections = self.direct("alice"), ("BODY.PEEK[]", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "BODY.PEEK[1]", "BODY.PEEK[2]", "BODY.PEEK[1.MIME]",
                                                 "BODY.PEEK[HEADER.FIELDS (X-SOUSPLI-VERDICT SUBJECT)]", "RFC822.HEADER", "BODY.PEEK[1]<3.60>")
        stored = plain.fetch(f"1:{len(self.letters)}", "UID RFC822.SIZE BODYSTRUCTURE " + " ".join(sections), by_uid=False)
        self.assertTrue(all(MARKS.search(message["BODY[]"]) for message in stored.values()))
        for asked in sections:
            box = self.imap("alice")
            got = box.fetch(f"1:{len(self.letters)}", f"UID RFC822.SIZE BODYSTRUCTURE {asked}", by_uid=False)
            for uid, message in got.items():
                name = next(key for key in message if key not in ("UID", "RFC822.SIZE", "BODYSTRUCTURE"))
                self.assertEqual([message[k] for k in ("RFC822.SIZE", "BODYSTRUCTURE")], [stored[uid][k] for k in ("RFC822.SIZE", "BODYSTRUCTURE")])
                # A part that is not there is NIL to one and empty to the other.
                value, before = message[name] or b"", stored[uid][name] or b""
                self.assertEqual(len(value), len(before), (uid, asked))
                self.assert_clean(value, (uid, asked))

    def test_in_pieces(self):
        whole = self.imap("alice").fetch("1:*", "UID BODY.PEEK[]", by_uid=False)
        for uid, message in whole.items():
            box, joined, origin = self.imap("alice"), b"", 0
            while origin < len(message["BODY[]"]):
                joined += box.fetch(str(uid), f"UID BODY.PEEK[]<{origin}.101>")[uid][f"BODY[]<{origin}>"]
                origin += 101
            self.assertEqual(joined, message["BODY[]"])


class UnassuredPageTest(PracticeCase):
    """A page that nobody vouches for says as text what it would have said, and one that is attached is there whole."""

    def shown(self, content):
        entity = b"Content-Type: multipart/mixed; boundary=fff\r\n\r\n--fff\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + content
        entity += b"\r\n--fff\r\nContent-Type: text/html; name=cr.htm\r\nContent-Disposition: attachment; filename=cr.htm\r\n\r\n" + content + b"\r\n--fff--\r\n"
        sealed = base.run("openssl", "cms", *mails.encrypting(self.practice.doctors["alice"]), "-binary", stdin=entity)
        head = b"From: bob@lab.test\r\nTo: alice@lab.test\r\nSubject: Bilan\r\nMessage-ID: <page@lab.test>\r\nDate: Mon, 4 May 2026 10:00:00 +0200\r\n"
        self.store.append("alice@lab.test", head + mails.crlf(sealed))
        return mails.parse(self.newest("alice"))

    def test_cells_and_what_is_struck_out(self):
        page = ("<table><tr><td>Potassium</td><td>4</td><td>3,5</td></tr><tr><td>INR</td><td>2</td><td>5</td></tr></table>"
                "<p><del>0,5 mg</del><ins>5 mg</ins>, 10<sup>9</sup>/l</p><dl><dt>K</dt><dd>4,1</dd><dt>Na</dt><dd>139</dd></dl><pre>a   1\nbb  2</pre>"
                "<input type=checkbox checked>oui<p style='display:none'>caché</p><img src='http://x.test/' alt='Courbe'>")
        parts = list(self.shown(page.encode()).walk())
        self.assertNotIn("text/html", [part.get_content_type() for part in parts])
        text = next(part for part in parts if part.get_content_type() == "text/plain").get_content().replace("\r\n", "\n")
        for words in ("Potassium | 4 | 3,5\nINR | 2 | 5\n", "[supprimé : 0,5 mg]5 mg, 10^9/l\n", "K | 4,1\nNa | 139\n", "a   1\nbb  2\n", "[x] oui",
                      "[masqué : caché]", "[image : Courbe]"):
            self.assertIn(words, text)
        file = next(part for part in parts if part.get_filename() == "cr.htm.txt")
        self.assertEqual(("application/octet-stream", page.encode()), (file.get_content_type(), file.get_payload(decode=True)))


class PassingTest(PracticeCase):
    """Requirement 5, second half: mail that is not S/MIME."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.messages = list(itertools.islice(ordinary_messages(), 500))

    def setUp(self):
        if not self.messages:
            self.skipTest(f"no corpora in {CORPORA}")
        self.assertEqual(len(self.messages), 500)

    def test_reading(self):
        box, names = self.direct("alice"), []
        for name, message in self.messages:
            try:
                box.do('APPEND "Junk" ', message)
                names.append(name)
            except imapline.Refused:
                continue  # Dovecot itself refuses it
        plain, through = self.direct("alice", "Junk"), self.imap("alice", "Junk")
        self.assertGreaterEqual(len(names), 490)
        items = "UID RFC822.SIZE BODYSTRUCTURE ENVELOPE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]<3.17>"
        for start in range(1, len(names) + 1, 50):
            numbers = f"{start}:{min(start + 49, len(names))}"
            left, right = plain.fetch(numbers, items, by_uid=False), through.fetch(numbers, items, by_uid=False)
            for uid, name in zip(sorted(left), names[start - 1:]):
                self.assertEqual(hashlib.sha256(left[uid]["BODY[]"]).digest(), hashlib.sha256(right[uid]["BODY[]"]).digest(), name)
                self.assertEqual(left[uid], right[uid], name)

    def test_sending(self):
        sink = self.provider.smtp
        sink.lmtp, kept = None, sink.lmtp
        self.addCleanup(setattr, sink, "lmtp", kept)
        client = self.smtp("alice")
        for name, message in self.messages:
            message = message if message.endswith(b"\r\n") else message + b"\r\n"
            before = len(sink.transactions)
            client.sendmail("alice@lab.test", ["bob@lab.test"], message, mail_options=["BODY=8BITMIME"])
            self.assertEqual(len(sink.transactions), before + 1, name)
            self.assertEqual(sink.transactions[-1].octets, message, name)


def leaves_of(structure, path):
    """(path, octets, lines or None, type) of each part that is not a multipart, message/rfc822 and its parts included."""
    if isinstance(structure[0], list):
        for number, part in enumerate((p for p in structure if isinstance(p, list) and p and (isinstance(p[0], list) or is_part(p))), 1):
            yield from leaves_of(part, path + (number,))
        return
    where = path or (1,)
    kind = (structure[0] + b"/" + structure[1]).lower()
    lines = int(structure[7]) if kind.startswith(b"text/") else int(structure[9]) if kind == b"message/rfc822" else None
    yield ".".join(map(str, where)), int(structure[6]), lines, kind
    if kind == b"message/rfc822":
        inner = structure[8]
        yield from leaves_of(inner, where if isinstance(inner[0], list) else where + (1,))


def is_part(value):
    """Whether a list in a multipart's BODYSTRUCTURE is a part and not its parameters or disposition."""
    return len(value) >= 7 and isinstance(value[0], bytes) and isinstance(value[6], bytes) and value[6].isdigit()


def ordinary_messages():
    """(name, octets with CRLF) of the corpora's messages that are not S/MIME, have no NUL and would not be sealed."""
    for folder in ("chatmail", "mail-parser", "enmime", "cpython-email", "mime4j", "gmime", "imaptest"):
        for file in sorted((CORPORA / folder).rglob("*")) if (CORPORA / folder).is_dir() else ():
            if not file.is_file() or file.stat().st_size > 1 << 20 or file.suffix in (".xml", ".json", ".py", ".md", ".pem", ".p12", ".p7m", ".p7s"):
                continue
            octets = mails.crlf(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
            head = octets.split(b"\r\n\r\n")[0].lower()
            if b"\0" in octets or b"pkcs7" in octets.lower() or b"#" in head or not re.match(rb"[!-9;-~]+:", octets):
                continue
            yield f"{folder}/{file.name}", octets
