"""``python -m migrate.sandbox --directory D --profile small``: run the sandbox until it is told to end.

One JSON line on standard output says that it is ready, where its servers are, and where ``sandbox.json`` lies, which
holds the credentials.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import NoReturn

from migrate.errors import TranshumeError
from migrate.sandbox.association import PROFILES
from migrate.sandbox.runner import DEFAULT_SPEED, Sandbox


def main() -> int:
    """Start, tell, wait for SIGTERM or SIGINT, stop. Returns the exit code."""
    arguments = _parse()
    faults = json.loads(arguments.faults.read_text(encoding="utf-8")) if arguments.faults else None
    sandbox = Sandbox(arguments.profile, arguments.directory, speed=arguments.speed, faults=faults)
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        with sandbox:
            _tell(arguments.directory)
            sandbox.wait()
    except TranshumeError as error:
        sys.stderr.write(f"{error.message} {error.advice}\n")
        return error.exit_code
    return 0


def _end(*_: object) -> NoReturn:
    """Leave the ``with`` block once; a second signal does not cut the stopping short."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m migrate.sandbox", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="a folder for the project, new or empty")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="small")
    parser.add_argument("--speed", type=float, default=DEFAULT_SPEED, help="of the providers' clocks")
    parser.add_argument("--faults", type=Path, help="JSON: rules for google, microsoft and nextcloud, counts for imap")
    return parser.parse_args()


def _tell(directory: Path) -> None:
    path = directory / "sandbox.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    ready = {
        "type": "ready",
        "path": str(path),
        "pid": found["pid"],
        "google": found["google"]["url"],
        "microsoft": found["microsoft"]["url"],
        "nextcloud": found["nextcloud"]["url"],
        "imap": f"{found['imap']['host']}:{found['imap']['port']}",
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
