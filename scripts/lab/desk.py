"""A user's desk: a session bus of its own that is overheard, a browser that notes what it is asked to open, and the icon on the bus as a
panel sees it (StatusNotifierItem, com.canonical.dbusmenu)."""
from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import socket
import subprocess

from . import base

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""
_BROWSER = """#!/bin/sh
printf '%s\\n' "$1" >>{opened}
"""
_ITEM = re.compile(r"\((\d+), \{((?:[^{}]|<[^>]*>)*)\}")
_LABEL = re.compile(r"'label': <(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")>")


def available():
    """Whether a session bus can be run and overheard here."""
    return all(base.program(name) for name in ("dbus-daemon", "dbus-monitor", "gdbus"))


@dataclasses.dataclass
class Entry:
    """A line of the menu."""
    number: int
    label: str


class Desk:
    """One session of one user."""

    def __init__(self, folder: pathlib.Path):
        self._folder, self._processes = folder, []
        self._bus, self._heard, self._opened = folder / "bus", folder / "heard", folder / "opened"

    def start(self):
        """Returns once whatever is said on the bus is overheard."""
        browser = self._folder / "bin" / "xdg-open"
        browser.parent.mkdir(parents=True)
        browser.write_text(_BROWSER.format(opened=self._opened))
        browser.chmod(0o755)
        (self._folder / "bus.conf").write_text(_BUS.format(bus=self._bus))
        self._launch("dbus-daemon", "--nofork", f"--config-file={self._folder / 'bus.conf'}", log="daemon")
        base.until(self._accepts, 10, "the session bus")
        self._launch("dbus-monitor", "--address", f"unix:path={self._bus}", log="heard")
        base.until(lambda: b"NameAcquired" in self._heard.read_bytes(), 10, "who overhears the bus")
        return self

    def stop(self):
        """Ends the session."""
        for process in reversed(self._processes):
            base.stop_pid(process.pid)
        self._processes.clear()

    def environment(self):
        """What a program of that session has in its environment beside everything else."""
        return {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._bus}", "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}"}

    def overheard(self):
        """Everything that was said on the bus."""
        return self._heard.read_bytes()

    def notifications(self):
        """Title and text of each notification, in their order."""
        calls = re.findall(r"member=Notify\n(.*?)(?=\n(?:method|signal|error) )", self.overheard().decode() + "\nsignal ", re.DOTALL)
        texts = [re.findall(r'^   string "(.*?)"$', call, re.MULTILINE | re.DOTALL) for call in calls]
        return [(said[2], said[3]) for said in texts]

    def opened(self):
        """What the browser was asked to open."""
        return self._opened.read_text().splitlines() if self._opened.exists() else []

    def icon(self, process):
        """The icon of a process, once it is there."""
        icon = Icon(self, process.pid)
        base.until(icon.is_there, 20, "the icon")
        return icon

    def call(self, *arguments):
        """gdbus call; None where nobody answers."""
        env = dict(os.environ, **self.environment(), LC_ALL="C.UTF-8")
        done = subprocess.run(["gdbus", "call", "--session", "--timeout", "10", *map(str, arguments)], env=env, capture_output=True, timeout=20)
        return done.stdout.decode() if done.returncode == 0 else None

    def _accepts(self):
        """The socket is there before anybody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._bus)) == 0

    def _launch(self, *command, log):
        with open(self._folder / log, "wb") as out:
            process = subprocess.Popen(command, env=dict(os.environ, **self.environment()), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self._processes.append(process)
        return process


class Icon:
    """What a panel sees of one program."""

    def __init__(self, desk, pid):
        self._desk, self._name = desk, f"org.kde.StatusNotifierItem-{pid}-1"

    def is_there(self):
        """Whether it answers."""
        return self._call("/StatusNotifierItem", "org.freedesktop.DBus.Properties.Get", "org.kde.StatusNotifierItem", "Id") is not None

    def menu(self):
        """Its entries, but for the lines between them."""
        said = self._call("/MenuBar", "com.canonical.dbusmenu.GetLayout", 0, 9, "[]") or ""
        found = ((int(number), _LABEL.search(rest)) for number, rest in _ITEM.findall(said))
        return [Entry(number, _plain(label[1] if label[1] is not None else label[2])) for number, label in found if label]

    def labels(self):
        """What stands in it."""
        return [entry.label for entry in self.menu()]

    def says(self, *words, seconds=20):
        """Returns the labels once each of the words is in one of them."""
        def seen():
            labels = self.labels()
            return all(any(word in label for label in labels) for word in words) and labels
        try:
            return base.until(seen, seconds, f"a menu with {words}")
        except base.LabError as error:
            raise AssertionError(f"{error}; it says {self.labels()}") from None

    def choose(self, label):
        """Clicks on the entry that begins so."""
        entry = next(entry for entry in self.menu() if entry.label.startswith(label))
        self._call("/MenuBar", "com.canonical.dbusmenu.Event", entry.number, "clicked", "<''>", 0)

    def click(self):
        """Clicks on the icon itself."""
        self._call("/StatusNotifierItem", "org.kde.StatusNotifierItem.Activate", 0, 0)

    def tip(self):
        """The words beside the pointer, and the picture."""
        return _plain(self._call("/StatusNotifierItem", "org.freedesktop.DBus.Properties.Get", "org.kde.StatusNotifierItem", "ToolTip") or "")

    def picture(self):
        """Its octets, as the bus has them."""
        return self._call("/StatusNotifierItem", "org.freedesktop.DBus.Properties.Get", "org.kde.StatusNotifierItem", "IconPixmap")

    def _call(self, path, method, *arguments):
        return self._desk.call("--dest", self._name, "--object-path", path, "--method", method, *arguments)


def _plain(text):
    """GVariant's escapes, and the no-break space, as people read them."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", text).replace("__", "_").replace("\u00a0", " ")
