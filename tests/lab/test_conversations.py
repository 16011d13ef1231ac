"""The same conversation with the provider and through Souspli: what holds no S/MIME is answered the same, command by command."""
import email.utils
import re
import unittest

from lab import base, imapline, mails, pki, servers, souspli

from common import need_product

SELECT = "a SELECT INBOX"
DATE = '"17-Jul-2026 02:44:25 +0200"'
# A letter is signed on the day that it says.
SIGNED = f"Date: {email.utils.formatdate(localtime=True)}".encode()
ODD = ",".join(str(n) for n in range(1, 3000, 2))
LETTER = "{14+}\r\nSubject: x\r\n\r\n"
# A step is sent as a line, and its tags are awaited; `~` at its end: the `+` is. `!`: another client, at the provider, says it.
# `<word`: a response with that word is awaited. ` => tags`: these are awaited, for the line only ends a command.
CONVERSATIONS = {
    "before a mailbox": ["a NOOP", "b NAMESPACE", "c FETCH 1 BODY[]", "d UID FETCH 1 (FLAGS)", "e SELECT Nowhere", "f FETCH 1 (BODY[])", "g CLOSE", "h EXPUNGE"],
    "names": ['a CREATE "a \\"b\\" \\\\c"', "b CREATE R&AOk-sultats", "c CREATE {9+}\r\nsous pli* => c", "d SELECT R&AOk-sultats", 'e SELECT "a \\"b\\" \\\\c"',
              "f RENAME R&AOk-sultats R&AOk-s", "g DELETE R&AOk-s", 'h SUBSCRIBE "a \\"b\\" \\\\c"', 'i LSUB "" "a*"', "j SELECT inbox", "k STATUS iNbOx (MESSAGES)"],
    "a literal for a name": ["a LIST {0}~", '"INBOX" => a', "b SELECT {5}~", "inBOX => b", "c FETCH 1 (UID)"],
    "macros": [SELECT, "b FETCH 1 ALL", "c FETCH 1 fast", "d FETCH 1 FULL", "e FETCH 1:* FAST"],
    "envelopes and structures": [SELECT, "b FETCH 1:* (ENVELOPE BODYSTRUCTURE)", "c UID FETCH 1:* (BODY INTERNALDATE)", "d UID FETCH 2,4 (FLAGS ENVELOPE UID)"],
    "sections": [SELECT, "b FETCH 2 (BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2.MIME] BODY.PEEK[1.1])",
                 "c FETCH 3 (BODY.PEEK[2.HEADER] BODY.PEEK[2.TEXT] BODY.PEEK[2.1] BODY.PEEK[2.1.1.MIME] BODY.PEEK[2.HEADER.FIELDS (Subject To)])",
                 "d FETCH 3 BODY.PEEK[2.HEADER.FIELDS.NOT (Subject)]", "e FETCH 1 BODY.PEEK[9]", "f FETCH 1 BODY.PEEK[1.1.1]",
                 "g UID FETCH 6 (BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[TEXT])", "h UID FETCH 5 (BODY.PEEK[HEADER] BODY.PEEK[1] BODY.PEEK[TEXT])"],
    "fields": [SELECT, "b FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (Received Subject)])", "c FETCH 4 BODY.PEEK[HEADER.FIELDS (X-ODD Subject)]",
               "d FeTcH 1 (bOdY.PeEk[HeAdEr.FiElDs (sUbJeCt)])", "e FETCH 4 BODY.PEEK[HEADER.FIELDS (X-None)]"],
    "partials": [SELECT, "b FETCH 1 BODY.PEEK[]<0.1>", "c FETCH 1 BODY.PEEK[]<1000000.10>", "d FETCH 1 BODY.PEEK[TEXT]<2.4294967295>",
                 "e FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]<0.4>", "f UID FETCH 2 BODY.PEEK[2]<0.20>"],
    "the old items": [SELECT, "b FETCH 1 RFC822.HEADER", "c FETCH 1 RFC822.TEXT", "d FETCH 1 RFC822", "e FETCH 1 (RFC822.SIZE RFC822.HEADER)"],
    "an item twice": [SELECT, "b FETCH 1 (UID UID FLAGS FLAGS)", "c FETCH 1 (RFC822.SIZE RFC822.SIZE)", "d FETCH 1 (BODY.PEEK[TEXT] BODY.PEEK[TEXT])"],
    "reading marks": [SELECT, "b STORE 1 -FLAGS (\\Seen)", "c FETCH 1 BODY[]", "d FETCH 1 FLAGS", "e STORE 1 -FLAGS.SILENT (\\Seen)", "f UID FETCH 1 (FLAGS BODY[TEXT])",
                      "g UID FETCH 1 (FLAGS)"],
    "examined": ["a EXAMINE INBOX", "b UID FETCH 4 (BODY[])", "c FETCH 4 FLAGS", "d STORE 1 +FLAGS (\\Seen)", "e CLOSE", "f FETCH 1 FLAGS"],
    "a mailbox that is not there": [SELECT, "b SELECT Nowhere", "c FETCH 1 (FLAGS)", "d UID FETCH 1 (BODY.PEEK[])"],
    "unreadable": [SELECT, "b FETCH", "c FETCH 1", "d FETCH 1 ()", "e FETCH 0 FLAGS", "f FETCH 1 BODY[", "g UID", "h UID FETCH", "i XYZZY", "j FETCH 1 (FLAGS", "k NOOP"],
    "spaces": [SELECT, "b FETCH 1  (FLAGS)", "c FETCH 1 (FLAGS  UID)", "d FETCH 1 ( FLAGS )", "e  FETCH 1 FLAGS", "f FETCH 1 FLAGS ", "g uid fetch 1 (flags body.peek[text])"],
    "the largest": [SELECT, "b FETCH * (UID BODY.PEEK[HEADER.FIELDS (Subject)])", "c FETCH 99:* (UID)", "d UID FETCH 99:* (UID BODY.PEEK[TEXT])",
                    "e UID FETCH *:1 (UID RFC822.SIZE)", "f FETCH 99 (BODY.PEEK[])", "g UID FETCH 99 (BODY.PEEK[])", "h UID FETCH 4:2,1,6:* (BODY.PEEK[1])"],
    "beyond the end": [SELECT, "b FETCH 5:99 (BODY.PEEK[TEXT])", "c FETCH 1,99 (BODY.PEEK[TEXT])", "d FETCH 99 (RFC822.SIZE)", "e UID FETCH 4294967295 (BODY.PEEK[])"],
    "long sets": [SELECT, f"b UID FETCH {ODD} (UID RFC822.SIZE)", f"c UID FETCH {ODD} (UID BODY.PEEK[TEXT])"],
    "searches": [SELECT, "b SEARCH ALL", "c UID SEARCH SUBJECT Lettre", "d SEARCH CHARSET UTF-8 SUBJECT {2+}\r\né", "e UID SEARCH RETURN (MIN MAX COUNT ALL) ALL",
                 "f SORT (DATE) UTF-8 ALL", "g THREAD REFERENCES UTF-8 ALL", "h SEARCH LARGER 100 SMALLER 10000", 'i SEARCH BODY "dedans"', 'j SEARCH SUBJECT "a\\"b\\\\c"'],
    "a search kept": [SELECT, "b SEARCH RETURN (SAVE) SUBJECT Lettre", "c FETCH $ (UID BODY.PEEK[TEXT])", "d UID FETCH $ (FLAGS RFC822.SIZE)"],
    "one after the other at once": [SELECT, "b UID FETCH 1:* (FLAGS)\r\nc UID FETCH 1:3 (BODY.PEEK[])\r\nd NOOP\r\ne UID FETCH 2 (UID RFC822.SIZE)\r\nf UID SEARCH ALL\r\ng FETCH 3 BODYSTRUCTURE"],
    "one mailbox after the other at once": ["a SELECT INBOX\r\nb FETCH 1:* (FLAGS)\r\nc SELECT Junk\r\nd FETCH 1 (UID BODY.PEEK[TEXT])\r\ne SELECT INBOX\r\nf FETCH 1 (UID BODY.PEEK[TEXT])"],
    "read, then elsewhere at once": [SELECT, "b FETCH 1:* (BODY.PEEK[])\r\nc SELECT Junk\r\nd FETCH 1:* (UID)\r\ne CLOSE"],
    "stored and read at once": [SELECT, "b UID STORE 1 +FLAGS (\\Flagged)\r\nc UID FETCH 1 (FLAGS BODY.PEEK[TEXT])\r\nd UID STORE 1 -FLAGS (\\Flagged)\r\ne UID FETCH 1 (FLAGS)"],
    "IDLE and DONE at once": [SELECT, "b IDLE\r\nDONE\r\nc NOOP"],
    "IDLE": [SELECT, "b IDLE~", f"!x APPEND INBOX (\\Seen) {DATE} {LETTER}", "<EXISTS", "DONE => b", "c NOOP", "!y SELECT INBOX", "!z STORE * +FLAGS (\\Deleted)", "!w EXPUNGE", "d NOOP"],
    "uploads": [f"a APPEND Junk (\\Seen) {DATE} {{14}}~", "Subject: i\r\n\r\n => a", f"b APPEND {{4+}}\r\nJunk () {LETTER}", "c STATUS Junk (MESSAGES UIDNEXT)",
                f"d APPEND Nowhere {LETTER}", "e APPEND Junk", "f APPEND Junk {0+}\r\n", "g NOOP"],
    "copied and moved": [SELECT, "b COPY 1:2 Trash", "c UID COPY 1 Nowhere", "d UID COPY 99 Trash", "e SELECT Trash", "f UID MOVE 1 Junk", "g STORE 1:* +FLAGS (\\Deleted)",
                         "h EXPUNGE", "i CLOSE"],
    "flags": [SELECT, "b STORE 1 +FLAGS ($Important \\Flagged)", "c UID STORE 1 FLAGS.SILENT (\\Seen)", "d UID STORE 1 -FLAGS (\\Seen)", "e STORE 99 +FLAGS (\\Seen)",
              "f UID STORE 99 +FLAGS (\\Seen)"],
    "changes": ["a SELECT INBOX (CONDSTORE)", "b FETCH 1:* (UID FLAGS MODSEQ)", "c UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)",
                "d UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)]) (CHANGEDSINCE 1)", "e UID STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Flagged)", "f SEARCH MODSEQ 1"],
    "what vanished": ["a ENABLE QRESYNC", "b SELECT INBOX", "c UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)", "d UID FETCH 1:* (BODY.PEEK[TEXT]) (CHANGEDSINCE 1 VANISHED)",
                      "e FETCH 1 (FLAGS) (CHANGEDSINCE 0)"],
    "removed meanwhile": ["!x CREATE T1", *[f"!y APPEND T1 (\\Seen) {DATE} {LETTER}"] * 3, "a SELECT T1", "!z SELECT T1", "!z STORE 1 +FLAGS (\\Deleted)", "!w EXPUNGE",
                          "b FETCH 1:3 (UID BODY.PEEK[])", "c FETCH 1 (UID RFC822.SIZE)", "d UID FETCH 1:3 (BODY.PEEK[])", "e UID FETCH 1 (BODY.PEEK[])", "f NOOP", "g FETCH 1 (UID BODY.PEEK[])"],
    "removed and listed": ["!x CREATE T2", *[f"!y APPEND T2 (\\Seen) {DATE} {LETTER}"] * 2, "a SELECT T2", "!z SELECT T2", "!z STORE 1 +FLAGS (\\Deleted)", "!w EXPUNGE",
                           "b FETCH 1:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Subject)])", "c UID FETCH 1:* (UID RFC822.SIZE FLAGS)", "d NOOP"],
    "flagged meanwhile": [SELECT, "!y SELECT INBOX", "!z STORE 2 +FLAGS (\\Answered)", "b FETCH 1 (BODY.PEEK[TEXT])", "!z STORE 2 -FLAGS (\\Answered)",
                          "c UID FETCH 1 (BODY.PEEK[TEXT])", "!z STORE 1 +FLAGS (\\Answered)", "d UID FETCH 1 (BODY.PEEK[TEXT])", "!z STORE 1 -FLAGS (\\Answered)", "e UID FETCH 1 (UID RFC822.SIZE)"],
    "counts": [SELECT, "b STATUS INBOX (MESSAGES UIDNEXT UNSEEN RECENT HIGHESTMODSEQ)", "c STATUS Nowhere (MESSAGES)", "d UNSELECT", "e FETCH 1 (FLAGS)", "f STATUS Sealed (SIZE MESSAGES)"],
    "sealed, without content": ["a SELECT Sealed", "b FETCH 1:* (UID FLAGS INTERNALDATE)", "c UID FETCH 1:* (FLAGS MODSEQ)", "d FETCH 1:* (UID RFC822.SIZE)", "e UID FETCH 1:* (UID RFC822.SIZE FLAGS)",
                                "f FETCH 2 FAST", "g SEARCH LARGER 3000", "h UID SORT (SIZE) UTF-8 ALL", "i UID THREAD REFERENCES UTF-8 ALL"],
    "sealed, by its fields": ["a SELECT Sealed", "b FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (From Subject Date Message-ID)])", "c UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (From To Subject)])",
                              "d FETCH 2 (BODY.PEEK[HEADER.FIELDS (From)] FLAGS UID)", "e UID FETCH 2,4 (ENVELOPE)", "f FETCH 2 (ENVELOPE)", "g FETCH 2 BODY.PEEK[]<10000000.5>"],
    "sealed, elsewhere": ["a SELECT Sealed", "b UID COPY 2 Drafts", "c SELECT Drafts", "d UID MOVE 1 Trash", "e SELECT Trash", "f FETCH 1:* (UID RFC822.SIZE)", "g STORE 1:* +FLAGS (\\Deleted)", "h EXPUNGE"],
    "refused by both": ["a LOGIN x y", "b STARTTLS", "c AUTHENTICATE PLAIN", "d UNAUTHENTICATE", "e GETACL INBOX", "f CHECK", "g NOOP\r\ng NOOP"],
    "out": [SELECT, "b LOGOUT"],
}


def messages():
    """Letters of many shapes."""
    letter = lambda *words, **more: mails.letter("bob@lab.test", "p@lab.test", *words, **more)  # noqa: E731
    inner = letter("joint", "dedans\n", html="<p>y</p>", message_id="<in@lab.test>")
    made = [letter("Lettre un", "Bonjour.\n", message_id="<1@lab.test>"),
            letter("Accents é", "résultat\n" * 30, html="<p>é</p>", attachments=[("a b.pdf", "application/pdf", mails.pdf(["x"]))], message_id="<2@lab.test>"),
            letter("eml", "texte\n", attachments=[("m.eml", "message/rfc822", inner)], message_id="<3@lab.test>"),
            b"From: a@b.c\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n\tsuite\r\nX-Odd:\r\n  a\r\n\r\nsans mime {3}\r\na OK hello\r\n",
            b"\r\nno header\r\n",
            b'Subject: s\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\npre\r\n--b\r\n\r\nun\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\xc3\xa9\r\n--b--\r\nepi\r\n']
    return [re.sub(rb"(?m)^Date: [^\r]*", SIGNED, m) for m in made]


class ConversationsTest(unittest.TestCase):
    """Alice through Souspli, carol at the provider: the same mailboxes, the same words."""

    @classmethod
    def setUpClass(cls):
        need_product()
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        cls.provider = servers.Provider(folder.path)
        cls.addClassCleanup(cls.provider.stop)
        cls.provider.start()
        authority = pki.Authority(folder.path / "pki", "Autorité d'essai")
        alice, bob = (authority.doctor(n, f"Dr {n}", f"{n}@lab.test") for n in ("alice", "bob"))
        (folder.path / "s").mkdir()
        cls.relay = souspli.Souspli(folder.path / "s", [cls.provider.account("alice@lab.test")], [cls.provider.tls.bundle])
        cls.relay.furnish({"alice@lab.test": [alice]}, [bob], [authority.certificate])
        cls.addClassCleanup(cls.relay.stop)
        cls.relay.start()
        letters = messages()
        sealed = mails.smime(letters[1], mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob))
        for user in ("alice@lab.test", "carol@lab.test"):
            box = cls.provider.store.connect(user)
            box.create("Sealed")
            for mailbox, stored in (("INBOX", letters), ("Sealed", [letters[0], sealed, letters[2], sealed, letters[3]])):
                for message in stored:
                    box.append(mailbox, "()", DATE, message)
            box.logout()

    def at_provider(self, user):
        return self.connection(self.provider.store.imaps, user, "implicit")

    def connection(self, port, user, secure):
        box = imapline.Imap(port, user, self.provider.users[user], secure=secure, seconds=30)
        self.addCleanup(box.close)
        return box

    def test_the_same_words_by_both_ways(self):
        self.assertGreater(sum(map(len, CONVERSATIONS.values())), 200)
        for name, steps in CONVERSATIONS.items():
            with self.subTest(name):
                direct = self.talk(self.at_provider("carol@lab.test"), "carol@lab.test", steps)
                through = self.talk(self.connection(self.relay.imap, "alice@lab.test", None), "alice@lab.test", steps)
                # What Souspli says of its own among the flags is said in test_verdicts.
                through = [re.sub(rb" ?\$Souspli\w+", b"", line) for line in through if b"* FLAGS" not in line or b"$Souspli" not in line]
                # News may stand before or after what was asked, and a command that needs a View waits for those before it.
                self.assertEqual(sorted(direct), sorted(through), steps)

    def talk(self, box, user, steps):
        """What is answered to a conversation, without what names the moment, the user or the server."""
        said, other = [], None
        for step in steps:
            if step.startswith("!"):
                other = other or self.at_provider(user)
                listen(other, say(other, step[1:]))
            elif step.startswith("<"):
                while step[1:].encode() not in (said or [b""])[-1]:
                    said.append(box.line())
            else:
                said += listen(box, say(box, step))
        if not steps[-1].endswith("LOGOUT"):
            said += listen(box, say(box, "end NOOP"))
        return [plain(line) for line in said]


def say(box, step):
    """Sends a step; the tags that must answer."""
    step, _, tags = step.partition(" => ")
    asks = step.endswith("~")
    line = step.removesuffix("~").encode() + b"\r\n"
    box.raw(line)
    if tags or asks:
        return ["+"] if asks else tags.split()
    return [tag.decode() for tag in re.findall(rb"(?:^|\r\n)([a-z]+) (?=[A-Za-z ])", line)] or [step.split(" ")[0]]


def listen(box, tags):
    """Every response up to the last of these tags."""
    said = []
    while tags:
        said.append(box.line())
        tag = said[-1].split(b" ", 1)[0].decode("utf-8", "replace").strip()
        if tag in tags:
            tags.remove(tag)
    return said


def plain(line):
    for pattern, word in ((rb" ?\([\d.]+ \+ [\d.]+ (\+ [\d.]+ )?secs\)\.?", b""), (rb"UIDVALIDITY \d+", b"UIDVALIDITY N"), (rb"\[(APPENDUID|COPYUID) \d+", rb"[\1 N"),
                          (rb"\[CAPABILITY [^]]*\] ?", b""), (rb"^(\w+ BAD) .*\r\n", rb"\1\r\n"), (rb"^\+ .*", b"+"), (rb"(alice|carol)@", b"user@"),
                          (rb"\[HIGHESTMODSEQ \d+\]", b"[HIGHESTMODSEQ]"), (rb"TAG \"\w+\"", b"TAG")):
        line = re.sub(pattern, word, line)
    return line
