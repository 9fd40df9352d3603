"""The integrity of a bundle: a manifest that ``sha256sum -c`` reads, an Ed25519 seal over it, a chained journal.

A seal proves that a bundle did not change since it was made by the holder of the key; not that it is right.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

MANIFEST = "MANIFEST.sha256"
SIGNATURE = "MANIFEST.sha256.sig"
PUBLIC_KEY = "seal.pub.pem"
JOURNAL = "journal.jsonl"
_START = "0" * 64


def sealing_key(path: Path) -> Ed25519PrivateKey:
    """The project's key, made on first use, mode 0600; only its public half enters a bundle."""
    if not path.exists():
        data = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the sealing key is not an Ed25519 key")
    return key


def chained(entries: Iterable[Mapping[str, Any]], previous: str = _START) -> list[str]:
    """Lines of a journal, each with the SHA-256 of the line before."""
    lines = []
    for entry in entries:
        line = json.dumps({**entry, "previous": previous}, sort_keys=True, ensure_ascii=True)
        lines.append(line)
        previous = hashlib.sha256(line.encode()).hexdigest()
    return lines


def broken_link(text: str, previous: str = _START) -> int:
    """The number of the first line that does not carry the hash of the one before; 0 when all do."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if json.loads(line)["previous"] != previous:
                return number
        except (ValueError, KeyError, TypeError):
            return number
        previous = hashlib.sha256(line.encode()).hexdigest()
    return 0


def last_link(text: str) -> str:
    """What the next line of a journal carries."""
    lines = text.splitlines()
    return hashlib.sha256(lines[-1].encode()).hexdigest() if lines else _START


def _files(directory: Path) -> list[Path]:
    aside = {MANIFEST, SIGNATURE}
    return sorted(p for p in directory.rglob("*") if p.is_file() and p.relative_to(directory).as_posix() not in aside)


def sha256_of(path: Path) -> str:
    """The digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(directory: Path, key: Ed25519PrivateKey) -> None:
    """Write the public key, the manifest of every file, and the signature over the manifest."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write(directory / PUBLIC_KEY, public)
    lines = [f"{sha256_of(path)}  {path.relative_to(directory).as_posix()}\n" for path in _files(directory)]
    manifest = "".join(lines).encode()
    write(directory / MANIFEST, manifest)
    write(directory / SIGNATURE, key.sign(manifest))


def write(path: Path, data: bytes) -> None:
    """A file that its owner alone can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


@dataclass(frozen=True, slots=True)
class Tampered:
    """One thing that is not as it was sealed."""

    file: str
    problem: str
    """``missing``, ``altered``, ``added``, ``signature``, ``chain``, ``unreadable``, ``other-key``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bundle's seal says."""

    files: int
    fingerprint: str
    """Of the public key: compare it with the one that the controller gave by another way."""
    problems: tuple[Tampered, ...]


def check(directory: Path, expected_key: str = "") -> Verdict:
    """Compare a bundle with its manifest, its signature and its chain. ``expected_key``: a fingerprint, if known."""
    problems: list[Tampered] = []
    manifest = _read(directory / MANIFEST)
    public = _read(directory / PUBLIC_KEY)
    fingerprint = hashlib.sha256(public).hexdigest()[:32] if public else ""
    if not _signed(manifest, public, _read(directory / SIGNATURE)):
        problems.append(Tampered(MANIFEST, "signature"))
    if expected_key and expected_key.lower() != fingerprint:
        problems.append(Tampered(PUBLIC_KEY, "other-key"))
    listed = _listed(manifest)
    present = {path.relative_to(directory).as_posix(): path for path in _files(directory)}
    for name, digest in sorted(listed.items()):
        if name not in present:
            problems.append(Tampered(name, "missing"))
        elif sha256_of(present[name]) != digest:
            problems.append(Tampered(name, "altered"))
    problems += [Tampered(name, "added") for name in sorted(present.keys() - listed.keys())]
    problems += [
        Tampered(name, "chain")
        for name, path in present.items()
        if path.name == JOURNAL and broken_link(path.read_text("utf-8", "replace"))
    ]
    return Verdict(files=len(listed), fingerprint=fingerprint, problems=tuple(problems))


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _signed(manifest: bytes, public: bytes, signature: bytes) -> bool:
    try:
        key = load_pem_public_key(public)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, manifest)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return bool(manifest)


def _listed(manifest: bytes) -> dict[str, str]:
    rows = [line.partition("  ") for line in manifest.decode("utf-8", "replace").splitlines()]
    return {name: digest for digest, _, name in rows if name}
