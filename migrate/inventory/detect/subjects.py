"""Words that point at subjects of Articles 9 and 10 GDPR: counted per folder, never per person, to be checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Subject(StrEnum):
    """The eight special categories of Article 9, and Article 10. The values are stable."""

    ORIGIN = "origin"  # racial or ethnic origin
    POLITICS = "politics"  # political opinions
    BELIEF = "belief"  # religious or philosophical beliefs
    UNION = "union"  # trade-union membership
    GENETIC = "genetic"
    BIOMETRIC = "biometric"
    HEALTH = "health"
    SEX_LIFE = "sex_life"  # sex life or sexual orientation
    OFFENCES = "offences"  # Article 10: criminal convictions and offences


_CUES: dict[Subject, str] = {
    Subject.HEALTH: r"handicap\w*|diagnostic\w*|maladies?|hospitalis\w+|ordonnances? médicales?",
}
_ONE = re.compile("|".join(f"(?P<{subject.value}>\\b(?:{cue})\\b)" for subject, cue in _CUES.items()), re.IGNORECASE)


def subjects(text: str) -> Mapping[Subject, int]:
    """How many *distinct* words of each subject stand in the text. Sum (or better, count texts) over a folder.

    A word is an index and no more: "foi", "croix" or "syndic" are left out because they mislead, and no finding carries
    an offset, so that nobody can tie a subject to a person.
    """
    seen = {(Subject(match.lastgroup), match[0].lower()) for match in _ONE.finditer(text) if match.lastgroup}
    return Counter(subject for subject, _ in seen)
