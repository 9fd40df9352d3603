"""A service that an account does not have: a site has files only, a shared mailbox neither a drive nor tasks."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.errors import NotFound
from migrate.model import Capabilities, Collection, Entry, Item


class Nothing:
    """Implements ``protocols.Reader``."""

    capabilities = Capabilities()

    def collections(self) -> Iterator[Collection]:
        """None."""
        return iter(())

    def entries(self) -> Iterator[Entry]:
        """None."""
        return iter(())

    def get(self, entry: Entry) -> Item:
        """There is none. Raises NotFound."""
        raise NotFound("This account does not have that service.")

    def close(self) -> None:
        """Nothing to release."""
