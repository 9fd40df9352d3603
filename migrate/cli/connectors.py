"""``transhume connectors``: what is installed, what it can do, how it is configured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.errors import ConfigError, Exit
from migrate.protocols import ConnectorFactory, Option
from migrate.registry import Registered, available, load


@click.command("connectors")
@common
@click.pass_obj
def command(output: Output) -> int:
    """List the installed connectors, their services and their options."""
    broken = False
    for one in available():
        try:
            factory = load(one.name)
        except ConfigError as error:
            broken = True
            output.show(
                f"{one.name} ({one.distribution} {one.version}): {error.message}\n  → {error.advice}\n",
                [_head(one) | {"error": error.message}],
            )
        else:
            output.show("\n".join(_text(one, factory)), [_message(one, factory)])
    return Exit.USAGE if broken else Exit.DONE


def _text(one: Registered, factory: ConnectorFactory) -> Iterator[str]:
    yield f"{one.name} ({one.distribution} {one.version}): {factory.summary}"
    yield f"  source of: {', '.join(sorted(factory.sources)) or 'nothing'}"
    yield f"  target of: {', '.join(sorted(factory.targets)) or 'nothing'}"
    for option in factory.options:
        yield f"  {option.name} ({describe(option)}): {option.help}"
    yield ""


def describe(option: Option) -> str:
    """``text, required``, ``secret reference``, ``number, default 4``…"""
    words = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    parts = ["secret reference" if option.secret else words.get(option.type, option.type.__name__)]
    if option.required:
        parts.append("required")
    elif option.default is not None:
        default = str(option.default).lower() if isinstance(option.default, bool) else str(option.default)
        parts.append(f"default {default}")
    return ", ".join(parts)


def _head(one: Registered) -> dict[str, Any]:
    return {"type": "connector", "name": one.name, "distribution": one.distribution, "version": one.version}


def _message(one: Registered, factory: ConnectorFactory) -> dict[str, Any]:
    return _head(one) | {
        "summary": factory.summary,
        "sources": sorted(factory.sources),
        "targets": sorted(factory.targets),
        "options": [
            {
                "name": option.name,
                "type": option.type.__name__,
                "required": option.required,
                "secret": option.secret,
                "default": option.default,
                "help": option.help,
            }
            for option in factory.options
        ],
    }
