"""Runs the lab's tests and says their sum: run.py [MODULE or MODULE.Class.test ...]"""
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "scripts")]


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


def main(names):
    """Exit status 0 when nothing failed."""
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE))
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"lab: {result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
