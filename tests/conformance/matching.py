"""Whether what a server said is what a script expects; variables without a value take it from the server."""
from __future__ import annotations

import re

_NAME = rb"\{([^}]*)\}|(\w*)"
_VARIABLE = re.compile(rb"\$(?:(\$)|(?:" + _NAME + rb"))")
_PREFIXED = (b"ok", b"no", b"bad", b"bye", b"preauth")


class Unset(Exception):
    """A command names a variable that has no value."""


class Matcher:
    """The variables of one run of a script, and how the numbers at a command's beginning have moved since."""

    def __init__(self, **values):
        self.values = {name: value.encode() for name, value in values.items()}
        self.numbers = []  # the messages when the command began: their numbers now, 0 once expunged

    def began(self, count):
        """A command begins in a mailbox of so many messages."""
        self.numbers = list(range(1, count + 1))

    def expunged(self, number):
        """The server removed that message."""
        self.numbers = [0 if n == number else n - (n > number) for n in self.numbers]

    def expand(self, text):
        """A command's text with the values in their places."""
        def value(found):
            if found.group(1):
                return b"$"
            name = (found.group(2) or found.group(3) or b"").decode()
            known = self._value(name)
            if known is None:
                raise Unset(f"${name} has no value")
            return known
        return _VARIABLE.sub(value, text)

    def untagged(self, expected, words):
        """Whether an untagged answer is the expected one; its variables are kept when it is."""
        status = isinstance(words[0], bytes) and words[0].lower() in _PREFIXED
        return self._attempt(with_defaults(expected), words, status)

    def tagged(self, expected, words):
        """Whether a tagged answer, without its tag, begins as expected."""
        return self._attempt(expected, words, True)

    def _attempt(self, expected, words, prefix):
        before = dict(self.values)
        if self._words(expected, words, prefix):
            return True
        self.values = before
        return False

    def _words(self, expected, words, prefix=False):
        """In order; with `prefix` the last one may go on, and more may follow."""
        at = 0
        for number, want in enumerate(expected):
            if want == b"$]":
                at = next((i for i in range(at, len(words)) if isinstance(words[i], bytes) and b"]" in words[i]), len(words))
            if at >= len(words) or not (want == b"$]" or self._one(want, words[at], prefix and number == len(expected) - 1)):
                return False
            at += 1
        return prefix or at == len(words)

    def _one(self, want, word, prefix=False):
        if want is None or word is None:
            return want is word
        if isinstance(want, list):
            return isinstance(word, list) and self._list(want, word)
        if isinstance(word, list):
            return want == b"$"
        return self._text(want, word, prefix)

    def _list(self, want, words):
        orders = _Orders(want)
        if not orders.any_order:
            return self._words(orders.rest, words)
        size = orders.chain
        if len(words) % size:
            return False
        chains = [words[i:i + size] for i in range(0, len(words), size)]
        used = set()
        for i in range(0, len(orders.rest), size):
            found = next((n for n, chain in enumerate(chains) if self._words(orders.rest[i:i + size], chain)), None)
            if found is None:
                return False
            used.add(found)
        left = [chain[0].lower() for n, chain in enumerate(chains) if n not in used and isinstance(chain[0], bytes)]
        return orders.allow(left)

    def _text(self, want, word, prefix):
        """As a regular expression: what has a value must be exactly that, the rest is compared without case."""
        pattern, names, at = b"", [], 0
        for found in _VARIABLE.finditer(want):
            pattern += b"(?i:" + re.escape(want[at:found.start()]) + b")"
            at = found.end()
            if found.group(1):
                pattern += re.escape(b"$")
                continue
            name = (found.group(2) or found.group(3) or b"").decode()
            known = self._value(name) if name else None
            if known is None:
                names += [name] if name else []
                pattern += b"(.*?)" if name else b".*?"
            else:
                pattern += b"(?i:" + re.escape(known) + b")"
        tail = want[at:]
        pattern += b"(?i:" + re.escape(tail) + b")" + (b"" if prefix and tail else b"\\Z")
        found = re.compile(pattern, re.DOTALL).match(word)
        if found is None:
            return False
        self.values.update(zip(names, found.groups()))
        return True

    def _value(self, name):
        if name.isdigit():
            number = int(name)
            now = self.numbers[number - 1] if 0 < number <= len(self.numbers) else 0
            return b"%d" % now if now else b"<expunged>"
        return self.values.get(name)


class _Orders:
    """The `$!` words at a list's beginning."""

    def __init__(self, want):
        self.any_order, self.chain, extra = False, 1, None
        self.ignored, self.banned = set(), set()
        count = next((i for i, w in enumerate(want) if not (isinstance(w, bytes) and w.startswith(b"$!"))), len(want))
        for order in want[:count]:
            name, _, value = order[2:].partition(b"=")
            if name == b"unordered":
                self.any_order, self.chain, extra = True, int(value or 1), True if extra is None else extra
            elif name == b"ordered":
                self.any_order = False
            elif name in (b"extra", b"noextra"):
                extra = name == b"extra"
            elif name in (b"ignore", b"ban"):
                (self.ignored if name == b"ignore" else self.banned).add(value.lower())
            else:
                raise ValueError(f"unknown directive {order}")
        self.rest, self.extra = want[count:], bool(extra)

    def allow(self, left):
        """Whether words that nothing asked for may be there."""
        if self.extra:
            return not self.banned & set(left)
        return set(left) <= self.ignored


_FLAGS = [b"$!unordered", b"$!noextra", b"$!ignore=\\recent", b"$!ignore=$hasattachment", b"$!ignore=$hasnoattachment"]


def with_defaults(words):
    """The `$!` words that the format supplies where a script has none: LIST attributes, STATUS and FETCH items, FLAGS."""
    name = (words[1] if len(words) > 1 and re.fullmatch(rb"\d+|\$.*", words[0] or b"") else words[0]) or b""
    name, out = name.lower() if isinstance(name, bytes) else b"", list(words)
    for position, kind, orders in ((1, (b"list", b"lsub"), [b"$!unordered"]), (2, (b"status",), [b"$!unordered=2"]),
                                   (2, (b"fetch",), [b"$!unordered=2"])):
        if name in kind and len(out) > position and isinstance(out[position], list) and not _ordered(out[position]):
            out[position] = orders + (_fetch_flags(out[position]) if name == b"fetch" else out[position])
    return out


def _fetch_flags(items):
    """FLAGS in any order, \\Recent or not."""
    return [_FLAGS + item if isinstance(item, list) and at and isinstance(items[at - 1], bytes) and items[at - 1].lower() == b"flags"
            and not _ordered(item) else item for at, item in enumerate(items)]


def _ordered(words):
    return bool(words) and isinstance(words[0], bytes) and words[0].startswith(b"$!")
