"""The icon beside the clock, as a panel sees it on a session bus: what it says, what its menu does, what a notification tells."""
import re
import smtplib
import socket
import threading
import unittest

from lab import base, browser, desk, pki, sink, softhsm

from common import Canary, PracticeCase
from test_cards import ALICE, BOB, CardCase

PATIENT = "jeanne.canari-durand@patient.example"


class DeskCase(PracticeCase):
    """Alice's Souspli with an icon."""
    options = {"names": ("alice", "bob")}
    more = ""

    @classmethod
    def setUpClass(cls):
        if not desk.available():
            raise unittest.SkipTest("dbus-daemon, dbus-monitor or gdbus is not installed")
        super().setUpClass()
        cls.own = cls.practice.relays["alice"]
        cls.own.stop()
        cls.text = cls.own.config.read_text()

    def setUp(self):
        place = self.practice.folder.path / self.id().rpartition(".")[2][:40]
        place.mkdir()
        self.desk = desk.Desk(place).start()
        self.addCleanup(self.desk.stop)
        self.own.desk = self.desk
        self.provider.smtp.heal()

    def run_it(self, more="", text=None):
        """With these lines more in its configuration; the icon once it says that it serves."""
        self.own.config.write_text((text or self.text) + more)
        self.addCleanup(self.own.stop)
        self.own.start()
        icon = self.desk.icon(self.own.process)
        icon.says(ALICE)
        return icon

    def rung(self, title):
        """Waits for a notification; all of that title."""
        return base.until(lambda: [said for said in self.desk.notifications() if said[0] == title], 20, f"a notification « {title} »")

    def clean(self, *canaries):
        """Nothing of a letter was said on the bus, in whatever form."""
        said = self.desk.overheard()
        for canary in canaries:
            self.assertEqual([], canary.found_in(said))
        for word in (PATIENT, "canari", "Durand", "pw-alice"):
            self.assertNotIn(word.lower().encode(), said.lower())


class MenuTest(DeskCase):
    """What it says and does."""

    def test_ready(self):
        icon = self.run_it()
        self.assertEqual(
            ["Souspli : Prêt", f"{ALICE} : Prêt", "Ouvrir le tableau de bord", "Message d’essai…", "Diagnostic…",
             "Mettre à jour les listes", "Verrouiller (oublier le code)", "Quitter Souspli"],
            icon.says("Prêt"))
        self.assertIn("Souspli : Prêt", icon.tip())
        self.assertEqual([], self.desk.notifications())

    def test_in_english(self):
        icon = self.run_it('\n[dashboard]\nlanguage = "en"\n')
        self.assertIn("Quit Souspli", icon.says("Souspli: Ready", f"{ALICE}: Ready"))

    def test_trials_are_marked(self):
        plain = self.run_it()
        plain.says("Prêt")
        before = plain.picture()
        self.own.stop()
        icon = self.run_it('\n[trust]\nenvironment = "test"\n')
        icon.says("TEST")
        self.assertIn("TEST - ", icon.tip())
        self.assertNotEqual(before, icon.picture())

    def test_quit_ends_it_in_order(self):
        icon = self.run_it()
        icon.choose("Quitter")
        self.assertEqual(0, self.own.process.wait(12))
        self.assertIsNone(icon.picture())

    def test_a_signal_ends_it_in_order(self):
        self.run_it()
        self.assertEqual(0, self.own.stop())

    def test_the_dashboard_opens_by_click_and_by_menu(self):
        icon = self.run_it()
        for does, path in ((icon.click, "/"), (lambda: icon.choose("Ouvrir le tableau"), "/"), (lambda: icon.choose("Diagnostic"), "/diagnostic")):
            before = len(self.desk.opened())
            does()
            link = base.until(lambda: len(links := self.desk.opened()) > before and links[-1], 10, "the browser")
            own = browser.Browser(link)
            answer = own.enter()
            self.assertEqual((303, path), (answer.status, answer.headers["Location"]))
            self.assertIn(ALICE, own.page("/"))
            secret = re.search(r"jeton=([0-9a-f]+)", link)[1]
            self.assertNotIn(secret, self.own.log.read_text())
            self.assertEqual(403, browser.Browser(link).enter().status, "a link serves once")

    def test_a_second_start_opens_the_dashboard_of_the_first(self):
        icon = self.run_it()
        again = self.own.attempt("run", "--config", self.own.config)
        self.assertEqual(0, again.returncode, again.stderr)
        self.assertIn("tourne déjà", again.stderr.decode())
        link = base.until(lambda: (links := self.desk.opened()) and links[-1], 10, "the browser")
        self.assertEqual(303, browser.Browser(link).enter().status)
        icon.says("Prêt")

    def test_what_is_in_hand_is_said_and_finished(self):
        icon = self.run_it()
        self.provider.smtp.fail("dot", sink.SILENT)
        client = smtplib.SMTP(base.LOOPBACK, self.own.smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(ALICE, "pw-alice")
        client.mail(ALICE)
        client.rcpt(BOB)
        client.docmd("DATA")
        client.send(Canary().letter("bonjour", [BOB]) + b"\r\n.\r\n")
        icon.says("1 envoi en cours", "Quitter : l’envoi en cours est terminé d’abord")
        icon.choose("Quitter")
        icon.says("Souspli termine…")
        self.assertEqual(0, self.own.process.wait(15))

    def test_lists_are_fetched(self):
        self.run_it().choose("Mettre à jour les listes")
        self.assertEqual(0, self.own.stop())


class TroubleTest(DeskCase):
    """What it says when something is wrong."""

    def test_a_port_in_use_is_said_until_it_is_free(self):
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind((base.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        self.own.config.write_text(self.text.replace('smtp = "127.0.0.1:0"', f'smtp = "127.0.0.1:{port}"', 1))
        self.addCleanup(self.own.stop)
        self.own.begin()
        icon = self.desk.icon(self.own.process)
        labels = icon.says(f"Port {port} pris par un autre programme", "Réessayer")
        self.assertFalse([label for label in labels if "tableau" in label])
        self.rung("Souspli n’a pas pu démarrer")
        taken.close()
        icon.choose("Réessayer")
        self.own.read_ready()
        icon.says(f"{ALICE} : Prêt")
        self.assertEqual(port, self.own.smtp)

    def test_a_signal_ends_what_has_not_begun(self):
        with socket.socket() as taken:
            taken.bind((base.LOOPBACK, 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.own.config.write_text(self.text.replace('smtp = "127.0.0.1:0"', f'smtp = "127.0.0.1:{port}"', 1))
            self.addCleanup(self.own.stop)
            self.own.begin()
            self.desk.icon(self.own.process).says(f"Port {port} pris")
            self.assertEqual(1, self.own.stop())

    def test_quit_without_having_begun(self):
        self.own.config.write_text("[listen]\nsmpt = 1\n")
        self.addCleanup(self.own.stop)
        self.own.begin()
        icon = self.desk.icon(self.own.process)
        icon.says("Souspli n’a pas pu démarrer")
        icon.choose("Quitter")
        self.assertEqual(0, self.own.process.wait(12), "whoever watches over it must not begin it again")

    def test_a_provider_that_is_away(self):
        icon = self.run_it()
        self.provider.store.stop()
        try:
            with self.assertRaises(Exception):
                self.imap("alice")
            icon.says("Fournisseur injoignable (127.0.0.1)")
        finally:
            self.provider.store.start()
        self.imap("alice")
        icon.says(f"{ALICE} : Prêt")
        self.assertEqual([], self.desk.notifications(), "a moment rings nobody")

    def test_a_refusal_rings_once_and_names_nobody(self):
        icon = self.run_it()
        canaries = [Canary(), Canary()]
        with self.assertRaises(smtplib.SMTPException):
            self.submit("alice", canaries[0].letter("#med# Mme Durand", [PATIENT]), PATIENT)
        self.rung("Un message n’est pas parti")
        icon.says("Dernier refus", "certificat d’un destinataire manquant [SP-NO-CERTIFICATE]")
        self.assertEqual(1, len(self.desk.notifications()))
        with self.assertRaises(smtplib.SMTPException):
            self.submit("alice", canaries[1].letter("#med# Mme Durand", [PATIENT]), PATIENT)
        base.until(lambda: len(self.desk.notifications()) == 2, 20, "another notification")
        self.clean(*canaries)

    def test_a_refusal_of_the_provider_behind_the_sealing_is_one_too(self):
        icon = self.run_it()
        canaries = [Canary() for _ in range(3)]
        letters = [canary.letter("#med# Mme Durand", [BOB]) for canary in canaries]
        smtp = self.provider.smtp
        # What may go later is no refusal; the words of the provider may name anybody.
        for letter, (step, answer) in zip(letters, (("dot", f"451 4.7.1 later {PATIENT}"), ("dot", f"554 5.7.1 Mme Durand {PATIENT}"), ("rcpt", f"550 5.1.1 <{BOB}> unknown"))):
            smtp.fail(step, answer)
            with self.assertRaises(smtplib.SMTPException):
                self.submit("alice", letter, BOB)
            smtp.heal()
            if answer.startswith("451"):
                self.assertNotIn("Dernier refus", icon.says("Prêt"))
            if answer.startswith("554"):
                self.rung("Un message n’est pas parti")
                icon.says("Dernier refus", "fournisseur [SP-PROVIDER-REFUSED]")
                own = browser.Browser(self.own.dashboard)
                own.enter()
                self.assertIn("ne l’accepte pas (5.7.1)", own.page("/"))
                self.assertNotIn(PATIENT, own.page("/"))
        icon.says("Dernier refus", "fournisseur [SP-RECIPIENT-REFUSED]")
        base.until(lambda: len(self.desk.notifications()) == 2, 20, "another notification")
        self.clean(*canaries)
        self.assertNotIn(BOB.encode(), self.desk.overheard())

    def test_notifications_can_be_turned_off(self):
        icon = self.run_it("\n[desktop]\nnotifications = false\n")
        with self.assertRaises(smtplib.SMTPException):
            self.submit("alice", Canary().letter("#med#", [PATIENT]), PATIENT)
        icon.says("Dernier refus")
        self.assertEqual([], self.desk.notifications())


class EndingTest(DeskCase):
    """A certificate of seven days."""

    def test_a_certificate_that_ends(self):
        doctor = self.practice.authority.doctor("court", "Dr Court", ALICE, days=7)
        self.own.config.write_text(self.text)
        before = self.own.cli("key", "list").decode().split("\t")[0]
        self.own.key_import(ALICE, doctor.p12())
        self.own.cli("key", "remove", before)
        icon = self.run_it()
        icon.says("Le certificat expire dans 7 jours")
        self.rung("Le certificat expire dans 7 jours")
        self.own.stop()
        self.run_it().says("Le certificat expire dans 7 jours")
        self.assertEqual(1, len(self.desk.notifications()), "once, over restarts too")


class AbsentTest(DeskCase):
    """Where there is no place for an icon."""

    def test_without_a_session_bus(self):
        self.desk.stop()
        self.own.config.write_text(self.text)
        self.addCleanup(self.own.stop)
        self.own.start()
        self.assertEqual(1, self.own.log.read_text().count("there is no place for an icon"))
        self.imap("alice")
        self.assertEqual(0, self.own.stop())

    def test_a_session_that_ends_takes_nothing_along(self):
        self.run_it()
        self.desk.stop()
        self.imap("alice")
        self.assertEqual(0, self.own.stop())

    def test_turned_off(self):
        self.own.config.write_text(self.text + "\n[desktop]\ntray = false\n")
        self.addCleanup(self.own.stop)
        self.own.start()
        self.assertNotIn(b"StatusNotifierItem", self.desk.overheard())


class CardIconTest(CardCase):
    """A card that is closed, awaited, open, and away."""

    def setUp(self):
        super().setUp()
        if not desk.available():
            self.skipTest("dbus-daemon, dbus-monitor or gdbus is not installed")
        place = self.folder / f"{self.id().rpartition('.')[2][:30]}-desk"
        place.mkdir()
        self.desk = desk.Desk(place).start()
        self.addCleanup(self.desk.stop)
        self.souspli.desk = self.desk

    def test_its_pin_is_awaited_given_and_forgotten(self):
        self.run_it()
        icon = self.desk.icon(self.souspli.process)
        icon.says(f"{ALICE} : Prêt")
        self.pinentry.hold()
        self.pinentry.will(softhsm.PIN)
        sending = in_the_background(self.send)
        icon.says(f"{ALICE} : Code de la carte attendu")
        self.pinentry.release()
        sending.join()
        self.sent()
        icon.says(f"{ALICE} : Prêt")
        icon.choose("Verrouiller")
        self.pinentry.will(softhsm.PIN)
        base.until(lambda: self.has_asked_anew(), 30, "the PIN asked for once more")

    def test_one_that_is_not_there_is_awaited_when_it_is_wanted(self):
        self.take_card()
        self.hsm.remove(self.token)
        self.addCleanup(self.souspli.stop)
        self.souspli.start()
        icon = self.desk.icon(self.souspli.process)
        icon.says(f"{ALICE} : Carte absente", "Vous attend")
        self.assertEqual([], self.desk.notifications())
        self.refused("SP-CARD-ABSENT")
        icon.says(f"{ALICE} : Carte attendue : insérez-la")
        base.until(lambda: "Votre carte est attendue" in [title for title, _ in self.desk.notifications()], 20, "the notification")
        self.assertEqual([], self.canary.found_in(self.desk.overheard()))

    def has_asked_anew(self):
        self.send()
        self.sent()
        return self.pinentry.prompts() == 2


def in_the_background(does):
    """On a thread of its own."""
    thread = threading.Thread(target=does)
    thread.start()
    return thread
