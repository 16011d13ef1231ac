"""OpenLDAP's slapd as a directory of colleagues: by hand, as an ordinary user, on loopback, in a folder of its own."""
from __future__ import annotations

import base64
import os
import pathlib
import shutil
import subprocess

from . import base, pki

BASE = "o=annuaire,c=fr"
PASSWORD = "secret-annuaire"
BINDER = f"cn=cabinet,{BASE}"


def available():
    """Whether slapd and its tools are installed."""
    return bool(base.program("slapd") and base.program("slapadd"))


class Slapd:
    """A directory; people are added before it starts. `closed`: it answers nobody who has not bound as BINDER."""

    def __init__(self, folder: pathlib.Path, tls: pki.Tls, closed=False, sizelimit=500):
        self.folder, self.tls, self.process = folder, tls, None
        self.port, self.ldaps = base.free_ports(2)
        self.people, self.closed, self.sizelimit = [], closed, sizelimit
        self.log = folder / "slapd.log"

    def add(self, name, *addresses, certificates=(), smime=(), more=""):
        """Somebody: `certificates`: PEM files; `smime`: values of userSMIMECertificate; `more`: lines of LDIF."""
        number = len(self.people) + 1
        given, _, surname = name.partition(" ")
        lines = [f"dn: uid={number},ou=personnes,{BASE}", "objectClass: inetOrgPerson", f"uid: {number}", f"cn:: {_packed(name)}",
                 f"sn:: {_packed(surname)}", f"givenName:: {_packed(given)}", *(f"mail: {address}" for address in addresses),
                 *(f"userCertificate;binary:: {base64.b64encode(der(c)).decode()}" for c in certificates),
                 *(f"userSMIMECertificate:: {base64.b64encode(octets).decode()}" for octets in smime)]
        self.people.append("\n".join(lines) + "\n" + more)
        return self

    def start(self):
        """Returns once it answers."""
        if not (self.folder / "db").exists():
            self._make()
        user, group, prefix = base.daemon_user()
        if base.is_root():
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, user, group)
        urls = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.ldaps}"
        with open(self.folder / "out", "ab") as out:
            # Level 256: connections and operations. In the foreground, so that it is ours to stop.
            command = [*prefix, base.program("slapd"), "-f", self.folder / "slapd.conf", "-h", urls, "-d", "256"]
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        base.until(lambda: base.answers(self.port), 20, "slapd")
        return self

    def stop(self):
        """Ends it."""
        if self.process is not None:
            base.stop_pid(self.process.pid)
            self.process = None

    def pause(self, signal):
        """Makes it deaf (SIGSTOP) or hear again (SIGCONT)."""
        os.kill(self.process.pid, signal)

    def said(self):
        """Its log so far."""
        return (self.folder / "out").read_text(errors="replace")

    def searches(self):
        """How many searches it was asked, connections of the lab itself left out."""
        return self.said().count(" SRCH base=")

    def section(self, name="annuaire", tls="starttls", more=""):
        """The section of the configuration."""
        url = {"ldaps": f"ldaps://127.0.0.1:{self.ldaps}"}.get(tls, f"ldap://127.0.0.1:{self.port}")
        clear = "starttls = false\n" if tls == "plain" else ""
        return f'[[directory]]\nname = "{name}"\nurl = "{url}"\nbase = "{BASE}"\n{clear}{more}\n'

    def _make(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "db").mkdir()
        for file in (self.tls.certificate, self.tls.key, self.tls.bundle):
            shutil.copy(file, self.folder / file.name)
        access = f'access to * by dn.exact="{BINDER}" read by anonymous auth by * none' if self.closed else "access to * by * read"
        (self.folder / "slapd.conf").write_text(f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {self.folder / self.tls.bundle.name}
TLSCertificateFile {self.folder / self.tls.certificate.name}
TLSCertificateKeyFile {self.folder / self.tls.key.name}
sizelimit {self.sizelimit}
database mdb
suffix "{BASE}"
rootdn "cn=admin,{BASE}"
rootpw {PASSWORD}
directory {self.folder / "db"}
maxsize 134217728
dbnosync
index objectClass eq
index mail,sn,givenName,cn,uid eq
access to attrs=userPassword by anonymous auth by * none
{access}
""")
        binder = f"dn: {BINDER}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: cabinet\nuserPassword: {PASSWORD}\n"
        top = f"dn: {BASE}\nobjectClass: organization\no: annuaire\n\n{binder}\ndn: ou=personnes,{BASE}\nobjectClass: organizationalUnit\nou: personnes\n"
        (self.folder / "data.ldif").write_text("\n".join([top, *self.people]))
        base.run(base.program("slapadd"), "-q", "-f", self.folder / "slapd.conf", "-l", self.folder / "data.ldif")


def der(certificate):
    """A PEM file as DER."""
    return base.run("openssl", "x509", "-in", certificate, "-outform", "DER")


def bundle(*certificates):
    """A PKCS#7 of PEM files, as userSMIMECertificate has it."""
    files = [word for c in certificates for word in ("-certfile", c)]
    return base.run("openssl", "crl2pkcs7", "-nocrl", *files, "-outform", "DER")


def _packed(text):
    return base64.b64encode(text.encode()).decode()
