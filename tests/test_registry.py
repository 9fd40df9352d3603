"""Connectors come by entry point, imported on demand; every trouble names who can repair it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from migrate.errors import ConfigError
from migrate.registry import available, load
from tests.toys import install


def test_names_are_read_without_importing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, source="raise RuntimeError('imported')")
    names = {one.name: one for one in available()}
    assert {"toy", "google", "imap", "nextcloud", "memory"} <= names.keys()
    assert (names["toy"].distribution, names["toy"].version) == ("transhume-toy", "1.2")
    assert "transhume_toy" not in sys.modules


def test_loads_a_strangers_connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    assert load("toy").summary == "a system for tests"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'gogle'.*Did you mean 'google'.*Known: .*imap") as caught:
        load("gogle")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import nothing_of_that_name", "transhume-toy 1.2 cannot be imported"),
        ("raise SystemError('x')", "transhume-toy 1.2 cannot be imported"),
        ("", "transhume-toy 1.2 cannot be imported"),
        ("connector = 3", "transhume-toy 1.2 is not a connector factory"),
    ],
)
def test_a_broken_plugin_names_its_package(
    source: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, source=source)
    with pytest.raises(ConfigError, match=told):
        load("toy")


def test_one_name_offered_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, distribution="one-toy")
    install(tmp_path, monkeypatch, distribution="two-toy")
    with pytest.raises(ConfigError, match=r"one-toy|two-toy"):
        available()
