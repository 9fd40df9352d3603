"""``transhume sandbox``: an association on loopback, to try every command without risk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from migrate.cli.guest import PROFILES, end_on_sigterm, runner
from migrate.cli.options import common
from migrate.cli.output import Output


@click.command("sandbox")
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
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), default=Path("transhume-sandbox"),
              show_default=True, help="A new folder for the project.")  # fmt: skip
@click.pass_obj
def command(output: Output, profile: str, speed: float, directory: Path) -> int:
    """Start a Google stand-in, a Nextcloud stand-in and an IMAP server on this machine, until Ctrl-C."""
    end_on_sigterm()
    folder = directory.absolute()
    try:
        with runner().Sandbox(profile, folder, speed=speed) as sandbox:
            _tell(output, sandbox, folder)
            sandbox.wait()
    except KeyboardInterrupt:
        output.say("The sandbox has stopped; its folder stays.")
    return 0


def _tell(output: Output, sandbox: Any, folder: Path) -> None:
    addresses = {
        "google": sandbox.google.url,
        "microsoft": sandbox.microsoft.url,
        "nextcloud": sandbox.nextcloud.url,
        "imap": f"{sandbox.imap.host}:{sandbox.imap.port}",
    }
    lines = [f"{name:<10} {address}" for name, address in addresses.items()]
    lines += [
        f"project    {folder}",
        f"secrets    {folder / 'sandbox.json'}",
        f"Try: transhume -C {folder} plan      End with Ctrl-C.",
    ]
    output.show("\n".join(lines), [{"type": "sandbox", **addresses, "directory": str(folder)}])
