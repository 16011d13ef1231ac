"""Starting and ending: configurations as editors save them, homes that will not do, signals, a machine policy."""
import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import threading
import unittest

from lab import base, listener, mails, pki, souspli

from common import need_product

NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


class StartCase(unittest.TestCase):
    """A fresh home and configuration for each test."""

    def setUp(self):
        need_product()
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.folder = folder.path
        self.relay = souspli.Souspli(self.folder, [souspli.account("alice@lab.test", 1, 1)], [])

    def check(self):
        """`souspli check` of the configuration as it stands."""
        return self.relay.attempt("check", "--config", self.relay.config)

    def refused(self, code, done):
        """Status 1, the code, nothing on standard output."""
        self.assertEqual((1, b""), (done.returncode, done.stdout), done.stderr.decode())
        self.assertIn(f"[{code}]", done.stderr.decode())
        return done.stderr.decode()


class ConfigurationTest(StartCase):
    """The file as it is found."""

    def test_as_editors_save_it(self):
        text = self.relay.config.read_text() + "# été\n"
        for name, octets, code in (("utf-8", text.encode(), None), ("notepad", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), None),
                                   ("latin-1", text.encode("latin-1"), "SP-CONFIG-NOT-TEXT"), ("utf-16", text.encode("utf-16"), "SP-CONFIG-NOT-TEXT")):
            with self.subTest(name):
                self.relay.config.write_bytes(octets)
                done = self.check()
                self.refused(code, done) if code else self.assertEqual(0, done.returncode, done.stderr)

    def test_paths_start_at_the_file(self):
        authority = pki.Authority(self.folder / "pki", "Autorité d'essai")
        text = self.relay.config.read_text()
        self.relay.config.write_text(text.replace("authorities = []", 'authorities = ["pki/ca.pem"]'))
        for place in (self.folder, self.folder / "pki", pathlib.Path("/")):
            command = [str(souspli.binary()), "check", "--config", os.path.relpath(self.relay.config, place), "--home", str(self.relay.home)]
            done = subprocess.run(command, cwd=place, env=self.relay.environment(), capture_output=True, timeout=60)
            self.assertEqual(0, done.returncode, done.stderr)
        authority.certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        self.assertIn("ca.pem", self.refused("SP-TLS-AUTHORITIES", self.check()))
        authority.certificate.unlink()
        self.assertIn("ca.pem", self.refused("SP-TLS-AUTHORITIES", self.check()))

    def test_the_file_is_named_above_its_faults(self):
        self.relay.config.write_text(self.relay.config.read_text().replace("port = 1,", "port = 0,"))
        said = self.refused("SP-CONFIG-PORT", self.check())
        self.assertIn(f"{self.relay.config} : 2 fautes / 2 faults", said)

    def test_checking_makes_nothing(self):
        self.relay.home.rmdir()
        self.assertEqual(0, self.check().returncode)
        self.assertFalse(self.relay.home.exists())

    @unittest.skipUnless(base.is_root(), "a policy of another /etc can only be mounted by root")
    def test_a_machine_policy(self):
        etc = self.folder / "etc"
        shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
        (etc / "souspli").mkdir(exist_ok=True)
        command = ["unshare", "-m", "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh", str(souspli.binary()),
                   "check", "--config", str(self.relay.config), "--home", str(self.relay.home)]
        if subprocess.run([*command[:5], "sh", "true"], capture_output=True).returncode != 0:
            self.skipTest("this machine lets nobody mount")
        for text, code in (('[policy]\ntag = "#sante#"\n', None), ("[policy]\ntag = 3\n", "SP-CONFIG-TYPE"), ("[listen]\n", "SP-CONFIG-UNKNOWN-KEY")):
            with self.subTest(text):
                (etc / "souspli" / "policy.toml").write_text(text)
                done = subprocess.run(command, env=self.relay.environment(), capture_output=True, timeout=60)
                said = self.refused(code, done) if code else done.stdout.decode()
                self.assertIn("/etc/souspli/policy.toml", said)
                self.assertEqual(1 if code else 0, done.returncode)


class HomeTest(StartCase):
    """The folder that all is kept in."""

    def test_it_is_made_private_where_there_is_none(self):
        self.relay.home = self.folder / "not" / "yet"
        self.relay.cli("key", "list")
        self.assertEqual(0o700, self.relay.home.stat().st_mode & 0o777)

    def test_something_else_stands_there(self):
        self.relay.home.rmdir()
        self.relay.home.write_text("x")
        self.refused("SP-HOME-NOT-MADE", self.relay.attempt("key", "list"))

    def test_a_passphrase_file_that_will_not_do(self):
        place = self.folder / "passphrase"
        for name, prepare in (("empty", lambda: place.write_text("\n")), ("large", lambda: place.write_text("x" * 5000)), ("absent", place.unlink)):
            with self.subTest(name):
                prepare()
                self.refused("SP-PASSPHRASE-FILE", self.relay.attempt("key", "list"))

    @unittest.skipUnless(base.is_root(), "only root can become somebody else")
    def test_it_belongs_to_somebody_else(self):
        self.relay.cli("key", "list")
        words = ["key", "list", "--home", str(self.relay.home)]
        done = subprocess.run([*NOBODY, str(self.unprivileged_binary()), *words], env=self.relay.environment(), capture_output=True, timeout=60)
        self.refused("SP-HOME-FOREIGN", done)
        # Nor does root leave files in a home that its owner could not read.
        os.chown(self.relay.home, pwd.getpwnam("nobody").pw_uid, -1)
        self.refused("SP-HOME-FOREIGN", self.relay.attempt("key", "list"))

    @unittest.skipUnless(base.is_root(), "only root can become somebody else")
    def test_nowhere_to_make_it(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0o755)
        command = [*NOBODY, str(self.unprivileged_binary()), "key", "list", "--home", str(closed / "home")]
        self.refused("SP-HOME-NOT-MADE", subprocess.run(command, env=self.relay.environment(), capture_output=True, timeout=60))

    @unittest.skipUnless(base.is_root(), "only root can mount")
    def test_a_disk_that_is_read_only(self):
        authority = pki.Authority(self.folder / "pki", "Autorité d'essai")
        self.relay.cli("trust", "add", authority.certificate)
        home = self.relay.home
        script = f'mount --bind {home} {home} && mount -o remount,bind,ro {home} && exec "$@"'

        def attempt(*words):
            command = ["unshare", "-m", "sh", "-c", script, "sh", str(souspli.binary()), *words, "--home", str(home)]
            return subprocess.run(command, env=self.relay.environment(), capture_output=True, timeout=60)

        if attempt("--version").returncode != 0:
            self.skipTest("this machine lets nobody mount")
        self.assertEqual(self.relay.cli("trust", "list"), attempt("trust", "list").stdout)
        self.assertEqual(0, attempt("journal").returncode)
        self.refused("SP-STORE-WRITE", attempt("trust", "add", str(authority.certificate)))

    def unprivileged_binary(self):
        """A copy that everybody may run."""
        copy = self.folder / "souspli-binary"
        if not copy.exists():
            shutil.copy(souspli.binary(), copy)
            copy.chmod(0o755)
        return copy


class EndTest(StartCase):
    """Two relays, signals, an output that nobody reads."""

    def begin(self, relay, before=(), **more):
        """`souspli run` in a process of its own, ready."""
        command = [*before, str(souspli.binary()), "run", "--headless", "--config", str(relay.config), "--home", str(relay.home)]
        process = subprocess.Popen(command, env=relay.environment(), stdin=subprocess.DEVNULL, **more)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def fixed_ports(self):
        """Ports that are known beforehand."""
        ports = base.free_ports(2)
        text = self.relay.config.read_text()
        for kind, port in zip(("smtp", "imap"), ports):
            text = text.replace(f'{kind} = "127.0.0.1:0"', f'{kind} = "127.0.0.1:{port}"')
        self.relay.config.write_text(text)
        return ports

    def test_two_on_one_home(self):
        """The second says so, on ports of its own too, and takes nothing from the first, whose dashboard is still found."""
        self.relay.start()
        self.addCleanup(self.relay.stop)
        done = self.relay.attempt("run", "--headless", "--config", self.relay.config)
        self.assertIn(str(self.relay.home), self.refused("SP-RUNS-ALREADY", done))
        self.assertTrue(base.answers(self.relay.smtp))
        self.assertIn(b"http://", self.relay.cli("dashboard", "--print"))
        self.relay.kill()
        self.relay.start_again()

    def test_one_begins_while_another_ends(self):
        """As after an upgrade: the second is ready once the first has let go of the home, however that was started."""
        self.relay.start()
        first = self.relay.process
        self.relay.begin()
        self.addCleanup(self.relay.stop)
        first.terminate()
        first.wait(12)
        self.relay.read_ready()

    def test_a_port_of_another(self):
        """Of another program, or another home."""
        (self.folder / "other").mkdir()
        other = souspli.Souspli(self.folder / "other", [souspli.account("alice@lab.test", 1, 1)], [])
        other.start()
        self.addCleanup(other.stop)
        text = self.relay.config.read_text().replace('smtp = "127.0.0.1:0"', f'smtp = "127.0.0.1:{other.smtp}"')
        self.relay.config.write_text(text)
        done = self.relay.attempt("run", "--headless", "--config", self.relay.config)
        self.assertIn(str(other.smtp), self.refused("SP-LISTEN-PORT-IN-USE", done))
        self.assertTrue(base.answers(other.smtp))

    def test_no_link_into_the_dashboard_reaches_a_journal(self):
        stated = ["sh", "-c", 'exec 3>&1; export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/3); exec 3>&-; exec "$@"', "sh"]
        for before, is_told in ((["env", "JOURNAL_STREAM=1:1"], True), (stated, False)):
            with self.subTest(before):
                process = self.begin(self.relay, before, stdout=subprocess.PIPE)
                self.addCleanup(process.stdout.close)
                line = process.stdout.readline()
                self.assertTrue(line.startswith(b"ready smtp="), line)
                self.assertEqual(is_told, b"dashboard=" in line, line)
                process.terminate()
                process.wait(12)

    def test_signals_that_end_it(self):
        # Whoever runs the tests under nohup has it ignored, and so would Souspli.
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_DFL))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                self.relay.start()
                self.relay.process.send_signal(number)
                self.assertEqual(0, self.relay.process.wait(12))

    def test_nohup_outlives_its_terminal(self):
        smtp, _ = self.fixed_ports()
        process = self.begin(self.relay, before=["nohup"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        base.until(lambda: base.answers(smtp), 20, "the relay")
        process.send_signal(signal.SIGHUP)
        with socket.create_connection((base.LOOPBACK, smtp), 20) as client:
            self.assertTrue(client.recv(100).startswith(b"220 "))
        self.assertIsNone(process.poll())

    def test_an_output_that_nobody_reads(self):
        smtp, _ = self.fixed_ports()
        reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
        reader.wait()
        self.addCleanup(reader.stdin.close)
        with open("/dev/full", "wb") as full:
            # The line on standard output and the log about its failure both fail.
            for output in (full, reader.stdin):
                process = self.begin(self.relay, stdout=output, stderr=output)
                base.until(lambda: process.poll() is not None or base.answers(smtp), 20, "the relay")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(0, process.wait(12))

    def test_a_submission_in_hand_is_finished(self):
        """SIGTERM while the provider thinks: the answer comes, then the connection ends."""
        provider = Thinking()
        self.addCleanup(provider.listener.stop)
        account = souspli.account("alice@lab.test", provider.port, provider.port, smtp_tls="plain", imap_tls="plain")
        place = self.folder / "thinking"
        place.mkdir()
        relay = souspli.Souspli(place, [account], []).start()
        self.addCleanup(relay.kill)
        with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=30) as client:
            client.login("alice@lab.test", "pw")
            sent = threading.Thread(target=client.sendmail, args=("alice@lab.test", ["bob@ailleurs.fr"], mails.letter("alice@lab.test", "bob@ailleurs.fr", "s", "x\n")))
            sent.start()
            self.assertTrue(provider.asked.wait(20))
            relay.process.send_signal(signal.SIGTERM)
            base.until(lambda: not base.answers(relay.imap), 10, "the listeners to close")
            self.assertIsNone(relay.process.poll())
            provider.may_answer.set()
            sent.join(20)
            self.assertFalse(sent.is_alive())
            self.assertEqual(421, client.noop()[0])
        self.assertEqual(0, relay.process.wait(10))
        self.assertEqual(1, provider.messages)


class Thinking:
    """A provider that answers a message only when it is told to."""

    def __init__(self):
        self.asked, self.may_answer, self.messages = threading.Event(), threading.Event(), 0
        # Each connection at the same time: the relay asks for the offer on one of its own.
        self.listener = listener.Listener(self.serve).start()
        self.port = self.listener.port

    def serve(self, connection):
        """The dialogue."""
        with connection, connection.makefile("rwb") as stream:
            self.say(stream, b"220 mx")
            for line in stream:
                word = line[:4].upper()
                if word == b"EHLO":
                    self.say(stream, b"250-mx\r\n250 AUTH PLAIN")
                elif word == b"DATA":
                    self.say(stream, b"354 go")
                    while stream.readline() != b".\r\n":
                        pass
                    self.asked.set()
                    self.may_answer.wait(20)
                    self.messages += 1
                    self.say(stream, b"250 ok")
                else:
                    self.say(stream, b"235 ok" if word == b"AUTH" else b"250 ok")

    @staticmethod
    def say(stream, line):
        """One reply."""
        stream.write(line + b"\r\n")
        stream.flush()


if __name__ == "__main__":
    unittest.main()
