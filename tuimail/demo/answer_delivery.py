"""Delivers the answers of the demo's people: some seconds after the letter, into the Maildir of the account."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from tuimail.errors import TuimailError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tuimail.demo.answers import PlannedAnswer
    from tuimail.demo.server import Received

log = logging.getLogger(__name__)


class AnswerDelivery:
    """Answers letters that arrive at the demo's server, in the thread that ``schedule`` calls back in."""

    def __init__(
        self,
        maildirs: Mapping[str, Path],
        schedule: Callable[[float, Callable[[], None]], object],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Answers to the addresses in ``maildirs`` go there; ``schedule`` runs a function after some seconds."""
        self._maildirs = {address.casefold(): maildir for address, maildir in maildirs.items()}
        self._schedule = schedule
        self._now = now
        self._waiting: list[tuple[PlannedAnswer, Path]] = []

    def letter_arrived(self, letter: Received) -> None:
        """Plan the answers to ``letter``."""
        from tuimail.demo.answers import plan_answers

        maildir = self._maildirs.get(letter.sender.casefold())
        if maildir is None:
            return
        for answer in plan_answers(letter.content, letter.recipients, letter.sender):
            waiting = (answer, maildir)
            self._waiting.append(waiting)
            self._schedule(answer.delay, partial(self._deliver, waiting))

    def deliver_waiting(self) -> None:
        """Deliver at once what is still to come: the demo ends, and its folder is kept."""
        for waiting in tuple(self._waiting):
            self._deliver(waiting)

    def _deliver(self, waiting: tuple[PlannedAnswer, Path]) -> None:
        from tuimail.demo.maildir_files import deliver_new

        if waiting not in self._waiting:
            return
        self._waiting.remove(waiting)
        answer, maildir = waiting
        at = self._now()
        try:
            deliver_new(maildir, answer.content(at), at)
        except TuimailError as error:
            log.warning("an answer could not be delivered: %s", error)
