"""The decision on one item, by example and by property."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.decide import REASONS, decide
from migrate.model import Disposition, Skip, Verb
from migrate.rows import Pair, SourceRow, TargetRow

ROW = SourceRow(collection="a", sort="", href="s1", etag="e1", size=10, exact=True, name="f.txt")
PAIR = Pair(
    source_href="s1",
    source_etag="e1",
    target_collection="c",
    target_href="t1",
    target_etag="te1",
    media_type="text/plain",
    size=10,
    digest="sha256:00",
)
STORED = TargetRow(href="t1", collection="a", name="f.txt", etag="te1", size=10)


def test_new_item_is_created() -> None:
    decision = decide(ROW, pair=None, stored=None, occupant=None)
    assert (decision.disposition, decision.verb, decision.expects) == (Disposition.PLANNED, Verb.CREATE, None)


def test_moved_item_is_present() -> None:
    assert decide(ROW, pair=PAIR, stored=STORED, occupant=STORED).disposition is Disposition.PRESENT


def test_source_change_is_an_update_of_what_we_wrote() -> None:
    decision = decide(replace(ROW, etag="e2"), pair=PAIR, stored=STORED, occupant=STORED)
    assert (decision.verb, decision.replaces, decision.expects) == (Verb.UPDATE, "t1", "te1")


def test_changes_on_both_sides_block() -> None:
    edited = replace(STORED, etag="theirs")
    decision = decide(replace(ROW, etag="e2"), pair=PAIR, stored=edited, occupant=edited)
    assert (decision.disposition, decision.code) == (Disposition.BLOCKED, "both-changed")


def test_edit_on_the_target_alone_is_left_alone() -> None:
    edited = replace(STORED, etag="theirs")
    assert decide(ROW, pair=PAIR, stored=edited, occupant=edited).disposition is Disposition.PRESENT


def test_what_the_user_removed_is_not_put_back() -> None:
    decision = decide(ROW, pair=PAIR, stored=None, occupant=None)
    assert (decision.disposition, decision.code) == (Disposition.EXCLUDED, "deleted-at-target")


def test_relabelled_message_is_present_with_its_reason_where_flags_cannot_follow() -> None:
    mail = replace(PAIR, media_type="message/rfc822")
    decision = decide(replace(ROW, etag="e2", flags=("\\Seen",)), pair=mail, stored=STORED, occupant=None)
    assert (decision.disposition, decision.code) == (Disposition.PRESENT, "relabelled")


@pytest.mark.parametrize(
    ("occupant_size", "exact", "expected"),
    [(10, True, Disposition.PLANNED), (11, True, Disposition.BLOCKED), (11, False, Disposition.PLANNED)],
)
def test_an_occupant_that_may_be_equal_is_left_to_the_comparison_of_contents(
    occupant_size: int, exact: bool, expected: Disposition
) -> None:
    occupant = replace(STORED, size=occupant_size)
    assert decide(replace(ROW, exact=exact), pair=None, stored=None, occupant=occupant).disposition is expected


@pytest.mark.parametrize("disposition", [Disposition.EXCLUDED, Disposition.UNSUPPORTED, Disposition.BLOCKED])
def test_a_skip_is_a_class_with_its_reason(disposition: Disposition) -> None:
    row = replace(ROW, skip=Skip(code="form", reason="has no portable form", disposition=disposition))
    decision = decide(row, pair=PAIR, stored=STORED, occupant=STORED)
    assert (decision.disposition, decision.code, decision.verb) == (disposition, "form", None)


@given(
    changed=st.booleans(),
    edited=st.booleans(),
    known=st.booleans(),
    gone=st.booleans(),
    occupied=st.sampled_from([None, 10, 99]),
)
def test_nothing_written_by_others_is_ever_overwritten(
    changed: bool, edited: bool, known: bool, gone: bool, occupied: int | None
) -> None:
    row = replace(ROW, etag="e2" if changed else "e1")
    stored = None if gone else replace(STORED, etag="theirs" if edited else "te1")
    occupant = replace(STORED, size=occupied) if occupied else None
    decision = decide(row, pair=PAIR if known else None, stored=stored if known else None, occupant=occupant)
    if decision.verb is Verb.UPDATE:
        assert known
        assert changed
        assert not edited
        assert decision.expects == PAIR.target_etag
    if decision.disposition not in (Disposition.PLANNED, Disposition.PRESENT):
        assert decision.reason == REASONS[decision.code]
