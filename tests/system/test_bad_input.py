"""What people get wrong, and what breaks around them: a clear message, an advice, the right exit code."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers import certificates, closed_port
from tests.system.field import Field, sandbox

CONFIG, ACCOUNTS = "migration.toml", "accounts.csv"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with sandbox(tmp_path_factory.mktemp("field") / "project") as running:
        yield running


@pytest.fixture
def field(original: Field, tmp_path: Path) -> Field:
    """A copy of the project: same servers, its own configuration and ledger."""
    directory = tmp_path / "copy"
    shutil.copytree(original.directory, directory, ignore=shutil.ignore_patterns("data", "plans", "ledger*"))
    directory.chmod(0o700)
    return Field(directory, original.facts)


def edit(field: Field, name: str, change: Callable[[str], str]) -> None:
    path = field.directory / name
    before = path.read_text("utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, "utf-8")


def refused(field: Field, code: int, *words: str, arguments: tuple[str, ...] = ("plan",)) -> str:
    result = field.run(*arguments)
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    assert "→" in result.stderr, f"no advice: {result.stderr}"
    return result.stderr


def one_service(service: str) -> tuple[str, ...]:
    return ("plan", "--only", service)


def test_missing_files(field: Field) -> None:
    (field.directory / ACCOUNTS).unlink()
    refused(field, 2, ACCOUNTS)
    (field.directory / CONFIG).unlink()
    refused(field, 2, CONFIG)


def test_wrong_column(field: Field) -> None:
    edit(field, ACCOUNTS, lambda text: text.replace("mail_account", "mail_acount", 1))
    refused(field, 2, f"{ACCOUNTS}:1", "mail_acount")


def test_every_bad_row_is_named_at_once(field: Field) -> None:
    first = len((field.directory / ACCOUNTS).read_text("utf-8").splitlines()) + 1
    edit(field, ACCOUNTS, lambda text: text + "nowhere,x@example.org,x,x,1\ngoogle,,y,y,1\n")
    told = refused(field, 2, f"{ACCOUNTS}:{first}", "nowhere")
    assert f"{ACCOUNTS}:{first + 1}" in told


def test_unknown_connector(field: Field) -> None:
    edit(field, CONFIG, lambda text: text.replace('"nextcloud"', '"nextclod"'))
    refused(field, 2, f"{CONFIG}:", "nextclod", "nextcloud")


def test_a_secret_in_the_file(field: Field) -> None:
    edit(field, CONFIG, lambda text: text.replace('"file:secrets/mail/{account}"', '"hunter2hunter2"'))
    told = refused(field, 2, f"{CONFIG}:")
    assert "hunter2" not in told


@pytest.mark.parametrize(("service", "folder"), [("mail", "mail"), ("files", "cloud")])
def test_wrong_password(field: Field, service: str, folder: str) -> None:
    victim = sorted((field.directory / "secrets" / folder).iterdir())[0]
    victim.write_text("not-the-password-at-all", "utf-8")
    result = field.run(*one_service(service))
    assert result.returncode == 5, result.stderr
    assert "not-the-password-at-all" not in result.stderr
    doctor = field.run("doctor")
    assert doctor.returncode == 5
    assert "FAIL" in doctor.stderr


def test_unreachable_host(field: Field) -> None:
    url = field.facts["nextcloud"]["url"]
    with closed_port() as port:
        edit(field, CONFIG, lambda text: text.replace(url, f"http://127.0.0.1:{port}"))
        refused(field, 5, arguments=one_service("files"))


def test_invalid_tls(field: Field, tmp_path: Path) -> None:
    with tls_server(tmp_path) as port:
        url = field.facts["nextcloud"]["url"]
        edit(field, CONFIG, lambda text: text.replace(url, f"https://127.0.0.1:{port}"))
        refused(field, 5, "certificate", arguments=one_service("files"))


class tls_server:  # noqa: N801
    """Speaks TLS with a certificate that nobody signed."""

    def __init__(self, folder: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificates(folder)
        self._context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                self._context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()


def only_plan(field: Field) -> Path:
    plans = [p for p in (field.directory / "plans").glob("*.jsonl") if ".names." not in p.name]
    assert len(plans) == 1
    return plans[0]


def test_altered_plan(field: Field) -> None:
    field.run(*one_service("files"))
    plan = only_plan(field)
    plan.write_bytes(plan.read_bytes().replace(b'"size":', b'"size": ', 1))
    refused(field, 4, "altered", arguments=("apply",))


def test_plan_of_other_settings(field: Field) -> None:
    field.run(*one_service("files"))
    edit(field, CONFIG, lambda text: text.replace('"nextcloud"\n', '"nextcloud"\nfolder = "Ailleurs"\n'))
    refused(field, 4, "changed in migration.toml: target.cloud.folder", arguments=("apply", str(only_plan(field))))


def test_no_plan_yet(field: Field) -> None:
    refused(field, 2, "no plan", arguments=("apply",))


def test_second_run_while_one_is_running(field: Field) -> None:
    with (field.directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(field, 7, "running")


def fill(path: Path) -> None:
    """Take every byte that is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(descriptor, b"\0" * 4096):
            pass
    os.close(descriptor)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
def test_disk_full(field: Field, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        shutil.copytree(field.directory, small, dirs_exist_ok=True)
        small.chmod(0o700)
        tight = Field(small, field.facts)
        planned = tight.run(*one_service("files"))
        if planned.returncode == 0:
            filler = small / "filler"
            fill(filler)
            told = refused(tight, 6, arguments=("apply",))
            assert "space" in told or "room" in told.lower()
            filler.unlink()
            assert tight.run("apply").returncode == 0
        else:
            assert planned.returncode == 6, planned.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)
