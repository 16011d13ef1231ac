"""The assistant in a real browser, from nothing to a sealed letter: each step judged and, in daylight, photographed."""
from __future__ import annotations

from . import base, pki, servers, souspli

ALICE = "alice@lab.test"


class FirstDay:
    """A provider with a mailbox, and computers on which Souspli starts for the first time."""

    def __init__(self):
        self._place = base.Folder()
        self._provider = servers.Provider(self._place.path)
        self._authority = pki.Authority(self._place.path / "pki", "Autorité d'essai")
        self._doctor = self._authority.doctor("alice", "Dr Alice ESSAI", ALICE, "rsa")
        self._relays = []

    def start(self):
        """Returns once the provider answers."""
        self._provider.start()
        return self

    def stop(self):
        """Everything that was started, and the folder."""
        for relay in self._relays:
            relay.stop()
        self._provider.stop()
        self._place.remove()

    def walk(self, page, language, take):
        """All steps in that page of a browser; `take` is called at each with its name."""
        relay = souspli.Fresh(self._place.path / f"s{len(self._relays)}", self._provider.tls.bundle)
        relay.more = {"HOME": str(relay.folder)}
        self._relays.append(relay)
        relay.cli("trust", "add", self._authority.certificate)
        relay.start()
        page.goto(relay.dashboard)
        if language == "en":
            page.click("button[lang=en]")
        take("adresse")
        page.fill("#adresse", ALICE)
        page.click("main form button")
        self._servers(page)
        take("serveurs")
        page.click("main a.button")
        page.set_input_files("#fichier", self._doctor.p12())
        page.fill("#passe", pki.PASSWORD)
        page.click("main section.way form.fields button")
        page.wait_for_selector("main a.button")
        take("cle")
        page.click("main a.button")
        self._hide_folder(page)
        take("service")
        page.click("main form button")
        page.wait_for_selector("table.settings")
        take("logiciel")
        page.click("details.drawn summary")
        take("outlook")
        page.click("main > form button")
        page.fill("#passe", "pw-alice")
        page.click("main form button")
        page.wait_for_selector("main a.button", timeout=60_000)
        take("pli")

    def _servers(self, page):
        fields = {"#reception": "127.0.0.1", "#reception_port": self._provider.store.imaps, "#envoi": "127.0.0.1",
                  "#envoi_port": self._provider.smtp.starttls_port, "#passe": "pw-alice"}
        for field, value in fields.items():
            page.fill(field, str(value))
        page.select_option("#envoi_tls", "starttls")
        page.click("main div.fields form button")
        page.wait_for_selector("main a.button")

    @staticmethod
    def _hide_folder(page):
        """A folder of the test is nobody's."""
        page.eval_on_selector_all("td.place", "all => all.forEach(one => one.textContent = one.textContent.replace(/^\\/.*\\/home\\//, '~/.local/share/souspli/'))")
