"""Tokens of SoftHSM2 in a folder of their own: no root, no reader, no system-wide configuration.

It never locks a PIN and has no slot events: where these matter, `vcard` has a card that does.
"""
from __future__ import annotations

import glob
import os
import pathlib

from . import base, cps, pkcs11

# What a CPS3 knows of RSA: everything but PSS. SoftHSM 2.6 does not take out the first one that such a list names.
WITHOUT_PSS = "-CKM_MD5,CKM_RSA_PKCS_PSS,CKM_SHA1_RSA_PKCS_PSS,CKM_SHA224_RSA_PKCS_PSS,CKM_SHA256_RSA_PKCS_PSS,CKM_SHA384_RSA_PKCS_PSS,CKM_SHA512_RSA_PKCS_PSS"
PIN, SO_PIN = "1234", "12345678"
_PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/lib*/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
_CONFIGURATION = """directories.tokendir = {tokens}
objectstore.backend = file
log.level = ERROR
slots.removable = true
slots.mechanisms = {mechanisms}
library.reset_on_fork = false
"""


def module():
    """The PKCS#11 module; None when it is not installed."""
    return next((pathlib.Path(found) for place in _PLACES for found in sorted(glob.glob(place))), None)


def available():
    """Whether tokens can be made here."""
    return bool(module() and base.program("softhsm2-util") and pkcs11.available())


class SoftHsm:
    """A folder of tokens; programs that shall see them have `environment` in theirs; `mechanisms`: what they can do."""

    def __init__(self, folder: pathlib.Path, mechanisms="ALL"):
        self.folder, self.module, self.tokens = folder, module(), []
        self.configuration = folder / "softhsm2.conf"
        (folder / "tokens").mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(_CONFIGURATION.format(tokens=folder / "tokens", mechanisms=mechanisms))

    @property
    def environment(self):
        """What the module asks of the environment."""
        return {"SOFTHSM2_CONF": str(self.configuration)}

    def token(self, label="CPS3v1-0000000001", pin=PIN, pairs=()):
        """One token more, with those pairs in it."""
        base.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", pin, env=self._whole())
        token = Token(self.folder, self.environment, label, pin)
        for pair in pairs:
            token.put(pair)
        self.tokens.append(token)
        return token

    def remove(self, token):
        """Takes that token away with its keys; a module that is loaded may have to be loaded anew to see it."""
        base.run("softhsm2-util", "--delete-token", "--token", token.label, env=self._whole())
        self.tokens.remove(token)

    def _whole(self):
        return dict(os.environ, **self.environment)


class Token(pkcs11.Tool):
    """One token."""

    def __init__(self, folder: pathlib.Path, environment, label, pin):
        super().__init__(module(), environment, pin, "--token-label", label)
        self._folder, self.label = folder, label

    def put(self, pair: cps.Pair):
        """Writes a key, which cannot be read again, and its certificate, which everybody can."""
        named = ("--id", pair.identifier, "--label", pair.label)
        uses = [f"--usage-{use}" for use in pair.uses]
        key = self._der("pkey", pair.key)
        self.tool("--write-object", key, "--type", "privkey", "--private", "--sensitive", *uses, *(["--always-auth"] if pair.always else []), *named)
        key.unlink()
        self.tool("--write-object", self._der("x509", pair.certificate), "--type", "cert", *named)

    def put_data(self, label, octets):
        """Writes a data object that can be read without a PIN, as CPS_INFO_PS on a CPS."""
        file = self._folder / "data"
        file.write_bytes(octets)
        self.tool("--write-object", file, "--type", "data", "--label", label, "--application-label", label)

    def _der(self, kind, file):
        out = self._folder / f"{kind}.der"
        base.run("openssl", kind, "-in", file, "-outform", "DER", "-out", out)
        return out
