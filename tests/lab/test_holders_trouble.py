"""One account's keys for several persons, where a disk or a folder comes between."""
import unittest

from test_cards import ALICE, LETTER
from test_holders import DelegateCase

UNAVAILABLE = r"NO \[UNAVAILABLE\].*"


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


if __name__ == "__main__":
    unittest.main()
