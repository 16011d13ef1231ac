"""The program for Windows and its installer, under Wine: what a doctor, his mail program and the IT department of his clinic see.

What Wine cannot show, the README names. Programs: target/windows/out, made by scripts/windows.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import smtplib
import subprocess
import threading
import unittest
import urllib.parse

import common
import test_assistant
import test_start
from lab import base, browser, imapline, mails, pki, servers, souspli, wine

OUT = base.ROOT / "target" / "windows" / "out"
POLICY_FOLDER = r"C:\ProgramData\Souspli"
POLICY_FILE = POLICY_FOLDER + r"\policy.toml"
DEFAULTS = r"HKLM\Software\Souspli\Defaults"
GROUP_POLICY = r"HKLM\Software\Policies\Souspli"
RUN_KEY = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run"
HOME = r"C:\homes\alice"
# How long a relay may take to end: ten seconds, and what Wine takes beside other work.
ENDS = 60

THUNDERBIRD = b"""// Mozilla User Preferences
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.accountmanager.accounts", "account1");
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id1.useremail", "alice@lab.test");
user_pref("mail.server.server1.hostname", "localhost");
user_pref("mail.server.server1.port", 993);
user_pref("mail.server.server1.socketType", 3);
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.userName", "alice@lab.test");
user_pref("mail.smtpserver.smtp1.hostname", "localhost");
user_pref("mail.smtpservers", "smtp1");
"""


def version():
    """Of the program that is tried."""
    return re.search(r'(?m)^version = "(.*)"$', (base.ROOT / "Cargo.toml").read_text()).group(1)


def installer(folder, number):
    """An installer of the same programs, of another version."""
    out = folder / f"souspli-{number}.msi"
    base.run(base.ROOT / "scripts" / "windows", "--msi", OUT / "souspli.exe", OUT / "souspli-session.exe", number, out, seconds=300)
    return out


def contents(folder):
    """Of each file below it."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class WindowsCase(unittest.TestCase):
    """A provider, doctors alice and bob; a Windows on which Souspli has been installed, for alice; for bob a Linux."""

    @classmethod
    def setUpClass(cls):
        cls.practice = servers.Practice(smtp="postfix" if base.is_root() else "sink")
        cls.addClassCleanup(cls.practice.stop)
        folder = cls.practice.folder.path
        cls.windows = wine.Windows(folder / "w")
        cls.addClassCleanup(cls.windows.end)
        cls.msi = OUT / f"souspli-{version()}.msi"
        cls.installed = cls.windows.installer("/i", cls.msi)
        given = (folder / "alice-w", [cls.practice.provider.account("alice@lab.test")], [cls.practice.provider.tls.bundle])
        given[0].mkdir()
        cls.practice.relays["alice"] = wine.Relay(*given, windows=cls.windows)
        cls.practice.start()
        cls.alice = cls.practice.relays["alice"]

    def imap(self, name):
        """A connection through that doctor's Souspli."""
        box = imapline.Imap(self.practice.relays[name].imap, f"{name}@lab.test", f"pw-{name}")
        self.addCleanup(box.close)
        box.do('SELECT "INBOX"')
        return box

    def submit(self, name, message, *recipients):
        """Sends as a mail program does."""
        client = smtplib.SMTP(base.LOOPBACK, self.practice.relays[name].smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(f"{name}@lab.test", f"pw-{name}")
        client.sendmail(f"{name}@lab.test", list(recipients), message, mail_options=["BODY=8BITMIME"])

    def newest(self, name, count):
        """The message that comes as the `count`th, as it is stored and as the mail program gets it."""
        store = self.practice.provider.store
        stored = base.until(lambda: len(got := store.stored(f"{name}@lab.test")) >= count and got, 30, f"{count} messages for {name}")
        fetched = self.imap(name).fetch("*", "UID BODY.PEEK[]")
        return stored[-1], fetched[max(fetched)]["BODY[]"]

    def said(self, *words, **more):
        """What a command says that is refused."""
        done = self.alice.attempt(*words, **more)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr.decode("utf-8", "replace")


class Mail(WindowsCase):
    """Mail through the program that was installed."""

    def test_1_a_sealed_letter_there_and_back(self):
        canary = common.Canary()
        self.submit("alice", canary.letter("#med# Bilan", "bob@lab.test"), "bob@lab.test")
        stored, shown = self.newest("bob", 1)
        self.assertEqual(canary.found_in(stored), [], "in clear at the provider")
        self.assertIn(b"pkcs7-mime", stored)
        self.assertIn(canary.body.encode(), shown)
        answer = common.Canary()
        self.submit("bob", answer.letter("#med# Re: Bilan", "alice@lab.test", sender="bob@lab.test"), "alice@lab.test")
        stored, shown = self.newest("alice", 1)
        self.assertEqual(answer.found_in(stored), [])
        self.assertIn(answer.body.encode(), shown)
        self.assertEqual(len(shown), len(re.sub(rb"\r?\n", b"\r\n", stored)), "the size that a list has told")

    def test_2_a_stranger_to_this_windows_is_refused(self):
        """Programs of Linux are nobody's here, and so are those of another prefix."""
        for port in self.alice.direct.values():
            with self.assertRaises((OSError, smtplib.SMTPException, base.LabError)):
                with smtplib.SMTP(base.LOOPBACK, port, timeout=20) as client:
                    client.ehlo()
        other = wine.Windows(self.practice.folder.path / "other")
        self.addCleanup(other.end)
        own = base.free_ports(1)[0]
        forward = subprocess.Popen(["wine", wine.TOOLS / "forward.exe", str(own), str(self.alice.direct["smtp"])], env=other.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(forward.stdout.close)
        self.addCleanup(forward.wait)
        self.addCleanup(forward.kill)
        self.assertEqual(forward.stdout.readline().strip(), b"ready")
        with self.assertRaises((OSError, smtplib.SMTPException)):
            with smtplib.SMTP(base.LOOPBACK, own, timeout=20) as client:
                client.ehlo()
        self.assertIn("another user", self.alice.log.read_text(errors="replace"))

    def test_3_it_ends_when_it_is_told_to_and_serves_again(self):
        self.assertEqual(self.alice.stop(), 0)
        self.alice.start()
        self.assertIn(b"Bonjour", self.newest("alice", 1)[1])

    def test_4_its_home_is_closed_to_others_and_its_key_in_the_keyring(self):
        done = self.windows.wine(wine.PROGRAM, "key", "list", "--home", HOME)
        self.assertEqual(done.returncode, 0, done.stderr)
        master = (self.windows.file(HOME) / "master.json").read_text()
        self.assertIn('"keyring"', master)
        again = self.windows.wine(wine.PROGRAM, "key", "list", "--home", HOME)
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_5_the_end_of_the_session_loses_nothing_in_hand(self):
        """The user logs off while the provider thinks: its answer is waited for, then the relay ends. Whatever stands before it, as a
        mail program, Windows has ended first."""
        provider = test_start.Thinking()
        self.addCleanup(provider.listener.stop)
        place = self.practice.folder.path / "thinking"
        place.mkdir()
        account = souspli.account("alice@lab.test", provider.port, provider.port, smtp_tls="plain", imap_tls="plain")
        relay = wine.Relay(place, [account], [], windows=self.windows).start()
        self.addCleanup(relay.kill)
        self.addCleanup(relay.unhook)
        with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as client:
            client.login("alice@lab.test", "pw")
            letter = mails.letter("alice@lab.test", "bob@ailleurs.fr", "s", "x\n")

            def send():
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    client.sendmail("alice@lab.test", ["bob@ailleurs.fr"], letter)

            sent = threading.Thread(target=send)
            sent.start()
            self.assertTrue(provider.asked.wait(30))
            ending = self.windows.begin(wine.TOOLS / "endsession.exe")
            self.addCleanup(ending.wait)
            self.addCleanup(ending.kill)
            # Whose a connection is Wine tells slowly: knocking again and again would be all that the relay has to do.
            base.until(lambda: not base.listens(relay.direct["imap"]), 20, "the listeners to close")
            self.assertIsNone(relay.process.poll())
            provider.may_answer.set()
            sent.join(30)
            self.assertFalse(sent.is_alive())
            client.close()
        self.assertEqual(0, relay.process.wait(ENDS))
        self.assertEqual(1, provider.messages)
        self.assertEqual("stopped", json.loads(relay.cli("journal", "--json").splitlines()[-1])["code"])
        # The session of the others has ended too.
        self.assertEqual(0, self.alice.process.wait(ENDS))
        self.assertEqual(0, ending.wait(ENDS), "nobody had to be killed")


class Administration(WindowsCase):
    """What the IT department fixes, and what an installer does."""

    def check(self):
        """`souspli check`: its status and all that it says."""
        done = self.alice.attempt("check", "--config", self.alice.config)
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")

    def refused(self, *recipients):
        """What a mail program is told of a tagged letter to these."""
        with self.assertRaises(smtplib.SMTPException) as caught:
            self.submit("alice", mails.letter("alice@lab.test", recipients[0], "#med# Bilan", "Bonjour"), *recipients)
        return str(caught.exception)

    def test_1_installed_silently_with_all_its_parts(self):
        self.assertEqual(self.installed, 0)
        folder = self.windows.file(r"C:\Program Files\Souspli")
        for name in ("souspli.exe", "souspli-session.exe", "souspli.example.toml", "admx/souspli.admx", "admx/fr-FR/souspli.adml", "admx/en-US/souspli.adml"):
            self.assertTrue((folder / name).is_file(), name)
        self.assertIn("souspli-session.exe", self.windows.value(RUN_KEY, "Souspli"))
        policies = self.windows.file(POLICY_FOLDER)
        self.assertTrue(policies.is_dir(), "made ahead of everybody else")
        self.assertEqual(policies.stat().st_mode & 0o022, 0)
        self.assertEqual(len(list(self.windows.prefix.rglob("Souspli.lnk"))), 1, "in the menu")
        done = self.windows.wine(wine.PROGRAM, "--version")
        self.assertEqual(done.stdout.decode().split(), ["souspli", version()])

    def test_2_the_policy_of_it_wins(self):
        """The user wants letters to go to whoever has a certificate; IT refuses them whole."""
        self.alice.config.write_text(self.alice.config.read_text() + 'missing_certificate = "partial"\n')
        policy = self.practice.folder.path / "policy.toml"
        policy.write_text('[policy]\nmissing_certificate = "refuse"\nunknown = 1\n')
        self.assertNotEqual(self.windows.wine(wine.PROGRAM, "policy", policy).returncode, 0, "one with a fault")
        self.assertFalse(self.windows.file(POLICY_FILE).exists())
        policy.write_text('[policy]\nmissing_certificate = "refuse"\n')
        self.assertEqual(self.windows.wine(wine.PROGRAM, "policy", policy).returncode, 0)
        self.assertEqual(self.check()[0], 0)
        self.assertIn(POLICY_FILE, self.check()[1])
        self.alice.stop()
        self.alice.start()
        self.assertIn("nobody@lab.test", self.refused("bob@lab.test", "nobody@lab.test"))
        # The group policy wins over the file.
        self.windows.registry(GROUP_POLICY, "tag", "#soin#")
        self.windows.registry(GROUP_POLICY, "domains", r"mssante.fr\0lab.test", "REG_MULTI_SZ")
        self.addCleanup(self.windows.forget, GROUP_POLICY)
        self.assertIn("HKEY_LOCAL_MACHINE", self.check()[1])
        self.windows.registry(GROUP_POLICY, "harvest", "7", "REG_DWORD")
        status, said = self.check()
        self.assertNotEqual(status, 0, "a policy with a fault is never left out")
        self.assertIn("harvest", said)

    def test_3_an_upgrade_keeps_what_was_chosen_and_ends_the_old_one(self):
        folder = self.practice.folder.path
        done = self.windows.installer("/i", installer(folder, "9.0.1"), "AUTOSTART=0", "CHANNEL=ordinary")
        self.assertEqual(done, 0)
        # The one that ran has ended in order.
        self.assertEqual(self.alice.process.wait(30), 0)
        self.assertIsNone(self.windows.value(RUN_KEY, "Souspli"))
        self.assertEqual(self.windows.installer("/i", installer(folder, "9.0.2")), 0)
        self.assertIsNone(self.windows.value(RUN_KEY, "Souspli"), "the choice of the last time")
        self.assertEqual(self.windows.value(DEFAULTS, "channel"), "ordinary", "the choice of the last time")
        self.assertTrue(self.windows.file(POLICY_FILE).is_file())
        self.assertNotEqual(self.windows.installer("/i", folder / "souspli-9.0.1.msi"), 0, "an older one")
        self.alice.start()
        self.assertTrue(self.alice.cli("key", "list"))

    def test_4_the_provider_of_the_clinic_is_said_once(self):
        """The user writes no server: those of the installer count, and the policy file wins over them."""
        folder, provider = self.practice.folder.path, self.practice.provider
        self.alice.stop()
        smtp, imap, nowhere = provider.smtp.starttls_port, provider.store.imaps, base.free_ports(1)[0]
        given = ("SMTPHOST=127.0.0.1", f"SMTPPORT={nowhere}", "SMTPTLS=starttls", "IMAPHOST=127.0.0.1", f"IMAPPORT={imap}", "DASHBOARDLANGUAGE=en")
        third = installer(folder, "9.0.3")
        self.assertNotEqual(self.windows.installer("/i", third, *given, "CHANNEL=odd"), 0, "no such channel")
        self.assertEqual(self.windows.installer("/i", third, *given, "CHANNEL=ordinary"), 0)
        policy = folder / "defaults.toml"
        policy.write_text(f'[policy]\nmissing_certificate = "refuse"\n[defaults]\nsmtp_host = "127.0.0.1"\nsmtp_port = {smtp}\nsmtp_tls = "starttls"\n')
        self.assertEqual(self.windows.wine(wine.PROGRAM, "policy", policy).returncode, 0)
        text = self.alice.config.read_text()
        self.addCleanup(self.alice.config.write_text, text)
        self.alice.config.write_text("".join(line for line in text.splitlines(True) if not line.startswith(("smtp = {", "imap = {"))))
        self.assertIn("Defaults", self.check()[1])
        self.alice.start()
        canary = common.Canary()
        self.submit("alice", canary.letter("#med# Bilan", "bob@lab.test"), "bob@lab.test")
        stored, shown = self.newest("bob", 1)
        self.assertEqual(canary.found_in(stored), [])
        self.assertIn(canary.body.encode(), shown)
        self.assertIn(b'lang="en"', self.page())
        self.alice.stop()

    def page(self):
        """The first page of the dashboard, as a browser of that Windows gets it."""
        link = urllib.parse.urlsplit(self.alice.dashboard)
        reached = self.alice.forwarded(link.port)
        ask = ["curl", "--silent", "--location", "--cookie", "", "--connect-to", f"{link.netloc}:{base.LOOPBACK}:{reached}", self.alice.dashboard]
        return base.run(*ask)

    def test_5_a_faulty_policy_is_no_installation(self):
        folder = self.practice.folder.path
        bad, good = folder / "bad.toml", folder / "good.toml"
        bad.write_text("[policy]\nunknown = 1\n")
        good.write_text('[policy]\nmissing_certificate = "refuse"\nglued_tag = "refuse"\n')
        before = self.windows.file(POLICY_FILE).read_bytes()
        fourth = installer(folder, "9.0.4")
        self.assertNotEqual(self.windows.installer("/i", fourth, f"POLICYFILE=Z:{bad}"), 0)
        self.assertEqual(self.windows.file(POLICY_FILE).read_bytes(), before)
        # Said again: Wine does not bring back the version before, nor what it remembered.
        chosen = ("AUTOSTART=0", "CHANNEL=ordinary", "SMTPHOST=127.0.0.1", "DASHBOARDLANGUAGE=en")
        self.assertEqual(self.windows.installer("/i", fourth, f"POLICYFILE=Z:{good}", *chosen), 0)
        self.assertIn(b"glued_tag", self.windows.file(POLICY_FILE).read_bytes())

    def test_6_what_is_installed_already_takes_no_property_any_more(self):
        """Any user may have Windows install or repair once more what is there, and it does so as an administrator, with properties of his."""
        folder, fourth = self.practice.folder.path, self.practice.folder.path / "souspli-9.0.4.msi"
        other, text = folder / "other.toml", self.windows.file(r"C:\Program Files\Souspli\LICENSE-MIT.txt")
        other.write_text('[policy]\nmissing_certificate = "partial"\n')
        said = lambda: [self.windows.file(POLICY_FILE).read_bytes(), *(self.windows.value(DEFAULTS, name) for name in ("channel", "smtp_host", "language")),
                        self.windows.value(RUN_KEY, "Souspli")]
        kept = said()
        self.assertEqual(kept[1:], ["ordinary", "127.0.0.1", "en", None])
        given = ("AUTOSTART=1", f"POLICYFILE=Z:{other}", "CHANNEL=mssante", "SMTPHOST=ailleurs.fr", "DASHBOARDLANGUAGE=fr")
        for words in ((), ("REINSTALL=ALL", "REINSTALLMODE=vomus")):
            with self.subTest(words):
                text.unlink()
                self.assertEqual(self.windows.installer("/i", fourth, *words, *given), 0)
                self.assertTrue(text.exists(), "repaired")
                self.assertEqual(said(), kept)
        self.assertEqual(self.check()[0], 0)

    @unittest.skipUnless(base.is_root(), "another user's folder is made by root")
    def test_7_a_folder_that_somebody_else_made_first_binds_nobody(self):
        folder, policy = self.windows.file(POLICY_FOLDER), self.windows.file(POLICY_FILE)
        kept = policy.read_bytes()
        os.chown(folder, 65534, 65534)
        self.addCleanup(os.chown, folder, 0, 0)
        status, said = self.check()
        self.assertNotEqual(status, 0)
        self.assertIn("SP-POLICY-CHANGEABLE", said)
        self.assertNotEqual(self.windows.wine(wine.PROGRAM, "policy").returncode, 0, "it is not given away what he has put there")
        policy.unlink()
        self.assertIn("SP-POLICY-CHANGEABLE", self.check()[1], "with nothing in it too: he could have taken it away")
        self.assertEqual(self.windows.wine(wine.PROGRAM, "policy").returncode, 0)
        self.assertEqual(folder.stat().st_uid, 0)
        self.assertEqual(self.check()[0], 0)
        policy.write_bytes(kept)

    def homes(self):
        """Those in the users' own folders, as Windows names these."""
        return sorted(self.windows.file(r"C:\users").glob("*/AppData/Local/Souspli/Souspli/data"))

    def test_8_a_version_that_comes_and_a_repair_leave_homes_whatever_is_said(self):
        words = ("key", "import", "--account", "alice@lab.test", "--password-file", self.alice.folder / "p12-password", "--config", self.alice.config)
        done = self.windows.wine(wine.PROGRAM, *words, self.practice.doctors["alice"].p12())
        self.assertEqual(done.returncode, 0, done.stderr)
        own, = self.homes()
        kept = contents(own)
        self.assertTrue([path for path in kept if path.parts[0] == "keys"])
        fifth = installer(self.practice.folder.path, "9.0.5")
        self.assertEqual(self.windows.installer("/i", fifth, "REMOVEHOMES=1"), 0)
        self.assertEqual(contents(own), kept)
        self.assertEqual(self.windows.installer("/i", fifth, "REINSTALL=ALL", "REINSTALLMODE=vomus", "REMOVEHOMES=1"), 0)
        self.assertEqual(contents(own), kept)

    def test_9_uninstalled_it_leaves_homes_and_policy(self):
        own, = self.homes()
        kept = [contents(own), contents(self.alice.home)]
        self.assertEqual(self.windows.installer("/x", self.practice.folder.path / "souspli-9.0.5.msi"), 0)
        self.assertFalse(self.windows.file(wine.PROGRAM).exists())
        self.assertIsNone(self.windows.value(RUN_KEY, "Souspli"))
        self.assertEqual(list(self.windows.prefix.rglob("Souspli.lnk")), [])
        self.assertTrue(self.windows.file(POLICY_FILE).is_file())
        self.assertEqual([contents(own), contents(self.alice.home)], kept)

    def test_a_uninstalled_so_that_nothing_stays_it_takes_every_home(self):
        """That of who runs it just then, and that of another user; not what lies elsewhere, though a link of somebody's leads there."""
        fifth, log = self.practice.folder.path / "souspli-9.0.5.msi", self.practice.folder.path / "msi.log"
        self.assertEqual(self.windows.installer("/i", fifth, "AUTOSTART=0"), 0)
        own, = self.homes()
        other = self.windows.file(r"C:\users\Zoé Durand") / own.relative_to(own.parents[4])
        shutil.copytree(own, other)
        beside = other.parents[3] / "Roaming" / "kept.txt"
        beside.parent.mkdir()
        beside.write_text("x")
        elsewhere, led = self.windows.file(r"C:\elsewhere"), self.windows.file(r"C:\users\eve") / own.relative_to(own.parents[4])
        shutil.copytree(own, elsewhere / "Souspli" / "data")
        led.parents[2].mkdir(parents=True)
        led.parents[1].symlink_to(elsewhere)
        kept = [contents(self.alice.home), contents(elsewhere)]
        running = subprocess.Popen(["wine", wine.PROGRAM, "run", "--headless", "--config", self.alice.config], env=self.windows.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for cleanup in (running.stdout.close, running.wait, running.kill):
            self.addCleanup(cleanup)
        self.assertTrue(running.stdout.readline().startswith(b"ready"))
        self.assertEqual(self.windows.installer("/x", fifth, "REMOVEHOMES=1", "/l*v", f"Z:{log}"), 0)
        self.assertEqual(0, running.wait(ENDS), "it has ended in order")
        self.assertFalse(self.windows.file(wine.PROGRAM).exists())
        self.assertEqual(self.homes(), [led])
        self.assertTrue(beside.is_file())
        self.assertEqual([contents(self.alice.home), contents(elsewhere)], kept)
        self.assertEqual(sorted(path.name for path in other.parents[5].iterdir() if path.name.startswith("Souspli")), [])
        said = re.sub(rb"[^ -~\r\n]+", b".", log.read_bytes().replace(b"\0", b"")).decode()
        for home, fate in ((own, "retir. / removed"), (other, "retir. / removed"), (led, "gard., un lien y m.ne / kept, a link leads there")):
            user = re.sub(r"[^ -~]", ".", home.parents[4].name)
            self.assertRegex(said, rf"Souspli: {fate}: C:\\users\\{user}\\AppData\\Local\\Souspli\\Souspli\\data")


class FirstDay(test_assistant.AssistantCase):
    """The assistant, and Thunderbird's settings as it has them on Windows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.windows = wine.Windows(cls.place.path / "w")
        cls.addClassCleanup(cls.windows.end)
        if cls.windows.installer("/i", OUT / f"souspli-{version()}.msi"):
            raise base.LabError("not installed")
        cls.text = f'[listen]\nsmtp = "127.0.0.1:0"\nimap = "127.0.0.1:0"\n\n[upstream]\nauthorities = ["{cls.provider.tls.bundle}"]\n'

    def fresh(self):
        return wine.Fresh(self.place.path / self._testMethodName, self.provider.tls.bundle, self.text, windows=self.windows)

    def browser(self):
        return browser.Browser(self.relay.dashboard, self.relay.forwarded(urllib.parse.urlsplit(self.relay.dashboard).port))

    def prepare(self, relay):
        """A Thunderbird that has the account, as its own list names it."""
        roaming = next(place for place in self.windows.file(r"C:\users").glob("*/AppData/Roaming") if place.parent.parent.name != "Public")
        self.settings = roaming / "Thunderbird" / "Profiles" / "abc.default" / "prefs.js"
        self.settings.parent.mkdir(parents=True)
        (roaming / "Thunderbird" / "profiles.ini").write_bytes(b"[Profile0]\r\nName=cabinet\r\nIsRelative=1\r\nPath=Profiles/abc.default\r\nDefault=1\r\n")
        self.settings.write_bytes(THUNDERBIRD)

    def switch(self, words):
        """The button below these words of the page; the page that follows."""
        form = self.page("/assistant/logiciel").partition(words)[2].partition('action="/assistant/thunderbird"')[2].partition("</form>")[0]
        fields = dict(re.findall(r'name="(profil|remettre)" value="([^"]*)"', form))
        return self.send("/assistant/thunderbird", **fields)

    def test_from_nothing_to_a_sealed_letter_and_thunderbird_switched_and_back(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        doors = self.to_service()
        self.assertIn("C’est fait", self.switch("« cabinet »"))
        switched = self.settings.read_text()
        for door in ("smtp", "imap"):
            self.assertIn(f', {doors[door].rpartition(":")[2]});', switched)
        held = self.windows.begin(wine.TOOLS / "hold.exe", self.settings.with_name("parent.lock"))
        self.addCleanup(held.wait)
        self.addCleanup(held.kill)
        base.until(lambda: "SP-TB-RUNS" in self.switch("« cabinet »"), 30, "a Thunderbird that runs to be respected")
        self.assertEqual(switched, self.settings.read_text())
        held.kill()
        held.wait()
        self.assertIn("Les réglages d’avant sont remis", self.switch("« cabinet »"))
        self.assertEqual(THUNDERBIRD, self.settings.read_bytes())
        self.send("/assistant/logiciel")
        self.assertEqual(6, self.send("/assistant/pli", passe="pw-alice").count("finding good"))
        stored = self.provider.store.stored(test_assistant.ALICE, "INBOX")
        self.assertEqual(1, len(stored))
        self.assertIn(b"application/pkcs7-mime", stored[0])
        self.assertNotIn(b"pli d'essai", stored[0])


class Signatures(unittest.TestCase):
    """What Windows asks of what is run."""

    def test_program_and_installer_are_signed(self):
        certificate = os.environ.get("SOUSPLI_SIGN_CERT", OUT / "essai.pem")
        for file in (OUT / "souspli.exe", OUT / "souspli-session.exe", OUT / f"souspli-{version()}.msi"):
            with self.subTest(file.name):
                base.run("osslsigncode", "verify", "-CAfile", certificate, "-in", file)

    def test_the_program_has_icon_version_and_manifest(self):
        octets = (OUT / "souspli.exe").read_bytes()
        for word in ("FileDescription".encode("utf-16-le"), version().encode("utf-16-le"), b"asInvoker", b"longPathAware"):
            self.assertIn(word, octets)


if shutil.which("wine") is None:
    raise unittest.SkipTest("Wine is not installed")
if not pathlib.Path(OUT / "souspli.exe").exists() or souspli.binary() is None:
    raise unittest.SkipTest("souspli has not been built for Windows and for Linux")
