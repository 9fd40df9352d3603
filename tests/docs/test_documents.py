"""Documents say what the code does: commands, options, settings, exit codes, dependencies, links."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import click
import pytest

from migrate.cli.commands import ORDER, transhume
from migrate.config import MailPolicy, Migration
from migrate.errors import Exit
from migrate.registry import available, load
from migrate.secrets import SCHEMES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", document, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def first_cells(table: str) -> list[str]:
    """The first column of every table, headers left out."""
    rows = [row.strip("| ").split(" | ")[0].strip("` |") for row in table.splitlines() if row.startswith("|")]
    return [cell for cell, after in pairwise([*rows, ""]) if "---" not in cell + after]


def options(command: click.Command) -> set[str]:
    return {name for param in command.params if isinstance(param, click.Option) for name in param.opts}


def command(name: str) -> click.Command:
    found = transhume.get_command(click.Context(transhume), name)
    assert found
    return found


@pytest.mark.parametrize("name", ORDER)
def test_every_command_and_option_is_documented(name: str) -> None:
    document = text("commands.md")
    shared = {"-C", "--json", "-v", "--verbose", "--wave", "--account", "--only"}
    assert all(f"`{option}" in document for option in shared)
    documented = {cell for cell in first_cells(section(document, f"## {name}")) if cell.startswith("--")}
    assert documented == options(command(name)) - shared


def test_no_command_is_documented_that_does_not_exist() -> None:
    headings = re.findall(r"^## (\w+)$", text("commands.md"), re.MULTILINE)
    assert headings == list(ORDER)


def test_messages_for_programs_are_documented() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "migrate").glob("[cr]*/*.py"))
    written = set(re.findall(r'"type": "(\w+)"', sources))
    assert set(first_cells(section(text("commands.md"), "## JSON messages"))) == written


def test_settings_are_documented() -> None:
    document = text("configuration.md")
    for heading, model in (("### `[migration]`", Migration), ("### `[mail]`", MailPolicy)):
        assert first_cells(section(document, heading)) == list(model.model_fields)
    ours = [one.name for one in available() if one.distribution == "transhume"]
    for name in ours:
        known = [option.name for option in load(name).options]
        assert first_cells(section(document, f"### Connector `{name}`")) == known
    assert sorted(re.findall(r"^### Connector `(\w+)`", document, re.MULTILINE)) == ours
    assert [cell.partition(":")[0] for cell in first_cells(section(document, "## Secrets"))] == list(SCHEMES)


def test_the_examples_of_the_configuration_are_toml() -> None:
    for example in re.findall(r"```toml\n(.*?)```", text("configuration.md"), re.DOTALL):
        assert tomllib.loads(example)


def test_exit_codes_are_documented() -> None:
    assert [int(cell) for cell in first_cells(text("exit-codes.md"))] == sorted(Exit)


def test_dependencies_are_documented_with_their_use() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    document = text("dependencies.md")
    for heading, listed in (
        ("## To run", project["dependencies"]),
        ("## For the sandbox (extra `demo`)", project["optional-dependencies"]["demo"]),
        (
            "## To develop (extras `dev` and `judges`)",
            project["optional-dependencies"]["dev"] + project["optional-dependencies"]["judges"],
        ),
    ):
        names = {re.split(r"[\[<>=~! ]", one)[0] for one in listed} - {"transhume"}
        assert set(first_cells(section(document, heading))) == names


@pytest.mark.parametrize(("file", "extra"), [("requirements.lock", "demo"), ("requirements-judges.lock", "judges")])
def test_a_lock_holds_every_dependency_by_hash_and_names_no_index(file: str, extra: str) -> None:
    lock = (ROOT / file).read_text(encoding="utf-8")
    pinned = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"][extra]]
    assert {re.split(r"[\[<>=~! ]", one)[0].lower().replace("_", "-") for one in wanted} <= pinned
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert not re.search(r"https?://|--index-url|--find-links|--trusted-host|file:", lock)


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_the_index_lists_every_document() -> None:
    linked = set(re.findall(r"\]\(([^)]+\.md)\)", text("index.md")))
    assert linked == {path.name for path in DOCS.glob("*.md")} - {"index.md"}
