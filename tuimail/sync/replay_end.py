"""How an action ends that was carried out, and in which words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.journal.action import ActionState, MessageOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.journal.action import ActionMessage

OTHERS_DID = "another program moved or deleted"


class LetterGoneError(Exception):
    """The bytes of the message that is to be appended are not here any more."""

    def __init__(self) -> None:
        super().__init__("What was to be put there is not on this machine any more.")


def ending(messages: Sequence[ActionMessage], why: str = "") -> tuple[ActionState, str]:
    """Its last state, and the sentence for the user; empty if there is nothing to tell.

    ``why`` tells what became of the messages that are gone, if another program neither moved nor deleted them.
    """
    gone = sum(each.outcome is MessageOutcome.GONE for each in messages)
    reason = why or f"{OTHERS_DID} {'it' if gone == 1 else 'them'}"
    if gone == len(messages):
        return ActionState.DROPPED, f"{'The letter is' if gone == 1 else f'The {gone} letters are'} gone: {reason}."
    words = f"{gone} of {len(messages)} letters {'is' if gone == 1 else 'are'} gone: {reason}." if gone else ""
    return ActionState.DONE, words
