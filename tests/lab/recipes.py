"""Messages made when the tests run: by keys of a corpus (PKITS), and by recipe with the four stacks."""
from __future__ import annotations

import base64
import re

from lab import base, mails, peers, pki

import tables

PASSWORD = pki.PASSWORD
OWN = ("rsa", "rsa3072", "ec", "ec384")  # whose keys the reader has
TEXT = "Résultat normal, évolution favorable.\r\n"
ENTITY = mails.crlf(("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + TEXT).encode())


def pkits(folder, section, row):
    """A letter signed, detached, with that key of PKITS; the certificates of its path come along, as in NIST's own messages."""
    both, others = folder / f"{row.what}.pem", folder / f"{row.what}.chain"
    password = ["-passin", "pass:password", "-nodes"]
    both.write_bytes(base.run("openssl", "pkcs12", "-legacy", "-in", section.corpus / "pkcs12" / f"{row.what}.p12", *password))
    chain = [name for name in row.options.get("chain", "").split(",") if name]
    others.write_bytes(b"".join(pem((section.corpus / "certs" / f"{name}.crt").read_bytes()) for name in chain))
    more = ["-certfile", others] if chain else []
    command = [*pki.at(section.settings.get("day")), "openssl", "cms", "-sign", "-binary", "-nosmimecap", "-signer", both, *more]
    return tables.header(section, row) + entity(base.run(*command, stdin=ENTITY))


def pem(der):
    """A certificate as text."""
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def entity(octets):
    """What openssl writes, as an entity inside a message."""
    return mails.crlf(octets).replace(b"MIME-Version: 1.0\r\n", b"", 1)


# Recipes: `openssl sign rsa detached sha384 > openssl encrypt ec aes-256-gcm > lf`, from the inside out.

class Kitchen:
    """The doctors of the run, and the four stacks with their keys."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = pki.Authority(folder / "pki", "Autorité d'essai")
        self.stranger = pki.Authority(folder / "stranger", "Autorité d'ailleurs")
        kinds = {"rsa": "rsa", "rsa3072": "rsa3072", "ec": "ec", "ec384": "ec384", "zoe": "rsa"}
        self.doctors = {name: self.authority.doctor(name, f"Dr {name.upper()}", f"{name}@lab.test", kind) for name, kind in kinds.items()}
        for usage in ("sign", "encrypt"):
            self.doctors[f"{usage}-only"] = self.authority.doctor(f"{usage}-only", "Dr UN USAGE", f"{usage}-only@lab.test", "ec", usage)
        self.doctors["stranger"] = self.stranger.doctor("rsa", "Dr RSA", "stranger@lab.test", "rsa")
        self.doctors["server"] = self._special("server", "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        self.doctors["critical"] = self._special("critical", "1.2.3.4.5=critical,ASN1:NULL\n")
        self.doctors["addressless"] = self.authority.doctor("addressless", "Dr SANS ADRESSE", None, "ec")
        self.doctors["old"] = self._special("old", "", "2020-01-01 00:00:00")
        self.doctors["early"] = self._special("early", "", "2045-01-01 00:00:00")
        self.doctors["short"] = self._short()
        self.peers = {}

    def _special(self, name, extensions, day=None):
        """A certificate like no doctor's."""
        return self._doctor(name, *self.authority.issue(name, f"/CN={name}", f"subjectAltName=email:{name}@lab.test\n{extensions}", "ec", 30, day))

    def _short(self):
        """An RSA key of 1024 bits, as twenty years ago."""
        return self._doctor("short", *self.authority.issue("short", "/CN=short", "subjectAltName=email:short@lab.test\n", "rsa1024", 30))

    def _doctor(self, name, key, certificate):
        return pki.Doctor(name, name, f"{name}@lab.test", key, certificate, self.authority.certificate)

    def stack(self, name):
        """gpgsm, NSS or Python's cryptography, begun when first used."""
        if name not in self.peers:
            known = [self.doctors[n] for n in OWN]
            made = {"gpgsm": lambda: peers.Gpgsm(self.folder / "g", self.authority.certificate, known[:1], []),
                    "nss": lambda: peers.Nss(self.folder / "n", self.authority.certificate, known, []),
                    "python": lambda: peers.Cryptography(known)}
            self.peers[name] = made[name]()
        return self.peers[name]

    def stop(self):
        """Ends gpgsm's agent."""
        if "gpgsm" in self.peers:
            self.peers["gpgsm"].stop()

    def message(self, section, row):
        """The recipe's message, from the first who signed, else from zoe."""
        steps = [step.split() for step in row.what.split(" > ")]
        signer = next((step[2] for step in steps if step[1:2] == ["sign"]), "zoe")
        sender = {"from": f"{signer}@lab.test", **row.options}
        fields, octets = tables.header(section, row._replace(options=sender)), ENTITY
        for step in steps:
            fields, octets = self._done(step, fields, octets)
        return fields + octets

    def _done(self, step, fields, octets):
        name, words = step[0], step[1:]
        if name in DAMAGES:
            return DAMAGES[name](fields, octets, *words)
        return fields, getattr(self, f"_{name}_{words[0]}")(octets, *words[1:])

    # OpenSSL.

    def _cms(self, octets, *arguments):
        return entity(base.run("openssl", "cms", *arguments, stdin=octets))

    def _openssl_sign(self, octets, who, *words):
        options = [] if "detached" in words else ["-nodetach"]
        for each in (who, *(word[5:] for word in words if word.startswith("with="))):
            doctor = self.doctors[each]
            options += ["-signer", doctor.certificate, "-inkey", doctor.key, *_padding(words)]
        return self._cms(octets, "-sign", "-binary", *options, *_flags(words))

    def _openssl_encrypt(self, octets, whom, cipher, *words):
        options = [word for each in whom.split(",") for word in ("-recip", self.doctors[each].certificate, *_padding(words))]
        options += OLD if cipher in ("rc2-40", "rc2-128", "des", "seed", "rc4", "bf", "cast5-cbc") else []
        return self._cms(octets, "-encrypt", "-binary", f"-{cipher}", *options, *_flags(words))

    def _openssl_password(self, octets):
        return self._cms(octets, "-encrypt", "-binary", "-aes-256-cbc", "-pwri_password", "secret")

    def _openssl_secret(self, octets):
        return self._cms(octets, "-encrypt", "-binary", "-aes-256-cbc", "-secretkey", "00" * 16, "-secretkeyid", "01")

    def _openssl_digest(self, octets):
        return self._cms(octets, "-digest_create", "-binary")

    def _openssl_data(self, octets):
        return self._cms(octets, "-data_create", "-binary")

    def _openssl_symmetric(self, octets):
        return self._cms(octets, "-EncryptedData_encrypt", "-binary", "-aes-256-cbc", "-secretkey", "00" * 32)

    def _openssl_certificates(self, _):
        der = base.run("openssl", "crl2pkcs7", "-nocrl", "-certfile", self.doctors["rsa"].certificate, "-outform", "DER")
        return tables.opaque(der)

    # The others give a structure in DER or BER.

    def _gpgsm_sign(self, octets, who, *words):
        return self._signed(octets, words, lambda detached: self.stack("gpgsm").sign(self.doctors[who].address, octets, detached, *_digest(words)))

    def _gpgsm_encrypt(self, octets, whom, cipher):
        return tables.opaque(self.stack("gpgsm").encrypt(self.doctors[whom].address, octets, "--cipher-algo", cipher))

    def _nss_sign(self, octets, who, *words):
        digest = next((word.upper() for word in words if word.startswith("sha")), "SHA256")
        return self._signed(octets, words, lambda detached: self.stack("nss").sign(self.doctors[who].name, octets, detached, digest, "notime" not in words))

    def _nss_encrypt(self, octets, whom):
        return tables.opaque(self.stack("nss").encrypt(self.doctors[whom].address, octets))

    def _python_sign(self, octets, who, *words):
        return self._signed(octets, words, lambda detached: self.stack("python").sign(self.doctors[who].address, octets, detached, words=words))

    def _python_encrypt(self, octets, whom, cipher):
        return tables.opaque(self.stack("python").encrypt(self.doctors[whom].address, octets, cipher))

    def _signed(self, octets, words, sign):
        detached = "detached" in words
        der = sign(detached)
        return tables.beside(octets, der) if detached else tables.opaque(der)


FLAGS = {"noattr": ["-noattr"], "nocerts": ["-nocerts"], "keyid": ["-keyid"], "stream": ["-stream", "-indef"], "nocaps": ["-nosmimecap"],
         "cades": ["-cades"]}


OLD = ["-provider", "legacy", "-provider", "default"]


def _flags(words):
    digests = [["-md", word] for word in words if word.startswith(("sha", "md5", "ripemd"))]
    return [option for chosen in (*digests, *(FLAGS[word] for word in words if word in FLAGS)) for option in chosen]


def _padding(words):
    """-keyopt of a signer or a recipient: `pss`, `oaep=sha256`, `salt=7`, `mgf1=sha1`, `kdf=...`."""
    named = {"oaep": "rsa_oaep_md", "mgf1": "rsa_mgf1_md", "salt": "rsa_pss_saltlen", "kdf": "ecdh_kdf_md", "cofactor": "ecdh_cofactor_mode"}
    options = ["rsa_padding_mode:pss"] if "pss" in words else []
    options += ["rsa_padding_mode:oaep"] if any(word.startswith("oaep=") for word in words) else []
    options += [f"{named[key]}:{value}" for key, _, value in (word.partition("=") for word in words) if key in named]
    return [word for option in options for word in ("-keyopt", option)]


def _digest(words):
    return [option for word in words if word.startswith("sha") for option in ("--digest-algo", word.upper())]


# What happens to mail on its way.

def _inside(change):
    """A change of the entity alone."""
    return lambda fields, octets, *words: (fields, change(octets, *words))


def _cut(octets, count):
    """The end is lost."""
    return octets[:-int(count)]


def _replaced(octets, old, new):
    """One word in place of another; it must be there."""
    if old.encode() not in octets:
        raise base.LabError(f"nothing to replace: {old}")
    return octets.replace(old.encode(), new.encode(), 1)


def _flipped(octets, at, bit="1"):
    """One bit of the structure in base64, counted from its beginning or its end."""
    head, _, body = octets.partition(b"\r\n\r\n")
    der = bytearray(base64.b64decode(body))
    der[int(at)] ^= int(bit)
    return head + b"\r\n\r\n" + tables.lines(bytes(der))


def _binary(octets):
    """Without base64, as BINARYMIME and some archives have it."""
    head, _, body = octets.partition(b"\r\n\r\n")
    return re.sub(rb"(?i)(content-transfer-encoding:) base64", rb"\1 binary", head) + b"\r\n\r\n" + base64.b64decode(body)


def _unfolded(octets):
    """Base64 in one line."""
    head, _, body = octets.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + base64.b64encode(base64.b64decode(body)) + b"\r\n"


def _listed(octets):
    """A mailing list puts what it gets beside its own words."""
    footer = b"Content-Type: text/plain\r\n\r\nListe des essais\r\n"
    return b'Content-Type: multipart/mixed; boundary="=ll"\r\n\r\n--=ll\r\n' + octets + b"\r\n--=ll\r\n" + footer + b"--=ll--\r\n"


def _forwarded(octets):
    """A message inside another, as an attachment."""
    return b"Content-Type: message/rfc822\r\n\r\nFrom: rsa@lab.test\r\nSubject: Lettre\r\n" + octets


def _appended(octets, *words):
    """Text after the end."""
    return octets + " ".join(words).encode() + b"\r\n"


def _typed(octets, media_type, *parameters):
    """Another Content-Type before the same body."""
    head, _, body = octets.partition(b"\r\n\r\n")
    kept = [line for line in re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n") if not line.lower().startswith((b"content-type", b"content-disposition"))]
    return b"\r\n".join([b"; ".join([f"Content-Type: {media_type}".encode(), *(p.encode() for p in parameters)]), *kept]) + b"\r\n\r\n" + body


def _lf(fields, octets):
    """Line ends of Unix, as a maildir keeps them."""
    return fields.replace(b"\r\n", b"\n"), octets.replace(b"\r\n", b"\n")


def _field(fields, octets, name, *words):
    """A field of the message's header more, before the others."""
    return f"{name}: {' '.join(words)}\r\n".encode() + fields, octets


DAMAGES = {"cut": _inside(_cut), "replace": _inside(_replaced), "flip": _inside(_flipped), "binary": _inside(_binary), "unfold": _inside(_unfolded),
           "list": _inside(_listed), "forward": _inside(_forwarded), "append": _inside(_appended), "type": _inside(_typed), "lf": _lf, "field": _field}
