"""What a mail program reads and moves, over IMAP and POP3: never half a letter, never another one, and what is stored stays as it was."""
import re

from lab import faultline, imapline, mails

from faultlab import PEOPLE, verdict
from faultsends import Flow


class Read(Flow):
    """Something is read of a letter in bob's inbox. `work` answers octets in which the words of `wanted` must be found."""
    mailboxes = ("INBOX", "Trash")

    def __init__(self, name, work, wanted="", mailbox="INBOX", opening=False, ordinary=False, keeps=True, lists=False):
        super().__init__(name)
        self.work, self.mailbox, self.opening, self.ordinary, self.keeps, self.lists = work, mailbox, opening, ordinary, keeps, lists
        self.wanted = [getattr(self.words, w) for w in wanted.split()]
        # What was deleted or moved may be gone although the program was told nothing.
        self.again = keeps and work is not move

    def prepare(self, lab):
        lab.sweep("bob", *self.mailboxes)
        if not hasattr(self, "letter"):
            plain = mails.letter(PEOPLE["alice"], PEOPLE["bob"], "ordinaire", "Rien.\n.\nde secret.\n" * 40)
            self.letter = plain if self.ordinary else lab.sealed(self.words)
        self.uid, self.ended, self.untold = lab.put("bob", self.letter), False, False

    def act(self, lab):
        self.got = None
        self.got = self.work(self, lab, self.connect(lab))

    def connect(self, lab):
        """The mail program's connection."""
        return lab.imap("bob", self.mailbox)

    def judge(self, case, lab, blow, told):
        """What was shown is whole and right; what is stored is still there, and as it was."""
        self.untold = self.untold or self.lists and blow.fault in (faultline.LATER, faultline.NEVER)
        if told is None and self.wanted:
            # A list of what the provider refuses says what is stored, and goes on saying it; the Subject then stands in the text.
            if self.untold and b"[...]" in self.got:
                self.got = whole(self, lab, lab.imap("bob"))
            case.assertTrue(set(self.wanted) <= set(self.words.found_in(self.got)), f"{blow}: {self.got[:2000]}")
            if len(self.wanted) == 3:
                case.assertTrue(verdict(self.got).startswith("verified"), blow)
        if told is None and self.ordinary:
            case.assertEqual(self.letter, self.got, blow)
        kept = [octets for mailbox in self.mailboxes for octets in lab.stored("bob", mailbox)]
        if self.keeps or not self.ended:
            case.assertIn(self.letter, kept, blow)
        case.assertFalse([octets for octets in kept if octets != self.letter], blow)

    def sweep(self, lab):
        lab.sweep("bob", *self.mailboxes)


class ReadPop3(Read):
    """The same over POP3."""

    def connect(self, lab):
        return lab.pop3("bob")


class Search(Read):
    """A search at the provider."""

    def prepare(self, lab):
        super().prepare(lab)
        # What is gone is forgotten by the search that finds it gone: no step of ours.
        search(self, lab, self.connect(lab))
        lab.hang_up()


class SearchInside(Read):
    """A search of what only the View shows, once it was read."""

    def judge(self, case, lab, blow, told):
        super().judge(case, lab, blow, told)
        if told is None and not self.found:
            # A question of Souspli's own that the provider refuses: the answer is the provider's, and the log says it.
            case.assertIn(blow.fault, (faultline.LATER, faultline.NEVER), blow)
            # It asks names too, by FETCH, where messages that it knows are gone.
            case.assertTrue(any(asked in blow.step.name for asked in ("SEARCH", "FETCH")), blow)
            case.assertIn(b"SP-SEARCH-", lab.relay.log.read_bytes(), blow)


# What is read, over IMAP. A program asks a size with every message and believes it.

def whole(flow, _lab, box, item="BODY.PEEK[]"):
    """RFC822.SIZE and the whole message."""
    got = box.fetch(flow.uid, f"UID RFC822.SIZE {item}")[flow.uid]
    if int(got["RFC822.SIZE"]) != len(got["BODY[]"]):
        raise AssertionError("half a message")
    return got["BODY[]"]


def seen(flow, lab, box):
    """As a program does that is told to open it: the flag is stored on the way."""
    got = whole(flow, lab, box, "BODY[]")
    box.do("NOOP")
    return got


def listing(flow, _lab, box):
    """As Thunderbird lists."""
    got = box.fetch("1:*", "UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject Date Message-ID Content-Type)]")[flow.uid]
    return next(value for item, value in got.items() if item.startswith("BODY"))


def structure(flow, _lab, box):
    """As alpine lists."""
    return repr(box.fetch(flow.uid, "UID ENVELOPE BODYSTRUCTURE")[flow.uid]).encode()


def parts(flow, _lab, box):
    """Header, structure, then each part."""
    uid = flow.uid
    box.fetch(uid, "BODYSTRUCTURE")
    pieces = [box.fetch(uid, f"BODY.PEEK[{part}]")[uid][f"BODY[{part}]"] or b"" for part in ("HEADER", "1", "2.MIME", "2")]
    return b"\r\n\r\n".join(pieces)


def partials(flow, _lab, box):
    """In pieces of 1000 octets."""
    size, out = int(box.fetch(flow.uid, "RFC822.SIZE")[flow.uid]["RFC822.SIZE"]), b""
    while len(out) < size:
        piece = box.fetch(flow.uid, f"BODY.PEEK[]<{len(out)}.{(size + 2) // 3}>")[flow.uid]
        octets = next(value for item, value in piece.items() if item.startswith("BODY["))
        if not octets:
            raise AssertionError("half a message")
        out += octets
    return out


def nothing(_flow, _lab, box):
    """Logs in and leaves."""
    box.do("NOOP")
    box.do("LOGOUT")
    return b""


def folders(_flow, _lab, box):
    """What a program asks first."""
    for command in ('LIST "" "*"', "NAMESPACE", "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)", 'LSUB "" "*"'):
        box.do(command)
    return b""


def arrival(flow, lab, box):
    """Waits for mail; a letter arrives, and is read."""
    box.raw(b"i IDLE\r\n")
    said(box, b"+")
    flow.uid = lab.put("bob", flow.letter)
    said(box, b"EXISTS")
    box.raw(b"DONE\r\n")
    said(box, b"i OK")
    return whole(flow, lab, box)


def said(box, wanted):
    """Reads on until that is said."""
    while wanted not in (line := box.line()):
        if re.match(rb"\S+ (NO|BAD)|\* BYE", line):
            raise imapline.Refused(line.decode("utf-8", "replace"))


def search(_flow, _lab, box):
    """At the provider."""
    box.do("UID SEARCH FROM alice")
    return b""


def search_inside(flow, lab, box):
    """For what only the View shows, once it was read."""
    got = whole(flow, lab, box)
    flow.found = [b"SEARCH", b"%d" % flow.uid] in box.do('UID SEARCH BODY "Bonjour"')
    return got


def copy(flow, _lab, box):
    """Into another folder."""
    box.do(f'UID COPY {flow.uid} "Trash"')
    return b""


def move(flow, _lab, box):
    """Into another folder."""
    box.do(f'UID MOVE {flow.uid} "Trash"')
    return b""


def delete(flow, _lab, box):
    """For good."""
    box.do(f"UID STORE {flow.uid} +FLAGS.SILENT (\\Deleted)")
    flow.ended = True
    box.do("EXPUNGE")
    return b""


# And over POP3.

def survey(_flow, _lab, box):
    """What a program asks first."""
    box.do("STAT")
    box.sizes()
    box.names()
    box.do("QUIT")
    return b""


def top(_flow, _lab, box):
    """The header and some lines."""
    return box.content("TOP 1 0") + box.content("TOP 1 20")


def retrieve(_flow, _lab, box):
    """The whole, and its size."""
    size, got = box.sizes()[1], box.message(1)
    if size != len(got):
        raise AssertionError("half a message")
    return got


def retrieve_and_delete(flow, lab, box):
    """As a program does that leaves nothing on the server."""
    got = retrieve(flow, lab, box)
    box.do("DELE 1")
    flow.ended = True
    box.do("QUIT")
    return got
