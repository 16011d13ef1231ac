"""Pictures of the icon and its menu in each state, as a panel shows them: docs/images/tray-*.png."""
from __future__ import annotations

import contextlib
import os
import pathlib
import smtplib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import base, cps, mails, panel, pinentry, pki, published, servers, softhsm, souspli  # noqa: E402

PLACE = base.ROOT / "docs" / "images"
ALICE, NOBODY = "alice@lab.test", "sans.certificat@exemple.fr"


class Studio:
    """A doctor's desk in front of the lab's provider."""

    def __init__(self, practice, dark=False):
        self.practice, self.dark = practice, dark
        self._count = 0

    @contextlib.contextmanager
    def taken(self, name, changed=lambda text: text, prepare=lambda relay: None, begin=None):
        """The picture of that name, once what is inside has brought the state about."""
        self._count += 1
        place = self.practice.folder.path / f"studio{self._count}{'d' if self.dark else ''}"
        (place / "desk").mkdir(parents=True)
        with contextlib.ExitStack() as stack:
            desk = panel.PanelDesk(place / "desk", self.dark).start()
            stack.callback(desk.stop)
            relay = souspli.Souspli(place, [self.practice.provider.account(ALICE)], [self.practice.provider.tls.bundle])
            relay.desk = desk
            relay.config.write_text(changed(relay.config.read_text()))
            prepare(relay)
            stack.callback(relay.stop)
            (begin or souspli.Souspli.start)(relay)
            icon = desk.icon(relay.process)
            yield relay, icon
            desk.picture(PLACE / f"tray-{name}{'-dark' if self.dark else ''}.png")

    def with_key(self, doctor):
        """The relay's own key."""
        return lambda relay: relay.furnish({ALICE: [doctor]}, [], [self.practice.authority.certificate])


def english(text):
    """The menu in English."""
    return text + '\n[dashboard]\nlanguage = "en"\n'


def trial(text):
    """Trial authorities."""
    return text + '\n[trust]\nenvironment = "test"\n'


def of_files(studio):
    """Everything that needs no card."""
    key = studio.with_key(studio.practice.doctors["alice"])
    with studio.taken("ready-fr", prepare=key) as (_, icon):
        icon.says(f"{ALICE} : Prêt")
    if studio.dark:
        return
    with studio.taken("ready-en", changed=english, prepare=key) as (_, icon):
        icon.says(f"{ALICE}: Ready")
    with studio.taken("test", changed=trial, prepare=key) as (_, icon):
        icon.says("TEST", ALICE)
    ending = studio.practice.authority.doctor("court", "Dr Alice ESSAI", ALICE, days=7)
    with studio.taken("certificate", prepare=studio.with_key(ending)) as (_, icon):
        icon.says("expire dans 7 jours")
    with studio.taken("refused", prepare=key) as (relay, icon):
        refused(relay)
        icon.says("Dernier refus")
    with studio.taken("provider", prepare=key) as (relay, icon):
        away(studio.practice.provider, relay)
        icon.says("Fournisseur injoignable")
    port_in_use(studio, key)
    lists_wanting(studio)


def refused(relay):
    """A letter for which there is no certificate."""
    with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as client, contextlib.suppress(smtplib.SMTPException):
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, "pw-alice")
        client.sendmail(ALICE, [NOBODY], mails.letter(ALICE, [NOBODY], "#med# Essai", "Bonjour,\n"))


def away(provider, relay):
    """The provider is gone when somebody wants to read."""
    provider.store.stop()
    try:
        with socket.create_connection((base.LOOPBACK, relay.imap), 20) as client:
            client.sendall(b'a LOGIN "alice@lab.test" "pw-alice"\r\n')
            while b"\na " not in b"\n" + client.recv(4096):
                pass
    finally:
        provider.store.start()


def port_in_use(studio, key):
    """Another program is on the port."""
    with socket.socket() as taken:
        taken.bind((base.LOOPBACK, 0))
        taken.listen()
        at = f'smtp = "127.0.0.1:{taken.getsockname()[1]}"'
        with studio.taken("port", changed=lambda text: text.replace('smtp = "127.0.0.1:0"', at, 1), prepare=key, begin=souspli.Souspli.begin) as (_, icon):
            icon.says("pris par un autre programme")


def lists_wanting(studio):
    """A colleague's certificate names a revocation list that its authority does not give."""
    with contextlib.ExitStack() as stack:
        web = published.Publisher()
        stack.callback(web.stop)
        registry = published.Registry(studio.practice.folder.path / "registry", studio.practice.authority)
        listed = registry.doctor("liste", "Dr Bob ESSAI", "bob@lab.test", web.places())

        def prepare(relay):
            relay.furnish({ALICE: [studio.practice.doctors["alice"]]}, [listed], [studio.practice.authority.certificate])
        with studio.taken("lists", prepare=prepare) as (_, icon):
            icon.says("Listes de révocation périmées ou absentes")


def of_cards(studio):
    """A key on a card: away, its PIN awaited."""
    pair = cps.single(studio.practice.authority, address=ALICE)
    for name, is_there, says in (("card", False, "Carte absente"), ("pin", True, "Code de la carte attendu")):
        place = studio.practice.folder.path / f"card-{name}"
        place.mkdir()
        hsm = softhsm.SoftHsm(place / "hsm")
        token = hsm.token(pairs=[pair])
        os.environ.update(hsm.environment)
        asks = pinentry.Pinentry(place / "pinentry")
        asks.hold()
        lines = f'\n[card]\nmodule = "{hsm.module}"\npinentry = "{asks.program}"\n'

        def prepare(relay, gone=None if is_there else token, own=hsm):
            relay.furnish({}, [], [studio.practice.authority.certificate])
            relay.cli("key", "card", "--account", ALICE, "--config", relay.config)
            if gone:
                own.remove(gone)
        with contextlib.closing(asks), studio.taken(name, changed=lambda text, more=lines: text + more, prepare=prepare) as (relay, icon):
            if is_there:
                threading.Thread(target=refused_to_self, args=(relay,), daemon=True).start()
            icon.says(says)


def refused_to_self(relay):
    """A sealed letter to oneself, for which the card signs."""
    with contextlib.suppress(smtplib.SMTPException, OSError), smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as client:
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, "pw-alice")
        client.sendmail(ALICE, [ALICE], mails.letter(ALICE, [ALICE], "#med# Essai", "Bonjour,\n"))


def main():
    """All of them."""
    practice = servers.Practice(names=("alice",))
    try:
        practice.provider.start()
        studio = Studio(practice)
        of_files(studio)
        of_cards(studio)
        of_files(Studio(practice, dark=True))
    finally:
        practice.stop()
    return 0


if __name__ == "__main__":
    if panel.missing():
        sys.exit(f"missing: {', '.join(panel.missing())}")
    sys.exit(main())
