"""The demo: two doctors, a `#med# ` letter with a PDF, what the provider stores and what the colleague reads."""
from __future__ import annotations

import argparse
import imaplib
import os
import pathlib
import signal
import smtplib
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import base, mails, pki, postfix, servers  # noqa: E402

LETTER = "Chère consœur,\n\nVoici le compte rendu de Mme Dupont, née en 1952 : évolution favorable.\n\nBien confraternellement,\nDr Alice ESSAI\n"
# What ends it: Ctrl-C, a request, a terminal that is closed.
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECRETS = ("Dupont", "favorable", "compte-rendu.pdf")


def say(french, english):
    """One line in each language."""
    print(f"{french}\n  \033[2m{english}\033[0m" if sys.stdout.isatty() else f"{french}\n  {english}", flush=True)


def show(title, text):
    """A framed extract."""
    print(f"\n--- {title} " + "-" * max(3, 90 - len(title)))
    print(textwrap.indent(text.rstrip(), "    "))
    print("-" * 95 + "\n", flush=True)


def main():
    """Exit status 0 only when everything was right."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--once", action="store_true", help="ends by itself")
    once = options.parse_args().once
    for number in ENDS:
        signal.signal(number, interrupt_once)
    kind = "postfix" if postfix.available() else "sink"
    practice = servers.Practice(smtp=kind)
    try:
        say(f"Serveurs de courrier sur cette machine : Dovecot et {'Postfix' if kind == 'postfix' else 'un récepteur SMTP sans privilèges'}.",
            f"Mail servers on this machine: Dovecot and {'Postfix' if kind == 'postfix' else 'an unprivileged SMTP receiver'}.")
        practice.start()
        say("Deux médecins, Alice et Bob : leurs clés, leurs certificats, un Souspli chacun.",
            "Two doctors, Alice and Bob: their keys, their certificates, a Souspli each.")
        faults = demonstrate(practice)
        for fault in faults:
            say(f"ERREUR : {fault[0]}", f"ERROR: {fault[1]}")
        if not faults:
            say("Tout est juste : scellée chez l'opérateur, ouverte et vérifiée chez le confrère, PDF identique.",
                "All is right: sealed at the provider, opened and verified at the colleague's, PDF identical.")
        if not once:
            settings(practice)
            say("Ctrl-C pour arrêter.", "Ctrl-C to stop.")
            wait_for_a_signal()
        return 1 if faults else 0
    except KeyboardInterrupt:
        say("\nArrêt.", "Stopping.")
        return 130 if once else 0
    except (base.LabError, smtplib.SMTPException, imaplib.IMAP4.error, OSError) as error:
        say(f"ERREUR : {error}", "ERROR: see above.")
        return 1
    finally:
        practice.stop()


def wait_for_a_signal():
    """For ever: its handler raises. One that comes right before the wait has left an octet, which ends it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    while True:
        os.read(reading, 1)


def interrupt_once(*_):
    """A second Ctrl-C, out of impatience, must not leave servers behind. (Signals that are ignored would stay so in `postfix stop`.)"""
    for number in ENDS:
        signal.signal(number, lambda *_: None)
    raise KeyboardInterrupt


def demonstrate(practice):
    """Sends, looks at both ends; what was wrong, as (French, English) pairs."""
    document = mails.pdf(["Compte rendu de consultation", "Mme Dupont : évolution favorable."])
    message = mails.letter("Dr Alice ESSAI <alice@lab.test>", "Dr Bob ESSAI <bob@lab.test>", "#med# Compte rendu", LETTER,
                           attachments=[("compte-rendu.pdf", "application/pdf", document)])
    send(practice, message)
    say("Alice a envoyé « #med# Compte rendu » à Bob, avec un PDF, par son Souspli.",
        "Alice has sent \"#med# Compte rendu\" to Bob, with a PDF, through her Souspli.")
    stored = base.until(lambda: practice.provider.store.stored("bob@lab.test"), 30, "the letter at the provider's")[0].decode("utf-8", "replace")
    show("ce que l'opérateur conserve / what the provider stores", "\n".join(stored.splitlines()[:34]) + "\n...")
    opened = fetch(practice)
    parsed = mails.parse(opened)
    show("ce que lit le logiciel de Bob / what Bob's mail program reads", visible(parsed))
    return judge(stored, parsed, document)


def send(practice, message):
    """As a mail program does: STARTTLS with the local certificate, AUTH, the letter."""
    relay = practice.relays["alice"]
    with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as smtp:
        smtp.starttls(context=pki.unchecked_context())
        smtp.login("alice@lab.test", servers.USERS["alice@lab.test"])
        smtp.sendmail("alice@lab.test", ["bob@lab.test"], message)


def fetch(practice):
    """The letter as Bob's mail program gets it."""
    with imaplib.IMAP4(base.LOOPBACK, practice.relays["bob"].imap, timeout=60) as box:
        box.starttls(pki.unchecked_context())
        box.login("bob@lab.test", servers.USERS["bob@lab.test"])
        box.select("INBOX", readonly=True)
        _, answer = box.fetch("1", "(BODY.PEEK[])")
        return answer[0][1]


def visible(message):
    """What a doctor sees of it."""
    fields = [f"{n}: {message[n]}" for n in ("From", "To", "Subject", "Date")]
    fields += [f"{n}: {v}" for n, v in message.items() if n.lower().startswith("x-souspli-")]
    names = [f"[{p.get_filename()}, {len(p.get_payload(decode=True))} octets]" for p in message.walk() if p.get_filename()]
    return "\n".join(fields + ["", mails.texts(message).strip(), ""] + names)


def judge(stored, opened, document):
    """What is not as it must be."""
    faults = []
    leaks = [s for s in SECRETS + ("#med#",) if s in stored]
    if leaks:
        faults.append((f"visible chez l'opérateur : {', '.join(leaks)}", f"visible at the provider's: {', '.join(leaks)}"))
    if "pkcs7-mime" not in stored:
        faults.append(("le message conservé n'est pas S/MIME", "the stored message is not S/MIME"))
    if "évolution favorable" not in mails.texts(opened):
        faults.append(("le texte n'a pas été retrouvé", "the text was not found again"))
    if mails.attachment(opened, "compte-rendu.pdf") != document:
        faults.append(("le PDF n'est pas identique", "the PDF is not identical"))
    if "verified" not in " ".join(v for n, v in opened.items() if n.lower().startswith("x-souspli-")).lower():
        faults.append(("la signature n'a pas été vérifiée", "the signature was not verified"))
    return faults


def settings(practice):
    """What to type into Thunderbird."""
    for name, relay in practice.relays.items():
        show(f"Thunderbird : {name}@lab.test", "\n".join([
            f"Adresse / address          {name}@lab.test",
            f"Mot de passe / password    {servers.USERS[name + '@lab.test']}",
            f"IMAP                       {base.LOOPBACK}, port {relay.imap}, STARTTLS, mot de passe normal / normal password",
            f"SMTP                       {base.LOOPBACK}, port {relay.smtp}, STARTTLS, mot de passe normal / normal password",
            f"Certificat local           {relay.tls_certificate}",
            "(Thunderbird demande une fois s'il faut accepter ce certificat / Thunderbird asks once whether to accept this certificate)"]))


if __name__ == "__main__":
    sys.exit(main())
