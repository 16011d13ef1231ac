"""Own keys for life: out into a file and back, requested and installed, retired, through five generations, and told before they end."""
import base64
import json
import os
import re
import shutil
import smtplib
import time
import unittest

from lab import base, dovecot, imapline, mails, pki, pop3line, servers, souspli, terminal

from common import need_product
from test_cards import ALICE, CardCase

PHRASE = "cheval correct agrafe €uro"
DAY = 86400
PROFESSIONAL = "C=FR, title=Médecin, CN=810001234567+SN=MARTIN+GN=Zoé"
IN_USE, RETIRED, EXPIRED, REQUESTED = "en service", "(retirée)", "(expirée)", "certificat demandé"


def rows(relay):
    """The keys as `key list` shows them, warnings left out: id, account, holder, issuer, end, serial, state."""
    lines = relay.cli("key", "list").decode().splitlines()
    return [line.split("\t") for line in lines if not line.startswith(" ")]


def codes(relay):
    """The journal's codes of own keys."""
    entries = map(json.loads, relay.cli("journal", "--json").splitlines())
    return [entry["code"] for entry in entries if entry["event"] == "key"]


def answer(authority, request, stem, *more):
    """The certificate that an authority makes of a request, as it was asked for."""
    out = authority.folder / f"{stem}.pem"
    base.run("openssl", "x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial", "-days", "700",
             "-copy_extensions", "copyall", *more, "-out", out)
    return out


def der(certificate):
    """A certificate in DER."""
    out = certificate.with_suffix(".cer")
    base.run("openssl", "x509", "-in", certificate, "-outform", "DER", "-out", out)
    return out


def p7(certificate, *others, form="DER", end=".p7c"):
    """A PKCS#7 of certificates."""
    out = certificate.with_suffix(end)
    base.run("openssl", "crl2pkcs7", "-nocrl", *[w for c in (certificate, *others) for w in ("-certfile", c)], "-outform", form, "-out", out)
    return out


def certs_only(certificate, *others, to="alice@lab.test"):
    """The answer as a message of RFC 8551 §3.8."""
    packed = base64.encodebytes(p7(certificate, *others).read_bytes()).decode()
    return mails.crlf((f"From: igc@autorite.test\nTo: {to}\nSubject: Votre certificat\nMessage-ID: <{time.monotonic_ns()}@autorite.test>\n"
                       "Date: Mon, 02 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n"
                       'Content-Type: application/pkcs7-mime; smime-type=certs-only; name="smime.p7c"\n'
                       f'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="smime.p7c"\n\n{packed}').encode())


def with_file(certificate, to="alice@lab.test"):
    """The answer as an ordinary message with a file."""
    return mails.letter("igc@autorite.test", to, "Votre certificat", "Bonjour,\n\nle voici.\n",
                        attachments=[("certificat.cer", "application/pkix-cert", der(certificate).read_bytes())])


class HomeCase(unittest.TestCase):
    """An authority and a home without keys; nothing runs."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.folder = folder.path
        self.authority = pki.Authority(self.folder / "pki", "Autorité d'essai")
        self.relay = self.home("a")
        self.phrase = self.folder / "phrase"
        self.phrase.write_text(PHRASE + "\n")

    def home(self, name):
        """A home of its own."""
        (self.folder / name).mkdir()
        relay = souspli.Souspli(self.folder / name, [souspli.account("alice@lab.test", 1, 1)], [])
        relay.cli("trust", "add", self.authority.certificate)
        return relay

    def refused(self, code, *arguments, status=1, relay=None):
        """A command that is refused under that code, in both languages."""
        done = (relay or self.relay).attempt(*arguments)
        text = done.stderr.decode()
        self.assertEqual(status, done.returncode, text)
        self.assertIn(f"[{code}]", text)
        self.assertNotIn("panicked", text)
        return text

    def export(self, relay, file, *more):
        """Writes the keys of alice."""
        return relay.cli("key", "export", "--account", "alice@lab.test", "--password-file", self.phrase, *more, file)

    def request(self, file, *more, subject=PROFESSIONAL, relay=None):
        """A request, and its row."""
        return (relay or self.relay).cli("key", "request", "--account", "alice@lab.test", "--subject", subject, *more, file).decode().split("\t")


class ExportTest(HomeCase):
    """`souspli key export`."""

    def test_read_back_by_openssl_nss_and_ourselves(self):
        for kind in ("rsa", "ec", "rsa1024"):
            with self.subTest(kind):
                alice = self.authority.doctor(f"alice-{kind}", f"Dr Zoé {kind}", "alice@lab.test", kind)
                relay = self.home(kind)
                relay.key_import("alice@lab.test", alice.p12())
                file = self.folder / f"{kind}.p12"
                self.assertEqual(b"", self.export(relay, file))
                self.assertEqual(0o600, file.stat().st_mode & 0o777)
                self.assertEqual(["imported", "exported"], codes(relay))
                self.read_by_openssl(file, alice)
                self.read_by_nss(file, kind)
                again = self.home(f"{kind}-again")
                again.cli("key", "import", "--account", "alice@lab.test", "--password-file", self.phrase, file)
                self.assertEqual(rows(relay), [[mine[0], *row[1:]] for mine, row in zip(rows(relay), rows(again))])

    def read_by_openssl(self, file, alice):
        info = base.run("openssl", "pkcs12", "-info", "-noout", "-in", file, "-passin", f"pass:{PHRASE}")
        said = base.run("sh", "-c", f"openssl pkcs12 -info -noout -in {file} -passin 'pass:{PHRASE}' 2>&1").decode() + info.decode()
        self.assertIn("MAC: sha256, Iteration 600000", said)
        self.assertEqual(2, len(re.findall("PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256", said)), said)
        text = base.run("openssl", "pkcs12", "-nodes", "-in", file, "-passin", f"pass:{PHRASE}").decode("latin-1")
        self.assertEqual(2, len(re.findall("localKeyID", text)), "the key and its certificate")
        self.assertEqual(2, len(re.findall("friendlyName", text)))
        self.assertEqual(2, text.count("BEGIN CERTIFICATE"), "the authority as well")
        public = base.run("openssl", "pkey", "-pubout", stdin=text[text.index("-----BEGIN PRIVATE"):].encode())
        self.assertEqual(base.run("openssl", "pkey", "-pubout", "-in", alice.key), public)

    def read_by_nss(self, file, kind):
        if kind == "rsa1024":  # NSS takes no key below 1023 bits from a file, as it is configured
            return
        for tool in ("pk12util", "certutil"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not installed")
        database = self.folder / f"nss-{kind}"
        database.mkdir()
        base.run("certutil", "-N", "-d", f"sql:{database}", "--empty-password")
        password = self.folder / "nss-password"
        password.write_text(PHRASE)
        base.run("pk12util", "-i", file, "-d", f"sql:{database}", "-w", password, "-K", "")
        self.assertIn(f"Dr Zoé {kind}", base.run("certutil", "-K", "-d", f"sql:{database}").decode())

    def test_all_generations_or_one(self):
        for stem in ("one", "two"):
            self.relay.key_import("alice@lab.test", self.authority.doctor(stem, f"Dr {stem}", "alice@lab.test", "ec").p12())
        kept = rows(self.relay)
        both, one = self.folder / "both.p12", self.folder / "one.p12"
        self.export(self.relay, both)
        self.export(self.relay, one, "--id", kept[0][0][:8])
        for file, wanted in ((both, {row[5] for row in kept}), (one, {kept[0][5]})):
            again = self.home(file.stem)
            again.cli("key", "import", "--account", "alice@lab.test", "--password-file", self.phrase, file)
            self.assertEqual(wanted, {row[5] for row in rows(again)})

    def test_a_password_that_is_typed_is_typed_twice(self):
        self.relay.key_import("alice@lab.test", self.authority.doctor("alice", "Dr Alice", "alice@lab.test", "ec").p12())
        file = self.folder / "typed.p12"
        for again, end in (("autre chose encore", r"\[SP-PASSWORDS-DIFFER\]"), (PHRASE, "")):
            command = [str(souspli.binary()), "key", "export", "--account", "alice@lab.test", "--home", str(self.relay.home), str(file)]
            screen = terminal.Terminal(command, self.relay.environment(), self.folder / "screen.log")
            screen.answer("password of .*typed.p12: ", PHRASE + "\n")
            screen.answer("once more: ", again + "\n")
            if end:
                screen.until(end)
            screen.ended()
            screen.close()
            self.assertEqual(not end, file.exists())
        again = self.home("typed")
        again.cli("key", "import", "--account", "alice@lab.test", "--password-file", self.phrase, file)

    def test_nothing_is_replaced_unasked_and_no_password_is_weak(self):
        file = self.folder / "there.p12"
        self.refused("SP-NO-OWN-KEY", "key", "export", "--account", "alice@lab.test", "--password-file", self.phrase, file)
        self.relay.key_import("alice@lab.test", self.authority.doctor("alice", "Dr Alice", "alice@lab.test").p12())
        file.write_bytes(b"mine")
        words = ["key", "export", "--account", "alice@lab.test", "--password-file", self.phrase]
        self.refused("SP-FILE-EXISTS", *words, file)
        self.assertEqual(b"mine", file.read_bytes())
        self.refused("SP-NO-SUCH-KEY", *words, "--id", "00000000", file.with_name("new.p12"))
        self.refused("SP-FILE-UNWRITABLE", *words, self.folder / "absent" / "x.p12")
        for password, code in (("abc 123 ou", "SP-EXPORT-PASSWORD-SHORT"), ("a" * 30, "SP-EXPORT-PASSWORD-WEAK"), ("avec\tun tabulateur", "SP-EXPORT-PASSWORD-SIGNS")):
            self.phrase.write_text(password + "\n")
            text = self.refused(code, *words, file.with_name("new.p12"))
            self.assertNotIn(password, text)
        self.assertFalse(file.with_name("new.p12").exists())
        self.phrase.write_text(PHRASE + "\n")
        before = codes(self.relay)
        self.export(self.relay, file, "--replace")
        self.assertEqual(0o600, file.stat().st_mode & 0o777)
        self.assertEqual(before + ["exported"], codes(self.relay))


class RequestTest(HomeCase):
    """`souspli key request` and `souspli key install`."""

    def test_requests_as_openssl_reads_them(self):
        for kind, shown in (("rsa2048", "2048 bit"), ("rsa3072", "3072 bit"), ("rsa4096", "4096 bit"), ("p256", "256 bit"), ("p384", "384 bit")):
            with self.subTest(kind):
                file = self.folder / f"{kind}.csr"
                self.request(file, "--type", kind)
                said = base.run("sh", "-c", f"openssl req -verify -text -noout -nameopt utf8,sep_comma_plus -in {file} 2>&1").decode()
                self.assertIn("self-signature verify OK", said)
                self.assertIn(f"({shown})", said)
                self.assertRegex(said, r"C=FR,title=Médecin,(?=[^\n]*GN=Zoé)(?=[^\n]*SN=MARTIN)[^,\n]*CN=810001234567")
                self.assertIn("email:alice@lab.test", said)
                self.assertIn("E-mail Protection", said)
                agrees = "Key Agreement" if kind.startswith("p") else "Key Encipherment"
                self.assertRegex(said, f"X509v3 Key Usage: critical\\s+Digital Signature, Non Repudiation, {agrees}")
        self.assertEqual({REQUESTED}, {row[-1].split(" /")[0] for row in rows(self.relay)})
        self.assertEqual(["requested"] * 5, codes(self.relay))

    def test_one_use_and_other_names(self):
        for use, usage in (("sign", "Digital Signature, Non Repudiation"), ("encrypt", "Key Agreement")):
            file = self.folder / f"{use}.csr"
            self.request(file, "--type", "p256", "--use", use, subject=r"/C=FR/O=Cabinet Martin, Durand/OU=3 123/CN=alice@lab.test")
            said = base.run("openssl", "req", "-text", "-noout", "-in", file).decode()
            self.assertRegex(said, f"X509v3 Key Usage: critical\\s+{usage}\n")
            self.assertIn('O = "Cabinet Martin, Durand"', said)

    def test_what_is_refused(self):
        words = ["key", "request", "--account", "alice@lab.test", "--subject"]
        file = self.folder / "x.csr"
        for subject, code in (("Dr Martin", "SP-SUBJECT-SYNTAX"), ("XX=1,CN=a", "SP-SUBJECT-KEY"), ("C=FRANCE,CN=a", "SP-SUBJECT-VALUE"), ("C=FR", "SP-SUBJECT-NO-CN")):
            self.refused(code, *words, subject, file)
        self.refused("SP-USAGE", *words, "CN=a", "--type", "rsa1024", file, status=2)
        self.refused("SP-FILE-UNWRITABLE", *words, "CN=a", self.folder / "absent" / "x.csr")
        file.write_text("mine")
        self.refused("SP-FILE-EXISTS", *words, "CN=a", file)
        self.assertEqual("mine", file.read_text())
        self.assertEqual([], rows(self.relay), "no key waits for an answer to a request that nobody has")

    def test_the_answer_in_every_form(self):
        for form in ("der", "pem", "p7c", "p7b", "eml", "sealed"):
            with self.subTest(form):
                relay = self.home(form)
                relay.key_import("alice@lab.test", self.authority.doctor(f"old-{form}", "Dr Vieux", "alice@lab.test", "ec").p12())
                request = self.folder / f"{form}.csr"
                self.request(request, "--type", "p256", relay=relay)
                certificate = answer(self.authority, request, form)
                relay.cli("key", "install", self.as_file(form, certificate))
                states = {row[2]: row[-1].split(" /")[0] for row in rows(relay)}
                self.assertEqual({"Dr Vieux": IN_USE, "Zoé MARTIN": IN_USE}, states)
                self.assertEqual(["imported", "requested", "installed"], codes(relay))
                file = self.folder / f"{form}.p12"
                self.export(relay, file, "--id", next(row[0] for row in rows(relay) if row[2] == "Zoé MARTIN"))
                text = base.run("openssl", "pkcs12", "-nodes", "-in", file, "-passin", f"pass:{PHRASE}").decode("latin-1")
                self.assertEqual(2, text.count("BEGIN CERTIFICATE"), "its authority is the chain, wherever it was found")

    def as_file(self, form, certificate):
        """The answer in that form."""
        made = {"der": lambda: der(certificate), "pem": lambda: certificate, "p7c": lambda: p7(certificate, self.authority.certificate),
                "p7b": lambda: p7(certificate, form="PEM", end=".p7b")}
        if form in made:
            return made[form]()
        message = with_file(certificate)
        if form == "sealed":  # by a colleague of the practice, to the key before
            old = pki.Doctor("old", "", "", None, self.authority.folder / "old-sealed.pem", None)
            message = mails.smime(message, mails.encrypting(old))
            self.assertNotIn(b"pkix-cert", message)
        file = self.folder / f"{form}.eml"
        file.write_bytes(message)
        return file

    def test_the_certificate_of_another(self):
        request = self.folder / "x.csr"
        self.request(request, "--type", "p256")
        stranger = self.authority.doctor("stranger", "Dr Autre", "alice@lab.test", "ec")
        self.refused("SP-NO-KEY-FOR-CERTIFICATE", "key", "install", der(stranger.certificate))
        self.refused("SP-NO-CERTIFICATE-IN-FILE", "key", "install", request)
        self.assertEqual([REQUESTED], [row[-1].split(" /")[0] for row in rows(self.relay)])

    def test_a_key_that_is_certified_anew_and_a_request_that_is_given_up(self):
        request = self.folder / "x.csr"
        self.request(request, "--type", "p256")
        self.relay.cli("key", "install", answer(self.authority, request, "first"))
        self.relay.cli("key", "install", answer(self.authority, request, "second"))
        self.assertEqual(2, len({row[5] for row in rows(self.relay)}))
        waiting = self.request(self.folder / "y.csr", "--type", "p256")[0]
        self.relay.cli("key", "remove", waiting[:8])
        self.assertEqual(2, len(rows(self.relay)))
        self.assertEqual("request-removed", codes(self.relay)[-1])
        self.refused("SP-NO-SUCH-KEY", "key", "remove", waiting[:8])

    def test_nothing_of_the_key_is_in_clear(self):
        request = self.folder / "x.csr"
        self.request(request, "--type", "p256")
        answer(self.authority, request, "first")
        self.relay.cli("key", "install", self.authority.folder / "first.pem")
        file = self.folder / "x.p12"
        self.export(self.relay, file)
        text = base.run("openssl", "pkcs12", "-nodes", "-nocerts", "-in", file, "-passin", f"pass:{PHRASE}")
        secret = base.run("openssl", "pkey", "-text", "-noout", stdin=text[text.index(b"-----BEGIN"):]).decode()
        secret = bytes.fromhex(re.sub(r"[\s:]", "", secret.partition("priv:")[2].partition("pub:")[0]))
        self.assertEqual(32, len(secret))
        for place, octets in self.relay.everything():
            self.assertNotIn(secret, octets, place)
        self.assertNotIn(secret, file.read_bytes())


class GenerationsCase(unittest.TestCase):
    """Alice and bob at a provider; alice's keys are each test's own."""
    pop3 = None

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.folder = folder.path
        self.provider = servers.Provider(folder.path)
        self.addCleanup(self.provider.stop)
        self.provider.start()
        self.store = self.provider.store
        self.authority = pki.Authority(folder.path / "pki", "Autorité d'essai")
        self.bob = self.authority.doctor("bob", "Dr Bob", "bob@lab.test")
        self.relay = self.souspli("alice")

    def souspli(self, name):
        """A Souspli for that doctor, who trusts the authority."""
        (self.folder / name).mkdir()
        account = self.provider.account(f"{name}@lab.test", pop3_tls=self.pop3)
        relay = souspli.Souspli(self.folder / name, [account], [self.provider.tls.bundle], pop3=bool(self.pop3))
        relay.furnish({}, [self.bob], [self.authority.certificate])
        self.addCleanup(relay.kill)
        return relay

    def generation(self, stem, begins, days, name="Dr Alice", mail=True):
        """A key of alice's that holds from so many days from now, for so many; imported."""
        extensions = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment\n"
                      f"{'subjectAltName=email:alice@lab.test' if mail else ''}\nextendedKeyUsage=emailProtection\n"
                      "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        day = time.strftime("%Y-%m-%d 00:00:00", time.gmtime(time.time() + begins * DAY)) if begins else None
        key, certificate = self.authority.issue(stem, f"/C=FR/CN={name} {stem}", extensions, days=days, day=day)
        doctor = pki.Doctor(stem, f"{name} {stem}", "alice@lab.test", key, certificate, self.authority.certificate)
        self.relay.key_import("alice@lab.test", doctor.p12())
        return doctor

    def box(self):
        """Alice's mailbox through Souspli."""
        box = imapline.Imap(self.relay.imap, "alice@lab.test", "pw-alice")
        self.addCleanup(box.close)
        box.do("SELECT INBOX")
        return box

    def arrives(self, message):
        """A message in alice's mailbox, as she reads it."""
        self.store.append("alice@lab.test", message)
        box = self.box()
        fetched = box.fetch("*", "UID BODY.PEEK[]")
        box.close()
        return fetched[max(fetched)]["BODY[]"]

    def sealed_for(self, doctor, words):
        """A letter that bob has signed and encrypted to that key."""
        letter = mails.letter("bob@lab.test", "alice@lab.test", "Lettre", f"Bonjour,\n\n{words}\n")
        return mails.smime(letter, mails.signing(self.bob, "-nodetach"), mails.encrypting(doctor))

    def sends(self, subject="#med# Lettre"):
        """Alice sends bob a sealed letter."""
        with smtplib.SMTP(base.LOOPBACK, self.relay.smtp, timeout=60) as client:
            client.starttls(context=pki.unchecked_context())
            client.login("alice@lab.test", "pw-alice")
            client.sendmail("alice@lab.test", ["bob@lab.test"], mails.letter("alice@lab.test", "bob@lab.test", subject, "Bonjour.\n"))

    def refusal(self):
        """What alice's mail program is told instead."""
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            self.sends()
        self.assertEqual(0, len(self.provider.smtp.accepted()), "nothing left")
        return caught.exception

    def signed_by(self, message):
        """The serial number by which what bob got is signed, judged by openssl alone."""
        clear = base.run("openssl", "cms", "-decrypt", "-recip", self.bob.certificate, "-inkey", self.bob.key, stdin=message)
        signer = self.folder / "signer.pem"
        base.run("openssl", "cms", "-verify", "-CAfile", self.authority.certificate, "-signer", signer, stdin=clear)
        return self.serial(signer)

    def serial(self, certificate):
        """A serial number as Souspli shows it."""
        return base.run("openssl", "x509", "-noout", "-serial", "-in", certificate).decode().strip().partition("=")[2].lower()

    def bob_got(self, count=1):
        """The last of so many messages."""
        got = base.until(lambda: len(got := self.store.stored("bob@lab.test")) >= count and got, 20, "bob's letter")
        return got[-1]

    def logged(self, code):
        """How often the log says that code."""
        return self.relay.log.read_text(errors="replace").count(code)


class GenerationsTest(GenerationsCase):
    """Old keys open old mail, the one that holds signs."""

    def test_five_generations(self):
        spans = [(-1900, 400), (-1500, 400), (-1100, 400), (-700, 400), (-300, 700)]
        generations = [self.generation(f"g{n}", begins, days) for n, (begins, days) in enumerate(spans)]
        self.relay.start()
        for number, doctor in enumerate(generations):
            got = self.arrives(self.sealed_for(doctor, f"génération {number}"))
            self.assertIn(f"génération {number}", mails.texts(mails.parse(got)))
        self.sends()
        self.assertEqual(self.serial(generations[-1].certificate), self.signed_by(self.bob_got()))
        states = [row[-1].split(" /")[0] for row in sorted(rows(self.relay), key=lambda row: row[4])]
        self.assertEqual(["pour lire seulement (expirée)"] * 4 + [IN_USE], states)

    def test_one_expired_and_one_valid(self):
        """In whatever order they came."""
        valid = self.generation("valid", -10, 300)
        self.generation("expired", -400, 395)
        self.relay.start()
        self.sends()
        self.assertEqual(self.serial(valid.certificate), self.signed_by(self.bob_got()))

    def test_a_certificate_without_an_address(self):
        card = self.generation("card", 0, 300, mail=False)
        self.relay.start()
        got = self.arrives(self.sealed_for(card, "sans adresse"))
        self.assertIn("sans adresse", mails.texts(mails.parse(got)))
        self.sends()
        self.assertEqual(self.serial(card.certificate), self.signed_by(self.bob_got()))


class RetireTest(GenerationsCase):
    """`souspli key retire`, seen at once by the relay that runs."""

    def test_reading_only(self):
        old = self.generation("old", -10, 300)
        self.relay.start()
        (row,) = rows(self.relay)
        self.relay.cli("key", "retire", row[0][:8])
        self.assertIn(RETIRED, rows(self.relay)[0][-1])
        told = self.refusal()
        self.assertEqual(5, told.smtp_code // 100)
        self.assertRegex(told.smtp_error, rb"alice@lab.test est marquee .ne plus utiliser..*retire --undo.*\[SP-OWN-RETIRED\]")
        self.assertIn("avant", mails.texts(mails.parse(self.arrives(self.sealed_for(old, "d'avant")))))
        # Whatever a colleague or a directory has kept of it.
        self.relay.cli("cert", "import", old.certificate)
        done = self.relay.attempt("seal", "--from", "alice@lab.test", "--to", "alice@lab.test", "--config", self.relay.config,
                                  stdin=mails.letter("alice@lab.test", "alice@lab.test", "#med# Note", "Bonjour.\n"))
        self.assertEqual((1, b""), (done.returncode, done.stdout))
        # Over a restart, and brought in again.
        self.relay.restart()
        self.assertIn(b"SP-OWN-RETIRED", self.refusal().smtp_error)
        done = self.relay.attempt("key", "import", "--account", "alice@lab.test", "--password-file", self.relay.folder / "p12-password", old.p12())
        self.assertIn(b"[SP-KEY-STILL-RETIRED]", done.stderr)
        self.assertIn(b"SP-OWN-RETIRED", self.refusal().smtp_error)
        self.relay.cli("key", "retire", "--undo", row[0][:8])
        self.sends()
        self.assertEqual(self.serial(old.certificate), self.signed_by(self.bob_got()))
        self.assertEqual(["imported", "retired", "imported", "back-in-use"], [code for code in codes(self.relay) if not code.startswith("SP-")])

    def test_another_takes_its_place(self):
        old = self.generation("old", -10, 300)
        new = self.generation("new", -20, 200)
        self.relay.start()
        self.sends()
        self.assertEqual(self.serial(old.certificate), self.signed_by(self.bob_got()), "the newest")
        self.relay.cli("key", "retire", next(row[0] for row in rows(self.relay) if row[2].endswith("old")))
        self.sends()
        got = self.bob_got(2)
        self.assertEqual(self.serial(new.certificate), self.signed_by(got))
        # The copy for alice herself is to the new one alone: the old one does not open it.
        box = self.box()
        box.do('APPEND "INBOX" ', mails.letter("alice@lab.test", "bob@lab.test", "#med# Brouillon", "Bonjour.\n"))
        kept = self.store.stored("alice@lab.test")[-1]
        base.run("openssl", "cms", "-decrypt", "-recip", new.certificate, "-inkey", new.key, stdin=kept)
        with self.assertRaises(base.LabError):
            base.run("openssl", "cms", "-decrypt", "-recip", old.certificate, "-inkey", old.key, stdin=kept)
        done = self.relay.attempt("key", "retire", "12345678")
        self.assertIn(b"[SP-NO-SUCH-KEY]", done.stderr)


class EndsTest(GenerationsCase):
    """Told thirty, fifteen and seven days before, each once."""
    LOOKED = "the ends of own certificates were looked at"

    def setUp(self):
        os.environ["SOUSPLI_LOG"] = "souspli=debug"
        self.addCleanup(os.environ.pop, "SOUSPLI_LOG")
        super().setUp()

    def test_once_for_each_day_and_not_where_another_takes_over(self):
        self.generation("old", -300, 320)
        self.look()
        self.assertIn("dans 20 jours", self.relay.log.read_text())
        self.look()
        self.assertEqual(1, self.logged("SP-OWN-ENDS-SOON"), "told once, over a restart")
        self.assertEqual(1, codes(self.relay).count("SP-OWN-ENDS-SOON"))
        for words in (["key", "list"], ["check", "--config", self.relay.config]):
            self.assertIn("[SP-OWN-ENDS-SOON]", self.relay.cli(*words).decode(), "shown for as long as it is so")
        # Nine days later.
        self.later(9)
        self.assertEqual(1, self.logged("dans 11 jours"), self.relay.log.read_text())
        self.later(10)
        self.assertEqual(2, self.logged("SP-OWN-ENDS-SOON"))
        self.generation("new", -5, 700)
        for words in (["key", "list"], ["check", "--config", self.relay.config]):
            self.assertNotIn("SP-OWN-ENDS-SOON", self.relay.cli(*words).decode())
        self.later(15)
        self.assertEqual(2, self.logged("SP-OWN-ENDS-SOON"))

    def later(self, days):
        """Runs alice's relay so many days from now, until it has looked."""
        binary, script = souspli.binary(), self.folder / "later"
        # Not by `faketime` itself: it stays as the parent of what it starts, and keeps its signals.
        preload = base.run("faketime", "-f", "+1d", "printenv", "LD_PRELOAD").decode().strip()
        command = f"exec env 'LD_PRELOAD={preload}' FAKETIME=+{days}d DONT_FAKE_MONOTONIC=1 {binary}"
        script.write_text(f'#!/bin/sh\n{command} "$@"\n')
        script.chmod(0o755)
        original, souspli.binary = souspli.binary, lambda: script
        self.addCleanup(setattr, souspli, "binary", original)
        try:
            self.look()
        finally:
            souspli.binary = original

    def look(self):
        """Runs alice's relay until it has looked at the ends of her keys."""
        before = self.relay.log.read_text().count(self.LOOKED) if hasattr(self.relay, "log") else 0
        self.relay.start()
        base.until(lambda: self.logged(self.LOOKED) > before, 20, "the ends are looked at")
        self.relay.stop()

    def test_check_makes_no_home(self):
        empty = self.folder / "empty"
        done = base.run(str(souspli.binary()), "check", "--config", self.relay.config, "--home", empty)
        self.assertIn("configuration correcte", done.decode())
        self.assertFalse(empty.exists())


class ArrivalTest(GenerationsCase):
    """The authority's answer comes by mail, through the relay that runs."""
    pop3 = "implicit" if dovecot.has_pop3() else None

    def setUp(self):
        super().setUp()
        self.old = self.generation("old", -10, 300)
        self.relay.start()
        self.csr = self.folder / "alice.csr"
        self.request()

    def request(self):
        """A request of alice's."""
        self.relay.cli("key", "request", "--account", "alice@lab.test", "--type", "p256", "--subject", "C=FR, CN=Dr Alice NOUVELLE", self.csr)

    def in_use(self):
        """Who is in use, by name."""
        return {row[2] for row in rows(self.relay) if row[-1].startswith(IN_USE)}

    def test_a_certs_only_message_passes_and_is_in_use(self):
        certificate = answer(self.authority, self.csr, "new")
        message = certs_only(certificate, self.authority.certificate)
        self.assertEqual(message, self.arrives(message), "byte for byte")
        self.assertEqual({"Dr Alice old", "Dr Alice NOUVELLE"}, self.in_use())
        self.assertEqual(1, self.logged("SP-CERTIFICATE-INSTALLED"))
        self.sends()
        self.assertEqual(self.serial(certificate), self.signed_by(self.bob_got()), "and signs at once")
        self.assertIn("SP-CERTIFICATE-INSTALLED", codes(self.relay))

    def test_a_file_in_ordinary_signed_and_sealed_messages(self):
        forms = {"plain": (), "signed": (mails.signing(self.bob),), "sealed": (mails.signing(self.bob, "-nodetach"), mails.encrypting(self.old))}
        for name, steps in forms.items():
            with self.subTest(name):
                message = with_file(answer(self.authority, self.csr, name))
                self.arrives(mails.smime(message, *steps) if steps else message)
                self.assertIn("Dr Alice NOUVELLE", self.in_use())
            self.relay.cli("key", "remove", next(row[0] for row in rows(self.relay) if row[2].endswith("NOUVELLE")))
            self.csr.unlink()
            self.request()

    def test_over_pop3(self):
        if not self.pop3:
            self.skipTest("Dovecot has no POP3 here")
        message = certs_only(answer(self.authority, self.csr, "new"))
        self.store.append("alice@lab.test", message)
        box = pop3line.Pop3(self.relay.pop3, "alice@lab.test", "pw-alice")
        self.addCleanup(box.close)
        self.assertEqual(message, box.message(1))
        self.assertIn("Dr Alice NOUVELLE", self.in_use())

    def test_nobody_else_puts_a_certificate_into_use(self):
        """One of an unknown authority, one of another name, one for a server, one of another key: told at most, and taken by hand."""
        stranger = pki.Authority(self.folder / "stranger", "Autorité inconnue")
        other_name = self.folder / "other.ext"
        other_name.write_text("subjectAltName=email:mallory@lab.test\n")
        foreign = answer(stranger, self.csr, "foreign")
        misnamed = self.folder / "misnamed.pem"
        base.run("openssl", "x509", "-req", "-in", self.csr, "-CA", self.authority.certificate, "-CAkey", self.authority.key, "-CAcreateserial",
                 "-days", "700", "-extfile", other_name, "-out", misnamed)
        server = self.folder / "server.pem"
        other_name.write_text("subjectAltName=email:alice@lab.test\nextendedKeyUsage=serverAuth\n")
        base.run("openssl", "x509", "-req", "-in", self.csr, "-CA", self.authority.certificate, "-CAkey", self.authority.key, "-CAcreateserial",
                 "-days", "700", "-extfile", other_name, "-out", server)
        another = self.authority.doctor("another", "Dr Autre", "alice@lab.test", "ec").certificate
        for certificate, told in ((foreign, 1), (foreign, 1), (misnamed, 2), (server, 3), (another, 3)):
            self.arrives(certs_only(certificate))
            self.assertEqual({"Dr Alice old"}, self.in_use())
            self.assertEqual(told, self.logged("SP-CERTIFICATE-CAME"))
        self.assertEqual(0, self.logged("SP-CERTIFICATE-INSTALLED"))
        self.assertIn("souspli key install", self.relay.log.read_text())
        file = self.folder / "came.eml"
        file.write_bytes(certs_only(foreign))
        self.relay.cli("key", "install", file)
        self.assertIn("Dr Alice NOUVELLE", self.in_use())


class CardTest(CardCase):
    """The key of a card has the same life, but for leaving it."""

    def test_retired_and_never_exported(self):
        self.run_it()
        (row,) = (row for row in rows(self.souspli) if ALICE in row)
        self.assertIn(IN_USE, row[-1])
        phrase, file = self.folder / "phrase", self.folder / "card.p12"
        phrase.write_text(PHRASE + "\n")
        for more in ([], ["--id", row[0][:8]]):
            done = self.souspli.attempt("key", "export", "--account", ALICE, "--password-file", phrase, *more, file)
            self.assertEqual(1, done.returncode)
            self.assertIn(b"[SP-KEY-ON-CARD]", done.stderr)
        self.assertFalse(file.exists())
        self.souspli.cli("key", "retire", row[0])
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.send()
        self.assertIn(b"[SP-OWN-RETIRED]", caught.exception.smtp_error)
        self.assertEqual(0, self.pinentry.prompts(), "nobody is asked for the PIN of a card that would not be used")
