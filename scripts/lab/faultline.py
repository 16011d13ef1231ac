"""A relay between Souspli and a real server that knows every step of their conversation and can break it at any one of them."""
from __future__ import annotations

import collections
import contextlib
import select
import socket
import ssl
import threading

from . import base, listener, wire

# What can happen at a step. CLOSE: both connections end. TORN: half of the octets get through first. STALL: nothing more is said, nor
# heard. GARBAGE: octets that are no protocol. LATER and NEVER: a refusal for now, for good. KILL: Souspli itself dies.
CLOSE, TORN, STALL, GARBAGE, LATER, NEVER, KILL = FAULTS = ("close", "torn", "stall", "garbage", "4xx/NO", "5xx/BAD", "kill -9")

_GARBAGE = b"\x00\xff\xfe)]}\x80 {999999999}x\r\n\x01((((\"\\\r\n"

# `toward` the server (a command that Souspli sends) or from it (the answer that it waits for); `number`: which of that name.
Step = collections.namedtuple("Step", "kind toward name number")
# One message that the server has taken: its recipients, and the octets as they came.
Taken = collections.namedtuple("Taken", "recipients octets")


class Gone(Exception):
    """The conversation ends here."""


class Plan:
    """What is to happen, and what has been seen. One for all relays: a flow may speak with several servers."""

    def __init__(self, kill):
        self._kill, self._lock = kill, threading.Lock()
        self.seen, self.transcript, self.taken = [], [], []
        self.delivered = collections.Counter()  # messages that the server has taken, by recipient, since the beginning
        self._step = self._fault = None
        self.struck, self.stalled = threading.Event(), threading.Event()

    def arm(self, step=None, fault=None):
        """From here on: that fault at that step (none: only watch). What was seen before is forgotten."""
        with self._lock:
            self._step, self._fault = step, fault
            self.seen.clear()
            self.taken.clear()
            self.struck.clear()
            self.stalled.clear()

    def heal(self):
        """No fault any more; what was seen stays."""
        with self._lock:
            self._step = None

    def at(self, kind, toward, name):
        """Notes a step; the fault that strikes there, once."""
        with self._lock:
            number = sum((s.kind, s.toward, s.name) == (kind, toward, name) for s in self.seen)
            step = Step(kind, toward, name, number)
            self.seen.append(step)
            if step != self._step:
                return None
            self._step = None
        if self._fault == STALL:
            self.stalled.set()
        self.struck.set()
        return self._fault

    def kill(self):
        """Ends Souspli the hard way."""
        self._kill()

    def take(self, taken):
        """Notes a message that the server has taken."""
        with self._lock:
            self.taken.append(taken)
            self.delivered.update(taken.recipients)

    def keep(self, octets):
        """Adds to what passed."""
        with self._lock:
            self.transcript.append(octets)

    def passed(self):
        """Everything that passed since the last call, both ways, after TLS."""
        with self._lock:
            whole = b"".join(self.transcript)
            self.transcript.clear()
            return whole


class Relay:
    """Listens for one protocol, in front of the port of a server that speaks it in clear (SMTP: and STARTTLS)."""

    def __init__(self, kind, tls, port, plan):
        self.kind, self.tls, self.upstream, self.plan = kind, tls, port, plan
        self._listener = listener.Listener(self._serve)
        self.port = self._listener.port

    def start(self):
        """Begins to answer."""
        self._listener.start()
        return self

    def stop(self):
        """Closes its listener."""
        self._listener.stop()

    def _serve(self, connection):
        client, server = End(connection), None
        try:
            fault = self.plan.at(self.kind, True, "connect")
            if fault == KILL:
                self.plan.kill()
            while fault == STALL and client.recv():
                pass
            if fault:
                raise Gone
            if self.kind != "smtp":
                client.secure(self.tls.server_context(), server_side=True)
            server = End(socket.create_connection((base.LOOPBACK, self.upstream)))
            Conversation(self, client, server).run()
        except (Gone, OSError):
            pass
        finally:
            for end in (client, server):
                if end is not None:
                    end.close()


class End:
    """One side of a connection, read by one thread and written by another: OpenSSL lets only one at a time into a connection."""

    def __init__(self, connection):
        self._socket, self._lock = connection, threading.Lock()
        connection.setblocking(False)

    def secure(self, context, **how):
        """Speaks TLS from here."""
        self._socket.setblocking(True)
        self._socket = context.wrap_socket(self._socket, **how)
        self._socket.setblocking(False)

    def recv(self):
        """What comes next; nothing at the end."""
        while True:
            if not getattr(self._socket, "pending", int)():
                select.select([self._socket], [], [])
            with self._lock, contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return self._socket.recv(1 << 16)

    def sendall(self, octets):
        """All of them."""
        while octets:
            count = 0
            with self._lock, contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                count = self._socket.send(octets)
            octets = octets[count:]
            if octets and not count:
                select.select([], [self._socket], [])

    def end(self):
        """Nothing more either way: whoever reads sees the end. That of an SSLSocket would forget TLS first."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self):
        """When nobody reads it any more."""
        self.end()
        self._socket.close()


class Conversation:
    """One connection: a thread for each direction."""

    def __init__(self, relay, client, server):
        self.relay, self.plan, self.kind = relay, relay.plan, relay.kind
        self.client, self.server = client, server
        self.words = wire.WORDS[self.kind]()
        self.lock, self.secured, self.mute = threading.Lock(), threading.Event(), False

    def run(self):
        """Until one side leaves."""
        down = threading.Thread(target=self._guarded, args=(self._down,), daemon=True)
        down.start()
        self._guarded(self._up)
        down.join()

    def _guarded(self, work):
        try:
            work()
        except (Gone, OSError, ValueError):
            pass
        finally:
            self.secured.set()
            self.client.end()
            self.server.end()

    def _up(self):
        """What Souspli says."""
        while True:
            unit = self.words.command(self._from_client)
            fault = None if self.mute else self.plan.at(self.kind, True, unit.name)
            self._end(fault, unit, self.server)
            if self.mute:
                continue
            refused = self._instead(fault, unit)
            with self.lock:
                self.words.asked(unit, refused)
                if refused is not None:
                    self._flush()
            if refused is None:
                self.server.sendall(unit.octets)
                if unit.name == "STARTTLS":
                    self.secured.wait(60)

    def _down(self):
        """What the server says."""
        while not self.mute:
            unit = self.words.answer(self._from_server)
            fault = self.plan.at(self.kind, False, unit.name)
            # Whether the server has taken a message is the server's word, whatever becomes of that word.
            if (taken := self.words.taken(unit)) is not None:
                self.plan.take(Taken(*taken))
            self._end(fault, unit, self.client)
            if self.mute:
                break
            refused = self._instead(fault, unit)
            with self.lock:
                self.client.sendall(unit.octets if refused is None else refused + unit.octets if fault == GARBAGE else refused)
                self.words.answered(unit, refused is None)
                self._flush()
            if refused is not None and fault != GARBAGE and unit.waits:
                raise Gone  # the server waits for what will not come
            if self.words.secure(unit) and refused is None:
                self.server.secure(self.relay.tls.client_context(), server_hostname="localhost")
                self.client.secure(self.relay.tls.server_context(), server_side=True)
                self.secured.set()
        while self.server.recv():  # stalled: until Souspli leaves
            pass

    def _end(self, fault, unit, to):
        """The faults after which nothing more is said."""
        if fault == KILL:
            self.plan.kill()
        if fault == TORN:
            to.sendall(unit.octets[:max(1, len(unit.octets) // 2)])
        if fault in (KILL, TORN, CLOSE):
            raise Gone
        self.mute = self.mute or fault == STALL

    def _instead(self, fault, unit):
        """What Souspli hears in the server's place (garbage: ahead of the server's answer, if there is one)."""
        if fault == GARBAGE:
            return _GARBAGE
        return self.words.refusal(unit, fault == LATER) if fault in (LATER, NEVER) else None

    def _flush(self):
        for octets in self.words.ready():
            self.client.sendall(octets)

    def _from_client(self):
        return self._read(self.client)

    def _from_server(self):
        return self._read(self.server)

    def _read(self, end):
        octets = end.recv()
        if not octets:
            raise Gone
        self.plan.keep(octets)
        return octets

