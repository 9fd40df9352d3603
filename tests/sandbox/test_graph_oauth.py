"""The stand-in's identity platform, as msal and as a dishonest client meet it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt
import msal
import pytest

from migrate.sandbox.graph import CLIENT_ID, GraphStandIn, application_certificate
from migrate.sandbox.graph.certificates import thumbprint
from migrate.sandbox.graph.oauth import ASSERTION, CODE_LIVES, LIFETIME
from tests.sandbox.graph_world import ANNE, application, click, person, plain, session_of


def confidential(graph: GraphStandIn, http: Any, **credential: str) -> Any:
    return msal.ConfidentialClientApplication(
        CLIENT_ID,
        authority=f"{graph.url}/{graph.tenant.domain}",
        client_credential={"private_key": graph.certificate.key_pem, **credential},
        instance_discovery=False,
        http_client=http,
    )


def public(graph: GraphStandIn, http: Any) -> Any:
    return msal.PublicClientApplication(
        CLIENT_ID, authority=f"{graph.url}/{graph.tenant.id}", instance_discovery=False, http_client=http
    )


def assertion(graph: GraphStandIn, key: str = "", headers: Mapping[str, str] | None = None, **claims: Any) -> str:
    own = {
        "aud": f"{graph.url}/{graph.tenant.id}/oauth2/v2.0/token",
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "exp": int(time.time()) + 600,
        "nbf": int(time.time()),
    }
    names = {"x5t#S256": thumbprint(graph.certificate.sha256)} if headers is None else dict(headers)
    return jwt.encode({**own, **claims}, key or graph.certificate.key_pem, algorithm="PS256", headers=names)


def ask(graph: GraphStandIn, **form: str) -> dict[str, Any]:
    with plain(graph) as http:
        answer = http.post(f"{graph.url}/{graph.tenant.id}/oauth2/v2.0/token", data=form, timeout=10)
        return {"status": answer.status_code, **answer.json()}


def ask_signed(graph: GraphStandIn, text: str, **form: str) -> dict[str, Any]:
    own = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "scope": "https://graph.microsoft.com/.default",
        "client_assertion_type": ASSERTION,
        "client_assertion": text,
    }
    return ask(graph, **{**own, **form})


@pytest.mark.parametrize("old", [True, False])
def test_msal_gets_a_token_with_either_thumbprint(graph: GraphStandIn, old: bool) -> None:
    made = graph.certificate
    credential = {"thumbprint": made.sha1} if old else {"public_certificate": made.certificate_pem}
    with plain(graph) as http:
        answer = confidential(graph, http, **credential).acquire_token_for_client([f"{graph.url}/.default"])
    assert answer["token_type"] == "Bearer"
    with session_of(graph, answer["access_token"]) as session:
        assert session.get(f"{graph.url}/v1.0/users/{ANNE}", timeout=10).status_code == 200


def test_a_signature_is_checked_for_real(graph: GraphStandIn) -> None:
    assert ask_signed(graph, assertion(graph))["status"] == 200
    stranger = application_certificate()
    cases = {
        "another key": (assertion(graph, stranger.key_pem), 700027),
        "another certificate": (assertion(graph, headers={"x5t#S256": thumbprint(stranger.sha256)}), 700027),
        "no certificate": (assertion(graph, headers={}), 700027),
        "another audience": (assertion(graph, aud="https://login.microsoftonline.com/x/oauth2/v2.0/token"), 700023),
        "another application": (assertion(graph, iss="x", sub="x"), 700021),
        "too old": (assertion(graph, exp=int(time.time()) - 900, nbf=int(time.time()) - 1500), 700024),
        "not yet": (assertion(graph, nbf=int(time.time()) + 900, exp=int(time.time()) + 1500), 700024),
        "altered": (assertion(graph)[:-8] + "AAAAAAAA", 700027),
        "no token": ("x.y", 50027),
    }
    for name, (text, number) in cases.items():
        answer = ask_signed(graph, text)
        assert (answer["status"], answer["error"], answer["error_codes"]) == (401, "invalid_client", [number]), name


def test_the_application_asks_for_what_exists(graph: GraphStandIn) -> None:
    assert ask_signed(graph, assertion(graph), scope="https://graph.microsoft.com/Mail.Read")["error_codes"] == [
        1002012
    ]
    assert ask_signed(graph, assertion(graph), scope="https://vault.example/.default")["error_codes"] == [500011]
    assert ask_signed(graph, assertion(graph), client_id="x")["error_codes"] == [700016]
    assert ask(graph, grant_type="password")["error"] == "unsupported_grant_type"
    with plain(graph) as http:
        answer = http.post(f"{graph.url}/nobody.example/oauth2/v2.0/token", data={}, timeout=10).json()
        assert answer["error_codes"] == [90002]
        with pytest.raises(ValueError, match="authority configuration"):
            msal.PublicClientApplication(
                CLIENT_ID, authority=f"{graph.url}/nobody.example", instance_discovery=False, http_client=http
            )


def test_without_consent_the_application_has_no_role_and_people_are_told(graph: GraphStandIn) -> None:
    graph.identity.consented = False
    with application(graph) as session:
        refused = session.get(f"{graph.url}/v1.0/users/{ANNE}/messages", timeout=10)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    with plain(graph) as http:
        flow = public(graph, http).initiate_auth_code_flow(
            ["Mail.Read"], redirect_uri="http://localhost:1", response_mode="form_post"
        )
        assert "AADSTS65001" in http.get(flow["auth_uri"], timeout=10).text
        consent = f"{graph.url}/{graph.tenant.id}/adminconsent?client_id={CLIENT_ID}&redirect_uri=http://localhost:1"
        http.post(consent, data={"accept": "yes"}, allow_redirects=False, timeout=10)
    assert graph.identity.consented


def test_a_person_signs_in_once_and_stays(graph: GraphStandIn) -> None:
    with plain(graph) as http:
        client = public(graph, http)
        flow = client.initiate_auth_code_flow(
            ["Mail.Read"], redirect_uri="http://localhost:1", response_mode="form_post"
        )
        redirect = click(graph, flow["auth_uri"], ANNE)
        answer = client.acquire_token_by_auth_code_flow(flow, redirect)
        assert answer["id_token_claims"]["preferred_username"] == ANNE
        again = client.acquire_token_by_auth_code_flow(flow, redirect)
        assert again["error_codes"] == [54005]
        account = client.get_accounts()[0]
        renewed = client.acquire_token_silent(["Mail.Read"], account, force_refresh=True)
        assert renewed["access_token"] != answer["access_token"]
        graph.identity.revoke()
        ended = client.acquire_token_silent_with_error(["Mail.Read"], account, force_refresh=True)
        assert ended["error"] == "invalid_grant"


def test_a_code_is_bound_to_who_asked_for_it(graph: GraphStandIn) -> None:
    with plain(graph) as http:
        flow = public(graph, http).initiate_auth_code_flow(
            ["Mail.Read"], redirect_uri="http://localhost:1", response_mode="form_post"
        )
        form = {"grant_type": "authorization_code", "client_id": CLIENT_ID, "redirect_uri": "http://localhost:1"}
        code = click(graph, flow["auth_uri"], ANNE)["code"]
        assert ask(graph, **form, code=code, code_verifier="another")["error_codes"] == [501481]
        code = click(graph, flow["auth_uri"], ANNE)["code"]
        graph.clock.advance(CODE_LIVES + 1)
        assert ask(graph, **form, code=code, code_verifier=flow["code_verifier"])["error_codes"] == [70008]
        refused = http.post(flow["auth_uri"], data={"cancel": "1"}, allow_redirects=False, timeout=10)
        assert "access_denied" in refused.text
        stranger = http.post(flow["auth_uri"], data={"account": "x@example.org"}, timeout=10)
        assert stranger.status_code == 400
        assert "AADSTS50034" in stranger.text


def test_a_device_code_waits_for_the_person(graph: GraphStandIn) -> None:
    with plain(graph) as http:
        client = public(graph, http)
        flow = client.initiate_device_flow(["Mail.Read"])
        form = {"grant_type": "device_code", "client_id": CLIENT_ID, "device_code": flow["device_code"]}
        assert ask(graph, **form)["error"] == "authorization_pending"
        http.post(flow["verification_uri"], data={"code": flow["user_code"], "account": ANNE}, timeout=10)
        assert "access_token" in client.acquire_token_by_device_flow(flow)
        assert ask(graph, **form)["error"] == "expired_token"
        flow = client.initiate_device_flow(["Mail.Read"])
        graph.identity.answer_device(flow["user_code"], ANNE, refuse=True)
        assert client.acquire_token_by_device_flow(flow)["error"] == "authorization_declined"


def test_tokens_end(graph: GraphStandIn) -> None:
    with application(graph) as session:
        address = f"{graph.url}/v1.0/users/{ANNE}"
        assert session.get(address, timeout=10).status_code == 200
        graph.clock.advance(LIFETIME + 1)
        ended = session.get(address, timeout=10)
        assert (ended.status_code, ended.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
        assert "WWW-Authenticate" in ended.headers
        session.headers["Authorization"] = "Bearer x"
        assert session.get(address, timeout=10).status_code == 401
        del session.headers["Authorization"]
        assert session.get(address, timeout=10).status_code == 401


def test_a_person_opens_only_what_is_theirs_or_shared(graph: GraphStandIn) -> None:
    root = f"{graph.url}/v1.0"
    with person(graph, ANNE, ["Mail.Read"]) as session:
        assert session.get(f"{root}/me/messages", timeout=10).status_code == 200
        assert session.get(f"{root}/users/bruno@tilleuls.onmicrosoft.example/messages", timeout=10).status_code == 403
        box = f"{root}/users/accueil@tilleuls.onmicrosoft.example/mailFolders/inbox"
        assert session.get(box, timeout=10).status_code == 403
        assert session.get(f"{root}/me/contacts", timeout=10).status_code == 403
    with person(graph, ANNE, ["Mail.Read.Shared", "Mail.Read"]) as session:
        assert session.get(box, timeout=10).status_code == 200
