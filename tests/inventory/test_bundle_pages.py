"""The report's pages in a real browser: no violation for axe-core, no request, nothing to scroll sideways for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium, look
from tests.inventory import kit

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "project"
    return kit.take(kit.project(folder))[1].path


@pytest.mark.parametrize("audience", ["audit", "controller"])
@pytest.mark.parametrize(("name", "lang"), [("rapport.fr.html", "fr"), ("report.en.html", "en")])
def test_pages_are_for_everyone_and_ask_for_nothing(
    browser: Browser, bundle: Path, tmp_path: Path, audience: str, name: str, lang: str
) -> None:
    seen = look(browser, bundle / audience / name, tmp_path / "shots")
    assert seen.violations == []
    assert seen.requests == []
    assert seen.lang == lang
    assert not seen.overflow
    assert len(list((tmp_path / "shots").glob("*.png"))) == 3


def test_print_has_every_section(browser: Browser, bundle: Path, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto((bundle / "audit" / "rapport.fr.html").as_uri())
    data = page.pdf(path=tmp_path / "print.pdf", prefer_css_page_size=True)
    page.close()
    from pypdf import PdfReader

    text = "\n".join(one.extract_text() for one in PdfReader(tmp_path / "print.pdf").pages)
    assert data[:5] == b"%PDF-"
    for number in range(1, 13):
        assert f"\n{number}. " in f"\n{text}"
