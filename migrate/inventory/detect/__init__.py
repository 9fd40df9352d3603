"""Detectors of French and Belgian identifiers: text in, typed findings out. `interface` says how to use them."""

from migrate.inventory.detect.engine import detect
from migrate.inventory.detect.interface import LIMIT, Found, Kind, Level, Sign
from migrate.inventory.detect.masks import fingerprint, mask
from migrate.inventory.detect.subjects import Subject, subjects

__all__ = ["LIMIT", "Found", "Kind", "Level", "Sign", "Subject", "detect", "fingerprint", "mask", "subjects"]
