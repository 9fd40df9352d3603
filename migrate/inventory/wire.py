"""Messages between the inventory and its limited process: a JSON header, then bytes, each with its length."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

_LENGTHS = struct.Struct(">IQ")


def send(stream: IO[bytes], header: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one message. Raises BrokenPipeError when nobody reads any more."""
    text = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(text), len(body)) + text)
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read one message; None at the end. Raises EOFError when the other side ended in the middle of one."""
    lengths = stream.read(_LENGTHS.size)
    if not lengths:
        return None
    if len(lengths) < _LENGTHS.size:
        raise EOFError
    header, body = _LENGTHS.unpack(lengths)
    return json.loads(_exactly(stream, header)), _exactly(stream, body)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
