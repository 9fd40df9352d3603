"""A hundred thousand messages page fast."""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from migrate.sandbox.google import GoogleStandIn
from tests.sandbox.google_world import ANNE, Client, message, pages, world


def test_a_large_mailbox_pages_without_a_scan_each(google_key: RSAPrivateKey) -> None:
    large = world()
    large.google[ANNE].messages[:] = [
        message(index, ("INBOX",) if index % 2 else ("Label_1",)) for index in range(100_000)
    ]
    with GoogleStandIn(large, key=google_key) as google:
        made = Client(google, "gmail")
        messages = made.api.users().messages()
        start = time.monotonic()
        for query, expected in (({}, 200), ({"labelIds": ["Label_1"]}, 100)):
            request = messages.list(userId="me", maxResults=500, fields="messages/id,nextPageToken", **query)
            listed = pages(request, messages.list_next, "messages")
            assert len(listed) == expected
            assert len({found["id"] for page in listed for found in page}) == expected * 500
        spent = time.monotonic() - start
        made.close()
    assert spent < 20
