"""The commands of the README work as they are typed, on an installation outside the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


def shell(command: str, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Type a command in a folder, with the programs of an installation first."""
    env = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "PYTHONPATH": ""}
    return subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh installation of the wheel; its dependencies are borrowed from this one."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    site = next((folder / "venv").glob("lib/python*/site-packages"))
    wheel = next(folder.glob("transhume-*.whl"))
    subprocess.run(
        [*pip, "--python", str(folder / "venv"), "install", "--no-deps", "--no-index", str(wheel)], check=True
    )
    # A plain path: the .pth files in that folder, and with them the checkout itself, are not followed.
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    return folder / "venv" / "bin"


@pytest.fixture(scope="module")
def practice(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that holds ``les-tilleuls``, filled in by a running sandbox."""
    folder = tmp_path_factory.mktemp("practice")
    command = [str(installed / "transhume"), "sandbox", "--directory", "les-tilleuls", "--json"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            assert '"version"' in process.stdout.readline()
            assert '"sandbox"' in process.stdout.readline()
            yield folder
        finally:
            process.terminate()
            process.communicate()
    assert process.returncode == 0


def test_the_two_commands_come_first_and_exist() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    for command in COMMANDS[:2]:
        subprocess.run(f"{command} --dry-run", shell=True, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_then_pipx_and_what_it_installs() -> None:
    assert COMMANDS[2:4] == ["pipx install '.[demo]'", "transhume demo"]


def test_the_wheel_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = shell("python -c 'import migrate; print(migrate.__file__)'", tmp_path, installed)
    assert where.stdout.startswith(str(installed.parent))
    listed = shell("transhume connectors", tmp_path, installed)
    assert (listed.returncode, listed.stdout) == (0, "")
    assert shell("transhume init les-tilleuls", tmp_path, installed).returncode == 0


@pytest.mark.slow
def test_the_demo_of_the_wheel_ends_well(installed: Path, tmp_path: Path) -> None:
    demo = shell("transhume demo", tmp_path, installed)
    assert demo.returncode == 0, demo.stderr[-3000:]
    assert "0 differences" in demo.stderr
    assert str(tmp_path / "transhume-demo" / "ledger.sqlite3") in demo.stderr


@pytest.mark.slow
def test_a_migration_as_typed(practice: Path, installed: Path) -> None:
    typed = [command for command in COMMANDS if command.startswith("transhume -C")]
    assert len(typed) == 9
    for command in typed:
        ended = shell(command, practice, installed)
        assert ended.returncode == 0, f"{command}\n{ended.stderr[-3000:]}"
