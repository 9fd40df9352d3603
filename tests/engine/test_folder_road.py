"""From a system to folders on disk and from there to another system: everything is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryTarget, store
from connectors.memory_store import Store
from connectors.samples import CALENDAR, MAIL, VCARD, sample
from migrate.apply import apply_plan
from migrate.config import load_project
from migrate.model import Collection, FindingKind, Service
from migrate.plan import make_plan
from migrate.verify import verify

MEDIA = {
    Service.MAIL: MAIL,
    Service.CALENDAR: CALENDAR,
    Service.TASKS: CALENDAR,
    Service.CONTACTS: VCARD,
    Service.FILES: "text/plain",
}
PLACES: tuple[tuple[Service, tuple[str, ...], str], ...] = (
    (Service.MAIL, ("INBOX",), "\\Inbox"),
    (Service.MAIL, ("Envoyés",), "\\Sent"),
    (Service.MAIL, ("Projets", "M. Quentin & Cie", "2026 🌳"), ""),
    (Service.CALENDAR, ("Équipe : été",), "primary"),
    (Service.CALENDAR, ("Sorties",), ""),
    (Service.TASKS, ("À faire",), ""),
    (Service.CONTACTS, ("Adhérents",), ""),
    (Service.FILES, (), ""),
    (Service.FILES, ("Comptes", "Été.2026"), ""),
)
FLAGS = (frozenset[str](), frozenset({"\\Seen"}), frozenset({"\\Seen", "\\Flagged", "$relances", "$Forwarded"}))


def project(directory: Path, source: str, target: str) -> Any:
    directory.mkdir(mode=0o700)
    text = f'[migration]\nname = "Route"\n[source.src]\n{source}\n[target.dst]\n{target}\n'
    (directory / "migration.toml").write_text(text, encoding="utf-8")
    (directory / "accounts.csv").write_text("source,source_account,dst_account,wave\nsrc,ana,ana,1\n", encoding="utf-8")
    for file in directory.iterdir():
        file.chmod(0o600)
    return load_project(directory)


def fill(system: Store, spool: Path) -> None:
    for number, (service, path, role) in enumerate(PLACES):
        writer = MemoryTarget(system, "ana", service, spool)
        home = writer.ensure(Collection(href="", path=path, role=role, properties={"color": "#16a765"}))
        for n in range(3):
            name, item = sample(MEDIA[service], 10 * number + n, size=n * 700_000 if service is Service.FILES else 0)
            writer.put(
                home, name, replace(item, flags=FLAGS[n] if service is Service.MAIL else frozenset()), expects=None
            )
        writer.close()


def held(system: Store) -> set[tuple[Any, ...]]:
    """Everything that should be the same at the end of the road."""
    found = set()
    for service in MEDIA:
        with system.space("ana", service) as space:
            for one in space.items.values():
                home = space.collections[one.entry.collection]
                date: datetime | None = one.internal_date or (one.entry.modified if service is Service.FILES else None)
                name = one.entry.name if service is Service.FILES else ""
                found.add((service, home.path, home.role, name, one.body, one.entry.flags, date))
    return found


def moved(a_project: Any, count: int) -> None:
    make_plan(a_project)
    assert (apply_plan(a_project).done, verify(a_project).counts) == (count, {FindingKind.MATCH: count})
    assert not make_plan(a_project).changes


@pytest.fixture
def systems(tmp_path: Path) -> tuple[Store, Store]:
    return store(f"{tmp_path}-from"), store(f"{tmp_path}-to")


def test_memory_to_folder_to_memory_keeps_everything(tmp_path: Path, systems: tuple[Store, Store]) -> None:
    first, last = systems
    fill(first, tmp_path)
    folder = f'connector = "folder"\npath = "{tmp_path}/archive/{{account}}"'
    away = project(tmp_path / "away", f'connector = "memory"\nname = "{tmp_path}-from"', f"{folder}\ncreate = true")
    back = project(tmp_path / "back", folder, f'connector = "memory"\nname = "{tmp_path}-to"')
    count = 3 * len(PLACES)
    moved(away, count)
    moved(back, count)
    assert len(held(first)) == count
    assert held(last) == held(first)


def test_a_relative_path_begins_in_the_project(tmp_path: Path, systems: tuple[Store, Store]) -> None:
    fill(systems[0], tmp_path)
    source = f'connector = "memory"\nname = "{tmp_path}-from"'
    away = project(tmp_path / "away", source, 'connector = "folder"\npath = "archive/{account}"\ncreate = true')
    moved(away, 3 * len(PLACES))
    assert {path.name for path in (tmp_path / "away" / "archive" / "ana").iterdir()} >= {"mail", "files", "contacts"}
