"""One user's files: bodies in a folder on disk, what the original keeps in its file cache here in memory.

Folder sizes and etags follow every change below them, as Nextcloud propagates them
(``lib/private/Files/Cache/Propagator.php``).
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INSTANCE_ID = "ocstandin001"
_file_ids = itertools.count(11)


def new_etag() -> str:
    """An opaque etag of the original's form: 13 hexadecimal digits or 32."""
    return secrets.token_hex(16)


@dataclass(slots=True, eq=False)
class Node:
    """A file or a folder."""

    name: str
    parent: Node | None
    folder: bool
    mtime: int
    size: int = 0
    """Bytes; of a folder, of everything below it."""
    etag: str = field(default_factory=new_etag)
    file_id: int = field(default_factory=lambda: next(_file_ids))
    created: int = 0
    uploaded: int = 0
    checksum: str = ""
    favorite: bool = False
    children: dict[str, Node] = field(default_factory=dict)
    properties: dict[str, bytes] = field(default_factory=dict)
    """Dead properties: Clark name to serialised element."""

    @property
    def dav_id(self) -> str:
        """``OC-FileId``: the number padded to eight digits, then the instance."""
        return f"{self.file_id:08d}{INSTANCE_ID}"

    @property
    def permissions(self) -> str:
        """``oc:permissions`` of something of one's own."""
        if self.parent is None:
            return "RGDNVCK"
        return "RGDNVCK" if self.folder else "RGDNVW"

    def path(self) -> tuple[str, ...]:
        """Names from the root down."""
        names: list[str] = []
        node: Node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return tuple(reversed(names))

    def walk(self) -> Iterator[Node]:
        """Itself and everything below."""
        yield self
        for child in tuple(self.children.values()):
            yield from child.walk()


class FileTree:
    """The home of one user."""

    def __init__(self, user: str, root: Path, now: int) -> None:
        self.user = user
        self.disk_root = root
        self.lock = threading.RLock()
        self.busy: set[tuple[str, ...]] = set()
        """Paths being written: a second writer gets 423, as with Nextcloud's transactional locking."""
        root.mkdir(parents=True, exist_ok=True)
        self.root = Node("", None, True, now)
        self._scan(self.root, root)

    def find(self, parts: Sequence[str]) -> Node | None:
        """The node at a path, None when there is none."""
        node: Node | None = self.root
        for part in parts:
            node = node.children.get(part) if node else None
        return node

    def disk(self, node: Node) -> Path:
        """Where a node's body lies."""
        return self.disk_root.joinpath(*node.path())

    def make_folder(self, parent: Node, name: str, now: int) -> Node:
        """Create a folder."""
        with self.lock:
            node = Node(name, parent, True, now, uploaded=now)
            self.disk_root.joinpath(*parent.path(), name).mkdir()
            parent.children[name] = node
            self._touch(parent, now, 0)
            return node

    def store(self, parent: Node, name: str, body: Path, now: int) -> tuple[Node, bool]:
        """Put a body in place, by rename; tells whether the file is new."""
        with self.lock:
            size = body.stat().st_size
            body.replace(self.disk_root.joinpath(*parent.path(), name))
            node = parent.children.get(name)
            created = node is None
            if node is None:
                node = parent.children[name] = Node(name, parent, False, now)
            grown, node.size = size - node.size, size
            node.mtime = node.uploaded = now
            node.etag = new_etag()
            self._touch(parent, now, grown)
            return node, created

    def set_mtime(self, node: Node, mtime: int) -> None:
        """``touch``: a new modification time, hence a new etag; the stored checksum is dropped, as on the original."""
        with self.lock:
            node.mtime = mtime
            node.checksum = ""
            if not node.folder:
                node.etag = new_etag()
            os.utime(self.disk(node), (mtime, mtime))

    def remove(self, node: Node, now: int) -> None:
        """Delete a node and everything below it."""
        with self.lock:
            disk, parent = self.disk(node), node.parent
            if parent is None:
                raise ValueError("a root is not removed")
            shutil.rmtree(disk) if node.folder else disk.unlink()
            del parent.children[node.name]
            self._touch(parent, now, -node.size)

    def move(self, node: Node, parent: Node, name: str, now: int) -> None:
        """Move within the home; etag, id and times stay, as the original keeps them."""
        with self.lock:
            before, old = self.disk(node), node.parent
            if old is None:
                raise ValueError("a root is not moved")
            del old.children[node.name]
            self._touch(old, now, -node.size)
            node.parent, node.name = parent, name
            parent.children[name] = node
            before.replace(self.disk(node))
            self._touch(parent, now, node.size)

    def copy(self, node: Node, parent: Node, name: str, now: int) -> Node:
        """Copy one node, without what is below it."""
        if node.folder:
            return self.make_folder(parent, name, now)
        with self.lock:
            target = self.disk_root.joinpath(*parent.path(), name)
            shutil.copy2(self.disk(node), target)
            twin = Node(name, parent, False, node.mtime, node.size, etag=node.etag, uploaded=now)
            parent.children[name] = twin
            self._touch(parent, now, node.size)
            return twin

    def _touch(self, node: Node | None, now: int, grown: int) -> None:
        while node is not None:
            node.size += grown
            node.etag = new_etag()
            node.mtime = max(node.mtime, now)
            node = node.parent

    def _scan(self, node: Node, folder: Path) -> None:
        for entry in sorted(folder.iterdir()):
            stat = entry.stat()
            child = Node(entry.name, node, entry.is_dir(), int(stat.st_mtime), 0 if entry.is_dir() else stat.st_size)
            node.children[entry.name] = child
            if child.folder:
                self._scan(child, entry)
            node.size += child.size
