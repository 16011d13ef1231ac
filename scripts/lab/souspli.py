"""Souspli itself, driven only through what docs call its outside: commands, configuration, the `ready` line, SIGTERM."""
from __future__ import annotations

import json
import os
import pathlib
import queue
import signal
import subprocess
import threading

from . import base, pki


def binary():
    """The program under test: SOUSPLI_BIN, else the dev build; None when it has not been built."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", base.ROOT / "target"))
    place = pathlib.Path(os.environ.get("SOUSPLI_BIN", target / "debug" / "souspli"))
    return place.resolve() if place.exists() else None


class Souspli:
    """One home and one configuration."""

    def __init__(self, folder: pathlib.Path, accounts, authorities, policy="", listen_tls="starttls", pop3=False, silence=None, space=None):
        self.folder, self.home, self.config = folder, folder / "home", folder / "souspli.toml"
        self.process, self.smtp, self.imap, self.pop3 = None, None, None, None
        # Where it is to have an icon (`desk.Desk`); None: `--headless`.
        self.desk = None
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        (folder / "passphrase").write_text("phrase de passe du laboratoire\n")
        (folder / "passphrase").chmod(0o600)
        (folder / "p12-password").write_text(pki.PASSWORD + "\n")
        self.config.write_text(configuration(accounts, authorities, policy, listen_tls, pop3, silence, space))

    def program(self):
        """What is run."""
        return str(binary())

    def environment(self):
        """The caller's environment, with the passphrase of the file store, and no desktop but the lab's."""
        kept = {k: v for k, v in os.environ.items() if k not in ("DBUS_SESSION_BUS_ADDRESS", "SOUSPLI_HOME")}
        own = self.desk.environment() if self.desk else {}
        return dict(kept, SOUSPLI_PASSPHRASE_FILE=str(self.folder / "passphrase"), RUST_BACKTRACE="1", **own)

    def attempt(self, *arguments, stdin=None, seconds=120):
        """Runs a command, whatever its exit status."""
        command = [self.program(), *map(str, arguments), "--home", str(self.home)]
        return subprocess.run(command, input=stdin, env=self.environment(), capture_output=True, timeout=seconds)

    def cli(self, *arguments, stdin=None):
        """Runs a command that must succeed; its standard output."""
        done = self.attempt(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise base.LabError(f"souspli {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}")
        return done.stdout

    def furnish(self, owners, colleagues, authorities):
        """Imports own keys ({address: [doctor, ...]}), colleagues' certificates and authorities."""
        for authority in authorities:
            self.cli("trust", "add", authority)
        for address, doctors in owners.items():
            for doctor in doctors:
                self.key_import(address, doctor.p12())
        for doctor in colleagues:
            self.cli("cert", "import", doctor.certificate)

    def key_import(self, address, p12):
        """Imports a PKCS#12."""
        return self.cli("key", "import", "--account", address, "--password-file", self.folder / "p12-password", "--config", self.config, p12)

    def open_json(self, message):
        """The verdict on a stored message."""
        return json.loads(self.cli("open", "--json", "--config", self.config, stdin=message))

    def seal(self, message, sender, *recipients):
        """What would be handed to the provider for one group."""
        to = [word for r in recipients for word in ("--to", r)]
        return self.cli("seal", "--from", sender, *to, "--config", self.config, stdin=message)

    def start(self, seconds=20):
        """`souspli run`; returns when it is ready."""
        self.begin()
        self.read_ready(seconds)
        return self

    def begin(self):
        """The same without waiting for it."""
        self.log = self.folder / "souspli.log"
        headless = [] if self.desk else ["--headless"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program(), "run", *headless, "--config", str(self.config), "--home", str(self.home)],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.lines = queue.Queue()
        threading.Thread(target=_pump, args=(self.process.stdout, self.lines, self.folder / "souspli.out"), daemon=True).start()

    def read_ready(self, seconds=20):
        """Waits for its line, and learns the ports from it."""
        try:
            line = self.lines.get(timeout=seconds).decode("utf-8", "replace")
        except queue.Empty:
            line = ""
        words = line.split()
        if not words or words[0] != "ready":
            self.kill()
            raise base.LabError(f"souspli run was not ready: {line!r}\n{self.log.read_text(errors='replace')[-2000:]}")
        said = dict(word.split("=", 1) for word in words[1:])
        self.dashboard = said.pop("dashboard", None)
        ports = {name: int(address.rsplit(":", 1)[1]) for name, address in said.items()}
        self.smtp, self.imap, self.pop3 = ports["smtp"], ports["imap"], ports.get("pop3")

    def stop(self):
        """SIGTERM; the exit status. It has ten seconds."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(12)
        except subprocess.TimeoutExpired:
            self.kill()
            raise base.LabError("souspli did not stop within ten seconds of SIGTERM") from None

    def restart(self):
        """Stops it and starts it again on the same ports, as mail programs expect."""
        self.stop()
        return self.start_again()

    def start_again(self):
        """Starts it after its end, on the same ports."""
        text = self.config.read_text()
        for kind, port in (("smtp", self.smtp), ("imap", self.imap), ("pop3", self.pop3)):
            if port:
                text = text.replace(f'{kind} = "127.0.0.1:0"', f'{kind} = "127.0.0.1:{base.hold(port)}"')
        self.config.write_text(text)
        return self.start()

    def kill(self):
        """Ends it the hard way."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def everything(self):
        """Path and octets of each file of its home, its configuration's folder and its logs."""
        for file in self.folder.rglob("*"):
            if file.is_file():
                yield file, file.read_bytes()

    @property
    def tls_certificate(self):
        """The local certificate that mail programs meet."""
        return self.home / "tls" / "local.pem"

    def memory_kib(self, field="VmHWM"):
        """Peak resident memory of the running program."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field))


class Fresh(Souspli):
    """A home with nothing in it; nobody has written a configuration."""
    resolver, more = None, {}

    def __init__(self, folder, authorities, text=None, **more):
        folder.mkdir()
        super().__init__(folder, [], [], **more)
        self.config.unlink()
        self.config = self.home / "souspli.toml"
        self._authorities = authorities
        if text is not None:
            self.config.write_text(text)

    def environment(self):
        """This computer trusts the provider's authority."""
        return {**super().environment(), "SSL_CERT_FILE": str(self._authorities), **self.more}

    def within(self):
        """Where another name server than this computer's is asked."""
        if self.resolver is None:
            return []
        file = self.folder / "resolv.conf"
        file.write_text(f"nameserver {self.resolver}\n")
        return ["unshare", "--mount", "--", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(file)]

    def start(self, seconds=20):
        """`souspli run` without a word on where its configuration is."""
        self.log = self.folder / "souspli.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.within(), self.program(), "run", "--headless", "--home", str(self.home)], env=self.environment(),
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self._lines = []
        threading.Thread(target=self._collect, daemon=True).start()
        self.dashboard = self.ready(0, seconds)["dashboard"]
        return self

    def _collect(self):
        for line in self.process.stdout:
            self._lines.append(line.decode())

    def ready(self, count, seconds=20):
        """What the line after that many `ready` lines says."""
        def line():
            if self.process.poll() is not None:
                raise base.LabError(self.log.read_text())
            found = [line for line in self._lines if line.startswith("ready")]
            return len(found) > count and found[count]
        return dict(word.split("=", 1) for word in base.until(line, seconds, "ready").split()[1:])


def account(address, smtp_port, imap_port, smtp_tls="starttls", imap_tls="implicit", login=None, extra="", pop3=None, channel="ordinary"):
    """The table of one account, for `configuration`; `pop3`: port and TLS of a POP3 server."""
    if pop3:
        extra += f'pop3 = {{ host = "127.0.0.1", port = {pop3[0]}, tls = "{pop3[1]}" }}\n'
    return (f'[[account]]\naddress = "{address}"\nlogin = "{login or address}"\nchannel = "{channel}"\n'
            f'smtp = {{ host = "127.0.0.1", port = {smtp_port}, tls = "{smtp_tls}" }}\n'
            f'imap = {{ host = "127.0.0.1", port = {imap_port}, tls = "{imap_tls}" }}\n{extra}\n')


def configuration(accounts, authorities, policy="", listen_tls="starttls", pop3=False, silence=None, space=None):
    """A whole configuration; `accounts` as made by `account`; `silence`: seconds that a provider may be silent; `space`: authorities of
    the space of trust, where they are not those of the providers."""
    bundle, inside = (", ".join(json.dumps(str(a)) for a in files) for files in (authorities, authorities if space is None else space))
    listener = 'pop3 = "127.0.0.1:0"\n' if pop3 else ""
    patience = f"silence_seconds = {silence}\n" if silence else ""
    return (f'[listen]\nsmtp = "127.0.0.1:0"\nimap = "127.0.0.1:0"\n{listener}tls = "{listen_tls}"\n\n'
            f"[upstream]\nauthorities = [{bundle}]\n{patience}\n[mssante]\nauthorities = [{inside}]\n\n" + "\n".join(accounts) +
            f'\n[policy]\ntag = "#med#"\ndomains = ["mssante.fr"]\n{policy}\n')


def _pump(pipe, lines, copy):
    """Keeps the program's output flowing, and a copy of it for the tests that look for canaries."""
    with open(copy, "ab", buffering=0) as out:
        for line in iter(pipe.readline, b""):
            out.write(line)
            lines.put(line)
        lines.put(b"")
