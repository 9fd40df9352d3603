"""The command group. A command's module is imported when it is called: ``--help`` of one does not load all."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from migrate import __version__
from migrate.cli.options import common

ORDER = (
    "init",
    "connectors",
    "accounts",
    "auth",
    "doctor",
    "inventory",
    "plan",
    "show",
    "apply",
    "status",
    "verify",
    "approve",
    "cutover",
    "sign",
    "rollback",
    "report",
    "sandbox",
    "demo",
)
"""In the order they are used; each is ``migrate/cli/<name>.py``, which holds ``command``."""


class Commands(click.Group):
    """The commands by name, imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of use."""
        return list(ORDER)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in ORDER:
            return None
        command: click.Command = import_module(f"migrate.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion when the command is unknown."""
        close = get_close_matches(args[0], ORDER, 1)
        if args[0] not in ORDER and close:
            ctx.fail(f"There is no command {args[0]!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="transhume", message="%(prog)s %(version)s")
@common
def transhume(**_: Any) -> None:
    """Move an association's mail, calendars and files to Nextcloud and IMAP, and prove it.

    A plan changes nothing; apply does exactly that plan; verify compares both sides. To go on after an
    interruption, run the same command again.
    """
