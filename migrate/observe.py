"""How the engine tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Called from the main thread and from workers: implementations lock. Calls are cheap and never raise."""

    def lane_started(self, lane_key: str, phase: str, total_items: int | None, total_bytes: int | None) -> None:
        """A service of an account begins ``phase`` (``list``, ``plan``, ``apply``, ``verify``); totals if known."""

    def advanced(self, lane_key: str, items: int, bytes_: int) -> None:
        """So many more items and bytes are through."""

    def lane_finished(self, lane_key: str) -> None:
        """The phase of that lane has ended, well or not."""

    def waiting(self, lane_key: str, bucket: str, seconds: float) -> None:
        """A limit binds: the lane waits that long for ``bucket`` (``google/gmail/user/…``)."""

    def message(self, level: str, text: str) -> None:
        """Something a person should read; ``level`` is ``info``, ``warning`` or ``error``. No value found in it."""


class Silent:
    """Listens to nothing."""

    def lane_started(self, lane_key: str, phase: str, total_items: int | None, total_bytes: int | None) -> None:
        """Ignored."""

    def advanced(self, lane_key: str, items: int, bytes_: int) -> None:
        """Ignored."""

    def lane_finished(self, lane_key: str) -> None:
        """Ignored."""

    def waiting(self, lane_key: str, bucket: str, seconds: float) -> None:
        """Ignored."""

    def message(self, level: str, text: str) -> None:
        """Ignored."""


def interrupted(observer: Observer) -> None:
    """Tell, after the first Ctrl-C, why the command has not ended yet."""
    observer.message("warning", "Ctrl-C: what is in flight is being finished; a second Ctrl-C does not wait for it.")
