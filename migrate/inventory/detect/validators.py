"""What makes a number valid: check digits by python-stdnum, and the structure that it leaves unchecked.

Every function takes the canonical form (upper case, no separators) and answers yes or no. The sums that most candidates
fail are done here in a microsecond, before or instead of stdnum's; the tests hold both to the same answers.
"""

from __future__ import annotations

import re

from stdnum import bic as _bic
from stdnum import iban as _iban
from stdnum import luhn as _luhn
from stdnum.be import bis as _bis
from stdnum.be import eid as _eid
from stdnum.be import nn as _nn
from stdnum.be import vat as _be_vat
from stdnum.fr import nir as _nir
from stdnum.fr import siret as _siret
from stdnum.fr import tva as _tva

# Sex (1, 2; 3, 4 persons being registered; 7, 8 temporary), year, month (01-12; 20 unknown, 30-42 and 50-99 when the
# civil register is incomplete), département (2A, 2B, 96 to 99 for elsewhere), commune or country, order.
_NIR = re.compile(
    r"[123478][0-9]{2}(?:0[1-9]|1[0-2]|20|3[0-9]|4[0-2]|[5-9][0-9])"
    r"(?:0[1-9]|[1-9][0-9]|2[AB])(?!000)[0-9]{3}(?!000)[0-9]{3}(?:[0-9]{2})?"
)


CARD_BRANDS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12}"  # Discover
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}"  # JCB
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3]|6703)[0-9]{12,15}"  # Maestro, Bancontact
)


def nir(number: str) -> bool:
    """French NIR of 15 characters: structure and key (97 minus the number modulo 97; 2A and 2B count as 19 and 18)."""
    return len(number) == 15 and bool(_NIR.fullmatch(number)) and _nir_key(number)


def _nir_key(number: str) -> bool:
    if not number.isdigit():
        return _nir.is_valid(number)  # 2A and 2B
    return 97 - int(number[:13]) % 97 == int(number[13:])


def nir_body(number: str) -> bool:
    """French NIR of 13 characters, without its key: structure alone."""
    return len(number) == 13 and bool(_NIR.fullmatch(number))


def nif(number: str) -> bool:
    """French tax number of a person: 13 digits, the last three the first ten modulo 511."""
    return int(number[:10]) % 511 == int(number[10:]) and number[0] in "0123"


def siren(number: str) -> bool:
    """Nine digits by Luhn."""
    return _luhn_sum(number) and number != "000000000"


def siret(number: str) -> bool:
    """Fourteen digits by Luhn over a valid SIREN (La Poste's own rule too), and no date with a time."""
    if number[:9] == "000000000" or not _luhn_sum(number[:9]):
        return False
    sound = _luhn_sum(number) if number[:9] != _LA_POSTE else _siret.is_valid(number)
    return sound and not _TIMESTAMP.fullmatch(number)


_LA_POSTE = "356000000"
_TIMESTAMP = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-4])[0-5][0-9]{3}"
)


def fr_vat(number: str) -> bool:
    """French VAT number with or without `FR`: its key over a valid SIREN."""
    return number[-9:] != "000000000" and _tva.is_valid(number)


def be_national(number: str) -> bool:
    """Belgian national register number: modulo 97 of either century, and a date of birth (unknown dates included)."""
    return _mod97(number) and len(set(number)) > 2 and _nn.is_valid(number)


def be_bis(number: str) -> bool:
    """Belgian BIS number: as the national one, the month raised by 20 or 40."""
    return _mod97(number) and number[2:4] != "00" and _bis.is_valid(number) and not _nn.is_valid(number)


def be_enterprise(number: str) -> bool:
    """Belgian enterprise number: ten digits from 0 or 1, modulo 97."""
    if number[0] not in "01" or number[:4] == "0000" or 97 - int(number[:8]) % 97 != int(number[8:]):
        return False
    return _be_vat.is_valid(number)


def be_card(number: str) -> bool:
    """Belgian identity card: twelve digits, modulo 97 (the sum that structured payment references use too)."""
    return (int(number[:10]) % 97 or 97) == int(number[10:]) and _eid.is_valid(number)


def luhn(number: str) -> bool:
    """Check digit of RPPS and FINESS numbers, when they are digits."""
    return number.isdigit() and len(set(number)) > 1 and _luhn.is_valid(number)


_DOUBLED = str.maketrans("0123456789", "0246813579")


def _luhn_sum(number: str) -> bool:
    return (sum(map(int, number[::-2])) + sum(map(int, number[-2::-2].translate(_DOUBLED)))) % 10 == 0


def _mod97(number: str) -> bool:
    body, check = int(number[:9]), 97 - int(number[9:])
    return body % 97 == check or (2_000_000_000 + body) % 97 == check


def card(number: str) -> bool:
    """Payment card: a brand's prefix and length, and Luhn."""
    return bool(CARD_BRANDS.fullmatch(number)) and _luhn_sum(number) and len(set(number)) > 2


def iban(number: str) -> bool:
    """IBAN: country's length and structure, modulo 97. The national key is `iban_national`."""
    shape = _COMMON_IBANS.get(number[:2])
    if shape is None:
        return _iban.is_valid(number, check_country=False)
    return bool(shape.fullmatch(number)) and int("".join(_BASE36[char] for char in number[4:] + number[:4])) % 97 == 1


_BASE36 = {char: str(value) for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_COMMON_IBANS = {
    "FR": re.compile(r"FR[0-9]{12}[0-9A-Z]{11}[0-9]{2}"),
    "BE": re.compile(r"BE[0-9]{14}"),
}


def iban_length(country: str) -> int:
    """Characters of a country's IBAN; 0 for a country without."""
    return IBAN_LENGTHS.get(country, 0)


def iban_national(number: str) -> bool:
    """The national key inside a French, Monegasque or Belgian IBAN; true for other countries.

    stdnum's Belgian check is not used: its list of banks refuses new ones.
    """
    if number[:2] in {"FR", "MC"}:
        return rib(number[4:])
    if number[:2] == "BE":
        return (int(number[4:14]) % 97 or 97) == int(number[14:16])
    return True


def rib(number: str) -> bool:
    """French bank account of 23 characters: bank, branch, account (letters as 1 to 9), key modulo 97."""
    digits = number.translate(_RIB)
    if len(digits) != 23 or not digits.isdigit():
        return False
    bank, branch, account, key = int(digits[:5]), int(digits[5:10]), int(digits[10:21]), int(digits[21:])
    return bank > 0 and key == 97 - (89 * bank + 15 * branch + 3 * account) % 97


_RIB = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


def bic(code: str) -> bool:
    """Eight or eleven characters with an ISO country: no check digit exists."""
    return _bic.is_valid(code)


IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "XK": 20,
}  # fmt: skip
"""Lengths by country, from the ISO 13616 registry as stdnum carries it."""
