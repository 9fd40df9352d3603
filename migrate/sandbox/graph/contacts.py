"""Outlook contacts: the default folder, others, and photographs.

https://learn.microsoft.com/en-us/graph/api/resources/contact
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from migrate.sandbox.graph import access
from migrate.sandbox.graph.call import DELTA, LISTING, ONE, Call, Delta, Listing, Operation, words
from migrate.sandbox.graph.errors import GraphError, item_not_found
from migrate.sandbox.graph.state import change_key, changes, default_id
from migrate.sandbox.replies import Reply
from migrate.sandbox.tenant import ContactFolder, Json

_UNSET: Json = {
    **dict.fromkeys(
        words(
            "assistantName birthday businessHomePage companyName department displayName fileAs generation givenName "
            "initials jobTitle manager middleName mobilePhone nickName officeLocation profession spouseName surname "
            "title yomiCompanyName yomiGivenName yomiSurname primaryEmailAddress secondaryEmailAddress "
            "tertiaryEmailAddress"
        )
    ),
    **{name: [] for name in words("businessPhones children homePhones imAddresses emailAddresses categories")},
    **{name: {} for name in words("businessAddress homeAddress otherAddress")},
    "personalNotes": "",
    "createdDateTime": "2026-01-05T09:00:00Z",
    "lastModifiedDateTime": "2026-01-05T09:00:00Z",
}
"""Properties of a contact that nobody set."""


def list_folders(call: Call) -> Listing:
    """GET …/contactFolders: the default folder is not among them."""
    folders = call.account.account.contact_folders
    root = next((found.resource["id"] for found in folders if found.default), None)
    others = [one for one in folders if not one.default and one.resource.get("parentFolderId", root) == root]
    return Listing(items=others, key=lambda one: str(one.resource["id"]), show=lambda one: dict(one.resource))


def list_children(call: Call) -> Listing:
    """GET …/contactFolders/{id}/childFolders."""
    parent = folder(call).resource["id"]
    found = [one for one in call.account.account.contact_folders if one.resource.get("parentFolderId") == parent]
    return Listing(items=found, key=lambda one: str(one.resource["id"]), show=lambda one: dict(one.resource))


def get_folder(call: Call) -> Json:
    """GET …/contactFolders/{id}."""
    return dict(folder(call).resource)


def list_contacts(call: Call) -> Listing:
    """GET …/contacts: of the default folder, or of the one in the path."""
    found = folder(call)
    return Listing(
        items=found.contacts, key=lambda contact: str(contact["id"]), show=lambda contact: shown(call, found, contact)
    )


def contacts_delta(call: Call) -> Delta:
    """GET …/contacts/delta."""
    found, state = folder(call), call.account
    within = str(found.resource["id"])

    known = {contact["id"]: contact for contact in found.contacts}
    return Delta(
        items=found.contacts,
        key=lambda contact: str(contact["id"]),
        show=lambda contact: shown(call, found, contact),
        current=state.journal.current,
        since=lambda number: changes(state.journal, number, "contact", within, known.get),
        removed=lambda name: {"id": call.shown(name, within), "@removed": {"reason": "deleted"}},
    )


def get_contact(call: Call) -> Json:
    """GET …/contacts/{id}."""
    return shown(call, *_contact(call))


def get_photo(call: Call) -> Json:
    """GET …/photo: its size."""
    _photo(call)
    return {"@odata.mediaContentType": "image/png", "@odata.mediaEtag": '"1"', "id": "90X90", "width": 90, "height": 90}


def get_photo_bytes(call: Call) -> Reply:
    """GET …/photo/$value."""
    return Reply(200, _photo(call), "image/png")


def folder(call: Call) -> ContactFolder:
    """The folder of the path by id, by the name ``contacts``, or the default one. Raises GraphError 404."""
    wanted = call.parameters.get("folder", "contacts")
    for found in call.account.account.contact_folders:
        if found.resource["id"] == wanted or (found.default and wanted.lower() == "contacts"):
            return found
    raise item_not_found()


def shown(call: Call, within: ContactFolder, contact: Json) -> Json:
    """A contact with every property."""
    parent = str(within.resource["id"])
    key = change_key(call.account.journal.last_of(contact["id"]), contact["id"])
    return {
        **_UNSET,
        "parentFolderId": parent,
        **contact,
        "id": call.shown(contact["id"], parent),
        "changeKey": key,
        "@odata.etag": f'W/"{key}"',
        "singleValueExtendedProperties": lambda: contact.get("singleValueExtendedProperties", []),
    }


def _contact(call: Call) -> tuple[ContactFolder, Json]:
    for found in _searched(call):
        for contact in found.contacts:
            if call["contact"] in (contact["id"], default_id(contact["id"], str(found.resource["id"]))):
                return found, contact
    raise item_not_found()


def _searched(call: Call) -> Iterator[ContactFolder]:
    if "folder" in call.parameters:
        yield folder(call)
    else:
        yield from call.account.account.contact_folders


def _photo(call: Call) -> bytes:
    found, contact = _contact(call)
    photo = found.photos.get(str(contact["id"]))
    if photo is None:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return photo


def _operation(template: str, kind: str, run: Callable[[Call], Any], options: frozenset[str]) -> Operation:
    return Operation(
        template=f"users/{{user}}/{template}", kind=kind, run=run, access=access.CONTACTS, options=options,
        expands=words("singleValueExtendedProperties multiValueExtendedProperties extensions"),
        unfiltered=words("personalNotes businessAddress homeAddress otherAddress children"),
    )  # fmt: skip


def _of(prefix: str) -> tuple[Operation, ...]:
    return (
        _operation(f"{prefix}contacts", "contact", list_contacts, LISTING),
        _operation(f"{prefix}contacts/delta", "contact", contacts_delta, DELTA),
        _operation(f"{prefix}contacts/{{contact}}", "contact", get_contact, ONE),
        _operation(f"{prefix}contacts/{{contact}}/photo", "profilePhoto", get_photo, frozenset()),
        _operation(f"{prefix}contacts/{{contact}}/photo/$value", "profilePhoto", get_photo_bytes, frozenset()),
    )


OPERATIONS = (
    _operation("contactFolders", "contactFolder", list_folders, LISTING),
    _operation("contactFolders/{folder}", "contactFolder", get_folder, ONE),
    _operation("contactFolders/{folder}/childFolders", "contactFolder", list_children, LISTING),
    *_of(""),
    *_of("contactFolders/{folder}/"),
)
