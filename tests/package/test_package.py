"""The Debian package: what an administrator installs, what a doctor has of it, what it leaves."""
import configparser
import gzip
import imaplib
import os
import pathlib
import pwd
import re
import shutil
import smtplib
import subprocess
import unittest

import common
from lab import base, pki, servers, users

PACKAGE = pathlib.Path(os.environ["SOUSPLI_PACKAGE"])
PROGRAM = "/usr/bin/souspli"
UNIT = "/usr/lib/systemd/user/souspli.service"
STARTER = "/etc/xdg/autostart/souspli.desktop"
DOCTOR = "docteur"


def dpkg(*words):
    """Must succeed; what it says."""
    return base.run("dpkg", *words, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


def again(number, folder):
    """A package of the same program, of another version."""
    base.run(base.ROOT / "scripts" / "package", "--deb", folder / "program", number, folder, seconds=300)
    return next(folder.glob(f"souspli_{number}_*.deb"))


class Contents(unittest.TestCase):
    """What can be said of the file."""

    def unpacked(self):
        """Its tree."""
        folder = base.Folder()
        self.addCleanup(folder.remove)
        base.run("dpkg-deb", "-x", PACKAGE, folder.path)
        return folder.path

    def test_debian_s_own_reader_finds_no_fault(self):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", PACKAGE], capture_output=True, timeout=300)
        self.assertEqual(0, done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"))

    def test_the_same_tree_gives_the_same_octets(self):
        program, folder = self.unpacked() / "usr/bin/souspli", base.Folder()
        self.addCleanup(folder.remove)
        made = []
        for name in ("one", "two"):
            place = folder.path / name
            place.mkdir()
            shutil.copyfile(program, place / "program")
            (place / "program").chmod(0o755)
            made.append(again("9.9", place).read_bytes())
        self.assertEqual(made[0], made[1])

    def test_every_command_is_in_the_manual(self):
        tree = self.unpacked()
        manual = gzip.decompress((tree / "usr/share/man/man1/souspli.1.gz").read_bytes()).decode()
        told = base.run(tree / "usr/bin/souspli", "--help").decode()
        commands = re.findall(r"(?m)^  ([a-z-]+)  ", told)
        self.assertIn("journal", commands)
        for name in commands:
            self.assertIn(f".TP\n.B {name}\n", manual)
        done = subprocess.run(["man", "--warnings", "-l", "-"], input=manual.encode(), capture_output=True, env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="120"))
        self.assertEqual((0, b""), (done.returncode, done.stderr))

    def test_what_begins_it_names_what_is_there(self):
        tree = self.unpacked()
        starter, unit, shown = (configparser.RawConfigParser(strict=False) for _ in range(3))
        for read, place in ((starter, STARTER), (unit, UNIT), (shown, "/usr/share/applications/souspli.desktop")):
            read.read(tree / place.lstrip("/"))
        self.assertIn("start souspli.service", starter["Desktop Entry"]["Exec"])
        self.assertEqual(f"{PROGRAM} run", unit["Service"]["ExecStart"])
        self.assertEqual("yes", unit["Service"]["NoNewPrivileges"])
        # One way to begin it, and not two.
        self.assertFalse(unit.has_section("Install"))
        self.assertEqual("souspli run", shown["Desktop Entry"]["Exec"])
        sizes = {place.parent.parent.name for place in (tree / "usr/share/icons/hicolor").rglob("souspli.png")}
        self.assertTrue({"16x16", "48x48", "256x256"} <= sizes, sizes)


@unittest.skipUnless(os.environ.get("SOUSPLI_PACKAGE_OVER"), "installed over a machine as root only")
class Installed(unittest.TestCase):
    """Installed by the administrator, used by a doctor who has just got his account. The tests follow each other."""

    @classmethod
    def setUpClass(cls):
        dpkg("--install", PACKAGE)
        base.run("useradd", "--create-home", "--shell", "/bin/sh", DOCTOR)
        cls.number, cls.home = pwd.getpwnam(DOCTOR).pw_uid, pathlib.Path(pwd.getpwnam(DOCTOR).pw_dir)
        cls.practice = servers.Practice(smtp="postfix")
        cls.addClassCleanup(cls.practice.stop)
        place, provider = cls.practice.folder.path, cls.practice.provider
        shutil.copy(PROGRAM, place / "program")
        for name in ("alice", "bob"):
            own = cls.home / name
            own.mkdir()
            account = provider.account(f"{name}@lab.test")
            cls.practice.relays[name] = users.Relay(cls.number, PROGRAM, own, [account], [provider.tls.bundle])
        cls.practice.start()
        cls.alice = cls.practice.relays["alice"]

    def as_doctor(self, work, *words):
        """Done by his mail program."""
        return users.as_user(self.number, work, *words)

    def letter_to_bob(self, count):
        """A sealed letter, and what bob reads of it."""
        canary = common.Canary()
        letter = canary.letter("#med# Bilan", "bob@lab.test")
        self.assertIs(True, self.as_doctor(sent, self.alice.smtp, letter))
        store = self.practice.provider.store
        stored = base.until(lambda: len(got := store.stored("bob@lab.test")) >= count and got, 30, "the letter")
        self.assertEqual([], canary.found_in(stored[-1]), "in clear at the provider")
        self.assertIn(canary.body, self.as_doctor(read, self.practice.relays["bob"].imap))

    def kept(self):
        """All that is in that doctor's folder, but what is written as time goes by."""
        return {place: place.read_bytes() for place in self.alice.home.rglob("*") if place.is_file() and "journal" not in place.name}

    def test_1_its_parts_are_in_their_places(self):
        for place in (PROGRAM, UNIT, STARTER, "/usr/share/applications/souspli.desktop", "/usr/share/doc/souspli/copyright"):
            self.assertTrue(pathlib.Path(place).is_file(), place)
        done = subprocess.run(["systemd-analyze", "--user", "verify", UNIT], capture_output=True, env=dict(os.environ, XDG_RUNTIME_DIR="/tmp"), timeout=60)
        self.assertNotIn(b"souspli.service:", done.stderr, done.stderr)
        self.assertEqual(0o755, pathlib.Path("/etc/souspli").stat().st_mode & 0o777)

    def test_2_a_sealed_letter_there_and_back(self):
        self.letter_to_bob(1)

    def test_3_the_machine_policy_binds(self):
        policy = pathlib.Path("/etc/souspli/policy.toml")
        policy.write_text('[policy]\ntag = "#soin#"\n')
        self.assertIn(str(policy).encode(), self.alice.cli("check", "--config", self.alice.config))
        policy.write_text("[policy]\nodd = 1\n")
        self.assertEqual(1, self.alice.attempt("check", "--config", self.alice.config).returncode)
        policy.write_text("[policy]\n")

    def test_4_an_upgrade_keeps_homes_and_policy(self):
        before = self.kept()
        dpkg("--install", again("9.0.1", self.practice.folder.path))
        self.assertIn(b"9.0.1", base.run("dpkg-query", "-W", "souspli"))
        self.assertEqual(before, self.kept())
        self.assertTrue(pathlib.Path("/etc/souspli/policy.toml").is_file())
        for relay in self.practice.relays.values():
            self.assertEqual(0, relay.stop())
            relay.start()
        self.letter_to_bob(2)

    def test_5_removed_it_leaves_homes_and_what_administrators_wrote(self):
        for relay in self.practice.relays.values():
            self.assertEqual(0, relay.stop())
        before = self.kept()
        dpkg("--remove", "souspli")
        self.assertFalse(pathlib.Path(PROGRAM).exists())
        self.assertTrue(pathlib.Path("/etc/souspli/policy.toml").is_file())
        self.assertTrue(pathlib.Path(STARTER).is_file(), "a file of the administrator's, until purge")
        self.assertEqual(before, self.kept())
        dpkg("--purge", "souspli")
        self.assertFalse(pathlib.Path("/etc/souspli").exists())
        self.assertFalse(pathlib.Path(STARTER).exists())
        self.assertEqual(before, self.kept(), "a key destroyed makes old mail unreadable")
        self.assertEqual([], [place for place in base.run("find", "/usr", "/etc", "-name", "*souspli*").decode().split()])


def sent(port, letter):
    """By alice's mail program."""
    with smtplib.SMTP(base.LOOPBACK, port, timeout=60) as client:
        client.starttls(context=pki.unchecked_context())
        client.login("alice@lab.test", "pw-alice")
        client.sendmail("alice@lab.test", ["bob@lab.test"], letter)
    return True


def read(port):
    """What bob's shows of the newest letter."""
    box = imaplib.IMAP4(base.LOOPBACK, port, timeout=60)
    box.starttls(pki.unchecked_context())
    box.login("bob@lab.test", "pw-bob")
    box.select("INBOX")
    return box.fetch("*", "(BODY.PEEK[])")[1][0][1].decode("latin-1")
