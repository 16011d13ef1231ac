"""A virtual smart card in a virtual reader behind a real pcscd: only inside the namespaces of `inside`.

    reader = vcard.Reader(folder / "reader").start()
    card = vcard.Card(reader, folder / "card", {"9A": pair, "9C": pair}).start()
    opensc = vcard.OpenSc(folder)  # its module, and what it needs in the environment
"""
from __future__ import annotations

import glob
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

from . import base, inside

PIN = "1234"
CPS3_ATR, CPS4_ATR = "3BAC00402A001225006480000310009000", "3B9B188001001225006480040100009044"
# Of PIV's keys: the PIN once; for each use; once; never.
AUTHENTICATION, SIGNATURE, ENCIPHERMENT, FREE = "9A", "9C", "9D", "9E"
_SELECT, _READ, _VERIFY, _USE = "A4", "CB", "20", "87"
_FIRST_PORT = 35963  # in a network of its own no port is taken
_READER = 'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port}\nLIBPATH {driver}\nCHANNELID {port}\n'
_DRIVERS = ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/lib/*/pcsc/drivers/serial/libifdvpcd.so")
_MODULES = ("/usr/lib/*/opensc-pkcs11.so", "/usr/lib/opensc-pkcs11.so", "/usr/lib*/pkcs11/opensc-pkcs11.so")
# Without it the ATR of a CPS leads OpenSC to other drivers than that of our applet.
_OPENSC = "app default {\n    card_drivers = PIV-II, internal;\n    framework pkcs15 { use_file_caching = no; }\n}\n"


def missing():
    """What is missing; None when nothing is."""
    if not (base.program("pcscd") and _found(_DRIVERS)):
        return "pcscd and vpcd are not installed"
    if not (_found(_MODULES) and base.program("pkcs11-tool")):
        return "OpenSC is not installed"
    return None if inside.here() else "a virtual reader wants root and namespaces of its own"


class OpenSc:
    """OpenSC's module as the lab's cards need it."""

    def __init__(self, folder: pathlib.Path):
        self.module = _found(_MODULES)
        self.configuration = folder / "opensc.conf"
        self.configuration.write_text(_OPENSC)

    @property
    def environment(self):
        """What the module asks of the environment."""
        return {"OPENSC_CONF": str(self.configuration)}


class Reader:
    """pcscd with one reader of two slots, or with none."""

    def __init__(self, folder: pathlib.Path, name="Lecteur virtuel"):
        self._folder, self._drivers, self._name, self.process = folder, folder / "reader.conf.d", name, None
        self._drivers.mkdir(parents=True)
        self.log = folder / "pcscd.log"

    def start(self, plugged=True):
        """Returns once programs can connect; `plugged`: with the reader, which cannot come or go while pcscd runs: only USB can."""
        (self._drivers / "vpcd").unlink(missing_ok=True)
        if plugged:
            (self._drivers / "vpcd").write_text(_READER.format(name=self._name, port=_FIRST_PORT, driver=_found(_DRIVERS)))
        self.log.write_bytes(b"")
        with open(self.log, "ab") as log:
            command = [base.program("pcscd"), "--foreground", "--info", "--config", str(self._drivers)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        base.until(lambda: b"daemon ready" in self.log.read_bytes(), 10, "pcscd")
        return self

    def stop(self):
        """Ends it: nobody answers any more, and whoever is connected is cut off."""
        if self.process is not None:
            base.stop_pid(self.process.pid)
            self.process.wait()
            self.process = None

    def kill(self):
        """The same as a crash."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def running(self):
        """Whether somebody answers."""
        return self.process is not None

    def holds(self, slot):
        """Whether pcscd has noticed a card in that slot; it looks every 0.4 s."""
        events = re.findall(rf"(Attempting startup of|Card inserted into|Card Removed From) {re.escape(self._name)} 00 0{slot}\b", self.log.read_text())
        return events[-1:] == ["Card inserted into"]


class Card:
    """A card; `pairs`: of `cps`, by PIV's names of keys; `slot`: 0 or 1 of the reader."""

    def __init__(self, reader: Reader, folder: pathlib.Path, pairs, slot=0, pin=PIN, tries=3, atr=CPS3_ATR, delay=0):
        self._reader, self._slot, self.folder, self.pairs, self.process = reader, slot, folder, pairs, None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "card.json").write_text(json.dumps({
            "port": _FIRST_PORT + slot, "atr": atr, "pin": pin, "tries": tries, "delay": delay,
            "serial": hashlib.sha256(str(folder).encode()).hexdigest()[:32],
            "pairs": {ref: {"key": str(pair.key), "certificate": str(pair.certificate)} for ref, pair in pairs.items()}}))
        self._talk = threading.Lock()

    def start(self):
        """In the reader."""
        with open(self.folder / "card.log", "ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "lab.vcardd", str(self.folder / "card.json")], cwd=base.ROOT / "scripts",
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        return self.put_in()

    def stop(self):
        """Out of the reader, and gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def put_in(self):
        """Returns once pcscd, if it is running, has noticed."""
        if not self.state()["in"]:
            self._until_noticed(False)  # of the card that was there before
        self._say("in")
        self._until_noticed(True)
        return self

    def take_out(self):
        """Pulled, whatever it is doing; returns once pcscd has noticed."""
        self.pull()
        self._until_noticed(False)

    def pull(self):
        """The same, without waiting for anybody."""
        self._say("out")

    def _until_noticed(self, there):
        if self._reader.running():
            base.until(lambda: self._reader.holds(self._slot) == there, 10, f"pcscd to notice a card in or out of slot {self._slot}")

    def delay(self, milliseconds):
        """Each command takes that much longer."""
        self._say("delay", milliseconds)

    def pull_at_pin(self):
        """It is pulled when it is next shown a PIN, before it looks."""
        self._say("at", _VERIFY, "pull")

    def pull_at_use(self):
        """It is pulled when a key is next used, before it answers."""
        self._say("at", _USE, "pull")

    def hold_at_use(self):
        """It keeps silent when a key is next used, until `go`."""
        self._say("at", _USE, "hold")

    def fail_at_use(self, status="6F00"):
        """It answers that status word whenever a key is used, until `behave`."""
        self._say("at", _USE, "fail", status)

    def refuse_to_be_selected(self):
        """No program of its kind knows it, until `behave`."""
        for instruction in (_SELECT, _READ):
            self._say("at", instruction, "fail", "6A82")

    def go(self):
        """Answers what was held."""
        self._say("go")

    def behave(self):
        """Forgets what it was to do when shown a PIN or used."""
        self._say("behave")

    def wait_held(self):
        """Returns once somebody waits for an answer."""
        base.until(lambda: self.state()["held"], 10, "the use of a key")

    def uses(self, *keys):
        """How often these keys were used, all without names."""
        counted = self.state()["uses"]
        return sum(counted.get(key, 0) for key in keys or counted)

    def state(self):
        """in, held, tries (left), apdus, powered, right and wrong (PINs shown), uses (of each key)."""
        return self._say("stat")

    def _say(self, *words):
        with self._talk:
            self.process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise base.LabError(f"the card has ended: {(self.folder / 'card.log').read_text()[-2000:]}")
        return json.loads(line)


def _found(places):
    return next((pathlib.Path(found) for place in places for found in sorted(glob.glob(place))), None)
