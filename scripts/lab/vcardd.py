"""A virtual card in a process of its own: python3 -m lab.vcardd DESCRIPTION.json, commands on standard input, a line of JSON for each.

It puts itself into the reader of vpcd, whatever becomes of pcscd meanwhile. Commands: `in`, `out`, `delay MS`, `stat`, `quit`;
`at INS pull`, `at INS hold` for the next command of that instruction, `at INS fail SW` for all, until `behave`; `go` for what is held.
"""
from __future__ import annotations

import json
import pathlib
import socket
import sys
import threading

from . import applet, cardkeys

_HOST = "127.0.0.1"
# Of what vpcd says in one octet (0 off, 1 on, 2 reset), only this wants an answer.
_ATR = 4


class Card:
    """The card and whether it is in the reader."""

    def __init__(self, described):
        self._inside = applet.Applet({int(ref, 16): cardkeys.read_key(pair["key"]) for ref, pair in described["pairs"].items()},
                                     {int(ref, 16): cardkeys.pem(pair["certificate"]) for ref, pair in described["pairs"].items()},
                                     described["pin"], described["tries"], bytes.fromhex(described["serial"]))
        self._port, self._atr = described["port"], bytes.fromhex(described["atr"])
        self._wanted, self._go = threading.Event(), threading.Event()
        self._link, self._lock, self._held = None, threading.Lock(), False
        self._delay, self._traps = described["delay"] / 1000, {}
        self._pause = threading.Event()

    def serve(self):
        """Stays in the reader while it is wanted there; a reader that is away is looked for until it is back."""
        while True:
            self._wanted.wait()
            try:
                with socket.create_connection((_HOST, self._port), 5) as link:
                    link.settimeout(None)
                    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._in(link)
            except OSError:
                self._pause.wait(0.02)

    def _in(self, link):
        with self._lock:
            self._link = link
        try:
            while self._wanted.is_set() and (message := _message(link)) is not None:
                self._answer(link, message)
        finally:
            with self._lock:
                self._link = None

    def _answer(self, link, message):
        if message == bytes([_ATR]):
            _send(link, self._atr)
        elif len(message) == 1:
            self._inside.power()
        else:
            self._pause.wait(self._delay)
            if (response := self._transmitted(message)) is not None:
                _send(link, response)

    def _transmitted(self, apdu):
        """The response; None where there is none any more. A command without data only asks, and falls into no trap."""
        does, value = self._traps.get(apdu[1], (None, None)) if len(apdu) > 5 else (None, None)
        if does in ("pull", "hold"):
            del self._traps[apdu[1]]
        if does == "pull":
            self.out()
            return None
        if does == "hold":
            self._hold()
        return bytes.fromhex(value) if does == "fail" else self._inside.transmit(apdu)

    def _hold(self):
        self._go.clear()
        self._held = True
        self._go.wait()
        self._held = False

    def out(self):
        """Pulled, whatever it is doing."""
        self._wanted.clear()
        with self._lock:
            if self._link is not None:
                self._link.shutdown(socket.SHUT_RDWR)

    def obey(self, command, *words):
        """One command; the state after it."""
        if command == "in":
            self._wanted.set()
        elif command == "out":
            self.out()
        elif command == "delay":
            self._delay = float(words[0]) / 1000
        elif command == "at":
            self._traps[int(words[0], 16)] = (words[1], words[2] if len(words) > 2 else None)
        elif command == "behave":
            self._traps = {}
        elif command == "go":
            self._go.set()
        return {"in": self._wanted.is_set(), "held": self._held, "tries": self._inside.tries, **self._inside.counts}


def _message(link):
    """What vpcd says, with its length before it; None at its end."""
    length = _octets(link, 2)
    return None if length is None else _octets(link, int.from_bytes(length, "big"))


def _octets(link, count):
    found = b""
    while len(found) < count:
        # It sends length and content apart: without this each APDU would wait 40 ms for an acknowledgement.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        more = link.recv(count - len(found))
        if not more:
            return None
        found += more
    return found


def _send(link, octets):
    link.sendall(len(octets).to_bytes(2, "big") + octets)


def main(description):
    """Until standard input ends."""
    card = Card(json.loads(pathlib.Path(description).read_text()))
    threading.Thread(target=card.serve, daemon=True).start()
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            return
        print(json.dumps(card.obey(*words)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
