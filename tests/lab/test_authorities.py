"""Whose word counts: authorities that come with Souspli, those of files, those of the user; trials apart from what is meant."""
import pathlib
import re
import unittest

from lab import base, mails, pki, souspli

from common import PracticeCase, need_product

BUNDLES = base.ROOT / "config" / "authorities"


class AuthoritiesCase(unittest.TestCase):
    """Dr Carol, certified by an authority that Dr Alice may add."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.authority = pki.Authority(folder.path / "order", "Ordre des médecins")
        self.carol = self.authority.doctor("carol", "Dr Carol ESSAI", "carol@lab.test")
        self.relay = souspli.Souspli(folder.path, [souspli.account("alice@lab.test", 1, 1)], [])
        self.signed = mails.smime(mails.letter("carol@lab.test", "alice@lab.test", "Lettre", "Bonjour.\n"), mails.signing(self.carol))

    def environment(self, realm):
        """[trust] environment of the configuration."""
        text = re.sub(r"\n\[trust\]\nenvironment = .*", "", self.relay.config.read_text())
        self.relay.config.write_text(f'{text}\n[trust]\nenvironment = "{realm}"\n')

    def judged(self):
        """Grade, code and realm of Carol's letter."""
        verdict = self.relay.open_json(self.signed)
        return verdict["grade"], verdict["code"], verdict["realm"]

    def rows(self):
        """The table of `trust list`: cells by the authority's name."""
        lines = self.relay.cli("trust", "list", "--config", self.relay.config).decode().splitlines()[2:]
        cells = [re.split(r"  +", line) for line in lines]
        return {row[0]: row[1:] for row in cells if len(row) == 7}

    def refused(self, code, *arguments):
        """Exit status 1, the code said."""
        done = self.relay.attempt(*arguments)
        self.assertEqual((1, True), (done.returncode, f"[{code}]" in done.stderr.decode()), done.stderr.decode())


class RealmsTest(AuthoritiesCase):
    """Production and TEST never mix."""

    def test_a_trial_authority_proves_nothing_in_production(self):
        self.relay.cli("trust", "add", "--test", self.authority.certificate)
        self.assertEqual(("unassured", "certificate-test", "production"), self.judged())
        self.environment("test")
        self.assertEqual(("verified", "signed", "test"), self.judged())
        view = self.relay.cli("open", "--config", self.relay.config, stdin=self.signed)
        self.assertIn(b"TEST : ", view)
        self.assertRegex(view, rb"X-Souspli-Verdict: verified; code=signed; realm=test")
        # Added once more, as meant: the last word counts.
        self.relay.cli("trust", "add", self.authority.certificate)
        self.assertEqual(("unassured", "certificate-not-test", "production"), self.judged())
        self.environment("production")
        self.assertEqual(("verified", "signed", "production"), self.judged())

    def test_explain_names_the_realm(self):
        self.relay.cli("trust", "add", "--test", self.authority.certificate)
        self.relay.cli("cert", "import", self.carol.certificate)
        message = mails.letter("alice@lab.test", "carol@lab.test", "#med# Lettre", "Bonjour.\n")
        arguments = ("--from", "alice@lab.test", "--to", "carol@lab.test", "--config", self.relay.config)
        self.assertIn("[SP-TEST-AUTHORITY]", self.relay.cli("explain", *arguments, stdin=message).decode())

    def test_a_word_that_is_no_realm_is_a_fault(self):
        self.environment("prod")
        self.refused("SP-CONFIG-CHOICE", "check", "--config", self.relay.config)


class ProfilesTest(AuthoritiesCase):
    """The rules that an authority's certificates follow."""

    def test_the_browsers_rules_want_the_use_for_mail_said(self):
        silent = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=email:carol@lab.test\n"
        key, certificate = self.authority.issue("silent", "/C=FR/CN=Dr Carol ESSAI", silent)
        silent = pki.Doctor("silent", "Dr Carol ESSAI", "carol@lab.test", key, certificate, self.authority.certificate)
        letter = mails.smime(mails.letter("carol@lab.test", "alice@lab.test", "Lettre", "Bonjour.\n"), mails.signing(silent))
        for profile, said in (("mail", "signed"), ("web-smime", "certificate-wrong-usage"), ("igc-sante", "signed")):
            with self.subTest(profile):
                self.relay.cli("trust", "add", "--profile", profile, self.authority.certificate)
                self.assertEqual(said, self.relay.open_json(letter)["code"])
                self.assertEqual("signed", self.relay.open_json(self.signed)["code"])


class BundlesTest(AuthoritiesCase):
    """Authorities that come with Souspli or in files."""

    ROOT, TRIAL = "AC RACINE IGC-SANTE ELEMENTAIRE", "TEST AC RACINE IGC-SANTE ELEMENTAIRE"

    def test_the_table_says_what_counts(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        rows = self.rows()
        self.assertEqual(["production", "igc-sante", "Souspli (igc-sante)", "25/06/2033", "en vigueur"], rows[self.ROOT][:5])
        self.assertEqual(["TEST", "igc-sante", "Souspli (igc-sante-test)", "25/06/2033", "ne compte pas ici"], rows[self.TRIAL][:5])
        self.assertEqual(["production", "mail", "vous"], rows["Ordre des médecins"][:3])
        self.environment("test")
        self.assertEqual("en vigueur", self.rows()[self.TRIAL][4])

    def test_what_comes_with_souspli_goes_by_a_newer_file_only(self):
        fingerprint = self.rows()[self.ROOT][5]
        self.refused("SP-AUTHORITY-OF-BUNDLE", "trust", "remove", fingerprint)
        self.refused("SP-NO-SUCH-CERTIFICATE", "trust", "remove", "abc")
        folder = self.relay.home / "authorities"
        folder.mkdir()
        file = folder / "igc-sante.toml"
        file.write_text("version = 2\n")
        self.assertNotIn(self.ROOT, self.rows())
        file.write_text((BUNDLES / "igc-sante.toml").read_text().replace("version = 1", "version = 3"))
        self.assertEqual("fichier igc-sante.toml", self.rows()[self.ROOT][2])
        # One that cannot be read takes nothing away, and is told.
        file.write_text("version = \n")
        self.assertEqual("Souspli (igc-sante)", self.rows()[self.ROOT][2])
        told = self.relay.attempt("trust", "list").stderr.decode()
        self.assertTrue("[SP-BUNDLE-LEFT-OUT]" in told and "[SP-BUNDLE-SYNTAX]" in told, told)

    def test_an_authority_in_a_file_counts(self):
        self.assertEqual("unknown-authority", self.judged()[1])
        folder = self.relay.home / "authorities"
        folder.mkdir()
        pem = pathlib.Path(self.authority.certificate).read_text()
        (folder / "order.toml").write_text(f'version = 1\n[[authority]]\nrealm = "production"\nprofile = "mail"\ncertificate = """\n{pem}"""\n')
        self.assertEqual(("verified", "signed", "production"), self.judged())

    def test_who_is_no_authority_is_told(self):
        done = self.relay.attempt("trust", "add", self.carol.certificate)
        self.assertEqual((0, True), (done.returncode, "[SP-TRUST-NO-AUTHORITY]" in done.stderr.decode()))
        self.assertEqual("signed", self.judged()[1])


class RunningTest(PracticeCase):
    """A relay at work sees what is added and removed at once."""

    def test_an_authority_comes_and_goes(self):
        other = pki.Authority(self.practice.folder.path / "other", "Autre ordre")
        carol = other.doctor("carol", "Dr Carol ESSAI", "carol@lab.test")

        def verdict(number):
            letter = mails.letter("carol@lab.test", "bob@lab.test", f"Lettre {number}", "Bonjour.\n")
            self.store.append("bob@lab.test", mails.smime(letter, mails.signing(carol)))
            self.arrived("bob", number)
            return re.search(rb"code=([a-z-]+)", self.newest("bob"))[1].decode()
        self.assertEqual("unknown-authority", verdict(1))
        line = self.relay("bob").cli("trust", "add", other.certificate).decode()
        self.assertEqual("signed", verdict(2))
        self.relay("bob").cli("trust", "remove", line.split("\t")[0])
        self.assertEqual("unknown-authority", verdict(3))


if __name__ == "__main__":
    unittest.main()
