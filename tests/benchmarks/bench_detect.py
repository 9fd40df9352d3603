"""Recall, precision, false alarms and speed of the detectors, beside Presidio's on the same documents.

Run: ``python -m tests.benchmarks.bench_detect [--rounds N] [--presidio PYTHON]``. `PYTHON` (or the variable
`PRESIDIO_PYTHON`) is an interpreter of another environment that has presidio-analyzer and python-stdnum; without it our
columns are printed alone. All documents are synthetic (`tests/inventory/corpus`).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from migrate.inventory.detect import detect
from tests.inventory.corpus import sealed
from tests.inventory.corpus.documents import Document, documents
from tests.inventory.corpus.evaluate import CHECKED, mutated, negatives, ours, planted, sheets, with_prose
from tests.inventory.corpus.score import Score, Span, score, wilson

SEED = 20261201
OTHERS = ("phone", "email", "bic", "caf")
# PRESIDIO has no national identifiers as installed; what it calls by another name is not held against it.
FOREIGN = frozenset({"URL", "DATE_TIME", "LOCATION", "PERSON", "NRP", "IP_ADDRESS"})
Spans = Sequence[Sequence[Span]]


def presidio(python: str, mode: str, texts: Sequence[str]) -> tuple[Spans, float]:
    """Spans of each text, and seconds."""
    script = Path(__file__).with_name("presidio_baseline.py")
    fed = "".join(f"{json.dumps(text)}\n" for text in texts)
    run = subprocess.run([python, str(script), mode], input=fed, capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    return [[tuple(span) for span in of if span[0] not in FOREIGN] for of in answer["spans"]], answer["seconds"]


def lookup(made: Sequence[Document], spans: Spans) -> Callable[[Document], Sequence[Span]]:
    known = {id(document): of for document, of in zip(made, spans, strict=True)}
    return lambda document: known[id(document)]


def share(found: int, planted_: int) -> str:
    if not planted_:
        return "–"
    low, high = wilson(found, planted_)
    return f"{found / planted_:.3f} [{low:.3f}–{high:.3f}]"


def added(total: Score, result: Score) -> None:
    total.planted += result.planted
    total.found += result.found
    total.right += result.right
    total.wrong += result.wrong


def precision(result: Score, levels: str) -> str:
    right = sum(count for (_, level), count in result.right.items() if level in levels)
    return share(right, right + sum(count for (_, level), count in result.wrong.items() if level in levels))


class Column:
    """One detector's figures."""

    def __init__(self, name: str, run: Callable[[Sequence[Document]], tuple[Spans, float]]) -> None:
        self.name, self._run = name, run
        self.clean, self.changed = Score(), Score()
        self.seconds = 0.0
        self.alarms: Counter[str] = Counter()
        self.alarm_bytes = 0

    def measure(self, made: Sequence[Document], total: Score) -> None:
        spans, _ = self._run(made)
        added(total, score(made, lookup(made, spans)))

    def false_alarms(self, texts: Sequence[str]) -> None:
        spans, _ = self._run([Document(text, ()) for text in texts])
        self.alarms.update(span[3] for of in spans for span in of if span[3] in "AB")
        self.alarm_bytes += sum(len(text.encode()) for text in texts)

    def speed(self, texts: Sequence[str]) -> float:
        """Megabytes a second of CPU."""
        _, seconds = self._run([Document(text, ()) for text in texts])
        return sum(len(text.encode()) for text in texts) / seconds / 1e6


def run_ours(made: Sequence[Document]) -> tuple[Spans, float]:
    start = time.process_time()
    spans = [ours(document) for document in made]
    return spans, time.process_time() - start


def columns(python: str | None) -> list[Column]:
    def other(mode: str) -> Column:
        return Column(f"Presidio, {mode}", lambda made: presidio(str(python), mode, [d.text for d in made]))

    return [Column("transhume", run_ours), *([other("installed"), other("good-faith")] if python else [])]


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |")


def recall_table(name: str, scores: Sequence[tuple[str, Score]]) -> None:
    print(f"\n{name}: recall at levels A and B, with 95 % Wilson intervals\n")
    row("identifier", "planted", *(name for name, _ in scores))
    row(*(["---"] * (2 + len(scores))))
    for kind in (*CHECKED, *OTHERS):
        if scores[0][1].planted[kind]:
            row(kind, str(scores[0][1].planted[kind]), *(share(of.found[kind], of.planted[kind]) for _, of in scores))
    row("precision, A", "", *(precision(of, "A") for _, of in scores))
    row("precision, A and B", "", *(precision(of, "AB") for _, of in scores))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--presidio", default=os.environ.get("PRESIDIO_PYTHON"))
    chosen = options.parse_args()
    detect("warm up: tél. 06 12 34 56 78, +49 30 1234567")
    made = columns(chosen.presidio)
    clean = documents(sealed.STYLE, SEED, chosen.rounds)
    changed = list(mutated(sealed.STYLE, SEED + 1, max(2, chosen.rounds // 5)))
    changed.append(("spreadsheets", sheets(SEED + 2, max(2, chosen.rounds // 5))))
    for column in made:
        column.measure(clean, column.clean)
        for _, of in changed:
            column.measure(of, column.changed)
    recall_table("Clean documents", [(column.name, column.clean) for column in made])
    recall_table("Mutated documents", [(column.name, column.changed) for column in made])
    mutations(changed)
    noise(made)
    alarms(made)
    speeds(made, clean)


def mutations(changed: Sequence[tuple[str, Sequence[Document]]]) -> None:
    print("\nOurs by mutation: recall at A and B, identifiers with a check digit\n")
    for name, of in changed:
        result = score(of, ours)
        found = sum(result.found[kind] for kind in CHECKED)
        row(name, share(found, sum(result.planted[kind] for kind in CHECKED)))


def noise(made: Sequence[Column]) -> None:
    result = score(planted(sealed.STYLE, SEED + 3, 15), ours)
    found = sum(result.found[kind] for kind in CHECKED)
    print(
        "\nOne document planted in each 100 kB of noise, ours:", share(found, sum(result.planted[k] for k in CHECKED))
    )


def alarms(made: Sequence[Column]) -> None:
    print("\nFalse alarms on hard negatives\n")
    row("detector", "MB read", "at A (or score 0.85)", "at A and B (or score 0.4)", "A and B per MB")
    row(*(["---"] * 5))
    for column in made:
        size = 1_000_000 if column is made[0] else 15_000
        chunk = [text[at : at + 20_000] for _, text in negatives(SEED + 4, size) for at in range(0, len(text), 20_000)]
        column.false_alarms(chunk)
        total, read = column.alarms.total(), column.alarm_bytes / 1e6
        row(column.name, f"{read:.2f}", str(column.alarms["A"]), str(total), f"{total / read:.2f}")


def speeds(made: Sequence[Column], clean: Sequence[Document]) -> None:
    dense = [document.text for document in clean[:45]]
    usual = [with_prose([document], SEED, 16) for document in clean[:45]]
    prose = [with_prose([document], SEED, 400) for document in clean[:3]]
    values = sum(len(document.truths) for document in clean[:45])
    print(f"\nSpeed, MB/s of one core (processor time); {values} values in each of the first four\n")
    row("text", "kB", *(column.name for column in made), "ratio")
    row(*(["---"] * (3 + len(made))))
    for name, texts in (
        ("forms and lists, one by one", dense),
        ("the same, one text", ["\n".join(dense)]),
        ("mails and minutes, one by one", usual),
        ("the same, one text", ["\n".join(usual)]),
        ("mostly prose", prose),
    ):
        rates = [column.speed(texts * (20 if column is made[0] else 1)) for column in made]
        ratio = f"{rates[0] / rates[1]:.0f} ×" if len(rates) > 1 else ""
        row(name, f"{sum(map(len, texts)) / 1e3:.0f}", *(f"{rate:.3g}" for rate in rates), ratio)
    memory(usual)


def memory(texts: Sequence[str]) -> None:
    mailbox = "\n".join(texts) * 4
    detect(mailbox)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(60):
        detect(mailbox)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\nPeak memory {before // 1024} MB; after {len(mailbox) * 60 / 1e6:.0f} MB more of text: {after // 1024} MB")


if __name__ == "__main__":
    sys.exit(main())
