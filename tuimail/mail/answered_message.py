"""Which received message a letter answers, and how; known from the draft on until the message has its flag. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.mail.flags import ANSWERED, FORWARDED
from tuimail.mail.message_ref import parse_message_ref

if TYPE_CHECKING:
    from tuimail.mail.message_ref import MessageRef


class AnswerKind(StrEnum):
    """What is done with the message."""

    REPLIED = "replied"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class AnsweredMessage:
    """A received message, and what a letter does with it."""

    ref: MessageRef
    kind: AnswerKind

    @property
    def flag(self) -> int:
        r"""The flag (mail/flags) that the message gets when the letter was accepted: \Answered or $Forwarded."""
        return ANSWERED if self.kind is AnswerKind.REPLIED else FORWARDED

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


def parse_answered_message(text: str) -> AnsweredMessage:
    """What ``str`` made of it.

    Raises:
        ValueError: it is none.
    """
    kind, _, ref = text.partition(" ")
    try:
        return AnsweredMessage(parse_message_ref(ref), AnswerKind(kind))
    except UsageError as error:
        raise ValueError(str(error)) from error
