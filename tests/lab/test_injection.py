"""What is said ahead of TLS is never answered or believed inside it (CVE-2011-0411 and kin, RFC 3207 §6, RFC 9051 §11.1, RFC 2595 §8).

On both sides: a program on this computer that writes into the mail program's connection, and somebody on the way to the provider.
"""
import base64
import os
import re
import select
import socket
import ssl
import unittest

from lab import base, dovecot, listener, pki, postfix, servers, souspli, wire

from common import need_product
from faultlab import unread

LOGIN, PASSWORD = "alice@lab.test", "pw-alice"
SASL = base64.b64encode(f"\0{LOGIN}\0{PASSWORD}".encode())
# A word that only somebody in between says.
MARK = b"INJECTE"


class Meddler:
    """Somebody between Souspli and a real server: in clear he says what he likes, from TLS on he only passes octets."""

    def __init__(self, kind, port):
        self.kind, self.upstream, self.say, self.clear = kind, port, {}, b""
        self._listener = listener.Listener(self._serve).start()
        self.port = self._listener.port

    def stop(self):
        """Closes its listener."""
        self._listener.stop()

    def _serve(self, client):
        with client, socket.create_connection((base.LOOPBACK, self.upstream)) as server:
            try:
                self._talk(client, server)
                _splice(client, server)
            except (OSError, ValueError):
                pass

    def _talk(self, client, server):
        """The part in clear, up to the answer to STARTTLS."""
        words = wire.WORDS[self.kind]()
        greeting = words.answer(lambda: _some(server))
        words.answered(greeting, True)
        self._pass(client, "greeting", greeting.octets)
        while True:
            unit = words.command(lambda: self._heard(client))
            words.asked(unit, None)
            server.sendall(unit.octets)
            answer = words.answer(lambda: _some(server))
            words.answered(answer, True)
            name = "tls" if unit.name in ("STARTTLS", "STLS") else unit.name
            self._pass(client, name, answer.octets)
            if name == "tls":
                return

    def _heard(self, client):
        octets = _some(client)
        self.clear += octets
        return octets

    def _pass(self, client, name, octets):
        """The server's words, or what is said in their place; then, in a segment of its own, what is said behind them."""
        client.sendall(self.say.get(name, lambda said: said)(octets))
        if behind := self.say.get(name + " then"):
            while unread(client.getpeername()[1], self.port):
                os.sched_yield()
            client.sendall(behind)


def _some(end):
    octets = end.recv(1 << 16)
    if not octets:
        raise OSError("the end")
    return octets


def _splice(*ends):
    while True:
        for end in select.select(ends, [], [])[0]:
            ends[1 - ends.index(end)].sendall(_some(end))


class Line:
    """A mail program's connection; keeps every octet that it was sent."""

    def __init__(self, port):
        self.socket, self.heard = socket.create_connection((base.LOOPBACK, port), 60), b""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, octets):
        """Writes them, in one segment."""
        self.socket.sendall(octets)

    def line(self):
        """The next line; what there is of it at the end."""
        while b"\n" not in self._buffer and self._more():
            pass
        line, end, self._buffer = self._buffer.partition(b"\n")
        return line + end

    def rest(self):
        """Everything until the other side closes."""
        while self._more():
            pass
        rest, self._buffer = self._buffer, b""
        return rest

    def secure(self):
        """Speaks TLS from here; what was read ahead in clear is an error of the other side."""
        if self._buffer:
            raise AssertionError(f"more than one answer: {self._buffer}")
        self.socket = pki.unchecked_context().wrap_socket(self.socket)

    def _more(self):
        try:
            octets = self.socket.recv(1 << 16)
        except OSError:
            return False
        self._buffer += octets
        self.heard += octets
        return bool(octets)

    def close(self):
        """Ends it."""
        self.socket.close()


# How each protocol begins TLS; a command that can be told by its one answer; the farewell; commands that would log in; one that needs
# a login, and its refusal.
CLIENT = {
    "smtp": (b"EHLO pc\r\n", b"STARTTLS\r\n", b"220", b"NOOP\r\n", b"250", b"QUIT\r\n", b"EHLO pc\r\nAUTH PLAIN " + SASL + b"\r\n",
             b"MAIL FROM:<alice@lab.test>\r\n", b"5"),
    "imap": (b"", b"a STARTTLS\r\n", b"a OK", b"n NOOP\r\n", b"n OK", b"q LOGOUT\r\n", b"b LOGIN alice@lab.test pw-alice\r\n",
             b"s SELECT INBOX\r\n", b"s (BAD|NO)"),
    "pop3": (b"", b"STLS\r\n", rb"\+OK", b"NOOP\r\n", b"-ERR", b"QUIT\r\n", b"USER alice@lab.test\r\nPASS pw-alice\r\n", b"STAT\r\n", b"-ERR"),
}

# What is said behind the answer that begins TLS, whole or begun.
BEHIND = {
    "smtp": [b"220 2.0.0 " + MARK + b"\r\n", b"250-" + MARK + b"\r\n250 AUTH PLAIN\r\n", b"235 2.7.0 " + MARK + b"\r\n", b"250-INJ", b"\r\n", b"2",
             b"250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 " + MARK + b"\r\n"],
    "imap": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN " + MARK + b"\r\nsouspli OK done\r\n", b"* PREAUTH " + MARK + b"\r\n", b"* CAPAB", b"\r\n", b"+ \r\n",
             b"souspli OK [CAPABILITY IMAP4rev1 " + MARK + b"] in\r\n", b"* OK [ALERT] " + MARK + b"\r\n", b"* BYE " + MARK + b"\r\n", b"* {3}\r\n"],
    "pop3": [b"+OK\r\nUSER\r\nSASL PLAIN " + MARK + b"\r\n.\r\n", b"+OK\r\n", b"+O", b"-ERR " + MARK + b"\r\n", b"+OK\r\n+OK\r\n+OK " + MARK + b"\r\n", b".\r\n"],
}

# What is said ahead of it: behind the greeting, before anything was asked; or in its place.
AHEAD = {
    "smtp": [lambda g: g + b"250 STARTTLS\r\n220 go\r\n", lambda g: g + b"220 go\r\n",
             lambda g: g + b"250 STARTTLS\r\n220 go\r\n250 AUTH PLAIN\r\n235 ok\r\n"],
    "imap": [lambda g: b"* PREAUTH [CAPABILITY IMAP4rev1] " + MARK + b"\r\n", lambda g: g + b"souspli OK go\r\n",
             lambda g: g + b"souspli OK go\r\nsouspli OK [CAPABILITY IMAP4rev1 " + MARK + b"] in\r\n", lambda g: g + b"+ \r\n"],
    "pop3": [lambda g: g + b"+OK go\r\n", lambda g: g + b"+OK\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n+OK " + MARK + b"\r\n", lambda g: g + b"+O"],
}

# What is offered in clear, whoever offers it: it is forgotten, and the login succeeds.
FORGOTTEN = {
    "smtp": [{"EHLO": lambda e: b"250-SIZE 17\r\n250-AUTH " + MARK + b"\r\n" + e}, {"greeting": lambda g: g + b"250-" + MARK}],
    "imap": [{"greeting": lambda g: b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=" + MARK + b"] hi\r\n* OK [ALERT] " + MARK + b"\r\n"},
             {"greeting": lambda g: g + b"* PREAUTH " + MARK + b"\r\n"}, {"tls": lambda t: b"* OK [ALERT] " + MARK + b"\r\n" + t}],
    "pop3": [{"greeting": lambda g: b"+OK " + MARK + b"\r\n"}, {"tls": lambda t: b"+OK " + MARK + b"\r\n"}],
}

# TLS withheld.
STRIPPED = {
    "smtp": {"EHLO": lambda e: b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n"},
    "imap": {"tls": lambda t: b"souspli BAD what\r\n"},
    "pop3": {"tls": lambda t: b"-ERR what\r\n"},
}


class InjectionTest(unittest.TestCase):
    """Alice's Souspli, and somebody in between on each way to real servers."""

    @classmethod
    def setUpClass(cls):
        need_product()
        if not dovecot.has_pop3():
            raise unittest.SkipTest("Dovecot's POP3 server is not installed")
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        provider = servers.Provider(folder.path, "postfix" if postfix.available() else "sink")
        cls.addClassCleanup(provider.stop)
        provider.start()
        ports = {"smtp": provider.smtp.starttls_port, "imap": provider.store.imap, "pop3": provider.store.pop3}
        cls.between = {kind: Meddler(kind, port) for kind, port in ports.items()}
        for meddler in cls.between.values():
            cls.addClassCleanup(meddler.stop)
        place = folder.path / "souspli"
        place.mkdir()
        account = souspli.account(LOGIN, cls.between["smtp"].port, cls.between["imap"].port, imap_tls="starttls", pop3=(cls.between["pop3"].port, "starttls"))
        cls.relay = souspli.Souspli(place, [account], [provider.tls.bundle], pop3=True, silence=4)
        cls.addClassCleanup(cls.relay.stop)
        cls.relay.start()

    def setUp(self):
        for meddler in self.between.values():
            meddler.say, meddler.clear = {}, b""

    def tearDown(self):
        self.assertIsNone(self.relay.process.poll(), "it ended")
        self.assertNotIn(b"panicked", self.relay.log.read_bytes())

    def line(self, kind):
        """A connection, greeted, as far as STARTTLS."""
        line = Line(getattr(self.relay, kind))
        self.addCleanup(line.close)
        line.line()
        if hello := CLIENT[kind][0]:
            line.send(hello)
            while line.line()[3:4] == b"-":
                pass
        return line

    # The mail program's side.

    def test_what_comes_with_starttls_is_not_answered(self):
        """In the same segment: another command, a login, a command begun in clear and ended in TLS."""
        for kind, (_, starttls, begun, noop, answer, bye, login, needs_login, refused) in CLIENT.items():
            for ahead, inside in ((noop, noop), (noop * 3, noop), (login, noop), (noop[:3], noop), (login[:9], noop), (noop.rstrip(b"\n"), noop), (b"\r\n", noop)):
                with self.subTest(kind=kind, ahead=ahead):
                    line = self.line(kind)
                    line.send(starttls + ahead)
                    self.assertRegex(line.line(), b"^" + begun)
                    line.secure()
                    line.send(inside)
                    self.assertRegex(line.line(), b"^" + answer)
                    line.send(needs_login)
                    self.assertRegex(line.line(), b"^" + refused)
                    line.send(bye)
                    self.assertLessEqual(line.rest().count(b"\n"), 2, "more answers than commands")

    def test_what_comes_between_starttls_and_tls_ends_the_connection(self):
        """In a segment of its own, read or not: no answer in clear, none in TLS."""
        for kind, (_, starttls, begun, noop, _, _, login, _, _) in CLIENT.items():
            for ahead in (noop, login, noop[:2], b"\r\n"):
                with self.subTest(kind=kind, ahead=ahead):
                    line = self.line(kind)
                    line.send(starttls)
                    self.assertRegex(line.line(), b"^" + begun)
                    line.send(ahead)
                    with self.assertRaises((ssl.SSLError, OSError)):
                        line.secure()
                        line.send(noop)
                        self.assertEqual(b"", line.rest())
                        raise ConnectionError("it ended")

    # The provider's side.

    def log_in(self, kind):
        """A login through Souspli, then what tells whether it is the server's own; the last answer, and whether it was taken."""
        line = Line(getattr(self.relay, kind))
        self.addCleanup(line.close)
        line.line()
        commands, good, check = {
            "smtp": ([b"EHLO pc", b"AUTH PLAIN " + SASL], b"235", b"EHLO pc"),
            "imap": ([b"b LOGIN alice@lab.test pw-alice"], b"b OK", b"c CAPABILITY"),
            "pop3": ([b"USER alice@lab.test", b"PASS pw-alice"], rb"\+OK", b"STAT"),
        }[kind]
        for command in commands:
            line.send(command + b"\r\n")
            answer = self.answer(line)
        taken = bool(re.match(good, answer))
        if taken:
            line.send(check + b"\r\n")
            self.assertRegex(self.answer(line), rb"^(250|c OK|\+OK)")
        line.send({"smtp": b"QUIT\r\n", "imap": b"q LOGOUT\r\n", "pop3": b"QUIT\r\n"}[kind])
        line.rest()
        self.assertNotIn(MARK, line.heard)
        self.assertNotRegex(line.heard, rb"SIZE 17\b")
        return taken, answer

    @staticmethod
    def answer(line):
        """The next answer, its last line."""
        while re.match(rb"\* |\d{3}-", said := line.line()):
            pass
        return said

    def no_password(self, kind):
        """Nothing that proves who the doctor is was said in clear."""
        for secret in (PASSWORD.encode(), SASL, b"AUTH", b"LOGIN", b"USER", LOGIN.encode()):
            self.assertNotIn(secret, self.between[kind].clear)

    def refused(self, kind, say):
        """With that in between there is no login, and no password in clear; without it there is."""
        self.between[kind].say = say
        taken, answer = self.log_in(kind)
        self.assertFalse(taken, answer)
        self.assertRegex(answer, rb"^(454 4\.7\.0|b NO \[UNAVAILABLE\]|-ERR \[SYS/TEMP\])")
        self.no_password(kind)
        self.between[kind].say = {}

    def test_without_anybody_in_between(self):
        for kind in CLIENT:
            self.assertTrue(self.log_in(kind)[0])
            self.no_password(kind)

    def test_octets_behind_the_beginning_of_tls(self):
        """In the same segment, or in the next."""
        for kind, pieces in BEHIND.items():
            for piece in pieces:
                with self.subTest(kind=kind, piece=piece, segment="same"):
                    self.refused(kind, {"tls": lambda said, piece=piece: said + piece})
                with self.subTest(kind=kind, piece=piece, segment="next"):
                    self.refused(kind, {"tls then": piece})
            self.assertTrue(self.log_in(kind)[0])

    def test_answers_ahead_of_the_question(self):
        for kind, ways in AHEAD.items():
            for number, way in enumerate(ways):
                with self.subTest(kind=kind, number=number):
                    self.refused(kind, {"greeting": way})
            self.assertTrue(self.log_in(kind)[0])

    def test_tls_withheld(self):
        for kind, say in STRIPPED.items():
            with self.subTest(kind=kind):
                self.refused(kind, say)

    def test_what_was_offered_in_clear_is_forgotten(self):
        for kind, say in ((kind, say) for kind, ways in FORGOTTEN.items() for say in ways):
            with self.subTest(kind=kind, said=list(say)):
                self.between[kind].say = say
                taken, answer = self.log_in(kind)
                self.assertTrue(taken, answer)
                self.no_password(kind)
