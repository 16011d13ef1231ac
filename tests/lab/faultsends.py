"""What a mail program sends and uploads, flow by flow: what it needs, what it does, what must be true whatever happened meanwhile."""
import collections
import secrets
import smtplib

from lab import faultline, mails

from faultlab import PEOPLE, Words, strict

SEALED, SIGNED, CLEAR = "sealed", "signed", "clear"


class Flow:
    """One flow. `prepare` and `act` may be called again and again; `act` is what the fault strikes."""
    # Steps of a connection's beginning belong to the flows that are about it.
    opening = False
    # Whether `act` is the same thing once more after a failure, or needs a new preparation.
    again = False

    def __init__(self, name):
        self.name, self.words = name, Words()

    def prepare(self, lab):
        """Brings about what the flow stands on."""

    def act(self, lab):
        """What the mail program does; an exception where it is refused or loses the connection."""

    def judge(self, case, lab, blow, told):
        """What must be true now; `told`: the exception of `act`, or None."""

    def sweep(self, lab):
        """Takes away what it left in mailboxes that others look at."""


class Send(Flow):
    """A submission to these recipients, in envelopes as `groups` counts them."""
    again = True

    def __init__(self, name, to=("carol",), sender="alice", tag="#med# ", form=SEALED, groups=1, letters=1, opening=False, **more):
        super().__init__(name)
        self.to, self.sender, self.tag, self.form, self.groups, self.letters, self.more = to, sender, tag, form, groups, letters, more
        self.opening = opening

    def prepare(self, lab):
        self.unsent = [self.compose(lab) for _ in range(self.letters)]

    def compose(self, _lab):
        """One letter. What leaves signed or in clear by right has no canary."""
        words = self.words if self.form == SEALED else collections.namedtuple("Plain", "body name subject")("rien", "rien", "ordinaire")
        shown = [PEOPLE.get(n, n) for n in self.to][:self.more.get("shown")]
        files = [(f"{words.name}.pdf", "application/pdf", mails.pdf(["x"], self.more["filler"]))] if "filler" in self.more else []
        return mails.letter(PEOPLE[self.sender], shown, f"{self.tag}Lettre {words.subject}", self.text(words), attachments=files, **self.fields())

    def text(self, words):
        """The body."""
        return f"Bonjour,\n\n{words.body}\n"

    def fields(self):
        """More fields."""
        return {}

    def act(self, lab):
        self.asked = len(self.unsent)
        client = lab.smtp(self.sender)
        while self.unsent:
            client.sendmail(PEOPLE[self.sender], [PEOPLE.get(n, n) for n in self.to], self.unsent[0], mail_options=["BODY=8BITMIME"])
            self.unsent.pop(0)

    def judge(self, case, lab, blow, told):
        """Each envelope is taken at most once for every letter; once where the program heard yes; never behind its back."""
        taken = list(lab.plan.taken)
        notices = [t for t in taken if b"multipart/report" in t.octets]
        letters = [t for t in taken if t not in notices]
        for each in letters:
            case.assertEqual(self.form, form_of(each.octets), blow)
            case.assertTrue(strict(each.octets), blow)
        counts = collections.Counter(each.recipients for each in letters)
        done = self.asked - len(self.unsent)
        case.assertLessEqual(max(counts.values(), default=0), done + (told is not None), blow)
        if told is None:
            missing = self.groups - len(counts)
            case.assertTrue(not missing or notices, blow)
            case.assertFalse([c for c in counts.values() if c != self.asked], blow)
        else:
            self.judge_refusal(case, blow, told, len(letters) > done * self.groups)

    def judge_refusal(self, case, blow, told, left):
        """The program was told no; where something has left all the same, that it may have."""
        if blow.fault != faultline.KILL:
            case.assertIsInstance(told, (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused), blow)
        # A server that takes the letter and says that it does not.
        lied = blow.fault in (faultline.LATER, faultline.NEVER) and blow.step.name == "content"
        if left and not lied and blow.fault != faultline.KILL:
            case.assertRegex(str(told), "4\\.4\\.2|peut-etre parti|5\\.5\\.0", blow)


class Reply(Send):
    """An answer without the tag, in a thread that was sealed."""

    def prepare(self, lab):
        self.first = f"<{secrets.token_hex(8)}@lab.test>"
        first = mails.letter(PEOPLE["alice"], PEOPLE["carol"], f"#med# Lettre {self.words.subject}", self.words.body + "\n", message_id=self.first)
        lab.smtp("alice").sendmail(PEOPLE["alice"], [PEOPLE["carol"]], first)
        super().prepare(lab)

    def fields(self):
        return {"In_Reply_To": self.first, "References": self.first}


class Forward(Send):
    """The text of an opened letter, its banner in it, sent on by a program that keeps nothing else."""

    def prepare(self, lab):
        if not hasattr(self, "quoted"):
            uid = lab.put("alice", lab.sealed(self.words, "bob", "alice"))
            self.quoted = mails.texts(mails.parse(lab.imap("alice").fetch(uid, "BODY.PEEK[]")[uid]["BODY[]"]))
            lab.sweep("alice", "INBOX")
        super().prepare(lab)

    def text(self, words):
        return self.quoted


class Refused(Send):
    """A letter that must not leave: somebody has no certificate."""

    def judge(self, case, lab, blow, told):
        case.assertEqual([], lab.plan.taken, blow)

    def act(self, lab):
        try:
            super().act(lab)
        except smtplib.SMTPResponseException as told:
            # So this flow succeeds.
            if "zoe@lab.test" not in str(told):
                raise


class Offer(Flow):
    """The first mail program after a start: Souspli asks the provider what it offers."""
    opening = again = True

    def prepare(self, lab):
        lab.relay.kill()
        lab.revive()

    def act(self, lab):
        client = smtplib.SMTP("127.0.0.1", lab.relay.smtp, timeout=60)
        lab.open.append(client)
        if client.ehlo()[0] != 250:
            raise smtplib.SMTPException("no EHLO")

    def judge(self, case, lab, blow, told):
        """Nobody has logged in; whatever the provider does, the mail program is served."""
        if blow.fault != faultline.KILL:
            case.assertIsNone(told, blow)


class Upload(Flow):
    """An APPEND."""
    again = True

    def __init__(self, name, mailbox, tag="#med# ", form=SEALED, owner="alice"):
        super().__init__(name)
        self.mailbox, self.tag, self.form, self.owner = mailbox, tag, form, owner

    def prepare(self, lab):
        lab.sweep(self.owner, self.mailbox)
        self.message, self.before = self.compose(lab), 0

    def compose(self, _lab):
        """What is uploaded."""
        if self.form == CLEAR:
            return mails.letter(PEOPLE["alice"], PEOPLE["carol"], "ordinaire", "Rien.\n")
        return self.words.letter(f"{self.tag}Lettre", PEOPLE["carol"])

    def act(self, lab):
        lab.imap(self.owner, None).do(f'APPEND "{self.mailbox}" (\\Seen) ', self.message)

    def judge(self, case, lab, blow, told):
        """Stored whole, as protected as the letter, and once; or the program was told no, and keeps its copy."""
        stored = lab.stored(self.owner, self.mailbox)
        new = stored[self.before:]
        case.assertLessEqual(len(new), 1, blow)
        case.assertTrue(told is not None or len(new) == 1, blow)
        for octets in new:
            self.judge_stored(case, lab, octets, blow)
        self.before = len(stored)

    def judge_stored(self, case, lab, octets, blow):
        """What lies on the disk."""
        case.assertEqual(self.form, form_of(octets), blow)
        if self.form == CLEAR:
            case.assertEqual(self.message, octets, blow)

    def sweep(self, lab):
        lab.sweep(self.owner, self.mailbox, "INBOX")


class SentCopy(Upload):
    """Of a letter that has just left; the program takes the tag away itself."""

    def compose(self, lab):
        letter = self.words.letter("#med# Lettre", PEOPLE["carol"])
        lab.smtp("alice").sendmail(PEOPLE["alice"], [PEOPLE["carol"]], letter)
        return letter.replace(b"#med# ", b"")


class DraftOfReply(Upload):
    """In a thread that was sealed, without the tag."""

    def compose(self, lab):
        first = f"<{secrets.token_hex(8)}@lab.test>"
        letter = mails.letter(PEOPLE["alice"], PEOPLE["carol"], f"#med# Lettre {self.words.subject}", "x\n", message_id=first)
        lab.smtp("alice").sendmail(PEOPLE["alice"], [PEOPLE["carol"]], letter)
        return self.words.letter("Re: Lettre", PEOPLE["carol"], In_Reply_To=first, References=first)


class MovedView(Upload):
    """An opened letter dragged into a folder, of this account or of another: what lies there is the original, or sealed."""

    def compose(self, lab):
        lab.sweep("bob", "INBOX")
        self.original = lab.sealed(self.words)
        uid = lab.put("bob", self.original)
        self.reader = lab.imap("bob")
        lab.open.remove(self.reader)  # it stays logged in: the original is fetched with its credentials
        return self.reader.fetch(uid, "BODY.PEEK[]")[uid]["BODY[]"]

    def act(self, lab):
        try:
            super().act(lab)
        finally:
            self.reader.close()

    def judge_stored(self, case, lab, octets, blow):
        case.assertTrue(octets == self.original or form_of(octets) == SEALED, blow)
        if blow.fault is None and self.owner == "bob":
            case.assertEqual(self.original, octets)

    def sweep(self, lab):
        super().sweep(lab)
        lab.sweep("bob", "INBOX")


def form_of(octets):
    """What a message is, by its header."""
    head = octets.partition(b"\r\n\r\n")[0].lower()
    if b"enveloped-data" in head or b"authenveloped-data" in head:
        return SEALED
    return SIGNED if b"multipart/signed" in head or b"signed-data" in head else CLEAR
