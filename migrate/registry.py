"""Connectors by name: read from the installed packages' metadata, imported only when asked for.

Ours come through the same door as a stranger's: the entry point group ``transhume.connectors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from migrate.errors import ConfigError
from migrate.protocols import ConnectorFactory

GROUP = "transhume.connectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A connector that some installed package offers; nothing of it has been imported."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint


def available() -> Sequence[Registered]:
    """Every connector installed, by name. Raises ConfigError when two packages offer the same name."""
    found: dict[str, Registered] = {}
    for point in entry_points(group=GROUP):
        one = _registered(point)
        other = found.setdefault(one.name, one)
        if other.entry_point.value != one.entry_point.value or other.distribution != one.distribution:
            raise ConfigError(
                f"Two packages offer a connector named {one.name!r}: {other.distribution} and {one.distribution}.",
                advice=f"Uninstall one of them: pip uninstall {one.distribution}",
            )
    return sorted(found.values(), key=lambda one: one.name)


def load(name: str) -> ConnectorFactory:
    """Import the connector of that name. Raises ConfigError when it is unknown or cannot be imported."""
    known = {one.name: one for one in available()}
    if name not in known:
        raise ConfigError(_unknown(name, sorted(known)), advice="See them with: transhume connectors")
    one = known[name]
    try:
        factory = one.entry_point.load()
    except Exception as error:
        # A plugin may fail in any way while it is imported; its owner is who can help.
        raise ConfigError(
            f"The connector {name!r} of {one.distribution} {one.version} cannot be imported "
            f"({type(error).__name__}: {error}).",
            advice=f"Repair or reinstall that package: pip install --force-reinstall {one.distribution}",
        ) from error
    return _checked(one, factory)


def _checked(one: Registered, factory: object) -> ConnectorFactory:
    missing = [name for name in ("summary", "sources", "targets", "options") if not hasattr(factory, name)]
    if missing or not callable(factory):
        raise ConfigError(
            f"The connector {one.name!r} of {one.distribution} {one.version} is not a connector factory "
            f"(missing: {', '.join(missing) or 'it cannot be called'}).",
            advice="See docs/plugins.md for what an entry point must name.",
        )
    return cast(ConnectorFactory, factory)


def _registered(point: EntryPoint) -> Registered:
    name, version = (point.dist.name, point.dist.version) if point.dist else ("an unknown package", "")
    return Registered(name=point.name, distribution=name, version=version, entry_point=point)


def _unknown(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"There is no connector named {name!r}.{hint} Known: {', '.join(known) or 'none'}."
