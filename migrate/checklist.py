"""What people do by hand on the day of a cutover and after it, with dates. Pure.

Mail routing is left to people: a wrong exchanger loses mail for everyone. The habits are those of the field: a short
time to live a day or two ahead, both receptions watched for days, accounts closed late.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

WATCH = timedelta(days=3)
"""How long mail may still come by the old way: mail servers try for some days (RFC 5321 4.5.4.1)."""
KEEP = timedelta(days=30)
"""How long the old accounts stay readable at least."""

Step = tuple[date, str]
"""The day, and what is done on it."""


def checklist(day: date, wave: str, here: Collection[str], mail: Mapping[str, bool]) -> tuple[Step, ...]:
    """The steps after a wave was cut over on ``day``, in order.

    ``here``: addresses whose mail moved with this wave; ``mail``: every address with mail in the project, and whether
    its wave is cut over by now.
    """
    steps: list[Step] = []
    for domain in sorted({_domain(address) for address in here}):
        waiting = sum(1 for address, over in mail.items() if _domain(address) == domain and not over)
        if waiting:
            count = sum(1 for address in here if _domain(address) == domain)
            text = f"{domain}: forward the mail of the {count} moved accounts at the old provider to the new server; "
            steps.append((day, f"{text}the mail exchanger stays, {waiting} accounts are still to come"))
        else:
            text = f"{domain}: point the mail exchanger (MX), SPF, DKIM and DMARC at the new server"
            steps.append((day, f"{text} (time to live at 300 s two days before)"))
    if here:
        steps.append((day, "send a message from outside to one of these accounts, and see it arrive at the new server"))
        steps.append((day + WATCH, f"transhume cutover --wave {wave} again: it fetches what still came by the old way"))
    last = day + WATCH if here else day
    steps.append((last, f"when people agree: transhume sign --wave {wave} --by NAME"))
    steps.append(
        (day + KEEP, "not before this day: revoke the access that was given for the move, close the old accounts")
    )
    return tuple(steps)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
