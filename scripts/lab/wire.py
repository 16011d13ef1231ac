"""SMTP, IMAP and POP3 cut into steps as a relay in between sees them: whole commands, whole answers. Trusts both sides."""
from __future__ import annotations

import collections
import re

# A command or an answer: what it is called, its octets, its IMAP tag, whether the server waits for more of it.
Unit = collections.namedtuple("Unit", "name octets tag waits", defaults=(b"", False))

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


class Words:
    """What is common: a buffer for each direction, and the commands whose answers are due."""

    def __init__(self):
        self._heard, self._said = b"", b""
        self.due = collections.deque([(Unit("greeting", b""), None)])

    def command(self, read):
        """The next thing that the client says."""
        line = self._line("_heard", read)
        return Unit(line.split()[0].decode("latin-1").upper() if line.split() else "empty", line)

    def asked(self, unit, refused):
        """An answer to it is due; `refused`: it never went to the server, this is the answer."""
        self.due.append((unit, refused))

    def answered(self, _unit, _passed):
        """That answer was given."""
        self.due.popleft()

    def ready(self):
        """Answers in place of the server's whose turn has come."""
        while self.due and self.due[0][1] is not None:
            yield self.due.popleft()[1]

    def taken(self, _unit):
        """The message that the server takes with this answer, if it does."""
        return None

    def secure(self, _unit):
        """Whether TLS follows."""
        return False

    def _line(self, side, read):
        return self._until(side, b"\r\n", read)

    def _until(self, side, end, read):
        while end not in getattr(self, side):
            setattr(self, side, getattr(self, side) + read())
        head, _, rest = getattr(self, side).partition(end)
        setattr(self, side, rest)
        return head + end

    def _octets(self, side, count, read):
        while len(getattr(self, side)) < count:
            setattr(self, side, getattr(self, side) + read())
        whole = getattr(self, side)
        setattr(self, side, whole[count:])
        return whole[:count]


class Smtp(Words):
    """RFC 5321."""

    def __init__(self):
        super().__init__()
        self._content, self._recipients, self._message = False, [], b""

    def command(self, read):
        # Whether it is content is known when it comes: the server has said 354 by then.
        while not self._heard:
            self._heard += read()
        if self._content:
            self._content = False
            # A message that is empty ends with the very first dot.
            while b"\r\n.\r\n" not in b"\r\n" + self._heard:
                self._heard += read()
            head, _, self._heard = (b"\r\n" + self._heard).partition(b"\r\n.\r\n")
            self._message = (head + b"\r\n.\r\n")[2:]
            return Unit("content", self._message)
        unit = super().command(read)
        if unit.name == "MAIL":
            self._recipients = []
        if unit.name == "RCPT":
            self._recipients.append(unit.octets[unit.octets.index(b"<") + 1:unit.octets.index(b">")].decode())
        return unit

    def answer(self, read):
        octets = self._line("_said", read)
        while octets.rpartition(b"\r\n")[0].rpartition(b"\r\n")[2][3:4] == b"-":
            octets += self._line("_said", read)
        name = self.due[0][0].name
        if name == "DATA" and octets.startswith(b"354"):
            self._content = True
        return Unit(name, octets, waits=name == "DATA" and octets.startswith(b"354"))

    def taken(self, unit):
        return (tuple(self._recipients), self._message) if unit.name == "content" and unit.octets.startswith(b"2") else None

    def secure(self, unit):
        return unit.name == "STARTTLS" and unit.octets.startswith(b"220")

    @staticmethod
    def refusal(_unit, later):
        """In place of any reply."""
        return b"451 4.3.0 later\r\n" if later else b"554 5.7.1 never\r\n"


class Pop3(Words):
    """RFC 1939."""

    def answer(self, read):
        octets, unit = self._line("_said", read), self.due[0][0]
        words = unit.octets.split()
        long = unit.name in ("CAPA", "RETR", "TOP") or (unit.name in ("LIST", "UIDL") and len(words) == 1)
        if long and octets.startswith(b"+OK"):
            line = b""
            while line != b".\r\n":
                line = self._line("_said", read)
                octets += line
        return Unit(unit.name, octets)

    @staticmethod
    def refusal(_unit, later):
        """In place of any reply (RFC 3206)."""
        return b"-ERR [SYS/TEMP] later\r\n" if later else b"-ERR [SYS/PERM] never\r\n"


class Imap(Words):
    """RFC 9051. An answer is everything up to its tagged line; while IDLE lasts, every line."""

    def __init__(self):
        super().__init__()
        self.due.clear()
        self._names, self._last, self._greeted, self._idle, self._literal = {}, b"", False, False, None
        self._preset = []

    def command(self, read):
        if self._literal is not None:
            octets, self._literal = self._octets("_heard", self._literal, read), None
            octets += self._line("_heard", read)
            return self._announced(Unit(self._names[self._last] + " literal", octets, self._last))
        line = self._line("_heard", read)
        words = line.split()
        if self._last and len(words) == 1:
            return Unit("DONE" if words[0].upper() == b"DONE" else "response", line, self._last)
        verb = b" ".join(words[1:3] if words[1].upper() == b"UID" else words[1:2])
        self._last, self._names[words[0]] = words[0], verb.decode().upper()
        return self._announced(Unit(verb.decode().upper(), line, words[0]))

    def _announced(self, unit):
        found = _LITERAL.search(unit.octets)
        if not found:
            return unit
        self._literal = int(found.group(1))
        return unit._replace(waits=True)

    def asked(self, unit, refused):
        if unit.name == "DONE":
            self._idle = False
        if refused is not None:
            self._preset.append(refused)
            self._literal = None

    def answered(self, unit, passed):
        if unit.name == "IDLE +" and passed:
            self._idle = True

    def ready(self):
        preset, self._preset = self._preset, []
        return preset

    def answer(self, read):
        gathered = b""
        while True:
            octets = self._response(read)
            gathered += octets
            first = octets.split(b" ", 1)[0].rstrip(b"\r\n")
            if not self._greeted:
                self._greeted = True
                return Unit("greeting", gathered)
            if first == b"+":
                return Unit(self._names[self._last] + " +", gathered, self._last, True)
            if first in self._names:
                return Unit(self._names[first], gathered, first)
            if self._idle:
                return Unit("push", gathered)

    def _response(self, read):
        octets = self._line("_said", read)
        while (found := _LITERAL.search(octets)):
            octets += self._octets("_said", int(found.group(1)), read)
            octets += self._line("_said", read)
        return octets

    @staticmethod
    def refusal(unit, later):
        """In place of a tagged answer; of a greeting: a farewell."""
        if not unit.tag:
            return b"* BYE later\r\n" if later else b"* BAD never\r\n"
        return unit.tag + (b" NO [SERVERBUG] later\r\n" if later else b" BAD never\r\n")


WORDS = {"smtp": Smtp, "imap": Imap, "pop3": Pop3}
