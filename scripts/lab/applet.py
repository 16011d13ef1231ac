"""The inside of a virtual card: what of PIV (NIST SP 800-73-4, part 2) OpenSC asks of a card that signs, opens and agrees."""
from __future__ import annotations

from . import cardkeys

# Keys, and the data objects of their certificates.
CERTIFICATES = {0x9A: "5FC105", 0x9C: "5FC10A", 0x9D: "5FC10B", 0x9E: "5FC101"}
# Wants the PIN for each use; wants none.
_SIGNATURE, _FREE = 0x9C, 0x9E
_APPLICATION = bytes.fromhex("A000000308000010000100")
_CAPABILITIES = "F015A000000308" + "00" * 14 + "F10121F20121F300F40100F50110F600F700FA00FB00FC00FD00FE00"
# An issuer outside the federal agencies: then the card is told apart by the identifier that follows.
_ISSUER = "3019D4E739DA739CED39CE739D836858210842108421C84210C3EB"

_SELECT, _VERIFY, _GET_DATA, _AUTHENTICATE, _GET_RESPONSE = 0xA4, 0x20, 0xCB, 0x87, 0xC0
_GOOD, _LENGTH, _SECURITY, _BLOCKED, _PARAMETER, _NOT_FOUND, _NO_KEY, _INSTRUCTION = (
    0x9000, 0x6700, 0x6982, 0x6983, 0x6A80, 0x6A82, 0x6A88, 0x6D00)


class Refused(Exception):
    """A status word that is not 9000."""


class Applet:
    """Keys and certificates by their PIV references, a PIN, and how often it may be wrong; `serial`: 16 octets."""

    def __init__(self, keys, certificates, pin, tries, serial):
        self._keys, self._pin, self._most = keys, pin.encode(), tries
        self.tries, self.counts = tries, {"apdus": 0, "powered": 0, "right": 0, "wrong": 0, "uses": {}}
        self._objects = {bytes.fromhex(CERTIFICATES[ref]): _certificate(der) for ref, der in certificates.items()}
        self._objects[bytes.fromhex("5FC107")] = cardkeys.tlv(0x53, bytes.fromhex(_CAPABILITIES))
        self._objects[bytes.fromhex("5FC102")] = cardkeys.tlv(0x53, bytes.fromhex(_ISSUER) + cardkeys.tlv(0x34, serial) + bytes.fromhex("350832303939313233313E00FE00"))
        self._objects[b"\x7e"] = cardkeys.tlv(0x7E, cardkeys.tlv(0x4F, _APPLICATION) + bytes.fromhex("5F2F024000"))
        self._off()

    def power(self):
        """On, off, or reset: the card forgets who has shown the PIN."""
        self.counts["powered"] += 1
        self._off()

    def _off(self):
        self._verified = self._just_verified = False
        self._chain, self._rest = b"", b""

    def transmit(self, apdu):
        """The response to a command, status word included."""
        self.counts["apdus"] += 1
        try:
            header, data, expected = _parsed(apdu)
            if header[1] != _GET_RESPONSE:
                self._rest = b""
                self._chain += data
                if header[0] & 0x10:  # more of it follows
                    return _GOOD.to_bytes(2, "big")
                data, self._chain = self._chain, b""
                self._rest = self._obey(*header[1:], data)
        except Refused as refused:
            self._chain = b""
            return refused.args[0].to_bytes(2, "big")
        now, self._rest = self._rest[:expected], self._rest[expected:]
        return now + (bytes([0x61, min(len(self._rest), 256) & 0xFF]) if self._rest else b"\x90\0")

    def _obey(self, instruction, p1, p2, data):
        if instruction == _SELECT and p1 == 4:
            return self._select(data)
        if (instruction, p1, p2) == (_VERIFY, 0, 0x80):
            return self._verify(data)
        if (instruction, p1, p2) == (_GET_DATA, 0x3F, 0xFF):
            return self._object(data)
        if instruction == _AUTHENTICATE:
            return self._authenticate(p2, data)
        raise Refused(_INSTRUCTION)

    def _select(self, name):
        if len(name) < 5 or not _APPLICATION.startswith(name):
            raise Refused(_NOT_FOUND)
        return cardkeys.tlv(0x61, cardkeys.tlv(0x4F, _APPLICATION[5:]) + cardkeys.tlv(0x79, cardkeys.tlv(0x4F, _APPLICATION[:5])))

    def _object(self, data):
        if data[:1] != b"\x5c" or data[2:] not in self._objects:
            raise Refused(_NOT_FOUND)
        return self._objects[data[2:]]

    def _verify(self, data):
        if not data and self._verified:
            return b""
        if self.tries and data:
            self._verified = self._just_verified = data.rstrip(b"\xff") == self._pin
            self.tries = self._most if self._verified else self.tries - 1
            self.counts["right" if self._verified else "wrong"] += 1
            if self._verified:
                return b""
        raise Refused(0x63C0 | self.tries if self.tries else _BLOCKED)

    def _authenticate(self, reference, data):
        just, self._just_verified = self._just_verified, False
        if reference not in self._keys:
            raise Refused(_NO_KEY)
        if reference != _FREE and not (just if reference == _SIGNATURE else self._verified):
            raise Refused(_SECURITY)
        try:
            result = self._used(self._keys[reference], dict(cardkeys.items(dict(cardkeys.items(data))[0x7C])))
        except (cardkeys.CardError, KeyError):
            raise Refused(_PARAMETER) from None
        name = f"{reference:02X}"
        self.counts["uses"][name] = self.counts["uses"].get(name, 0) + 1
        return cardkeys.tlv(0x7C, cardkeys.tlv(0x82, result))

    def _used(self, key, asked):
        if 0x85 in asked:
            return key.agree(asked[0x85])
        return key.apply(asked[0x81]) if isinstance(key, cardkeys.RsaKey) else key.sign(asked[0x81])


def _certificate(der):
    """The data object of a certificate that is not compressed."""
    return cardkeys.tlv(0x53, cardkeys.tlv(0x70, der) + bytes.fromhex("710100FE00"))


def _parsed(apdu):
    """(class, instruction, P1, P2), data, how many octets are expected: short and extended (ISO 7816-4, 5.1)."""
    header, body = tuple(apdu[:4]), apdu[4:]
    if len(header) < 4:
        raise Refused(_LENGTH)
    if len(body) < 2:
        return header, b"", (body[0] if body else 0) or 256
    wide = body[0] == 0
    if wide and len(body) == 3:
        return header, b"", int.from_bytes(body[1:], "big") or 65536
    start = 3 if wide else 1
    length = int.from_bytes(body[1:3], "big") if wide else body[0]
    data, rest = body[start:start + length], body[start + length:]
    if len(data) < length or len(rest) > start:
        raise Refused(_LENGTH)
    return header, data, int.from_bytes(rest, "big") or (65536 if wide else 256)
