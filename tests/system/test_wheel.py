"""The wheel, without the checkout: installs, holds what it should, and runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=120)
    return next(folder.glob("transhume-*.whl"))


def test_the_wheel_holds_the_three_packages_and_no_test(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"migrate", "connectors", "mappings"}


@pytest.mark.slow
def test_the_installed_wheel_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    site, home = tmp_path / "site", tmp_path / "elsewhere"
    home.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True, timeout=120)
    env = {**os.environ, "PYTHONPATH": str(site)}
    where = [sys.executable, "-c", "import migrate, connectors, mappings; print(migrate.__file__)"]
    origin = subprocess.run(where, cwd=home, env=env, capture_output=True, text=True, check=True).stdout
    assert origin.startswith(str(site))
    script = site / "bin" / "transhume"
    demo = subprocess.run(
        [sys.executable, str(script), "demo", "--directory", str(home / "demo")],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert demo.returncode == 0, demo.stderr
    assert "0 differences" in demo.stderr
    left = [line for line in demo.stderr.splitlines() if str(home / "demo") in line]
    assert left, "the demo tells the path of what it leaves"
