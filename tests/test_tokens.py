"""Sign-ins are kept as the operator chose, closed to others, and a wrong passphrase is told."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import keyring.backend
import pytest
from keyring.errors import PasswordDeleteError

from migrate.errors import ConfigError
from migrate.tokens import Tokens

NAME, TEXT = "google/ana@example.org", '{"refresh_token": "1//synthetic"}'


@dataclass
class Phrase:
    text: str

    def reveal(self, account: str = "") -> str:
        return self.text


@dataclass
class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority: float = 5.0  # type: ignore[assignment]
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    return made


def turn(store: Tokens) -> None:
    assert store.load(NAME) is None
    store.save(NAME, TEXT)
    store.save(NAME, TEXT + " ")
    assert store.load(NAME) == TEXT + " "
    assert store.load("google/bo@example.org") is None
    store.forget(NAME)
    store.forget(NAME)
    assert store.load(NAME) is None


@pytest.mark.parametrize(
    ("kind", "phrase"), [("plaintext", None), ("encrypted", Phrase("a b c")), ("auto", Phrase("ä"))]
)
def test_files(tmp_path: Path, kind: str, phrase: Phrase | None) -> None:
    turn(Tokens(tmp_path, kind, phrase))
    Tokens(tmp_path, kind, phrase).save(NAME, TEXT)
    (path,) = (tmp_path / "tokens").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (b"synthetic" in path.read_bytes()) == (kind == "plaintext")
    assert "ana" not in path.name
    assert Tokens(tmp_path, kind, phrase).load(NAME) == TEXT


def test_another_passphrase_and_a_damaged_file_are_told(tmp_path: Path) -> None:
    Tokens(tmp_path, "encrypted", Phrase("right")).save(NAME, TEXT)
    with pytest.raises(ConfigError, match="passphrase does not open") as told:
        Tokens(tmp_path, "encrypted", Phrase("wrong")).load(NAME)
    assert "synthetic" not in str(told.value)
    (path,) = (tmp_path / "tokens").iterdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="damaged"):
        Tokens(tmp_path, "encrypted", Phrase("right")).load(NAME)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    store = Tokens(tmp_path, "plaintext", None)
    store.save(NAME, TEXT)
    (path,) = (tmp_path / "tokens").iterdir()
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="other users"):
        store.load(NAME)


@pytest.mark.parametrize("kind", ["auto", "keyring"])
def test_the_keyring(tmp_path: Path, ring: Ring, kind: str) -> None:
    turn(Tokens(tmp_path, kind, None))
    Tokens(tmp_path, kind, None).save(NAME, TEXT)
    assert Tokens(tmp_path, kind, None).load(NAME) == TEXT
    assert Tokens(tmp_path / "other", kind, None).load(NAME) is None, "each project has its own"
    assert not (tmp_path / "tokens").exists()


@pytest.mark.parametrize("kind", ["auto", "keyring", "encrypted"])
def test_without_a_keyring_nothing_is_kept_in_clear(tmp_path: Path, ring: Ring, kind: str) -> None:
    ring.priority = 0.5  # a file in clear, as keyrings.alt is
    with pytest.raises(ConfigError, match=r"keyring|passphrase") as told:
        Tokens(tmp_path, kind, None).save(NAME, TEXT)
    assert "tokens_passphrase" in told.value.advice
    assert list(tmp_path.iterdir()) == []
