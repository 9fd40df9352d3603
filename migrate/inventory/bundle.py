"""The bundle on disk: ``audit/`` and ``controller/`` apart, a journal, a manifest and a seal.

The same data on the same reference day give the same bytes: nothing in it tells when it was made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migrate.inventory.facts import AUDIENCES, facts
from migrate.inventory.locators import Annex
from migrate.inventory.reconcile import reconcile
from migrate.inventory.schema import inventory_schema
from migrate.inventory.seal import JOURNAL, MANIFEST, chained, last_link, seal, sealing_key, sha256_of, write
from migrate.inventory.store import private_file
from migrate.inventory.take import Taken, inventory_folder
from migrate.inventory.totals import add_up, lines
from migrate.planfile import anonymous
from migrate.report import inventory_sheets as tables
from migrate.report.html import render
from migrate.report.inventory_page import inventory_page
from migrate.report.sheets import csv_bytes, ods_bytes
from migrate.report.words import Words
from migrate.summaries import InventorySummary

Json = dict[str, Any]
PAGES = {"fr": "rapport.fr.html", "en": "report.en.html"}


def write_bundle(taken: Taken) -> InventorySummary:
    """Add up, render and seal. Raises LocalDiskFull, ConfigError."""
    totals, reconciliation = add_up(taken), reconcile(taken)
    documents = {audience: facts(taken, totals, reconciliation, audience) for audience in AUDIENCES}
    taken.project.reports.mkdir(mode=0o700, exist_ok=True)
    making = taken.project.reports / ".inventory.new"
    shutil.rmtree(making, ignore_errors=True)
    where = Annex(making / "controller", taken.project.language)
    where.add(lines(taken))
    id_ = hashlib.sha256(_json(documents["controller"]) + _digests(where)).hexdigest()[:12]
    final = taken.project.reports / f"inventory-{id_}"
    for audience, document in documents.items():
        _audience(making / audience, document, f"inventory-{id_}", taken.project.language)
    write(making / JOURNAL, "".join(f"{line}\n" for line in chained(_journal(taken, where, documents))).encode())
    key = sealing_key(inventory_folder(taken.project) / "seal.key")
    seal(making / "audit", key)  # by itself too: it is what leaves the house
    seal(making, key)
    shutil.rmtree(final, ignore_errors=True)
    making.rename(final)
    _record(taken, final)
    return InventorySummary(id=id_, path=final, facts=documents["controller"], exit_code=taken.exit_code)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _digests(where: Annex) -> bytes:
    return json.dumps(sorted(where.digests.items())).encode()


def _audience(folder: Path, document: Json, report_id: str, language: str) -> None:
    """One audience's documents, each said in its own words."""
    w = Words(language)
    write(folder / "inventory.json", _json(document))
    write(folder / "inventory.schema.json", _json(inventory_schema()))
    for one, name in PAGES.items():
        words = Words(one)
        write(folder / name, render(inventory_page(document, report_id, words), words).encode())
    sheets = {
        "holdings": tables.holdings(document, w),
        "identifiers": tables.kinds(document, w),
        "unread": tables.unread(document, w),
        "exposure": tables.exposure(document, w),
        "reconciliation": tables.reconciliation(document, w),
    }
    for name, rows in sheets.items():
        write(folder / f"{name}.csv", csv_bytes(rows, language))
    write(folder / "register.ods", ods_bytes(tables.register(document, w) | sheets))


def _journal(taken: Taken, where: Annex, documents: Mapping[str, Json]) -> Iterator[Json]:
    """What was done, in order, without a clock: the project's own journal says when."""
    scope = documents["audit"]["scope"]
    yield {"step": "scope", "accounts_sha256": scope["accounts_sha256"], "lanes": scope["lanes"]}
    yield {"step": "rules", "rule_pack": taken.rule_pack, "content": taken.request.content, "sources": "read only"}
    for lane, (count, digest) in sorted(where.digests.items()):
        yield {"step": "listed", "lane": anonymous(lane, ""), "items": count, "versions_sha256": digest}
    for key, (code, _) in sorted(taken.errors.items()):
        yield {"step": "failed", "lane": anonymous(key, ""), "code": code}
    for audience in AUDIENCES:
        yield {
            "step": "written",
            "audience": audience,
            "sha256": hashlib.sha256(_json(documents[audience])).hexdigest(),
        }


def _record(taken: Taken, bundle: Path) -> None:
    """One more line in the project's journal: when, and the digest of the manifest."""
    path = inventory_folder(taken.project) / JOURNAL
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "bundle": bundle.name,
        "manifest_sha256": sha256_of(bundle / MANIFEST),
        "exit_code": int(taken.exit_code),
    }
    with private_file(path, "a") as file:
        file.write(chained([entry], last_link(before))[0] + "\n")
