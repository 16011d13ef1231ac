"""What the program takes while nobody does anything, and what it takes on a disk."""
from __future__ import annotations

import pathlib
import re
import threading

from . import base, desk, souspli

WINDOW, QUICK_WINDOW = 600, 60
SETTLED = 30


def family(pid):
    """A process and all that it has begun."""
    begun = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for each in begun for child in each.read_text().split()]
    return [pid, *(one for child in children for one in family(child))]


def resident(pid):
    """Memory of all of them, in MB; what they share is counted for each."""
    return sum(_field(f"/proc/{one}/status", "VmRSS") for one in family(pid)) / 1024


def idle(bench, quick):
    """Relays that have just begun, one with an icon beside the clock and one without, and the same after a while in which nobody connects."""
    seconds = QUICK_WINDOW if quick else WINDOW
    session = desk.Desk(bench.practice.folder.path / "desk") if desk.available() else None
    try:
        pids = {name: relay.process.pid for name, relay in _begun(bench, session).items()}
        # Lists and directories are asked for as it begins.
        _pass(SETTLED)
        before = {name: _spent(pid) for name, pid in pids.items()}
        _pass(seconds)
        for name, pid in pids.items():
            after = _spent(pid)
            bench.amount(f"memory, idle, {name}, with the processes that it has begun", "MB", [resident(pid)], 25)
            bench.amount(f"idle for {seconds} s, {name}: processor", "% of a core", [(after[0] - before[name][0]) / seconds * 100], 0.1)
            bench.amount(f"idle for {seconds} s, {name}: wake-ups", "1/s", [(after[1] - before[name][1]) / seconds], 1)
    finally:
        if session:
            session.stop()


def _begun(bench, session):
    """The relays by what they have."""
    with_icon, without = bench.relay, bench.practice.relays["alice"]
    for relay in (with_icon, without):
        relay.stop()
    if session:
        with_icon.desk = session.start()
    with_icon.start()
    without.start()
    if not session:
        return {"without an icon": without}
    session.icon(with_icon.process).says("Prêt")
    return {"with an icon": with_icon, "without": without}


def sizes(bench):
    """The executable, and the packages that have been built of a release."""
    bench.amount("executable", "MB", [souspli.binary().stat().st_size / 1e6], 15)
    version = re.search(r'(?m)^version = "(.*)"$', (base.ROOT / "Cargo.toml").read_text()).group(1)
    for name, package in (("Debian package", next((base.ROOT / "target" / "debian").glob(f"souspli_{version}_*.deb"), None)), ("Windows installer", _windows(version))):
        if package is not None:
            bench.amount(name, "MB", [package.stat().st_size / 1e6], 8)


def _windows(version):
    out = base.ROOT / "target" / "windows" / "out"
    built = out / "profile"
    return out / f"souspli-{version}.msi" if built.exists() and built.read_text().strip() == "release" else None


def _spent(pid):
    """Seconds of processor of all threads that there are, and how often one of them began to wait."""
    tasks = [task for one in family(pid) for task in pathlib.Path(f"/proc/{one}/task").iterdir()]
    nanoseconds = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
    return nanoseconds / 1e9, sum(_field(task / "status", "voluntary_ctxt_switches") for task in tasks)


def _field(path, name):
    with open(path) as status:
        return next((int(line.split()[1]) for line in status if line.startswith(name)), 0)


def _pass(seconds):
    threading.Event().wait(seconds)
