#!/usr/bin/env python3
"""A pinentry that answers what a test has written down: the Assuan dialog of GnuPG's, without a window.

`Pinentry(folder)` makes an executable of its own in that folder, for `[card] pinentry`; nothing is asked of the environment.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import shlex
import signal
import sys
import threading

# What a prompt can be answered instead of a PIN.
CANCEL, TIMEOUT, NEVER, DIE = "cancel", "timeout", "never", "die"
# As GnuPG's pinentry 1.2.1 says them.
_CANCELLED = "83886179 Operation cancelled <Pinentry>"
_TIMED_OUT = "83886142 Timeout <Pinentry>"
_UNKNOWN = "536871187 Unknown IPC command <User defined source 1>"
# What is kept until another says otherwise; the error is for the next prompt alone.
_SETTINGS = ("SETTITLE", "SETDESC", "SETPROMPT", "SETERROR", "SETOK", "SETCANCEL", "SETNOTOK", "SETKEYINFO", "SETREPEAT", "SETREPEATERROR",
             "SETQUALITYBAR", "SETTIMEOUT", "SETGENPIN", "SETGENPIN_TT")


class Pinentry:
    """The test's side: what will be answered, and what was asked."""

    def __init__(self, folder: pathlib.Path, *answers):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.program = folder / "pinentry"
        self.program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(pathlib.Path(__file__).resolve()))} {shlex.quote(str(folder))} "$@"\n')
        self.program.chmod(0o755)
        for name in ("asked", "gate"):
            (folder / name).touch()
        self._gate = open(folder / "gate", "w")
        self.will(*answers)

    def will(self, *answers):
        """The answers to come, one for each prompt: a PIN, CANCEL, TIMEOUT, NEVER or DIE. Without one: CANCEL."""
        with _locked(self._folder) as script:
            _write(script, list(answers))

    def unused(self):
        """Answers that nobody has asked for."""
        with _locked(self._folder) as script:
            return _read(script)

    def hold(self):
        """From now on prompts wait: nobody types."""
        fcntl.flock(self._gate, fcntl.LOCK_EX)

    def release(self):
        """Those that wait are answered, and those to come."""
        fcntl.flock(self._gate, fcntl.LOCK_UN)

    def asked(self):
        """Each prompt so far, the oldest first: a dict of the command, the texts set for it, the options and the process."""
        return [json.loads(line) for line in (self._folder / "asked").read_text().splitlines()]

    def prompts(self):
        """How often a PIN was asked for."""
        return sum(each["command"] == "GETPIN" for each in self.asked())

    def open_windows(self):
        """Process ids of those who were asked and are still there."""
        return [pid for pid in sorted({each["pid"] for each in self.asked()}) if self._is_ours(pid)]

    def close(self):
        """Ends those that are still there."""
        for pid in self.open_windows():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._gate.close()

    def _is_ours(self, pid):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return str(self._folder).encode() in words


class Dialog:
    """The program's side: one conversation on standard input and output."""

    def __init__(self, folder: pathlib.Path):
        self._folder, self._options, self._texts = folder, [], {}

    def converse(self):
        """Until BYE, or until nobody is there."""
        _say("OK Pleased to meet you")
        for line in sys.stdin.buffer:
            command, _, argument = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            if command.upper() == "BYE":
                return _say("OK closing connection")
            self._obey(command.upper(), argument)
        return None

    def _obey(self, command, argument):
        if command in ("GETPIN", "CONFIRM", "MESSAGE"):
            self._prompt(command)
        elif command == "OPTION":
            self._options.append(argument)
            _say("OK")
        elif command in _SETTINGS:
            self._texts[command] = _decoded(argument)
            _say("OK")
        elif command == "GETINFO":
            known = {"flavor": "lab", "version": "1.2.1", "pid": str(os.getpid())}
            _say(*([f"D {known[argument]}", "OK"] if argument in known else [f"ERR {_UNKNOWN}"]))
        elif command == "RESET":
            self._texts = {}
            _say("OK")
        elif command == "NOP":
            _say("OK")
        elif command and not command.startswith("#"):
            _say(f"ERR {_UNKNOWN}")

    def _prompt(self, command):
        with _locked(self._folder) as script:
            answers = _read(script)
            answer = answers.pop(0) if answers else CANCEL
            _write(script, answers)
            self._note(command)
        with open(self._folder / "gate") as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)
        self._answer(command, answer)
        self._texts.pop("SETERROR", None)

    def _note(self, command):
        asked = {"command": command, "pid": os.getpid(), "options": self._options, **self._texts}
        with open(self._folder / "asked", "a") as out:
            out.write(json.dumps(asked) + "\n")

    def _answer(self, command, answer):
        if answer == DIE:
            os.kill(os.getpid(), signal.SIGKILL)
        elif answer == NEVER:
            threading.Event().wait()  # as a window that nobody sees: it does not notice either that nobody listens any more
        elif answer in (CANCEL, TIMEOUT):
            _say(f"ERR {_CANCELLED if answer == CANCEL else _TIMED_OUT}")
        elif command == "GETPIN":
            _say(f"D {_coded(answer)}", "OK")
        else:
            _say("OK")


@contextlib.contextmanager
def _locked(folder):
    """The file of answers, to this process alone."""
    with open(folder / "answers", "a+") as script:
        fcntl.flock(script, fcntl.LOCK_EX)
        yield script


def _read(script):
    script.seek(0)
    return json.loads(script.read() or "[]")


def _write(script, answers):
    script.seek(0)
    script.truncate()
    script.write(json.dumps(answers))
    script.flush()


def _say(*lines):
    for line in lines:
        sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()


def _coded(text):
    """What may not stand in a line of data."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _decoded(text):
    octets, rest = bytearray(), text.encode()
    while rest:
        if rest[:1] == b"%" and len(rest) >= 3 and all(c in b"0123456789abcdefABCDEF" for c in rest[1:3]):
            octets.append(int(rest[1:3], 16))
            rest = rest[3:]
        else:
            octets += rest[:1]
            rest = rest[1:]
    return octets.decode("utf-8", "replace")


if __name__ == "__main__":
    Dialog(pathlib.Path(sys.argv[1])).converse()
