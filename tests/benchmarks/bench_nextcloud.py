"""Files and events a second into a real Nextcloud: this tool, rclone and vdirsyncer, in one run.

Run: ``python -m tests.benchmarks.bench_nextcloud [small|large|mixed|events…]``, with TRANSHUME_NEXTCLOUD_URL and
TRANSHUME_NEXTCLOUD_USERS set as for the tests (``tests/connectors/nextcloud_kit.py``). Only ``apply`` is counted: the
plan is a step of its own, and the others have none. Sources are folders of this machine for all of them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import requests

from tests.benchmarks.kit import Goal, interleaved, project, show, timed, transhume

SEED = 20261126
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//FR\r\nBEGIN:VEVENT\r\nUID:{n}-{run}@tilleuls.example\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:202603{day:02}T{hour:02}0000Z\r\nDURATION:PT1H\r\n"
    "SUMMARY:Permanence numéro {n}\r\nDESCRIPTION:{text}\r\nLOCATION:Salle des tilleuls\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


class Bench:
    """One account of the server; what a run writes lies in a folder or a calendar of its own, removed after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = os.environ["TRANSHUME_NEXTCLOUD_URL"]
        self.user, self.password = os.environ["TRANSHUME_NEXTCLOUD_USERS"].split(",")[0].split(":", 1)
        (folder / "password").write_text(self.password, encoding="utf-8")
        (folder / "password").chmod(0o600)
        self.dav = f"{self.url}/remote.php/dav"
        self.session = requests.Session()
        self.session.auth = (self.user, self.password)

    def remove(self, path: str) -> None:
        """And empty the bin, so that no run pays for an earlier one's."""
        self.session.request("DELETE", f"{self.dav}/{path}", headers={"X-NC-CalDAV-No-Trashbin": "1"})
        self.session.request("DELETE", f"{self.dav}/trashbin/{self.user}/trash")

    def ours(self, data: Path, service: str, place: str) -> float:
        """Seconds of apply."""
        others = ("mail", "calendar", "contacts", "tasks", "files")
        other = [f'\n{one} = "nothing-{one}"' for one in others if one != service]
        where = project(
            self.folder / f"project-{uuid.uuid4().hex[:8]}",
            f'[source.old]\nconnector = "folder"\npath = "{data}"\n{service} = "."{"".join(other)}',
            f'[target.new]\nconnector = "nextcloud"\nurl = "{self.url}"\npassword = "file:{self.folder}/password"\n'
            f'folder = "{place}"\ntimeout = 600.0',
            f"old,{self.user},{self.user},1\n",
        )
        transhume(where, "plan")
        return transhume(where, "apply")

    def files(self, data: Path) -> Callable[[int], float]:
        """A run of ours."""

        def run(_: int) -> float:
            place = f"bench-{uuid.uuid4().hex[:8]}"
            took = self.ours(data, "files", place)
            self._count(data, place)
            self.remove(f"files/{self.user}/{place}")
            return took

        return run

    def rclone(self, data: Path) -> Callable[[int], float]:
        """A run of rclone with its own settings for Nextcloud."""
        hidden = subprocess.run(
            ["rclone", "obscure", "-"], input=self.password, capture_output=True, text=True, check=True
        ).stdout.strip()
        env = os.environ | {
            "RCLONE_CONFIG_NC_TYPE": "webdav",
            "RCLONE_CONFIG_NC_URL": f"{self.dav}/files/{self.user}",
            "RCLONE_CONFIG_NC_VENDOR": "nextcloud",
            "RCLONE_CONFIG_NC_USER": self.user,
            "RCLONE_CONFIG_NC_PASS": hidden,
            "RCLONE_CONFIG": "/dev/null",
        }

        def run(_: int) -> float:
            place = f"bench-{uuid.uuid4().hex[:8]}"
            command = ["rclone", "copy", str(data), f"nc:{place}", "--retries", "1"]
            took = timed(lambda: subprocess.run(command, env=env, check=True, timeout=3600))
            self._count(data, place)
            self.remove(f"files/{self.user}/{place}")
            return took

        return run

    def _count(self, data: Path, place: str) -> None:
        url = f"{self.dav}/files/{self.user}/{place}"
        listed = self.session.request("PROPFIND", url, headers={"Depth": "infinity"}).text.count("<d:getcontentlength>")
        assert listed == sum(1 for path in data.rglob("*") if path.is_file()), "files are missing"


def small(folder: Path, count: int = 1000) -> Path:
    """A thousand files in forty folders, 23 MB."""
    chance = random.Random(SEED)
    for n in range(count):
        place = folder / f"Dossier {n % 40:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"Compte rendu {n}.txt").write_bytes(chance.randbytes(chance.randint(200, 46_000)))
    return folder


def mixed(folder: Path) -> Path:
    """Small, middling and a few large ones."""
    chance = random.Random(SEED + 1)
    small(folder, 200)
    for n in range(20):
        (folder / f"Photo {n}.jpg").write_bytes(chance.randbytes(3_000_000))
    (folder / "Film.mp4").write_bytes(chance.randbytes(60_000_000))
    return folder


def large(folder: Path, size: int = 1 << 30) -> Path:
    """One file of 1 GiB."""
    chance = random.Random(SEED + 2)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "Archive.bin").open("wb") as stream:
        for _ in range(size >> 20):
            stream.write(chance.randbytes(1 << 20))
    return folder


def bench_files(bench: Bench, kind: str, made: Path, rounds: int, wanted: float) -> bool:
    """One profile of files against rclone."""
    took = interleaved(rounds, {"transhume apply": bench.files(made), "rclone": bench.rclone(made)})
    count = sum(1 for path in made.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in made.rglob("*")) / 1e6
    goals = [Goal("rclone", took["rclone"] / took["transhume apply"], wanted)]
    unit, amount = ("MB", size) if kind == "large" else ("files", count)
    return show(f"{kind}: {count} files, {size:.0f} MB, into Nextcloud", unit, amount, took, goals)


def bench_events(bench: Bench, rounds: int, count: int = 500) -> bool:
    """Events against vdirsyncer."""

    def made() -> Path:
        run = uuid.uuid4().hex[:8]
        place = bench.folder / f"calendars-{run}" / f"mesure-{run}"
        place.mkdir(parents=True)
        for n in range(count):
            text = EVENT.format(n=n, run=run, day=n % 28 + 1, hour=n % 24, text="Ordre du jour. " * 20)
            (place / f"{n}.ics").write_bytes(text.encode())
        return place

    def ours(_: int) -> float:
        place = made()
        took = bench.ours(place.parent, "calendar", "")
        for slug in _new(bench, place.name, count):
            bench.remove(f"calendars/{bench.user}/{slug}")
        return took

    def vdirsyncer(_: int) -> float:
        place = made()
        bench.session.request("MKCALENDAR", f"{bench.dav}/calendars/{bench.user}/{place.name}")
        config = bench.folder / f"{place.name}.conf"
        config.write_text(
            f'[general]\nstatus_path = "{bench.folder}/status-{place.name}"\n[pair p]\na = "near"\nb = "far"\n'
            f'collections = ["{place.name}"]\n[storage near]\ntype = "filesystem"\npath = "{place.parent}"\n'
            f'fileext = ".ics"\n[storage far]\ntype = "caldav"\nurl = "{bench.dav}/"\nusername = "{bench.user}"\n'
            f'password = "{bench.password}"\n',
            encoding="utf-8",
        )
        command = ["vdirsyncer", "-c", str(config)]
        subprocess.run([*command, "discover"], check=True, capture_output=True, input=b"y\n")
        took = timed(lambda: subprocess.run([*command, "sync"], check=True, capture_output=True, timeout=3600))
        assert list(_new(bench, place.name, count)) == [place.name]
        bench.remove(f"calendars/{bench.user}/{place.name}")
        return took

    took = interleaved(rounds, {"transhume apply": ours, "vdirsyncer": vdirsyncer})
    goals = [Goal("vdirsyncer", took["vdirsyncer"] / took["transhume apply"], 1.7)]
    return show(f"{count} events into Nextcloud", "events", count, took, goals)


def _new(bench: Bench, name: str, count: int) -> list[str]:
    """Addresses of the calendar that a run made; fails unless it holds every event."""
    home = f"{bench.dav}/calendars/{bench.user}/"
    listed = bench.session.request("PROPFIND", home, headers={"Depth": "1"}).text
    found = sorted({part.split("/")[0] for part in listed.split(f"/calendars/{bench.user}/")[1:] if name in part[:60]})
    for slug in found:
        held = bench.session.request("PROPFIND", home + slug, headers={"Depth": "1"}).text.count(".ics</d:href>")
        assert held == count, "events are missing"
    return found


def main() -> int:
    """Measure and print; 1 when a goal is missed."""
    if "TRANSHUME_NEXTCLOUD_URL" not in os.environ:
        print("skipped: TRANSHUME_NEXTCLOUD_URL names no server")
        return 0
    kinds = sys.argv[1:] or ["small", "events", "mixed", "large"]
    met = True
    with tempfile.TemporaryDirectory(prefix="transhume-bench-") as name:
        bench = Bench(Path(name))
        for kind, make, rounds, wanted in (
            ("small", small, 1, 3.0),
            ("mixed", mixed, 1, 1.0),
            ("large", large, 1, 1.0),
        ):
            if kind in kinds:
                met &= bench_files(bench, kind, make(bench.folder / kind), rounds, wanted)
        if "events" in kinds:
            met &= bench_events(bench, 1)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
