"""An IMAP server with one mailbox that lies, falls silent or leaves: faults that no honest server has."""
from __future__ import annotations

import base64
import re
import threading

from . import listener

# What it can do instead of answering a FETCH of content (or, for the first three, a connection).
FAULTS = ("no-greeting", "bye", "garbage-greeting", "literal-too-long", "literal-too-short", "literal-enormous", "silent", "close",
          "close-in-literal", "endless-line", "deep-parentheses", "no-size", "wrong-uid", "nul")


class Stub:
    """Clear text on a loopback port; `messages` are the INBOX, UIDs from 1."""

    def __init__(self, messages, fault=None, token=None):
        """`token`: the only one that is taken, by XOAUTH2."""
        self.messages, self.fault, self.token = messages, fault, token
        self.logins = []  # what follows AUTHENTICATE or LOGIN
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
        with connection, connection.makefile("rb") as lines:
            try:
                if self._greet(connection):
                    for line in lines:
                        self._answer(connection, lines, line.rstrip(b"\r\n"))
            except (OSError, StopIteration):
                pass

    def _bears(self, rest):
        mechanism, _, response = rest.partition(b" ")
        return mechanism == b"XOAUTH2" and base64.b64decode(response).endswith(b"\x01auth=Bearer " + self.token.encode() + b"\x01\x01")

    def _greet(self, connection):
        if self.fault == "no-greeting":
            self._over.wait(300)
            return False
        if self.fault == "bye":
            connection.sendall(b"* BYE not today\r\n")
            return False
        connection.sendall(b"\xff\x00 nonsense\r\n" if self.fault == "garbage-greeting" else b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER] stub\r\n")
        return True

    def _answer(self, connection, lines, line):
        tag, verb, rest = (line.split(b" ", 2) + [b"", b""])[:3]
        verb = verb.upper()
        if verb == b"UID":
            verb, rest = (rest.split(b" ", 1) + [b""])[:2]
            verb = verb.upper()
        out = b""
        if verb in (b"AUTHENTICATE", b"LOGIN"):
            self.logins.append(rest)
        refused = self.fault == "token-refused" or (self.token and not self._bears(rest))
        if refused and verb == b"AUTHENTICATE":
            connection.sendall(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")  # RFC 7628: the error first, the client acknowledges it
            next(lines)
            connection.sendall(tag + b" NO [AUTHENTICATIONFAILED] token\r\n")
            return
        if verb == b"CAPABILITY":
            out = b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER\r\n"
        elif verb == b"AUTHENTICATE" and b" " not in rest:
            connection.sendall(b"+ \r\n")
            next(lines)
        elif verb in (b"SELECT", b"EXAMINE"):
            out = b"* %d EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT %d] n\r\n" % (len(self.messages), len(self.messages) + 1)
        elif verb == b"FETCH":
            self._fetch(connection, rest)
        elif verb == b"LOGOUT":
            connection.sendall(b"* BYE\r\n" + tag + b" OK\r\n")
            raise StopIteration
        connection.sendall(out + tag + b" OK done\r\n")

    def _fetch(self, connection, rest):
        for number, message in enumerate(self.messages, 1):
            items = [b"UID %d" % number]
            if b"RFC822.SIZE" in rest.upper() and self.fault != "no-size":
                items.append(b"RFC822.SIZE %d" % len(message))
            if b"FLAGS" in rest.upper():
                items.append(b"FLAGS ()")
            body = re.search(rb"BODY(?:\.PEEK)?\[([^]]*)\](<\d+\.\d+>)?", rest, re.I)
            if body:
                self._content(connection, number, items, body.group(1), message)
            else:
                connection.sendall(b"* %d FETCH (%s)\r\n" % (number, b" ".join(items)))

    def _content(self, connection, number, items, section, message):
        octets = message if not section else message.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
        head = b"* %d FETCH (%s BODY[%s] " % (number, b" ".join(items), section)
        if section or self.fault is None:
            return connection.sendall(head + b"{%d}\r\n%s)\r\n" % (len(octets), octets))
        return self._lie(connection, number, head, octets)

    def _lie(self, connection, number, head, octets):
        if self.fault in ("silent", "close"):
            self._over.wait(300 if self.fault == "silent" else 0)
            raise StopIteration
        if self.fault == "endless-line":
            while True:
                connection.sendall(b"* OK " + b"x" * 65536)
        sizes = {"literal-too-long": len(octets) + 5000, "literal-too-short": len(octets) // 2, "literal-enormous": 1 << 40}
        nested = b"* %d FETCH (X %s%s)\r\n" % (number, b"(" * 100000, b")" * 100000)
        if self.fault == "deep-parentheses":
            connection.sendall(nested)
        if self.fault == "wrong-uid":
            head = head.replace(b"UID %d" % number, b"UID 4294967296")
        if self.fault == "nul":
            octets = octets[:100] + b"\0" + octets[101:]
        literal = b"{%d}\r\n" % sizes.get(self.fault, len(octets))
        if self.fault == "close-in-literal":
            connection.sendall(head + literal + octets[:len(octets) // 2])
            raise StopIteration
        connection.sendall(head + literal + octets + b")\r\n")
