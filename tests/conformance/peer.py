"""A server as the scripts meet it: connections that send what they are given and keep count of the messages."""
from __future__ import annotations

import collections
import re

from lab import imapline

from . import args

_LINE_OF_A_NUMBER = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE)\b", re.IGNORECASE)


class Gone(Exception):
    """The server closed the connection, did not answer, or refused what prepares a script."""


class Server:
    """Where a server is and who may log in there; `second`: login and password of another user."""

    def __init__(self, port, secure, login, second=None):
        self.port, self.secure, self.login, self.second = port, secure, login, second
        self._keeper, self._capabilities = None, {}

    def connect(self, seconds=20):
        """A connection that is not logged in."""
        return imapline.Imap(self.port, secure=self.secure, seconds=seconds)

    def keeper(self):
        """A connection that lasts, for what stands before and after the scripts."""
        self._keeper = self._keeper or Connection(self, 8, self.login)
        return self._keeper

    def capabilities(self, known=True):
        """What is offered to one who is logged in, or to one who is not."""
        if known not in self._capabilities:
            box = self.keeper() if known else Connection(self, 9, None)
            [words] = [w for w in box.simple("CAPABILITY") if w[0].upper() == b"CAPABILITY"]
            self._capabilities[known] = {w.decode().upper() for w in words[1:]}
            if not known:
                box.leave()
        return self._capabilities[known]

    def leave(self):
        """Ends the lasting connection."""
        if self._keeper:
            self._keeper.leave()


class Connection:
    """One logged-in connection of a script."""

    def __init__(self, server, number, login):
        self.box, self.number, self.count, self.messages = server.connect(), number, 0, 0
        self._kept = collections.deque()
        if login:
            self.simple(f'LOGIN "{login[0]}" "{login[1]}"')

    def send(self, text, flowing=False):
        """A command, its literals after the server's `+` or flowing; its tag. What comes before a `+` is read again by `line`."""
        self.count += 1
        tag = b"%d.%d" % (self.number, self.count)
        before = tag + b" "
        for part, literal in args.pieces(text):
            if flowing and literal is not None:
                before += part[:-1] + b"+}\r\n" + literal
                continue
            self._write(before + part + b"\r\n")
            if literal is not None and not self._asked():
                break
            before = literal
        return tag

    def _asked(self):
        """Whether the server wants the literal, and has not answered the command already."""
        while True:
            line = self._read()
            if line.startswith(b"+"):
                return True
            self._kept.append(line)
            if not line.startswith(b"* "):
                return False

    def _write(self, octets):
        try:
            self.box.raw(octets)
        except OSError as problem:
            raise Gone(str(problem)) from problem

    def line(self):
        """The next response."""
        return self._kept.popleft() if self._kept else self._read()

    def _read(self):
        try:
            line = self.box.line()
        except (imapline.Refused, OSError) as problem:
            raise Gone(str(problem)) from problem
        number = _LINE_OF_A_NUMBER.match(line)
        if number:
            self.messages = int(number.group(1)) if number.group(2).upper() == b"EXISTS" else self.messages - 1
        return line

    def simple(self, command, flowing=True):
        """A command of the preparation; its untagged answers, parsed. Gone when it is refused."""
        octets = command if isinstance(command, bytes) else command.encode()
        tag, out = self.send(octets, flowing), []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                if not line[len(tag) + 1:].upper().startswith(b"OK"):
                    raise Gone(f"{octets[:60]!r}: {line!r}")
                return out
            out.append(args.parse(line[2:]))

    def leave(self):
        """Ends the connection as a mail program does, so that the server lets go of its mailbox."""
        try:
            self.simple("LOGOUT")
        except Gone:
            pass  # a script may have logged out already
        self.box.close()
