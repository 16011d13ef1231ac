"""Mail programs that copy a mailbox: each with the configuration that a user would write, and what it has then on its disk."""
from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

from . import base, terminal


@dataclasses.dataclass
class Way:
    """Where Souspli listens for IMAP and POP3, who logs in, the certificate to expect, a folder for the programs, how many
    messages there are."""
    port: int
    pop3: int
    user: str
    password: str
    certificate: pathlib.Path
    folder: pathlib.Path
    count: int

    def place(self, name):
        """A new folder, which is the program's home too."""
        place = self.folder / name
        place.mkdir(parents=True)
        return place


def version(package):
    """As the package manager knows it; None when it is not installed. Python is the one that runs."""
    if package == "python3":
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package], capture_output=True, text=True)
    status, _, number = done.stdout.partition(" ")
    return number if status == "installed" else None


def run(home, *command, stdin=None, more=None):
    """Runs a program that must succeed, with a home of its own."""
    env = {**os.environ, "HOME": str(home), "LANG": "C.UTF-8", **(more or {})}
    return base.run(*command, stdin=stdin, env=env, seconds=120)


def curl(way, name="curl", mailbox="INBOX"):
    """{UID: octets}. BODY[], one message after the other on one connection."""
    place = way.place(name)
    run(place, "curl", "-sS", "--ssl-reqd", "--cacert", way.certificate, "-u", f"{way.user}:{way.password}",
        f"imap://127.0.0.1:{way.port}/{mailbox};UID=[1-{way.count}]", "-o", f"{place}/#1")
    return {uid: (place / str(uid)).read_bytes() for uid in range(1, way.count + 1)}


def curl_pop3(way):
    """{number: octets}. RETR, one message after the other on one connection."""
    place = way.place("curl-pop3")
    run(place, "curl", "-sS", "--ssl-reqd", "--cacert", way.certificate, "-u", f"{way.user}:{way.password}",
        f"pop3://127.0.0.1:{way.pop3}/[1-{way.count}]", "-o", f"{place}/#1")
    return {number: (place / str(number)).read_bytes() for number in range(1, way.count + 1)}


def mbsync(way):
    """[octets] of a Maildir. BODY.PEEK[], in one command."""
    place = way.place("mbsync")
    (place / "mail").mkdir()
    (place / "rc").write_text(_MBSYNC.format(w=way, place=place))
    run(place, "mbsync", "-c", place / "rc", "-a")
    return maildir(place / "mail" / "INBOX")


def offlineimap(way):
    """[octets] of a Maildir. BODY.PEEK[], one by one."""
    place = way.place("offlineimap")
    (place / "rc").write_text(_OFFLINEIMAP.format(w=way, place=place))
    run(place, "offlineimap", "-c", place / "rc", "-o")
    return maildir(place / "mail" / "INBOX")


def agent(place, then=""):
    """A delivery agent, and the folder where it puts what it is handed, one file for each message; `then`: what it does before
    its end."""
    (place / "in").mkdir()
    script = place / "agent"
    script.write_text(f"#!/bin/sh\ncat >'{place}/in/'$$\n{then}")
    script.chmod(0o755)
    return script, place / "in"


# getmail begins to wait for the end of its agent after it has begun it, and then waits for an end that has been: for three minutes
# (ForkingBase.forkchild in getmailcore/baseclasses.py). So the agent ends once getmail sleeps with a handler for SIGCHLD, bit 16.
_AWAITED = """\
until grep -q '^State:.S' /proc/$PPID/status && grep -q '^SigCgt:.*[13579bdf]....$' /proc/$PPID/status; do :; done
"""


def getmail(way, protocol="IMAP"):
    """[octets] that it hands to a delivery agent. BODY.PEEK[] one by one, or RETR. It knows no STARTTLS: in clear, on loopback."""
    place = way.place(f"getmail-{protocol}")
    script, handed = agent(place, _AWAITED)
    mailboxes, port = ('mailboxes = ("INBOX",)', way.port) if protocol == "IMAP" else ("", way.pop3)
    (place / "rc").write_text(_GETMAIL.format(w=way, agent=script, protocol=protocol, port=port, mailboxes=mailboxes))
    run(place, "getmail", "--rcfile", place / "rc", "--getmaildir", place)
    return [file.read_bytes() for file in handed.iterdir()]


def fetchmail(way, protocol="IMAP"):
    """[octets] that it hands to a delivery agent. RFC822.HEADER and BODY.PEEK[TEXT] apart, or RETR."""
    place = way.place(f"fetchmail-{protocol}")
    script, handed = agent(place)
    port = way.port if protocol == "IMAP" else way.pop3
    (place / "rc").write_text(_FETCHMAIL.format(w=way, agent=script, protocol=protocol, port=port))
    (place / "rc").chmod(0o600)
    run(place, "fetchmail", "--invisible", "--silent", "-f", place / "rc", "--pidfile", place / "pid")
    return [file.read_bytes() for file in handed.iterdir()]


def imapfilter(way):
    """{UID: octets}. BODY.PEEK[HEADER] and BODY.PEEK[TEXT] apart."""
    place = way.place("imapfilter")
    (place / "rc.lua").write_text(_IMAPFILTER.format(w=way, place=place))
    run(place, "imapfilter", "-t", way.certificate, "-c", place / "rc.lua")
    return {uid: (place / f"{uid}.header").read_bytes() + (place / f"{uid}.text").read_bytes() for uid in range(1, way.count + 1)}


def neomutt(way):
    """({UID: octets} of its cache, [octets] of a Maildir it copied to). Header fields of all, then BODY.PEEK[]."""
    place = way.place("neomutt")
    (place / "cache").mkdir()
    (place / "rc").write_text(_NEOMUTT.format(w=way, place=place, name=way.user.replace("@", "%40")))
    screen = terminal.Terminal(["neomutt", "-n", "-F", str(place / "rc")], {"HOME": str(place)}, place / "screen")
    try:
        screen.ended()
    finally:
        screen.close()
    cached = {int(file.name.rpartition("-")[2]): file.read_bytes() for file in (place / "cache").rglob("*") if file.is_file()}
    return cached, maildir(place / "copied")


_CLEAR = "\x01\x0b"  # to the beginning of a proposed name, and away with it


class Alpine:
    """Alpine with the mailbox open. ENVELOPE and BODYSTRUCTURE of all, then parts as they are shown."""

    def __init__(self, way):
        self.way, self.place = way, way.place("alpine")
        (self.place / "mail").mkdir()
        (self.place / "rc").write_text(_ALPINE.format(w=way, place=self.place))
        self.screen = terminal.Terminal(["alpine", "-p", str(self.place / "rc"), "-i"],
                                        {"HOME": str(self.place), "SSL_CERT_FILE": str(way.certificate)}, self.place / "screen")
        self.screen.answer("ENTER PASSWORD", way.password + "\r")
        self.screen.insist("Preserve password", "n", "MESSAGE INDEX")
        # On a slow machine the second is never followed by the first. How many there are is asked below.
        self.screen.until(f"opened with {way.count} messages|Opening .INBOX. DONE")
        self.keys(";")
        self.screen.answer("SELECT criteria", "a")
        self.screen.until(f"All {way.count} messages selected")

    def _all(self, command):
        self.keys("a")
        self.screen.answer("APPLY command", command)

    def keys(self, text):
        """Presses keys."""
        os.write(self.screen.end, text.encode())

    def save_all(self):
        """[octets] of the mailbox file to which it saves all messages."""
        self._all("s")
        self.screen.answer("SAVE", "\x12")  # not marked as deleted
        self.screen.answer("no delete", "copied\r")
        if self.screen.insist("Create", "y", "Saving|messages saved").endswith("Saving"):
            self.screen.until("DONE|messages saved")
        return mbox((self.place / "mail" / "copied").read_bytes())

    def export_all(self):
        """[text] as it shows each message: read part by part."""
        self._all("e")
        self.screen.answer("EXPORT", f"{_CLEAR}shown\r")
        self.screen.until("exported to file")
        return mbox((self.place / "shown").read_bytes())

    def save_part(self, uid, last_parts):
        """The octets of a part; `last_parts`: how many steps down the list of parts it stands."""
        self.keys("j")
        self.screen.answer("umber to jump to", f"{uid}\r")
        self.keys("\r")
        self.screen.until("MESSAGE TEXT")
        self.keys("v")
        self.screen.until("ATTACHMENT INDEX")
        self.keys("n" * last_parts + "s")
        self.screen.answer("Copy attachment to file", f"{_CLEAR}part{uid}\r")
        # Keys pressed now are obeyed when it is saved; the words that say so may be overwritten at once.
        self.screen.until("Saving to|written to|saved")
        self.keys("<")
        self.screen.until("MESSAGE TEXT")
        self.keys("<")
        self.screen.until("MESSAGE INDEX")
        return (self.place / f"part{uid}").read_bytes()

    def close(self):
        """Quits."""
        self.screen.close()


def maildir(place):
    """The octets of each message."""
    return [file.read_bytes() for sub in ("new", "cur") for file in sorted((place / sub).iterdir())]


_FROM_LINE = re.compile(rb"(?m)^From \S+ +\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}.*\r?\n")


def mbox(octets):
    """The octets of each message of a mailbox file, as they lie there; the administrative message of Pine left out."""
    starts = list(_FROM_LINE.finditer(octets))
    ends = [start.start() for start in starts[1:]] + [len(octets)]
    found = [octets[start.end():end] for start, end in zip(starts, ends)]
    return [each for each in found if b"DON'T DELETE THIS MESSAGE" not in each.partition(b"\n\n")[0]]


_MBSYNC = """\
IMAPAccount a
Host 127.0.0.1
Port {w.port}
User {w.user}
Pass {w.password}
SSLType STARTTLS
CertificateFile {w.certificate}

IMAPStore far
Account a

MaildirStore near
Path {place}/mail/
Inbox {place}/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""

_OFFLINEIMAP = """\
[general]
accounts = a
metadata = {place}/state
ui = quiet
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {place}/mail
[Repository far]
type = IMAP
remotehost = localhost
remoteport = {w.port}
remoteuser = {w.user}
remotepass = {w.password}
ssl = no
starttls = yes
sslcacertfile = {w.certificate}
readonly = True
folderfilter = lambda name: name == 'INBOX'
"""

_GETMAIL = """\
[retriever]
type = Simple{protocol}Retriever
server = 127.0.0.1
port = {port}
username = {w.user}
password = {w.password}
{mailboxes}
[destination]
type = MDA_external
path = {agent}
unixfrom = false
allow_root_commands = true
[options]
read_all = true
delete = false
delivered_to = false
received = false
verbose = 1
"""

_FETCHMAIL = """\
set no bouncemail
poll localhost with proto {protocol} port {port} auth password no dns
  user "{w.user}" there password "{w.password}"
  options keep fetchall no rewrite no dropstatus pass8bits no mimedecode
  sslcertck sslcertfile "{w.certificate}" sslproto "tls1.2+"
  mda "{agent}"
"""

_IMAPFILTER = """\
options.timeout = 60
options.starttls = true
account = IMAP {{ server = 'localhost', port = {w.port}, username = '{w.user}', password = '{w.password}' }}
for _, message in ipairs(account.INBOX:select_all()) do
  local box, uid = table.unpack(message)
  for name, octets in pairs({{ header = box[uid]:fetch_header(), text = box[uid]:fetch_body() }}) do
    local file = io.open('{place}/' .. uid .. '.' .. name, 'wb')
    file:write(octets)
    file:close()
  end
end
"""

_NEOMUTT = """\
set folder = "imap://{name}@localhost:{w.port}/"
set spoolfile = "imap://{name}@localhost:{w.port}/INBOX"
set imap_user = "{w.user}"
set imap_pass = "{w.password}"
set ssl_starttls = yes
set ssl_force_tls = yes
set certificate_file = "{w.certificate}"
set ssl_ca_certificates_file = "{w.certificate}"
set message_cachedir = "{place}/cache"
set header_cache = "{place}/headers"
set mbox_type = Maildir
set confirmappend = no
set confirmcreate = no
set copy = no
set delete = no
set quit = yes
set move = no
set wait_key = no
set mail_check = 600
push "<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>{place}/copied<enter><quit>"
"""

_ALPINE = """\
personal-name=Alice
user-domain=lab.test
inbox-path={{localhost:{w.port}/imap/tls/user={w.user}}}INBOX
folder-collections=Mail {place}/mail/[]
default-fcc=
read-message-folder=
smtp-server=localhost
feature-list=enable-aggregate-command-set,enable-jump-shortcut,quit-without-confirm,disable-password-caching
last-version-used=6.26
"""
