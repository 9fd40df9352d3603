"""Radicale, keeping the bytes it was sent.

Radicale's own PUT parses an object and writes it anew; Nextcloud keeps what it was sent, and its etag is the MD5 of
that. Objects are therefore stored through Radicale's storage interface; everything else is Radicale's own business.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radicale import config
from radicale.app import Application
from radicale.item import Item
from radicale.item.filter import TIMESTAMP_MAX, TIMESTAMP_MIN
from radicale.storage.multifilesystem import Collection, Storage

_log = logging.getLogger("radicale")
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.CRITICAL + 1)  # Radicale logs objects it cannot read


class UidIndex:
    """UIDs by collection, filled when first asked: Radicale itself reads the whole collection for each."""

    def __init__(self) -> None:
        self._uids: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def of(self, collection: Collection) -> dict[str, str]:
        """Href to UID."""
        with self._lock:
            known = self._uids.get(collection.path)
        if known is None:
            known = {str(item.href): str(item.uid) for item in collection.get_all()}
            with self._lock:
                self._uids[collection.path] = known
        return known

    def forget(self, path: str) -> None:
        """A collection was removed."""
        with self._lock:
            self._uids.pop(path, None)


class IndexedCollection(Collection):
    """A collection that knows its UIDs."""

    _storage: IndexedStorage

    def has_uid(self, uid: str) -> bool:
        """By the index."""
        return uid in self._storage.uids.of(self).values()

    def upload(self, href: str, item: Item) -> Any:
        """Store, and index."""
        uids = self._storage.uids.of(self)
        result = super().upload(href, item)
        uids[href] = str(item.uid)
        return result

    def _clean_history(self) -> None:
        """Nothing: Radicale walks the whole collection at every upload to forget deletions older than 30 days."""

    def delete(self, href: str | None = None) -> Any:
        """Remove an object, or the collection, from the index too."""
        if href is None:
            self._storage.uids.forget(self.path)
        else:
            self._storage.uids.of(self).pop(href, None)
        return super().delete(href)


class IndexedStorage(Storage):
    """Radicale's own storage with these collections."""

    _collection_class = IndexedCollection

    def __init__(self, configuration: Any) -> None:
        self.uids = UidIndex()
        super().__init__(configuration)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An object to store: its text and what an index needs."""

    text: str
    uid: str
    name: str
    """VCALENDAR or VCARD."""
    component: str
    """VEVENT, VTODO, VJOURNAL or VCARD."""

    @property
    def etag(self) -> str:
        """Quoted, as Nextcloud computes it."""
        return f'"{hashlib.md5(self.text.encode(), usedforsecurity=False).hexdigest()}"'


class RadicaleStore:
    """A Radicale over a folder, for users already authenticated."""

    def __init__(self, folder: Path, predefined: str) -> None:
        """``predefined``: JSON of the collections a new account gets."""
        configuration = config.load()
        configuration.update(_settings(folder, predefined), "stand-in", privileged=True)
        self._storage = IndexedStorage(configuration)
        configuration.update({"storage": {"type": lambda _configuration: self._storage}}, "stand-in", privileged=True)
        self.app = Application(configuration)

    def uids(self, collection: Sequence[str]) -> Mapping[str, str]:
        """Href to UID. ``collection``: account and name."""
        with self._storage.acquire_lock("r", collection[0]):
            return self._storage.uids.of(self._find(collection))

    def name_of(self, collection: Sequence[str], uid: str) -> str:
        """The name of the object with this UID, empty when there is none."""
        return next((name for name, known in list(self.uids(collection).items()) if known == uid), "")

    def put(self, place: Sequence[str], text: Text) -> None:
        """Create or replace an object. ``place``: account, collection, name."""
        *collection, href = place
        with self._storage.acquire_lock("w", place[0]):
            found = self._find(collection)
            item = Item(
                collection=found,
                href=href,
                text=text.text,
                etag=text.etag,
                uid=text.uid,
                name=text.name,
                component_name=text.component,
                time_range=_time_range(found, text),
            )
            found.upload(href, item)

    def _find(self, collection: Sequence[str]) -> Collection:
        found = next(iter(self._storage.discover("/" + "/".join(collection) + "/")))
        if not isinstance(found, Collection):
            raise LookupError("no such collection")
        return found


def _time_range(collection: Collection, text: Text) -> tuple[int, int]:
    """When the object takes place, for Radicale's index; everything when Radicale cannot tell."""
    try:
        start, end = Item(collection=collection, text=text.text, component_name=text.component).time_range
    except Exception:  # whatever vobject raises on an object that Nextcloud takes
        return TIMESTAMP_MIN, TIMESTAMP_MAX
    return start, end


def _settings(folder: Path, predefined: str) -> dict[str, dict[str, Any]]:
    return {
        "auth": {"type": "remote_user", "delay": 0},
        "rights": {"type": "owner_only"},
        "storage": {
            "filesystem_folder": str(folder),
            "predefined_collections": predefined,
            "_filesystem_fsync": False,
        },
        "server": {
            "max_content_length": 1 << 30,
            "max_resource_size": 1 << 29,
            "delay_on_error": 0,
            "validate_path_value": "none",
        },
        "web": {"type": "none"},
    }
