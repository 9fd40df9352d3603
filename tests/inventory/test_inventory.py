"""An inventory end to end on memory twins: what it finds, keeps, tells to whom, and what it never says."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.memory_store import Fault, FaultKind
from migrate.apply import apply_plan
from migrate.cli import run
from migrate.errors import ConfigError
from migrate.inventory import take as taking
from migrate.inventory.detect import Kind
from migrate.inventory.evidence import Datum, Evidence, Gap, from_json, to_json
from migrate.inventory.exposure import Reach, expose
from migrate.inventory.register import TEMPLATE, read_register
from migrate.inventory.seal import broken_link, chained, check
from migrate.inventory.suppress import THRESHOLD, suppress, with_totals
from migrate.inventory.totals import age_class, months_between
from migrate.model import Grant, GrantKind, GrantRole, Service
from migrate.plan import make_plan
from migrate.report.sheets import csv_bytes, safe
from migrate.report.words import ALL, Words
from migrate.summaries import InventorySummary
from tests.engine.twins import Twins
from tests.inventory import kit

ROOT = Path(__file__).parents[2]


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    return kit.project(tmp_path / "project")


def rows(summary: InventorySummary, name: str) -> list[dict[str, str]]:
    text = (summary.path / "controller" / name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_every_planted_value_is_located_or_in_the_unread_register(twins: Twins) -> None:
    _, summary = kit.take(twins)
    found = {(row["service"], row["identifier"]) for row in rows(summary, "locators.csv") if row["level"] in "AB"}
    assert found >= {("mail", "nir"), ("mail", "iban"), ("calendar", "email"), ("contacts", "be_nn"), ("files", "iban")}
    gaps = {(row["place"], row["reason"]) for row in rows(summary, "unread-items.csv")}
    assert gaps == {("attachment[1]/member[1]", "encrypted"), ("attachment[2]", "image"), ("", "private-folder")}
    facts = kit.document(summary)
    assert [(row["kind"], row["values"]) for row in facts["kinds"] if row["kind"] == "nir"] == [("nir", 1)]
    quoted = [row for row in rows(summary, "locators.csv") if row["identifier"] == "iban" and row["service"] == "mail"]
    assert [row["quoted"] for row in quoted] == ["quoted"]


def test_canary_no_value_no_subject_no_title_anywhere(
    twins: Twins, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    assert run(["-C", str(twins.directory), "--json", "-v", "plan"]) == 0
    assert run(["-C", str(twins.directory), "--json", "-v", "inventory", "--content", "--with-target"]) == 0
    said = "".join(capsys.readouterr()) + caplog.text
    bundles = list(twins.project.reports.glob("inventory-*"))
    files = {str(bundle / name): text for bundle in bundles for name, text in kit.texts_below(bundle).items()}
    plans = [path for path in twins.project.plans.iterdir() if ".names." not in path.name]
    files |= {path.name: path.read_text(encoding="utf-8") for path in plans} | {"said": said}
    assert len(files) > 20
    for name, text in files.items():
        for secret in kit.SECRETS:
            assert secret not in text, name


def test_evidence_kept_in_the_project_holds_no_value(twins: Twins) -> None:
    kit.take(twins)
    kept = {path.name: path.read_text() for path in (twins.directory / "inventory").glob("*.evidence.jsonl")}
    assert kept
    for text in kept.values():
        assert not any(value in text for value in kit.VALUES)


def test_metadata_only_fetches_nothing(twins: Twins) -> None:
    twins.source.calls.clear()
    _, summary = kit.take(twins, content=False)
    assert {call.method for call in twins.source.calls}.isdisjoint({"get", "get_many", "put", "delete", "ensure"})
    assert kit.document(summary)["kinds"] == []
    assert {row["reason"] for row in kit.document(summary)["unread"]} == {"metadata-only", "private-folder"}


def test_private_folders_are_never_fetched(twins: Twins) -> None:
    twins.source.calls.clear()
    kit.take(twins)
    fetched = [call.href for call in twins.source.calls if call.method == "get"]
    assert fetched
    assert not any("Personnel" in href for href in fetched)


def test_again_on_the_same_data_gives_the_same_bytes_and_fetches_nothing(twins: Twins) -> None:
    first = kit.texts_below(kit.take(twins)[1].path)
    twins.source.calls.clear()
    _, summary = kit.take(twins)
    assert kit.texts_below(summary.path) == first
    assert not [call for call in twins.source.calls if call.method.startswith("get")]


def test_an_item_that_could_not_be_had_is_a_gap_and_tried_again(twins: Twins) -> None:
    twins.source.batched = False
    twins.source.faults.append(Fault(method="get", kind=FaultKind.GONE))
    _, summary = kit.take(twins)
    assert [row["reason"] for row in rows(summary, "unread-items.csv")].count("not-fetched") == 1
    _, summary = kit.take(twins)
    assert "not-fetched" not in [row["reason"] for row in rows(summary, "unread-items.csv")]


def test_without_sockets(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", closed)
    monkeypatch.setattr(socket, "create_connection", closed)
    monkeypatch.setattr(socket, "getaddrinfo", closed)
    _, summary = kit.take(twins)
    assert kit.document(summary)["kinds"]


def test_reconciliation_adds_up_after_a_migration(twins: Twins) -> None:
    make_plan(twins.project)
    apply_plan(twins.project)
    with twins.source.space("ana", Service.FILES) as space:
        gone = next(iter(space.items))
        del space.items[gone]
    twins.add(Service.FILES, ("Compta",), "nouveau.txt", b"rien")
    _, summary = kit.take(twins, content=False)
    found = {row["service"]: row for row in kit.document(summary, "audit")["reconciliation"]["services"]}
    assert found["files"]["listed"] == 2
    assert (found["files"]["migrated"], found["files"]["waiting"], found["files"]["vanished"]) == (1, 1, 1)
    assert all(row["unexplained"] == 0 for row in found.values())


def test_exposure_before_and_after(twins: Twins) -> None:
    link = Grant(kind=GrantKind.LINK, role=GrantRole.WRITE)
    partner = Grant(kind=GrantKind.USER, role=GrantRole.READ, principal="zoe@partner.example")
    kit.grant(twins.source, Service.FILES, ".xlsx", link, partner)
    _, summary = kit.take(twins, after=True)
    exposure = kit.document(summary)["exposure"]
    reach = {(row["service"], row["reach"]): row["items"] for row in exposure["reach"]["before"]}
    assert reach["files", "link"] == 1
    assert exposure["writable_beyond"] == {"before": 1, "after": 0}
    assert exposure["outside_domains"] == [{"side": "before", "domain": "partner.example", "items": 1}]
    assert [row["reach"] for row in rows(summary, "exposed-items.csv")] == ["link"]
    audit = kit.document(summary, "audit")
    assert audit["exposure"]["outside_domains"] == [{"side": "before", "domain": "", "items": None, "domains": 1}]
    assert "zoe@" not in json.dumps(kit.document(summary))
    red = {one["code"] for one in kit.document(summary)["alerts"] if one["severity"] == "red"}
    assert red >= {"exposed-link", "national-number"}


def test_dormant_accounts_age_and_retention(twins: Twins) -> None:
    kit.take(twins)
    path = twins.directory / "register.toml"
    path.write_text(
        '[activity.accounts]\nname = "Compta"\nfolders = ["Compta"]\nretention_months = 24\nconfirmed = true\n'
    )
    _, summary = kit.take(twins)
    facts = kit.document(summary)
    assert facts["dormant"] == {"months": 12, "accounts": 1, "names": ["ana"]}
    assert [(row["activity"], row["overdue"]) for row in facts["retention"]] == [("accounts", 1), ("unassigned", 0)]
    assert "names" not in kit.document(summary, "audit")["dormant"]
    assert ("overdue", "amber") in {(one["code"], one["severity"]) for one in facts["alerts"]}


def test_declared_purpose_and_certified_host_silence_their_alerts(twins: Twins) -> None:
    twins.add(Service.FILES, ("Fiches",), "sante.txt", b"diagnostic et handicap, hospitalisation")
    kit.take(twins)
    path = twins.directory / "register.toml"
    assert path.stat().st_mode & 0o077 == 0
    codes = {one["code"] for one in kit.document(kit.take(twins)[1])["alerts"]}
    assert {"national-number", "health-host"} <= codes
    text = path.read_text().replace("hds = false", "hds = true")
    path.write_text(re.sub(r'\[activity\.(\w+)\]\nname', r'[activity.\1]\nnational_number_purpose = "paie"\nname',
                           re.sub(r"^national_number_purpose.*\n", "", text, flags=re.M)))  # fmt: skip
    codes = {one["code"] for one in kit.document(kit.take(twins)[1])["alerts"]}
    assert codes.isdisjoint({"national-number", "health-host"})


def test_a_wrong_register_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text(TEMPLATE)
    assert len(read_register(path).activities) > 5
    for text, line in (("[activity.a]\nname='x'\nservice=['mail']", 3), ("[inventory]\ndormant_months='x'", 2),
                       ("[activity.a]\nname='x'\nservices=['post']", 3)):  # fmt: skip
        path.write_text(text)
        with pytest.raises(ConfigError, match=rf"register\.toml:{line}:"):
            read_register(path)


def test_audit_withholds_what_is_small(twins: Twins) -> None:
    _, summary = kit.take(twins)
    audit, whole = kit.document(summary, "audit"), kit.document(summary)
    assert all(row["items"] is None for row in audit["kinds"] if row["items"] != 0)
    assert any(row["items"] for row in whole["kinds"])
    for cell in audit["holdings"]:
        assert cell["items"] is None or cell["items"] == 0 or cell["items"] >= THRESHOLD


tables = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(0, 40), max_size=9)


@given(tables, st.booleans())
def test_no_withheld_count_can_be_worked_out(table: dict[tuple[str, str], int], known: bool) -> None:
    full, shown = with_totals(table), suppress(table, known_rows=known)
    lines: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row, column in full:
        lines.setdefault(("row", row), []).append((row, column))
        lines.setdefault(("column", column), []).append((row, column))
    for line in lines.values():
        hidden = [key for key in line if shown[key] is None]
        assert len(hidden) != 1 or not any(shown[key] for key in line if key not in hidden) or known
    for key, count in full.items():
        assert shown[key] in (None, count)
        if 0 < count < THRESHOLD and not (known and key[1] == "*"):
            assert shown[key] is None


def test_the_seal(twins: Twins, tmp_path: Path) -> None:
    bundle = kit.take(twins)[1].path
    done = subprocess.run(["sha256sum", "-c", "--quiet", "MANIFEST.sha256"], cwd=bundle, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert check(bundle).problems == ()
    assert check(bundle / "audit").problems == ()
    assert run(["report", "verify", str(bundle)]) == 0
    assert run(["report", "verify", str(tmp_path)]) == 2


@pytest.mark.parametrize("name", ["audit/rapport.fr.html", "controller/locators.csv", "journal.jsonl", "seal.pub.pem"])
def test_tampering_is_found_and_named(twins: Twins, capsys: pytest.CaptureFixture[str], name: str) -> None:
    bundle = kit.take(twins)[1].path
    data = bytearray((bundle / name).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / name).write_bytes(data)
    assert run(["report", "verify", str(bundle)]) == 8
    assert f"{name} was altered" in capsys.readouterr().err


def test_forged_manifests_added_and_removed_files_are_found(twins: Twins) -> None:
    bundle = kit.take(twins)[1].path
    other = bundle.parent / "copy"
    shutil.copytree(bundle, other)
    (other / "audit" / "holdings.csv").unlink()
    (other / "plus.txt").write_text("x")
    assert {(one.file, one.problem) for one in check(other).problems} == {
        ("audit/holdings.csv", "missing"),
        ("plus.txt", "added"),
    }
    manifest = other / "MANIFEST.sha256"
    manifest.write_bytes(manifest.read_bytes().replace(b"0", b"1", 1))
    assert ("MANIFEST.sha256", "signature") in {(one.file, one.problem) for one in check(other).problems}
    assert [one.problem for one in check(bundle, "0" * 32).problems] == ["other-key"]


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), min_size=2, max_size=6), st.data())
def test_a_removed_line_breaks_the_chain(entries: list[dict[str, int]], data: st.DataObject) -> None:
    lines = chained(entries)
    assert broken_link("\n".join(lines)) == 0
    gone = data.draw(st.integers(0, len(lines) - 2))
    assert broken_link("\n".join(lines[:gone] + lines[gone + 1 :])) == gone + 1


def test_keys_stay_outside_and_files_are_private(twins: Twins) -> None:
    taken, summary = kit.take(twins)
    everything = "".join(kit.texts_below(summary.path).values())
    assert taken.key.hex() not in everything
    assert "PRIVATE KEY" not in everything
    for path in [*summary.path.rglob("*"), *(twins.directory / "inventory").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_journal_of_the_project_is_chained(twins: Twins) -> None:
    kit.take(twins)
    twins.add(Service.FILES, ("Compta",), "n.txt", b"n")
    kit.take(twins)
    text = (twins.directory / "inventory" / "journal.jsonl").read_text()
    assert len(text.splitlines()) == 2
    assert broken_link(text) == 0


def test_sheets_run_nothing() -> None:
    for text in ("=1+1", "+33", "-1", "@x", "\t=1", "  =1", "\r=1"):
        assert safe(text).startswith("'")
    assert safe(-1) == "-1"
    data = csv_bytes([["é", "=cmd", None, 5]])
    assert data == "\ufeffé;'=cmd;;5\r\n".encode()


def test_the_ods_is_read_by_others(twins: Twins, tmp_path: Path) -> None:
    summary = kit.take(twins)[1]
    from migrate.inventory.extract import Budget, Part, Passage, extract

    data = (summary.path / "audit" / "register.ods").read_bytes()
    found = "\n".join(one.text for one in extract(Part(data=data), Budget()) if isinstance(one, Passage))
    for word in ("NIR ou numéro national", "Appartenance syndicale", "Données de localisation", "masqué"):
        assert word in found
    if (office := shutil.which("soffice")) is not None:
        subprocess.run([office, "--headless", "--convert-to", "csv", "--outdir", str(tmp_path),
                        str(summary.path / "audit" / "register.ods")], check=True, capture_output=True)  # fmt: skip
        assert list(tmp_path.glob("*.csv"))


def test_no_page_claims_what_it_cannot(twins: Twins) -> None:
    summary = kit.take(twins)[1]
    for name in ("rapport.fr.html", "report.en.html"):
        page = (summary.path / "audit" / name).read_text(encoding="utf-8")
        assert not re.search(r"\bconforme|\bcompliant|\bcompliance", page, re.IGNORECASE)
        assert not re.search(r"<script|https?://|javascript:", page)
        assert "default-src 'none'" in page


def test_hostile_names_are_escaped(twins: Twins) -> None:
    kit.take(twins)
    path = twins.directory / "register.toml"
    path.write_text('[activity.x]\nname = "<img src=x onerror=alert(1)>"\n')
    page = (kit.take(twins)[1].path / "audit" / "rapport.fr.html").read_text()
    assert "<img" not in page
    assert "&lt;img" in page


def test_every_kind_and_word_has_both_languages() -> None:
    for kind in Kind:
        assert f"kind-{kind.value}" in ALL
    for fr, en in ALL.values():
        assert fr
        assert en
        assert re.findall(r"\{(\w+)\}", fr) == re.findall(r"\{(\w+)\}", en)
    assert Words("fr").number(12345) == "12\u202f345"
    assert Words("en").number(None) == "withheld"


def test_documents_fit_their_schema(twins: Twins) -> None:
    make_plan(twins.project)
    summary = kit.take(twins, after=True)[1]
    schema = json.loads((summary.path / "audit" / "inventory.schema.json").read_text())
    for audience in ("audit", "controller"):
        assert list(misfits(kit.document(summary, audience), schema, "$")) == []
    assert list(misfits(kit.document(summary) | {"surplus": 1}, schema, "$")) == ["$: surplus"]


def misfits(value: object, schema: dict[str, object], at: str) -> Iterator[str]:
    """The part of JSON Schema that our schema uses."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    if "oneOf" in schema:
        branches = [list(misfits(value, one, at)) for one in schema["oneOf"]]  # type: ignore[union-attr]
        if sum(not found for found in branches) != 1:
            yield f"{at}: none of the branches"
        return
    if "enum" in schema and value not in schema["enum"]:  # type: ignore[operator]
        yield f"{at}: {value!r}"
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(type(value) is kinds[one] for one in wanted):  # type: ignore[union-attr]
        yield f"{at}: {type(value).__name__}"
    if isinstance(value, str) and "pattern" in schema and not re.search(str(schema["pattern"]), value):
        yield f"{at}: pattern"
    if isinstance(value, list):
        for one in value:
            yield from misfits(one, schema["items"], f"{at}[]")  # type: ignore[arg-type]
    if isinstance(value, dict):
        properties: dict[str, dict[str, object]] = schema.get("properties", {})  # type: ignore[assignment]
        for name in schema.get("required", []):  # type: ignore[attr-defined]
            if name not in value:
                yield f"{at}: {name} missing"
        for name, one in value.items():
            more = properties.get(name, schema.get("additionalProperties"))
            if not isinstance(more, dict):
                yield f"{at}: {name}"
            else:
                yield from misfits(one, more, f"{at}.{name}")


data = st.builds(Datum, kind=st.just("nir"), level=st.sampled_from("ABC"), fingerprint=st.text(max_size=4))


@given(st.lists(data, max_size=3), st.lists(st.builds(Gap, reason=st.text(max_size=3)), max_size=2))
def test_evidence_survives_the_wire(found: list[Datum], gaps: list[Gap]) -> None:
    evidence = Evidence(data=found, gaps=gaps, subjects={"health": 2}, characters=7)
    assert from_json(json.loads(json.dumps(to_json(evidence)))) == evidence


@pytest.mark.parametrize(
    ("grants", "reach"),
    [
        ((), Reach.OWNER),
        (
            (Grant(kind=GrantKind.PUBLIC, role=GrantRole.READ), Grant(kind=GrantKind.LINK, role=GrantRole.READ)),
            Reach.PUBLIC,
        ),
        ((Grant(kind=GrantKind.DOMAIN, role=GrantRole.READ, principal="ours.example"),), Reach.DOMAIN),
        ((Grant(kind=GrantKind.DOMAIN, role=GrantRole.READ, principal="other.example"),), Reach.OUTSIDE),
        ((Grant(kind=GrantKind.USER, role=GrantRole.READ, principal="a@OURS.example"),), Reach.INSIDE),
        ((Grant(kind=GrantKind.GROUP, role=GrantRole.READ, principal="g@other.example"),), Reach.OUTSIDE),
    ],
)
def test_reach(grants: tuple[Grant, ...], reach: Reach) -> None:
    assert expose(grants, frozenset({"ours.example"})).reach is reach


def test_ages() -> None:
    assert months_between(date(2025, 11, 27), date(2026, 11, 26)) == 11
    assert [age_class(day, date(2026, 11, 26)) for day in ("2026-01-01", "2025-01-01", "2010-01-01", "")] == [
        "<1", "1-2", "10+", "unknown",
    ]  # fmt: skip


def test_interrupted_and_taken_up_again(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "PAGE", 1)
    twins.source.batched = False
    twins.source.faults.append(Fault(method="get", kind=FaultKind.REFUSED, skip=3))
    taken, summary = kit.take(twins)
    assert summary.exit_code == taken.exit_code != 0
    first = {call.href for call in twins.source.calls if call.method == "get"}
    twins.source.calls.clear()
    _, summary = kit.take(twins)
    assert summary.exit_code == 0
    assert kit.document(summary)["scope"]["complete"]
    second = {call.href for call in twins.source.calls if call.method == "get"}
    assert len(first & second) == 1  # the one that was refused; nothing that was read is fetched again
    assert len(first | second) == 6
