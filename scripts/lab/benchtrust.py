"""What certificates cost: fifty colleagues in a directory, fourteen revocation lists."""
from __future__ import annotations

import shutil
import smtplib
import socket
import time

from . import base, mails, pki, published, sink, slapd, souspli

ALICE, PASSWORD = "alice@lab.test", "pw"
COLLEAGUES = 50
WARM = 8  # letters after the first


class Fifty:
    """Alice, who has never written to fifty colleagues; a directory has them, and their authority publishes a list and answers OCSP."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.tls = pki.Tls(folder / "tls")
        self.authority = pki.Authority(folder / "pki", "Autorité d'essai")
        self.registry = published.Registry(folder / "registry", self.authority)
        self.web = published.Publisher()
        self.directory = slapd.Slapd(folder / "slapd", self.tls)
        self.provider = sink.Sink(self.tls, {ALICE: PASSWORD}).start()
        self.addresses = [f"colleague{n}@lab.test" for n in range(COLLEAGUES)]

    def start(self):
        """The servers, and a home that knows nobody yet."""
        places = self.web.places(ocsp=True)
        alice = self.registry.doctor("alice", "Dr Alice ESSAI", ALICE, places)
        for address in self.addresses:
            doctor = self.registry.doctor(address.split("@")[0], f"Dr {address}", address, places)
            self.directory.add(f"Dr {address}", address, certificates=[doctor.certificate])
        self.web.pages[published.LIST] = self.registry.list()
        self.directory.start()
        account = souspli.account(ALICE, self.provider.starttls_port, 1)
        self.relay = souspli.Souspli(self.folder / "home", [account], [self.tls.bundle], f'recognise_letters = false\n{self.directory.section()}')
        self.relay.furnish({ALICE: [alice]}, [alice], [self.authority.certificate])
        self.relay.cli("trust", "refresh", self.web.url(), "--config", self.relay.config)
        shutil.copytree(self.relay.home, self.folder / "fresh")

    def stop(self):
        """Everything."""
        self.directory.stop()
        self.provider.stop()
        self.web.stop()

    def times(self, rounds):
        """Seconds of a whole transaction: of the first letter in a fresh home, of the next ones, and of a sealed one that
        the provider gets directly; with the questions that were asked for each."""
        cold, warm, direct, asked = [], [], [], []
        for _ in range(rounds):
            shutil.rmtree(self.relay.home)
            shutil.copytree(self.folder / "fresh", self.relay.home)
            self.relay.start()
            try:
                client = self.client(self.relay.smtp)
                before = self.questions()
                cold.append(self.one(client, "#med# Lettre"))
                asked.append([now - then for now, then in zip(self.questions(), before)])
                before = self.questions()
                warm += [self.one(client, "#med# Lettre") for _ in range(WARM)]
                asked.append([now - then for now, then in zip(self.questions(), before)])
                client.close()
            finally:
                self.relay.stop()
            client = self.client(self.provider.starttls_port)
            direct += [self.one(client, "Lettre") for _ in range(WARM)]
            client.close()
        return cold, warm, direct, asked[:2]

    def questions(self):
        """How many searches the directory was asked, and how many OCSP questions were put."""
        return self.directory.searches(), self.web.count(published.OCSP)

    def client(self, port):
        """Logged in."""
        client = smtplib.SMTP(base.LOOPBACK, port, timeout=120)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, PASSWORD)
        return client

    def one(self, client, subject):
        """One letter to all, from MAIL to the answer."""
        letter = mails.letter(ALICE, self.addresses, subject, "Bonjour.\n")
        began = time.perf_counter()
        client.sendmail(ALICE, self.addresses, letter)
        return time.perf_counter() - began


def fifty(bench, rounds):
    """A letter to fifty recipients: in a fresh home, and again."""
    if not slapd.available():
        raise base.LabError("slapd is not installed")
    colleagues = Fifty(bench.practice.folder.path / "fifty")
    try:
        colleagues.start()
        cold, warm, direct, asked = colleagues.times(rounds)
    finally:
        colleagues.stop()
    said = lambda n: f"{n[0]} LDAP searches, {n[1]} OCSP questions"  # noqa: E731
    bench.amount(f"{COLLEAGUES} recipients, caches cold: the whole transaction ({said(asked[0])})", "s", cold, 2)
    added = [t - sorted(direct)[len(direct) // 2] for t in warm]
    bench.amount(f"{COLLEAGUES} recipients again: what decision and sealing add to a direct transaction ({said(asked[1])} for {WARM})", "ms", [t * 1e3 for t in added], 20)


def fourteen_lists(bench, rounds):
    """Fourteen lists of 1 MB each, from fourteen authorities."""
    folder = bench.practice.folder.path / "lists"
    folder.mkdir()
    web = published.Publisher()
    try:
        registries = []
        for n in range(14):
            registry = published.Registry(folder / f"r{n}", pki.Authority(folder / f"a{n}", f"Autorité {n}"))
            registry.crowd(27_000)
            web.pages[f"/{n}.crl"] = registry.list()
            registries.append(registry)
        relay = souspli.Souspli(folder / "home", [souspli.account(ALICE, 1, 1)], [])
        for n, registry in enumerate(registries):
            relay.cli("trust", "add", registry.authority.certificate)
        # By name: the authorities that Souspli brings along publish lists too, and are not here.
        places = [web.url(f"/{n}.crl") for n in range(14)]
        urls = ", ".join(f'"{place}"' for place in places)
        relay.config.write_text(f"{relay.config.read_text()}\n[revocation]\nlists = [{urls}]\n")
        fresh, times = folder / "fresh", []
        shutil.copytree(relay.home, fresh)
        for _ in range(rounds):
            shutil.rmtree(relay.home)
            shutil.copytree(fresh, relay.home)
            began = time.perf_counter()
            done = relay.attempt("trust", "refresh", *places, "--config", relay.config)
            times.append(time.perf_counter() - began)
            if done.returncode != 0:
                raise base.LabError(done.stderr.decode())
    finally:
        web.stop()
    size = sum(len(page) for page in web.pages.values()) / 14e6
    bench.amount(f"souspli trust refresh, 14 lists of {size:.1f} MB, the start of the program included", "s", times, 2)

