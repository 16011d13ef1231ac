"""A POP3 client that hides nothing: it sends the lines it is given and returns what came, octet for octet."""
from __future__ import annotations

import re
import socket

from . import base, pki


class Refused(base.LabError):
    """-ERR; the text of the answer is the message."""


class Pop3:
    """One connection."""

    def __init__(self, port, user=None, password=None, secure="starttls", seconds=60):
        self._socket = socket.create_connection((base.LOOPBACK, port), seconds)
        if secure == "implicit":
            self._socket = pki.unchecked_context().wrap_socket(self._socket)
        self._file = self._socket.makefile("rb")
        self.greeting = self._file.readline()
        if secure == "starttls":
            self.do("STLS")
            self._socket = pki.unchecked_context().wrap_socket(self._socket)
            self._file = self._socket.makefile("rb")
        if user:
            self.do(f"USER {user}")
            self.do(f"PASS {password}")

    def do(self, line):
        """One command; its status line without `+OK`. Refused on -ERR."""
        self.raw(line.encode() + b"\r\n")
        return self.status()

    def content(self, line):
        """One command with content: as it came, up to the final dot."""
        self.do(line)
        return self.rest()

    def message(self, number):
        """RETR, the dots before dots taken away."""
        return undotted(self.content(f"RETR {number}"))

    def sizes(self):
        """LIST, as a dictionary."""
        return {int(n): int(size) for n, size in (line.split()[:2] for line in self.content("LIST").splitlines()[:-1])}

    def names(self):
        """UIDL, as a dictionary."""
        return dict(line.decode().split() for line in self.content("UIDL").splitlines()[:-1])

    def status(self):
        """The next status line."""
        line = self.line()
        if not line.startswith(b"+"):
            raise Refused(line.decode("utf-8", "replace").strip())
        return line[3:].strip().decode("utf-8", "replace")

    def rest(self):
        """Content, up to its final dot."""
        out = []
        while not out or out[-1] != b".\r\n":
            out.append(self.line())
        return b"".join(out)

    def line(self):
        """The next line; an error when the connection ends first."""
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise base.LabError(f"the connection ended after {line!r}")
        return line

    def raw(self, octets):
        """Sends them."""
        self._socket.sendall(octets)

    def close(self):
        """Without QUIT."""
        self._file.close()
        self._socket.close()


def undotted(content):
    """The message in content that has come to its end."""
    return re.sub(rb"(?m)^\.", b"", content.removesuffix(b".\r\n"))
