"""OpenSSL, gpgsm and NSS open and verify what Souspli seals; Souspli what each of them seals. The table is docs/interop.md."""
import email.message
import email.utils
import os
import smtplib
import unittest

from lab import base, mails, peers, pki, sink, souspli

from common import need_product

TEXT = "Résultat normal, évolution favorable.\r\n"
ENTITY = ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + TEXT).encode()
HEAD = b"From: %s\r\nTo: %s\r\nSubject: Lettre\r\nDate: %s\r\nMIME-Version: 1.0\r\n"
ROWS = {"seals": {}, "signs": {}, "opens": {}}
KEYS = {"rsa": "RSA", "ec": "EC P-256", "ec384": "EC P-384"}


def der_of(octets):
    """The CMS structure that a message or an entity carries in base64."""
    return mails.parse(octets).get_payload(decode=True)


def entity_of(der, kind):
    """An application/pkcs7-mime entity with that structure."""
    part = email.message.EmailMessage()
    part.set_content(der, "application", "pkcs7-mime", params={"smime-type": kind, "name": "smime.p7m"}, cte="base64")
    del part["MIME-Version"]
    return mails.crlf(part.as_bytes())


def beside(content, der):
    """A multipart/signed of an entity and its detached signature."""
    part = email.message.EmailMessage()
    part.set_content(der, "application", "pkcs7-signature", params={"name": "smime.p7s"}, cte="base64")
    del part["MIME-Version"]
    head = b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="=bb"\r\n\r\n--=bb\r\n'
    return head + content + b"\r\n--=bb\r\n" + mails.crlf(part.as_bytes()) + b"\r\n--=bb--\r\n"


def apart(octets):
    """The signed octets of a multipart/signed, and the structure beside them."""
    head, _, body = octets.partition(b"\r\n\r\n")
    boundary = b"\r\n--" + head.partition(b'boundary="')[2].partition(b'"')[0]
    _, content, signature, _ = (b"\r\n" + body).split(boundary)
    return content.removeprefix(b"\r\n"), mails.parse(signature.removeprefix(b"\r\n")).get_payload(decode=True)


class InteropTest(unittest.TestCase):
    """Doctors with keys of each kind; each has a Souspli that knows the others."""

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.authority = pki.Authority(cls.folder.path / "pki", "Autorité d'essai")
        cls.doctors = {k: cls.authority.doctor(k, f"Dr {k.upper()} ESSAI", f"{k}@lab.test", k) for k in KEYS}
        cls.relays = {k: cls.relay(k) for k in cls.doctors}
        cls.to_gcm = {k: cls.relay(k, "gcm", policy='reads_gcm = ["lab.test"]') for k in cls.doctors}
        cls.ca = cls.authority.certificate

    @classmethod
    def relay(cls, kind, name="", account=None, authorities=(), policy=""):
        place = cls.folder.path / f"souspli-{kind}{name}"
        place.mkdir()
        relay = souspli.Souspli(place, [account or souspli.account(f"{kind}@lab.test", 1, 1)], authorities, policy)
        relay.furnish({f"{kind}@lab.test": [cls.doctors[kind]]}, [d for k, d in cls.doctors.items() if k != kind], [cls.authority.certificate])
        return relay

    @classmethod
    def tearDownClass(cls):
        if os.environ.get("SOUSPLI_WRITE_DOCS") == "1":
            (base.ROOT / "docs").mkdir(exist_ok=True)
            (base.ROOT / "docs" / "interop.md").write_text(table(), encoding="utf-8")

    def gpgsm(self, name):
        if not base.program("gpgsm"):
            self.skipTest("gpgsm is not installed")
        peer = peers.Gpgsm(self.folder.path / f"g-{name}", self.ca, [self.doctors["rsa"]], [])
        self.addCleanup(peer.stop)
        return peer

    def nss(self, name):
        if not base.program("cmsutil"):
            self.skipTest("NSS's tools are not installed")
        return peers.Nss(self.folder.path / f"n-{name}", self.ca, self.doctors.values(), [])

    # Souspli seals.

    def sealed(self, relays, sender, recipient):
        addresses = (f"{sender}@lab.test", f"{recipient}@lab.test")
        message = mails.letter(*addresses, "#med# Lettre", TEXT.replace("\r\n", "\n"))
        return relays[sender].seal(message, *addresses)

    def opened_by(self, peer, name, sender, recipient, cipher="AES-256-CBC"):
        """Both layers with the peer's tools; noted in the table."""
        relays = self.to_gcm if cipher.endswith("GCM") else self.relays

        def both():
            content = peer.verify(der_of(peer.decrypt(der_of(self.sealed(relays, sender, recipient)))))
            self.assertIn(TEXT.strip().encode(), mails.parse(mails.crlf(content)).get_payload(decode=True))
        note("seals", f"signed by {KEYS[sender]}, for {KEYS[recipient]}, {cipher}", name, both, self)

    def test_openssl_opens(self):
        for sender in self.doctors:
            for recipient, doctor in self.doctors.items():
                for cipher in ("AES-256-CBC", "AES-256-GCM"):
                    self.opened_by(peers.Openssl(self.ca, doctor), "openssl", sender, recipient, cipher)

    def test_who_reads_gcm(self):
        """Why it is written for those only who are known to read it: the others are asked, and the table says what they answered."""
        asked = [("gpgsm", self.gpgsm("gcm")), ("nss", self.nss("gcm"))]
        asked += [("cryptography", peers.Cryptography(self.doctors.values()))] if peers.has_cryptography() else []
        for name, peer in asked:
            try:
                opened = peer.decrypt(der_of(self.sealed(self.to_gcm, "rsa", "rsa")))
            except base.LabError:
                opened = b""
            read = TEXT.strip().encode() in opened or b"pkcs7-mime" in opened
            ROWS["seals"].setdefault("signed by RSA, for RSA, AES-256-GCM", {})[name] = "yes" if read else "no"

    def test_nss_opens(self):
        peer = self.nss("open")
        known = self.nss_recipients(peer)
        for sender in known:  # the sender is a recipient too
            for recipient in known:
                self.opened_by(peer, "nss", sender, recipient)

    def nss_recipients(self, peer):
        """Whom NSS can decrypt for: ECDH came to its CMS code late, after the NSS of Debian 12."""
        by_openssl = base.run("openssl", "cms", *mails.encrypting(self.doctors["ec"]), "-binary", "-outform", "DER", stdin=ENTITY)
        try:
            peer.decrypt(by_openssl)
            return list(self.doctors)
        except base.LabError:
            return ["rsa"]

    def test_gpgsm_opens(self):
        peer = self.gpgsm("open")
        for sender in self.doctors:
            self.opened_by(peer, "gpgsm", sender, "rsa")

    # Souspli signs.

    def test_signed_beside_the_text(self):
        """What leaves with a signature only: every peer finds it right, and wrong over another text."""
        tls = pki.Tls(self.folder.path / "tls")
        server = sink.Sink(tls, {f"{k}@lab.test": "pw" for k in self.doctors})
        server.start()
        self.addCleanup(server.stop)
        verifiers = self.verifiers()
        for kind in self.doctors:
            content, der = apart(self.signed_only(kind, server, tls))
            for name, peer in verifiers.items():
                def verifies(peer=peer):
                    peer.verify_apart(der, content)
                    with self.assertRaises(base.LabError):
                        peer.verify_apart(der, content.replace(b"normal", b"formal").replace(b"norma", b"forma"))
                note("signs", f"multipart/signed by {KEYS[kind]}", name, verifies, self)

    def verifiers(self):
        found = {"openssl": peers.Openssl(self.ca, self.doctors["rsa"])}
        if base.program("gpgsm"):
            found["gpgsm"] = self.gpgsm("verify")
        if base.program("cmsutil"):
            found["nss"] = self.nss("verify")
        return found

    def signed_only(self, kind, server, tls):
        """What the provider gets of a letter that is signed and not sealed."""
        address = f"{kind}@lab.test"
        account = souspli.account(address, server.starttls_port, 1, extra="always_sign = true")
        relay = self.relay(kind, "signs", account, [tls.bundle])
        relay.start()
        self.addCleanup(relay.stop)
        with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as client:
            client.starttls(context=pki.unchecked_context())
            client.login(address, "pw")
            client.sendmail(address, ["zoe@lab.test"], mails.letter(address, "zoe@lab.test", "Lettre", TEXT.replace("\r\n", "\n")))
        return server.accepted()[-1].octets

    # Souspli opens.

    def verified(self, entity, sender, recipient, name, what, encrypted=True):
        """`souspli open` finds the text and a right signature; noted in the table."""
        today = email.utils.format_datetime(email.utils.localtime())
        message = HEAD % tuple(word.encode() for word in (f"{sender}@lab.test", f"{recipient}@lab.test", today)) + entity
        relay = self.relays[recipient]

        def opens():
            verdict = relay.open_json(message)
            self.assertEqual((verdict["grade"], verdict["encrypted"]), ("verified", encrypted), verdict)
            self.assertEqual(verdict["signers"][0]["address"], f"{sender}@lab.test")
            self.assertIn(TEXT.strip(), mails.texts(mails.parse(relay.cli("open", "--config", relay.config, stdin=message))))
        note("opens", what, name, opens, self)

    def openssl(self, what, sender, recipient, *steps):
        entity = mails.crlf(ENTITY)
        for step in steps:
            entity = mails.crlf(base.run("openssl", "cms", *step, stdin=entity))
        entity = entity.replace(b"MIME-Version: 1.0\r\n", b"", 1)
        self.verified(entity, sender, recipient, "openssl", what, encrypted=any(s[0] == "-encrypt" for s in steps))

    def test_opens_openssl(self):
        rsa, ec = self.doctors["rsa"], self.doctors["ec"]
        p384 = self.doctors["ec384"]
        oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256"]
        pss = ["-keyopt", "rsa_padding_mode:pss"]
        detached, opaque = mails.signing(rsa), mails.signing(rsa, "-nodetach")
        for what, sender, recipient, steps in (
                ("detached RSA", "rsa", "ec", [detached]),
                ("opaque RSA", "rsa", "ec", [opaque]),
                ("detached ECDSA", "ec", "rsa", [mails.signing(ec)]),
                ("opaque ECDSA", "ec", "rsa", [mails.signing(ec, "-nodetach")]),
                ("detached ECDSA P-384 SHA-384", "ec384", "rsa", [mails.signing(p384, "-md", "sha384")]),
                ("opaque ECDSA P-384 SHA-256 in AES-256-CBC, ECDH P-384", "ec384", "ec384",
                 [mails.signing(p384, "-nodetach"), mails.encrypting(p384)]),
                ("opaque ECDSA P-384 SHA-384 in AES-256-GCM, ECDH P-384", "ec384", "ec384",
                 [mails.signing(p384, "-nodetach", "-md", "sha384"), mails.encrypting(p384, cipher="-aes-256-gcm")]),
                ("opaque RSA-PSS, salt of 32", "rsa", "ec", [opaque + pss + ["-keyopt", "rsa_pss_saltlen:32"]]),
                ("opaque RSA-PSS, longest salt", "rsa", "ec", [opaque + pss]),
                ("opaque RSA-PSS, MGF1 SHA-1", "rsa", "ec", [opaque + pss + ["-keyopt", "rsa_mgf1_md:sha1"]]),
                ("detached RSA, streamed", "rsa", "ec", [[*detached, "-stream"]]),
                ("opaque RSA in AES-256-CBC, ECDH", "rsa", "ec", [opaque, mails.encrypting(ec)]),
                ("detached RSA in AES-256-CBC, ECDH", "rsa", "ec", [detached, mails.encrypting(ec)]),
                ("opaque ECDSA in AES-256-CBC, RSA PKCS#1", "ec", "rsa", [mails.signing(ec, "-nodetach"), mails.encrypting(rsa)]),
                ("opaque ECDSA in AES-256-CBC, RSA OAEP SHA-256", "ec", "rsa", [mails.signing(ec, "-nodetach"), mails.encrypting(rsa, keyopt=oaep)]),
                ("opaque ECDSA in AES-256-CBC, RSA OAEP SHA-1", "ec", "rsa",
                 [mails.signing(ec, "-nodetach"), mails.encrypting(rsa, keyopt=["rsa_padding_mode:oaep"])]),
                ("opaque ECDSA in AES-256-CBC, RSA OAEP SHA-256 with MGF1 SHA-1", "ec", "rsa",
                 [mails.signing(ec, "-nodetach"), mails.encrypting(rsa, keyopt=[*oaep, "rsa_mgf1_md:sha1"])]),
                ("opaque RSA in AES-256-GCM, streamed BER", "rsa", "ec",
                 [[*opaque, "-stream"], [*mails.encrypting(ec, cipher="-aes-256-gcm"), "-stream"]]),
                ("opaque RSA in AES-192-CBC, RSA PKCS#1", "rsa", "rsa", [opaque, mails.encrypting(rsa, cipher="-aes-192-cbc")]),
                ("opaque RSA in AES-256-GCM, RSA PKCS#1", "rsa", "rsa", [opaque, mails.encrypting(rsa, cipher="-aes-256-gcm")]),
                ("opaque RSA in AES-256-GCM, ECDH", "rsa", "ec", [opaque, mails.encrypting(ec, cipher="-aes-256-gcm")]),
                ("opaque RSA in AES-256-CBC, streamed BER", "rsa", "ec", [[*opaque, "-stream"], [*mails.encrypting(ec), "-stream"]]),
                ("opaque RSA in AES-128-CBC", "rsa", "ec", [opaque, mails.encrypting(ec, cipher="-aes-128-cbc")])):
            self.openssl(what, sender, recipient, *steps)

    def peer_seals(self, peer, name, sender, recipient, nickname):
        signed = entity_of(peer.sign(nickname, mails.crlf(ENTITY)), "signed-data")
        kinds = f"{KEYS[sender]} signature"
        self.verified(signed, sender, recipient, name, f"opaque, {kinds}", encrypted=False)
        enveloped = entity_of(peer.encrypt(f"{recipient}@lab.test", signed), "enveloped-data")
        self.verified(enveloped, sender, recipient, name, f"opaque, {kinds}, enveloped for {KEYS[recipient]}")
        apart = beside(mails.crlf(ENTITY), peer.sign(nickname, mails.crlf(ENTITY), detached=True))
        self.verified(apart, sender, recipient, name, f"detached, {kinds}", encrypted=False)

    def test_opens_gpgsm(self):
        self.peer_seals(self.gpgsm("seal"), "gpgsm", "rsa", "rsa", "rsa@lab.test")

    def test_opens_cryptography(self):
        if not peers.has_cryptography():
            self.skipTest("Python's cryptography is not installed, or too old")
        peer = peers.Cryptography(self.doctors.values())
        for sender in self.doctors:
            self.peer_seals(peer, "cryptography", sender, "rsa", f"{sender}@lab.test")
        opaque = entity_of(peer.sign("rsa@lab.test", mails.crlf(ENTITY), pss=True), "signed-data")
        self.verified(opaque, "rsa", "rsa", "cryptography", "opaque, RSA-PSS signature", encrypted=False)
        sealed = entity_of(peer.encrypt("rsa@lab.test", opaque), "enveloped-data")
        self.verified(sealed, "rsa", "rsa", "cryptography", "opaque, RSA-PSS signature, enveloped for RSA")

    def test_cryptography_decrypts(self):
        """It has no reader of signatures: what it decrypts, openssl verifies."""
        if not peers.has_cryptography():
            self.skipTest("Python's cryptography is not installed, or too old")
        peer = peers.Cryptography(self.doctors.values())
        peer.verify = peers.Openssl(self.ca, self.doctors["rsa"]).verify
        # It knows no ECDH, and refuses a message of which any recipient is reached so: the sender is one.
        self.opened_by(peer, "cryptography", "rsa", "rsa")

    def test_opens_nss(self):
        peer = self.nss("seal")
        for sender in self.doctors:
            for recipient in self.nss_recipients(peer):
                self.peer_seals(peer, "nss", sender, recipient, self.doctors[sender].name)


def note(side, what, name, attempt, case):
    """Runs one attempt as a sub-test and keeps its result for the table."""
    with case.subTest(what=what, peer=name):
        ROWS[side].setdefault(what, {})[name] = "no"
        attempt()
        ROWS[side][what][name] = "yes"


def table():
    """docs/interop.md: what was tried in this run, and nothing else."""
    names = [n for n, tool in (("openssl", "openssl"), ("gpgsm", "gpgsm"), ("nss", "cmsutil")) if base.program(tool)]
    names += ["cryptography"] if peers.has_cryptography() else []
    head = "| | " + " | ".join(peers.version(n) for n in names) + " |\n|---|" + "---|" * len(names) + "\n"
    out = ["# Interoperability\n", "Written by `SOUSPLI_WRITE_DOCS=1 python3 tests/lab/run.py test_interop`; a dash was not tried,\n`no`: tried, and the other cannot.\nPython's cryptography reads no signatures: what it decrypts is verified by OpenSSL.\n"]
    for side, title in (("seals", "Souspli seals, the other opens and verifies"), ("signs", "Souspli signs, the other verifies"), ("opens", "The other seals, Souspli opens and verifies")):
        rows = "".join(f"| {what} | " + " | ".join(got.get(n, "-") for n in names) + " |\n" for what, got in sorted(ROWS[side].items()))
        out.append(f"## {title}\n\n{head}{rows}")
    return "\n".join(out)
