"""Header protection (RFC 9788): the provider sees no subject, and whatever a mail program asks it gets the author's fields.

Letters of other programs are built here and sealed by openssl.
"""
import email.utils
import re
import secrets

from lab import base, imapline, mails

from common import Canary, PracticeCase

ALICE, BOB, EVE = "alice@lab.test", "bob@lab.test", "eve@lab.test"
# A letter is signed on the day that it says.
DATE = email.utils.formatdate(localtime=True)
MARK = "[Souspli : non garanti] "
LISTED = "From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To Received"


def fields(**values):
    """Header lines; None leaves one out."""
    given = {"From": f"Dr Bob <{BOB}>", "To": ALICE, "Subject": "Bilan de M. Dupont", "Date": DATE, "Message-ID": "<dedans@lab.test>"}
    given.update({name.replace("_", "-"): value for name, value in values.items()})
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in given.items() if value is not None)


TEXT = b"Content-Type: text/plain; charset=utf-8%s\r\n\r\n%sBonjour\r\n"


def letters(alice, bob, eve):
    """Name -> (message as stored, what its View says of Subject, From, Cc, and the verdict's code)."""
    sign, seal = [mails.signing(bob, "-nodetach")], [mails.signing(bob, "-nodetach"), mails.encrypting(alice)]
    outer = fields(Subject="[...]")
    good = {"Subject": "Bilan de M. Dupont", "From": f"Dr Bob <{BOB}>", "Cc": None}

    def closed(outside, inside, content, steps):
        entity = inside + content
        for step in steps:
            entity = mails.crlf(base.run("openssl", "cms", *step, stdin=entity))
        return outside + re.sub(rb"^MIME-Version: 1\.0\r\n", b"", entity)

    hp, legacy = TEXT % (b'; hp="cipher"', b""), TEXT % (b'; hp="cipher"; hp-legacy-display="1"', b"Subject: Bilan de M. Dupont\r\n\r\n")
    older = (b'Content-Type: multipart/mixed; boundary=b; protected-headers="v1"\r\n\r\n--b\r\nContent-Type: text/plain; protected-headers="v1"\r\n'
             b"Content-Disposition: inline\r\n\r\nSubject: Bilan de M. Dupont\r\n\r\n--b\r\n" + TEXT % (b"", b"") + b"\r\n--b--\r\n")
    wrapped = b"Content-Type: message/rfc822\r\n\r\n" + fields() + TEXT % (b"", b"")
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + fields(From=EVE, Message_ID="<autre@lab.test>") + TEXT % (b"", b"")
    clear = TEXT % (b'; hp="clear"', b"")
    return {
        "sealed": (closed(outer, fields(), hp, seal), {**good, "code": "encrypted-signed"}),
        "legacy display": (closed(outer, fields(), legacy, seal), {**good, "code": "encrypted-signed"}),
        "older": (closed(outer, fields(), older, seal), {**good, "code": "encrypted-signed"}),
        "wrapped": (closed(outer, b"", wrapped, seal), {**good, "code": "encrypted-signed"}),
        "forwarded alone": (closed(fields(Subject="Tr"), b"", forwarded, sign), {**good, "Subject": "Tr", "code": "signed"}),
        "signed": (closed(fields(), fields(), clear, sign), {**good, "code": "signed"}),
        "signed beside": (closed(fields(), fields(), clear, [mails.signing(bob)]), {**good, "code": "signed"}),
        "subject changed on the way": (closed(fields(Subject="Virement urgent"), fields(), clear, sign), {**good, "code": "signed"}),
        "somebody added": (closed(outer + f"Cc: {EVE}\r\nReply-To: {EVE}\r\n".encode(), fields(), hp, seal), {**good, "code": "encrypted-signed"}),
        "unprotected": (closed(outer, b"", TEXT % (b"", b""), seal), {**good, "Subject": "[...]", "code": "encrypted-signed"}),
        "not signed": (closed(outer, fields(), hp, seal[1:]), {**good, "Subject": MARK + good["Subject"], "code": "encrypted-unsigned"}),
        "another sender outside": (closed(fields(From=EVE, Subject="[...]"), fields(), hp, seal),
                                    {**good, "Subject": MARK + good["Subject"], "code": "from-differs"}),
        "another author inside": (closed(fields(From=EVE), fields(), hp, [mails.signing(eve, "-nodetach"), mails.encrypting(alice)]),
                                  {**good, "From": EVE, "Subject": MARK + good["Subject"], "code": "from-contradicted"}),
        "not for her": (closed(outer, fields(), hp, [mails.encrypting(bob)]), {**good, "Subject": "[...]", "code": "not-for-me"}),
    }


def fields_of(got):
    """The answer to BODY[HEADER.FIELDS ...], however the server spells the names."""
    return next(value for name, value in got.items() if name.startswith("BODY[HEADER.FIELDS"))


class ListsTest(PracticeCase):
    """Every way of asking for a header gives the same one, before a message is opened, after it, and after a restart."""
    options = {"rawlog": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        doctors = cls.practice.doctors
        eve = cls.practice.authority.doctor("eve", "Dr Eve ESSAI", EVE)
        cls.letters = letters(doctors["alice"], doctors["bob"], eve)
        for message, _ in cls.letters.values():
            cls.store.append(ALICE, message)

    def listed(self, names=LISTED):
        """The fields of each message, once the provider has written down what it was asked for them."""
        box, mark = self.imap("alice"), secrets.token_hex(8)
        fetched = box.fetch("1:*", f"UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({names})]")
        with self.assertRaises(imapline.Refused):
            box.do(f'STATUS "{mark}" (MESSAGES)')
        base.until(lambda: mark.encode() in self.store.rawlogs("in"), 20, "the provider's record")
        return {uid: fields_of(got) for uid, got in fetched.items()}

    def opened_upstream(self):
        """How often a whole message was fetched from the provider."""
        return self.store.rawlogs("in").upper().count(b"BODY.PEEK[]")

    def test_1_a_list_says_what_each_view_says(self):
        listed, narrow = self.listed(), self.listed("Subject")
        box = self.imap("alice")
        for uid, (name, (_, wanted)) in enumerate(self.letters.items(), 1):
            with self.subTest(letter=name):
                got = box.fetch(uid, f"UID ENVELOPE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[HEADER.FIELDS ({LISTED})]")[uid]
                view = mails.parse(got["BODY[]"])
                self.assertEqual(wanted, {**{field: view[field] for field in ("Subject", "From", "Cc")},
                                          "code": re.search(r"code=([a-z-]+)", view["X-Souspli-Verdict"])[1]})
                self.assertEqual(fields_of(got), listed[uid])
                self.assertEqual(f"Subject: {view['Subject']}\r\n\r\n".encode(), narrow[uid])
                self.assertEqual(view["Subject"].encode(), got["ENVELOPE"][1])
                self.assertEqual([None if view["Cc"] is None else b""], [got["ENVELOPE"][6] if got["ENVELOPE"][6] is None else b""])
                if "[...]" not in wanted["Subject"]:
                    self.assertNotIn(b"Subject: Bilan", got["BODY[]"].split(b"\r\n\r\n", 1)[1] if name != "forwarded alone" else b"")

    def test_2_a_restart_opens_nothing_and_says_the_same(self):
        listed = self.listed()
        self.assertEqual(0, self.relay("alice").stop())
        self.relay("alice").start()
        before = self.opened_upstream()
        self.assertEqual(listed, self.listed())
        # What could not be opened is tried again: its key may have been imported.
        unopened = sum(wanted["code"] == "not-for-me" for _, wanted in self.letters.values())
        self.assertEqual(unopened, self.opened_upstream() - before)

    def test_3_fields_that_nobody_protects_need_no_opening(self):
        before = self.opened_upstream()
        self.listed("Content-Type Received List-Id")
        self.assertEqual(before, self.opened_upstream())

    def test_4_the_subject_is_nowhere_in_the_home(self):
        for place, octets in self.relay("alice").everything():
            self.assertNotIn(b"Dupont", octets, place)

    def test_5_the_command_says_it_too(self):
        for name, (message, wanted) in self.letters.items():
            with self.subTest(letter=name):
                said = self.relay("alice").open_json(message)
                self.assertEqual((wanted["Subject"].removeprefix(MARK), wanted["From"], wanted["code"]), (said["subject"], said["from"], said["code"]))


class OwnLettersTest(PracticeCase):
    """What Souspli seals: the provider sees `[...]`, the colleague's Souspli and the owner's show the subject."""

    def setUp(self):
        self.canary = Canary()

    def test_a_letter(self):
        html = "<html><body><p>Bonjour</p></body></html>"
        self.submit("alice", self.canary.letter("#med# Bilan", BOB, html=html, Keywords="dos"), BOB)
        stored = mails.parse(self.arrived("bob", 1)[-1])
        self.assertEqual(("[...]", None), (stored["Subject"], stored["Keywords"]))
        view = mails.parse(self.newest("bob"))
        self.assertEqual((f"Bilan {self.canary.subject}", "dos"), (view["Subject"], view["Keywords"]))
        for part in view.walk():
            if part.get_content_maintype() == "text":
                self.assertNotIn("Subject:", part.get_content())
        # Without Souspli the subject stands above the text, in both forms.
        bob = self.practice.doctors["bob"]
        signed = base.run("openssl", "cms", "-decrypt", "-recip", bob.certificate, "-inkey", bob.key, stdin=self.arrived("bob", 1)[-1])
        inside = mails.parse(base.run("openssl", "cms", "-verify", "-noverify", stdin=signed))
        shown = [p.get_content().replace("\r\n", "\n") for p in inside.walk() if p.get_content_maintype() == "text"]
        self.assertTrue(shown[0].startswith(f"Subject: Bilan {self.canary.subject}\n\nBonjour"), shown[0])
        self.assertIn(f'<body><div class="header-protection-legacy-display">\n<pre>Subject: Bilan {self.canary.subject}</pre>\n</div><p>Bonjour', shown[1])

    def test_a_draft_and_a_sent_copy(self):
        letter = self.canary.letter("#med# Bilan", BOB, Bcc="carol@lab.test")
        for mailbox in ("Drafts", "Sent"):
            self.imap("alice", None).do(f'APPEND "{mailbox}" ', letter)
            stored = mails.parse(self.store.stored(ALICE, mailbox)[-1])
            self.assertEqual("[...]", stored["Subject"])
            view = mails.parse(self.newest("alice", mailbox))
            self.assertEqual((f"#med# Bilan {self.canary.subject}", "carol@lab.test"), (view["Subject"], view["Bcc"]))
            self.assertEqual(mails.texts(mails.parse(letter)), mails.texts(view))

    def test_an_answer_to_the_name_inside_is_sealed(self):
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        entity = fields(Message_ID="<vrai@lab.test>") + TEXT % (b'; hp="cipher"', b"")
        for step in (mails.signing(bob, "-nodetach"), mails.encrypting(alice)):
            entity = mails.crlf(base.run("openssl", "cms", *step, stdin=entity))
        self.store.append(ALICE, fields(Message_ID="<dehors@lab.test>", Subject="[...]") + re.sub(rb"^MIME-Version: 1\.0\r\n", b"", entity))
        self.assertEqual("<vrai@lab.test>", mails.parse(self.newest("alice"))["Message-ID"])
        for name in ("vrai", "dehors"):
            self.submit("alice", self.canary.letter("Re: Bilan", BOB, In_Reply_To=f"<{name}@lab.test>"), BOB)
            self.assertEqual([], self.canary.found_in(self.provider.smtp.accepted()[-1].octets))
