"""Other relays in front of the same Dovecot, for comparison: stunnel, and emailproxy (PyPI) with the OAuth endpoint it needs."""
from __future__ import annotations

import http.server
import json
import os
import pathlib
import subprocess
import threading
import urllib.parse

from . import base


class Stunnel:
    """Clear on loopback, TLS upstream; reads nothing of what passes."""
    name = "stunnel"

    def __init__(self, folder: pathlib.Path, dovecot, tls):
        self.port = base.free_ports(1)[0]
        self._file, self._log = folder / "stunnel.conf", folder / "stunnel.log"
        self._file.write_text(f"foreground = yes\npid =\nsyslog = no\n[imap]\nclient = yes\naccept = {base.LOOPBACK}:{self.port}\n"
                              f"connect = {base.LOOPBACK}:{dovecot.imaps}\nCAfile = {tls.bundle}\nverifyChain = yes\n")

    def start(self):
        """Returns once it answers."""
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen([base.program("stunnel"), self._file], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        base.until(lambda: base.answers(self.port), 10, "stunnel")

    def stop(self):
        """Ends it."""
        base.stop_pid(self.process.pid)


class EmailProxy:
    """Clear on loopback, TLS upstream; takes part in the login only, which it turns into XOAUTH2."""
    name = "emailproxy"

    def __init__(self, folder: pathlib.Path, python, dovecot, tls, user):
        self.port, self._python, self._log = base.free_ports(1)[0], python, folder / "emailproxy.log"
        self._environment = dict(os.environ, SSL_CERT_FILE=str(tls.bundle))
        self._file, self._cache = folder / "emailproxy.config", folder / "emailproxy.cache"
        self._tokens = Tokens(user)
        self._file.write_text(
            f"[IMAP-{self.port}]\nlocal_address = {base.LOOPBACK}\nserver_address = localhost\nserver_port = {dovecot.imaps}\n\n"
            f"[{user}]\ntoken_url = http://{base.LOOPBACK}:{self._tokens.port}/token\noauth2_flow = password\noauth2_scope = mail\n"
            f"redirect_uri = http://localhost\nclient_id = bench\nclient_secret = bench\n")
        dovecot.extra = _OAUTH.format(file=folder / "oauth.conf")
        (folder / "oauth.conf").write_text(
            f"tokeninfo_url = http://{base.LOOPBACK}:{self._tokens.port}/info?access_token=\nusername_attribute = email\n")

    def start(self):
        """Returns once it answers."""
        self._tokens.start()
        with open(self._log, "ab") as log:
            command = [self._python, "-m", "emailproxy", "--no-gui", "--config-file", self._file, "--cache-store", self._cache]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment)
        base.until(lambda: base.answers(self.port), 20, "emailproxy")

    def stop(self):
        """Ends it and its endpoint."""
        base.stop_pid(self.process.pid)
        self._tokens.stop()


class Tokens:
    """An OAuth endpoint that gives everybody a token, and says of each token that it is that user's."""

    def __init__(self, user):
        answers = {"token": {"access_token": "t", "refresh_token": "r", "expires_in": 3600, "token_type": "Bearer"}, "info": {"email": user}}

        class Handler(http.server.BaseHTTPRequestHandler):
            def _answer(self):
                body = json.dumps(answers.get(urllib.parse.urlparse(self.path).path.strip("/"), {})).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):  # noqa: N802
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer()

            do_GET = _answer

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((base.LOOPBACK, 0), Handler)
        self.port = self._server.server_address[1]

    def start(self):
        """Serves in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Ends it."""
        self._server.shutdown()


_OAUTH = """\
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {file}
}}
"""
