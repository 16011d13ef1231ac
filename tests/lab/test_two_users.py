"""Two doctors with a session each on one computer: nobody gets anything at the other's doors, nor in his folder."""
import imaplib
import os
import poplib
import shutil
import smtplib
import socket
import subprocess
import unittest
import urllib.parse

import common
from lab import base, pki, servers, souspli, users

ALICE, BOB = 61001, 61002


def greeted(port):
    """What a program is told that connects there, and says that it wants something."""
    try:
        with socket.create_connection((base.LOOPBACK, port), timeout=20) as own:
            own.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            return own.recv(60).decode("latin-1")
    except ConnectionResetError:
        return ""


def served(ports, name):
    """Logs in everywhere, as that doctor's mail program."""
    login, password = f"{name}@lab.test", f"pw-{name}"
    with smtplib.SMTP(base.LOOPBACK, ports["smtp"], timeout=60) as client:
        client.starttls(context=pki.unchecked_context())
        client.login(login, password)
    box = imaplib.IMAP4(base.LOOPBACK, ports["imap"], timeout=60)
    box.starttls(pki.unchecked_context())
    box.login(login, password)
    box.logout()
    drop = poplib.POP3(base.LOOPBACK, ports["pop3"], timeout=60)
    drop.stls(pki.unchecked_context())
    drop.user(login)
    drop.pass_(password)
    drop.quit()
    return "HTTP/1.1" in greeted(ports["dashboard"])


def reached(folder):
    """What of a folder and all that it is known to hold somebody may list, read or write."""
    found = []
    for place in (folder, f"{folder}/home", f"{folder}/home/keys"):
        for right in (os.R_OK, os.W_OK, os.X_OK):
            if os.access(place, right):
                found.append(place)
    for file in ("home/dashboard.json", "home/tls/local.pem", "souspli.toml", "passphrase"):
        try:
            found.append(open(f"{folder}/{file}").read())
        except PermissionError:
            pass
    return found


@unittest.skipUnless(base.is_root() and souspli.binary(), "as root, with a souspli that has been built")
class TwoUsersTest(unittest.TestCase):
    """A Souspli each, all of whose doors are open."""

    @classmethod
    def setUpClass(cls):
        cls.practice = servers.Practice(pop3_tls="implicit")
        cls.addClassCleanup(cls.practice.stop)
        place, provider = cls.practice.folder.path, cls.practice.provider
        program = place / "souspli"
        # The project may lie where other users see nothing.
        shutil.copy(souspli.binary(), program)
        for name, number in (("alice", ALICE), ("bob", BOB)):
            (place / f"u-{name}").mkdir()
            account = provider.account(f"{name}@lab.test", pop3_tls="implicit")
            cls.practice.relays[name] = users.Relay(number, program, place / f"u-{name}", [account], [provider.tls.bundle], pop3=True)
        cls.practice.start()
        cls.relays = cls.practice.relays

    def ports(self, name):
        """Of that doctor's Souspli."""
        relay = self.relays[name]
        return {"smtp": relay.smtp, "imap": relay.imap, "pop3": relay.pop3, "dashboard": urllib.parse.urlsplit(relay.dashboard).port}

    def test_each_is_served_at_his_own_doors(self):
        for name, number in (("alice", ALICE), ("bob", BOB)):
            with self.subTest(name):
                self.assertIs(True, users.as_user(number, served, self.ports(name), name))

    def test_nobody_is_served_at_the_others(self):
        for name, stranger in (("alice", BOB), ("bob", ALICE)):
            for door, port in self.ports(name).items():
                with self.subTest(f"{name}: {door}"):
                    self.assertEqual("", users.as_user(stranger, greeted, port))
            self.assertIn("another user", self.relays[name].log.read_text())

    def test_the_administrator_is_no_exception(self):
        for door, port in self.ports("alice").items():
            with self.subTest(door):
                self.assertEqual("", greeted(port))

    def test_nobody_gets_into_the_others_folder(self):
        for name, stranger in (("alice", BOB), ("bob", ALICE)):
            with self.subTest(name):
                self.assertEqual([], users.as_user(stranger, reached, str(self.relays[name].folder)))

    def test_nothing_is_done_with_the_others_home(self):
        """Neither by a command of one's own, nor by root's: each is refused, and nothing changes."""
        alice = self.relays["alice"]
        before = {path: path.read_bytes() for path in alice.home.rglob("*") if path.is_file() and not path.name.startswith("journal")}
        for prefix in (["setpriv", "--reuid", str(BOB), "--regid", str(BOB), "--clear-groups"], []):
            for words in (["key", "list"], ["run", "--headless", "--config", str(alice.config)]):
                with self.subTest(" ".join(prefix + words)):
                    command = [*prefix, str(self.practice.folder.path / "souspli"), *words, "--home", str(alice.home)]
                    done = subprocess.run(command, env=alice.environment(), capture_output=True, timeout=60)
                    self.assertEqual(1, done.returncode, done.stdout)
                    self.assertEqual(b"", done.stdout)
        self.assertEqual(before, {path: path.read_bytes() for path in before})

    def test_a_sealed_letter_from_one_to_the_other(self):
        """Each by his own Souspli, as if they had a computer each."""
        canary = common.Canary()

        def sent(port, letter):
            with smtplib.SMTP(base.LOOPBACK, port, timeout=60) as client:
                client.starttls(context=pki.unchecked_context())
                client.login("alice@lab.test", "pw-alice")
                client.sendmail("alice@lab.test", ["bob@lab.test"], letter)
            return True

        def read(port):
            box = imaplib.IMAP4(base.LOOPBACK, port, timeout=60)
            box.starttls(pki.unchecked_context())
            box.login("bob@lab.test", "pw-bob")
            box.select("INBOX")
            return box.fetch("1", "(BODY.PEEK[])")[1][0][1].decode("latin-1")

        letter = canary.letter("#med# Bilan", "bob@lab.test")
        self.assertIs(True, users.as_user(ALICE, sent, self.ports("alice")["smtp"], letter))
        stored = base.until(lambda: self.practice.provider.store.stored("bob@lab.test"), 30, "the letter")
        self.assertEqual([], canary.found_in(stored[0]))
        self.assertIn(canary.body, users.as_user(BOB, read, self.ports("bob")["imap"]))
