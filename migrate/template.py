"""A configuration to fill in, written from what each connector says it understands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrate.protocols import Option
from migrate.registry import load
from migrate.settings import TO_FILL_IN


@dataclass(frozen=True, slots=True)
class System:
    """One table of the configuration: ``[source.google]`` or ``[target.cloud]``."""

    kind: str
    name: str
    connector: str

    @classmethod
    def parse(cls, kind: str, text: str) -> System:
        """Read ``name=connector``, or a connector's name alone."""
        name, _, connector = text.rpartition("=")
        return cls(kind, name or connector, connector)


def migration_toml(name: str, systems: Sequence[System]) -> str:
    """A commented ``migration.toml``. Raises ConfigError for an unknown connector."""
    head = f"""\
# A migration. Every setting: docs/configuration.md. Secrets are given by reference, never in clear:
#   env:NAME   file:PATH (readable by its owner alone)   command:PROGRAM ARGUMENTS   keyring:SERVICE/NAME
# {{account}} in a reference stands for the account that logs in.

[migration]
name = {json.dumps(name, ensure_ascii=False)}
language = "fr"            # of the reports: fr or en
territory = "FR"           # FR or BE: time zones, phone numbers, identifiers
accounts = "accounts.csv"  # who goes where; see its first line
tokens = "auto"            # where sign-ins are kept: auto, keyring, encrypted or plaintext
# tokens_passphrase = "env:TRANSHUME_PASSPHRASE"  # opens sign-ins kept in encrypted files

[mail]
spam = false               # also move the spam folder
trash = false              # also move the bin
chats = false              # also move chat histories kept as mail
inbox_first = false        # a message in the inbox and under a label goes to the inbox
"""
    return "\n".join([head, *("\n".join(_table(system)) + "\n" for system in systems)])


def _table(system: System) -> Iterator[str]:
    factory = load(system.connector)
    services = sorted(factory.sources if system.kind == "source" else factory.targets)
    yield f"# {factory.summary}"
    yield f"# {'Reads' if system.kind == 'source' else 'Receives'}: {', '.join(services)}."
    yield f"[{system.kind}.{system.name}]"
    yield f"connector = {json.dumps(system.connector)}"
    for option in sorted(factory.options, key=lambda option: not option.required):
        comment = "" if option.required else "# "
        yield f"{comment}{option.name} = {_value(system, option)}  # {option.help}"


def _value(system: System, option: Option) -> str:
    if option.secret:
        return json.dumps(f"env:{system.name}_{option.name}".upper().replace("ENV:", "env:").replace("-", "_"))
    if option.default is not None:
        return json.dumps(option.default, ensure_ascii=False)
    placeholders = {int: "0", float: "0.0", bool: "false"}
    return placeholders.get(option.type, json.dumps(TO_FILL_IN, ensure_ascii=False))


def accounts_csv(systems: Sequence[System]) -> str:
    """The header of ``accounts.csv``, one column for each target."""
    targets = [f"{system.name}_account" for system in systems if system.kind == "target"]
    return ",".join(["source", "source_account", *targets, "wave"]) + "\n"
