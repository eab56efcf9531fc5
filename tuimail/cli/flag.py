"""``tuimail flag``: mark letters as read, flagged, answered, or take that away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tuimail.cli.mail_actions import make_parser, run_change
from tuimail.errors import UsageError
from tuimail.mail.flags import OLD, MessageFlags, flag_named

if TYPE_CHECKING:
    from tuimail.cli.parser import Parser
    from tuimail.paths import Paths

_NAMES = ", ".join(str(each.name).lower() for each in MessageFlags if each != OLD)


def parser() -> Parser:
    """Its options."""
    made = make_parser(
        "flag",
        f"Set (+) and take away (-) flags of letters: {_NAMES}.",
        "tuimail flag work:INBOX:1700000000.M1P2 +flagged -seen",
    )
    made.usage = "tuimail flag ID... [+FLAG]... [-FLAG]... [--dry-run] [--json]"
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    from tuimail.engine.mail_actions import plan_flags

    changes = [word for word in argv if _is_change(word)]
    args = parser().parse_args([word for word in argv if not _is_change(word)])
    add, remove = _bits(changes, "+"), _bits(changes, "-")
    if not changes or add & remove:
        what = "One flag is both set and taken away." if changes else "There is no flag to set or to take away."
        raise UsageError(what, hint="For example: tuimail flag ID +flagged -seen")
    return run_change(args, paths, partial(plan_flags, add=add, remove=remove))


def _is_change(word: str) -> bool:
    """``+flagged`` or ``-seen``, not an option."""
    return word.startswith("+") or (word.startswith("-") and not word.startswith("--") and word not in ("-", "-h"))


def _bits(changes: list[str], sign: str) -> int:
    bits = 0
    for word in changes:
        if word.startswith(sign):
            flag = flag_named(word[1:])
            if flag is None or flag == OLD:
                from tuimail.config.reading import shown

                raise UsageError(f"There is no flag {shown(word[1:])}.", hint=f"There are: {_NAMES}.")
            bits |= flag
    return int(bits)
