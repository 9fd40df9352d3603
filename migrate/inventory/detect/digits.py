"""Numbers made of digits: from a row of groups to hits, by the rules and the surroundings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from migrate.inventory.detect import context, edges, patterns, phones, validators
from migrate.inventory.detect.edges import Edge
from migrate.inventory.detect.hits import LOWER, Hit, Surroundings, Verdict
from migrate.inventory.detect.interface import Kind, Level, Sign
from migrate.inventory.detect.rules import BY_LENGTH, LABEL_RULES, LENGTHS, LUHN_RAISES, Rule
from migrate.inventory.detect.runs import NO_CUTS, Piece, Row, single
from migrate.inventory.detect.words import Said

_CELL_EDGES = ("\t", ";", "|", ",")
_TAIL = re.compile(r"(?<=[0-9]{8})\.0{1,2}\Z")


_RULES: Mapping[int, tuple[Rule, ...]] = {length: BY_LENGTH.get(length, ()) for length in LENGTHS}
_LABELLED: Mapping[int, tuple[Rule, ...]] = {
    length: tuple(rule for rule in LABEL_RULES if rule.length == length) for length in LENGTHS
}


class DigitReader:
    """Reads rows of one text. It notes what failed, for `chance`."""

    def __init__(self, around: Surroundings, territory: str, said: Said) -> None:
        self.failed: dict[tuple[int, bool], list[int]] = {}
        self._around = around
        self._text = around.text
        self._territory = territory
        self._said = said

    def _passed(self, number: str) -> list[Rule]:
        """Rules whose check the number passes; those that need a label only when it is somewhere in the text."""
        length = len(number)
        passed = [rule for rule in _RULES[length] if rule.check(number)]
        passed += [rule for rule in _LABELLED[length] if rule.kind in self._said and rule.check(number)]
        return passed

    def read(self, start: int, text: str) -> Iterator[Hit]:
        """Hits in one row that begins at `start`."""
        if text.isdigit():
            yield from self._single(start, text)
            return
        tail = _TAIL.search(text) if text.endswith("0") else None
        row = Row(start, text[: tail.start()] if tail else text)
        after_plus = self._text[start - 1 : start] == "+"  # read with the international numbers
        for first, last, at, total in row.stretches():
            if after_plus and not first:
                continue
            number = row.digits[at : at + total]
            rules = self._passed(number)
            if not rules and not self._maybe(number, alone=first == last):
                if first == last or last - first == len(row.groups) - 1:
                    self._fail(number, row.place(first), dressed=first != last)
                continue
            piece = row.piece(first, last, number)
            end = start + len(text) if tail and last == len(row.groups) - 1 else piece.end
            edge = self._edge(piece, end)
            if edge is not Edge.CLOSED:
                hits = self._piece(piece, edge, rules)
                yield from hits if end == piece.end else (_ending(hit, end) for hit in hits)

    def _single(self, start: int, number: str) -> Iterator[Hit]:
        if len(number) not in LENGTHS:
            return
        rules = self._passed(number)
        if not rules and not self._maybe(number, alone=True):
            self._fail(number, start, dressed=False)
            return
        edge = edges.around(self._text, start, start + len(number))
        if edge is not Edge.CLOSED:
            yield from self._piece(single(start, number), edge, rules)

    def _maybe(self, number: str, *, alone: bool) -> bool:
        """A phone, perhaps, or a number that lost its leading zero."""
        length = len(number)
        if number[0] == "0":
            return length in (9, 10) or (length in (12, 13, 14) and number.startswith(("0033", "0032")))
        return (alone and length in (8, 9, 10, 12)) or (length in (10, 11) and number[0] == "3")

    def _fail(self, number: str, start: int, *, dressed: bool) -> None:
        if len(number) in BY_LENGTH:
            self.failed.setdefault((len(number), dressed), []).append(start)

    def _edge(self, piece: Piece, end: int) -> Edge:
        left = Edge.FREE if piece.left else edges.left(self._text, piece.start)
        right = Edge.FREE if piece.right else edges.right(self._text, end)
        return max(left, right, Edge.GLUED if piece.tight else Edge.FREE)

    def _piece(self, piece: Piece, edge: Edge, rules: list[Rule]) -> Iterator[Hit]:
        for rule in rules:
            yield from self._hit(piece, rule, piece.digits, edge)
        phone = self._phone(piece, edge)
        if phone:
            yield phone
        elif not rules and edge is Edge.FREE:
            self._fail(piece.digits, piece.start, dressed=bool(piece.cuts))
        if not rules and not piece.cuts and piece.digits[0] != "0":
            yield from self._lost_zero(piece, edge)

    def _lost_zero(self, piece: Piece, edge: Edge) -> Iterator[Hit]:
        number = "0" + piece.digits
        for rule in self._passed(number) if len(number) in LENGTHS else ():
            if rule.lost_zero:
                verdict = self._around.verdict(rule.kind, piece.start, piece.end)
                if verdict.announced and not verdict.negative:
                    yield from self._hit(piece, rule, number, edge, repaired=True)

    def _hit(self, piece: Piece, rule: Rule, value: str, edge: Edge, *, repaired: bool = False) -> Iterator[Hit]:
        verdict = self._around.verdict(rule.kind, piece.start, piece.end)
        if edge is Edge.GLUED and not (verdict.announced and verdict.distance == 0):
            return
        if rule.kind in _UNCHECKED and (verdict.negative or piece.breaks or context.amount(self._text, piece.end)):
            return
        level = self._announced(piece, rule, value) if verdict.announced else self._alone(piece, rule, verdict)
        if level is None:
            return
        end = piece.end
        if rule.kind is Kind.NIR and rule.length == 13 and (key := self._key(value, end)):
            value, end, level = value + key[0], key[1], Level.CERTAIN if verdict.announced else Level.PROBABLE
        signs = verdict.signs | _signs(piece, rule, repaired)
        chance = None if verdict.announced else (len(piece.digits), bool(piece.cuts))
        hit = Hit(rule.kind, piece.start, end, value, level, rule.country, signs, False, verdict.distance, chance)
        yield _lower(hit) if verdict.negative else hit

    def _announced(self, piece: Piece, rule: Rule, value: str) -> Level | None:
        if rule.kind in LUHN_RAISES:
            return Level.CERTAIN if validators.luhn(value) else Level.PROBABLE
        if rule.weak and not piece.stands(rule.cuts, full=True):
            return Level.PROBABLE if not piece.tight else None
        return rule.labelled

    def _alone(self, piece: Piece, rule: Rule, verdict: Verdict) -> Level | None:
        level = rule.dressed if piece.cuts else rule.bare
        if level is None or piece.tight or not piece.stands(rule.cuts, full=rule.weak):
            return None
        if rule.weak and (
            context.amount(self._text, piece.end) or self._swarm(piece, rule) or len(set(piece.marks)) > 1
        ):
            return Level.CHECK if rule.kind is not Kind.CARD else None
        if verdict.spent and level is Level.CHECK and not verdict.negative:
            return Level.PROBABLE
        if context.amount(self._text, piece.end) or (piece.breaks and not piece.cuts and self._stacked(piece, rule)):
            return LOWER[level]
        return level

    def _stacked(self, piece: Piece, rule: Rule) -> bool:
        """Two whole lines of digits: a column, more likely than one number."""
        line = self._text.rfind("\n", 0, piece.start) + 1
        end = self._text.find("\n", piece.end)
        before = self._text[line : piece.start]
        after = self._text[piece.end : end if end >= 0 else len(self._text)]
        alone = not before.strip(" >\t") and not after.strip()
        cell = before.rstrip(" ")[-1:] in _CELL_EDGES or after.lstrip(" ")[:1] in _CELL_EDGES
        return rule.weak or alone or cell

    def _swarm(self, piece: Piece, rule: Rule) -> bool:
        if rule.kind is Kind.CARD:
            return 0 < piece.before < 5 or 0 < piece.after < 5
        near = (piece.before if piece.left == " " else 0, piece.after if piece.right == " " else 0)
        return any(0 < size < 6 for size in near)

    def _key(self, body: str, end: int) -> tuple[str, int] | None:
        match = patterns.KEY.match(self._text, end)
        if not match:
            return None
        key = match[1] or match[2]
        return (key, match.end()) if validators.nir(body + key) else None

    def _phone(self, piece: Piece, edge: Edge) -> Hit | None:
        read = self._phone_value(piece)
        if read is None:
            return None
        phone, repaired = read
        verdict = self._around.verdict(Kind.PHONE, piece.start, piece.end)
        slash = edge is Edge.GLUED and "/" in (piece.left.strip(), piece.right.strip())
        if edge is Edge.GLUED and not slash and not (verdict.announced and verdict.distance == 0):
            return None
        level = _phone_level(piece, phone, verdict, repaired, self._territory)
        if level is None or (not verdict.announced and context.amount(self._text, piece.end)):
            return None
        signs = verdict.signs | {Sign.STRUCTURE} | ({Sign.REPAIRED} if repaired else set())
        signs |= {Sign.DRESS} if phone.dressed and piece.cuts else set()
        chance = None if verdict.announced or piece.cuts else (len(piece.digits), False)
        hit = Hit(
            Kind.PHONE,
            piece.start,
            piece.end,
            phone.value,
            level,
            phone.country,
            signs,
            False,
            verdict.distance,
            chance,
        )
        return _lower(hit) if verdict.negative else hit

    def _phone_value(self, piece: Piece) -> tuple[phones.Phone, bool] | None:
        digits, length = piece.digits, len(piece.digits)
        if digits.startswith(("0033", "0032")) and 12 <= length <= 14 and not piece.breaks:
            number = digits[2:4] + digits[4:].removeprefix("0")
            phone = phones.international(number)
        elif digits[0] == "0" and length in (9, 10):
            phone = phones.national(
                digits, piece.cuts, piece.breaks, slash="/" in piece.marks, territory=self._territory
            )
        elif digits.startswith(("33", "32")) and length in (10, 11) and not piece.breaks and self._called(piece):
            phone = phones.international(digits)
        elif length in (8, 9) and digits[0] != "0" and not piece.cuts and self._headed(piece):
            phone = phones.national("0" + digits, NO_CUTS, NO_CUTS, slash=False, territory=self._territory)
            return (phone, True) if phone else None
        else:
            return None
        return (phone, False) if phone else None

    def _headed(self, piece: Piece) -> bool:
        return self._around.verdict(Kind.PHONE, piece.start, piece.end).header

    def _called(self, piece: Piece) -> bool:
        return self._around.verdict(Kind.PHONE, piece.start, piece.end).announced


def _phone_level(piece: Piece, phone: phones.Phone, verdict: Verdict, repaired: bool, territory: str) -> Level | None:
    if piece.digits.startswith("00"):
        return Level.CERTAIN if verdict.announced or piece.cuts else Level.PROBABLE
    if verdict.announced:
        whole = phone.sure and not repaired and (phone.dressed or not piece.cuts)
        return Level.CERTAIN if whole else Level.PROBABLE
    if not piece.cuts:
        mobile = piece.digits.startswith(("06", "07")) or (territory == "BE" and piece.digits.startswith("04"))
        sure = phone.sure and mobile and len(piece.digits) == 10 and not piece.breaks
        return Level.PROBABLE if sure else Level.CHECK if phone.sure else None
    if not phone.dressed or (piece.tight and "/" not in piece.left + piece.right):
        return None
    foreign = phone.country == "BE" and territory == "FR" and "/" not in piece.marks and len(piece.digits) == 9
    return Level.CHECK if foreign or piece.crowded or _counting(piece) else Level.PROBABLE


def _counting(piece: Piece) -> bool:
    pairs = [int(piece.digits[at : at + 2]) for at in range(0, len(piece.digits) - 1, 2)]
    return all(after - before == 1 for before, after in pairwise(pairs))


_CHECKED = frozenset({Sign.CHECKSUM})
_SHAPED = frozenset({Sign.STRUCTURE})
_BOTH = _CHECKED | _SHAPED
_DRESS = frozenset({Sign.DRESS})
_REPAIRED = frozenset({Sign.REPAIRED})
_STRUCTURED = frozenset({Kind.NIR, Kind.BE_NN, Kind.BE_BIS})
_UNCHECKED = frozenset(rule.kind for rule in LABEL_RULES)


def _signs(piece: Piece, rule: Rule, repaired: bool) -> frozenset[Sign]:
    if rule.kind in _UNCHECKED or (rule.length == 13 and rule.kind is Kind.NIR):
        signs = _SHAPED
    else:
        signs = _BOTH if rule.kind in _STRUCTURED else _CHECKED
    if piece.cuts and piece.cuts <= rule.cuts:
        signs = signs | _DRESS
    return signs | _REPAIRED if repaired else signs


def _lower(hit: Hit) -> Hit:
    return hit._replace(level=LOWER[hit.level])


def _ending(hit: Hit, end: int) -> Hit:
    return hit._replace(end=end, signs=hit.signs | {Sign.REPAIRED})
