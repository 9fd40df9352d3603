"""207 Multi-Status documents for the collections that are ours (RFC 4918 §13), with sabre/dav's prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from defusedxml.ElementTree import ParseError, fromstring

from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.wsgi import XML, Reply, encode_path, text_reply

PREFIXES = {
    "DAV:": "d",
    "urn:ietf:params:xml:ns:caldav": "cal",
    "urn:ietf:params:xml:ns:carddav": "card",
    "http://calendarserver.org/ns/": "cs",
    "http://owncloud.org/ns": "oc",
    "http://nextcloud.org/ns": "nc",
    "http://sabredav.org/ns": "s",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One response: a decoded path and the properties it has, as inner XML by Clark name."""

    path: str
    properties: Mapping[str, str]


def multistatus(found: Iterable[Found], asked: Sequence[str] | None = None) -> Reply:
    """A 207 answer. ``asked``: names wanted, absent ones told as 404; None for all there are."""
    namespaces = " ".join(f'xmlns:{prefix}="{uri}"' for uri, prefix in PREFIXES.items())
    responses = "".join(_response(item, asked) for item in found)
    document = f'<?xml version="1.0"?>\n<d:multistatus {namespaces}>{responses}</d:multistatus>'
    return text_reply(207, document, XML)


def asked_properties(body: bytes) -> list[str] | None:
    """Names in a PROPFIND body, None for allprop. Raises DavError 400 on a body that is no XML."""
    if not body.strip():
        return None
    try:
        root = fromstring(body)
    except ParseError as error:
        raise DavError(400, "The XML body is invalid") from error
    prop = root.find("{DAV:}prop")
    return None if prop is None else [str(child.tag) for child in prop]


def href(path: str) -> str:
    """A ``d:href`` element for a decoded path."""
    return f"<d:href>{escape(encode_path(path))}</d:href>"


def element(name: str, content: str = "") -> str:
    """An element from its Clark name and inner XML."""
    uri, _, local = name[1:].partition("}")
    prefix = PREFIXES.get(uri)
    tag, declaration = (f"{prefix}:{local}", "") if prefix else (f"x:{local}", f' xmlns:x="{escape(uri)}"')
    return f"<{tag}{declaration}>{content}</{tag}>" if content else f"<{tag}{declaration}/>"


def _response(item: Found, asked: Sequence[str] | None) -> str:
    names = list(item.properties) if asked is None else asked
    present = "".join(element(name, item.properties[name]) for name in names if name in item.properties)
    absent = "".join(element(name) for name in names if name not in item.properties)
    return (
        f"<d:response>{href(item.path)}{_propstat(present, '200 OK')}{_propstat(absent, '404 Not Found')}</d:response>"
    )


def _propstat(properties: str, status: str) -> str:
    if not properties:
        return ""
    return f"<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 {status}</d:status></d:propstat>"
