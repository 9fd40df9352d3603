"""The association's Takeout archives against the association itself: the same mail, events and files as its API has."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from connectors.google.labels import SYSTEM
from connectors.google.labels import state as api_state
from migrate.model import Service
from migrate.sandbox.association import PROFILES, association
from migrate.sandbox.takeout import write_archives
from migrate.sandbox.world import World
from tests.connectors.takeout_kit import Read, body_of, read

__all__ = ["read"]

Seen = tuple[bytes, tuple[str, ...], frozenset[str], int]


@pytest.fixture(scope="module")
def world() -> World:
    assert "small" in PROFILES
    return association("small")


@pytest.mark.parametrize(
    ("language", "kind", "size"), [("en", "zip", 1 << 40), ("fr", "tgz", 400_000), ("fr", "zip", 1)]
)
def test_mail_is_what_the_api_gives(
    world: World, tmp_path: Path, read: Read, language: str, kind: str, size: int
) -> None:
    for address, account in list(world.google.items())[:2]:
        write_archives(
            world, address, tmp_path / "takeout" / address, language=language, kind=kind, part_bytes=max(size, 50_000)
        )
        names = {**SYSTEM, **{label["id"]: str(label["name"]) for label in account.labels}}
        wanted: Counter[Seen] = Counter()
        for message in account.messages:
            now = api_state("", message.label_ids, names)
            raw = message.raw()
            # An mbox cannot tell whether the last line was ended.
            ended = raw if raw.endswith(b"\n") else raw + b"\r\n"
            wanted[ended, now.labels, now.flags, message.internal_date_ms // 1000] += 1
        one = read(Service.MAIL, account=address)
        found: Counter[Seen] = Counter()
        for entry, item in one.get_many(list(one.entries())):  # type: ignore[attr-defined]
            moment = int(item.internal_date.timestamp())
            found[body_of(item), entry.labels, entry.flags, moment] += 1
        assert [len(body) for body, *_ in (found - wanted)] == []
        assert found == wanted


@pytest.mark.parametrize("language", ["en", "fr"])
def test_events_and_files_are_all_there(world: World, tmp_path: Path, read: Read, language: str) -> None:
    for address, account in world.google.items():
        write_archives(world, address, tmp_path / "takeout" / address, language=language)
        one = read(Service.CALENDAR, account=address)
        own = [c for c in account.calendars if c.list_entry.get("accessRole") == "owner"]
        assert len(list(one.collections())) == len(own)
        assert {entry.collection for entry in one.entries()}
        files = read(Service.FILES, account=address)
        bodies = {body_of(files.get(entry)) for entry in files.entries()}
        owned = {
            n.content()
            for n in account.files
            if n.content and n.resource.get("ownedByMe") and not n.resource.get("trashed")
        }
        assert owned <= bodies
        assert list(read(Service.CONTACTS, account=address).entries())
        assert list(read(Service.TASKS, account=address).entries())
