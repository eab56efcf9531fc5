"""All letters of the demo's mailboxes, and the folders they lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.demo.letters.attachments import ATTACHMENTS
from tuimail.demo.letters.family import FAMILY
from tuimail.demo.letters.invitations import INVITATIONS
from tuimail.demo.letters.lists import LISTS
from tuimail.demo.letters.mill import MILL
from tuimail.demo.letters.newsletters import NEWSLETTERS
from tuimail.demo.letters.notes import NOTES
from tuimail.demo.letters.oddities import ODDITIES
from tuimail.demo.letters.scripts import SCRIPTS
from tuimail.demo.letters.system import SYSTEM

if TYPE_CHECKING:
    from tuimail.demo.letters.message import SampleMessage

MESSAGES: tuple[SampleMessage, ...] = (
    *MILL, *NOTES, *FAMILY, *LISTS, *NEWSLETTERS, *ATTACHMENTS, *INVITATIONS, *SCRIPTS, *ODDITIES, *SYSTEM
)  # fmt: skip
"""What is answered stands above its answer."""

_STANDARD = ("INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash")

FOLDERS = {"work": (*_STANDARD, "Lists/Engines", "Projects/Engine", "Projects/Poetry"), "home": _STANDARD}
"""The folders of each account, the empty ones too."""
