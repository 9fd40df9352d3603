"""Label words and negative words, in French, Dutch and English: whole words only, each tied to the kinds it announces.

Words are compared without accents, case or punctuation, and camelCase is read as words: `N° Sécu.`, `NumSecu`,
`num_secu` and `SECU` all hold the word `secu`. A phrase has up to four words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrate.inventory.detect.interface import Kind

_ACCENTS = str.maketrans(
    "àáâäãåçèéêëìíîïñòóôöõùúûüýÿ°º", "aaaaaaceeeeiiiinooooouuuuyyoo", "\u0300\u0301\u0302\u0308\u0327"
)
_TOKEN = re.compile(r"[0-9a-zß-öø-ÿ°º\u0300-\u0327]+|\n")
_WORDS = {"°": "o ", "º": "o ", "☎": " tel ", "☏": " tel ", "✆": " tel ", "📞": " tel ", "📱": " tel ", "📠": " fax "}
_SYMBOLS = re.compile(f"[{''.join(_WORDS)}]")
_CAMEL = re.compile(r"([a-zß-öø-ÿ])([A-Z])")

_LABELS: dict[Kind, str] = {
    Kind.NIR: (
        "nir|n i r|securite soc|secu|secus|securite sociale|secu sociale|secu soc|sec soc|sec sociale|s s|ss|"
        "nss|numss|noss|insee|assure social|assuree sociale|assure|assuree|immatriculation|cpam|ameli|vitale|"
        "ssn|social security|repertoire|nia|nnp|securitesociale|assurance maladie|affiliation|ins|"
        "identite nationale de sante|numsecu|nosecu|nsecu|socialezekerheid"
    ),
    Kind.NIF: (
        "fiscal de reference|reference fiscale|"
        "fiscal|fiscale|fiscaux|spi|nif|impot|impots|imposition|dgfip|declarant|tin|tax id|tax number|fiscaal|numfiscal"
    ),
    Kind.SIREN: "siren|rcs|r c s|s i r e n|registre du commerce|sirene|insee|kbis|siren siret|entreprise|numsiren",
    Kind.SIRET: "siret|s i r e t|siren|sirene|insee|etablissement|kbis|numsiret|nic",
    Kind.FR_VAT: "tva|t v a|intracommunautaire|intracom|intra|vat|btw|taxe",
    Kind.BE_NN: (
        "niss|n i s s|insz|inss|ssin|rrn|rnr|rn|rr|nn|registre national|reg nat|reg national|numero national|"
        "no national|n national|num national|nat|nationaal|rijksregister|rijksregisternummer|rijksregisternr|"
        "rijksreg|rijks|national|nationalregister|registre|identificatienummer|bis|bisnummer|nrn|"
        "numero d identification|insznummer|rrnr|securite sociale|secu|nationalregisternummer"
    ),
    Kind.BE_ENTERPRISE: (
        "bce|kbo|tva|t v a|vat|btw|entreprise|ondernemingsnummer|ondernemingsnr|onderneming|ondernemings|rpm|"
        "rpr|cbe|asbl|vzw|enterprise|company|bce kbo|aisbl|ivzw|onss|rsz|numentreprise|carrefour"
    ),
    Kind.BE_EID: (
        "eid|e id|identite|identiteitskaart|identiteits|identity card|identity|kids id|kaartnummer|kaart|"
        "id kaart|carte|ci"
    ),
    Kind.IBAN: "iban|compte|rekening|rekeningnummer|rib|virement|banque|bancaire|bank|domiciliation|rekeningnr",
    Kind.FR_RIB: "rib|compte|bancaire|banque|virement|domiciliation",
    Kind.BIC: "bic|swift|code bic|biccode",
    Kind.CARD: (
        "carte|cb|visa|mastercard|master card|amex|american express|maestro|bancontact|credit card|card|"
        "cards|pan|kredietkaart|bankkaart|betaalkaart|paiement|kaart|kaartnummer|bancaire|bleue|mister cash|"
        "diners|discover|jcb|numcarte"
    ),
    Kind.PHONE: (
        "tel|tels|telephone|telephones|telephonique|phone|mobile|mob|portable|port|gsm|fax|telecopie|fixe|"
        "joindre|joignable|joignables|whatsapp|sms|standard|telefoon|telefoonnummer|telefoonnr|cellulaire|"
        "cell|permanence|appelez|appeler|rappeler|telef|tf|mobiel|bellen|call|urgence|urgences|contact|"
        "contacter|signal|ligne|numtel|notel|domicile|bureau|coordonnees|appel|telfixe|telportable|telmobile|"
        "pager|rappelle|rappelez|appelle|telephoner|telephonez|telephonie|composer|composez|numero vert|"
        "contactez|bereikbaar|appels|signalement"
    ),
    Kind.CAF: (
        "caf no de dossier|caf numero de dossier|caf no dossier|caf dossier|dossier caf|"
        "caf|allocataire|allocataires|cnaf|numcaf|nocaf"
    ),
    Kind.RPPS: "rpps",
    Kind.FINESS: "finess",
    Kind.RNA: "rna|waldec|association|prefecture|associations|journal officiel|jo",
    Kind.FR_CNI: "cni|cnis|identite|piece identite|carte nationale|identity|id card|ci",
    Kind.FR_PASSPORT: "passeport|passeports|passport|paspoort|reisepass",
}

_NEGATIVE = (
    "fidelite|cadeau|badge|abonnement|lidkaart|klantenkaart|"
    "facture|factures|fact|fac|invoice|invoices|factuur|factuurnummer|facturation|commande|commandes|cmd|"
    "cde|order|bestelling|bestelbon|bestelnummer|ref|refs|reference|references|kenmerk|referentie|suivi|"
    "tracking|colis|colissimo|chronopost|bpost|ups|dhl|fedex|mondial relay|expedition|zending|isbn|issn|"
    "ean|gtin|upc|barcode|code barre|code barres|barres|imei|imsi|iccid|sim|serie|serial|serienummer|sn|"
    "s n|build|ticket|version|devis|offre|quote|offerte|contrat|contract|police|lot|article|sku|produit|"
    "product|compteur|meter|pdl|pce|prm|pdr|transaction|trx|commit|hash|sha|md5|uuid|guid|token|session|"
    "timestamp|epoch|licence|license|communication|structuree|ogm|vcs|mededeling|gestructureerde|rum|"
    "mandat|inventaire|reservation|billet|vol|dossier|dossiernummer|incident|bug|job|process|pid|id|ids|"
    "uid|msgid|thread|modele|cle produit|activation|code|bon|livraison|bl|avoir|piece|ecriture|stock|"
    "palette|conteneur|container|client no|numero client|no client|n client|code client|klantnummer|"
    "klantnr|adherent no|no adherent|numero adherent|n adherent|lidnummer|identifiant interne|"
    "dossier interne|trace|request|req|hex|checksum|crc|offset|sequence|seq|batch|parcelle|cadastre|"
    "recepisse|recommande|bordereau|cheque|remise|tirage|tel que|ligne de commande|catalogue|reclamation|"
    "quittance|avis de passage|journal|log|traceid|requestid|orderid|invoiceid|montant|total|score|ark|"
    "doi|oai|pmid|arxiv|rfc|cve|iso|decret|arrete|loi no|loi n|jorf|nor"
)


def _plain(text: str) -> str:
    if _CAMEL.search(text):
        text = _CAMEL.sub(r"\1 \2", text)
    if not text.isascii():
        text = _SYMBOLS.sub(lambda match: _WORDS[match[0]], text)
    return text.lower()


def tokens(text: str) -> list[str]:
    """Words (lower case, without accents), numbers and line breaks of a text, in order."""
    return [word if word.isascii() else word.translate(_ACCENTS) for word in _TOKEN.findall(_plain(text))]


def placed(text: str) -> list[tuple[str, int]]:
    """The same with the place where each ends. camelCase stays one word, so that places hold."""
    return [(match[0].translate(_ACCENTS), match.end()) for match in _TOKEN.finditer(text.lower())]


def _phrases(spec: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for phrase in spec.split("|")]


def _index() -> dict[tuple[str, ...], frozenset[Kind]]:
    kinds: dict[tuple[str, ...], set[Kind]] = {}
    for kind, spec in _LABELS.items():
        for phrase in _phrases(spec):
            kinds.setdefault(phrase, set()).add(kind)
    return {phrase: frozenset(of | ({Kind.BE_BIS} if Kind.BE_NN in of else set())) for phrase, of in kinds.items()}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A label, a negative word, or both."""

    words: tuple[str, ...]
    kinds: frozenset[Kind]
    negative: bool


def _by_first() -> dict[str, tuple[Phrase, ...]]:
    labels, negative = _index(), frozenset(_phrases(_NEGATIVE))
    phrases: dict[str, list[Phrase]] = {}
    for words in sorted({*labels, *negative}, key=lambda words: (-len(words), words)):
        phrases.setdefault(words[0], []).append(Phrase(words, labels.get(words, frozenset()), words in negative))
    return {word: tuple(of) for word, of in phrases.items()}


PHRASES = _by_first()
"""Phrases by their first word, the longest first."""


def phrases_at(words: Sequence[str], at: int) -> Iterator[tuple[Phrase, int]]:
    """Phrases that begin at a word, and where each ends."""
    for phrase in PHRASES.get(words[at], ()):
        stop = at + len(phrase.words)
        if stop == at + 1 or tuple(words[at:stop]) == phrase.words:
            yield phrase, stop


LABEL_ONLY: dict[Kind, tuple[str, ...]] = {
    Kind.CAF: ("caf", "alloca", "cnaf"),
    Kind.RPPS: ("rpps",),
    Kind.FINESS: ("finess",),
    Kind.FR_CNI: ("cni", "identit", "nationale", "id card"),
    Kind.FR_PASSPORT: ("passe", "passp", "paspo"),
    Kind.FR_RIB: ("rib", "compte", "banq"),
    Kind.BIC: ("bic", "swift"),
    Kind.RNA: ("rna", "waldec", "associa", "fecture"),
}
"""Kinds that no number proves: without one of these strings in the text or the labels they are not looked for."""


class Said:
    """Whether a kind's label is in a text or in the labels given with it. Asked only when a number calls for it."""

    def __init__(self, text: str, labels: Sequence[str]) -> None:
        self._text = text
        self._labels = labels
        self._lower: str | None = None
        self._known: dict[Kind, bool] = {}

    def __contains__(self, kind: Kind) -> bool:
        if kind not in self._known:
            if self._lower is None:
                self._lower = "\n".join([self._text, *self._labels]).lower() if self._labels else self._text.lower()
            lower = self._lower
            self._known[kind] = any(word in lower for word in LABEL_ONLY[kind])
        return self._known[kind]
