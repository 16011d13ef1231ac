"""Windows as Wine has it: a prefix of its own, programs of its user, and a Souspli that runs in it."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from . import base, souspli

TOOLS = base.ROOT / "target" / "windows" / "tools"
SOURCES = base.ROOT / "tests" / "windows"
PROGRAM = r"C:\Program Files\Souspli\souspli.exe"


def build_tools():
    """The programs in C that the tests need, made once."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    compiler = "x86_64-w64-mingw32-gcc-posix"
    made = ((TOOLS / "forward.exe", SOURCES / "forward.c", ["-lws2_32"]), (TOOLS / "hold.exe", SOURCES / "hold.c", []),
            (TOOLS / "endsession.exe", SOURCES / "endsession.c", []),
            (TOOLS / "bcryptprimitives.dll", SOURCES / "bcryptprimitives.c", ["-shared", "-ladvapi32"]))
    for out, source, more in made:
        if not out.exists() or out.stat().st_mtime < source.stat().st_mtime:
            subprocess.run([compiler, "-O2", "-Wall", "-o", out, source, *more], check=True)


class Windows:
    """One Windows: its registry, its disk, its only user. Another prefix is another computer, but for the loopback that they share."""

    def __init__(self, folder: pathlib.Path):
        self.prefix = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        build_tools()
        self.wine("wineboot", "-i", seconds=180)
        self.settled()
        system = folder / "drive_c" / "windows" / "system32"
        (system / "bcryptprimitives.dll").write_bytes((TOOLS / "bcryptprimitives.dll").read_bytes())
        # No display is needed for a window that is only driven by messages.
        self.registry(r"HKCU\Software\Wine\Drivers", "Graphics", "null")

    def environment(self, **more):
        """Of every program in it."""
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SOUSPLI_HOME")}
        # Else Wine leaves a folder in the one for all at each end.
        return dict(kept, WINEPREFIX=str(self.prefix), TMPDIR=str(self.prefix), WINEARCH="win64", WINEDEBUG="-all",
                    WINEDLLOVERRIDES="mscoree,mshtml=", **more)

    def wine(self, *words, seconds=60, stdin=b"", **more):
        """Runs a program to its end; LabError where that does not come. What it says goes to files: a pipe would stay open with whatever
        it has begun."""
        command = ["wine", *map(str, words)]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
            try:
                status = subprocess.run(command, env=self.environment(**more), input=stdin, stdout=out, stderr=said, timeout=seconds).returncode
            except subprocess.TimeoutExpired:
                left = "\n".join(self.running())
                self.end()
                raise base.LabError(f"{' '.join(command)}: no end within {seconds} s; what ran then, and was ended:\n{left}") from None
            for file in (out, said):
                file.seek(0)
            return subprocess.CompletedProcess(command, status, out.read(), said.read())

    def running(self):
        """The command line of each process in it."""
        own = f"WINEPREFIX={self.prefix}".encode()
        for place in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if own in (place / "environ").read_bytes().split(b"\0"):
                    yield f"{place.name} " + (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue

    def begin(self, *words):
        """Starts a program."""
        return subprocess.Popen(["wine", *map(str, words)], env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def settled(self):
        """Returns when no program runs in it any more and the registry is on disk."""
        try:
            subprocess.run(["wineserver", "-w"], env=self.environment(), timeout=120, check=True)
        except subprocess.TimeoutExpired:
            raise base.LabError("still there after 120 s:\n" + "\n".join(self.running())) from None

    def end(self):
        """Ends all that runs in it."""
        subprocess.run(["wineserver", "-k"], env=self.environment(), timeout=60)

    def registry(self, key, name, value, kind="REG_SZ"):
        """Sets a value."""
        self._done(self.wine("reg", "add", key, "/v", name, "/t", kind, "/d", value, "/f"))

    def forget(self, key):
        """Removes a key."""
        self._done(self.wine("reg", "delete", key, "/f"))

    def value(self, key, name):
        """A value as text; None where there is none."""
        done = self.wine("reg", "query", key, "/v", name)
        found = re.search(rf"(?m)^\s+{re.escape(name)}\s+REG_\w+\s+(.*?)\r?$", done.stdout.decode("utf-8", "replace"))
        return found and found.group(1)

    def installer(self, *words):
        """msiexec, silent; its status."""
        status = self.wine("msiexec", *words, "/qn", seconds=180).returncode
        return status

    def file(self, path):
        """Where a path of drive C: lies."""
        return self.prefix / "drive_c" / path.replace("\\", "/").removeprefix("C:/")

    @staticmethod
    def _done(done):
        if done.returncode:
            raise base.LabError(f"{done.args}: {done.returncode}\n{(done.stdout + done.stderr).decode('utf-8', 'replace')}")


class Relay(souspli.Souspli):
    """A Souspli in such a Windows. Paths of Linux are on its current drive, Z:."""

    def __init__(self, *given, windows, program=PROGRAM, **more):
        super().__init__(*given, **more)
        self.windows, self.installed, self.direct, self.forwards = windows, program, {}, []
        wrapper = self.folder / "souspli.sh"
        wrapper.write_text(f'#!/bin/sh\nexec wine "{program}" "$@"\n')
        wrapper.chmod(0o755)
        self.command = wrapper

    def program(self):
        """What is run."""
        return str(self.command)

    def environment(self):
        """With the passphrase, for those that say nothing else."""
        return self.windows.environment(**self._said())

    def _said(self):
        return {"SOUSPLI_PASSPHRASE_FILE": str(self.folder / "passphrase"), "RUST_BACKTRACE": "1"}

    def attempt(self, *arguments, stdin=None, seconds=120):
        """Runs a command, whatever its exit status."""
        return self.windows.wine(self.installed, *arguments, "--home", self.home, stdin=stdin or b"", seconds=seconds, **self._said())

    def start(self, seconds=60):
        """Ready when a program of the same Windows listens in front of it: `smtp` and `imap` are that one's ports."""
        super().start(seconds)
        self.direct = {"smtp": self.smtp, "imap": self.imap}
        self.smtp, self.imap = (self.forwarded(port) for port in (self.smtp, self.imap))
        return self

    def forwarded(self, port):
        """The port of a program of the same Windows that leads to that one."""
        own = base.free_ports(1)[0]
        process = subprocess.Popen(["wine", TOOLS / "forward.exe", str(own), str(port)], env=self.windows.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.forwards.append(process)
        if process.stdout.readline().strip() != b"ready":
            raise base.LabError("the program in front of the relay does not listen")
        return own

    def stop(self):
        """`souspli stop`, as an installer says it; the exit status of the relay."""
        self.unhook()
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.cli("stop")
        return self.process.wait(20)

    def unhook(self):
        """Ends the programs in front of it."""
        for process in self.forwards:
            process.kill()
            process.wait()
            process.stdout.close()
        self.forwards.clear()


class Fresh(souspli.Fresh, Relay):
    """The same on its first day; `forwarded` leads to its dashboard. This Windows trusts none of the lab: whom it is to trust, its text says."""

    def start(self, seconds=60):
        """`souspli run` without a word on where its configuration is."""
        return super().start(seconds)


if __name__ == "__main__":
    Windows(pathlib.Path(sys.argv[1])).settled()
