"""What the rights of a folder allow, and what is said when they do not."""

from __future__ import annotations

import pytest

from tests.sync.test_imap_policy import ROW
from tuimail.engine.folder_rights import check_change, check_target
from tuimail.errors import UsageError
from tuimail.journal.action import ActionKind
from tuimail.mail.flags import DELETED, FLAGGED, SEEN

TAKES = (ActionKind.MOVE, ActionKind.DELETE)


@pytest.mark.parametrize(
    ("rights", "kind", "bits", "allowed"),
    [
        *(("", kind, 0, True) for kind in ActionKind),
        *(("lrswite", kind, SEEN | FLAGGED | DELETED, True) for kind in ActionKind),
        *(("lr", kind, 0, False) for kind in TAKES),
        *(("lrsw", kind, 0, False) for kind in TAKES),
        *(("lrswt", kind, 0, False) for kind in TAKES),
        ("l", ActionKind.COPY, 0, True),
        ("lr", ActionKind.FLAG, SEEN, False),
        ("lrs", ActionKind.FLAG, SEEN, True),
        ("lrs", ActionKind.FLAG, SEEN | FLAGGED, False),
        ("lrw", ActionKind.FLAG, FLAGGED, True),
        ("lrw", ActionKind.FLAG, DELETED, False),
        ("lrt", ActionKind.FLAG, DELETED, True),
    ],
)
def test_what_rights_allow(rights: str, kind: ActionKind, bits: int, allowed: bool) -> None:
    folder = ROW._replace(name="Shared", rights=rights)
    if allowed:
        check_change(folder, kind, bits)
    else:
        with pytest.raises(UsageError, match="Shared"):
            check_change(folder, kind, bits)


def test_what_is_said() -> None:
    folder = ROW._replace(name="Shared\x1b", rights="lr")
    with pytest.raises(UsageError, match=r"^The folder Shared\^\[ can only be read\.$"):
        check_change(folder, ActionKind.DELETE)
    some = ROW._replace(name="Shared", rights="lrsw")
    with pytest.raises(UsageError, match="no letter can be put into Shared"):
        check_target(some)
    with pytest.raises(UsageError, match="no letter can be taken away from Shared"):
        check_change(some, ActionKind.MOVE)
    check_target(ROW._replace(rights="li"))
