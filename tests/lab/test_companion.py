"""Mail for the space of trust from an ordinary account: through its companion's operator, under the companion's address, or not at all.

Two providers record every octet. Each has its own TLS authority: the operator's is the only one that its channel believes.
"""
import json
import smtplib

from lab import base, mails, pki, sink, souspli

from common import Canary, PracticeCase

ALICE, BOB, ZOE = "alice@lab.test", "bob@lab.test", "zoe@lab.test"
COMPANION = "dr.alice@medecin.mssante.fr"
COLLEAGUE, LISTED, PATIENT = "paul@medecin.mssante.fr", "anne@chu-exemple.fr", "280011@patient.mssante.fr"
MACHINE = "labo@chu-exemple.fr"
LIST = """<?xml version="1.0" encoding="UTF-8"?><ListeBlanche xmlns="https://listeblanche.mssante.fr/schema">
<DateDeGeneration>2026-11-20 06:00:00</DateDeGeneration><Domaine><Nom> CHU-Exemple.fr </Nom></Domaine></ListeBlanche>"""


def paths(lines):
    """The addresses of MAIL or RCPT commands."""
    return [line.partition("<")[2].partition(">")[0] for line in lines]


def report(octets):
    """The words of a notice, and the fields of each recipient."""
    text, status = mails.parse(octets).iter_parts()
    return " ".join(text.get_content().split()), status.get_payload()[1:]


class CompanionCase(PracticeCase):
    """Alice's ordinary account, and her companion at an operator of the space of trust."""
    # Each letter has the same little PDF: what memory would make of that is not the subject.
    policy, extra, password = "recognise_letters = false", "", "mot de passe chez l'opérateur"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ordinary = cls.provider.smtp
        cls.ordinary.lmtp = None
        folder = cls.practice.folder.path
        cls.space = pki.Tls(folder / "operator-tls")
        cls.operator = sink.Sink(cls.space, {COMPANION: cls.password})
        cls.addClassCleanup(cls.operator.stop)
        cls.operator.start()
        place = folder / "companion"
        place.mkdir()
        own = cls.provider.account(ALICE, extra=f'mssante_via = "{COMPANION}"\n')
        there = souspli.account(COMPANION, cls.operator.starttls_port, cls.store.imaps, channel="mssante", extra=cls.extra)
        relay = souspli.Souspli(place, [own, there], [cls.provider.tls.bundle], cls.policy, space=[cls.space.bundle])
        text = relay.config.read_text().replace("[mssante]\n", f'[mssante]\napplicative = ["{MACHINE}"]\n')
        relay.config.write_text(text)
        doctors, authority = cls.practice.doctors, cls.practice.authority
        cls.companion = authority.doctor("companion", "Dr Alice ESSAI", COMPANION)
        cls.paul = authority.doctor("paul", "Dr Paul ESSAI", COLLEAGUE)
        relay.furnish({ALICE: [doctors["alice"]], COMPANION: [cls.companion]}, [doctors["bob"], cls.paul], [authority.certificate])
        (place / "list.xml").write_text(LIST)
        relay.cli("trust", "whitelist", "import", place / "list.xml")
        cls.prepare(relay, place)
        cls.addClassCleanup(relay.stop)
        cls.practice.relays["alice"].stop()
        cls.practice.relays["alice"] = relay.start()

    @classmethod
    def prepare(cls, relay, place):
        """What the companion logs in with."""
        (place / "password").write_text(cls.password + "\n")
        relay.cli("account", "password", "--password-file", place / "password", COMPANION)

    def setUp(self):
        self.canary = Canary()
        for server in (self.ordinary, self.operator):
            server.heal()
            server.forget()
        self.entries = len(self.journal())

    def journal(self):
        """Event, account and code of every entry."""
        entries = map(json.loads, self.relay("alice").cli("journal", "--json").splitlines())
        return [(e["event"], e.get("account"), e["code"]) for e in entries]

    def noted(self):
        """Those of this test."""
        return self.journal()[self.entries:]

    def refused(self, message, *recipients):
        """Code and text of the refusal; nothing was given to either provider."""
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.smtp("alice").sendmail(ALICE, list(recipients), message)
        self.assertEqual(([], []), (self.ordinary.transactions, self.operator.transactions))
        self.assertEqual([], self.canary.found_in(self.ordinary.received() + self.operator.received()))
        return caught.exception.smtp_code, caught.exception.smtp_error.decode("ascii")

    def opened(self, octets, doctor):
        """The signed entity, its signer's certificate checked against the authority."""
        signed = base.run("openssl", "cms", "-decrypt", "-recip", doctor.certificate, "-inkey", doctor.key, stdin=octets)
        return self.verified(signed)

    def verified(self, signed):
        """The entity of a signature, and the address of the signer."""
        place = self.practice.folder.path / "signer.pem"
        entity = base.run("openssl", "cms", "-verify", "-CAfile", self.practice.authority.certificate, "-signer", place, stdin=signed)
        return entity, base.run("openssl", "x509", "-in", place, "-noout", "-email").decode().split()


class CompanionTest(CompanionCase):
    """Who gets what, from whom."""

    def test_a_colleague_without_certificate(self):
        letter = self.canary.letter("Lettre", COLLEAGUE, sender=f"Dr Alice <{ALICE}>", Reply_To=ALICE).replace(COLLEAGUE.encode(), LISTED.encode())
        self.submit("alice", letter, LISTED)
        (signed,), (notice,) = self.operator.accepted(), self.ordinary.accepted()
        self.assertEqual(([COMPANION], [LISTED]), (paths([signed.mail]), paths(signed.rcpts)))
        for message in (mails.parse(signed.octets), mails.parse(self.verified(signed.octets)[0])):
            self.assertEqual(f"Dr Alice <{COMPANION}>", message["From"])
            self.assertEqual((COMPANION, mails.parse(letter)["Message-ID"]), (message["Reply-To"], message["Message-ID"]))
        entity, signer = self.verified(signed.octets)
        self.assertIn(self.canary.body.encode(), entity)
        self.assertEqual([COMPANION], signer)
        self.assertNotIn(ALICE.encode(), signed.octets)
        self.assertEqual([("seal", ALICE, "SP-OVER-CHANNEL"), ("seal", COMPANION, "SP-VIA-COMPANION")], sorted(self.noted()))
        text, (told,) = report(notice.octets)
        self.assertEqual([ALICE], paths(notice.rcpts))
        self.assertIn(f"par votre compte {COMPANION}", text)
        self.assertEqual((f"rfc822; {LISTED}", "relayed"), (told["Final-Recipient"], told["Action"]))
        self.assertEqual([], self.canary.found_in(notice.octets))

    def test_a_colleague_with_a_certificate(self):
        self.submit("alice", self.canary.letter("#med# Lettre", COLLEAGUE), COLLEAGUE)
        (sealed,), (notice,) = self.operator.accepted(), self.ordinary.accepted()
        self.assertEqual([], self.canary.found_in(sealed.octets) + self.canary.found_in(notice.octets))
        entity, signer = self.opened(sealed.octets, self.paul)
        self.assertIn(self.canary.body.encode(), entity)
        self.assertEqual(([COMPANION], COMPANION), (signer, mails.parse(entity)["From"]))
        # She reads her own copy under the companion's key.
        self.opened(sealed.octets, self.companion)

    def test_inside_and_outside_each_by_its_channel(self):
        letter = self.canary.letter("Lettre", [COLLEAGUE, BOB])
        self.submit("alice", letter, COLLEAGUE, BOB, LISTED)
        (inside, blind), (outside, notice) = self.operator.accepted(), self.ordinary.accepted()
        self.assertEqual([([COMPANION], [COLLEAGUE]), ([COMPANION], [LISTED]), ([ALICE], [BOB])],
                         [(paths([t.mail]), paths(t.rcpts)) for t in (inside, blind, outside)])
        self.assertEqual([], [word for t in (inside, outside, notice) for word in self.canary.found_in(t.octets)])
        entity, signer = self.opened(outside.octets, self.practice.doctors["bob"])
        self.assertEqual(([ALICE], ALICE), (signer, mails.parse(entity)["From"]))
        self.assertEqual([COMPANION], self.opened(inside.octets, self.paul)[1])
        self.assertNotIn(LISTED.encode(), inside.octets + outside.octets)
        identifiers = {mails.parse(t.octets)["Message-ID"] for t in (inside, blind, outside)}
        self.assertEqual({mails.parse(letter)["Message-ID"]}, identifiers)

    def test_patients_and_machines_read_what_was_written(self):
        letter = self.canary.letter("Lettre", [PATIENT, MACHINE], sender=f"Dr Alice <{ALICE}>", X_MSS_MES="FIN", X_MSS_NIL="DEV935997")
        self.submit("alice", letter, PATIENT, MACHINE)
        (clear,), (notice,) = self.operator.accepted(), self.ordinary.accepted()
        self.assertEqual(letter.replace(ALICE.encode(), COMPANION.encode()), clear.octets)
        self.assertEqual(([COMPANION], [PATIENT, MACHINE]), (paths([clear.mail]), paths(clear.rcpts)))
        self.assertNotIn(b"280011", notice.octets)
        self.assertEqual([("pass", ALICE, "ok"), ("pass", COMPANION, "SP-VIA-COMPANION")], sorted(self.noted()))

    def test_the_fields_of_the_space_stand_outside_and_inside(self):
        fields = {"X-MSS-CODECDA": "34112-3,PRESC-BIO", "X-MSS-INS": "O", "X-MSS-NIL": "DEV935997", "X-MSS-MES": "FIN"}
        for recipient, unpacked in ((COLLEAGUE, lambda octets: self.opened(octets, self.paul)), (LISTED, self.verified)):
            with self.subTest(recipient=recipient):
                self.operator.forget()
                letter = self.canary.letter("Lettre", recipient, **{name.replace("-", "_"): value for name, value in fields.items()})
                self.submit("alice", letter, recipient)
                transaction, = self.operator.accepted()
                inside = mails.parse(unpacked(transaction.octets)[0])
                for message in (mails.parse(transaction.octets), inside):
                    self.assertEqual(fields, {name: message[name] for name in fields})
                outer = [f"{name}: {value}" for name, value in fields.items()]
                self.assertEqual(outer if recipient == COLLEAGUE else [], [line for line in inside.get_all("HP-Outer", []) if line.startswith("X-MSS-")])

    def test_the_sent_copy_and_the_answers_are_known(self):
        letter = self.canary.letter("Lettre", COLLEAGUE)
        self.submit("alice", letter, COLLEAGUE)
        self.imap("alice", None).do('APPEND "Sent" (\\Seen) ', letter)
        stored = self.store.stored(ALICE, "Sent")[-1]
        self.assertEqual([], self.canary.found_in(stored))
        answer = self.canary.letter("Re: Lettre", ZOE, In_Reply_To=mails.parse(letter)["Message-ID"])
        self.assertIn("SP-NO-CERTIFICATE", self.refused_later(answer, ZOE))

    def test_a_list_that_cannot_be_read_stores_nothing_in_clear(self):
        (kept,) = self.relay("alice").home.glob("whitelist*.json")
        self.addCleanup(kept.write_bytes, kept.read_bytes())
        kept.write_text("{")
        letter = self.canary.letter("Lettre", LISTED)
        self.imap("alice", None).do('APPEND "Drafts" (\\Draft) ', letter)
        self.assertEqual([], self.canary.found_in(self.store.stored(ALICE, "Drafts")[-1]))
        self.assertIn("SP-WHITELIST", self.refused_later(letter, LISTED))

    def refused_later(self, message, *recipients):
        """The text of the refusal of what follows another letter."""
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.smtp("alice").sendmail(ALICE, list(recipients), message)
        return caught.exception.smtp_error.decode("ascii")


class NothingLeavesTest(CompanionCase):
    """One part that cannot leave keeps the others."""

    def test_the_operator_refuses_the_login(self):
        self.operator.fail("auth", "535 5.7.8 no")
        code, text = self.refused(self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)
        self.assertEqual(451, code)
        self.assertIn("Rien n'est parti", text)
        self.assertIn("SP-PROOF-REFUSED", text)
        self.assertIn(f"souspli account password {COMPANION}", text)

    def test_the_operator_is_away(self):
        self.operator.fail("connect", sink.CLOSE)
        self.assertEqual(451, self.refused(self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)[0])

    def test_one_part_is_too_large(self):
        self.operator.size = 3000
        self.addCleanup(setattr, self.operator, "size", type(self.operator).size)
        code, text = self.refused(self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)
        self.assertEqual(552, code, text)

    def test_one_part_needs_what_the_operator_does_not_offer(self):
        self.operator.lacks = ("SMTPUTF8",)
        self.addCleanup(setattr, self.operator, "lacks", ())
        client = self.smtp("alice")
        client.command_encoding = "utf-8"
        for command in (f"MAIL FROM:<{ALICE}> SMTPUTF8", "RCPT TO:<hélène@medecin.mssante.fr>", f"RCPT TO:<{BOB}>"):
            self.assertEqual(250, client.docmd(command)[0], command)
        code, text = client.data(self.canary.letter("Lettre", BOB))
        self.assertEqual((550, True), (code, b"SP-PROVIDER-LACKS" in text), text)
        self.assertEqual(([], []), (self.ordinary.transactions, self.operator.transactions))

    def test_one_recipient_has_no_certificate(self):
        for recipient in (ZOE, LISTED):
            with self.subTest(recipient=recipient):
                subject = "Lettre" if recipient == ZOE else "#med# Lettre"
                code, text = self.refused(self.canary.letter(subject, [COLLEAGUE, recipient]), COLLEAGUE, recipient)
                self.assertEqual(550, code)
                self.assertIn("SP-NO-CERTIFICATE", text)

    def test_a_patient_beside_others(self):
        for others in ([COLLEAGUE], [BOB], [MACHINE, ZOE]):
            with self.subTest(others=others):
                self.assertIn("SP-PATIENT-SEALED", self.refused(self.canary.letter("Lettre", [PATIENT, *others]), PATIENT, *others)[1])

    def test_another_name_is_not_the_companions(self):
        letter = self.canary.letter("Lettre", COLLEAGUE, sender=f"Dr Bob <{BOB}>")
        self.assertIn("SP-COMPANION-SENDER", self.refused(letter, COLLEAGUE)[1])

    def test_what_follows_fails_and_is_told(self):
        self.operator.fail("dot", "554 5.7.1 no", times=1)
        self.submit("alice", self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)
        outside, notice = self.ordinary.accepted()
        self.assertEqual([BOB], paths(outside.rcpts))
        text, reports = report(notice.octets)
        self.assertEqual([(f"rfc822; {COLLEAGUE}", "failed", "5.7.1")], [(r["Final-Recipient"], r["Action"], r["Status"]) for r in reports])


    def test_the_operator_fails_at_each_step(self):
        for step, answer, said in (("mail", "550 5.7.1 no", "5.7.1"), ("rcpt", "550 5.1.1 no", "5.1.1"), ("rcpt", "452 4.2.2 no", "4.2.2"), ("data", "451 4.3.0 no", "4.3.0"),
                                   ("data", sink.CLOSE, "4.4.1"), ("body", sink.CLOSE, "4.4."), ("dot", "452 4.3.1 no", "4.3.1"), ("dot", sink.CLOSE, "4.4.2")):
            for recipients in ([COLLEAGUE, BOB], [COLLEAGUE]):
                with self.subTest(step=step, answer=answer, recipients=len(recipients)):
                    self.setUp()
                    self.operator.fail(step, answer)
                    letter = self.canary.letter("Lettre", recipients)
                    if BOB in recipients:
                        self.submit("alice", letter, *recipients)
                        outside, notice = self.ordinary.accepted()
                        _, (told,) = report(notice.octets)
                        self.assertEqual(([BOB], f"rfc822; {COLLEAGUE}", "failed"), (paths(outside.rcpts), told["Final-Recipient"], told["Action"]))
                        self.assertTrue(told["Status"].startswith(said), told)
                        self.assertIn(("seal-partly", ALICE, "SP-PARTLY"), self.noted())
                    else:
                        with self.assertRaises(smtplib.SMTPResponseException) as caught:
                            self.smtp("alice").sendmail(ALICE, recipients, letter)
                        self.assertIn(said, caught.exception.smtp_error.decode())
                        self.assertEqual([], self.ordinary.accepted())
                    self.assertEqual([], self.canary.found_in(self.ordinary.received() + self.operator.received()))

    def test_another_try_is_what_the_first_one_was(self):
        letter = self.canary.letter("Lettre", [BOB, LISTED])
        self.operator.fail("auth", "454 4.7.0 later")
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.smtp("alice").sendmail(ALICE, [BOB, LISTED], letter)
        self.assertEqual(4, caught.exception.smtp_code // 100)
        self.operator.heal()
        self.submit("alice", letter, BOB, LISTED)
        (signed,) = self.operator.accepted()
        self.assertEqual([LISTED], paths(signed.rcpts))
        self.assertIn([BOB], [paths(accepted.rcpts) for accepted in self.ordinary.accepted()])

    def test_given_twice_and_blind(self):
        self.submit("alice", self.canary.letter("Lettre", [COLLEAGUE, BOB], Bcc=ALICE), COLLEAGUE, BOB, COLLEAGUE.upper(), ALICE, COLLEAGUE)
        inside = self.operator.accepted()
        self.assertEqual(1, len(inside))
        outside = self.ordinary.accepted()
        self.assertEqual([[BOB], [ALICE], [ALICE]], [paths(t.rcpts) for t in outside])
        self.assertNotIn(b"Bcc", inside[0].octets + outside[0].octets + self.opened(inside[0].octets, self.paul)[0])


class NoPasswordTest(CompanionCase):
    """Nothing to log in with at the operator."""

    @classmethod
    def prepare(cls, relay, place):
        pass

    def test_it_is_said_and_nothing_leaves(self):
        code, text = self.refused(self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)
        self.assertEqual(451, code)
        self.assertIn("SP-NO-PROOF", text)


class TokenCompanionTest(CompanionCase):
    """The companion is known by the token of a command; nobody gives a local password for it."""
    password, extra = "jeton", 'token_command = ["/bin/echo", "token-jeton"]\n'

    @classmethod
    def prepare(cls, relay, place):
        pass

    def test_the_part_inside_leaves_by_the_token(self):
        self.submit("alice", self.canary.letter("Lettre", [COLLEAGUE, BOB]), COLLEAGUE, BOB)
        self.assertEqual([[COLLEAGUE]], [paths(t.rcpts) for t in self.operator.accepted()])
        self.assertEqual([("XOAUTH2", COMPANION)], self.operator.attempts)


class StrictCompanionTest(CompanionCase):
    """What leaves under the companion's address obeys its rules as well."""
    extra = "always_encrypt = true\n"

    def test_nothing_unencrypted_leaves_under_its_address(self):
        self.assertIn("SP-NO-CERTIFICATE", self.refused(self.canary.letter("Lettre", LISTED), LISTED)[1])
        self.submit("alice", self.canary.letter("Lettre", COLLEAGUE), COLLEAGUE)
        self.assertEqual([], self.canary.found_in(self.operator.accepted()[0].octets))
        # Its rules are for what it carries.
        self.ordinary.forget()
        self.submit("alice", self.canary.letter("Lettre", BOB), BOB)
        self.assertNotEqual([], self.canary.found_in(self.ordinary.accepted()[0].octets))


class ExplainTest(CompanionCase):
    """`souspli explain` says the same, and by which list."""

    def explained(self, letter, *recipients):
        """What it says."""
        to = [word for r in recipients for word in ("--to", r)]
        return self.relay("alice").cli("explain", "--from", ALICE, *to, "--config", self.relay("alice").config, stdin=letter).decode()

    def test_through_which_account_and_by_which_list(self):
        said = self.explained(self.canary.letter("Lettre", [LISTED, BOB]), LISTED, BOB)
        self.assertIn("SP-WOULD-LEAVE-THROUGH", said)
        self.assertIn(f"Pour {LISTED}, il partirait par votre compte {COMPANION}", said)
        self.assertIn("1 domaines, du 2026-11-20 06:00:00, prise de list.xml aujourd’hui", said)
        self.assertNotIn("SP-WOULD-LEAVE-THROUGH", self.explained(self.canary.letter("#med# Lettre", BOB), BOB))

    def test_the_list_is_shown_and_never_replaced_by_half_of_one(self):
        relay = self.relay("alice")
        self.assertIn("Liste blanche MSSanté : 1 domaines", relay.cli("trust", "list").decode())
        place = relay.folder / "other.xml"
        for text, code in ((LIST.replace("<Domaine>", "<Autre>").replace("</Domaine>", "</Autre>"), "SP-WHITELIST-EMPTY"),
                           ("<!DOCTYPE x>" + LIST.split("?>")[1], "SP-WHITELIST-DOCTYPE"), (LIST[:-5], "SP-WHITELIST-NOT-XML")):
            place.write_text(text)
            refused = relay.attempt("trust", "whitelist", "import", place)
            self.assertEqual((1, True), (refused.returncode, code.encode() in refused.stderr), refused.stderr)
        self.assertIn("1 domaines", relay.cli("trust", "whitelist", "show").decode())
