"""Hard negatives: texts full of numbers that are nobody's identifier."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from random import Random

from tests.inventory.corpus import numbers


def _lines(make: Callable[[Random], str]) -> Callable[[Random, int], str]:
    def text(random: Random, size: int) -> str:
        lines, length = [], 0
        while length < size:
            lines.append(make(random))
            length += len(lines[-1]) + 1
        return "\n".join(lines)

    return text


def _d(random: Random, count: int) -> str:
    return numbers.digits(random, count)


def _invoice(random: Random) -> str:
    return random.choice([
        f"Facture n° {_d(random, 11)} du 12/03/2026, montant {random.randint(10, 9999)},00 €",
        f"Commande {_d(random, 14)} - réf. client {_d(random, 9)}",
        f"Bon de livraison : {_d(random, 13)}, lot {_d(random, 15)}",
        f"Invoice #{_d(random, 10)} order {_d(random, 16)}",
        f"Factuurnummer {_d(random, 11)}, bestelling {_d(random, 12)}",
    ])  # fmt: skip


def _tracking(random: Random) -> str:
    return random.choice([
        f"Votre colis {_d(random, 13)} est en route",
        f"N° de suivi : {_d(random, 11)} {random.choice('ABC')}{_d(random, 3)}",
        f"Suivi 6A{_d(random, 11)} - Colissimo",
        f"Tracking 1Z{_d(random, 4)}W{_d(random, 12)}",
        f"Chronopost XY{_d(random, 9)}FR",
    ])  # fmt: skip


def _product(random: Random) -> str:
    body = random.choice(["978", "979", "376", "540"]) + _d(random, 9)
    total = sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(body))
    ean = f"{body}{-total % 10}"
    return random.choice([
        f"ISBN {ean[:3]}-{ean[3]}-{ean[4:8]}-{ean[8:12]}-{ean[12]}",
        f"EAN {ean} Pâtes complètes 500 g {random.randint(1, 9)},{_d(random, 2)} €",
        f"IMEI : {numbers.with_luhn('35' + _d(random, 12))}",
        f"{ean}\t{random.randint(1, 300)}\tcarton de 12",
        f"S/N {_d(random, 12)} / modèle {_d(random, 4)}-{_d(random, 4)}",
    ])  # fmt: skip


def _log(random: Random) -> str:
    when = f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    clock = f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"
    return random.choice([
        f"{when} {clock},{_d(random, 3)} INFO [{_d(random, 5)}] request_id={_d(random, 12)} took {_d(random, 3)} ms",
        f"{when}T{clock}.{_d(random, 6)}Z worker-{_d(random, 2)} commit {random.getrandbits(160):040x}",
        f"[{random.randint(1600000000, 1799999999)}.{_d(random, 6)}] usb 1-1.2: new device, id {_d(random, 10)}",
        f"10.{random.randint(0, 255)}.24.7 - - \"GET /f/{_d(random, 9)} HTTP/1.1\" 200 {_d(random, 6)}",
        f"ts={random.randint(1600000000000, 1799999999999)} span={random.getrandbits(64):016x} v1.{_d(random, 2)}.7",
    ])  # fmt: skip


def _hex(random: Random) -> str:
    return f"{random.getrandbits(512):0128x}"


def _base64(random: Random) -> str:
    return base64.b64encode(random.randbytes(57)).decode()


def _script(random: Random) -> str:
    return "".join(
        random.choice([f"var a{_d(random, 2)}={_d(random, 10)};", f"if(x>{_d(random, 9)}){{y={_d(random, 13)}}}",
                       f"f(0x{random.getrandbits(32):08x},{_d(random, 14)});", f"c=\"#{random.getrandbits(24):06x}\";"])
        for _ in range(12)
    )  # fmt: skip


def _calendar(random: Random) -> str:
    day, month = random.randint(1, 28), random.randint(1, 12)
    return random.choice([
        f"Réunions : {day:02}.{month:02}.2026, {day:02}.{month:02}.2027 et 09.10.11.12.2026",
        f"DTSTART:2026{month:02}{day:02}T0{random.randint(0, 9)}0000Z",
        f"Version 7.{_d(random, 2)}.{_d(random, 3)}.{_d(random, 4)} du {day:02}/{month:02}/2026 10:30",
        f"Loto du {day:02}/{month:02} : 02 12 23 34 41 05 11",
        f"+++{_d(random, 3)}/{_d(random, 4)}/{_d(random, 5)}+++",
        f"Total : 7 {_d(random, 3)} {_d(random, 3)} € ; solde {_d(random, 3)} {_d(random, 3)} {_d(random, 3)},00 EUR",
        f"PDL {_d(random, 14)}, compteur {_d(random, 9)}, contrat {_d(random, 10)}",
    ])  # fmt: skip


def _law(random: Random) -> str:
    return random.choice([
        f"Vu la loi n° {random.randint(60, 99)}-{_d(random, 3)} du 6 juillet 1989, article L. {_d(random, 3)}-2 ;",
        f"JORF n°0{_d(random, 3)} du 6 août 2025, texte n° {_d(random, 2)}, NOR : MEN{_d(random, 7)}D",
        f"Considérant que la population est de {random.randint(1, 9)} {_d(random, 3)} {_d(random, 3)} habitants,",
        f"Parcelle cadastrée section AB n° {_d(random, 4)}, {_d(random, 2)} a {_d(random, 2)} ca, lot {_d(random, 3)}",
    ])  # fmt: skip


def _integers(random: Random) -> str:
    return _d(random, random.randint(8, 16))


def _table(random: Random) -> str:
    return "\t".join(_d(random, random.choice([5, 9, 10, 11, 13, 14])) for _ in range(6))


NEGATIVES: Mapping[str, Callable[[Random, int], str]] = {
    "invoices": _lines(_invoice),
    "tracking": _lines(_tracking),
    "products": _lines(_product),
    "logs": _lines(_log),
    "hex": _lines(_hex),
    "base64": _lines(_base64),
    "minified script": _lines(_script),
    "dates, versions, payments": _lines(_calendar),
    "law": _lines(_law),
    "random integers": _lines(_integers),
    "tables of numbers": _lines(_table),
}
