"""Why a server refuses, in the words of those that say no response code."""

from __future__ import annotations

import pytest

from tuimail.mailboxes.imap_reason import reason
from tuimail.mailboxes.imap_wire import Status


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (Status("NO", "", "Over quota"), "OVERQUOTA"),  # Cyrus
        (Status("NO", "", "Disk quota exceeded."), "OVERQUOTA"),
        (Status("NO", "", "The mailbox is full"), "OVERQUOTA"),
        (Status("NO", "", "Permission denied"), "NOPERM"),  # Cyrus
        (Status("NO", "", 'Access denied for ADD on INBOX.x (ACL "i" required)'), "NOPERM"),  # Courier
        (Status("NO", "LIMIT", "Over quota of commands"), "LIMIT"),
        (Status("NO", "OVERQUOTA", "Permission denied"), "OVERQUOTA"),
        (Status("NO", "", "Carefully refused"), ""),
        (Status("BAD", "", "Permission denied"), ""),
        (Status("NO", "", "x" * 1000 + "quota"), ""),
    ],
)
def test_a_code_counts_before_words(status: Status, why: str) -> None:
    assert reason(status) == why
