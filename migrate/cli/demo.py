"""``transhume demo``: a whole small association, from the plan to the proof."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import click

from migrate.apply import apply_plan
from migrate.cli import doctor
from migrate.cli.guest import PROFILES, end_on_sigterm, running
from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import Filters, Project, load_project
from migrate.errors import Exit
from migrate.inventory.bundle import write_bundle
from migrate.inventory.seal import check
from migrate.inventory.take import Request, take_inventory
from migrate.plan import make_plan
from migrate.report import json, text
from migrate.verify import verify


@click.command("demo")
@common
@click.option(
    "--profile", type=click.Choice(PROFILES), default="small", show_default=True, help="How large the association is."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="How many times as fast the quotas of the stand-ins renew.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for the project (default: transhume-demo, numbered when taken).",
)
@click.option("--keep", is_flag=True, help="Keep the servers running at the end, to look into them, until Ctrl-C.")
@click.pass_obj
def command(output: Output, profile: str, speed: float, directory: Path | None, keep: bool) -> int:
    """Start the sandbox, migrate it, verify it, and show that nothing is left to do.

    Ends with 0 only when every planned item is done and verify finds no difference.
    """  # fmt: skip
    folder = (directory or _free(Path("transhume-demo"))).absolute()
    end_on_sigterm()
    output.say(f"== Sandbox: an association at Google and Microsoft stand-ins, in {folder}")
    with running(profile, folder, speed) as addresses:
        for name in ("google", "microsoft", "nextcloud", "imap"):
            output.say(f"{name:<10} {addresses[name]}")
        code = _migrate(output, load_project(folder))
        output.say("\n== Files left")
        output.show("\n".join(_files(folder)), [{"type": "directory", "path": str(folder)}])
        if keep:
            _hold(output, addresses)
    output.say("\nThe demo ended well: 0 differences." if code == 0 else f"\nThe demo failed with code {code}.")
    return code


def _migrate(output: Output, project: Project) -> int:
    """Every step in its order; the first that fails ends it with its code."""
    steps = (_doctor, _plan, _apply, _apply_again, _verify, _plan_again, _inventory)
    return next((code for step in steps if (code := step(output, project))), 0)


def _doctor(output: Output, project: Project) -> int:
    output.say("\n== transhume doctor")
    return doctor.report(output, project, Filters())


def _plan(output: Output, project: Project) -> int:
    output.say("\n== transhume plan")
    with progress(output) as observer:
        summary = make_plan(project, Filters(), observer)
    output.show(text.plan(summary), json.plan(summary))
    return summary.exit_code if summary.sums_check else Exit.UNEXPECTED


def _apply(output: Output, project: Project) -> int:
    output.say("\n== transhume apply")
    with progress(output) as observer:
        summary = apply_plan(project, None, observer)
    output.show(text.apply(summary), json.apply(summary))
    return summary.exit_code or (Exit.ITEMS_FAILED if summary.done < summary.planned else 0)


def _apply_again(output: Output, project: Project) -> int:
    output.say("\n== transhume apply, a second time")
    summary = apply_plan(project)
    output.show(text.apply(summary), json.apply(summary))
    return summary.exit_code or (Exit.UNEXPECTED if summary.already < summary.planned else 0)


def _verify(output: Output, project: Project) -> int:
    output.say("\n== transhume verify")
    with progress(output) as observer:
        summary = verify(project, Filters(), "hash", observer)
    output.show(text.verify(summary), json.verify(summary))
    return summary.exit_code or (Exit.DIFFERENCES if summary.differences else 0)


def _plan_again(output: Output, project: Project) -> int:
    output.say("\n== transhume plan --detailed-exitcode, once more")
    summary = make_plan(project)
    output.show(text.plan(summary), json.plan(summary))
    return summary.exit_code or (Exit.CHANGES if summary.changes else 0)


def _inventory(output: Output, project: Project) -> int:
    output.say("\n== transhume inventory --content --with-target")
    with progress(output) as observer:
        taken = take_inventory(project, Request(content=True, after=True), observer)
    summary = write_bundle(taken)
    output.show(text.inventory(summary), json.inventory(summary))
    found = summary.facts["reconciliation"] or {"services": []}
    unexplained = sum(abs(row["unexplained"]) for row in found["services"])
    whole = not check(summary.path).problems
    return summary.exit_code or (0 if whole and not unexplained else Exit.UNEXPECTED)


def _free(path: Path) -> Path:
    """The path, or the first numbered one that does not exist."""
    return next(one for n in count(1) if not (one := path if n == 1 else Path(f"{path}-{n}")).exists())


def _files(folder: Path) -> Iterator[str]:
    """Every file below the folder; heaps of files of one kind as one line."""
    heaps = {
        folder / "data": "what the Nextcloud stand-in holds",
        folder / "inventory": "listings, evidence, keys and journal of the inventory",
    }
    for root, folders, names in os.walk(folder):
        folders.sort()
        if Path(root) in heaps:
            held = sum(len(files) for _, _, files in os.walk(root))
            folders.clear()
            yield f"{root}/ ({held} files: {heaps[Path(root)]})"
        else:
            yield from (str(Path(root) / name) for name in sorted(names))


def _hold(output: Output, addresses: Mapping[str, Any]) -> None:
    output.say(f"\nThe servers run on; their passwords are in {addresses['path']}. End with Ctrl-C.")
    with suppress(KeyboardInterrupt):
        Event().wait()
