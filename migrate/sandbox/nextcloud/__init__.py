"""A Nextcloud stand-in: what Nextcloud 32 answers on the paths a migration uses, as measured on real servers."""

from migrate.sandbox.nextcloud.limits import Limits
from migrate.sandbox.nextcloud.outbox import Mail, MailKind
from migrate.sandbox.nextcloud.standin import NextcloudStandIn

__all__ = ["Limits", "Mail", "MailKind", "NextcloudStandIn"]
