"""Presidio on the same documents, in its own interpreter: JSON lines in, spans and seconds out.

Run by `bench_detect`, never imported by the project. `installed`: the recognisers that come with it, a blank tokenizer.
`good-faith`: French and Belgian recognisers with python-stdnum, label words as context, phones of both countries.
"""

from __future__ import annotations

import json
import logging
import sys
import time

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    PhoneRecognizer,
)
from stdnum.be import bis, nn, vat
from stdnum.fr import nif, nir, siren, siret, tva

logging.disable(logging.CRITICAL)
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())

KINDS = {"IBAN_CODE": "iban", "EMAIL_ADDRESS": "email", "CREDIT_CARD": "card", "PHONE_NUMBER": "phone"}
THRESHOLD, TOP = 0.4, 0.85
S = r"[ .\-/]?"
ADDED = {
    "nir": (rf"\b[1-478]{S}\d\d{S}\d\d{S}(?:\d\d|2[AB]){S}\d{{3}}{S}\d{{3}}{S}\d\d\b", nir.is_valid,
            ["sécurité", "sociale", "sécu", "nir", "insee", "ss"]),
    "nif": (rf"\b[0-3](?:{S}\d){{12}}\b", nif.is_valid, ["fiscal", "impôt", "spi"]),
    "siren": (r"\b\d{3}[ .]?\d{3}[ .]?\d{3}\b", siren.is_valid, ["siren", "rcs"]),
    "siret": (r"\b\d{3}[ .]?\d{3}[ .]?\d{3}[ .]?\d{5}\b", siret.is_valid, ["siret"]),
    "fr_vat": (r"\bFR ?[0-9A-Z]{2} ?\d{3} ?\d{3} ?\d{3}\b", tva.is_valid, ["tva", "intracommunautaire"]),
    "be_nn": (rf"\b\d\d{S}\d\d{S}\d\d{S}\d{{3}}{S}\d\d\b", nn.is_valid, ["niss", "national", "rijksregister", "insz"]),
    "be_bis": (rf"\b\d\d{S}\d\d{S}\d\d{S}\d{{3}}{S}\d\d\b", bis.is_valid, ["bis", "niss", "insz"]),
    "be_enterprise": (r"\b(?:BE[ -]?)?[01]\d{3}[ .]?\d{3}[ .]?\d{3}\b", vat.is_valid, ["bce", "kbo", "tva", "btw"]),
}  # fmt: skip


class Blank(SpacyNlpEngine):
    """A tokenizer without a model: the pattern layer alone."""

    def __init__(self) -> None:
        self.nlp = {"en": spacy.blank("fr")}
        self.models = [{"lang_code": "en", "model_name": "blank"}]
        self.ner_model_configuration = NerModelConfiguration()


class Added(PatternRecognizer):
    """A pattern with python-stdnum's check."""

    def __init__(self, kind: str) -> None:
        pattern, self._check, context = ADDED[kind]
        super().__init__(
            supported_entity=kind,
            name=kind,
            context=context,
            patterns=[Pattern(kind, pattern, 0.3)],
            supported_language="en",
        )

    def validate_result(self, pattern_text: str) -> bool:
        return bool(self._check(pattern_text.replace("/", "").replace("-", "").replace(".", "")))


def registry(mode: str) -> RecognizerRegistry:
    made = RecognizerRegistry()
    if mode == "installed":
        made.load_predefined_recognizers()
        return made
    for kind in ADDED:
        made.add_recognizer(Added(kind))
    made.add_recognizer(CreditCardRecognizer(context=["carte", "cb", "visa", "bancaire"]))
    made.add_recognizer(EmailRecognizer())
    made.add_recognizer(IbanRecognizer(context=["iban", "compte", "rekening"]))
    made.add_recognizer(PhoneRecognizer(context=["tél", "téléphone", "gsm", "mobile"], supported_regions=("FR", "BE")))
    return made


def main(mode: str) -> None:
    engine = AnalyzerEngine(registry=registry(mode), nlp_engine=Blank(), supported_languages=["en"])
    engine.analyze("warm up 06 12 34 56 78", language="en")
    spans, start = [], time.process_time()
    for line in sys.stdin:
        found = engine.analyze(json.loads(line), language="en")
        spans.append([
            (KINDS.get(one.entity_type, one.entity_type), one.start, one.end, "A" if one.score >= TOP else "B")
            for one in found
            if one.score >= THRESHOLD
        ])  # fmt: skip
    json.dump({"spans": spans, "seconds": time.process_time() - start}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
