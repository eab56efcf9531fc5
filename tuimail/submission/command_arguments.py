"""The arguments a local mail command gets for one letter. Pure."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WITHOUT_T = {"-t": "", "--read-recipients": "", "-it": "-i", "-ti": "-i"}
"""Options that take the recipients from the header, and what is left of them."""
IGNORES_DOTS = frozenset({"-i", "-oi"})
"""Either makes a line of one dot part of the text."""
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
    """The configured ``argv``, then ``-i`` if it is wanted, then ``-f SENDER -- RECIPIENT...``.

    Without ``-i`` a line of one dot ends the letter for these commands, and the rest of it is lost. A program known to
    take ``-i`` gets it always, unless it is configured already. A program of another name (a script of the user's,
    which may not know the option) gets it only for a letter with such a line (``dots``).
    """
    program, *options = argv
    kept = [left for left in (WITHOUT_T.get(option, option) for option in options) if left]
    # In "ssh -i key host sendmail" the -i is that of ssh: what counts stands behind the mail program's name.
    words = [program, *kept]
    known = [place for place, word in enumerate(words) if PurePath(word).name in SENDMAILS]
    given = not IGNORES_DOTS.isdisjoint(words[(known or [0])[-1] + 1 :])
    wanted = bool(known) or dots
    return [*words, *(["-i"] if wanted and not given else []), "-f", sender or "<>", "--", *recipients]
