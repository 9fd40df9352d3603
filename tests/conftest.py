"""How the tests run, whoever starts them."""

from __future__ import annotations

import signal

import pytest

# A shell that starts a run in the background has it ignore Ctrl-C, and so would every program that the tests start and
# then interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONG = ("tests/system/", "tests/docs/", "tests/machine/")
"""Files that take minutes: first, so that no processor is idle while the last of them runs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first; otherwise in their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
