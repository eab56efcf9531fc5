"""Selects the letters for a command: by id, or by search and state. Pure except for reading the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.outbox.model.states import NEEDS_YOU, ItemState

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection


def states_of(args: Namespace) -> Collection[ItemState] | None:
    """The states of --state; None: all states of letters still in the outbox."""
    if args.state is None:
        return None
    # A held letter may need the user as well: --state needs-you filters those afterwards.
    return {*NEEDS_YOU, ItemState.HELD} if args.state == "needs-you" else {ItemState(args.state)}


def words_of(args: Namespace) -> str:
    """--match and the account as one search; the results must still be compared with the account's full name."""
    return " ".join((args.match, *(f"account:{part}" for part in (args.of or "").split())))


def chosen(args: Namespace) -> bool:
    """Whether letters are selected by search or state.

    Raises:
        UsageError: ids are given as well, or nothing is.
    """
    by_kind = bool(getattr(args, "match", "") or getattr(args, "state", None) or getattr(args, "of", None))
    by_kind = by_kind or bool(getattr(args, "all", False))
    if by_kind == bool(args.ids):
        ways = "--match, --state or --of" + (", or say --all" if args.verb == "retry" else "")
        raise UsageError(f"Name the letters to {args.verb}, or choose them by {ways}.", hint="Try: tuimail outbox list")
    return by_kind
