"""The special letters: one of each kind that a mailbox of twenty years holds, for every member."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from random import Random

from migrate.sandbox.association import documents, mime, texts
from migrate.sandbox.association.people import DIRECTOR, DOMAIN, MEMBERS, SECRETARY, Member
from migrate.sandbox.world import Bytes

PARIS_WINTER = timezone(timedelta(hours=1))
BIG_ATTACHMENT = 2_250_000
"""Bytes of the one large attachment: about 3 MB once in base64."""

INVITATION = "invitation"
"""The thread of the one letter that asks for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message before it has an id: its Gmail labels by name, its date, its bytes when asked for."""

    date: datetime
    labels: tuple[str, ...]
    raw: Bytes
    size: int
    thread: str = ""
    """Letters of one thread share this; empty: alone."""


def letter(when: datetime, labels: tuple[str, ...], raw: bytes, thread: str = "") -> Letter:
    """A small letter, kept in memory."""
    return Letter(date=when, labels=labels, raw=lambda: raw, size=len(raw), thread=thread)


def special_letters(member: Member) -> Iterator[Letter]:
    """Every kind once. Label names are Gmail's system ids or the member's own names."""
    rng = Random(f"letters/{member.login}")
    yield from _everyday(member, rng)
    yield from _labelled(member, rng)
    yield from _attachments(member, rng)
    yield from _odd(member, rng)
    yield from _doubles(member, rng)
    yield from _aside(member, rng)
    if member is DIRECTOR:
        yield _big(member)


def envelope(
    member: Member, when: datetime, subject: str | bytes, number: str, *, sent: bool = False
) -> list[mime.Header]:
    """The usual headers, from an outside correspondent to the member, or back."""
    outside = mime.mailbox("Mairie de Rennes, vie associative", "associations@mairie.example.org")
    own = mime.mailbox(member.name, member.address)
    sender, receiver = (own, outside) if sent else (outside, own)
    return [
        ("From", sender),
        ("To", receiver),
        ("Subject", subject),
        ("Date", mime.date(when)),
        ("Message-ID", f"<{number}.{member.login}@{DOMAIN}>"),
    ]


def _day(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PARIS_WINTER)


def _everyday(member: Member, rng: Random) -> Iterator[Letter]:
    body = texts.paragraphs(rng, 3)
    when = _day(2026, 9, 14, 8, 12)
    raw = mime.message(envelope(member, when, "Rentrée : bonjour à tous", "plain"), mime.plain(body))
    yield letter(when, ("INBOX", "UNREAD"), raw)
    when = _day(2026, 9, 14, 9, 40)
    both = mime.multipart("alternative", [mime.plain(body), mime.html(f"<p>{body}</p>")])
    yield letter(when, ("INBOX", "IMPORTANT", "STARRED"), mime.message(envelope(member, when, "Réunion", "html"), both))
    for i in range(3):
        when = _day(2025, 11, 3 + i, 17)
        subject = ("" if i == 0 else "Re: ") + "Prêt de la salle — calendrier d'hiver"
        headers = envelope(member, when, subject, f"thread{i}", sent=i == 1)
        if i:
            headers.append(("In-Reply-To", f"<thread{i - 1}.{member.login}@{DOMAIN}>"))
        labels = ("SENT",) if i == 1 else ("INBOX",)
        yield letter(when, labels, mime.message(headers, mime.plain(texts.paragraphs(rng, 2))), "salle")
    when = _day(2026, 10, 2)
    draft = envelope(member, when, "Brouillon : lettre aux familles", "draft", sent=True)
    yield letter(when, ("DRAFT",), mime.message(draft, mime.plain(texts.personal_record(rng))))


def _labelled(member: Member, rng: Random) -> Iterator[Letter]:
    sets: tuple[tuple[str, ...], ...] = (
        ("Projets/2026/Subvention",),
        ("Projets/2026/Subvention", "À faire", "INBOX"),
        ("Projets/2026", "Relances"),
        ("Projets",),
        ("M. Quentin Dubreuil",),
        ("M. Quentin Dubreuil", "Relances", "STARRED"),
        ("CA 2025/2026 — PV",),
        ("Adhérents 🌳", "INBOX", "UNREAD"),
        ("Notes de frais.2026", "SENT"),
        ("Formation/2026/PSC1",),
        ("Relances", "IMPORTANT"),
        ("CATEGORY_PROMOTIONS", "INBOX"),
        ("CATEGORY_UPDATES", "UNREAD"),
    )
    for i, labels in enumerate(sets):
        when = _day(2026, 1 + i % 10, 3 + i, 11, i)
        subject = texts.TOPICS[i % len(texts.TOPICS)]
        headers = envelope(member, when, subject, f"label{i}", sent="SENT" in labels)
        text = texts.paragraphs(rng, 2) + (texts.personal_record(rng) if i % 4 == 0 else "")
        yield letter(when, labels, mime.message(headers, mime.plain(text)))


def _attachments(member: Member, rng: Random) -> Iterator[Letter]:
    files = [
        mime.attachment("Compte rendu é 2024.pdf", documents.PDF, documents.pdf("Compte rendu du CA")),
        mime.attachment("convention.odt", documents.ODT, documents.office(documents.ODT, texts.sentences(rng, 4))),
        mime.attachment("adhérents.csv", documents.CSV, documents.csv(rng, 6)),
    ]
    when = _day(2024, 3, 21)
    whole = mime.multipart("mixed", [mime.plain("Voir les pièces jointes.\n"), *files])
    yield letter(when, ("INBOX",), mime.message(envelope(member, when, "Pièces jointes : 3", "files"), whole))
    when = _day(2023, 6, 12)
    picture = mime.attachment("logo.png", documents.PNG, documents.png(90), inline=True)
    related = mime.multipart("related", [mime.html('<p>Notre logo <img src="cid:logo"></p>'), picture])
    yield letter(when, (), mime.message(envelope(member, when, "Le nouveau logo", "inline"), related))
    when = _day(2026, 11, 2)
    invitation = mime.multipart(
        "alternative", [mime.plain("Invitation\n"), mime.calendar(_invitation(member), "REQUEST")]
    )
    headers = envelope(member, when, "Invitation : Conseil d'administration", "invitation")
    yield letter(when, ("INBOX",), mime.message(headers, invitation), INVITATION)
    when = _day(2020, 4, 6)
    inner = mime.message(envelope(member, _day(2020, 4, 5), "L'original", "inner"), mime.plain("Texte d'origine.\n"))
    forwarded = mime.multipart("mixed", [mime.plain("Pour information.\n"), mime.enclosed(inner)])
    yield letter(when, (), mime.message(envelope(member, when, "Tr: L'original", "outer"), forwarded))


def _invitation(member: Member) -> str:
    return (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Les Tilleuls//Sandbox//FR\nMETHOD:REQUEST\n"
        "BEGIN:VEVENT\nUID:ca-2026-12@tilleuls.example\nDTSTAMP:20261102T080000Z\n"
        "DTSTART:20261210T170000Z\nDTEND:20261210T190000Z\nSUMMARY:Conseil d'administration\n"
        f"ORGANIZER:mailto:{SECRETARY.address}\nATTENDEE:mailto:{member.address}\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )


def _odd(member: Member, rng: Random) -> Iterator[Letter]:
    when = _day(1998, 5, 20, 14, 30)
    yield letter(when, (), mime.message(envelope(member, when, "Premiers statuts", "old"), mime.plain("Bonjour.\n")))
    when = _day(2011, 2, 8)
    yield letter(when, (), mime.message(envelope(member, when, "", "nosubject"), mime.plain("Sans objet.\n")))
    when = _day(2012, 7, 1)
    yield letter(when, ("INBOX",), mime.message(envelope(member, when, "Corps vide", "empty"), mime.plain("")))
    when = _day(2013, 1, 30)
    line = mime.plain("données;" * 2500 + "\n")
    yield letter(when, (), mime.message(envelope(member, when, "Une seule ligne", "longline"), line))
    when = _day(2005, 10, 11)
    eight_bit = envelope(member, when, "Réunion à l'école, salle n° 3".encode("latin-1"), "eightbit")
    latin = mime.Part((("Content-Type", "text/plain; charset=ISO-8859-1"),), "Déjà reçu.\r\n".encode("latin-1"))
    yield letter(when, ("INBOX",), mime.message(eight_bit, latin))
    when = _day(2016, 12, 24)
    undated = [header for header in envelope(member, when, "Date fantaisiste", "nodate") if header[0] != "Date"]
    undated.append(("Date", "un beau matin"))
    yield letter(when, (), mime.message(undated, mime.plain(texts.paragraphs(rng, 1))))
    when = _day(2019, 8, 19)
    folded = envelope(member, when, "Liste très longue des participants au séjour d'été, " * 6, "folded")
    folded.append(("Cc", ",\r\n ".join(mime.mailbox(other.name, other.address) for other in MEMBERS)))
    yield letter(when, ("Relances",), mime.message(folded, mime.plain(texts.paragraphs(rng, 2))))


def _doubles(member: Member, rng: Random) -> Iterator[Letter]:
    when = _day(2021, 3, 15)
    twice = mime.message(envelope(member, when, "Lettre reçue deux fois", "double"), mime.plain("La même.\n"))
    yield letter(when, ("INBOX",), twice)
    yield letter(when + timedelta(minutes=2), ("INBOX",), twice)
    for i, words in enumerate(("Première version.\n", "Version corrigée par la liste.\n")):
        when = _day(2021, 4, 2 + i)
        headers = envelope(member, when, "[liste] Programme", "sameid")
        yield letter(when, ("INBOX",), mime.message(headers, mime.plain(words)))
    when = _day(2009, 9, 9)
    headers = [h for h in envelope(member, when, "Sans identifiant", "none") if h[0] != "Message-ID"]
    yield letter(when, (), mime.message(headers, mime.plain(texts.paragraphs(rng, 1))))


def _aside(member: Member, rng: Random) -> Iterator[Letter]:
    for i, label in enumerate(("SPAM", "SPAM", "TRASH", "CHAT")):
        when = _day(2026, 8, 1 + i)
        headers = envelope(member, when, "Vous avez gagné !" if label == "SPAM" else "Ancien", f"aside{i}")
        yield letter(when, (label,), mime.message(headers, mime.plain(texts.paragraphs(rng, 1))))


def _big(member: Member) -> Letter:
    when = _day(2022, 5, 5)
    build = partial(_big_message, member, when)
    return Letter(date=when, labels=("INBOX", "Projets"), raw=build, size=BIG_ATTACHMENT * 78 // 57)


def _big_message(member: Member, when: datetime) -> bytes:
    photograph = mime.attachment("photos.bin", "application/octet-stream", documents.noise("photos", BIG_ATTACHMENT))
    whole = mime.multipart("mixed", [mime.plain("Les photos de la fête.\n"), photograph])
    return mime.message(envelope(member, when, "Photos de la fête", "big"), whole)


def hard_messages() -> dict[str, bytes]:
    """Messages that some servers alter or refuse, for tests of connectors: never in a profile."""
    when = datetime(2026, 1, 5, 9, tzinfo=UTC)
    usual = mime.message(envelope(DIRECTOR, when, "Difficile", "hard"), mime.plain("Texte.\n"))
    head, _, _ = usual.partition(b"\r\n\r\n")
    return {
        "nul": usual + b"un octet nul \x00 au milieu\r\n",
        "bare-cr": usual + b"retour seul\rpuis la suite\r\n",
        "bare-lf": usual.replace(b"\r\n", b"\n"),
        "cr-cr-lf": usual + b"ligne\r\r\nligne\r\n",
        "final-cr": usual + b"\r",
        "no-final-newline": usual + b"sans fin de ligne",
        "no-body": head + b"\r\n",
        "no-header": b"\r\nSeulement un corps.\r\n",
        "empty": b"",
        "broken-header": b"Ceci n'est pas un en-t\xc3\xaate\r\n" + usual,
        "open-boundary": usual.replace(b"text/plain", b'multipart/mixed; boundary="jamais"'),
        "line-200kB": usual + b"x" * 200_000 + b"\r\n",
        "header-50kB": b"X-Long: " + b"y" * 50_000 + b"\r\n" + usual,
        "binary": head + b"\r\n\r\n" + bytes(range(1, 10)) + bytes(range(14, 256)) + b"\r\n",
    }
