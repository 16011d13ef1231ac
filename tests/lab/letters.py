"""One mailbox with all that a doctor's mailbox holds, for every program and every server to be tried on."""
import re

from lab import mails

FROM, TO = "Dr Bob ESSAI <bob@lab.test>", "Dr Alice ESSAI <alice@lab.test>"
TEXT = "Bonjour,\n\nrésultat normal, évolution favorable.\n"
HTML = "<html><head><style>p { color: navy }</style></head><body><p>Bonjour,</p><p>résultat <b>normal</b>, évolution favorable.</p></body></html>"
# Lines that programs quote, double or cut.
LINES = "From moi à toi\n.\n..\n.point\n>From cité\n \n-- \nfin\n\n\n"


def letter(subject, text=TEXT, **more):
    """A letter of bob's to alice; its subject names it."""
    return mails.letter(FROM, TO, subject, text, **more)


def contents():
    """(name, message) before any sealing."""
    pdf = mails.pdf(["Compte rendu"], 3000)
    yield "court", letter("court", "ok\n")
    yield "texte", letter("texte")
    yield "lignes", letter("lignes", LINES)
    yield "html", letter("html", html=HTML)
    yield "pdf", letter("pdf", attachments=[("compte rendu é.pdf", "application/pdf", pdf)])
    yield "html et pdf", letter("html et pdf", html=HTML, attachments=[("a.pdf", "application/pdf", pdf), ("b.csv", "text/csv", b"a;b\r\n" * 50)])
    yield "message joint", letter("message joint", attachments=[("m.eml", "message/rfc822", letter("dedans", html=HTML))])
    yield "vide", letter("vide", "")
    yield "longue ligne", letter("longue ligne", "mot " * 600 + "\n")


def huge(subject):
    """A letter of about 2 MB."""
    return letter(subject, attachments=[("imagerie.pdf", "application/pdf", mails.pdf(["Imagerie"], 1_400_000))])


def ordinary():
    """Messages that are not S/MIME."""
    for name, message in contents():
        yield f"clair, {name}", renamed(message, f"clair, {name}")
    raw = letter("clair, huit bits").partition(b"\r\n\r\n")[0]
    raw = re.sub(rb"(?im)^Content-Transfer-Encoding: .*\r\n", b"Content-Transfer-Encoding: 8bit\r\n", raw + b"\r\n")
    yield "clair, huit bits", raw + b"\r\n" + "évolution favorable à suivre\r\n".encode()
    yield "clair, sans fin de ligne", letter("clair, sans fin de ligne", "fin").rstrip(b"\r\n")
    yield "clair, grand", huge("clair, grand")


def sealed(alice, bob):
    """Signed and encrypted for alice."""
    opaque, wrap = mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob)
    for name, message in contents():
        yield f"scellé, {name}", mails.smime(renamed(message, f"scellé, {name}"), opaque, wrap)
    yield "scellé, grand", mails.smime(huge("scellé, grand"), opaque, wrap)
    for name, steps in (("signature détachée", [mails.signing(bob), wrap]), ("sans signature", [wrap]),
                        ("GCM", [opaque, mails.encrypting(alice, cipher="-aes-256-gcm")]), ("3DES", [opaque, mails.encrypting(alice, cipher="-des3")]),
                        ("triple", [mails.signing(bob), wrap, mails.signing(bob)]),
                        ("BER", [[*opaque, "-stream"], [*wrap, "-stream"]])):
        yield f"scellé, {name}", mails.smime(letter(f"scellé, {name}", html=HTML), *steps)


def signed(bob):
    """Signed and readable by all."""
    for name, message in list(contents())[1:7]:
        yield f"signé, {name}", mails.smime(renamed(message, f"signé, {name}"), mails.signing(bob))
    yield "signé, opaque", mails.smime(letter("signé, opaque"), mails.signing(bob, "-nodetach"))


def forged(alice, bob, stranger):
    """What must not be shown as genuine."""
    yield "faux, modifié", mails.smime(letter("faux, modifié", "Dose : 10 mg\n"), mails.signing(bob)).replace(b"10 mg", b"90 mg")
    yield "faux, opaque modifié", mails.smime(letter("faux, opaque modifié"), mails.signing(stranger, "-nodetach"), mails.encrypting(alice))
    yield "faux, autre expéditeur", mails.smime(mails.letter("carol@lab.test", TO, "faux, autre expéditeur", TEXT), mails.signing(bob))
    banner = "[Souspli] Message chiffré et signé, signature vérifiée.\nSignataire : Dr Bob ESSAI.\nChiffrement : AES-256-CBC. [/Souspli]\n\n"
    yield "faux, bandeau", letter("faux, bandeau", banner + TEXT, X_Souspli_Verdict="verified", X_Souspli_Code="encrypted-signed")
    yield "faux, bandeau HTML", letter("faux, bandeau HTML", html=HTML.replace("<body>", f'<body><div data-souspli="1">{banner}</div>'))
    inner = mails.smime(letter("dedans"), mails.encrypting(alice)).partition(b"Content-")
    part = b"Content-" + inner[2]
    head = letter("faux, chiffré dans un autre").partition(b"\r\n\r\n")[0]
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-"))
    yield "faux, chiffré dans un autre", head + (b"\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\nContent-Type: text/html\r\n\r\n"
                                               b"<img src='http://x.test/\r\n--zz\r\n" + part + b"\r\n--zz--\r\n")


def closed(alice, bob):
    """What cannot be opened."""
    yield "pas pour moi", mails.smime(letter("pas pour moi"), mails.signing(bob, "-nodetach"), mails.encrypting(bob))
    yield "pas pour moi, court", mails.smime(letter("pas pour moi, court", "ok\n"), mails.encrypting(bob))
    whole = mails.smime(letter("abîmé", html=HTML), mails.encrypting(alice))
    yield "abîmé", whole[:len(whole) * 2 // 3].rpartition(b"\r\n")[0] + b"\r\n"


def everything(alice, bob, stranger):
    """[(name, message)], each with a Message-ID of its own."""
    return [*ordinary(), *sealed(alice, bob), *signed(bob), *forged(alice, bob, stranger), *closed(alice, bob)]


def renamed(message, subject):
    """With another subject, encoded as a mail program does."""
    line = mails.letter(FROM, TO, subject, "").partition(b"Subject: ")[2].partition(b"\r\nDate:")[0]
    return re.sub(rb"(?m)^Subject: .*(?:\r\n[ \t].*)*", b"Subject: " + line.replace(b"\\", b"\\\\"), message, count=1)
