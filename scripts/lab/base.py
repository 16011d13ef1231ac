"""What every part of the lab needs: the project's root, free ports, waiting for an event, an account without privileges."""
from __future__ import annotations

import getpass
import grp
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
_PAUSE = threading.Event()
_HELD = {}


class LabError(Exception):
    """Something of the lab itself did not work."""


def until(check, seconds, what):
    """Calls `check` until it answers something true, which is returned; LabError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise LabError(f"waited {seconds} s in vain for {what}")
        _PAUSE.wait(0.02)


def free_ports(count):
    """That many different ports of the loopback interface, for servers that this process starts."""
    return [hold(0) for _ in range(count)]


def hold(port):
    """That port of the loopback interface, or any free one for 0: kept from connections and from other processes that ask for a
    free one until this process ends, while a server that names it may listen there (SO_REUSEADDR, as each of them has it)."""
    if port in _HELD:
        return port
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, port))
    port = holder.getsockname()[1]
    _HELD[port] = holder
    return port


def answers(port):
    """Whether something listens on that port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def listens(port):
    """The same for who is not to be knocked at, as the kernel tells it (proc(5), `/proc/net/tcp`)."""
    here, listening = f"0100007F:{port:04X}", "0A"
    rows = (line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines())
    return any((row[1], row[3]) == (here, listening) for row in rows)


def is_root():
    """Whether this process may do everything."""
    return os.geteuid() == 0


def daemon_user():
    """(user, group, command prefix) for servers: never root."""
    if is_root():
        return "nobody", "nogroup", ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    return getpass.getuser(), grp.getgrgid(os.getgid()).gr_name, []


def program(name):
    """The path of an installed program, looked for in the administrator's folders too; None when absent."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")


def run(*command, stdin=None, cwd=None, env=None, seconds=120):
    """Runs a command that must succeed; its standard output as bytes."""
    done = subprocess.run([str(c) for c in command], input=stdin, cwd=cwd, env=env, capture_output=True, timeout=seconds)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace")[-2000:]
        raise LabError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{said}")
    return done.stdout


def launch(log, *command):
    """Runs a command that leaves a daemon behind: its output goes to a file, for a pipe would stay open with the daemon."""
    with open(log, "ab") as out:
        done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=60)
    if done.returncode != 0:
        with open(log, errors="replace") as text:
            raise LabError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{text.read()[-2000:]}")


def stop_pid(pid, seconds=10):
    """SIGTERM, then SIGKILL when the process is still there after `seconds`."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        try:
            until(lambda: not _alive(pid), seconds, f"process {pid} to end")
            return
        except LabError:
            continue


def _alive(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rsplit(b")", 1)[1].split()[0] != b"Z"
    except OSError:
        return False


class Folder:
    """A temporary folder that the unprivileged servers may enter; removed at the end unless SOUSPLI_LAB_KEEP is set."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sp-", dir="/tmp"))  # short: paths of unix sockets end at 107 octets
        self.path.chmod(0o711)

    def remove(self):
        """Removes it with all it holds."""
        if os.environ.get("SOUSPLI_LAB_KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)
