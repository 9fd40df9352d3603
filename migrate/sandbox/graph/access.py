"""Which permission opens what, and the names Microsoft gives them.

https://learn.microsoft.com/en-us/graph/permissions-reference
"""

from __future__ import annotations

from migrate.sandbox.graph.call import Access, words


def _access(delegated: str, application: str, refusal: str = "ErrorAccessDenied") -> Access:
    return Access(words(delegated), words(application), refusal)


MAIL = _access("Mail.Read Mail.ReadWrite", "Mail.Read Mail.ReadWrite")
MAIL_FOLDERS = _access("Mail.ReadBasic Mail.Read Mail.ReadWrite", "Mail.ReadBasic.All Mail.Read Mail.ReadWrite")
CALENDAR = _access("Calendars.Read Calendars.ReadWrite", "Calendars.Read Calendars.ReadWrite")
CONTACTS = _access("Contacts.Read Contacts.ReadWrite", "Contacts.Read Contacts.ReadWrite")
TASKS = _access("Tasks.Read Tasks.ReadWrite", "Tasks.Read.All Tasks.ReadWrite.All", "AccessDenied")
SETTINGS = _access("MailboxSettings.Read MailboxSettings.ReadWrite", "MailboxSettings.Read MailboxSettings.ReadWrite")
FILES = _access(
    "Files.Read Files.Read.All Files.ReadWrite Files.ReadWrite.All Sites.Read.All",
    "Files.Read.All Files.ReadWrite.All Sites.Read.All Sites.Selected",
    "accessDenied",
)
SITES = _access("Sites.Read.All", "Sites.Read.All Sites.Selected", "accessDenied")
ME = _access("User.Read User.Read.All Directory.Read.All", "User.Read.All Directory.Read.All",
             "Authorization_RequestDenied")  # fmt: skip
USERS = _access("User.Read.All User.ReadBasic.All Directory.Read.All", "User.Read.All Directory.Read.All",
                "Authorization_RequestDenied")  # fmt: skip
GROUPS = _access("GroupMember.Read.All Group.Read.All Directory.Read.All",
                 "GroupMember.Read.All Group.Read.All Directory.Read.All",
                 "Authorization_RequestDenied")  # fmt: skip
ORGANIZATION = _access("User.Read Organization.Read.All Directory.Read.All",
                       "Organization.Read.All Directory.Read.All User.Read.All",
                       "Authorization_RequestDenied")  # fmt: skip

READ_ROLES = words(
    "Mail.Read Calendars.Read Contacts.Read Tasks.Read.All MailboxSettings.Read Files.Read.All "
    "Sites.Read.All User.Read.All GroupMember.Read.All Organization.Read.All"
)
"""What the sandbox's administrator consented to for the application. None of them writes."""
READ_SCOPES = words(
    "Mail.Read Mail.Read.Shared Calendars.Read Calendars.Read.Shared Contacts.Read Tasks.Read "
    "Tasks.Read.Shared MailboxSettings.Read Files.Read Files.Read.All Sites.Read.All User.Read "
    "User.ReadBasic.All User.Read.All offline_access openid profile email"
)
"""What people of the sandbox may consent to themselves."""
