"""Microsoft's own Python SDK reads the stand-in."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from migrate.sandbox.graph import GraphStandIn
from tests.sandbox.graph_world import ANNE, application

if not os.environ.get("CI"):
    pytest.importorskip("msgraph", reason="msgraph-sdk is not installed: make test does it")

# The SDK builds itself on names that its own base library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


class _Held:
    """A credential that already holds its token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3000)


def read(graph: GraphStandIn, work: Callable[[Any], Awaitable[Any]]) -> Any:
    import httpx
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph_core import GraphClientFactory

    async def run() -> Any:
        with application(graph) as session:
            token = session.headers["Authorization"].removeprefix("Bearer ")
        provider = AzureIdentityAuthenticationProvider(_Held(token), allowed_hosts=["127.0.0.1"])
        # The SDK's layers do not close the transport below them.
        async with httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=graph.ca_file)) as transport:
            client = httpx.AsyncClient(transport=transport, trust_env=False)
            async with GraphClientFactory.create_with_default_middleware(client=client) as http:
                adapter = GraphRequestAdapter(provider, http)
                adapter.base_url = f"{graph.url}/v1.0"
                return await work(GraphServiceClient(request_adapter=adapter))

    return asyncio.run(run())


def test_the_sdk_reads_mail_calendars_people_tasks_and_files(graph: GraphStandIn) -> None:
    async def work(client: Any) -> dict[str, Any]:
        user = client.users.by_user_id(ANNE)
        drive = client.drives.by_drive_id("b!anne")
        message = user.messages.by_message_id("AAkALgAA00000005")
        return {
            "user": (await user.get()).display_name,
            "folders": [one.display_name for one in (await user.mail_folders.get()).value][:2],
            "messages": [one.subject for one in (await user.messages.get()).value][:2],
            "mime": await message.content.get(),
            "delta": len((await user.mail_folders.by_mail_folder_id("inbox").messages.delta.get()).value),
            "event": (await user.events.by_event_id("weekly").get()).recurrence.pattern.days_of_week[0].value,
            "contact": (await user.contacts.get()).value[0].display_name,
            "task": (await user.todo.lists.by_todo_task_list_id("list1").tasks.get()).value[0].title,
            "items": [one.name for one in (await drive.items.by_drive_item_id("01ROOT").children.get()).value][:2],
            "bytes": await drive.items.by_drive_item_id("01B").content.get(),
        }

    found = read(graph, work)
    assert b"Message-ID: <5@example.org>" in found.pop("mime")
    assert found == {
        "user": "Anne",
        "folders": ["Boîte de réception", "Brouillons"],
        "messages": ["Lettre 0", "Lettre 1"],
        "delta": 10,
        "event": "monday",
        "contact": "Contact 0",
        "task": "Tâche 0",
        "items": ["Carnet", "Comptes partagés"],
        "bytes": b"0123456789",
    }


def test_the_sdk_understands_a_refusal(graph: GraphStandIn) -> None:
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError

    async def work(client: Any) -> Any:
        return await client.users.by_user_id(ANNE).messages.by_message_id("nothing").get()

    with pytest.raises(ODataError) as caught:
        read(graph, work)
    assert caught.value.error.code == "ErrorItemNotFound"
