"""Many small requests at once, and every one of them accounted for.

A batch succeeds as a whole while its parts fail one by one: https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.microsoft.http import BATCH, REFUSALS, Api, Part
from migrate.errors import AuthFailed, Retriable, Throttled


def each(api: Api, parts: Mapping[str, Part], *, at_once: int = BATCH, cost: float = 1.0) -> Iterator[tuple[str, Any]]:
    """Each key once, with its JSON value, its bytes or its ConnectorError, in no particular order.

    Parts that were throttled, failed or left out are asked for again. Raises ConnectorError when nothing is answered.
    """
    waiting = deque((key, 0) for key in parts)
    renewed = False
    while waiting:
        tries = dict(waiting.popleft() for _ in range(min(at_once, len(waiting))))
        answers = api.batch({key: parts[key] for key in tries}, cost=cost)
        if not renewed and any(isinstance(answer, AuthFailed) for answer in answers.values()):
            # The token may have ended on the way, which only the parts tell: a new one decides.
            api.renew()
            renewed = True
            waiting.extend(tries.items())
            continue
        throttled = None
        for key, answer in answers.items():
            if isinstance(answer, Retriable) and tries[key] < REFUSALS:
                throttled = answer if isinstance(answer, Throttled) else throttled
                waiting.append((key, tries[key] + 1))
            else:
                yield key, answer
        if throttled is not None:
            api.refused(throttled)
