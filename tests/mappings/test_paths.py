"""Names: always valid, changed no more than needed, never two alike."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mappings.paths import clean, distinct, fold, split, suffixed
from migrate.model import NameRules

NEXTCLOUD = NameRules(forbidden_names=frozenset({".htaccess"}), forbidden_extensions=frozenset({".part", ".filepart"}))
WINDOWS = NameRules(
    forbidden_characters='/\\<>:"|?*',
    forbidden_names=frozenset({".htaccess", "Thumbs.db"}),
    forbidden_extensions=frozenset({".part", ".filepart", " ", "."}),
    forbidden_basenames=frozenset({"con", "prn", "aux", "nul", "com1", "lpt¹"}),
    trim_trailing=" .",
    case_sensitive=False,
)
MAILDIR = NameRules(forbidden_characters="./~", max_bytes=255)
ALL_RULES = [NEXTCLOUD, WINDOWS, MAILDIR, NameRules(max_bytes=40, forbidden_characters="/_() ")]

fragments = st.sampled_from(
    [
        "con",
        "CON.txt",
        ".part",
        ".PART",
        ".htaccess",
        "thumbs.db",
        " ",
        ".",
        "..",
        "é",
        "e\u0301",
        "/",
        "\\",
        "_",
        "a",
        "👩‍👩‍👧",
        "x" * 60,
        "é" * 130,
        ".odt",
        "\u0338",
        "\ud800",
        "\u200d",
        "ß",
        "SS",
        "İ",
        "\x00",
        "ﬁ",
        "＜",
        "lpt¹.x",
    ]
)
names = st.one_of(st.text(max_size=300), st.lists(fragments, max_size=6).map("".join))
rules = st.sampled_from(ALL_RULES)


def is_valid(name: str, rules: NameRules) -> bool:
    lower = name.lower()
    base = name[: name.find(".", 1)] if "." in name[1:] else name
    return (
        name not in {"", ".", ".."}
        and len(name.encode()) <= rules.max_bytes
        and name == unicodedata.normalize("NFC", name)
        and not any(c in rules.forbidden_characters or unicodedata.category(c) in {"Cc", "Cs"} for c in name)
        and not (rules.trim_trailing and name[-1] in rules.trim_trailing)
        and lower not in {n.lower() for n in rules.forbidden_names}
        and base.lower() not in {n.lower() for n in rules.forbidden_basenames}
        and not any(lower.endswith(e.lower()) for e in rules.forbidden_extensions)
    )


@given(names, rules)
@example("", NEXTCLOUD)
@example("con.part. .", WINDOWS)
def test_clean_names_are_valid_and_stay_as_they_are(name: str, rules: NameRules) -> None:
    cleaned, losses = clean(name, rules)
    assert is_valid(cleaned, rules)
    assert clean(cleaned, rules) == (cleaned, ())
    assert bool(losses) == (cleaned != unicodedata.normalize("NFC", name))


@given(names, st.text(max_size=20), rules)
def test_suffixed_names_are_valid(name: str, key: str, rules: NameRules) -> None:
    assert is_valid(suffixed(name, key, rules), rules)
    assert suffixed(name, key, rules) == suffixed(name, key, rules)


@given(st.dictionaries(st.text(max_size=6), names, max_size=12), rules, st.randoms(use_true_random=False))
def test_distinct_names_are_valid_unlike_and_stable(
    given_names: dict[str, str], rules: NameRules, shuffle: random.Random
) -> None:
    pairs = list(given_names.items())
    chosen = distinct(pairs, rules)
    assert chosen.keys() == given_names.keys()
    assert all(is_valid(name, rules) for name in chosen.values())
    assert len({fold(name, rules) for name in chosen.values()}) == len(pairs)
    shuffle.shuffle(pairs)
    assert distinct(pairs, rules) == chosen


@pytest.mark.parametrize(
    ("name", "rules", "wanted"),
    [
        ("Budget 2026.ods", NEXTCLOUD, "Budget 2026.ods"),
        ("Re\u0301union.odt", NEXTCLOUD, "Réunion.odt"),
        ("entrées/sorties", NEXTCLOUD, "entrées／sorties"),
        ("a\\b", NEXTCLOUD, "a＼b"),
        ("ligne\nsuivante\x00", NEXTCLOUD, "ligne_suivante_"),
        ("", NEXTCLOUD, "_"),
        (".", NEXTCLOUD, "_"),
        ("..", NEXTCLOUD, "__"),
        ("   ", NEXTCLOUD, "_"),
        (" .. ", NEXTCLOUD, "__"),
        (".htaccess", NEXTCLOUD, ".htaccess_"),
        ("film.part", NEXTCLOUD, "film.part_"),
        ("Film.PART", NEXTCLOUD, "Film.PART_"),
        ("fin. ", NEXTCLOUD, "fin. "),
        ("fin. ", WINDOWS, "fin"),
        ("...", WINDOWS, "_"),
        ("Pourquoi ? : essai", WINDOWS, "Pourquoi ？ ： essai"),
        ("CON.txt", WINDOWS, "CON_.txt"),
        ("nul", WINDOWS, "nul_"),
        ("console.txt", WINDOWS, "console.txt"),
        ("thumbs.db", WINDOWS, "thumbs_.db"),
        ("v1.2", MAILDIR, "v1．2"),
        ("Mme. X", MAILDIR, "Mme． X"),
    ],
)
def test_examples(name: str, rules: NameRules, wanted: str) -> None:
    cleaned, losses = clean(name, rules)
    assert cleaned == wanted
    assert all(loss.field == "name" and name not in loss.reason for loss in losses if name.strip("."))


def test_a_long_name_keeps_its_extension() -> None:
    cleaned, losses = clean("é" * 200 + ".odt", NEXTCLOUD)
    assert cleaned == "é" * 123 + ".odt"
    assert len(cleaned.encode()) == 250
    assert len(losses) == 1


def test_a_cut_does_not_break_a_joined_sign() -> None:
    family = "👩\u200d👩\u200d👧"
    cleaned, _ = clean("a" * 35 + family, NameRules(max_bytes=44))
    assert cleaned == "a" * 35 + "👩"


def test_names_that_differ_only_in_normal_form_or_case() -> None:
    pairs = [("k2", "e\u0301t\u00e9.txt"), ("k1", "\u00e9t\u00e9.txt"), ("k3", "ÉTÉ.txt")]
    linux, windows = distinct(pairs, NEXTCLOUD), distinct(pairs, WINDOWS)
    assert linux["k1"] == windows["k1"] == "été.txt"
    assert linux["k2"].startswith("été (")
    assert linux["k2"].endswith(").txt")
    assert linux["k3"] == "ÉTÉ.txt"
    assert windows["k3"].startswith("ÉTÉ (")


def test_a_suffix_that_exists_already_is_not_taken_twice() -> None:
    taken = suffixed("a.txt", "2", NEXTCLOUD)
    chosen = distinct([("1", "a.txt"), ("2", "a.txt"), ("3", taken)], NEXTCLOUD)
    assert chosen["1"] == "a.txt"
    assert chosen["3"] == taken
    assert len(set(chosen.values())) == 3


def test_one_key_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="same key"):
        distinct([("k", "a")] * 40, NEXTCLOUD)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.txt", ("a", ".txt")),
        (".profile", (".profile", "")),
        ("archive.tar.gz", ("archive.tar", ".gz")),
        ("Mme. Dupont", ("Mme. Dupont", "")),
        ("fin.", ("fin.", "")),
        ("x." + "y" * 30, ("x." + "y" * 30, "")),
    ],
)
def test_split(name: str, parts: tuple[str, str]) -> None:
    assert split(name) == parts
