"""Random access to deflated data (RFC 1951, RFC 1952): forward from the nearest point that was passed before.

A decoder cannot begin in the middle, but its state can be copied. Copies are kept every so many bytes; when there
are too many, every other one is let go, so that memory stays the same whatever the size.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from connectors.takeout.parts import ArchiveError

READ = 1 << 16
"""Compressed bytes read at once."""
PIECE = 1 << 20
"""Bytes given out at once, at most."""
SPACING = 4 << 20
"""Bytes between two restart points, at first."""
POINTS = 128
"""Restart points kept, of about 40 kB each."""
RAW, GZIP = -15, 31
"""What zlib calls the two containers."""


@dataclass(slots=True)
class _State:
    """Where a decoder stands: what it gave so far, where it reads on, what it holds back."""

    out: int
    position: int
    decoder: Any
    pending: bytes = b""

    def copy(self) -> _State:
        return _State(self.out, self.position, self.decoder.copy(), self.pending)


@dataclass(slots=True)
class Inflater:
    """Reads anywhere in one deflated stream of an open file. Used by one thread."""

    file: BinaryIO
    start: int
    """Where the stream begins in the file."""
    wbits: int
    label: str
    """Names the part in messages."""
    _points: list[_State] = field(default_factory=list)
    _spacing: int = SPACING
    _now: _State | None = None

    def pieces(self, offset: int, size: int) -> Iterator[bytes]:
        """That many bytes from there on. Raises ArchiveError when the data ends early or is not deflated."""
        state, end = self._at(offset), offset + size
        while state.out < end:
            before = state.out
            piece = self._step(state)
            if state.out > offset:
                yield piece[max(0, offset - before) : end - before]

    def _at(self, offset: int) -> _State:
        """A state at or before the offset: the current one, or the nearest restart point."""
        known = [state for state in (*self._points, self._now) if state is not None and state.out <= offset]
        best = max(known, key=lambda state: state.out, default=None)
        if best is None:
            best = _State(0, self.start, zlib.decompressobj(self.wbits))
        self._now = best if best is self._now else best.copy()
        return self._now

    def _step(self, state: _State) -> bytes:
        """The next bytes; the state moves on."""
        if not self._points or state.out >= self._points[-1].out + self._spacing:
            self._remember(state)
        while True:
            data = state.pending or self._read(state)
            try:
                piece: bytes = state.decoder.decompress(data, PIECE)
            except zlib.error as error:
                raise self._damaged() from error
            state.pending = state.decoder.unconsumed_tail
            if state.decoder.eof:
                state.pending = state.decoder.unused_data
                # A gzip file may be several, one after the other (RFC 1952 §2.2).
                state.decoder = zlib.decompressobj(self.wbits)
            if piece:
                state.out += len(piece)
                return piece

    def _read(self, state: _State) -> bytes:
        self.file.seek(state.position)
        data = self.file.read(READ)
        if not data:
            raise self._damaged()
        state.position += len(data)
        return data

    def _remember(self, state: _State) -> None:
        self._points.append(state.copy())
        if len(self._points) > POINTS:
            self._points = self._points[::2]
            self._spacing *= 2

    def _damaged(self) -> ArchiveError:
        return ArchiveError(f"Part {self.label} of the export is cut or damaged.")
