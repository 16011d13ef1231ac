"""gpgsm and NSS (cmsutil) as other makers and readers of S/MIME."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess

from . import base, pki


class Gpgsm:
    """A gpgsm home of its own that trusts one authority and holds some keys."""

    def __init__(self, folder: pathlib.Path, authority, keys, certificates):
        self.folder = folder
        folder.mkdir(mode=0o700)
        (folder / "gpgsm.conf").write_text("disable-crl-checks\nbatch\n")
        (folder / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        print_ = base.run("openssl", "x509", "-in", authority, "-noout", "-fingerprint", "-sha1").decode().strip().split("=")[1]
        (folder / "trustlist.txt").write_text(f"{print_} S relax\n")
        self.run("--import", authority)
        for doctor in keys:
            self._import_key(doctor)
        for doctor in certificates:
            self.run("--import", doctor.certificate)

    def _import_key(self, doctor, attempts=4):
        """gpgsm 2.2 does not read PBES2 with HMAC-SHA-256, and now and then misreads what OpenSSL wrote: another salt helps."""
        for left in reversed(range(attempts)):
            try:
                self.run("--pinentry-mode", "loopback", "--passphrase-fd", "0", "--import", doctor.p12(legacy=True), stdin=pki.PASSWORD.encode())
                return
            except base.LabError:
                if left == 0:
                    raise

    def run(self, *arguments, stdin=None):
        """Runs it; its standard output."""
        env = dict(os.environ, GNUPGHOME=str(self.folder))
        return base.run("gpgsm", "--yes", *arguments, stdin=stdin, env=env)

    def unlocked(self, *arguments, stdin):
        """Runs it with a private key: those of a PKCS#12 keep its password. The passphrase comes on a descriptor of its own."""
        secret = self.folder / "secret"
        secret.write_text(pki.PASSWORD)
        with open(secret, "rb") as handle:
            command = ["gpgsm", "--yes", "--pinentry-mode", "loopback", "--passphrase-fd", str(handle.fileno()), *map(str, arguments)]
            done = subprocess.run(command, input=stdin, capture_output=True, pass_fds=[handle.fileno()], timeout=60,
                                  env=dict(os.environ, GNUPGHOME=str(self.folder)))
        if done.returncode != 0:
            raise base.LabError(done.stderr.decode("utf-8", "replace")[-1000:])
        return done.stdout

    def decrypt(self, der):
        """EnvelopedData to its content."""
        return self.unlocked("--output", "-", "--decrypt", stdin=der)

    def verify(self, der):
        """Opaque SignedData to its content; LabError when the signature is not right."""
        out = self.folder / "content"
        self.run("--output", out, "--verify", stdin=der)
        return out.read_bytes()

    def verify_apart(self, der, content):
        """A detached SignedData over `content`; LabError when it does not fit."""
        signature, text = self.folder / "signature", self.folder / "text"
        signature.write_bytes(der)
        text.write_bytes(content)
        self.run("--verify", signature, text)

    def sign(self, address, content, detached=False, *options):
        """SignedData, opaque or detached."""
        return self.unlocked("--output", "-", *options, "--local-user", address, "--detach-sign" if detached else "--sign", stdin=content)

    def encrypt(self, address, content, *options):
        """EnvelopedData."""
        return self.run("--output", "-", *options, "--recipient", address, "--encrypt", stdin=content)

    def stop(self):
        """Ends its agent."""
        subprocess.run(["gpgconf", "--homedir", str(self.folder), "--kill", "all"], capture_output=True)


class Nss:
    """An NSS database that trusts one authority and holds some keys."""

    def __init__(self, folder: pathlib.Path, authority, keys, certificates):
        self.folder, self.db = folder, f"sql:{folder}"
        folder.mkdir()
        base.run("certutil", "-N", "-d", self.db, "--empty-password")
        base.run("certutil", "-A", "-d", self.db, "-n", "authority", "-t", "CT,C,C", "-i", authority)
        for doctor in keys:
            base.run("pk12util", "-i", doctor.p12(), "-d", self.db, "-W", pki.PASSWORD)
        for doctor in certificates:
            base.run("certutil", "-A", "-d", self.db, "-n", doctor.address, "-t", ",,", "-i", doctor.certificate)

    def _cmsutil(self, *arguments, stdin):
        source, out = self.folder / "in", self.folder / "out"
        source.write_bytes(stdin)
        base.run("cmsutil", *arguments, "-d", self.db, "-i", source, "-o", out)
        return out.read_bytes()

    def decrypt(self, der):
        """EnvelopedData to its content."""
        return self._cmsutil("-D", stdin=der)

    def verify(self, der):
        """Opaque SignedData to its content; LabError when the signature is not right."""
        return self._cmsutil("-D", "-u", "4", stdin=der)  # 4: a signer of mail

    def verify_apart(self, der, content):
        """A detached SignedData over `content`; LabError when it does not fit."""
        text = self.folder / "text"
        text.write_bytes(content)
        self._cmsutil("-D", "-u", "4", "-c", text, stdin=der)

    def sign(self, nickname, content, detached=False, digest="SHA256", timed=True):
        """SignedData, opaque or detached; `timed`: with a signing time."""
        return self._cmsutil("-S", "-N", nickname, *(["-G"] if timed else []), "-H", digest, *(["-T"] if detached else []), stdin=content)

    def encrypt(self, address, content):
        """EnvelopedData."""
        return self._cmsutil("-E", "-r", address, stdin=content)


class Openssl:
    """openssl cms with one doctor's key."""

    def __init__(self, authority, reader):
        self.authority, self.reader = authority, reader

    def decrypt(self, der):
        """EnvelopedData or AuthEnvelopedData to its content."""
        return base.run("openssl", "cms", "-decrypt", "-inform", "DER", "-recip", self.reader.certificate, "-inkey", self.reader.key, stdin=der)

    def verify(self, der):
        """Opaque SignedData to its content; LabError when the signature is not right."""
        return base.run("openssl", "cms", "-verify", "-inform", "DER", "-CAfile", self.authority, "-purpose", "smimesign", stdin=der)

    def verify_apart(self, der, content):
        """A detached SignedData over `content`; LabError when it does not fit."""
        text = self.authority.with_name("text")
        text.write_bytes(content)
        base.run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-content", text, "-CAfile", self.authority, "-purpose", "smimesign", stdin=der)


class Cryptography:
    """Python's cryptography with the doctors' keys; signs with any, encrypts for RSA."""

    def __init__(self, doctors):
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        self.keys = {d.address: serialization.load_pem_private_key(d.key.read_bytes(), None) for d in doctors}
        self.certificates = {d.address: x509.load_pem_x509_certificate(d.certificate.read_bytes()) for d in doctors}

    def sign(self, address, content, detached=False, pss=False, words=()):
        """SignedData in DER, opaque or detached; `pss`: with that padding; `words`: a hash, `noattr`, `nocerts`, `nocaps`."""
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.serialization import pkcs7
        named = {"noattr": pkcs7.PKCS7Options.NoAttributes, "nocerts": pkcs7.PKCS7Options.NoCerts, "nocaps": pkcs7.PKCS7Options.NoCapabilities}
        options = [pkcs7.PKCS7Options.Binary, *([pkcs7.PKCS7Options.DetachedSignature] if detached else []), *(named[w] for w in words if w in named)]
        digest = next((getattr(hashes, word.upper())() for word in words if word.startswith("sha")), hashes.SHA256())
        salt = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
        padded = {"rsa_padding": salt} if pss or "pss" in words else {}
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(self.certificates[address], self.keys[address], digest, **padded)
        return builder.sign(serialization.Encoding.DER, options)

    def encrypt(self, address, content, cipher="aes256"):
        """EnvelopedData in DER, AES-256-CBC unless told."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.ciphers import algorithms
        from cryptography.hazmat.primitives.serialization import pkcs7
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(self.certificates[address])
        return builder.set_content_encryption_algorithm(getattr(algorithms, cipher.upper())).encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])

    def decrypt(self, der):
        """EnvelopedData to its content, with whichever key fits."""
        from cryptography.hazmat.primitives.serialization import pkcs7
        for address, key in self.keys.items():
            try:
                return pkcs7.pkcs7_decrypt_der(der, self.certificates[address], key, [])
            except (ValueError, TypeError):
                continue
        raise base.LabError("cryptography: no key opens it")


def has_cryptography():
    """True where its PKCS#7 builders are there (since version 44)."""
    try:
        from cryptography.hazmat.primitives.serialization import pkcs7
    except ImportError:
        return False
    return hasattr(pkcs7, "PKCS7EnvelopeBuilder") and hasattr(pkcs7, "pkcs7_decrypt_der")


def version(name):
    """Name and version of an installed peer, for the table."""
    if name == "cryptography":
        import cryptography
        return f"cryptography {cryptography.__version__}"
    command = {"openssl": ["openssl", "version"], "gpgsm": ["gpgsm", "--version"], "nss": ["modutil", "--version"]}[name]
    if name == "nss":
        found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libnss3"], capture_output=True, text=True).stdout
        return "NSS " + (re.search(r"[\d.]+", found.split(":")[-1]) or [""])[0]
    first = base.run(*command).decode().splitlines()[0]
    return {"openssl": "OpenSSL ", "gpgsm": "gpgsm "}[name] + re.search(r"\d+\.\d+\.\d+", first).group(0)
