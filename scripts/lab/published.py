"""What an authority publishes over HTTP - revocation lists, OCSP answers made by openssl - and a server that can do it badly."""
from __future__ import annotations

import datetime
import http.server
import pathlib
import subprocess
import threading

from . import base, pki

LIST, OCSP = "/ca.crl", "/ocsp"
# What the server does instead of answering well.
FAULTS = ("status", "portal", "cut", "huge", "endless", "loop", "elsewhere", "silent")


class Registry:
    """What is known of an authority's certificates, as `openssl ca` and `openssl ocsp` keep it."""

    def __init__(self, folder: pathlib.Path, authority: pki.Authority):
        self.folder, self.authority = folder, authority
        folder.mkdir(parents=True, exist_ok=True)
        self._lines, self._number = {}, 1
        (folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=c\n[c]\ndatabase={folder}/index.txt\ncrlnumber={folder}/number\ndefault_md=sha256\ndefault_crl_days=7\n"
            f"certificate={authority.certificate}\nprivate_key={authority.key}\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n")

    def doctor(self, stem, name, address, places):
        """A doctor whose certificate names these places of the status: lines of an openssl extension file."""
        extensions = (f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nsubjectAltName=email:{address}\n"
                      f"extendedKeyUsage=emailProtection\n{places}")
        key, certificate = self.authority.issue(stem, f"/C=FR/CN={name}", extensions)
        self.write(certificate)
        return pki.Doctor(stem, name, address, key, certificate, self.authority.certificate)

    def write(self, certificate, revoked=None):
        """Enters a certificate; `revoked`: its reason."""
        serial = base.run("openssl", "x509", "-in", certificate, "-noout", "-serial").decode().strip().split("=")[1]
        now = datetime.datetime.now(datetime.timezone.utc)
        since = f"{_stamp(now - datetime.timedelta(hours=1))},{revoked}" if revoked else ""
        self._lines[serial] = f"{'R' if revoked else 'V'}\t{_stamp(now + datetime.timedelta(days=600))}\t{since}\t{serial}\tunknown\t/CN={serial}\n"
        (self.folder / "index.txt").write_text("".join(self._lines.values()))

    def revoke(self, doctor, reason="keyCompromise"):
        """Takes a certificate back."""
        self.write(doctor.certificate, reason)

    def crowd(self, count):
        """That many certificates that are revoked and belong to nobody here."""
        now = datetime.datetime.now(datetime.timezone.utc)
        past, future = _stamp(now - datetime.timedelta(days=9)), _stamp(now + datetime.timedelta(days=600))
        lines = (f"R\t{future}\t{past}\t{0x70000000000000000000000000000000 + n * 7919:X}\tunknown\t/CN={n}\n" for n in range(count))
        self._lines["crowd"] = "".join(lines)
        (self.folder / "index.txt").write_text("".join(self._lines.values()))

    def list(self, made=-1, ends=72):
        """A list in DER, made and ending so many hours from now."""
        now = datetime.datetime.now(datetime.timezone.utc)
        moments = [(now + datetime.timedelta(hours=h)).strftime("%Y%m%d%H%M%SZ") for h in (made, ends)]
        (self.folder / "number").write_text(f"{self._number:04X}\n")
        self._number += 1
        if not (self.folder / "index.txt").exists():
            (self.folder / "index.txt").write_text("")
        out = self.folder / "ca.crl.pem"
        base.run("openssl", "ca", "-config", self.folder / "ca.cnf", "-gencrl", "-crl_lastupdate", moments[0], "-crl_nextupdate", moments[1],
                 "-out", out)
        return base.run("openssl", "crl", "-in", out, "-outform", "DER")

    def responder(self, stem="ocsp", by=None):
        """A key that answers in the authority's place."""
        extensions = "keyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\nnoCheck=ignored\n"
        return (by or self.authority).issue(stem, "/C=FR/CN=Guichet", extensions)

    def answer(self, question, signer, nonce=True, days=1):
        """What openssl answers, in DER."""
        asked, said = self.folder / "asked.der", self.folder / "said.der"
        asked.write_bytes(question)
        said.unlink(missing_ok=True)
        key, certificate = signer
        options = () if nonce else ("-no_nonce",)
        subprocess.run(["openssl", "ocsp", "-index", str(self.folder / "index.txt"), "-CA", str(self.authority.certificate), "-rsigner",
                        str(certificate), "-rkey", str(key), "-ndays", str(days), "-reqin", str(asked), "-respout", str(said), *options],
                       capture_output=True, timeout=20, check=False)
        return said.read_bytes() if said.exists() else b""


class Publisher:
    """An HTTP server on loopback. `pages`: what stands at each path; `faults`: what it does there instead; `asked`: what it was asked."""

    def __init__(self):
        self.pages, self.faults, self.asked, self.answers = {}, {}, [], None
        self.released = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer._get(self)

            def do_POST(self):
                outer._post(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((base.LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path=LIST):
        """Where a page is."""
        return f"http://{base.LOOPBACK}:{self.port}{path}"

    def places(self, path=LIST, ocsp=False):
        """Lines of an extension file that name it."""
        lines = f"crlDistributionPoints=URI:{self.url(path)}\n" if path else ""
        return lines + (f"authorityInfoAccess=OCSP;URI:{self.url(OCSP)}\n" if ocsp else "")

    def stop(self):
        """Takes no connection any more."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def count(self, path=LIST):
        """How often a path was asked for."""
        return sum(1 for asked, _ in self.asked if asked == path)

    def _note(self, request):
        with self._lock:
            self.asked.append((request.path, {k.lower(): v for k, v in request.headers.items()}))

    def _get(self, request):
        self._note(request)
        fault = self.faults.get(request.path)
        if fault:
            _MISDEEDS[fault](self, request)
            return
        page = self.pages.get(request.path)
        if page is None:
            _say(request, 404, b"")
            return
        tag = f'"{hash(page) & 0xffffffff:08x}"'
        if request.headers.get("If-None-Match") == tag:
            _say(request, 304, None)
            return
        asked = request.headers.get("Range", "")
        begins = int(asked[6:-1]) if asked.startswith("bytes=") and request.headers.get("If-Range") == tag else 0
        fields = {"ETag": tag, "Content-Type": "application/pkix-crl"}
        if begins:
            fields["Content-Range"] = f"bytes {begins}-{len(page) - 1}/{len(page)}"
        _say(request, 206 if begins else 200, page[begins:], fields)

    def _post(self, request):
        self._note(request)
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        fault = self.faults.get(request.path)
        if fault:
            _MISDEEDS[fault](self, request)
            return
        with self._lock:  # openssl works on files of one name
            answer = self.answers(body)
        _say(request, 200, answer, {"Content-Type": "application/ocsp-response"})


def _say(request, status, body, fields=None):
    try:
        request.send_response(status)
        for name, value in (fields or {}).items():
            request.send_header(name, value)
        if body is not None:
            request.send_header("Content-Length", str(len(body)))
        request.send_header("Connection", "close")
        request.end_headers()
        if body:
            request.wfile.write(body)
    except OSError:
        pass
    request.close_connection = True


def _head(request, lines):
    request.wfile.write(("HTTP/1.1 " + "\r\n".join(lines) + "\r\n\r\n").encode())
    request.close_connection = True


def _portal(_, request):
    _say(request, 200, b"<html>Portail captif : identifiez-vous</html>", {"Content-Type": "text/html"})


def _cut(publisher, request):
    """Half of the page, then nothing."""
    page = publisher.pages[request.path]
    _head(request, ["200 OK", f'ETag: "{hash(page) & 0xffffffff:08x}"', f"Content-Length: {len(page)}"])
    request.wfile.write(page[:len(page) // 2])


def _half(publisher, request):
    """Half of the page, then silence until the server stops."""
    _cut(publisher, request)
    request.wfile.flush()
    publisher.released.wait(60)


def _huge(_, request):
    _head(request, ["200 OK", f"Content-Length: {1 << 30}"])
    _pour(request, b"x" * 65536, 1 << 12)


def _endless(_, request):
    _head(request, ["200 OK", "Transfer-Encoding: chunked"])
    _pour(request, b"10000\r\n" + b"x" * 65536 + b"\r\n", 1 << 14)


def _pour(request, piece, times):
    try:
        for _ in range(times):
            request.wfile.write(piece)
    except OSError:
        pass


def _loop(_, request):
    body = b"x" * (10 << 20)
    _say(request, 302, body, {"Location": request.path})


def _elsewhere(_, request):
    _say(request, 302, b"", {"Location": "http://ailleurs.invalid/ca.crl"})


def _silent(publisher, _):
    publisher.released.wait(60)


_MISDEEDS = {"status": lambda _, request: _say(request, 503, b""), "portal": _portal, "cut": _cut, "half": _half, "huge": _huge, "endless": _endless,
             "loop": _loop, "elsewhere": _elsewhere, "silent": _silent}


def _stamp(moment):
    return moment.strftime("%y%m%d%H%M%SZ")
