"""What may be shown of a value: a mask by kind, and a keyed fingerprint. A value never leaves in clear."""

from __future__ import annotations

import hashlib
import hmac

from migrate.inventory.detect.interface import Found, Kind

FINGERPRINT_BITS = 64
_KEY_MIN = 16

PERSONAL_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "hotmail.com", "hotmail.fr", "hotmail.be", "outlook.com", "outlook.fr",
        "outlook.be", "live.fr", "live.be", "live.com", "msn.com", "yahoo.com", "yahoo.fr", "ymail.com",
        "orange.fr", "wanadoo.fr",
        "free.fr", "aliceadsl.fr", "sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr", "numericable.fr", "noos.fr",
        "bbox.fr", "laposte.net", "icloud.com", "me.com", "mac.com", "skynet.be", "proximus.be", "telenet.be",
        "scarlet.be", "voo.be", "brutele.be", "base.be", "belgacom.net", "proton.me", "protonmail.com", "tutanota.com",
        "gmx.fr", "gmx.com", "gmx.net", "gmx.de", "web.de", "mailo.com", "riseup.net", "aol.com", "t-online.de",
    }
)  # fmt: skip
"""Domains of personal providers: they tell nothing of an organisation, and something of a person."""


def mask(found: Found) -> str:
    """The most that a report may show of a finding; often nothing but its kind.

    The first digits of a NIR or a Belgian number tell sex, birth and place, so nothing of them is kept.
    """
    shown = _SHOWN.get(found.kind)
    return f"{found.kind.value} {shown(found.value)}".strip() if shown else found.kind.value


def fingerprint(kind: Kind, value: str, key: bytes) -> str:
    """Keyed fingerprint of a canonical value: HMAC-SHA-256, first 64 bits, 16 hexadecimal digits.

    `key` is random, at least 16 bytes, made anew for each report and kept by the controller: without it the hash of a
    phone number (2×10^8 possible) or of a NIR (10^11) would be undone in minutes. `ValueError` for a shorter key.
    """
    if len(key) < _KEY_MIN:
        raise ValueError(f"a fingerprint key has at least {_KEY_MIN} random bytes")
    message = f"{kind.value}\0{value}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[: FINGERPRINT_BITS // 4]


def _country_and_tail(value: str) -> str:
    return f"{value[:2]}…{value[-2:]}"


def _phone(value: str) -> str:
    return f"{value[:3]}…{value[-2:]}"


def _domain(value: str) -> str:
    domain = value.rpartition("@")[2]
    return "" if domain in PERSONAL_MAIL else f"…@{domain}"


def _last_four(value: str) -> str:
    return f"…{value[-4:]}"


_SHOWN = {Kind.IBAN: _country_and_tail, Kind.PHONE: _phone, Kind.EMAIL: _domain, Kind.CARD: _last_four}
