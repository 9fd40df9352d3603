"""Two accounts that people go on using while they are migrated, and what a pass must make of it.

The model knows the rules as the documentation tells them, and none of the code that carries them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from connectors.memory import digest_of, seed, uid_of
from connectors.memory_store import Held, Store
from migrate.model import Collection, Service

PERSON = "ana"
PLACES = {
    Service.MAIL: ("/INBOX", "/Projets", "/Projets/2026"),
    Service.CALENDAR: ("/Personnel", "/Conseil"),
    Service.FILES: ("/", "/Comptes", "/Comptes/2026"),
}
FLAGS = ("\\Seen", "\\Flagged", "$todo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What people see of one item: where it is, what it is called, what it says, how it is marked."""

    place: str
    name: str
    content: str
    flags: frozenset[str] = frozenset()

    @property
    def spot(self) -> tuple[str, str]:
        """Its place and name."""
        return self.place, self.name


@dataclass(slots=True, kw_only=True)
class Moved:
    """What a pass brought: the source's item as it was then, and the href of its copy."""

    thing: Thing
    copy: str
    touched: bool = False
    """People changed the copy since."""


def body_of(service: Service, key: int, content: str) -> bytes:
    """The bytes that say so."""
    if service is Service.FILES:
        return content.encode()
    if service is Service.MAIL:
        text = f"From: a@example.org\r\nMessage-ID: <{key}@example.org>\r\nSubject: {content}\r\n\r\n.\r\n"
    else:
        text = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//machine//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{key}@example.org\r\nDTSTAMP:20260105T080000Z\r\nDTSTART:20260105T180000Z\r\nSUMMARY:{content}\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    return text.encode()


def content_of(service: Service, body: bytes) -> str:
    """What the bytes say."""
    if service is Service.FILES:
        return body.decode()
    word = "Subject: " if service is Service.MAIL else "SUMMARY:"
    return next(line.removeprefix(word) for line in body.decode().splitlines() if line.startswith(word))


def thing_of(service: Service, held: Held) -> Thing:
    """An item of a store as people see it."""
    entry = held.entry
    flags = entry.flags if service is Service.MAIL else frozenset[str]()
    # A target names an event after its UID in its own way.
    name = f"{uid_of(held.body).partition('@')[0]}.ics" if service is Service.CALENDAR else entry.name
    return Thing(place=entry.collection, name=name, content=content_of(service, held.body), flags=flags)


@dataclass(slots=True)
class Side:
    """One store, edited as people and programs edit it: every href is kept, every edit makes a new etag."""

    store: Store
    service: Service

    def things(self) -> dict[str, Thing]:
        """All there is, by href."""
        with self.store.space(PERSON, self.service) as space:
            return {href: thing_of(self.service, held) for href, held in space.items.items()}

    def add(self, key: int, thing: Thing) -> str:
        """A new item; returns its href."""
        body = body_of(self.service, key, thing.content)
        fields = {"flags": thing.flags} if self.service is Service.MAIL else {}
        return seed(self.store, PERSON, self.service, thing.name, body, collection=thing.place, **fields).entry.href

    def edit(self, href: str, key: int, content: str) -> None:
        """Other bytes under the same href."""
        body = body_of(self.service, key, content)
        self._keep(href, body, size=len(body), digest=digest_of(body))

    def mark(self, href: str, flags: frozenset[str]) -> None:
        """Other flags."""
        self._keep(href, None, flags=flags)

    def relocate(self, href: str, place: str, name: str) -> None:
        """Another place and name; what tells the content apart stays the same."""
        with self.store.space(PERSON, self.service) as space:
            held = space.items[href]
            entry = replace(held.entry, collection=place, name=name)
            self.store.keep(PERSON, self.service, replace(held, entry=entry))

    def drop(self, href: str) -> None:
        """Remove it."""
        self.store.remove(PERSON, self.service, href)

    def _keep(self, href: str, body: bytes | None, **fields: object) -> None:
        with self.store.space(PERSON, self.service) as space:
            held = space.items[href]
            entry = replace(held.entry, etag=f'"{self.store.version()}"', **fields)  # type: ignore[arg-type]
            self.store.keep(PERSON, self.service, replace(held, entry=entry, body=held.body if body is None else body))


@dataclass(slots=True)
class Expected:
    """What a pass leaves: everything at the target, and every item that is listed as not brought, by reason."""

    target: Counter[Thing]
    left: dict[str, str]
    """Source href to reason."""
    astray: set[str]
    """Source hrefs whose copy no longer says the same as the source, or is not there."""
    quiet: set[str]
    """Those of them where people changed the copy and nothing else happened."""


@dataclass(slots=True)
class Model:
    """The rules. ``moved`` is what it remembers from pass to pass."""

    service: Service
    moved: dict[str, Moved] = field(default_factory=dict)

    def touched(self, copy: str) -> None:
        """People changed that copy."""
        for known in self.moved.values():
            known.touched = known.touched or known.copy == copy

    def expect(self, source: dict[str, Thing], target: dict[str, Thing]) -> Expected:
        """What a pass makes of the two sides. What it brings has no href yet: see ``learn``."""
        after, left = dict(target), {}
        for href, known in self.moved.items():
            if href not in source:
                left[href] = self._gone(known, target)
        here = {href: known for href, known in self.moved.items() if href in source}
        for href, known in here.items():
            if known.copy not in target:
                left[href] = "deleted-at-target"
        kept = {href: known for href, known in here.items() if known.copy in target}
        going = self._going(kept, source, target, left)
        for href, known in kept.items():
            if href not in left:
                after[known.copy] = self._followed(source[href], known, target[known.copy], href in going)
                if self._changed(source[href], known) and known.touched and href not in going:
                    left[href], after[known.copy] = "both-changed", target[known.copy]
        fresh = [href for href in source if href not in self.moved]
        taken = {thing.spot: thing for thing in after.values()}
        for href in fresh:
            occupant = taken.get(source[href].spot) if self.service is not Service.MAIL else None
            if occupant is None:
                after[f"new {href}"] = source[href]
            elif occupant.content != source[href].content:
                left[href] = "target-occupied"
        return Expected(Counter(after.values()), left, *self._astray(source, after, left))

    def learn(self, source: dict[str, Thing], target: dict[str, Thing], left: dict[str, str]) -> None:
        """Remember what the pass brought, found by what it looks like."""
        claimed = {known.copy for known in self.moved.values()}
        for href, thing in source.items():
            if href in left:
                continue
            if (known := self.moved.get(href)) is None:
                copy = next(at for at, there in target.items() if there == thing and at not in claimed)
                self.moved[href] = Moved(thing=thing, copy=copy)
                continue
            if known.copy not in target:  # it was moved, under a new href
                known.copy = next(
                    at
                    for at, there in target.items()
                    if there.spot == thing.spot and self._is(known, there, at, claimed)
                )
            if self.service is not Service.MAIL and thing.content != known.thing.content:
                known.touched = False
            known.thing = thing
            claimed.add(known.copy)

    def _is(self, known: Moved, there: Thing, at: str, claimed: set[str]) -> bool:
        return at not in claimed and (self.service is not Service.MAIL or there.content == known.thing.content)

    def _changed(self, now: Thing, known: Moved) -> bool:
        return self.service is not Service.MAIL and now.content != known.thing.content

    @staticmethod
    def _gone(known: Moved, target: dict[str, Thing]) -> str:
        if known.copy not in target:
            return "gone-on-both-sides"
        return "deleted-but-edited" if known.touched else "deleted-at-source"

    def _going(
        self, kept: dict[str, Moved], source: dict[str, Thing], target: dict[str, Thing], left: dict[str, str]
    ) -> set[str]:
        """Whose copy follows to another spot: nothing that stays may lie there, nor may both sides have changed."""
        movers = {href for href, known in kept.items() if source[href].spot != known.thing.spot}
        at = {thing.spot: copy for copy, thing in target.items()} if self.service is not Service.MAIL else {}
        ahead = {href: at.get(source[href].spot, kept[href].copy) for href in movers}
        both = {href for href in movers if self._changed(source[href], kept[href]) and kept[href].touched}
        going = movers - both
        while True:
            free = {kept[href].copy for href in going}
            stuck = {href for href in going if ahead[href] != kept[href].copy and ahead[href] not in free}
            if not stuck and not (stuck := self._locked(going, kept, ahead)):
                break
            going -= stuck
        free = {kept[href].copy for href in going}
        for href in movers - going:
            left[href] = "both-changed" if ahead[href] in free | {kept[href].copy} else "target-occupied"
        return going

    @staticmethod
    def _locked(going: set[str], kept: dict[str, Moved], ahead: dict[str, str]) -> set[str]:
        """Those that change names among themselves, where people changed the copy of each."""
        owner = {kept[href].copy: href for href in going}
        for start in going:
            circle, one = [start], owner.get(ahead[start])
            while one is not None and one not in circle:
                circle.append(one)
                one = owner.get(ahead[one])
            if one == start and len(circle) > 1 and all(kept[href].touched for href in circle):
                return set(circle)
        return set()

    def _followed(self, now: Thing, known: Moved, there: Thing, going: bool) -> Thing:
        if self.service is Service.MAIL:
            flags = (there.flags | (now.flags - known.thing.flags)) - (known.thing.flags - now.flags)
            return replace(there, flags=flags, place=now.place if going else there.place)
        content = now.content if self._changed(now, known) else there.content
        return replace(
            there, content=content, place=now.place if going else there.place, name=now.name if going else there.name
        )

    def _astray(
        self, source: dict[str, Thing], after: dict[str, Thing], left: dict[str, str]
    ) -> tuple[set[str], set[str]]:
        astray = {href for href, why in left.items() if href in source}
        quiet = {
            href
            for href, known in self.moved.items()
            if href in source and href not in astray and known.touched and not self._changed(source[href], known)
        }
        return astray, quiet


@dataclass(slots=True)
class People:
    """Edits by chance, on both sides, of everything that can be edited."""

    chance: Random
    service: Service
    source: Side
    target: Side
    model: Model
    number: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    """Which identity a source href has."""

    def begin(self, count: int) -> None:
        """The account as it is before the first pass."""
        for side in (self.source, self.target):
            for href in PLACES[self.service]:
                if href != "/":
                    path = tuple(href.strip("/").split("/"))
                    side.store.add_collection(PERSON, self.service, Collection(href="", path=path))
        for _ in range(count):
            self.add()

    def work(self, edits: int) -> None:
        """So many edits."""
        deeds = [deed for deed, weight in self.deeds() for _ in range(weight)]
        for _ in range(edits):
            self.chance.choice(deeds)()

    def deeds(self) -> Iterator[tuple[Callable[[], None], int]]:
        """What people do here, and how often."""
        yield self.add, 3
        yield self.remove, 2
        yield self.relocate, 5
        yield self.remove_there, 1
        yield self.relocate_there, 1
        if self.service is Service.MAIL:
            yield self.mark, 4
            yield self.mark_there, 4
        else:
            yield self.edit, 4
            yield self.edit_there, 3
        if self.service is Service.FILES:
            yield self.swap, 1
            yield self.make_room, 2
            yield self.occupy, 2

    # At the source

    def add(self) -> None:
        self.number += 1
        place = self.chance.choice(PLACES[self.service])
        flags = self.some_flags() if self.service is Service.MAIL else frozenset[str]()
        thing = Thing(place=place, name=self.new_name(), content=self.words(), flags=flags)
        self.keys[self.source.add(self.number, thing)] = self.number

    def remove(self) -> None:
        if (href := self.one(self.source)) is not None:
            self.source.drop(href)

    def edit(self) -> None:
        if (href := self.one(self.source)) is not None:
            self.source.edit(href, self.keys[href], self.words())

    def mark(self) -> None:
        if (href := self.one(self.source)) is not None:
            self.source.mark(href, self.some_flags())

    def relocate(self) -> None:
        """To another folder, under another name, or both."""
        if (href := self.one(self.source)) is not None:
            thing = self.source.things()[href]
            name = self.new_name() if self.service is Service.FILES and self.chance.random() < 0.5 else thing.name
            self.put_at(href, self.chance.choice(PLACES[self.service]), name)

    def make_room(self) -> None:
        """One takes the name that another one had: draft becomes final, final becomes old."""
        if (first := self.one(self.source)) is not None and (second := self.one(self.source)) not in (None, first):
            things = self.source.things()
            self.put_at(first, things[first].place, self.new_name())
            self.put_at(second, *things[first].spot)

    def swap(self) -> None:
        """Two change names."""
        if (first := self.one(self.source)) is not None and (second := self.one(self.source)) not in (None, first):
            things = self.source.things()
            self.source.relocate(first, *things[second].spot)
            self.source.relocate(second, *things[first].spot)

    def put_at(self, href: str, place: str, name: str) -> None:
        if self.service is Service.MAIL or (place, name) not in {t.spot for t in self.source.things().values()}:
            self.source.relocate(href, place, name)

    # At the target

    def edit_there(self) -> None:
        if (href := self.one(self.target)) is not None:
            key = int(self.target.things()[href].name.partition(".")[0]) if self.service is Service.CALENDAR else 0
            self.target.edit(href, key, self.words())
            self.model.touched(href)

    def mark_there(self) -> None:
        if (href := self.one(self.target)) is not None:
            self.target.mark(href, self.some_flags())
            self.model.touched(href)

    def remove_there(self) -> None:
        if (href := self.one(self.target)) is not None:
            self.target.drop(href)

    def relocate_there(self) -> None:
        """As people do it: on these targets that gives another href."""
        if (href := self.one(self.target)) is not None:
            thing = self.target.things()[href]
            place = self.chance.choice(PLACES[self.service])
            free = self.service is Service.MAIL or (place, thing.name) not in self.taken_there()
            if place != thing.place and free:
                with self.target.store.space(PERSON, self.service) as space:
                    held = space.items[href]
                    number = self.target.store.version()
                    entry = replace(held.entry, href=f"{place}#{number}", collection=place)
                    self.target.store.remove(PERSON, self.service, href)
                    self.target.store.keep(PERSON, self.service, replace(held, number=number, entry=entry))

    def occupy(self) -> None:
        """Their own file where the source has one that was not brought yet: the same, or another."""
        fresh = [href for href in self.source.things() if href not in self.model.moved]
        if fresh:
            thing = self.source.things()[self.chance.choice(fresh)]
            if thing.spot not in self.taken_there():
                same = self.chance.random() < 0.5
                self.target.add(0, thing if same else replace(thing, content=self.words()))

    def taken_there(self) -> set[tuple[str, str]]:
        return {thing.spot for thing in self.target.things().values()}

    def one(self, side: Side) -> str | None:
        things = sorted(side.things())
        return self.chance.choice(things) if things else None

    def some_flags(self) -> frozenset[str]:
        return frozenset(flag for flag in FLAGS if self.chance.random() < 0.4)

    def new_name(self) -> str:
        self.number += 1
        return {Service.MAIL: "", Service.CALENDAR: f"{self.number - 1}.ics", Service.FILES: f"f{self.number}.txt"}[
            self.service
        ]

    def words(self) -> str:
        """Never said before; the length is chance."""
        self.number += 1
        return f"{self.number} " + "x" * self.chance.randrange(40)
