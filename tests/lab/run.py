"""Runs the lab's tests and says their sum: run.py [MODULE or MODULE.Class.test ...]

Several run side by side (SOUSPLI_LAB_JOBS, else one for each core, four at most): each in a process of its own, with folders, ports
and screens of its own. What it says is printed whole when it ends. A module says of itself what it does not bear, with the reason:
HEAVY, not beside another such; ALONE, not beside anything.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "scripts")]

# Begun first, for all wait for the last one. Nothing but time depends on it.
LONGEST = ()
# A program of many threads under remote control: Thunderbird 153 was seen to stop for good, its own main thread waiting for
# another of its own. What is wrong in Souspli fails again; both tries are printed.
TRIED_TWICE = "test_thunderbird"

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
    """The sum of one module, class or test, in this process."""
    suite = unittest.TestLoader().loadTestsFromName(name)
    return unittest.TextTestRunner(resultclass=Result, verbosity=2, stream=sys.stdout).run(suite).sum()


def tried(name):
    """The same, once more where it is known to be worth it."""
    found = one(name)
    if found.failed and name.startswith(TRIED_TWICE):
        print(f"{name}: tried again with a new Thunderbird")
        found = one(name)
    return found


def apart(name):
    """(name, its sum, what it said, seconds), in a process of its own. Without a sum it has failed."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, __file__, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _, last = done.stdout.decode("utf-8", "replace").rstrip().rpartition("\n")
    numbers = re.fullmatch(r"lab: (\d+) passed, (\d+) failed, (\d+) skipped", last)
    found = Sum(*map(int, numbers.groups())) if numbers else Sum(0, 1, 0)
    return name, found, said if numbers else f"{said}\n{last}\n{name}: ended with status {done.returncode}", time.monotonic() - began


def bears(name, running):
    """Whether it may run beside those."""
    def says(each, what):
        return re.search(rf"(?m)^{what} = ", (HERE / f"{each.partition('.')[0]}.py").read_text(encoding="utf-8"))
    if any(says(each, "ALONE") for each in (name, *running)):
        return not running
    return not (says(name, "HEAVY") and any(says(each, "HEAVY") for each in running))


def side_by_side(names, jobs):
    """The sum of several."""
    waiting = sorted(names, key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    running, sums = {}, []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            while len(running) < jobs and (name := next((n for n in waiting if bears(n, running.values())), None)):
                waiting.remove(name)
                running[pool.submit(apart, name)] = name
            for done in concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED).done:
                del running[done]
                name, found, said, seconds = done.result()
                print(f"==== {name}: {seconds:.0f} s\n{said}", flush=True)
                sums.append(found)
    return Sum(*map(sum, zip(*sums)))


def main(names):
    """Exit status 0 when nothing failed."""
    names = names or sorted(path.stem for path in HERE.glob("test_*.py"))
    jobs = int(os.environ.get("SOUSPLI_LAB_JOBS") or min(4, os.cpu_count() or 1))
    found = tried(names[0]) if len(names) == 1 else side_by_side(names, jobs)
    print(f"lab: {found.passed} passed, {found.failed} failed, {found.skipped} skipped")
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
