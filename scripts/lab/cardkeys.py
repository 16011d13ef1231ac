"""What a virtual card does with its keys: RSA and P-256 in plain Python, from PEM files that openssl wrote. For trial keys only."""
from __future__ import annotations

import base64
import pathlib
import secrets

# P-256 (SEC 2 v2, 2.4.2): the field, the curve y^2 = x^3 - 3x + B, its base point and the order of it.
_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_BASE = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
         0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class CardError(Exception):
    """What the card was asked does not fit the key."""


class RsaKey:
    """A private key as a card uses it: the bare operation."""

    def __init__(self, numbers):
        self._modulus, _, _, *self._parts = numbers[1:9]
        self.size = (self._modulus.bit_length() + 7) // 8

    def apply(self, octets):
        """The operation on a block of the modulus's size, by the Chinese remainder theorem."""
        number = int.from_bytes(octets, "big")
        if len(octets) != self.size or number >= self._modulus:
            raise CardError("not a block of this key")
        p, q, of_p, of_q, inverse = self._parts
        low = pow(number, of_q, q)
        high = (pow(number, of_p, p) - low) * inverse % p
        return (low + high * q).to_bytes(self.size, "big")


class EcKey:
    """A private key on P-256."""

    def __init__(self, scalar):
        self._scalar = scalar

    def sign(self, digest):
        """An ECDSA signature of a digest, as DER."""
        number = int.from_bytes(digest[:32], "big")
        while True:
            once = secrets.randbelow(_ORDER - 1) + 1
            r = _times(once, _BASE)[0] % _ORDER
            s = pow(once, -1, _ORDER) * (number + r * self._scalar) % _ORDER
            if r and s:
                return tlv(0x30, _integer(r) + _integer(s))

    def agree(self, point):
        """The secret shared with an uncompressed point: its product's abscissa."""
        if len(point) != 65 or point[0] != 4:
            raise CardError("not an uncompressed point")
        x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
        if max(x, y) >= _P or (y * y - x * x * x + 3 * x - _B) % _P:
            raise CardError("not on the curve")
        return _times(self._scalar, (x, y))[0].to_bytes(32, "big")


def read_key(file):
    """The key of a PKCS#8 PEM file without a password."""
    info = items(items(pem(file))[0][1])
    inside = items(items(info[2][1])[0][1])
    if inside[0][1] == b"\1":  # version 1: ECPrivateKey (RFC 5915)
        return EcKey(int.from_bytes(inside[1][1], "big"))
    return RsaKey([int.from_bytes(value, "big") for _, value in inside])


def pem(file):
    """The octets inside the first block of a PEM file."""
    text = pathlib.Path(file).read_text().partition("-----BEGIN ")[2]
    return base64.b64decode(text.partition("-----\n")[2].partition("-----END")[0])


def tlv(tag, value):
    """Tag, length, value, as DER and PIV write them."""
    length = len(value)
    if length < 0x80:
        head = bytes([length])
    else:
        octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
        head = bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + head + value


def items(octets):
    """[(tag, value)] of what stands one after the other; CardError when it is cut."""
    found = []
    while octets:
        if len(octets) < 2:
            raise CardError("cut")
        start = 2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0)
        length = int.from_bytes(octets[2:start], "big") if octets[1] & 0x80 else octets[1]
        if len(octets) < start + length:
            raise CardError("cut")
        found.append((octets[0], octets[start:start + length]))
        octets = octets[start + length:]
    return found


def _integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _times(scalar, point):
    """That multiple of a point."""
    total = None
    while scalar:
        if scalar & 1:
            total = _sum(total, point)
        point, scalar = _sum(point, point), scalar >> 1
    return total


def _sum(a, b):
    """Two points added; None is the one at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % _P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, _P) % _P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P) % _P
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P
