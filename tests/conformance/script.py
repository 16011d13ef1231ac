"""The scripts' format: a header, then groups of commands with the answers that are expected."""
from __future__ import annotations

import dataclasses
import pathlib
import re
import time

from . import args


class Broken(Exception):
    """A script that does not follow the format."""


@dataclasses.dataclass
class Command:
    """One command; `reply` holds the words of the tagged answer it wants, the last one a prefix."""
    line: int
    text: bytes
    mark: int = 0  # N of `tagN` where several are sent at once
    reply: list | None = None


@dataclasses.dataclass
class Expected:
    """An untagged answer that must come (`*`), must not (`!`) or may (`?`)."""
    sign: str
    words: list


@dataclasses.dataclass
class Group:
    """Commands that are sent together on one connection, and the untagged answers wanted before the last tagged one."""
    connection: int = 0
    commands: list = dataclasses.field(default_factory=list)
    expected: list = dataclasses.field(default_factory=list)

    def waiting(self):
        """Whether a tagged answer is still to be read from the script."""
        return any(c.reply is None for c in self.commands)


class Script:
    """One script with its messages. `everything`: what an absent `messages:` means, which changed over the years."""

    def __init__(self, path: pathlib.Path, everything=False):
        self.name, self.path = path.name, path
        self.capabilities, self.connections, self.state = [], 1, "selected"
        self.strict, self.users, self.messages = False, {}, None if everything else 0
        self.groups = []
        _Reader(self).read(path.read_bytes())

    def mbox(self):
        """(octets, moment) of the messages that belong to it."""
        own = self.path.with_name(self.name + ".mbox")
        return mbox((own if own.exists() else self.path.with_name("default.mbox")).read_bytes())


class _Reader:
    """Fills a Script in."""

    def __init__(self, script):
        self.script, self.group = script, None

    def read(self, octets):
        """Header lines up to the first empty one, then commands."""
        header = True
        for number, line in _lines(octets):
            if not line:
                header = False
            elif not line.startswith(b"#"):
                try:
                    self._header(line.decode()) if header else self._line(number, line)
                except (ValueError, IndexError) as problem:
                    raise Broken(f"{self.script.path}:{number}: {problem}") from problem
        if self.group is None or self.group.waiting():
            raise Broken(f"{self.script.path}: a command without its answer")

    def _header(self, line):
        key, value = (part.strip() for part in line.split(":", 1))
        if key == "capabilities":
            self.script.capabilities = value.upper().split()
        elif key == "connections":
            self.script.connections = 2 if value == "n" else int(value)
        elif key == "ignore_extra_untagged":
            self.script.strict = not value.startswith("y")
        elif key == "messages":
            self.script.messages = None if value == "all" else int(value)
        elif key == "state":
            self.script.state = value
        elif key.startswith("user "):
            self.script.users[int(key[5:]) - 1] = value
        else:
            raise ValueError(f"unknown header {key}")

    def _line(self, number, line):
        sign = line[:2].decode("latin-1")
        if sign in ("* ", "! ", "? ") and self.group is not None:
            self.group.expected.append(Expected(sign[0], args.parse(line[2:])))
            return
        connection, rest = self._connection(line)
        mark, reply, command = _reply(rest)
        if self.group is not None and self.group.waiting() and reply is not None:
            self._finish(mark, rest)
            return
        if self.group is None or not self.group.waiting():
            self.group = Group(connection)
            self.script.groups.append(self.group)
        self.group.commands.append(Command(number, command, mark, reply))

    def _connection(self, line):
        """The number that a line begins with where there are several; an answer may go without."""
        number, _, rest = line.partition(b" ")
        if self.script.connections == 1 or not number.isdigit():
            return (self.group.connection if self.group else 0), line
        return int(number) - 1, rest

    def _finish(self, mark, line):
        command = next((c for c in self.group.commands if c.mark == mark and c.reply is None), None)
        if command is None:
            raise ValueError("an answer to no command")
        command.reply = args.parse(line)[1 if mark else 0:]


def _reply(line):
    """(N of `tagN`, the answer wanted when the line begins with one, the rest)."""
    found = re.match(rb"(?i)(?:tag(\d+) )?(?:(ok|no|bad|\"\")(?: |$))?", line)
    mark = int(found.group(1) or 0)
    reply = None if found.group(2) is None else [found.group(2).strip(b'"').lower()]
    return mark, reply, line[found.end():]


def _lines(octets):
    """(number, line); what stands between `{{{` and `}}}` becomes a literal, with CRLF unless it is `~{{{`."""
    number, source = 0, iter(octets.split(b"\n"))
    for line in source:
        number += 1
        first = number
        while line.endswith(b"{{{"):
            binary = line.endswith(b"~{{{")
            head, held = line[:-4 if binary else -3], []
            for inner in source:
                number += 1
                if inner.startswith(b"}}}"):
                    break
                held.append(inner)
            literal = (b"\n" if binary else b"\r\n").join(held)
            line = head + (b"~" if binary else b"") + b"{%d}\r\n" % len(literal) + literal + inner[3:]
        yield first, line


_FROM = re.compile(rb"From \S+\s+(\w{3} \w{3} +\d+ \d+:\d+:\d+ \d{4})(?: ([+-]\d{4}))?\s*$")


def mbox(octets):
    """(message with CRLF, date-time for APPEND) of each message of an mbox file."""
    out = []
    lines = octets.split(b"\n")
    for line in lines[:-1] if lines[-1] == b"" else lines:
        start = _FROM.match(line)
        if start:
            out.append(([], _moment(*start.groups())))
        else:
            out[-1][0].append(line.removesuffix(b"\r"))
    return [(b"".join(line + b"\r\n" for line in held), moment) for held, moment in out]


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def _moment(text, zone):
    """A From_ line's date as APPEND wants it (RFC 3501 9, date-time)."""
    at = time.strptime(text.decode(), "%a %b %d %H:%M:%S %Y")
    return f"{at.tm_mday:2d}-{_MONTHS[at.tm_mon - 1]}-{time.strftime('%Y %H:%M:%S', at)} {(zone or b'+0000').decode()}"
