"""Programs we did not write, against the Nextcloud stand-in: rclone and vdirsyncer."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sandbox.nextcloud import NextcloudStandIn
from tests.sandbox.nextcloud_client import USERS, Client, card, event
from tests.servers import require

pytestmark = pytest.mark.server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NextcloudStandIn]:
    with NextcloudStandIn(USERS, tmp_path / "data") as running:
        yield running


def run(*command: str, config: Path) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={"HOME": str(config), "PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_rclone_copies_and_finds_all_equal(server: NextcloudStandIn, tmp_path: Path) -> None:
    rclone = require("rclone")
    source = tmp_path / "source"
    for name, content in {
        "a.txt": b"a",
        "Été/b c.txt": b"b" * 5000,
        "Été/vide": b"",
        "d/e/f&g#.bin": b"\0" * 99,
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    secret = subprocess.run(
        [rclone, "obscure", USERS["anne"]], capture_output=True, text=True, check=True
    ).stdout.strip()
    config = tmp_path / "rclone.conf"
    config.write_text(
        f"[cloud]\ntype = webdav\nvendor = nextcloud\nurl = {server.url}/remote.php/dav/files/anne\n"
        f"user = anne\npass = {secret}\n"
    )
    options = ("--config", str(config), "--retries", "1")
    run(rclone, "copy", str(source), "cloud:", *options, config=tmp_path)
    told = run(rclone, "check", str(source), "cloud:", *options, config=tmp_path)
    assert "0 differences found" in told
    assert "4 matching files" in told
    run(rclone, "copy", "cloud:", str(tmp_path / "back"), *options, config=tmp_path)
    assert (tmp_path / "back" / "Été" / "b c.txt").read_bytes() == b"b" * 5000
    times = [(root / "a.txt").stat().st_mtime for root in (source, tmp_path / "back")]
    assert abs(times[0] - times[1]) <= 1


def test_vdirsyncer_discovers_and_reads(server: NextcloudStandIn, tmp_path: Path) -> None:
    vdirsyncer = require("vdirsyncer")
    with Client(server) as anne:
        for number in range(3):
            anne("PUT", f"{anne.calendars}/personal/e{number}.ics", event(f"e{number}"))
        anne("PUT", f"{anne.books}/contacts/a.vcf", card("c1", "FN:Anne", "N:Martin;Anne;;;"))
    config = tmp_path / "vdirsyncer.conf"
    config.write_text(_vdirsyncer(server.url, tmp_path))
    run(vdirsyncer, "-c", str(config), "discover", config=tmp_path)
    run(vdirsyncer, "-c", str(config), "sync", config=tmp_path)
    events = sorted((tmp_path / "cal" / "personal").glob("*.ics"))
    assert [path.read_bytes().count(b"SUMMARY:R\xc3\xa9union") for path in events] == [1, 1, 1]
    assert len(list((tmp_path / "card" / "contacts").glob("*.vcf"))) == 1
    (tmp_path / "cal" / "personal" / "new.ics").write_bytes(event("new"))
    run(vdirsyncer, "-c", str(config), "sync", config=tmp_path)
    with Client(server) as anne:
        assert len(anne.hrefs(f"{anne.calendars}/personal/")) == 5


def _vdirsyncer(url: str, folder: Path) -> str:
    text = f'[general]\nstatus_path = "{folder}/status/"\n'
    for name, kind, extension, collection in (
        ("cal", "caldav", ".ics", "personal"),
        ("card", "carddav", ".vcf", "contacts"),
    ):
        text += (
            f'\n[pair {name}]\na = "{name}_local"\nb = "{name}_remote"\n'
            f'collections = [["{collection}", "{collection}", "{collection}"]]\n'
            f'\n[storage {name}_local]\ntype = "filesystem"\npath = "{folder}/{name}/"\nfileext = "{extension}"\n'
            f'\n[storage {name}_remote]\ntype = "{kind}"\nurl = "{url}/"\n'
            f'username = "anne"\npassword = "{USERS["anne"]}"\n'
        )
        (folder / name / collection).mkdir(parents=True)
    return text
