"""The remote control that Mozilla programs carry (Marionette): scripts in the program's own windows, prompts, pictures."""
from __future__ import annotations

import base64
import json
import socket
import time

from . import base


class ScriptError(base.LabError):
    """A command was refused, or a script failed."""


class Marionette:
    """One session in the privileged context."""

    def __init__(self, port, seconds=90):
        self._buffer, self._number = b"", 0
        base.until(lambda: base.answers(port), seconds, "Marionette")
        self._socket = socket.create_connection((base.LOOPBACK, port), 10)
        self._socket.settimeout(seconds)  # a modal window at start holds the greeting back
        self._receive()
        self._socket.settimeout(90)
        self.command("WebDriver:NewSession", unhandledPromptBehavior="ignore")
        self.command("Marionette:SetContext", value="chrome")

    def command(self, name, **arguments):
        """Sends one command; its result."""
        self._number += 1
        packet = json.dumps([0, self._number, name, arguments]).encode()
        self._socket.sendall(b"%d:%s" % (len(packet), packet))
        _, _, error, result = self._receive()
        if error:
            raise ScriptError(f"{name}: {error.get('error')}: {error.get('message')}")
        return result

    def script(self, body, *arguments, seconds=30):
        """Runs a function body; `args` are the arguments; what it returns."""
        text = "const args = [...arguments];" + body
        return self.command("WebDriver:ExecuteScript", script=text, args=list(arguments), sandbox="system", newSandbox=False,
                            scriptTimeout=seconds * 1000)["value"]

    def waiting_script(self, body, *arguments, seconds=60):
        """The same for a body that uses `await`."""
        text = ("const args = [...arguments]; const done = args.pop();"
                f"(async () => {{ {body} }})().then(v => done({{v}}), e => done({{failed: String(e)}}));")
        answer = self.command("WebDriver:ExecuteAsyncScript", script=text, args=list(arguments), sandbox="system", newSandbox=False,
                              scriptTimeout=seconds * 1000)["value"] or {}
        if "failed" in answer:
            raise ScriptError(answer["failed"])
        return answer.get("v")

    def until(self, body, *arguments, seconds=30):
        """Runs a body again and again until it returns something true."""
        end = time.monotonic() + seconds
        return base.until(lambda: self.script(body, *arguments), max(0, end - time.monotonic()), f"Thunderbird: {body[-160:]}")

    def picture(self, path):
        """The current window as PNG."""
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.command("WebDriver:TakeScreenshot", full=False)["value"]))

    def quit(self):
        """Ends the program."""
        try:
            self.command("Marionette:Quit", flags=["eForceQuit"])
        except (OSError, base.LabError):
            pass
        finally:
            self._socket.close()

    def _receive(self):
        while b":" not in self._buffer:
            self._more()
        length, self._buffer = self._buffer.split(b":", 1)
        while len(self._buffer) < int(length):
            self._more()
        packet, self._buffer = self._buffer[:int(length)], self._buffer[int(length):]
        return json.loads(packet)

    def _more(self):
        octets = self._socket.recv(1 << 20)
        if not octets:
            raise ScriptError("the program has ended")
        self._buffer += octets
