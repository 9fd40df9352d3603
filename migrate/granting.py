"""The grants of one lane, in a worker, once the items of all lanes are there: nobody sees half of a folder."""

from __future__ import annotations

from migrate.errors import ConnectorError, Scope
from migrate.lanework import Begin, Begun, Channel, Done, Share
from migrate.ledger import Result, chunks
from migrate.model import Collection, State, Verb
from migrate.planfile import Action, PlanFile, Section
from migrate.planrows import Sharing
from migrate.protocols import SupportsGrants, Target
from migrate.rows import GRANT

BATCH = 50


class LaneGrants:
    """Makes the grants of one lane, once the items of all lanes are there."""

    def __init__(self, plan: PlanFile, section: Section, target: Target, channel: Channel) -> None:
        self._plan, self._section, self._target, self._channel = plan, section, target, channel

    def run(self) -> None:
        """All of them, or up to an interruption. Each is recorded at once. Raises what stops the lane."""
        if not isinstance(self._target, SupportsGrants):
            return
        homes = {place.number: place.collection for place in self._plan.places(self._section)}
        for steps in chunks(self._plan.section_grants(self._section), BATCH):
            begun = self._channel.ask(Begin(self._section, [_as_action(step) for step in steps]))
            if not isinstance(begun, Begun):
                raise TypeError("the main thread answered something else")
            for step in steps:
                if self._channel.stopping:
                    return
                if step.n not in begun.settled:
                    pair = begun.pairs.get(step.href) if step.href else None
                    result = self._make(self._target, step, homes[step.collection], pair.target_href if pair else "")
                    self._channel.tell(Done(self._section, [result]))

    def _make(self, target: SupportsGrants, step: Sharing, home: Collection, item: str) -> Result:
        if step.href and not item:
            return _ended(step, State.FAILED, f"{GRANT}-without-item")
        try:
            href = item or self._target.ensure(home).href
            if step.grant not in set(target.grants(href)):
                self._channel.ask(Share(self._section, href, step.grant))
            target.grant(href, step.grant)
        except ConnectorError as error:
            if error.scope > Scope.COLLECTION:
                raise
            return _ended(step, State.FAILED, f"{GRANT}-{type(error).__name__}")
        return _ended(step, State.DONE, GRANT)


def _as_action(step: Sharing) -> Action:
    """To ask the ledger about it."""
    return Action(n=step.n, verb=Verb.CREATE, href=step.href, etag="", size=0, collection=step.collection)


def _ended(step: Sharing, state: State, code: str) -> Result:
    return Result(n=step.n, source_href="", state=state, code=code)
