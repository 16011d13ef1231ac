"""Runs the tests under Wine and says their sum: run.py [Class or Class.test ...]"""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab"), str(HERE.parents[1] / "scripts")]


def main(names):
    """Exit status 0 when nothing failed."""
    wanted = [f"test_windows.{name}" for name in names] or ["test_windows"]
    found = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(unittest.TestLoader().loadTestsFromNames(wanted))
    failed = len(found.failures) + len(found.errors)
    print(f"{max(0, found.testsRun - failed - len(found.skipped))} passed, {failed} failed, {len(found.skipped)} skipped")
    return 1 if failed or not found.testsRun else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
