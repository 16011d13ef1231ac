"""Tries the Debian package on a machine that is this one and is left as it was, and says the sum: run.py PACKAGE [Class.test ...]

As root: in a mount namespace whose root lies over the real one and goes with it. SOUSPLI_PACKAGE_OVER marks the inside.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab"), str(HERE.parents[1] / "scripts")]
MARK = "SOUSPLI_PACKAGE_OVER"
# What is the machine's own, and what programs of both sides find each other by.
SHARED = ("dev", "proc", "sys", "tmp")


def over(words):
    """The same command in there; its exit status."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="spk-", dir="/tmp"))
    try:
        inside = [sys.executable, __file__, "--over", str(place), *words]
        return subprocess.run(["unshare", "--mount", "--propagation", "private", *inside]).returncode
    finally:
        # Nothing is mounted there outside.
        shutil.rmtree(place)


def cover(place):
    """From now on this process sees a root of its own."""
    def mount(*words):
        subprocess.run(["mount", *words], check=True)
    mount("-t", "tmpfs", "tmpfs", place)
    upper, work, root = (os.path.join(place, name) for name in ("upper", "work", "root"))
    for folder in (upper, work, root):
        os.mkdir(folder)
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", root)
    here = os.getcwd()
    for name in SHARED:
        mount("--rbind", f"/{name}", os.path.join(root, name))
    os.chroot(root)
    os.chdir(here)


def main(words):
    """Exit status 0 when nothing failed."""
    if words[:1] == ["--over"]:
        cover(words[1])
        os.environ[MARK] = "yes"
        words = words[2:]
    elif os.geteuid() == 0:
        return over(words)
    os.environ["SOUSPLI_PACKAGE"] = str(pathlib.Path(words[0]).resolve())
    wanted = [f"test_package.{name}" for name in words[1:]] or ["test_package"]
    found = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(unittest.TestLoader().loadTestsFromNames(wanted))
    failed, skipped = len(found.failures) + len(found.errors), len(found.skipped)
    passed = max(0, found.testsRun - failed - skipped)
    if os.environ.get("CI"):  # where machines decide, what was not tried has not passed
        failed, skipped = failed + skipped, 0
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not found.testsRun else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
