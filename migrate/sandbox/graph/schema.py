"""Microsoft's own schema of the types served, and whether a value fits it. Said in paths, never in values.

CSDL: https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
"""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FREE = frozenset({"identity", "identitySet", "sharePointIdentity", "sharePointIdentitySet", "openTypeExtension"})
"""Open types that the original fills with undeclared names (``email`` of an identity). Other open types are held to
their declared properties here: what they could hold besides is an extension, and the stand-in serves none."""


@dataclass(frozen=True, slots=True)
class Property:
    """A structural property."""

    type: str
    many: bool
    nullable: bool


@dataclass(slots=True)
class Type:
    """An entity or complex type, with what it inherits, or an enumeration."""

    name: str
    base: str = ""
    abstract: bool = False
    properties: dict[str, Property] = field(default_factory=dict)
    navigation: dict[str, Property] = field(default_factory=dict)
    members: frozenset[str] = frozenset()


@cache
def types() -> Mapping[str, Type]:
    """Every type of the schema file, by its short name."""
    text = files(__package__).joinpath("graph-v1.0-subset.csdl.xml").read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314  # our own file, shipped in the package
    found: dict[str, Type] = {}
    for element in root.iter():
        if element.tag in (_EDM + "EntityType", _EDM + "ComplexType", _EDM + "EnumType"):
            found[element.attrib["Name"]] = _declared(element)
    for declared in found.values():
        _inherit(declared, found)
    return found


def properties(name: str) -> Mapping[str, Property]:
    """Structural properties of a type, inherited ones included."""
    return types()[name].properties


def navigation(name: str) -> Mapping[str, Property]:
    """Navigation properties of a type, inherited ones included."""
    return types()[name].navigation


def derives(name: str, base: str) -> bool:
    """Whether a type is another one or comes from it."""
    while name and name != base:
        name = types()[name].base if name in types() else ""
    return name == base


def short(name: str) -> str:
    """``message`` for ``#microsoft.graph.message``."""
    return name.rpartition(".")[2]


def defects(value: Any, declared: str) -> list[str]:
    """Each place where ``value`` is not of that type: unknown property, wrong type, unknown word, forbidden null."""
    found: list[str] = []
    _check(value, Property(declared, False, False), declared, found)
    return found


def _declared(element: ET.Element) -> Type:
    made = Type(
        element.attrib["Name"],
        base=short(element.get("BaseType", "")),
        abstract=element.get("Abstract") == "true",
        members=frozenset(member.attrib["Name"] for member in element.iter(_EDM + "Member")),
    )
    for child in element:
        if child.tag == _EDM + "Property":
            made.properties[child.attrib["Name"]] = _property(child)
        elif child.tag == _EDM + "NavigationProperty":
            made.navigation[child.attrib["Name"]] = _property(child)
    return made


def _property(element: ET.Element) -> Property:
    text = element.attrib["Type"]
    many = text.startswith("Collection(")
    inner = text.removeprefix("Collection(").removesuffix(")")
    return Property(inner.removeprefix("graph."), many, element.get("Nullable") != "false")


def _inherit(declared: Type, known: Mapping[str, Type]) -> None:
    base = known.get(declared.base)
    while base is not None:
        declared.properties = {**base.properties, **declared.properties}
        declared.navigation = {**base.navigation, **declared.navigation}
        base = known.get(base.base)


def _check(value: Any, declared: Property, path: str, found: list[str]) -> None:
    if declared.many:
        if not isinstance(value, list):
            found.append(f"{path}: not a list")
            return
        inner = Property(declared.type, False, False)
        for item in value:
            _check(item, inner, f"{path}[]", found)
    elif value is None:
        if not declared.nullable:
            found.append(f"{path}: null")
    elif declared.type.startswith("Edm."):
        if not _EDM_TYPES[declared.type](value):
            found.append(f"{path}: not {declared.type}")
    else:
        _named(value, declared.type, path, found)


def _named(value: Any, name: str, path: str, found: list[str]) -> None:
    declared = types().get(name)
    if declared is None:
        found.append(f"{path}: of a type outside the schema")
    elif declared.members:
        if value not in declared.members:
            found.append(f"{path}: not a word of {name}")
    elif not isinstance(value, dict):
        found.append(f"{path}: not an object")
    else:
        _object(value, _concrete(value, declared, path, found), path, found)


def _concrete(value: Mapping[str, Any], declared: Type, path: str, found: list[str]) -> Type:
    """The type that ``@odata.type`` tells, if it is one of ``declared``. Abstract ones must be told."""
    told = value.get("@odata.type")
    if told is None:
        if declared.abstract:
            found.append(f"{path}: @odata.type missing")
        return declared
    name = short(str(told))
    if not str(told).startswith("#microsoft.graph.") or not derives(name, declared.name):
        found.append(f"{path}: @odata.type is not one of {declared.name}")
        return declared
    return types()[name]


def _object(value: Mapping[str, Any], declared: Type, path: str, found: list[str]) -> None:
    for name, inner in value.items():
        if "@" in name:
            continue
        prop = declared.properties.get(name) or declared.navigation.get(name)
        if prop is not None:
            _check(inner, prop, f"{path}.{name}", found)
        elif declared.name not in _FREE:
            found.append(f"{path}.{name}: unknown property")


def _integer(bits: int) -> Callable[[Any], bool]:
    high = 2 ** (bits - 1)
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and -high <= value < high


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _binary(value: Any) -> bool:
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True) is not None
    except (ValueError, binascii.Error):
        return False


_EDM_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "Edm.String": lambda value: isinstance(value, str),
    "Edm.Boolean": lambda value: isinstance(value, bool),
    "Edm.Int16": _integer(16),
    "Edm.Int32": _integer(32),
    "Edm.Int64": _integer(64),
    "Edm.Double": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Edm.DateTimeOffset": _matching(_MOMENT),
    "Edm.Date": _matching(re.compile(r"\d{4}-\d\d-\d\d")),
    "Edm.TimeOfDay": _matching(re.compile(r"\d\d:\d\d:\d\d(\.\d{1,7})?")),
    "Edm.Guid": _matching(_GUID),
    "Edm.Binary": _binary,
    "Edm.Stream": lambda _value: False,
}
