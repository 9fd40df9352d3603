"""What a server's answers and broken connections become, and what ``doctor`` says."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.nextcloud.dav import Dav
from connectors.nextcloud.site import Site
from migrate.errors import (
    AlreadyExists,
    AuthFailed,
    ConfigError,
    ConnectorError,
    EtagMismatch,
    NotFound,
    QuotaExceeded,
    Rejected,
    Retriable,
    Scope,
    Throttled,
    TooLarge,
    Uncertain,
    Unreachable,
)
from migrate.model import Check
from migrate.protocols import Context
from tests.connectors.nextcloud_kit import ALICE, BOB, Passwords, Patient, Place, scripted, standin
from tests.servers import closed_port


def dav(url: str, **settings: object) -> Dav:
    table = {"url": url, "password": Passwords({ALICE: "secret"}), "timeout": 5.0} | settings
    return Dav(Site.of(Context(pace=Patient(), spool=Path(), settings=table)), ALICE)


def answered(status: int, headers: dict[str, str], body: bytes = b"", **sent: str) -> ConnectorError:
    """The error of a PUT that is answered so."""
    with scripted(lambda _: (status, headers, body)) as (url, _):
        connection = dav(url)
        try:
            connection.send("PUT", connection.url("files/alice/x"), headers=sent, data=b"x", uncertain=True)
        except ConnectorError as error:
            return error
        finally:
            connection.close()
    raise AssertionError("it was taken as an answer")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Unreachable),
        (400, Rejected),
        (401, AuthFailed),
        (403, Rejected),
        (404, NotFound),
        (409, NotFound),
        (413, TooLarge),
        (415, Rejected),
        (423, Retriable),
        (429, Throttled),
        (500, Uncertain),
        (502, Uncertain),
        (503, Retriable),
        (504, Uncertain),
        (507, QuotaExceeded),
    ],
)
def test_statuses(status: int, kind: type[ConnectorError]) -> None:
    body = b'<d:error><s:exception>Sabre\\DAV\\Exception\\Forbidden</s:exception><s:message>"Titre" refused</s:message>'
    error = answered(status, {}, body)
    assert type(error) is kind
    assert "Titre" not in error.message + error.advice


def test_what_a_precondition_meant() -> None:
    assert type(answered(412, {}, b"", **{"If-None-Match": "*"})) is AlreadyExists
    assert type(answered(412, {}, b"", Overwrite="F")) is AlreadyExists
    assert type(answered(412, {}, b"", **{"If-Match": '"e"'})) is EtagMismatch


@pytest.mark.parametrize("date", [False, True])
def test_the_servers_own_pause(*, date: bool) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    error = answered(429, {"Retry-After": moment if date else "120"})
    assert isinstance(error, Throttled)
    assert 110 < (error.retry_after or 0) <= 120


def test_a_pause_that_cannot_be_read() -> None:
    error = answered(503, {"Retry-After": "soon"})
    assert isinstance(error, Retriable)
    assert error.retry_after is None


def test_maintenance_stops_the_run() -> None:
    error = answered(503, {"X-Nextcloud-Maintenance-Mode": "1"})
    assert (type(error), error.scope) == (Retriable, Scope.RUN)


def test_a_cut_body_is_sent_again() -> None:
    assert type(answered(400, {}, b"<s:message>Expected filesize of 9 bytes but read 3</s:message>")) is Retriable


def test_a_refusal_slows_the_pace() -> None:
    with scripted(lambda _: (429, {"Retry-After": "7"}, b"")) as (url, _):
        connection = dav(url)
        with pytest.raises(Throttled):
            connection.send("GET", connection.url("x"))
        connection.close()
        assert isinstance(connection.site.pace, Patient)
        assert connection.site.pace.refusals == [7.0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://nulle-part.invalid"], ids=["refused", "unknown"])
def test_unreachable(url: str) -> None:
    with closed_port() as port:
        connection = dav(url.format(port=port))
        with pytest.raises(Unreachable) as caught:
            connection.send("PUT", connection.url("x"), data=b"", uncertain=True)
        connection.close()
    assert caught.value.advice


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = dav(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(Uncertain):
            connection.send("PUT", connection.url("x"), data=b"", uncertain=True)
        with pytest.raises(Retriable) as caught:
            connection.send("GET", connection.url("x"))
        connection.close()
        assert not isinstance(caught.value, Uncertain)


def certificate(directory: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = directory / "cert.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def test_a_certificate_of_nobody_we_know(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def serve(listening: socket.socket) -> None:
        for _ in range(2):
            plain, _ = listening.accept()
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        stranger, known = dav(url), dav(url, ca_file=str(path))
        with pytest.raises(Unreachable, match="certificate") as caught:
            stranger.send("GET", stranger.url("x"))
        assert "ca_file" in caught.value.advice
        assert known.send("GET", known.url("x")).status_code == 204
        stranger.close()
        known.close()
        thread.join()


@pytest.mark.parametrize("url", ["cloud.example.org", "ftp://cloud.example.org", "https://"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError):
        dav(url)


def test_a_listing_that_is_not_xml() -> None:
    with scripted(lambda _: (207, {}, b"<d:multistatus xmlns:d='DAV:'><d:response>")) as (url, _):
        connection = dav(url)
        with pytest.raises(Retriable, match="cut or not XML"):
            list(connection.propfind("files/alice", (), depth=1))
        connection.close()


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place, place.files(tmp_path) as target:
        list(target.collections())
    assert capsys.readouterr().out == ""


# doctor


def checked(place: Place, spool: Path, *accounts: str, **settings: object) -> dict[str, Check]:
    return {found.subject: found for found in place.connector(spool, **settings).check(accounts)}


def test_doctor(tmp_path: Path) -> None:
    with standin(tmp_path / "server", quota_bytes=5_000_000) as place:
        found = checked(place, tmp_path, ALICE, BOB)
        assert all(check.passed for check in found.values())
        assert found["server"].detail == "Nextcloud 32.0.1"
        assert found["login alice"].detail == "app password"
        assert found["capabilities bob"].detail == "chunks of 100 MiB, bulk upload"
        assert found["quota bob"].detail == "5 MB free"
        assert {"server", "clock", "login alice", "login bob"} <= set(found)
        assert place.standin is not None
        assert {line.method for line in place.standin.log.lines} <= {"GET", "PROPFIND"}


def test_doctor_and_a_wrong_password(tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place:
        found = checked(place, tmp_path, ALICE, BOB, password=Passwords({BOB: place.users[BOB]}))
        assert (found["login alice"].passed, found["login alice"].exit_code) == (False, 5)
        assert "app password" in found["login alice"].advice
        assert found["login bob"].passed
        assert place.standin is not None
        assert sum(line.status == 401 for line in place.standin.log.lines) == 1, "once, so that nobody is locked out"


def test_doctor_and_a_login_password() -> None:
    def script(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if "status.php" in request.path:
            return 200, {}, b'{"installed": true, "versionstring": "32.0.1", "productname": "Nuage"}'
        if "cloud/user" in request.path:
            return 200, {}, b'{"ocs": {"data": {"id": "alice"}}}'
        if "capabilities" in request.path:
            said = b'{"ocs": {"data": {"capabilities": {"bruteforce": {"delay": 25000, "allow-listed": false}}}}}'
            return 200, {}, said
        xml = (
            b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/remote.php/dav/files/alice/</d:href>'
            b"<d:propstat><d:prop><d:quota-available-bytes>0</d:quota-available-bytes></d:prop>"
            b"<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
        )
        return 207, {}, xml

    with scripted(script) as (url, _):
        place = Place(url=url, users={ALICE: "soleil"}, mails=lambda: 0)
        found = checked(place, Path(), ALICE)
    assert "login password" in found["login alice"].detail
    assert found["login alice"].advice
    assert "soleil" not in repr(found)
    assert not found["brute force"].passed
    assert not found["quota alice"].passed
    assert found["capabilities alice"].detail == "no chunked upload, no bulk upload"


def test_doctor_and_a_server_that_is_down(tmp_path: Path) -> None:
    with closed_port() as port:
        place = Place(url=f"http://127.0.0.1:{port}", users={ALICE: "x"}, mails=lambda: 0)
        found = checked(place, tmp_path, ALICE)
    assert list(found) == ["server"]
    assert not found["server"].passed


def test_doctor_and_another_kind_of_server(tmp_path: Path) -> None:
    with scripted(lambda _: (200, {}, b"<html>hello</html>")) as (url, _):
        found = checked(Place(url=url, users={ALICE: "x"}, mails=lambda: 0), tmp_path, ALICE)
    assert not found["server"].passed
    assert found["server"].advice
