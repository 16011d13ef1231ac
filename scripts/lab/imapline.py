"""An IMAP client that hides nothing: it sends the lines it is given and returns every answer parsed, literals kept as they are."""
from __future__ import annotations

import re
import socket

from . import base, pki

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")


class Refused(base.LabError):
    """NO or BAD; the text of the answer is the message."""


class Imap:
    """One connection; values come back as nested lists of bytes."""

    def __init__(self, port, user=None, password=None, secure="starttls", seconds=60):
        self._socket = socket.create_connection((base.LOOPBACK, port), seconds)
        self._file, self._number = None, 0
        if secure == "implicit":
            self._socket = pki.unchecked_context().wrap_socket(self._socket)
        self._file = self._socket.makefile("rb")
        self.greeting = self._file.readline()
        if secure == "starttls":
            self.do("STARTTLS")
            self._socket = pki.unchecked_context().wrap_socket(self._socket)
            self._file = self._socket.makefile("rb")
        if user:
            self.do(f'LOGIN "{user}" "{password}"')

    def do(self, *pieces):
        """One command; a piece of bytes is sent as a literal. Untagged answers, each parsed; Refused on NO and BAD."""
        self._number += 1
        tag = b"t%d" % self._number
        self._send(tag, pieces)
        answers = []
        while True:
            line = self._response()
            if line.startswith(tag + b" "):
                if not line[len(tag) + 1:].startswith(b"OK"):
                    raise Refused(line.decode("utf-8", "replace").strip())
                self.tagged = line
                return answers
            if line.startswith(b"* "):
                answers.append(parse(line[2:]))

    def _send(self, tag, pieces):
        out = tag + b" "
        for piece in pieces:
            if isinstance(piece, bytes):
                self._socket.sendall(out + b"{%d}\r\n" % len(piece))
                self._continuation()
                out = piece
            else:
                out += piece.encode()
        self._socket.sendall(out + b"\r\n")

    def _continuation(self):
        line = self._response()
        while line.startswith(b"* "):
            line = self._response()
        if not line.startswith(b"+"):
            raise Refused(line.decode("utf-8", "replace").strip())

    def _response(self):
        whole = b""
        while True:
            line = self._file.readline()
            if not line.endswith(b"\n"):
                raise Refused("the connection was closed")
            whole += line
            literal = _LITERAL.search(line)
            if not literal:
                return whole
            octets = self._file.read(int(literal.group(1)))
            if len(octets) < int(literal.group(1)):
                raise Refused("the connection was closed inside a literal")
            whole += octets

    def fetch(self, numbers, items, by_uid=True):
        """{UID: {item: value}}; the names of the items in upper case."""
        out = {}
        for answer in self.do(f"{'UID ' if by_uid else ''}FETCH {numbers} ({items})"):
            if len(answer) >= 3 and answer[1] == b"FETCH":
                pairs = {answer[2][i].upper().decode(): answer[2][i + 1] for i in range(0, len(answer[2]), 2)}
                key = int(pairs["UID"]) if "UID" in pairs else int(answer[0])
                out.setdefault(key, {}).update(pairs)
        return out

    def close(self):
        """Ends the connection without a word."""
        self._socket.close()

    def raw(self, octets):
        """Sends octets as they are."""
        self._socket.sendall(octets)

    def line(self):
        """The next whole response, as it came."""
        return self._response()


def parse(octets):
    """A response without its `* ` as a list: atoms, strings and literals as bytes, parentheses as lists, NIL as None."""
    stack, at = [[]], 0
    while at < len(octets):
        char = octets[at:at + 1]
        if char in b" \r\n":
            at += 1
        elif char == b"(":
            stack.append([])
            at += 1
        elif char == b")" and len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif char == b'"':
            value, at = _quoted(octets, at + 1)
            stack[-1].append(value)
        elif (literal := re.compile(rb"\{(\d+)\}\r\n").match(octets, at)):
            at = literal.end() + int(literal.group(1))
            stack[-1].append(octets[literal.end():at])
        else:
            value, at = _atom(octets, at)
            stack[-1].append(None if value == b"NIL" else value)
    return stack[0]


def _quoted(octets, at):
    out = bytearray()
    while octets[at:at + 1] not in (b'"', b""):
        if octets[at:at + 1] == b"\\":
            at += 1
        out += octets[at:at + 1]
        at += 1
    return bytes(out), at + 1


def _atom(octets, at):
    """An atom; what stands in brackets belongs to it, spaces and parentheses included."""
    start, depth = at, 0
    while at < len(octets):
        char = octets[at:at + 1]
        if char == b"[":
            depth += 1
        elif char == b"]":
            depth = max(0, depth - 1)
        elif depth == 0 and char in b" ()\r\n":
            break
        at += 1
    return octets[start:max(at, start + 1)], max(at, start + 1)
