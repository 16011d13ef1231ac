"""Every flow of a mail program, broken at every step of the conversation with the provider in each way that there is.

Never is a word of a letter seen by others; nothing is lost, sent twice behind the sender's back, or shown in half; and when the fault
is gone the flow succeeds. Here each step meets one fault in turn; `scripts/faults` tries every one (SOUSPLI_FAULTS=full) and prints a table.
"""
import base64
import collections
import os
import quopri
import smtplib
import unittest

from lab import base, dovecot, faultline, mails

from common import need_product
import faultreads as reads
from faultlab import PATIENT, PEOPLE, STEM, Lab, Words, reveals
from faultsends import CLEAR, SIGNED, DraftOfReply, Forward, MovedView, Offer, Refused, Reply, Send, SentCopy, Upload

Blow = collections.namedtuple("Blow", "flow step fault")

_FULL = os.environ.get("SOUSPLI_FAULTS") == "full"
# Which part of the flows: 0/1 is all of them.
_SHARE, _SHARES = map(int, os.environ.get("SOUSPLI_FAULTS_SHARE", "0/1").split("/"))
COLUMNS = ("steps", "faults", "refused", "hits")
# The beginning of a connection, which every flow has.
_OPENING = {"connect", "greeting", "EHLO", "STARTTLS", "AUTH", "CAPABILITY", "LOGIN", "CAPA", "USER", "PASS"}
# What a mail program meets when it is refused, or left alone.
_REFUSALS = (base.LabError, smtplib.SMTPException, OSError)


def flows():
    """All flows, in an order that changes nothing."""
    everything = "body name subject"
    return [
        Send("send to one", opening=True),
        Send("send to three", to=("carol", "dave", "marie")),
        Send("send with a blind copy", to=("carol", "dave"), shown=1, groups=2),
        Send("send with an attachment", filler=200_000),
        Send("send two on one connection", letters=2),
        Send("send signed only", sender="sonia", tag="", form=SIGNED),
        Send("send by the MSSanté channel", sender="erin", to=("marie",), tag=""),
        Send("send to a patient by the MSSanté channel", sender="erin", to=(PATIENT,), tag="", form=CLEAR),
        Reply("reply in a sealed thread", tag="Re: "),
        Forward("forward an opened letter", tag="Fwd: "),
        Send("send in clear", tag="", form=CLEAR),
        Refused("send without a certificate", to=("carol", "zoe@lab.test")),
        Offer("the first EHLO after a start"),
        SentCopy("upload a Sent copy", "Sent"),
        Upload("upload a draft", "Drafts"),
        DraftOfReply("upload the draft of a reply", "Drafts"),
        MovedView("move a View within the account", "Junk", owner="bob"),
        MovedView("move a View to another account", "Junk"),
        Upload("upload ordinary mail", "Drafts", form=CLEAR),
        reads.Read("log in and out", reads.nothing, mailbox=None, opening=True),
        reads.Read("look at the folders", reads.folders, mailbox=None),
        reads.Read("list", reads.listing, "subject", lists=True),
        reads.Read("list with structures", reads.structure, "subject", lists=True),
        reads.Read("read whole", reads.whole, everything),
        reads.Read("read and mark as read", reads.seen, everything),
        reads.Read("read by parts", reads.parts, "body subject"),
        reads.Read("read in pieces", reads.partials, everything),
        reads.Read("read ordinary mail", reads.whole, ordinary=True),
        reads.Read("wait for mail", reads.arrival, everything),
        reads.Search("search", reads.search),
        reads.SearchInside("search what only a View shows", reads.search_inside, everything),
        reads.Read("copy", reads.copy),
        reads.Read("move", reads.move),
        reads.Read("delete", reads.delete, keeps=False),
        reads.ReadPop3("POP3: list", reads.survey, opening=True),
        reads.ReadPop3("POP3: look ahead", reads.top, "subject"),
        reads.ReadPop3("POP3: read", reads.retrieve, everything),
        reads.ReadPop3("POP3: read and delete", reads.retrieve_and_delete, everything, keeps=False),
        reads.ReadPop3("POP3: read ordinary mail", lambda f, lab, box: box.message(1), ordinary=True),
    ]


def possible(step):
    """The faults that can strike there: inside a literal or content nothing can be answered, and nobody asked for what is pushed."""
    if step.name == "connect":
        return [faultline.CLOSE, faultline.STALL, faultline.KILL]
    if step.toward and (step.name in ("content", "DONE", "response") or step.name.endswith("literal")):
        return [faultline.CLOSE, faultline.TORN, faultline.STALL, faultline.KILL]
    if step.name == "push":
        return [f for f in faultline.FAULTS if f not in (faultline.LATER, faultline.NEVER)]
    return list(faultline.FAULTS)


def awaited(step, flow):
    """Not a farewell that nobody waits for."""
    return step.name not in ("QUIT", "LOGOUT") or step.kind == "pop3" or flow.opening and step.kind == "imap"


class MatrixTest(unittest.TestCase):
    """All flows on one set of servers."""

    @classmethod
    def setUpClass(cls):
        need_product()
        if not dovecot.has_pop3():
            raise unittest.SkipTest("Dovecot's POP3 server is not installed")
        os.environ["SOUSPLI_LOG"] = "trace"
        cls.addClassCleanup(os.environ.pop, "SOUSPLI_LOG")
        cls.lab, cls.turn = Lab(), 0
        cls.addClassCleanup(cls.lab.stop)
        cls.lab.start()

    def test_every_step_of_every_flow(self):
        everything = flows()
        self.assertGreaterEqual(len(everything), 30)
        print("\n" + line("flow", COLUMNS))
        for flow in everything[_SHARE::_SHARES]:
            row = collections.Counter()
            self.flow(flow, row)
            print(line(flow.name, (row[c] for c in COLUMNS)), flush=True)
        self.settled()

    def test_the_search_would_see_a_letter_in_clear(self):
        """Sent without the tag, and unlike any that was sealed: its words are found upstream, and in the store once it has arrived."""
        words, alice, carol = Words(), PEOPLE["alice"], PEOPLE["carol"]
        self.lab.smtp("alice").sendmail(alice, [carol], mails.letter(alice, carol, "ordinaire", f"Tout autre chose : {words.body}.\n"))
        self.lab.hang_up()
        seen = self.lab.hits()
        self.assertIn("upstream", seen)
        base.until(lambda: seen.extend(self.lab.hits()) or any("/mail/" in place for place in seen), 20, "the letter in the store")

    def flow(self, flow, row):
        """The flow without a fault, which says its steps; then each of them broken."""
        with self.subTest(flow=flow.name):
            steps = [s for s in self.healthy(flow, row) if awaited(s, flow)]
            row["steps"] = len(steps)
            for step in steps:
                faults = possible(step)
                if not _FULL:
                    faults = self.in_turn(step, flow, faults)
                for fault in faults:
                    with self.subTest(flow=flow.name, step=step, fault=fault):
                        self.broken(Blow(flow.name, step, fault), flow, row)

    def in_turn(self, step, flow, faults):
        """One fault of those possible. A silence of a server takes its time: where it is not about connections, IMAP's will do,
        for there the mail program gives up at once."""
        if flow.opening or step.name not in _OPENING:
            type(self).turn += 1
            short = [f for f in faults if f != faultline.STALL or flow.opening or step.kind == "imap"]
            return [short[self.turn % len(short)]]
        return []

    def healthy(self, flow, row):
        """The steps of a flow that nothing disturbs."""
        flow.prepare(self.lab)
        self.lab.plan.arm()
        flow.act(self.lab)
        steps = list(self.lab.plan.seen)
        flow.judge(self, self.lab, Blow(flow.name, None, None), None)
        self.clean(flow, row)
        self.assertTrue(steps)
        return steps

    def broken(self, blow, flow, row):
        """One fault at one step; afterwards everything is as if it had not been."""
        row["faults"] += 1
        try:
            flow.prepare(self.lab)
            told = self.attempt(blow, flow)
            flow.judge(self, self.lab, blow, told)
            self.assertTrue(self.lab.plan.struck.is_set(), "never came there")
            row["refused"] += told is not None
            self.recover(blow, flow, told)
        finally:
            self.ready()
            self.clean(flow, row)

    def attempt(self, blow, flow):
        """What the mail program is told."""
        self.lab.plan.arm(blow.step, blow.fault)
        if blow.fault == faultline.STALL:
            self.lab.lose_patience()
        try:
            flow.act(self.lab)
        except _REFUSALS as told:
            return told
        finally:
            self.lab.plan.heal()
            self.lab.hang_up()
            if blow.fault == faultline.KILL and self.lab.plan.struck.is_set():
                self.lab.relay.process.wait(30)
        return None

    def recover(self, blow, flow, told):
        """The fault is gone: the same once more, which succeeds."""
        if blow.fault == faultline.KILL:
            self.ready()
        self.assertIsNone(self.lab.relay.process.poll(), "it ended")
        if told is None:
            return
        if not flow.again or isinstance(flow, Offer):
            flow.prepare(self.lab)
        self.lab.plan.arm()
        flow.act(self.lab)
        flow.judge(self, self.lab, Blow(flow.name, None, None), None)

    def ready(self):
        """Souspli runs."""
        if self.lab.relay.process.poll() is not None:
            self.lab.revive()
            self.lab.settle()

    def clean(self, flow, row):
        """What others could see is searched, then what the flow left is swept away."""
        self.lab.hang_up()
        hits = self.lab.hits()
        row["hits"] += len(hits)
        self.assertEqual([], hits, "a canary is seen")
        flow.sweep(self.lab)

    def settled(self):
        """Once more over everything there is, and nothing of what the provider took is missing."""
        for place, octets in [*self.lab.relay.everything(), *self.lab.store.everything()]:
            self.assertFalse(reveals(octets), place)
        self.assertNotIn(b"panicked", self.lab.relay.log.read_bytes())
        for name in ("carol", "dave", "marie"):
            count = self.lab.plan.delivered[PEOPLE[name]]
            base.until(lambda name=name, count=count: len(self.lab.stored(name)) == count, 60, f"{count} letters for {name}")


def line(name, values):
    """One of the table."""
    return f"| {name:42}" + "".join(f"| {value:>7} " for value in values)


class SearchTest(unittest.TestCase):
    """The search for canaries finds them, in whatever form."""

    def test_a_canary_is_found(self):
        for shift in range(3):
            self.assertTrue(reveals(base64.encodebytes(b"x" * shift + STEM.encode() + b"0123")))
        for octets in (STEM.upper().encode(), quopri.encodestring(b"\xc3\xa9" * 30 + STEM.encode()), STEM.encode().hex().encode(),
                       b"".join(b"=%02X" % b for b in STEM.encode())):
            self.assertTrue(reveals(octets), octets)
        self.assertFalse(reveals(b"Canari"))
