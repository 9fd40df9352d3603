"""A target without room: told in the plan, left out by apply, with a code that says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from migrate.apply import apply_plan
from migrate.errors import Exit
from migrate.model import Service
from migrate.observe import Silent
from migrate.plan import make_plan
from tests.engine.twins import Twins


class Listener(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, level: str, text: str) -> None:
        self.said.append(text)


def test_a_full_target_is_a_veto_before_the_first_byte(tmp_path: Path) -> None:
    twins = Twins(tmp_path / "p", ("ana", "bob"))
    twins.add(Service.FILES, (), "big.bin", b"x" * 1000)
    limits = twins.target.capabilities[Service.FILES]
    twins.target.capabilities[Service.FILES] = replace(limits, free_bytes=999)
    summary = make_plan(twins.project)
    assert summary.exit_code == Exit.VETO
    listener = Listener()
    applied = apply_plan(twins.project, observer=listener)
    assert applied.exit_code == Exit.VETO
    assert any("999 bytes left" in text for text in listener.said)
    assert twins.bodies(twins.target, Service.FILES) == []
    twins.target.capabilities[Service.FILES] = limits
    assert make_plan(twins.project).exit_code == 0
    assert apply_plan(twins.project).exit_code == 0
    assert twins.bodies(twins.target, Service.FILES) == [b"x" * 1000]
