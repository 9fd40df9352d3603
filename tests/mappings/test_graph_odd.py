"""Graph's JSON as it should not be: any text survives, and what cannot be translated is an error of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import graph_calendar, graph_contact, graph_html, graph_todo, vcard
from mappings.contentlines import unescape
from migrate.errors import MappingError
from migrate.model import Entry, Item

CASES = Path(__file__).parent / "cases"
MAPPINGS = {
    "graph_calendar": graph_calendar.to_icalendar,
    "graph_contact": graph_contact.to_vcard,
    "graph_todo": graph_todo.to_icalendar,
}
ENTRY = Entry(href="h", collection="c", etag="e")
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**7), st.text(max_size=5), st.just([]), st.just({}), st.just([None])
)


def case(folder: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / folder / f"{name}.json").read_bytes())
    return found


def body_of(folder: str, data: Any) -> bytes:
    body = MAPPINGS[folder](Item(entry=ENTRY, body=json.dumps(data).encode(), media_type="x/y")).item.body
    assert isinstance(body, bytes)
    return body


def printable(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and ord(c) not in (127, 0xFFFE, 0xFFFF)))


@given(st.text(), st.text())
def test_any_text_of_an_event_survives(subject: str, description: str) -> None:
    data = case("graph_calendar", "single")
    data["event"] |= {"subject": subject, "body": {"contentType": "text", "content": description}}
    body = body_of("graph_calendar", data)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    event = icalendar.Calendar.from_ical(body).walk("VEVENT")[0]
    assert str(event.get("SUMMARY", "")) == printable(subject)
    assert str(event.get("DESCRIPTION", "")).strip("\n") == printable(description).strip("\n")


@given(st.text(), st.text(), st.text())
def test_any_text_of_a_contact_survives(name: str, company: str, category: str) -> None:
    data = case("graph_contact", "work")
    data["contact"] |= {"displayName": name, "companyName": company, "categories": [category]}
    lines = {line.name: line.value for line in vcard.parse(body_of("graph_contact", data))}
    if printable(name).strip() and name.strip():
        assert unescape(lines["FN"]) == printable(name.strip())
    assert [unescape(part) for part in vcard.split(lines.get("CATEGORIES", ""), ",")] == [printable(category)]


@given(st.text())
def test_any_title_of_a_task_survives(title: str) -> None:
    data = case("graph_todo", "plain")
    data["task"]["title"] = title
    todo = icalendar.Calendar.from_ical(body_of("graph_todo", data)).walk("VTODO")[0]
    assert str(todo.get("SUMMARY", "")) == printable(title)


@given(st.text(alphabet="<>/!-[]&;=\"' abdiprscty\n\xa0é", max_size=80))
def test_no_markup_is_too_odd(markup: str) -> None:
    text, formatted = graph_html.to_text(markup)
    assert graph_html.without_teams(text) == text
    assert isinstance(formatted, bool)


@pytest.mark.parametrize("folder", MAPPINGS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_junk_in_one_place_is_translated_or_refused(folder: str, data: st.DataObject) -> None:
    names = sorted(path.stem for path in (CASES / folder).glob("*.json"))
    whole = case(folder, data.draw(st.sampled_from(names)))
    place: Any = whole
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 4)) == 0:
            break
        place = inner
    place[key] = data.draw(JUNK)
    try:
        body = body_of(folder, whole)
    except MappingError:
        return
    body.decode("utf-8")
    assert body.startswith((b"BEGIN:VCALENDAR\r\n", b"BEGIN:VCARD\r\n"))


def test_a_teams_block_is_taken_out_and_the_rest_stays() -> None:
    line = "_" * 40
    text = f"Bonjour\n{line}\nRéunion\nhttps://teams.microsoft.com/l/meetup-join/x\n{line}\nÀ bientôt"
    assert graph_html.without_teams(text) == "Bonjour\nÀ bientôt"
    other = f"Bonjour\n{line}\nSignature\n{line}"
    assert graph_html.without_teams(other) == other


def test_what_the_html_says_besides_the_text() -> None:
    assert graph_html.to_text("<p>a</p><script>x()</script><pre> b\n c</pre>") == ("a\n b\n c", True)
    assert graph_html.to_text("<html><body><div>a &amp; b</div></body></html>") == ("a & b", False)
    assert graph_html.body_text({"contentType": "html", "content": ""}) == ("", "")
    assert graph_html.body_text({}) == ("", "")
