"""Fixtures of the Google and Graph stand-ins: one key for all, one stand-in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from migrate.sandbox.google import GoogleStandIn, new_key
from migrate.sandbox.graph import GraphStandIn
from tests.sandbox import graph_world
from tests.sandbox.google_world import Client, world

MakeClient = Callable[..., Client]


@pytest.fixture(scope="session")
def google_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture
def google(google_key: RSAPrivateKey) -> Iterator[GoogleStandIn]:
    with GoogleStandIn(world(), key=google_key) as stand_in:
        yield stand_in
        assert stand_in.defects == []


@pytest.fixture
def client(google: GoogleStandIn) -> Iterator[MakeClient]:
    with ExitStack() as stack:

        def make(service: str, **options: Any) -> Client:
            made = Client(google, service, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def gmail(client: MakeClient) -> Any:
    return client("gmail").api.users()


@pytest.fixture
def calendar(client: MakeClient) -> Any:
    return client("calendar").api


@pytest.fixture
def drive(client: MakeClient) -> Any:
    return client("drive").api


@pytest.fixture
def graph() -> Iterator[GraphStandIn]:
    with GraphStandIn(graph_world.tenant(), certificate=graph_world.certificate()) as stand_in:
        yield stand_in
        assert stand_in.defects == []


@pytest.fixture
def app(graph: GraphStandIn) -> Iterator[requests.Session]:
    """A session with the application's own token, asking for immutable ids."""
    with graph_world.application(graph) as session:
        yield session
