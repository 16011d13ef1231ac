"""The commands as an IT department meets them: exit status, both languages, pipes that close, files that will not do."""
import json
import pathlib
import re
import resource
import subprocess
import threading
import unittest

from lab import base, mails, pki, souspli

from common import need_product

COMMANDS = ("run", "check", "seal", "open", "explain", "key", "cert", "trust", "journal",
            "key import", "key list", "key export", "key request", "key install", "key retire", "key remove", "cert import", "cert list", "cert show", "cert remove", "cert find", "cert confirm", "cert password",
            "trust list", "trust add", "trust remove")
# What no doctor should have to read in a French sentence.
ENGLISH = re.compile(r"os error|No such file|Permission denied|Is a directory|stream did not|Broken pipe")


class CommandCase(unittest.TestCase):
    """Doctors with keys, a home and the commands."""

    @classmethod
    def setUpClass(cls):
        need_product()
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        cls.folder = folder.path
        cls.authority = pki.Authority(cls.folder / "pki", "Autorité d'essai")
        cls.doctors = {n: cls.authority.doctor(n, f"Dr {n.capitalize()} ESSAI", f"{n}@lab.test", k)
                       for n, k in (("alice", "rsa"), ("bob", "rsa"), ("carol", "ec"))}
        cls.relay = souspli.Souspli(cls.folder, [souspli.account("alice@lab.test", 1, 1)], [])
        cls.relay.furnish({"alice@lab.test": [cls.doctors["alice"]]}, [cls.doctors["bob"]], [cls.authority.certificate])
        cls.letter = mails.letter("alice@lab.test", "bob@lab.test", "#med# Lettre", "Bonjour.\n")

    def said(self, done, status, code):
        """The status, one sentence in French and one in English under the code, nothing on standard output; the sentences."""
        text = done.stderr.decode()
        self.assertEqual(status, done.returncode, text)
        self.assertEqual(b"", done.stdout)
        self.assertIn(f"[{code}]", text)
        self.assertNotRegex(text, ENGLISH)
        self.assertNotIn("panicked", text)
        self.assertGreaterEqual(len(text.splitlines()), 2, "French, then English")
        return text

    def refused(self, code, *arguments, stdin=b"", status=1):
        """A command that cannot be done."""
        return self.said(self.relay.attempt(*arguments, stdin=stdin), status, code)


class UsageTest(CommandCase):
    """Words that are no command: status 2."""

    def test_help_is_in_both_languages(self):
        for command in ("", *COMMANDS):
            with self.subTest(command):
                done = self.relay.attempt(*command.split(), "--help")
                self.assertEqual((0, b""), (done.returncode, done.stderr))
                for line in done.stdout.decode().splitlines():
                    if re.match(r"\s+(-|\w+ {2,})", line):
                        self.assertIn(" / ", line)

    def test_wrong_words(self):
        for words in (["nope"], ["run", "--port", "1"], ["cert", "show"], ["key", "import", "x.p12"], ["seal", "--from", "a@b.fr"],
                      ["seal", "--from", "x", "--to", "a@b.fr"], ["key", "import", "--account", "carol", "x.p12"], ["key", "list", "--json"]):
            with self.subTest(words):
                self.refused("SP-USAGE", *words, status=2)

    def test_explain_wants_a_recipient(self):
        self.refused("SP-NO-RECIPIENT", "explain", "--from", "alice@lab.test", "--to", "message.eml", status=2)
        self.refused("SP-NOT-AN-ADDRESS", "explain", "--from", "alice@lab.test", "--to", "bad@", "x@y.fr", status=2)

    def test_version(self):
        done = self.relay.attempt("--version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, rb"^souspli \d+\.\d+\.\d+\n$")


class PipeTest(CommandCase):
    """Where results go may close or be full."""

    def command(self, words, stdout):
        command = [str(souspli.binary()), *words.split(), "--home", str(self.relay.home)]
        return subprocess.run(command, env=self.relay.environment(), stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, timeout=60)

    def test_a_reader_who_has_seen_enough(self):
        for words in ("cert list", "key list", "trust list", "journal", "journal --json", "--help", "check --config souspli.toml"):
            with self.subTest(words):
                gone = subprocess.Popen(["true"], stdin=subprocess.PIPE)
                gone.wait()
                words = words.replace("souspli.toml", str(self.relay.config))
                done = self.command(words, gone.stdin)
                gone.stdin.close()
                self.assertEqual((0, b""), (done.returncode, done.stderr))

    def test_a_full_disk_behind_the_output(self):
        with open("/dev/full", "wb") as full:
            done = self.command("cert list", full)
        self.assertEqual(1, done.returncode)
        self.assertIn("[SP-OUTPUT]", done.stderr.decode())

    def test_what_was_done_is_done_though_nobody_reads_it(self):
        place = self.folder / "unread"
        place.mkdir()
        relay = souspli.Souspli(place, [souspli.account("alice@lab.test", 1, 1)], [])
        command = [str(souspli.binary()), "cert", "import", str(self.doctors["bob"].certificate), str(self.doctors["carol"].certificate)]
        with open("/dev/full", "wb") as full:
            subprocess.run([*command, "--home", str(relay.home)], stdout=full, stderr=subprocess.DEVNULL, timeout=60)
        self.assertEqual(2, len(relay.cli("cert", "list", "--json").splitlines()))


class FileTest(CommandCase):
    """Files that are not what was meant."""

    def test_absent_and_unreadable(self):
        absent, folder = self.folder / "absent", self.folder / "pki"
        password = self.relay.folder / "p12-password"
        bob = self.doctors["bob"].certificate
        for path in (absent, folder):
            for words in (["open", path], ["explain", "--from", "alice@lab.test", "--to", "bob@lab.test", path],
                          ["key", "import", "--account", "alice@lab.test", "--password-file", password, path],
                          ["key", "import", "--account", "alice@lab.test", "--password-file", path, bob]):
                with self.subTest(words):
                    self.refused("SP-FILE-UNREADABLE", *words)
        self.refused("SP-FILE-UNREADABLE", "cert", "import", absent)
        self.refused("SP-FILE-UNREADABLE", "trust", "add", absent)
        self.refused("SP-FILE-UNWRITABLE", "seal", "--from", "alice@lab.test", "--to", "bob@lab.test", "--out", bob, stdin=self.letter)

    def test_several_messages_at_once(self):
        """A line of JSON for each file, in their order; one that cannot be read keeps none of the others waiting."""
        sealed, absent = self.folder / "sealed.eml", self.folder / "absent"
        sealed.write_bytes(self.relay.seal(self.letter, "alice@lab.test", "bob@lab.test"))
        plain = self.folder / "plain.eml"
        plain.write_bytes(self.letter)
        done = self.relay.attempt("open", "--json", sealed, absent, plain)
        said = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(str(sealed), "encrypted-signed"), (str(plain), "plain")], [(each["file"], each["code"]) for each in said])
        self.assertEqual(1, done.returncode)
        for code in ("SP-FILE-UNREADABLE", "SP-NOT-ALL-OPENED"):
            self.assertIn(f"[{code}]", done.stderr.decode())
        # One file answers as it does from standard input; two Views would be one message.
        alone = self.relay.attempt("open", "--json", sealed)
        self.assertEqual({**json.loads(alone.stdout), "file": str(sealed)}, said[0])
        self.refused("SP-ONE-MESSAGE", "open", sealed, plain, status=2)

    def test_what_could_not_be_sent_is_not_sealed(self):
        for message in (b"", b"Bonjour.\n", b"Subject: x\n\nBonjour.\n"):
            self.refused("SP-HEADER", "seal", "--from", "alice@lab.test", "--to", "bob@lab.test", stdin=message)

    def test_a_folder_without_certificates_is_told(self):
        empty = self.folder / "empty"
        empty.mkdir()
        self.refused("SP-NO-CERTIFICATE-IN-FILE", "cert", "import", empty)
        self.refused("SP-NO-CERTIFICATE-IN-FILE", "cert", "import", self.relay.config)

    def test_the_certificate_of_a_signed_message(self):
        """Detached and opaque, CRLF or LF, as mail programs save it."""
        carol = self.doctors["carol"]
        letter = mails.letter("carol@lab.test", "alice@lab.test", "Lettre", "Bonjour.\n")
        for name, options in (("detached", ()), ("opaque", ("-nodetach",))):
            signed = mails.smime(letter, mails.signing(carol, *options))
            for ends, octets in (("crlf", signed), ("lf", signed.replace(b"\r\n", b"\n"))):
                with self.subTest(f"{name} {ends}"):
                    file = self.folder / f"{name}-{ends}.eml"
                    file.write_bytes(octets)
                    self.assertIn("carol@lab.test", self.relay.cli("cert", "import", file).decode())
        unsigned = self.folder / "unsigned.eml"
        unsigned.write_bytes(letter)
        self.refused("SP-NO-CERTIFICATE-IN-FILE", "cert", "import", unsigned)

    def test_what_has_no_end(self):
        """Refused, in bounded memory."""
        zero = pathlib.Path("/dev/zero")
        for words in (["open", zero], ["cert", "import", zero], ["trust", "add", zero],
                      ["key", "import", "--account", "alice@lab.test", "--password-file", zero, self.doctors["alice"].p12()],
                      ["key", "import", "--account", "alice@lab.test", "--password-file", self.relay.folder / "p12-password", zero]):
            with self.subTest(words):
                self.refused("SP-FILE-TOO-LARGE", *words)
        self.refused("SP-CONFIG-NOT-TEXT", "check", "--config", zero)
        with zero.open("rb") as endless:
            command = [str(souspli.binary()), "seal", "--from", "alice@lab.test", "--to", "bob@lab.test", "--home", str(self.relay.home)]
            done = subprocess.run(command, stdin=endless, env=self.relay.environment(), capture_output=True, timeout=120)
        self.said(done, 1, "SP-FILE-TOO-LARGE")
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 1 << 20)


class KeyImportTest(CommandCase):
    """Files of keys as they are met."""

    def setUp(self):
        place = self.folder / self.id().rsplit(".", 1)[1]
        place.mkdir()
        self.relay = souspli.Souspli(place, [souspli.account("alice@lab.test", 1, 1)], [])

    def p12(self, name, *options):
        out = self.relay.folder / f"{name}.p12"
        base.run("openssl", "pkcs12", "-export", *options, "-passout", f"pass:{pki.PASSWORD}", "-out", out)
        return out

    def imported(self, file, address="alice@lab.test"):
        return self.relay.key_import(address, file).decode().splitlines()

    def test_rsa_ec_and_the_old_ciphers(self):
        alice, carol = self.doctors["alice"], self.doctors["carol"]
        old = ("-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1")
        for name, doctor, options in (("rsa", alice, ()), ("ec", carol, ()), ("old", alice, old), ("old-ec", carol, old)):
            with self.subTest(name):
                file = self.p12(name, *options, "-inkey", doctor.key, "-in", doctor.certificate)
                self.assertIn(doctor.name, self.imported(file, doctor.address)[0])
        self.assertEqual(2, len(self.relay.cli("key", "list").splitlines()), "the same key twice is one")

    def test_several_keys_in_one_file(self):
        file = self.relay.folder / "several.p12"
        file.write_bytes(plain_p12([self.doctors["alice"], self.doctors["carol"]]))
        self.assertEqual(2, len(self.imported(file)))
        self.assertEqual(2, len(self.relay.cli("key", "list").splitlines()))

    def test_no_key_and_no_key_file(self):
        alice = self.doctors["alice"]
        password = self.relay.folder / "p12-password"
        words = ("key", "import", "--account", "alice@lab.test", "--password-file", password)
        self.refused("SP-P12-NO-KEY", *words, self.p12("nokey", "-nokeys", "-in", alice.certificate))
        self.refused("SP-P12-UNREADABLE", *words, alice.certificate)
        self.assertEqual(b"", self.relay.cli("key", "list"))

    def test_the_password(self):
        file = self.doctors["alice"].p12()
        for name, text, code in (("notepad", "\ufeff" + pki.PASSWORD + "\r\n", None), ("wrong", "autre\n", "SP-P12-PASSWORD"), ("empty", "", "SP-P12-PASSWORD"),
                                 ("latin", "cl\udce9\n", "SP-PASSWORD-NOT-TEXT")):
            with self.subTest(name):
                place = self.relay.folder / name
                place.write_bytes(text.encode("utf-8", "surrogateescape"))
                words = ("key", "import", "--account", "alice@lab.test", "--password-file", place, file)
                if code:
                    self.refused(code, *words)
                else:
                    self.relay.cli(*words)

    def test_a_password_typed_ends_with_its_line(self):
        """Nobody types Ctrl-D after a password."""
        command = [str(souspli.binary()), "key", "import", "--account", "alice@lab.test", str(self.doctors["alice"].p12()), "--home", str(self.relay.home)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.relay.environment())
        self.addCleanup(child.stdin.close)
        self.addCleanup(child.stdout.close)
        child.stdin.write(pki.PASSWORD.encode() + b"\n")
        child.stdin.flush()
        self.assertEqual(0, child.wait(30))
        self.assertIn("Dr Alice ESSAI", child.stdout.read().decode())

    def test_a_key_for_another_address_is_told(self):
        words = ("key", "import", "--password-file", self.relay.folder / "p12-password", self.doctors["alice"].p12(), "--account")
        done = self.relay.attempt(*words, "zoe@lab.test")
        self.assertEqual(0, done.returncode)
        self.assertIn("[SP-KEY-OTHER-ADDRESS]", done.stderr.decode())
        done = self.relay.attempt(*words, "Alice@LAB.test")
        self.assertEqual((0, b""), (done.returncode, done.stderr))

    def test_removing(self):
        self.refused("SP-NO-SUCH-KEY", "key", "remove", "zzz")
        self.refused("SP-NO-SUCH-KEY", "key", "remove", "0" * 32)
        identifier = self.imported(self.doctors["alice"].p12())[0].split("\t")[0]
        self.relay.cli("key", "remove", identifier)
        self.assertEqual(b"", self.relay.cli("key", "list"))


def plain_p12(doctors):
    """A PKCS#12 (RFC 7292) of several keys in key bags, without protection, as no tool of today writes it."""
    def der(tag, *parts):
        body = b"".join(parts)
        size = bytes([len(body)]) if len(body) < 128 else bytes([0x82]) + len(body).to_bytes(2, "big")
        return bytes([tag]) + size + body

    def oid(text):
        return der(6, bytes.fromhex(text))

    def bags():
        for doctor in doctors:
            key = base.run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", doctor.key, "-outform", "DER")
            certificate = base.run("openssl", "x509", "-in", doctor.certificate, "-outform", "DER")
            x509 = der(0x30, oid("2a864886f70d01091601"), der(0xa0, der(4, certificate)))
            yield der(0x30, oid("2a864886f70d010c0a0101"), der(0xa0, key))
            yield der(0x30, oid("2a864886f70d010c0a0103"), der(0xa0, x509))

    def data(content):
        return der(0x30, oid("2a864886f70d010701"), der(0xa0, der(4, content)))

    return der(0x30, der(2, b"\3"), data(der(0x30, data(der(0x30, *bags())))))


class JournalTest(CommandCase):
    """The journal is read without any secret, and says who was believed since when."""

    def test_authorities_and_keys_are_noted(self):
        listed, = (line.split()[-1] for line in self.relay.cli("trust", "list").decode().splitlines() if "  vous  " in line)
        self.relay.cli("trust", "remove", listed)
        self.relay.cli("trust", "add", self.authority.certificate)
        (self.relay.folder / "passphrase").rename(self.relay.folder / "kept")
        self.addCleanup((self.relay.folder / "kept").rename, self.relay.folder / "passphrase")
        entries = [json.loads(line) for line in self.relay.cli("journal", "--json").splitlines()]
        seen = [(e["event"], e["code"], len(e.get("certificates", []))) for e in entries]
        self.assertEqual([("trust", "added", 1), ("key", "imported", 1), ("certificate", "imported", 1), ("trust", "removed", 1), ("trust", "added", 1)], seen)
        self.assertEqual(len(entries), len(self.relay.cli("journal").splitlines()))

    def test_two_at_once(self):
        """Commands that change the same home wait for each other."""
        place = self.folder / "twice"
        place.mkdir()
        relay = souspli.Souspli(place, [souspli.account("alice@lab.test", 1, 1)], [])
        failed = []

        def work(doctor):
            try:
                relay.key_import(doctor.address, doctor.p12())
            except base.LabError as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(doctor,)) for doctor in self.doctors.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)
        self.assertEqual(3, len(relay.cli("key", "list").splitlines()))
        self.assertEqual(3, len(relay.cli("journal").splitlines()))


if __name__ == "__main__":
    unittest.main()
