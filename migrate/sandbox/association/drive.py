"""Drives: folders four deep, names that other systems refuse, native documents, and what was shared."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import partial
from random import Random

from migrate.sandbox.association import documents, nodes, texts
from migrate.sandbox.association.nodes import Shelf
from migrate.sandbox.association.people import ACCOUNTANT, COLLEAGUE, DIRECTOR, EDUCATOR, SECRETARY, VOLUNTEER, Member
from migrate.sandbox.world import DriveNode

BIG_FILE = 6_000_000
"""Bytes of the one large file: over the 5 MB at which Nextcloud clients upload in chunks."""

_LONG_NAME = ("Procès-verbal de l'assemblée générale extraordinaire " * 4)[:195].rstrip() + " .pdf"
_HARD_NAMES = (
    unicodedata.normalize("NFC", "Été à la mer.txt"),
    unicodedata.normalize("NFD", "Été à la mer.txt"),
    "Bonne année 🎉🌳.txt",
    ".caché",
    "espace final ",
    "point final.",
    "Heures: 9h-12h.txt",
    "Astérisque * et question ?.txt",
    "Guillemets \"droits\" et 'simples'.txt",
    _LONG_NAME.replace(" .pdf", ".pdf"),
    "é" * 180 + ".txt",
    "Facture.txt",
    "facture.txt",
    "Doublon.txt",
    "Doublon.txt",
    "Oui/Non.txt",
    "Chemin\\Windows.txt",
    "...",
    "CON.txt",
    "tube|chevrons<>.txt",
    "  deux espaces devant.txt",
    "sans extension",
    "100 % & plus #1.txt",
)
_KINDS = (documents.PDF, documents.TEXT, documents.ODT, documents.CSV, documents.PNG, documents.DOCX)
_EXTENSIONS = ("pdf", "txt", "odt", "csv", "png", "docx")
_YEARS = range(2012, 2026)


def files(member: Member, ordinary: int) -> list[DriveNode]:
    """The member's Drive as ``files.list`` shows it: own nodes, then those shared with them."""
    makers = {
        DIRECTOR: _director,
        ACCOUNTANT: _accountant,
        EDUCATOR: _educator,
        COLLEAGUE: _colleague,
        SECRETARY: _secretary,
        VOLUNTEER: _volunteer,
    }
    own = [*makers[member](Shelf(member)), *ordinary_files(Shelf(member), ordinary)]
    nodes.hand_down(own)
    return [*own, *_received(member)]


def ordinary_files(shelf: Shelf, count: int) -> Iterator[DriveNode]:
    """Documents in folders by year and quarter, from a few contents whose checksums are computed once."""
    if count <= 0:
        return
    yield shelf.folder("archives", "Archives")
    for year in _YEARS:
        yield shelf.folder(f"archives/{year}", str(year), "archives")
        for quarter in range(1, 5):
            yield shelf.folder(f"archives/{year}/{quarter}", f"Trimestre {quarter}", f"archives/{year}")
    for number in range(count):
        kind = number % len(_KINDS)
        variant = number // len(_KINDS) % documents.VARIANTS
        parent = f"archives/{_YEARS[number % len(_YEARS)]}/{1 + number // len(_YEARS) % 4}"
        name = f"{texts.TOPICS[number % len(texts.TOPICS)]} ({number}).{_EXTENSIONS[kind]}"
        content = partial(documents.variant, _KINDS[kind], variant)
        known = documents.variant_digests(_KINDS[kind], variant)
        yield shelf.lazy(f"ordinary/{number}", name, _KINDS[kind], content, known, parent)


def _director(shelf: Shelf) -> Iterator[DriveNode]:
    rng = Random("drive/director")
    yield shelf.folder("projets", "Projets")
    yield shelf.folder("2026", "2026", "projets", starred=True)
    yield shelf.folder("subvention", "Subvention", "2026")
    yield shelf.folder("pieces", "Pièces à fournir", "subvention")
    statutes = documents.pdf("Statuts de l'association, article premier")
    yield nodes.shared(
        shelf.blob("statuts.pdf", "statuts.pdf", documents.PDF, statutes, "pieces"),
        SECRETARY.address,
        ACCOUNTANT.address,
    )
    yield shelf.blob("rib", "RIB.txt", documents.TEXT, texts.personal_record(rng).encode(), "pieces")
    yield nodes.shared(
        shelf.native("Budget", "Budget", nodes.SHEET, "Poste;Montant", "2026"), ACCOUNTANT.address, role="writer"
    )
    yield shelf.native("projet", "Projet associatif", nodes.DOCUMENT, texts.paragraphs(rng, 6), "projets", starred=True)
    big = partial(documents.noise, "video", BIG_FILE)
    yield shelf.lazy("video", "Fête de l'été.mp4", "video/mp4", big, documents.digests(big()))


def _accountant(shelf: Shelf) -> Iterator[DriveNode]:
    rng = Random("drive/accountant")
    yield shelf.folder("compta", "Comptabilité")
    yield shelf.blob("membres", "Adhérents & cotisations.csv", documents.CSV, documents.csv(rng, 30), "compta")
    yield shelf.native("slides", "Présentation des comptes", nodes.SLIDES, texts.sentences(rng, 5), "compta")
    siret = f"Fournisseur : Traiteur des Halles, SIRET {texts.siret(rng)}\n"
    yield shelf.blob("facture", "Facture 2026-031.txt", documents.TEXT, siret.encode(), "compta", description="Payée")
    yield nodes.trashed(shelf.blob("old", "Ancien budget.csv", documents.CSV, b"annule;1\r\n", "compta"))


def _educator(shelf: Shelf) -> Iterator[DriveNode]:
    rng = Random("drive/educator")
    yield shelf.folder("groupe", "Groupe des Écureuils")
    yield shelf.folder("vide", "Dossier vide", "groupe")
    record = shelf.blob(
        "fiches", "Fiches sanitaires.txt", documents.TEXT, texts.personal_record(rng).encode(), "groupe"
    )
    yield record
    yield shelf.native("form", "Inscription au séjour", nodes.FORM, "", "groupe")
    yield shelf.native("plan", "Plan de la salle", nodes.DRAWING, "Plan de la salle", "groupe")
    yield shelf.shortcut("raccourci", "Fiches (raccourci)", record)
    yield shelf.blob("photo", "Photo de groupe.png", documents.PNG, documents.png(120), "groupe")


def _colleague(shelf: Shelf) -> Iterator[DriveNode]:
    rng = Random("drive/colleague")
    yield shelf.folder("sorties", "Sorties")
    yield shelf.native("ferme", "Sortie à la ferme", nodes.DOCUMENT, texts.paragraphs(rng, 2), "sorties")
    yield shelf.native("ferme2", "Sortie à la ferme", nodes.DOCUMENT, texts.paragraphs(rng, 3), "sorties")
    yield shelf.blob("orphan", "Orphelin.txt", documents.TEXT, b"Sans dossier.\n", None)
    yield shelf.folder("homonyme1", "Photos", "sorties")
    yield shelf.folder("homonyme2", "Photos", "sorties")
    yield shelf.blob("p1", "1.png", documents.PNG, documents.png(10), "homonyme1")
    yield shelf.blob("p2", "1.png", documents.PNG, documents.png(20), "homonyme2")
    yield nodes.trashed(shelf.folder("bin", "À jeter"))
    yield nodes.trashed(shelf.blob("binned", "Brouillon.txt", documents.TEXT, b"x\n", "bin"), explicitly=False)


def _secretary(shelf: Shelf) -> Iterator[DriveNode]:
    yield shelf.folder("noms", "Noms: difficiles / à migrer?")
    for number, name in enumerate(_HARD_NAMES):
        yield shelf.blob(f"nom{number}", name, documents.TEXT, f"Fichier {number}\n".encode(), "noms")
    yield shelf.blob("zero", "Vide.txt", documents.TEXT, b"")
    yield nodes.shared(shelf.folder("commun", "Commun"), DIRECTOR.address, VOLUNTEER.address, role="writer")
    yield shelf.blob("modele", "Modèle de lettre.odt", documents.ODT, documents.variant(documents.ODT, 1), "commun")


def _volunteer(shelf: Shelf) -> Iterator[DriveNode]:
    rng = Random("drive/volunteer")
    yield shelf.blob("notes", "Notes.txt", documents.TEXT, texts.paragraphs(rng, 2).encode())
    yield shelf.native("affiche", "Affiche du marché", nodes.SLIDES, "Marché de Noël")
    belgian = f"Registre national : {texts.niss(rng)}\nCompte : {texts.iban_be(rng)}\n"
    yield shelf.blob(
        "carte", "Carte de bénévole.txt", documents.TEXT, belgian.encode(), modifiedTime="2026-11-20T09:30:00.000Z"
    )


def _received(member: Member) -> Iterator[DriveNode]:
    """Nodes of others: a colleague's, and an outsider's that may be seen but not downloaded."""
    if member in (ACCOUNTANT, SECRETARY):
        for node in _director(Shelf(DIRECTOR)):
            if any(grant["emailAddress"] == member.address for grant in node.resource["permissions"]):
                yield nodes.shared_with_me(node)
    if member is ACCOUNTANT:
        outsider = Shelf(Member(login="elue", name="Élue référente", role="mairie"))
        minutes = outsider.blob("pv", "Délibération.pdf", documents.PDF, documents.pdf("Délibération"))
        yield nodes.shared_with_me(nodes.shared(minutes, member.address), download=False)
