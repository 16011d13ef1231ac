"""A real Thunderbird in French on a screen that nobody sees, used as a doctor uses it."""
from __future__ import annotations

import os
import pathlib
import signal
import subprocess

from . import base, profile
from .marionette import Marionette, ScriptError

# Names that every script may use.
_PRELUDE = """
const W = Services.wm.getMostRecentWindow("mail:3pane");
const P = W && W.document.getElementById("tabmail") && W.document.getElementById("tabmail").currentAbout3Pane;
const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = () => MailServices.accounts.accounts.map(a => a.incomingServer).find(s => s.type == "imap" || s.type == "pop3");
const folder = n => n == "Local" ? MailServices.accounts.localFoldersServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Trash)
  : n == "INBOX" ? server().rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox) : server().rootFolder.getChildNamed(n);
const composer = () => Services.wm.getMostRecentWindow("msgcompose");
const header = s => { const v = P.gDBView; for (let i = 0; i < v.rowCount; i++) { const h = v.getMsgHdrAt(i); if (h.mime2DecodedSubject == s) return h; } };
"""


def available():
    """Whether Thunderbird and a virtual screen are installed. A snap does not count: it keeps profiles of its own."""
    if not all(base.program(p) for p in ("thunderbird", "Xvfb", "certutil")):
        return False
    place = pathlib.Path(base.program("thunderbird")).resolve()
    return "snap" not in place.parts and place.name != "snap" and b"/snap/" not in place.read_bytes()[:4096]


class Screen:
    """A virtual X screen; the server picks its own number."""

    def __init__(self, size="1280x900x24"):
        reading, writing = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"], pass_fds=[writing],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise base.LabError("Xvfb did not start")
        self.display = f":{number}"

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait(10)


class Thunderbird:
    """One profile, one account."""

    def __init__(self, folder: pathlib.Path, screen, address, name, password, incoming, smtp, certificate, preferences=None, kind="imap"):
        self.folder, self.screen, self.port = folder, screen, base.free_ports(1)[0]
        self.process = self.remote = None
        profile.make(folder / "profile", address, name, password, incoming, smtp, certificate, self.port, preferences, kind)

    def start(self):
        """Returns once the main window shows the account."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        env = {k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"}
        env.update(HOME=str(home), DISPLAY=self.screen.display, TZ="Europe/Paris", LANG="C.UTF-8", MOZ_CRASHREPORTER_DISABLE="1", NO_AT_BRIDGE="1",
                   MOZ_LOG="IMAP:4", MOZ_LOG_FILE=str(self.folder / "imap.log"))
        with open(self.folder / "thunderbird.log", "ab") as log:
            self.process = subprocess.Popen(
                ["thunderbird", "-no-remote", "-profile", str(self.folder / "profile"), "-marionette", "-remote-allow-system-access"],
                env=env, stdout=log, stderr=log, start_new_session=True)
        self.remote = Marionette(self.port)
        self.until("return !!(P && P.gFolder)", seconds=90)
        return self

    def stop(self):
        """Ends it."""
        if self.process is None:
            return
        if self.remote is not None:
            self.remote.quit()
        else:
            self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def script(self, body, *arguments, **options):
        """Runs a script in the main window."""
        return self.remote.script(_PRELUDE + body, *arguments, **options)

    def until(self, body, *arguments, **options):
        """Runs a script until it returns something true."""
        return self.remote.until(_PRELUDE + body, *arguments, **options)

    def locale(self):
        """The language of the interface."""
        return self.script("return Services.locale.appLocaleAsBCP47")

    # Reading.

    def show(self, name):
        """Displays a folder."""
        self.script("P.displayFolder(folder(args[0])); folder(args[0]).updateFolder(W.msgWindow)", name)
        self.until("return P.gFolder == folder(args[0]) && !!P.gDBView", name)

    def get_messages(self):
        """What "Get Messages" does; over POP3 nothing comes by itself."""
        self.script('server().getNewMessages(folder("INBOX"), W.msgWindow, null)')

    def keep_offline(self, name, wanted):
        """Whether the bodies of that folder are downloaded beforehand; without it a large message comes in chunks."""
        self.script("const f = folder(args[0]), on = Ci.nsMsgFolderFlags.Offline; args[1] ? f.setFlag(on) : f.clearFlag(on)", name, wanted)

    def offline(self):
        """Subjects of the shown folder whose bodies have been downloaded."""
        return self.script("""const v = P.gDBView, out = []; for (let i = 0; i < v.rowCount; i++) { const h = v.getMsgHdrAt(i);
            if (h.flags & Ci.nsMsgMessageFlags.Offline) out.push(h.mime2DecodedSubject); } return out;""")

    def commands(self):
        """What it sent over IMAP, after TLS."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("imap.log*"))

    def rows(self):
        """The list as shown: subject, author, size."""
        return self.script("""const v = P.gDBView, out = []; for (let i = 0; i < v.rowCount; i++) { const h = v.getMsgHdrAt(i);
            out.push({subject: h.mime2DecodedSubject, author: h.mime2DecodedAuthor, size: h.messageSize}); } return out;""")

    def wait_for(self, subject, seconds=40):
        """Until the shown folder lists that subject."""
        def listed():
            if any(row["subject"] == subject for row in self.rows()):
                return True
            self.script("P.gFolder.updateFolder(W.msgWindow)")
            return False
        base.until(listed, seconds, f"{subject!r} in the list")

    def marked(self, subject, seconds=40):
        """The Subject in the list, with what stands before it, once it is there."""
        def listed():
            found = [row["subject"] for row in self.rows() if row["subject"].endswith(subject)]
            if not found:
                self.script("P.gFolder.updateFolder(W.msgWindow)")
            return found and found[0]
        return base.until(listed, seconds, f"{subject!r} in the list")

    def read(self, subject, seconds=40):
        """Clicks on a message; what is on the screen then. `security`: Thunderbird's own S/MIME marks that are visible."""
        self.wait_for(subject, seconds)
        self.script("P.threadTree.selectedIndex = -1; P.threadTree.selectedIndex = P.gDBView.findIndexOfMsgHdr(header(args[0]), true)", subject)
        # The document must be that of this message: the one before stays until the new one has come.
        self.until("""const m = P.messageBrowser.contentWindow, b = m.getMessagePaneBrowser && m.getMessagePaneBrowser();
            const d = b && b.contentDocument, key = header(args[0]).messageKey;
            return d && d.body && d.readyState == "complete" && m.msgLoaded && m.gMessage && m.gMessage.messageKey == key
              && [...decodeURIComponent(b.currentURI.spec).matchAll(/(?:>|number=)(\\d+)/g)].pop()?.[1] == key""", subject, seconds=seconds)
        return self.script("""const m = P.messageBrowser.contentWindow, b = m.getMessagePaneBrowser();
            const seen = id => { const e = m.document.getElementById(id); return e && !e.hidden && e.getClientRects().length > 0; };
            return {text: b.contentDocument.body.innerText, html: b.contentDocument.body.innerHTML, uri: b.currentURI.spec,
                    security: ["encryptionTechBtn", "signedHdrIcon", "encryptedHdrIcon"].filter(seen),
                    attachments: m.currentAttachments.map(a => ({name: a.name, type: a.contentType, size: a.size}))};""")

    def save_attachment(self, name, path):
        """What "Save" does after the file dialog."""
        self.remote.waiting_script(_PRELUDE + """const a = P.messageBrowser.contentWindow.currentAttachments.find(x => x.name == args[0]);
            await a.saveToFile(args[1]);""", name, str(path))
        return pathlib.Path(path).read_bytes()

    # Writing.

    def compose(self, to, subject, body, attachments=(), cc="", bcc=""):
        """Opens a new message, filled in."""
        self.script("""const make = (id, face) => Cc[id].createInstance(face);
            const f = make("@mozilla.org/messengercompose/composefields;1", Ci.nsIMsgCompFields);
            [f.to, f.cc, f.bcc, f.subject, f.body] = args;
            for (const path of args[5]) { const file = make("@mozilla.org/file/local;1", Ci.nsIFile); file.initWithPath(path);
                const a = make("@mozilla.org/messengercompose/attachment;1", Ci.nsIMsgAttachment);
                a.url = Services.io.newFileURI(file).spec; a.name = file.leafName; a.size = file.fileSize; f.addAttachment(a); }
            const p = make("@mozilla.org/messengercompose/composeparams;1", Ci.nsIMsgComposeParams);
            p.type = Ci.nsIMsgCompType.New; p.format = Ci.nsIMsgCompFormat.HTML; p.composeFields = f;
            p.identity = MailServices.accounts.defaultAccount.defaultIdentity; MailServices.compose.OpenComposeWindowWithParams(null, p);""",
                    to, cc, bcc, subject, body, [str(pathlib.Path(a).resolve()) for a in attachments])
        self._composer_ready()
        self.until("return composer().gAttachmentBucket.itemCount == args[0]", len(attachments))

    def compose_from(self, subject, kind):
        """Opens the composer from a listed message; `kind`: Reply, ReplyAll, ForwardInline, ForwardAsAttachment, EditAsNew."""
        self.script("""const h = header(args[0]); W.ComposeMessage(Ci.nsIMsgCompType[args[1]], Ci.nsIMsgCompFormat.Default, h.folder,
            [h.folder.getUriForMsg(h)])""", subject, kind)
        self._composer_ready()

    def _composer_ready(self):
        self.until("""const c = composer(); return !!c && !!c.gMsgCompose && !!c.gMsgCompose.editor && !!c.gAttachmentBucket
            && c.composeEditorReady !== false""", seconds=40)

    def draft_text(self):
        """What the composer holds: subject, HTML, attachments."""
        return self.script("""const c = composer(), d = c.document.getElementById("messageEditor").contentDocument;
            return {subject: c.document.getElementById("msgSubject").value, html: d.body.innerHTML, text: d.body.innerText,
                    attachments: [...c.gAttachmentBucket.attachments || c.gAttachmentBucket.itemChildren.map(i => i.attachment)].map(a => a.name)};""")

    def address_to(self, address, subject=None):
        """Sets the recipient, and the subject, of the open composer."""
        self.script("""const c = composer(); c.addressRowAddRecipientsArray(c.document.getElementById("addressRowTo"), [args[0]]);
            if (args[1]) { c.document.getElementById("msgSubject").value = args[1]; }""", address, subject)

    def press_send(self, seconds=60):
        """Presses Send; None when the window closed by itself, else the text that Thunderbird shows."""
        self.script('composer().goDoCommand("cmd_sendButton")')

        def over():
            text = self.prompt()
            return ("said", text) if text else (not self.script("return !!composer()") and ("sent", None))
        return base.until(over, seconds, "the message to leave")[1]

    def send(self, *arguments, **options):
        """Writes and sends; as `press_send`."""
        self.compose(*arguments, **options)
        return self.press_send()

    def save_draft(self):
        """Saves what the composer holds as a draft."""
        self.script('composer().goDoCommand("cmd_saveAsDraft")')
        self.until("const c = composer(); return !c.gSaveOperationInProgress && !c.gWindowLocked && !!c.gMsgCompose.compFields.draftId", seconds=40)

    def close_composer(self):
        """Closes every one that is open, without asking."""
        self.until("const c = composer(); if (c) { c.gContentChanged = false; if (c.gMsgCompose) c.gMsgCompose.bodyModified = false; c.close(); } return !c")

    def tidy(self):
        """No prompt and no composer left over from what went wrong before."""
        if self.prompt():
            self.dismiss()
        self.close_composer()

    def prompt(self):
        """The text of an open prompt; None when there is none."""
        try:
            return self.remote.command("WebDriver:GetAlertText")["value"]
        except ScriptError:
            pass
        try:
            return self.script("""for (const w of Services.wm.getEnumerator(null))
                if (w.location.href.includes("commonDialog")) return w.document.getElementById("infoBody")?.textContent || null; return null;""")
        except ScriptError:
            return None

    def dismiss(self):
        """Presses OK in the open prompt."""
        try:
            self.remote.command("WebDriver:AcceptAlert")
        except ScriptError:
            self.script("""for (const w of Services.wm.getEnumerator(null))
                if (w.location.href.includes("commonDialog")) { w.document.querySelector("dialog").acceptDialog(); return; }""")

    def move(self, subject, target, keep=False):
        """Drags a message to another folder."""
        self.remote.waiting_script(_PRELUDE + """const h = header(args[0]); await new Promise(done =>
            MailServices.copy.copyMessages(h.folder, [h], folder(args[1]), !args[2], {QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
              onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() {}, onStopCopy() { done(); }}, W.msgWindow, false));""", subject, target, keep)

    def copy(self, subject, target):
        """Drags a message to another folder with the copy key held."""
        self.move(subject, target, keep=True)

    def kept(self, name):
        """The bodies of that folder as they lie in the profile."""
        return pathlib.Path(self.script("return folder(args[0]).filePath.path", name)).read_bytes()

    def download(self, name, seconds=90):
        """What "Download now" does for a folder; returns once all its bodies are there."""
        self.script("folder(args[0]).setFlag(Ci.nsMsgFolderFlags.Offline); folder(args[0]).downloadAllForOffline(null, W.msgWindow)", name)
        self.until("return [...folder(args[0]).messages].every(h => h.flags & Ci.nsMsgMessageFlags.Offline)", name, seconds=seconds)

    def streamed(self, name, place):
        """{UID: octets} of a folder as Thunderbird has each message when it is to be shown; `place` holds the files."""
        self.remote.waiting_script(_PRELUDE + """for (const h of folder(args[0]).messages) {
            const uri = h.folder.getUriForMsg(h), data = [];
            await new Promise((done, failed) => MailServices.messageServiceFromURI(uri).streamMessage(uri, {
              QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]), onStartRequest() {},
              onDataAvailable(request, stream, offset, count) {
                const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
                input.setInputStream(stream); data.push(input.readByteArray(count)); },
              onStopRequest(request, status) { Components.isSuccessCode(status) ? done() : failed(new Error(String(status))); }},
              W.msgWindow, null, false, ""));
            await IOUtils.write(PathUtils.join(args[1], String(h.messageKey)), new Uint8Array(data.flat()));
            }""", name, str(place))
        return {int(file.name): file.read_bytes() for file in pathlib.Path(place).iterdir()}

    def picture(self, path, width=1120, height=640):
        """The main window as PNG, in a size that a page can show."""
        self.script("W.resizeTo(args[0], args[1])", width, height)
        self.until("return W.innerWidth <= args[0] && W.innerHeight <= args[1]", width, height)
        self.remote.picture(path)
