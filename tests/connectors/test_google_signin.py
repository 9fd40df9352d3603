"""Signing in to Google as a person or through IAM, on a stand-in that plays the consent page and the browser."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httplib2
import pytest

from connectors.google import connector
from connectors.google.settings import Settings
from migrate.errors import AuthFailed, ConfigError
from migrate.model import Service
from migrate.protocols import Context, SupportsPeople, SupportsSignIn
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_fixtures import google_key
from tests.connectors.google_kit import AMINA, BRUNO, Given, Patience, by_href, world

__all__ = ["google_key"]
NAME = f"google/{AMINA}"


@pytest.fixture
def google(google_key: Any) -> Iterator[GoogleStandIn]:
    with GoogleStandIn(world(), key=google_key) as stand_in:
        yield stand_in
        assert stand_in.defects == []


@dataclass
class Kept:
    """A store of sign-ins in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def load(self, name: str) -> str | None:
        return self.texts.get(name)

    def save(self, name: str, text: str) -> None:
        self.texts[name] = text

    def forget(self, name: str) -> None:
        self.texts.pop(name, None)


@dataclass
class Person:
    """At a browser: here, or elsewhere, from where the last address is pasted."""

    here: bool = True
    answers: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    browsers: list[threading.Thread] = field(default_factory=list)
    address: str = ""

    def say(self, text: str) -> None:
        self.lines.append(text)

    def open(self, url: str) -> None:
        self.lines.append(url)
        if "/auth?" not in url:
            return
        if self.here:
            self.browsers.append(threading.Thread(target=lambda: urllib.request.urlopen(url).read()))
            self.browsers[-1].start()
        else:
            http = httplib2.Http()
            http.follow_redirects = False
            self.address = http.request(url)[0].get("location", "")
            http.close()

    def ask(self, question: str) -> str:
        if self.answers:
            return self.answers.pop(0)
        if not self.here:
            return self.address
        self.browsers[-1].join(0.5)
        return ""


def connect(google: GoogleStandIn, spool: Path, kept: Kept | None = None, **settings: Any) -> Any:
    services = frozenset(settings.pop("services", Service))
    table = {"api_root": google.url, "quota_factor": 1000.0, **settings}
    if not {"service_account", "impersonate"} & set(table):
        table["client"] = Given(json.dumps(google.desktop_client()))
    return connector(Context(pace=Patience(), spool=spool, settings=table, tokens=kept, services=services))


def entries(made: Any, account: str = AMINA, service: Service = Service.TASKS) -> dict[str, Any]:
    with closing(made.reader(account, service)) as reader:
        return by_href(reader.entries())


@pytest.mark.parametrize("here", [True, False])
def test_a_person_signs_in_and_is_read(google: GoogleStandIn, tmp_path: Path, here: bool) -> None:
    kept, person = Kept(), Person(here=here, answers=["http://127.0.0.1/?code=x&state=y"])
    made = connect(google, tmp_path, kept, services=[Service.MAIL, Service.TASKS])
    assert isinstance(made, SupportsSignIn)
    made.sign_in(AMINA, person)
    for browser in person.browsers:
        browser.join(5)
    info = json.loads(kept.texts[NAME])
    assert {scope.rpartition("/")[2] for scope in info["scopes"]} == {
        "openid",
        "userinfo.email",
        "gmail.readonly",
        "tasks.readonly",
    }
    assert "client_secret" not in info
    assert len(entries(made)) == 4
    assert [check.passed for check in made.check([AMINA])] == [True, True, True]


def test_another_account_less_consent_and_none_are_refused(google: GoogleStandIn, tmp_path: Path) -> None:
    kept = Kept()
    made = connect(google, tmp_path, kept, services=[Service.MAIL, Service.TASKS])
    page = google.tokens.page
    page.chooses = BRUNO
    with pytest.raises(AuthFailed, match="Another account"):
        made.sign_in(AMINA, Person(here=False))
    page.chooses, page.unticked = "", frozenset({"https://www.googleapis.com/auth/tasks.readonly"})
    with pytest.raises(AuthFailed, match=r"leaves out: tasks\.readonly"):
        made.sign_in(AMINA, Person(here=False))
    page.unticked, page.declines = frozenset(), True
    with pytest.raises(AuthFailed, match="not given"):
        made.sign_in(AMINA, Person(here=False))
    with pytest.raises(AuthFailed, match="did not come to its end"):
        made.sign_in(AMINA, Person(here=False, answers=["x", "y", "", "http://127.0.0.1/?code=a&state=b", "z"]))
    assert kept.texts == {}


def test_what_is_missing_is_told_with_the_way_to_it(google: GoogleStandIn, tmp_path: Path) -> None:
    kept = Kept()
    made = connect(google, tmp_path, kept, services=[Service.TASKS])
    with pytest.raises(AuthFailed, match="Nobody signed in"):
        entries(made)
    made.sign_in(AMINA, Person(here=False))
    wider = connect(google, tmp_path, kept, services=[Service.TASKS, Service.CALENDAR])
    failed = [check for check in wider.check([AMINA]) if not check.passed]
    assert [check.subject for check in failed] == ["calendar: calendar.readonly", "calendar: calendar.acls.readonly"]
    assert all("transhume auth" in check.advice for check in failed)
    google.tokens.revoke(AMINA)
    fresh = connect(google, tmp_path, kept, services=[Service.TASKS])
    assert not next(check.passed for check in fresh.check([AMINA]))
    info = json.loads(kept.texts[NAME])
    kept.save(NAME, json.dumps(info | {"client_id": "another"}))
    with pytest.raises(AuthFailed, match="another client"):
        entries(fresh)


def test_a_service_account_without_a_key(google: GoogleStandIn, tmp_path: Path) -> None:
    key = google.service_account()
    made = connect(
        google, tmp_path, impersonate=key["client_email"], impersonator=Given(json.dumps(key)), services=[Service.TASKS]
    )
    assert len(entries(made)) == 4
    google.tokens.delegated.clear()
    with pytest.raises(AuthFailed, match="unauthorized_client"):
        entries(made, BRUNO)
    stranger = connect(google, tmp_path, impersonate="x@y.example", impersonator=Given(json.dumps(key)))
    with pytest.raises(AuthFailed):
        entries(stranger)


def test_the_delegation_is_said_once_with_every_scope(google: GoogleStandIn, tmp_path: Path) -> None:
    person = Person()
    key = Given(json.dumps(google.service_account()))
    made = connect(google, tmp_path, service_account=key, services=[Service.MAIL, Service.CONTACTS])
    made.sign_in(AMINA, person)
    made.sign_in(BRUNO, person)
    links = [line for line in person.lines if line.startswith("https://admin.google.com/")]
    (link,) = links
    assert "clientIdToAdd=100000000000000000001" in link
    for scope in ("gmail.readonly", "contacts.readonly", "contacts.other.readonly"):
        assert f"https://www.googleapis.com/auth/{scope}" in link
    assert "drive" not in link


def test_the_directory(google: GoogleStandIn, tmp_path: Path) -> None:
    google.tokens.delegated.add("https://www.googleapis.com/auth/admin.directory.user.readonly")
    key = Given(json.dumps(google.service_account()))
    made = connect(google, tmp_path, service_account=key, admin=AMINA)
    assert isinstance(made, SupportsPeople)
    people = {account.id: account for account in made.people()}
    assert sorted(people) == [AMINA, BRUNO]
    assert people[AMINA].aliases == ("a@tilleuls.example",)
    assert any(check.subject == "directory: admin.directory.user.readonly" for check in made.check([AMINA]))
    with pytest.raises(AuthFailed, match="403"):
        list(connect(google, tmp_path, service_account=key, admin=BRUNO).people())
    with pytest.raises(AuthFailed, match="as an administrator"):
        list(connect(google, tmp_path, service_account=key).people())


def test_collected_addresses_are_counted_moved_or_not_asked_for(google: GoogleStandIn, tmp_path: Path) -> None:
    key = Given(json.dumps(google.service_account()))

    def listed(word: str) -> dict[str, Any]:
        return entries(connect(google, tmp_path, service_account=key, other_contacts=word), AMINA, Service.CONTACTS)

    counted = listed("count")
    assert [counted[f"people/c{n}"].skip.code for n in (90, 91)] == ["other-contact"] * 2
    assert listed("move")["people/c90"].collection == "otherContacts"
    assert "people/c90" not in listed("off")


def test_one_way_to_sign_in_and_no_more() -> None:
    for table in (
        {},
        {"service_account": Given("{}"), "client": Given("{}")},
        {"impersonate": "x", "client": Given("{}")},
    ):
        with pytest.raises(ConfigError, match="one of"):
            Settings.read(table)
    with pytest.raises(ConfigError, match="other_contacts"):
        Settings.read({"impersonate": "x", "other_contacts": "yes"})
