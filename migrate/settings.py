"""The ``[source.…]`` and ``[target.…]`` tables, validated against what each connector says it understands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from migrate import registry
from migrate.errors import ConfigError
from migrate.model import Service
from migrate.protocols import Option
from migrate.secrets import Reference
from migrate.toml_file import Key, TomlFile, inside

TO_FILL_IN = "…"
"""What ``transhume init`` writes where only the user knows the value."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemConfig:
    """One ``[source.…]`` or ``[target.…]`` table."""

    name: str
    connector: str
    settings: Mapping[str, Any] = field(repr=False)
    """Validated against the connector's options, defaults filled in; secrets are References."""
    services: frozenset[Service]
    """What the connector can read (of a source) or write (of a target)."""


def read_systems(file: TomlFile, kind: str) -> dict[str, SystemConfig]:
    """Every ``[source.…]`` or ``[target.…]`` table, in the order of the file. Raises ConfigError."""
    names = list(file.table((kind,)))
    if not names:
        raise file.error((kind,), f"there is no [{kind}.…] section.", "See: transhume init, transhume connectors")
    return {name: _system(file, kind, name) for name in names}


def _system(file: TomlFile, kind: str, name: str) -> SystemConfig:
    key = (kind, name)
    if not _NAME.fullmatch(name) or name == "source":
        raise file.error(key, f"{name!r} cannot name a {kind}: use lower-case letters, digits, - and _.")
    table = file.table(key)
    connector = table.pop("connector", None)
    if not isinstance(connector, str):
        raise file.error((*key, "connector"), f"'connector' is missing{inside(key)}.")
    try:
        factory = registry.load(connector)
    except ConfigError as error:
        raise file.error((*key, "connector"), error.message, error.advice) from error
    services = factory.sources if kind == "source" else factory.targets
    if not services:
        raise file.error((*key, "connector"), f"the connector {connector!r} cannot be a {kind}.")
    settings = _settings(file, key, table, factory.options)
    return SystemConfig(name=name, connector=connector, settings=settings, services=frozenset(services))


def _settings(file: TomlFile, key: Key, table: Mapping[str, Any], options: Sequence[Option]) -> Mapping[str, Any]:
    file.refuse_unknown(key, table.keys(), {option.name for option in options} | {"connector"})
    values = file.model(_options_model(options), key).model_dump(exclude={"connector"})
    for option in options:
        if values[option.name] == TO_FILL_IN or (option.required and values[option.name] == ""):
            raise file.error((*key, option.name), f"{option.name!r}{inside(key)} is still to be filled in.")
        if option.secret and values[option.name] is not None:
            try:
                values[option.name] = Reference.parse(values[option.name], file.path.parent)
            except ConfigError as error:
                where = (*key, option.name)
                raise file.error(where, f"{option.name!r}{inside(key)}: {error.message}.", error.advice) from None
    return values


def _options_model(options: Sequence[Option]) -> type[BaseModel]:
    """The options of a connector as a model, so that pydantic checks their types."""
    fields: dict[str, Any] = {"connector": (str, ...)}
    for option in options:
        kind = str if option.secret else option.type
        fields[option.name] = (kind, ...) if option.required else (kind | None, option.default)
    return create_model("Settings", __config__=ConfigDict(strict=True, protected_namespaces=()), **fields)
