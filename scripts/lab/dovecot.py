"""A Dovecot that needs no privileges: IMAP, POP3, LMTP and a SASL socket for Postfix, on free loopback ports."""
from __future__ import annotations

import imaplib
import pathlib
import re
import subprocess

from . import base

# The folders a mail program expects, named as Dovecot's special_use knows them.
SPECIAL = ("Drafts", "Sent", "Trash", "Junk")


class Dovecot:
    """One instance in `folder`; `users` maps login names to passwords."""

    def __init__(self, folder: pathlib.Path, tls, users, rawlog=False):
        self.folder, self.tls, self.users, self.rawlog = folder, tls, users, rawlog
        self.imap, self.imaps, self.lmtp, self.sasl, self.pop3, self.pop3s = base.free_ports(6)
        self.user, self.group, self.prefix = base.daemon_user()
        self.extra = ""  # more lines of configuration

    def start(self):
        """Writes its files, starts it, returns once it answers."""
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        if self.rawlog:
            for user in self.users:
                (self.folder / "home" / user / "dovecot.rawlog").mkdir(parents=True, exist_ok=True)
        (self.folder / "passwd").write_text("".join(f"{u}:{{PLAIN}}{p}\n" for u, p in self.users.items()))
        (self.folder / "dovecot.conf").write_text(self._configuration())
        if base.is_root():
            base.run("chown", "-R", f"{self.user}:{self.group}", self.folder)
        self._launch()
        return self

    def _launch(self):
        base.launch(self.folder.parent / "dovecot.start", *self.prefix, base.program("dovecot"), "-c", self.folder / "dovecot.conf")
        for port in (self.imaps, self.lmtp):
            base.until(lambda port=port: base.answers(port), 15, f"Dovecot on port {port}")

    def stop(self):
        """Stops it; its store stays."""
        try:
            pid = int((self.folder / "run" / "master.pid").read_text())
        except (OSError, ValueError):
            return
        base.stop_pid(pid)

    def restart(self):
        """Stops it and starts it again on the same ports."""
        self.stop()
        self._launch()

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
        """The octets of every message of a mailbox as they lie on the disk, oldest first."""
        place = self.folder / "mail" / user
        place = place if mailbox == "INBOX" else place / f".{mailbox}"
        while True:
            files = [f for sub in ("new", "cur") if (place / sub).is_dir() for f in (place / sub).iterdir()]
            try:
                # Maildir names begin with seconds and microseconds, not padded.
                return [f.read_bytes() for f in sorted(files, key=lambda f: [int(n) for n in re.findall(r"\d+", f.name)[:2]])]
            except FileNotFoundError:
                # A flag is in the name: it has just been set.
                continue

    def everything(self):
        """Path and octets of each file of the store, indexes and caches included, and of the logs."""
        for top in ("mail", "home", "dovecot.log"):
            place = self.folder / top
            for file in [place] if place.is_file() else place.rglob("*"):
                if file.is_file():
                    yield file, file.read_bytes()

    def rawlogs(self, side="in"):
        """What came over IMAP, after TLS: every octet of all sessions that this instance served. Needs rawlog=True."""
        return b"".join(f.read_bytes() for f in sorted((self.folder / "home").rglob(f"dovecot.rawlog/*.{side}")))

    def _configuration(self):
        new = tuple(int(n) for n in re.findall(r"\d+", version())[:2]) >= (2, 4)
        return (_HEAD_24 if new else _HEAD_23).format(d=self.folder, u=self.user, g=self.group, tls=self.tls, **self._ports()) + \
            _COMMON.format(u=self.user, g=self.group, d=self.folder, rawlog=_RAWLOG if self.rawlog else "", more=" pop3" if has_pop3() else "",
                           pop3_service=_POP3.format(**self._ports()) if has_pop3() else "", **self._ports()) + \
            "".join(f"  mailbox {name} {{\n    special_use = \\{name}\n    auto = subscribe\n  }}\n" for name in SPECIAL) + "}\n" + self.extra

    def _ports(self):
        return {"imap": self.imap, "imaps": self.imaps, "lmtp": self.lmtp, "sasl": self.sasl, "pop3": self.pop3, "pop3s": self.pop3s}


_HEAD_23 = """\
ssl = yes
ssl_cert = <{tls.certificate}
ssl_key = <{tls.key}
disable_plaintext_auth = no
mail_location = maildir:{d}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/passwd
}}
userdb {{
  driver = static
  args = uid={u} gid={g} home={d}/home/%u
}}
"""

_HEAD_24 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl = yes
ssl_server_cert_file = {tls.certificate}
ssl_server_key_file = {tls.key}
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {d}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {d}/passwd
  default_password_scheme = PLAIN
}}
userdb static {{
  fields {{
    uid = {u}
    gid = {g}
    home = {d}/home/%{{user}}
  }}
}}
"""

# Everything runs as one ordinary user, hence no chroot; many connections, since Thunderbird alone opens five.
_COMMON = """\
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap lmtp{more}
listen = 127.0.0.1
default_internal_user = {u}
default_internal_group = {g}
default_login_user = {u}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 200
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener sasl {{
    port = {sasl}
  }}
}}
{pop3_service}{rawlog}namespace inbox {{
  inbox = yes
  separator = /
"""

_POP3 = """\
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
"""

_RAWLOG = """\
service imap {
  executable = imap postlogin
}
service postlogin {
  executable = script-login -d rawlog
  unix_listener postlogin {
  }
}
"""


def has_pop3():
    """Whether Dovecot's POP3 server is installed: a package of its own."""
    return any(pathlib.Path(place, "dovecot", "pop3").exists() for place in ("/usr/lib", "/usr/libexec", "/usr/local/libexec"))


def available():
    """Whether Dovecot is installed."""
    return base.program("dovecot") is not None


def version():
    """As it says itself."""
    return subprocess.run([base.program("dovecot"), "--version"], capture_output=True, text=True).stdout.split()[0]
