"""The states of a wave and the moves between them. Pure: no I/O, no clock.

A wave is the people of one number in the accounts file. It is *planned*, then *prestaged* by a first apply, brought
up to date by *deltas* while everyone works on, *frozen* for the last one, *cut over* when that is applied, *verified*
when both sides agree, and *signed* by a person. After that nothing of it is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from migrate.errors import WaveRefused


class WaveState(StrEnum):
    """Where a wave stands."""

    PLANNED = "planned"
    PRESTAGED = "prestaged"
    DELTA = "delta"
    FROZEN = "frozen"
    CUTOVER = "cutover"
    VERIFIED = "verified"
    SIGNED = "signed"


_S = WaveState
MOVES: dict[WaveState, frozenset[WaveState]] = {
    _S.PLANNED: frozenset({_S.PRESTAGED}),
    _S.PRESTAGED: frozenset({_S.DELTA, _S.FROZEN, _S.PLANNED}),
    _S.DELTA: frozenset({_S.DELTA, _S.FROZEN, _S.PLANNED}),
    _S.FROZEN: frozenset({_S.CUTOVER, _S.DELTA, _S.PLANNED}),
    _S.CUTOVER: frozenset({_S.VERIFIED, _S.CUTOVER, _S.PLANNED}),
    _S.VERIFIED: frozenset({_S.SIGNED, _S.CUTOVER, _S.PLANNED}),
    _S.SIGNED: frozenset(),
}
"""Back to planned only by a rollback, from frozen to delta when the day was put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave."""

    name: str
    state: WaveState = WaveState.PLANNED
    deltas: int = 0
    """Passes applied after the first."""
    at: str = ""
    """When it came to this state, ISO 8601; empty at the beginning."""
    approved: frozenset[str] = frozenset()
    """Kinds of losses and open items that a person signed off."""
    approved_by: str = ""
    approved_at: str = ""
    signed_by: str = ""

    @property
    def title(self) -> str:
        """``delta 3``, ``frozen``…"""
        return f"{self.state} {self.deltas}" if self.state is WaveState.DELTA else self.state.value


def advance(wave: Wave, to: WaveState, *, at: str = "") -> Wave:
    """The wave in its next state. Raises WaveRefused for a move that does not exist."""
    if to not in MOVES[wave.state]:
        if wave.state is WaveState.SIGNED:
            raise WaveRefused(f"Wave {wave.name} is signed off: nothing of it changes any more.")
        allowed = ", ".join(sorted(MOVES[wave.state] - {WaveState.PLANNED}))
        raise WaveRefused(f"Wave {wave.name} is {wave.title}: from there it can become {allowed}, not {to}.")
    deltas = wave.deltas + 1 if to is WaveState.DELTA and wave.state is not WaveState.FROZEN else wave.deltas
    if to is WaveState.PLANNED:
        return Wave(name=wave.name, at=at)
    return replace(wave, state=to, deltas=deltas, at=at)


def after_apply(wave: Wave, *, at: str = "") -> Wave:
    """What a whole plan that was applied to its end makes of a wave."""
    if wave.state is WaveState.PLANNED:
        return advance(wave, WaveState.PRESTAGED, at=at)
    if wave.state in (WaveState.PRESTAGED, WaveState.DELTA):
        return advance(wave, WaveState.DELTA, at=at)
    return wave


def not_approved(wave: Wave, kinds: Iterable[str]) -> list[str]:
    """Kinds of losses and open items that nobody signed off yet."""
    return sorted(set(kinds) - wave.approved)


def next_step(wave: Wave, *, to_apply: bool = False) -> str:
    """What to do next, as a command and its reason. ``to_apply``: the newest plan holds something of it to do."""
    option = f"--wave {wave.name}"
    match wave.state:
        case WaveState.PLANNED | WaveState.PRESTAGED | WaveState.DELTA if to_apply:
            return "transhume apply: it does what is left of the newest plan"
        case WaveState.PLANNED:
            return f"transhume plan {option}, then transhume apply"
        case WaveState.PRESTAGED | WaveState.DELTA if not wave.approved_by:
            return (
                f"transhume plan {option} and apply now and then; transhume approve {option} --by NAME before the day"
            )
        case WaveState.PRESTAGED | WaveState.DELTA:
            return f"on the day: transhume cutover {option}"
        case WaveState.FROZEN | WaveState.CUTOVER:
            return f"transhume cutover {option} again: it goes on where it stopped"
        case WaveState.VERIFIED:
            return f"the checklist (mail exchanger, forwarding), then transhume sign {option} --by NAME"
    return "nothing: it is signed off"
