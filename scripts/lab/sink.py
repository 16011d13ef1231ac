"""An SMTP submission server that keeps the exact octets it receives and can be told to fail at any step of the dialogue.

Without a fault and with `lmtp` it is the unprivileged receiver of the lab: what it accepts is delivered to Dovecot.
"""
from __future__ import annotations

import base64
import dataclasses
import functools
import smtplib
import ssl
import threading

from . import base, listener

# What a fault does instead of the usual answer.
CLOSE, SILENT = "close", "silent"
# The steps at which it can, in the order of a dialogue.
STEPS = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "after-dot")

_EXTENSIONS = ("8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING", "VRFY")
_AUTH = "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER"


@dataclasses.dataclass
class Transaction:
    """One message as it was received."""
    login: str
    mail: str
    rcpts: list
    octets: bytes = b""
    accepted: bool = False


@dataclasses.dataclass
class Fault:
    """At `step`, after it went well `skip` times: `answer` (a reply line, CLOSE or SILENT), `times` times (None: always)."""
    step: str
    answer: str
    skip: int = 0
    times: int = None

    def strikes(self):
        """Whether it strikes now; counts."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Gone(Exception):
    """The dialogue ends here."""


class Sink:
    """Listens with STARTTLS, with implicit TLS and in clear, each on its own port."""
    size = 104857600
    lacks = ()  # extensions that it does not offer
    external = None  # whom a client certificate names, where one is asked for (RFC 4422 §A)

    def __init__(self, tls, users, lmtp=None):
        self.tls, self.users, self.lmtp = tls, users, lmtp
        self.transactions, self.faults, self.attempts = [], [], []
        self._raw, self._lock, self._over = [], threading.Lock(), threading.Event()
        # It listens from the start: its ports go into configurations before anything runs.
        self._listeners = {kind: listener.Listener(functools.partial(self._serve, kind)) for kind in ("starttls", "implicit", "plain")}

    def start(self):
        """Begins to answer."""
        for each in self._listeners.values():
            each.start()
        return self

    def stop(self):
        """Closes its listeners and ends what it held silent."""
        self._over.set()
        for each in self._listeners.values():
            each.stop()

    def port(self, kind):
        """The port for `starttls`, `implicit` or `plain`."""
        return self._listeners[kind].port

    @property
    def starttls_port(self):
        """The port with STARTTLS."""
        return self.port("starttls")

    @property
    def implicit_port(self):
        """The port with TLS from the first octet."""
        return self.port("implicit")

    def fail(self, step, answer, skip=0, times=None):
        """Adds a fault."""
        assert step in STEPS, step
        self.faults.append(Fault(step, answer, skip, times))

    def heal(self):
        """Takes every fault away."""
        self.faults.clear()

    def forget(self):
        """Forgets what was received."""
        with self._lock:
            self.transactions.clear()
            self._raw.clear()
            self.attempts.clear()

    def received(self):
        """Every octet that came in on every connection, after TLS."""
        with self._lock:
            return b"".join(self._raw)

    def accepted(self):
        """The messages that were answered 250."""
        return [t for t in self.transactions if t.accepted]

    def keep(self, octets):
        """Adds octets to what was received."""
        with self._lock:
            self._raw.append(octets)

    def _serve(self, kind, connection):
        try:
            connection.settimeout(120)
            if kind == "implicit":
                connection = self.tls.server_context().wrap_socket(connection, server_side=True)
            Dialogue(self, connection, kind).run()
        except (Gone, OSError, ssl.SSLError):
            pass
        finally:
            connection.close()

    def deliver(self, transaction):
        """Hands a message to Dovecot: one LMTP transaction per recipient, because smtplib reads one reply after DATA."""
        sender = _path(transaction.mail)
        with smtplib.LMTP(base.LOOPBACK, self.lmtp) as lmtp:
            for recipient in map(_path, transaction.rcpts):
                lmtp.sendmail(sender, [recipient], transaction.octets, mail_options=["BODY=8BITMIME"])

    def wait_silent(self):
        """Says nothing until the sink is stopped."""
        self._over.wait(300)
        raise Gone


class Dialogue:
    """One connection."""

    def __init__(self, sink, connection, kind):
        self.sink, self.connection, self.kind = sink, connection, kind
        self.secure, self.login, self.buffer = kind == "implicit", "", b""
        self.transaction = None

    def run(self):
        """Until the client leaves."""
        self.answer("connect", "220 mx.lab.test ESMTP")
        while True:
            line = self.line()
            verb = line.split(b" ", 1)[0].upper().decode("ascii", "replace")
            handler = getattr(self, "on_" + verb.lower(), None) if verb.isalpha() else None
            if handler is None:
                self.say("502 5.5.1 not known here")
            else:
                handler(line.decode("utf-8", "replace"))

    def on_ehlo(self, _line):
        """RFC 5321 §4.1.1.1."""
        words = ["mx.lab.test", f"SIZE {self.sink.size}", *(e for e in _EXTENSIONS if e not in self.sink.lacks), _AUTH + (" EXTERNAL" if self.sink.external else "")] + (["STARTTLS"] if self.kind == "starttls" and not self.secure else [])
        lines = [f"250-{w}" for w in words[:-1]] + [f"250 {words[-1]}"]
        self.answer("ehlo", "\r\n".join(lines))

    def on_helo(self, _line):
        """RFC 5321 §4.1.1.1."""
        self.answer("ehlo", "250 mx.lab.test")

    def on_starttls(self, _line):
        """RFC 3207."""
        if self.kind != "starttls" or self.secure:
            return self.say("503 5.5.1 no")
        if self.answer("starttls", "220 2.0.0 go ahead"):
            self.connection = self.sink.tls.server_context().wrap_socket(self.connection, server_side=True)
            self.secure, self.buffer, self.login = True, b"", ""

    def on_auth(self, line):
        """RFC 4954: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER; a token is accepted when it is `token-` and the password."""
        words = line.split()
        mechanism = words[1].upper()
        first = words[2] if len(words) > 2 else None
        if mechanism == "EXTERNAL":
            named = self.sink.external if self.secure and self.connection.getpeercert() else ""
            user, secret = named, self.sink.users.get(named)
        elif mechanism == "LOGIN":
            user = _plain(first) if first else self.challenge("VXNlcm5hbWU6")
            secret = self.challenge("UGFzc3dvcmQ6")
        else:
            given = _plain(first) if first else self.challenge("")
            user, secret = _credentials(mechanism, given)
        self.sink.attempts.append((mechanism, user))
        right = user in self.sink.users and secret in (self.sink.users[user], "token-" + self.sink.users[user])
        if self.answer("auth", "235 2.7.0 welcome" if right else "535 5.7.8 wrong user or password") and right:
            self.login = user

    def on_mail(self, line):
        """RFC 5321 §4.1.1.2."""
        if not self.login:
            return self.say("530 5.7.0 log in first")
        if self.answer("mail", "250 2.1.0 ok"):
            self.transaction = Transaction(self.login, line, [])

    def on_rcpt(self, line):
        """RFC 5321 §4.1.1.3."""
        if self.transaction is None:
            return self.say("503 5.5.1 MAIL first")
        if self.answer("rcpt", "250 2.1.5 ok"):
            self.transaction.rcpts.append(line)

    def on_data(self, _line):
        """RFC 5321 §4.1.1.4. The octets are kept as received, the transparency dots taken away."""
        if self.transaction is None or not self.transaction.rcpts:
            return self.say("503 5.5.1 RCPT first")
        if not self.answer("data", "354 go ahead"):
            return None
        transaction, self.transaction = self.transaction, None
        self.sink.transactions.append(transaction)
        if self.fault("body"):
            self.receive()
            raise Gone
        while b"\r\n.\r\n" not in b"\r\n" + self.buffer:
            self.receive()
        # A message that is empty ends with the very first dot.
        raw, self.buffer = (b"\r\n" + self.buffer).split(b"\r\n.\r\n", 1)
        transaction.octets = (raw + b"\r\n")[2:].replace(b"\r\n.", b"\r\n") if not raw.startswith(b"\r\n.") \
            else (raw + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]
        self.finish(transaction)
        return None

    def finish(self, transaction):
        """The answer that counts."""
        fault = self.fault("dot")
        if fault:
            return self.act(fault)
        if self.sink.lmtp:
            try:
                self.sink.deliver(transaction)
            except (smtplib.SMTPException, OSError):
                return self.say("550 5.1.1 could not be delivered")
        transaction.accepted = True
        self.say("250 2.0.0 queued")
        after = self.fault("after-dot")
        return self.act(after) if after else None

    def on_rset(self, _line):
        """RFC 5321 §4.1.1.5."""
        self.transaction = None
        self.say("250 2.0.0 ok")

    def on_noop(self, _line):
        """RFC 5321 §4.1.1.9."""
        self.say("250 2.0.0 ok")

    def on_quit(self, _line):
        """RFC 5321 §4.1.1.10."""
        self.say("221 2.0.0 bye")
        raise Gone

    def challenge(self, text):
        """A SASL challenge (base64 already) and the decoded answer."""
        self.say(f"334 {text}")
        return _plain(self.line().decode("ascii", "replace"))

    def answer(self, step, usual):
        """Says the usual reply, unless a fault strikes at this step; whether all went well."""
        fault = self.fault(step)
        if fault:
            self.act(fault)
            return False
        self.say(usual)
        return not usual.startswith(("4", "5"))

    def fault(self, step):
        """The fault that strikes at this step, if any."""
        return next((f for f in list(self.sink.faults) if f.step == step and f.strikes()), None)

    def act(self, fault):
        """What the fault does."""
        if fault.answer == CLOSE:
            raise Gone
        if fault.answer == SILENT:
            self.sink.wait_silent()
        self.say(fault.answer)

    def say(self, text):
        """Sends a reply."""
        self.connection.sendall(text.encode() + b"\r\n")

    def line(self):
        """The next command line, without its CRLF."""
        while b"\r\n" not in self.buffer:
            self.receive()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def receive(self):
        """Reads more, keeps it."""
        octets = self.connection.recv(65536)
        if not octets:
            raise Gone
        self.sink.keep(octets)
        self.buffer += octets


def _plain(text):
    try:
        return base64.b64decode(text or "").decode("utf-8", "replace")
    except ValueError:
        return ""


def _credentials(mechanism, given):
    """User and secret of an initial response (RFC 4616, RFC 7628, and XOAUTH2 as its inventor documents it)."""
    if mechanism == "PLAIN":
        parts = given.split("\0")
        return (parts[1], parts[2]) if len(parts) == 3 else ("", "")
    fields = given.split("\x01")
    bearer = next((f.split("Bearer ", 1)[1] for f in fields if "Bearer " in f), "")
    if mechanism == "XOAUTH2":
        return fields[0].replace("user=", ""), bearer
    return fields[0].split("a=", 1)[-1].rstrip(","), bearer


def _path(line):
    return line[line.index("<") + 1:line.index(">")]
