"""A POP3 server with one maildrop that lies, falls silent or leaves: faults that no honest server has."""
from __future__ import annotations

import threading

from . import listener

# What it does instead of what it should.
FAULTS = ("no-greeting", "err-greeting", "imap-greeting", "endless-greeting", "capa-refused", "close-at-pass", "silent-at-pass",
          "close-in-list", "silent-in-list", "list-garbage", "list-lies", "uidl-refused", "uidl-garbage", "uidl-duplicate", "top-refused",
          "no-end", "close-in-message", "bare-lf", "long-line", "dot-alone", "ahead", "nul", "endless-message", "endless-header",
          "top-lies", "status-lies", "silent-at-quit", "close-at-quit")


class Stub:
    """Clear text, or STLS, on a loopback port; `messages` are the maildrop, `names` their unique-ids."""

    def __init__(self, messages, fault=None, names=None, tls=None):
        self.messages, self.fault, self.tls = messages, fault, tls
        self.names = names or [f"name{n}" for n in range(1, len(messages) + 1)]
        self.heard = []  # every line of every client
        self._listener = listener.Listener(self._serve)
        self._over = threading.Event()
        self.port = self._listener.port

    def start(self):
        """Begins to answer."""
        self._listener.start()
        return self

    def stop(self):
        """Ends it, and what it held silent."""
        self._over.set()
        self._listener.stop()

    def _serve(self, connection):
        try:
            with connection:
                if self._greet(connection):
                    self._talk(connection)
        except (OSError, StopIteration):
            pass

    def _silent(self):
        self._over.wait(300)
        raise StopIteration

    def _greet(self, connection):
        if self.fault == "no-greeting":
            self._silent()
        if self.fault == "endless-greeting":
            while True:
                connection.sendall(b"+OK " + b"x" * 65536)
        greetings = {"err-greeting": b"-ERR not today\r\n", "imap-greeting": b"* OK [CAPABILITY IMAP4rev1] hi\r\n"}
        connection.sendall(greetings.get(self.fault, b"+OK stub <1.2@stub>\r\n"))
        return self.fault not in greetings

    def _talk(self, connection):
        lines = connection.makefile("rb")
        while line := lines.readline():
            words = line.decode("latin-1").strip().split(" ")
            self.heard.append(" ".join(words))
            if words[0].upper() == "STLS":
                # What is behind the line end came with it in clear: a victim that keeps it takes it for ours.
                connection.sendall(b"+OK\r\n" + (b"+OK injected\r\nUSER\r\nSASL PLAIN\r\n.\r\n+OK\r\n+OK\r\n" if self.fault == "injected" else b""))
                connection = self.tls.wrap_socket(connection, server_side=True)
                lines = connection.makefile("rb")
                continue
            answer = getattr(self, "_" + words[0].lower(), None)
            connection.sendall(b"-ERR what\r\n" if answer is None else answer(connection, words))
            if words[0].upper() == "QUIT":
                return

    def _capa(self, connection, words):
        stls = b"STLS\r\n" if self.tls else b""
        refused = self.fault == "capa-refused"
        return b"-ERR what\r\n" if refused else b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nSASL XOAUTH2 OAUTHBEARER\r\nPIPELINING\r\n" + stls + b".\r\n"

    def _user(self, connection, words):
        return b"+OK\r\n"

    def _auth(self, connection, words):
        return b"+OK in\r\n"

    def _pass(self, connection, words):
        if self.fault == "silent-at-pass":
            self._silent()
        if self.fault == "close-at-pass":
            raise StopIteration
        return b"+OK in\r\n"

    def _noop(self, connection, words):
        return b"+OK\r\n" + (b"+OK 1 1\r\n" if self.fault == "ahead" else b"")

    def _dele(self, connection, words):
        return b"+OK\r\n"

    def _rset(self, connection, words):
        return b"+OK\r\n"

    def _quit(self, connection, words):
        if self.fault == "silent-at-quit":
            self._silent()
        if self.fault == "close-at-quit":
            raise StopIteration
        return b"+OK bye\r\n"

    def _list(self, connection, words):
        sizes = [len(m) // 3 if self.fault == "list-lies" else len(m) for m in self.messages]
        if len(words) > 1:
            return b"+OK %s %d\r\n" % (words[1].encode(), sizes[int(words[1]) - 1])
        lines = b"".join(b"%d %d\r\n" % pair for pair in enumerate(sizes, 1))
        if self.fault in ("close-in-list", "silent-in-list"):
            connection.sendall(b"+OK\r\n" + lines)
            self._silent() if self.fault == "silent-in-list" else next(iter(()))
        if self.fault == "list-garbage":
            lines = b"x y\r\n\xff\r\n0 1\r\n-1 5\r\n99999999999 1\r\n" + lines + b"1\r\n"
        return b"+OK\r\n" + lines + b".\r\n"

    def _uidl(self, connection, words):
        if self.fault == "uidl-refused":
            return b"-ERR what\r\n"
        names = ["same"] * len(self.names) if self.fault == "uidl-duplicate" else self.names
        if self.fault == "uidl-garbage":
            names = ["x" * 5000, "\x01", ""]
        return b"+OK\r\n" + b"".join(f"{n} {name}\r\n".encode() for n, name in enumerate(names, 1)) + b".\r\n"

    def _top(self, connection, words):
        message = self.messages[int(words[1]) - 1]
        if self.fault == "top-refused":
            return b"-ERR what\r\n"
        if self.fault == "top-lies":
            return b"+OK\r\nSubject: nothing\r\n\r\n.\r\n"
        if self.fault == "endless-header":
            connection.sendall(b"+OK\r\n")
            while True:
                connection.sendall(b"X: " + b"x" * 65536 + b"\r\n")
        head, body = message.split(b"\r\n\r\n", 1)
        return b"+OK\r\n" + stuffed(head + b"\r\n\r\n" + b"".join(body.splitlines(keepends=True)[:int(words[2])]))

    def _retr(self, connection, words):
        number = int(words[1])
        if number > len(self.messages):
            return b"-ERR none\r\n"
        message = self.messages[number - 1]
        status = b"+OK 99999999999999999999 octets\r\n" if self.fault == "status-lies" else b"+OK\r\n"
        return status + self._lie(connection, status, message)

    def _lie(self, connection, status, message):
        middle = len(message) // 2
        if self.fault in ("no-end", "close-in-message"):
            connection.sendall(status + stuffed(message)[:-3])
            self._silent() if self.fault == "no-end" else next(iter(()))
        if self.fault == "endless-message":
            connection.sendall(status + message)
            while True:
                connection.sendall(b"QUJD" * 15000 + b"\r\n")
        if self.fault == "bare-lf":
            return stuffed(message).replace(b"\r\n", b"\n")
        if self.fault == "long-line":
            return stuffed(message.replace(b"\r\n\r\n", b"\r\nX-Long: " + b"x" * (1 << 20) + b"\r\n\r\n", 1))
        if self.fault == "dot-alone":
            at = message.index(b"\r\n", middle) + 2
            return message[:at] + b".\r\n" + message[at:] + b".\r\n"
        if self.fault == "nul":
            return stuffed(message[:middle] + b"\0" + message[middle + 1:])
        return stuffed(message) + (b"+OK 5 octets\r\nSubject: forged\r\n\r\n.\r\n" if self.fault == "ahead" else b"")


def stuffed(message):
    """As content, the final dot included."""
    return b"".join(b"." + line if line.startswith(b".") else line for line in message.splitlines(keepends=True)) + b".\r\n"
