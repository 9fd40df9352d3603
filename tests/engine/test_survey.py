"""Where a migration stands, on twins: before anything moved, and when all of it did."""

from __future__ import annotations

from pathlib import Path

from migrate.apply import apply_plan
from migrate.model import Service
from migrate.pages import write_pages
from migrate.plan import make_plan
from migrate.survey import survey
from migrate.verify import verify
from tests.engine.twins import Twins, message


def test_before_anything_moved_the_page_says_what_to_do_and_in_the_end_that_it_is_done(tmp_path: Path) -> None:
    twins = Twins(tmp_path / "p")
    for number in range(3):
        twins.add(Service.MAIL, ("INBOX",), "", message(number))
    planned = make_plan(twins.project)
    before = survey(twins.project)
    assert (before.open, before.final) == (3, False)
    (english,) = (path for path in write_pages(twins.project, before) if path.name == "migration.en.html")
    assert "3 items are still to move." in english.read_text("utf-8")
    assert "Nothing was compared yet." in english.read_text("utf-8")
    apply_plan(twins.project, planned.path)
    assert not survey(twins.project).final, "not proved yet"
    assert verify(twins.project).exit_code == 0
    after = survey(twins.project)
    assert (after.open, after.final) == (0, True)
    write_pages(twins.project, after)
    assert "Everything planned has arrived." in english.read_text("utf-8")
