"""How the Google connector takes refusals, wrong credentials and wrong addresses."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.google import connector
from migrate.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    LimitReached,
    NotFound,
    Rejected,
    Retriable,
    Throttled,
    Unreachable,
)
from migrate.model import Item, Service
from migrate.protocols import Context, SupportsGetMany
from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_fixtures import MakeReader, google, google_key, make
from tests.connectors.google_kit import (
    AMINA,
    BRUNO,
    LABELS,
    Given,
    Patience,
    connect,
)
from tests.servers import closed_port

__all__ = ["google", "google_key", "make"]


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (403, "insufficientPermissions", AuthFailed),
        (403, "domainPolicy", AuthFailed),
        (403, "dailyLimitExceeded", LimitReached),
        (403, "userRateLimitExceeded", Throttled),
        (429, "rateLimitExceeded", Throttled),
        (400, "failedPrecondition", AuthFailed),
        (400, "invalidArgument", Rejected),
        (404, "notFound", NotFound),
        (500, "backendError", Retriable),
    ],
)
def test_refusals_by_reason(
    google: GoogleStandIn, make: MakeReader, status: int, reason: str, error: type[ConnectorError]
) -> None:
    google.faults.set([Rule(kind="status", path="/gmail/", status=status, reason=reason, times=None)])
    with pytest.raises(error) as caught:
        list(make(Service.MAIL).entries())
    assert AMINA not in str(caught.value)


def test_an_account_that_does_not_exist(make: MakeReader) -> None:
    with pytest.raises(AuthFailed):
        list(make(Service.MAIL, account="personne@tilleuls.example").entries())


def test_a_scope_that_was_not_delegated(make: MakeReader, google: GoogleStandIn) -> None:
    google.tokens.delegated.discard("https://www.googleapis.com/auth/drive.readonly")
    assert list(make(Service.MAIL).entries())
    with pytest.raises(AuthFailed):
        list(make(Service.FILES).entries())


def test_a_users_own_consent(make: MakeReader, google: GoogleStandIn) -> None:
    consent = Given(json.dumps(google.authorized_user(AMINA)))
    reader = make(Service.MAIL, service_account=None, authorized_user=consent)
    entries = list(reader.entries())
    assert len(list(reader.get_many(entries))) == len(LABELS)  # type: ignore[attr-defined]


def test_the_key_may_be_a_path(
    google: GoogleStandIn, tmp_path_factory: pytest.TempPathFactory, make: MakeReader
) -> None:
    path = tmp_path_factory.mktemp("key") / "key.json"
    # A key of Google's own names Google's token endpoint; with api_root, that moves as well.
    path.write_text(json.dumps({**google.service_account(), "token_uri": "https://oauth2.googleapis.com/token"}))
    reader = make(Service.CALENDAR, service_account=Given(str(path)))
    assert list(reader.entries())
    assert google.log.lines[0].operation == "oauth2.token"


@pytest.mark.parametrize("text", ["/nowhere/key.json", "{}", "[]", "{"])
def test_a_key_that_cannot_be_read(make: MakeReader, text: str) -> None:
    with pytest.raises(AuthFailed):
        list(make(Service.MAIL, service_account=Given(text)).entries())


def test_nobody_listens(make: MakeReader) -> None:
    with closed_port() as port, pytest.raises(Unreachable):
        list(make(Service.MAIL, api_root=f"http://127.0.0.1:{port}").entries())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"service_account": Given("{}"), "authorized_user": Given("{}")},
        {"service_account": Given("{}"), "quota": "1999"},
        {"service_account": Given("{}"), "documents": "pdf"},
        {"service_account": Given("{}"), "quota_factor": -1.0},
    ],
)
def test_wrong_options(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        connector(Context(pace=Patience(), spool=tmp_path, settings=settings))


def test_doctor(google: GoogleStandIn, tmp_path: Path) -> None:
    google.tokens.delegated.discard("https://www.googleapis.com/auth/calendar.readonly")
    checks = list(connect(google, tmp_path).check([AMINA, BRUNO]))
    failed = [check for check in checks if not check.passed]
    assert [check.subject for check in failed] == ["calendar: calendar.readonly"] * 2
    assert "https://www.googleapis.com/auth/calendar.readonly," in failed[0].advice
    assert "&clientIdToAdd=1" in failed[0].advice
    assert {check.subject for check in checks if check.passed} == {
        "mail: gmail.readonly",
        "calendar: calendar.acls.readonly",
        "contacts: contacts.readonly",
        "contacts: contacts.other.readonly",
        "tasks: tasks.readonly",
        "files: drive.readonly",
        "clock",
    }


def test_an_unknown_host(make: MakeReader) -> None:
    with pytest.raises(Unreachable):
        list(make(Service.MAIL, api_root="http://google.invalid").entries())


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, and its key, in one PEM file."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    secret = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + signed.public_bytes(pem))
    return path


@contextmanager
def tls_server(certificate: Path) -> Iterator[str]:
    """The address of a server with that certificate, which answers 404 to everything."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def moved(google: GoogleStandIn, root: str) -> dict[str, Any]:
    key = {**google.service_account(), "token_uri": f"{root}/token"}
    return {"service_account": Given(json.dumps(key)), "api_root": root}


def test_a_certificate_that_nobody_signed(google: GoogleStandIn, make: MakeReader, certificate: Path) -> None:
    with tls_server(certificate) as root, pytest.raises(Unreachable, match="certificate"):
        list(make(Service.MAIL, **moved(google, root)).entries())


@pytest.mark.parametrize("status", [500, 503])
def test_a_token_endpoint_that_is_not_well(google: GoogleStandIn, make: MakeReader, status: int) -> None:
    google.faults.set([Rule(kind="status", path="/token", status=status, times=2)])
    assert list(make(Service.MAIL).entries())
    assert google.faults.fired == 2


def test_a_token_that_ends_before_a_batch(google: GoogleStandIn, make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entries = list(reader.entries())
    google.tokens.revoke(AMINA)
    assert isinstance(reader, SupportsGetMany)
    assert all(isinstance(answer, Item) for _, answer in reader.get_many(entries))


def test_no_secret_and_no_address_in_messages(google: GoogleStandIn, make: MakeReader) -> None:
    google.tokens.delegated.clear()
    with pytest.raises(AuthFailed) as caught:
        list(make(Service.MAIL).entries())
    shown = f"{caught.value.message} {caught.value.advice}"
    assert AMINA not in shown
    assert google.service_account()["private_key"][40:80] not in shown
