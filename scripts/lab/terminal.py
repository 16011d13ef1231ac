"""Programs that want a terminal: what they show, and the keys that answer it."""
from __future__ import annotations

import fcntl
import os
import pathlib
import pty
import re
import select
import struct
import termios
import time

from . import base

_CONTROL = re.compile(rb"\x1b[\[(][0-9;?]*[A-Za-z]|\x1b[=>]|[\x00-\x08\x0e-\x1f]")


class Terminal:
    """A program on a terminal of 60 lines and 100 columns."""

    def __init__(self, command, environment, log: pathlib.Path):
        self.log, self.shown = open(log, "ab", buffering=0), b""
        size = {"TERM": "xterm", "LINES": "60", "COLUMNS": "100", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, {**os.environ, **size, **environment})
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))

    def until(self, pattern, seconds=40):
        """Until what came since the last call shows `pattern`; the text up to it is forgotten. Text, without controls."""
        wanted, limit = re.compile(pattern.encode()), time.monotonic() + seconds
        while True:
            clear = _CONTROL.sub(b"", self.shown)
            found = wanted.search(clear)
            if found:
                self.shown = clear[found.end():]
                return clear[:found.end()].decode("utf-8", "replace")
            left = limit - time.monotonic()
            if left <= 0 or not self._read(left):
                raise base.LabError(f"{pattern!r} was not shown, but: {clear[-1500:].decode('utf-8', 'replace')}")

    def answer(self, pattern, keys):
        """Waits for a text, then presses keys."""
        self.until(pattern)
        os.write(self.end, keys.encode())

    def insist(self, pattern, keys, then, seconds=8):
        """Answers a question whose program may throw away what is typed before it asks: again, until `then` is shown."""
        self.until(pattern)
        for _ in range(4):
            os.write(self.end, keys.encode())
            try:
                return self.until(then, seconds)
            except base.LabError as problem:
                last = problem
        raise last

    def ended(self, seconds=40):
        """Reads until the program ends; LabError when it does not."""
        limit = time.monotonic() + seconds
        while self._read(max(0.0, limit - time.monotonic())):
            if time.monotonic() > limit:
                raise base.LabError(f"the program did not end: {_CONTROL.sub(b'', self.shown)[-1500:].decode('utf-8', 'replace')}")

    def _read(self, seconds):
        if not select.select([self.end], [], [], seconds)[0]:
            return False
        try:
            octets = os.read(self.end, 65536)
        except OSError:  # the other end is closed
            return False
        self.log.write(octets)
        self.shown += octets
        return bool(octets)

    def close(self):
        """Ends it."""
        base.stop_pid(self.pid, 3)
        os.close(self.end)
        self.log.close()
