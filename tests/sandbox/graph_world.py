"""A small tenant for the Graph stand-in, and how to start it in a test.

    from tests.sandbox.graph_world import ANNE, certificate, tenant      # certificate(): one RSA key for all tests
    with GraphStandIn(tenant(), certificate=certificate()) as graph:     # migrate.sandbox.graph
        session = application(graph)                                     # requests, with an application's token
        session.get(f"{graph.url}/v1.0/users/{ANNE}/mailFolders").json()
        assert graph.defects == []                                       # answers outside Microsoft's schema

A connector's options: ``options(graph)``. What happens: ``graph.log.lines``; faults: ``graph.faults.add(Rule(…))``;
limits: ``graph.quota``; changes: ``graph.edit``; consent: ``graph.identity.roles``, ``.scopes``, ``.consented``;
mailboxes left by RBAC for Applications: ``graph.app.mailboxes``. A person signs in: ``person(graph, ANNE)``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal
import requests

from migrate.sandbox.graph import CLIENT_ID, GraphStandIn, application_certificate
from migrate.sandbox.graph.certificates import Certificate
from migrate.sandbox.tenant import Json, MailFolder, MicrosoftAccount, OutlookMessage, Tenant
from tests.sandbox import graph_items

ANNE = "anne@tilleuls.onmicrosoft.example"
BRUNO = "bruno@tilleuls.onmicrosoft.example"
BOX = "accueil@tilleuls.onmicrosoft.example"
FOLDERS = (
    ("root", None, "msgfolderroot", "Top of Information Store"),
    ("inbox", "root", "inbox", "Boîte de réception"),
    ("drafts", "root", "drafts", "Brouillons"),
    ("sent", "root", "sentitems", "Éléments envoyés"),
    ("deleted", "root", "deleteditems", "Éléments supprimés"),
    ("junk", "root", "junkemail", "Courrier indésirable"),
    ("archive", "root", "archive", "Archive"),
    ("projects", "inbox", "", "Projets"),
    ("p2026", "projects", "", "2026"),
)


@cache
def certificate() -> Certificate:
    return application_certificate()


def user(address: str, name: str, number: int) -> Json:
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "userPrincipalName": address,
        "mail": address,
        "displayName": name,
        "accountEnabled": True,
        "userType": "Member",
    }


def folders(extra: int = 4) -> list[MailFolder]:
    """Folders as Exchange makes them, more than a page of ten below the root; a hidden and a search folder too."""
    made = [
        MailFolder(
            resource={"id": identifier, "displayName": name, **({"parentFolderId": parent} if parent else {})},
            well_known=known,
        )
        for identifier, parent, known, name in FOLDERS
    ]
    made += [
        MailFolder(resource={"id": f"extra{i}", "displayName": f"Dossier {i}", "parentFolderId": "root"})
        for i in range(extra)
    ]
    hidden = {"id": "hidden", "displayName": "Conversation Action", "parentFolderId": "root", "isHidden": True}
    search = {
        "@odata.type": "#microsoft.graph.mailSearchFolder",
        "id": "search",
        "displayName": "Non lus",
        "parentFolderId": "root",
        "isSupported": True,
        "includeNestedFolders": True,
        "sourceFolderIds": ["inbox"],
        "filterQuery": "isRead eq false",
    }
    return [*made, MailFolder(resource=hidden), MailFolder(resource=search)]


def raw(number: int) -> bytes:
    head = f"From: =?utf-8?q?Zo=C3=A9?= <zoe@example.org>\r\nTo: anne@tilleuls.example\r\nSubject: Lettre {number}\r\n"
    head += f"Message-ID: <{number}@example.org>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    if number % 5:
        return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{'x' * number}\r\n".encode()
    parts = (
        '--b\r\nContent-Type: text/plain\r\n\r\nVoir.\r\n--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n'
        'Content-Disposition: attachment; filename="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n'
        "--b--\r\n"
    )
    return f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n{parts}'.encode()


def message(number: int, folder: str, **fields: Any) -> OutlookMessage:
    content = raw(number)
    return OutlookMessage(
        id=f"AAkALgAA{number:08d}",
        folder=folder,
        received=datetime(2026, 3, 2, 9, tzinfo=UTC) - timedelta(days=number),
        raw=lambda: content,
        size=len(content),
        last_verb=fields.pop("last_verb", None),
        resource=fields,
    )


def messages() -> list[OutlookMessage]:
    inbox = [message(i, "inbox", isRead=i % 3 > 0) for i in range(23)]
    return [
        *inbox,
        message(30, "sent", last_verb=102),
        message(31, "drafts", isDraft=True),
        message(32, "p2026", flag={"flagStatus": "flagged"}, categories=["Rouge"], importance="high", last_verb=104),
        message(33, "junk"),
        message(34, "deleted"),
        message(35, "archive"),
    ]


def account(address: str, name: str, number: int, **fields: Any) -> MicrosoftAccount:
    settings = {
        "timeZone": "Romance Standard Time",
        "language": {"locale": "fr-FR", "displayName": "français (France)"},
    }
    return MicrosoftAccount(user=user(address, name, number), settings=settings, folders=folders(), **fields)


def tenant() -> Tenant:
    anne = account(
        ANNE,
        "Anne",
        1,
        messages=messages(),
        calendar_groups=graph_items.groups(),
        calendars=graph_items.calendars(ANNE, BRUNO),
        contact_folders=graph_items.contact_folders(),
        task_lists=graph_items.task_lists(),
        drive=graph_items.drive(BRUNO),
    )
    others = (account(BRUNO, "Bruno", 2), account(BOX, "Accueil", 3, delegates=frozenset({ANNE})))
    nobody = MicrosoftAccount(user=user("sans@tilleuls.onmicrosoft.example", "Sans boîte", 4), mailbox=False)
    return Tenant(accounts={made.address: made for made in (anne, *others, nobody)}, sites=graph_items.sites())


def options(graph: GraphStandIn) -> dict[str, Any]:
    """A connector's table, the certificate excepted: ``graph.certificate.pem``."""
    return {
        "tenant": graph.tenant.id,
        "client_id": CLIENT_ID,
        "graph_root": graph.url,
        "authority": graph.url,
        "ca_file": graph.ca_file,
    }


def plain(graph: GraphStandIn) -> requests.Session:
    """Trusts the stand-in and nobody else: REQUESTS_CA_BUNDLE would win over ``verify``."""
    session = requests.Session()
    session.trust_env = False
    session.verify = graph.ca_file or True
    return session


def session_of(graph: GraphStandIn, token: str, *, immutable: bool = True) -> requests.Session:
    session = plain(graph)
    session.headers["Authorization"] = f"Bearer {token}"
    if immutable:
        session.headers["Prefer"] = 'IdType="ImmutableId"'
    return session


def application(graph: GraphStandIn, *, immutable: bool = True) -> requests.Session:
    """A session with the application's own token, got by msal with the certificate."""
    own = {"private_key": graph.certificate.key_pem, "public_certificate": graph.certificate.certificate_pem}
    with plain(graph) as http:
        client = msal.ConfidentialClientApplication(
            CLIENT_ID,
            authority=f"{graph.url}/{graph.tenant.id}",
            client_credential=own,
            instance_discovery=False,
            http_client=http,
        )
        answer = client.acquire_token_for_client([f"{graph.url}/.default"])
    return session_of(graph, answer["access_token"], immutable=immutable)


def person(graph: GraphStandIn, address: str, scopes: Iterable[str]) -> requests.Session:
    """A session with the token of a person who clicked through the sign-in page."""
    with plain(graph) as http:
        client = msal.PublicClientApplication(
            CLIENT_ID, authority=f"{graph.url}/organizations", instance_discovery=False, http_client=http
        )
        flow = client.initiate_auth_code_flow(
            list(scopes), redirect_uri="http://localhost:1", response_mode="form_post"
        )
        answer = client.acquire_token_by_auth_code_flow(flow, click(graph, flow["auth_uri"], address))
    return session_of(graph, answer["access_token"])


def click(graph: GraphStandIn, address: str, account: str) -> dict[str, str]:
    """Sign in on a page of the identity platform: what the browser carries to the redirect address."""
    with plain(graph) as browser:
        assert "<form" in browser.get(address, timeout=10).text
        answer = browser.post(address, data={"account": account}, allow_redirects=False, timeout=10)
    assert answer.status_code in (200, 302), answer.text
    if answer.is_redirect:
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}


def pages(session: requests.Session, address: str) -> list[list[Json]]:
    """Every page of a listing."""
    found = []
    while address:
        answer = session.get(address, timeout=20).json()
        found.append(answer["value"])
        address = answer.get("@odata.nextLink", "")
    return found
