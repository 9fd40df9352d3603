"""Tasks on Nextcloud: in lists of their own, and read from wherever they are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connectors.nextcloud.calendars import comparable
from connectors.nextcloud.tasks import NextcloudTasks
from connectors.samples import body_of, event
from migrate.errors import LimitReached, Rejected
from migrate.model import Collection, Item
from migrate.protocols import SupportsGetMany, Target
from tests.connectors.nextcloud_kit import ALICE, Place, either, item, standin


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "server") as found:
        yield found


@pytest.fixture
def target(place: Place, tmp_path: Path) -> Iterator[NextcloudTasks]:
    with place.tasks(tmp_path) as found:
        yield found


def ics(body: bytes) -> Item:
    return item(body, media_type="text/calendar")


def task(n: int) -> bytes:
    return event(n, "x").replace(b"VEVENT", b"VTODO").replace(b"DTEND:", b"DUE:").replace(b"contract-", b"tache-")


def test_it_is_a_target_with_its_abilities(target: NextcloudTasks) -> None:
    assert isinstance(target, Target)
    assert isinstance(target, SupportsGetMany)
    assert target.capabilities.accepts == {"text/calendar"}


def test_a_list_takes_tasks_alone_and_is_no_calendar(place: Place, target: NextcloudTasks, tmp_path: Path) -> None:
    made = target.ensure(Collection(href="", path=("Courses",), properties={"color": "#9fe1e7"}))
    assert (made.path, made.role, made.properties["color"]) == (("Courses",), "", "#9fe1e7")
    with pytest.raises(Rejected):
        target.put(made, "e.ics", ics(event(1, "x")), expects=None)
    target.put(made, "t.ics", ics(task(1)), expects=None)
    with place.calendars(tmp_path) as calendars:
        assert made.href not in {c.href for c in calendars.collections()}
        assert made.href not in {e.collection for e in calendars.entries()}


def test_the_default_list_goes_by_its_name(target: NextcloudTasks) -> None:
    made = target.ensure(Collection(href="", path=("Mes tâches",), role="primary"))
    assert not made.href.endswith("/personal")
    assert target.ensure(Collection(href="", path=("Mes tâches",), role="primary")).href == made.href
    assert target.ensure(Collection(href="", path=("Autres",), role="primary")).href != made.href


def test_a_task_among_events_is_read_as_a_task_and_nothing_is_written_there(
    place: Place, target: NextcloudTasks, tmp_path: Path
) -> None:
    """In a calendar that another program made for both; the first one of an account takes events alone."""
    uri = f"calendars/{ALICE}/both-{uuid.uuid4().hex[:8]}"
    dav = place.dav(tmp_path)
    with place.calendars(tmp_path) as calendars, closing(dav):
        dav.send("MKCALENDAR", dav.url(uri))
        (personal,) = [c for c in calendars.collections() if uri in c.href]
        before = {c.href for c in target.collections()}
        task_here = calendars.put(personal, "tache-essai.ics", ics(task(1)), expects=None)
        event_here = calendars.put(personal, "event-essai.ics", ics(event(1, "x")), expects=None)
        try:
            (entry,) = [e for e in target.entries() if e.collection == personal.href]
            assert entry.href == task_here.href
            assert comparable(body_of(target.get(entry))) == comparable(task(1))
            assert personal.href in {c.href for c in target.collections()}
            assert personal.href not in before
            assert task_here.href not in {e.href for e in calendars.entries()}
            assert target.ensure(Collection(href="", path=personal.path)).href != personal.href
            assert event_here.href in {e.href for e in calendars.entries()}
            first = calendars.ensure(Collection(href="", path=("Personal",), role="primary"))
            with pytest.raises(Rejected, match="InvalidComponentType"):
                calendars.put(first, "tache-essai.ics", ics(task(1)), expects=None)
        finally:
            dav.send("DELETE", dav.url(uri), headers={"X-NC-CalDAV-No-Trashbin": "1"})


def test_a_deleted_task_can_be_made_again(target: NextcloudTasks) -> None:
    made = target.ensure(Collection(href="", path=("Courses",)))
    for _ in range(2):
        stored = target.put(made, "t.ics", ics(task(1)), expects=None)
        (entry,) = [e for e in target.entries() if e.collection == made.href]
        target.delete(entry, expects=stored.etag)


def test_a_list_of_nothing_but_subtasks_and_completed_ones(target: NextcloudTasks) -> None:
    made = target.ensure(Collection(href="", path=("Fait",)))
    done = b"STATUS:COMPLETED\r\nCOMPLETED:20260301T080000Z\r\nRELATED-TO:tache-1@example.org\r\n"
    body = task(2).replace(b"END:VTODO", done + b"END:VTODO")
    target.put(made, "t.ics", ics(body), expects=None)
    (entry,) = [e for e in target.entries() if e.collection == made.href]
    ((_, answer),) = target.get_many([entry])
    assert isinstance(answer, Item)
    assert comparable(body_of(answer)) == comparable(body)


def test_lists_count_as_calendars(tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place, place.tasks(tmp_path) as target:
        assert place.standin is not None
        for n in range(29):
            place.standin.clock.advance(3600)
            target.ensure(Collection(href="", path=(f"Liste {n}",)))
        place.standin.clock.advance(3600)
        with pytest.raises(LimitReached, match="HTTP 403"):
            target.ensure(Collection(href="", path=("Une de plus, avec le calendrier par défaut",)))
