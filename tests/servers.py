"""Real servers for the tests, from Debian's packages."""

from __future__ import annotations

import grp
import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest


def require(program: str) -> str:
    """The path of a program; skips the test when it is missing, but fails it in CI."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/dovecot")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing, and CI must test against it")
        pytest.skip(f"{program} is not installed")
    return path


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses: bound, so that nobody else can take it, and not listening."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


FRENCH = {
    "Envoyés": "\\Sent",
    "Brouillons": "\\Drafts",
    "Corbeille": "\\Trash",
    "Indésirables": "\\Junk",
    "Archives": "\\Archive",
}
"""Special-use folders as a French host configures them."""

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_master_user_separator = *
auth_failure_delay = 0
mail_max_userip_connections = 100
mail_location = {location}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
{privileges}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/masters/%u
  master = yes
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/users/%u
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
# No waiting after another test's wrong password.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
{mailboxes}
}}
{extra}
"""

_AS_ONE_USER = """
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class DovecotServer:
    """A Dovecot of one's own on private ports; its mail lies in Maildirs below ``base``."""

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        special: Mapping[str, str] | None = None,
        separator: str = "/",
        prefix: str = "",
        location: str = "maildir:~/Maildir",
        extra: str = "",
    ) -> None:
        self._program = require("dovecot")
        # Not below pytest's folder, which is closed to the user that Dovecot reads mail as.
        self.base = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.base.chmod(0o755)
        self.ca_file = self.base / "ca.pem"
        self.port, self.tls_port = _free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        self._write(special or {}, separator, prefix, location, extra)

    def _write(self, special: Mapping[str, str], separator: str, prefix: str, location: str, extra: str) -> None:
        root = os.geteuid() == 0
        uid, gid = (65534, 65534) if root else (os.geteuid(), os.getegid())
        user, group = pwd.getpwuid(uid).pw_name, grp.getgrgid(gid).gr_name
        (self.base / "mail").mkdir()
        (self.base / "mail").chmod(0o777)
        for name in ("users", "masters"):
            (self.base / name).mkdir()
        certificates(self.base)
        mailboxes = "\n".join(
            f'  mailbox "{name}" {{\n    special_use = {role}\n    auto = subscribe\n  }}'
            for name, role in special.items()
        )
        config = _CONFIG.format(
            base=self.base,
            location=location,
            user=user,
            group=group,
            privileges="" if root else _AS_ONE_USER.format(user=user, group=group),
            port=self.port,
            tls_port=self.tls_port,
            separator=separator,
            prefix=prefix,
            mailboxes=mailboxes,
            extra=extra,
        )
        (self.base / "dovecot.conf").write_text(config, encoding="utf-8")

    def add_user(self, name: str, password: str) -> None:
        """An account; it may log in at once."""
        self._add("users", name, password)

    def add_master(self, name: str, password: str) -> None:
        """An administrator, who logs in as ``account*name``."""
        self._add("masters", name, password)

    def _add(self, folder: str, name: str, password: str) -> None:
        # A file each: Dovecot reads a file again only when its date changed by a second.
        (self.base / folder / name).write_text(f"{name}:{{PLAIN}}{password}\n", encoding="utf-8")

    def start(self) -> Self:
        """Listen. Fails the test when Dovecot does not come up."""
        command = [self._program, "-F", "-c", str(self.base / "dovecot.conf")]
        with (self.base / "stderr").open("wb") as errors:
            self._process = subprocess.Popen(command, stdout=errors, stderr=errors)
        for _ in range(100):
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return self
            time.sleep(0.05)
        told = self.log()
        self.stop()
        pytest.fail(f"Dovecot did not start: {told}")

    def log(self) -> str:
        """What it has logged."""
        files = (self.base / "stderr", self.base / "dovecot.log")
        return "\n".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    def stop(self) -> None:
        """End it and remove its mail. Harmless when it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(timeout=10)
        shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def certificates(folder: Path) -> None:
    """``ca.pem`` and, signed by it for localhost and 127.0.0.1, ``cert.pem`` and ``key.pem``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("Test authority"))
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        now = datetime.now(UTC)
        return made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))

    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = builder("Test authority", authority).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = builder("localhost", server).add_extension(x509.SubjectAlternativeName(names), False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / "cert.pem").write_bytes(leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(server.private_bytes(pem, *plain))
