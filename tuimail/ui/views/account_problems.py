"""Accounts that cannot send, as lines above a list. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.text.cells import Line, Span, TextRole, clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.outbox.model.account_notice import AccountNotice

MOST = 2
"""Lines of accounts; more are counted."""


def problem_lines(notices: Sequence[AccountNotice], key: str, width: int) -> list[Line]:
    """One line per account that waits for the user, loudest first; calm ones only when nothing is the matter.

    ``key`` is that of "check again".
    """
    serious = [notice for notice in notices if notice.trouble is not None]
    told = serious or list(notices)
    lines: list[Line] = []
    for index, notice in enumerate(told[:MOST]):
        more = f"  +{len(told) - MOST} more, see Accounts" if index == MOST - 1 and len(told) > MOST else ""
        action = f"  {key} check again" if key and notice.checkable and notice.needs_you else ""
        mark, role = ("#", TextRole.BLOCKED) if notice.trouble is not None else (".", TextRole.DIM)
        room = width - 6 - len(action) - len(more)
        lines.append(
            (
                Span(f"   {mark} ", role),
                Span(clip(f"{notice.title}.", room), role),
                Span(action, TextRole.KEY),
                Span(more, TextRole.DIM),
            )
        )
    return lines
