"""vCard 4 written and read back, and what two writings of one card have in common."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical import digest, digest_file
from mappings.contentlines import text, unescape
from mappings.vcard import Property, card, data_uri, listed, parse, parse_line, split, structured
from mappings.vcard_normal import normal_form

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")
CONTROLS = "".join(map(chr, (*range(10), *range(11, 32), 127)))
TEXTS = st.text(st.characters(exclude_characters=CONTROLS, exclude_categories=["Cs"]), max_size=120)
WORDS = st.text("abcdefgh-0123456789", min_size=1, max_size=8).filter(lambda word: word.strip("-"))
PARAMETERS = st.dictionaries(WORDS.map(str.upper), st.lists(TEXTS, min_size=1, max_size=3).map(tuple), max_size=3)
PROPERTIES = st.builds(
    Property,
    st.sampled_from(["FN", "NOTE", "TITLE", "X-SOMETHING", "EMAIL"]),
    TEXTS.map(text),
    PARAMETERS,
    st.sampled_from(["", "item1", "Item2"]),
)

VERSION_3 = rb"""BEGIN:VCARD
VERSION:3.0
UID:carte-1@tilleuls.example
FN:Bruno
N:Exemple;Bruno;;;
TEL;TYPE=CELL,PREF:+32 470 00 00 00
BDAY;VALUE=DATE;X-APPLE-OMIT-YEAR=1604:1604-04-03
PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=
LABEL:x
CLASS:PRIVATE
X-ANNIVERSARY:2010-05-01
URL;TYPE=WORK:https://example.org/a\,b
ADR;TYPE=HOME:;;1 rue;Ville;;75000;France
ORG:A\;B;C
END:VCARD
"""
AS_4_BY_A_SERVER = rb"""BEGIN:VCARD
VERSION:4.0
PRODID:-//Sabre//Sabre VObject 4.5.6//EN
UID:carte-1@tilleuls.example
FN:Bruno
N:Exemple;Bruno;;;
TEL;TYPE=CELL;PREF=1:+32 470 00 00 00
BDAY;VALUE=DATE:--04-03
PHOTO;VALUE=URI:data:image/png;base64\,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQA
 AAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=
ANNIVERSARY;VALUE=UNKNOWN:2010-05-01
URL;TYPE=WORK;VALUE=URI:https://example.org/a\\,b
ADR;TYPE=HOME:;;1 rue;Ville;;75000;France
ORG:A\;B;C
END:VCARD
"""
RICH = card(
    [
        Property("UID", "urn:uuid:00000000-0000-4000-8000-000000000001"),
        Property("FN", text("Élodie Exemple")),
        Property("N", structured(["Exemple", ["Élodie", "Anne"], "", "Dr, méd.", ""])),
        Property("EMAIL", "elodie@example.org", {"PREF": ("1",), "TYPE": ("home",)}, "item1"),
        Property("X-ABLABEL", text("Bureau; annexe"), group="item1"),
        Property("EMAIL", "e@example.com", {"PREF": ("2",)}, "item2"),
        Property("X-ABLABEL", text("Ancienne"), group="item2"),
        Property("CATEGORIES", listed(["Bénévoles, anciens", "Bureau"])),
        Property("BDAY", "19700403"),
        Property("RELATED", "Jean", {"VALUE": ("text",), "TYPE": ("sibling",)}),
        Property("PHOTO", data_uri("image/png", PIXEL)),
        Property("NOTE", text("Deux\nlignes, et une barre \\")),
    ]
)


@given(st.lists(PROPERTIES, max_size=6))
def test_what_is_written_is_read_back(properties: list[Property]) -> None:
    version, *read = parse(card(properties))
    assert version == Property("VERSION", "4.0")
    assert read == properties


@given(TEXTS)
def test_a_text_comes_back(value: str) -> None:
    assert unescape(text(value)) == value


@given(st.lists(TEXTS, min_size=1, max_size=7))
def test_components_and_lists_come_back(values: list[str]) -> None:
    assert [unescape(part) for part in split(structured(values), ";")] == values
    assert [unescape(part) for part in split(listed(values), ",")] == values


@given(st.lists(PROPERTIES, max_size=6))
def test_lines_hold_75_octets_and_whole_characters(properties: list[Property]) -> None:
    body = card(properties)
    lines = body.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()


def test_a_card_begins_with_its_version() -> None:
    assert RICH.startswith(b"BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert RICH.endswith(b"END:VCARD\r\n")


def test_parameters_given_twice_or_without_a_name() -> None:
    read = parse_line('item1.tel;TYPE=home;type=voice,"cell";PREF:+33 1')
    assert read == Property("TEL", "+33 1", {"TYPE": ("home", "voice", "cell", "PREF")}, "item1")


@pytest.mark.parametrize(
    "body", [b"", b"BEGIN:VCARD\r\n", RICH + RICH, b"FN:x\r\n", RICH.replace(b"FN:", b"F N:"), b"\xff" + RICH]
)
def test_what_is_no_card(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(body)
    assert digest("text/vcard", body) == digest("application/octet-stream", body)


@given(st.randoms(), st.integers(5, 200), st.sampled_from([b"\r\n", b"\n"]))
def test_order_folding_and_case_do_not_count(chance: random.Random, width: int, line_break: bytes) -> None:
    begin, version, *lines, end, _ = RICH.replace(b"\r\n ", b"").decode().split("\r\n")
    chance.shuffle(lines)
    other = b""
    for line in (begin, version, "PRODID:-//x//y", "REV:20200101T000000Z", *lines, end):
        head, colon, value = line.partition(":")
        written = (head.upper() if chance.random() < 0.5 else head.lower()) + colon + value
        pieces = [written[n : n + width].encode() for n in range(0, len(written), width)]
        other += (line_break + b" ").join(pieces) + line_break
    assert normal_form(other) == normal_form(RICH)


@given(st.data())
def test_any_changed_value_counts(data: st.DataObject) -> None:
    properties = parse(RICH)
    chosen = data.draw(st.sampled_from([n for n, p in enumerate(properties) if p.name != "VERSION"]))
    old = properties[chosen]
    properties[chosen] = Property(old.name, old.value + "x", old.params, old.group)
    assert normal_form(card(properties[1:])) != normal_form(RICH)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        (b"item2.X-ABLABEL", b"item1.X-ABLABEL"),
        (b"PREF=1", b"PREF=3"),
        (b"TYPE=sibling", b"TYPE=friend"),
        (b"VALUE=text", b"VALUE=uri"),
        (b"anciens,Bureau", b"anciens\\,Bureau"),
    ],
)
def test_what_a_parameter_a_group_or_a_comma_says_counts(written: bytes, otherwise: bytes) -> None:
    assert written in RICH
    assert normal_form(RICH.replace(written, otherwise)) != normal_form(RICH)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        (b"item2.", b"item7."),
        (b"19700403", b"1970-04-03"),
        (b"anciens,Bureau", b"anciens\r\nCATEGORIES:Bureau"),
        (b"data:image/png;base64,", b"data:image/png;base64\\,"),
        (b"VERSION:4.0", b"VERSION:4.0\r\nPRODID:x"),
        (b"PREF=1;TYPE=home", b"TYPE=HOME;TYPE=pref"),
    ],
)
def test_what_is_only_another_writing(written: bytes, otherwise: bytes) -> None:
    flat = RICH.replace(b"\r\n ", b"")
    assert written in flat
    assert normal_form(flat.replace(written, otherwise)) == normal_form(RICH)


def test_version_3_and_what_a_server_makes_of_it() -> None:
    """Both bodies as a Nextcloud 32 took and gave them."""
    assert normal_form(VERSION_3) == normal_form(AS_4_BY_A_SERVER)
    assert normal_form(VERSION_3.replace(b"1604-04-03", b"1604-04-04")) != normal_form(AS_4_BY_A_SERVER)
    assert normal_form(VERSION_3.replace(b"AAYAAjCB", b"AAYAAjCC")) != normal_form(AS_4_BY_A_SERVER)


def test_a_file_has_the_digest_of_its_card(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    path.write_bytes(VERSION_3)
    assert digest_file("text/vcard", path) == digest("text/vcard", AS_4_BY_A_SERVER)
