"""Every mail program reads the same mailbox through Souspli; what it keeps is compared with the View as curl gets it."""
import poplib
import re
import unittest

import letters
from lab import base, imapline, mails, pki, programs, report, thunderbird

from common import PracticeCase
from test_clients import imaplib_box

HEAVY = "two Thunderbirds at once are twice as slow, and give up"

# The package behind each program, in the order of the table.
PACKAGES = {"curl": "curl", "imaplib": "python3", "poplib": "python3", "mbsync": "isync", "offlineimap": "offlineimap3", "getmail": "getmail6", "fetchmail": "fetchmail",
            "imapfilter": "imapfilter", "neomutt": "neomutt", "alpine": "alpine", "Thunderbird": "thunderbird"}
ROWS = {}


def lines(octets):
    """Line ends as files have them."""
    return octets.replace(b"\r\n", b"\n")


def ended(octets):
    """And empty lines at the end, of which mailbox files keep no count."""
    return lines(octets).rstrip(b"\n") + b"\n"


def with_a_last_line_end(octets):
    """What a program gives a message that ends without one."""
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def unquoted(octets):
    """And a mailbox file's `>From ` as it was, on both sides of the comparison."""
    return re.sub(rb"(?m)^>+From ", b"From ", ended(octets))


def unfolded(octets):
    """And long header fields on one line."""
    return re.sub(rb"[ \t]*\n[ \t]+", b" ", lines(octets))


def without(change, *names):
    """That change, and without the header fields that a program writes for itself."""
    unwanted = tuple(n.lower().encode() + b":" for n in names)

    def changed(octets):
        head, gap, body = lines(octets).partition(b"\n\n")
        return change(b"\n".join(line for line in head.split(b"\n") if not line.lower().startswith(unwanted)) + gap + body)
    return changed


def message_id(octets):
    """Which message it is."""
    found = re.search(rb"(?im)^Message-ID:\s*(<[^>]*>)", octets)
    return found and found.group(1)


class MatrixTest(PracticeCase):
    """One mailbox, and its copy in another folder for what Thunderbird does not download beforehand."""
    options = {"pop3_tls": "implicit"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        elsewhere = pki.Authority(cls.practice.folder.path / "elsewhere", "Autorité inconnue")
        cls.letters = letters.everything(alice, bob, elsewhere.doctor("stranger", "Dr Bob ESSAI", "bob@lab.test"))
        box = imapline.Imap(cls.store.imaps, "alice@lab.test", "pw-alice", secure="implicit")
        for _, message in cls.letters:
            box.do('APPEND "INBOX" ', message)
        box.do('SELECT "INBOX"')
        box.do('COPY 1:* "Junk"')
        box.close()
        relay = cls.practice.relays["alice"]
        folder = cls.practice.folder.path / "programs"
        folder.mkdir()
        cls.way = programs.Way(relay.imap, relay.pop3, "alice@lab.test", "pw-alice", relay.tls_certificate, folder, len(cls.letters))
        if base.program("curl") is None:
            raise unittest.SkipTest("curl is not installed")
        cls.views = programs.curl(cls.way)
        cls.by_id = {message_id(view): uid for uid, view in cls.views.items()}

    def need(self, program):
        """Its version; skips when it is not installed."""
        version = programs.version(PACKAGES[program])
        if version is None:
            self.skipTest(f"{program} is not installed")
        return version

    def compare(self, program, how, kept, change=lines, own="line ends", views=None):
        """All that was kept, against the Views; a row of the table. `kept`: {UID: octets}, or octets in any order."""
        if not isinstance(kept, dict):
            kept = {self.by_id.get(message_id(octets)): octets for octets in kept}
        views = views or self.views
        self.assertEqual(set(views), set(kept))
        for uid, octets in sorted(kept.items()):
            if change(views[uid]) != change(octets):
                with self.subTest(message=self.letters[uid - 1][0]):
                    self.assertEqual(change(views[uid]), change(octets))
        ROWS[program, how] = (f"{program} {self.need(program)}", how, f"{len(kept)} of {len(views)}", own)

    def test_the_views_are_what_they_should_be(self):
        """What the others are compared with: opened, or saying why not."""
        wanted = {"clair": None, "scellé": "verified", "signé": "verified"}
        others = {"scellé, sans signature": "unassured", "faux, modifié": "altered", "faux, opaque modifié": "unassured",
                  "faux, autre expéditeur": "unassured", "faux, chiffré dans un autre": None, "faux, bandeau": None, "faux, bandeau HTML": None,
                  "pas pour moi": "unopenable", "pas pour moi, court": "unopenable", "abîmé": "unopenable"}
        for uid, (name, _) in enumerate(self.letters, 1):
            verdict = mails.parse(self.views[uid])["X-Souspli-Verdict"]
            with self.subTest(message=name):
                self.assertEqual(others.get(name, wanted.get(name.partition(",")[0])), verdict and str(verdict).partition(";")[0])
                if verdict is None:
                    self.assertNotIn(b"[Souspli]", self.views[uid])
        self.assertGreaterEqual(len(self.letters), 40)
        self.assertGreater(max(map(len, self.views.values())), 2 << 20)

    def test_curl(self):
        again = programs.curl(self.way, "curl-again")
        self.compare("curl", "`BODY[]`", again, change=bytes, own="nothing")

    def test_pop3(self):
        """Over POP3 the Views are others, for their boundaries come from other names; they are the same for each program."""
        views = programs.curl_pop3(self.way)
        self.assertEqual([message_id(v) for v in self.views.values()], [message_id(v) for v in views.values()])
        box = poplib.POP3("127.0.0.1", self.way.pop3, timeout=60)
        self.addCleanup(box.close)
        box.stls(pki.unchecked_context())
        box.user(self.way.user)
        box.pass_(self.way.password)
        sizes = [int(line.split()[1]) for line in box.list()[1]]
        kept = {number: b"".join(line + b"\r\n" for line in box.retr(number)[1]) for number in views}
        box.quit()
        # What ends without a line end is given one by POP3; its size stays that of the message.
        self.assertEqual({0}, {len(octets) - size for octets, size, (name, _) in zip(kept.values(), sizes, self.letters) if "sans fin" not in name})
        self.compare("poplib", "POP3, `RETR`", kept, with_a_last_line_end, "a last line end", views)
        self.compare("fetchmail", "POP3, `RETR`", programs.fetchmail(self.way, "POP3"), ended, "line ends", views)
        change = without(unfolded, "Return-Path")
        self.compare("getmail", "POP3, `RETR`, in clear", programs.getmail(self.way, "POP3"), change, "line ends, folding; adds Return-Path", views)

    def test_imaplib(self):
        box = imaplib_box(self, self.way.port, self.way.certificate)
        box.select("INBOX", readonly=True)
        for how, items in (("`RFC822`", ("RFC822",)), ("`RFC822.HEADER`, `RFC822.TEXT`", ("RFC822.HEADER", "RFC822.TEXT")),
                           ("`BODY.PEEK[]<...>` of 30,011 octets", None)):
            kept = {}
            for uid in self.views:
                step = 30_011
                wanted = items or [f"BODY.PEEK[]<{at}.{step}>" for at in range(0, len(self.views[uid]), step)]
                _, answers = box.uid("FETCH", str(uid), f"({' '.join(wanted)})")
                kept[uid] = b"".join(a[1] for a in answers if isinstance(a, tuple))
            self.compare("imaplib", how, kept, change=bytes, own="nothing")

    def test_parts(self):
        """Each leaf of BODYSTRUCTURE fetched by itself and decoded as it says, against Python's reading of the View."""
        box = self.imap("alice")
        kept = {}
        for uid, view in self.views.items():
            structure = box.fetch(uid, "UID BODYSTRUCTURE")[uid]["BODYSTRUCTURE"]
            found = list(leaves(structure, ()))
            got = box.fetch(uid, "UID " + " ".join(f"BODY.PEEK[{path}]" for path, _ in found))[uid]
            parts = list(leaf_parts(mails.parse(view)))
            with self.subTest(message=self.letters[uid - 1][0]):
                self.assertEqual(len(parts), len(found))
                for (path, coding), part in zip(found, parts):
                    section = got[f"BODY[{path}]"]
                    if part.get_content_type() == "message/rfc822":
                        self.assertIn(section, view)
                        self.assertEqual(part.get_payload(0)["Subject"], mails.parse(section)["Subject"])
                    else:
                        self.assertEqual(part.get_payload(decode=True).rstrip(), decoded(section, coding).rstrip())
            kept[uid] = view
        self.compare("imaplib", "`BODYSTRUCTURE`, each leaf by itself", kept, change=bytes, own="compared once decoded")

    def test_mbsync(self):
        self.need("mbsync")
        self.compare("mbsync", "`BODY.PEEK[]`", programs.mbsync(self.way), without(lines, "X-TUID"), "line ends; adds X-TUID")

    def test_offlineimap(self):
        self.need("offlineimap")
        self.compare("offlineimap", "`BODY.PEEK[]`", programs.offlineimap(self.way))

    def test_getmail(self):
        self.need("getmail")
        change = without(unfolded, "Return-Path", "X-getmail-retrieved-from-mailbox")
        self.compare("getmail", "`BODY.PEEK[]`, in clear", programs.getmail(self.way), change, "line ends, folding; adds Return-Path")

    def test_fetchmail(self):
        self.need("fetchmail")
        self.compare("fetchmail", "`RFC822.HEADER` and `BODY.PEEK[TEXT]` apart", programs.fetchmail(self.way), ended, "line ends")

    def test_imapfilter(self):
        self.need("imapfilter")
        self.compare("imapfilter", "`BODY.PEEK[HEADER]` and `BODY.PEEK[TEXT]` apart", programs.imapfilter(self.way), change=bytes, own="nothing")

    def test_neomutt(self):
        self.need("neomutt")
        cached, copied = programs.neomutt(self.way)
        self.assertGreaterEqual(len(cached), len(self.views) - 1)
        self.compare("neomutt", "header fields of all, then `BODY.PEEK[]`", copied, without(lines, "Content-Length", "Lines", "Status", "Tags"),
                     "line ends; adds Content-Length, Lines, Tags")
        self.assertEqual([], [uid for uid, octets in cached.items() if lines(octets) != lines(self.views[uid])])

    def test_alpine(self):
        self.need("alpine")
        program = programs.Alpine(self.way)
        self.addCleanup(program.close)
        saved = program.save_all()
        self.compare("alpine", "`ENVELOPE`, `BODYSTRUCTURE`; header and text when it saves", saved,
                     without(unquoted, "Status", "X-Status", "X-Keywords", "X-UID"), "line ends; adds Status, X-UID")
        self.shown_by_alpine(program.export_all())
        for name in ("clair, pdf", "scellé, pdf", "signé, pdf", "scellé, grand"):
            uid = 1 + [n for n, _ in self.letters].index(name)
            [pdf] = [p for p in mails.parse(self.views[uid]).walk() if p.get_content_type() == "application/pdf"]
            self.assertEqual(pdf.get_payload(decode=True), program.save_part(uid, 1), name)

    def shown_by_alpine(self, shown):
        """The text that it displays is the text of the View, but for its own line breaks; the grid of parts was read one by one."""
        self.assertEqual(len(self.views), len(shown))
        for uid, octets in enumerate(shown, 1):
            text = mails.parse(self.views[uid]).get_body(("plain",))
            with self.subTest(shown=self.letters[uid - 1][0]):
                if text is not None:
                    self.assertIn(solid(text.get_content()), solid(octets.decode("utf-8", "replace")))
        ROWS["alpine", "parts"] = (f"alpine {self.need('alpine')}", "the parts it shows, one by one", f"{len(shown)} of {len(shown)}",
                                   "compared as the words shown; PDFs by octets")

    def test_thunderbird(self):
        if not thunderbird.available():
            self.skipTest("Thunderbird or Xvfb is not installed")
        for attempt in (1, 2):
            try:
                stored, streamed = self.both_modes(attempt)
                break
            except base.LabError as problem:
                if attempt == 2:
                    raise
                print(f"a Thunderbird that stopped is tried again: {problem}")
        self.compare("Thunderbird", "downloaded beforehand, `BODY.PEEK[]` of all", stored, without(unquoted, *MOZILLA), "line ends; adds X-Mozilla-*")
        junk = programs.curl(self.way, "curl-junk", "Junk")
        self.compare("Thunderbird", "on demand, `BODY[]<...>` in chunks when large", streamed, with_a_last_line_end, "a last line end", junk)

    def both_modes(self, attempt):
        """(what its mailbox file holds of the INBOX, {UID: octets} of Junk read on demand)."""
        relay = self.relay("alice")
        folder = self.practice.folder.path / f"thunderbird{attempt}"
        place = folder / "streamed"
        place.mkdir(parents=True)
        screen = thunderbird.Screen()
        self.addCleanup(screen.stop)
        program = thunderbird.Thunderbird(folder, screen, "alice@lab.test", "Dr Alice ESSAI", "pw-alice", relay.imap, relay.smtp, relay.tls_certificate)
        self.addCleanup(program.stop)
        program.start()
        program.show("INBOX")
        program.wait_for(self.letters[-1][0])
        program.download("INBOX")
        stored = programs.mbox(program.kept("INBOX"))
        program.keep_offline("Junk", False)
        program.show("Junk")
        program.wait_for(self.letters[-1][0])
        return stored, program.streamed("Junk", place)


MOZILLA = ("X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys")


class ReportTest(unittest.TestCase):
    """docs/conformance.md, made of what the class above saw."""

    def test_programs(self):
        tried = {program for program, _ in ROWS}
        if tried != set(PACKAGES):
            self.skipTest(f"not tried: {', '.join(sorted(set(PACKAGES) - tried))}")
        rows = [row for program in PACKAGES for (name, _), row in sorted(ROWS.items()) if name == program]
        versions = ", ".join(sorted({row[0] for row in rows}))
        body = TEXT + report.table(["Program", "How it reads", "The same as the View", "What it changes by itself"], rows)
        report.section(self, "Mail programs", versions, body)


TEXT = """\
One mailbox of messages in clear, sealed, signed, forged, damaged and not for its owner, from a few words to 3.6 MB
(tests/lab/letters.py), read by each program through one Souspli. What each keeps on its disk is compared, octet by octet but for
what the last column says, with the View that curl gets.

Not tried: Outlook and Apple Mail, which do not run on Debian; himalaya, which Debian 12 does not have.

"""


def leaves(structure, path):
    """(section, transfer encoding) of each leaf of a BODYSTRUCTURE; an attached message counts as one leaf."""
    if isinstance(structure[0], list):
        for number, part in enumerate((p for p in structure if isinstance(p, list) and p and (isinstance(p[0], list) or is_part(p))), 1):
            yield from leaves(part, path + (number,))
    else:
        yield ".".join(map(str, path or (1,))), structure[5].lower()


def is_part(value):
    """Whether a list in a multipart's BODYSTRUCTURE is a part, and not its parameters or disposition."""
    return len(value) >= 7 and isinstance(value[0], bytes) and isinstance(value[6], bytes) and value[6].isdigit()


def leaf_parts(message):
    """The same leaves as Python's parser finds them."""
    if message.get_content_maintype() == "multipart":
        for part in message.iter_parts():
            yield from leaf_parts(part)
    else:
        yield message


def decoded(octets, coding):
    """A section without its transfer encoding."""
    part = mails.parse(b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: " + coding + b"\r\n\r\n" + octets)
    return part.get_payload(decode=True)


def solid(text):
    """Words without the spaces between them."""
    return "".join(text.split())
