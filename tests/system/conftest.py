"""One association, moved once, for all the tests that only look at what came of it.

They are collected by ``test_road.py``, so that one worker runs them all; ``field`` is asked for first by whoever needs
the moment before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.field import Field, sandbox


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The sandbox, before anything."""
    with sandbox(tmp_path_factory.mktemp("road") / "project") as running:
        yield running


@pytest.fixture(scope="session")
def planned(road: Field) -> Any:
    """The first plan."""
    return road.run("plan", "--detailed-exitcode")


@pytest.fixture(scope="session")
def logs_after_plan(road: Field, planned: Any) -> dict[str, list[dict[str, Any]]]:
    """What the servers were asked until then."""
    return {server: road.log(server) for server in ("google", "nextcloud")}


@pytest.fixture(scope="session")
def moved(road: Field, planned: Any, logs_after_plan: Any) -> Any:
    """Its apply."""
    return road.run("apply")


@pytest.fixture(scope="session")
def verified(road: Field, moved: Any) -> Any:
    """The comparison after it."""
    return road.run("--json", "verify")
