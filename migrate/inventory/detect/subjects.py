"""Words that point at subjects of Articles 9 and 10 GDPR: counted per folder, never per person, to be checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

from migrate.inventory.detect.words import tokens


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


# One or two words, without accents; `*` ends a stem. Words that mislead are left out on purpose: foi, croix, mariage,
# syndic, couvent, peine, ordonnance, gay (a name), race (a sport), parti (gone).
_CUES: dict[Subject, str] = {
    Subject.ORIGIN: "ethnie*|ethniq*|ethnic*|etnisch*|racial*|tsigane*|rroms|gens voyage|afrodescend*",
    Subject.POLITICS: (
        "parti politique|parti socialiste|parti communiste|opinion* politique*|politieke partij|politieke overtuiging|"
        "adherent parti|political opinion*|militant politique|tract electoral"
    ),
    Subject.BELIEF: (
        "catholi*|protestantis*|musulman*|islam*|juif|juifs|juive|juives|judais*|bouddhis*|evangelique*|paroiss*|"
        "diocese*|mosquee*|synagogue*|ramadan*|halal|casher|kascher|bapteme*|catechi*|religieu*|religion*|athee*|moslim*|"
        "katholiek*|kerk|moskee*|aumoner*|temoins jehovah|franc macon*"
    ),
    Subject.UNION: (
        "syndicat|syndicats|syndical*|syndicaux|syndique*|cgt|cfdt|cftc|unsa|fgtb|cgslb|vakbond*|abvv|union member*"
    ),
    Subject.GENETIC: "genetique*|genetisch*|genome*|caryotype*|adn|maladie hereditaire|maladies hereditaires",
    Subject.BIOMETRIC: "biometri*|empreinte digitale|empreintes digitales|reconnaissance faciale|vingerafdruk*",
    Subject.HEALTH: (
        "handicap*|mdph|aeeh|rqth|pch|cmu|c2s|diagnosti*|maladie*|malade*|hospitalis*|hopital*|psychiatr*|psycholog*|"
        "depressi*|addict*|alcooli*|toxicoman*|cancer*|vih|sida|diabet*|grossesse*|enceinte*|ivg|invalidite*|"
        "medecin*|medicament*|medica*|medicaux|allergi*|autis*|trisomi*|epilep*|vaccin*|chirurgi*|infirmi*|sante|"
        "soignant*|therap*|dialyse*|chimiotherap*|suicid*|tutelle*|curatelle*|ziekte*|ziekenhuis*|gezondheid*|"
        "arts|zwanger*|gehandicap*|mutuelle*|mutualite*|ziekenfonds*|arret maladie|patient*"
    ),
    Subject.SEX_LIFE: (
        "homosexuel*|lesbien*|bisexuel*|transgenre*|transsexuel*|lgbt*|orientation sexuelle|vie sexuelle|prostitu*|"
        "homoseksu*|identite genre|seksuele geaardheid"
    ),
    Subject.OFFENCES: (
        "condamne|condamnes|condamnee|condamnees|condamnation*|incarcer*|prison*|detenu*|spip|"
        "casier judiciaire|garde vue|"
        "controle judiciaire|bracelet electronique|mise examen|mis examen|strafblad*|veroordel*|gevangenis*|"
        "violences conjugales|infraction penale|delinquan*|cellule disciplinaire|probation*|liberation conditionnelle"
    ),
}
_SMALL = frozenset(
    {"de", "du", "des", "d", "la", "le", "les", "l", "en", "au", "aux", "a", "et", "van", "the", "of", "\n"}
)


def _pattern(cues: str) -> str:
    return cues.replace("*", "[a-z]*")


_ONE = re.compile("|".join(f"(?P<{subject.value}>{_pattern(cues)})" for subject, cues in _CUES.items()))


def subjects(text: str) -> Mapping[Subject, int]:
    """How many *distinct* words of each subject stand in the text. Add up over a folder, or count its texts.

    A word is an index and no more. Nothing that comes back has a place in the text, so that nobody can tie a subject to
    a person.
    """
    words = [word for word in tokens(text) if word not in _SMALL]
    looked_at = {*words, *(f"{first} {second}" for first, second in pairwise(words))}
    found = (_ONE.fullmatch(phrase) for phrase in looked_at)
    return Counter(Subject(match.lastgroup) for match in found if match and match.lastgroup)
