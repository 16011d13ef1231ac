"""POP3 in front of a real POP3 server: sealed letters open, everything else passes byte for byte, deletions are the provider's."""
import base64
import email
import hashlib
import itertools
import poplib
import re
import ssl
import unittest

from lab import base, dovecot, mails, pki, pop3line

from common import PracticeCase
from test_views import contents, ordinary_messages, wrappings

TEXT = "Résultat normal, évolution favorable."


class Pop3Case(PracticeCase):
    """Alice and bob read over POP3."""
    options = {"pop3_tls": "implicit"}

    @classmethod
    def setUpClass(cls):
        if not dovecot.has_pop3():
            raise unittest.SkipTest("Dovecot's POP3 server is not installed")
        super().setUpClass()

    def pop3(self, name="alice", secure="starttls"):
        """A connection through Souspli, logged in."""
        return self.kept(pop3line.Pop3(self.relay(name).pop3, f"{name}@lab.test", f"pw-{name}", secure))

    def direct_pop3(self, name="alice"):
        """A connection to the provider, logged in."""
        return self.kept(pop3line.Pop3(self.store.pop3s, f"{name}@lab.test", f"pw-{name}", "implicit"))

    def kept(self, box):
        self.addCleanup(box.close)
        return box

    @classmethod
    def sealed(cls, letter, *more, to="alice"):
        """From bob, signed and encrypted."""
        return mails.smime(letter, mails.signing(cls.practice.doctors["bob"], *more), mails.encrypting(cls.practice.doctors[to]))


class ReadingTest(Pop3Case):
    """Sealed, forged and ordinary letters in one maildrop."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pdf = mails.pdf(["Bilan"], 60000)
        letter = mails.letter("Dr Bob ESSAI <bob@lab.test>", "alice@lab.test", "Lettre", f"{TEXT}\n.\n.point\n", attachments=[("labo.pdf", "application/pdf", cls.pdf)])
        cls.plain = mails.letter("carol@lab.test", "alice@lab.test", "ordinaire", "Bonjour\n.\n..\n.x\nfin\n")
        whole = cls.sealed(letter)
        half = len(whole) // 2
        cls.forged = mails.smime(mails.letter("bob@lab.test", "alice@lab.test", "signée", "Dose : 1 mg\n"), mails.signing(cls.practice.doctors["bob"])).replace(b"1 mg", b"9 mg")
        cls.messages = [cls.plain, whole, cls.forged, cls.sealed(mails.letter("bob@lab.test", "alice@lab.test", "courte", "Court.\n"), "-nodetach"),
                        cls.sealed(mails.letter("bob@lab.test", "bob@lab.test", "pas pour moi", "Non.\n"), to="bob"),
                        whole[:half] + (b"A" if whole[half:half + 1] != b"A" else b"B") + whole[half + 1:], cls.plain]
        for message in cls.messages:
            cls.store.append("alice@lab.test", message)

    def test_a_sealed_letter_opens_with_its_pdf(self):
        got = mails.parse(self.pop3().message(2))
        self.assertIn(TEXT, mails.texts(got))
        self.assertIn("\r\n.\r\n.point\r\n", mails.texts(got))
        self.assertEqual(self.pdf, mails.attachment(got, "labo.pdf"))
        self.assertTrue(got["X-Souspli-Verdict"].startswith("verified"))
        self.assertIn("[Souspli]", mails.texts(got))

    def test_what_is_forged_is_shown_as_such(self):
        box = self.pop3()
        got = mails.parse(box.message(3))
        self.assertTrue(got["X-Souspli-Verdict"].startswith("altered"), got["X-Souspli-Verdict"])
        self.assertNotIn("9 mg", mails.texts(got))
        got = mails.parse(box.message(6))
        self.assertNotIn("verified", got["X-Souspli-Verdict"])
        got = mails.parse(box.message(5))
        self.assertTrue(got["X-Souspli-Verdict"].startswith("unopenable"), got["X-Souspli-Verdict"])

    def test_ordinary_mail_passes_byte_for_byte(self):
        through, direct = self.pop3(), self.direct_pop3()
        for number in (1, 7):
            for command in (f"RETR {number}", f"TOP {number} 0", f"TOP {number} 3"):
                self.assertEqual(direct.content(command), through.content(command), command)
            self.assertEqual(mails.crlf(self.plain), through.message(number))

    def test_sizes_are_those_of_what_is_read(self):
        box = self.pop3()
        count, octets = map(int, box.do("STAT").split())
        sizes = box.sizes()
        self.assertEqual((len(self.messages), sum(sizes.values())), (count, octets))
        for number, size in sizes.items():
            self.assertEqual(f"{number} {size}", box.do(f"LIST {number}"))
            self.assertEqual(size, len(box.message(number)), f"message {number}")
        self.assertEqual(sizes, box.sizes())

    def test_top_shows_the_beginning_of_the_same(self):
        box = self.pop3()
        for number in range(1, len(self.messages) + 1):
            whole = box.message(number)
            head, body = whole.split(b"\r\n\r\n", 1)
            lines = body.splitlines(keepends=True)
            for count in (0, 1, 2, len(lines) // 2, len(lines), len(lines) + 5, 2 ** 31, 10 ** 12):
                top = pop3line.undotted(box.content(f"TOP {number} {count}"))
                self.assertEqual(head + b"\r\n\r\n" + b"".join(lines[:count]), top, f"TOP {number} {count}")

    def test_unique_ids_and_octets_stay(self):
        box = self.pop3()
        names, first = box.names(), [box.content(f"RETR {n}") for n in range(1, len(self.messages) + 1)]
        sizes = box.sizes()
        self.assertEqual(names, self.direct_pop3().names())
        self.assertEqual(f"2 {names['2']}", box.do("UIDL 2"))
        self.assertEqual(first[1], self.pop3().content("RETR 2"))
        box.close()
        self.relay("alice").restart()
        box = self.pop3()
        self.assertEqual((names, sizes), (box.names(), box.sizes()))
        self.assertEqual(first, [box.content(f"RETR {n}") for n in range(1, len(self.messages) + 1)])
        self.assertEqual(sizes, box.sizes())

    def test_the_same_as_over_imap(self):
        """But for the boundary and the mark, which name the place where a message was read."""
        over_imap = {uid: fields["BODY[]"] for uid, fields in self.imap("alice").fetch("1:*", "UID BODY.PEEK[]").items()}
        box = self.pop3()
        self.assertEqual(len(self.messages), len(over_imap))
        for number, uid in enumerate(sorted(over_imap), 1):
            self.assertEqual(shape(over_imap[uid]), shape(box.message(number)), f"message {number}")

    def test_pipelined_commands_are_answered_in_order(self):
        box = self.pop3()
        box.raw(b"STAT\r\nRETR 2\r\nNOOP\r\nTOP 1 0\r\nXXXX\r\nRETR 1\r\nQUIT\r\n")
        self.assertRegex(box.status(), r"^7 \d+$")
        box.status()
        self.assertIn(b"labo.pdf", box.rest())
        box.status()
        box.status()
        self.assertNotIn(b"Bonjour", box.rest())
        with self.assertRaises(pop3line.Refused):
            box.status()
        box.status()
        self.assertIn(b"Bonjour", box.rest())
        box.status()
        with self.assertRaises(base.LabError):
            box.line()

    def test_a_key_that_cannot_be_used_now(self):
        """That message alone is refused, with what to do; the connection stays, and the message comes once the key is back."""
        keys = {file: file.read_bytes() for file in (self.relay("alice").home / "keys").iterdir() if file.is_file()}
        self.assertTrue(keys)
        view = self.pop3().content("RETR 2")
        # A relay reads its keys at the start, to know which of them are on cards.
        self.relay("alice").stop()
        try:
            for file in keys:
                file.write_bytes(b"rubbish")
            self.relay("alice").start()
            box = self.pop3()
            with self.assertRaisesRegex(pop3line.Refused, r"^-ERR \[SYS/(TEMP|PERM)\] .*\[SP-[A-Z-]+\]$"):
                box.do("RETR 2")
            self.assertEqual(mails.crlf(self.plain), box.message(1))
        finally:
            for file, octets in keys.items():
                # As the store does it: another file under the same name.
                (file.parent / "new").write_bytes(octets)
                (file.parent / "new").rename(file)
        self.assertEqual(view, box.content("RETR 2"))

    def test_two_at_once_see_the_same(self):
        one, other = self.pop3(), self.pop3()
        self.assertEqual(one.content("RETR 2"), other.content("RETR 2"))


class SizesTest(Pop3Case):
    """Every shape of content in every wrapping: sizes before and after reading, lines, and what the provider would say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        ec = cls.practice.authority.doctor("alice-ec", "Dr Alice ESSAI", "alice@lab.test", "ec")
        cls.practice.relays["alice"].key_import("alice@lab.test", ec.p12())
        cls.names = []
        box = cls.store.connect("alice@lab.test")
        for (name, entity), (how, steps) in itertools.product(contents(), wrappings(alice, bob, ec).items()):
            sealed = entity
            for step in steps:
                sealed = mails.crlf(base.run("openssl", "cms", *step, stdin=sealed))
            sealed = re.sub(rb"^MIME-Version: 1\.0\r\n", b"", sealed)
            head = f"From: Dr Bob ESSAI <bob@lab.test>\r\nTo: alice@lab.test\r\nSubject: {name}.{how}\r\nMIME-Version: 1.0\r\n"
            box.append("INBOX", None, None, head.encode() + sealed)
            cls.names.append(f"{name}.{how}")
        box.logout()

    def test_sizes_before_and_after_reading(self):
        box = self.pop3()
        before = box.sizes()
        self.assertEqual(len(self.names), len(before))
        read = {number: len(box.message(number)) for number in before}
        for number, size in before.items():
            self.assertEqual(size, read[number], self.names[number - 1])
        self.assertEqual(before, box.sizes())
        self.assertEqual(f"{len(before)} {sum(before.values())}", box.do("STAT"))


class PassingTest(Pop3Case):
    """Mail that is not S/MIME."""

    def test_corpora_byte_for_byte(self):
        messages = list(itertools.islice(ordinary_messages(), 260))
        if not messages:
            self.skipTest("no corpora")
        box, names = self.store.connect("alice@lab.test"), []
        for name, octets in messages:
            if box.append("INBOX", None, None, octets)[0] == "OK":
                names.append(name)
        box.logout()
        self.assertGreaterEqual(len(names), 200)
        through, direct = self.pop3(), self.direct_pop3()
        for command in ("STAT", f"LIST {len(names)}"):
            self.assertEqual(direct.do(command), through.do(command))
        self.assertEqual(direct.sizes(), through.sizes())
        for number, name in enumerate(names, 1):
            for command in (f"RETR {number}", f"TOP {number} 2"):
                left, right = direct.content(command), through.content(command)
                self.assertEqual(hashlib.sha256(left).hexdigest(), hashlib.sha256(right).hexdigest(), f"{command}: {name}")


class DeletingTest(Pop3Case):
    """Nothing is deleted but by QUIT."""

    def setUp(self):
        for subject in ("un", "deux", "trois"):
            self.store.append("bob@lab.test", mails.letter("carol@lab.test", "bob@lab.test", subject, "x\n"))
        self.addCleanup(self.empty)

    def empty(self):
        box = self.direct("bob")
        box.do("STORE 1:* +FLAGS (\\Deleted)")
        box.do("EXPUNGE")

    def stored(self):
        return [mails.parse(octets)["Subject"] for octets in self.store.stored("bob@lab.test")]

    def deleting(self, *commands):
        box = self.pop3("bob")
        for command in commands:
            box.do(command)
        return box

    def test_leaving_without_quit_deletes_nothing(self):
        box = self.deleting("DELE 1", "DELE 2")
        self.assertEqual(1, len(box.sizes()))
        box.close()
        base.until(lambda: self.pop3("bob").do("STAT").startswith("3 "), 20, "the maildrop to be free")
        self.assertEqual(["un", "deux", "trois"], self.stored())

    def test_reset_and_quit_deletes_nothing(self):
        self.deleting("DELE 1", "RSET", "QUIT")
        self.assertEqual(["un", "deux", "trois"], self.stored())

    def test_quit_deletes_what_was_marked(self):
        box = self.deleting("DELE 2")
        with self.assertRaises(pop3line.Refused):
            box.do("RETR 2")
        with self.assertRaises(pop3line.Refused):
            box.do("DELE 2")
        box.do("QUIT")
        base.until(lambda: self.stored() == ["un", "trois"], 20, "the deletion")

    def test_reading_and_leaving_it_there(self):
        box = self.pop3("bob")
        for number in box.sizes():
            box.message(number)
        box.do("QUIT")
        self.assertEqual(3, len(self.stored()))

    def test_the_end_of_souspli_deletes_nothing(self):
        self.deleting("DELE 1")
        self.relay("bob").restart()
        self.assertEqual("3", self.pop3("bob").do("STAT").split()[0])


class DialogueTest(Pop3Case):
    """The words on the wire, and other mail programs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pdf = mails.pdf(["Bilan"])
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Lettre", f"{TEXT}\n", attachments=[("labo.pdf", "application/pdf", cls.pdf)])
        cls.store.append("alice@lab.test", cls.sealed(letter))
        cls.certificate = cls.practice.relays["alice"].tls_certificate

    def check(self, octets):
        got = mails.parse(mails.crlf(octets))
        self.assertIn(TEXT, mails.texts(got))
        self.assertEqual(self.pdf, mails.attachment(got, "labo.pdf"))

    def fresh(self, secure="starttls"):
        return self.kept(pop3line.Pop3(self.relay("alice").pop3, secure=secure))

    def test_capabilities_are_an_allow_list(self):
        box = self.fresh("plain")
        self.assertNotIn(b"<", box.greeting)
        before = box.content("CAPA").decode().splitlines()[:-1]
        self.assertEqual(["TOP", "UIDL", "USER", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "STLS", "SASL PLAIN LOGIN XOAUTH2 OAUTHBEARER"], before)
        after = self.pop3().content("CAPA").decode().splitlines()[:-1]
        self.assertEqual([c for c in before if c != "STLS"], after)

    def test_each_way_to_log_in(self):
        plain = base64.b64encode(b"\0alice@lab.test\0pw-alice").decode()
        self.fresh().do(f"AUTH PLAIN {plain}")
        box = self.fresh()
        self.assertEqual("", box.do("AUTH PLAIN"))
        box.do(plain)
        box = self.fresh()
        for line in ("AUTH LOGIN", base64.b64encode(b"alice@lab.test").decode(), base64.b64encode(b"pw-alice").decode()):
            box.do(line)
        box.do("STAT")

    def test_a_wrong_password_is_the_providers_word(self):
        box = self.fresh()
        for login, said in (("alice@lab.test", r"-ERR \[AUTH\] "), ("nobody@lab.test", r"-ERR \[AUTH\] .*SP-POP3-LOGIN")):
            box.do(f"USER {login}")
            with self.assertRaisesRegex(pop3line.Refused, said):
                box.do("PASS wrong")
        with self.assertRaisesRegex(pop3line.Refused, "APOP"):
            box.do("APOP alice 0123")

    def test_nothing_said_before_tls_is_believed(self):
        """A command sent in clear right behind STLS must not be answered inside TLS (CVE-2011-0411)."""
        box = self.fresh("plain")
        box.raw(b"USER alice@lab.test\r\nSTLS\r\nPASS pw-alice\r\nCAPA\r\n")
        box.status()
        box.status()
        try:
            inside = pki.unchecked_context().wrap_socket(box._socket)
            self.addCleanup(inside.close)
            inside.sendall(b"QUIT\r\n")
            answers = b""
            while piece := inside.recv(4096):
                answers += piece
            self.assertEqual(b"+OK\r\n", answers)
        except (ssl.SSLError, ConnectionError):
            pass  # it may as well end the connection

    def test_poplib(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.verify_flags |= getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
        box = poplib.POP3("127.0.0.1", self.relay("alice").pop3, timeout=60)
        self.addCleanup(box.close)
        box.stls(context)
        box.user("alice@lab.test")
        box.pass_("pw-alice")
        count, octets = box.stat()
        _, lines, size = box.retr(1)
        self.assertEqual((1, octets), (count, size))
        self.check(b"\r\n".join(lines) + b"\r\n")
        self.assertEqual(lines[:3], box.top(1, 0)[1][:3])
        self.assertEqual(1, len(box.uidl()[1]))
        box.quit()

    def test_curl(self):
        if base.program("curl") is None:
            self.skipTest("curl is not installed")
        place = f"pop3://127.0.0.1:{self.relay('alice').pop3}/"
        curl = ("curl", "-sS", "--ssl-reqd", "--cacert", self.certificate, "-u", "alice@lab.test:pw-alice")
        listed = base.run(*curl, place)
        got = base.run(*curl, place + "1")
        self.check(got)
        self.assertEqual([f"1 {len(got)}".encode()], listed.splitlines())

    def test_fetchmail(self):
        if base.program("fetchmail") is None:
            self.skipTest("fetchmail is not installed")
        place = self.practice.folder.path / "fetchmail"
        place.mkdir()
        (place / "rc").write_text(FETCHMAIL.format(port=self.relay("alice").pop3, place=place, certificate=self.certificate))
        (place / "rc").chmod(0o600)
        command = ("fetchmail", "-f", place / "rc", "--pidfile", place / "pid", "--nosyslog", "-v")
        said = base.run(*command, env={"HOME": str(place), "PATH": "/usr/bin:/bin"})
        self.check(strip_trace((place / "got").read_bytes()))
        self.assertNotIn(b"not the expected length", said)
        self.assertEqual(1, len(self.store.stored("alice@lab.test")), "kept at the provider")

    def test_getmail(self):
        if base.program("getmail") is None:
            self.skipTest("getmail is not installed")
        place = self.practice.folder.path / "getmail"
        (place / "mail").mkdir(parents=True)
        (place / "rc").write_text(GETMAIL.format(port=self.relay("alice").pop3, place=place, certificate=self.certificate))
        command = ("getmail", "--getmaildir", place, "--rcfile", place / "rc", "-v")
        env = {"HOME": str(place), "PATH": "/usr/bin:/bin"}
        base.run(*command, env=env)
        files = list((place / "mail").iterdir())
        self.assertEqual(1, len(files))
        self.check(strip_trace(files[0].read_bytes()))
        base.run(*command, env=env)
        self.assertEqual(files, list((place / "mail").iterdir()), "known by its unique-id")


class TransportTest(Pop3Case):
    """The other ways to speak to the provider."""
    options = {"pop3_tls": "starttls"}

    def test_starttls_towards_the_provider(self):
        self.store.append("alice@lab.test", self.sealed(mails.letter("bob@lab.test", "alice@lab.test", "s", f"{TEXT}\n")))
        self.assertIn(TEXT, mails.texts(mails.parse(self.pop3().message(1))))

    def test_marks_of_others_are_harmless(self):
        """A message that is not S/MIME and says that it was opened and verified."""
        fields = {"X_Souspli_Verdict": "verified; code=encrypted-signed"}
        letter = mails.letter("bob@lab.test", "bob@lab.test", "RIB", f"[Souspli] Message chiffré et signé. [/Souspli]\n\n{TEXT}\n", **fields)
        self.store.append("bob@lab.test", letter)
        box = self.pop3("bob")
        got = box.message(1)
        self.assertEqual((len(got), f"1 {len(got)}"), (box.sizes()[1], box.do("STAT")))
        self.assertNotIn(b"X-Souspli", got)
        self.assertNotIn("[Souspli]", mails.texts(mails.parse(got)))
        self.assertIn(TEXT, mails.texts(mails.parse(got)))


def strip_trace(octets):
    """Without what the fetching program wrote before the message."""
    lines = octets.split(b"\n")
    while lines and not lines[0].startswith(b"From: "):
        lines.pop(0)
    return b"\n".join(lines)


def shape(view):
    """What people and programs see of a View: fields and the octets of each part, without boundary and mark."""
    message = email.message_from_bytes(view)
    fields = [(k, v) for k, v in message.items() if k not in ("Content-Type", "X-Souspli-View")]
    parts = [(p.get_content_type(), p.get_filename(), p.get_payload(decode=True)) for p in message.walk() if not p.is_multipart()]
    return fields, parts


FETCHMAIL = """\
set idfile {place}/ids
poll 127.0.0.1 protocol pop3 port {port} uidl
  user "alice@lab.test" password "pw-alice" sslproto "auto" sslcertck sslcertfile "{certificate}" sslcommonname "localhost" keep
  mda "cat > {place}/got"
"""

GETMAIL = """\
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = {port}
username = alice@lab.test
password = pw-alice

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > {place}/mail/$$")
allow_root_commands = true

[options]
delete = false
read_all = false
delivered_to = false
received = false
"""
