"""Runs scripts against a server: what each group of commands came to."""
from __future__ import annotations

import dataclasses
import itertools

from . import args, matching
from .peer import Connection, Gone

# A mailbox of its own for each run: a server may keep one that was deleted while another connection still shows it.
_NUMBERS = itertools.count(1)


@dataclasses.dataclass
class Outcome:
    """What one group of commands came to: `wrong` is empty when all was as expected."""
    line: int
    command: str
    wrong: str = ""


@dataclasses.dataclass
class Result:
    """What a script came to: either capabilities were `missing`, or each group has its outcome."""
    missing: set
    outcomes: list

    def right(self):
        """How many groups were as expected."""
        return sum(not o.wrong for o in self.outcomes)


class Run:
    """One script on one server."""

    def __init__(self, script, server):
        self.script, self.server = script, server
        self.mails, self.next = script.mbox(), 0
        self.connections = []
        self.outcomes = []
        self.mailbox = f"conf{next(_NUMBERS)}x"
        user, password = server.login
        name, _, domain = user.partition("@")
        self.matcher = matching.Matcher(mailbox=self.mailbox, mailbox_url=self.mailbox, user=user, username=name,
                                        domain=domain, password=password)

    def run(self):
        """The result; the mailboxes that the script made are gone afterwards."""
        known = self.script.state != "nonauth"
        missing = set(self.script.capabilities) - self.server.capabilities(known) if self.script.capabilities else set()
        if missing:
            return Result(missing, [])
        try:
            self._prepare()
            for group in self.script.groups:
                self.outcomes.append(self._group(group))
        except Gone as problem:
            self.outcomes.append(Outcome(0, "preparation", str(problem)))
        finally:
            for each in self.connections:
                each.leave()
            if known:
                self._clean()
        return Result(set(), self.outcomes)

    def _login(self, number):
        if self.script.users.get(number, "").strip("${}") == "user2":
            return self.server.second
        return self.server.login

    def _prepare(self):
        """The mailbox as the script wants to find it."""
        state, count = self.script.state, self.script.connections
        self.connections = [Connection(self.server, n + 1, None if state == "nonauth" else self._login(n)) for n in range(count)]
        if state in ("created", "appended", "selected"):
            self.connections[0].simple(f"CREATE {self.mailbox}")
        if state in ("appended", "selected"):
            wanted = len(self.mails) if self.script.messages is None else self.script.messages
            for _ in range(wanted):
                self.connections[0].simple(self._append(b"append"))
        if state == "selected":
            for each in self.connections:
                each.simple(f"SELECT {self.mailbox}")

    def _append(self, text):
        """The command with the next message of the script's mbox where it brings none itself."""
        words = args.parse(text)
        if words[0].lower() != b"append" or b"}\r\n" in text or any(isinstance(w, bytes) and w.lower() == b"catenate" for w in words):
            return text
        message, moment = self.mails[self.next % len(self.mails)]
        self.next += 1
        if len(words) == 1:
            text = f'append "{self.mailbox}" "{moment}"'.encode()
        return text + b" {%d}\r\n" % len(message) + message

    def _group(self, group):
        connection = self.connections[group.connection]
        self.matcher.began(connection.messages)
        outcome = Outcome(group.commands[0].line, group.commands[0].text.decode("latin-1")[:80])
        try:
            outcome.wrong = self._answers(group, connection, self._send(group, connection))
        except (Gone, matching.Unset) as problem:
            outcome.wrong = f"{type(problem).__name__}: {problem}"
        return outcome

    def _send(self, group, connection):
        tags = {}
        for command in group.commands:
            text = b"".join(self.matcher.expand(part) + (b"" if literal is None else b"\r\n" + literal)
                            for part, literal in args.pieces(command.text))
            full = self._append(text)
            tags[connection.send(full, flowing=full != text)] = command
        self.matcher.values["tag"] = next(iter(tags))
        return tags

    def _answers(self, group, connection, waiting):
        """Reads to the last tagged answer; what is wrong in all of it."""
        wrong, found = [], set()
        while waiting:
            tag, _, rest = connection.line().partition(b" ")
            if tag == b"*":
                wrong += self._untagged(group, found, args.parse(rest))
            elif tag in waiting:
                want = waiting.pop(tag).reply
                if not (want == [b""] or self.matcher.tagged(want, args.parse(rest))):
                    wrong.append(f"wanted {want}, got {_short(rest)}")
        wrong += [f"missing {_short(e.words)}" for n, e in enumerate(group.expected) if e.sign == "*" and n not in found]
        return "; ".join(wrong)

    def _untagged(self, group, found, words):
        if not words:
            return ["an empty response"]
        wrong, known = [], False
        for number, expected in enumerate(group.expected):
            if number not in found and self.matcher.untagged(expected.words, words):
                known = True
                if expected.sign == "!":
                    wrong.append(f"unexpected {_short(words)}")
                else:
                    found.add(number)
        if len(words) > 1 and words[1] is not None and not isinstance(words[1], list) and words[1].upper() == b"EXPUNGE":
            self.matcher.expunged(int(words[0]))
        return wrong + ([f"unasked {_short(words)}"] if self.script.strict and not known else [])

    def _clean(self):
        """Removes the mailboxes of this run."""
        box = self.server.keeper()
        for command, undo in (("LSUB", "UNSUBSCRIBE"), ("LIST", "DELETE")):
            names = [w[3] for w in box.simple(f'{command} "" "{self.mailbox}*"') if w[0].upper() == command.encode()]
            for name in sorted(names, reverse=True):
                try:
                    box.simple(undo.encode() + b' "' + name + b'"')
                except Gone:
                    continue  # a name that only its children keep


def _short(value):
    """At most a line of it."""
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "..."
