"""Identifiers with letters or a prefix: e-mail, IBAN, VAT, +33, Corsican NIR, MRZ; and those that a label announces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from migrate.inventory.detect import edges, mrz, patterns, phones, validators
from migrate.inventory.detect.edges import Edge
from migrate.inventory.detect.hits import LOWER, Hit, Surroundings
from migrate.inventory.detect.interface import Kind, Level, Sign
from migrate.inventory.detect.words import Said

_STRONG = frozenset({Sign.CHECKSUM, Sign.STRUCTURE})
_FILES = frozenset(
    {
        "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "css", "js", "mjs", "ts", "html", "htm", "php",
        "json", "xml",
        "pdf", "doc", "docx", "xls", "xlsx", "odt", "ods", "txt", "md", "py", "local", "localdomain",
    }
)  # fmt: skip
_TECHNICAL = re.compile(
    r"(?:message-id|references|in-reply-to|content-id|x-[a-z-]*id|resent-message-id)[ \t]*:", re.IGNORECASE
)
_NOT_DIGIT = re.compile(r"[^0-9]")
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]")
_TRUNK = re.compile(r"\A(3[23])0")
_UID = re.compile(r"(?:UID|RECURRENCE-ID|RELATED-TO|X-[A-Z-]*ID)[;:]")
_SCANNED = str.maketrans("OoQIl|", "000111")


def _alnum(text: str, start: int, end: int, length: int) -> tuple[str, int] | None:
    """The first `length` letters and digits of a stretch, and where they end; nothing when there are fewer."""
    taken = []
    for at in range(start, end):
        if text[at].isalnum():
            taken.append(text[at])
            if len(taken) == length:
                return "".join(taken), at + 1
    return None


def emails(around: Surroundings) -> Iterator[Hit]:
    """Addresses; not message ids, not the user of an address on the web, not file names such as `logo@2x.png`."""
    text = around.text
    for match in patterns.DOMAIN.finditer(text):
        start = match.start()
        while start and match.start() - start < 64 and text[start - 1] in patterns.LOCAL:
            start -= 1
        start += len(text[start : match.start()]) - len(text[start : match.start()].lstrip(".-+%'&"))
        if start == match.start() or match[1].rpartition(".")[2].lower() in _FILES:
            continue
        if (start and text[start - 1] in "/@=") and not text.endswith(("mailto:", "email=", "mail="), 0, start):
            continue
        if _technical(text, start):
            continue
        value = text[start : match.end()].lower()
        yield Hit(Kind.EMAIL, start, match.end(), value, Level.CERTAIN, "", frozenset({Sign.STRUCTURE}), proof=True)


def spelled_emails(around: Surroundings) -> Iterator[Hit]:
    """`prenom (at) exemple.org`: probable."""
    text = around.text
    for match in patterns.SPELLED_AT.finditer(text):
        at = start = match.start() - (text[match.start() - 1 : match.start()] == " ")
        while start and at - start < 64 and text[start - 1] in patterns.LOCAL:
            start -= 1
        domain = re.sub(r" ?[\[(]? ?(?:dot|point|\.) ?[\])]? ?", ".", match[1])
        if start < at and re.search(r"\.[a-z]{2,24}$", domain):
            value = f"{text[start:at]}@{domain}".lower()
            yield Hit(Kind.EMAIL, start, match.end(), value, Level.PROBABLE, "", frozenset({Sign.STRUCTURE}))


def _technical(text: str, start: int) -> bool:
    if text[max(0, start - 4) : start] == "cid:" or _UID.match(text, text.rfind("\n", 0, start) + 1):
        return True
    if not start or text[start - 1] != "<":
        return False
    line = text.rfind("\n", 0, start) + 1
    for _ in range(20):  # folded header lines
        if line == 0 or text[line] not in " \t":
            break
        line = text.rfind("\n", 0, line - 1) + 1
    return bool(_TECHNICAL.match(text, line))


def ibans(around: Surroundings) -> Iterator[Hit]:
    """IBANs, cut at their country's length; with letters that a scanner took for digits they are probable."""
    text = around.text
    for match in patterns.IBAN.finditer(text):
        country = match[0][:2].upper()
        length = validators.iban_length(country)
        if not length or (edges.left(text, match.start()) is not Edge.FREE and not _said(text, match.start())):
            continue
        body = patterns.IBAN_BODY.match(text, match.end())
        taken = _alnum(text, match.start(), body.end(), length) if body else None
        if taken is None or edges.right(text, taken[1]) is Edge.CLOSED:
            continue
        yield from _iban(around, match.start(), taken[1], taken[0])


def _said(text: str, start: int) -> bool:
    return text[max(0, start - 5) : start].lower().rstrip("=/:-").endswith("iban")


def _iban(around: Surroundings, start: int, end: int, written: str) -> Iterator[Hit]:
    value = written.upper()
    level, signs = Level.CERTAIN, _STRONG
    if not validators.iban(value):
        value = value[:2] + written[2:].translate(_SCANNED).upper()
        level, signs = Level.PROBABLE, signs | {Sign.REPAIRED}
        if not validators.iban(value):
            return
    verdict = around.verdict(Kind.IBAN, start, end)
    if level is Level.CERTAIN and not validators.iban_national(value) and not verdict.announced:
        level = Level.PROBABLE
    yield Hit(Kind.IBAN, start, end, value, level, value[:2], signs | verdict.signs, proof=True)


def internationals(around: Surroundings) -> Iterator[Hit]:
    """Phones with `+` or `00` and a country: certain for +33 and +32, probable for others unless a label stands by."""
    text = around.text
    for match in patterns.INTERNATIONAL.finditer(text):
        start = match.start() - (1 if text[match.start() - 1 : match.start()] == "(" else 0)
        if not _begins(text, match.start()):
            continue
        for length in _phone_lengths(_NOT_DIGIT.sub("", match[0]), match[0][0] == "+"):
            taken = _alnum(text, match.start(), match.end(), length)
            if taken is None or edges.right(text, taken[1]) is Edge.CLOSED:
                continue
            written = text[match.start() : taken[1]]
            if written.isdigit() or (written[0] == "0" and "\n" in written):  # compact: read with the other numbers
                continue
            digits = taken[0] if match[0][0] == "+" else taken[0][2:]
            phone = phones.international(_TRUNK.sub(r"\1", digits))
            if phone:
                yield _international(around, start if ")" in text[start : taken[1]] else match.start(), taken[1], phone)
                break


def _begins(text: str, start: int) -> bool:
    """`+` may follow anything but a word and another `+`; `00` only a free edge."""
    edge = edges.left(text, start)
    if text[start] == "0":
        return edge is Edge.FREE
    return edge is not Edge.CLOSED and text[start - 1 : start] not in ("+", "/")


def _phone_lengths(digits: str, plus: bool) -> list[int]:
    skip = 0 if plus else 2
    code, rest = digits[skip : skip + 2], digits[skip + 2 :]
    zero = int(rest.startswith("0"))
    if code == "33":
        return [skip + 2 + zero + 9]
    if code == "32":
        return [skip + 2 + zero + (9 if rest[zero:].startswith("4") else 8)]
    return list(range(len(digits), 8, -1)) if plus else []


def _international(around: Surroundings, start: int, end: int, phone: phones.Phone) -> Hit:
    verdict = around.verdict(Kind.PHONE, start, end)
    ours = phone.value.startswith(("+33", "+32"))
    level = Level.CERTAIN if (ours or verdict.announced) and phone.sure else Level.PROBABLE
    level = LOWER[level] if verdict.negative and not verdict.announced else level
    signs = verdict.signs | {Sign.STRUCTURE, Sign.DRESS}
    return Hit(Kind.PHONE, start, end, phone.value, level, phone.country, signs, proof=True)


def _checked(
    around: Surroundings,
    pattern: re.Pattern[str],
    kind: Kind,
    country: str,
    read: Callable[[str], str | None],
    alone: Level | None,
) -> Iterator[Hit]:
    """Numbers with letters and a check: certain with a label, `alone` without."""
    for match in pattern.finditer(around.text):
        value = read(_NOT_ALNUM.sub("", match[0]).upper())
        edge = edges.around(around.text, match.start(), match.end()) if value else Edge.CLOSED
        if not value or edge is Edge.CLOSED:
            continue
        verdict = around.verdict(kind, match.start(), match.end())
        if edge is Edge.GLUED and not (verdict.announced and verdict.distance == 0):
            continue
        level = Level.CERTAIN if verdict.announced else alone
        if level is None:
            continue
        level = LOWER[level] if verdict.negative else level
        signs = verdict.signs | {Sign.CHECKSUM, Sign.DRESS}
        yield Hit(kind, match.start(), match.end(), value, level, country, signs, True, verdict.distance)


def french_vat(around: Surroundings) -> Iterator[Hit]:
    """`FR` with its key and a SIREN."""

    def read(value: str) -> str | None:
        return value if validators.fr_vat(value) else None

    return _checked(around, patterns.FR_VAT, Kind.FR_VAT, "FR", read, Level.PROBABLE)


def belgian_vat(around: Surroundings) -> Iterator[Hit]:
    """`BE` before an enterprise number, its leading 0 perhaps lost."""

    def read(value: str) -> str | None:
        number = value[2:].rjust(10, "0")
        return number if len(number) == 10 and validators.be_enterprise(number) else None

    return _checked(around, patterns.BE_VAT, Kind.BE_ENTERPRISE, "BE", read, Level.PROBABLE)


def corsican_nir(around: Surroundings) -> Iterator[Hit]:
    """NIR of persons born in Corsica since 1976: 2A or 2B among the digits."""
    for hint in patterns.CORSICA_HINT.finditer(around.text):
        match = patterns.CORSICA.search(around.text, max(0, hint.start() - 24), hint.end() + 36)
        if match and match.start() < hint.start() < match.end():
            yield from _corsican(around, match.start(), match.end())


def _corsican(around: Surroundings, start: int, end: int) -> Iterator[Hit]:
    value = re.sub(r"[^0-9A-Za-z]", "", around.text[start:end]).upper()
    verdict = around.verdict(Kind.NIR, start, end)
    edge = edges.around(around.text, start, end)
    if edge is Edge.CLOSED or (edge is Edge.GLUED and not (verdict.announced and verdict.distance == 0)):
        return
    if len(value) == 13 and validators.nir_body(value):
        key = patterns.KEY.match(around.text, end)
        keyed = value + (key[1] or key[2]) if key else ""
        value, end = (keyed, key.end()) if key and validators.nir(keyed) else (value, end)
    full = validators.nir(value)
    if not full and not (len(value) == 13 and validators.nir_body(value) and verdict.announced):
        return
    level = Level.CERTAIN if full and verdict.announced else Level.PROBABLE
    signs = verdict.signs | {Sign.STRUCTURE} | ({Sign.CHECKSUM} if full else set())
    yield Hit(
        Kind.NIR, start, end, value, LOWER[level] if verdict.negative else level, "FR", signs, full, verdict.distance
    )


def _rib(value: str) -> str | None:
    return value if validators.rib(value) else None


_LABELLED = (
    (patterns.RNA, Kind.RNA, "FR", re.compile(r"W[0-9]{9}"), Level.CHECK),
    (patterns.PASSPORT, Kind.FR_PASSPORT, "FR", re.compile(r"[0-9]{2}[A-Z]{2}[0-9]{5}"), None),
    (patterns.CNI, Kind.FR_CNI, "FR", re.compile(r"(?=(?:[A-Z]*[0-9]){2})[A-Z0-9]{9}"), None),
    (patterns.BIC, Kind.BIC, "", re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"), None),
)
_REACH = 4


def labelled(around: Surroundings, said: Said) -> Iterator[Hit]:
    """Identifiers that only a label announces: probable where it stands close by. A RIB with letters has a key too."""
    if Kind.FR_RIB in said:
        yield from _checked(around, patterns.RIB, Kind.FR_RIB, "FR", _rib, Level.PROBABLE)
    for pattern, kind, country, shape, alone in _LABELLED:
        if kind not in said:
            continue
        for match in pattern.finditer(around.text):
            value = match[0].replace(" ", "")
            if not shape.fullmatch(value) or edges.around(around.text, match.start(), match.end()) is not Edge.FREE:
                continue
            if kind is Kind.BIC and not validators.bic(value):
                continue
            verdict = around.verdict(kind, match.start(), match.end())
            close = verdict.announced and verdict.distance <= _REACH and not verdict.negative
            level = Level.PROBABLE if close else alone
            if level is not None:
                signs = verdict.signs | {Sign.STRUCTURE}
                shown = country or value[4:6]
                yield Hit(kind, match.start(), match.end(), value, level, shown, signs, False, verdict.distance)


def machine_readable(around: Surroundings) -> Iterator[Hit]:
    """MRZ whose check digits hold."""
    for start, end, value, state in mrz.zones(around.text):
        yield Hit(Kind.MRZ, start, end, value, Level.CERTAIN, state, _STRONG, proof=True)


ALL = (
    emails, spelled_emails, ibans, internationals, french_vat, belgian_vat, corsican_nir,
    machine_readable,
)  # fmt: skip
