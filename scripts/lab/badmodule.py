"""A PKCS#11 module in front of another: counts what is asked of it, and hangs, crashes or lies on demand (badmodule.c)."""
from __future__ import annotations

import pathlib

from . import base

SOURCE = pathlib.Path(__file__).with_name("badmodule.c")
# What a function can do instead, with a number where it takes one.
HANG, CRASH, GARBAGE = ("hang", 0), ("crash", 0), ("garbage", 0)
DEVICE_ERROR, DEVICE_REMOVED, TOKEN_NOT_PRESENT, PIN_INCORRECT, PIN_LOCKED = (("return", code) for code in (0x30, 0x32, 0xE0, 0xA0, 0xA4))
FUNCTION_FAILED, SESSION_HANDLE_INVALID, USER_NOT_LOGGED_IN = (("return", code) for code in (0x06, 0xB3, 0x101))
# Results that would fill the memory of whoever believes it.
HUGE = ("count", 1 << 40)
_FOREVER = 1 << 62


def available():
    """Whether it can be compiled."""
    return base.program("cc") is not None


def delay(milliseconds):
    """What a function can do: the same, that much later."""
    return "delay", milliseconds


def ending(status):
    """What a function can do: end the process."""
    return "exit", status


class BadModule:
    """One module, with its own counts; `environment`: what the wrapped one needs in its own, wherever it is loaded."""

    def __init__(self, folder: pathlib.Path, wrapped, environment=None):
        self._calls, self._control, self.module = folder / "calls", folder / "control", folder / "module.so"
        folder.mkdir(parents=True, exist_ok=True)
        self._calls.touch()
        settings = "\n".join(f"{name}={value}" for name, value in (environment or {}).items())
        paths = {"WRAPPED": wrapped, "CALLS": self._calls, "CONTROL": self._control, "SETTINGS": settings}
        defined = [f"-D{name}={_quoted(str(value))}" for name, value in paths.items()]
        base.run("cc", "-std=gnu11", "-O1", "-fPIC", "-shared", *defined, "-o", self.module, SOURCE, "-ldl")

    def count(self, *names):
        """How often these functions were called, questions for a length left out."""
        return sum(self._lines().count(f"> {name}") for name in names)

    def operations(self):
        """How often a key was used."""
        return self.count("C_Sign", "C_SignFinal", "C_Decrypt", "C_DecryptFinal", "C_UnwrapKey", "C_DeriveKey")

    def results(self, name):
        """How the calls of that function ended, the oldest first."""
        return [int(line.split()[2], 16) for line in self._lines() if line.startswith(f"< {name} ")]

    def pending(self, name):
        """How many calls of that function have not come back."""
        return sum(line in (f"> {name}", f"? {name}") for line in self._lines()) - len(self.results(name))

    def forget(self):
        """Counts from zero."""
        self._calls.write_text("")

    def will(self, name, does, skip=0, times=None):
        """What that function does from now on ("dlopen": while it is loaded): after `skip` calls, for `times` calls or for good."""
        word, value = does
        first = self.count(name) + 1 + skip
        last = first + times - 1 if times else _FOREVER
        with open(self._control, "a") as control:
            control.write(f"{name} {word} {value} {first} {last}\n")

    def behave(self):
        """From now on nothing is wrong; what hangs goes on."""
        self._control.write_text("")

    def _lines(self):
        return self._calls.read_text().splitlines()


def _quoted(text):
    """As a C string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
