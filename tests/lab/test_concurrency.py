"""Several programs on one mailbox of a real Dovecot: numbers stay right whoever removes and adds (RFC 9051 §7.5.1), all see the same octets."""
import hashlib
import random
import re
import threading

from lab import imapline, mails

from common import PracticeCase

READERS = 4
ROUNDS = 30


class Watched(imapline.Imap):
    """A connection that keeps the numbers of its mailbox as a mail program does, and complains."""

    def __init__(self, *arguments, seen):
        super().__init__(*arguments)
        self.uids, self.seen = [], seen

    def ask(self, command):
        """The untagged answers, each looked at, and the tagged one."""
        self._number += 1
        tag = b"t%d" % self._number
        self._send(tag, [command])
        return self.listen(tag, command)

    def listen(self, tag, command):
        """The same for what was sent already."""
        answers = []
        while True:
            line = self._response()
            if line.startswith(tag + b" "):
                return answers, line
            if line.startswith(b"* "):
                answers.append(imapline.parse(line[2:]))
                self.look(answers[-1], command)

    def look(self, answer, command):
        """One answer against what is known."""
        if len(answer) < 2 or not answer[0].isdigit():
            return
        number = int(answer[0])
        if answer[1] == b"EXISTS":
            assert number >= len(self.uids), (command, number, len(self.uids))
            self.uids += [None] * (number - len(self.uids))
        elif answer[1] == b"EXPUNGE":
            assert not command.startswith(("FETCH", "STORE", "SEARCH")), f"EXPUNGE during {command}"
            assert 1 <= number <= len(self.uids), (command, number, len(self.uids))
            del self.uids[number - 1]
        elif answer[1] == b"FETCH":
            assert 1 <= number <= len(self.uids), (command, number, len(self.uids))
            self.fetched(number, dict(zip(answer[2][::2], answer[2][1::2])), command)

    def fetched(self, number, items, command):
        """The message that an answer names, and its octets."""
        if b"UID" not in items:
            return
        uid = int(items[b"UID"])
        known = self.uids[number - 1]
        assert known in (None, uid), f"{command}: {number} was {known} and is {uid}"
        self.uids[number - 1] = uid
        order = [u for u in self.uids if u]
        assert order == sorted(set(order)), (command, order)
        body, size = items.get(b"BODY[]"), items.get(b"RFC822.SIZE")
        # Dovecot says 0 of what another has removed.
        if size and int(size):
            first = self.seen.setdefault((uid, "size"), int(size))
            assert first == int(size), f"{command}: UID {uid} had {first} octets and has {int(size)}"
        if body:
            name = re.search(rb"(?im)^Message-ID: <(\w+)@", body)[1]
            text = mails.texts(mails.parse(body))
            assert f"jeton {name.decode()}." in text, f"{command}: UID {uid} says another text than its header"
            digest = hashlib.sha256(body).digest()
            assert self.seen.setdefault(uid, digest) == digest, f"{command}: UID {uid} was seen otherwise"
            assert self.seen.setdefault((uid, "size"), len(body)) == len(body), (command, uid)


class ConcurrencyTest(PracticeCase):
    """Readers, and somebody who removes and adds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.choice, cls.made = random.Random(3), 0
        cls.ready = [cls.letter(number) for number in range(24)]

    @classmethod
    def letter(cls, number):
        """Two of three are sealed."""
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Lettre", f"Bonjour,\n\njeton m{number}.\n", message_id=f"<m{number}@lab.test>")
        return mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob)) if number % 3 else letter

    def mailbox(self, name, count=12):
        """A mailbox with that many letters."""
        self.direct("alice").do(f"CREATE {name}")
        for message in self.ready[:count]:
            self.store.append("alice@lab.test", message, name)

    def watched(self, name, seen):
        """A connection through Souspli that watches."""
        box = Watched(self.relay("alice").imap, "alice@lab.test", "pw-alice", seen=seen)
        self.addCleanup(box.close)
        box.ask(f"SELECT {name}")
        return box

    def churn(self, name):
        """Removes some and adds one, again and again."""
        box = self.direct("alice", name)
        for turn in range(ROUNDS):
            uids = sorted(box.fetch("1:*", "UID"))
            for uid in self.choice.sample(uids, min(len(uids), 1 + turn % 2)):
                box.do(f"UID STORE {uid} +FLAGS (\\Deleted)")
            box.do("EXPUNGE")
            for _ in range(1 + turn % 2):
                box.do(f"APPEND {name} ", self.choice.choice(self.ready))

    def read(self, box, going):
        """One command after another until it is over."""
        commands = ("FETCH 1:* (UID BODY.PEEK[])", "NOOP", "FETCH 2 (UID RFC822.SIZE BODY[])", "UID FETCH 1:* (UID RFC822.SIZE)", "SEARCH ALL",
                    "FETCH 1:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Subject)])", "UID FETCH 1:* (UID BODY.PEEK[])", "STORE 1 +FLAGS (\\Flagged)",
                    "FETCH 1:3,5 (UID BODY.PEEK[TEXT])", "UID SEARCH ALL", "IDLE")
        turn = 0
        while going.is_set() or turn < len(commands):
            command = commands[turn % len(commands)]
            turn += 1
            if command == "IDLE":
                self.idle(box)
                continue
            _, said = box.ask(command)
            # What another has removed meanwhile is told so, or is left out.
            assert re.match(rb"t\d+ (OK|NO \[EXPUNGEISSUED\]|NO Some|BAD)", said), (command, said)
            assert not (b"BAD" in said and len(box.uids) > 5), (command, said)

    def idle(self, box):
        """IDLE and its end, with the next command in the same packet: the answers come in order."""
        box.raw(b"i1 IDLE\r\n")
        while not (line := box._response()).startswith(b"+"):
            box.look(imapline.parse(line[2:]), "IDLE")
        box.raw(b"DONE\r\ni2 UID FETCH 1:* (UID BODY.PEEK[])\r\n")
        _, said = box.listen(b"i1", "IDLE")
        assert said.startswith(b"i1 OK"), said
        _, said = box.listen(b"i2", "UID FETCH 1:*")
        assert re.match(rb"i2 (OK|NO \[EXPUNGEISSUED\]|NO Some)", said), said

    def test_readers_while_another_removes_and_adds(self):
        self.mailbox("Ensemble")
        seen, going, faults = {}, threading.Event(), []
        going.set()

        def reader(box):
            try:
                self.read(box, going)
            except BaseException as fault:  # noqa: BLE001
                faults.append(fault)
        threads = [threading.Thread(target=reader, args=(self.watched("Ensemble", seen),)) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            self.churn("Ensemble")
        finally:
            going.clear()
            for thread in threads:
                thread.join(120)
        self.assertEqual([], faults)
        # At the end all agree with the provider, and with a Souspli that was started anew.
        self.relay("alice").restart()
        box = self.watched("Ensemble", seen)
        box.ask("FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])")
        self.assertEqual(sorted(self.direct("alice", "Ensemble").fetch("1:*", "UID")), box.uids)

    def test_a_message_that_is_removed_while_it_is_read_by_number(self):
        """By number nothing is told to be gone before the command is over."""
        self.mailbox("Ote", 6)
        seen = {}
        box = self.watched("Ote", seen)
        box.ask("FETCH 1:* (UID)")
        other = self.direct("alice", "Ote")
        other.do("STORE 2,3 +FLAGS (\\Deleted)")
        other.do("EXPUNGE")
        answers, said = box.ask("FETCH 2:4 (UID BODY.PEEK[])")
        self.assertFalse([a for a in answers if a[1:2] == [b"EXPUNGE"]])
        self.assertIn("jeton m3.", repr(answers), said)
        box.ask("NOOP")
        self.assertEqual([1, 4, 5, 6], box.uids)
        box.ask("FETCH 2 (UID BODY.PEEK[])")
        self.assertEqual([1, 4, 5, 6], box.uids)

    def test_news_wakes_who_idles(self):
        self.mailbox("Veille", 3)
        box = self.watched("Veille", {})
        box.raw(b"i1 IDLE\r\n")
        self.assertTrue(box._response().startswith(b"+"))
        other = self.direct("alice", "Veille")
        other.do("APPEND Veille ", self.ready[1])
        self.assertEqual(b"* 4 EXISTS\r\n", box.line())
        box.look([b"4", b"EXISTS"], "IDLE")
        other.do("STORE 1 +FLAGS (\\Deleted)")
        other.do("EXPUNGE")
        while (line := box.line()) != b"* 1 EXPUNGE\r\n":
            self.assertTrue(line.startswith(b"* "), line)
        box.look([b"1", b"EXPUNGE"], "IDLE")
        box.raw(b"DONE\r\n")
        self.assertIn(b"i1 OK", box.listen(b"i1", "IDLE")[1])
        box.ask("FETCH 1:* (UID BODY.PEEK[])")
        self.assertEqual([2, 3, 4], box.uids)
