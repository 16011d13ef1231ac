"""Cyrus IMAP, a server of another make than Dovecot: unprivileged, on free loopback ports, from packages that were unpacked
beside the project and not installed, for Debian's cyrus-imapd would remove Dovecot."""
from __future__ import annotations

import imaplib
import os
import pathlib
import re
import subprocess

from . import base

# Where scripts/lab/install.sh unpacks cyrus-common, cyrus-imapd and sasl2-bin.
UNPACKED = pathlib.Path(os.environ.get("SOUSPLI_CYRUS", base.ROOT / "target" / "lab" / "cyrus"))
_BIN = UNPACKED / "usr" / "lib" / "cyrus" / "bin"


def available():
    """Whether its packages have been unpacked and its programs find their libraries."""
    return (_BIN / "imapd").exists() and b"not found" not in subprocess.run(
        ["ldd", str(_BIN / "imapd")], capture_output=True, env=_environment()).stdout


def version():
    """As Debian numbers it."""
    record = UNPACKED / "version"
    return record.read_text().strip() if record.exists() else "?"


def _environment():
    libraries = ":".join(str(p) for p in sorted((UNPACKED / "usr" / "lib").glob("*-linux-gnu")))
    return dict(os.environ, LD_LIBRARY_PATH=libraries)


class Cyrus:
    """One instance in `folder`; `users` maps login names (with a domain) to passwords."""

    def __init__(self, folder: pathlib.Path, tls, users):
        self.folder, self.tls, self.users = folder, tls, users
        self.imap, self.imaps, self.lmtp = base.free_ports(3)
        self.user, self.group, self.prefix = base.daemon_user()
        self.process = None

    def start(self):
        """Writes its files, starts it, returns once it answers."""
        for name in ("socket", "proc", "db", "log", "lock", "ptclient"):
            (self.folder / "conf" / name).mkdir(parents=True, exist_ok=True)
        for name in ("spool", "sieve"):
            (self.folder / name).mkdir(exist_ok=True)
        for login, password in self.users.items():
            name, _, realm = login.partition("@")
            subprocess.run([UNPACKED / "usr" / "sbin" / "saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", realm, name],
                           input=password.encode(), check=True, env=_environment(), capture_output=True)
        (self.folder / "imapd.conf").write_text(_IMAPD.format(d=self.folder, u=self.user, g=self.group, tls=self.tls))
        (self.folder / "cyrus.conf").write_text(_MASTER.format(
            b=_BIN, c=f"-C {self.folder}/imapd.conf", imap=self.imap, imaps=self.imaps, lmtp=self.lmtp))
        if base.is_root():
            base.run("chown", "-R", f"{self.user}:{self.group}", self.folder)
        self._launch()
        return self

    def _launch(self):
        with open(self.folder.parent / "cyrus.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(_BIN / "master"), "-C", str(self.folder / "imapd.conf"), "-M", str(self.folder / "cyrus.conf"),
                 "-p", str(self.folder / "master.pid"), "-D"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(), start_new_session=True)
        for port in (self.imaps, self.lmtp):
            base.until(lambda port=port: base.answers(port), 20, f"Cyrus on port {port}")

    def stop(self):
        """Stops it; its store stays."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def connect(self, user):
        """An imaplib connection straight to the store, past Souspli."""
        box = imaplib.IMAP4_SSL(base.LOOPBACK, self.imaps, ssl_context=self.tls.client_context(), timeout=60)
        box.login(user, self.users[user])
        return box

    def append(self, user, message, mailbox="INBOX", flags=""):
        """Puts the octets in a mailbox exactly as they are; the new UID."""
        box = self.connect(user)
        try:
            status, answer = box.append(mailbox, f"({flags})" if flags else None, None, message)
            found = re.search(rb"APPENDUID \d+ (\d+)", b" ".join(answer))
            if status != "OK" or not found:
                raise base.LabError(f"APPEND was refused: {answer}")
            return int(found.group(1))
        finally:
            box.logout()

    def stored(self, user, mailbox="INBOX"):
        """The octets of every message of a mailbox as the server gives them, oldest first."""
        box = self.connect(user)
        try:
            box.select(f'"{mailbox}"', readonly=True)
            _, answers = box.uid("FETCH", "1:*", "(BODY.PEEK[])")
            return [answer[1] for answer in answers if isinstance(answer, tuple)]
        finally:
            box.logout()


_IMAPD = """\
configdirectory: {d}/conf
partition-default: {d}/spool
defaultpartition: default
sievedir: {d}/sieve
cyrus_user: {u}
cyrus_group: {g}
servername: cyrus.lab.test
virtdomains: userid
defaultdomain: none.invalid
unixhierarchysep: yes
altnamespace: yes
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {d}/sasldb2
tls_server_cert: {tls.certificate}
tls_server_key: {tls.key}
lmtpsocket: {d}/conf/socket/lmtp
idlesocket: {d}/conf/socket/idle
notifysocket: {d}/conf/socket/notify
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Drafts|Sent|Trash|Junk
autocreate_subscribe_folders: Drafts|Sent|Trash|Junk
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
xlist-junk: Junk
lmtp_downcase_rcpt: yes
"""

_MASTER = """\
START {{
  recover cmd="{b}/ctl_cyrusdb {c} -r"
  idled cmd="{b}/idled {c}"
}}
SERVICES {{
  imap cmd="{b}/imapd {c}" listen="127.0.0.1:{imap}" prefork=0
  imaps cmd="{b}/imapd {c} -s" listen="127.0.0.1:{imaps}" prefork=0
  lmtp cmd="{b}/lmtpd {c} -a" listen="127.0.0.1:{lmtp}" prefork=0
}}
EVENTS {{
}}
"""
