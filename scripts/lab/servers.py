"""A mail provider: Dovecot with Postfix, or with the recording receiver, and its TLS authority."""
from __future__ import annotations

import contextlib

from . import base, cyrus, dovecot, pki, postfix, sink, souspli

USERS = {f"{name}@lab.test": f"pw-{name}" for name in ("alice", "bob", "carol")}


class Provider:
    """`smtp`: "postfix" (root only) or "sink", which records every octet and delivers. `store`: "dovecot" or "cyrus"."""

    def __init__(self, folder, smtp="sink", users=None, rawlog=False, store="dovecot"):
        self.folder, self.users = folder, dict(users or USERS)
        self.tls = pki.Tls(folder / "tls")
        if store == "cyrus":
            self.store = cyrus.Cyrus(folder / "d", self.tls, self.users)
        else:
            self.store = dovecot.Dovecot(folder / "d", self.tls, self.users, rawlog)
        if smtp == "postfix":
            self.smtp = postfix.Postfix(folder / "p", self.tls, self.store)
        else:
            self.smtp = sink.Sink(self.tls, self.users, self.store.lmtp)

    def start(self):
        """Returns once everything answers."""
        self.store.start()
        self.smtp.start()
        return self

    def stop(self):
        """Stops everything."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.store.stop)
            stack.callback(self.smtp.stop)

    def account(self, address, smtp_tls="starttls", imap_tls="implicit", pop3_tls=None, **options):
        """The configuration of an account of this provider."""
        if pop3_tls:
            options["pop3"] = (self.store.pop3s if pop3_tls == "implicit" else self.store.pop3, pop3_tls)
        imap_port = self.store.imaps if imap_tls == "implicit" else self.store.imap
        smtp_port = self.smtp.implicit_port if smtp_tls == "implicit" else self.smtp.starttls_port
        return souspli.account(address, smtp_port, imap_port, smtp_tls=smtp_tls, imap_tls=imap_tls, **options)


class Practice:
    """Doctors with keys at one provider, each with a Souspli of their own, who know each other's certificates."""

    def __init__(self, smtp="sink", names=("alice", "bob"), kinds=None, rawlog=False, policy="", store="dovecot", pop3_tls=None):
        self.folder = base.Folder()
        self.provider = Provider(self.folder.path, smtp, rawlog=rawlog, store=store)
        self.authority = pki.Authority(self.folder.path / "pki", "Autorité d'essai")
        self.doctors = {n: self.authority.doctor(n, f"Dr {n.capitalize()} ESSAI", f"{n}@lab.test", (kinds or {}).get(n, "rsa")) for n in names}
        self.relays = {n: self._relay(n, policy, pop3_tls) for n in names}

    def _relay(self, name, policy, pop3_tls):
        place = self.folder.path / f"souspli-{name}"
        place.mkdir()
        account = self.provider.account(f"{name}@lab.test", pop3_tls=pop3_tls)
        return souspli.Souspli(place, [account], [self.provider.tls.bundle], policy, pop3=bool(pop3_tls))

    def start(self):
        """Provider first, then keys and certificates, then every Souspli."""
        self.provider.start()
        for name, relay in self.relays.items():
            doctor = self.doctors[name]
            colleagues = [d for n, d in self.doctors.items() if n != name]
            relay.furnish({doctor.address: [doctor]}, colleagues, [self.authority.certificate])
            relay.start()
        return self

    def stop(self):
        """Everything that was started, and the folder."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.folder.remove)
            stack.callback(self.provider.stop)
            for relay in self.relays.values():
                stack.callback(relay.stop)
