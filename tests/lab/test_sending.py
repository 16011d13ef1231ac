"""What leaves: policies from end to end, and that a sealed letter is the one that was written, whatever its shape.

The receiver records every octet. Where a letter is opened again openssl does it, with the colleague's key.
"""
import base64
import json
import secrets
import smtplib
import time

from lab import base, mails, sink, souspli

from common import Canary, PracticeCase

ALICE, BOB, ZOE = "alice@lab.test", "bob@lab.test", "zoe@lab.test"
COLLEAGUE, PATIENT = "zoe@medecin.mssante.fr", "280011@patient.mssante.fr"


def dsn(octets):
    """The text of a notice, and the fields of each recipient."""
    notice = mails.parse(octets)
    assert (notice.get_content_type(), notice.get_param("report-type")) == ("multipart/report", "delivery-status")
    text, status = notice.iter_parts()
    message, *recipients = status.get_payload()
    assert message["Reporting-MTA"] and not any(part.defects for part in (notice, text, status, message, *recipients))
    return text.get_content(), recipients


class SendingCase(PracticeCase):
    """A practice whose provider keeps what it gets and delivers nothing, and Souspli runs of other configurations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.smtp_server = cls.provider.smtp
        cls.smtp_server.lmtp = None

    def setUp(self):
        self.canary = Canary()
        self.smtp_server.heal()
        self.before = len(self.smtp_server.accepted())

    def sent(self, count=1):
        """The transactions of this test, which must be that many."""
        got = self.smtp_server.accepted()[self.before:]
        self.assertEqual(count, len(got), [t.rcpts for t in got])
        return got

    def unseen(self, *transactions):
        """Nothing of the letter can be read in these."""
        for transaction in transactions:
            self.assertEqual([], self.canary.found_in(transaction.octets))

    def refused(self, message, *recipients, client=None):
        """The code and the text of the refusal; nothing left."""
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            (client or self.smtp("alice")).sendmail(ALICE, list(recipients), message)
        self.sent(0)
        return caught.exception.smtp_code, caught.exception.smtp_error.decode("ascii")

    def entity(self, octets):
        """What bob's key and openssl make of a sealed message: the entity that alice signed."""
        bob, ca = self.practice.doctors["bob"], self.practice.authority.certificate
        signed = base.run("openssl", "cms", "-decrypt", "-recip", bob.certificate, "-inkey", bob.key, stdin=octets)
        return base.run("openssl", "cms", "-verify", "-CAfile", ca, stdin=signed)


class OtherRelay(SendingCase):
    """Alice's Souspli under another configuration."""
    policy, extra, channel, upstream = "", "", "ordinary", ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = cls.practice.folder.path / "other"
        place.mkdir()
        relay = souspli.Souspli(place, [cls.provider.account(ALICE, extra=cls.extra)], [cls.provider.tls.bundle], cls.policy)
        text = relay.config.read_text().replace('channel = "ordinary"', f'channel = "{cls.channel}"')
        relay.config.write_text(text.replace("[upstream]\n", f"[upstream]\n{cls.upstream}\n"))
        doctors = cls.practice.doctors
        relay.furnish({ALICE: [doctors["alice"]]}, [doctors["bob"]], [cls.practice.authority.certificate])
        cls.addClassCleanup(relay.stop)
        cls.practice.relays["alice"].stop()
        cls.practice.relays["alice"] = relay.start()

    def journal(self):
        """Event and code of the last entry."""
        last = json.loads(self.relay("alice").cli("journal", "--json").splitlines()[-1])
        return last["event"], last["code"]


class PartialTest(OtherRelay):
    """`missing_certificate = "partial"`: those who can read it get it, the sender learns who cannot."""
    policy = 'missing_certificate = "partial"'

    def test_the_others_get_it_and_the_sender_is_told(self):
        self.submit("alice", self.canary.letter("#med# Lettre", [BOB, ZOE]), BOB, ZOE)
        sealed, notice = self.sent(2)
        self.assertEqual([f"RCPT TO:<{BOB}>"], sealed.rcpts)
        self.unseen(sealed, notice)
        self.assertIn(self.canary.body.encode(), self.entity(sealed.octets))
        self.assertTrue(notice.rcpts[0].startswith(f"RCPT TO:<{ALICE}>"))
        _, (report,) = dsn(notice.octets)
        self.assertEqual((f"rfc822; {ZOE}", "failed", "5.7.5"), (report["Final-Recipient"], report["Action"], report["Status"]))
        self.assertIn("[SP-NO-CERTIFICATE]", report["Diagnostic-Code"])
        self.assertNotIn(b"Lettre", notice.octets)
        self.assertEqual(("seal-partly", "SP-PARTLY"), self.journal())

    def test_each_is_named_with_its_own_cause_and_what_to_do(self):
        relay, signer = self.relay("alice"), "signer@lab.test"
        relay.cli("cert", "import", self.practice.authority.doctor("signer", "Dr Signe ESSAI", signer, usage="sign").certificate)
        self.submit("alice", self.canary.letter("#med# Lettre", [BOB, ZOE]), BOB, ZOE, signer)
        sealed, notice = self.sent(2)
        self.assertEqual([f"RCPT TO:<{BOB}>"], sealed.rcpts)
        self.unseen(sealed, notice)
        text, reports = dsn(notice.octets)
        text = " ".join(text.split())
        for address, cause, mend in ((ZOE, "Aucun certificat de chiffrement", "Demandez-lui un message signé"), (signer, "n’est pas fait pour cet usage", "Demandez un certificat")):
            report, = (r for r in reports if r["Final-Recipient"] == f"rfc822; {address}")
            self.assertEqual(("failed", "5.7.5"), (report["Action"], report["Status"]))
            told = text.partition(f"{address} : ")[2]
            self.assertIn(cause, told[:200])
            self.assertIn(mend, told[:300])
        self.assertEqual({f"rfc822; {ZOE}", f"rfc822; {signer}"}, {r["Final-Recipient"] for r in reports})

    def test_nobody_can_read_it(self):
        self.assertEqual(550, self.refused(self.canary.letter("#med# Lettre", ZOE), ZOE)[0])


class GcmTest(OtherRelay):
    """AES-GCM is written where every recipient is known to read it, and only there."""
    policy = 'reads_gcm = ["bob@lab.test"]'

    def test_for_those_who_read_it(self):
        self.submit("alice", self.canary.letter("#med# Lettre", BOB), BOB)
        sealed, = self.sent()
        self.assertIn(b"smime-type=authEnveloped-data", sealed.octets)
        self.assertIn(self.canary.body.encode(), self.entity(sealed.octets))

    def test_not_where_one_is_not_known_to(self):
        self.submit("alice", self.canary.letter("#med# Lettre", [BOB, ALICE]), BOB, ALICE)
        sealed, = self.sent()
        self.assertIn(b"smime-type=enveloped-data", sealed.octets)
        self.assertIn(self.canary.body.encode(), self.entity(sealed.octets))


class SpaceOfTrustTest(OtherRelay):
    """The channel of an operator of MSSanté (requirements K.1)."""
    channel = "mssante"

    def test_a_member_without_certificate_gets_it_signed_over_the_channel(self):
        self.submit("alice", self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)
        sealed, signed, notice = self.sent(3)
        self.unseen(sealed, notice)
        self.assertEqual([f"RCPT TO:<{COLLEAGUE}>"], signed.rcpts)
        content = base.run("openssl", "cms", "-verify", "-CAfile", self.practice.authority.certificate, stdin=signed.octets)
        self.assertIn(self.canary.body.encode(), content)
        self.assertEqual(("seal", "SP-OVER-CHANNEL"), self.journal())
        self.assertTrue(notice.rcpts[0].startswith(f"RCPT TO:<{ALICE}>"))
        text, (report,) = dsn(notice.octets)
        self.assertIn("protégé par l'espace de confiance, non chiffré de bout en bout", " ".join(text.split()))
        self.assertLess(text.index(BOB), text.index(COLLEAGUE))
        self.assertEqual((f"rfc822; {COLLEAGUE}", "relayed", "2.0.0"), (report["Final-Recipient"], report["Action"], report["Status"]))

    def test_the_same_letter_may_go_that_way_again(self):
        for other in (COLLEAGUE, f"b{COLLEAGUE}"):
            self.submit("alice", self.canary.letter("Lettre", other), other)
        self.assertEqual([COLLEAGUE, ALICE, f"b{COLLEAGUE}", ALICE], [t.rcpts[0].partition("<")[2].partition(">")[0] for t in self.sent(4)])

    def test_the_conversation_goes_on_that_way_and_no_other(self):
        identifier = f"<{secrets.token_hex(8)}@lab.test>"
        self.submit("alice", mails.letter(ALICE, COLLEAGUE, "Lettre", "x\n", message_id=identifier), COLLEAGUE)
        again = self.canary.letter("Re: Lettre", COLLEAGUE, In_Reply_To=identifier)
        self.submit("alice", again, COLLEAGUE)
        _, _, signed, _ = self.sent(4)
        self.assertIn(b"multipart/signed", signed.octets)
        self.before = len(self.smtp_server.accepted())
        # Outside of the space of trust it is as secret as if it had been sealed, and so it is for who is written to beside it.
        other = self.canary.letter("Tr: Lettre", BOB, In_Reply_To=identifier)
        self.submit("alice", other, BOB)
        self.unseen(*self.sent())
        self.before = len(self.smtp_server.accepted())
        for recipients in ((ZOE,), (COLLEAGUE, ZOE)):
            self.assertIn(ZOE, self.refused(self.canary.letter("Tr: Lettre", list(recipients), In_Reply_To=identifier), *recipients)[1])

    def test_a_notice_that_is_not_taken_is_no_failure(self):
        """Everybody has the letter: an error would make the mail program send it again."""
        self.smtp_server.fail("dot", "554 5.7.1 non", skip=1)
        self.submit("alice", self.canary.letter("Lettre", COLLEAGUE), COLLEAGUE)
        self.sent(1)

    def test_who_asked_for_encryption_is_told_instead(self):
        self.assertIn(COLLEAGUE, self.refused(self.canary.letter("#med# Lettre", COLLEAGUE), COLLEAGUE)[1])

    def test_a_patient_gets_it_as_it_was_written(self):
        letter = self.canary.letter("Lettre", PATIENT)
        self.submit("alice", letter, PATIENT)
        self.assertEqual(letter, self.sent()[0].octets)

    def test_a_patient_never_gets_an_envelope_and_is_not_named(self):
        for subject, others in (("#med# Lettre", ()), ("Lettre", (COLLEAGUE,))):
            code, said = self.refused(self.canary.letter(subject, PATIENT), PATIENT, *others)
            self.assertEqual((550, False), (code, "280011" in said))


class StrictSpaceTest(OtherRelay):
    """`mssante_requires_certificate`: the channel alone is not enough."""
    channel = "mssante"
    policy = "mssante_requires_certificate = true"

    def test_a_member_without_certificate_is_refused(self):
        self.assertIn(COLLEAGUE, self.refused(self.canary.letter("Lettre", COLLEAGUE), COLLEAGUE)[1])


class QuietSpaceTest(OtherRelay):
    """`mssante_notice = false`: the journal alone says it."""
    channel = "mssante"
    policy = "mssante_notice = false"

    def test_no_notice(self):
        self.submit("alice", self.canary.letter("Lettre", COLLEAGUE), COLLEAGUE)
        self.sent(1)
        self.assertEqual(("seal", "SP-OVER-CHANNEL"), self.journal())


class NoticeTest(SendingCase):
    """What reached some only: a DSN (RFC 3464) with the provider's own codes, read as any mail program reads it."""

    def notice(self, step, answer):
        """The report on bob, who is a Bcc and whom the provider refuses."""
        self.smtp_server.fail(step, answer, skip=1, times=1)
        self.submit("alice", self.canary.letter("#med# Lettre", ALICE), ALICE, BOB)
        notice = self.sent(2)[-1]
        self.unseen(notice)
        text, (report,) = dsn(notice.octets)
        self.assertEqual((f"rfc822; {BOB}", "failed"), (report["Final-Recipient"], report["Action"]))
        return text, report

    def test_codes(self):
        for step, answer, status in (("rcpt", "550 5.1.1 inconnu", "5.1.1"), ("rcpt", "452 plein", "4.3.1"), ("dot", "554 5.7.1 non", "5.7.1"),
                                     ("mail", "553 non", "5.1.3"), ("dot", "451 5.7.1 plus tard", "4.0.0"), ("data", "554 non", "5.0.0")):
            with self.subTest(answer=answer):
                self.smtp_server.heal()
                self.before = len(self.smtp_server.accepted())
                text, report = self.notice(step, answer)
                self.assertEqual((status, f"smtp; {answer}"), (report["Status"], report["Diagnostic-Code"]))
                self.assertTrue(report["Remote-MTA"].startswith("dns; "))
                self.assertIn(f"{BOB} : {answer}", text)

    def test_what_the_provider_has_not_said(self):
        _, report = self.notice("dot", sink.CLOSE)
        self.assertEqual(("4.4.2", None), (report["Status"], report["Remote-MTA"]))
        self.assertIn("x-souspli; ", report["Diagnostic-Code"])


class JournalTest(OtherRelay):
    """What the provider has not taken, under the code that the mail program was told."""

    def test_what_became_of_it(self):
        for step, answer, wanted in (("rcpt", "550 5.1.1 inconnu", ("refuse", "SP-RECIPIENT-REFUSED")), ("dot", "554 5.7.1 non", ("refuse", "SP-PROVIDER-REFUSED")),
                                     ("mail", "451 plus tard", ("refuse", "SP-PROVIDER-DEFERRED")), ("dot", sink.CLOSE, ("seal", "SP-OUTCOME-UNKNOWN"))):
            with self.subTest(step=step, answer=answer):
                self.smtp_server.heal()
                client = self.smtp("alice")
                self.smtp_server.fail(step, answer)
                self.assertIn(f"[{wanted[1]}]", self.refused(self.canary.letter("#med# Lettre", BOB), BOB, client=client)[1])
                self.assertEqual(wanted, self.journal())


class AlwaysSignTest(OtherRelay):
    """`always_sign`: every reader reads it, every verifier verifies it."""
    extra = "always_sign = true"

    def test_signed_and_whole(self):
        text = f"Évolution {self.canary.body}\n.\n..deux\nFrom ici\nfin de ligne \n"
        letter = mails.letter(ALICE, ZOE, "Été", text).replace(b"From:", b"Bcc: carol@lab.test\r\nFrom:", 1)
        self.submit("alice", letter, ZOE)
        octets = self.sent()[0].octets
        self.assertNotIn(b"carol", octets)
        content = base.run("openssl", "cms", "-verify", "-CAfile", self.practice.authority.certificate, stdin=octets)
        self.assertEqual(text, mails.parse(content).get_content().replace("\r\n", "\n"))
        self.assertEqual(text, mails.texts(mails.parse(octets)).replace("\r\n", "\n").removesuffix("\n") + "\n")

    def test_what_is_signed_already_is_not_signed_again(self):
        signed = mails.crlf(mails.smime(mails.letter(ALICE, ZOE, "Lettre", "x\n"), mails.signing(self.practice.doctors["alice"])))
        self.submit("alice", signed, ZOE)
        self.assertEqual(signed, self.sent()[0].octets)


class AlwaysEncryptTest(OtherRelay):
    """`always_encrypt`: no tag, and nobody is left out of it."""
    extra = "always_encrypt = true"

    def test_bcc_only(self):
        self.submit("alice", self.canary.letter("Lettre", "undisclosed-recipients:;"), BOB, ALICE)
        groups = self.sent(2)
        self.assertEqual([1, 1], [len(t.rcpts) for t in groups])
        self.unseen(*groups)

    def test_without_a_certificate(self):
        self.assertEqual(550, self.refused(self.canary.letter("Lettre", ZOE), ZOE)[0])


class SilentProviderTest(OtherRelay):
    """A provider that falls silent: our words come before the mail program gives up."""
    upstream = "silence_seconds = 2"

    def test_at_each_step(self):
        for step in ("mail", "rcpt", "data", "dot"):
            with self.subTest(step=step):
                self.smtp_server.heal()
                client = self.smtp("alice")
                self.smtp_server.fail(step, sink.SILENT)
                began = time.monotonic()
                code, said = self.refused(self.canary.letter("#med# Lettre", BOB), BOB, client=client)
                self.assertEqual(451, code)
                self.assertIn("peut-etre parti" if step == "dot" else "Rien n'est parti", said)
                self.assertLess(time.monotonic() - began, 9)
                client.docmd("RSET")
        self.assertEqual([], self.canary.found_in(self.smtp_server.received()))


class FaithfulTest(SendingCase):
    """The letter that is opened is the letter that was written; outside stands what must stand there and no more."""

    SHAPES = {
        "empty": b"\r\n",
        "no body": b"",
        "no type": b"\r\nBonjour\r\n",
        "no type, UTF-8": "\r\nÉté\r\n".encode(),
        "long line": b"Content-Type: text/plain\r\n\r\n" + b"x" * 5000 + b"\r\n",
        "8-bit Latin": b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe9t\xe9 \r\n",
        "flowed": b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nligne \r\n suite\r\n-- \r\nDr A\r\n",
        "dots": b"Content-Type: text/plain\r\n\r\n.\r\n..\r\n.a\r\n",
        "not the base64 it says": "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nL'été, Mme D. va mieux.\r\n".encode(),
        "base64 and more": b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nw6l0w6kNCg==\r\n-- \r\n"
                           b"Ajout\xc3\xa9 par l'antivirus.\r\n",
        "attachment alone": b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n",
        "nested": b'Content-Type: multipart/mixed; boundary=o\r\n\r\navant\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n'
                  b"--i\r\n\r\na\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>a\r\n--i--\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
                  b"Subject: dedans\r\nBcc: k@l\r\n\r\nb\r\n--o--\r\napres\r\n",
    }

    def header(self, *more):
        """A header as mail programs write it."""
        return b"".join(line + b"\r\n" for line in (b"From: Alice <alice@lab.test>", b"To: bob@lab.test", b"Subject: #med# Lettre", *more))

    def test_every_shape_arrives_whole(self):
        for name, content in self.SHAPES.items():
            with self.subTest(shape=name):
                self.before = len(self.smtp_server.accepted())
                message = self.header(b"MIME-Version: 1.0") + content
                self.submit("alice", message, BOB)
                entity = self.entity(self.sent()[0].octets)
                written, read = mails.parse(message), mails.parse(entity)
                self.assertEqual(self.parts(written, content), self.parts(read, content))
                self.assertEqual(("cipher", "Lettre"), (read.get_param("hp"), read["Subject"]))
                if name == "attachment alone":
                    self.assertEqual(content.split(b"\r\n\r\n", 1)[1], entity.split(b"\r\n\r\n", 1)[1])

    def parts(self, message, content):
        """Type, file name and content of each leaf, without the Subject above the text (RFC 9788, 4.5.3)."""
        leaves = [p for p in message.walk() if not p.is_multipart()]
        return [(p.get_content_type(), p.get_filename(), self.content(p)) for p in leaves] if content else []

    def content(self, part):
        """Text as text, its charset may be another; files as octets."""
        octets = part.get_payload(decode=True)
        if part.get_content_maintype() != "text":
            return octets
        text = octets.decode(part.get_content_charset("utf-8"))
        if part.get_param("hp-legacy-display") != "1":
            return text
        subject = text.partition("</div>" if part.get_content_subtype() == "html" else "\r\n\r\n")
        self.assertIn("Subject: Lettre", subject[0])
        return subject[2]

    def test_what_stands_outside(self):
        fields = (b"Bcc: carol@lab.test", b"Resent-Bcc: dora@lab.test", b"X-Souspli-Grade: verified", b"X-MSS-NIL: 7",
                  b"Date: Mon, 01 Jan 2024 10:00:00 +0100")
        self.submit("alice", self.header(*fields) + b"\r\nx\r\n", BOB)
        octets = self.sent()[0].octets
        outer = mails.parse(octets)
        for gone in (b"carol", b"dora", b"ouspli", b"#med#", b"2024"):
            self.assertNotIn(gone, octets.split(b"\r\n\r\n")[0])
        self.assertEqual(("[...]", "7"), (outer["Subject"], outer["X-MSS-NIL"]))
        self.assertRegex(outer["Message-ID"], r"^<[0-9a-f]{32}@lab\.test>$")
        self.assertIn(b"RET=HDRS", self.sent()[0].mail.encode())
        # A reply that quotes nothing and has no tag is sealed: the memory knows the name that was made.
        reply = mails.letter(ALICE, BOB, "Re: Lettre", f"{self.canary.body}\n", In_Reply_To=outer["Message-ID"])
        self.submit("alice", reply, BOB)
        self.unseen(self.sent(2)[1])

    def test_names_in_raw_letters_leave_the_addresses_whole(self):
        """A quoted name in UTF-8 or Latin-1, as programs without RFC 2047 write it: who reads it finds its sender."""
        for name in ('"Zoé Martin"'.encode(), '"Dr Zoé, Martin"'.encode("latin-1"), "Zoé (médecin)".encode()):
            with self.subTest(name=name):
                self.before = len(self.smtp_server.accepted())
                fields = self.header().replace(b"Alice <", name + b" <").replace(b"To: bob", b"To: " + name + b" <bob").replace(b"lab.test\r\nSub", b"lab.test>\r\nSub")
                self.submit("alice", fields + b"\r\nx\r\n", BOB)
                sealed, = self.sent()
                self.assertEqual("verified", self.relay("bob").open_json(sealed.octets)["grade"])
                self.assertTrue(sealed.octets.isascii() and "BODY=" not in sealed.mail, "any provider takes it")
                self.assertEqual([ALICE, BOB], [mails.parse(sealed.octets)[field].addresses[0].addr_spec for field in ("From", "To")])
                inside = mails.parse(self.entity(sealed.octets))
                self.assertEqual([ALICE, BOB], [inside[field].addresses[0].addr_spec for field in ("From", "To")])

    def test_words_that_describe_the_letter_stay_inside(self):
        fields = [f"{name}: {self.canary.subject}".encode() for name in ("Keywords", "Comments", "Thread-Topic")]
        self.submit("alice", self.header(*fields) + b"\r\nx\r\n", BOB)
        self.unseen(*self.sent())
        inside = mails.parse(self.entity(self.sent()[0].octets))
        self.assertEqual([self.canary.subject] * 3, [inside[name] for name in ("Keywords", "Comments", "Thread-Topic")])
        self.assertIn("Subject: [...]", inside.get_all("HP-Outer"))
        self.assertFalse([h for h in inside.get_all("HP-Outer") if h.startswith(("Keywords", "Comments", "Bcc"))])

    def test_a_letter_that_its_program_signed_keeps_that_signature(self):
        signed = mails.smime(mails.letter(ALICE, BOB, "#med# Lettre", f"{self.canary.body}\n"), mails.signing(self.practice.doctors["alice"]))
        self.submit("alice", mails.crlf(signed), BOB)
        entity = mails.parse(self.entity(self.sent()[0].octets))
        self.assertEqual(("multipart/mixed", "Lettre"), (entity.get_content_type(), entity["Subject"]))
        inner = entity.get_payload(0).as_bytes()
        self.assertIn(self.canary.body.encode(), base.run("openssl", "cms", "-verify", "-noverify", stdin=inner))

    def test_marks_of_ours_never_pass_in_clear(self):
        for field in (b"X-Souspli-View: 00", b"X-SOUSPLI-Anything: x"):
            self.submit("alice", self.header(field).replace(b"#med# ", b"") + f"\r\n{self.canary.body}\r\n".encode(), BOB)
        for transaction in self.sent(2):
            self.unseen(transaction)
            self.assertNotIn(b"souspli", transaction.octets.lower().split(b"\r\n\r\n")[0])

    def test_a_header_that_is_none_is_refused(self):
        for message in (b"Cher confrere\r\n\r\nM. Dupont\r\n", b"Patient: M. Dupont\r\n\r\nx\r\n", self.header(b"M. Dupont, 45 ans") + b"\r\nx\r\n"):
            self.assertIn("[SP-HEADER]", self.refused(message, COLLEAGUE if b"#med#" not in message else BOB)[1])

    def test_sealed_by_the_mail_program(self):
        sealed = mails.crlf(mails.smime(mails.letter(ALICE, ZOE, "#med# Lettre", "x\n"), mails.encrypting(self.practice.doctors["bob"])))
        self.submit("alice", sealed, ZOE)
        self.assertEqual(sealed, self.sent()[0].octets)

    def test_a_letter_that_only_says_that_it_is_sealed(self):
        sealed = mails.crlf(mails.smime(mails.letter(ALICE, BOB, "#med# Lettre", "x\n"), mails.encrypting(self.practice.doctors["bob"])))
        for told in (sealed + f"\r\n{self.canary.body}\r\n".encode(), sealed.split(b"\r\n\r\n")[0] + f"\r\n\r\n{self.canary.body}\r\n".encode()):
            self.submit("alice", told, BOB)
        self.unseen(*self.sent(2))


class RefusalTest(SendingCase):
    """What the mail program is told, to the octet."""

    def raw(self):
        """A logged-in connection on which replies are read as they come."""
        client = self.smtp("alice")
        self.assertEqual(250, client.docmd("EHLO pc")[0])
        return client

    def lines(self, client):
        """The lines of the next reply."""
        got = []
        while not got or got[-1][3:4] == b"-":
            got.append(client.file.readline())
        return got

    def test_many_without_certificate_are_named_on_lines_of_512_octets(self):
        client = self.raw()
        absent = [f"confrere-au-nom-assez-long-{n:02}@cabinet-medical-{n:02}.exemple.fr" for n in range(15)]
        client.docmd(f"MAIL FROM:<{ALICE}>")
        for address in (BOB, *absent):
            self.assertEqual(250, client.docmd(f"RCPT TO:<{address}>")[0])
        client.docmd("DATA")
        client.send(self.canary.letter("#med# Lettre", BOB) + b"\r\n.\r\n")
        lines = self.lines(client)
        self.assertGreater(len(lines), 1)
        for line in lines:
            self.assertLessEqual(len(line), 512)
            self.assertRegex(line, rb"^550[- ]5\.7\.1 [ -~]+\r\n$")
        told = b" ".join(line[10:].strip() for line in lines).decode()
        self.assertEqual([], [a for a in absent if a not in told])
        self.assertNotIn(BOB, told)
        self.assertIn("Message non envoye", told)
        self.sent(0)

    def test_too_large_is_told_in_french_and_the_connection_goes_on(self):
        client = self.raw()
        size = int(client.esmtp_features["size"])
        code, said = client.docmd(f"MAIL FROM:<{ALICE}> SIZE={size + 1}")
        self.assertEqual((552, b"volumineux" in said), (code, True))
        self.assertEqual(250, client.docmd(f"MAIL FROM:<{ALICE}> SIZE={size}")[0])
        self.assertEqual(250, client.docmd("RSET")[0])
        client.sendmail(ALICE, [BOB], self.canary.letter("#med# Lettre", BOB))
        self.unseen(*self.sent())

    def test_pipelined_with_a_reset_between(self):
        client = self.raw()
        letter = self.canary.letter("#med# Lettre", BOB)
        one = f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{BOB}>\r\n".encode()
        client.send(one.replace(BOB.encode(), b"carol@lab.test") + b"RSET\r\n" + one + b"DATA\r\n")
        self.assertEqual([b"250"] * 5 + [b"354"], [self.lines(client)[-1][:3] for _ in range(6)])
        client.send(letter + b".\r\n" + one + b"DATA\r\n")
        self.assertEqual([b"250"] * 3 + [b"354"], [self.lines(client)[-1][:3] for _ in range(4)])
        client.send(letter + b".\r\nQUIT\r\n")
        self.assertEqual([b"250", b"221"], [self.lines(client)[-1][:3] for _ in range(2)])
        for transaction in self.sent(2):
            self.assertEqual([f"RCPT TO:<{BOB}>"], transaction.rcpts)
            self.unseen(transaction)

    def test_domains_in_disguise(self):
        """What the provider would take for a protected domain is one, or no address."""
        client = self.raw()
        client.docmd(f"MAIL FROM:<{ALICE}> SMTPUTF8")
        for domain in ("mssante.fr..", ".mssante.fr", "ｍｓｓａｎｔｅ.fr", "mssante。fr", "mss\u00adante.fr"):
            client.send(f"RCPT TO:<zoe@{domain}>\r\n".encode())
            self.assertEqual(b"501", self.lines(client)[-1][:3], domain)
        for path in ("zoe@MEDECIN.MSSANTE.FR.", "@relais.fr:zoe@mssante.fr"):
            self.assertEqual(250, client.docmd("RSET")[0])
            client.docmd(f"MAIL FROM:<{ALICE}>")
            self.assertEqual(250, client.docmd(f"RCPT TO:<{path}>")[0])
            client.docmd("DATA")
            client.send(self.canary.letter("Lettre", BOB) + b".\r\n")
            self.assertEqual(b"550", self.lines(client)[-1][:3], path)
        self.sent(0)


class ShownSubjectTest(OtherRelay):
    """`protect_subject = false`: the fields are protected inside, the provider sees what it always saw."""
    policy = "protect_subject = false"

    def test_what_is_signed_is_what_was_written(self):
        for name, content in FaithfulTest.SHAPES.items():
            if not (content.isascii() and b"Content-Type" in content and max(map(len, content.splitlines())) < 998):
                continue
            with self.subTest(shape=name):
                self.before = len(self.smtp_server.accepted())
                self.submit("alice", FaithfulTest.header(self, b"MIME-Version: 1.0") + content, BOB)
                octets = self.sent()[0].octets
                self.assertEqual("Lettre", mails.parse(octets)["Subject"])
                header, body = (self.entity(octets)).split(b"\r\n\r\n", 1)
                self.assertEqual(content.split(b"\r\n\r\n", 1)[1], body)
                self.assertIn(b"HP-Outer: Subject: Lettre\r\n", header)
                self.assertIn(b'hp="cipher"', header)


class KnownAgainTest(SendingCase):
    """What was sealed does not leave in clear as another type of file, or as the words of a page."""

    def leaf(self, subject, kind, content, place=""):
        packed = base64.encodebytes(content.encode()).replace(b"\n", b"\r\n")
        head = f"From: {ALICE}\r\nTo: x@lab.test\r\nSubject: {subject}\r\nMessage-ID: <{secrets.token_hex(8)}@lab.test>\r\nMIME-Version: 1.0\r\n"
        return f"{head}Content-Type: {kind}\r\n{place}Content-Transfer-Encoding: base64\r\n\r\n".encode() + packed

    def check(self, sealed, others):
        self.submit("alice", sealed, BOB)
        self.unseen(*self.sent())
        for what, other in others:
            self.before = len(self.smtp_server.accepted())
            with self.subTest(what):
                self.refused(other, ZOE)

    def test_a_file_under_another_type(self):
        kinds = ("text/plain", "text/html", "text/csv", "application/octet-stream", "application/hprim", "application/xml", "application/pdf")
        place = 'Content-Disposition: attachment; filename="a.hpr"\r\n'
        for sealed in ("text/plain", "text/html", "application/octet-stream", "application/xhtml+xml"):
            self.setUp()
            rows = "".join(f"Cordialement;{self.canary.body};{n};{secrets.token_hex(4)}\r\n" for n in range(40))
            self.check(self.leaf("#med# Bilan", sealed, rows, place),
                       [(f"{sealed}, the letter itself", self.leaf("Bilan", "text/plain", rows))] + [(f"{sealed}, {kind}", self.leaf("Bilan", kind, body, place)) for kind in kinds for body in (rows, rows.replace("\r\n", "\n"))])

    def test_a_table_as_text(self):
        for before, between, after in (("<tr><td>", "</td><td>", "</td></tr>"), ("<tr><th>", "<td>", ""), ("<dt>", "</dt><dd>", "</dd>"),
                                       ("<option>", "<option>", ""), ("<span>", "</span><span>", "</span><br>")):
            self.setUp()
            rows = [(f"Dosage{secrets.token_hex(3)}", n) for n in range(12)]
            page = "".join(f"{before}{name}{between}{value}{after}" for name, value in rows)
            self.check(self.leaf("#med# Bilan", "text/html; charset=utf-8", f"<p>{self.canary.body}</p><table>{page}</table>"),
                       [(f"{before} {blank!r}", self.leaf("Bilan", "text/plain; charset=utf-8", f"{self.canary.body}\r\n" + "".join(
                           f"{name}{blank}{value}\r\n" for name, value in rows))) for blank in ("\t", " ", "\r\n")])
