"""What the detectors say: typed findings with offsets, value and level. Text in, values out, nothing else.

    from migrate.inventory.detect import detect
    for found in detect("N° de sécurité sociale : 1 85 05 78 006 084 91"):
        print(found.kind, found.level, found.start, found.end)

`detect` is a pure function: no file, no network, no clock, no global state; call it from any thread or process.

Text. One document, or one part of it, as `str`. Plain text, mail source with quotes, iCalendar and vCard are taken as
they are. A sheet is given as text: one row a line, cells parted by a tab (`;` and `|` are understood too); its header
row, when it has one, is then the label of each column's cells. Give the whole sheet in one call, or the header row
again before each slice of rows. Text over `LIMIT` characters is refused with `ValueError`: slice it at line ends.

Offsets are into the text as given (`text[found.start:found.end]` is the writing that was read, with its separators);
`value` is the canonical form: upper case, no separators, full-width digits folded, what a spreadsheet lost put back.
The same datum in two dresses has the same `value`. Findings come in order of `start` and do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

LIMIT = 32 * 1024 * 1024
"""Characters that one call accepts."""


class Level(StrEnum):
    """How sure. The order of the letters is the order of certainty: `min` of two levels is the surer one."""

    CERTAIN = "A"
    """Checksum and structure and a label word nearby (or in the header cell); or proof in itself: IBAN, e-mail, MRZ,
    a phone number written with +33 or +32."""
    PROBABLE = "B"
    """Checksum and structure without a label; or a label and the exact format where no checksum exists; or a phone
    number with national separators."""
    CHECK = "C"
    """The rest: counted, hidden by default, never part of a headline total."""


class Kind(StrEnum):
    """What was found. The values are stable: they are written to reports and read by programs."""

    NIR = "nir"  # French social-security number (INSEE), 15 characters with its key or 13 without
    NIF = "nif"  # French tax number of a person (numéro fiscal, SPI)
    CAF = "caf"  # French family-allowance file number (numéro d'allocataire)
    RPPS = "rpps"  # French health professional
    FINESS = "finess"  # French health or social establishment
    RNA = "rna"  # French association register
    SIREN = "siren"
    SIRET = "siret"
    FR_VAT = "fr_vat"
    FR_CNI = "fr_cni"  # French identity card
    FR_PASSPORT = "fr_passport"
    FR_RIB = "fr_rib"  # French bank account written as RIB, without IBAN
    BE_NN = "be_nn"  # Belgian national register number (NISS of a registered person)
    BE_BIS = "be_bis"  # Belgian BIS number
    BE_ENTERPRISE = "be_enterprise"  # Belgian enterprise number, VAT number included
    BE_EID = "be_eid"  # Belgian identity card number
    IBAN = "iban"
    BIC = "bic"
    CARD = "card"  # payment card
    PHONE = "phone"
    EMAIL = "email"
    MRZ = "mrz"  # machine-readable zone of a passport, identity card or visa

    __hash__ = str.__hash__  # the default of an enumeration is ten times as slow, and kinds are keys everywhere

    @property
    def person(self) -> bool:
        """False for the numbers of organisations (SIREN, SIRET, VAT, FINESS, RNA, BIC): counted apart from people's."""
        return self not in _ORGANISATIONS

    @property
    def national_number(self) -> bool:
        """True for the numbers whose use the law reserves: the NIR, the Belgian national and BIS numbers."""
        return self in _NATIONAL


_ORGANISATIONS = frozenset({Kind.SIREN, Kind.SIRET, Kind.FR_VAT, Kind.FINESS, Kind.RNA, Kind.BE_ENTERPRISE, Kind.BIC})
_NATIONAL = frozenset({Kind.NIR, Kind.BE_NN, Kind.BE_BIS})


class Sign(StrEnum):
    """Why a finding has its level."""

    CHECKSUM = "checksum"
    STRUCTURE = "structure"
    LABEL = "label"  # a label word before the value, after it in brackets, or on the line above
    HEADER = "header"  # a label word in the column's header, or given by the caller
    DRESS = "dress"  # separators in the usual places, or the prefix (+33, FR76, W)
    PEERS = "peers"  # other distinct values of the same kind in the same column
    NEGATIVE = "negative"  # a word nearby that speaks against it: invoice, tracking, ISBN…
    REPAIRED = "repaired"  # a spreadsheet's float or a lost leading zero was put back

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Found:
    """One datum in one place. Its `repr` shows no value."""

    kind: Kind
    start: int
    """First character of the writing, in the text as given."""
    end: int
    """One past its last character."""
    value: str = field(repr=False)
    """Canonical form. Never to be written to a log or a report: use `masks.mask` and `masks.fingerprint`."""
    level: Level
    country: str = ""
    """`FR`, `BE`, another ISO code, `FR|BE` when the number is valid in both, or empty."""
    own: bool = False
    """It is the organisation's own (its IBAN, SIRET, switchboard…): counted apart."""
    signs: frozenset[Sign] = frozenset()
    quoted: bool = False
    """It stands in a quoted line (`> `): a copy of what is elsewhere, perhaps, and counted with that mark."""
