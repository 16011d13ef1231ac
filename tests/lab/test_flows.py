"""Canaries: whatever a mail program does with a letter to be sealed, nothing of it is seen upstream, in the store, on the disk, in a log.

Each test is one flow with words of its own; after it, every octet that anybody outside could see is searched for them.
"""
import os
import re
import smtplib
import socket

from lab import base, dovecot, imapline, mails, pki, pop3line, sink

from common import Canary, PracticeCase

TO_BOB = "bob@lab.test"


class FlowsTest(PracticeCase):
    """The flows of requirement 4."""
    options = {"rawlog": True, "pop3_tls": "implicit" if dovecot.has_pop3() else None}

    @classmethod
    def setUpClass(cls):
        # The most talkative log is searched as well.
        os.environ["SOUSPLI_LOG"] = "trace"
        cls.addClassCleanup(os.environ.pop, "SOUSPLI_LOG")
        super().setUpClass()

    def setUp(self):
        self.canary = Canary()
        self.smtp_server = self.provider.smtp
        self.smtp_server.heal()
        self.before = len(self.smtp_server.accepted())

    def tearDown(self):
        self.smtp_server.heal()
        for place, octets in self.everything():
            self.assertEqual([], self.canary.found_in(octets), f"seen in {place}")
        for relay in self.practice.relays.values():
            for place, octets in relay.everything():
                self.assertNotIn(b"Lettre", octets, f"the subject is seen in {place}")

    def everything(self):
        """All that others can see: what went upstream, the provider's store and logs, homes, logs of Souspli."""
        yield "SMTP upstream", self.smtp_server.received()
        yield "IMAP upstream", self.store.rawlogs("in")
        yield from self.store.everything()
        for relay in self.practice.relays.values():
            yield from relay.everything()

    def sent(self, count=1):
        """The transactions that this flow brought about, which must be that many."""
        got = self.smtp_server.accepted()[self.before:]
        self.assertEqual(len(got), count)
        return got

    def opened(self, name="bob"):
        """The newest letter, which must hold the canary again."""
        got = self.newest(name)
        self.assertEqual(self.canary.words, set(self.canary.found_in(got)))
        return got

    def refused(self, message, *recipients, sender="alice"):
        """The exception of a submission that must not succeed."""
        with self.assertRaises((smtplib.SMTPException, OSError)) as caught:
            self.submit(sender, message, *recipients)
        self.assertEqual(len(self.smtp_server.accepted()), self.before)
        return str(caught.exception)

    # Sending.

    def test_send(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        self.sent()
        self.opened()

    def test_send_twice(self):
        message = self.canary.letter("#med# Lettre", TO_BOB)
        self.submit("alice", message, TO_BOB)
        self.submit("alice", message, TO_BOB)
        self.sent(2)

    def test_two_letters_on_one_connection(self):
        client, message = self.smtp("alice"), self.canary.letter("#med# Lettre", TO_BOB)
        for _ in range(2):
            client.sendmail("alice@lab.test", [TO_BOB], message)
        self.sent(2)

    def test_bcc_goes_alone(self):
        message = self.canary.letter("#med# Lettre", "alice@lab.test")
        self.submit("alice", message, "alice@lab.test", TO_BOB)
        groups = [t.rcpts for t in self.sent(2)]
        self.assertEqual([1, 1], [len(g) for g in groups])
        self.opened()

    def test_8bit_html_and_attachment(self):
        html = f"<html><body><p>Évolution {self.canary.body}</p></body></html>"
        self.submit("alice", self.canary.letter("#med# Été", TO_BOB, html=html), TO_BOB)
        self.sent()
        self.opened()

    def test_tag_glued_in_capitals_after_a_prefix(self):
        for subject in ("#med#Lettre", "#MED# Lettre", "Re: #med# Lettre", "#med#\u00a0Lettre"):
            self.submit("alice", self.canary.letter(subject, TO_BOB), TO_BOB)
        self.sent(4)

    def test_what_resembles_the_tag_is_refused(self):
        for subject in ("#med Lettre", "# med # Lettre", "#meds# Lettre"):
            self.refused(self.canary.letter(subject, TO_BOB), TO_BOB)

    def test_reply_without_the_tag(self):
        first = self.canary.letter("#med# Lettre", TO_BOB, message_id=f"<{self.canary.body.lower()[6:]}@lab.test>")
        self.submit("alice", first, TO_BOB)
        base.until(lambda: len(self.smtp_server.accepted()) > self.before, 10, "the letter")
        answered = mails.parse(self.opened())["Message-ID"]
        self.submit("bob", self.canary.letter("Re: Lettre", "alice@lab.test", TO_BOB, In_Reply_To=answered, References=answered), "alice@lab.test")
        self.sent(2)

    def test_forward_of_an_opened_letter(self):
        """Forwarded inline by another program: no tag, no reference, only the text with its banner."""
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        text = mails.texts(mails.parse(self.opened()))
        self.submit("bob", mails.letter(TO_BOB, "alice@lab.test", "Fwd: Lettre", text), "alice@lab.test")
        self.sent(2)

    def test_forward_as_attachment(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        view = self.opened()
        forwarded = mails.letter(TO_BOB, "alice@lab.test", "Fwd: Lettre", "Voir ci-joint.\n", attachments=[("l.eml", "message/rfc822", view)])
        self.submit("bob", forwarded, "alice@lab.test")
        self.sent(2)

    def test_refused_without_a_certificate(self):
        said = self.refused(self.canary.letter("#med# Lettre", "zoe@lab.test"), TO_BOB, "zoe@lab.test")
        self.assertIn("zoe@lab.test", said)
        self.assertRegex(said, r"5\.\d\.\d+")

    def test_mssante_recipient_without_the_tag(self):
        self.refused(self.canary.letter("Lettre", "zoe@medecin.mssante.fr"), "zoe@medecin.mssante.fr")

    def test_a_header_that_hides_the_recipient(self):
        """The envelope decides: To names a colleague, RCPT somebody without a certificate."""
        self.refused(self.canary.letter("#med# Lettre", TO_BOB), "zoe@lab.test")

    # The provider fails.

    def provider_fails(self, step, answer):
        self.smtp_server.fail(step, answer)
        self.refused(self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)

    def test_provider_gone_at_each_step(self):
        for step in ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot"):
            with self.subTest(step=step):
                self.smtp_server.heal()
                self.provider_fails(step, sink.CLOSE)

    def test_provider_says_no_at_each_step(self):
        for step in ("auth", "mail", "rcpt", "data", "dot"):
            for code in ("451 4.3.0 later", "554 5.7.1 never"):
                with self.subTest(step=step, code=code):
                    self.smtp_server.heal()
                    self.provider_fails(step, code)

    def test_the_answer_of_the_provider_is_the_answer(self):
        self.smtp_server.fail("dot", "552 5.2.2 boite pleine")
        self.assertIn("552", self.refused(self.canary.letter("#med# Lettre", TO_BOB), TO_BOB))

    def test_a_later_group_fails(self):
        """One group was accepted, so the client hears 250 and the sender gets a notice."""
        self.smtp_server.fail("dot", "554 5.7.1 non", skip=1, times=1)
        message = self.canary.letter("#med# Lettre", "alice@lab.test")
        self.submit("alice", message, "alice@lab.test", TO_BOB)
        notice = self.sent(2)[-1]
        self.assertIn(b"multipart/report", notice.octets)
        self.assertIn(TO_BOB.encode(), notice.octets)

    def test_client_gone_in_the_middle_of_data(self):
        client = self.smtp("alice")
        for command in ("MAIL FROM:<alice@lab.test>", f"RCPT TO:<{TO_BOB}>", "DATA"):
            client.docmd(command)
        client.send(self.canary.letter("#med# Lettre", TO_BOB)[:400])
        client.sock.shutdown(socket.SHUT_RDWR)
        client.close()
        self.submit("alice", mails.letter("alice@lab.test", TO_BOB, "ordinaire", "Rien.\n"), TO_BOB)
        self.sent(1)

    def test_smuggled_end_of_data(self):
        """Bare line ends around a dot neither end the message nor pass (CVE-2023-51764 and kin)."""
        for end in (b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r.\r"):
            client = self.smtp("alice")
            for command in ("MAIL FROM:<alice@lab.test>", f"RCPT TO:<{TO_BOB}>", "DATA"):
                client.docmd(command)
            client.send(b"Subject: ordinaire\r\n\r\nune" + end + b"MAIL FROM:<alice@lab.test>\r\n\r\n.\r\n")
            code, _ = client.getreply()
            self.assertGreaterEqual(code, 500, end)
        self.sent(0)

    # What a mail program stores.

    def stored_sealed(self, name, mailbox, message):
        """APPEND, then what the provider keeps and what comes back."""
        box = self.imap(name, None)
        box.do(f'APPEND "{mailbox}" (\\Seen) ', message)
        stored = self.store.stored(f"{name}@lab.test", mailbox)[-1]
        self.assertIn(b"pkcs7-mime", stored)
        back = self.newest(name, mailbox)
        self.assertEqual(self.canary.words, set(self.canary.found_in(back)))
        return back

    def test_sent_copy(self):
        message = self.canary.letter("#med# Lettre", TO_BOB)
        self.submit("alice", message, TO_BOB)
        back = self.stored_sealed("alice", "Sent", message)
        self.assertNotIn("souspli", mails.texts(mails.parse(back)).lower())

    def test_a_draft_under_another_name_is_no_copy_of_the_owner(self):
        """The provider puts the owner's own sealed draft into the inbox under a colleague's name: it is not passed off as his."""
        self.stored_sealed("alice", "Drafts", self.canary.letter("#med# Brouillon", TO_BOB))
        stored = self.store.stored("alice@lab.test", "Drafts")[-1]
        forged = re.sub(rb"(?m)^From: .*$", b"From: Dr Bob <bob@lab.test>", stored, count=1)
        self.assertNotEqual(forged, stored)
        self.store.append("alice@lab.test", forged)
        got = mails.parse(self.newest("alice"))
        self.assertIn("code=from-contradicted", got["X-Souspli-Verdict"])
        self.assertEqual(got["From"], "Dr Bob <bob@lab.test>")
        self.assertIn("[Souspli]", mails.texts(got))

    def test_sent_copy_without_the_tag(self):
        """Recognised by its Message-ID: the program took the tag away itself, or the thread asked for sealing."""
        message = self.canary.letter("#med# Lettre", TO_BOB)
        self.submit("alice", message, TO_BOB)
        self.stored_sealed("alice", "Sent", message.replace(b"#med# ", b""))

    def test_draft_saved_ten_times(self):
        for _ in range(10):
            self.stored_sealed("alice", "Drafts", self.canary.letter("#med# Brouillon", TO_BOB))

    def test_draft_of_a_reply(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        answered = mails.parse(self.opened())["Message-ID"]
        self.stored_sealed("bob", "Drafts", self.canary.letter("Re: Lettre", "alice@lab.test", TO_BOB, In_Reply_To=answered, References=answered))

    def test_draft_of_a_letter_taken_up_again(self):
        """"Edit as new" of a sealed letter, saved before it is sent: no tag, no reference, no mark."""
        names = " ".join(sorted(self.canary.words))
        text = f"Je vous adresse Mme {names} pour une toux qui dure depuis deux mois et ne cède pas au traitement.\n"
        self.submit("alice", mails.letter("alice@lab.test", TO_BOB, "#med# Lettre", text), TO_BOB)
        self.opened()
        for name, other in (("alice", TO_BOB), ("bob", "alice@lab.test")):
            self.stored_sealed(name, "Drafts", mails.letter(f"{name}@lab.test", other, "Reprise", text))

    def test_view_dragged_elsewhere(self):
        """The View that a program uploads to another folder is stored as the original."""
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        view, original = self.opened(), self.store.stored("bob@lab.test")[-1]
        self.imap("bob", None).do('APPEND "Junk" ', view)
        self.assertEqual(self.store.stored("bob@lab.test", "Junk")[-1], original)

    def test_view_dragged_by_copy(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        self.opened()
        self.imap("bob").do('COPY * "Trash"')
        self.assertEqual(self.store.stored("bob@lab.test", "Trash")[-1], self.store.stored("bob@lab.test")[-1])

    def test_view_dragged_to_another_account(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        view = self.opened()
        try:
            self.imap("alice", None).do('APPEND "Junk" ', view)
        except imapline.Refused as refused:
            self.assertRegex(str(refused), r"\[")

    def opened_over_pop3(self):
        """The newest letter of bob as a program reads it that knows nothing else."""
        if not dovecot.has_pop3():
            self.skipTest("Dovecot's POP3 server is not installed")
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        self.sent()
        box = pop3line.Pop3(self.relay("bob").pop3, TO_BOB, "pw-bob")
        self.addCleanup(box.close)
        newest = max(box.sizes())
        box.content(f"TOP {newest} 5")
        got = box.message(newest)
        box.do("QUIT")
        self.assertEqual(self.canary.words, set(self.canary.found_in(got)))
        return got

    def test_read_over_pop3(self):
        self.opened_over_pop3()

    def test_view_of_pop3_stored_in_a_folder(self):
        """Nobody can put back what is stored behind it: it is sealed to its owner instead."""
        view = self.opened_over_pop3()
        self.imap("bob", None).do('APPEND "Junk" ', view)
        self.assertIn(b"pkcs7-mime", self.store.stored("bob@lab.test", "Junk")[-1])

    def test_view_of_pop3_sent_on(self):
        view = self.opened_over_pop3()
        head, body = view.split(b"\r\n\r\n", 1)
        self.submit("bob", re.sub(rb"(?m)^From: .*\r\n", b"From: bob@lab.test\r\n", head) + b"\r\n\r\n" + body, "alice@lab.test")
        self.assertIn(b"pkcs7-mime", self.sent(2)[-1].octets)

    def test_second_account(self):
        self.submit("bob", self.canary.letter("#med# Lettre", "alice@lab.test", TO_BOB), "alice@lab.test")
        self.sent()
        self.opened("alice")

    def test_wrong_password(self):
        client = smtplib.SMTP(base.LOOPBACK, self.relay("alice").smtp, timeout=30)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            client.login("alice@lab.test", "faux")
        code, _ = client.docmd("MAIL FROM:<alice@lab.test>")
        self.assertGreaterEqual(code, 500)

    def test_a_login_of_nobody(self):
        with self.assertRaises(imapline.Refused):
            imapline.Imap(self.relay("alice").imap, "mallory@lab.test", "pw-mallory").close()

    def test_search_and_read_by_parts(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        box = self.imap("bob")
        text = box.fetch("*", "UID BODY.PEEK[1]")
        self.assertTrue(any(re.search(self.canary.body.encode(), v["BODY[1]"]) for v in text.values()))

    def test_searching_what_is_sealed(self):
        """What is kept so that searches find it is in the home, and holds nothing that can be read."""
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        self.opened()
        self.assertTrue(self.imap("bob").do("UID SEARCH BODY bonjour")[0][1:])
        _, messages, octets = self.relay("bob").cli("index").decode().split("\t")
        self.assertGreater(int(messages), 0)
        self.assertIn(self.relay("bob").home / "index", [place for place, octets in self.relay("bob").everything() if octets])

    def test_restart_of_the_relay(self):
        self.submit("alice", self.canary.letter("#med# Lettre", TO_BOB), TO_BOB)
        first = self.opened()
        self.assertEqual(0, self.relay("bob").stop())
        self.relay("bob").start()
        self.assertEqual(first, self.opened())
