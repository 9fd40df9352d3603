"""One tree of errors, on two axes: how to recover, and how far the trouble reaches.

Each class carries the exit code it ends a command with (``docs/exit-codes.md``) and each instance the advice
given to the person at the terminal. A message never holds a subject, a title or a secret.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. An unknown code is a failure."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    ITEMS_FAILED = 3
    PLAN_REFUSED = 4
    AUTH = 5
    LIMIT = 6
    LOCKED = 7
    DIFFERENCES = 8
    VETO = 9
    CHANGES = 10
    INTERRUPTED = 130


class Scope(IntEnum):
    """How far an error reaches: what must stop because of it."""

    ITEM = 0
    COLLECTION = 1
    ACCOUNT = 2
    RUN = 3


class TranshumeError(Exception):
    """Base of all expected errors: shown as a message and an advice, without a traceback."""

    exit_code: Exit = Exit.UNEXPECTED

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    @property
    def told(self) -> str:
        """Message and advice on one line."""
        end = "" if self.message.endswith((".", "!", "?")) else "."
        return f"{self.message}{end} {self.advice}" if self.advice else self.message


class UsageError(TranshumeError):
    """The command line asks for something that does not exist."""

    exit_code = Exit.USAGE


class ConfigError(TranshumeError):
    """A configuration file is wrong; the message names the file and the line."""

    exit_code = Exit.USAGE


class PlanRefused(TranshumeError):
    """The plan was altered, is another project's, or its ground moved as a whole."""

    exit_code = Exit.PLAN_REFUSED


class WaveRefused(TranshumeError):
    """A wave is not in a state for that: not verified yet, or signed off already."""

    exit_code = Exit.PLAN_REFUSED


class ProjectLocked(TranshumeError):
    """Another command holds this project."""

    exit_code = Exit.LOCKED


class LedgerDamaged(TranshumeError):
    """The ledger cannot be read or was written by a newer version."""

    exit_code = Exit.UNEXPECTED


class LocalDiskFull(TranshumeError):
    """This machine has no room for the spool, the plan or the ledger."""

    exit_code = Exit.LIMIT


class Veto(TranshumeError):
    """A condition to meet before anything moves: space, a missing account."""

    exit_code = Exit.VETO


class Interrupted(TranshumeError):
    """Ctrl-C, once: what was in flight has been finished and recorded."""

    exit_code = Exit.INTERRUPTED


class ConnectorError(TranshumeError):
    """Anything a connector reports. Provider exceptions never leave the connector's own folder."""

    exit_code = Exit.ITEMS_FAILED
    scope: Scope = Scope.ITEM

    def __init__(self, message: str, *, advice: str = "", scope: Scope | None = None) -> None:
        super().__init__(message, advice=advice)
        if scope is not None:
            self.scope = scope


class Retriable(ConnectorError):
    """It may work later: throttling, a 5xx, a connection cut before the request was sent.

    ``retry_after`` is the server's own word in seconds (RFC 9110 §10.2.3), None when it gave none.
    """

    exit_code = Exit.LIMIT

    def __init__(
        self, message: str, *, advice: str = "", scope: Scope | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, advice=advice, scope=scope)
        self.retry_after = retry_after


class Throttled(Retriable):
    """The server asks for less: 429, or 403 with a rate reason. The pace learns from it."""


class Uncertain(Retriable):
    """A write was sent and no reply came: it may be stored. Look before sending again."""


class Unreachable(Retriable):
    """No connection: unknown host, refused, invalid TLS certificate. Reaches the whole run."""

    exit_code = Exit.AUTH
    scope = Scope.RUN


class AuthFailed(ConnectorError):
    """Wrong password, missing consent or scope, revoked token."""

    exit_code = Exit.AUTH
    scope = Scope.ACCOUNT


class PreconditionFailed(ConnectorError):
    """What the request expected is not so (If-Match, If-None-Match, UIDVALIDITY)."""


class NotFound(PreconditionFailed):
    """The item is gone."""


class AlreadyExists(PreconditionFailed):
    """A create-only write found something under that name."""


class EtagMismatch(PreconditionFailed):
    """The item changed since it was listed."""


class CursorExpired(PreconditionFailed):
    """The provider forgot this cursor: list everything again."""

    scope = Scope.COLLECTION


class Rejected(ConnectorError):
    """The server understood and refuses this item for good; the message says why."""


class TooLarge(Rejected):
    """Over the target's size limit."""


class QuotaExceeded(Rejected):
    """The target account is full: its other items wait too."""

    exit_code = Exit.LIMIT
    scope = Scope.ACCOUNT


class LimitReached(ConnectorError):
    """A daily or billing limit: run the same command later."""

    exit_code = Exit.LIMIT
    scope = Scope.ACCOUNT


class MappingError(TranshumeError):
    """An item that cannot be translated; recorded against the item, never silent."""

    exit_code = Exit.ITEMS_FAILED
