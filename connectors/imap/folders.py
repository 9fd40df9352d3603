"""The folders of one account: listed once a connection, found by role or by path, created when missing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from connectors.imap.names import (
    INBOX,
    Folder,
    decode,
    folder_href,
    path_of,
    role_of,
    usual_name,
    wire_of,
    with_usual_roles,
)
from connectors.imap.session import Session
from migrate.errors import AlreadyExists, NotFound, Rejected, Scope
from migrate.model import Collection

NAME_ADVICE = "Rename or move this folder at the source: its name is too long for the server, or lies too deep."


class FolderRefused(Rejected):
    """A folder that the server does not create: too long (Maildir++: 255 bytes for the whole path), or forbidden."""


class Folders:
    """What LIST tells, and CREATE."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: list[Folder] | None = None

    def all(self, *, fresh: bool = False) -> list[Folder]:
        """Every folder, parents before children."""
        if self._known is None or fresh:
            self._known = sorted(self._list(), key=lambda folder: folder.path)
        return self._known

    def _list(self, wire: str = "*") -> list[Folder]:
        """Every folder, or the one of that name."""
        namespace = self._session.namespace()
        marked = self._session.has("SPECIAL-USE") and self._session.has("LIST-EXTENDED")
        with self._session.talking("LIST") as client:
            lines = _list_marked(client) if marked and wire == "*" else client.list_folders("", wire)
        folders = []
        for flags, _, name in lines:
            words = [flag.decode("ascii", "replace") for flag in flags]
            found = name.decode("ascii", "surrogateescape") if isinstance(name, bytes) else str(name)
            role = "\\Inbox" if found.upper() == INBOX else role_of(words)
            lower = {word.lower() for word in words}
            selectable = not lower & {"\\noselect", "\\nonexistent"}
            folders.append(Folder(found, path_of(found, namespace), role, selectable))
        return with_usual_roles(folders)

    def ensure(self, role: str, path: tuple[str, ...]) -> Folder:
        """The folder of that role, else of that path; created when there is none. Nothing existing is changed."""
        found = self._find(role, path, fresh=False)
        if found is None and role:
            found = self._find(role, path, fresh=True)  # another connection may have made it, under a name of its own
        return found or self._create(role, path or (usual_name(role),))

    def _find(self, role: str, path: tuple[str, ...], *, fresh: bool) -> Folder | None:
        folders = [folder for folder in self.all(fresh=fresh) if folder.selectable]
        if role == "\\Inbox" or (not role and len(path) == 1 and path[0].upper() == INBOX):
            return next((folder for folder in folders if folder.role == "\\Inbox"), Folder(INBOX, (INBOX,), "\\Inbox"))
        by_role = next((folder for folder in folders if role and folder.role == role), None)
        if by_role or not path:
            return by_role
        wire = wire_of(path, self._session.namespace())
        return next((folder for folder in folders if folder.path == path or folder.wire == wire), None)

    def _create(self, role: str, path: tuple[str, ...]) -> Folder:
        if not path or not path[-1]:
            raise Rejected("a folder without a name cannot be created", scope=Scope.COLLECTION)
        for depth in range(1, len(path)):
            if self._find("", path[:depth], fresh=False) is None:
                self._make(wire_of(path[:depth], self._session.namespace()), "")
        wire = wire_of(path, self._session.namespace())
        self._make(wire, role)
        # A server may write the name its own way (normalised accents): its listing has the last word.
        found = self._made(wire) if not role else None
        found = found or self._find(role, path, fresh=True)
        if found is None:
            raise Rejected("the IMAP server lists no folder after it created one", scope=Scope.COLLECTION)
        return found

    def _made(self, wire: str) -> Folder | None:
        """A folder just created, asked for alone: a listing of all for each would cost their square."""
        found = next((folder for folder in self._list(wire) if folder.wire == wire and folder.selectable), None)
        if found is not None and self._known is not None:
            self._known = sorted([*(one for one in self._known if one.wire != wire), found], key=lambda one: one.path)
        return found

    def _make(self, wire: str, role: str) -> None:
        try:
            self._send_create(wire, role if self._session.has("CREATE-SPECIAL-USE") else "")
        except AlreadyExists:
            return
        except Rejected as error:
            # Servers without response codes refuse in words what another connection has just created.
            if any(folder.wire == wire and folder.selectable for folder in self.all(fresh=True)):
                return
            raise FolderRefused(error.message, advice=error.advice or NAME_ADVICE, scope=Scope.COLLECTION) from error
        # Most clients show only what is subscribed; a server without subscriptions refuses, and shows all.
        with suppress(Rejected, NotFound), self._session.talking("SUBSCRIBE") as client:
            client.subscribe_folder(wire)

    def _send_create(self, wire: str, role: str) -> None:
        if role:
            # A role already taken, or not offered ([USEATTR]), leaves an ordinary folder.
            with suppress(Rejected), self._session.talking("CREATE") as client:
                quoted = client._normalise_folder(wire)
                client._checkok("create", *client._imap._simple_command("CREATE", quoted, f"(USE ({role}))"))
                return
        with self._session.talking("CREATE") as client:
            client.create_folder(wire)


def _list_marked(client: Any) -> Any:
    """``LIST "" "*" RETURN (SPECIAL-USE)``: some servers mark roles only when asked (RFC 6154 §2)."""
    status, lines = client._imap._simple_command("LIST", '""', '"*"', "RETURN", "(SPECIAL-USE)")
    client._checkok("list", status, lines)
    return client._proc_folder_list(client._imap._untagged_response(status, lines, "LIST")[1])


def collection(folder: Folder) -> Collection:
    """A folder as the engine sees it."""
    return Collection(href=folder_href(folder.wire), path=folder.path or (decode(folder.wire),), role=folder.role)
