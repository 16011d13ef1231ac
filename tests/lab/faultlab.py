"""A provider of real servers, a relay in front of each that can break any step, one Souspli before them, and the search for canaries."""
import base64
import binascii
import re
import smtplib
import socket
import threading

from lab import base, faultline, imapline, mails, pki, pop3line, postfix, servers, souspli

from common import Canary

# Every word that must not be seen begins with it.
STEM = "Canarimatrice"
# Whoever only receives has no home: his certificate is known. Alice sends, bob reads.
PEOPLE = {"alice": "alice@lab.test", "bob": "bob@lab.test", "carol": "carol@lab.test", "dave": "dave@lab.test", "sonia": "sonia@lab.test",
          "marie": "marie@medecin.mssante.fr", "erin": "erin@lab.test"}
OWNERS = ("alice", "bob", "sonia", "erin")
PATIENT = "paul@patient.mssante.fr"
# Seconds that a server may be silent here: a mail program's patience.
SILENCE = 2


class Words(Canary):
    """A canary of this matrix."""

    def __init__(self):
        super().__init__()
        self.body, self.name, self.subject = (word.replace("Canari", STEM) for word in (self.body, self.name, self.subject))


class Lab:
    """The servers, the relays, Souspli, and the mail program's connections of the flow in hand."""

    def __init__(self, owners=OWNERS, others=tuple(n for n in PEOPLE if n not in OWNERS)):
        self.owners, self.others = owners, others
        self.folder = base.Folder()
        users = {address: f"pw-{name}" for name, address in PEOPLE.items()} | {PATIENT: "pw-paul"}
        self.provider = servers.Provider(self.folder.path, "postfix" if postfix.available() else "sink", users=users)
        self.store, tls = self.provider.store, self.provider.tls
        self.plan = faultline.Plan(lambda: self.relay.process.kill())
        self.lines = {"smtp": faultline.Relay("smtp", tls, self.provider.smtp.starttls_port, self.plan),
                      "imap": faultline.Relay("imap", tls, self.store.imap, self.plan),
                      "pop3": faultline.Relay("pop3", tls, self.store.pop3, self.plan)}
        self.relay = self._souspli()
        self.open, self.boxes, self.delivered = [], {}, 0
        self.watch = Watch(self.relay.folder, self.store.folder / "mail", self.store.folder / "home", self.store.folder / "dovecot.log",
                           self.folder.path / "p" / "postfix.log")

    def _souspli(self):
        place = self.folder.path / "souspli"
        place.mkdir()
        more = {"sonia": "always_sign = true\n"}
        tables = [souspli.account(PEOPLE[n], self.lines["smtp"].port, self.lines["imap"].port, extra=more.get(n, ""),
                                  pop3=(self.lines["pop3"].port, "implicit")) for n in self.owners]
        tables = [t.replace('channel = "ordinary"', 'channel = "mssante"') if PEOPLE["erin"] in t else t for t in tables]
        return souspli.Souspli(place, tables, [self.provider.tls.bundle], pop3=True, silence=SILENCE)

    def start(self):
        """The servers first; Souspli last, and asked once what it offers."""
        self.provider.start()
        for line in self.lines.values():
            line.start()
        authority = pki.Authority(self.folder.path / "pki", "Autorité d'essai")
        doctors = {n: authority.doctor(n, f"Dr {n.capitalize()} ESSAI", PEOPLE[n]) for n in (*self.owners, *self.others)}
        self.relay.furnish({PEOPLE[n]: [doctors[n]] for n in self.owners}, [doctors[n] for n in self.others], [authority.certificate])
        self.relay.start()
        self.settle()
        return self

    def stop(self):
        """Everything."""
        self.hang_up()
        self.relay.kill()
        for line in self.lines.values():
            line.stop()
        self.provider.stop()
        self.folder.remove()

    def settle(self):
        """After a start Souspli asks the provider what it offers: that is a flow of its own."""
        smtplib.SMTP(base.LOOPBACK, self.relay.smtp, timeout=60).close()

    def revive(self):
        """Starts Souspli again after its end, on the same ports."""
        self.relay.process.wait()
        self.relay.start_again()

    # The mail program.

    def smtp(self, name):
        """A submission connection, logged in."""
        client = smtplib.SMTP(base.LOOPBACK, self.relay.smtp, timeout=60)
        self.open.append(client)
        client.ehlo()
        # One try: smtplib's own login goes on to the next mechanism.
        code, said = client.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0{PEOPLE[name]}\0pw-{name}".encode()).decode())
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, said)
        return client

    def imap(self, name, mailbox="INBOX"):
        """An IMAP connection, logged in."""
        box = imapline.Imap(self.relay.imap, secure="none")
        self.open.append(box)
        box.do(f'LOGIN "{PEOPLE[name]}" "pw-{name}"')
        if mailbox:
            box.do(f'SELECT "{mailbox}"')
        return box

    def pop3(self, name):
        """A POP3 connection, logged in."""
        box = pop3line.Pop3(self.relay.pop3, secure="none")
        self.open.append(box)
        box.do(f"USER {PEOPLE[name]}")
        box.do(f"PASS pw-{name}")
        return box

    def hang_up(self):
        """The mail program leaves."""
        while self.open:
            self.open.pop().close()

    def lose_patience(self):
        """As soon as the provider has fallen silent the mail program gives up, without a word."""
        def wait():
            if self.plan.stalled.wait(60):
                for box in list(self.open):
                    if isinstance(box, imapline.Imap):
                        box._socket.shutdown(socket.SHUT_RDWR)
        threading.Thread(target=wait, daemon=True).start()

    # The provider's side.

    def box(self, name):
        """A standing connection to the provider, past every relay."""
        if name not in self.boxes:
            self.boxes[name] = imapline.Imap(self.store.imaps, PEOPLE[name], f"pw-{name}", secure="implicit")
        return self.boxes[name]

    def put(self, name, message, mailbox="INBOX"):
        """Stores a message there; its UID."""
        box = self.box(name)
        box.do(f'APPEND "{mailbox}" ', message)
        return int(re.search(rb"APPENDUID \d+ (\d+)", box.tagged).group(1))

    def stored(self, name, mailbox="INBOX"):
        """What lies on the disk, with the line ends that it came with."""
        return [mails.crlf(octets) for octets in self.store.stored(PEOPLE[name], mailbox)]

    def sweep(self, name, *mailboxes):
        """Empties mailboxes, so that the next flow finds what it puts there and nothing else."""
        for mailbox in mailboxes:
            if self.stored(name, mailbox):
                box = self.box(name)
                box.do(f'SELECT "{mailbox}"')
                box.do("STORE 1:* +FLAGS.SILENT (\\Deleted)")
                box.do("EXPUNGE")
                box.do("UNSELECT")

    def sealed(self, words, sender="alice", to="bob"):
        """A letter with these words as it leaves Souspli."""
        return self.relay.seal(words.letter("#med# Lettre", PEOPLE[to], sender=PEOPLE[sender]), PEOPLE[sender], PEOPLE[to])

    def hits(self):
        """Where a canary is seen by others since the last call: what passed upstream, the store, the home, the logs."""
        seen = [("upstream", self.plan.passed()), *self.watch.news()]
        return [str(place) for place, octets in seen if reveals(octets)]


class Watch:
    """Files, and what is new in them."""

    def __init__(self, *places):
        self.places, self.known = places, {}

    def news(self):
        """Path and octets of every file that changed since the last call; of a log what was added, and the line before."""
        for file in self._files():
            try:
                now = file.stat()
                state, before = (now.st_mtime_ns, now.st_size, now.st_ino), self.known.get(file)
                if state == before:
                    continue
                with open(file, "rb") as octets:
                    if before and file.suffix in (".log", ".out"):
                        octets.seek(max(0, before[1] - 4096))
                    yield file, octets.read()
            except FileNotFoundError:
                continue  # moved from new to cur, or deleted
            self.known[file] = state

    def _files(self):
        for place in self.places:
            yield from (f for f in ([place] if place.is_file() else place.rglob("*")) if f.is_file())


def reveals(octets):
    """Whether a canary is seen there: in clear, in base64 at any alignment, in quoted-printable, in hexadecimal."""
    stem = STEM.lower().encode()
    joined = octets.replace(b"=\r\n", b"").replace(b"=\n", b"").lower()
    packed = octets.replace(b"\r", b"").replace(b"\n", b"")
    forms = (base64.b64encode(b"\0" * shift + STEM.encode()).rstrip(b"=")[(0, 2, 3)[shift]:-2] for shift in range(3))
    return stem in joined or stem in binascii.a2b_qp(octets).lower() or any(s.hex().encode() in joined for s in (stem, STEM.encode())) or any(form in packed for form in forms)


def unread(port, peer):
    """Octets that lie unread in the socket at `port` whose peer is at `peer`, by the kernel's books."""
    ends = [b"0100007F:%04X" % p for p in (port, peer)]
    with open("/proc/net/tcp", "rb") as table:
        return next((int(w[4].split(b":")[1], 16) for w in map(bytes.split, table) if w[1:3] == ends), 0)


def strict(content):
    """Whether what was handed over, its end of data included, can be read in one way only (RFC 5321 §4.5.2)."""
    lines = content.split(b"\r\n")
    dots = [line for line in lines[:-2] if line.startswith(b".") and not line.startswith(b"..")]
    return lines[-2:] == [b".", b""] and not dots and not re.search(rb"[\r\n\0]", b"".join(lines))


def verdict(view):
    """The field that says it, "" when there is none."""
    return mails.parse(view)["X-Souspli-Verdict"] or ""
