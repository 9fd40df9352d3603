"""The sets that are scored: clean, mutated, spoiled by spreadsheets, planted in noise, and hard negatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from tests.inventory.corpus.documents import SOURCES, Document, Style, Truth, documents
from tests.inventory.corpus.mutations import MUTATIONS, SHEETS
from tests.inventory.corpus.negatives import NEGATIVES
from tests.inventory.corpus.score import Span

CHECKED = (
    "nir",
    "nif",
    "siren",
    "siret",
    "fr_vat",
    "fr_rib",
    "be_nn",
    "be_bis",
    "be_enterprise",
    "iban",
    "card",
    "mrz",
)
"""Kinds with a check digit: the thresholds are for them."""

PROSE = (
    "Nous avons fait le point avec les bénévoles sur la permanence du mercredi, et la salle mal chauffée.",
    "La mairie demande une réponse avant la fin du mois ; la demande est presque prête, il manque le budget.",
    "Merci à toutes celles et ceux qui ont aidé au repas de quartier, c'était une belle journée malgré la pluie.",
    "De vergadering begint om acht uur; wie niet kan komen, laat het weten aan het secretariaat.",
    "Pensez à rapporter les clés du local, et à noter vos heures dans le cahier bleu posé à côté du téléphone.",
)


def unbroken(style: Style) -> Style:
    """Without tables: a mail program does not wrap the cells of a sheet."""
    prose = [(land, text) for land, text in style.templates if not any(mark in text for mark in ("\t", "|", "nom,"))]
    return Style([(land, text) for land, text in prose if not text.startswith("Nom;")], style.dresses, style.fillers)


def mutated(style: Style, seed: int, rounds: int) -> Iterator[tuple[str, list[Document]]]:
    """Each mutation's name and documents."""
    for name, mutate in MUTATIONS.items():
        chosen = unbroken(style) if "break" in name else style
        yield name, documents(chosen, seed, rounds, mutate)


def sheets(seed: int, rounds: int) -> list[Document]:
    """Columns whose numbers a spreadsheet spoiled."""
    random = Random(seed)
    made = []
    for _ in range(rounds):
        for header, source, shown, territory in SHEETS:
            kind, make = SOURCES[source]
            text, truths = f"Nom\t{header}\tVille\n", []
            for row in range(4):
                value = make(random)
                while source == "nir" and not value.isdigit():
                    value = make(random)
                text += f"Personne {row}\t"
                truths.append(Truth(kind, len(text), len(text) + len(shown(value)), value))
                text += f"{shown(value)}\tLens\n"
            made.append(Document(text, tuple(truths), territory))
    return made


def planted(style: Style, seed: int, count: int, noise: int = 100_000) -> Iterator[Document]:
    """One labelled document's text in each 100 kB of noise."""
    random = Random(seed)
    kinds = sorted(NEGATIVES)
    for place, document in enumerate(documents(style, seed, 1)[:count]):
        around = NEGATIVES[kinds[place % len(kinds)]](random, noise // 2)
        before = f"{around}\n\n"
        truths = tuple(Truth(t.kind, t.start + len(before), t.end + len(before), t.value) for t in document.truths)
        yield Document(f"{before}{document.text}\n\n{around}", truths, document.territory)


def with_prose(found: Sequence[Document], seed: int, sentences: int) -> str:
    """Documents as an association has them: some sentences around each."""
    random = Random(seed)
    texts = []
    for document in found:
        texts += [document.text, " ".join(random.choice(PROSE) for _ in range(sentences))]
    return "\n".join(texts)


def negatives(seed: int, size: int) -> Iterator[tuple[str, str]]:
    """Name and text of each hard negative."""
    for name, make in NEGATIVES.items():
        yield name, make(Random(seed), size)


def ours(document: Document) -> list[Span]:
    """Our spans of a document."""
    from migrate.inventory.detect import detect

    found = detect(document.text, territory=document.territory)
    return [(one.kind.value, one.start, one.end, one.level.value) for one in found]


Detector = Callable[[Document], Sequence[Span]]
