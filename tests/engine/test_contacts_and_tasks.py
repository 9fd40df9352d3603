"""Contacts and tasks through the whole engine: a twin to a Nextcloud, and from one Nextcloud to another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.samples import body_of
from mappings.canonical import digest
from mappings.contentlines import text
from mappings.vcard import Property, card, data_uri, listed, structured
from migrate.apply import apply_plan
from migrate.model import Collection, Disposition, FindingKind, Service
from migrate.plan import make_plan
from migrate.verify import verify
from tests.connectors.nextcloud_kit import PASSWORDS, Place, item, standin
from tests.engine.twins import Twins

MEMORY = '[source.src]\nconnector = "memory"\nname = "{name}"\n'
CLOUD = '[{side}]\nconnector = "nextcloud"\nurl = "{url}"\npassword = "env:{variable}"\n'
TASK = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//essai//FR\r\nBEGIN:VTODO\r\nUID:tache-{n}@tilleuls.example\r\n"
    "DTSTAMP:20260105T080000Z\r\nDUE;VALUE=DATE:20260401\r\nSUMMARY:Affiches {n}\r\nSTATUS:COMPLETED\r\n"
    "COMPLETED:20260301T080000Z\r\nPERCENT-COMPLETE:100\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)


def contact(n: int) -> bytes:
    """With everything that version 3 loses."""
    return card(
        [
            Property("UID", f"urn:uuid:00000000-0000-4000-8000-{n:012}"),
            Property("FN", text(f"Élodie Exemple {n}")),
            Property("N", structured(["Exemple", ["Élodie", "Anne"], "", "", ""])),
            Property("EMAIL", f"elodie{n}@tilleuls.example", {"TYPE": ("home",), "PREF": ("2",)}, "item1"),
            Property("X-ABLABEL", text("Bureau; secrétariat"), group="item1"),
            Property("BDAY", "--0403"),
            Property("RELATED", text("Jean, son frère"), {"VALUE": ("text",), "TYPE": ("sibling",)}),
            Property("CATEGORIES", listed(["Bénévoles, anciens", "Bureau"])),
            Property("PHOTO", data_uri("image/png", bytes(range(200)))),
        ]
    )


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("ALICE", PASSWORDS["alice"])
    monkeypatch.setenv("BOB", PASSWORDS["bob"])
    with standin(tmp_path / "server") as place:
        yield place


def twins(tmp_path: Path, place: Place, source: str = MEMORY) -> Twins:
    """A project from a twin, or another source, to alice's account."""
    made = Twins(tmp_path / "project")
    rows = "source,source_account,dst_account,wave\nsrc,{},alice,1\n"
    (made.directory / "accounts.csv").write_text(rows.format("ana" if source == MEMORY else "bob"), encoding="utf-8")
    target = CLOUD.format(side="target.dst", url=place.url, variable="ALICE")
    config = source.format(name=f"{made.directory}-src") + target
    (made.directory / "migration.toml").write_text(f'[migration]\nname = "Essai"\n{config}', encoding="utf-8")
    return made


def names(place: Place, spool: Path, service: Service) -> list[tuple[tuple[str, ...], str]]:
    """Collection and ending of every item that alice has."""
    reader = place.connector(spool).reader("alice", service)
    paths = {collection.href: collection.path for collection in reader.collections()}
    found = sorted((paths[entry.collection], entry.href[-4:]) for entry in reader.entries())
    reader.close()
    return found


def test_from_a_twin(tmp_path: Path, cloud: Place) -> None:
    made = twins(tmp_path, cloud)
    for n in range(3):
        made.add(Service.CONTACTS, ("Carnet",), f"{n}", contact(n), role="primary")
        made.add(Service.CONTACTS, ("Fournisseurs",), f"{n}", contact(n))
        made.add(Service.TASKS, ("Fête d'été",), f"{n}", TASK.format(n=n).encode())
    assert make_plan(made.project).total(Disposition.PLANNED) == 9
    applied = apply_plan(made.project)
    assert (applied.done, applied.failed) == (9, 0)
    assert verify(made.project).counts == {FindingKind.MATCH: 9}
    assert make_plan(made.project).total(Disposition.PRESENT) == 9
    contacts = [(("Contacts",), ".vcf")] * 3 + [(("Fournisseurs",), ".vcf")] * 3
    assert names(cloud, tmp_path, Service.CONTACTS) == contacts
    assert names(cloud, tmp_path, Service.TASKS) == [(("Fête d'été",), ".ics")] * 3
    assert names(cloud, tmp_path, Service.CALENDAR) == []


def test_from_one_nextcloud_to_another(tmp_path: Path, cloud: Place) -> None:
    with cloud.contacts(tmp_path, "bob") as book, cloud.tasks(tmp_path, "bob") as tasks:
        own = next(book.collections())
        book.put(own, "un.vcf", item(contact(1), media_type="text/vcard"), expects=None)
        made = tasks.ensure(Collection(href="", path=("Courses",)))
        tasks.put(made, "une.ics", item(TASK.format(n=1).encode(), media_type="text/calendar"), expects=None)
        source = CLOUD.format(side="source.src", url=cloud.url, variable="BOB")
        project = twins(tmp_path, cloud, source).project
        make_plan(project)
        assert apply_plan(project).failed == 0
        checked = verify(project)
        assert (checked.counts, checked.exit_code) == ({FindingKind.MATCH: 2}, 0)
    with cloud.contacts(tmp_path, "alice") as target:
        (entry,) = target.entries()
        assert digest("text/vcard", body_of(target.get(entry))) == digest("text/vcard", contact(1))
