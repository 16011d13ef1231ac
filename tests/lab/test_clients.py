"""Other mail programs: curl, mbsync and Python's imaplib, each with the local certificate checked."""
import imaplib
import pathlib
import ssl

from lab import base, mails

from common import PracticeCase

TEXT = "Résultat normal, évolution favorable."
# What Souspli does not carry, it must not offer (a client that used it would bypass the View).
NEVER_OFFERED = ("COMPRESS=DEFLATE", "BINARY", "CATENATE", "URLAUTH", "CONVERT", "PREVIEW", "NOTIFY", "UIDONLY", "MULTIAPPEND", "IMAP4REV2")


class ClientsTest(PracticeCase):
    """Alice has one sealed letter; each program reads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        cls.pdf = mails.pdf(["x"], 200000)
        clear = mails.letter("bob@lab.test", "alice@lab.test", "Lettre", TEXT + "\n", attachments=[("labo.pdf", "application/pdf", cls.pdf)])
        cls.store.append("alice@lab.test", mails.smime(clear, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob)))
        cls.certificate = cls.practice.relays["alice"].tls_certificate

    def check(self, octets):
        got = mails.parse(octets)
        self.assertIn(TEXT, mails.texts(got))
        self.assertEqual(mails.attachment(got, "labo.pdf"), self.pdf)

    def curl(self, *arguments, stdin=None):
        if base.program("curl") is None:
            self.skipTest("curl is not installed")
        return base.run("curl", "-sS", "--ssl-reqd", "--cacert", self.certificate, "-u", "alice@lab.test:pw-alice", *arguments, stdin=stdin)

    def test_curl_reads(self):
        self.check(self.curl(f"imap://127.0.0.1:{self.relay('alice').imap}/INBOX;UID=1"))

    def test_curl_reads_one_part(self):
        part = self.curl(f"imap://127.0.0.1:{self.relay('alice').imap}/INBOX;UID=1;SECTION=1")
        self.assertIn("sultat normal".encode(), part)

    def test_curl_sends(self):
        message = mails.letter("alice@lab.test", "bob@lab.test", "#med# Par curl", TEXT + "\n", attachments=[("labo.pdf", "application/pdf", self.pdf)])
        self.curl(f"smtp://127.0.0.1:{self.relay('alice').smtp}", "--mail-from", "alice@lab.test", "--mail-rcpt", "bob@lab.test",
                  "--upload-file", "-", stdin=message)
        self.assertIn(b"pkcs7-mime", self.arrived("bob", 1)[-1])
        self.check(self.newest("bob"))

    def test_mbsync_copies_both_ways(self):
        if base.program("mbsync") is None:
            self.skipTest("mbsync is not installed")
        place = self.practice.folder.path / "mbsync"
        (place / "mail").mkdir(parents=True)
        (place / "rc").write_text(MBSYNC.format(port=self.relay("alice").imap, certificate=self.certificate, place=place))
        sync = ("mbsync", "-c", place / "rc", "-a")
        base.run(*sync)
        files = messages(place / "mail" / "INBOX")
        self.assertEqual(1, len(files))
        self.check(files[0])
        base.run(*sync)
        self.assertEqual(files, messages(place / "mail" / "INBOX"))
        draft = mails.letter("alice@lab.test", "bob@lab.test", "#med# Brouillon", TEXT + "\n")
        (place / "mail" / "Drafts" / "new" / "1.here").write_bytes(draft.replace(b"\r\n", b"\n"))
        base.run(*sync)
        stored = self.store.stored("alice@lab.test", "Drafts")[-1]
        self.assertIn(b"pkcs7-mime", stored)

    def imaplib(self):
        return imaplib_box(self, self.relay("alice").imap, self.certificate)

    def test_imaplib_reads(self):
        box = self.imaplib()
        self.assertEqual(("OK", [b"1"]), box.select("INBOX"))
        self.assertEqual(b"1", box.search(None, "SUBJECT", "Lettre")[1][0])
        self.check(box.fetch("1", "(RFC822)")[1][0][1])
        self.check(box.uid("FETCH", "1", "(BODY.PEEK[])")[1][0][1])

    def test_imaplib_changes(self):
        box = self.imaplib()
        box.select("INBOX")
        for command in (lambda: box.store("1", "+FLAGS", "\\Flagged"), lambda: box.copy("1", "Junk"), lambda: box.noop(), box.namespace,
                        lambda: box.create("Dossier"), lambda: box.rename("Dossier", "Autre"), lambda: box.delete("Autre"),
                        lambda: box.list(), lambda: box.status("Junk", "(MESSAGES UIDNEXT)"), box.check, box.unselect):
            self.assertEqual("OK", command()[0])
        box.select("Junk")
        self.assertEqual("OK", box.uid("MOVE", "1", "Trash")[0])
        self.assertEqual("OK", box.expunge()[0])
        self.assertIn(b"pkcs7-mime", self.store.stored("alice@lab.test", "Trash")[-1])

    def test_capabilities_are_an_allow_list(self):
        box = self.imaplib()
        offered = {c.upper() for c in box.capabilities} | set(box.capability()[1][0].decode().upper().split())
        self.assertEqual(set(), offered & set(NEVER_OFFERED))
        for useful in ("IMAP4REV1", "IDLE", "UIDPLUS", "MOVE", "CONDSTORE", "QRESYNC", "SPECIAL-USE", "NAMESPACE", "ID", "ENABLE", "ESEARCH"):
            self.assertIn(useful, offered)

    def test_idle_tells_of_new_mail(self):
        box = self.imap("alice")
        box.raw(b"i IDLE\r\n")
        self.assertTrue(box.line().startswith(b"+"))
        self.store.append("alice@lab.test", mails.letter("z@lab.test", "alice@lab.test", "nouvelle", "Rien.\n"))
        self.assertRegex(box.line(), rb"^\* \d+ (EXISTS|RECENT)")
        box.raw(b"DONE\r\n")
        while not box.line().startswith(b"i OK"):
            pass
        last = self.direct("alice")
        last.do("STORE * +FLAGS (\\Deleted)")
        last.do("EXPUNGE")

    def test_the_local_certificate_is_a_leaf(self):
        text = base.run("openssl", "x509", "-in", self.certificate, "-noout", "-text").decode()
        self.assertIn("CA:FALSE", text)
        self.assertIn("127.0.0.1", text)
        self.assertIn("localhost", text)


def imaplib_box(case, port, certificate):
    """Alice's connection by imaplib, the certificate checked."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.verify_flags |= getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
    box = imaplib.IMAP4("127.0.0.1", port, timeout=60)
    case.addCleanup(box.shutdown)
    box.starttls(context)
    box.login("alice@lab.test", "pw-alice")
    return box


MBSYNC = """\
IMAPAccount a
Host 127.0.0.1
Port {port}
User alice@lab.test
Pass pw-alice
SSLType STARTTLS
CertificateFile {certificate}

IMAPStore far
Account a

MaildirStore near
Path {place}/mail/
Inbox {place}/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns INBOX Drafts
Create Near
Sync All
SyncState *
"""


def messages(maildir):
    """The octets of each message, CRLF."""
    return [mails.crlf(f.read_bytes()) for sub in ("new", "cur") for f in sorted((pathlib.Path(maildir) / sub).iterdir())]
