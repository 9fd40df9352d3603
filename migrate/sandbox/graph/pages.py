"""The identity platform's addresses: discovery, tokens, and the pages a person clicks through."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode
from wsgiref.types import WSGIEnvironment

from migrate.sandbox.graph.errors import GraphError
from migrate.sandbox.graph.oauth import Identity, Refused
from migrate.sandbox.replies import Reply

HTML = "text/html; charset=utf-8"
Answered = tuple[str, Reply]


class Pages:
    """Everything outside ``/v1.0/``. A page holds one form; a test posts it as a person would."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def answer(self, environ: WSGIEnvironment, path: str, body: bytes) -> Answered:
        """The account spoken of, and the reply. Raises GraphError 404 for an address that is none of these."""
        verb, query = environ["REQUEST_METHOD"], _pairs(environ.get("QUERY_STRING", ""))
        form = _pairs(body.decode("utf-8", "replace")) if verb == "POST" else {}
        tenant, _, rest = path.strip("/").partition("/")
        match verb, rest:
            case "GET", "discovery/instance":
                return "", self._instance(query)
            case "GET", "v2.0/.well-known/openid-configuration":
                return "", self._configuration(tenant)
            case "POST", "oauth2/v2.0/token":
                return self._identity.exchange(tenant, form)
            case "POST", "oauth2/v2.0/devicecode":
                return "", self._identity.start_device(tenant, form)
            case "GET" | "POST", "oauth2/v2.0/authorize":
                return self._authorize(tenant, query, form)
            case "GET" | "POST", "adminconsent" | "v2.0/adminconsent":
                return "", self._consent(tenant, query, form)
            case "GET" | "POST", "" if tenant == "devicelogin":
                return self._device(form)
        raise GraphError(404, "NotFound", "No such address.")

    def _instance(self, query: Mapping[str, str]) -> Reply:
        """What msal asks about an authority it does not know."""
        address = self._configuration_address(self._identity.tenant)
        metadata = {"preferred_network": "127.0.0.1", "preferred_cache": "127.0.0.1", "aliases": ["127.0.0.1"]}
        return _json({"tenant_discovery_endpoint": address, "api-version": "1.1", "metadata": [metadata]})

    def _configuration(self, tenant: str) -> Reply:
        try:
            self._identity.check_tenant(tenant)
        except Refused as refused:
            return refused.reply()
        root = self._identity.root
        known = tenant if tenant.lower() not in self._identity.names else self._identity.tenant
        return _json(
            {
                "issuer": f"{root}/{self._identity.tenant}/v2.0",
                "token_endpoint": f"{root}/{known}/oauth2/v2.0/token",
                "authorization_endpoint": f"{root}/{known}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{root}/{known}/oauth2/v2.0/devicecode",
                "response_types_supported": ["code"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    def _configuration_address(self, tenant: str) -> str:
        return f"{self._identity.root}/{tenant}/v2.0/.well-known/openid-configuration"

    def _authorize(self, tenant: str, query: Mapping[str, str], form: Mapping[str, str]) -> Answered:
        """The sign-in page; posted with ``account`` (or ``cancel``), a redirect with a code (or an error)."""
        try:
            self._identity.check_tenant(tenant)
            self._identity.authorize(query)
            if not form:
                return "", _page("Se connecter", [("account", query.get("login_hint", ""))])
            if form.get("cancel"):
                return "", _redirect(query, error="access_denied", error_description="AADSTS65004: User declined.")
            code = self._identity.agree(query, form.get("account", ""))
        except Refused as refused:
            return "", _refused(refused)
        return form["account"].lower(), _redirect(query, code=code)

    def _consent(self, tenant: str, query: Mapping[str, str], form: Mapping[str, str]) -> Reply:
        """An administrator's consent for the whole tenant; posted with ``accept``."""
        if query.get("client_id") != self._identity.client_id:
            return _refused(Refused("unauthorized_client", 700016, "Application was not found in the directory."))
        if not form.get("accept"):
            return _page("Autorisations demandées", [("accept", "yes")])
        self._identity.consented = True
        return _redirect(query, admin_consent="True", tenant=self._identity.tenant)

    def _device(self, form: Mapping[str, str]) -> Answered:
        if not form:
            return "", _page("Entrez le code", [("code", ""), ("account", "")])
        try:
            self._identity.answer_device(form.get("code", ""), form.get("account", ""), refuse=bool(form.get("cancel")))
        except Refused as refused:
            return "", _refused(refused)
        return form["account"].lower(), Reply(200, b"<p>Vous pouvez fermer cette page.</p>", HTML)


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode(), "application/json; charset=utf-8")


def _redirect(query: Mapping[str, str], **answer: str) -> Reply:
    state = {"state": query["state"]} if "state" in query else {}
    if query.get("response_mode") == "form_post":
        rows = "".join(_hidden(name, value) for name, value in {**answer, **state}.items())
        action = html.escape(query["redirect_uri"])
        return Reply(
            200, f'<form method="post" action="{action}">{rows}<button>Continuer</button></form>'.encode(), HTML
        )
    address = f"{query.get('redirect_uri', 'http://localhost')}?{urlencode({**answer, **state})}"
    return Reply(302, b"", HTML, (("Location", address),))


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{html.escape(value)}">'


def _page(title: str, fields: list[tuple[str, str]]) -> Reply:
    rows = "".join(f'<p><input name="{name}" value="{html.escape(value)}"></p>' for name, value in fields)
    form = f'<form method="post">{rows}<p><button>Continuer</button></p></form>'
    return Reply(200, f"<!doctype html><title>{title}</title><h1>{title}</h1>{form}".encode(), HTML)


def _refused(refused: Refused) -> Reply:
    text = f"<!doctype html><title>AADSTS{refused.number}</title><p>AADSTS{refused.number}: {refused.description}</p>"
    return Reply(400, text.encode(), HTML)
