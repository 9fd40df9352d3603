"""Valid identifiers, invented. The arithmetic is written here anew, so that a fault in the detectors' is seen."""

from __future__ import annotations

from random import Random

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def digits(random: Random, count: int) -> str:
    return "".join(random.choice(DIGITS) for _ in range(count))


def luhn_digit(body: str) -> str:
    total = 0
    for place, char in enumerate(reversed(body)):
        value = int(char) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def with_luhn(body: str) -> str:
    return body + luhn_digit(body)


def nir(random: Random) -> str:
    sex = random.choices("1278", weights=(47, 47, 3, 3))[0]
    month = random.choices([f"{random.randint(1, 12):02}", str(random.choice([20, 31, 62]))], weights=(95, 5))[0]
    place = random.choices(
        [f"{random.choice([*range(1, 20), *range(21, 96)]):02}", "2A", "2B", "99", "97"], weights=(84, 4, 4, 6, 2)
    )[0]
    commune = f"{random.randint(1, 3) if place == '97' else 0}{random.randint(1, 99):02}"
    commune = f"{random.randint(1, 899):03}" if place != "97" else commune
    body = f"{sex}{digits(random, 2)}{month}{place}{commune}{random.randint(1, 998):03}"
    number = int(body.replace("2A", "19").replace("2B", "18")) if place in ("2A", "2B") else int(body)
    return f"{body}{97 - number % 97:02}"


def nir_body(random: Random) -> str:
    return nir(random)[:13]


def nif(random: Random) -> str:
    body = random.choice("0123") + digits(random, 9)
    return f"{body}{int(body) % 511:03}"


def siren(random: Random) -> str:
    return with_luhn(random.choice("3456789") + digits(random, 7))


def siret(random: Random) -> str:
    return with_luhn(siren(random) + f"{random.randint(1, 99):04}")


def fr_vat(random: Random) -> str:
    number = siren(random)
    return f"FR{(12 + 3 * (int(number) % 97)) % 97:02}{number}"


def be_nn(random: Random) -> str:
    year, late = random.choices([(random.randint(30, 99), False), (random.randint(0, 24), True)], weights=(8, 2))[0]
    born = f"{year:02}{random.randint(1, 12):02}{random.randint(1, 28):02}"
    if random.random() < 0.04:
        born = f"{year:02}0000"
    body = f"{born}{random.randint(1, 997):03}"
    return f"{body}{97 - int(('2' if late else '') + body) % 97:02}"


def be_bis(random: Random) -> str:
    body = f"{random.randint(40, 99):02}{random.randint(1, 12) + random.choice([20, 40]):02}{random.randint(1, 28):02}"
    body += f"{random.randint(1, 997):03}"
    return f"{body}{97 - int(body) % 97:02}"


def be_enterprise(random: Random) -> str:
    body = random.choice(["04", "05", "06", "07", "08", "10"]) + digits(random, 6)
    return f"{body}{97 - int(body) % 97:02}"


def rib(random: Random) -> str:
    bank, branch, account = f"{random.randint(10000, 49999)}", digits(random, 5), digits(random, 11)
    return f"{bank}{branch}{account}{97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97:02}"


def _iban(country: str, bban: str) -> str:
    moved = "".join(str(int(char, 36)) for char in f"{bban}{country}00")
    return f"{country}{98 - int(moved) % 97:02}{bban}"


def fr_iban(random: Random) -> str:
    return _iban("FR", rib(random))


def be_iban(random: Random) -> str:
    body = digits(random, 10)
    return _iban("BE", f"{body}{int(body) % 97 or 97:02}")


def iban(random: Random) -> str:
    return random.choice(
        (fr_iban, fr_iban, be_iban, lambda r: _iban("DE", digits(r, 18)), lambda r: _iban("LU", digits(r, 16)))
    )(random)


def card(random: Random) -> str:
    brand, length = random.choice(
        [("4", 16), ("4", 16), ("51", 16), ("54", 16), ("2301", 16), ("37", 15), ("6703", 16)]
    )
    return with_luhn(brand + digits(random, length - len(brand) - 1))


def fr_phone(random: Random) -> str:
    return (
        random.choice(["06", "06", "07", "01", "02", "03", "04", "05", "09"]) + random.choice("345") + digits(random, 7)
    )


def fr_mobile(random: Random) -> str:
    return random.choice(["061", "062", "066", "068", "075", "076"]) + digits(random, 7)


def be_mobile(random: Random) -> str:
    return random.choice(["0470", "0472", "0474", "0475", "0478", "0483", "0486", "0495", "0497"]) + digits(random, 6)


def be_landline(random: Random) -> str:
    return random.choice(["02", "03", "04", "09"]) + random.choice("23") + digits(random, 6)


def email(random: Random) -> str:
    first = random.choice(
        ["jeanne", "a.martin", "f_diallo", "k-peeters", "luc.dubois2", "contact", "marie.claire.roy", "n.o"]
    )
    domain = random.choice(["tilleuls", "asbl-parc", "la.ruche", "mail-perso"])
    return f"{first}{random.randint(1, 999)}@{domain}.example.org"


def _mrz_digit(field: str) -> str:
    values = (int(char, 36) if char != "<" else 0 for char in field)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def mrz(random: Random) -> str:
    return random.choice((_td3, _td1, _french_card, _td2))(random)


def _person(random: Random) -> tuple[str, str, str, str]:
    born = f"{random.randint(40, 99):02}{random.randint(1, 12):02}{random.randint(1, 28):02}"
    ends = f"{random.randint(26, 35):02}{random.randint(1, 12):02}{random.randint(1, 28):02}"
    name = random.choice(["DUBOIS<<MARIE<ANNE", "VAN<DEN<BERG<<JORIS", "DIALLO<<FATOU", "ROY<<LUC"])
    return born, ends, name, random.choice("MF")


def _td3(random: Random) -> str:
    born, ends, name, sex = _person(random)
    number = f"{digits(random, 2)}{random.choice(LETTERS)}{random.choice(LETTERS)}{digits(random, 5)}"
    state = random.choice(["FRA", "BEL"])
    second = f"{number}{_mrz_digit(number)}{state}{born}{_mrz_digit(born)}{sex}{ends}{_mrz_digit(ends)}{'<' * 14}0"
    check = _mrz_digit(second[:10] + second[13:20] + second[21:43])
    return f"{f'P<{state}{name}'.ljust(44, '<')}\n{second}{check}"


def _td2(random: Random) -> str:
    born, ends, name, sex = _person(random)
    number = digits(random, 9)
    second = f"{number}{_mrz_digit(number)}BEL{born}{_mrz_digit(born)}{sex}{ends}{_mrz_digit(ends)}{'<' * 7}"
    return f"{f'I<BEL{name}'.ljust(36, '<')}\n{second}{_mrz_digit(second[:10] + second[13:20] + second[21:35])}"


def _td1(random: Random) -> str:
    born, ends, name, sex = _person(random)
    number = digits(random, 9)
    first = f"IDBEL{number}{_mrz_digit(number)}".ljust(30, "<")
    second = f"{born}{_mrz_digit(born)}{sex}{ends}{_mrz_digit(ends)}BEL".ljust(29, "<")
    check = _mrz_digit(first[5:] + second[:7] + second[8:15] + second[18:29])
    return f"{first}\n{second}{check}\n{name.ljust(30, '<')}"


def _french_card(random: Random) -> str:
    born, _, name, sex = _person(random)
    family, _, given = name.partition("<<")
    first = f"IDFRA{family.ljust(25, '<')}{digits(random, 6)}"
    number = digits(random, 12)
    second = f"{number}{_mrz_digit(number)}{given.ljust(14, '<')[:14]}{born}{_mrz_digit(born)}{sex}"
    return f"{first}\n{second}{_mrz_digit(first + second)}"


def caf(random: Random) -> str:
    return str(random.randint(1000000, 9999999))


def bic(random: Random) -> str:
    return random.choice(["AGRIFRPP", "CRLYFRPP", "GKCCBEBB", "CEPAFRPP751", "BPOTBEB1"])
