"""French and Belgian telephone numbers: shapes first, then phonenumbers' own ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

_FR_CUTS = ({2, 4, 6, 8}, {4, 6, 8}, {4, 7})
_BE_CUTS = {
    10: ({4, 6, 8}, {4, 7}, {4}),
    9: ({2, 5, 7}, {3, 5, 7}, {3, 6}, {2, 5}, {2}, {3}),
}

DRESSES = {9: _BE_CUTS[9], 10: (*_FR_CUTS, *_BE_CUTS[10])}
"""Places of separators in national numbers, by length."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164 (`+33612345678`)."""

    value: str
    country: str
    """`FR`, `BE`, `FR|BE`, or the country that phonenumbers names."""
    dressed: bool
    """Separators stand where that country puts them."""
    sure: bool = True
    """In a range that is given out today; else it only has the form of one."""


def international(digits: str) -> Phone | None:
    """A number written with `+` or `00`, given without them."""
    if digits.startswith(("32", "33")):
        region = "BE" if digits[1] == "2" else "FR"
        if len(digits) > 11 or not _FORMS[region].fullmatch(digits, 2):
            return None
        return Phone(f"+{digits}", region, dressed=True, sure=bool(_RANGES[region].fullmatch(digits, 2)))
    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    region = phonenumbers.region_code_for_number(number) or ""
    return Phone(
        f"+{number.country_code}{number.national_number}", _country(number.country_code or 0, region), dressed=True
    )


_OVERSEAS = frozenset({262, 590, 594, 596, 508, 687, 689})


def _country(code: int, region: str) -> str:
    return "FR" if code == 33 or code in _OVERSEAS else region


def national(digits: str, cuts: frozenset[int], breaks: frozenset[int], *, slash: bool, territory: str) -> Phone | None:
    """A number written with its leading 0; `cuts` and `breaks`: its separators and line breaks, counted in digits."""
    cuts = cuts | breaks if breaks and cuts else cuts
    if overseas := _overseas(digits, cuts):
        return overseas
    french = len(digits) == 10 and _valid(digits, "FR")
    belgian = len(digits) in _BE_CUTS and _valid(digits, "BE")
    if not french and not belgian:
        return _form(digits, cuts, territory)
    fr_dress = french and cuts in _FR_CUTS
    be_dress = belgian and cuts in _BE_CUTS[len(digits)]
    country = _settle(french, belgian, slash and be_dress and cuts != {2, 4, 6, 8}, cuts, territory)
    prefix = "+32" if country.startswith("BE") else "+33"
    if country == "FR|BE" and territory == "BE":
        prefix = "+32"
    return Phone(prefix + digits[1:], country, fr_dress or be_dress)


def _form(digits: str, cuts: frozenset[int], territory: str) -> Phone | None:
    """Ranges change, and people mistype: what has the form of a French or a Belgian mobile number."""
    belgian = territory == "BE" and _FORMS["BE"].fullmatch(digits, 1)
    if belgian:
        return Phone(f"+32{digits[1:]}", "BE", cuts in _BE_CUTS[len(digits)], sure=False)
    french = _FORMS["FR"].fullmatch(digits, 1)
    return Phone(f"+33{digits[1:]}", "FR", cuts == {2, 4, 6, 8}, sure=False) if french else None


_FORMS = {"FR": re.compile(r"[1-9][0-9]{8}"), "BE": re.compile(r"4[5-9][0-9]{7}|[1-9][0-9]{7}")}
_OVERSEAS_REGIONS = {
    "0262": "RE", "0263": "RE", "0692": "RE", "0693": "RE", "0269": "YT", "0639": "YT", "0590": "GP", "0690": "GP",
    "0691": "GP", "0594": "GF", "0694": "GF", "0596": "MQ", "0696": "MQ", "0697": "MQ",
}  # fmt: skip


def _overseas(digits: str, cuts: frozenset[int]) -> Phone | None:
    region = _OVERSEAS_REGIONS.get(digits[:4])
    if region is None or len(digits) != 10 or not _valid(digits, region):
        return None
    return Phone(f"+{phonenumbers.country_code_for_region(region)}{digits[1:]}", "FR", cuts in _FR_CUTS)


def _settle(french: bool, belgian: bool, slash: bool, cuts: frozenset[int], territory: str) -> str:
    if not (french and belgian):
        return "FR" if french else "BE"
    if slash:
        return "BE"
    if cuts == {2, 4, 6, 8}:
        return "FR"
    return "FR|BE" if cuts in ({4, 6, 8}, {4, 7}) and territory == "FR" else territory


def _valid(digits: str, region: str) -> bool:
    return bool(_RANGES[region].fullmatch(digits, 1))


def _ranges(region: str) -> re.Pattern[str]:
    """All ranges of a region in one pattern, from phonenumbers' metadata: `is_valid_number` in a microsecond."""
    data = phonenumbers.PhoneMetadata.metadata_for_region(region)
    assert data is not None
    kinds = (data.fixed_line, data.mobile, data.toll_free, data.premium_rate, data.shared_cost, data.voip, data.uan)
    return re.compile(
        "|".join(f"(?:{kind.national_number_pattern})" for kind in kinds if kind and kind.national_number_pattern)
    )


_RANGES = {region: _ranges(region) for region in ("FR", "BE", *sorted(set(_OVERSEAS_REGIONS.values())))}
