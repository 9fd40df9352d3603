"""Where each kind of datum stands in a record of processing: the lines of the French authority's template.

Source: CNIL, « Registre simplifié » (registre-traitement-simplifie.ods): six ordinary lines of which the NIR is one,
then the eight subjects of Article 9 and that of Article 10, each on its own line.
"""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """A line of the record, in the template's order. The values are stable."""

    IDENTITY = "identity"
    PERSONAL_LIFE = "personal_life"
    ECONOMIC = "economic"
    CONNECTION = "connection"
    LOCATION = "location"
    NATIONAL_NUMBER = "national_number"
    ORGANISATION = "organisation"  # numbers of organisations: not personal data by themselves, counted apart


KINDS = {
    "nir": Category.NATIONAL_NUMBER,
    "be_nn": Category.NATIONAL_NUMBER,
    "be_bis": Category.NATIONAL_NUMBER,
    "nif": Category.ECONOMIC,
    "caf": Category.ECONOMIC,
    "iban": Category.ECONOMIC,
    "fr_rib": Category.ECONOMIC,
    "card": Category.ECONOMIC,
    "rpps": Category.IDENTITY,
    "fr_cni": Category.IDENTITY,
    "fr_passport": Category.IDENTITY,
    "be_eid": Category.IDENTITY,
    "mrz": Category.IDENTITY,
    "phone": Category.IDENTITY,
    "email": Category.IDENTITY,
    "bic": Category.ORGANISATION,
    "finess": Category.ORGANISATION,
    "rna": Category.ORGANISATION,
    "siren": Category.ORGANISATION,
    "siret": Category.ORGANISATION,
    "fr_vat": Category.ORGANISATION,
    "be_enterprise": Category.ORGANISATION,
}

SUBJECTS = ("origin", "politics", "belief", "union", "genetic", "biometric", "health", "sex_life", "offences")
"""Article 9's eight, then Article 10's."""


def category_of(kind: str) -> Category:
    """The line of a kind; one that is not known here identifies somebody until it is."""
    return KINDS.get(kind, Category.IDENTITY)
