"""``transhume init``: the folder of a new project, with a commented configuration."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.config import FILE
from migrate.errors import UsageError
from migrate.private import write_new
from migrate.template import System, accounts_csv, migration_toml

_SOURCES = ("google=google",)
_TARGETS = ("cloud=nextcloud", "mail=imap")


@click.command("init")
@common
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="Association", show_default=True, help="The association's name.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    default=_SOURCES,
    show_default=True,
    metavar="[NAME=]CONNECTOR",
    help="A system to read from.",
)
@click.option("--target", "targets", multiple=True, default=_TARGETS, show_default=True, metavar="[NAME=]CONNECTOR",
              help="A system to write to. The order decides where a service goes.")  # fmt: skip
@click.pass_obj
def command(
    output: Output, directory: Path | None, name: str, sources: tuple[str, ...], targets: tuple[str, ...]
) -> int:
    """Create a project's folder (only its owner can enter it) with migration.toml and accounts.csv to fill in."""
    folder = (directory or output.directory).absolute()
    systems = [System.parse("source", text) for text in sources] + [System.parse("target", text) for text in targets]
    files = {
        folder / FILE: migration_toml(name, systems),
        folder / "accounts.csv": accounts_csv(systems),
    }
    _prepare(folder, list(files))
    for path, content in files.items():
        write_new(path, content)
        output.show(f"Wrote {path}", [{"type": "file", "path": str(path)}])
    output.say("Fill both in, then: transhume doctor")
    return 0


def _prepare(folder: Path, files: list[Path]) -> None:
    for path in files:
        if path.exists():
            raise UsageError(f"{path} exists already.", advice="Nothing was written. Choose another folder.")
    if folder.is_dir() and any(folder.iterdir()) and folder.stat().st_mode & 0o077:
        raise UsageError(
            f"{folder} is not empty and other users can enter it.",
            advice="Choose a new folder, or close this one first: chmod 700",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
