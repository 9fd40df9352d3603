"""Whose export it is: the page ``archive_browser.html`` names the account in its title."""

from __future__ import annotations

import html
import re

from connectors.takeout.archive import Archive, Contents
from connectors.takeout.parts import ArchiveError

PAGE = ("Takeout", "archive_browser.html")
PEEK = 1 << 16
"""Bytes in which the title is."""
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")


def check_owner(archive: Archive) -> None:
    """Refuse the export of someone else. A page without an address says nothing. Raises ArchiveError."""
    contents = Contents(archive)
    try:
        named: set[str] = set()
        for member in archive.members:
            if member.path == PAGE:
                page = b"".join(contents.pieces(member, 0, PEEK)).decode("utf-8", "replace")
                titles = " ".join(html.unescape(match[2]) for match in _TITLE.finditer(page))
                named |= {address.casefold() for address in _ADDRESS.findall(titles)}
    finally:
        contents.close()
    if len(named) > 1:
        raise ArchiveError("Exports of different accounts lie together.")
    if named and archive.account.casefold() not in named:
        raise ArchiveError(
            f"The export that lies there for {archive.account} is another account's.",
            advice="Put each account's files into its own folder, and check the addresses of the accounts file.",
        )
