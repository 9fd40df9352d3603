"""French sentences, and synthetic personal data whose checksums are right.

Numbers are drawn, never looked up. Phone numbers lie in the ranges that ARCEP keeps for fiction.
"""

from __future__ import annotations

from random import Random

FIRST_NAMES = ("Maël", "Zoé", "Léonie", "Gaspard", "Noémie", "Côme", "Éloïse", "Raphaël", "Chloé", "Anaïs", "Loïc")
LAST_NAMES = ("Dubreuil", "Castagné", "Le Goff", "N'Diaye", "Müller-Lefèvre", "Peeters", "Bœuf", "Hervé", "Saint-Clair")
STREETS = ("rue des Tilleuls", "avenue du Général-Ferrié", "place de l'Église", "chemin du Pré-aux-Clercs")
TOWNS = ("35000 Rennes", "59000 Lille", "69003 Lyon", "13001 Marseille", "67000 Strasbourg")
TOPICS = (
    "Compte rendu de la réunion d'équipe",
    "Demande de subvention 2026",
    "Planning des permanences",
    "Note de frais de septembre",
    "Inscription au séjour d'été",
    "Facture du traiteur",
    "Ordre du jour du conseil d'administration",
    "Certificat médical à renouveler",
    "Prêt de la salle polyvalente",
    "Bilan éducatif du trimestre",
    "Convention avec la mairie",
    "Appel à bénévoles",
)
SENTENCES = (
    "Merci de me confirmer votre présence avant jeudi midi.",
    "Le groupe des Écureuils part à la ferme pédagogique mardi.",
    "J'ai reçu l'accord de la préfecture, il manque une signature.",
    "Peux-tu relire le budget prévisionnel ? Les montants sont à vérifier.",
    "L'assemblée générale aura lieu à la salle des fêtes, comme l'an passé.",
    "Il reste trois places dans le minibus, dont une à l'avant.",
    "Les clés du local sont chez la gardienne, à gauche en entrant.",
    "Je joins le devis corrigé ; l'ancien comptait deux fois la location.",
    "Aucune allergie signalée, sauf les noix pour deux enfants.",
    "Nous avons dépassé l'enveloppe de 240 €, voir le détail en pièce jointe.",
    "À bientôt et bon courage pour la rentrée !",
    "La CAF demande l'attestation avant la fin du mois.",
)


def sentences(rng: Random, count: int) -> str:
    """That many sentences in one paragraph."""
    return " ".join(rng.choice(SENTENCES) for _ in range(count))


def paragraphs(rng: Random, count: int) -> str:
    """A letter's body: paragraphs between empty lines, lines ended by LF."""
    return "\n\n".join(sentences(rng, 2 + rng.randrange(4)) for _ in range(count)) + "\n"


def full_name(rng: Random) -> str:
    """An invented person."""
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def postal_address(rng: Random) -> str:
    """An invented address."""
    return f"{1 + rng.randrange(120)} {rng.choice(STREETS)}, {rng.choice(TOWNS)}"


def phone(rng: Random) -> str:
    """A French number of a range kept for fiction (ARCEP decision 2018-0881: 02 61 91).

    Not of the mobile one (06 39 98): libraries that know the ranges in use take its numbers for invalid.
    """
    last = rng.randrange(10_000)
    return f"02 61 91 {last // 100:02d} {last % 100:02d}"


def nir(rng: Random) -> str:
    """A French social security number: key = 97 - n mod 97 (INSEE)."""
    number = (
        f"{1 + rng.randrange(2)}{40 + rng.randrange(60):02d}{1 + rng.randrange(12):02d}"
        f"{1 + rng.randrange(19):02d}{1 + rng.randrange(400):03d}{1 + rng.randrange(900):03d}"
    )
    key = 97 - int(number) % 97
    return f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:]} {key:02d}"


def niss(rng: Random) -> str:
    """A Belgian national number of someone born before 2000: check = 97 - n mod 97."""
    birth = f"{40 + rng.randrange(60):02d}{1 + rng.randrange(12):02d}{1 + rng.randrange(28):02d}"
    serial = f"{1 + rng.randrange(997):03d}"
    check = 97 - int(birth + serial) % 97
    return f"{birth[:2]}.{birth[2:4]}.{birth[4:]}-{serial}.{check:02d}"


def iban_fr(rng: Random) -> str:
    """A French IBAN: RIB key over bank, branch and account, then ISO 7064 mod 97 over all."""
    bank, branch, account = 99_000 + rng.randrange(999), rng.randrange(100_000), rng.randrange(10**11)
    key = 97 - (89 * bank + 15 * branch + 3 * account) % 97
    return _iban("FR", f"{bank:05d}{branch:05d}{account:011d}{key:02d}")


def iban_be(rng: Random) -> str:
    """A Belgian IBAN: national check mod 97 (0 is written 97), then ISO 7064."""
    body = f"539{rng.randrange(10**7):07d}"
    return _iban("BE", f"{body}{int(body) % 97 or 97:02d}")


def siret(rng: Random) -> str:
    """A French establishment number: Luhn over the first nine digits and over all fourteen."""
    siren = _luhn_completed(f"{800 + rng.randrange(100)}{rng.randrange(10**5):05d}")
    number = _luhn_completed(f"{siren}{1 + rng.randrange(30):04d}")
    return f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"


def personal_record(rng: Random) -> str:
    """One paragraph of a family file, with every kind of identifier an inventory should find."""
    name = full_name(rng)
    return (
        f"Responsable légal : {name}\n"
        f"Adresse : {postal_address(rng)}\n"
        f"Téléphone : {phone(rng)}\n"
        f"Courriel : {rng.randrange(1000):03d}.famille@example.org\n"
        f"Numéro de sécurité sociale : {nir(rng)}\n"
        f"IBAN : {iban_fr(rng)}\n"
        f"Registre national (BE) : {niss(rng)}\n"
        f"Compte belge : {iban_be(rng)}\n"
    )


def _iban(country: str, body: str) -> str:
    digits = "".join(str(int(letter, 36)) for letter in f"{body}{country}00")
    compact = f"{country}{98 - int(digits) % 97:02d}{body}"
    return " ".join(compact[i : i + 4] for i in range(0, len(compact), 4))


def _luhn_completed(digits: str) -> str:
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    total = sum(d // 10 + d % 10 for d in doubled)
    return f"{digits}{-total % 10}"
