"""Scores: spans by kind, Wilson intervals, false alarms per megabyte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

from tests.inventory.corpus.documents import Document, Truth

Span = tuple[str, int, int, str]
"""Kind, start, end, level."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a proportion."""
    if not of:
        return 0.0, 1.0
    z, share = 1.959964, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class Score:
    """Counts by kind."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[tuple[str, str]] = field(default_factory=list)
    false: list[tuple[str, str, str]] = field(default_factory=list)

    def recall(self, kind: str) -> float:
        return self.found[kind] / self.planted[kind] if self.planted[kind] else 1.0

    def precision(self, level: str) -> float:
        right = sum(count for (_, at), count in self.right.items() if at == level)
        wrong = sum(count for (_, at), count in self.wrong.items() if at == level)
        return right / (right + wrong) if right + wrong else 1.0


def overlap(truth: Truth, span: Span) -> float:
    """Intersection over union."""
    common = min(truth.end, span[2]) - max(truth.start, span[1])
    return max(0, common) / (max(truth.end, span[2]) - min(truth.start, span[1]))


def score(
    documents: Iterable[Document],
    detect: Callable[[Document], Sequence[Span]],
    *,
    iou: float = 0.5,
    counted: str = "AB",
) -> Score:
    """Each planted value is found when a span of its kind, at a counted level, covers it well enough."""
    result = Score()
    for document in documents:
        spans = detect(document)
        for truth in document.truths:
            result.planted[truth.kind] += 1
            if any(span[0] == truth.kind and span[3] in counted and overlap(truth, span) >= iou for span in spans):
                result.found[truth.kind] += 1
            else:
                result.missed.append((truth.kind, document.text[max(0, truth.start - 50) : truth.end + 25]))
        for span in spans:
            good = any(truth.kind == span[0] and overlap(truth, span) >= iou for truth in document.truths)
            (result.right if good else result.wrong)[span[0], span[3]] += 1
            if not good:
                result.false.append((span[0], span[3], document.text[max(0, span[1] - 50) : span[2] + 20]))
    return result
