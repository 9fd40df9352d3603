"""QuickXorHash, which OneDrive and SharePoint keep of each file: integrity, not authenticity.

Byte *i* is shifted left by 11·*i* bits in a ring of 160, and all are combined by exclusive or; at last the length is.
So bytes 160 apart meet in the same place: the stream is folded to 160 bytes, by whole pieces, before any shift.
https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash
"""

from __future__ import annotations

import base64

WIDTH, SHIFT = 160, 11
"""Bits of the ring, and of the step; also the bytes after which the steps come round."""
_FOLDS = 11
_PIECE = WIDTH << _FOLDS
"""Bytes folded at once: 320 KiB."""
_RING = (1 << WIDTH) - 1


class QuickXor:
    """Like those of ``hashlib``: ``update``, then ``digest``."""

    def __init__(self) -> None:
        self._cell = 0
        self._length = 0
        self._waiting = b""

    def update(self, data: bytes) -> None:
        """Take more of the stream."""
        self._length += len(data)
        data = self._waiting + data
        whole = len(data) - len(data) % _PIECE
        for start in range(0, whole, _PIECE):
            self._cell ^= _folded(data[start : start + _PIECE])
        self._waiting = data[whole:]

    def digest(self) -> bytes:
        """20 bytes."""
        cell = self._cell ^ _folded(self._waiting)
        state = 0
        for index, byte in enumerate(cell.to_bytes(WIDTH, "little")):
            turned = byte << (index * SHIFT % WIDTH)
            state ^= (turned & _RING) | (turned >> WIDTH)
        state ^= (self._length & (1 << 64) - 1) << (WIDTH - 64)
        return state.to_bytes(WIDTH // 8, "little")

    def base64(self) -> str:
        """As Graph writes it."""
        return base64.b64encode(self.digest()).decode("ascii")


def _folded(piece: bytes) -> int:
    """Exclusive or of the piece's blocks of 160 bytes; at most one whole piece."""
    value = int.from_bytes(piece, "little")
    for fold in reversed(range(_FOLDS)):
        bits = 8 * WIDTH << fold
        value = (value >> bits) ^ (value & (1 << bits) - 1)
    return value
