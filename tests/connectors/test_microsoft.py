"""The Microsoft connector: settings, tokens, sign-ins, doctor, the directory, and Graph's words for refusals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pytest
import requests

from connectors.microsoft import errors, sign_in
from connectors.microsoft.http import Part, claims_of, segment
from connectors.microsoft.settings import Settings
from migrate.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    CursorExpired,
    LimitReached,
    NotFound,
    Rejected,
    Retriable,
    Scope,
    Throttled,
    TooLarge,
    Unreachable,
)
from migrate.model import Service
from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from tests.connectors.microsoft_kit import Given, Kept, connect, graph, make
from tests.sandbox.graph_world import ANNE, BOX, BRUNO, click, plain

__all__ = ["graph", "make"]
TABLE = {"tenant": "tilleuls.example", "client_id": "id", "certificate": Given("x")}


# Settings


@pytest.mark.parametrize(
    "change",
    [
        {"graph_root": "http://graph.microsoft.com"},
        {"authority": "ftp://x"},
        {"graph_root": "https://user@graph.example"},
        {"tenant": "common"},
        {"tenant": "a/b"},
        {"territory": "DE"},
        {"quota_factor": -1.0},
        {"mailbox_requests": 5},
        {"shared_mailboxes": "accueil"},
        {"shared_mailboxes": "a@x.example = anne"},
    ],
)
def test_settings_that_cannot_be_meant(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings.read({**TABLE, **change})


def test_a_national_cloud_brings_its_own_authority() -> None:
    assert Settings.read(TABLE).authority == "https://login.microsoftonline.com"
    settings = Settings.read({**TABLE, "graph_root": "https://graph.microsoft.us/"})
    assert (settings.authority, settings.resource) == ("https://login.microsoftonline.us", "https://graph.microsoft.us")
    test_host = Settings.read({**TABLE, "graph_root": "http://127.0.0.1:9"})
    assert test_host.resource == "https://graph.microsoft.com"


def test_shared_mailboxes_and_who_signs_in_for_them() -> None:
    settings = Settings.read(
        {**TABLE, "certificate": None, "shared_mailboxes": "Box@x.example = anne@x.example, b@x.example"}
    )
    assert settings.signer("box@x.example") == "anne@x.example"
    assert settings.signer("b@x.example") == "b@x.example"
    assert settings.is_shared("B@x.example")
    assert not settings.is_shared("anne@x.example")


# Refusals


def body(code: str, inner: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": "Anne's letter", "innerError": {"code": inner} if inner else {}}}


@pytest.mark.parametrize(
    ("status", "code", "headers", "expected"),
    [
        (429, "TooManyRequests", {"Retry-After": "7"}, Throttled),
        (429, "activityLimitReached", {"Retry-After": "86400"}, LimitReached),
        (503, "serviceNotAvailable", {"retry-after": "3"}, Throttled),
        (503, "serviceNotAvailable", {}, Retriable),
        (504, "", {}, Retriable),
        (423, "resourceLocked", {}, Retriable),
        (501, "notImplemented", {}, Rejected),
        (401, "InvalidAuthenticationToken", {}, AuthFailed),
        (403, "ErrorAccessDenied", {}, AuthFailed),
        (404, "ErrorItemNotFound", {}, NotFound),
        (404, "MailboxNotEnabledForRESTAPI", {}, Rejected),
        (404, "Request_ResourceNotFound", {}, AuthFailed),
        (410, "resyncRequired", {}, CursorExpired),
        (400, "syncStateNotFound", {}, CursorExpired),
        (413, "", {}, TooLarge),
        (400, "ErrorMessageSizeExceeded", {}, TooLarge),
        (400, "BadRequest", {}, Rejected),
        (403, "malwareDetected", {}, Rejected),
    ],
)
def test_each_refusal_in_our_words(
    status: int, code: str, headers: dict[str, str], expected: type[ConnectorError]
) -> None:
    error = errors.from_response(status, headers, body(code))
    assert type(error) is expected
    assert "letter" not in error.message + error.advice
    if isinstance(error, Throttled):
        assert error.retry_after == float(next(iter(headers.values())))


def test_an_inner_code_counts_too_and_a_strange_one_is_not_repeated() -> None:
    assert isinstance(errors.from_response(403, {}, body("accessDenied", "malwareDetected")), Rejected)
    assert "titre" not in errors.from_response(400, {}, body("Le titre: secret")).message
    assert errors.codes_of(b"<html>") == ()


def test_no_address_in_what_is_told_of_a_broken_connection() -> None:
    secret = "https://files.example/?tempauth=secret"
    for kind in (requests.exceptions.ConnectionError, requests.exceptions.Timeout, requests.exceptions.SSLError):
        assert "secret" not in errors.network(kind(secret)).message
    refused = requests.exceptions.ConnectionError("[Errno 111] Connection refused")
    assert isinstance(errors.network(refused), Unreachable)


def test_claims_and_segments() -> None:
    assert claims_of('Bearer realm="", claims="eyJhIjoxfQ=="') == '{"a":1}'
    assert claims_of('Bearer error="insufficient_claims", claims="eyJhIjoxfQ"') == '{"a":1}'
    assert claims_of("Bearer") is None
    assert segment("a/b+c=d?#") == "a%2Fb%2Bc=d%3F%23"


# Tokens of the application


def inbox(graph: GraphStandIn, tmp_path: Path, account: str = ANNE, **settings: Any) -> Any:
    api = connect(graph, tmp_path, **settings).api(account, Service.MAIL)
    try:
        return api.get("mailFolders/inbox")
    finally:
        api.close()


def test_a_certificate_opens_every_mailbox(graph: GraphStandIn, tmp_path: Path) -> None:
    assert inbox(graph, tmp_path)["id"] == "inbox"
    assert inbox(graph, tmp_path, BOX)["totalItemCount"] == 0
    path = tmp_path / "certificate.pem"
    path.write_text(graph.certificate.pem)
    assert inbox(graph, tmp_path, certificate=Given(str(path)))["id"] == "inbox"


def test_a_token_that_ended_is_replaced(graph: GraphStandIn, tmp_path: Path) -> None:
    api = connect(graph, tmp_path).api(ANNE, Service.MAIL)
    api.get("mailFolders/inbox")
    graph.faults.add(Rule(kind="status", status=401, path="/inbox$"))
    assert api.get("mailFolders/inbox")["id"] == "inbox"
    tokens = [line for line in graph.log.lines if line.path.endswith("/token")]
    assert len(tokens) == 2
    api.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"certificate": Given("/nowhere.pem")}, "cannot be read"),
        ({"certificate": Given("-----BEGIN CERTIFICATE-----\n")}, "lacks the key"),
        ({"certificate": Given("-----BEGIN PRIVATE KEY-----\nx\n-----BEGIN CERTIFICATE-----\n")}, "cannot be used"),
        ({"client_id": "11111111-0000-4000-8000-000000000000"}, "AADSTS700016"),
        ({"tenant": "autre.example"}, "no such tenant"),
    ],
)
def test_sign_ins_that_cannot_work(graph: GraphStandIn, tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(AuthFailed, match=words) as caught:
        inbox(graph, tmp_path, **settings)
    assert caught.value.advice
    assert caught.value.exit_code == 5


def test_a_certificate_that_nobody_vouches_for(graph: GraphStandIn, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="TLS certificate") as caught:
        inbox(graph, tmp_path, ca_file=None)
    assert "ca_file" in caught.value.advice


def test_no_token_goes_to_another_host(graph: GraphStandIn, tmp_path: Path) -> None:
    api = connect(graph, tmp_path).api(ANNE, Service.MAIL)
    for address in (f"{graph.url}.evil.example/v1.0/me", "http://127.0.0.1/v1.0/me", f"{graph.url}/beta/me"):
        with pytest.raises(Rejected, match="another host"):
            api.get(address)
    assert not graph.log.lines


def test_a_batch_of_too_many_is_a_mistake_and_a_part_left_out_is_told(graph: GraphStandIn, tmp_path: Path) -> None:
    api = connect(graph, tmp_path).api(ANNE, Service.MAIL)
    with pytest.raises(ValueError, match="20 parts"):
        api.batch({str(n): Part(path="mailFolders") for n in range(21)})
    answers = api.batch({"a": Part(path="mailFolders/inbox"), "b": Part(path="mailFolders/none")})
    assert answers["a"]["id"] == "inbox"
    assert isinstance(answers["b"], NotFound)
    api.close()


# People sign in


@dataclass
class Person:
    """Someone at the terminal, and their browser."""

    browse: Callable[[str], str]
    said: list[str] = field(default_factory=list)
    pasted: str = ""

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, question: str) -> str:
        return self.pasted

    def open(self, url: str) -> None:
        self.pasted = self.browse(url)


def consent(connector: Any, account: str, person: Person) -> None:
    connector.sign_in(account, person)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "WAIT", 0.2)


def callback(graph: GraphStandIn, url: str, account: str) -> str:
    answer = click(graph, url, account)
    return "http://localhost:1/?" + "&".join(f"{name}={value}" for name, value in answer.items())


def personal(graph: GraphStandIn, tmp_path: Path, tokens: Kept, **more: Any) -> Any:
    return connect(graph, tmp_path, certificate=None, tokens=tokens, **more)


@pytest.mark.usefixtures("impatient")
def test_a_person_signs_in_by_a_pasted_address(graph: GraphStandIn, tmp_path: Path) -> None:
    tokens = Kept()
    connector = personal(graph, tmp_path, tokens, services=frozenset({Service.MAIL, Service.FILES}))
    urls: list[str] = []
    consent(connector, ANNE, Person(lambda url: urls.append(url) or callback(graph, url, ANNE)))  # type: ignore[func-returns-value]
    asked = unquote_plus(urls[0])
    assert "code_challenge_method=S256" in asked
    assert all(scope in asked for scope in ("/Mail.Read ", "/Files.Read", "/User.Read"))
    assert "Calendars" not in asked
    assert list(tokens.texts) == [f"microsoft/{ANNE}"]
    api = personal(graph, tmp_path, tokens, services=frozenset({Service.MAIL, Service.FILES})).api(ANNE, Service.MAIL)
    assert api.home == "/me"
    assert api.get("mailFolders/inbox")["id"] == "inbox"
    api.close()


def test_a_person_signs_in_by_the_browser_of_this_machine(
    graph: GraphStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "WAIT", 10.0)
    monkeypatch.setattr(sign_in, "TRIES", 1)
    tokens = Kept()
    visits: list[threading.Thread] = []

    def browse(url: str) -> str:
        def visit() -> None:
            answer = click(graph, url, ANNE)
            target = dict(parse_qsl(urlsplit(url).query))["redirect_uri"]
            with plain(graph) as browser:
                assert browser.get(f"{target}/favicon.ico", timeout=5).status_code == 404
                assert "Close this page" in browser.get(target, params=answer, timeout=5).text

        visits.append(threading.Thread(target=visit))
        visits[0].start()
        return ""

    consent(personal(graph, tmp_path, tokens), ANNE, Person(browse))
    visits[0].join()
    assert tokens.texts


@pytest.mark.usefixtures("impatient")
def test_a_token_of_someone_else_is_refused(graph: GraphStandIn, tmp_path: Path) -> None:
    tokens = Kept()
    with pytest.raises(AuthFailed, match="Someone else"):
        consent(personal(graph, tmp_path, tokens), ANNE, Person(lambda url: callback(graph, url, BRUNO)))
    assert not tokens.texts


@pytest.mark.usefixtures("impatient")
def test_an_answer_to_another_question_is_refused(graph: GraphStandIn, tmp_path: Path) -> None:
    with pytest.raises(AuthFailed, match="another sign-in"):
        consent(
            personal(graph, tmp_path, Kept()),
            ANNE,
            Person(lambda url: callback(graph, url, ANNE).replace("state=", "state=x")),
        )


@pytest.mark.usefixtures("impatient")
def test_a_device_code_is_the_last_resort(graph: GraphStandIn, tmp_path: Path) -> None:
    tokens = Kept()
    person = Person(lambda url: "code")
    say = person.say

    def entered(text: str) -> None:
        say(text)
        if "for you alone" in text:
            graph.identity.answer_device(text.rpartition(" ")[2], ANNE)

    person.say = entered  # type: ignore[method-assign]
    consent(personal(graph, tmp_path, tokens), ANNE, person)
    assert tokens.texts


@pytest.mark.usefixtures("impatient")
def test_refusals_of_a_sign_in(graph: GraphStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "TRIES", 1)
    with pytest.raises(AuthFailed, match="Nobody signed in"):
        consent(personal(graph, tmp_path, Kept()), ANNE, Person(lambda url: ""))
    with pytest.raises(ConfigError, match="nobody signs in"):
        consent(connect(graph, tmp_path, tokens=Kept()), ANNE, Person(lambda url: ""))
    with pytest.raises(AuthFailed, match="has not signed in") as caught:
        personal(graph, tmp_path, Kept()).api(ANNE, Service.MAIL).get("mailFolders")
    assert "transhume auth" in caught.value.advice


@pytest.mark.usefixtures("impatient")
def test_a_consent_that_was_withdrawn(graph: GraphStandIn, tmp_path: Path) -> None:
    tokens = Kept()
    consent(personal(graph, tmp_path, tokens), ANNE, Person(lambda url: callback(graph, url, ANNE)))
    graph.identity.consented = False
    api = personal(graph, tmp_path, tokens).api(ANNE, Service.MAIL)
    graph.faults.add(Rule(kind="status", status=401, path="/mailFolders"))
    with pytest.raises(AuthFailed, match="AADSTS65001") as caught:
        api.get("mailFolders")
    assert caught.value.scope is Scope.ACCOUNT
    api.close()


# Doctor, directory, letter


def test_doctor_tells_each_permission_and_the_clock(graph: GraphStandIn, tmp_path: Path) -> None:
    services = frozenset({Service.MAIL})
    checks = list(connect(graph, tmp_path, services=services).check([ANNE, BOX]))
    assert [(check.subject, check.passed) for check in checks] == [
        ("mail: Mail.Read", True),
        ("mail: Mail.Read", True),
        ("clock", True),
    ]
    assert "23 messages" in checks[0].detail


def test_doctor_names_the_page_where_a_missing_permission_is_granted(graph: GraphStandIn, tmp_path: Path) -> None:
    graph.identity.roles = frozenset({"User.Read.All"})
    checks = list(connect(graph, tmp_path, services=frozenset({Service.MAIL})).check([ANNE]))
    assert not checks[0].passed
    assert f"/{graph.tenant.id}/adminconsent?client_id=" in checks[0].advice
    assert checks[0].exit_code == 5


def test_a_mailbox_that_rbac_leaves_out_and_one_that_does_not_exist(graph: GraphStandIn, tmp_path: Path) -> None:
    graph.app.mailboxes = {ANNE}
    checks = list(connect(graph, tmp_path, services=frozenset({Service.MAIL})).check([ANNE, BRUNO, "nobody@x.example"]))
    assert [check.passed for check in checks] == [True, False, False, True]


def test_people_without_guests(graph: GraphStandIn, tmp_path: Path) -> None:
    for account in graph.tenant.accounts.values():
        account.user.setdefault("proxyAddresses", [])
    graph.tenant.accounts[BRUNO].user["userType"] = "Guest"
    graph.tenant.accounts[BOX].user["proxyAddresses"] = [f"SMTP:{BOX}", "smtp:contact@tilleuls.example", "X500:/o=x"]
    found = {person.id: person for person in connect(graph, tmp_path).people()}
    assert ANNE in found
    assert BRUNO not in found
    assert found[BOX].aliases == ("contact@tilleuls.example",)
    with pytest.raises(AuthFailed):
        list(personal(graph, tmp_path, Kept()).people())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("certificate", [Given("x"), None])
def test_the_letter_names_each_permission_and_nothing_more(
    graph: GraphStandIn, tmp_path: Path, language: str, certificate: Given | None
) -> None:
    services = frozenset({Service.MAIL, Service.FILES})
    connector = connect(graph, tmp_path, services=services, certificate=certificate)
    text = connector.letter(language, "Les Tilleuls")
    wanted = {"`Mail.Read`", "`Files.Read.All`"} if certificate else {"`Mail.Read`", "`Files.Read`", "`User.Read`"}
    assert {word for word in text.split() if word.endswith(("Read`", "All`"))} == wanted
    assert f"{graph.url}/{graph.tenant.id}/adminconsent?client_id=" in text
    assert "Les Tilleuls" in text
    assert len(text.splitlines()) < 60


def test_what_an_account_does_not_have(graph: GraphStandIn, tmp_path: Path) -> None:
    connector = connect(graph, tmp_path, shared_mailboxes=BOX)
    for account, service in ((BOX, Service.FILES), (BOX, Service.TASKS), ("site:x.example/sites/a", Service.MAIL)):
        reader = connector.reader(account, service)
        assert [*reader.collections(), *reader.entries()] == []
        reader.close()
    assert not graph.log.lines


@pytest.mark.usefixtures("impatient")
def test_someone_signs_in_for_a_shared_mailbox(graph: GraphStandIn, tmp_path: Path) -> None:
    graph.identity.scopes |= {"Contacts.Read.Shared"}
    tokens = Kept()
    services = frozenset({Service.MAIL})
    connector = personal(graph, tmp_path, tokens, services=services, shared_mailboxes=f"{BOX} = {ANNE}")
    consent(connector, BOX, Person(lambda url: callback(graph, url, ANNE)))
    assert list(tokens.texts) == [f"microsoft/{ANNE}"]
    api = connector.api(BOX, Service.MAIL)
    assert api.home == f"/users/{BOX}"
    assert api.get("mailFolders/inbox")["totalItemCount"] == 0
    api.close()
