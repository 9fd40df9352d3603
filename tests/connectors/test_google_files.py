"""Google Drive on the stand-in: the tree, contents in pieces, exports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrate.errors import (
    NotFound,
    Rejected,
)
from migrate.model import Service
from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_fixtures import MakeReader, google, google_key, make
from tests.connectors.google_kit import (
    AMINA,
    BIG,
    DOCX,
    ODT,
    body_of,
    by_href,
)

__all__ = ["google", "google_key", "make"]


def test_the_tree_of_folders(make: MakeReader) -> None:
    found = {c.href: (c.path, c.parent) for c in make(Service.FILES).collections()}
    assert found == {
        "root1": ((), ""),
        "d1": (("Dossier",), "root1"),
        "d3": (("Dossier",), "root1"),
        "d2": (("Dossier", "Factures/2026"), "d1"),
        "orphans": (("Orphans",), "root1"),
        "d4": (("Orphans", "Perdu"), "orphans"),
    }


def test_files_and_what_stays_with_its_reason(make: MakeReader) -> None:
    entries = by_href(make(Service.FILES).entries())
    assert {href: entry.skip.code for href, entry in entries.items() if entry.skip} == {
        "f5": "trashed",
        "f6": "download-forbidden",
        "n3": "form",
        "n4": "shortcut",
        "s1": "owned-by-another",
    }
    assert (entries["n1"].name, entries["n1"].media_type, entries["n1"].size) == ("Statuts.docx", DOCX, None)
    assert {loss.field for loss in entries["n1"].losses} == {"format", "comments", "revisions"}
    assert (entries["f1"].collection, entries["f1"].size, entries["f1"].digest[:4]) == ("d2", 10, "md5:")
    assert entries["f4"].collection == "d4"
    assert entries["f1"].modified == datetime(2026, 2, 1, 8, 0, 0, 123000, UTC)
    assert entries["f1"].created == datetime(2025, 2, 1, 8, 0, tzinfo=UTC)


def test_contents(make: MakeReader) -> None:
    reader = make(Service.FILES)
    entries = by_href(reader.entries())
    assert body_of(reader.get(entries["f1"])) == b"0123456789"
    assert body_of(reader.get(entries["f2"])) == b""
    assert body_of(reader.get(entries["n1"])) == b"docx"
    big = reader.get(entries["f3"])
    assert isinstance(big.body, Path)
    assert body_of(big) == BIG


def test_documents_as_odf(make: MakeReader) -> None:
    reader = make(Service.FILES, documents="odf")
    entry = by_href(reader.entries())["n1"]
    assert (entry.name, entry.media_type) == ("Statuts.odt", ODT)
    assert body_of(reader.get(entry)) == b"odt"


def test_a_document_over_ten_megabytes_comes_by_its_link(make: MakeReader, google: GoogleStandIn) -> None:
    reader = make(Service.FILES)
    item = reader.get(by_href(reader.entries())["n2"])
    assert item.size == (10 << 20) + 1
    assert "drive.exportLinks" in [line.operation for line in google.log.lines]
    item.discard()


def test_a_cut_download_goes_on_where_it_was(make: MakeReader, google: GoogleStandIn) -> None:
    reader = make(Service.FILES)
    entry = by_href(reader.entries())["f3"]
    google.faults.set([Rule(kind="cut-during", path="/files/f3", query="alt=media", skip=1, times=2)])
    assert body_of(reader.get(entry)) == BIG
    media = [line for line in google.log.lines if "fields" not in line.query and "f3" in line.path]
    assert len(media) == 5


def test_a_wrong_checksum_is_refused_and_leaves_nothing(make: MakeReader, google: GoogleStandIn) -> None:
    reader = make(Service.FILES)
    entry = by_href(reader.entries())["f3"]
    reader._download._pieces = lambda *_: iter([b"other"])  # type: ignore[attr-defined]
    with pytest.raises(Rejected):
        reader.get(entry)


def test_a_file_in_the_trash_is_gone(make: MakeReader) -> None:
    reader = make(Service.FILES)
    with pytest.raises(NotFound):
        reader.get(by_href(reader.entries())["f5"])


def test_malware_is_refused_by_name(make: MakeReader, google: GoogleStandIn) -> None:
    google.abusive_files.add("f1")
    reader = make(Service.FILES)
    with pytest.raises(Rejected, match="cannotDownloadAbusiveFile"):
        reader.get(by_href(reader.entries())["f1"])


def given(kind: str, who: str = "", role: str = "reader", **more: object) -> dict[str, object]:
    name = "domain" if kind == "domain" else "emailAddress"
    return {"id": f"{kind}{who}", "type": kind, "role": role, **({name: who} if who else {}), **more}


def test_who_may_use_what(make: MakeReader, google: GoogleStandIn) -> None:
    """Folders and files with everyone they name; what comes from the folder above is told as such."""
    bruno = given("user", "bruno@tilleuls.example", "writer")
    everyone = [given("user", AMINA, "owner"), bruno]
    named = {
        "d1": everyone,
        "d2": [*everyone, given("anyone")],
        "f1": [*everyone, given("anyone"), given("group", "ca@tilleuls.example", "commenter")],
        "f2": [given("domain", "tilleuls.example", allowFileDiscovery=True), given("anyone", allowFileDiscovery=True)],
        "f4": [
            given("user", "parti@tilleuls.example", deleted=True),
            given("user", "zoe@tilleuls.example", expirationTime="2027-01-31T00:00:00.000Z"),
        ],
        "d3": [given("user", "zoe@tilleuls.example", view="metadata")],
    }
    for one in google.world.google[AMINA].files:
        one.resource["permissions"] = named.get(one.resource["id"], [given("user", AMINA, "owner")])
    reader = make(Service.FILES)
    assert reader.capabilities.tells_everyone
    grants = {one.href: one.grants for one in reader.collections()} | {
        one.href: one.grants for one in reader.entries() if one.skip is None
    }
    told = {
        href: [(g.kind.value, g.principal, g.role.value, g.inherited) for g in some] for href, some in grants.items()
    }
    writer = ("user", "bruno@tilleuls.example", "write")
    assert told["d1"] == [(*writer, False)]
    assert told["d2"] == [(*writer, True), ("link", "", "read", False)]
    assert told["f1"] == [
        (*writer, True),
        ("link", "", "read", True),
        ("group", "ca@tilleuls.example", "comment", False),
    ]
    assert told["f2"] == [("domain", "tilleuls.example", "read", False), ("public", "", "read", False)]
    assert told["f4"] == [("user", "zoe@tilleuls.example", "read", False)]
    assert grants["f4"][0].expires == datetime(2027, 1, 31, tzinfo=UTC)
    assert [told[href] for href in ("root1", "d3", "f3", "n1")] == [[], [], [], []]
