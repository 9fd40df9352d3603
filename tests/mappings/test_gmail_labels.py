from __future__ import annotations

import re
import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.gmail_labels import LabelPolicy, keyword, place, valid_segment
from migrate.model import Disposition, Entry, NameRules, Placement, Skip

RULES = NameRules(max_bytes=255, forbidden_characters="./*%\\", forbidden_names=frozenset())
ALL = LabelPolicy(spam=True, trash=True, chats=True)


def entry(*labels: str, flags: frozenset[str] = frozenset()) -> Entry:
    return Entry(href="1", collection="mailbox", etag="e", labels=labels, flags=flags)


def placed(*labels: str, policy: LabelPolicy = ALL, rules: NameRules = RULES) -> Placement:
    answer = place(entry(*labels), policy, rules)
    assert isinstance(answer, Placement)
    return answer


@pytest.mark.parametrize(
    ("labels", "path", "role"),
    [
        ((), ("Archive",), "\\Archive"),
        (("\\Inbox",), ("INBOX",), "\\Inbox"),
        (("\\Inbox", "Projets"), ("Projets",), ""),
        (("\\Inbox", "Projets", "Projets/2026/Été"), ("Projets", "2026", "Été"), ""),
        (("\\Sent", "\\Inbox", "Projets"), ("Sent",), "\\Sent"),
        (("\\Drafts", "\\Sent"), ("Drafts",), "\\Drafts"),
        (("\\Spam", "\\Drafts"), ("Junk",), "\\Junk"),
        (("\\Trash", "\\Spam"), ("Trash",), "\\Trash"),
        (("\\Important", "\\Starred", "\\Category/Promotions"), ("Archive",), "\\Archive"),
        (("\\Chat",), ("Archive",), "\\Archive"),
    ],
)
def test_one_mailbox_by_the_stated_order(labels: tuple[str, ...], path: tuple[str, ...], role: str) -> None:
    answer = placed(*labels)
    assert (answer.path, answer.role, answer.name) == (path, role, "")


def test_inbox_first_for_those_who_live_in_it() -> None:
    answer = placed("\\Inbox", "Projets", policy=LabelPolicy(inbox_first=True))
    assert answer.role == "\\Inbox"
    assert answer.flags == {"$projets"}


@pytest.mark.parametrize(("label", "code"), [("\\Spam", "spam"), ("\\Trash", "trash"), ("\\Chat", "chats")])
def test_what_the_policy_leaves_is_a_skip_with_its_reason(label: str, code: str) -> None:
    answer = place(entry("Projets", label), LabelPolicy(), RULES)
    assert isinstance(answer, Skip)
    assert (answer.code, answer.disposition) == (code, Disposition.EXCLUDED)


def test_other_labels_become_keywords_and_are_listed() -> None:
    answer = placed("Projets/2026", "Trésorerie", "À lire", "\\Important", "\\Inbox", "日本")
    assert answer.path == ("Projets", "2026")
    assert answer.flags == {"$tresorerie", "$a_lire", "$Important"}
    assert sorted(loss.field for loss in answer.losses) == ["inbox", "label", "label", "label"]


def test_flags_follow() -> None:
    answer = place(entry("\\Inbox", flags=frozenset({"\\Seen"})), ALL, RULES)
    assert isinstance(answer, Placement)
    assert answer.flags == {"\\Seen"}


def test_the_order_of_labels_changes_nothing() -> None:
    labels = ("A/b", "C/d", "\\Inbox", "E")
    assert len({(p.path, p.flags, p.losses) for p in (placed(*order) for order in permutations(labels))}) == 1


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ("v1.2", "v1=2E2"),
        ("Mme. X", "Mme=2E X"),
        ("50%", "50=25"),
        ("~perso", "=7Eperso"),
        ("a=2Eb", "a=3D2Eb"),
        ("a\tb", "a=09b"),
        ("e\u0301te\u0301", "été"),
        ("Été 2026", "Été 2026"),
    ],
)
def test_refused_characters_are_replaced_and_can_be_read_back(segment: str, name: str) -> None:
    assert valid_segment(segment, RULES) == name
    answer = placed(f"Clients/{segment}")
    assert answer.path == ("Clients", name)
    assert any(loss.field == "folder-name" for loss in answer.losses) == (segment != name)


@given(st.text(min_size=1), st.text(min_size=1))
def test_segments_are_valid_and_two_names_stay_two(one: str, other: str) -> None:
    name = valid_segment(one, RULES)
    assert 0 < len(name.encode("utf-8", "replace")) <= 255
    assert not set(name) & set(RULES.forbidden_characters)
    if unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other):
        assert name != valid_segment(other, RULES)


def test_a_long_name_is_cut_between_characters() -> None:
    name = valid_segment("é" * 300, NameRules(max_bytes=100))
    assert len(name.encode()) <= 100
    assert name != valid_segment("é" * 301, NameRules(max_bytes=100))


@given(st.text())
def test_keywords_are_what_every_server_takes(label: str) -> None:
    word = keyword(label)
    assert word == "" or re.fullmatch(r"\$[a-z0-9_]{1,49}", word)


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("Trésorerie", "$tresorerie"),
        ("Œuvres/2026", "$oeuvres_2026"),
        ("À lire !", "$a_lire"),
        ("日本", ""),
        ("x" * 80, "$" + "x" * 49),
    ],
)
def test_keyword(label: str, word: str) -> None:
    assert keyword(label) == word
