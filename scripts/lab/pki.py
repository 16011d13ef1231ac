"""Test authorities, TLS certificates and doctors' keys, made by openssl at run time."""
from __future__ import annotations

import pathlib
import ssl

from . import base

PASSWORD = "essai-p12"

# What a doctor's certificate is for, as keyUsage says it.
_USAGE = {
    "both": {"rsa": "digitalSignature,nonRepudiation,keyEncipherment", "ec": "digitalSignature,keyAgreement"},
    "sign": {"rsa": "digitalSignature,nonRepudiation", "ec": "digitalSignature"},
    "encrypt": {"rsa": "keyEncipherment", "ec": "keyAgreement"},
}


class Authority:
    """A certification authority in `folder`, valid ten years."""

    def __init__(self, folder: pathlib.Path, name):
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = folder / "ca.pem", folder / "ca.key"
        base.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-utf8", "-subj", f"/C=FR/O=Souspli Lab/CN={name}",
                 "-keyout", self.key, "-out", self.certificate, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, stem, subject, extensions, kind="rsa", days=700, day=None):
        """A key and its certificate as stem.key and stem.pem; `kind`: rsa, rsa1024, rsa3072, ec (P-256), ec384; `day`: of issue, by faketime."""
        key, request, out = (self.folder / f"{stem}.{end}" for end in ("key", "csr", "pem"))
        base.run("openssl", "req", "-new", "-nodes", "-utf8", *_key_options(kind), "-subj", subject, "-keyout", key, "-out", request)
        ext = self.folder / f"{stem}.ext"
        ext.write_text(extensions)
        base.run(*at(day), "openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                 "-days", str(days), "-sha256", "-extfile", ext, "-out", out)
        return key, out

    def doctor(self, stem, name, address, kind="rsa", usage="both", days=700):
        """A doctor with one certificate for that use."""
        algorithm = "ec" if kind.startswith("ec") else "rsa"
        mail = f"subjectAltName=email:{address}\n" if address else ""
        extensions = (f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,{_USAGE[usage][algorithm]}\n{mail}"
                      "extendedKeyUsage=emailProtection\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        key, certificate = self.issue(stem, f"/C=FR/CN={name}", extensions, kind, days)
        return Doctor(stem, name, address, key, certificate, self.certificate)


class Doctor:
    """A key, its certificate and the authority above."""

    def __init__(self, stem, name, address, key, certificate, authority):
        self.stem, self.name, self.address = stem, name, address
        self.key, self.certificate, self.authority = key, certificate, authority

    def p12(self, legacy=False):
        """A PKCS#12 of all three under PASSWORD; `legacy`: RC2-40 and 3DES with SHA-1, as old card tools wrote them."""
        out = self.certificate.with_suffix(".old.p12" if legacy else ".p12")
        old = ("-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1") if legacy else ()
        base.run("openssl", "pkcs12", "-export", *old, "-inkey", self.key, "-in", self.certificate, "-certfile", self.authority,
                 "-name", self.name, "-passout", f"pass:{PASSWORD}", "-out", out)
        return out


class Tls:
    """The certificate of the lab's servers, for localhost and 127.0.0.1."""

    def __init__(self, folder: pathlib.Path):
        self.authority = Authority(folder, "Souspli Lab TLS")
        self.bundle = self.authority.certificate
        self.key, self.certificate = self.authority.issue(
            "server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        for file in (folder, self.key, self.certificate):  # the unprivileged servers read them
            file.chmod(0o755 if file.is_dir() else 0o644)

    def server_context(self):
        """For a server of the lab."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def asking_context(self, authority):
        """The same for a server that asks its clients for a certificate of that authority."""
        context = self.server_context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)
        return context

    def client_context(self):
        """For a client that speaks to a server of the lab directly."""
        return ssl.create_default_context(cafile=str(self.bundle))


def unchecked_context():
    """For clients of the lab whose subject is not TLS: checks nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _key_options(kind):
    curves = {"ec": "P-256", "ec384": "P-384"}
    if kind in curves:
        return "-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{curves[kind]}"
    return "-newkey", f"rsa:{kind[3:] or 2048}"


def at(day):
    """The words before a command that make it live on that day."""
    return ("env", "TZ=UTC", "faketime", "-f", f"@{day}") if day else ()
