"""What sign-ins obtained, kept as the operator chose: the keyring, an encrypted file, or a closed file in clear.

Implements ``protocols.TokenStore``. Nothing is opened before the first use: a project whose systems need no sign-in
never meets a keyring. Names are ``<system>/<account>``.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from migrate.errors import ConfigError
from migrate.protocols import Secret, TokenStore

T = TypeVar("T")
KINDS = ("auto", "keyring", "encrypted", "plaintext")
_SERVICE = "transhume"
_USABLE = 1.0
"""The least priority of a keyring that is one: below are files in clear and backends that refuse everything."""
_COST = 1 << 15
"""32 MiB and about 0.1 s for each guess at a passphrase (RFC 7914 §2)."""
_SALT = 16
_CHOOSE = (
    'Unlock this machine\'s keyring, or give a passphrase in [migration]: tokens_passphrase = "env:NAME". '
    'Without either, tokens = "plaintext" keeps them in a file that only you can read.'
)


class Tokens:
    """The store that ``[migration] tokens`` asks for, chosen when first used. May be used by several threads."""

    def __init__(self, folder: Path, kind: str, passphrase: Secret | None) -> None:
        """``folder`` is the project's; ``passphrase`` opens the encrypted files."""
        self._folder, self._kind, self._passphrase = folder, kind, passphrase
        self._store: TokenStore | None = None
        self._lock = threading.RLock()

    def load(self, name: str) -> str | None:
        """The text kept under that name. Raises ConfigError when the store cannot be opened."""
        with self._lock:
            return self._opened().load(name)

    def save(self, name: str, text: str) -> None:
        """Keep it, replacing what was there. Raises ConfigError."""
        with self._lock:
            self._opened().save(name, text)

    def forget(self, name: str) -> None:
        """Remove it; harmless when there is none. Raises ConfigError."""
        with self._lock:
            self._opened().forget(name)

    def _opened(self) -> TokenStore:
        if self._store is None:
            self._store = self._open()
        return self._store

    def _open(self) -> TokenStore:
        folder = self._folder / "tokens"
        if self._kind == "plaintext":
            return Files(folder, Clear())
        if self._kind == "keyring" or (self._kind == "auto" and self._passphrase is None):
            if not keyring_is_usable():
                raise ConfigError("This machine has no keyring that can be used to keep sign-ins.", advice=_CHOOSE)
            return Keyring(f"{_SERVICE}:{self._folder}")
        if self._passphrase is None:
            raise ConfigError("Encrypted sign-ins need a passphrase.", advice=_CHOOSE)
        return Files(folder, Sealed(self._passphrase.reveal))


class Keyring:
    """The system's keyring, one entry a sign-in."""

    def __init__(self, service: str) -> None:
        self._service = service

    def load(self, name: str) -> str | None:
        """The entry's text."""
        import keyring  # slow to import

        return _in_keyring(lambda: keyring.get_password(self._service, name))

    def save(self, name: str, text: str) -> None:
        """Set the entry."""
        import keyring

        _in_keyring(lambda: keyring.set_password(self._service, name, text))

    def forget(self, name: str) -> None:
        """Remove the entry."""
        import keyring
        from keyring.errors import PasswordDeleteError

        with suppress(PasswordDeleteError):
            keyring.delete_password(self._service, name)


def keyring_is_usable() -> bool:
    """Whether a keyring stands behind the library, rather than a refusal or a file in clear."""
    import keyring

    try:
        return float(keyring.get_keyring().priority) >= _USABLE
    except Exception:  # a backend may raise anything while it looks for its service
        return False


def _in_keyring(ask: Callable[[], T]) -> T:
    from keyring.errors import KeyringError

    try:
        return ask()
    except KeyringError as error:
        raise ConfigError(f"The keyring cannot be used: {type(error).__name__}.", advice=_CHOOSE) from None


class Form(Protocol):
    """How a file holds a text."""

    def seal(self, text: str) -> bytes:
        """The file's bytes."""

    def open(self, data: bytes) -> str:
        """The text again. Raises ValueError when it cannot be read, ConfigError with a wrong passphrase."""


class Clear:
    """In clear: only when asked for."""

    def seal(self, text: str) -> bytes:
        """The text itself."""
        return text.encode()

    def open(self, data: bytes) -> str:
        """The text itself."""
        return data.decode()


class Sealed:
    """Fernet (AES-128-CBC and HMAC-SHA-256) under a key that scrypt draws from a passphrase."""

    def __init__(self, passphrase: Callable[[], str]) -> None:
        self._passphrase = passphrase
        self._salt = os.urandom(_SALT)
        self._keys: dict[bytes, Fernet] = {}

    def seal(self, text: str) -> bytes:
        """Salt and token, each on a line."""
        return base64.urlsafe_b64encode(self._salt) + b"\n" + self._key(self._salt).encrypt(text.encode()) + b"\n"

    def open(self, data: bytes) -> str:
        """The text again. Raises ConfigError when the passphrase is another."""
        salt, _, token = data.partition(b"\n")
        mark = base64.urlsafe_b64decode(salt)
        if len(mark) != _SALT:
            raise ValueError
        key = self._key(mark)
        try:
            return key.decrypt(token.strip()).decode()
        except InvalidToken:
            raise ConfigError(
                "The passphrase does not open the sign-ins kept in this project.",
                advice="Give the one they were made with, or sign in again after removing the folder tokens.",
            ) from None

    def _key(self, salt: bytes) -> Fernet:
        if salt not in self._keys:
            drawn = Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(self._passphrase().encode())
            self._keys[salt] = Fernet(base64.urlsafe_b64encode(drawn))
        return self._keys[salt]


class Files:
    """One file a sign-in, mode 0600, below a folder of mode 0700. Their names hold no address."""

    def __init__(self, folder: Path, form: Form) -> None:
        self._folder, self._form = folder, form

    def _path(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.token"

    def load(self, name: str) -> str | None:
        """The file's text. Raises ConfigError when it is damaged or others can read it."""
        path = self._path(name)
        try:
            data = path.read_bytes()
            if path.stat().st_mode & 0o077:
                raise ConfigError(f"{path} can be read by other users.", advice=f"Close it: chmod 600 {path}")
        except FileNotFoundError:
            return None
        try:
            return self._form.open(data)
        except ValueError:
            raise ConfigError(f"{path} is damaged.", advice="Remove it and sign in again.") from None

    def save(self, name: str, text: str) -> None:
        """Write the file whole, or leave the one before it."""
        path = self._path(name)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._form.seal(text))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def forget(self, name: str) -> None:
        """Remove the file."""
        self._path(name).unlink(missing_ok=True)
