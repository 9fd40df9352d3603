"""The test suite that every connector passes, ours and a stranger's alike.

How to join: install pytest, subclass, name the class ``Test…``, and give it what it tests::

    from connectors.contract import TargetContract

    class TestToyFiles(TargetContract):
        media_type = "text/plain"

        @pytest.fixture
        def target(self, tmp_path):
            target = my_connector(tmp_path).target("alice@example.org", Service.FILES)
            yield target
            target.close()

A connector that is only read subclasses :class:`ReaderContract` and provides the fixture ``reader`` over an
account that holds a few items. Fixtures live for one test. Everything else has a default that may be overridden:

* ``collection`` (fixture): a collection of the target to write into, as ``ensure`` returned it, empty.
* ``make_item(n, **variation)`` (method): the n-th item and its name there, ``""`` where the server numbers
  items (mail). Variations: ``edited=True`` (same identity, other content), ``size`` (at least so many bytes),
  ``empty=True``. Samples for mail, calendars, address books and plain files are supplied.
* ``same(sent, got)``: how bodies compare; bytes unless the server may rewrite them.
* ``vanished(reader)``: an entry whose item is gone (targets: one is written and deleted).
* ``make_bad_item(n)``: what this server refuses, or None when nothing small enough is known.
* ``neighbour``: the name of another account of this system, to share with; "" when there is none.
* ``nests``, ``empty_allowed``, ``large``: whether collections nest, whether a body may be empty, and the size
  in bytes of the body that is given as a file.

A test that asks for an absent ability skips itself and says why; it never passes in silence. For readable
failures call ``pytest.register_assert_rewrite("connectors.contract")`` in ``conftest.py``.
"""

# ruff: noqa: D102 -- the name of a test says what it asks

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.samples import CALENDAR, HARD_NAMES, MAIL, VCARD, body_of, digest_of, longest, same_second, sample
from migrate.errors import AlreadyExists, ConnectorError, EtagMismatch, NotFound, PreconditionFailed
from migrate.model import Collection, Entry, Grant, GrantKind, GrantRole, Item, Stored
from migrate.protocols import (
    Reader,
    SupportsDigest,
    SupportsFlags,
    SupportsGetMany,
    SupportsGrants,
    SupportsMove,
    SupportsPrune,
    SupportsPutMany,
    SupportsRevoke,
    Target,
)


class ReaderContract:
    """What every reader keeps. Provide the fixture ``reader``."""

    def same(self, sent: bytes, got: bytes) -> bool:
        """Whether two bodies are equal for this system."""
        return sent == got

    def vanished(self, reader: Reader) -> Entry | None:
        """An entry whose item is gone, or None when this cannot be arranged."""
        return None

    def readable(self, reader: Reader) -> list[Entry]:
        """The first entries that have something to fetch."""
        entries = [entry for entry in reader.entries() if entry.skip is None][:10]
        if not entries:
            pytest.skip("the account holds nothing to read")
        return entries

    def test_collections_are_unique_and_parents_come_first(self, reader: Reader) -> None:
        collections = list(reader.collections())
        assert len({c.href for c in collections}) == len(collections)
        paths, seen = {c.path for c in collections}, {""}
        for c in collections:
            assert c.parent in seen, "a parent is listed after its child"
            if c.path and not c.parent and c.path[:-1] in paths:
                assert str(c.path[:-1]) in seen, "a parent is listed after its child"
            seen |= {c.href, str(c.path)}

    def test_entries_are_unique_and_lie_in_listed_collections(self, reader: Reader) -> None:
        hrefs = {c.href for c in reader.collections()}
        entries = list(reader.entries())
        assert len({(e.collection, e.href) for e in entries}) == len(entries)
        assert all(e.collection in hrefs for e in entries)
        assert all(e.etag for e in entries if e.skip is None)

    def test_a_listing_can_be_abandoned_and_begun_again(self, reader: Reader) -> None:
        whole = {(e.collection, e.href, e.etag) for e in reader.entries()}
        for _ in reader.entries():
            break
        assert {(e.collection, e.href, e.etag) for e in reader.entries()} == whole

    def test_list_and_get_agree(self, reader: Reader) -> None:
        for entry in self.readable(reader):
            item = reader.get(entry)
            body = body_of(item)
            assert (item.entry.href, item.entry.etag) == (entry.href, entry.etag)
            assert item.media_type == entry.media_type
            if entry.size is not None and entry.size_exact:
                assert len(body) == entry.size
            if entry.digest:
                assert digest_of(body, entry.digest) == entry.digest

    def test_get_of_a_vanished_item_is_not_found(self, reader: Reader) -> None:
        entry = self.vanished(reader)
        if entry is None:
            pytest.skip("this suite cannot make an item vanish")
        with pytest.raises(NotFound):
            reader.get(entry)

    def test_get_many_gives_each_once(self, reader: Reader) -> None:
        if not isinstance(reader, SupportsGetMany):
            pytest.skip("no get_many")
        entries = self.readable(reader)
        gone = self.vanished(reader)
        asked = entries if gone is None else [gone, *entries]
        answers = {entry.href: item for entry, item in reader.get_many(asked)}
        assert sorted(answers) == sorted(entry.href for entry in asked)
        for entry in entries:
            item = answers[entry.href]
            assert isinstance(item, Item)
            assert body_of(item) == body_of(reader.get(entry))
        if gone is not None:
            assert isinstance(answers[gone.href], NotFound)

    def test_digest_is_that_of_the_body(self, reader: Reader) -> None:
        if not isinstance(reader, SupportsDigest):
            pytest.skip("no digest")
        for entry in self.readable(reader)[:3]:
            digest = reader.digest(entry)
            assert digest == digest_of(body_of(reader.get(entry)), digest)

    def test_close_twice(self, reader: Reader) -> None:
        list(reader.collections())
        reader.close()
        reader.close()


class TargetContract(ReaderContract):
    """What every target keeps, and what every reader keeps once something was written. Fixture ``target``."""

    media_type: str = "text/plain"

    @property
    def large(self) -> int:
        """Bytes of the body that is given as a file."""
        return 100_000 if self.media_type in {CALENDAR, VCARD} else 3_000_000

    @property
    def nests(self) -> bool:
        """Whether a collection may lie in another."""
        return self.media_type not in {CALENDAR, VCARD}

    neighbour = ""
    """Another account of this system, to share with."""

    @property
    def empty_allowed(self) -> bool:
        """Whether an item may have no bytes."""
        return self.media_type not in {MAIL, CALENDAR, VCARD}

    def make_item(self, n: int, **variation: Any) -> tuple[str, Item]:
        """The n-th item and its name."""
        return sample(self.media_type, n, **variation)

    def make_bad_item(self, n: int) -> tuple[str, Item] | None:
        """An item that this server refuses."""
        return None

    @pytest.fixture
    def collection(self, target: Target) -> Collection:
        """A new collection, empty."""
        return target.ensure(Collection(href="", path=(f"Contrat {uuid.uuid4().hex[:8]}",)))

    @pytest.fixture
    def reader(self, target: Target, collection: Collection) -> Reader:
        """The target itself, holding three items."""
        for n in range(3):
            self.store(target, collection, n)
        return target

    def store(self, target: Target, collection: Collection, n: int, **variation: Any) -> Stored:
        """Put the n-th item, create only."""
        name, item = self.make_item(n, **variation)
        return target.put(collection, name, item, expects=None)

    def held(self, target: Target, collection: Collection) -> list[Entry]:
        """What the collection holds."""
        return [entry for entry in target.entries() if entry.collection == collection.href]

    def only(self, target: Target, collection: Collection) -> Entry:
        """The one item that the collection holds."""
        (entry,) = self.held(target, collection)
        return entry

    def vanished(self, reader: Reader) -> Entry | None:
        """Written to a collection of its own, and deleted."""
        if not isinstance(reader, Target):
            return None
        collection = reader.ensure(Collection(href="", path=(f"Contrat {uuid.uuid4().hex[:8]}",)))
        self.store(reader, collection, 99)
        entry = self.only(reader, collection)
        reader.delete(entry, expects=entry.etag)
        return entry

    def named(self) -> None:
        """Skip unless items have names of their own here."""
        if not self.make_item(1)[0]:
            pytest.skip("the server numbers the items; they have no name to write over")

    # Collections

    def test_ensure_twice_gives_the_same(self, target: Target, collection: Collection) -> None:
        again = target.ensure(Collection(href="", path=collection.path, role=collection.role))
        assert again.href == collection.href
        assert [c.href for c in target.collections()].count(collection.href) == 1

    def test_ensure_goes_by_role_first(self, target: Target) -> None:
        role = next((c for c in target.collections() if c.role), None)
        if role is None:
            pytest.skip("no collection has a role here")
        before = {c.href for c in target.collections()}
        found = target.ensure(Collection(href="", path=("Nommé autrement",), role=role.role))
        assert found.href == role.href
        assert {c.href for c in target.collections()} == before

    def test_ensure_below_a_collection(self, target: Target, collection: Collection) -> None:
        if not self.nests:
            pytest.skip("collections do not nest here")
        made = target.ensure(Collection(href="", path=(*collection.path, "Un", "Deux")))
        hrefs = [c.href for c in target.collections()]
        assert hrefs.index(collection.href) < hrefs.index(made.href)
        assert next(c.path for c in target.collections() if c.href == made.href)[-2:] == ("Un", "Deux")

    @pytest.mark.parametrize("name", HARD_NAMES.values(), ids=HARD_NAMES.keys())
    def test_hard_collection_names(self, target: Target, name: str) -> None:
        rules = target.capabilities.names
        if any(c in rules.forbidden_characters for c in name):
            pytest.skip("the target's own rules forbid a character of it")
        self.round_trip(target, name)

    def test_the_longest_collection_name(self, target: Target) -> None:
        self.round_trip(target, longest(target.capabilities.names))

    def round_trip(self, target: Target, name: str) -> None:
        """The name comes back, and the collection can be written to and found again."""
        made = target.ensure(Collection(href="", path=(name,)))
        self.store(target, made, 1)
        assert self.only(target, made).collection == made.href
        listed = next(c for c in target.collections() if c.href == made.href)
        assert unicodedata.normalize("NFC", listed.path[-1]) == unicodedata.normalize("NFC", name)
        assert target.ensure(Collection(href="", path=(name,))).href == made.href

    # Writing

    def test_put_is_listed_with_the_same_etag(self, target: Target, collection: Collection) -> None:
        stored = self.store(target, collection, 1)
        entry = self.only(target, collection)
        assert (entry.href, entry.etag) == (stored.href, stored.etag)
        assert entry.media_type == self.media_type

    def test_the_body_comes_back(self, target: Target, collection: Collection) -> None:
        name, item = self.make_item(1)
        stored = target.put(collection, name, item, expects=None)
        got = body_of(target.get(self.only(target, collection)))
        assert self.same(body_of(item), got)
        assert stored.digest in {"", digest_of(got, stored.digest or "sha256")}

    def test_put_twice(self, target: Target, collection: Collection) -> None:
        first = self.store(target, collection, 1)
        if self.make_item(1)[0]:
            with pytest.raises(AlreadyExists):
                self.store(target, collection, 1, edited=True)
            assert self.only(target, collection).etag == first.etag
        else:
            assert self.store(target, collection, 1).href != first.href
            assert len(self.held(target, collection)) == 2

    def test_put_over_an_etag_that_is_right_then_stale(self, target: Target, collection: Collection) -> None:
        self.named()
        first = self.store(target, collection, 1)
        name, edited = self.make_item(1, edited=True)
        second = target.put(collection, name, edited, expects=first.etag)
        assert second.etag != first.etag
        with pytest.raises(EtagMismatch):
            target.put(collection, *self.make_item(1), expects=first.etag)
        assert self.only(target, collection).etag == second.etag
        assert self.same(body_of(edited), body_of(target.get(self.only(target, collection))))

    def test_delete_with_a_wrong_etag(self, target: Target, collection: Collection) -> None:
        self.store(target, collection, 1)
        entry = self.only(target, collection)
        with pytest.raises(EtagMismatch):
            target.delete(entry, expects=f'"{uuid.uuid4().hex}"')
        assert self.only(target, collection).etag == entry.etag

    def test_delete_twice_then_recreate(self, target: Target, collection: Collection) -> None:
        self.store(target, collection, 1)
        entry = self.only(target, collection)
        target.delete(entry, expects=entry.etag)
        assert not self.held(target, collection)
        with pytest.raises(PreconditionFailed):
            target.delete(entry, expects=entry.etag)
        again = self.store(target, collection, 1)
        assert self.only(target, collection).href == again.href

    def test_dates_are_kept(self, target: Target, collection: Collection) -> None:
        name, item = self.make_item(1)
        wanted = item.internal_date or item.entry.modified
        if self.media_type in {CALENDAR, VCARD} or wanted is None:
            pytest.skip("the date lies within the body")
        target.put(collection, name, item, expects=None)
        entry = self.only(target, collection)
        got = target.get(entry).internal_date if item.internal_date else entry.modified
        assert same_second(wanted, got)

    def test_flags_are_kept(self, target: Target, collection: Collection) -> None:
        if self.media_type != MAIL:
            pytest.skip("only messages have flags")
        flags = {"\\Seen", "\\Flagged"} | ({"$Forwarded"} if target.capabilities.keywords else set())
        name, item = self.make_item(1)
        target.put(collection, name, replace(item, flags=frozenset(flags)), expects=None)
        self.store(target, collection, 2)
        kept = [entry.flags - {"\\Recent"} for entry in self.held(target, collection)]
        assert sorted(map(sorted, kept)) == [[], sorted(flags)]

    def test_an_empty_body(self, target: Target, collection: Collection) -> None:
        if not self.empty_allowed:
            pytest.skip("an item always has a body here")
        self.store(target, collection, 1, empty=True)
        assert body_of(target.get(self.only(target, collection))) == b""

    def test_a_large_body_given_as_a_file(self, target: Target, collection: Collection, tmp_path: Path) -> None:
        limit = target.capabilities.max_item_size
        name, item = self.make_item(1, size=self.large if limit is None else min(self.large, limit // 2))
        sent, path = body_of(item), tmp_path / "given-as-a-file"
        path.write_bytes(sent)
        target.put(collection, name, replace(item, body=path), expects=None)
        assert path.exists(), "whoever received the item discards it, not the target"
        assert self.same(sent, body_of(target.get(self.only(target, collection))))

    # Looking again after a lost reply

    def test_find_sees_what_came_after_the_mark(self, target: Target, collection: Collection) -> None:
        mark = target.mark(collection)
        name, item = self.make_item(1)
        assert not list(target.find(collection, name, item, mark))
        stored = target.put(collection, name, item, expects=None)
        assert [s.href for s in target.find(collection, name, item, mark)] == [stored.href]

    def test_find_does_not_see_what_was_before_the_mark(self, target: Target, collection: Collection) -> None:
        if self.make_item(1)[0]:
            pytest.skip("the name alone tells whether the item is there")
        self.store(target, collection, 1)
        mark = target.mark(collection)
        name, item = self.make_item(1)
        assert not list(target.find(collection, name, item, mark))
        stored = target.put(collection, name, item, expects=None)
        assert [s.href for s in target.find(collection, name, item, mark)] == [stored.href]

    def test_find_without_a_mark_sees_all(self, target: Target, collection: Collection) -> None:
        stored = self.store(target, collection, 1)
        self.store(target, collection, 2)
        (found,) = target.find(collection, *self.make_item(1), "")
        assert (found.href, found.etag) == (stored.href, stored.etag)
        assert not list(target.find(collection, *self.make_item(1, edited=True), "")), "other content is no match"
        assert not list(target.find(collection, *self.make_item(3), ""))

    # Many at once

    def test_a_moved_item_is_in_its_new_place_alone(self, target: Target, collection: Collection) -> None:
        if not isinstance(target, SupportsMove) or not target.capabilities.moves:
            pytest.skip("no move")
        name, item = self.make_item(1)
        stored = target.put(collection, name, item, expects=None)
        other = target.ensure(Collection(href="", path=("Ailleurs",)))
        entry = Entry(href=stored.href, collection=collection.href, etag=stored.etag, media_type=item.media_type)
        with pytest.raises(EtagMismatch):
            target.move(entry, other, name, expects="another")
        moved = target.move(entry, other, name, expects=stored.etag)
        found = [e for e in target.entries() if e.collection in {collection.href, other.href}]
        assert [(e.collection, e.href, e.etag) for e in found] == [(other.href, moved.href, moved.etag)]
        assert self.same(body_of(item), body_of(target.get(found[0])))
        with pytest.raises(NotFound):
            target.move(entry, other, name, expects=stored.etag)
        if name:
            again = target.put(collection, name, item, expects=None)
            with pytest.raises(AlreadyExists):
                target.move(replace(entry, href=again.href, etag=again.etag), other, name, expects=again.etag)

    def test_flags_are_set_and_cleared_one_by_one(self, target: Target, collection: Collection) -> None:
        if not isinstance(target, SupportsFlags) or not target.capabilities.reflags:
            pytest.skip("no set_flags")
        name, item = self.make_item(1)
        stored = target.put(collection, name, replace(item, flags=frozenset({"\\Seen", "\\Flagged"})), expects=None)
        entry = next(e for e in target.entries() if e.href == stored.href)
        for _ in range(2):
            after = target.set_flags(entry, frozenset({"\\Answered"}), frozenset({"\\Seen"}))
        now = next(e for e in target.entries() if e.href == after.href)
        assert now.flags == {"\\Answered", "\\Flagged"}
        assert now.etag == after.etag != stored.etag
        target.delete(now, expects=now.etag)
        with pytest.raises(NotFound):
            target.set_flags(now, frozenset({"\\Seen"}), frozenset())

    def test_only_an_empty_collection_is_pruned(self, target: Target, collection: Collection) -> None:
        if not isinstance(target, SupportsPrune):
            pytest.skip("no prune")
        made = target.ensure(Collection(href="", path=("Vide",)))
        name, item = self.make_item(1)
        stored = target.put(made, name, item, expects=None)
        assert not target.prune(made)
        entry = next(e for e in target.entries() if e.href == stored.href)
        target.delete(entry, expects=entry.etag)
        assert target.prune(made)
        assert made.href not in {c.href for c in target.collections()}

    def test_what_was_granted_can_be_ended_once(self, target: Target, collection: Collection) -> None:
        if not isinstance(target, SupportsRevoke) or not isinstance(target, SupportsGrants) or not self.neighbour:
            pytest.skip("no revoke, or nobody to share with")
        grant = Grant(kind=GrantKind.USER, role=GrantRole.READ, principal=self.neighbour)
        assert not target.revoke(collection.href, grant)
        target.grant(collection.href, grant)
        assert grant in set(target.grants(collection.href))
        assert target.revoke(collection.href, grant)
        assert not set(target.grants(collection.href))
        assert not target.revoke(collection.href, grant)

    def test_put_many_answers_in_order(self, target: Target, collection: Collection) -> None:
        if not isinstance(target, SupportsPutMany):
            pytest.skip("no put_many")
        items = [self.make_item(n) for n in range(5)]
        answers = target.put_many(collection, items)
        entries = {entry.href: entry for entry in self.held(target, collection)}
        assert len(answers) == len(entries) == 5
        for answer, (_, item) in zip(answers, items, strict=True):
            assert isinstance(answer, Stored)
            assert entries[answer.href].etag == answer.etag
            assert self.same(body_of(item), body_of(target.get(entries[answer.href])))

    def test_a_bad_item_does_not_spoil_the_others(self, target: Target, collection: Collection) -> None:
        if not isinstance(target, SupportsPutMany):
            pytest.skip("no put_many")
        bad = self.make_bad_item(3)
        if bad is None:
            self.named()
            self.store(target, collection, 3)
            bad = self.make_item(3, edited=True)
        answers = target.put_many(collection, [self.make_item(1), bad, self.make_item(2)])
        assert isinstance(answers[1], ConnectorError)
        for answer, n in ((answers[0], 1), (answers[2], 2)):
            assert isinstance(answer, Stored)
            assert [s.href for s in target.find(collection, *self.make_item(n), "")] == [answer.href]
