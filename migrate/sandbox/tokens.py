"""Signed assertions of OAuth clients (RFC 7523), checked for real, whoever is asked for a token."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class NotAToken(ValueError):
    """Not three base64url parts of JSON."""


class WrongSignature(ValueError):
    """Signed by somebody else, or altered."""


def unbase64(text: str) -> bytes:
    """Base64url with or without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def head(text: str) -> dict[str, Any]:
    """The protected header of a JWT. Raises NotAToken."""
    return _json(text, 0)


def verified(text: str, key: rsa.RSAPublicKey) -> dict[str, Any]:
    """The claims of a JWT that this key signed with RS256 or PS256. Raises NotAToken, WrongSignature."""
    algorithm = str(head(text).get("alg"))
    if algorithm not in _PADDINGS:
        raise WrongSignature(f"algorithm {algorithm}")
    try:
        signature = unbase64(text.split(".")[2])
        key.verify(signature, text.rpartition(".")[0].encode(), _PADDINGS[algorithm], hashes.SHA256())
    except InvalidSignature as error:
        raise WrongSignature("signature") from error
    except (ValueError, IndexError, binascii.Error) as error:
        raise NotAToken("signature") from error
    return _json(text, 1)


_PADDINGS: Mapping[str, padding.PKCS1v15 | padding.PSS] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}


def _json(text: str, part: int) -> dict[str, Any]:
    try:
        found = json.loads(unbase64(text.split(".")[part]))
    except (ValueError, IndexError, binascii.Error) as error:
        raise NotAToken("not three base64url parts of JSON") from error
    if not isinstance(found, dict):
        raise NotAToken("not an object")
    return found
