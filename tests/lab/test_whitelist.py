"""The liste blanche from its keeper's server: fetched by hand and every day, believed by its authority, and the last good copy kept."""
import functools
import http.server
import threading
import unittest

from lab import base, pki, souspli

from common import need_product

DOMAIN = "<Domaine><Nom>d{0}.exemple.fr</Nom></Domaine>"


def document(domains, date="2026-11-20"):
    """A list of that many domains."""
    entries = "".join(DOMAIN.format(n) for n in range(domains))
    return (f'<?xml version="1.0" encoding="UTF-8"?><ListeBlanche xmlns="https://listeblanche.mssante.fr/schema">'
            f"<DateDeGeneration>{date}</DateDeGeneration>{entries}</ListeBlanche>").encode()


class Keeper(http.server.BaseHTTPRequestHandler):
    """Answers what its server is told to."""

    def do_GET(self):  # noqa: N802
        """What stands at the address, or what goes wrong."""
        self.server.asked.append(self.path)
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


class WhitelistTest(unittest.TestCase):
    """One Souspli, and the keeper's server."""

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.tls, cls.other = (pki.Tls(cls.folder.path / name) for name in ("tls", "other-tls"))
        cls.server = http.server.ThreadingHTTPServer((base.LOOPBACK, 0), Keeper)
        cls.server.socket = cls.tls.server_context().wrap_socket(cls.server.socket, server_side=True)
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"https://localhost:{cls.server.server_address[1]}/listeblanchemssante.xml"

    def setUp(self):
        self.server.asked, self.server.answer = [], (200, {}, document(10))

    def relay(self, space=None):
        """A Souspli of this test."""
        place = self.folder.path / self.id().rsplit(".", 1)[1][:40]
        place.mkdir()
        account = souspli.account("alice@lab.test", 1, 1)
        relay = souspli.Souspli(place, [account], [self.other.bundle], space=[space or self.tls.bundle])
        relay.config.write_text(relay.config.read_text().replace("[mssante]\n", f'[mssante]\nwhitelist = "{self.url}"\n'))
        self.addCleanup(relay.stop)
        return relay

    def fetch(self, relay):
        """`souspli trust whitelist fetch`: exit status, what it says."""
        done = relay.attempt("trust", "whitelist", "fetch", "--config", relay.config)
        return done.returncode, (done.stdout + done.stderr).decode()

    def test_the_last_good_copy_stays_whatever_comes_after(self):
        relay = self.relay()
        status, said = self.fetch(relay)
        self.assertEqual((0, True), (status, "10 domaines, du 2026-11-20, prise de localhost" in said), said)
        whole = document(10)
        for answer, code in (((200, {}, document(4)), "SP-WHITELIST-SHRUNK"), ((200, {}, b"<html>Maintenance</html>"), "SP-WHITELIST-EMPTY"),
                             ((200, {}, whole[:-20]), "SP-WHITELIST-NOT-XML"), ((200, {"Content-Length": "9999"}, whole), "SP-HTTP"),
                             ((500, {}, b""), "SP-HTTP"), ((302, {"Location": "https://ailleurs.example/x"}, b""), "SP-HTTP"),
                             ((200, {"Content-Length": str(40 << 20)}, whole), "SP-HTTP"),
                             ((200, {}, whole.replace(b"<ListeBlanche", b'<!DOCTYPE l [<!ENTITY a "b">]><ListeBlanche')), "SP-WHITELIST-DOCTYPE")):
            with self.subTest(code=code, answer=answer[:2]):
                self.server.answer = answer
                status, said = self.fetch(relay)
                self.assertEqual((1, True), (status, code in said), said)
                self.assertIn("10 domaines", relay.cli("trust", "whitelist", "show").decode())
        self.server.answer = (200, {}, document(5, "2026-11-21"))
        self.assertIn("5 domaines, du 2026-11-21", self.fetch(relay)[1])

    def test_another_authority_is_not_the_keepers(self):
        status, said = self.fetch(self.relay(self.other.bundle))
        self.assertEqual((1, True), (status, "SP-TLS-NOT-IGC-SANTE" in said), said)
        self.assertEqual([], self.server.asked)

    def test_it_does_not_lead_out_of_tls(self):
        """Whoever answers there would say what leaves in clear."""
        relay = self.relay()
        self.assertEqual(0, self.fetch(relay)[0])
        stranger = http.server.ThreadingHTTPServer((base.LOOPBACK, 0), Keeper)
        self.addCleanup(stranger.server_close)
        self.addCleanup(stranger.shutdown)
        stranger.asked, stranger.answer = [], (200, {}, document(9))
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        self.server.answer = (302, {"Location": f"http://localhost:{stranger.server_address[1]}/listeblanchemssante.xml"}, b"")
        status, said = self.fetch(relay)
        self.assertEqual((1, True), (status, "SP-HTTP" in said), said)
        self.assertEqual([], stranger.asked)
        self.assertIn("10 domaines", relay.cli("trust", "whitelist", "show").decode())

    def test_it_is_taken_by_itself(self):
        relay = self.relay().start()
        kept = functools.partial(relay.cli, "trust", "whitelist", "show")
        base.until(lambda: b"10 domaines" in kept(), 20, "the list to be taken")
        self.assertEqual(1, len(self.server.asked))
        # Taken today: it is not asked for again.
        relay.restart()
        self.assertEqual(1, len(self.server.asked))
