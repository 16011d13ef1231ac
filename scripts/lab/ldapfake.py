"""LDAP servers that do what slapd does not: lie, wait, cut, send without end. Loopback only."""
from __future__ import annotations

import socket
import threading

from . import base, listener


class Counted(listener.Listener):
    """Started; each connection gets `serve(connection)`; `count`: how many there were."""

    def __init__(self, serve):
        self.count, self._one = 0, serve
        super().__init__(self._each)
        self.start()

    def _each(self, connection):
        self.count += 1
        with connection:
            try:
                self._one(connection)
            except OSError:
                pass


class Fake(Counted):
    """Answers every search by what `answer(id)` yields, octets by octets; anything else by silence."""

    def __init__(self, answer):
        self.answer = answer
        super().__init__(self._talk)

    def _talk(self, connection):
        held = b""
        while True:
            while (size := _length(held)) and len(held) >= size:
                message, held = held[:size], held[size:]
                for octets in self.answer(_identifier(message), _operation(message)):
                    connection.sendall(octets)
            got = connection.recv(65536)
            if not got:
                return
            held += got


class Proxy(Counted):
    """In front of a real server; `wait`: seconds before each piece of an answer; `cut`: octets of answers after which all ends."""

    def __init__(self, port, wait=0.0, cut=None):
        self.behind, self.wait, self.cut, self.passed = port, wait, cut, 0
        self.pause = threading.Event()
        super().__init__(self._talk)

    def _talk(self, connection):
        with socket.create_connection((base.LOOPBACK, self.behind)) as server:
            threading.Thread(target=self._forth, args=(connection, server), daemon=True).start()
            left = self.cut
            while octets := server.recv(65536):
                self.pause.wait(self.wait)
                self.passed += len(octets)
                if left is not None and len(octets) >= left:
                    connection.sendall(octets[:left])
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                left = None if left is None else left - len(octets)
                connection.sendall(octets)

    @staticmethod
    def _forth(connection, server):
        try:
            while octets := connection.recv(65536):
                server.sendall(octets)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def tlv(tag, *parts):
    """One value of BER."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def message(number, operation):
    """An LDAPMessage."""
    return tlv(0x30, tlv(2, number.to_bytes(4, "big").lstrip(b"\0") or b"\0"), operation)


def done(number, code=0, *more, operation=0x65, text=b""):
    """The end of a search, or of another operation."""
    return message(number, tlv(operation, tlv(10, bytes([code])), tlv(4), tlv(4, text), *more))


def entry(number, **attributes):
    """An entry; `_` in a name stands for `;`."""
    listed = [tlv(0x30, tlv(4, name.replace("_", ";").encode()), tlv(0x31, *(tlv(4, value) for value in values))) for name, values in attributes.items()]
    return message(number, tlv(0x64, tlv(4, b"cn=x"), tlv(0x30, *listed)))


def reference(number, *urls):
    """SearchResultReference."""
    return message(number, tlv(0x73, *(tlv(4, url.encode()) for url in urls)))


def _length(octets):
    if len(octets) < 2:
        return None
    if octets[1] < 128:
        return 2 + octets[1]
    count = octets[1] & 0x7F
    return 2 + count + int.from_bytes(octets[2:2 + count], "big") if len(octets) >= 2 + count else None


def _identifier(octets):
    start = 2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0)
    return int.from_bytes(octets[start + 2:start + 2 + octets[start + 1]], "big")


def _operation(octets):
    start = 2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0)
    return octets[start + 2 + octets[start + 1]]
