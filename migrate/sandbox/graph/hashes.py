"""Checksums of OneDrive and SharePoint.

quickXorHash: https://learn.microsoft.com/en-us/onedrive/developer/code-snippets/quickxorhash
"""

from __future__ import annotations

import base64
import hashlib

_BITS, _SHIFT = 160, 11


def quick_xor(content: bytes) -> str:
    """Each byte is XORed into 160 bits, eleven bits further each time, and the length into the last eight bytes.

    Byte 160 meets the same place as byte 0 (11 times 160 is a whole number of turns), so blocks are folded first.
    """
    folded = 0
    for start in range(0, len(content), _BITS):
        folded ^= int.from_bytes(content[start : start + _BITS].ljust(_BITS, b"\0"), "little")
    mask, value = (1 << _BITS) - 1, 0
    for index, byte in enumerate(folded.to_bytes(_BITS, "little")):
        place = index * _SHIFT % _BITS
        turned = byte << place
        value ^= (turned & mask) | (turned >> _BITS)
    value ^= len(content) << (_BITS - 64)
    return base64.b64encode(value.to_bytes(_BITS // 8, "little")).decode()


def hashes(content: bytes, drive_type: str) -> dict[str, str]:
    """What the listing of a drive of that type tells: work and school drives only quickXorHash."""
    if drive_type != "personal":
        return {"quickXorHash": quick_xor(content)}
    return {
        "quickXorHash": quick_xor(content),
        "sha1Hash": hashlib.sha1(content, usedforsecurity=False).hexdigest().upper(),
        "sha256Hash": hashlib.sha256(content).hexdigest().upper(),
    }
