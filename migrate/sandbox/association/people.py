"""The six people of "Les Tilleuls", a fictitious association. Every name, number and address is invented."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from migrate.sandbox.world import Person

NAME = "Association Les Tilleuls"
DOMAIN = "tilleuls.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the association before any account exists."""

    login: str
    name: str
    role: str
    zone: str = "Europe/Paris"
    wave: str = "equipe"

    @property
    def address(self) -> str:
        """The mail address, which is the account's name at Google and on the mail server."""
        return f"{self.login}@{DOMAIN}"


DIRECTOR = Member(login="helene.vasseur", name="Hélène Vasseur", role="directrice", wave="pilote")
ACCOUNTANT = Member(login="bruno.delattre", name="Bruno Delattre", role="comptable")
EDUCATOR = Member(login="ines.benali", name="Inès Benali", role="éducatrice")
COLLEAGUE = Member(login="theo.lagrange", name="Théo Lagrange", role="éducateur")
SECRETARY = Member(login="odile.marchetti", name="Odile Marchetti", role="secrétariat", wave="pilote")
VOLUNTEER = Member(login="jean-noel.darcy", name="Jean-Noël d'Arcy", role="bénévole", zone="Europe/Brussels")

PSYCHOLOGIST = Member(login="camille.renard", name="Camille Renard", role="psychologue", wave="pilote")
COORDINATOR = Member(login="wim.peeters", name="Wim Peeters", role="coordination", zone="Europe/Brussels")
TREASURER = Member(login="nadia.cherif", name="Nadia Chérif", role="trésorière")

MICROSOFT_MEMBERS = (PSYCHOLOGIST, COORDINATOR, TREASURER)
"""Those whose accounts are at Microsoft; the others are at Google."""
MEMBERS = (DIRECTOR, ACCOUNTANT, EDUCATOR, COLLEAGUE, SECRETARY, VOLUNTEER)


def password(use: str, login: str) -> str:
    """A password for the sandbox's own servers, in the shape of a Nextcloud app password (five groups of five).

    It is the same at every run, and of no use elsewhere.
    """
    digest = hashlib.sha256(f"tilleuls/{use}/{login}".encode()).digest()
    letters = base64.b32encode(digest).decode()[:25]
    return "-".join(letters[i : i + 5] for i in range(0, 25, 5))


def person(member: Member, source: str = "google") -> Person:
    """The row of the accounts file for one member."""
    return Person(
        source_account=member.address,
        cloud_account=member.login,
        cloud_password=password("cloud", member.login),
        mail_account=member.address,
        mail_password=password("mail", member.login),
        wave=member.wave,
        display_name=member.name,
        source=source,
    )
