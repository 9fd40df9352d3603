"""``transhume auth``: people sign in to a system that asks each of them, once."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import suppress
from typing import Any

import click

from migrate.cli.doctor import worst
from migrate.cli.options import common, filters_of
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import UsageError
from migrate.report import json, text
from migrate.signin import accounts_of, find, forget, letter, sign_in


class Terminal:
    """The person at the terminal (implements ``protocols.Dialogue``)."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def say(self, text: str) -> None:
        """A line on stderr."""
        self._output.say(text)

    def ask(self, question: str) -> str:
        """A line from stdin; empty when there is nobody to answer."""
        try:
            return str(click.prompt(question, default="", show_default=False, err=True)).strip()
        except click.Abort:
            if sys.stdin.isatty():
                raise
            return ""

    def open(self, url: str) -> None:
        """The address, and the browser where this machine has a screen."""
        self._output.say(f"\n  {url}\n")
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
            with suppress(webbrowser.Error):
                webbrowser.open(url)


@click.command("auth")
@common
@click.argument("system")
@click.option("--account", "accounts", multiple=True, metavar="ADDRESS", help="Only this source account.")
@click.option("--forget", "forgetting", is_flag=True, help="Remove what sign-ins left on this machine.")
@click.option("--letter", "writing", is_flag=True, help="Print a page for the administrator who must consent.")
@click.pass_obj
def command(output: Output, system: str, accounts: tuple[str, ...], *, forgetting: bool, writing: bool) -> int:
    """Sign in to a system and check what it then allows; or forget the sign-ins."""
    if writing:
        return _write_letter(output, system)
    project = load_project(output.directory)
    asked: dict[str, Any] = {"waves": frozenset(), "accounts": frozenset(accounts), "services": frozenset()}
    name, config = find(project, system)
    chosen = accounts_of(project, config, filters_of(project, **asked))
    if not chosen:
        raise UsageError(f"No account of this project is {name}'s.", advice="See accounts.csv.")
    if forgetting:
        forget(project, config, chosen)
        output.say(f"Forgot the sign-ins of {len(chosen)} accounts.")
        return 0
    codes: list[int] = []
    for one, check in sign_in(project, name, config, chosen, Terminal(output)):
        output.show(text.check(one, check), [json.check(one, check)])
        codes += [] if check.passed else [check.exit_code]
    return worst(codes)


def _write_letter(output: Output, system: str) -> int:
    """The page on stdout, so that it goes into a file or a mail."""
    project = load_project(output.directory, accounts=False)
    page = letter(project, *find(project, system))
    if not output.json:
        click.echo(page, nl=False)
    output.emit({"type": "letter", "text": page})
    return 0
