"""What an IMAP line holds, read the same way from a script and from a server: bytes, None for NIL, lists."""
from __future__ import annotations

import re

_LITERAL = re.compile(rb"~?\{(\d+)\+?\}\r\n")
_ENDS = b" ()\r\n"


def parse(octets):
    """The words of a line. Brackets are ordinary characters: `[UIDNEXT 3]` is two words; free text never fails."""
    stack, at = [[]], 0
    while at < len(octets):
        char = octets[at:at + 1]
        if char in b" \r\n":
            at += 1
        elif char == b"(":
            stack.append([])
            at += 1
        elif char == b")":
            at += 1
            if len(stack) > 1:
                done = stack.pop()
                stack[-1].append(done)
        else:
            word, at = _word(octets, at)
            stack[-1].append(word)
    while len(stack) > 1:
        done = stack.pop()
        stack[-1].append(done)
    return stack[0]


def _word(octets, at):
    """One quoted string, literal or atom, and where it ends."""
    if octets[at:at + 1] == b'"':
        return _quoted(octets, at + 1)
    literal = _LITERAL.match(octets, at)
    if literal and literal.end() + int(literal.group(1)) <= len(octets):
        end = literal.end() + int(literal.group(1))
        return octets[literal.end():end], end
    end = at
    while end < len(octets) and octets[end] not in _ENDS:
        end += 1
    atom = octets[at:end]
    return (None if atom.upper() == b"NIL" else atom), end


def _quoted(octets, at):
    out = bytearray()
    while at < len(octets) and octets[at:at + 1] != b'"':
        at += octets[at:at + 1] == b"\\"
        out += octets[at:at + 1]
        at += 1
    return bytes(out), at + 1


def pieces(octets):
    """A command cut at its literals: (text up to and with the announcement, what follows it as a literal or None)."""
    at, out = 0, []
    for literal in iter(lambda: _LITERAL.search(octets, at), None):
        end = literal.end() + int(literal.group(1))
        out.append((octets[at:literal.end() - 2], octets[literal.end():end]))
        at = end
    return out + [(octets[at:], None)]
