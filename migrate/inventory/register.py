"""``register.toml``: what only a person can say of the processing, read into one frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from migrate.model import Service
from migrate.toml_file import TomlFile

FILE = "register.toml"
UNASSIGNED = "unassigned"
PRIVATE = ["Personnel", "Perso", "Privé", "Prive", "Personal", "Private", "Persoonlijk", "Privé*", "Syndicat*", "CSE",
           "Vakbond*", "Union"]  # fmt: skip


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Controller(_Table):
    """The table ``[controller]``."""

    name: str = ""
    contact: str = ""
    dpo: str = ""


class Scope(_Table):
    """The table ``[inventory]``."""

    private_folders: list[str] = Field(default_factory=lambda: list(PRIVATE))
    own_identity: list[str] = Field(default_factory=list)
    own_domains: list[str] = Field(default_factory=list)
    dormant_months: int = Field(default=12, ge=1)


class Host(_Table):
    """The table ``[host]``: who will hold the data after the move."""

    name: str = ""
    country: str = ""
    for_others: bool = True
    hds: bool = False


class Activity(_Table):
    """A table ``[activity.ID]``: one processing activity."""

    name: str = Field(min_length=1)
    services: list[str] = Field(default_factory=list)
    folders: list[str] = Field(default_factory=list)
    accounts: list[str] = Field(default_factory=list)
    purpose: str = ""
    legal_basis: str = ""
    persons: list[str] = Field(default_factory=list)
    recipients: list[str] = Field(default_factory=list)
    retention_months: int = Field(default=0, ge=0)
    national_number_purpose: str = ""
    confirmed: bool = False

    def holds(self, account: str, service: str, path: Sequence[str]) -> bool:
        """Whether an item of that account, service and folder belongs to it: every condition given must hold."""
        names = "/".join(path).casefold()
        return (
            (not self.services or service in self.services)
            and (not self.accounts or any(fnmatchcase(account.casefold(), one.casefold()) for one in self.accounts))
            and (not self.folders or any(fnmatchcase(names, one.casefold()) for one in self.folders))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The whole file."""

    controller: Controller = field(default_factory=Controller)
    scope: Scope = field(default_factory=Scope)
    host: Host = field(default_factory=Host)
    activities: Mapping[str, Activity] = field(default_factory=dict)
    """In the order of the file: the first that holds an item has it."""

    def activity(self, account: str, service: str, path: Sequence[str]) -> str:
        """The id of the activity of an item; ``unassigned`` when none holds it."""
        return next((id_ for id_, one in self.activities.items() if one.holds(account, service, path)), UNASSIGNED)

    def private(self, names: Sequence[str]) -> bool:
        """Whether a folder, or one above it, or a label, is one that staff keep for themselves."""
        patterns = [pattern.casefold() for pattern in self.scope.private_folders]
        return any(fnmatchcase(name.casefold(), pattern) for name in names for pattern in patterns)


def read_register(path: Path) -> Register:
    """Read and validate; an absent file is an empty register. Raises ConfigError naming file and line."""
    if not path.exists():
        return Register()
    file = TomlFile(path)
    file.refuse_unknown((), file.tables.keys(), {"controller", "inventory", "host", "activity"}, what="section")
    if "own_identity" in (scope := file.table(("inventory",))) and not isinstance(scope["own_identity"], list):
        raise file.error(("inventory", "own_identity"), "'own_identity' in [inventory] is a list of texts.")
    for name in file.table(("activity",)):
        # tomllib gives plain texts where the model has an enumeration: told apart here, with the line.
        services = file.table(("activity", name)).get("services", [])
        for one in services if isinstance(services, list) else []:
            if one not in set(Service):
                known = ", ".join(Service)
                raise file.error(("activity", name, "services"), f"there is no service {one!r}. Known: {known}.")
    return Register(
        controller=file.model(Controller, ("controller",)),
        scope=file.model(Scope, ("inventory",)),
        host=file.model(Host, ("host",)),
        activities={name: file.model(Activity, ("activity", name)) for name in file.table(("activity",))},
    )


TEMPLATE = """\
# Elements for the record of processing activities (GDPR Article 30). Chosen by a person, filled in by `transhume
# inventory`: the program counts what lies where, and leaves purposes, legal bases and durations to you.
# Éléments pour le registre des activités de traitement (RGPD, article 30) : choisis par une personne.

[controller]
name = ""                   # the association / l'association
contact = ""
dpo = ""                    # data-protection officer, if there is one / délégué(e) à la protection des données

[inventory]
# Folders and labels that staff keep for themselves: counted, never read inside. * stands for anything.
private_folders = ["Personnel", "Perso", "Privé", "Prive", "Personal", "Private", "Syndicat*", "CSE", "Vakbond*"]
own_identity = []           # the association's own numbers (IBAN, SIRET, phone) and "@domain": counted apart
own_domains = []            # besides those of the source accounts; others are "outside" where shares are counted
dormant_months = 12         # an account without a newer item is called dormant

[host]                      # who holds the data after the move
name = ""
country = ""
for_others = true           # false: the association hosts its own data itself
hds = false                 # certified "hébergeur de données de santé" (France, CSP art. L.1111-8)

# Activities: the first one that an item fits has it. Keep, change or remove these candidates, and say
# `confirmed = true` once somebody who knows the activity has looked at it. Retention in months, 0: not declared.

[activity.beneficiaries]
name = "Accompagnement des personnes / Support of beneficiaries"
folders = ["*fiches*", "*dossiers*", "*accompagnement*", "*groupe*", "*suivi*", "*sanitaire*"]
persons = ["beneficiaries", "minors", "families"]
purpose = ""
legal_basis = ""
retention_months = 0        # CNIL 2023-095, social and medico-social: active base 2 years after the last contact
national_number_purpose = ""  # France: decree 2019-341 lists the uses; Belgium: law of 8 August 1983, arts 5 and 8

[activity.members]
name = "Adhérents et bénévoles / Members and volunteers"
folders = ["*adh*rent*", "*membres*", "*b*n*vole*", "*cotisation*", "*members*"]
persons = ["members", "volunteers"]
retention_months = 0

[activity.staff]
name = "Personnel salarié / Staff"
folders = ["*paie*", "*salari*", "*contrats de travail*", "*notes de frais*", "*ressources humaines*"]
persons = ["staff", "candidates"]
retention_months = 0
national_number_purpose = ""  # payroll and social declarations

[activity.accounts]
name = "Comptabilité, dons et subventions / Accounts, donations and grants"
folders = ["*compta*", "*facture*", "*subvention*", "*dons*", "*budget*"]
persons = ["donors", "suppliers", "partners"]
retention_months = 0

[activity.governance]
name = "Vie associative / Governance"
folders = ["*ca 20*", "*conseil*", "*assembl*e g*n*rale*", "*pv*", "*statuts*"]
persons = ["members", "partners"]

[activity.correspondence]
name = "Correspondance / Correspondence"
services = ["mail"]
persons = ["partners", "families", "members"]

[activity.scheduling]
name = "Agendas et tâches / Calendars and tasks"
services = ["calendar", "tasks"]
persons = ["staff", "volunteers"]

[activity.contacts]
name = "Carnets d'adresses / Address books"
services = ["contacts"]
persons = ["members", "partners"]

[activity.documents]
name = "Autres documents / Other documents"
services = ["files"]
"""
"""Written once, beside ``migration.toml``, when there is no register yet."""
