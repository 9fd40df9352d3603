"""What a plan and the records stand on, setting by setting, so that a change is named and not only noticed. Pure.

Values are kept as digests: a host or an address is nobody's business in a plan that is shown around.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from migrate.config import Lane, Project
from migrate.model import Service
from migrate.secrets import Reference

PLACE = frozenset(
    {"connector", "url", "host", "api_root", "folder", "path", "prefix", "name", "snapshot", "root", "archives"}
)
"""Settings that say where a system is: records made with others may speak of other items."""


def settings_of(project: Project) -> dict[str, str]:
    """Every setting that decides what a plan holds, by its name in the configuration, as a digest."""
    found = {f"mail.{key}": _digest(value) for key, value in project.mail.model_dump().items()}
    found["migration.territory"] = _digest(project.territory)
    for kind, systems in (("source", project.sources), ("target", project.targets)):
        for name, system in systems.items():
            found[f"{kind}.{name}.connector"] = _digest(system.connector)
            for key, value in system.settings.items():
                if not isinstance(value, Reference):
                    found[f"{kind}.{name}.{key}"] = _digest(value)
    return found


def settings_of_lane(lane: Lane, settings: Mapping[str, str]) -> dict[str, str]:
    """Those that concern one lane, and where it goes (``route``)."""
    prefixes = [f"source.{lane.source.name}.", "migration."]
    prefixes += [f"target.{lane.target.name}."] if lane.target else []
    prefixes += ["mail."] if lane.service is Service.MAIL else []
    found = {key: value for key, value in settings.items() if key.startswith(tuple(prefixes))}
    route = [lane.target.name if lane.target else "", lane.target_account]
    return found | {"route": _digest(route)}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of settings whose values differ, or that one side lacks."""
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))


def elsewhere(names: Iterable[str]) -> list[str]:
    """Those of these settings that say where a lane reads or writes."""
    return [key for key in names if key == "route" or (key.rpartition(".")[2] in PLACE and not key.startswith("mail."))]


def spoken(names: Iterable[str]) -> str:
    """For people: ``mail.inbox_first, the target account``."""
    return ", ".join("the target account" if name == "route" else name for name in names)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
