"""The arguments of a local mail command for one letter. Pure."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WITHOUT_T = {"-t": "", "--read-recipients": "", "-it": "-i", "-ti": "-i"}
"""Options that take the recipients from the header -> what replaces them."""
IGNORES_DOTS = frozenset({"-i", "-oi"})
"""With either option a line of a single dot is part of the text."""
SENDMAILS = frozenset(
    {
        "busybox",
        "dma",
        "esmtp",
        "exim",
        "exim4",
        "msmtp",
        "msmtpq",
        "opensmtpd",
        "sendmail",
        "sendmail.exim",
        "sendmail.msmtp",
        "sendmail.postfix",
        "sendmail.sendmail",
        "ssmtp",
    }
)
"""Programs known to take ``-i``."""


def command_line(argv: Sequence[str], sender: str, recipients: Iterable[str], *, dots: bool) -> list[str]:
    """The configured ``argv``, then ``-i`` if needed, then ``-f SENDER -- RECIPIENT...``.

    Without ``-i`` these commands treat a line of a single dot as the end of the letter and lose the rest. Programs
    known to support ``-i`` always get it, unless it is already configured. Other programs, such as scripts, may not
    know the option and get it only for a letter with such a line (``dots``).
    """
    program, *options = argv
    kept = [left for left in (WITHOUT_T.get(option, option) for option in options) if left]
    # In "ssh -i key host sendmail" the -i belongs to ssh: only options after the mail program's name count.
    words = [program, *kept]
    known = [place for place, word in enumerate(words) if PurePath(word).name in SENDMAILS]
    given = not IGNORES_DOTS.isdisjoint(words[(known or [0])[-1] + 1 :])
    wanted = bool(known) or dots
    return [*words, *(["-i"] if wanted and not given else []), "-f", sender or "<>", "--", *recipients]
