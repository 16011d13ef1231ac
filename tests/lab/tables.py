"""Tables of messages and the verdict that each must get: tests/lab/verdicts/*.txt.

A table is sections of lines. A section begins with its home: `keys:` and `authorities:` (files of the corpus, or names of doctors
made for the run), the `day:` on which it is opened, and what a bare CMS structure gets for a header (`from:`, `date:`). Then a
line for each message:

    file or recipe, with options | grade | code | algorithms seen | why this is right
"""
from __future__ import annotations

import base64
import collections
import datetime
import email.utils
import json
import os
import pathlib
import subprocess

from lab import base, mails, pki, souspli

FOLDER = pathlib.Path(__file__).with_name("verdicts")
CORPORA = pathlib.Path(os.environ.get("SOUSPLI_CORPORA", base.ROOT.parent / "shared" / "corpora"))
ACCOUNT = "lecteur@lab.test"
Row = collections.namedtuple("Row", "what options grade code seen why place")


class Section:
    """One home and the messages that are opened in it."""

    def __init__(self, name, settings, rows):
        self.name, self.settings, self.rows = name, settings, rows

    @property
    def corpus(self):
        """The folder of its files."""
        return CORPORA / self.settings["corpus"]

    def words(self, key):
        """A setting that lists."""
        return self.settings.get(key, "").split()


def read(path):
    """The sections of a table; a line that is none is a fault of the table."""
    sections, settings, rows = [], {}, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        place = f"{path.name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line.count(" | ") == 4:
            rows.append(_row(line, place))
            continue
        key, colon, value = line.partition(": ")
        if not colon:
            raise base.LabError(f"{place}: neither a setting nor five columns: {line}")
        if key == "section":
            settings, rows = {}, []
            sections.append(Section(value, settings, rows))
        settings[key] = value.strip()
    return sections


def _row(line, place):
    what, grade, code, seen, why = (column.strip() for column in line.split(" | "))
    words = what.split()
    options = dict(word.split("=", 1) for word in words if word.startswith(("from=", "date=", "beside=", "chain=")))
    name = " ".join(word for word in words if word.split("=")[0] not in options)
    return Row(name, options, grade, code, seen, why, place)


# Messages of corpora.

def message(section, row):
    """A file of a corpus as a whole message: a bare structure gets a header and base64."""
    octets = (section.corpus / row.what).read_bytes()
    if row.what.endswith((".eml", ".mbox")) or octets.startswith((b"From:", b"Received:", b"Return-Path:")):
        return octets
    octets = bare(octets)
    if octets.startswith((b"Content-", b"MIME-Version:")):
        return header(section, row) + octets
    if "beside" in row.options:
        text = mails.crlf((section.corpus / row.options["beside"]).read_bytes())
        return header(section, row) + beside(text, octets)
    return header(section, row) + opaque(octets)


def bare(octets):
    """What stands inside PEM."""
    if b"-----BEGIN" not in octets[:200]:
        return octets
    return base64.b64decode(b"".join(line for line in octets.splitlines() if b"-----" not in line))


def header(section, row):
    """From and Date: those of the row, else of its section."""
    fields = {**section.settings, **row.options}
    date = fields.get("date", fields.get("day"))
    moment = datetime.datetime.fromisoformat(date.replace("_", " ")).replace(tzinfo=datetime.timezone.utc) if date else email.utils.localtime()
    said = f"From: {fields['from']}\r\nTo: {ACCOUNT}\r\nSubject: {row.place}\r\nDate: {email.utils.format_datetime(moment)}\r\nMIME-Version: 1.0\r\n"
    return said.encode()


def opaque(der):
    """An application/pkcs7-mime entity that does not say which."""
    return b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(der)


def beside(content, der):
    """A multipart/signed of that entity and the signature."""
    head = b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="=tt"\r\n\r\n--=tt\r\n'
    signature = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(der)
    return head + content + b"\r\n--=tt\r\n" + signature + b"--=tt--\r\n"


def lines(octets):
    """Base64 in lines of CRLF."""
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


# Homes.

class Home:
    """A Souspli with the keys and authorities of a section; a `day` needs faketime."""

    def __init__(self, folder, section, keys=(), authorities=()):
        self.section = section
        folder.mkdir()
        self.folder = folder / "messages"
        self.folder.mkdir()
        self.souspli = souspli.Souspli(folder, [souspli.account(ACCOUNT, 1, 1)], [])
        for authority in [*authorities, *self._authorities()]:
            self.souspli.cli("trust", "add", authority)
        for p12, password in [*keys, *self._keys(folder)]:
            (folder / "p12-password").write_text(password + "\n")
            self.souspli.key_import(ACCOUNT, p12)

    def _authorities(self):
        return [self.section.corpus / name for name in self.section.words("authorities") if "corpus" in self.section.settings]

    def _keys(self, folder):
        """`file.p12:password`, or `certificate+key` in PEM or DER."""
        for number, word in enumerate(self.section.words("keys") if "corpus" in self.section.settings else ()):
            name, colon, password = word.rpartition(":")
            if colon:
                out = folder / f"{number}.p12"
                out.write_bytes(bare((self.section.corpus / name).read_bytes()))
                yield out, password
            else:
                yield _packed(folder / f"{number}.p12", *(self.section.corpus / part for part in word.split("+"))), pki.PASSWORD

    def verdicts(self, messages):
        """Those on messages, {name: octets}: by one call of `souspli open --json`."""
        files = {}
        for number, (name, octets) in enumerate(messages.items()):
            file = self.folder / f"{number}.eml"
            file.write_bytes(octets)
            files[str(file)] = name
        command = [*pki.at(self.section.settings.get("day")), str(souspli.binary()), "open", "--json", "--home", str(self.souspli.home), *files]
        if len(files) == 1:  # which would be the form of one message
            command.append(command[-1])
        done = subprocess.run(command, env=self.souspli.environment(), capture_output=True, timeout=300)
        if done.returncode != 0:
            raise base.LabError(f"{self.section.name}: exit {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}")
        said = map(json.loads, done.stdout.splitlines())
        return {files[each["file"]]: each for each in said}


def _packed(out, certificate, key):
    """A PKCS#12 of a key and its certificate, whatever they are written in."""
    texts = []
    for file, kind in ((certificate, "x509"), (key, "pkey")):
        octets = file.read_bytes()
        form = [] if b"-----BEGIN" in octets else ["-inform", "DER"]
        texts.append(base.run("openssl", kind, *form, stdin=octets))
    both = out.with_suffix(".pem")
    both.write_bytes(b"".join(texts))
    base.run("openssl", "pkcs12", "-export", "-in", both, "-passout", f"pass:{pki.PASSWORD}", "-out", out)
    return out


def seen(verdict):
    """Algorithms and obsolete ones as the fourth column has them."""
    found = [verdict["content_encryption"], verdict["key_encryption"]]
    text = " ".join(word for word in found if word)
    obsolete = ",".join(verdict["obsolete"])
    return " ".join(filter(None, [text, obsolete and f"obsolete:{obsolete}"])) or "-"
