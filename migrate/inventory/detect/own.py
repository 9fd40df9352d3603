"""The organisation's own identity: its values are found like others, and told apart."""

from __future__ import annotations

import re
from collections.abc import Collection

from migrate.inventory.detect import phones
from migrate.inventory.detect.interface import Kind


class OwnIdentity:
    """Own values in any writing; `@domain` holds all addresses of a domain, a SIREN its SIRETs and VAT number."""

    def __init__(self, values: Collection[str], territory: str) -> None:
        self._domains = tuple(value.lower() for value in values if value.startswith("@"))
        self._values = {_compact(value) for value in values if not value.startswith("@")}
        self._phones = {phone for value in values if (phone := _phone(value, territory))}
        self._sirens = {number for value in self._values for number in _sirens(value)}

    def holds(self, kind: Kind, value: str) -> bool:
        """The canonical value is the organisation's own."""
        if kind is Kind.EMAIL:
            return (
                value.endswith(self._domains)
                if self._domains and value.endswith(self._domains)
                else value in self._values
            )
        if kind is Kind.PHONE:
            return value in self._phones
        if kind in (Kind.SIREN, Kind.SIRET, Kind.FR_VAT) and self._sirens:
            return (value[:9] if kind is not Kind.FR_VAT else value[-9:]) in self._sirens
        if kind is Kind.BE_ENTERPRISE:
            return value in self._values or f"BE{value}" in self._values
        return value in self._values


def _compact(value: str) -> str:
    return value.lower().strip() if "@" in value else re.sub(r"[^0-9A-Za-z]", "", value).upper()


def _phone(value: str, territory: str) -> str | None:
    digits = re.sub(r"[^0-9]", "", value.replace("(0)", ""))
    if "@" in value or not 9 <= len(digits) <= 15:
        return None
    if value.strip().startswith("+") or digits.startswith("00"):
        phone = phones.international(digits.removeprefix("00"))
    elif digits.startswith("0"):
        phone = phones.national(digits, frozenset(), frozenset(), slash="/" in value, territory=territory)
    else:
        phone = None
    return phone.value if phone else None


def _sirens(value: str) -> list[str]:
    if value.isdigit() and len(value) in (9, 14):
        return [value[:9]]
    return [value[-9:]] if value.startswith("FR") and len(value) == 13 else []
