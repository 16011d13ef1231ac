"""Sample messages: built from plain values, CRLF line ends, and a small valid PDF."""
from __future__ import annotations

import email.message
import email.policy
import email.utils
import zlib

from . import base


def pdf(lines, filler=0):
    """A one-page PDF with that text; `filler` adds octets that no viewer shows."""
    text = b"BT /F1 14 Tf 60 780 Td 20 TL " + b" ".join(b"(" + _latin(line) + b") Tj T*" for line in lines) + b" ET"
    stream = zlib.compress(text)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    out += b"%" + b"".join(bytes([33 + n % 90]) for n in range(filler)) + b"\n"
    table = b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table, len(objects) + 1, len(out))


def letter(sender, to, subject, text, html=None, attachments=(), cc=(), message_id=None, **fields):
    """A message as a mail program writes it; `attachments`: (name, type, octets)."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"] = sender, ", ".join([to] if isinstance(to, str) else to)
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Subject"], message["Date"] = subject, email.utils.localtime()
    message["Message-ID"] = message_id or email.utils.make_msgid(domain="lab.test")
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, kind, octets in attachments:
        main, sub = kind.split("/")
        if main == "message":
            message.add_attachment(email.message_from_bytes(octets, policy=email.policy.SMTP), filename=name)
        else:
            message.add_attachment(octets, main, sub, filename=name)
    return message.as_bytes()


def parse(octets):
    """A message as Python's parser sees it."""
    return email.message_from_bytes(octets, policy=email.policy.default)


def texts(message):
    """The decoded text of every text part, joined."""
    return "\n".join(p.get_content() for p in message.walk() if p.get_content_maintype() == "text" and not p.is_attachment())


def attachment(message, name):
    """The decoded octets of an attachment; None when there is none of that name."""
    return next((p.get_payload(decode=True) for p in message.walk() if p.get_filename() == name), None)


def split(octets):
    """(header lines that describe the message, header lines that describe its content, body)."""
    head, _, body = octets.partition(b"\r\n\r\n")
    outer, inner, last = [], [], None
    for line in head.split(b"\r\n"):
        if not line[:1].isspace():
            last = inner if line.lower().startswith((b"content-", b"mime-version:")) else outer
        last.append(line)
    return outer, inner, body


def smime(octets, *steps):
    """Replaces a message's content by what openssl makes of it; a step is a list of arguments of `openssl cms`."""
    outer, inner, body = split(octets)
    entity = b"\r\n".join([line for line in inner if not line.lower().startswith(b"mime-version")] + [b"", body])
    for step in steps:
        entity = crlf(base.run("openssl", "cms", *step, stdin=entity))
    return b"\r\n".join(outer) + b"\r\n" + entity


def crlf(octets):
    """Any line ends as CRLF."""
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def signing(doctor, *more):
    """Arguments of `openssl cms` that sign; `-nodetach` among `more` makes it opaque."""
    return ["-sign", "-binary", "-signer", doctor.certificate, "-inkey", doctor.key, "-md", "sha256", *more]


def encrypting(*doctors, cipher="-aes-256-cbc", keyopt=()):
    """Arguments of `openssl cms` that encrypt for each doctor."""
    options = [word for opt in keyopt for word in ("-keyopt", opt)]
    return ["-encrypt", cipher, *[w for d in doctors for w in ("-recip", d.certificate, *options)]]


def _latin(line):
    return line.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
