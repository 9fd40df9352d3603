"""A connector whose mailboxes are computed, not held: a million messages cost no memory on either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrate.model import Capabilities, Change, Check, Collection, Entry, Item, Service
from migrate.protocols import Context, Option, Reader

FOLDER = "/INBOX"


def source_entry(number: int) -> Entry:
    """The n-th message of the source."""
    return Entry(
        href=f"s{number:09}",
        collection=FOLDER,
        etag=f"e{number}",
        media_type="message/rfc822",
        size=20_000 + number % 1000,
        flags=frozenset({"\\Seen"}),
    )


def target_entry(number: int) -> Entry:
    """Its copy."""
    return Entry(
        href=f"t{number:09}",
        collection=FOLDER,
        etag=f"te{number}",
        media_type="message/rfc822",
        size=20_000 + number % 1000,
        flags=frozenset({"\\Seen"}),
    )


class GeneratedReader:
    """A mailbox of ``items`` messages."""

    capabilities = Capabilities(accepts=frozenset({"message/rfc822"}), moves=True, reflags=True)

    def __init__(self, items: int, *, target: bool) -> None:
        self._items = items
        self._entry = target_entry if target else source_entry

    def collections(self) -> Iterator[Collection]:
        yield Collection(href=FOLDER, path=("INBOX",), role="\\Inbox")

    def entries(self) -> Iterator[Entry]:
        yield from map(self._entry, range(self._items))

    def cursor(self) -> str:
        return str(self._items)

    def changes(self, cursor: str) -> Iterator[Change]:
        yield from ()

    def get(self, entry: Entry) -> Item:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Generated:
    """The system; ``items`` of an empty target is 0."""

    name = "generated"
    services = frozenset({Service.MAIL})

    def __init__(self, items: int, *, target: bool) -> None:
        self._items, self._target = items, target

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        yield from ()

    def reader(self, account: str, service: Service) -> Reader:
        return GeneratedReader(self._items, target=self._target)

    def target(self, account: str, service: Service) -> Reader:
        return self.reader(account, service)


class Factory:
    """What an entry point would load."""

    summary = "computed"
    sources = frozenset({Service.MAIL})
    targets = frozenset({Service.MAIL})
    options = (
        Option(name="items", help="how many", type=int, default=0),
        Option(name="copies", help="whether they are the copies", type=bool, default=False),
    )

    def __call__(self, context: Context) -> Generated:
        return Generated(context.settings.get("items") or 0, target=bool(context.settings.get("copies")))


connector = Factory()
