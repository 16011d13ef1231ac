"""A secret that is typed into an open page goes to the relay that made the page, and to nobody who has its port afterwards."""
import json
import socket
import threading
import unittest

from lab import base, chromium

from test_assistant import ALICE, AssistantCase as _AssistantCase

SECRET = "Secret-du-fournisseur-7"


@unittest.skipUnless(chromium.place(), "no browser where scripts run")
class SecretTest(_AssistantCase):
    """The page where the provider's password is typed, in a browser with scripts."""
    smtp = "sink"

    def setUp(self):
        super().setUp()
        self.send("/assistant/adresse", adresse=ALICE)
        self.send("/assistant/serveurs", **self.servers(passe=""))
        self.real = chromium.Chromium(self.place.path / f"chromium-{self._testMethodName}")
        self.addCleanup(self.real.stop)
        self.real.open(json.loads((self.relay.home / "dashboard.json").read_text())["link"])
        self.real.open(f"{self.own.origin}/assistant/serveurs")
        self.real.until("document.querySelector('#passe') !== null && document.readyState === 'complete'")

    def type_and_send(self, password):
        """As somebody does who types it and presses Enter."""
        self.real.script(f"document.querySelector('#passe').value = {json.dumps(password)}; document.querySelector('#passe').form.requestSubmit()")

    def test_to_the_relay_that_made_the_page(self):
        self.type_and_send("pw-alice")
        self.real.until("document.querySelectorAll('.finding.good').length === 4")

    def test_what_was_typed_stays_where_the_language_changes_but_for_the_password(self):
        self.real.script("document.querySelector('#reception').value = 'imap.tape.test'; document.querySelector('#envoi_tls').value = 'implicit';"
                         "document.querySelector('#mssante').checked = true; document.querySelector('#passe').value = 'secret';"
                         "document.querySelector('button[lang=en]').click()")
        self.real.until("document.documentElement.lang === 'en' && document.readyState === 'complete' && document.querySelector('#reception') !== null")
        shown = self.real.script("JSON.stringify([document.querySelector('#reception').value, document.querySelector('#envoi_tls').value,"
                                 "document.querySelector('#mssante').checked, document.querySelector('#passe').value, sessionStorage.length])")
        self.assertEqual(["imap.tape.test", "implicit", True, "", 0], json.loads(shown))

    def test_not_to_who_has_its_port(self):
        self.relay.kill()
        stranger = Stranger(self.own.port)
        self.addCleanup(stranger.stop)
        self.type_and_send(SECRET)
        told = self.real.until("document.querySelector('form [role=alert]')?.textContent")
        self.assertIn("n’est pas parti", told)
        self.assertEqual("", self.real.script("document.querySelector('#passe').value"))
        self.assertIn(b"GET /preuve/page", stranger.heard)
        self.assertNotIn(SECRET.encode(), stranger.heard)
        self.assertNotIn(b"POST", stranger.heard)

    def test_without_scripts_it_cannot_be_sent(self):
        self.real.command("Emulation.setScriptExecutionDisabled", value=True)
        self.real.open(f"{self.own.origin}/assistant/serveurs")
        self.assertIn("scripts sont désactivés", self.real.until("document.querySelector('form noscript')?.innerText"))
        self.assertTrue(self.real.script("document.querySelector('#passe').form.querySelector('button').disabled"))
        self.relay.kill()
        stranger = Stranger(self.own.port)
        self.addCleanup(stranger.stop)
        self.real.script(f"document.querySelector('#passe').value = {json.dumps(SECRET)}; document.querySelector('#passe').focus()")
        for kind in ("keyDown", "keyUp"):
            self.real.command("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
        # What comes after it has come.
        self.real.command("Page.navigate", url=f"{self.own.origin}/apres")
        base.until(lambda: b"GET /apres" in stranger.heard, 20, "the next page")
        self.assertNotIn(b"POST", stranger.heard)
        self.assertNotIn(SECRET.encode(), stranger.heard)

    def test_what_nobody_has_asked_for_is_not_taken(self):
        word = self.word()
        good = self.own.proved({"mot": word, "passe": ""})
        for path, fields in (("serveurs", self.servers()), ("pli", {"passe": "pw-alice"})):
            for proof in ({}, {"defi": good["defi"], "preuve": "0" * 64}, {"defi": "0" * 40, "preuve": good["preuve"]}, {"defi": "", "preuve": ""}):
                with self.subTest(f"{path} {list(proof)}"):
                    answer = self.own.bare(f"/assistant/{path}", {"mot": word, **fields, **proof})
                    self.assertEqual(403, answer.status)
                    self.assertIn("SP-SCRIPTS-OFF", answer.text)
        self.assertNotIn("finding good", self.own.page("/assistant/serveurs"))


class Stranger:
    """Whoever takes the port: it keeps what it hears, and answers as if it could prove anything."""

    def __init__(self, port):
        self.heard, self._listener = b"", socket.create_server((base.LOOPBACK, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            while octets := connection.recv(1 << 16):
                self.heard += octets
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 64\r\n\r\n" + b"0" * 64)

    def stop(self):
        """Ends it."""
        self._listener.close()


if __name__ == "__main__":
    unittest.main()
