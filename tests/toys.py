"""Connectors installed for the time of a test, as a package manager would: metadata and a module on the path."""

from __future__ import annotations

from pathlib import Path

import pytest

TOY = """
from migrate.model import Service
from migrate.protocols import Option

class Toy:
    summary = "a system for tests"
    sources = frozenset({Service.MAIL, Service.CALENDAR})
    targets = frozenset({Service.MAIL})
    options = (
        Option(name="host", help="where it is", required=True),
        Option(name="port", help="which door", type=int, default=993),
        Option(name="ratio", help="how much", type=float),
        Option(name="loud", help="whether to shout", type=bool, default=False),
        Option(name="password", help="of each account", secret=True),
    )
    def __call__(self, context):
        raise NotImplementedError

connector = Toy()
shelf = Toy()
shelf.targets = frozenset({Service.CALENDAR, Service.FILES})
reader = Toy()
reader.targets = frozenset()
"""

POINTS = {"toy": "{module}:connector", "shelf": "{module}:shelf", "reader": "{module}:reader"}


def install(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    distribution: str = "transhume-toy",
    points: dict[str, str] | None = None,
    source: str = TOY,
) -> None:
    """Put a distribution with these entry points on the path."""
    module = distribution.replace("-", "_")
    site = folder / f"site-{distribution}"
    info = site / f"{module}-1.2.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(source, encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n", encoding="utf-8")
    lines = [f"{name} = {value.format(module=module)}" for name, value in (points or POINTS).items()]
    (info / "entry_points.txt").write_text("[transhume.connectors]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(__import__("sys").modules, module, raising=False)


TOML = """\
[migration]
name = "Association Les Tilleuls"

[source.here]
connector = "toy"
host = "here.example.org"
password = "env:HERE"

[target.mail]
connector = "toy"
host = "there.example.org"
port = 1143

[target.cloud]
connector = "shelf"
host = "cloud.example.org"
"""

CSV = """\
source,source_account,mail_account,cloud_account,wave
here,Anne@tilleuls.example,anne,anne.c,1
here,bob@tilleuls.example,bob,,2
"""


def write_project(folder: Path, toml: str = TOML, csv: str | bytes = CSV) -> Path:
    """A project's folder with these files."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "migration.toml").write_text(toml, encoding="utf-8")
    (folder / "accounts.csv").write_bytes(csv if isinstance(csv, bytes) else csv.encode())
    return folder
