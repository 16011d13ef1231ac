"""pkcs11-tool on one token of one module: what another program than Souspli sees and does there."""
from __future__ import annotations

import os
import subprocess

from . import base


def available():
    """Whether it is installed."""
    return base.program("pkcs11-tool") is not None


class Tool:
    """`chosen`: how pkcs11-tool is told which token; `environment`: what the module needs in its own."""

    def __init__(self, module, environment, pin, *chosen):
        self.module, self.pin, self._environment, self._chosen = module, pin, environment, chosen

    def tool(self, *arguments, **options):
        """Runs it, logged in; what it printed."""
        return base.run(*self._command(arguments, **options), env=self.environment())

    def attempt(self, *arguments, seconds=60, **options):
        """The same whatever comes of it; with what it said."""
        return subprocess.run(self._command(arguments, **options), env=self.environment(), capture_output=True, timeout=seconds)

    def begin(self, *arguments, **options):
        """The same, not awaited, its output left alone."""
        return subprocess.Popen(self._command(arguments, **options), env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sign(self, pair, mechanism, data, out, *more, **options):
        """Signs a file with that pair's key, into another."""
        return self.attempt("--sign", "--mechanism", mechanism, *more, "--id", pair.identifier, "--input-file", data, "--output-file", out, **options)

    def public(self):
        """What somebody without the PIN sees, as it lists objects."""
        return base.run("pkcs11-tool", "--module", self.module, *self._chosen, "--list-objects", env=self.environment()).decode()

    def slots(self):
        """All slots of the module, as it lists them, none among them."""
        command = ["pkcs11-tool", "--module", str(self.module), "--list-slots"]
        done = subprocess.run(command, env=self.environment(), capture_output=True, timeout=60)
        return (done.stdout + done.stderr).decode()

    def environment(self):
        """The caller's, and what the module needs."""
        return dict(os.environ, **self._environment)

    def _command(self, arguments, pin=None, module=None):
        return [str(word) for word in ("pkcs11-tool", "--module", module or self.module, *self._chosen, "--login", "--pin", pin or self.pin, *arguments)]
