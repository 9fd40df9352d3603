"""Text out of documents: bounded, without network, and with a reason for each part that was not read."""

from migrate.inventory.extract.documents import extract
from migrate.inventory.extract.limits import Budget, Limits
from migrate.inventory.extract.parts import Part, Passage, Reason, Unread

__all__ = ["Budget", "Limits", "Part", "Passage", "Reason", "Unread", "extract"]
