"""Runs the lab's tests and says their sum: run.py [MODULE or MODULE.Class.test ...]

Several run side by side (SOUSPLI_LAB_JOBS; else one more than there are cores, for they wait much, and four at most): each in a
process of its own, with folders, ports and screens of its own. One line for each that is right; what another said is printed whole,
and stands in target/test/lab/ for all. A module that does not bear another of its kind beside it says HEAVY, and why; one that wants
a network of its own (scripts/lab/inside.py) says PRIVATE, and why, and has it where that can be had.

What fails beside others is tried once more alone, its class whole, when all have ended: other people's servers and mail programs have
patience of their own. It is named at the end in either case. No test by which an invariant of ARCHITECTURE.md is held is: what must
never happen must not happen under load.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "scripts")]

from lab import inside  # noqa: E402

# Begun first, those that are HEAVY ahead of all: everybody waits for the last one. Nothing but time depends on it.
LONGEST = ("test_fault_matrix", "test_matrix", "test_directories", "test_thunderbird", "test_thunderbird_locked", "test_thunderbird_pop3", "test_thunderbird_again",
           "test_views", "test_sending", "test_imap", "test_transport", "test_interop", "test_pop3", "test_table", "test_submissions")
ROOT = HERE.parents[1]
LOGS = ROOT / "target/test/lab"
# More than these are no accident.
AGAIN_AT_MOST = 3
# A program of many threads under remote control: Thunderbird 153 was seen to stop for good, its own main thread waiting for
# another of its own. What is wrong in Souspli fails again; both tries are printed.
TRIED_TWICE = "test_thunderbird"
AGAIN = "tried again with a new Thunderbird"

Sum = collections.namedtuple("Sum", "passed failed skipped")


class Result(unittest.TextTestResult):
    """One line per test, with the seconds it took; each sub-test that fails counts once."""
    passed = 0

    def startTest(self, test):  # noqa: N802
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):  # noqa: N802
        super().addSuccess(test)
        self.passed += 1
        self.stream.writeln(f"   {time.monotonic() - self.began:.1f} s")

    def sum(self):
        """Those that could not begin have failed."""
        return Sum(self.passed, len(self.failures) + len(self.errors) + len(self.unexpectedSuccesses), len(self.skipped))


def one(name):
    """The sum of one module, class or test, in this process; each test that failed is named in a line of its own."""
    suite = unittest.TestLoader().loadTestsFromName(name)
    found = unittest.TextTestRunner(resultclass=Result, verbosity=2, stream=sys.stdout).run(suite)
    for test, _ in found.failures + found.errors:
        print(f"failed: {getattr(test, 'test_case', test).id()}")
    return found.sum()


def tried(name):
    """The same, once more where it is known to be worth it."""
    found = one(name)
    if found.failed and name.startswith(TRIED_TWICE):
        print(f"{name}: {AGAIN}")
        found = one(name)
    return found


def apart(name):
    """(name, its sum, what it said, seconds), in a process of its own. Without a sum it has failed."""
    began = time.monotonic()
    # No pipe: a server that outlives its test would keep it open.
    with tempfile.TemporaryFile() as out:
        done = subprocess.run(command(name), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        out.seek(0)
        said = out.read().decode("utf-8", "replace").rstrip()
    sums = re.findall(r"(?m)^lab: (\d+) passed, (\d+) failed, (\d+) skipped$", said)
    if not sums:
        said += f"\n{name}: no sum, status {done.returncode}"
    return name, Sum(*map(int, sums[-1])) if sums else Sum(0, 1, 0), said, time.monotonic() - began


def command(name):
    """What runs one module, class or test, where it wants to be run."""
    words = [sys.executable, __file__, name]
    return inside.command(*words) if private(name) else words


def private(name):
    """Whether it is to be run in a network of its own, and is not yet."""
    return says(name, "PRIVATE") and not inside.here() and inside.possible()


def heavy(name):
    """Whether it is not to be run beside another of its kind."""
    return says(name, "HEAVY")


def says(name, what):
    """Whether its module says so."""
    return re.search(f"(?m)^{what} = ", (HERE / f"{name.partition('.')[0]}.py").read_text(encoding="utf-8")) is not None


def next_of(waiting, running):
    """The first that may run beside those; None when none may."""
    busy = any(map(heavy, running))
    return next((name for name in waiting if not (busy and heavy(name))), None)


def written(name, said):
    """Keeps what a module said."""
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{name}.log").write_text(said + "\n", encoding="utf-8")


def class_of(test):
    """module.Class of a test's identifier, or of what unittest says of a class that could not begin."""
    begun = re.fullmatch(r"\w+ \((\S+)\)", test)
    return begun[1] if begun else test.rpartition(".")[0]


def is_final(test, page):
    """Whether an invariant of that page is held by it, by its name or with its whole module."""
    module, name = class_of(test).partition(".")[0], test.rpartition(".")[2]
    whole = re.search(rf"`(tests/lab/)?{module}\.py`(?! `test_)", page)
    return whole is not None or f"`{name}`" in page


def alone(failed):
    """Those of the tests that failed which pass with their whole class when nothing else runs."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("\n## 2.")[0]
    again = {}
    for test in failed:
        again.setdefault(class_of(test), []).append(test)
    again = {name: tests for name, tests in again.items() if not any(is_final(test, page) for test in tests)}
    if len(again) > AGAIN_AT_MOST:
        return []
    passed = []
    for name, tests in again.items():
        _, found, said, seconds = apart(name)
        print(f"==== {name}, again, alone: {seconds:.0f} s\n{said}", flush=True)
        if not found.failed and found.passed >= len(tests):
            passed += tests
    return passed


def side_by_side(names, jobs):
    """The sum of several, and what failed among them."""
    waiting = sorted(names, key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    running, sums, failed = {}, [], []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            while len(running) < jobs and (name := next_of(waiting, running.values())):
                waiting.remove(name)
                running[pool.submit(apart, name)] = name
            for done in concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED).done:
                del running[done]
                name, found, said, seconds = done.result()
                written(name, said)
                print(f"==== {name}: {found.passed} passed, {seconds:.0f} s", flush=True)
                sums.append(found)
                if found.failed or found.skipped:
                    print(said, flush=True)
                if found.failed:
                    failed += re.findall(r"(?m)^failed: (.*)$", said.rpartition(AGAIN)[2])
    return Sum(*map(sum, zip(*sums))), failed


def main(names):
    """Exit status 0 when nothing failed."""
    # A shell's job in the background has it ignored, and would go on alone.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = names or sorted(path.stem for path in HERE.glob("test_*.py"))
    if len(names) == 1 and private(names[0]):
        return subprocess.run(command(names[0])).returncode
    jobs = int(os.environ.get("SOUSPLI_LAB_JOBS") or min(4, (os.cpu_count() or 1) + 1))
    if len(names) == 1:
        found = tried(names[0])
    else:
        found, failed = side_by_side(names, jobs)
        passed = alone(failed)
        for test in failed:
            print(f"passed only alone, at the second try: {test}" if test in passed else f"failed: {test}")
        found = found._replace(passed=found.passed + len(passed), failed=found.failed - len(passed))
    print(f"lab: {found.passed} passed, {found.failed} failed, {found.skipped} skipped")
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
