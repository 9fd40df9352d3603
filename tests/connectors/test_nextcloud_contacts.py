"""Contacts on Nextcloud: read in version 4, told when refused, in books that are the account's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.nextcloud.contacts import NextcloudContacts, comparable
from connectors.samples import body_of, card
from mappings import vcard
from mappings.canonical import digest
from migrate.errors import AlreadyExists, LimitReached, Rejected, Uncertain
from migrate.model import Collection, Item, Service
from migrate.protocols import SupportsGetMany, Target
from migrate.sandbox.faults import Rule
from tests.connectors.nextcloud_kit import ALICE, Place, either, item, scripted, standin
from tests.mappings.test_vcard import RICH, VERSION_3


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "server") as found:
        yield found


@pytest.fixture
def target(place: Place, tmp_path: Path) -> Iterator[NextcloudContacts]:
    with place.contacts(tmp_path) as found:
        yield found


def vcf(body: bytes) -> Item:
    return item(body, media_type="text/vcard")


def book(target: NextcloudContacts, name: str = "Carnet") -> Collection:
    return target.ensure(Collection(href="", path=(name,)))


def test_it_is_a_target_with_its_abilities(target: NextcloudContacts) -> None:
    assert isinstance(target, Target)
    assert isinstance(target, SupportsGetMany)
    assert target.capabilities.accepts == {"text/vcard"}


def test_version_4_comes_back_whole_by_get_and_by_multiget(target: NextcloudContacts) -> None:
    made = book(target)
    target.put(made, "a.vcf", vcf(RICH), expects=None)
    (entry,) = [e for e in target.entries() if e.collection == made.href]
    assert body_of(target.get(entry)) == RICH
    ((_, answer),) = target.get_many([entry])
    assert isinstance(answer, Item)
    assert body_of(answer) == RICH


def test_version_3_is_read_as_4_and_is_the_same_card(target: NextcloudContacts) -> None:
    made = book(target)
    target.put(made, "a.vcf", vcf(VERSION_3), expects=None)
    (entry,) = [e for e in target.entries() if e.collection == made.href]
    ((_, answer),) = target.get_many([entry])
    assert isinstance(answer, Item)
    for got in (body_of(target.get(entry)), body_of(answer)):
        assert b"VERSION:4.0" in got
        assert digest("text/vcard", got) == digest("text/vcard", VERSION_3)
    assert len(list(target.find(made, "a.vcf", vcf(VERSION_3), ""))) == 1


def test_the_default_book_goes_by_role_and_is_made_when_missing(target: NextcloudContacts) -> None:
    primary = target.ensure(Collection(href="", path=("Contacts",), role="primary"))
    assert primary.href.endswith("/contacts")
    assert target.ensure(Collection(href="", path=("Autre nom",), role="primary")).href == primary.href
    assert next(target.collections()).role == "primary"


def test_only_the_own_books_are_listed(target: NextcloudContacts) -> None:
    assert not [c.href for c in target.collections() if "generated" in c.href]


def test_a_new_book_keeps_its_description(target: NextcloudContacts) -> None:
    properties = {"description": "Les fournisseurs & amis"}
    made = target.ensure(Collection(href="", path=("Fournisseurs & <amis>",), properties=properties))
    assert (made.path, made.properties) == (("Fournisseurs & <amis>",), properties)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FN:Élodie Exemple\r\n".encode(), b""),
        (b"UID:urn:uuid:00000000-0000-4000-8000-000000000001\r\n", b""),
        (b"NOTE:Deux", b"NOTE:De\x01ux"),
    ],
    ids=["no name", "no uid", "control character"],
)
def test_a_card_the_server_repairs_is_known_again(target: NextcloudContacts, old: bytes, new: bytes) -> None:
    made = book(target)
    assert old in RICH
    body = RICH.replace(old, new)
    stored = target.put(made, "a.vcf", vcf(body), expects=None)
    (entry,) = [e for e in target.entries() if e.collection == made.href]
    assert stored.etag == entry.etag != ""
    assert body_of(target.get(entry)) != body
    assert [s.etag for s in target.find(made, "a.vcf", vcf(body), "")] == [stored.etag]


@pytest.mark.parametrize(
    "body",
    [
        b"no card at all",
        RICH.replace(b"VERSION:4.0", b"VERSION:2.1"),
        RICH.replace(b"NOTE:", b"NOTE;ENCODING=8BIT:"),
        vcard.card([vcard.Property("UID", "x"), vcard.Property("FN", "x"), vcard.Property("NOTE", "x" * 5_242_880)]),
        vcard.card([vcard.Property("UID", "x" * 256), vcard.Property("FN", "x")]),
        RICH.replace(b"BDAY:19700403", b"BDAY:vers 1970"),
        RICH.replace(b"BDAY:", b"FN:Un second nom\r\nBDAY:"),
    ],
    ids=["garbage", "version 2.1", "encoding in 4", "too large", "uid too long", "birthday in words", "two names"],
)
def test_what_the_server_refuses(target: NextcloudContacts, body: bytes) -> None:
    made = book(target)
    with pytest.raises(Rejected):
        target.put(made, "a.vcf", vcf(body), expects=None)
    assert not [e for e in target.entries() if e.collection == made.href]


def test_one_uid_under_two_names_but_in_two_books(target: NextcloudContacts) -> None:
    made = book(target)
    target.put(made, "a.vcf", vcf(card(1, "x")), expects=None)
    with pytest.raises(AlreadyExists):
        target.put(made, "b.vcf", vcf(card(1, "x")), expects=None)
    target.put(book(target, "Un autre"), "a.vcf", vcf(card(1, "x")), expects=None)


def test_more_cards_than_one_multiget(target: NextcloudContacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.nextcloud.contacts.MULTIGET", 3)
    made = book(target)
    for n in range(7):
        target.put(made, f"{n}.vcf", vcf(card(n, "x")), expects=None)
    entries = [e for e in target.entries() if e.collection == made.href]
    got = [answer for _, answer in target.get_many(entries) if isinstance(answer, Item)]
    assert {digest("text/vcard", body_of(answer)) for answer in got} == {
        digest("text/vcard", card(n, "x")) for n in range(7)
    }


def test_a_lost_answer_is_uncertain_and_then_found(tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place, place.contacts(tmp_path) as target:
        assert place.standin is not None
        made = book(target)
        place.standin.faults.add(Rule(kind="cut-after", method="PUT"))
        with pytest.raises(Uncertain):
            target.put(made, "a.vcf", vcf(RICH), expects=None)
        assert len(list(target.find(made, "a.vcf", vcf(RICH), ""))) == 1
        assert not list(target.find(made, "a.vcf", vcf(RICH.replace(b"PREF=2", b"PREF=3")), ""))


def test_the_limits_of_new_books(tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place, place.contacts(tmp_path) as target:
        for n in range(9):
            book(target, f"Carnet {n}")
        with pytest.raises(LimitReached, match="HTTP 403"):
            book(target, "Le onzième, avec celui par défaut")
        with pytest.raises(LimitReached, match="for now"):
            book(target, "Encore un dans l'heure")
        assert len(list(target.collections())) == 10


def test_a_server_without_address_books(tmp_path: Path) -> None:
    empty = b'<d:multistatus xmlns:d="DAV:"/>'
    with scripted(lambda _: (207, {"Content-Type": "application/xml"}, empty)) as (url, _):
        target = Place(url=url, users={ALICE: "x"}, mails=lambda: 0).connector(tmp_path).target(ALICE, Service.CONTACTS)
        with pytest.raises(Rejected, match="no address books"):
            list(target.collections())
        target.close()


def test_folding_and_stamps_do_not_count() -> None:
    assert comparable(RICH) == comparable(RICH.replace(b"\r\n ", b"").replace(b"END:", b"REV:20200101T000000Z\r\nEND:"))
    assert comparable(RICH) != comparable(RICH.replace(b"Bureau", b"bureau"))
