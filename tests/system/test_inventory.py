"""Every personal datum of the sandbox's sources is in the bundle, or in the list of what could not be read."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from migrate.inventory.detect import Kind, fingerprint
from migrate.sandbox.association import association
from migrate.sandbox.association.planted import PLANTED
from tests.system.field import Field, sandbox

LABELS = {
    "Téléphone": "phone",
    "Courriel": "email",
    "Numéro de sécurité sociale": "nir",
    "IBAN": "iban",
    "Registre national (BE)": "be_nn",
    "Compte belge": "iban",
    "Registre national": "be_nn",
    "Compte": "iban",
}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with sandbox(tmp_path_factory.mktemp("inventory") / "project") as running:
        yield running


@pytest.fixture(scope="module")
def bundle(field: Field) -> Path:
    done = field.run("--json", "inventory", "--content")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return Path(next(row["path"] for row in found if row["type"] == "inventory"))


def rows(bundle: Path, name: str) -> list[dict[str, str]]:
    text = (bundle / "controller" / name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def world_values() -> Iterator[tuple[str, str, str]]:
    """(account, kind, value) written in the association's letters, files and lists, read by their labels alone."""
    for address, account in association("small").google.items():
        for message in account.messages:
            for part in message_from_bytes(message.raw()).walk():
                body = part.get_payload(decode=True)
                if part.get_content_maintype() == "text" and isinstance(body, bytes):
                    yield from ((address, *one) for one in labelled(body.decode("utf-8", "replace")))
        for node in account.files:
            kept = node.resource["ownedByMe"] and not node.resource["trashed"]
            if node.content and kept and node.resource["mimeType"].startswith("text/"):
                yield from ((address, *one) for one in labelled(node.content().decode()))


def labelled(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        label, _, value = line.partition(" : ")
        if label in LABELS and value:
            yield LABELS[label], value
        elif len(cells := line.split(";")) == 4 and cells[0] != "Nom":
            yield "phone", cells[2]
            yield "iban", cells[3]


def canonical(kind: str, value: str) -> str:
    """As the detectors spell it: no separators, telephone numbers in E.164, addresses in lower case."""
    bare = re.sub(r"[ .\-]", "", value) if kind != "email" else value.lower()
    return f"+33{bare[1:]}" if kind == "phone" else bare


def test_every_value_that_can_be_read_is_located(field: Field, bundle: Path) -> None:
    key = bytes.fromhex((field.directory / "inventory" / "fingerprint.key").read_text().strip())
    located = {(row["account"], row["identifier"], row["fingerprint"]) for row in rows(bundle, "locators.csv")}
    wanted = {(one.holder, one.kind, one.value) for one in PLANTED if not one.unread} | set(world_values())
    assert len(wanted) > 100
    missing = {
        (holder, kind, value)
        for holder, kind, value in wanted
        if (holder, kind, fingerprint(Kind(kind), canonical(kind, value), key)) not in located
    }
    assert missing == set()


def test_every_value_that_cannot_be_read_is_in_the_unread_register(bundle: Path) -> None:
    gaps = [row for row in rows(bundle, "unread-items.csv") if row["account"].startswith("ines.")]
    for one in PLANTED:
        if one.unread:
            assert [row for row in gaps if row["reason"] == one.unread and row["service"] == "mail"], one.place
    scans = {row["place"] for row in gaps if row["reason"] == "image" and row["service"] == "mail"}
    assert any("page[1]" in place for place in scans)


def test_canary(field: Field, bundle: Path) -> None:
    values = {value for _, _, value in world_values()} | {one.value for one in PLANTED}
    secrets = values | {re.sub(r"[ .\-]", "", value) for value in values} | {"Fiche de liaison", "Pièces du dossier"}
    logs = "\n".join(path.read_text(errors="replace") for path in field.directory.glob("*.log"))
    for path in [*bundle.rglob("*"), None]:
        if path is not None and not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace") if path else logs
        assert not [secret for secret in secrets if secret in text], path


def test_the_source_was_only_read(field: Field, bundle: Path) -> None:
    writes = [row for row in field.log("google") if row["method"] not in {"GET", "HEAD"} and "token" not in row["path"]]
    assert [row for row in writes if "batch" not in row["path"]] == []
    assert bundle.is_dir()
