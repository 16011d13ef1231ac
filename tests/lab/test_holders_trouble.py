"""One account's keys for several persons, where a disk, a folder, a card or the user's leaving comes between."""
import contextlib
import subprocess
import sys
import time
import unittest

from lab import badmodule, base, desk, pinentry, softhsm, souspli

from test_cards import ALICE, BOB, LETTER
from test_holders import PASSPHRASE, DelegateCase, HoldersCase

UNAVAILABLE = r"NO \[UNAVAILABLE\].*"
# Who opens a file that another process has a lease of waits for that one (fcntl(2)), as for a folder of the network that hangs.
LEASE = """
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
with open(sys.argv[1], "r+b") as file:
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    print("held", flush=True)
    sys.stdin.read()
"""


class OutOfReachTest(DelegateCase):
    """What cannot be looked at is not what has ended."""

    def setUp(self):
        super().setUp()
        self.share()
        self.sealed()
        self.add(self.carol.certificate)

    def seen(self, relay):
        """What her home has noted of Alice's file."""
        return relay.home / "held" / f"{ALICE}.seen"

    def unreadable(self, relay):
        """As a disk error would have it: a loop of links."""
        self.seen(relay).unlink()
        self.seen(relay).symlink_to(self.seen(relay).name)

    def test_what_a_disk_does_not_give_is_not_a_delegation_that_has_ended(self):
        carol = self.secretary()
        self.start(carol)
        self.assertIn(LETTER, self.read(carol))
        away = self.file().rename(self.shared / "away")
        self.assertRegex(self.read(carol), UNAVAILABLE + "SP-HELD-NO-FILE")
        self.unreadable(carol)
        away.rename(self.file())
        self.assertIn(LETTER, self.read(carol), "the file itself says who may read")
        # Neither of them tells.
        away = self.file().rename(self.shared / "away")
        self.unreadable(carol)
        carol.restart()
        self.assertRegex(self.read(carol), UNAVAILABLE + "SP-HELD-NO-FILE")
        self.assertTrue(self.seen(carol).is_symlink(), "nothing was forgotten")
        away.rename(self.file())
        self.assertIn(LETTER, self.read(carol), "asked again without a restart")
        self.assertNotIn("delegation-ended", self.journal(carol))

    def test_a_folder_that_was_never_reached_is_waited_for(self):
        away = self.file().rename(self.shared / "away")
        carol = self.secretary()
        self.start(carol)
        self.assertRegex(self.read(carol), UNAVAILABLE + "SP-HELD-NO-FILE")
        away.rename(self.file())
        self.assertIn(LETTER, self.read(carol))

    def test_a_folder_that_hangs_keeps_no_other_account_waiting(self):
        self.sealed(to=self.bob)
        theirs = self.shared / "bob.p7m"
        self.delegates(self.bob, theirs)
        carol = self.secretary(others=[self.provider.account(BOB, extra=f'delegated = "{theirs}"\n')])
        self.start(carol)
        self.assertIn(LETTER, self.read(carol))
        self.assertIn(LETTER, self.read(carol, BOB))
        with self.hanging(theirs):
            self.assertIn(LETTER, self.read(carol))
            since = time.monotonic()
            for _ in range(3):
                self.assertIn(LETTER, self.read(carol))
            self.assertLess(time.monotonic() - since, 6, "who is known to hang is not waited for each time")
            said = self.read(carol, BOB)
            self.assertRegex(said, UNAVAILABLE + "SP-HELD-NO-FILE")
            self.assertIn(str(theirs), said)
        self.assertIn(LETTER, self.read(carol, BOB))
        self.assertNotIn("delegation-ended", self.journal(carol))

    def delegates(self, doctor, file):
        """Another doctor lets her read too."""
        place = self.place / doctor.stem
        place.mkdir()
        theirs = souspli.Souspli(place, [self.provider.account(doctor.address, extra=f'held = "{file}"\n')], [self.provider.tls.bundle])
        theirs.furnish({doctor.address: [doctor]}, [], [self.practice.authority.certificate])
        theirs.cli("key", "delegate", "add", "--account", doctor.address, "--to", self.carol.certificate, "--config", theirs.config)

    @contextlib.contextmanager
    def hanging(self, file):
        """Whoever opens that file meanwhile waits."""
        with subprocess.Popen([sys.executable, "-c", LEASE, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            try:
                self.assertEqual(b"held\n", holder.stdout.readline())
                yield
            finally:
                holder.stdin.close()


class LockedTest(HoldersCase):
    """Who leaves his desk leaves nothing open."""

    def setUp(self):
        super().setUp()
        if not desk.available():
            self.skipTest("dbus-daemon, dbus-monitor or gdbus is not installed")
        place = self.folder / f"{self.id().rpartition('.')[2][:30]}-desk"
        place.mkdir()
        self.desk = desk.Desk(place).start()
        self.addCleanup(self.desk.stop)
        self.souspli.desk = self.desk

    def test_what_the_passphrase_has_opened_is_locked_too(self):
        self.sealed()
        self.hold()
        self.pull()
        self.own("rescue", "--open", "--account", ALICE)
        self.start()
        self.pinentry.will(PASSPHRASE)
        self.assertIn(LETTER, self.read())
        prompts = self.pinentry.prompts()
        self.desk.icon(self.souspli.process).choose("Verrouiller")
        base.until(lambda: "rescue-ended" in self.journal(), 20, "its end in the journal")
        self.pinentry.will(pinentry.CANCEL)
        self.assertNotIn(LETTER, self.read())
        # The mode itself lasts: the passphrase is asked for, not the card.
        self.pinentry.will(PASSPHRASE)
        self.assertIn(LETTER, self.read())
        self.assertEqual(prompts + 2, self.pinentry.prompts())
        self.assertEqual(["rescue-opened", "rescue-begun", "rescue-ended", "rescue-begun"], self.journal()[4:])


class CardThatIsThereTest(HoldersCase):
    """Rescue mode beside a card that does not work."""

    def test_a_blocked_card_in_the_reader_is_to_be_taken_out_first(self):
        self.sealed()
        self.hold()
        self.start()
        self.module.will("C_Login", badmodule.PIN_LOCKED)
        self.pinentry.will(softhsm.PIN)
        self.assertIn("SP-PIN-BLOCKED", self.read())
        status, said = self.attempt("rescue", "--open", "--account", ALICE)
        self.assertEqual((1, True, True), (status, "SP-RESCUE-CARD-THERE" in said, "retirez la carte" in said), said)
        self.assertNotIn("rescue-opened", self.journal())
        self.pull()
        self.own("rescue", "--open", "--account", ALICE)
        self.pinentry.will(PASSPHRASE)
        self.assertIn(LETTER, self.read())

    def test_a_card_that_does_not_work_is_not_back(self):
        """The relay knows it; the command, which finds no card software here, does not."""
        self.sealed()
        self.hold()
        blind = self.place / "blind.toml"
        blind.write_text(self.souspli.config.read_text().replace(str(self.module.module), str(self.place / "nothing.so")))
        self.start()
        for fault, code in ((badmodule.PIN_LOCKED, "SP-PIN-BLOCKED"), (badmodule.DEVICE_ERROR, "SP-CARD-FAILED")):
            with self.subTest(code):
                self.module.will("C_Login", fault)
                self.pinentry.will(softhsm.PIN)
                self.assertIn(code, self.read())
                self.souspli.cli("key", "rescue", "--open", "--account", ALICE, "--config", blind)
                before = self.module.count("C_Login"), self.journal().count("rescue-ended")
                self.pinentry.will(PASSPHRASE)
                self.assertIn(LETTER, self.read())
                self.assertEqual(before, (self.module.count("C_Login"), self.journal().count("rescue-ended")))
                # Another time it works, and then it is back.
                self.pull()
                base.until(lambda: self.module.results("C_GetTokenInfo")[-1] == 0xE0, 20, "a look at the empty reader")
                self.module.behave()
                base.until(lambda: self.journal().count("rescue-ended") > before[1], 30, "the end of rescue mode")

    def test_the_passphrase_goes_to_no_card(self):
        self.sealed()
        self.hold()
        self.start()
        before = self.module.count("C_Login")
        self.pinentry.will(PASSPHRASE)
        self.assertRegex(self.read(), UNAVAILABLE + "SP-RESCUE-NOT-PIN")
        self.assertEqual(before, self.module.count("C_Login"))
        self.pinentry.will(softhsm.PIN)
        self.assertIn(LETTER, self.read())

    def test_no_window_for_the_pin_stands_where_that_for_the_passphrase_is_expected(self):
        self.sealed()
        self.hold()
        self.pull()
        self.own("rescue", "--open", "--account", ALICE)
        self.module.behave()
        prompts = self.pinentry.prompts()
        self.start()
        self.assertRegex(self.read(), UNAVAILABLE + "SP-RESCUE-CARD-BACK")
        self.assertEqual(prompts, self.pinentry.prompts())
        self.pinentry.will(softhsm.PIN)
        self.assertIn(LETTER, self.read())


if __name__ == "__main__":
    unittest.main()
