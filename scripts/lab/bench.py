"""The benchmark with real servers: what the relay costs beside the direct way; one table, and the same as JSON."""
from __future__ import annotations

import json
import os
import pathlib
import platform
import re
import resource
import smtplib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import base, benchidle, benchtable, benchtrust, imapline, mails, pki, postfix, rivals, servers, souspli  # noqa: E402

ALICE, BOB, PASSWORD = "alice@lab.test", "bob@lab.test", "pw-bob"
QUICK = "--quick" in sys.argv
ROUNDS = 5
OUT = base.ROOT / "target" / "bench"
LISTING = ("UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID Priority X-Priority "
           "References Newsgroups In-Reply-To Content-Type Reply-To Received)])")


class Box(imapline.Imap):
    """A client that spends as little as it can: it looks for the end of the answer and for nothing else."""

    def drain(self, command):
        """Octets of the whole answer."""
        self._number += 1
        tag = b"t%d" % self._number
        self._socket.sendall(tag + b" " + command.encode() + b"\r\n")
        done, tail, total = re.compile(rb"\n" + tag + rb" (\w+)[^\n]*\n$"), b"\n", 0
        while not (found := done.search(tail)):
            octets = self._file.read1(1 << 18)
            if not octets:
                raise base.LabError("the connection was closed")
            total += len(octets)
            tail = (tail + octets[-400:])[-400:]
        if found.group(1) != b"OK":
            raise base.LabError(tail.decode("utf-8", "replace"))
        return total


class Bench:
    """The servers, the mailboxes, and every measurement as a method that adds a line to the table."""

    def __init__(self):
        self.practice = servers.Practice(smtp="postfix" if postfix.available() else "sink")
        provider = self.practice.provider
        self.store, self.tls = provider.store, provider.tls
        self.relay = self.practice.relays["bob"]
        self.rows = [json.loads(line) for line in (OUT / "figures.jsonl").read_text().splitlines() if line.startswith("{")]
        self.rivals = [rivals.Stunnel(self.practice.folder.path, self.store, self.tls)] if base.program("stunnel") else []
        python = OUT / "venv" / "bin" / "python"
        if python.exists():
            self.rivals.append(rivals.EmailProxy(self.practice.folder.path, python, self.store, self.tls, BOB))

    def start(self):
        """Servers, keys, one sealed letter of each size."""
        self.practice.start()
        for rival in self.rivals:
            rival.start()
        seal = lambda size: self.practice.relays["alice"].seal(letter(size, tag=True), ALICE, BOB)  # noqa: E731
        self.sealed, self.sealed_large = seal(50_000), seal(25_000_000)

    def stop(self):
        """Everything."""
        for rival in self.rivals:
            rival.stop()
        self.practice.stop()

    def box(self, way, mailbox):
        """A logged-in connection of bob's by that way."""
        ports = {"direct": (self.store.imaps, "implicit"), "souspli": (self.relay.imap, None), "souspli, STARTTLS": (self.relay.imap, "starttls")}
        port, secure = ports.get(way) or next((r.port, None) for r in self.rivals if r.name == way)
        box = Box(port, BOB, PASSWORD, secure, seconds=300)
        box.do(f'SELECT "{mailbox}"')
        return box

    def fill(self, mailbox, count, message):
        """`count` messages put on the disk as the provider's own delivery would; `message(n)` makes them."""
        place = self.store.folder / "mail" / BOB / f".{mailbox}"
        for sub in ("cur", "new", "tmp"):
            (place / sub).mkdir(parents=True)
        for n in range(count):
            (place / "cur" / f"{1_700_000_000 + n}.M{n}P1.lab:2,S").write_bytes(message(n))
        if base.is_root():
            base.run("chown", "-R", f"{self.store.user}:{self.store.group}", place)
        self.box("direct", mailbox).close()

    def restart(self):
        """A Souspli that remembers nothing in memory."""
        self.relay.stop()
        self.relay.start()

    def ratio(self, name, ways, measure, goal, before=lambda: None):
        """`measure(way)` in seconds, the ways in turn; each against the first, which is the direct one."""
        runs = {way: [] for way in ways}
        for _ in range(ROUNDS):
            before()
            for way in ways:
                runs[way].append(measure(way))
        for way in ways[1:]:
            pairs = [mine / direct for mine, direct in zip(runs[way], runs[ways[0]])]
            if goal[1] == "higher":
                pairs = [1 / p for p in pairs]
            label = name if way.startswith("souspli") and way == ways[1] else f"{name} ({way})"
            self.add(label, pairs, goal if way.startswith("souspli") else (None, goal[1]), (median(runs[way]), median(runs[ways[0]]), "s"))

    def add(self, name, ratios, goal, values=None):
        """One line of the table, shown at once."""
        row = {"figure": name, "ratio": median(ratios), "low": min(ratios), "high": max(ratios), "goal": goal[0], "better": goal[1], "rounds": len(ratios)}
        if values:
            row["product"], row["against"] = ({"value": values[i], "unit": values[2]} for i in (0, 1))
        self.note(row)

    def amount(self, name, unit, values, goal):
        """A line without a comparison."""
        self.note({"figure": name, "value": median(values), "low": min(values), "high": max(values), "unit": unit, "goal": goal, "better": "lower",
                   "rounds": len(values)})

    def note(self, row):
        """Keeps a row, and says it."""
        self.rows.append(row)
        print("  " + benchtable.line(row), flush=True)

    # IMAP

    def plain_fetch(self):
        """1,000 messages of 50 KB in one command."""
        count = 200 if QUICK else 1000
        text = letter(50_000)
        self.fill("Plain", count, lambda n: b"X-N: %d\r\n" % n + text)
        ways = ["direct", "souspli", "souspli, STARTTLS", *(r.name for r in self.rivals)]
        boxes = {way: self.box(way, "Plain") for way in ways}
        for box in boxes.values():
            box.drain("UID FETCH 1:* (BODY.PEEK[])")
        self.ratio(f"IMAP, FETCH of {count} plain messages of 50 KB", ways, lambda way: timed(lambda: boxes[way].drain("UID FETCH 1:* (BODY.PEEK[])")), (0.9, "higher"))

    def listing(self):
        """10,000 messages, a tenth of them sealed."""
        count = 1000 if QUICK else 10_000
        text = letter(2_000)
        self.fill("List", count, lambda n: b"X-N: %d\r\n" % n + (self.sealed if n % 10 == 0 else text))
        self.box("direct", "List").drain(LISTING)
        boxes = {"direct": self.box("direct", "List")}

        def afresh():
            self.restart()
            boxes["souspli"] = self.box("souspli", "List")
        measure = lambda way: timed(lambda: boxes[way].drain(LISTING))  # noqa: E731
        self.ratio(f"IMAP, listing {count} messages, the first time", ["direct", "souspli"], measure, (1.5, "lower"), afresh)
        self.ratio(f"IMAP, listing {count} messages, again", ["direct", "souspli"], measure, (1.15, "lower"))

    def reading(self):
        """Sealed messages one by one, each for the first time."""
        count = 200 if QUICK else 1000
        self.fill("Read", count, lambda n: b"X-N: %d\r\n" % n + self.sealed)
        bare = 1 / next(r["against"]["value"] for r in self.rows if r["figure"].startswith("open 50 KB, every"))

        def one_by_one(way):
            box = self.box(way, "Read")
            try:
                return timed(lambda: [box.drain(f"UID FETCH {uid} (BODY.PEEK[])") for uid in range(1, count + 1)]) / count
            finally:
                box.close()
        direct, mine = [], []
        for _ in range(ROUNDS):
            self.restart()
            direct.append(one_by_one("direct"))
            mine.append(one_by_one("souspli"))
        added = [(m - d) for m, d in zip(mine, direct)]
        self.add(f"IMAP, time added by reading each of {count} sealed messages of 50 KB", [a / bare for a in added], (1.3, "lower"), (median(added) * 1e3, bare * 1e3, "ms"))

    def searching(self):
        """A word that one in a hundred sealed messages has, all of them opened before; the server seeks it in the same letters in clear."""
        count = 1000 if QUICK else 10_000
        text = lambda n: mails.letter(ALICE, BOB, "#med# Compte rendu", ("glucose\n" if n % 100 == 0 else "tension\n") + "Voici.\n" * 200)  # noqa: E731
        clear, sealed = ([make(n) for n in (0, 1)] for make in (text, lambda n: self.practice.relays["alice"].seal(text(n), ALICE, BOB)))
        self.fill("Clear", count, lambda n: b"X-N: %d\r\n" % n + clear[n % 100 > 0])
        self.fill("Sealed", count, lambda n: b"X-N: %d\r\n" % n + sealed[n % 100 > 0])
        boxes = {"direct": self.box("direct", "Clear"), "souspli": self.box("souspli", "Sealed")}
        boxes["souspli"].drain("UID FETCH 1:* (BODY.PEEK[])")
        measure = lambda way: timed(lambda: boxes[way].drain("UID SEARCH BODY glucose"))  # noqa: E731
        self.ratio(f"IMAP, a word sought in {count} sealed messages of 1.5 KB", ["direct", "souspli"], measure, (None, "lower"))

    # SMTP

    def submission(self, way):
        """A logged-in connection of alice's."""
        port = self.practice.provider.smtp.starttls_port if way == "direct" else self.practice.relays["alice"].smtp
        client = smtplib.SMTP(base.LOOPBACK, port, timeout=120)
        # Else the last segment of a message waits for an acknowledgement that comes 40 ms late, whoever receives.
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, "pw-alice")
        return client

    def submissions(self):
        """Plain ones on one connection."""
        count, text = (50 if QUICK else 200), letter(50_000)

        def send(way):
            client = self.submission(way)
            took = timed(lambda: [client.sendmail(ALICE, [BOB], text) for _ in range(count)])
            client.quit()
            return took
        self.ratio(f"SMTP, {count} plain submissions of 50 KB on one connection", ["direct", "souspli"], send, (1.2, "lower"))

    def sealed_submissions(self):
        """What sealing adds to a submission: median and 95th percentile, against the primitives."""
        count = 60 if QUICK else 200
        bare = 1 / next(r["against"]["value"] for r in self.rows if r["figure"].startswith("seal 50 KB, every"))
        tagged, plain = letter(50_000, tag=True), self.sealed
        mine, direct = self.submission("souspli"), self.submission("direct")
        one = lambda client, text: timed(lambda: client.sendmail(ALICE, [BOB], text))  # noqa: E731
        pairs = [(one(mine, tagged), one(direct, plain)) for _ in range(count)]
        added = sorted(m - median([d for _, d in pairs]) for m, _ in pairs)
        for what, value, goal in (("median", added[len(added) // 2], 1.5), ("95th percentile", added[int(len(added) * 0.95)], 3)):
            self.add(f"SMTP, time added to a sealed submission of 50 KB, {what} of {count}", [value / bare], (goal, "lower"), (value * 1e3, bare * 1e3, "ms"))

    # Certificates

    def recipients(self):
        """Fifty of them."""
        benchtrust.fifty(self, 2 if QUICK else ROUNDS)

    def lists(self):
        """Fourteen revocation lists."""
        benchtrust.fourteen_lists(self, 2 if QUICK else ROUNDS)

    # The program

    def memory(self):
        """Idle, one large message each way by the command line, twenty connections at once."""
        self.restart()
        size = 25 if QUICK else 100
        large = letter(size * 1_000_000 - 400_000)
        sealed, peak = self.peak("alice", large, "seal", "--from", ALICE, "--to", BOB)
        self.amount(f"memory, one message of {size} MB sealed (command line), peak over the message", "x", [peak / len(large)], 2.2)
        _, peak = self.peak("bob", sealed, "open")
        self.amount(f"memory, the same opened (command line), peak over the stored {len(sealed) / 1e6:.0f} MB", "x", [peak / len(sealed)], 2.2)
        count = 5 if QUICK else 20
        self.fill("Large", count, lambda n: b"X-N: %d\r\n" % n + self.sealed_large)
        faults = []

        def read(uid):
            try:
                box = self.box("souspli", "Large")
                box.drain(f"UID FETCH {uid} (BODY.PEEK[])")
                box.close()
            except (base.LabError, OSError) as fault:
                faults.append(fault)
        threads = [threading.Thread(target=read, args=(uid,)) for uid in range(1, count + 1)]
        [t.start() for t in threads], [t.join() for t in threads]
        self.amount(f"memory, {count} connections at once, each opening 25 MB ({len(faults)} failed), peak", "MB", [self.relay.memory_kib("VmHWM") / 1024], None)

    def peak(self, name, message, *command):
        """Standard output of a command, and its peak of memory in octets."""
        relay, place = self.practice.relays[name], self.practice.folder.path
        (place / "in").write_bytes(message)
        # A child's peak begins with that of its parent: the command is the child of a small program, not of this one.
        small = "import os, sys; p = os.fork() or os.execv(sys.argv[2], sys.argv[2:]); _, s, u = os.wait4(p, 0); " \
                "open(sys.argv[1], 'w').write(str(u.ru_maxrss)); sys.exit(s != 0)"
        with open(place / "in", "rb") as stdin, open(place / "out", "wb") as stdout:
            run = [sys.executable, "-c", small, str(place / "peak"), str(souspli.binary()), *command, "--config", relay.config, "--home", relay.home]
            subprocess.run([str(word) for word in run], stdin=stdin, stdout=stdout, env=relay.environment(), check=True)
        return (place / "out").read_bytes(), int((place / "peak").read_text()) * 1024

    def program(self):
        """From start to ready; sizes."""
        times = []
        for _ in range(ROUNDS):
            self.relay.stop()
            times.append(timed(self.relay.start) * 1e3)
        self.amount("from start to ready", "ms", times, 150)
        benchidle.sizes(self)

    def idle(self):
        """Nobody does anything."""
        benchidle.idle(self, QUICK)

    def openssl(self):
        """`openssl cms` piped, one process each, against the product's own rate in this run; processor time on both sides."""
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        for size, name, sealing, opening in ((50_000, "50 KB", 10, 10), (25_000_000, "25 MB", 2, 8)):
            file = self.practice.folder.path / "letter"
            file.write_bytes(letter(size))
            out = (f"openssl cms -sign -binary -nodetach -stream -signer {alice.certificate} -inkey {alice.key} -in {file} | "
                   f"openssl cms -encrypt -binary -stream -aes-256-cbc -out {file}.p7m {bob.certificate}")
            back = (f"openssl cms -decrypt -recip {bob.certificate} -inkey {bob.key} -in {file}.p7m | "
                    f"openssl cms -verify -CAfile {self.practice.authority.certificate} -out {file}.out 2>{file}.err")
            for verb, command, goal in (("seal", out, sealing), ("open", back, opening)):
                times = [spent(lambda: subprocess.run(["sh", "-c", command], check=True)) for _ in range(ROUNDS)]
                mine = next(r["product"] for r in self.rows if r["figure"] == f"{verb} {name}")
                rate = mine["value"] if mine["unit"] == "mails/s" else mine["value"] / (size / 1e6)
                self.add(f"{verb} {name} against openssl cms piped", [t * rate for t in times], (goal, "higher"), (rate, 1 / median(times), "mails/s"))


def letter(size, tag=False):
    """A letter with a PDF, about that large in all."""
    pdf = mails.pdf(["Compte rendu"], filler=0)
    pdf += os.urandom(max(0, int((size - 1500) / 78 * 57) - len(pdf)))
    return mails.letter(ALICE, BOB, ("#med# " if tag else "") + "Compte rendu", "Voici.\n", attachments=[("a.pdf", "application/pdf", pdf)])


def timed(work):
    """Seconds on the wall."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spent(work):
    """Seconds of processor that child processes take."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def median(values):
    """The middle one."""
    return sorted(values)[len(values) // 2]


def machine():
    """What the figures were measured on."""
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f} at the start"


def main():
    """Measures everything; what cannot be measured is said and left out."""
    where = machine()
    bench = Bench()
    failed = []
    try:
        bench.start()
        for part in (bench.plain_fetch, bench.listing, bench.reading, bench.searching, bench.submissions, bench.sealed_submissions, bench.recipients, bench.lists, bench.program, bench.openssl, bench.memory, bench.idle):
            print(part.__name__.replace("_", " "), flush=True)
            try:
                part()
            except (base.LabError, OSError, smtplib.SMTPException, subprocess.SubprocessError) as fault:
                failed.append(f"{part.__name__}: {fault}")
                print(f"  failed: {fault}", flush=True)
    finally:
        bench.stop()
    text = benchtable.table(bench.rows, where, QUICK)
    (OUT / "table.md").write_text(text)
    (OUT / "table.json").write_text(json.dumps({"machine": where, "quick": QUICK, "rows": bench.rows, "failed": failed}, indent=1) + "\n")
    print("\n" + text + f"\n{OUT / 'table.md'}\n{OUT / 'table.json'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
