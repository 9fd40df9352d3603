"""The plan of one lane: each item decided and written, and what an earlier pass stored and is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from migrate.config import Lane
from migrate.convert import SEPARATOR, key_of, renamed
from migrate.decide import Decision, Powers, Spot, because, decide, decide_gone, moved
from migrate.discover import Scanned
from migrate.ledger import Ledger, Scan, chunks
from migrate.model import Disposition, Loss, NameRules, Service, Verb
from migrate.movers import Mover, Turn, order
from migrate.planfile import Action, Left, Place, PlanWriter, Totals
from migrate.rows import Pair, SourceRow, TargetRow
from migrate.rules import Rules, Sieve
from migrate.summaries import Estimate

CANDIDATES = 20
"""Copies of gone items among which apply looks for a new one, at most."""
SENT = frozenset({Verb.CREATE, Verb.UPDATE, Verb.REPLACE})
"""What sends bytes to the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletions:
    """Whether what is gone from the source is removed from the target, and up to how much of a lane."""

    propagate: bool = False
    most: int = 100
    percent: float = 5.0

    def too_many(self, count: int, stored: int) -> bool:
        """Whether ``count`` of ``stored`` items are more than may go at once."""
        return count > self.most or count * 100 > self.percent * stored


@dataclass(slots=True)
class Tally:
    """What the items of a lane add up to."""

    counts: Counter[Disposition] = field(default_factory=Counter)
    verbs: Counter[Verb] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    losses: Counter[tuple[str, str]] = field(default_factory=Counter)
    size: int = 0
    exact: bool = True
    discovered: int = 0
    grants: int = 0
    grants_per_hour: int | None = None
    sent: int = 0
    """Items whose bytes go to the target."""
    estimate: Estimate | None = None

    def add(self, decision: Decision, losses: Iterable[Loss] = (), size: int | None = 0, *, exact: bool = True) -> None:
        """One item."""
        self.counts[decision.disposition] += 1
        if decision.code:
            self.reasons[decision.disposition.value, decision.code, decision.reason] += 1
        if decision.verb is not None:
            self.verbs[decision.verb] += 1
        if decision.verb in SENT:
            self.sent += 1
            self.size += size or 0
            self.exact = self.exact and exact
            self.losses.update({(loss.field, loss.reason): 1 for loss in losses})

    def totals(self, error: str = "", code: int = 0) -> Totals:
        """The lane's last row."""
        return Totals(
            discovered=self.discovered,
            counts={key.value: count for key, count in sorted(self.counts.items())},
            bytes_planned=self.size,
            bytes_exact=self.exact,
            reasons=tuple((*key, count) for key, count in sorted(self.reasons.items())),
            losses=tuple((*key, count) for key, count in sorted(self.losses.items())),
            verbs={key.value: count for key, count in sorted(self.verbs.items())},
            grants=self.grants,
            grants_per_hour=self.grants_per_hour,
            seconds=(self.estimate.low, self.estimate.high) if self.estimate is not None else (0.0, 0.0),
            limit=self.estimate.limit if self.estimate is not None else "",
            error=error,
            exit_code=code,
        )


class LanePlan:
    """Decides and writes one lane. Its memory grows with what moved or went, not with what is there."""

    def __init__(
        self,
        writer: PlanWriter,
        lane: Lane,
        scan: Scan,
        ledger: Ledger,
        scanned: Scanned,
        rules: Rules,
        deletions: Deletions,
    ) -> None:
        self._writer, self._lane, self._scan, self._ledger, self._scanned = writer, lane, scan, ledger, scanned
        self._lane_id = ledger.known_lane(lane.key)
        self._stored = ledger.pair_count(self._lane_id)
        self._sieve = Sieve(rules, SEPARATOR)
        self._deletions = deletions
        capabilities = scanned.capabilities
        self._powers = Powers(moves=capabilities.moves, reflags=capabilities.reflags)
        self._names = _Names(lane, scan, ledger, self._lane_id, scanned)
        self._numbers: dict[str, int] = {}
        self._leaving: set[str] = set()
        """Target hrefs whose item is planned to go elsewhere: their names will be free."""
        self._aside: set[str] = set()
        """Source hrefs of those that are moved twice."""
        self.tally = Tally()

    def write(self) -> Tally:
        """The whole lane: collections, what moves within the target, what is sent, what is gone."""
        self._write_places()
        self.tally.discovered = self._scan.source_count(self._lane.key)
        gone = _Gone(list(self._gone()), mail=self._lane.service is Service.MAIL)
        movers = self._movers() if self._stored else {}
        for turns in chunks(self._in_order(movers)):
            rows = self._scan.listed(self._lane.key, [turn.href for turn in turns])
            for aside, some in groupby(turns, key=lambda turn: turn.aside):
                write = self._write_asides if aside else partial(self._write_rows, gone=gone)
                write([rows[turn.href] for turn in some])
        for rows_ in chunks(self._scan.sources(self._lane.key)):
            self._write_rows([row for row in rows_ if row.href not in movers], gone)
        self._write_gone(gone)
        return self.tally

    def _write_places(self) -> None:
        for number, (key, collection) in enumerate(self._scanned.places.items(), 1):
            self._numbers[key] = number
            n = 0 if key in self._scanned.located else self._writer.next_number()
            self._writer.collection(Place(number=number, n=n, collection=collection))

    def _gone(self) -> Iterator[tuple[Pair, TargetRow | None]]:
        """What an earlier pass stored and the source no longer lists, with what the target holds of it."""
        after = ""
        while pairs := self._ledger.pairs_after(self._lane_id, after):
            after = pairs[-1].source_href
            listed = self._scan.listed_hrefs(self._lane.key, [pair.source_href for pair in pairs])
            missing = [pair for pair in pairs if pair.source_href not in listed]
            stored = self._scan.targets(self._lane.key, [pair.target_href for pair in missing])
            yield from ((pair, stored.get(pair.target_href)) for pair in missing)

    def _in_order(self, movers: Mapping[str, Mover]) -> list[Turn]:
        """Every mover in its turn, those that stay where they are last."""
        goes = [mover.goes for mover in movers.values() if mover.goes is not None]
        occupied = {where: row.href for where, row in self._scan.occupants(self._lane.key, goes).items()}
        found = order(movers, occupied)
        self._leaving.update(mover.copy for href, mover in movers.items() if href not in found.stay)
        self._aside.update(turn.href for turn in found.turns if turn.aside)
        return [*found.turns, *(Turn(href=href) for href in movers if href in found.stay)]

    def _movers(self) -> dict[str, Mover]:
        """What the source gave another place or name, by source href."""
        found = {}
        for rows in chunks(self._scan.sources(self._lane.key)):
            pairs = self._ledger.pairs(self._lane_id, [row.href for row in rows])
            suspects = []
            for row in rows:
                pair = pairs.get(row.href)
                if pair is not None and row.skip is None and self._may_have_moved(row, pair):
                    suspects.append((row, pair))
            stored = self._scan.targets(self._lane.key, [pair.target_href for _, pair in suspects])
            for row, pair in suspects:
                there, spot = stored.get(pair.target_href), self._spot(row, pair)
                if there is not None and moved(spot, pair, there):
                    found[row.href] = self._mover(row, pair, there, spot)
        return found

    def _mover(self, row: SourceRow, pair: Pair, stored: TargetRow, spot: Spot) -> Mover:
        free = decide(row, pair=pair, stored=stored, occupant=None, spot=spot, powers=self._powers)
        return Mover(
            copy=pair.target_href,
            goes=(spot.located, spot.name) if spot.located is not None and spot.name else None,
            may=free.verb is not None and self._sieve.leaves_out(row) is None,
            steps_aside=self._powers.moves and stored.etag == pair.target_etag,
        )

    def _may_have_moved(self, row: SourceRow, pair: Pair) -> bool:
        return pair.place is None or (row.collection, self._names.of(row, pair)[0]) != (pair.place, pair.name)

    def _spot(self, row: SourceRow, pair: Pair | None) -> Spot:
        name = self._names.of(row, pair)[0]
        return Spot(place=row.collection, located=self._scanned.located.get(row.collection), name=name)

    def _write_rows(self, rows: list[SourceRow], gone: _Gone) -> None:
        pairs = self._ledger.pairs(self._lane_id, [row.href for row in rows])
        stored = self._scan.targets(self._lane.key, [pair.target_href for pair in pairs.values()])
        spots = {row.href: self._spot(row, pairs.get(row.href)) for row in rows}
        places = [(spot.located, spot.name) for spot in spots.values() if spot.located is not None and spot.name]
        occupants = self._scan.occupants(self._lane.key, places)
        for row in rows:
            pair, spot = pairs.get(row.href), spots[row.href]
            occupant = occupants.get((spot.located, spot.name)) if spot.located is not None else None
            if occupant is not None and occupant.href in self._leaving:
                occupant = None
            self._write_row(row, pair, stored.get(pair.target_href) if pair else None, occupant, spot, gone)

    def _write_asides(self, rows: list[SourceRow]) -> None:
        """These give way under a name that nothing else has, until the others that they change names with have gone."""
        pairs = self._ledger.pairs(self._lane_id, [row.href for row in rows])
        for row in rows:
            pair = pairs[row.href]
            name, _ = renamed(row.name, f"{row.href}\0aside", self._scanned.capabilities.names)
            self._writer.action(
                Action(
                    n=self._writer.next_number(),
                    verb=Verb.ASIDE,
                    href=row.href,
                    etag=pair.source_etag,  # it is not what the source has now until its own turn
                    size=0,
                    collection=self._numbers[row.collection],
                    media_type=row.media_type,
                    home=row.home,
                    name=name,
                    replaces=pair.target_href,
                    expects=pair.target_etag,
                    since=pair.source_etag,
                )
            )

    def _write_row(
        self,
        row: SourceRow,
        pair: Pair | None,
        stored: TargetRow | None,
        occupant: TargetRow | None,
        spot: Spot,
        gone: _Gone,
    ) -> None:
        name, losses = self._names.of(row, pair)
        if (rule := self._sieve.leaves_out(row)) is not None:
            decision = Decision(disposition=Disposition.EXCLUDED, code=rule[0], reason=rule[1])
        else:
            decision = decide(
                row,
                pair=pair,
                stored=stored,
                occupant=occupant,
                spot=spot,
                powers=self._powers,
                former=gone.candidates(row) if pair is None and row.skip is None else (),
            )
        if decision.former:
            gone.follow(decision.former)
        self.tally.add(decision, losses, row.size, exact=row.exact)
        if decision.verb is None:
            if decision.disposition is not Disposition.PRESENT:
                self._left(decision, row.href, row.name)
            return
        self._writer.action(
            Action(
                n=self._writer.next_number(),
                verb=decision.verb,
                href=row.href,
                etag=row.etag,
                size=row.size if decision.verb in SENT or decision.former else 0,
                collection=self._numbers[row.collection],
                media_type=row.media_type,
                home=row.home,
                name=name,
                flags=row.flags,
                losses=losses,
                replaces="" if row.href in self._aside else decision.replaces,
                expects=None if row.href in self._aside else decision.expects,
                since=decision.since,
                add=tuple(sorted(decision.add)),
                remove=tuple(sorted(decision.remove)),
                former=decision.former,
            )
        )

    def _left(self, decision: Decision, href: str, name: str) -> None:
        self._writer.left(Left(disposition=decision.disposition, code=decision.code, href=href, name=name))

    def _write_gone(self, gone: _Gone) -> None:
        """Last of all: nothing is removed before everything else of the lane has its place."""
        rest = gone.rest()
        propagate = self._deletions.propagate and not self._sieve.rules.active
        decisions = [(pair, decide_gone(pair, stored, propagate=propagate)) for pair, stored in rest]
        removals = sum(1 for _, decision in decisions if decision.verb is Verb.DELETE)
        if removals and self._deletions.too_many(removals, self._stored):
            held = because(Disposition.GONE, "too-many-deletions")
            decisions = [(pair, held if d.verb is Verb.DELETE else d) for pair, d in decisions]
        followed = because(Disposition.GONE, "moved-at-source")
        for pair, decision in [*((pair, followed) for pair in gone.followed()), *decisions]:
            self.tally.discovered += 1
            self.tally.add(decision)
            if decision.verb is None:
                self._left(decision, pair.source_href, "")
            else:
                self._writer.action(self._removal(pair, decision))

    def _removal(self, pair: Pair, decision: Decision) -> Action:
        return Action(
            n=self._writer.next_number(),
            verb=Verb.DELETE,
            href=pair.source_href,
            etag=pair.source_etag,
            size=0,
            collection=0,
            media_type=pair.media_type,
            replaces=decision.replaces,
            expects=decision.expects,
            since=decision.since,
        )


class _Gone:
    """What is gone from the source, among which a new item may be recognised under its former href."""

    def __init__(self, gone: list[tuple[Pair, TargetRow | None]], *, mail: bool) -> None:
        self._mail = mail
        self._all = {pair.source_href: (pair, stored) for pair, stored in gone}
        self._by_size: dict[int, list[tuple[Pair, TargetRow]]] = {}
        for pair, stored in gone:
            if stored is not None:
                self._by_size.setdefault(pair.size, []).append((pair, stored))
        self._followed: dict[str, Pair] = {}

    def candidates(self, row: SourceRow) -> tuple[tuple[str, str], ...]:
        """(source href, etag of its copy) of what may be this item; apply proves it by content."""
        if row.size is None:
            return ()
        alike = self._by_size.get(row.size, [])
        dated = [one for one in alike if one[0].date is not None and one[0].date == row.date]
        if not self._mail:  # a message keeps its date wherever it is moved; a file's may be another
            dated += [one for one in alike if one not in dated]
        dated.sort(key=lambda one: one[0].source_href in self._followed)
        return tuple((pair.source_href, stored.etag) for pair, stored in dated[:CANDIDATES])

    def follow(self, former: tuple[tuple[str, str], ...]) -> None:
        """One of these has a new item that it may follow."""
        free = next((href for href, _ in former if href not in self._followed), None)
        if free is not None:
            self._followed[free] = self._all[free][0]

    def followed(self) -> list[Pair]:
        """Those that have."""
        return list(self._followed.values())

    def rest(self) -> list[tuple[Pair, TargetRow | None]]:
        """Those that have not."""
        return [one for href, one in self._all.items() if href not in self._followed]


class _Names:
    """Final names of files, where two of one folder would have the same."""

    def __init__(self, lane: Lane, scan: Scan, ledger: Ledger, lane_id: int | None, scanned: Scanned) -> None:
        self._rules: NameRules = scanned.capabilities.names
        self._folders = {(key_of(place.path[:-1]), place.path[-1]) for place in scanned.places.values() if place.path}
        self._second: set[str] = set()
        if lane.service is Service.FILES:
            for (collection, fold), rows in scan.clashes(lane.key).items():
                pairs = ledger.pairs(lane_id, [row.href for row in rows])
                taken = (collection, fold) in self._folders
                self._second.update(row.href for row in _all_but_first(rows, pairs, taken))

    def of(self, row: SourceRow, pair: Pair | None = None) -> tuple[str, tuple[Loss, ...]]:
        """The row's name, and its losses with those of a new name.

        What was once stored under a second name keeps it, even when the first is free again.
        """
        if not row.fold:
            return row.name, row.losses
        second = row.href in self._second or (row.collection, row.name) in self._folders
        differs = pair is not None and pair.place == row.collection and pair.name != row.name
        if second or differs:
            name, loss = renamed(row.name, row.href, self._rules)
            if second or (pair is not None and pair.name == name):
                return name, (*row.losses, loss)
        return row.name, row.losses


def _all_but_first(rows: list[SourceRow], pairs: Mapping[str, Pair], taken: bool) -> Iterator[SourceRow]:
    """Who must take another name: an item that holds the name already keeps it, then the elder does."""
    ordered = sorted(rows, key=lambda row: not (row.href in pairs and _holds(pairs[row.href], row)))
    yield from ordered if taken else ordered[1:]


def _holds(pair: Pair, row: SourceRow) -> bool:
    if pair.place is not None:
        return (pair.place, pair.name) == (row.collection, row.name)
    return pair.target_href.endswith(row.name)
