"""Ada's two accounts, and messages that came to her."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.compose.answer import OriginalMessage
from tuimail.compose.build import build
from tuimail.config.model import Account, Config, Identity, Server
from tuimail.errors import AddressError, MessageError
from tuimail.mail.content import whole
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.mime_tree import read_tree

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft

ADA = Identity("ada@work.example", "Ada Lovelace", "Ada\nAnalyst")
INFO = Identity("info@work.example", "The office")
HOME = Identity("ada@home.example", "Ada")
CONFIG = Config(
    {
        "work": Account("work", (ADA, INFO), Server("smtp.work.example", 465)),
        "home": Account("home", (HOME,), Server("smtp.home.example", 465)),
    },
    default_account="work",
)
REF = MessageRef("work", "INBOX", "1700.M1")
NOW = 1_800_000_000.0


def original(raw: bytes, ref: MessageRef = REF) -> OriginalMessage:
    return OriginalMessage(ref, read_tree(raw))


def mail(body: str = "Hello\n", **fields: str) -> OriginalMessage:
    """A message from Kim to Ada; ``fields`` replace and add, with ``_`` for ``-``."""
    head = {"From": "Kim <kim@x.example>", "To": "ada@work.example", "Subject": "Mill", **fields}
    raw = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in head.items() if value)
    return original(f"{raw}\n{body}".encode())


def frozen(draft: Draft) -> bytes:
    """The letter that the draft becomes; a recipient is put in where the message gave none that can be used."""
    account = CONFIG.accounts[draft.account]
    identity = account.identity_for(draft.identity)
    assert identity is not None
    try:
        return whole(build(draft, identity, account.name, now=NOW).content)
    except (AddressError, MessageError) as error:
        if error.field not in ("to", "cc", "bcc", "reply-to"):
            raise
    draft = replace(draft, to="bob@x.example", cc="", bcc="", reply_to="")
    return whole(build(draft, identity, account.name, now=NOW).content)
