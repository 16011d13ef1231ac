"""What tests of the lab's own cards share: an authority, data, and openssl's verdict on what a key did."""
import unittest

from lab import base, cps, pki

_TEXT = b"cle de contenu de 32 octets, ...."


class Case(unittest.TestCase):
    """A folder of its own, an authority, and what the verdicts need."""

    @classmethod
    def setUpClass(cls):
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        cls.folder = folder.path
        cls.authority = pki.Authority(folder.path / "pki", "Autorité d'essai")
        cls.data, cls.digest, cls.out = (folder.path / name for name in ("data", "digest", "out"))
        cls.data.write_bytes(b"Compte rendu de consultation\r\n" * 9)
        cls.digest.write_bytes(base.run("openssl", "dgst", "-sha256", "-binary", cls.data))

    def signs(self, tool, pair, mechanism, **options):
        """Fails unless it signs and openssl finds the signature good."""
        bare = ["--signature-format", "openssl"] if mechanism == "ECDSA" else []  # which takes a digest
        done = tool.sign(pair, mechanism, self.digest if bare else self.data, self.out, *bare, **options)
        self.assertEqual(0, done.returncode, done.stderr)
        public = self.folder / "public.pem"
        public.write_bytes(cps.public_key(pair))
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if mechanism.endswith("PSS") else []
        base.run("openssl", "dgst", "-sha256", "-verify", public, *pss, "-signature", self.out, self.data)

    def opens(self, tool, pair, mechanism, *padding, **options):
        """Fails unless it decrypts what openssl encrypted to the certificate."""
        self.out.write_bytes(base.run("openssl", "pkeyutl", "-encrypt", "-certin", "-inkey", pair.certificate, *padding, stdin=_TEXT))
        clear = tool.tool("--decrypt", "--mechanism", mechanism, "--id", pair.identifier, "--input-file", self.out, **options)
        self.assertTrue(clear.endswith(_TEXT), clear)

    def agrees(self, tool, pair):
        """Fails unless it agrees with openssl on a secret."""
        key, public, peer = (self.folder / name for name in ("mine.pem", "mine.der", "peer.pem"))
        base.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        base.run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out", public)
        peer.write_bytes(cps.public_key(pair))
        tool.tool("--derive", "--mechanism", "ECDH1-DERIVE", "--id", pair.identifier, "--input-file", public, "--output-file", self.out)
        self.assertEqual(base.run("openssl", "pkeyutl", "-derive", "-inkey", key, "-peerkey", peer), self.out.read_bytes())
