"""The thresholds, on the second author's documents, which were not used to tune."""

from __future__ import annotations

from collections import Counter

import pytest

from migrate.inventory.detect import detect
from tests.inventory.corpus import dev, sealed
from tests.inventory.corpus.documents import documents
from tests.inventory.corpus.evaluate import CHECKED, mutated, negatives, ours, planted, sheets
from tests.inventory.corpus.score import Score, score, wilson

SEED = 20261126


def missing(result: Score, floor: float) -> dict[str, str]:
    return {
        kind: f"{result.found[kind]}/{result.planted[kind]}"
        for kind in CHECKED
        if result.planted[kind] and result.recall(kind) < floor
    }


def test_clean_documents() -> None:
    result = score(documents(sealed.STYLE, SEED, 12), ours)
    assert missing(result, 0.95) == {}
    assert result.precision("A") >= 0.99
    assert all(result.planted[kind] >= 12 for kind in CHECKED), result.planted


def test_spans_are_tight() -> None:
    result = score(documents(sealed.STYLE, SEED + 1, 4), ours, iou=0.9)
    assert missing(result, 0.95) == {}


def test_values_come_back_canonical() -> None:
    for document in documents(sealed.STYLE, SEED + 2, 3):
        found = {(one.start, one.kind.value): one.value for one in detect(document.text, territory=document.territory)}
        for truth in document.truths:
            value = found.get((truth.start, truth.kind))
            if value is not None and truth.kind not in ("phone", "be_enterprise"):
                assert value == (truth.value.lower() if truth.kind == "email" else truth.value)


@pytest.mark.parametrize("style", [dev.STYLE, sealed.STYLE], ids=["dev", "sealed"])
def test_mutated_documents(style: dev.Style) -> None:
    for name, made in mutated(style, SEED + 3, 4):
        result = score(made, ours)
        found = sum(result.found[kind] for kind in CHECKED)
        assert found / sum(result.planted[kind] for kind in CHECKED) >= 0.90, (name, missing(result, 0.9))
        assert result.precision("A") >= 0.99, name


def test_all_mutations_together_by_kind() -> None:
    total = Score()
    for _, made in mutated(sealed.STYLE, SEED + 4, 3):
        result = score(made, ours)
        total.planted += result.planted
        total.found += result.found
    assert missing(total, 0.90) == {}


def test_numbers_that_a_spreadsheet_spoiled() -> None:
    result = score(sheets(SEED, 8), ours)
    for kind in ("nir", "nif", "siret", "be_nn"):
        assert result.recall(kind) >= 0.90, (kind, result.missed[:2])


def test_values_planted_in_noise() -> None:
    result = score(planted(sealed.STYLE, SEED, 11), ours)
    found = sum(result.found[kind] for kind in CHECKED)
    assert found / sum(result.planted[kind] for kind in CHECKED) >= 0.90, result.missed


def test_hard_negatives() -> None:
    levels: Counter[str] = Counter()
    size = 0
    for _, text in negatives(SEED, 100_000):
        size += len(text.encode())
        levels.update(found.level.value for found in detect(text))
    assert size > 1_000_000
    assert levels["A"] == 0
    assert levels["A"] + levels["B"] <= size / 1_000_000


def test_wilson_interval() -> None:
    low, high = wilson(95, 100)
    assert (round(low, 3), round(high, 3)) == (0.888, 0.978)
    assert wilson(0, 0) == (0.0, 1.0)
