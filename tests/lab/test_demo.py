"""The demo as a person runs it: it ends by itself, or stays up until it is stopped, and leaves nothing running."""
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from lab import base

from common import need_product

DEMO = base.ROOT / "scripts" / "lab" / "demo.py"


class DemoTest(unittest.TestCase):
    """What scripts/demo starts once everything is built."""

    def setUp(self):
        need_product()

    def begin(self, *words):
        """The demo, in a process group of its own."""
        child = subprocess.Popen([sys.executable, str(DEMO), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def test_once(self):
        child = self.begin("--once")
        said = child.stdout.read()
        self.assertEqual(0, child.wait(30), said)
        self.assertIn("Tout est juste", said)
        self.assertIn("All is right", said)

    def test_it_stays_until_it_is_stopped(self):
        for number in (signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                child, said = self.begin(), ""
                for line in child.stdout:
                    said += line
                    if "Ctrl-C to stop." in line:
                        break
                folder = re.search(r"/tmp/sp-\w+", said)[0]
                self.assertGreater(running(folder), 2)
                child.send_signal(number)
                child.send_signal(signal.SIGINT)  # out of impatience
                self.assertEqual(0, child.wait(40), said)
                base.until(lambda: running(folder) == 0, 10, "all that it started to end")
                self.assertFalse(pathlib.Path(folder).exists())


def running(folder):
    """How many processes have that folder in their command line."""
    count = 0
    for place in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += folder.encode() in place.read_bytes()
        except OSError:
            pass  # It ended meanwhile.
    return count


if __name__ == "__main__":
    unittest.main()
