"""A project on two memory twins, for driving the whole engine without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.memory import MemoryTarget, store
from connectors.memory_store import Store
from migrate.config import Project, load_project
from migrate.model import Collection, Entry, Item, Service

MOMENT = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)

CONFIG = """
[migration]
name = "Twins"
[source.src]
connector = "memory"
name = "{name}-src"
[target.dst]
connector = "memory"
name = "{name}-dst"
"""


class Twins:
    """Two stores, a project between them, and short ways to fill the source."""

    def __init__(self, directory: Path, people: tuple[str, ...] = ("ana",), *, name: str = "") -> None:
        name = name or str(directory)
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o700)
        self.directory = directory
        self.source: Store = store(f"{name}-src")
        self.target: Store = store(f"{name}-dst")
        (directory / "migration.toml").write_text(CONFIG.format(name=name), encoding="utf-8")
        rows = [f"src,{person},{person},1" for person in people]
        text = "\n".join(["source,source_account,dst_account,wave", *rows]) + "\n"
        (directory / "accounts.csv").write_text(text, encoding="utf-8")
        for file in directory.iterdir():
            file.chmod(0o600)

    @property
    def project(self) -> Project:
        return load_project(self.directory)

    def add(
        self, service: Service, path: tuple[str, ...], name: str, body: bytes, *, person: str = "ana", role: str = ""
    ) -> str:
        """One item at the source; returns its href."""
        writer = MemoryTarget(self.source, person, service, self.directory / "seed")
        home = writer.ensure(Collection(href="", path=path, role=role))
        media = {
            Service.MAIL: "message/rfc822",
            Service.CALENDAR: "text/calendar",
            Service.TASKS: "text/calendar",
            Service.CONTACTS: "text/vcard",
        }
        entry = Entry(
            href="", collection=home.href, etag="", modified=MOMENT, media_type=media.get(service, "text/plain")
        )
        item = Item(entry=entry, body=body, media_type=entry.media_type, internal_date=MOMENT)
        stored = writer.put(home, name, item, expects=None)
        writer.close()
        return stored.href

    def bodies(self, which: Store, service: Service, person: str = "ana") -> list[bytes]:
        """Every body of a service, sorted."""
        with which.space(person, service) as space:
            return sorted(held.body for held in space.items.values())


def message(number: int) -> bytes:
    """A small message."""
    return f"From: a@example.org\r\nMessage-ID: <{number}@example.org>\r\nSubject: s\r\n\r\nbody {number}\r\n".encode()
