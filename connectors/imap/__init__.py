"""Mail on IMAP servers, as a source and as a target."""

from connectors.imap.connector import ImapFactory
from migrate.protocols import ConnectorFactory

connector: ConnectorFactory = ImapFactory()
