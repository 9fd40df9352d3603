"""References to secrets: resolved when used, never stored, never shown.

``env:NAME``, ``file:PATH``, ``command:PROGRAM ARGUMENTS`` and ``keyring:SERVICE/NAME``. ``{account}`` in any of
them stands for the account that logs in.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from migrate.errors import ConfigError

SCHEMES = ("env", "file", "command", "keyring")
_COMMAND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """A secret by reference (implements ``protocols.Secret``)."""

    scheme: str
    rest: str = field(repr=False)
    directory: Path = field(repr=False)
    """The project's folder: relative paths start there."""

    @classmethod
    def parse(cls, text: str, directory: Path) -> Reference:
        """Read ``scheme:rest``. Raises ConfigError, without repeating what may be a secret in clear."""
        scheme, colon, rest = text.partition(":")
        if not colon or scheme not in SCHEMES or not rest.strip():
            raise ConfigError(
                "a secret is given by reference, not in clear",
                advice="Write one of: env:NAME, file:PATH, command:PROGRAM ARGUMENTS, keyring:SERVICE/NAME",
            )
        if scheme == "keyring" and not all(rest.rpartition("/")[::2]):
            raise ConfigError("a keyring reference is written keyring:SERVICE/NAME")
        return cls(scheme, rest.strip(), directory)

    def reveal(self, account: str = "") -> str:
        """The secret's text. Raises ConfigError when it cannot be had; the message never holds the secret."""
        if "{account}" in self.rest and not account:
            raise ConfigError(f"A {self.scheme}: reference holds {{account}}, but is used without an account.")
        readers: dict[str, Callable[[str], str]] = {
            "env": self._env,
            "file": self._file,
            "command": self._command,
            "keyring": self._keyring,
        }
        secret = readers[self.scheme](account)
        if not secret:
            raise ConfigError(f"The secret behind a {self.scheme}: reference is empty.")
        return secret

    def _env(self, account: str) -> str:
        name = self.rest.replace("{account}", re.sub(r"[^A-Za-z0-9]", "_", account))
        try:
            return os.environ[name]
        except KeyError:
            raise ConfigError(
                f"The environment variable {name} is not set.", advice=f"Set it first: export {name}=…"
            ) from None

    def _file(self, account: str) -> str:
        path = self.directory / Path(self.rest.replace("{account}", _safe(account))).expanduser()
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigError(
                    f"The secret file {path} can be read by other users.", advice=f"Close it: chmod 600 {path}"
                )
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigError(f"The secret file {path} cannot be read: {reason}.") from None

    def _command(self, account: str) -> str:
        # Split before the account is put in, and run without a shell: an account's name is never code.
        words = [word.replace("{account}", _safe(account)) for word in shlex.split(self.rest)]
        try:
            run = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_COMMAND_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigError(f"The secret command {words[0]} cannot be run: {type(error).__name__}.") from None
        if run.returncode:
            raise ConfigError(f"The secret command {words[0]} ended with code {run.returncode}.")
        return run.stdout.decode("utf-8", "replace").rstrip("\r\n")

    def _keyring(self, account: str) -> str:
        import keyring  # slow to import, and rarely used
        from keyring.errors import KeyringError

        service, _, name = self.rest.replace("{account}", account).rpartition("/")
        try:
            secret = keyring.get_password(service, name)
        except KeyringError as error:
            raise ConfigError(f"The keyring cannot be read: {type(error).__name__}.") from None
        if secret is None:
            raise ConfigError(
                "The keyring holds no such secret.", advice=f"Store it first: keyring set {service} {name}"
            )
        return secret


def _safe(account: str) -> str:
    """The account as one path segment or one argument; raises ConfigError when it could be more than that."""
    if account in (".", "..") or account.startswith("-") or re.search(r"[/\\\x00-\x1f]", account):
        raise ConfigError("An account's name cannot stand in a secret reference: it holds a path or an option.")
    return account
