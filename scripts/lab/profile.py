"""A Thunderbird profile with one account: stored passwords, a trusted certificate, French, nothing that asks at the start."""
from __future__ import annotations

import base64
import ctypes
import hashlib
import json
import pathlib
import ssl
import time
import uuid

from . import base

_STARTTLS, _PASSWORD = 2, 3


def make(folder: pathlib.Path, address, name, password, incoming, smtp, certificate, marionette, preferences=None, kind="imap"):
    """Writes it; `incoming`: a port of that kind, imap or pop3; `certificate`: the PEM file of the server on both ports."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {**_account(address, name, incoming, smtp, kind), **_QUIET, "marionette.port": marionette, **(preferences or {})}
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in values.items())
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
    base.run("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
    _trust(folder, certificate, (incoming, smtp))
    _passwords(folder, address, password, "imap" if kind == "imap" else "mailbox")


def _account(address, name, incoming, smtp, kind):
    root = f"{'imap' if kind == 'imap' else 'mailbox'}://{address.replace('@', '%40')}@{base.LOOPBACK}"
    server = {"type": kind, "name": address, "hostname": base.LOOPBACK, "port": incoming, "userName": address, "socketType": _STARTTLS,
              "authMethod": _PASSWORD, "login_at_startup": True, "check_new_mail": True, "offline_download": True}
    if kind == "pop3":
        server |= {"leave_on_server": True, "download_on_biff": True}
    local = {"type": "none", "name": "Dossiers locaux", "hostname": "Local Folders", "userName": "nobody"}
    identity = {"fullName": name, "useremail": address, "valid": True, "smtpServer": "smtp1", "compose_html": True, "doFcc": True,
                "fcc_folder": root + "/Sent", "fcc_folder_picker_mode": "1", "draft_folder": root + "/Drafts",
                "drafts_folder_picker_mode": "1", "stationery_folder": root + "/Templates", "archive_folder": root + "/Archives"}
    smtp1 = {"type": "smtp", "hostname": base.LOOPBACK, "port": smtp, "username": address, "try_ssl": _STARTTLS, "authMethod": _PASSWORD}
    values = {"mail.accountmanager.accounts": "account1,account2", "mail.accountmanager.defaultaccount": "account1",
              "mail.accountmanager.localfoldersserver": "server2", "mail.account.account1.server": "server1",
              "mail.account.account1.identities": "id1", "mail.account.account2.server": "server2", "mail.account.lastKey": 2,
              "mail.smtpservers": "smtp1", "mail.smtp.defaultserver": "smtp1"}
    for prefix, table in (("mail.server.server1", server), ("mail.server.server2", local), ("mail.identity.id1", identity),
                          ("mail.smtpserver.smtp1", smtp1)):
        values.update({f"{prefix}.{k}": v for k, v in table.items()})
    return values


# No first-run pages, questions, updates, telemetry or traffic to the outside.
_QUIET = {
    "intl.locale.requested": "fr", "extensions.autoDisableScopes": 0, "extensions.startupScanScopes": 15,
    "mail.provider.suppress_dialog_on_startup": True, "mail.spotlight.firstRunDone": True, "mail.winsearch.firstRunDone": True,
    "mail.rights.version": 1, "mail.shell.checkDefaultClient": False, "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore", "app.donation.eoy.version.viewed": 999, "mail.inappnotifications.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False, "datareporting.healthreport.uploadEnabled": False,
    "toolkit.telemetry.enabled": False, "toolkit.telemetry.unified": False, "app.update.enabled": False, "app.update.auto": False,
    "extensions.update.enabled": False, "extensions.getAddons.cache.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "services.settings.server": "data:,", "security.OCSP.enabled": 0,
    "mail.phishing.detection.enabled": False, "mail.biff.play_sound": False, "mail.biff.show_alert": False,
    "mail.warn_on_send_accel_key": False, "mail.compose.attachment_reminder": False, "mail.SpellCheckBeforeSend": False,
    "mail.openMessageBehavior.version": 1, "mail.tabs.warnOnClose": False, "calendar.timezone.local": "Europe/Paris",
    "calendar.timezone.useSystemTimezone": False, "remote.prefs.recommended": False, "signon.rememberSignons": True,
}


def _trust(folder, certificate, ports):
    """The answer "accept this certificate for good" that a doctor gives once per server."""
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate).read_text())
    print_ = ":".join(f"{octet:02X}" for octet in hashlib.sha256(der).digest())
    rows = "".join(f"{base.LOOPBACK}:{port}:\tOID.2.16.840.1.101.3.4.2.1\t{print_}\t\n" for port in ports)
    (folder / "cert_override.txt").write_text("# PSM Certificate Override Settings file\n" + rows)


class _Item(ctypes.Structure):
    _fields_ = [("type", ctypes.c_uint), ("data", ctypes.c_void_p), ("len", ctypes.c_uint)]


def _passwords(folder, address, password, incoming):
    """The stored passwords of both servers, encrypted as Thunderbird does (NSS, no master password)."""
    user, secret = _encrypt(folder, address), _encrypt(folder, password)
    now = int(time.time() * 1000)
    logins = [{"id": n, "hostname": f"{kind}://{base.LOOPBACK}", "httpRealm": f"{kind}://{base.LOOPBACK}", "formSubmitURL": None,
               "usernameField": "", "passwordField": "", "encryptedUsername": user, "encryptedPassword": secret, "encType": 1,
               "guid": "{%s}" % uuid.uuid4(), "timeCreated": now, "timeLastUsed": now, "timePasswordChanged": now, "timesUsed": 1}
              for n, kind in ((1, incoming), (2, "smtp"))]
    table = {"nextId": 3, "logins": logins, "potentiallyVulnerablePasswords": [], "dismissedBreachAlertsByLoginGUID": {}, "version": 3}
    (folder / "logins.json").write_text(json.dumps(table))


def _encrypt(folder, text):
    nss = ctypes.CDLL("libnss3.so")
    nss.PK11_GetInternalKeySlot.restype = ctypes.c_void_p
    nss.PK11_NeedUserInit.argtypes = nss.PK11_FreeSlot.argtypes = [ctypes.c_void_p]
    nss.PK11_InitPin.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    nss.PK11SDR_Encrypt.argtypes = [ctypes.POINTER(_Item)] * 3 + [ctypes.c_void_p]
    if nss.NSS_InitReadWrite(f"sql:{folder}".encode()) != 0:
        raise base.LabError("NSS could not open the profile")
    try:
        slot = nss.PK11_GetInternalKeySlot()
        if nss.PK11_NeedUserInit(slot):
            nss.PK11_InitPin(slot, b"", b"")
        octets = text.encode()
        held = ctypes.create_string_buffer(octets, len(octets))
        key, clear, out = _Item(0, None, 0), _Item(0, ctypes.cast(held, ctypes.c_void_p), len(octets)), _Item(0, None, 0)
        status = nss.PK11SDR_Encrypt(ctypes.byref(key), ctypes.byref(clear), ctypes.byref(out), None)
        nss.PK11_FreeSlot(slot)
        if status != 0:
            raise base.LabError("NSS could not encrypt a password")
        return base64.b64encode(ctypes.string_at(out.data, out.len)).decode()
    finally:
        nss.NSS_Shutdown()
