"""The assistant of the first run: from nothing to a sealed letter, as a doctor goes, and what nobody can make it do."""
import base64
import html
import http.server
import re
import socketserver
import ssl
import threading
import tomllib
import unittest
import urllib.parse

from lab import base, browser, imapline, inside, mails, nameserver, pki, servers, souspli

from common import need_product

ALICE = "alice@lab.test"
HTML = "\"><script>alert('pli')</script><b>&amp;"
STEPS = ("adresse", "serveurs", "cle", "service", "logiciel", "pli")


class AssistantCase(unittest.TestCase):
    """A provider with alice's mailbox, and her computer on its first day."""
    text = resolver = None
    smtp = "postfix" if base.is_root() else "sink"

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.place = base.Folder()
        cls.addClassCleanup(cls.place.remove)
        cls.provider = servers.Provider(cls.place.path, cls.smtp)
        cls.addClassCleanup(cls.provider.stop)
        cls.provider.start()
        cls.authority = pki.Authority(cls.place.path / "pki", "Autorité d'essai")
        cls.doctor = cls.authority.doctor("alice", "Dr Alice ESSAI", ALICE, "rsa")

    def setUp(self):
        self.relay = self.fresh()
        self.relay.resolver = self.resolver
        self.prepare(self.relay)
        self.relay.start()
        self.addCleanup(self.relay.stop)
        self.own = self.browser()
        self.assertEqual(303, self.own.enter().status)

    def fresh(self):
        """A Souspli that has never run."""
        return souspli.Fresh(self.place.path / self._testMethodName, self.provider.tls.bundle, self.text)

    def browser(self):
        """That of her computer."""
        return browser.Browser(self.relay.dashboard)

    def prepare(self, relay):
        """Before it starts for the first time: a desk of its own, where no mail program is set up."""
        relay.more = {"HOME": str(relay.folder)}

    def page(self, path, seconds=20):
        """What a browser shows that follows where it is sent, also while the relay begins again."""
        def answered():
            at = path
            for _ in range(20):
                try:
                    answer = self.own.ask("GET", at)
                except OSError:
                    return None
                if answer.status != 303:
                    return (at, answer.text)
                at = answer.headers["Location"]
            return None
        self.at, text = base.until(answered, seconds, path)
        return text

    def send(self, path, **fields):
        """A form of ours; the page that follows it."""
        answer = self.own.post(path, {"mot": self.word(), "adresse": self.drafted(), **fields})
        return self.page(answer.headers["Location"]) if answer.status == 303 else answer.text

    def word(self):
        """What our forms bring back."""
        return re.search(r'name="mot" value="([0-9a-f]+)"', self.page("/assistant")).group(1)

    def drafted(self):
        """The address that is being set up, which forms bring back."""
        return html.unescape(re.search(r'id="adresse"[^>]* value="([^"]*)"', self.page("/assistant/adresse")).group(1))

    def brought_back(self, path):
        """What the form of a step brings back of what its page shows."""
        form = self.page(path).partition(f'action="{path}"')[2].partition("</form>")[0]
        return {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)}

    def into_service(self):
        """The click under what the page shows."""
        return self.send("/assistant/service", **self.brought_back("/assistant/service"))

    def servers(self, **other):
        """The fields of the servers, as somebody types them who knows them."""
        return {"envoi": "127.0.0.1", "envoi_port": str(self.provider.smtp.starttls_port), "envoi_tls": "starttls",
                "reception": "127.0.0.1", "reception_port": str(self.provider.store.imaps), "reception_tls": "implicit",
                "identifiant": ALICE, "passe": "pw-alice", **other}

    def key(self, password=pki.PASSWORD, file=None):
        """Uploads a key file."""
        octets = self.doctor.p12().read_bytes() if file is None else file
        return self.own.upload("/assistant/cle/fichier", {"mot": self.word(), "adresse": ALICE, "passe": password}, octets, field="fichier").text

    def to_service(self):
        """As far as the account is in service; what the second `ready` line said."""
        self.send("/assistant/adresse", adresse=ALICE)
        self.assertNotIn("finding bad", self.send("/assistant/serveurs", **self.servers()))
        self.key()
        self.into_service()
        return self.relay.ready(1)


class FirstRunTest(AssistantCase):
    """From nothing."""

    def test_from_nothing_to_a_sealed_letter(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        self.assertIn("De quelle adresse", self.page("/"))
        self.assertEqual("/assistant/adresse", self.at)
        self.send("/assistant/adresse", adresse=ALICE)
        self.assertEqual("/assistant/serveurs", self.at)
        tried = self.send("/assistant/serveurs", **self.servers())
        self.assertEqual(4, tried.count("finding good"), tried)
        self.page("/assistant")
        self.assertEqual("/assistant/cle", self.at)
        self.assertIn("Dr Alice ESSAI", self.key())
        shown = self.page("/assistant")
        self.assertEqual("/assistant/service", self.at)
        self.assertIn(str(self.relay.config), shown)
        self.assertIn("127.0.0.1", shown.partition("Hors du domaine")[2][:120])
        settings = self.into_service()
        self.assertEqual("/assistant/logiciel", self.at)
        doors = self.relay.ready(1)
        for door in ("smtp", "imap"):
            self.assertIn(f"<span>{doors[door].rpartition(':')[2]}</span>", settings)
        # Whoever comes back goes on where he was.
        self.page("/assistant")
        self.assertEqual("/assistant/logiciel", self.at)
        self.send("/assistant/logiciel")
        self.assertEqual("/assistant/pli", self.at)
        shown = self.send("/assistant/pli", passe="pw-alice")
        self.assertEqual(6, shown.count("finding good"), shown)
        self.assertIn("sa signature est vérifiée", shown.lower())
        stored = self.provider.store.stored(ALICE, "INBOX")
        self.assertEqual(1, len(stored))
        self.assertIn(b"application/pkcs7-mime", stored[0])
        self.assertNotIn(b"pli d'essai", stored[0])
        box = imapline.Imap(int(doors["imap"].rpartition(":")[2]), ALICE, "pw-alice")
        box.do("SELECT INBOX")
        (read,) = box.fetch("1:*", "BODY.PEEK[]").values()
        shown = mails.texts(mails.parse(read["BODY[]"]))
        box.close()
        self.assertIn("Ce pli d’essai a été scellé par Souspli", shown)
        # What was typed is nowhere.
        for file, octets in self.relay.everything():
            self.assertNotIn(b"pw-alice", octets, file)
        # The ports are those that were chosen, and stay.
        written = tomllib.loads(self.relay.config.read_text())
        self.assertEqual(doors["smtp"], written["listen"]["smtp"])
        self.assertEqual(doors["imap"], written["listen"]["imap"])
        self.assertEqual([ALICE], [account["address"] for account in written["account"]])
        self.relay.stop()
        self.relay.start()
        again = self.relay.ready(0)
        self.assertEqual((doors["smtp"], doors["imap"]), (again["smtp"], again["imap"]))

    def test_closed_in_the_midst_and_taken_up(self):
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers())
        self.relay.stop()
        self.relay.start()
        self.own = browser.Browser(self.relay.dashboard)
        self.own.enter()
        self.page("/")
        self.assertEqual("/assistant/cle", self.at)
        self.assertIn(ALICE, self.page("/assistant/cle"))

    def test_what_is_wrong_is_said_and_nothing_is_written(self):
        self.assertIn("SP-SETUP-ADDRESS", self.send("/assistant/adresse", adresse="alice"))
        self.send("/assistant/adresse", adresse=ALICE)
        for other, code in (({"passe": "faux"}, "SP-SETUP-LOGIN"), ({"envoi_port": "0"}, "SP-SETUP-SERVERS"),
                            ({"reception": "a b"}, "SP-SETUP-SERVERS"), ({"reception_port": str(base.free_ports(1)[0])}, "SP-NET-REFUSED"),
                            ({"reception_port": str(self.provider.smtp.starttls_port)}, "SP-TLS-NOT-SPOKEN"),
                            ({"reception_port": str(self.provider.smtp.starttls_port), "reception_tls": "starttls"}, "SP-DOCTOR-GREETING")):
            with self.subTest(code):
                shown = self.send("/assistant/serveurs", **self.servers(**other))
                self.assertIn(code, shown)
                self.page("/assistant")
                self.assertEqual("/assistant/serveurs", self.at)
        self.assertNotIn("finding bad", self.send("/assistant/serveurs", **self.servers(passe="")))
        self.assertIn("SP-P12-UNREADABLE", self.key(file=b"rien"))
        self.assertIn("SP-", self.key(password="faux"))
        self.page("/assistant")
        self.assertEqual("/assistant/cle", self.at)
        self.assertFalse(self.relay.config.exists())
        # A step that is not reached shows the one that is.
        self.page("/assistant/pli")
        self.assertEqual("/assistant/cle", self.at)

    def test_a_request_for_a_certificate(self):
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers())
        asked = self.own.post("/assistant/cle/demande", {"mot": self.word(), "adresse": ALICE, "nom": "C=FR, CN=Dr Alice ESSAI"})
        self.assertIn("attachment", asked.headers["Content-Disposition"])
        read = base.run("openssl", "req", "-noout", "-subject", "-verify", stdin=asked.text.encode()).decode()
        self.assertIn("Alice ESSAI", read)
        self.assertIn("attend sa réponse", self.page("/assistant/cle"))
        self.assertIn("SP-", self.own.post("/assistant/cle/demande", {"mot": self.word(), "adresse": ALICE, "nom": HTML}).text)
        self.send("/assistant/cle/plus-tard")
        self.assertEqual("/assistant/service", self.at)

    def test_markup_and_forms_of_others(self):
        shown = self.send("/assistant/adresse", adresse=HTML)
        self.assertNotIn("<script>alert", shown)
        self.assertIn("&lt;script&gt;alert", shown)
        self.send("/assistant/adresse", adresse=ALICE)
        shown = self.send("/assistant/serveurs", **{name: HTML for name in self.servers()})
        self.assertNotIn("<script>alert", shown)
        self.assertIn("&lt;script&gt;alert", shown)
        self.assertNotIn(urllib.parse.quote(HTML), shown)
        for path in ("adresse", "serveurs", "cle/carte", "cle/prendre", "cle/demande", "cle/plus-tard", "service", "logiciel", "pli", "nouveau"):
            with self.subTest(path):
                answer = self.own.post(f"/assistant/{path}", {"mot": "0", "adresse": "zoe@lab.test", "numero": "1", "nom": "CN=a", "passe": "x", **self.servers()})
                self.assertEqual(403, answer.status)
                answer = self.own.post(f"/assistant/{path}", {"mot": self.word()}, Origin="http://pli.example")
                self.assertEqual(403, answer.status)
        self.assertIn(ALICE, self.page("/assistant/adresse"))
        stranger = browser.Browser(self.relay.dashboard)
        for step in STEPS:
            self.assertEqual(403, stranger.ask("GET", f"/assistant/{step}").status)

    def test_what_was_shown_is_what_is_done(self):
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers())
        self.send("/assistant/cle/plus-tard")
        seen = self.brought_back("/assistant/service")
        # Another tab goes another way meanwhile.
        self.send("/assistant/serveurs", **self.servers(reception="localhost"))
        self.assertIn("SP-SETUP-SHOWN-OTHERWISE", self.send("/assistant/service", **seen))
        self.assertFalse(self.relay.config.exists())
        self.send("/assistant/nouveau")
        self.send("/assistant/adresse", adresse="bob@lab.test")
        self.send("/assistant/serveurs", **self.servers(identifiant="bob@lab.test", passe="pw-bob"))
        self.assertIn("SP-SETUP-SHOWN-OTHERWISE", self.key())
        asked = self.own.post("/assistant/cle/demande", {"mot": self.word(), "adresse": ALICE, "nom": "C=FR, CN=Dr Alice ESSAI"})
        self.assertIn("SP-SETUP-SHOWN-OTHERWISE", asked.text)
        taken = self.own.post("/assistant/cle/prendre", {"mot": self.word(), "adresse": ALICE, "empreintes": "00"})
        self.assertIn("SP-SETUP-SHOWN-OTHERWISE", taken.text)
        self.assertEqual([], list((self.relay.home / "keys").iterdir()))

    def test_what_was_typed_for_one_account_serves_no_other(self):
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/nouveau")
        self.send("/assistant/adresse", adresse="bob@lab.test")
        for path in ("serveurs", "logiciel", "pli", "proposition", "thunderbird", "cle/plus-tard"):
            with self.subTest(path):
                fields = {"mot": self.word(), "adresse": ALICE, **self.servers(), "numero": "0", "profil": "/etc"}
                answer = self.own.post(f"/assistant/{path}", fields)
                self.assertEqual(409, answer.status)
                self.assertIn("SP-SETUP-SHOWN-OTHERWISE", answer.text)
        self.page("/assistant")
        self.assertEqual("/assistant/serveurs", self.at)
        self.assertNotIn(ALICE, self.page("/assistant/serveurs"))

    def test_a_test_letter_without_its_password_is_not_tried(self):
        self.to_service()
        self.send("/assistant/logiciel")
        shown = self.send("/assistant/pli", passe="")
        self.assertIn("SP-SETUP-PASSWORD-WANTING", shown)
        self.assertNotIn("finding", shown)
        self.assertNotIn("seuls les serveurs sont essayés", shown)

    def test_too_large_a_key(self):
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers())
        answer = self.own.upload("/assistant/cle/fichier", {"mot": self.word(), "passe": ""}, bytes(10 << 20), field="fichier")
        self.assertEqual(413, answer.status)
        self.assertIn("trop volumineux pour cette page, qui en prend 1 Mio", answer.text)
        self.assertIn("SP-UPLOAD-TOO-LARGE", answer.text)
        self.page("/assistant")
        self.assertEqual("/assistant/cle", self.at)


class RefusedTest(AssistantCase):
    """A server that offers AUTH LOGIN and does not want it then."""

    def test_the_password_is_no_command(self):
        context, heard = self.provider.tls.server_context(), []

        class Server(socketserver.StreamRequestHandler):
            def handle(self):
                with context.wrap_socket(self.request, server_side=True) as secured:
                    stream = secured.makefile("rwb", buffering=0)
                    stream.write(b"220 h\r\n")
                    for line in stream:
                        heard.append(line)
                        answers = {b"EHLO": b"250-h\r\n250 AUTH LOGIN\r\n", b"AUTH": b"454 4.7.0 later\r\n"}
                        stream.write(answers.get(line[:4].upper(), b"500 5.5.1 unknown\r\n"))

        server = socketserver.ThreadingTCPServer((base.LOOPBACK, 0), Server)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.send("/assistant/adresse", adresse=ALICE)
        shown = self.send("/assistant/serveurs", **self.servers(envoi_port=str(server.server_address[1]), envoi_tls="implicit"))
        self.assertIn("SP-SETUP-LOGIN", shown)
        self.assertTrue(any(line.startswith(b"AUTH LOGIN") for line in heard), heard)
        for secret in (b"pw-alice", base64.b64encode(b"pw-alice"), base64.b64encode(ALICE.encode())):
            self.assertFalse(any(secret in line for line in heard), heard)


class ProgramTest(AssistantCase):
    """What other mail programs are given."""

    def test_a_file_for_thunderbirds_folder_and_words_for_outlook(self):
        doors = self.to_service()
        port = doors["imap"].rpartition(":")[2]
        answer = self.own.ask("GET", "/assistant/isp.xml")
        self.assertIn('filename="lab.test.xml"', answer.headers["Content-Disposition"])
        for word in ("<domain>lab.test</domain>", f"<port>{port}</port>", "<socketType>STARTTLS</socketType>"):
            self.assertIn(word, answer.text)
        self.assertNotIn("pw-alice", answer.text)
        shown = self.page("/assistant/logiciel")
        self.assertIn("Aucun profil de Thunderbird", shown)
        # Such a file cannot ask for STARTTLS: Outlook would give the password to whoever has the port.
        self.assertNotIn(".prf", shown)
        self.assertRegex(shown, "jamais « Aucune »\\)\\s: STARTTLS")
        self.assertIn("rien n’y est scellé", shown)
        # Each of its windows is drawn, with what is typed into it.
        drawn = shown.split("<svg ")[1:]
        self.assertEqual(7, len(drawn))
        for picture, words in ((4, (ALICE, "IMAP", "127.0.0.1", "Nom d’utilisateur :")), (5, ("requiert une authentification (coché)",)),
                               (6, (port, doors["smtp"].rpartition(":")[2], "STARTTLS", "Serveur entrant (IMAP) :"))):
            for word in words:
                self.assertIn(word, drawn[picture].partition("</svg>")[0])
        self.assertIn('role="img" aria-labelledby="outlook-1-nom"', drawn[0])
        self.own.post("/langue", {"mot": self.word(), "langue": "en", "page": "/assistant"})
        self.assertIn("Outgoing mail server (SMTP):</text>", self.page("/assistant/logiciel"))
        answer = self.own.ask("GET", "/assistant/outlook.prf")
        self.assertEqual((303, "/assistant/logiciel"), (answer.status, answer.headers["Location"]))
        answer = self.own.post("/assistant/thunderbird", {"mot": self.word(), "adresse": ALICE, "profil": "/etc"})
        self.assertEqual(404, answer.status)


class ImplicitTest(AssistantCase):
    """Doors that speak TLS from the first octet, which Outlook's files can ask for."""
    text = "[listen]\nsmtp = \"127.0.0.1:0\"\nimap = \"127.0.0.1:0\"\ntls = \"implicit\"\n"

    def test_file_for_outlook(self):
        port = self.to_service()["imap"].rpartition(":")[2]
        self.assertIn("/assistant/outlook.prf", self.page("/assistant/logiciel"))
        answer = self.own.ask("GET", "/assistant/outlook.prf")
        self.assertIn('filename="lab.test.prf"', answer.headers["Content-Disposition"])
        for word in ("[Account1]\r\n", f"IMAPPort={port}\r\n", f"IMAPUserName={ALICE}\r\n", "IMAPUseSSL=1\r\n", "SMTPSecureConnection=1\r\n"):
            self.assertIn(word, answer.text)
        self.assertNotIn("pw-alice", answer.text)


class MarkupTest(AssistantCase):
    """A login that looks like a page."""
    text = (f"[listen]\nsmtp = \"127.0.0.1:0\"\nimap = \"127.0.0.1:0\"\n\n[[account]]\naddress = \"{ALICE}\"\nlogin = '''{HTML}'''\nsmtp = {{ host = \"127.0.0.1\", port = 1, tls = \"starttls\" }}\n"
            "imap = { host = \"127.0.0.1\", port = 1, tls = \"implicit\" }\n")

    def test_a_login_is_drawn_as_it_was_typed(self):
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/cle/plus-tard")
        shown = self.page("/assistant/logiciel")
        self.assertEqual("/assistant/logiciel", self.at)
        self.assertNotIn("<script>alert", shown)
        # In the picture, and for who hears it.
        for end in ("</text>", " ; Mot de passe"):
            self.assertIn("&lt;script&gt;alert('pli')&lt;/script&gt;&lt;b&gt;&amp;amp;" + end, shown)


class BegunTest(AssistantCase):
    """A configuration that somebody has begun, with comments and a policy of its own."""
    text = "# du cabinet\n[listen]\nsmtp = \"127.0.0.1:0\" # libre\nimap = \"127.0.0.1:0\"\n\n[policy] # la nôtre\ntag = \"#pli#\"\n"

    def test_comments_stay_and_ports_are_kept(self):
        doors = self.to_service()
        text = self.relay.config.read_text()
        for line in ("# du cabinet", "[policy] # la nôtre", "tag = \"#pli#\"", f"smtp = \"{doors['smtp']}\" # libre"):
            self.assertIn(line, text)

    def test_a_tag_of_other_letters_seals_the_test_letter_too(self):
        self.relay.cli("trust", "add", self.authority.certificate)
        self.relay.config.write_text(self.relay.config.read_text().replace("#pli#", "#santé#"))
        self.to_service()
        self.send("/assistant/logiciel")
        shown = self.send("/assistant/pli", passe="pw-alice")
        self.assertEqual(6, shown.count("finding good"), shown)

    def test_a_second_account_while_somebody_reads(self):
        doors = self.to_service()
        self.page("/")
        box = imapline.Imap(int(doors["imap"].rpartition(":")[2]), ALICE, "pw-alice")
        self.addCleanup(box.close)
        box.do('SELECT "INBOX"')
        self.assertIn(ALICE, self.page("/comptes"))
        self.send("/assistant/nouveau")
        self.assertEqual("/assistant/adresse", self.at)
        self.send("/assistant/adresse", adresse="bob@lab.test")
        self.send("/assistant/serveurs", **self.servers(identifiant="bob@lab.test", passe="pw-bob"))
        self.send("/assistant/cle/plus-tard")
        self.into_service()
        again = self.relay.ready(2)
        self.assertEqual((doors["smtp"], doors["imap"]), (again["smtp"], again["imap"]))
        shown = self.page("/comptes")
        self.assertIn(ALICE, shown)
        self.assertIn("bob@lab.test", shown)
        # An account that is there is never replaced.
        self.send("/assistant/nouveau")
        self.send("/assistant/adresse", adresse=ALICE)
        self.assertEqual("/assistant/logiciel", self.at)
        other = imapline.Imap(int(again["imap"].rpartition(":")[2]), "bob@lab.test", "pw-bob")
        self.addCleanup(other.close)
        other.do('SELECT "INBOX"')



PUBLISHED = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="cabinet.test">
<incomingServer type="imap"><hostname>imap.cabinet.test</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.voisin.test</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>
</emailProvider></clientConfig>"""


@unittest.skipUnless(inside.possible(), "another name server than the computer's is for root to set")
class FindingTest(AssistantCase):
    """Servers that a domain publishes, by HTTPS and by SRV; whose mail goes to a provider that is known; and of whom nobody knows anything."""
    resolver = "127.53.7.1"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = {(f"autoconfig.{name}.test", nameserver.A): [cls.resolver] for name in ("cabinet", "faux")}
        found = {("_imap._tcp.dns.test", nameserver.SRV): [(0, 0, 143, "imap.dns.test")],
                 ("_imaps._tcp.dns.test", nameserver.SRV): [(20, 0, 993, "deux.dns.test"), (10, 0, 993, "un.dns.test")],
                 ("_submission._tcp.dns.test", nameserver.SRV): [(0, 0, 587, "<script>.voisin.test")],
                 ("_submissions._tcp.dns.test", nameserver.SRV): [(0, 0, 465, "smtp.voisin.test")],
                 ("ovh.test", nameserver.MX): [(1, "mx1.mail.ovh.net")]}
        cls.names = nameserver.NameServer(cls.resolver, {**hosts, **found})
        cls.addClassCleanup(cls.names.stop)
        cls.web = Published(cls.resolver, cls.provider.tls.authority)
        cls.addClassCleanup(cls.web.stop)

    def found(self, address):
        """The page of the servers, and what stands in its fields."""
        shown = self.send("/assistant/adresse", adresse=address)
        self.assertEqual("/assistant/serveurs", self.at)
        return shown, self.fields(shown)

    @staticmethod
    def fields(shown):
        """What stands in the fields of a page."""
        return dict(re.findall(r'<input id="\w+" name="(\w+)" type="text"[^>]* value="([^"]*)"', shown))

    def test_published_over_https(self):
        shown, fields = self.found("zoe.martin@cabinet.test")
        self.assertEqual(("imap.cabinet.test", "993", "smtp.voisin.test", "465", "zoe.martin"),
                         tuple(fields[name] for name in ("reception", "reception_port", "envoi", "envoi_port", "identifiant")))
        self.assertIn("Publié pour les logiciels de messagerie, sous TLS, par autoconfig.cabinet.test", shown)
        self.assertIn("Hors du domaine de votre adresse", shown)
        self.assertEqual(["/mail/config-v1.1.xml"], [path for host, path in self.web.asked if "cabinet" in host], "nobody is told the address")

    def test_a_host_that_does_not_prove_its_name_says_nothing(self):
        shown, fields = self.found("zoe@faux.test")
        self.assertIn("Rien n’a été trouvé", shown)
        self.assertEqual("", fields["reception"])

    def test_by_srv(self):
        shown, fields = self.found("zoe@dns.test")
        # Anybody on the way could have said this: it waits for its user.
        self.assertEqual(("", ""), (fields["reception"], fields["envoi"]))
        self.assertIn("que personne ne signe", shown)
        self.assertIn("smtp.voisin.test", shown.partition("Hors du domaine")[2][:120])
        self.assertNotIn("<script>.", shown)
        shown = self.send("/assistant/proposition", numero="0")
        fields = self.fields(shown)
        self.assertEqual(("un.dns.test", "smtp.voisin.test", "465"), (fields["reception"], fields["envoi"], fields["envoi_port"]))

    def test_whose_servers_are_elsewhere_is_said_after_a_restart_too(self):
        self.found("zoe@dns.test")
        self.send("/assistant/proposition", numero="0")
        self.relay.stop()
        self.relay.start()
        self.own = browser.Browser(self.relay.dashboard)
        self.own.enter()
        shown = self.page("/assistant/serveurs")
        self.assertEqual("smtp.voisin.test", self.fields(shown)["envoi"])
        self.assertIn("smtp.voisin.test", shown.partition("Hors du domaine")[2][:120])
        self.assertIn("que personne ne signe", shown)

    def test_by_who_takes_the_mail(self):
        shown, fields = self.found("zoe@ovh.test")
        self.assertEqual(("ssl0.ovh.net", "zoe@ovh.test"), (fields["reception"], fields["identifiant"]))
        self.assertIn("mx1.mail.ovh.net", shown)

    def test_a_known_provider_asks_nobody(self):
        _, fields = self.found("zoe.martin@laposte.net")
        self.assertEqual(("imap.laposte.net", "zoe.martin"), (fields["reception"], fields["identifiant"]))
        self.assertEqual([], [name for name, _ in self.names.asked if "laposte" in name])


class Published:
    """What a domain publishes, by HTTPS; the certificate is for one of the two names that lead there."""

    def __init__(self, address, authority):
        key, certificate = authority.issue("autoconfig", "/CN=autoconfig.cabinet.test", "subjectAltName=DNS:autoconfig.cabinet.test\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.headers["Host"], self.path))
                self.send_response(200)
                self.send_header("Content-Length", str(len(PUBLISHED)))
                self.end_headers()
                self.wfile.write(PUBLISHED.encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((address, 443), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
