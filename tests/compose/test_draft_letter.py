r"""A draft as a message for \Drafts, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tuimail.compose.answer import OriginalMessage
from tuimail.compose.draft import Draft
from tuimail.compose.draft_letter import draft_letter
from tuimail.compose.forward import continue_draft
from tuimail.config.model import Account, Config, Identity, Server
from tuimail.errors import MessageError
from tuimail.mail.content import whole
from tuimail.mail.message_ref import MessageRef
from tuimail.mail.mime_tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

ADA, DESK = Identity("ada@example.org", "Ada"), Identity("desk@example.org", "The desk")
CONFIG = Config({"work": Account("work", (ADA, DESK), Server("smtp.example.org", 465))}, default_account="work")
REF = MessageRef("work", "Drafts", "7.1")


@pytest.mark.parametrize(
    "draft",
    [
        Draft(subject="Mühle", to="Kim <kim@x.example>", bcc="Eve <eve@x.example>", body="Hello\n\nAda"),
        Draft(to="kim@x.example, bo", cc="Jürgen", reply_to="desk@x.example"),
        Draft(in_reply_to="<1@x.example>", references=("<0@x.example>", "<1@x.example>"), body="> a\n\nb"),
        Draft(),
    ],
)
def test_what_was_typed_comes_back(tmp_path: Path, draft: Draft) -> None:
    letter = draft_letter(draft, DESK, now=0.0)
    raw = whole(letter.content)
    assert f"X-Tuimail-Draft: {draft.id}\r\nMIME-Version".encode() in raw
    back = continue_draft(OriginalMessage(REF, read_tree(raw)), CONFIG, tmp_path, draft_id="d", now=1.0)
    for name in ("to", "cc", "bcc", "reply_to", "subject", "body", "in_reply_to", "references", "headers"):
        assert getattr(back, name) == getattr(draft, name), name
    assert (back.account, back.identity) == ("work", DESK.address)
    assert back.draft_copy is not None
    assert back.draft_copy.ref == REF


def test_each_copy_has_a_name_of_its_own() -> None:
    assert draft_letter(Draft(id="a"), ADA, now=0.0).message_id != draft_letter(Draft(id="a"), ADA, now=0.0).message_id


def test_a_control_character_is_refused() -> None:
    with pytest.raises(MessageError):
        draft_letter(Draft(subject="a\r\nBcc: eve@x.example"), ADA, now=0.0)
