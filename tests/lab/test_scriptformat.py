"""The runner of scripted tests itself: what it reads, what it takes for right and, above all, what for wrong."""
import pathlib
import tempfile
import unittest

from conformance import args, runner, script
from conformance.matching import Matcher, Unset
from conformance.peer import Gone


def words(text):
    """A line as both sides are read."""
    return args.parse(text.encode())


class ArgsTest(unittest.TestCase):
    """Lines."""

    def test_words(self):
        for text, want in (("a (b c) \"d e\" NIL", [b"a", [b"b", b"c"], b"d e", None]), ("(3 2)(1)", [[b"3", b"2"], [b"1"]]),
                           ("ok [uidnext 3] free (text", [b"ok", b"[uidnext", b"3]", b"free", [b"text"]]), ('"a\\"b"', [b'a"b']),
                           ("x {3}\r\na b ~{1}\r\nc", [b"x", b"a b", b"c"]), ("x {9}\r\nshort", [b"x", b"{9}", b"short"]), ("a) b", [b"a", b"b"])):
            self.assertEqual(want, words(text), text)

    def test_pieces_end_at_each_literal(self):
        self.assertEqual([(b"append x {2}", b"ab"), (b" {0+}", b""), (b"", None)], args.pieces(b"append x {2}\r\nab {0+}\r\n"))


class ScriptTest(unittest.TestCase):
    """Files."""

    def read(self, text, mbox=b"From a@b Fri Feb 22 17:06:23 2008\na: b\n\n"):
        place = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(lambda: [f.unlink() for f in place.iterdir()] and place.rmdir())
        (place / "default.mbox").write_bytes(mbox)
        (place / "one").write_bytes(text.encode())
        return script.Script(place / "one")

    def test_header_and_both_ways_to_write_a_command(self):
        read = self.read("capabilities: a B=c\nconnections: 2\nstate: auth\nmessages: all\n\n# remark\n1 ok noop\n* 1 exists\n! bye\n\n"
                         "2 select $mailbox\n? 1 recent\n2 ok [read-write]\n")
        self.assertEqual((["A", "B=C"], 2, "auth", None), (read.capabilities, read.connections, read.state, read.messages))
        first, second = read.groups
        self.assertEqual((0, b"noop", [b"ok"], ["*", "!"]),
                         (first.connection, first.commands[0].text, first.commands[0].reply, [e.sign for e in first.expected]))
        self.assertEqual((1, b"select $mailbox", [b"ok", b"[read-write]"]), (second.connection, second.commands[0].text, second.commands[0].reply))

    def test_several_at_once_and_literals(self):
        read = self.read("\ntag1 a\ntag2 b\n* c\ntag2 no\ntag1 ok\nok append x {{{\none\n\ntwo\n}}} ~{{{\nthree\n}}}\n")
        group, append = read.groups
        self.assertEqual([(b"a", [b"ok"]), (b"b", [b"no"])], [(c.text, c.reply) for c in group.commands])
        self.assertEqual(b"append x {10}\r\none\r\n\r\ntwo ~{5}\r\nthree", append.commands[0].text)

    def test_messages_with_their_dates(self):
        read = self.read("\nok noop\n", b"From a@b Fri Feb 22 17:06:23 2008\na: b\n\n>From x\nFrom y\nFrom a@b Sat Mar  1 01:02:03 2008 +0200\nc: d\n\n")
        self.assertEqual([(b"a: b\r\n\r\n>From x\r\nFrom y\r\n", "22-Feb-2008 17:06:23 +0000"), (b"c: d\r\n\r\n", " 1-Mar-2008 01:02:03 +0200")], read.mbox())

    def test_what_is_no_script(self):
        for text in ("colour: blue\n\nok noop\n", "\nselect x\n", "", "\ntag1 a\ntag2 ok\n"):
            with self.assertRaises(script.Broken, msg=text):
                self.read(text)


class MatchingTest(unittest.TestCase):
    """Answers."""

    def check(self, want, got, right, **values):
        matcher = Matcher(**values)
        self.assertEqual(right, matcher.untagged(words(want), words(got)), f"{want} / {got}")
        return matcher

    def test_right(self):
        for want, got in (("1 exists", "1 EXISTS"), ("1 fetch (flags (\\seen))", "1 FETCH (UID 3 FLAGS (\\Seen \\Recent))"),
                          ("1 fetch (flags (\\seen x))", "1 FETCH (FLAGS (X \\Seen))"), ("list () $sep $root", 'LIST (\\Noselect) "/" ""'),
                          ("ok [uidnext $n]", "OK [UIDNEXT 4] Predicted"), ("ok [capability $]", "OK [CAPABILITY B C] text"), ("search", "SEARCH"),
                          ("1 fetch (envelope ($!unordered))", "1 FETCH (ENVELOPE (1 2))"), ("1 fetch (x $)", "1 FETCH (X (1 2))"),
                          ("list ($!unordered $!ban=\\noselect) $sep a", "LIST (\\HasChildren) / a"), ("1 fetch (x $$a)", "1 FETCH (X $A)")):
            self.check(want, got, True)

    def test_wrong(self):
        for want, got in (("1 exists", "2 EXISTS"), ("1 exists", "1 EXISTS x"), ("search 1", "SEARCH 1 2"), ("search 1 2", "SEARCH 2 1"),
                          ("1 fetch (flags (\\seen))", "1 FETCH (FLAGS (\\Seen \\Draft))"), ("1 fetch (flags (\\seen))", "1 FETCH (FLAGS ())"),
                          ("1 fetch (x NIL)", '1 FETCH (X "")'), ('1 fetch (x "")', "1 FETCH (X NIL)"), ("1 fetch (x a)", "1 FETCH (X (A))"),
                          ("list ($!unordered $!ban=\\noselect) $sep a", "LIST (\\Noselect) / a"), ("ok [uidnext 4]", "OK [UIDNEXT 5] x"),
                          ("1 fetch (body[] {2}\r\nab)", "1 FETCH (BODY[] {3}\r\nabc)"), ("$2 expunge", "2 EXPUNGE")):
            self.check(want, got, False)

    def test_a_variable_is_learnt_once(self):
        matcher = self.check("1 fetch (uid $uid x ${uid}y)", "1 FETCH (X 7y UID 7)", True)
        self.assertTrue(matcher.untagged(words("2 fetch (uid $uid)"), words("2 FETCH (UID 7)")))
        self.assertFalse(matcher.untagged(words("2 fetch (uid $uid)"), words("2 FETCH (UID 8)")))
        self.assertEqual(b"uid 7 $x", matcher.expand(b"uid $uid $$x"))
        self.assertEqual({"uid": b"7"}, matcher.values)

    def test_nothing_is_learnt_from_what_does_not_match(self):
        matcher = self.check("1 fetch (uid $uid flags ())", "1 FETCH (UID 7 FLAGS (a))", False)
        self.assertEqual({}, matcher.values)
        with self.assertRaises(Unset):
            matcher.expand(b"$uid")

    def test_numbers_follow_the_expunges(self):
        matcher = Matcher()
        matcher.began(4)
        matcher.expunged(2)
        self.assertTrue(matcher.untagged(words("$3 expunge"), words("2 EXPUNGE")))
        self.assertFalse(matcher.untagged(words("$2 expunge"), words("2 EXPUNGE")))

    def test_a_tagged_answer_begins_as_expected(self):
        matcher = Matcher()
        self.assertTrue(matcher.tagged(words("no [trycreate]"), words("NO [TRYCREATE] There is none")))
        self.assertFalse(matcher.tagged(words("ok"), words("NO x")))
        self.assertTrue(matcher.tagged(words("ok [copyuid $v $a $b]"), words("OK [COPYUID 1 2 3] Done")))
        self.assertEqual(b"3", matcher.values["b"])


class AnswersTest(unittest.TestCase):
    """What a run calls wrong."""

    def outcome(self, expected, answers, strict=False, reply="ok"):
        run = runner.Run.__new__(runner.Run)
        run.matcher = Matcher()
        run.matcher.began(3)
        run.script = type("S", (), {"strict": strict})
        lines = iter([a.encode() for a in answers])
        connection = type("C", (), {"line": lambda self: next(lines)})()
        group = script.Group(0, [script.Command(1, b"x", 0, words(reply))], [script.Expected(e[0], words(e[2:])) for e in expected])
        return run._answers(group, connection, {b"t": group.commands[0]})

    def test_right(self):
        for expected, answers in ((["* 1 exists", "! bye", "? 9 exists"], ["* 1 EXISTS", "* OK hm", "t OK done"]),
                                  (["* $1 expunge", "* $3 expunge"], ["* 3 EXPUNGE", "* 1 EXPUNGE", "t OK"]),
                                  (["* $1 expunge", "* $3 expunge"], ["* 1 EXPUNGE", "* 2 EXPUNGE", "t OK"])):
            self.assertEqual("", self.outcome(expected, answers))

    def test_wrong(self):
        for expected, answers, strict in ((["* 1 exists"], ["t OK"], False), (["! bye"], ["* BYE x", "t OK"], False), ([], ["t NO x"], False),
                                          ([], ["* 1 EXISTS", "t OK"], True), (["* $3 expunge"], ["* 1 EXPUNGE", "* 3 EXPUNGE", "t OK"], False),
                                          (["* 1 exists", "* 1 exists"], ["* 2 EXISTS", "t OK"], False)):
            self.assertNotEqual("", self.outcome(expected, answers, strict))

    def test_a_server_that_is_gone(self):
        run = runner.Run.__new__(runner.Run)
        run.matcher, run.mails = Matcher(), []

        class Broken:
            messages = 0

            def send(self, text, flowing):
                raise Gone("closed")
        run.connections = [Broken()]
        self.assertIn("closed", run._group(script.Group(0, [script.Command(1, b"noop", 0, [b"ok"])])).wrong)
