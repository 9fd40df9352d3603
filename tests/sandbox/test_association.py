"""The association: the same at every run, valid for Google, and holding what it says."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from migrate.sandbox.association import PROFILES, association, hard_messages, texts
from migrate.sandbox.association.expected import calendar_objects, expected
from migrate.sandbox.google.discovery import document
from migrate.sandbox.google.schema import defects
from migrate.sandbox.world import DriveNode, GoogleAccount, Message, World


@pytest.fixture(scope="module")
def small() -> World:
    return association("small")


def account(world: World, login: str) -> GoogleAccount:
    return world.google[f"{login}@tilleuls.example"]


def messages(world: World) -> Iterator[Message]:
    return (message for one in world.google.values() for message in one.messages)


def files(world: World) -> Iterator[DriveNode]:
    return (node for one in world.google.values() for node in one.files)


def fingerprint(world: World) -> str:
    """A digest of every resource and every body."""
    digest = hashlib.sha256()
    for one in world.google.values():
        digest.update(json.dumps([one.address, one.labels, one.root_id]).encode())
        for message in one.messages:
            facts = [message.id, message.thread_id, message.label_ids, message.internal_date_ms, message.size_estimate]
            digest.update(json.dumps(facts).encode() + message.raw())
        for calendar in one.calendars:
            digest.update(json.dumps([calendar.list_entry, calendar.events]).encode())
        for node in one.files:
            digest.update(json.dumps(node.resource).encode() + (node.content() if node.content else b""))
            for kind, export in node.exports.items():
                digest.update(kind.encode() + export())
    return digest.hexdigest()


def test_the_same_bytes_in_another_process(small: World) -> None:
    program = (
        "from migrate.sandbox.association import association\n"
        "from tests.sandbox.test_association import fingerprint\n"
        "print(fingerprint(association('small')))"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "4711",
        "TZ": "Pacific/Auckland",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == fingerprint(small) == fingerprint(association("small"))


@pytest.mark.parametrize("profile", ["small", "medium"])
def test_every_resource_fits_the_discovery_documents(profile: str) -> None:
    world = association(profile)
    versions = {"gmail": "v1", "calendar": "v3", "drive": "v3"}
    schemas = {name: document(f"{name}.{version}")["schemas"] for name, version in versions.items()}
    found: list[str] = []
    for one in world.google.values():
        for label in one.labels:
            found += defects(label, {"$ref": "Label"}, schemas["gmail"])
        for calendar in one.calendars:
            found += defects(calendar.list_entry, {"$ref": "CalendarListEntry"}, schemas["calendar"])
            for event in calendar.events:
                found += defects(event, {"$ref": "Event"}, schemas["calendar"])
        for node in one.files:
            found += defects(node.resource, {"$ref": "File"}, schemas["drive"])
    assert found == []


def test_the_small_profile_has_the_announced_size(small: World) -> None:
    assert len(list(messages(small))) == 312
    assert len(list(files(small))) == 65
    assert sum(len(calendar.events) for one in small.google.values() for calendar in one.calendars) == 102
    assert sum(len(message.raw()) for message in messages(small)) < 6_000_000


def test_expected_counts_by_hand(small: World) -> None:
    figures = expected(small)
    director = figures["helene.vasseur@tilleuls.example"]
    assert (director.messages, director.distinct_messages) == (48, 47)
    assert director.aside == {"SPAM": 2, "TRASH": 1, "CHAT": 1}
    # Primary: team, board, 3 own, 4 of hers, 3 ordinary. Secondary: weekly and open day. "Permanences" is read-only.
    assert (director.calendars, director.calendar_objects) == (2, 14)
    assert (director.files, director.folders, director.file_bytes > 6_000_000) == (5, 4, True)
    educator = figures["ines.benali@tilleuls.example"]
    assert (educator.birthdays, educator.unsupported_files) == (1, 2)
    colleague = figures["theo.lagrange@tilleuls.example"]
    assert (colleague.files, colleague.trashed_files) == (5, 2)
    assert figures["bruno.delattre@tilleuls.example"].shared_with_me == 3


def test_ids_are_unique_and_messages_are_newest_first(small: World) -> None:
    for one in small.google.values():
        ids = [message.id for message in one.messages]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch("[0-9a-f]{16}", identifier) for identifier in ids)
        dates = [message.internal_date_ms for message in one.messages]
        assert dates == sorted(dates, reverse=True)
        known = {label["id"] for label in one.labels}
        used = {label for message in one.messages for label in message.label_ids if label.startswith("Label_")}
        assert used < known  # one label holds no message
        for holder in ([node.resource for node in one.files], *(calendar.events for calendar in one.calendars)):
            assert len({resource["id"] for resource in holder}) == len(holder)


def test_every_message_is_wire_clean(small: World) -> None:
    for message in messages(small):
        raw = message.raw()
        assert b"\0" not in raw
        assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        assert [defect for part in parsed.walk() for defect in part.defects] == []
        assert abs(len(raw) - message.size_estimate) < 1000


def test_the_mailbox_holds_every_kind(small: World) -> None:
    one = account(small, "helene.vasseur")
    raws = [message.raw() for message in one.messages]
    parsed = [email.message_from_bytes(raw, policy=email.policy.compat32) for raw in raws]
    ids = Counter(message["Message-ID"] for message in parsed)
    assert ids[None] == 1
    assert sum(count for identifier, count in ids.items() if identifier and count > 1) == 4
    assert max(Counter(raws).values()) == 2
    assert max(len(line) for raw in raws for line in raw.split(b"\r\n")) > 20_000
    assert sum(len(raw) > 3_000_000 for raw in raws) == 1
    assert any(message.get_content_type() == "multipart/related" for message in parsed)
    assert any(part.get_content_type() == "text/calendar" for message in parsed for part in message.walk())
    assert any(b"\xe9" in raw.partition(b"\r\n\r\n")[0] for raw in raws)
    years = {message.internal_date_ms // 31_556_952_000 + 1970 for message in one.messages}
    assert min(years) == 1998
    assert max(years) == 2026
    names = {label["name"] for label in one.labels}
    assert {"Projets/2026/Subvention", "M. Quentin Dubreuil", "Adhérents 🌳"} <= names
    flat = [label for message in one.messages for label in message.label_ids]
    assert {"INBOX", "SENT", "DRAFT", "STARRED", "IMPORTANT", "UNREAD", "SPAM", "TRASH", "CHAT"} <= set(flat)
    assert any(message.label_ids == () for message in one.messages)
    assert any(sum(label.startswith("Label_") for label in message.label_ids) > 1 for message in one.messages)


def test_the_calendars_hold_every_kind(small: World) -> None:
    events = [event for one in small.google.values() for calendar in one.calendars for event in calendar.events]
    kinds = {event.get("eventType") for event in events}
    assert {"default", "birthday", "outOfOffice", "workingLocation", "fromGmail", "focusTime"} <= kinds
    rules = "\n".join(line for event in events for line in event.get("recurrence", ()))
    for word in ("COUNT=", "UNTIL=", "BYSETPOS=", "FREQ=YEARLY", "EXDATE;", "RDATE;"):
        assert word in rules
    assert any(event["status"] == "cancelled" for event in events)
    assert any("date" in event.get("start", {}) for event in events)
    zones = {event["start"].get("timeZone") for event in events if "start" in event}
    assert {"Europe/Paris", "Europe/Brussels", "America/Montreal"} <= zones
    assert any(event.get("start", {}).get("timeZone") != event.get("end", {}).get("timeZone") for event in events)
    assert any("conferenceData" in event and "attachments" in event for event in events)
    masters = {event["id"] for event in events if "recurrence" in event}
    orphans = [
        event for event in events if event.get("recurringEventId", "") and event["recurringEventId"] not in masters
    ]
    assert len(orphans) == 1
    teams = [
        uid
        for one in small.google.values()
        for uid, series in calendar_objects(one.calendars[0]).items()
        if len(series) == 3 and series[0]["summary"] == "Réunion d'équipe"
    ]
    assert len(teams) == 6
    assert len(set(teams)) == 1


def test_linked_files_exist(small: World) -> None:
    ids = {node.resource["id"] for node in files(small)}
    linked = {
        attached["fileId"]
        for one in small.google.values()
        for calendar in one.calendars
        for event in calendar.events
        for attached in event.get("attachments", ())
    }
    assert linked
    assert linked <= ids


def test_checksums_are_those_of_the_contents() -> None:
    for profile in ("small", "medium"):
        for node in files(association(profile)):
            if node.content:
                data, resource = node.content(), node.resource
                assert int(resource["size"]) == len(data)
                assert resource["md5Checksum"] == hashlib.md5(data).hexdigest()
                assert resource["sha1Checksum"] == hashlib.sha1(data).hexdigest()
                assert resource["sha256Checksum"] == hashlib.sha256(data).hexdigest()


def test_office_documents_are_sound_archives(small: World) -> None:
    seen = set()
    for node in files(small):
        for kind, export in node.exports.items():
            if "opendocument" in kind or "openxml" in kind:
                with zipfile.ZipFile(io.BytesIO(export())) as archive:
                    assert archive.testzip() is None
                seen.add(kind)
    assert len(seen) == 6


def test_the_drives_hold_every_kind(small: World) -> None:
    resources = [node.resource for node in files(small)]
    names = [node.resource["name"] for node in account(small, "odile.marchetti").files]
    assert max(Counter(names).values()) == 2
    assert {"...", ".caché", "espace final ", "point final.", "Oui/Non.txt", "Chemin\\Windows.txt", "CON.txt"} <= set(
        names
    )
    assert max(map(len, names)) >= 184
    assert any(resource.get("size") == "0" for resource in resources)
    assert any("parents" not in resource and resource["ownedByMe"] for resource in resources)
    assert any(not resource["capabilities"]["canDownload"] and not resource["ownedByMe"] for resource in resources)
    assert any(resource["trashed"] and not resource["explicitlyTrashed"] for resource in resources)
    kinds = {resource["mimeType"].rpartition(".")[2] for resource in resources}
    assert {"document", "spreadsheet", "presentation", "drawing", "form", "shortcut", "folder"} <= kinds
    parents = {resource["id"]: resource.get("parents", [""])[0] for resource in resources}
    assert max(depth(identifier, parents) for identifier in parents) == 5  # a file four folders down
    years = {resource["modifiedTime"][:4] for resource in resources}
    assert min(years) >= "2009"
    assert max(years) <= "2026"


def depth(identifier: str, parents: dict[str, str]) -> int:
    return 0 if identifier not in parents else 1 + depth(parents[identifier], parents)


def test_planted_identifiers_have_valid_checksums() -> None:
    rng = Random("identifiers")
    for _ in range(200):
        nir = texts.nir(rng).replace(" ", "")
        assert int(nir[13:]) == 97 - int(nir[:13]) % 97
        niss = re.sub(r"\D", "", texts.niss(rng))
        assert int(niss[9:]) == 97 - int(niss[:9]) % 97
        for iban in (texts.iban_fr(rng), texts.iban_be(rng)):
            compact = iban.replace(" ", "")
            turned = "".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])
            assert int(turned) % 97 == 1
            assert len(compact) == {"FR": 27, "BE": 16}[compact[:2]]
        assert luhn(texts.siret(rng))


def luhn(text: str) -> bool:
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    return sum(sum(divmod(digit * (1 + i % 2), 10)) for i, digit in enumerate(digits)) % 10 == 0


def test_the_large_profile_is_made_fast_and_small() -> None:
    program = (
        "import re, time\n"
        "from migrate.sandbox.association import association\n"
        "start = time.process_time()\n"
        "world = association('large')\n"
        "took = time.process_time() - start\n"
        "read = sum(len(m.raw()) for a in world.google.values() for m in a.messages[:500])\n"
        # Not ru_maxrss: a child begins with the figure of the process that made it.
        "peak = int(re.search('VmHWM:\\\\s+(\\\\d+)', open('/proc/self/status').read())[1]) // 1024\n"
        "accounts = world.google.values()\n"
        "print(took, peak, sum(len(a.messages) for a in accounts), sum(len(a.files) for a in accounts),\n"
        "      sum(len(c.events) for a in accounts for c in a.calendars))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    seconds, peak_mb, mails, nodes, events = map(float, run.stdout.split())
    assert (mails >= 100_000, nodes >= 20_000, events >= 5_000) == (True, True, True)
    assert seconds < 10
    assert peak_mb < 300


def test_hard_messages_stay_out_of_the_profiles(small: World) -> None:
    hard = hard_messages()
    assert {"nul", "bare-cr", "empty", "line-200kB"} <= set(hard)
    assert not {message.raw() for message in messages(small)} & set(hard.values())


def test_unknown_profile() -> None:
    with pytest.raises(KeyError):
        association("gigantesque")
    assert set(PROFILES) == {"small", "medium", "large"}
