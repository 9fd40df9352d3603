"""Where to look: linear regular expressions over plain text.

Each begins with a charset or a literal, so that the scan is fast, and every repetition is possessive or bounded, so
that no text makes it slow.
"""

from __future__ import annotations

import re

SEP = (
    r"(?: {1,2}(?:[-./)] {0,2})?|[-./)] {0,2}"
    r"|[-/)]?[ \t]{0,3}\r?\n(?:[ \t]{0,4}>){0,6}[ \t]{0,4}[-./]?)"
)
"""Between two groups of digits of one number: spaces, one mark, or a line break with its quote prefixes."""

RUN = re.compile(rf"[0-9](?=(?:[^0-9A-Za-z]{{0,16}}+[0-9]){{6}})[0-9]*+(?:{SEP}[0-9]++)*+")
"""A longest row of digit groups, seven digits or more."""

OCR = re.compile(rf"(?<![A-Za-z0-9])[0-9OoIl]++(?:{SEP}[0-9OoIl]++)*+(?![A-Za-z0-9])")
"""The same with the letters that a scanner takes for digits. Only looked at near a label."""
OCR_HINT = re.compile(
    r"[0-9](?:(?<=[OoIl][0-9])(?<![A-Za-z][OoIl][0-9])|[ ./-]?[OoIl](?=[ ./-]?[0-9OoIl]|[^A-Za-z]|\Z))"
)
"""A letter among digits. It begins with the digit, because digits are rarer than letters."""

INTERNATIONAL = re.compile(
    rf"[+0](?:(?<=\+)|0(?<![0-9]00)) ?\(?[1-9][0-9]{{0,2}}\)?(?:{SEP})?+(?:\(0\)(?:{SEP})?+)?"
    rf"[0-9](?:(?:{SEP})?+[0-9]){{6,12}}+"
)

IBAN = re.compile(rf"[A-Zfbl][A-Zreu](?:{SEP})?+[0-9OoIl](?:{SEP})?+[0-9OoIl](?=(?:{SEP})?+[A-Za-z0-9])")
"""The head of an IBAN only: a false head must not swallow a true one."""
IBAN_BODY = re.compile(rf"(?:(?:{SEP})?+[A-Za-z0-9]){{11,30}}+")
FR_VAT = re.compile(rf"F[Rr](?:{SEP})?+[0-9A-HJ-NP-Z](?:{SEP})?+[0-9A-HJ-NP-Z](?:(?:{SEP})?+[0-9]){{9}}+(?![0-9])")
BE_VAT = re.compile(rf"B[Ee](?:{SEP})?+[01]?[0-9](?:(?:{SEP})?+[0-9]){{8}}+(?![0-9])")
CORSICA = re.compile(
    rf"[1-478](?:(?:{SEP})?+[0-9]){{4}}+(?:{SEP})?+2(?:{SEP})?+[ABab]"
    rf"(?:(?:{SEP})?+[0-9]){{6}}+(?:(?:{SEP})?+[0-9](?:{SEP})?+[0-9])?+(?![0-9])"
)
CORSICA_HINT = re.compile(rf"2(?:{SEP})?+[ABab](?=(?:(?:{SEP})?+[0-9]){{6}})")
RIB = re.compile(
    rf"[0-9]{{5}}(?:{SEP})?+[0-9]{{5}}(?:{SEP})?+(?=[0-9]{{0,10}}[A-Z])"
    rf"(?:[0-9A-Z](?:{SEP})?+){{11}}+[0-9]{{2}}(?![0-9])"
)
RNA = re.compile(r"W ?[0-9]{9}(?![0-9])|W ?[0-9]{2,3}(?: [0-9]{3}){2}(?: ?[0-9])?(?![0-9])")
PASSPORT = re.compile(r"[0-9]{2} ?[A-Z]{2} ?[0-9]{5}(?![0-9])")
CNI = re.compile(r"[A-Z](?=[A-Z0-9]{0,7}[0-9])[A-Z0-9]{8}(?![A-Za-z0-9])")
BIC = re.compile(r"[A-Z]{4} ?[A-Z]{2} ?[A-Z0-9]{2}(?: ?[A-Z0-9]{3})?(?![A-Za-z0-9])")
FLOAT = re.compile(r"[0-9][.,][0-9]{2,15}[eE]\+(?:0?[89]|1[0-5])(?![0-9])")
"""A long number as a spreadsheet shows it."""

DOMAIN = re.compile(r"@((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24})(?![\w@])")
SPELLED_AT = re.compile(
    r"[\[({] ?(?:at|AT|arobase|a|@) ?[\])}] ?"
    r"([a-z0-9-]{1,63}(?: ?(?:\.|[\[(] ?(?:dot|point|\.) ?[\])]) ?[a-z0-9-]{1,63}){1,4})"
)
LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'&éèêëàâäîïôöûüçñ")
KEY = re.compile(
    r"[ ,;]{0,2}(?:[(\[]? ?(?:cl[ée]f?|key|sleutel)\.? ?[:=]? ?([0-9]{2})(?![0-9])(?: ?[)\]])?"
    r"|[(|] ?([0-9]{2})(?![0-9])(?: ?\))?)",
    re.IGNORECASE,
)
"""The key of a NIR, announced by its name, in brackets, or in the next cell."""
