"""Pictures of the dashboard for the documents, and axe-core's judgement of each page."""
from __future__ import annotations

import pathlib
import re
import shutil
import sys

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import base, firstday, servers  # noqa: E402

PLACE = base.ROOT / "docs" / "images"
SIZE = {"width": 1000, "height": 640}
# Larger letters are a narrower page.
AT_200_PERCENT = {"width": 500, "height": 640}


class Camera:
    """One browser at one dashboard."""

    def __init__(self, browser, relay, authority):
        self._browser, self._relay, self._authority, self.faults = browser, relay, authority, []

    def visit(self, language, scheme):
        """Every page in a language and a scheme of colours."""
        with self._browser.new_context(color_scheme=scheme, viewport=SIZE) as context:
            page = context.new_page()
            page.on("console", lambda message: self.faults.extend([f"console: {message.text}"] if message.type in ("error", "warning") else []))
            link = self._relay.cli("dashboard", "--print").decode().strip()
            page.goto(link)
            if language == "en":
                page.click("button[lang=en]")
            paths = page.eval_on_selector_all("nav a", "links => links.map(link => link.getAttribute('href'))")
            for path in paths:
                page.goto(link.split("/entrer")[0] + path)
                self._begin(page, path)
                self._take(page, re.sub(r"\W", "", path) or "etat", language, scheme)
                self._go_on(page, path, language, scheme)

    def _take(self, page, name, language, scheme):
        self._judge(page, f"{name} {language} {scheme}")
        # Where this practice has its folders is nobody's matter.
        page.eval_on_selector_all("p.place", "all => all.forEach(one => { one.textContent = one.textContent.replace(/[/]\\S*[/]souspli-alice/, '~/Souspli'); })")
        if scheme == "light" or name == "etat":
            page.screenshot(path=PLACE / f"dashboard-{name}-{language}{'' if scheme == 'light' else '-dark'}.png")

    def _go_on(self, page, path, language, scheme):
        """The second steps."""
        if path == "/correspondants":
            page.click("main tbody th a")
            self._take(page, "correspondant", language, scheme)
        if path == "/listes":
            # Bars that the page fetches anew by itself, until it says what came of it.
            page.click("form[action='/listes/actualiser'] button")
            page.wait_for_selector("section.summary.warn, section.summary.good", timeout=60_000)
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            page.set_input_files("#fichier", self._authority)
            page.click("main form.fields button")
            self._take(page, "autorite", language, scheme)

    def first_day(self, day, language, scheme):
        """Every step of the assistant."""
        with self._browser.new_context(color_scheme=scheme, viewport=SIZE) as context:
            page = context.new_page()
            page.on("console", lambda message: self.faults.extend([f"console: {message.text}"] if message.type in ("error", "warning") else []))

            def take(name):
                self._judge(page, f"assistant {name} {language} {scheme}")
                if scheme == "light":
                    page.screenshot(path=PLACE / f"assistant-{name}-{language}.png", full_page=True)
            day.walk(page, language, take)

    @staticmethod
    def _begin(page, path):
        if path == "/diagnostic":
            page.click("main form button")
        if path == "/pourquoi":
            page.fill("#a", "bob@lab.test")
            page.fill("#objet", "#med# Compte rendu")
            page.click("main form button")

    def _judge(self, page, what):
        for fault in Axe().run(page)["violations"]:
            if fault["impact"] in ("serious", "critical"):
                self.faults.append(f"{what}: {fault['id']}: {fault['nodes'][0]['html'][:120]}")
        page.set_viewport_size(AT_200_PERCENT)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            self.faults.append(f"{what}: at 200 % it must be scrolled sideways")
        page.set_viewport_size(SIZE)


def main():
    """All of them; exit status 1 where a page has a serious fault."""
    chromium = shutil.which("chromium")
    practice, day = servers.Practice(names=("alice", "bob")), firstday.FirstDay()
    try:
        practice.start()
        day.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if base.is_root() else [])
            camera = Camera(browser, practice.relays["alice"], practice.authority.certificate)
            for language in ("fr", "en"):
                for scheme in ("light", "dark"):
                    camera.visit(language, scheme)
                    camera.first_day(day, language, scheme)
            browser.close()
    finally:
        day.stop()
        practice.stop()
    print("\n".join(camera.faults) or "axe-core: no serious fault")
    return 1 if camera.faults else 0


if __name__ == "__main__":
    sys.exit(main())
