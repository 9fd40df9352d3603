"""The sandbox's association, "Les Tilleuls": six people at Google and three at Microsoft, all invented.

The same profile gives the same bytes at every run. Bodies are made when read.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrate.sandbox.association import calendars, contacts, drive, mail, microsoft
from migrate.sandbox.association.identity import root_id
from migrate.sandbox.association.letters import hard_messages
from migrate.sandbox.association.people import MEMBERS, MICROSOFT_MEMBERS, NAME, SECRETARY, Member, person
from migrate.sandbox.world import GoogleAccount, World

__all__ = ["PROFILES", "Profile", "association", "hard_messages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Sizes, for each member; special items come besides."""

    messages: int
    """Whole mailbox."""
    events: int
    """Ordinary events of the primary calendar."""
    files: int
    """Ordinary files."""


PROFILES = {
    "small": Profile(messages=52, events=3, files=0),
    "medium": Profile(messages=500, events=120, files=100),
    "large": Profile(messages=16_700, events=830, files=3_340),
}
"""312 messages, 102 event resources and 65 Drive nodes; about ten times that; over 100,000, 5,000 and 20,000."""


def association(profile: str) -> World:
    """The association at one of the sizes of :data:`PROFILES`. Raises KeyError for another word."""
    size = PROFILES[profile]
    return World(
        name=NAME,
        people=[person(member) for member in MEMBERS],
        google={member.address: _account(member, size) for member in MEMBERS},
        colleagues=[person(member, "microsoft") for member in MICROSOFT_MEMBERS],
        microsoft=microsoft.tenant(messages=size.messages, events=size.events, files=size.files),
    )


def _account(member: Member, size: Profile) -> GoogleAccount:
    return GoogleAccount(
        address=member.address,
        display_name=member.name,
        labels=mail.labels(),
        messages=mail.messages(member, size.messages),
        calendars=calendars.calendars(member, size.events),
        files=drive.files(member, size.files),
        root_id=root_id(member),
        contacts=contacts.contacts(member),
        contact_groups=contacts.contact_groups(),
        other_contacts=contacts.other_contacts(member),
        photos={contacts.PHOTO: contacts.PNG},
        task_lists=contacts.task_lists(member),
        admin=member is SECRETARY,
    )
