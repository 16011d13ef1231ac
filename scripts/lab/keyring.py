"""A keyring of the desktop: gnome-keyring on a message bus of its own, with a window that the test answers."""
from __future__ import annotations

import fcntl
import os
import pathlib
import socket
import struct
import subprocess

from . import base

PASSWORD = b"mot de passe de la session"
_UNLOCK = 1
# What opens instead of the window that asks for the password: it stays as long as the test holds the lock, and then has no answer.
_WINDOW = """#!/bin/sh
echo asked >> {asked}
flock --shared {lock} true
exit 1
"""
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth><servicedir>{services}</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
<limit name="service_start_timeout">600000</limit></busconfig>
"""


def available():
    """Whether a keyring can be run here."""
    return all(base.program(name) for name in ("dbus-daemon", "dbus-send", "gnome-keyring-daemon", "flock"))


class Keyring:
    """One session's keyring."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        self._runtime, self._asked = folder / "r", folder / "asked"
        self._lock, self._processes = None, []

    def start(self):
        """Unlocked, with an empty collection."""
        services, window, bus = self._folder / "services", self._folder / "window", self._runtime / "bus"
        for each in (self._runtime, services):
            each.mkdir(parents=True, mode=0o700)
        self._lock = open(self._folder / "lock", "w")
        self.leave_windows_open()
        window.write_text(_WINDOW.format(asked=self._asked, lock=self._lock.name))
        window.chmod(0o755)
        (services / "prompter.service").write_text(f"[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec={window}\n")
        (self._folder / "bus.conf").write_text(_BUS.format(bus=bus, services=services))
        self._launch("dbus-daemon", "--nofork", f"--config-file={self._folder / 'bus.conf'}")
        base.until(bus.exists, 10, "the message bus")
        keyring = self._launch("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", stdin=subprocess.PIPE)
        keyring.stdin.write(PASSWORD)
        keyring.stdin.close()
        base.until(lambda: (self._runtime / "keyring" / "control").exists() and self._has_name(), 10, "the keyring")
        return self

    def stop(self):
        """Ends it, and the window with it."""
        self._lock.close()
        for process in reversed(self._processes):
            base.stop_pid(process.pid)

    def environment(self):
        """What a program of that session has in its environment."""
        kept = {k: v for k, v in os.environ.items() if k not in ("SOUSPLI_PASSPHRASE_FILE", "SOUSPLI_HOME", "DISPLAY")}
        return dict(kept, HOME=str(self._folder), XDG_DATA_HOME=str(self._folder / "data"), XDG_RUNTIME_DIR=str(self._runtime),
                    DBUS_SESSION_BUS_ADDRESS=f"unix:path={self._runtime / 'bus'}")

    def lock(self):
        """As after a pause, or at a login without a password."""
        self._call("org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/aliases/default")

    def unlock(self):
        """As the login does it."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(self._runtime / "keyring" / "control"))
            control.sendall(b"\0" + struct.pack(">III", 12 + len(PASSWORD), _UNLOCK, len(PASSWORD)) + PASSWORD)
            answer = control.recv(8)
        if answer[4:] != bytes(4):
            raise base.LabError(f"the keyring did not open: {answer!r}")

    def windows(self):
        """How often somebody was asked for the password."""
        return self._asked.read_text().count("asked") if self._asked.exists() else 0

    def close_window(self):
        """Somebody says no: now, and to each window to come."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def leave_windows_open(self):
        """Nobody is there from now on."""
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def _launch(self, *command, stdin=subprocess.DEVNULL):
        with open(self._folder / "keyring.log", "ab") as log:
            process = subprocess.Popen(command, env=self.environment(), stdin=stdin, stdout=log, stderr=log)
        self._processes.append(process)
        return process

    def _has_name(self):
        command = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                   "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]
        return b"boolean true" in subprocess.run(command, env=self.environment(), capture_output=True, timeout=10).stdout

    def _call(self, method, *arguments):
        base.run("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets", method, *arguments,
                 env=self.environment(), seconds=10)
