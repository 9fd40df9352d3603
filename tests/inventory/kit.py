"""A project on memory twins with personal data planted, and short ways to look into what an inventory leaves."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from random import Random
from typing import Any

from connectors.memory_store import Store
from migrate.inventory.bundle import write_bundle
from migrate.inventory.take import Request, Taken, take_inventory
from migrate.model import Grant, Service
from migrate.sandbox.association import texts
from migrate.summaries import InventorySummary
from tests.engine.twins import Twins
from tests.inventory import papers

TODAY = date(2026, 11, 26)
SUBJECT = "Sujet-Confidentiel-Lebrun"
TITLE = "Titre-Secret-Lebrun"
RNG = Random("kit")
NIR, NISS, IBAN = texts.nir(RNG), texts.niss(RNG), texts.iban_fr(RNG)
EMAIL = "famille.lebrun@foyer.example"
VALUES = (NIR, NISS, IBAN, EMAIL)
SECRETS = (*VALUES, *(value.replace(" ", "") for value in VALUES), SUBJECT, TITLE)


def mail(body: str, subject: str = SUBJECT) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "ana@ours.example"
    message["Subject"] = subject
    message.set_content(body)
    return message


def project(directory: Path) -> Twins:
    """Every service once, an identifier in each, a private folder, an encrypted attachment and a scan."""
    twins = Twins(directory)
    letter = mail(f"Numéro de sécurité sociale : {NIR}\n")
    letter.add_attachment(papers.encrypted_zip(), maintype="application", subtype="zip", filename=f"{TITLE}.zip")
    letter.add_attachment(papers.png(), maintype="image", subtype="png")
    twins.add(Service.MAIL, ("INBOX",), "", letter.as_bytes())
    twins.add(Service.MAIL, ("INBOX",), "", mail(f"> IBAN : {IBAN}\nmerci\n").as_bytes())
    twins.add(Service.MAIL, ("Personnel", "Lettres"), "", mail(f"IBAN : {IBAN}").as_bytes())
    event = f"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:{TITLE}\r\nATTENDEE:mailto:{EMAIL}\r\nEND:VEVENT\r\n"
    event = f"BEGIN:VCALENDAR\r\n{event}END:VCALENDAR\r\n"
    twins.add(Service.CALENDAR, ("Agenda",), "a.ics", event.encode())
    note = f"EMAIL:{EMAIL}\r\nNOTE:Registre national : {NISS}\r\n"
    card = f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Zoé\r\n{note}END:VCARD\r\n"
    twins.add(Service.CONTACTS, ("Carnet",), "a.vcf", card.encode())
    sheet = papers.xlsx([["#0", "#1"], ["#2", "#3"]], ["Nom", "IBAN", "Léa", IBAN])
    twins.add(Service.FILES, ("Compta",), f"{TITLE}.xlsx", sheet)
    twins.add(Service.FILES, ("Fiches",), f"{NIR}.txt", f"NIR : {NIR}".encode())
    return twins


def grant(store: Store, service: Service, name: str, *grants: Grant) -> None:
    """Have the items of that name carry these grants."""
    with store.space("ana", service) as space:
        for href, held in list(space.items.items()):
            if name in held.entry.name:
                space.items[href] = replace(held, entry=replace(held.entry, grants=grants))


def date_all(store: Store, moment: datetime = datetime(2020, 1, 2, tzinfo=UTC)) -> None:
    """Give every mail of ana that date."""
    with store.space("ana", Service.MAIL) as space:
        for href, held in list(space.items.items()):
            space.items[href] = replace(held, entry=replace(held.entry, modified=moment))


def take(twins: Twins, **asked: Any) -> tuple[Taken, InventorySummary]:
    taken = take_inventory(twins.project, Request(**({"reference": TODAY, "content": True} | asked)))
    return taken, write_bundle(taken)


def document(summary: InventorySummary, audience: str = "controller") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((summary.path / audience / "inventory.json").read_text(encoding="utf-8"))
    return found


def texts_below(folder: Path) -> dict[str, str]:
    """Every file as text, archives unpacked."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if data[:2] == b"PK":
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    data = b"\n".join(archive.read(name) for name in archive.namelist())
            found[path.relative_to(folder).as_posix()] = data.decode("utf-8", "replace")
    return found
