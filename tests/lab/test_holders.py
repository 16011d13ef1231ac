"""One account's keys for several persons: held by the owner's card, read in rescue mode, read by a delegate and no longer."""
import base64
import contextlib
import fcntl
import json
import pathlib
import smtplib
import time
import unittest

from lab import badmodule, base, cps, imapline, mails, pinentry, pki, softhsm, souspli

from common import Canary
from test_cards import ALICE, BOB, LETTER, CardCase

CAROL = "carol@lab.test"
PASSPHRASE = "agrafe cheval pile correcte"


class HoldersCase(CardCase):
    """Alice has a card and, beside it, a software key to which her letters are encrypted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        authority = cls.practice.authority
        cls.alice = authority.doctor("alice-soft", "Dr Alice ESSAI", ALICE, usage="encrypt")
        cls.carol = authority.doctor("carol", "Secrétaire Carol ESSAI", CAROL)

    def setUp(self):
        super().setUp()
        self.place = self.souspli.folder
        self.phrase = self.place / "rescue-phrase"
        self.phrase.write_text(PASSPHRASE + "\n")
        self.souspli.key_import(ALICE, self.alice.p12())
        self.first = len(self.provider.store.stored(ALICE)) + 1

    def own(self, *words, **options):
        """`souspli key` in the owner's home."""
        return self.souspli.cli("key", *words, "--config", self.souspli.config, **options).decode()

    def attempt(self, *words, relay=None):
        """The same, whatever comes of it: what is said on standard error."""
        relay = relay or self.souspli
        done = relay.attempt("key", *words, "--config", relay.config)
        return done.returncode, done.stderr.decode()

    def hold(self):
        """Her card holds her key."""
        self.take_card()
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--account", ALICE, "--passphrase-file", self.phrase)
        self.assertEqual([], self.pinentry.unused())

    def sealed(self, count=1, to=None):
        """Letters of Bob's to her software key; or to somebody else."""
        to = to or self.alice
        for number in range(count):
            clear = mails.letter(BOB, to.address, f"Lettre {number}", LETTER)
            letter = mails.smime(clear, mails.signing(self.bob, "-nodetach"), mails.encrypting(to))
            self.provider.store.append(to.address, letter)

    def start(self, relay=None):
        relay = relay or self.souspli
        self.addCleanup(relay.stop)
        relay.start()

    def read(self, relay=None, whose=ALICE):
        """What a mail program gets of all letters of this test (of the last one, of others), as somebody who has just sat down; or the
        refusal."""
        relay = relay or self.souspli
        with contextlib.closing(imapline.Imap(relay.imap, whose, self.provider.users[whose])) as box:
            box.do('SELECT "INBOX"')
            try:
                fetched = box.fetch(f"{self.first}:*" if whose == ALICE else "*", "UID BODY.PEEK[]", by_uid=False)
            except imapline.Refused as refused:
                return str(refused)
        return "\n".join(mails.texts(mails.parse(message["BODY[]"])) for message in fetched.values())

    def pull(self):
        """The card leaves the reader."""
        self.module.will("C_GetTokenInfo", badmodule.TOKEN_NOT_PRESENT)

    def journal(self, relay=None):
        """Codes of all that was done with keys."""
        lines = (relay or self.souspli).cli("journal", "--json").decode().splitlines()
        return [entry["code"] for entry in map(json.loads, lines) if entry["event"] == "key"]

    def nowhere(self, *secrets, relay=None):
        """No file of a home, and no log, has one of these."""
        for path, octets in (relay or self.souspli).everything():
            if path.name in ("rescue-phrase", "answers", "tokens") or "hsm" in path.parts:
                continue
            for secret in secrets:
                self.assertNotIn(secret, octets, path)

    def private(self):
        """Octets that only her private key has: its first prime."""
        text = base.run("openssl", "rsa", "-in", self.alice.key, "-noout", "-text").decode()
        prime = text.split("prime1:")[1].split("prime2:")[0]
        return bytes.fromhex("".join(prime.split()).replace(":", ""))[1:33]

    def file(self):
        return self.souspli.home / "held" / f"{ALICE}.p7m"

    def hers(self):
        """The file in her home, whatever others see of it."""
        return self.souspli.home / "held" / f"{ALICE}.p7m"

    def openssl(self, *words, file=None):
        """What `openssl cms` opens a file to; nothing where it does not."""
        try:
            return base.run("openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-in", file or self.file(), *words)
        except base.LabError:
            return b""


class HeldByTheCardTest(HoldersCase):
    """Option 0-09: the card is required to decrypt."""

    def test_a_card_that_holds_a_software_key(self):
        self.sealed(5)
        self.hold()
        listed = self.own("list")
        self.assertIn("tenue par la carte", listed)
        self.assertEqual(["card", "held"], self.journal()[2:])
        self.nowhere(self.private(), PASSPHRASE.encode(), base64.b64encode(self.private())[:40])
        self.assertEqual(0o600, self.file().stat().st_mode & 0o777)
        status, said = self.attempt("export", "--account", ALICE, "--password-file", self.phrase, self.place / "out.p12")
        self.assertEqual((1, True), (status, "SP-KEY-HELD" in said))
        key = next(line.split("\t")[0] for line in listed.splitlines() if "tenue par" in line)
        self.assertIn("SP-KEY-HELD", self.attempt("remove", key)[1])
        self.start()
        before = self.module.operations()
        self.pinentry.will(softhsm.PIN)
        self.assertEqual(5, self.read().count(LETTER))
        self.assertEqual((1, 2), (self.module.operations() - before, self.pinentry.prompts()), "one unwrap opens them all")
        # Without the card nothing of it stays open, and nothing was remembered.
        self.pull()
        base.until(lambda: "SP-CARD" in self.read(), 20, "the end of the card's session")
        self.assertNotIn(LETTER, self.read())
        self.module.behave()
        self.pinentry.will(softhsm.PIN)
        self.assertEqual(5, self.read().count(LETTER))
        self.nowhere(self.private(), PASSPHRASE.encode(), LETTER.encode())

    def test_given_back_it_opens_without_the_card(self):
        self.sealed()
        self.hold()
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--undo", "--account", ALICE)
        self.assertEqual("given-back", self.journal()[-1])
        self.pull()
        self.start()
        self.assertIn(LETTER, self.read())

    def test_a_crash_between_two_places_loses_no_key(self):
        """As a power cut would leave it: the stub is there, and the key not removed yet; then the key back, and the stub not."""
        keys = self.souspli.home / "keys"
        before = {file: file.read_bytes() for file in keys.iterdir()}
        self.sealed()
        self.hold()
        held = {file: file.read_bytes() for file in keys.iterdir()}
        for file, octets in before.items():
            file.write_bytes(octets)
        self.assertEqual(1, self.own("list").count("tenue par la carte"))
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--account", ALICE, "--passphrase-file", self.phrase)
        self.assertEqual(sorted(held), sorted(keys.iterdir()))
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--undo", "--account", ALICE)
        back = sorted(keys.iterdir())
        for file, octets in held.items():
            file.write_bytes(octets)
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--undo", "--account", ALICE)
        self.assertEqual(back, sorted(keys.iterdir()))
        self.pull()
        self.start()
        self.assertIn(LETTER, self.read())

    def test_commands_that_overlap_lose_no_key(self):
        self.hold()
        before = self.file().read_bytes()
        with (self.souspli.home / "held" / "lock").open("r+b") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            for words in (("hold", "--account", ALICE, "--passphrase-file", self.phrase), ("hold", "--undo", "--account", ALICE),
                          ("rescue", "--account", ALICE, "--passphrase-file", self.phrase)):
                self.assertIn("SP-HELD-BUSY", self.attempt(*words)[1])
        self.assertEqual(before, self.file().read_bytes())

    def test_a_stub_that_was_lost_takes_no_key_along(self):
        self.sealed()
        keys = self.souspli.home / "keys"
        before = set(keys.iterdir())
        self.hold()
        later = self.practice.authority.doctor("alice-second", "Dr Alice ESSAI", ALICE, usage="encrypt")
        self.souspli.key_import(ALICE, later.p12())
        held = self.file().read_bytes()
        listed = self.own("list")
        stub = next(line.split("\t")[0] for line in listed.splitlines() if "tenue par" in line)
        for path in set(keys.iterdir()) - before:
            if path.name.startswith(stub):
                path.unlink()
        self.pinentry.will(softhsm.PIN)
        again = ("hold", "--account", ALICE, "--passphrase-file", self.phrase)
        self.assertIn("SP-HELD-NO-TRACE", self.attempt(*again)[1])
        self.assertEqual(held, self.file().read_bytes())
        self.own("hold", "--undo", "--account", ALICE)
        self.pull()
        self.start()
        self.assertIn(LETTER, self.read())

    def test_a_key_that_is_removed_leaves_the_file_too(self):
        self.own("rescue", "--account", ALICE, "--passphrase-file", self.phrase)
        later = self.practice.authority.doctor("alice-third", "Dr Alice ESSAI", ALICE, usage="encrypt")
        self.souspli.key_import(ALICE, later.p12())
        self.own("delegate", "update", "--account", ALICE)
        bag = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"
        self.assertEqual(2, self.openssl("-pwri_password", PASSPHRASE).count(bag))
        keys = [line.split("\t")[0] for line in self.own("list").splitlines() if ALICE in line and "carte" not in line]
        self.own("remove", keys[0])
        self.assertEqual(1, self.openssl("-pwri_password", PASSPHRASE).count(bag))
        self.own("remove", keys[1])
        self.assertFalse(self.file().exists())

    def test_a_new_card_takes_the_place_of_a_lost_one(self):
        self.sealed()
        self.hold()
        second = cps.single(self.practice.authority, address=ALICE, identifier="0100000000000002")
        other = self.hsm.token("CPS3v1-0000000002", pairs=[second])
        self.hsm.remove(self.token)
        said = self.own("card", "--account", ALICE)
        self.assertEqual(1, len(said.splitlines()), said)
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--account", ALICE, "--passphrase-file", self.phrase)
        self.assertEqual("CPS3v1-0000000002", other.label)
        self.start()
        self.pinentry.will(softhsm.PIN)
        self.assertIn(LETTER, self.read())

    def test_nothing_is_held_that_cannot_be_had_again(self):
        # Without a card.
        self.assertIn("SP-HELD-NO-CARD", self.attempt("hold", "--account", ALICE, "--passphrase-file", self.phrase)[1])
        self.take_card()
        for weak, code in (("courte", "SP-EXPORT-PASSWORD-SHORT"), ("aaaaaaaaaaaaaaaa", "SP-EXPORT-PASSWORD-WEAK")):
            (self.place / "weak").write_text(weak)
            self.assertIn(code, self.attempt("hold", "--account", ALICE, "--passphrase-file", self.place / "weak")[1])
        # Nobody types the PIN; then the card's answer is none.
        self.assertIn("SP-PIN-CANCELLED", self.attempt("hold", "--account", ALICE, "--passphrase-file", self.phrase)[1])
        self.pinentry.will(softhsm.PIN)
        self.module.will("C_Decrypt", badmodule.FUNCTION_FAILED)
        self.assertIn("SP-HELD-NOT-WRITTEN", self.attempt("hold", "--account", ALICE, "--passphrase-file", self.phrase)[1])
        self.module.behave()
        self.assertFalse(self.file().exists())
        self.assertIn("en service", self.own("list"))
        self.pinentry.will(softhsm.PIN)
        self.sealed()
        self.start()
        self.assertIn(LETTER, self.read())


    def test_a_key_that_came_later_is_held_with_the_others(self):
        self.hold()
        later = self.practice.authority.doctor("alice-later", "Dr Alice ESSAI", ALICE, usage="encrypt")
        self.souspli.key_import(ALICE, later.p12())
        self.assertIn("SP-HELD-NOT-YET", self.own("list"))
        self.sealed()
        clear = mails.letter(BOB, ALICE, "Lettre", LETTER)
        self.provider.store.append(ALICE, mails.smime(clear, mails.signing(self.bob, "-nodetach"), mails.encrypting(later)))
        self.start()
        self.pinentry.will(softhsm.PIN)
        self.assertEqual(2, self.read().count(LETTER))
        # While the relay is at work.
        self.pinentry.will(softhsm.PIN)
        self.own("hold", "--account", ALICE, "--passphrase-file", self.phrase)
        listed = self.own("list")
        self.assertEqual((2, False), (listed.count("tenue par la carte"), "SP-HELD-NOT-YET" in listed))
        self.assertEqual(2, self.read().count(LETTER))


class RescueTest(HoldersCase):
    """Requirements 0-10, 0-21: without the card a passphrase opens reading, and nothing else."""

    def test_rescue_mode_from_begin_to_end(self):
        self.sealed(2)
        self.hold()
        self.start()
        self.pull()
        self.assertIn("SP-CARD-ABSENT", self.read())
        prompts = self.pinentry.prompts()
        self.own("rescue", "--open", "--account", ALICE)
        # A wrong passphrase is told, and given once.
        self.pinentry.will("agrafe cheval pile correctes")
        self.assertRegex(self.read(), r"NO \[UNAVAILABLE\].*SP-RESCUE-PASSPHRASE")
        self.assertEqual(prompts + 1, self.pinentry.prompts())
        self.pinentry.will(PASSPHRASE)
        self.assertEqual(2, self.read().count(LETTER))
        self.assertEqual(2, self.read().count(LETTER))
        self.assertEqual(prompts + 2, self.pinentry.prompts())
        self.assertIn("lecture seule", self.pinentry.asked()[-1]["SETDESC"])
        # Nothing leaves in that name, sealed or in clear.
        for subject in ("#med# Lettre", "Lettre"):
            with self.assertRaises(smtplib.SMTPResponseException) as caught:
                self.send(subject)
            self.assertEqual(550, caught.exception.smtp_code)
            self.assertIn("SP-RESCUE-READS-ONLY", caught.exception.smtp_error.decode())
        self.assertEqual(self.before, len(self.provider.smtp.accepted()))
        self.assertEqual([], self.canary.found_in(self.provider.smtp.received()))
        self.assertIn("mode de secours ouvert", self.own("delegate", "list", "--account", ALICE))
        # The card is back.
        self.module.behave()
        base.until(lambda: "rescue-ended" in self.journal(), 30, "the end of rescue mode")
        self.pinentry.will(softhsm.PIN)
        self.assertEqual(2, self.read().count(LETTER))
        codes = self.journal()
        self.assertEqual(["rescue-opened", "SP-RESCUE-PASSPHRASE", "rescue-begun", "rescue-closed", "rescue-ended"], codes[4:])
        self.nowhere(PASSPHRASE.encode(), self.private())
        self.pinentry.will(softhsm.PIN)
        self.send()
        self.sent()

    def test_it_is_closed_by_hand_and_does_not_outlive_a_restart_unasked(self):
        self.sealed()
        self.hold()
        self.pull()
        self.start()
        self.own("rescue", "--open", "--hours", "1", "--account", ALICE)
        self.pinentry.will(PASSPHRASE)
        self.assertIn(LETTER, self.read())
        self.souspli.restart()
        self.pinentry.will(pinentry.CANCEL)
        self.assertNotIn(LETTER, self.read())
        self.pinentry.will(PASSPHRASE)
        self.assertIn(LETTER, self.read())
        self.own("rescue", "--close", "--account", ALICE)
        self.assertIn("SP-CARD-ABSENT", self.read())
        # A mark beyond all that can be asked for, as a clock set back makes one.
        prompts = self.pinentry.prompts()
        (self.souspli.home / "held" / f"{ALICE}.rescue").write_text(str(int(time.time()) + 31 * 86400))
        self.assertIn("SP-CARD-ABSENT", self.read())
        self.assertEqual(prompts, self.pinentry.prompts())

    def test_what_there_is_no_rescue_for(self):
        self.assertIn("SP-RESCUE-NOT-NEEDED", self.attempt("rescue", "--open", "--account", ALICE)[1])
        (self.place / "weak").write_text("onze caract")
        self.assertIn("SP-EXPORT-PASSWORD-SHORT", self.attempt("rescue", "--account", ALICE, "--passphrase-file", self.place / "weak")[1])
        self.assertIn("SP-HELD-NO-KEY", self.attempt("rescue", "--account", CAROL, "--passphrase-file", self.phrase)[1])

    def test_openssl_opens_the_file_by_the_passphrase(self):
        self.own("rescue", "--account", ALICE, "--passphrase-file", self.phrase)
        opened = self.openssl("-pwri_password", PASSPHRASE)
        listed = base.run("openssl", "pkcs12", "-nodes", "-nomacver", "-passin", "pass:", stdin=opened)
        ours = base.run("openssl", "pkey", stdin=listed)
        self.assertEqual(base.run("openssl", "pkey", "-in", self.alice.key), ours)
        self.assertEqual(b"", self.openssl("-pwri_password", PASSPHRASE + "s"))


class DelegateCase(HoldersCase):
    """The file stands where a secretary finds it."""

    def share(self):
        """The file stands in a folder that both see."""
        self.shared = self.place / "partage"
        self.shared.mkdir()
        text = self.souspli.config.read_text()
        mark = f'address = "{ALICE}"\n'
        self.souspli.config.write_text(text.replace(mark, f'{mark}held = "partage/alice.p7m"\n', 1))

    def file(self):
        return self.shared / "alice.p7m"

    def secretary(self, keys=True, card="", others=()):
        """Her home: Alice's account as a delegate, and her own."""
        place = self.place / "carol"
        place.mkdir()
        accounts = [self.provider.account(ALICE, extra=f'delegated = "{self.file()}"\n'), self.provider.account(CAROL), *others]
        relay = souspli.Souspli(place, accounts, [self.provider.tls.bundle], card)
        relay.furnish({CAROL: [self.carol]} if keys else {}, [self.bob], [self.practice.authority.certificate])
        return relay

    def add(self, certificate):
        self.own("delegate", "add", "--account", ALICE, "--to", certificate)

    def submit(self, relay, sender, login, subject, letter=None):
        client = smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(login, self.provider.users[login])
        client.sendmail(sender, [BOB], letter or Canary().letter(subject, [BOB], sender))


class DelegateTest(DelegateCase):
    """Requirements 0-55, 0-56: another person reads in a profile of her own, and does nothing else."""

    def cannot_send(self, relay):
        before = self.provider.smtp.received()
        for login, sender in ((ALICE, ALICE), (CAROL, ALICE), (ALICE, CAROL)):
            for subject in ("#med# Lettre", "Lettre"):
                with self.subTest(login=login, sender=sender, subject=subject):
                    with self.assertRaises(smtplib.SMTPResponseException) as caught:
                        self.submit(relay, sender, login, subject)
                    self.assertEqual(550, caught.exception.smtp_code)
                    self.assertIn("SP-DELEGATE-READS-ONLY", caught.exception.smtp_error.decode())
        after = self.provider.smtp.received()
        self.assertNotIn(b"Canari", after[len(before):])
        # Nor by another field, nor where nobody can read whose name it is.
        for fields in (f"From: {CAROL}\r\nSender: {ALICE}", f"From: {CAROL}\r\nResent-From: {ALICE}",
                       f"From: {CAROL}\r\nResent-Sender: {ALICE}", "From: Alice"):
            with self.subTest(fields=fields):
                with self.assertRaises(smtplib.SMTPResponseException) as caught:
                    letter = f"{fields}\r\nTo: {BOB}\r\nSubject: Lettre\r\n\r\nCanari\r\n"
                    self.submit(relay, CAROL, CAROL, "", letter.encode())
                self.assertIn("SP-DELEGATE-READS-ONLY", caught.exception.smtp_error.decode())
        self.assertNotIn(b"Canari", self.provider.smtp.received()[len(before):])
        self.submit(relay, CAROL, CAROL, "Lettre")

    def test_a_delegate_with_a_software_key(self):
        self.share()
        self.sealed(3)
        self.add(self.carol.certificate)
        listed = self.own("delegate", "list", "--account", ALICE)
        self.assertRegex(listed, r"Secrétaire Carol ESSAI\s+carol@lab.test\s+20\d\d-\d\d-\d\d\s+20\d\d-\d\d-\d\d")
        carol = self.secretary()
        self.start(carol)
        self.assertEqual(3, self.read(carol).count(LETTER))
        self.assertIn("Dr Bob ESSAI", self.read(carol))
        self.assertEqual(0, self.pinentry.prompts())
        self.assertIn("lu par délégation", carol.cli("check", "--config", carol.config).decode())
        self.cannot_send(carol)
        with contextlib.closing(imapline.Imap(carol.imap, ALICE, self.provider.users[ALICE])) as box:
            with self.assertRaisesRegex(imapline.Refused, "SP-DELEGATE-READS-ONLY"):
                box.do('APPEND "Drafts" ', mails.letter(ALICE, BOB, "#med# Brouillon", "Texte"))
        # OpenSSL opens it for her as well.
        opened = self.openssl("-recip", self.carol.certificate, "-inkey", self.carol.key)
        old = self.file().read_bytes()
        self.assertEqual(1, opened.count(b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"), "one key bag")
        # The copy is theirs, the file is hers.
        hers = self.hers()
        self.assertNotEqual(old, hers.read_bytes())
        self.assertEqual(b"", self.openssl("-recip", self.carol.certificate, "-inkey", self.carol.key, file=hers))
        # Taken out again.
        self.own("delegate", "remove", "--account", ALICE, "--to", CAROL)
        self.assertNotEqual(old, self.file().read_bytes())
        self.assertEqual(b"", self.openssl("-recip", self.carol.certificate, "-inkey", self.carol.key))
        self.assertNotIn(LETTER, self.read(carol))
        self.assertIn("SP-DELEGATION-ENDED", carol.cli("check", "--config", carol.config).decode())
        self.assertEqual("delegation-ended", self.journal(carol)[-1])
        self.assertEqual(["delegate-added", "delegate-removed"], self.journal()[-2:])
        self.nowhere(self.private(), LETTER.encode(), relay=carol)
        carol.restart()
        self.assertNotIn(LETTER, self.read(carol))
        self.assertIn("Personne d’autre", self.own("delegate", "list", "--account", ALICE))
        # And in once more.
        self.add(self.carol.certificate)
        self.assertEqual(3, self.read(carol).count(LETTER))

    def test_a_delegate_gets_no_key_that_signs_only(self):
        self.share()
        signs = self.practice.authority.doctor("alice-signs", "Dr Alice ESSAI", ALICE, usage="sign")
        self.souspli.key_import(ALICE, signs.p12())
        self.own("rescue", "--account", ALICE, "--passphrase-file", self.phrase)
        said = self.attempt("delegate", "add", "--account", ALICE, "--to", self.carol.certificate)
        self.assertEqual((0, ""), said)
        bag = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"
        theirs = self.openssl("-recip", self.carol.certificate, "-inkey", self.carol.key)
        self.assertEqual((1, 2), (theirs.count(bag), self.openssl("-pwri_password", PASSPHRASE, file=self.hers()).count(bag)))
        self.assertEqual(b"", self.openssl("-pwri_password", PASSPHRASE))
        both = self.practice.authority.doctor("alice-both", "Dr Alice ESSAI", ALICE)
        self.souspli.key_import(ALICE, both.p12())
        _, said = self.attempt("delegate", "update", "--account", ALICE)
        self.assertIn("signer à votre nom", said)
        _, said = self.attempt("delegate", "remove", "--account", ALICE, "--to", CAROL, "--passphrase-file", self.phrase)
        self.assertIn("faites révoquer ce certificat", said)

    def test_the_owner_by_card_the_delegate_by_another(self):
        self.share()
        self.sealed()
        theirs = self.place / "carol-card"
        theirs.mkdir()
        hsm = softhsm.SoftHsm(theirs / "hsm")
        pair = cps.single(self.practice.authority, cps.Holder("CLAUDE", "ESSAI-PETIT", "99700000013"), identifier="0100000000000003")
        hsm.token("CPE3v1-0000000009", pin="4321", pairs=[pair])
        module = badmodule.BadModule(theirs / "module", hsm.module, hsm.environment)
        window = pinentry.Pinentry(theirs / "pinentry")
        self.addCleanup(window.close)
        self.hold()
        self.pinentry.will(softhsm.PIN)
        self.add(pair.certificate)
        # The file keeps the passphrase, and her card opens it still.
        carol = self.secretary(keys=False, card=f'\n[card]\nmodule = "{module.module}"\npinentry = "{window.program}"\n')
        carol.cli("key", "card", "--account", CAROL, "--config", carol.config)
        self.start(carol)
        window.will("4321")
        self.assertIn(LETTER, self.read(carol))
        self.assertEqual((1, 1), (window.prompts(), module.operations()))
        self.assertEqual(b"", self.openssl("-pwri_password", PASSPHRASE), "the copy opens by no passphrase")
        self.assertNotEqual(b"", self.openssl("-pwri_password", PASSPHRASE, file=self.hers()))
        # Out: the passphrase is wanted, for the file gets another key.
        (self.place / "wrong").write_text("une tout autre phrase")
        self.pinentry.will(softhsm.PIN)
        removal = ("delegate", "remove", "--account", ALICE, "--to", self.of(pair))
        self.assertIn("SP-RESCUE-PASSPHRASE", self.attempt(*removal, "--passphrase-file", self.place / "wrong")[1])
        self.assertIn("SP-RESCUE-KEPT", self.attempt(*removal, "--drop-rescue")[1])
        self.assertIn(LETTER, self.read(carol))
        self.pinentry.will(softhsm.PIN)
        self.own(*removal, "--passphrase-file", self.phrase)
        self.assertNotIn(LETTER, self.read(carol))
        self.assertEqual(b"", self.openssl("-pwri_password", PASSPHRASE), "the copy opens by no passphrase")
        self.assertNotEqual(b"", self.openssl("-pwri_password", PASSPHRASE, file=self.hers()))
        # The owner reads on.
        self.start()
        self.pinentry.will(softhsm.PIN)
        self.assertIn(LETTER, self.read())

    def of(self, pair):
        """SHA-256 of its certificate."""
        said = base.run("openssl", "x509", "-in", pair.certificate, "-noout", "-fingerprint", "-sha256").decode()
        return said.strip().split("=")[1].replace(":", "").lower()

    def test_a_delegate_whose_own_key_her_card_holds(self):
        self.share()
        self.sealed()
        self.add(self.carol.certificate)
        theirs = self.place / "carol-card"
        theirs.mkdir()
        hsm = softhsm.SoftHsm(theirs / "hsm")
        hsm.token("CPE3v1-0000000009", pin="4321", pairs=[cps.single(self.practice.authority, cps.Holder("CLAUDE", "ESSAI-PETIT", "99700000013"),
                                                                     identifier="0100000000000004")])
        module = badmodule.BadModule(theirs / "module", hsm.module, hsm.environment)
        window = pinentry.Pinentry(theirs / "pinentry", "4321")
        self.addCleanup(window.close)
        carol = self.secretary(card=f'\n[card]\nmodule = "{module.module}"\npinentry = "{window.program}"\n')
        carol.cli("key", "card", "--account", CAROL, "--config", carol.config)
        carol.cli("key", "hold", "--account", CAROL, "--passphrase-file", self.phrase, "--config", carol.config)
        self.start(carol)
        window.will(pinentry.CANCEL)
        self.assertIn("SP-PIN-CANCELLED", self.read(carol))
        self.assertEqual(2, window.prompts(), "one no is enough")
        window.will("4321")
        self.assertIn(LETTER, self.read(carol))
        self.assertEqual(3, window.prompts())

    def test_who_is_not_let_in(self):
        self.share()
        stranger = pki.Authority(self.place / "pki", "Autorité inconnue").doctor("eve", "Eve", "eve@lab.test")
        status, said = self.attempt("delegate", "add", "--account", ALICE, "--to", stranger.certificate)
        self.assertEqual((1, True), (status, "SP-DELEGATE-UNFIT" in said), said)
        self.assertFalse(self.file().exists())
        other = self.of(stranger)
        self.assertEqual(1, self.attempt("delegate", "add", "--account", ALICE, "--to", stranger.certificate, "--fingerprint", "0" * 64)[0])
        self.own("delegate", "add", "--account", ALICE, "--to", stranger.certificate, "--fingerprint", other)
        self.assertIn("SP-DELEGATE-TWICE", self.attempt("delegate", "add", "--account", ALICE, "--to", stranger.certificate)[1])
        self.assertIn("SP-DELEGATE-TWICE", self.attempt("delegate", "add", "--account", ALICE, "--to", self.alice.certificate)[1])
        self.assertIn("SP-NO-SUCH-DELEGATE", self.attempt("delegate", "remove", "--account", ALICE, "--to", CAROL)[1])

    def test_nobody_is_chosen_among_several(self):
        self.share()
        several = self.place / "several.pem"
        several.write_bytes(self.carol.certificate.read_bytes() + self.bob.certificate.read_bytes())
        self.assertIn("SP-DELEGATE-WHO", self.attempt("delegate", "add", "--account", ALICE, "--to", several)[1])
        self.assertFalse(self.file().exists())
        said = self.own("delegate", "add", "--account", ALICE, "--to", several, "--address", CAROL)
        for part in ("Secrétaire Carol ESSAI", CAROL, self.of(self.carol)):
            self.assertIn(part, said)

    def test_who_was_being_taken_out_does_not_come_back(self):
        self.share()
        self.add(self.carol.certificate)
        away = self.shared.rename(self.place / "away")
        self.assertNotEqual(0, self.attempt("delegate", "remove", "--account", ALICE, "--to", CAROL)[0])
        self.assertIn("retrait à finir", self.own("delegate", "list", "--account", ALICE))
        away.rename(self.shared)
        self.own("delegate", "update", "--account", ALICE)
        self.assertEqual(b"", self.openssl("-recip", self.carol.certificate, "-inkey", self.carol.key))
        self.assertIn("Personne d’autre", self.own("delegate", "list", "--account", ALICE))

    def test_a_file_that_somebody_else_put_there_seals_to_nobody(self):
        """Whoever can write to the folder names a certificate of his own as Alice's: nothing is sealed for it, nothing signed with it."""
        self.share()
        self.sealed()
        self.add(self.carol.certificate)
        carol = self.secretary()
        carol.cli("cert", "import", self.alice.certificate)
        self.start(carol)
        self.assertIn(LETTER, self.read(carol))
        eve = self.practice.authority.doctor("eve", "Dr Alice ESSAI", ALICE)
        place = self.place / "eve"
        place.mkdir()
        forger = souspli.Souspli(place, [self.provider.account(ALICE, extra=f'held = "{self.file()}"\n')], [self.provider.tls.bundle])
        forger.furnish({ALICE: [eve]}, [], [self.practice.authority.certificate])
        forger.cli("key", "delegate", "add", "--account", ALICE, "--to", self.carol.certificate, "--config", forger.config)
        self.assertNotIn(LETTER, self.read(carol))
        before = len(self.provider.smtp.accepted())
        client = smtplib.SMTP(base.LOOPBACK, carol.smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(CAROL, self.provider.users[CAROL])
        client.sendmail(CAROL, [ALICE], mails.letter(CAROL, ALICE, "#med# Lettre", LETTER))
        octets = self.provider.smtp.accepted()[before].octets
        opened = base.run("openssl", "cms", "-decrypt", "-recip", self.alice.certificate, "-inkey", self.alice.key, stdin=octets)
        self.assertIn(b"smime-type=signed-data", opened)
        with self.assertRaises(base.LabError):
            base.run("openssl", "cms", "-decrypt", "-recip", eve.certificate, "-inkey", eve.key, stdin=octets)

    def test_a_file_out_of_reach_is_waited_for_and_one_of_a_stranger_gives_nothing(self):
        self.share()
        self.sealed()
        self.add(self.carol.certificate)
        carol = self.secretary()
        self.start(carol)
        self.assertIn(LETTER, self.read(carol))
        away = self.file().rename(self.shared / "away")
        self.assertRegex(self.read(carol), r"NO \[UNAVAILABLE\].*SP-HELD-NO-FILE")
        self.file().write_bytes(b"\x30\x03\x02\x01\x00")
        self.assertRegex(self.read(carol), r"NO \[UNAVAILABLE\].*SP-HELD-DAMAGED")
        away.rename(self.file())
        self.assertIn(LETTER, self.read(carol))


if __name__ == "__main__":
    unittest.main()
