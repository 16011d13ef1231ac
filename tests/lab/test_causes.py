"""Why a recipient cannot be sealed for, under each policy: the exact answer, who gets what, and nothing in clear.

Four policies (refuse or partial; an ordinary account, an account at an operator of the space of trust) meet six causes. Each letter
goes to Dr Bob as well, whose certificate stands. Certificates come from the home and from slapd, their status over HTTP.
"""
import re
import smtplib
import unittest

from lab import base, mails, pki, published, sink, slapd, souspli

from common import Canary, need_product

# What happens: refused for good, or for now; sealed for Bob and a notice for the sender; sealed for Bob, signed over the channel of the
# space of trust for the other.
# Each letter has the same little PDF: what memory would make of that is not the subject.
NO_MEMORY = "recognise_letters = false\n"
REFUSED, LATER, SOME, CHANNEL = "refused", "later", "some", "channel"
CAUSES = {
    # The code of a refusal, what it says of the certificate, and what happens: ordinary account refuse and partial, then the operator's.
    "none": ("SP-NO-CERTIFICATE", "", REFUSED, SOME, CHANNEL),
    "expired": ("SP-NO-CERTIFICATE", "expir", REFUSED, SOME, CHANNEL),
    "revoked": ("SP-NO-CERTIFICATE", "voqu", REFUSED, SOME, CHANNEL),
    "unknown": ("SP-STATUS-UNKNOWN", "souspli trust refresh", LATER, LATER, LATER),
    "ambiguous": ("SP-AMBIGUOUS-RECIPIENT", "souspli cert confirm", REFUSED, SOME, CHANNEL),
    "down": ("SP-DIRECTORY-AWAY", "", LATER, LATER, LATER),
}


class Side:
    """One kind of account, with its provider, its colleagues and a home for each policy."""

    def __init__(self, case, kind):
        self.channel = kind
        self.domain = {"ordinary": "lab.test", "mssante": "medecin.mssante.fr"}[kind]
        self.sender, self.bob = f"alice@{self.domain}", f"bob@{self.domain}"
        self.tls = pki.Tls(case.folder / f"{kind}-tls")
        self.provider = sink.Sink(self.tls, {self.sender: "pw"}).start()
        case.addClassCleanup(self.provider.stop)
        self.recipients = {cause: f"{cause}.essai@{self.domain}" for cause in CAUSES}
        self.homes = {missing: self.home(case, missing) for missing in ("refuse", "partial")}

    def home(self, case, missing):
        """A Souspli under this policy."""
        place = case.folder / f"{self.channel}-{missing}"
        place.mkdir()
        account = souspli.account(self.sender, self.provider.starttls_port, 1, channel=self.channel)
        relay = souspli.Souspli(place, [account], [self.tls.bundle, case.tls.bundle], f'missing_certificate = "{missing}"\n{NO_MEMORY}', space=[self.tls.bundle])
        relay.config.write_text(f'{relay.config.read_text()}\n{case.directory.section()}')
        of = lambda stem: f"{stem}-{self.channel}-{missing}"  # noqa: E731
        own = case.authority.doctor(of("alice"), "Dr Alice ESSAI", self.sender)
        bob = case.registry.doctor(of("bob"), "Dr Bob ESSAI", self.bob, case.web.places())
        revoked = case.registry.doctor(of("revoked"), "Dr Rose RAYEE", self.recipients["revoked"], case.web.places())
        unknown = case.silent.doctor(of("unknown"), "Dr Ines CONNUE", self.recipients["unknown"], case.web.places("/never.crl"))
        expired = case.authority.doctor(of("expired"), "Dr Eve PASSEE", self.recipients["expired"], days=-1)
        case.registry.revoke(revoked)
        relay.furnish({self.sender: [own]}, [bob, revoked, unknown, expired], [case.authority.certificate, case.silent.authority.certificate])
        relay.doctors = {self.sender: own, self.bob: bob}
        return relay


class CausesTest(unittest.TestCase):
    """Every policy, every cause."""

    @classmethod
    def setUpClass(cls):
        need_product()
        if not slapd.available():
            raise unittest.SkipTest("slapd is not installed")
        folder = base.Folder()
        cls.addClassCleanup(folder.remove)
        cls.folder = folder.path
        cls.tls = pki.Tls(cls.folder / "ldap-tls")
        cls.authority = pki.Authority(cls.folder / "pki", "Autorité d'essai")
        cls.registry = published.Registry(cls.folder / "registry", cls.authority)
        cls.silent = published.Registry(cls.folder / "silent", pki.Authority(cls.folder / "silent-pki", "Autorité muette"))
        cls.web = published.Publisher()
        cls.addClassCleanup(cls.web.stop)
        cls.directory = slapd.Slapd(cls.folder / "slapd", cls.tls)
        cls.addClassCleanup(cls.directory.stop)
        other = cls.authority.doctor("other", "Dr Ambiguous ESSAI", "ailleurs@autre.test")
        cls.directory.add("Ambiguous ESSAI", "ailleurs@autre.test", certificates=[other.certificate]).start()
        cls.sides = [Side(cls, kind) for kind in ("ordinary", "mssante")]
        cls.web.pages[published.LIST] = cls.registry.list()

    def test_each_policy_and_cause(self):
        cells = 0
        for side in self.sides:
            for missing, relay in side.homes.items():
                self.begin(relay)
                for cause in CAUSES:
                    if cause != "down":
                        cells += self.cell(side, missing, relay, cause)
                relay.stop()
        self.directory.stop()
        for side in self.sides:
            for missing, relay in side.homes.items():
                relay.start()
                cells += self.cell(side, missing, relay, "down")
                relay.stop()
        self.assertEqual(24, cells)

    def begin(self, relay):
        """Started, with the list that says who is revoked."""
        relay.start()
        self.addCleanup(relay.kill)
        relay.attempt("trust", "refresh", self.web.url(), "--config", relay.config)

    def cell(self, side, missing, relay, cause):
        """One letter to Bob and to somebody who cannot be sealed for."""
        with self.subTest(channel=side.channel, missing=missing, cause=cause):
            code, said, *kinds = CAUSES[cause]
            kind = kinds[2] if side.channel == "mssante" else kinds[0 if missing == "refuse" else 1]
            side.provider.forget()
            canary, other = Canary(), side.recipients[cause]
            # At the operator's, what only the domain asks to protect may go over the channel.
            subject = "Lettre" if side.channel == "mssante" else "#med# Lettre"
            answer, text = self.send(side, relay, canary.letter(subject, [side.bob, other], sender=side.sender), side.bob, other)
            got = side.provider.accepted()
            plain = [] if kind == CHANNEL else canary.found_in(side.provider.received())
            self.assertEqual([], plain)
            if kind in (REFUSED, LATER):
                self.assertEqual((550 if kind == REFUSED else 451, []), (answer, side.provider.transactions))
                self.assertIn(f"[{code}]", text)
                self.assertRegex(text, f"{re.escape(other)}.*{said}")
                return 1
            self.assertEqual(250, answer, text)
            # At the operator's the notice says what went over the channel.
            sealed, second, *notice = got
            self.assertEqual(1 if kind == CHANNEL else 0, len(notice))
            self.assertEqual([side.bob], self.to(sealed))
            self.read_by(relay.doctors[side.bob], sealed, canary)
            self.over_channel(second, other, canary) if kind == CHANNEL else self.told(side, second, other, said)
            return 1
        return 0

    def send(self, side, relay, letter, *recipients):
        """The answer at the end of data."""
        client = smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60)
        try:
            client.starttls(context=pki.unchecked_context())
            client.login(side.sender, "pw")
            client.sendmail(side.sender, list(recipients), letter)
            return 250, ""
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code, refused.smtp_error.decode("ascii")
        finally:
            client.close()

    def to(self, transaction):
        """Its recipients."""
        return [line.partition("<")[2].partition(">")[0] for line in transaction.rcpts]

    def read_by(self, doctor, transaction, canary):
        """It is encrypted, and Bob reads it."""
        self.assertEqual([], canary.found_in(transaction.octets))
        entity = base.run("openssl", "cms", "-decrypt", "-recip", doctor.certificate, "-inkey", doctor.key, stdin=transaction.octets)
        self.assertIn(canary.body.encode(), base.run("openssl", "cms", "-verify", "-CAfile", self.authority.certificate, stdin=entity))

    def over_channel(self, transaction, other, canary):
        """Signed, for members of the space only."""
        self.assertEqual([other], self.to(transaction))
        entity = base.run("openssl", "cms", "-verify", "-CAfile", self.authority.certificate, stdin=transaction.octets)
        self.assertIn(canary.body.encode(), entity)

    def told(self, side, transaction, other, said):
        """The notice names whom it did not reach, and why."""
        self.assertEqual([side.sender], self.to(transaction))
        text, status = mails.parse(transaction.octets).iter_parts()
        failed = [part for part in status.get_payload()[1:] if part["Action"] == "failed"]
        self.assertEqual([f"rfc822; {other}"], [part["Final-Recipient"] for part in failed])
        self.assertRegex(" ".join(text.get_content().split()), f"{re.escape(other)}.*{said}")


if __name__ == "__main__":
    unittest.main()
