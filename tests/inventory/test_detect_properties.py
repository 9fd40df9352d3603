"""Properties: every valid value in every supported dress is found; digits inside a hash never; offsets always hold."""

from __future__ import annotations

from random import Random

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn
from stdnum.be import bis, nn
from stdnum.fr import nif, nir, siren, siret

from migrate.inventory.detect import Kind, Level, detect, validators
from migrate.inventory.detect.normalise import normalise
from tests.inventory.corpus import dev, numbers, sealed
from tests.inventory.corpus.documents import SOURCES

FAST = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
SEEDS = st.integers(0, 10**9)
LABELS = {
    "nir": "N° de sécurité sociale :",
    "nif": "numéro fiscal",
    "siren": "SIREN",
    "siret": "n° SIRET",
    "fr_vat": "TVA",
    "fr_rib": "RIB",
    "be_nn": "NISS",
    "be_bis": "numéro BIS",
    "be_enterprise": "BCE",
    "iban": "IBAN",
    "card": "carte bancaire",
    "phone": "tél.",
}
DRESSED = [
    (source, dress)
    for style in (dev.STYLE, sealed.STYLE)
    for source, dresses in style.dresses.items()
    for dress in dresses
    if source != "nirbody"
]


@FAST
@given(seed=SEEDS, dressed=st.sampled_from(DRESSED))
def test_a_labelled_value_in_any_dress_is_found(seed: int, dressed: tuple[str, dev.Style]) -> None:
    source, dress = dressed
    kind, make = SOURCES[source]
    written = dress(make(Random(seed)))
    text = f"{LABELS[kind]} {written} ; suite"
    territory = "BE" if source.startswith("be") else "FR"
    found = [one for one in detect(text, territory=territory) if one.kind == kind and one.level < Level.CHECK]
    assert found, text
    assert text[found[0].start : found[0].end].strip("()") in written or written in text[found[0].start : found[0].end]


@FAST
@given(st.binary(min_size=20, max_size=200))
def test_digits_inside_a_hash_are_never_found(data: bytes) -> None:
    text = f"sha256 {data.hex()}a fin"
    assert [one for one in detect(text) if one.level < Level.CHECK] == []


@FAST
@given(st.text(alphabet=st.sampled_from("0123456789 .-/+OlA@FRBE\n\t;,:>()&#nbsp\u00a0\u00ad\u202f５é"), max_size=300))
def test_offsets_hold_on_any_text(text: str) -> None:
    end = 0
    for one in detect(text):
        assert end <= one.start < one.end <= len(text)
        end = one.end
        assert one.value
        assert one.kind in Kind


@FAST
@given(st.text(alphabet=st.sampled_from("a1 \u00a0\u00ad\u200b&nbsp;#160;５－é"), max_size=80), st.data())
def test_normal_text_maps_back(text: str, data: st.DataObject) -> None:
    normal = normalise(text)
    if not normal.text:
        return
    start = data.draw(st.integers(0, len(normal.text) - 1))
    end = data.draw(st.integers(start + 1, len(normal.text)))
    first, last = normal.span(start, end)
    assert 0 <= first < last <= len(text)
    assert normalise(text[first:last]).text == normal.text[start:end]


@FAST
@given(st.integers(0, 10**15 - 1))
def test_our_sums_agree_with_stdnum(number: int) -> None:
    for digits, mine, theirs in (
        (f"{number:015}"[:13], validators.nif, nif.is_valid),
        (f"{number:015}"[:9], validators.siren, siren.is_valid),
        (f"{number:015}"[:14], validators.siret, siret.is_valid),
        (f"{number:015}"[:11], validators.be_national, nn.is_valid),
        (f"{number:015}"[:11], validators.be_bis, bis.is_valid),
        (f"{number:015}", validators.nir, nir.is_valid),
    ):
        assert not mine(digits) or theirs(digits)


@FAST
@given(SEEDS)
def test_our_generators_agree_with_stdnum(seed: int) -> None:
    random = Random(seed)
    for make, valid in (
        (numbers.nir, nir.is_valid), (numbers.nif, nif.is_valid), (numbers.siren, siren.is_valid),
        (numbers.siret, siret.is_valid), (numbers.card, luhn.is_valid), (numbers.fr_iban, iban.is_valid),
        (numbers.be_nn, nn.is_valid), (numbers.be_bis, bis.is_valid),
    ):  # fmt: skip
        value = make(random)
        assert valid(value), (make.__name__, value)


@pytest.mark.parametrize(
    ("region", "make"), [("FR", numbers.fr_phone), ("BE", numbers.be_mobile), ("BE", numbers.be_landline)]
)
def test_our_phones_agree_with_phonenumbers(region: str, make: dev.Style) -> None:
    for seed in range(200):
        written = make(Random(seed))
        if written.startswith(("0639", "0692", "0693")):  # overseas, where the country code is another
            continue
        expected = phonenumbers.is_valid_number_for_region(phonenumbers.parse(written, region), region)
        found = [one for one in detect(f"tél {written}", territory=region) if one.kind is Kind.PHONE]
        assert bool(found) == expected, written
        if found:
            parsed = phonenumbers.parse(written, region)
            assert found[0].value == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
