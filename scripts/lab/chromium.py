"""A real browser where scripts run, spoken to over a pipe (Chrome DevTools Protocol), with nothing else than what Debian brings."""
from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time

from . import base

_READ, _WRITTEN = 20, 21  # what the shell hands on as 3 and 4


def place():
    """Where it is; None: nowhere."""
    return shutil.which("chromium")


class Chromium:
    """One window, with a profile of its own."""

    def __init__(self, folder, seconds=60):
        ours, theirs = os.pipe(), os.pipe()
        self._to, self._from, self._seconds = ours[1], theirs[0], seconds
        inner = [fcntl.fcntl(ours[0], fcntl.F_DUPFD, _READ + 10), fcntl.fcntl(theirs[1], fcntl.F_DUPFD, _READ + 10)]
        for descriptor in (ours[0], theirs[1]):
            os.close(descriptor)
        command = [place(), "--headless", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
                   *(["--no-sandbox"] if base.is_root() else []), "about:blank"]
        self._process = subprocess.Popen(["bash", "-c", f'exec "$@" 3<&{inner[0]} 4>&{inner[1]}', "chromium", *command], pass_fds=inner,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in inner:
            os.close(descriptor)
        self._rest, self._number, self._session = b"", 0, None
        target = base.until(self._window, seconds, "the window")
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def _window(self):
        targets = self.command("Target.getTargets")["targetInfos"]
        return next((target["targetId"] for target in targets if target["type"] == "page"), None)

    def command(self, method, **parameters):
        """One command; its result."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters, **({"sessionId": self._session} if self._session else {})}
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        until = time.monotonic() + self._seconds
        while True:
            answer = self._message(until)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise base.LabError(f"{method}: {answer['error']}")
                return answer["result"]

    def _message(self, until):
        while b"\0" not in self._rest:
            if not select.select([self._from], [], [], max(0, until - time.monotonic()))[0]:
                raise base.LabError("the browser says nothing")
            octets = os.read(self._from, 1 << 16)
            if not octets:
                raise base.LabError("the browser has ended")
            self._rest += octets
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def script(self, expression):
        """Its value in the page; None where there is none, or no page yet."""
        return self.command("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def open(self, url):
        """Goes there, and waits until it stands."""
        self.command("Page.navigate", url=url)
        base.until(lambda: self.script("document.readyState") == "complete" and self.script("location.href") != "about:blank", self._seconds, url)

    def until(self, expression):
        """Waits until the page says so; what it says."""
        return base.until(lambda: self.script(expression), self._seconds, expression)

    def stop(self):
        """Ends it."""
        self._process.terminate()
        self._process.wait(20)
        os.close(self._to)
        os.close(self._from)
