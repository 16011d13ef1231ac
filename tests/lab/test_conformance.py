"""The scripted tests of ImapTest: the same results through Souspli as at the server itself, but for what is withheld."""
import collections
import concurrent.futures
import contextlib
import re
import unittest

from conformance import runner, script
from conformance.peer import Server
from lab import base, cyrus, dovecot, imapline, mails, pki, report, souspli

from common import CORPORA, need_product

SCRIPTS = CORPORA / "imaptest" / "src" / "tests"
WORKERS = 4
USERS = {f"{name}@lab.test": f"pw-{name}" for name in ("w0", "w1", "w2", "w3", "second")}
# What the scripts are about, by the first word of their names.
GROUPS = {
    "append": "APPEND", "catenate": "APPEND", "multiappend": "APPEND",
    "fetch": "FETCH", "search": "SEARCH", "esearch": "SEARCH", "nil": "SEARCH", "sort": "SORT", "esort": "SORT", "thread": "THREAD",
    "list": "LIST and names", "listext": "LIST and names", "subscribe": "LIST and names", "mutf7": "LIST and names", "atoms": "LIST and names",
    "store": "STORE, COPY, MOVE, EXPUNGE", "copy": "STORE, COPY, MOVE, EXPUNGE", "move": "STORE, COPY, MOVE, EXPUNGE",
    "expunge": "STORE, COPY, MOVE, EXPUNGE", "expunge2": "STORE, COPY, MOVE, EXPUNGE", "uidplus": "STORE, COPY, MOVE, EXPUNGE",
    "select": "SELECT, CLOSE, UIDVALIDITY", "close": "SELECT, CLOSE, UIDVALIDITY", "uidvalidity": "SELECT, CLOSE, UIDVALIDITY",
    "id": "ID, LOGOUT, pipelines", "logout": "ID, LOGOUT, pipelines", "pipeline": "ID, LOGOUT, pipelines",
    "notify": "NOTIFY, URLAUTH", "urlauth": "NOTIFY, URLAUTH",
}
# Both servers' results, for the table: {server: {script: (direct, through)}}.
SEEN, OFFERED, VERSIONS = {}, {}, {}


def scripts():
    """Those that their authors do not keep apart as broken."""
    return [script.Script(path) for path in sorted(SCRIPTS.iterdir()) if path.is_file() and path.suffix != ".mbox"]


def withheld():
    """{name or its beginning: reason}, from the list in src/imap/capability.rs."""
    text = (base.ROOT / "src" / "imap" / "capability.rs").read_text(encoding="utf-8")
    out = {}
    for names, reason in re.findall(r"^/// \* ((?:[^:]|:(?! ))+): (.+(?:\n///   .+)*)", text, re.MULTILINE):
        reason = " ".join(reason.replace("///", " ").split())
        out.update((name.strip(), reason.rstrip(".")) for name in names.replace("///", " ").split(","))
    return out


def reason_for(capability, reasons):
    """The name in the list that covers a capability: itself, or the beginning of its family."""
    return next((name for name in reasons if capability == name.upper() or name.endswith(("=", "-")) and capability.startswith(name)), None)


class Scripts:
    """One server; every script direct and through, by several users at a time."""

    @classmethod
    def setUpClass(cls):
        need_product()
        if not SCRIPTS.is_dir():
            raise unittest.SkipTest(f"no scripts in {SCRIPTS}")
        cls.store = cls.start()
        place = cls.folder.path / "s"
        place.mkdir()
        accounts = [souspli.account(user, 1, cls.store.imaps) for user in USERS]
        cls.relay = souspli.Souspli(place, accounts, [cls.tls.bundle])
        cls.addClassCleanup(cls.relay.stop)
        cls.relay.start()
        cls.seen = SEEN[cls.name] = cls.run_all()

    @classmethod
    def start(cls):
        """The server itself."""
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.tls = pki.Tls(cls.folder.path / "tls")
        place = cls.folder.path / "d"
        place.mkdir()
        store = cls.make(place)
        cls.addClassCleanup(store.stop)
        return store.start()

    @classmethod
    def both(cls, user):
        """The two ways to the server."""
        login, second = (user, USERS[user]), ("second@lab.test", USERS["second@lab.test"])
        return Server(cls.store.imaps, "implicit", login, second), Server(cls.relay.imap, "starttls", login, second)

    @classmethod
    def run_all(cls):
        """{script: (direct, through)}; each worker has a user of its own."""
        todo = collections.deque(scripts())

        def work(number):
            ways, out = cls.both(f"w{number}@lab.test"), {}
            with contextlib.suppress(IndexError):
                while True:
                    each = todo.popleft()
                    out[each.name] = pair_of(each, ways)
            OFFERED[cls.name] = tuple(way.capabilities() for way in ways)
            for way in ways:
                way.leave()
            return out

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return {name: pair for part in pool.map(work, range(WORKERS)) for name, pair in part.items()}

    def test_the_same_results_by_both_ways(self):
        for name, (direct, through) in sorted(self.seen.items()):
            with self.subTest(script=name):
                if not through.missing:
                    self.assertEqual(told(direct), told(through))

    def test_what_is_missing_is_withheld_on_purpose(self):
        direct, through = OFFERED[self.name]
        reasons = withheld()
        self.assertEqual([], [c for c in sorted(direct - through) if reason_for(c, reasons) is None])
        self.assertEqual({"LITERAL+"}, (through - direct) | {"LITERAL+"})
        for name, (here, there) in sorted(self.seen.items()):
            self.assertEqual(set(), {c for c in there.missing - here.missing if reason_for(c, reasons) is None}, name)

    def test_enough_were_run(self):
        ran = [through for _, through in self.seen.values() if not through.missing]
        self.assertGreaterEqual(len(ran), 45)
        self.assertGreaterEqual(sum(len(r.outcomes) for r in ran), 500)
        self.assertGreaterEqual(sum(r.right() for r in ran), 0.98 * sum(len(r.outcomes) for r in ran))

    def test_what_is_withheld_is_refused(self):
        """Also to one who does not ask what there is."""
        box = self.second_with_a_letter()
        for command in WITHHELD_COMMANDS:
            with self.subTest(command=command):
                with self.assertRaises(imapline.Refused) as refused:
                    box.do(*command)
                self.assertRegex(str(refused.exception), r"^t\d+ (BAD|NO) ")

    def second_with_a_letter(self):
        user = "second@lab.test"
        self.store.append(user, mails.letter("a@lab.test", user, "s", "Bonjour.\n"))
        box = imapline.Imap(self.relay.imap, user, USERS[user])
        self.addCleanup(box.close)
        box.do("SELECT INBOX")
        return box


WITHHELD_COMMANDS = (
    ("COMPRESS DEFLATE",), ("FETCH 1 BINARY.PEEK[1]",), ("FETCH 1 (BINARY.SIZE[1])",), ("FETCH 1 (PREVIEW)",), ("FETCH 1 (SNIPPET)",),
    ("FETCH 1 (DIGEST.SHA1)",), ("FETCH 1 (ANNOTATION (/comment value))",), ("UID FETCH 1:* (FLAGS) (PARTIAL 1:1)",),
    ('GENURLAUTH "imap://a@b/c;uid=1;urlauth=anonymous" INTERNAL',), ('URLFETCH "imap://a@b/c;uid=1"',), ("RESETKEY",),
    ("NOTIFY SET (selected (MessageNew (FETCH.BODY[]) MessageExpunge))",), ("CONVERT 1 (\"text/plain\") BINARY[1]",),
    ('APPEND INBOX CATENATE (URL "/INBOX;uid=1")',), ("APPEND INBOX ", b"a: b\r\n\r\n", " ", b"a: b\r\n\r\n"), ("UID REPLACE 1 INBOX ", b"a: b\r\n\r\n"),
    ("XMOVE 1 Trash",), ("SCAN \"\" \"*\" \"Bonjour\"",), ("RLIST \"\" \"*\"",), ("LANGUAGE FR",), ("UNAUTHENTICATE",), ("CANCELUPDATE \"a\"",),
    ("SEARCH RETURN (UPDATE) ALL",), ("UID SORT RETURN (COUNT CONTEXT UPDATE) (DATE) UTF-8 ALL",),
)


def pair_of(script, ways):
    """What a script finds direct and through.

    The direct way is the measure. Where it failed at something once which it and Souspli did otherwise, the pair is run
    again, and where Dovecot, under load, has called a folder that it was just making one that exists, whoever asked it:
    what Souspli did wrong it does wrong again. Nothing else that is wrong through Souspli alone is run again.
    """
    for _ in range(3):
        direct, through = pair = tuple(runner.Run(script, way).run() for way in ways)
        was_made = any("[ALREADYEXISTS] Mailbox already exists" in str(o.wrong) for result in pair for o in result.outcomes)
        if not was_made and (not wrong_lines(direct) - wrong_lines(through) or wrong_lines(through) - wrong_lines(direct)):
            break
    return pair


def wrong_lines(result):
    """The lines of the script whose answer was not the expected one."""
    return {o.line for o in result.outcomes if o.wrong}


def told(result):
    """What a result says, without what differs from run to run."""
    names = re.compile(r"conf\d+x")
    return [(o.line, names.sub("conf", o.wrong)) for o in result.outcomes]


class DovecotScriptsTest(Scripts, unittest.TestCase):
    """Dovecot."""
    name = "Dovecot"

    @classmethod
    def make(cls, place):
        """The server, not started."""
        VERSIONS[cls.name] = f"Dovecot {dovecot.version()}"
        return dovecot.Dovecot(place, cls.tls, USERS)


class CyrusScriptsTest(Scripts, unittest.TestCase):
    """Cyrus."""
    name = "Cyrus"

    @classmethod
    def make(cls, place):
        """The server, not started."""
        if not cyrus.available():
            raise unittest.SkipTest("Cyrus could not be had")
        VERSIONS[cls.name] = f"Cyrus {cyrus.version()}"
        return cyrus.Cyrus(place, cls.tls, USERS)


class ReportTest(unittest.TestCase):
    """docs/conformance.md, made of what the classes above saw."""

    def setUp(self):
        if set(SEEN) != {"Dovecot", "Cyrus"}:
            self.skipTest("not both servers were run")
        self.versions = ", ".join(VERSIONS[name] for name in SEEN)

    def test_scripts(self):
        report.section(self, "IMAP scripts", self.versions, SCRIPTS_TEXT + groups_table() + "\n" + failing_table())

    def test_capabilities(self):
        reasons, rows = withheld(), collections.defaultdict(list)
        offered = {name: direct - through for name, (direct, through) in OFFERED.items()}
        for capability in sorted(set().union(*offered.values())):
            by = ", ".join(name for name in SEEN if capability in offered[name])
            rows[reasons[reason_for(capability, reasons)]].append(f"{capability} ({by})")
        others = sorted(set(reasons) - {reason_for(c, reasons) for part in offered.values() for c in part})
        for name in others:
            rows[reasons[name]].append(name)
        body = CAPABILITIES_TEXT + report.table(["Withheld", "Reason"], [(", ".join(names), reason) for reason, names in rows.items()])
        report.section(self, "Withheld capabilities", self.versions, body)


SCRIPTS_TEXT = """\
The scripted tests of ImapTest (imapwiki.org/ImapTest), read and run by tests/conformance, but for the one that their authors keep
apart as broken; each group of commands is counted once. Every group that ran had the same result by both ways. "Withheld" counts the
groups of scripts that need a capability which Souspli does not offer, "not offered" those that need one which the server itself
has not.

"""
CAPABILITIES_TEXT = """\
What the servers offer and Souspli does not, from the list in src/imap/capability.rs; in parentheses the servers of this run that
offer it. Their commands and items of FETCH are refused too; what only adds words to SEARCH and SORT passes.

"""


def groups_table():
    """One row per group of scripts."""
    rows = []
    for group in dict.fromkeys(GROUPS.values()):
        names = [n for n in SEEN["Dovecot"] if GROUPS[re.split(r"-", n)[0].rstrip("0123456789") if n not in GROUPS else n] == group]
        rows.append([group, len(names), *(cell for server in SEEN for cell in cells(server, names))])
    names = list(SEEN["Dovecot"])
    rows.append(["all", len(names), *(cell for server in SEEN for cell in cells(server, names))])
    return report.table(["Scripts about", "scripts", *(f"{s} {way}" for s in SEEN for way in ("direct", "through"))], rows)


def cells(server, names):
    """(direct, through) for one server and some scripts."""
    counts = [collections.Counter(), collections.Counter()]
    sizes = {s.name: len(s.groups) for s in scripts()}
    for name in names:
        direct, through = SEEN[server][name]
        for count, result in zip(counts, (direct, through)):
            count["right"] += result.right()
            count["ran"] += len(result.outcomes)
            if result.missing:
                count["not offered" if direct.missing else "withheld"] += sizes[name]
    return [", ".join([f"{c['right']} of {c['ran']}", *(f"{c[k]} {k}" for k in ("withheld", "not offered") if c[k])]) for c in counts]


def failing_table():
    """The groups that go wrong direct as well."""
    rows = [(server, name, sum(bool(o.wrong) for o in direct.outcomes), "withheld" if through.missing else "the same")
            for server, seen in SEEN.items() for name, (direct, through) in sorted(seen.items()) if direct.right() < len(direct.outcomes)]
    head = ["Server", "script", "groups", "through Souspli"]
    return "Not as the script expects, at the server itself:\n\n" + report.table(head, rows) if rows else ""
