"""The plan on disk: ``<id>.jsonl``, which names nothing, and ``<id>.names.jsonl``, which names it.

The plan holds ids, counts, sizes and preconditions and may be shown to anyone; hrefs, file names and keywords
stand in the companion, row for row, under mode 0600. The plan's last row carries the companion's SHA-256, the
plan's id carries the beginning of its own, and ``<id>.jsonl.sha256`` the whole (``sha256sum -c`` reads it).

Rows of the plan, in order: ``plan``, then for each lane ``lane``, ``collection``…, ``action`` and ``left``…,
``totals``; at last ``end``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from migrate.errors import PlanRefused, UsageError
from migrate.model import Collection, Disposition, Grant, GrantKind, GrantRole, Loss, Verb
from migrate.planrows import FORMAT, Action, Header, Left, Place, Section, Sharing, Totals, anonymous

__all__ = ["Action", "Header", "Left", "Place", "PlanFile", "PlanWriter", "Section", "Totals", "anonymous", "newest"]

AGAIN = "Make a new one: transhume plan"


class _Hashed:
    """A file that is written once and hashed on the way."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.path = path
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")
        self._sum = hashlib.sha256()

    def row(self, value: Mapping[str, Any]) -> None:
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._sum.update(data)
        self._file.write(data)

    def close(self) -> str:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._sum.hexdigest()


class PlanWriter:
    """Streams a plan to disk. Nothing bears its final name before it is whole."""

    def __init__(
        self,
        directory: Path,
        *,
        tool: str,
        project: str,
        filters: Mapping[str, Any],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        self._directory = directory
        self._made = datetime.now(UTC)
        self._plan = _Hashed(directory / ".writing.jsonl")
        self._names = _Hashed(directory / ".writing.names.jsonl")
        self._n = 0
        self._lane = ""
        self._plan.row(
            {
                "type": "plan",
                "format": FORMAT,
                "made_at": self._made.isoformat(timespec="seconds"),
                "tool": tool,
                "project": project,
                "filters": dict(filters),
                "settings": dict(settings or {}),
            }
        )

    def next_number(self) -> int:
        """The number of the next action."""
        return self._n + 1

    def lane(self, section: Section) -> None:
        """Begin a lane."""
        self._lane = section.lane
        row = {
            "type": "lane",
            "lane": section.lane,
            "account": section.account,
            "service": section.service,
            "target": section.target,
            "route": section.route,
            "wave": section.wave,
        }
        self._plan.row(row)
        self._names.row({"lane": section.lane})

    def collection(self, place: Place) -> None:
        """A target collection that the lane's actions go to, parents first."""
        self._n = place.n or self._n
        row = {"type": "collection", "c": place.number, "n": place.n, "role": place.collection.role}
        self._plan.row(row | {"depth": len(place.collection.path)})
        collection = place.collection
        self._names.row({"c": place.number, "path": list(collection.path), "properties": dict(collection.properties)})

    def action(self, action: Action) -> None:
        """A planned write."""
        self._n = action.n
        row: dict[str, Any] = {
            "type": "action",
            "n": action.n,
            "verb": action.verb.value,
            "item": anonymous(self._lane, action.href),
            "etag": action.etag,
            "size": action.size,
            "media_type": action.media_type,
            "c": action.collection,
            "expects": action.expects,
        }
        if action.since:
            row["since"] = action.since
        if action.losses:
            row["losses"] = [[loss.field, loss.reason] for loss in action.losses]
        self._plan.row(row)
        names: dict[str, Any] = {"n": action.n, "href": action.href}
        names |= {k: v for k, v in (("home", action.home), ("name", action.name), ("replaces", action.replaces)) if v}
        for key in ("flags", "add", "remove", "former"):
            if getattr(action, key):
                names[key] = list(getattr(action, key))
        self._names.row(names)

    def grant(self, step: Sharing) -> None:
        """A planned grant."""
        self._n = step.n
        grant = step.grant
        item = anonymous(self._lane, step.href) if step.href else ""
        row = {"type": "grant", "n": step.n, "c": step.collection, "item": item}
        self._plan.row(row | {"kind": grant.kind.value, "role": grant.role.value})
        ends = grant.expires.isoformat() if grant.expires else ""
        self._names.row({"n": step.n, "href": step.href, "principal": grant.principal, "expires": ends})

    def left(self, left: Left) -> None:
        """An item that does not move."""
        item = anonymous(self._lane, left.href)
        self._plan.row({"type": "left", "class": left.disposition.value, "code": left.code, "item": item})
        self._names.row({"left": left.code, "href": left.href, "name": left.name})

    def totals(self, totals: Totals) -> None:
        """End a lane."""
        self._plan.row(
            {
                "type": "totals",
                "discovered": totals.discovered,
                "counts": dict(totals.counts),
                "bytes": totals.bytes_planned,
                "exact": totals.bytes_exact,
                "reasons": [list(r) for r in totals.reasons],
                "losses": [list(r) for r in totals.losses],
                "verbs": dict(totals.verbs),
                "grants": totals.grants,
                "grants_per_hour": totals.grants_per_hour,
                "seconds": [round(one, 1) for one in totals.seconds],
                "limit": totals.limit,
                "error": totals.error,
                "exit_code": totals.exit_code,
            }
        )
        self._names.row({"end": self._lane})

    def finish(self) -> Path:
        """Give both files their names; returns the plan's path."""
        names_sum = self._names.close()
        self._plan.row({"type": "end", "actions": self._n, "names_sha256": names_sum})
        plan_sum = self._plan.close()
        plan_id = f"{self._made:%Y%m%dT%H%M%S}{self._made.microsecond // 1000:03}Z-{plan_sum[:12]}"
        path = self._directory / f"{plan_id}.jsonl"
        checksum = self._directory / f"{plan_id}.jsonl.sha256"
        checksum.touch(mode=0o600)
        checksum.write_text(f"{plan_sum}  {path.name}\n{names_sum}  {plan_id}.names.jsonl\n", encoding="ascii")
        self._names.path.rename(self._directory / f"{plan_id}.names.jsonl")
        self._plan.path.rename(path)
        return path


class PlanFile:
    """A plan that was checked from its first byte to its last."""

    def __init__(self, path: Path) -> None:
        """Read and check both files. Raises PlanRefused (altered, other format), UsageError (no such file)."""
        self.path = path
        self.names_path = path.with_suffix(".names.jsonl")
        for needed in (self.path, self.names_path):
            if not needed.is_file():
                raise UsageError(f"{needed} is missing.", advice=f"{AGAIN}, or give the path of an existing plan.")
        self.header, self.sections = _scan(self.path, self.names_path)

    @property
    def actions(self) -> int:
        """How many writes it plans."""
        return sum(section.actions for section in self.sections)

    @property
    def steps(self) -> int:
        """How many writes and new collections it plans."""
        return sum(section.steps for section in self.sections)

    def places(self, section: Section) -> list[Place]:
        """The target collections of a lane, parents first; their ``href`` is the target's to give."""
        found: list[Place] = []
        for row, names in self._rows(section):
            if row["type"] != "collection":
                break
            collection = Collection(
                href="", path=tuple(names["path"]), role=row["role"], properties=names["properties"]
            )
            found.append(Place(number=row["c"], n=row["n"], collection=collection))
        return found

    def section_actions(self, section: Section) -> Iterator[Action]:
        """The lane's actions, streamed."""
        for row, names in self._rows(section):
            if row["type"] == "action":
                yield Action(
                    n=row["n"],
                    verb=Verb(row["verb"]),
                    href=names["href"],
                    etag=row["etag"],
                    size=row["size"],
                    collection=row["c"],
                    media_type=row["media_type"],
                    home=names.get("home", ""),
                    name=names.get("name", ""),
                    flags=tuple(names.get("flags", ())),
                    losses=tuple(Loss(field=f, reason=r) for f, r in row.get("losses", ())),
                    replaces=names.get("replaces", ""),
                    expects=row["expects"],
                    since=row.get("since", ""),
                    add=tuple(names.get("add", ())),
                    remove=tuple(names.get("remove", ())),
                    former=tuple((href, etag) for href, etag in names.get("former", ())),
                )

    def section_grants(self, section: Section) -> Iterator[Sharing]:
        """The lane's grants, streamed."""
        for row, names in self._rows(section):
            if row["type"] == "grant":
                grant = Grant(
                    kind=GrantKind(row["kind"]),
                    role=GrantRole(row["role"]),
                    principal=names["principal"],
                    expires=datetime.fromisoformat(names["expires"]) if names["expires"] else None,
                )
                yield Sharing(n=row["n"], collection=row["c"], href=names["href"], grant=grant)

    def section_left(self, section: Section) -> Iterator[Left]:
        """The lane's items that do not move (present ones are only counted), streamed."""
        for row, names in self._rows(section):
            if row["type"] == "left":
                yield Left(
                    disposition=Disposition(row["class"]), code=row["code"], href=names["href"], name=names["name"]
                )

    def named(self, item: str) -> tuple[str, str, str] | None:
        """Lane, source href and name of the item with this id; None when the plan does not list it."""
        for section in self.sections:
            for row, names in self._rows(section):
                if item and row.get("item") == item and row.get("verb") != Verb.ASIDE:
                    return section.lane, names["href"], names.get("name", "")
        return None

    def _rows(self, section: Section) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        with self.path.open("rb") as plan, self.names_path.open("rb") as names:
            plan.seek(section.offset)
            names.seek(section.names_offset)
            for line, named in zip(plan, names, strict=False):
                row = json.loads(line)
                if row["type"] == "totals":
                    return
                yield row, json.loads(named)


def _scan(path: Path, names_path: Path) -> tuple[Header, tuple[Section, ...]]:
    whole, names_whole = hashlib.sha256(), hashlib.sha256()
    sections: list[Section] = []
    header: dict[str, Any] = {}
    end: dict[str, Any] = {}
    current: dict[str, Any] = {}
    offset = names_offset = 0
    try:
        with path.open("rb") as plan, names_path.open("rb") as names:
            for line in plan:
                whole.update(line)
                row = json.loads(line)
                kind = row["type"]
                offset += len(line)
                if kind == "plan":
                    header = row
                    continue
                if kind == "end":
                    end = row
                    continue
                named = names.readline()
                names_whole.update(named)
                names_offset += len(named)
                if kind == "lane":
                    current = {"row": row, "offset": offset, "names": names_offset}
                    current |= {"actions": 0, "steps": 0, "blocked": 0, "grants": 0}
                elif kind in {"action", "grant"}:
                    current[f"{kind}s"] += row.get("verb") != Verb.ASIDE
                    current["steps"] += 1
                elif kind == "collection":
                    current["steps"] += row["n"] > 0
                elif kind == "left":
                    current["blocked"] += row["class"] == Disposition.BLOCKED
                elif kind == "totals":
                    sections.append(_section(current, row))
            names_whole.update(names.read())
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise PlanRefused(f"{path.name} is not a whole plan: a line cannot be read.", advice=AGAIN) from None
    _check(path, header, end, whole.hexdigest(), names_whole.hexdigest())
    return (
        Header(
            id=path.stem,
            made_at=header["made_at"],
            tool=header["tool"],
            project=header["project"],
            filters=header["filters"],
            settings=header["settings"],
        ),
        tuple(sections),
    )


def _section(current: Mapping[str, Any], totals: Mapping[str, Any]) -> Section:
    row = current["row"]
    return Section(
        lane=row["lane"],
        account=row["account"],
        service=row["service"],
        target=row["target"],
        route=row["route"],
        wave=row["wave"],
        offset=current["offset"],
        names_offset=current["names"],
        actions=current["actions"],
        steps=current["steps"],
        blocked=current["blocked"],
        grants=current["grants"],
        totals=Totals(
            discovered=totals["discovered"],
            counts=totals["counts"],
            bytes_planned=totals["bytes"],
            bytes_exact=totals["exact"],
            reasons=tuple((a, b, c, d) for a, b, c, d in totals["reasons"]),
            losses=tuple((a, b, c) for a, b, c in totals["losses"]),
            verbs=totals["verbs"],
            grants=totals.get("grants", 0),
            grants_per_hour=totals.get("grants_per_hour"),
            seconds=tuple(totals.get("seconds", (0.0, 0.0))),  # since 2.1
            limit=totals.get("limit", ""),
            error=totals["error"],
            exit_code=totals["exit_code"],
        ),
    )


def _check(path: Path, header: Mapping[str, Any], end: Mapping[str, Any], whole: str, names: str) -> None:
    if not header or not end:
        raise PlanRefused(f"{path.name} is cut: its first or last line is missing.", advice=AGAIN)
    if header["format"].split(".")[0] != FORMAT.split(".")[0]:
        raise PlanRefused(f"{path.name} has format {header['format']}; this version reads {FORMAT}.", advice=AGAIN)
    if not path.stem.endswith(f"-{whole[:12]}"):
        raise PlanRefused(
            f"{path.name} was altered: its SHA-256 begins with {whole[:12]}.",
            advice=f"Apply does exactly what was reviewed. {AGAIN}",
        )
    if end["names_sha256"] != names:
        raise PlanRefused(f"{path.stem}.names.jsonl does not belong to this plan or was altered.", advice=AGAIN)


def newest(directory: Path) -> Path:
    """The last plan made in this folder. Raises UsageError when there is none."""
    if not (found := plans(directory)):
        raise UsageError("This project has no plan yet.", advice="Make one: transhume plan")
    return found[0]


def plans(directory: Path) -> list[Path]:
    """The plans of this folder, the newest first."""
    found = (path for path in directory.glob("*.jsonl") if not path.name.endswith(".names.jsonl"))
    return sorted((path for path in found if path.name[0] != "."), reverse=True)
