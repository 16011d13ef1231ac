"""What Souspli costs while nothing happens: seconds of processor, wake-ups, memory; with an icon and without, beside each other.
   python3 scripts/lab/idle.py [SECONDS]      600 unless said otherwise; SOUSPLI_BIN: the program"""
from __future__ import annotations

import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import desk, servers  # noqa: E402

# After this the first look at lists, cards and keys is over.
_SETTLED = 30


def seen(pid):
    """Seconds of processor, switches of all threads, KiB in memory."""
    own = pathlib.Path("/proc") / str(pid)
    times = (own / "stat").read_text().rsplit(")", 1)[1].split()
    switches = sum(int(count) for task in own.glob("task/*/status") for count in re.findall(r"ctxt_switches:\s+(\d+)", task.read_text()))
    memory = int(re.search(r"VmRSS:\s+(\d+)", (own / "status").read_text())[1])
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"), switches, memory


def main(seconds):
    """One line for each."""
    practice = servers.Practice(names=("alice", "bob"))
    session = desk.Desk(practice.folder.path / "desk")
    try:
        practice.start()
        shown = practice.relays["alice"]
        shown.stop()
        shown.desk = session.start()
        shown.start()
        session.icon(shown.process).says("Prêt")
        pids = {"with an icon": shown.process.pid, "without": practice.relays["bob"].process.pid}
        time.sleep(_SETTLED)
        before = {name: seen(pid) for name, pid in pids.items()}
        time.sleep(seconds)
        for name, pid in pids.items():
            (cpu, switches, memory), (cpu0, switches0, _) = seen(pid), before[name]
            print(f"{name}: {cpu - cpu0:.2f} s of processor in {seconds} s ({100 * (cpu - cpu0) / seconds:.3f} %), "
                  f"{(switches - switches0) / seconds:.1f} switches a second, {memory / 1024:.1f} MB")
    finally:
        practice.stop()
        session.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
