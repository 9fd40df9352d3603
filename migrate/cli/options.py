"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from migrate.cli.output import Output
from migrate.config import Filters, Project
from migrate.errors import UsageError
from migrate.model import Service
from migrate.rules import Rules

Function = TypeVar("Function", bound=Callable[..., Any])


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(context.ensure_object(Output), name, value)

    return callback


def common(function: Function) -> Function:
    """``-C``, ``--json`` and ``-v``: understood before and after the name of a command."""
    directory = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option("-v", "--verbose", is_flag=True, callback=_set("verbose"), expose_value=False,
                     help="Say more; show where an unexpected error comes from."),
        click.option("--json", is_flag=True, callback=_set("json"), expose_value=False,
                     help="Write one JSON object a line on stdout, for programs."),
        click.option("-C", "project_folder", type=directory, callback=_set("directory"), expose_value=False,
                     metavar="DIR", help="The project's folder (default: the current one)."),
    ):  # fmt: skip
        function = option(function)
    return function


def filters(function: Function) -> Function:
    """``--wave``, ``--account`` and ``--only``: what part of the project a command works on."""
    for option in (
        click.option("--only", "services", multiple=True, callback=_split, metavar="SERVICE,…",
                     help=f"Only these services: {', '.join(Service)}."),
        click.option("--account", "accounts", multiple=True, callback=_split, metavar="ADDRESS,…",
                     help="Only these source accounts."),
        click.option("--wave", "waves", multiple=True, callback=_split, metavar="WAVE,…", help="Only these waves."),
    ):  # fmt: skip
        function = option(function)
    return function


def one_wave(function: Function) -> Function:
    """``--wave``, one and no other: for the steps that a person answers for."""
    return click.option("--wave", required=True, metavar="WAVE", help="The wave, as in the accounts file.")(function)


def wave_of(project: Project, name: str) -> str:
    """The wave asked for. Raises UsageError when the accounts file has none of that name."""
    _known("wave", [name], {row.wave for row in project.accounts})
    return name


def rules(function: Function) -> Function:
    """``--since``, ``--until``, ``--max-size``, ``--folder``, ``--without``, ``--trial``: what a plan leaves out."""
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option("--trial", is_flag=True, help="A few small items of each folder, and the whole tree of folders."),
        click.option("--without", multiple=True, metavar="GLOB", help="Not what lies in these folders."),
        click.option("--folder", "folders", multiple=True, metavar="GLOB", help="Only what lies in these folders."),
        click.option("--max-size", type=click.IntRange(1), metavar="BYTES", help="Nothing larger."),
        click.option("--until", type=day, metavar="DATE", help="Nothing that came or changed after this day (UTC)."),
        click.option("--since", type=day, metavar="DATE", help="Nothing that came or changed before this day (UTC)."),
    ):
        function = option(function)
    return function


def rules_of(asked: dict[str, Any]) -> Rules:
    """The rules asked for, taken out of a command's options."""
    since, until = asked.pop("since"), asked.pop("until")
    if since and until and since > until:
        raise UsageError("--since is later than --until: nothing would be left.")
    return Rules(
        since=since.date() if since else None,
        until=until.date() if until else None,
        max_size=asked.pop("max_size"),
        folders=tuple(asked.pop("folders")),
        without=tuple(asked.pop("without")),
        trial=asked.pop("trial"),
    )


def limit_of(text: str) -> tuple[int, float]:
    """``N,P%`` as a number and a percentage. Raises UsageError."""
    found = re.fullmatch(r"(\d+),(\d+(?:\.\d+)?)%", text.replace(" ", ""))
    if not found:
        raise UsageError(f"--max-deletions {text!r} is not a number and a percentage.", advice="As in: 100,5%")
    return int(found[1]), float(found[2])


def _split(_: click.Context, __: click.Parameter, values: Iterable[str]) -> frozenset[str]:
    return frozenset(word.strip() for value in values for word in value.split(",") if word.strip())


def filters_of(project: Project, waves: frozenset[str], accounts: frozenset[str], services: frozenset[str]) -> Filters:
    """The filters asked for. Raises UsageError for a wave, an account or a service that does not exist."""
    _known("wave", waves, {row.wave for row in project.accounts})
    folded = {row.source_account.casefold() for row in project.accounts}
    _known("account", {account.casefold() for account in accounts}, folded)
    _known("service", services, set(Service))
    return Filters(waves=waves, accounts=accounts, services=frozenset(Service(name) for name in services))


def _known(what: str, asked: Iterable[str], known: Iterable[str]) -> None:
    names = sorted(known)
    for name in asked:
        if name not in names:
            close = get_close_matches(name, names, 1)
            advice = f"Did you mean {close[0]}?" if close else f"Known: {', '.join(names[:10])}"
            raise UsageError(f"There is no {what} {name!r} in this project.", advice=advice)


def plan_path(output: Output, plan: Path | None) -> Path | None:
    """The plan asked for: a path, or the id or file name of one of the project's plans."""
    if plan is None or plan.exists():
        return plan
    inside = output.directory / "plans" / f"{plan.name.removesuffix('.jsonl')}.jsonl"
    return inside if inside.exists() else plan
