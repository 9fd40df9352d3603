"""Fixtures of the Google connector's tests: a stand-in, and readers on it that leave no file behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from migrate.model import Service
from migrate.protocols import Reader
from migrate.sandbox.google import GoogleStandIn, new_key
from tests.connectors.google_kit import (
    AMINA,
    connect,
    world,
)

MakeReader = Callable[..., Reader]


@pytest.fixture(scope="module")
def google_key() -> Any:
    return new_key()


@pytest.fixture
def google(google_key: Any) -> Iterator[GoogleStandIn]:
    with GoogleStandIn(world(), key=google_key) as stand_in:
        stand_in.quota.user = {
            name: limit.__class__(10**9, 403, limit.reason, limit.metric) for name, limit in stand_in.quota.user.items()
        }
        yield stand_in
        assert stand_in.defects == []
        assert all(line.method == "GET" or line.path in {"/batch", "/token"} for line in stand_in.log.lines)


@pytest.fixture
def make(google: GoogleStandIn, tmp_path: Path) -> Iterator[MakeReader]:
    with ExitStack() as stack:

        def reader(service: Service, account: str = AMINA, **settings: Any) -> Reader:
            made = connect(google, tmp_path, **settings).reader(account, service)
            stack.callback(made.close)
            return made

        yield reader
    assert list(tmp_path.iterdir()) == []
