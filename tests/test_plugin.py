"""A stranger's connector: installed as a separate package, it is listed, passes the contract suite, and plans."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOY = ROOT / "tests" / "plugins" / "toy"
BLOCK = re.compile(r"^`([\w/.]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONFIGURATION = re.compile(r"^```toml\n(\[migration\]\n.*?)^```$", re.MULTILINE | re.DOTALL)
GUIDE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the toy in it, as pip installs it, and nothing else."""
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--no-build-isolation", "--target", str(site), str(TOY)], check=True)
    return site


def run(site: Path, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder or site, env=environment, capture_output=True, text=True, check=False
    )


PROGRAM = """
import sys
from migrate.cli import run
for command in sys.argv[2:]:
    print(f"exit {run([*command.split(), '-C', sys.argv[1]])}", file=sys.stderr, flush=True)
"""


def transhume(site: Path, project: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    """Commands one after the other; their exit codes are in stderr."""
    return run(site, "-c", PROGRAM, str(project), *commands)


def codes(process: subprocess.CompletedProcess[str]) -> list[int]:
    return [int(code) for code in re.findall(r"^exit (\d+)$", process.stderr, re.MULTILINE)]


def messages(process: subprocess.CompletedProcess[str], kind: str) -> list[dict[str, object]]:
    return [m for m in map(json.loads, process.stdout.splitlines()) if m["type"] == kind]


def test_the_guide_shows_the_toy_as_it_is() -> None:
    shown = dict(BLOCK.findall(GUIDE))
    files = {str(path.relative_to(TOY)) for path in TOY.rglob("*") if path.suffix in {".py", ".toml"}}
    assert shown.keys() == files
    for name, text in shown.items():
        assert text == (TOY / name).read_text(encoding="utf-8"), name


def test_the_toy_is_not_installed_here() -> None:
    assert run(ROOT / "docs", "-c", "import transhume_toy").returncode != 0


def test_the_contract_suite_takes_it(site: Path, tmp_path: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path), "-W", "error"]
    process = run(site, "-m", "pytest", *options, str(TOY / "tests"), folder=tmp_path)
    assert process.returncode == 0, process.stdout
    assert re.search(r"\d{2,} passed", process.stdout)


def test_connectors_lists_it(site: Path, tmp_path: Path) -> None:
    process = transhume(site, tmp_path, "connectors --json")
    assert codes(process) == [0], process.stderr
    (toy,) = [m for m in messages(process, "connector") if m["name"] == "toy"]
    assert toy["distribution"] == "transhume-toy"
    assert toy["sources"] == toy["targets"] == ["files"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The guide's own configuration, and a small folder to move."""
    match = CONFIGURATION.search(GUIDE)
    assert match
    configuration = match[1]
    for name in ("old", "new"):
        (tmp_path / name / "alice@example.org").mkdir(parents=True)
        configuration = configuration.replace(f'root = "{name}"', f'root = "{tmp_path / name}"')
    home = tmp_path / "project"
    home.mkdir(mode=0o700)
    (home / "migration.toml").write_text(configuration)
    rows = "source,source_account,cloud_account,wave\nold,alice@example.org,alice@example.org,1\n"
    (home / "accounts.csv").write_text(rows)
    (tmp_path / "old" / "alice@example.org" / "Comptes").mkdir()
    (tmp_path / "old" / "alice@example.org" / "Comptes" / "budget.txt").write_text("12 tilleuls")
    (tmp_path / "old" / "alice@example.org" / "statuts.txt").write_text("Article 1")
    return home


def test_it_plans_applies_and_verifies(site: Path, project: Path) -> None:
    planned = transhume(site, project, "doctor", "plan --detailed-exitcode")
    assert codes(planned) == [0, 10], planned.stderr
    new = project.parent / "new" / "alice@example.org"
    assert list(new.iterdir()) == [], "a plan writes nothing"
    applied = transhume(site, project, "apply", "verify", "plan --detailed-exitcode")
    assert codes(applied) == [0, 0, 0], applied.stderr
    texts = {str(p.relative_to(new)): p.read_text() for p in new.rglob("*.txt")}
    assert texts == {"Comptes/budget.txt": "12 tilleuls", "statuts.txt": "Article 1"}
