"""Pages as people meet them: headless Chromium from Debian, axe-core's verdict, every request to any network counted.

Chromium is a program that judges our result and that we did not write: missing in CI, it fails there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import require

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of one's own. Skips, in CI fails, when there is none."""
    path = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Seen:
    """What a page is to a reader."""

    violations: list[str]
    """``rule: how many places``, axe-core's words."""
    requests: list[str]
    """Addresses asked for besides the page's own file."""
    lang: str
    overflow: bool
    """Whether one has to scroll sideways at 320 px (WCAG 1.4.10)."""


def look(browser: Browser, page_file: Path, shots: Path | None = None) -> Seen:
    """Open the file, let axe-core judge it, narrow it; pictures go to ``shots`` (screen, print, narrow)."""
    # The page's own policy forbids scripts, axe-core's too: the browser is told to overlook it for the audit.
    context = browser.new_context(bypass_csp=True, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    results = _axe(page)
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=shots / f"{page_file.stem}.png", full_page=True)
        page.emulate_media(media="print")
        page.screenshot(path=shots / f"{page_file.stem}-print.png", full_page=True)
        page.emulate_media(media="screen")
    lang = str(page.evaluate("document.documentElement.lang"))
    page.set_viewport_size({"width": 320, "height": 800})
    overflow = bool(page.evaluate("document.documentElement.scrollWidth > 320"))
    if shots is not None:
        page.screenshot(path=shots / f"{page_file.stem}-narrow.png", full_page=True)
    context.close()
    others = [url for url in asked if url != page_file.as_uri() and not url.startswith("data:")]
    violations = [f"{one['id']}: {len(one['nodes'])}" for one in results["violations"]]
    return Seen(violations, others, lang, overflow)


def _axe(page: Page) -> dict[str, Any]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return found
