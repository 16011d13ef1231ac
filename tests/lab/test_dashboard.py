"""The dashboard: who gets in, what he sees, and what nobody can make it do."""
import json
import os
import socket
import subprocess
import threading
import unittest

from lab import base, browser, imapline, mails

from common import PracticeCase

ALICE, BOB = "alice@lab.test", "bob@lab.test"
PAGES = ("/", "/cles", "/correspondants", "/correspondants/certificat", "/correspondants/lier", "/listes", "/listes/progres", "/listes/blanche", "/autorites", "/reglages", "/journal", "/journal.csv", "/pourquoi", "/diagnostic")
FORMS = ("/correspondants/chercher", "/correspondants/importer", "/correspondants/lier", "/correspondants/supprimer", "/listes/actualiser", "/listes/blanche",
         "/autorites/lire", "/autorites/ajouter", "/autorites/supprimer", "/reglages", "/pourquoi", "/journal/verifier", "/diagnostic",
         "/diagnostic/dossier", "/langue", "/fermer")
HTML = "\"><script>alert('pli')</script><b>&amp;"


class DashboardCase(PracticeCase):
    """Alice's relay, and links into its dashboard."""
    options = {"names": ("alice", "bob")}

    def link(self):
        """A link that was not used, as `souspli dashboard` tells it."""
        return self.relay("alice").cli("dashboard", "--print").decode().strip()

    def browser(self):
        """A browser that got in."""
        own = browser.Browser(self.link())
        self.assertEqual(303, own.enter().status)
        return own


class AdmissionTest(DashboardCase):
    """Bad input: refused, and nothing has changed."""

    def test_without_an_invitation_nothing_is_shown(self):
        stranger = browser.Browser(self.link())
        for path in (*PAGES, "/entrer", "/entrer?jeton=", "/entrer?jeton=" + 40 * "0", "/entrer?jeton=a&jeton=b"):
            with self.subTest(path):
                answer = stranger.ask("GET", path)
                self.assertEqual(403, answer.status)
                self.assertIn("ne s’ouvre que depuis Souspli", answer.text)
                self.assertNotIn(ALICE, answer.text)
        for cookie in (f"souspli_{stranger.port}=", f"souspli_{stranger.port}={40 * '0'}", "souspli=1"):
            self.assertEqual(403, stranger.ask("GET", "/", headers={"Cookie": cookie}).status)

    def test_a_link_serves_once(self):
        link = self.link()
        self.assertEqual(303, browser.Browser(link).enter().status)
        again = browser.Browser(link).enter()
        self.assertEqual((403, None), (again.status, again.headers["Set-Cookie"]))
        self.assertNotEqual(link, self.link(), "whoever asks for one next gets one that serves")

    def test_the_link_of_the_ready_line(self):
        relay = self.relay("alice")
        own = browser.Browser(relay.dashboard)
        self.assertEqual(303, own.enter().status)
        self.assertIn(ALICE, own.page("/"))
        secret = relay.dashboard.partition("jeton=")[2]
        self.assertNotIn(secret, relay.log.read_text())

    def test_cookies_that_a_page_of_another_port_has_set_keep_nobody_out(self):
        own = self.browser()
        name, _, word = own.cookie.partition("=")
        # Those of a longer path come first (RFC 6265 §5.4), and may hold any octets.
        for tossed in ("evil", 40 * "0", "", "\xe9\xff", "a=b"):
            with self.subTest(tossed):
                self.assertEqual(200, own.ask("GET", "/journal", headers={"Cookie": f"{name}={tossed}; x=\xff; {own.cookie}"}).status)
        many = "; ".join(f"{name}={number}" for number in range(1000))
        self.assertEqual(403, own.ask("GET", "/journal", headers={"Cookie": f"{many}; {own.cookie}"}).status)
        self.assertEqual(403, own.ask("GET", "/journal", headers={"Cookie": f"x{name}={word}; {name}x={word}"}).status)

    def test_another_host_is_refused(self):
        own = self.browser()
        for host in (f"localhost:{own.port}", "127.0.0.1", f"127.0.0.1:{own.port + 1}", f"pli.example:{own.port}", f"127.0.0.1:{own.port}.example"):
            with self.subTest(host):
                answer = own.ask("GET", "/", host=host)
                self.assertEqual(421, answer.status)
                self.assertNotIn(ALICE, answer.text)
        for path in PAGES:
            self.assertEqual(421, own.ask("GET", path, host=f"pli.example:{own.port}").status, path)
        for path in FORMS:
            self.assertEqual(421, own.ask("POST", path, b"mot=" + own.word().encode(), {"Origin": own.origin}, f"pli.example:{own.port}").status, path)

    def test_a_form_of_another_page_changes_nothing(self):
        own = self.browser()
        fields = {"mot": own.word(), "langue": "en", "page": "/"}
        for origin in (None, "null", "http://pli.example", f"http://localhost:{own.port}", f"https://127.0.0.1:{own.port}", own.origin + "/"):
            with self.subTest(origin):
                self.assertEqual(403, own.post("/langue", fields, Origin=origin).status)
        for word in ("", "0", 40 * "0", own.cookie.partition("=")[2]):
            with self.subTest(word):
                self.assertEqual(403, own.post("/langue", {**fields, "mot": word}).status)
        self.assertEqual(403, own.post("/langue", {"mot": fields["mot"]}).status)
        for path in FORMS:
            for headers in ({"Origin": None}, {"Origin": "http://pli.example"}, {"Cookie": None}):
                self.assertEqual(403, own.post(path, fields, **headers).status, path)
            self.assertEqual(403, own.post(path, {**fields, "mot": 40 * "0"}).status, path)
            self.assertEqual(405, own.ask("PUT", path, headers={"Origin": own.origin}).status, path)
        self.assertEqual(403, own.post("/fermer", {"mot": "0"}).status)
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            self.assertEqual(405, own.ask(method, "/langue", headers={"Origin": own.origin}).status, method)
        self.assertEqual(405, own.ask("GET", "/fermer").status)
        self.assertIn('<html lang="fr">', own.page("/"))
        # The same with everything right.
        self.assertEqual(303, own.post("/langue", fields).status)
        self.assertIn('<html lang="en">', own.page("/"))

    def test_a_form_leads_to_pages_of_ours_only(self):
        own = self.browser()
        answer = own.post("/langue", {"mot": own.word(), "langue": "fr", "page": "//pli.example/"})
        self.assertEqual((303, "/"), (answer.status, answer.headers["Location"]))

    def test_a_link_leads_to_pages_of_ours_only(self):
        for page, place in (("/diagnostic", "/diagnostic"), ("//pli.example/", "/"), ("https://pli.example/", "/"), ("/fermer", "/"), ("", "/")):
            answer = browser.Browser(self.new_link()).ask("GET", "/entrer?jeton=" + self.taken + "&page=" + page)
            self.assertEqual((303, place), (answer.status, answer.headers["Location"]), page)

    def new_link(self):
        """A link of another invitation than the last."""
        link = base.until(lambda: (found := self.link()) != getattr(self, "last", None) and found, 10, "another link")
        self.last, self.taken = link, link.partition("jeton=")[2]
        return link

    def test_every_answer_says_what_browsers_must_not_do(self):
        own = self.browser()
        asked = [own.ask("GET", path) for path in (*PAGES, "/style.css", "/progres.js", "/nulle-part")] + [own.ask("GET", "/", host="pli.example"), own.ask("PUT", "/")]
        for answer in asked:
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", answer.headers["Content-Security-Policy"])
            self.assertEqual(("nosniff", "no-store"), (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]))
            self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        cookie = browser.Browser(self.link()).enter().headers["Set-Cookie"]
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)

    def test_too_large_is_refused_and_the_next_is_served(self):
        own = self.browser()
        fields = {"mot": own.word(), "de": ALICE, "a": BOB, "objet": "x"}
        for path, octets, most in (("/pourquoi", 40 << 20, 32), ("/correspondants/importer", 10 << 20, 8), ("/autorites/lire", 10 << 20, 8)):
            answer = own.upload(path, fields, bytes(octets))
            self.assertEqual(413, answer.status, path)
            self.assertIn(f"qui en prend {most} Mio", answer.text)
        self.assertIn(own.post("/langue", {"mot": 100_000 * "0", "langue": "en", "page": "/"}).status, (403, 413))
        self.assertIn(ALICE, own.page("/"))

    def test_markup_in_every_field_is_shown_as_it_was_typed(self):
        own = self.browser()
        word = own.word()
        answer = own.upload("/pourquoi", {"mot": word, "de": HTML, "a": HTML, "objet": HTML})
        again = own.upload("/pourquoi", {"mot": word, "de": ALICE, "a": f"{BOB}", "objet": HTML})
        for text in (answer.text, again.text):
            self.assertNotIn("<script>alert", text)
            self.assertIn("&lt;script&gt;alert", text)

    @unittest.skipUnless(base.is_root(), "only root can be somebody else")
    def test_another_user_of_the_computer_is_refused(self):
        link = browser.Browser(self.link())
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            with socket.create_connection((base.LOOPBACK, link.port)) as own:
                own.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{link.port}\r\n\r\n".encode())
                try:
                    got = own.recv(10)
                except ConnectionResetError:
                    got = b""
            os.write(write, b"served" if got else b"refused")
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(b"refused", os.read(read, 20))


class HalfOpenTest(DashboardCase):
    """Connections that begin something and do not go on."""

    def test_they_are_few_and_do_not_stay(self):
        own = self.browser()
        fields = f"Host: 127.0.0.1:{own.port}\r\nOrigin: {own.origin}\r\nCookie: {own.cookie}\r\n"
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n"
        begun = [f"POST /langue HTTP/1.1\r\n{fields}{form}\r\nmot=".encode()] + 150 * [b"GET / HTTP/1.1\r\nHost: "]
        descriptors = f"/proc/{self.relay('alice').process.pid}/fd"
        before = len(os.listdir(descriptors))
        open_ones = [socket.create_connection((base.LOOPBACK, own.port), timeout=60) for _ in begun]
        for each, octets in zip(open_ones, begun):
            self.addCleanup(each.close)
            each.sendall(octets)
        # Whoever waits behind them is served, within the time that a browser waits.
        self.assertEqual(200, own.ask("GET", "/").status)
        self.assertLess(len(os.listdir(descriptors)) - before, 80)
        for each in open_ones:
            while each.recv(4096):
                pass


class PagesTest(DashboardCase):
    """What the owner reads."""

    def test_the_state_and_the_last_refusal(self):
        own = self.browser()
        # No list of an authority comes to a machine without a network; nobody here has met a certificate that names one.
        self.assertIn("Tout est prêt", own.page("/"))
        with self.assertRaises(Exception):
            self.submit("alice", b"From: alice@lab.test\r\nTo: inconnu@ailleurs.test\r\nSubject: #med# x\r\n\r\ny\r\n", "inconnu@ailleurs.test")
        page = own.page("/")
        self.assertIn("Dernier refus", page)
        self.assertIn("inconnu@ailleurs.test", page)

    def test_own_keys_and_lists(self):
        own = self.browser()
        page = own.page("/cles")
        self.assertIn("Dr Alice ESSAI", page)
        self.assertIn("en service", page)
        row = next(row for row in own.page("/listes").split("<tr>") if "ACR-EL.crl" in row)
        self.assertIn("AC RACINE IGC-SANTE ELEMENTAIRE", row)
        self.assertIn("jamais reçue", row)

    def test_why(self):
        own = self.browser()
        asked = {"mot": own.word(), "de": ALICE, "a": BOB, "objet": "#med# Lettre"}
        before = len(self.store.stored(BOB, "INBOX"))
        self.assertIn("#med#", own.upload("/pourquoi", asked).text)
        letter = b"From: alice@lab.test\r\nTo: bob@lab.test\r\nSubject: bonjour\r\n\r\nx\r\n"
        self.assertIn("clair", own.upload("/pourquoi", {**asked, "objet": ""}, letter).text)
        self.assertIn("Il faut un compte", own.upload("/pourquoi", {**asked, "a": ""}).text)
        self.assertEqual(before, len(self.store.stored(BOB, "INBOX")))

    def test_the_journal_by_filters(self):
        own = self.browser()
        self.submit("alice", self.practice_letter("Un"), BOB)
        self.assertIn("mis sous pli", own.page("/journal"))
        box = imapline.Imap(self.relay("bob").imap, BOB, "pw-bob")
        self.addCleanup(box.close)
        box.do("SELECT INBOX")
        box.fetch("1:*", "BODY.PEEK[]")
        theirs = browser.Browser(self.relay("bob").cli("dashboard", "--print").decode().strip())
        theirs.enter()
        self.assertIn("Message chiffré et signé, signature vérifiée.", theirs.page("/journal"))
        only = own.page("/journal?evenement=service")
        self.assertIn("started", only)
        self.assertNotIn("<td>mis sous pli</td>", only)
        self.assertIn("Rien encore.", own.page("/journal?code=SP-NOTHING"))
        for odd in ("avant=0", "avant=x", "evenement=%00", "compte=" + 5000 * "a", "avant=1&avant=2", "code=%3Cscript%3E"):
            self.assertEqual(200, own.ask("GET", f"/journal?{odd}").status, odd)
        self.assertNotIn("<script>", own.page("/journal?code=%22%3E%3Cscript%3E"))
        table = own.page("/journal.csv?evenement=seal").splitlines()
        self.assertLess(1, len(table))
        self.assertTrue(all("seal" in line for line in table[1:]), table)

    def test_the_journal_is_verified(self):
        own = self.browser()
        self.assertIn("Le journal est entier", own.post("/journal/verifier", {"mot": own.word()}).text)
        self.assertEqual(403, own.post("/journal/verifier", {"mot": "0"}).status)

    def practice_letter(self, words):
        """A tagged letter of alice's to bob."""
        return mails.letter(ALICE, BOB, f"#med# {words}", words)

    def test_closing(self):
        own = self.browser()
        self.assertIn("est fermé", own.post("/fermer", {"mot": own.word()}).text)
        self.assertEqual(403, own.ask("GET", "/").status)


class LinkTest(DashboardCase):
    """`souspli dashboard`, and the port that is kept."""

    def test_the_port_is_kept_and_the_link_taken_back(self):
        relay = self.relay("alice")
        port = browser.Browser(self.link()).port
        relay.stop()
        told = relay.attempt("dashboard", "--print")
        self.assertEqual(1, told.returncode)
        self.assertIn("SP-NO-DASHBOARD", told.stderr.decode())
        relay.start()
        self.assertEqual(port, browser.Browser(self.link()).port)
        relay.kill()
        self.assertIn("SP-NO-DASHBOARD", relay.attempt("dashboard", "--print").stderr.decode(), "ended by force")
        with socket.create_server((base.LOOPBACK, port)) as taken:
            # Another program took the port, and would be shown the link.
            taken.settimeout(20)
            seen = []
            thread = threading.Thread(target=self.impostor, args=(taken, seen))
            thread.start()
            told = relay.attempt("dashboard", "--print")
            thread.join()
        self.assertEqual((1, b""), (told.returncode, told.stdout))
        self.assertIn("SP-DASHBOARD-STRANGER", told.stderr.decode())
        self.assertNotIn(b"jeton", b"".join(seen))
        relay.start()
        file = relay.home / "dashboard.json"
        self.assertEqual(0o600, file.stat().st_mode & 0o777)
        self.assertEqual(port, json.loads(file.read_text())["port"])

    def test_the_link_is_shown_where_no_browser_opens(self):
        relay = self.relay("alice")
        folder = self.practice.folder.path / "openers"
        folder.mkdir()
        opener = folder / "xdg-open"
        given = folder / "given"
        for status, shown in ((3, True), (0, False)):
            opener.write_text(f"#!/bin/sh\nprintf %s \"$1\" >{given}\nexit {status}\n")
            opener.chmod(0o700)
            told = subprocess.run([relay.program(), "dashboard", "--home", str(relay.home)], capture_output=True, timeout=60,
                                  env=relay.environment() | {"PATH": f"{folder}:/usr/bin:/bin"})
            self.assertEqual(0, told.returncode)
            self.assertEqual(shown, b"SP-NO-BROWSER" in told.stderr)
            self.assertEqual(given.read_text() if shown else "", told.stdout.decode().strip())

    @staticmethod
    def impostor(listener, seen):
        """Answers one question as if it were the dashboard."""
        own, _ = listener.accept()
        with own:
            while not b"".join(seen).endswith(b"\r\n\r\n"):
                seen.append(own.recv(4096))
            own.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + 64 * b"0")

    def test_who_asks_learns_only_that_it_is_this_relay(self):
        own = browser.Browser(self.link())
        answer = own.ask("GET", f"/preuve?defi={40 * 'a'}")
        self.assertEqual(200, answer.status)
        self.assertRegex(answer.text, "^[0-9a-f]{64}$")
        self.assertNotEqual(answer.text, own.ask("GET", f"/preuve?defi={40 * 'b'}").text)
        for odd in ("", "x", 40 * "z", 4000 * "a"):
            self.assertEqual(400, own.ask("GET", f"/preuve?defi={odd}").status, odd)
        self.assertEqual(421, own.ask("GET", f"/preuve?defi={40 * 'a'}", host="pli.example").status)
