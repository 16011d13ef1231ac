"""IMAP with its extensions: what the provider says reaches the mail program, and a View that is dragged elsewhere is put back as stored."""
import base64
import hashlib
import re
import subprocess
import threading
import unittest

from lab import base, imapline, imapstub, mails, pki, servers, souspli

from common import PracticeCase, need_product


def sealed(subject, alice, bob, text="Bonjour,\n\nrésultat normal.\n", name=None):
    """A letter of bob's, signed and encrypted."""
    clear = mails.letter("bob@lab.test", "alice@lab.test", subject, text)
    return mails.smime(clear, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob))


class ExtensionsTest(PracticeCase):
    """Each command through Souspli, then the same at the provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        for number in range(6):
            letter = mails.letter("bob@lab.test", "alice@lab.test", f"Lettre {number}", "Rien.\n", message_id=f"<{number}@lab.test>",
                                  **({"References": f"<{number - 1}@lab.test>"} if number % 2 else {}))
            cls.store.append("alice@lab.test", mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(alice)) if number < 3 else letter)

    def both(self, *commands, mailbox="INBOX"):
        """The answers to the last command, by both ways, without what names the moment."""
        out = []
        for box in (self.imap("alice", mailbox), self.direct("alice", mailbox)):
            answers = [box.do(command) for command in commands][-1]
            if commands[-1].startswith("UID SEARCH"):
                del answers[0][1]  # the command's tag
            if "FLAGS" in commands[-1]:
                # The verdicts of those that have been opened are ours to tell.
                answers = [without_keywords(answer) for answer in answers if answer[0] != b"FLAGS"]
            if commands[-1].startswith("L"):
                # Dovecot lists in any order, and says \Marked or \UnMarked once it has looked.
                for answer in answers:
                    if answer[0] == b"LIST":
                        answer[1] = [word for word in answer[1] if word not in (b"\\Marked", b"\\UnMarked")]
                answers.sort(key=repr)
            out.append((answers, re.sub(rb"\(.* secs\)\.?|t\d+ ", b"", box.tagged)))
        return out

    def counting(self, mailbox):
        """A connection to the provider that makes it count changes."""
        box = self.direct("alice")
        box.do("ENABLE CONDSTORE")
        box.do(f"SELECT {mailbox}")
        return box

    def test_what_holds_no_content_is_the_same_by_both_ways(self):
        for command in ('LIST "" "*"', 'LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE CHILDREN)', 'LSUB "" "*"', "NAMESPACE",
                        'LIST "" "%" RETURN (STATUS (MESSAGES UIDNEXT))', "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)",
                        "SEARCH SUBJECT Lettre", "UID SEARCH RETURN (MIN MAX COUNT ALL) ALL", "SORT (REVERSE SUBJECT) UTF-8 ALL",
                        "UID SORT (DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL", "UID THREAD ORDEREDSUBJECT UTF-8 ALL",
                        "UID FETCH 1:* (UID FLAGS INTERNALDATE MODSEQ)"):
            through, direct = self.both(command)
            self.assertEqual(through, direct, command)

    def test_a_saved_search_names_messages(self):
        box = self.imap("alice")
        box.do("UID SEARCH RETURN (SAVE) SUBJECT \"Lettre 1\"")
        for command in ("FETCH $ (UID RFC822.SIZE BODY.PEEK[])", "UID FETCH $ (UID RFC822.SIZE BODY.PEEK[])"):
            got = [answer[2] for answer in box.do(command) if answer[1] == b"FETCH"]
            self.assertEqual(1, len(got), command)
            self.assertIn(b"Rien.", got[0][got[0].index(b"BODY[]") + 1])
        self.assertEqual(1, len(box.fetch("$", "UID RFC822.SIZE")))

    def test_changed_since_with_content(self):
        other, box = self.counting("INBOX"), self.imap("alice", None)
        box.do("SELECT INBOX (CONDSTORE)")
        before = newest_change(other)
        other.do("STORE 2,5 +FLAGS (\\Flagged)")
        box.do("NOOP")  # until then Dovecot answers for every message
        got = {}
        for answer in box.do(f"UID FETCH 1:* (FLAGS BODY.PEEK[]) (CHANGEDSINCE {before})"):
            if len(answer) > 2 and answer[1] == b"FETCH" and b"BODY[]" in answer[2]:
                got[int(answer[0])] = answer[2]
        self.assertEqual({2, 5}, set(got))
        for number, items in got.items():
            self.assertIn(b"MODSEQ", items)
            self.assertIn(b"Rien.", items[items.index(b"BODY[]") + 1], number)
        listed = [a for a in box.do(f"UID FETCH 1:* (FLAGS RFC822.SIZE) (CHANGEDSINCE {before})") if a[1] == b"FETCH" and b"RFC822.SIZE" in a[2]]
        self.assertEqual({b"2", b"5"}, {a[0] for a in listed})

    def test_what_vanished_is_told(self):
        self.direct("alice").do('CREATE "Disparus"')
        other = self.counting("Disparus")
        for number in range(3):
            other.do('APPEND "Disparus" ', mails.letter("b@lab.test", "alice@lab.test", f"v{number}", "x\n"))
        modseq = newest_change(other)
        validity = int(re.search(rb"UIDVALIDITY (\d+)", b" ".join(_flat(other.do("STATUS Disparus (UIDVALIDITY)"))))[1])
        other.do("UID STORE 2 +FLAGS (\\Deleted)")
        other.do("EXPUNGE")
        box = self.imap("alice", None)
        box.do("ENABLE QRESYNC")
        answers = box.do(f"SELECT Disparus (QRESYNC ({validity} {modseq}))")
        self.assertIn([b"VANISHED", [b"EARLIER"], b"2"], answers)
        answers = box.do(f"UID FETCH 1:* (UID BODY.PEEK[HEADER]) (CHANGEDSINCE {modseq} VANISHED)")
        self.assertIn([b"VANISHED", [b"EARLIER"], b"2"], answers)
        other.do("UID STORE 1 +FLAGS (\\Deleted)")
        other.do("EXPUNGE")
        self.assertIn([b"VANISHED", b"1"], box.do("NOOP"))

    def test_moves_and_uploads_tell_their_uids(self):
        box = self.imap("alice")
        box.do('CREATE "Rangé"'.replace("é", "&AOk-"))
        uid = max(box.fetch("1:*", "UID"))
        box.do(f"UID COPY {uid} Junk")
        self.assertRegex(box.tagged, rb"\[COPYUID \d+ %d \d+\]" % uid)
        junk = self.imap("alice", "Junk")
        junk.do("UID MOVE 1:* Trash")
        draft = mails.letter("alice@lab.test", "bob@lab.test", "#med# Brouillon", "Texte.\n")
        box.do('APPEND "Drafts" (\\Draft) ', draft)
        place = re.search(rb"\[APPENDUID \d+ (\d+)\]", box.tagged)
        self.assertTrue(place, box.tagged)
        got = self.imap("alice", "Drafts").fetch(int(place[1]), "UID RFC822.SIZE BODY.PEEK[]")[int(place[1])]
        self.assertIn(b"Texte.", got["BODY[]"])
        self.assertEqual(int(got["RFC822.SIZE"]), len(got["BODY[]"]))
        self.assertIn(b"pkcs7-mime", self.store.stored("alice@lab.test", "Drafts")[-1])

    def test_reading_a_mailbox_that_is_only_examined_marks_nothing(self):
        self.direct("alice").do("STORE 1,4 -FLAGS (\\Seen)")
        box = self.imap("alice", None)
        box.do("EXAMINE INBOX")
        for number in (1, 4):
            self.assertTrue(box.fetch(number, "UID BODY[]", by_uid=False))
        flags = self.direct("alice").fetch("1,4", "UID FLAGS", by_uid=False)
        self.assertFalse(any(b"\\Seen" in got["FLAGS"] for got in flags.values()))

    def test_seen_is_told_once_to_who_reads(self):
        self.direct("alice").do("STORE 2 -FLAGS (\\Seen)")
        box = self.imap("alice")
        said = [a for a in box.do("FETCH 2 (BODY[1])") if a[1] == b"FETCH"]
        self.assertTrue(any(b"\\Seen" in _flat(a) for a in said), said)
        self.assertFalse(any(b"\\Seen" in _flat(a) for a in box.do("FETCH 2 (BODY.PEEK[1])")))

    def test_commands_in_one_packet_are_all_answered(self):
        box = self.imap("alice")
        box.raw(b"p1 UID FETCH 1 (BODY.PEEK[1])\r\np2 NOOP\r\np3 UID FETCH 4 (BODY.PEEK[1])\r\np4 STATUS Junk (MESSAGES)\r\np5 FETCH 2 (RFC822.SIZE)\r\np6 LOGOUT\r\n")
        lines = []
        while not lines or not lines[-1].startswith(b"p6"):
            lines.append(box.line())
        # Dovecot itself answers NOOP late.
        self.assertEqual([b"p%d OK" % n for n in range(1, 7)], sorted(line[:5] for line in lines if line.startswith(b"p")))
        self.assertEqual(2, sum(b"Rien." in line for line in lines))
        self.assertTrue(any(line.startswith(b"* BYE") for line in lines))

    def test_a_name_in_content_disposition_alone(self):
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        message = sealed("Ancien Outlook", alice, bob)
        message = re.sub(rb"(?im)^content-type: [^\r]*(\r\n[ \t][^\r]*)*", b"Content-Type: application/octet-stream", message, count=1)
        message = re.sub(rb"(?im)^content-disposition: [^\r]*(\r\n[ \t][^\r]*)*", b"Content-Disposition: attachment; filename=smime.p7m", message, count=1)
        self.direct("alice").do('CREATE "Outlook"')
        self.store.append("alice@lab.test", message, "Outlook")
        self.assertIn(b"filename=smime.p7m", self.store.stored("alice@lab.test", "Outlook")[-1])
        box = self.imap("alice", "Outlook")
        listed = box.fetch(1, "UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Content-Type)]")[1]
        self.assertIn(b"multipart/mixed", listed["BODY[HEADER.FIELDS (CONTENT-TYPE)]"])
        got = box.fetch(1, "UID RFC822.SIZE BODY.PEEK[]")[1]
        self.assertIn("résultat normal", mails.texts(mails.parse(got["BODY[]"])))
        self.assertEqual(listed["RFC822.SIZE"], got["RFC822.SIZE"])


class LoginTest(unittest.TestCase):
    """Ways in: tokens reach the provider as they are, TLS is what openssl expects."""

    def through(self, fault=None):
        """A Souspli in front of a provider that writes down how it is logged in to."""
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        stub = imapstub.Stub([mails.letter("b@lab.test", "alice@lab.test", "s", "Bonjour.\n")], fault).start()
        self.addCleanup(stub.stop)
        account = souspli.account("alice@lab.test", stub.port, stub.port, smtp_tls="plain", imap_tls="plain")
        relay = souspli.Souspli(folder.path, [account], [])
        self.addCleanup(relay.stop)
        relay.start()
        return stub, relay

    def test_tokens_pass(self):
        stub, relay = self.through()
        for mechanism, message in (("XOAUTH2", "user=alice@lab.test\x01auth=Bearer abc\x01\x01"),
                                   ("OAUTHBEARER", "n,a=alice@lab.test,\x01auth=Bearer abc\x01\x01")):
            packed = base64.b64encode(message.encode()).decode()
            box = imapline.Imap(relay.imap)
            self.addCleanup(box.close)
            box.do(f"AUTHENTICATE {mechanism} {packed}")
            self.assertEqual(f"{mechanism} {packed}".encode(), stub.logins[-1])
            box.do("SELECT INBOX")

    def test_a_refused_token_is_told(self):
        stub, relay = self.through("token-refused")
        packed = base64.b64encode(b"user=alice@lab.test\x01auth=Bearer old\x01\x01").decode()
        box = imapline.Imap(relay.imap)
        self.addCleanup(box.close)
        with self.assertRaisesRegex(imapline.Refused, "AUTHENTICATIONFAILED"):
            box.do(f"AUTHENTICATE XOAUTH2 {packed}")

    def test_starttls_as_openssl_does_it(self):
        _, relay = self.through()
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{relay.imap}", "-starttls", "imap", "-quiet", "-verify_return_error",
                               "-CAfile", str(relay.tls_certificate), "-partial_chain", "-verify_ip", "127.0.0.1"],
                              input=b"a CAPABILITY\r\nb LOGOUT\r\n", capture_output=True, timeout=30)
        self.assertIn(b"a OK", done.stdout, done.stderr)
        self.assertNotIn(b"STARTTLS", done.stdout.split(b"a OK")[0].split(b"CAPABILITY")[-1])


class LaterKeyTest(PracticeCase):
    """A letter for a key that is imported later."""

    def test_it_opens_as_soon_as_the_key_is_there(self):
        bob, relay = self.practice.doctors["bob"], self.relay("alice")
        older = self.practice.authority.doctor("alice-2019", "Dr Alice ESSAI", "alice@lab.test")
        self.store.append("alice@lab.test", sealed("Ancienne lettre", older, bob))
        self.store.append("alice@lab.test", sealed("Pour un autre", bob, bob))
        box = self.imap("alice")
        before = box.fetch("1:2", "UID RFC822.SIZE BODY.PEEK[]")
        for got in before.values():
            self.assertNotIn("résultat normal", mails.texts(mails.parse(got["BODY[]"])))
            self.assertIn(b"not-for-me", got["BODY[]"])
        self.assertEqual(before, box.fetch("1:2", "UID RFC822.SIZE BODY.PEEK[]"))
        relay.key_import("alice@lab.test", older.p12())
        after = box.fetch("1:2", "UID RFC822.SIZE BODY.PEEK[]")
        self.assertIn("résultat normal", mails.texts(mails.parse(after[1]["BODY[]"])))
        self.assertEqual(before[1]["RFC822.SIZE"], after[1]["RFC822.SIZE"])
        self.assertEqual(int(after[1]["RFC822.SIZE"]), len(after[1]["BODY[]"]))
        self.assertEqual(before[2], after[2])
        relay.restart()
        self.assertEqual(after, self.imap("alice").fetch("1:2", "UID RFC822.SIZE BODY.PEEK[]"))


class RoomTest(PracticeCase):
    """Many connections, large messages: they wait for each other, and memory stays bounded."""

    def test_large_messages_take_turns(self):
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        clear = mails.letter("bob@lab.test", "alice@lab.test", "Imagerie", "x\n", attachments=[("a.bin", "application/octet-stream", bytes(18 << 20))])
        message = mails.smime(clear, mails.signing(bob, "-nodetach"), mails.encrypting(alice))
        self.assertGreater(len(message), 40 << 20)
        self.store.append("alice@lab.test", message)
        direct = self.direct("alice")
        for _ in range(7):
            direct.do("COPY 1 INBOX")
        stored = int(direct.fetch(1, "UID RFC822.SIZE")[1]["RFC822.SIZE"])
        before = self.relay("alice").memory_kib()
        sizes = [None] * 8

        def read(number):
            got = self.imap("alice").fetch(number + 1, "UID RFC822.SIZE BODY.PEEK[]")[number + 1]
            sizes[number] = (int(got["RFC822.SIZE"]), len(got["BODY[]"]))
        # Made first, then some of them from memory.
        for _ in range(2):
            together(read, range(8))
            self.assertEqual([(stored, stored)] * 8, sizes)
        # Uploads: what every one of them holds is taken from the same room.
        view = self.imap("alice").fetch(1, "UID BODY.PEEK[]")[1]["BODY[]"]
        together(lambda number: self.imap("alice", None).do('APPEND "Junk" ', view), range(4))
        digests = lambda mailbox: [hashlib.sha256(m).hexdigest() for m in self.store.stored("alice@lab.test", mailbox)]  # noqa: E731
        self.assertEqual(digests("INBOX")[:4], digests("Junk"))
        # The Views that are kept, and room for messages in hand (base::limits): 256 + 512 MiB.
        self.assertLess(self.relay("alice").memory_kib() - before, 768 << 10)


class DraggedTest(unittest.TestCase):
    """Alice and carol in one home: what one of them sees is put elsewhere."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.provider = servers.Provider(folder.path)
        self.addCleanup(self.provider.stop)
        self.provider.start()
        authority = pki.Authority(folder.path / "pki", "Autorité d'essai")
        self.alice, self.carol, self.bob = (authority.doctor(n, f"Dr {n.capitalize()}", f"{n}@lab.test") for n in ("alice", "carol", "bob"))
        (folder.path / "s").mkdir()
        accounts = [self.provider.account(f"{n}@lab.test") for n in ("alice", "carol")]
        self.relay = souspli.Souspli(folder.path / "s", accounts, [self.provider.tls.bundle])
        self.relay.furnish({d.address: [d] for d in (self.alice, self.carol)}, [self.bob], [authority.certificate])
        self.addCleanup(self.relay.stop)
        self.relay.start()
        self.store = self.provider.store
        self.store.append("alice@lab.test", sealed("Lettre", self.alice, self.bob))
        [self.original] = self.store.stored("alice@lab.test")

    def box(self, name, mailbox=None):
        box = imapline.Imap(self.relay.imap, f"{name}@lab.test", f"pw-{name}")
        self.addCleanup(box.close)
        if mailbox:
            box.do(f'SELECT "{mailbox}"')
        return box

    def view(self, box):
        return box.fetch(1, "UID BODY.PEEK[]")[1]["BODY[]"]

    def test_into_another_folder_and_another_account(self):
        alice = self.box("alice", "INBOX")
        view = self.view(alice)
        self.assertIn("résultat normal", mails.texts(mails.parse(view)))
        alice.do('APPEND "Junk" ', view)
        self.assertEqual([self.original], self.store.stored("alice@lab.test", "Junk"))
        self.box("carol").do('APPEND "INBOX" ', view)
        self.assertEqual([self.original], self.store.stored("carol@lab.test"))
        self.assertIn("résultat normal", mails.texts(mails.parse(self.view(self.box("carol", "INBOX")))))

    def test_out_of_folders_with_any_name(self):
        alice = self.box("alice")
        for number, name in enumerate(('R&AOk-sultats', '"a \\"b\\" \\\\c"')):
            alice.do(f"CREATE {name}")
            alice.do("SELECT INBOX")
            alice.do(f"UID COPY 1 {name}")
            alice.do(f"SELECT {name}")
            view = self.view(alice)
            self.assertIn("résultat normal", mails.texts(mails.parse(view)))
            alice.do('APPEND "Junk" ', view)
            self.assertEqual([self.original] * (number + 1), self.store.stored("alice@lab.test", "Junk"))

    def test_without_the_original_it_is_sealed(self):
        """Its account is not logged in any more, or the message is gone: never in clear."""
        alice = self.box("alice", "INBOX")
        view = self.view(alice)
        alice.do("STORE 1 +FLAGS (\\Deleted)")
        alice.do("EXPUNGE")
        alice.do('APPEND "Junk" ', view)
        alice.do("LOGOUT")
        self.box("carol").do('APPEND "INBOX" ', view)
        for user, mailbox in (("alice@lab.test", "Junk"), ("carol@lab.test", "INBOX")):
            [stored] = self.store.stored(user, mailbox)
            self.assertIn(b"pkcs7-mime", stored)
            self.assertNotIn(b"normal", stored)

    def test_a_mark_copied_into_another_message_puts_nothing_in_its_place(self):
        alice = self.box("alice", "INBOX")
        view = self.view(alice)
        other = re.sub(rb"(?m)^Message-ID: .*", b"Message-ID: <other@lab.test>", view)
        self.assertNotEqual(view, other)
        alice.do('APPEND "Junk" ', other)
        [stored] = self.store.stored("alice@lab.test", "Junk")
        self.assertNotEqual(self.original, stored)
        self.assertIn(b"other@lab.test", stored)
        self.assertIn(b"pkcs7-mime", stored)


def without_keywords(values):
    """An answer without the verdicts among its flags."""
    kept = [value for value in values if not (isinstance(value, bytes) and value.startswith(b"$Souspli"))]
    return [without_keywords(value) if isinstance(value, list) else value for value in kept]


def together(task, numbers):
    """The task for each number, all at once."""
    threads = [threading.Thread(target=task, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)


def newest_change(box):
    """The largest MODSEQ of a mailbox."""
    return max(int(items["MODSEQ"][0]) for items in box.fetch("1:*", "UID MODSEQ").values())


def _flat(values):
    """Every octet string of nested lists."""
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        elif value is not None:
            yield value
