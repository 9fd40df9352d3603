"""What a folder's form cannot say of itself (its use, its whole name), in a small file that other programs ignore."""

from __future__ import annotations

import json
from collections.abc import Mapping

from connectors.folder.room import Path_
from connectors.folder.tree import Tree
from migrate.model import Entry, Item

NAME = ".transhume.json"


def read(tree: Tree, path: Path_) -> Mapping[str, str]:
    """The facts kept of a folder; none where there is no such file or it is not ours."""
    try:
        facts = json.loads(tree.read(path, NAME))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(key): str(value) for key, value in facts.items()} if isinstance(facts, dict) else {}


def write(tree: Tree, incoming: Path_, path: Path_, name: str, text: str) -> None:
    """A small file written whole, in place of what was there."""
    item = Item(entry=Entry(href="", collection="", etag=""), body=text.encode(), media_type="text/plain")
    with tree.written(incoming, item, None) as written:
        tree.publish(incoming, written, path, name, replace=True)
    tree.settle(path)


def dump(facts: Mapping[str, str]) -> str:
    """The facts as the file holds them."""
    return json.dumps(dict(facts), ensure_ascii=False, sort_keys=True) + "\n"
