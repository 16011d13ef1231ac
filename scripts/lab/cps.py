"""Cards of health professionals as the CPS is: two RSA pairs, a multi-valued name, no e-mail address, nothing to encrypt to."""
from __future__ import annotations

import dataclasses

from . import base, pki

# Ends of CKA_ID by which the two pairs of a CPS are known; what stands before them is the lab's.
AUTHENTICATION, SIGNATURE = "0100000000000020", "0100000000000010"
# What one key of another kind of token is called.
SINGLE = "0100000000000001"

_EXTENSIONS = {
    "authentication": "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n",
    "signature": "keyUsage=critical,nonRepudiation\nextendedKeyUsage=emailProtection\n",
    "both": "keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment\n",
    "agreement": "keyUsage=critical,digitalSignature,keyAgreement\n",
}


@dataclasses.dataclass(frozen=True)
class Holder:
    """Whose card it is; `rpps`: eleven digits, of the range for trials."""
    given: str = "CAMILLE"
    surname: str = "ESSAI-DURAND"
    rpps: str = "99700000005"
    title: str = "Médecin"
    # Where he works: one certificate for each place.
    place: str = ""

    @property
    def national(self):
        """The identifier of certificates: 8 says that an RPPS follows."""
        return f"8{self.rpps}"

    @property
    def subject(self):
        """C, O where there is one, title, and one RDN of three attributes, as openssl takes it."""
        place = f"/O={self.place}" if self.place else ""
        return f"/C=FR{place}/title={self.title}/CN={self.national}+SN={self.surname}+GN={self.given}"


@dataclasses.dataclass(frozen=True)
class Pair:
    """A private key and its certificate as PEM files, and what a token says of them."""
    identifier: str
    label: str
    key: object
    certificate: object
    # Of: sign, decrypt, derive.
    uses: tuple
    # The PIN is asked for each use.
    always: bool = False


def card(authority: pki.Authority, holder=Holder(), kind="rsa", days=700, always=True):
    """The two pairs of a CPS. Both keys can decrypt, though no certificate asks for it; `always`: of the signature key."""
    return [_pair(authority, holder, "authentication", kind, AUTHENTICATION, "Certificat d'Authentification CPS", ("sign", "decrypt"), days=days),
            _pair(authority, holder, "signature", kind, SIGNATURE, "Certificat de Signature CPS", ("sign", "decrypt"), always=always, days=days)]


def single(authority: pki.Authority, holder=Holder(), kind="rsa", identifier=SINGLE, address=None, days=700):
    """One pair for everything; with an e-mail address in the certificate, or without."""
    rsa = kind.startswith("rsa")
    return _pair(authority, holder, "both" if rsa else "agreement", kind, identifier, "Certificat", ("sign", "decrypt") if rsa else ("sign", "derive"),
                 address=address, days=days)


def public_key(pair: Pair):
    """The certificate's key as PEM."""
    return base.run("openssl", "x509", "-in", pair.certificate, "-noout", "-pubkey")


def _pair(authority, holder, use, kind, identifier, label, uses, always=False, address=None, days=700):
    mail = f"subjectAltName=email:{address}\n" if address else ""
    extensions = f"basicConstraints=critical,CA:FALSE\n{_EXTENSIONS[use]}{mail}subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    key, certificate = authority.issue(f"{holder.rpps}-{use}-{kind}-{identifier}", holder.subject, extensions, kind, days)
    return Pair(identifier, label, key, certificate, uses, always)
