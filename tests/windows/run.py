"""Runs the tests under Wine and says their sum: run.py [Class or Class.test ...]"""
import pathlib
import signal
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab"), str(HERE.parents[1] / "scripts")]
# Of one test, or of what begins or ends a class; each takes a minute at most where the machine has nothing else to do.
SECONDS_MAX = 400


class OutOfTime(Exception):
    """Something under Wine does not end."""


class Result(unittest.TextTestResult):
    """Nothing is waited for without end; told to end, what is in hand fails and the rest is left."""

    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        signal.signal(signal.SIGALRM, self._late)
        signal.signal(signal.SIGTERM, self._ended)
        signal.alarm(SECONDS_MAX)

    def startTest(self, test):
        signal.alarm(SECONDS_MAX)
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        signal.alarm(SECONDS_MAX)

    def _late(self, *_):
        signal.alarm(SECONDS_MAX)
        raise OutOfTime(f"not done within {SECONDS_MAX} s")

    def _ended(self, *_):
        self.stop()
        raise OutOfTime("told to end")


def main(names):
    """Exit status 0 when nothing failed."""
    wanted = [f"test_windows.{name}" for name in names] or ["test_windows"]
    runner = unittest.TextTestRunner(verbosity=2, stream=sys.stdout, resultclass=Result)
    found = runner.run(unittest.TestLoader().loadTestsFromNames(wanted))
    signal.alarm(0)
    failed = len(found.failures) + len(found.errors)
    print(f"{max(0, found.testsRun - failed - len(found.skipped))} passed, {failed} failed, {len(found.skipped)} skipped")
    return 1 if failed or not found.testsRun else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
