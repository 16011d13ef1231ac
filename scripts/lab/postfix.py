"""A Postfix of our own beside any that the machine runs: own folders, own ports, AUTH by Dovecot, delivery by LMTP. Root only."""
from __future__ import annotations

import pathlib
import shutil

from . import base


def available():
    """Whether a Postfix can be started here."""
    return base.is_root() and base.program("postfix") is not None


class Postfix:
    """One instance in `folder`, delivering to `dovecot`."""

    def __init__(self, folder: pathlib.Path, tls, dovecot):
        self.folder, self.tls, self.dovecot = folder, tls, dovecot
        self.submission, self.submissions = base.free_ports(2)
        self.starttls_port, self.implicit_port = self.submission, self.submissions
        self.extra = ""  # more lines of configuration

    def start(self):
        """Writes its files, starts it, returns once it answers."""
        for name in ("conf", "queue", "data"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        shutil.chown(self.folder / "data", "postfix")
        values = dict(d=self.folder, tls=self.tls, lmtp=self.dovecot.lmtp, sasl=self.dovecot.sasl,
                      domains=", ".join(sorted({u.split("@")[1] for u in self.dovecot.users})))
        (self.folder / "conf" / "main.cf").write_text(_MAIN.format(**values) + self.extra)
        (self.folder / "conf" / "master.cf").write_text(_MASTER.format(clear=self.submission, tls=self.submissions))
        base.launch(self.folder / "start.log", base.program("postfix"), "-c", self.folder / "conf", "start")
        base.until(lambda: base.answers(self.submission) and base.answers(self.submissions), 20, "Postfix")
        return self

    def stop(self):
        """Stops it, if it was started."""
        if (self.folder / "start.log").exists():
            base.launch(self.folder / "start.log", base.program("postfix"), "-c", self.folder / "conf", "stop")

    def log(self):
        """What it wrote in its log."""
        place = self.folder / "postfix.log"
        return place.read_bytes() if place.exists() else b""


_MAIN = """\
compatibility_level = 3.6
queue_directory = {d}/queue
data_directory = {d}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {d}/postfix.log
maillog_file_prefixes = /tmp, /var, /home, /root
myhostname = mx.lab.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = {domains}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:this lab has no way out
relay_transport = error:this lab has no way out
message_size_limit = 104857600
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {tls.certificate}
smtpd_tls_key_file = {tls.key}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""

_MASTER = """\
postlog unix-dgram n - n - 1 postlogd
127.0.0.1:{clear} inet n - n - - smtpd
127.0.0.1:{tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
"""
