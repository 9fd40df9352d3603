"""The migration's pages after a whole road: everything is in them, in both languages, for every reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from migrate.config import load_project
from migrate.report.words_sentences import french
from migrate.sandbox.association import association
from migrate.survey import survey
from tests.browser import chromium, look
from tests.system.field import Field, sandbox

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with sandbox(tmp_path_factory.mktemp("field") / "project") as running:
        assert running.run("plan").returncode == 0
        yield running


def pages(field: Field, *options: str) -> list[Path]:
    done = field.run("report", "migration", *options)
    assert done.returncode == 0, done.stderr
    reports = field.directory / "reports"
    return sorted([*reports.glob("migration.*.html"), *reports.glob("people/*.html")])


def test_the_plan_as_a_page_is_for_every_reader(field: Field, browser: Browser, tmp_path: Path) -> None:
    done = field.run("show", "--html")
    assert done.returncode == 0, done.stderr
    written = sorted((field.directory / "reports").glob("plan-*.html"))
    assert [path.name.split(".")[-2] for path in written] == ["en", "fr"]
    for path in written:
        seen = look(browser, path, tmp_path / "shots")
        assert (seen.violations, seen.requests, seen.overflow) == ([], [], False)
        assert seen.lang == path.name.split(".")[-2]
    english, french = (path.read_text("utf-8") for path in written)
    facts = survey(load_project(field.directory))
    assert f"The plan is ready: {facts.open} items." in english
    assert "Durée estimée" in french


def test_before_anything_moved_the_page_says_what_to_do(field: Field) -> None:
    facts = survey(load_project(field.directory))
    assert not facts.final
    pages(field)
    text = (field.directory / "reports" / "migration.en.html").read_text("utf-8")
    assert f"{facts.open} items are still to move." in text
    assert "Nothing was compared yet." in text


def test_the_final_report_is_whole_and_for_every_reader(field: Field, browser: Browser, tmp_path: Path) -> None:
    assert field.run("apply").returncode == 0
    assert field.run("verify").returncode == 0
    facts = survey(load_project(field.directory))
    assert facts.final
    written = pages(field, "--people")
    assert len(written) == 2 + 2 * len(facts.people)
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)
    for path in written[:4]:
        seen = look(browser, path, tmp_path / "shots")
        assert seen.violations == []
        assert seen.requests == []
        assert not seen.overflow
        assert seen.lang == path.name.split(".")[-2]
    stored = sum(lane.stored for lane in facts.lanes)
    assert f"{stored} items in all" in (field.directory / "reports" / "migration.en.html").read_text("utf-8")


def test_every_sentence_of_the_french_page_is_french(field: Field) -> None:
    facts = survey(load_project(field.directory))
    reasons = {text for lane in facts.lanes for text in lane.plan.texts.values()}
    losses = {reason for lane in facts.lanes for _, reason in lane.losses}
    assert reasons
    assert losses
    assert {text for text in reasons | losses if french(text) == text} == set()


def test_a_persons_page_names_nobody_else(field: Field) -> None:
    world = association("small")
    addresses = {person.source_account for person in (*world.people, *world.colleagues)}
    for path in (field.directory / "reports" / "people").glob("*.html"):
        text = path.read_text("utf-8")
        assert len([address for address in addresses if address in text]) == 1


def test_no_subject_and_no_title_is_in_a_page(field: Field) -> None:
    titles = {
        str(node.resource["name"])
        for account in association("small").google.values()
        for node in account.files
        if len(str(node.resource["name"])) > 6
    }
    assert titles
    for path in (field.directory / "reports").rglob("*.html"):
        text = path.read_text("utf-8")
        assert not [title for title in titles if title in text]
