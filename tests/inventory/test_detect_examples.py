"""Levels, labels, boundaries, offsets: one writing at a time."""

from __future__ import annotations

import io
import re
import socket
import time
from contextlib import redirect_stdout
from pathlib import Path
from random import Random

import pytest

from migrate.inventory.detect import LIMIT, Found, Kind, Level, Sign, Subject, detect, fingerprint, mask, subjects
from tests.inventory.corpus import numbers

NIR = "185057800608491"
SPACED = "1 85 05 78 006 084 91"
SIREN = "732829320"
SIRET = "73282932000074"
NN = "85073003328"
IBAN = "FR7630006000011234567890189"


def told(text: str, **options: object) -> list[tuple[str, str, str]]:
    """Kind, level and writing of each finding."""
    return [(one.kind.value, one.level.value, text[one.start : one.end]) for one in detect(text, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "before",
    [
        "N° de sécurité sociale : ", "n°sécu ", "NUMERO DE SECURITE SOCIALE\n", "NIR=", "num_secu: ", "numeroSecu : ",
        "N° SS ", "assuré social n°", "Immatriculée à la CPAM sous le numéro ", "<nir>", '{"nir": "', "carte vitale ",
        "- N.I.R. : ",
    ],
)  # fmt: skip
def test_labels_of_a_nir(before: str) -> None:
    assert ("nir", "A", SPACED) in told(f"{before}{SPACED}")


@pytest.mark.parametrize("after", [" (n° de sécurité sociale)", " [NIR]"])
def test_a_label_after_the_value(after: str) -> None:
    assert ("nir", "A", SPACED) in told(f"voir {SPACED}{after}")


def test_without_a_label_it_is_probable() -> None:
    assert told(f"Voici {SPACED}, merci") == [("nir", "B", SPACED)]


@pytest.mark.parametrize("word", ["facture n°", "commande", "réf.", "n° de suivi", "IMEI", "ticket"])
def test_a_negative_word_lowers_by_one_level(word: str) -> None:
    assert told(f"{word} {NIR}") == [("nir", "C", NIR)]


def test_a_negative_word_nearer_than_the_label_lowers_too() -> None:
    assert told(f"NIR, dossier {NIR}") == [("nir", "B", NIR)]


@pytest.mark.parametrize(
    "text",
    [
        f"x{NIR}", f"{NIR}x", f"a/{NIR}/b", f"id={NIR}&b=1", f"v1.{NIR}", f"550e8400-e29b-41d4-a716-{SIREN}456",
        f"d{NIR}e", f"_{NIR}", f"{NIR}_", f"+{NIR}", f"{NIR}@example.org",
    ],
)  # fmt: skip
def test_a_number_inside_a_token_is_no_number(text: str) -> None:
    assert [found for found in told(text) if found[0] != "email"] == []


@pytest.mark.parametrize("around", ["({})", "«{}»", "{}.", "{},", "{};", '"{}"', "[{}]", ":{}", "{} !"])
def test_punctuation_around_a_number_is_no_obstacle(around: str) -> None:
    assert ("nir", "B", NIR) in told(around.format(NIR))


def test_thirteen_characters_need_a_label_and_are_probable() -> None:
    assert told(f"NIR {NIR[:13]}") == [("nir", "B", NIR[:13])]
    assert told(f"voir {NIR[:13]}") == []


def test_the_key_may_be_announced_by_its_name() -> None:
    found = detect(f"NIR : {NIR[:13]} clé {NIR[13:]}")[0]
    assert (found.value, found.level) == (NIR, Level.CERTAIN)


def test_corsica() -> None:
    assert told("sécu 1 85 05 2A 006 084 35") == [("nir", "A", "1 85 05 2A 006 084 35")]


def test_impossible_month_or_department() -> None:
    assert told("NIR 185137800608406") == []


def test_several_identifiers_in_one_line() -> None:
    text = (
        f"NIR {SPACED} tél 06 12 34 56 78, SIRET 732 829 320 00074 IBAN FR76 3000 6000 0112 3456 7890 189 a.b@c.example"
    )
    assert [(kind, level) for kind, level, _ in told(text)] == [
        ("nir", "A"), ("phone", "A"), ("siret", "A"), ("iban", "A"), ("email", "A"),
    ]  # fmt: skip


def test_a_column_header_is_a_label_for_its_cells_only() -> None:
    text = f"Nom\tSIREN\tCode\nBois\t{SIREN}\t{SIREN}\n"
    assert [level for _, level, _ in told(text)] == ["A", "C"]
    assert Sign.HEADER in detect(text)[0].signs


@pytest.mark.parametrize("delimiter", [";", ",", "|", "\t"])
def test_delimiters_of_sheets(delimiter: str) -> None:
    text = delimiter.join(["Nom", "NIR", "Ville"]) + "\n" + delimiter.join(["Roy", NIR, "Lens"])
    assert told(text) == [("nir", "A", NIR)]


def test_labels_given_by_the_caller() -> None:
    assert told(SIREN, labels=["SIREN"]) == [("siren", "A", SIREN)]


def test_siren_compact_grouped_and_amount() -> None:
    assert told(f"voir {SIREN}") == [("siren", "C", SIREN)]
    assert told("Bois & Co, 732 829 320, Lens") == [("siren", "B", "732 829 320")]
    assert [level for _, level, _ in told("solde 732 829 320 €")] in ([], ["C"])


def test_labels_are_spent_by_a_number_between() -> None:
    assert told(f"SIREN : {SIREN} - solde {SIREN[:-1]}8, puis {SIREN}")[-1][1] != "A"


def test_a_number_among_many_that_fail_passed_by_chance() -> None:
    random = Random(3)
    lines = [numbers.digits(random, 11) for _ in range(200)]
    lines[100] = NN
    assert {level for _, level, _ in told("\n".join(lines))} <= {"C"}


def test_many_distinct_that_pass_raise_each_other() -> None:
    random = Random(3)
    distinct = "\n".join(f"article {chr(97 + at)} : {numbers.siren(random)} x" for at in range(6)).replace(
        "article", "chez"
    )
    assert {level for _, level, _ in told(distinct)} == {"B"}
    assert {level for _, level, _ in told("\n".join(f"chez a : {SIREN} x" for _ in range(6)))} == {"C"}


def test_iban_is_certain_alone_and_its_national_key_counts() -> None:
    assert told(IBAN) == [("iban", "A", IBAN)]
    wrong_key = "FR0630006000011234567890188"
    assert told(wrong_key) == [("iban", "B", wrong_key)]


def test_an_iban_does_not_swallow_the_next_word() -> None:
    assert told("BE68 5390 0754 7034 pour Marie") == [("iban", "A", "BE68 5390 0754 7034")]


@pytest.mark.parametrize(
    ("written", "value", "country"),
    [
        ("+33 6 12 34 56 78", "+33612345678", "FR"),
        ("+33(0)612345678", "+33612345678", "FR"),
        ("0033 6 12 34 56 78", "+33612345678", "FR"),
        ("+32 475 12 34 56", "+32475123456", "BE"),
        ("0475/12.34.56", "+32475123456", "BE"),
        ("02/512.34.56", "+3225123456", "BE"),
        ("06.12.34.56.78", "+33612345678", "FR"),
    ],
)
def test_phones(written: str, value: str, country: str) -> None:
    found = detect(f"tél. {written} merci")
    assert [(one.value, one.country, one.level) for one in found] == [(value, country, Level.CERTAIN)]


def test_a_number_of_two_countries_is_settled_by_the_territory() -> None:
    assert detect("0475 12 34 56")[0].country == "FR|BE"
    belgian = detect("0475 12 34 56", territory="BE")[0]
    assert (belgian.country, belgian.value) == ("BE", "+32475123456")


@pytest.mark.parametrize(
    "text", ["le 01.02.2024 10:30", "01 02 03 04 05 06 07", "09-10-11-12-13", "+++090/9337/55493+++"]
)
def test_dates_rows_and_payments_are_no_phones(text: str) -> None:
    assert {level for _, level, _ in told(text)} <= {"C"}


@pytest.mark.parametrize(
    "text",
    [
        "Message-ID: <abc.def@mail.example>",
        "References: <a@b.example>\n <c@d.example>",
        "logo@2x.png",
        "https://user@host.example/x",
    ],
)
def test_what_looks_like_an_address(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("seed", range(12))
def test_machine_readable_zones(seed: int) -> None:
    zone = numbers.mrz(Random(seed))
    assert told(f"scan\n{zone}\nfin") == [("mrz", "A", zone)]
    place = next(at for at in range(len(zone) // 2, len(zone)) if zone[at].isdigit())
    spoiled = zone[:place] + str((int(zone[place]) + 1) % 10) + zone[place + 1 :]
    assert told(spoiled) == []


def test_identifiers_that_only_a_label_announces() -> None:
    text = "Allocataire CAF 1234567, passeport 12AB34567, CNI X4RTBPFW4, BIC AGRIFRPP, RNA W751234567"
    assert [(kind, level) for kind, level, _ in told(text)] == [
        ("caf", "B"), ("fr_passport", "B"), ("fr_cni", "B"), ("bic", "B"), ("rna", "B"),
    ]  # fmt: skip
    assert [kind for kind, level, _ in told("1234567 12AB34567 X4RTBPFW4 AGRIFRPP") if level != "C"] == []


def test_offsets_through_entities_and_soft_hyphens() -> None:
    text = "NIR&nbsp;: 1&nbsp;85 05\u00a078 00\u00ad6 084&#160;91 fin"
    found = detect(text)[0]
    assert text[found.start : found.end] == "1&nbsp;85 05\u00a078 00\u00ad6 084&#160;91"
    assert found.value == NIR


def test_floats_of_spreadsheets() -> None:
    text = f"Nom\tN° sécu\nRoy\t1,85058E+14\nDubois\t{NIR}.0\n"
    assert [(one.value, one.level.value) for one in detect(text)] == [("185058?????????", "B"), (NIR, "A")]


def test_lost_zeros() -> None:
    assert [(one.kind, one.value) for one in detect("Nom\tTéléphone\nRoy\t612345678\n")] == [
        (Kind.PHONE, "+33612345678")
    ]
    assert detect("voir 612345678") == [] or detect("voir 612345678")[0].kind is not Kind.PHONE


def test_quoted_lines_are_marked() -> None:
    found = detect(f"> NIR : {NIR}\nNIR : {NIR}")
    assert [one.quoted for one in found] == [True, False]


def test_own_identity() -> None:
    text = f"SIREN {SIREN}, SIRET {SIRET}, tél 06 12 34 56 78, tél 06 12 34 56 79, a@asso.example, b@autre.example"
    own = [one.own for one in detect(text, own_identity=["732 829 320", "+33 6 12 34 56 78", "@asso.example"])]
    assert own == [True, True, True, False, True, False]


def test_repr_hides_the_value() -> None:
    assert NIR not in repr(detect(f"NIR {NIR}"))


def test_masks_and_fingerprints() -> None:
    shown = {one.kind: mask(one) for one in detect(f"NIR {NIR} {IBAN} 06 12 34 56 78 a@asso.example b@gmail.com")}
    assert shown[Kind.NIR] == "nir"
    assert shown[Kind.IBAN] == "iban FR…89"
    assert shown[Kind.PHONE] == "phone +33…78"
    key = b"k" * 32
    assert len(fingerprint(Kind.NIR, NIR, key)) == 16
    assert fingerprint(Kind.NIR, NIR, key) != fingerprint(Kind.NIF, NIR, key)
    assert fingerprint(Kind.NIR, NIR, key) != fingerprint(Kind.NIR, NIR, b"l" * 32)
    with pytest.raises(ValueError, match="16"):
        fingerprint(Kind.NIR, NIR, b"short")


def test_masks_of_personal_mail_show_nothing() -> None:
    personal = Found(Kind.EMAIL, 0, 1, "b@gmail.com", Level.CERTAIN)
    assert mask(personal) == "email"


def test_refusals() -> None:
    with pytest.raises(ValueError, match="territory"):
        detect("", territory="LU")
    with pytest.raises(ValueError, match="at most"):
        detect("x" * (LIMIT + 1))


def test_subjects_are_counts_of_distinct_words() -> None:
    text = "Elle est enceinte et hospitalisée ; enceinte. Garde à vue. Délégué syndical CGT."
    assert subjects(text) == {Subject.HEALTH: 2, Subject.OFFENCES: 1, Subject.UNION: 2}
    misleading = "Le syndic a la foi, croix de bois, mariage de M. Lesaint, ordonnance du juge, en peine."
    assert subjects(misleading) == {}


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(detect(f"NIR {NIR} {IBAN} a@b.example +33 6 12 34 56 78 +49 30 1234567")) >= 4


HOSTILE = {
    "digits": "1" * 200_000,
    "pairs": "12 " * 70_000,
    "zeros": "0 " * 100_000,
    "breaks": "1\n> " * 50_000,
    "spaces": "1" + " " * 200_000,
    "quotes": "1\n" + ">" * 200_000,
    "at": "@" * 200_000,
    "local": "a" * 200_000 + "@",
    "dots": "a@" + "a." * 100_000,
    "fr": "FR76" * 50_000,
    "chevrons": "P<" + "<" * 200_000,
    "tabs": "\t" * 200_000,
    "commas": ",," * 100_000,
    "plus": "+33 " * 50_000,
    "entities": "&nbsp;1" * 30_000,
    "letters": "O0l1 " * 40_000,
    "brackets": "(at) a." * 30_000,
    "words": "securite sociale " * 12_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long(name: str) -> None:
    """Twice the text takes about twice the time: a quadratic pattern would take four times, and minutes on these."""
    text = HOSTILE[name]
    start = time.process_time()
    detect(text[: len(text) // 4])
    quarter = time.process_time() - start
    start = time.process_time()
    detect(text)
    whole = time.process_time() - start
    assert whole < 8
    assert whole < max(1.0, 9 * quarter)


def test_the_document_names_every_kind_and_its_example_runs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "inventory-detectors.md").read_text(encoding="utf-8")
    section = page.split("## What is recognised", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == {kind.value for kind in Kind}
    example = page.split("```python\n", 1)[1].split("```", 1)[0]
    told = io.StringIO()
    with redirect_stdout(told):
        exec(compile(example, "example", "exec"), {})
    assert told.getvalue().splitlines() == [line[2:] for line in example.splitlines() if line.startswith("# ")]
