"""``transhume accounts``: the accounts file that a system's directory proposes."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.model import Account
from migrate.private import write_new
from migrate.signin import find, people, proposed_csv


@click.command("accounts")
@common
@click.argument("system")
@click.option("--output", "path", type=click.Path(dir_okay=False, path_type=Path), help="A new file to write to.")
@click.pass_obj
def command(output: Output, system: str, path: Path | None) -> int:
    """Propose the accounts file from a system's directory: everyone who is not suspended, to be corrected by hand."""
    project = load_project(output.directory, accounts=False)
    name, config = find(project, system)
    everyone = sorted(people(project, name, config), key=lambda account: account.id)
    active = [account for account in everyone if not account.suspended]
    lines = "".join(proposed_csv(project, name, active))
    if path is not None:
        write_new(path, lines)
        output.show(f"Wrote {path}", [{"type": "file", "path": str(path)}])
    elif not output.json:
        click.echo(lines, nl=False)
    output.emit(*(_message(account) for account in everyone))
    output.say(f"{len(active)} accounts; {len(everyone) - len(active)} suspended ones left out.")
    output.say("Correct the target accounts, and the waves, before you use it.")
    return 0


def _message(account: Account) -> dict[str, object]:
    return {
        "type": "account",
        "account": account.id,
        "aliases": list(account.aliases),
        "suspended": account.suspended,
    }
