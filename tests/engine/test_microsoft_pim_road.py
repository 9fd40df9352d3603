"""Calendars, contacts and tasks from Microsoft to a Nextcloud: everything in the golden cases arrives, and is the same.

The tenant is made of the mappings' own cases, so that each field of theirs goes the whole road.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events

from connectors.samples import body_of
from mappings import windows_zones
from migrate.apply import apply_plan
from migrate.config import Filters, Project, load_project
from migrate.model import Disposition, FindingKind, Service
from migrate.plan import make_plan
from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.tenant import Json, TaskList
from migrate.status import status
from migrate.verify import verify
from tests.connectors.microsoft_kit import without_limits
from tests.connectors.nextcloud_kit import PASSWORDS, Place, standin
from tests.sandbox.graph_world import ANNE, application, certificate, options, tenant

CASES = Path(__file__).parent.parent / "mappings" / "cases"
ONLY = Filters(services=frozenset({Service.CALENDAR, Service.CONTACTS, Service.TASKS}))
CONFIG = """
[migration]
name = "Route"
[source.ms]
connector = "microsoft"
{source}certificate = "file:cert.pem"
mailbox_requests = 10000000
[target.dst]
connector = "nextcloud"
url = "{url}"
password = "env:ALICE"
"""


def cases(folder: str) -> list[Json]:
    return [json.loads(path.read_bytes()) for path in sorted((CASES / folder).glob("*.json"))]


def events() -> list[Json]:
    """Each with ids of its own."""
    found = []
    for number, case in enumerate(cases("graph_calendar")):
        own = {"id": f"ev{number}", "iCalUId": f"040000008200E00074C5B7101A82E0080000000{number:03}AAAA"}
        event = {**case["event"], **own}
        if event["recurrence"] and not event["isAllDay"]:
            event |= {name: local(event[name], event["originalStartTimeZone"]) for name in ("start", "end")}
        if event.get("seriesMasterId"):
            event["seriesMasterId"] = f"elsewhere{number}"
        exceptions = [
            {**one, "id": f"ev{number}x{n}", "seriesMasterId": own["id"]} for n, one in enumerate(case["exceptions"])
        ]
        for one in exceptions if event["isAllDay"] else ():
            # Midnight where its author is, in the case; the stand-in reckons with that of UTC.
            one["originalStart"] = one["originalStart"].replace("07T22:00", "08T00:00")
        days = [name[-10:] for name in case["cancelled"]]
        series = {"exceptionOccurrences": exceptions, "cancelledOccurrences": days} if event["recurrence"] else {}
        found.append({name: value for name, value in {**event, **series}.items() if name != "@odata.etag"})
    return found


def local(value: Json, name: str) -> Json:
    """In the series' own zone, where the stand-in is to repeat it; it tells UTC nevertheless."""
    zone = windows_zones.find(name)
    moment = datetime.fromisoformat(value["dateTime"]).replace(tzinfo=UTC)
    if zone is None or value["timeZone"] != "UTC":
        return value
    return {"dateTime": f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": name}


def contacts() -> list[Json]:
    return [{**case["contact"], "id": f"co{number}"} for number, case in enumerate(cases("graph_contact"))]


def tasks() -> list[Json]:
    found = [{**case["task"], "id": f"ta{number}"} for number, case in enumerate(cases("graph_todo")) if "task" in case]
    steps = [{**case["step"], "id": f"st{number}"} for number, case in enumerate(cases("graph_todo")) if "step" in case]
    found[0]["checklistItems"] = steps
    return found


@pytest.fixture
def graph() -> Iterator[GraphStandIn]:
    made = tenant()
    account = made.accounts[ANNE]
    account.calendars[0].events = events()
    account.contact_folders[0].contacts[:] = contacts()
    account.task_lists[0].tasks[:] = tasks()
    account.task_lists.append(TaskList(resource={"id": "list3", "displayName": "Courses"}, tasks=[{"id": "zz"}]))
    with GraphStandIn(made, certificate=certificate()) as stand_in:
        without_limits(stand_in)
        yield stand_in
        assert stand_in.defects == []


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("ALICE", PASSWORDS["alice"])
    with standin(tmp_path / "server") as place:
        yield place


@pytest.fixture
def project(graph: GraphStandIn, cloud: Place, tmp_path: Path) -> Project:
    directory = tmp_path / "project"
    directory.mkdir(mode=0o700)
    (directory / "cert.pem").write_text(graph.certificate.pem)
    source = "".join(f'{name} = "{value}"\n' for name, value in options(graph).items())
    (directory / "migration.toml").write_text(CONFIG.format(source=source, url=cloud.url), encoding="utf-8")
    (directory / "accounts.csv").write_text(f"source,source_account,dst_account,wave\nms,{ANNE},alice,1\n")
    for file in directory.iterdir():
        file.chmod(0o600)
    return load_project(directory)


EVENTS, CONTACTS, TASKS = len(events()), len(contacts()) + 1, len(tasks()) + 2 + 1
TOTAL, LEFT = EVENTS + CONTACTS + TASKS, 2


def happening(place: Place, spool: Path) -> Counter[str]:
    """When something happens in alice's calendars, over ten years, by an expander that is not ours."""
    found: Counter[str] = Counter()
    reader = place.connector(spool).reader("alice", Service.CALENDAR)
    for entry in reader.entries():
        calendar = icalendar.Calendar.from_ical(body_of(reader.get(entry)))
        if all(event.get("RECURRENCE-ID") for event in calendar.walk("VEVENT")):
            found.update(moment_of(event["DTSTART"].dt) for event in calendar.walk("VEVENT"))
        else:
            events = recurring_ical_events.of(calendar).between((2024, 1, 1), (2034, 1, 1))
            found.update(moment_of(event["DTSTART"].dt) for event in events)
    reader.close()
    return found


def moment_of(moment: date) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}" if isinstance(moment, datetime) else f"{moment}T00:00"


def happening_at_microsoft(graph: GraphStandIn) -> Counter[str]:
    """The same by the stand-in's own reckoning of patterns, which knows no RRULE."""
    found: Counter[str] = Counter()
    with application(graph) as session:
        for year in range(2024, 2034):
            window = f"startDateTime={year}-01-01T00:00:00Z&endDateTime={year + 1}-01-01T00:00:00Z"
            url = f"{graph.url}/v1.0/users/{ANNE}/calendars/cal1/calendarView?{window}&$select=start&$top=900"
            while url:
                page = session.get(url).json()
                found.update(row["start"]["dateTime"][:16] for row in page["value"])
                url = page.get("@odata.nextLink")
    return found


def test_all_of_it_arrives_and_nobody_hears_of_it(
    project: Project, graph: GraphStandIn, cloud: Place, tmp_path: Path
) -> None:
    planned = make_plan(project, ONLY)
    assert (planned.total(Disposition.PLANNED), planned.total(Disposition.EXCLUDED)) == (TOTAL, LEFT)
    assert planned.sums_check
    applied = apply_plan(project)
    assert (applied.done, applied.failed, applied.exit_code) == (TOTAL, 0, 0)
    checked = verify(project, ONLY)
    assert checked.counts == {FindingKind.MATCH: TOTAL, FindingKind.NOT_MOVED: LEFT}
    assert checked.exit_code == 0
    assert not make_plan(project, ONLY).changes
    assert status(project).open == 0
    assert cloud.mails() == 0
    arrived = happening(cloud, tmp_path)
    told = happening_at_microsoft(graph)
    assert (arrived - told, told - arrived) == (Counter(), Counter())
    assert arrived.total() > 3000


def test_faults_on_the_way_lose_nothing(project: Project, graph: GraphStandIn, cloud: Place) -> None:
    graph.faults.set(
        [
            Rule(kind="status", status=429, path="/users/", times=12, probability=0.3, retry_after=1),
            Rule(kind="cut-during", path="/users/", times=3, skip=8, probability=0.3),
        ]
    )
    make_plan(project, ONLY)
    applied = apply_plan(project)
    assert (applied.done, applied.failed) == (TOTAL, 0)
    assert graph.faults.fired > 5
    assert verify(project, ONLY).counts[FindingKind.MATCH] == TOTAL
    assert cloud.mails() == 0


def test_what_changes_later_follows(project: Project, graph: GraphStandIn) -> None:
    make_plan(project, ONLY)
    apply_plan(project)
    account = graph.tenant.accounts[ANNE]
    series = next(event for event in account.calendars[0].events if event.get("cancelledOccurrences"))
    graph.edit.put_event(ANNE, "cal1", {**series, "subject": "Renommée"})
    graph.edit.put_contact(ANNE, "contacts", {**contacts()[0], "companyName": "Autre"})
    graph.edit.put_task(ANNE, "list3", {"id": "zz", "title": "Pain", "status": "completed"})
    graph.edit.put_task(ANNE, "list3", {"id": "zy", "title": "Sel"})
    planned = make_plan(project, ONLY)
    assert planned.total(Disposition.PLANNED) == 4
    applied = apply_plan(project)
    assert (applied.done, applied.exit_code) == (4, 0)
    assert verify(project, ONLY).counts == {FindingKind.MATCH: TOTAL + 1, FindingKind.NOT_MOVED: LEFT}


def test_losses_are_known_before_anything_moves(project: Project) -> None:
    losses = {field for lane in make_plan(project, ONLY).lanes for field, _ in lane.losses}
    assert {"attachment", "conference", "timezone", "cancelled", "sensitivity", "due", "link", "status"} <= losses
