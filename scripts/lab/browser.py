"""A browser as far as HTTP goes: it keeps cookies, sends Origin with forms, and can be told to lie."""
from __future__ import annotations

import http.client
import os
import re
import urllib.parse
import uuid

from . import base


class Answer:
    """Status, fields and text of one answer."""

    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode("utf-8", "replace")


class Browser:
    """One user's, at one dashboard; `link` is how he got in. `reached`: the port that leads there, where it is not the link's."""

    def __init__(self, link, reached=None):
        parts = urllib.parse.urlsplit(link)
        self.port, self.origin, self._entrance = parts.port, f"http://{parts.netloc}", f"{parts.path}?{parts.query}"
        self.reached = reached or self.port
        self.cookie = None

    def enter(self):
        """Follows the link; the answer to it."""
        answer = self.ask("GET", self._entrance)
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def ask(self, method, path, body=None, headers=None, host=None):
        """One request, with these fields beside a browser's own; `None` as a value leaves one out."""
        fields = {"Host": host or f"127.0.0.1:{self.port}", "Cookie": self.cookie, **(headers or {})}
        connection = http.client.HTTPConnection(base.LOOPBACK, self.reached, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in fields.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def page(self, path):
        """What a page shows."""
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise base.LabError(f"{path}: {answer.status}")
        return answer.text

    def word(self):
        """What the forms of this session bring back."""
        return re.search(r'name="mot" value="([0-9a-f]+)"', self.page("/")).group(1)

    def proved(self, fields):
        """What `preuve.js` adds to a form that brings a secret."""
        if "passe" not in fields or "mot" not in fields:
            return fields
        question = os.urandom(20).hex()
        answer = self.ask("GET", f"/preuve/page?defi={question}")
        return {**fields, "defi": question, "preuve": answer.text} if answer.status == 200 else fields

    def post(self, path, fields, **headers):
        """A form, as our own pages send it where scripts run."""
        return self.bare(path, self.proved(fields), **headers)

    def bare(self, path, fields, **headers):
        """The same where none do."""
        body = urllib.parse.urlencode(fields).encode()
        return self.ask("POST", path, body, {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded", **headers})

    def upload(self, path, fields, file=b"", field="message", **headers):
        """The same with a file."""
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in self.proved(fields).items()]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="m.eml"\r\n\r\n'.encode() + file + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.ask("POST", path, body, {"Origin": self.origin, "Content-Type": f"multipart/form-data; boundary={boundary}", **headers})
