"""Several users of one computer, as root: work done as one of them, and a Souspli that is his."""
from __future__ import annotations

import encodings.idna  # noqa: F401  asked for by sockets, when Python's own folder may be closed to them
import json
import os
import shutil
import stat
import traceback

from . import souspli


def as_user(number, work, *words):
    """What `work(*words)` answers (JSON) when this user does it, in a process of his own. None where it fails by an exception."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
            os.write(write, json.dumps(work(*words)).encode())
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(said) if status == 0 else None


class Relay(souspli.Souspli):
    """A Souspli that runs as this user, in a folder of his own."""

    def __init__(self, number, program, folder, *given, **more):
        super().__init__(folder, *given, **more)
        self.number = number
        self.command = folder / "souspli.sh"
        self.command.write_text(f'#!/bin/sh\nexec setpriv --reuid {number} --regid {number} --clear-groups "{program}" "$@"\n')
        self.command.chmod(0o755)
        self.given_to_him()

    def given_to_him(self):
        """All that is in his folder is his, and nobody else's."""
        for place in (self.folder, *self.folder.rglob("*")):
            os.chown(place, self.number, self.number)
            place.chmod(stat.S_IMODE(place.stat().st_mode) & 0o700)

    def program(self):
        """What is run."""
        return str(self.command)

    def environment(self):
        """His own."""
        return dict(super().environment(), HOME=str(self.folder), XDG_RUNTIME_DIR=str(self.folder))

    def key_import(self, address, p12):
        """From a file of his own."""
        own = self.folder / "own.p12"
        shutil.copyfile(p12, own)
        self.given_to_him()
        return super().key_import(address, own)
