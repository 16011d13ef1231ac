"""A command in network, mount and process namespaces of its own: what listens there is heard by nobody else, and all of it ends with it.

The driver of the virtual reader listens on every interface and cannot be told otherwise: it runs in here, or not at all. As root:
python3 scripts/lab/inside.py COMMAND...
"""
from __future__ import annotations

import fcntl
import functools
import os
import signal
import socket
import struct
import subprocess
import sys

MARK = "SOUSPLI_LAB_INSIDE"
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def here():
    """Whether this process runs in there."""
    return os.environ.get(MARK) == "yes"


@functools.cache
def possible():
    """Whether this machine and this user can have such namespaces."""
    if os.geteuid() != 0:
        return False
    try:
        return subprocess.run([*_UNSHARE, "true"], capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def command(*words):
    """The command that runs these words in there."""
    return [*_UNSHARE, sys.executable, os.path.abspath(__file__), *map(str, words)]


def main(words):
    """The first process in there; the exit status of the command."""
    _bring_up_loopback()
    os.makedirs("/run/pcscd", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/pcscd"], check=True)
    child = subprocess.Popen(words, env=dict(os.environ, **{MARK: "yes"}))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: child.send_signal(number))
    while True:  # whoever is left alone becomes a child of the first process
        pid, status = os.wait()
        if pid == child.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
