"""What a search through several folders has found so far, for the index that shows it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.engine.mail_search import SearchBrokenOffError
from tuimail.errors import TuimailError
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_reader import Place
    from tuimail.ui.screens.frame import FrameScreen

PATIENCE = 0.15
"""Seconds for which an index waits for something to show: most searches are finished by then."""


class IndexResults:
    """Searches beside ``screen``, which is reloaded when there is more to show.

    What was found is kept while the same is searched anew, because mail has changed; a message that was moved away is
    dropped at once.
    """

    def __init__(self, screen: FrameScreen) -> None:
        self._screen = screen
        self._request: IndexRequest | None = None
        self._number = 0
        """Of the search begun last: what one before tells is not heeded."""
        self._places: Sequence[Place] = ()
        self._stale = False
        self._complete = False
        self._news = asyncio.Event()
        self.running = False
        """A search is going on, be it to find the same anew."""
        self.broken_off = False
        """The user did not want to wait for the rest."""

    @property
    def searching(self) -> bool:
        """There may be more than is shown."""
        return self.running and not self._complete

    async def of(self, request: IndexRequest) -> Sequence[Place] | None:
        """What is to be shown of ``request`` now; None if it is no search. Begins to search where that is needed."""
        if request.search is None:
            self.forget()
            return None
        wanted = replace(request, only=None, reverse=False)
        if wanted != self._request:
            self.forget()
            self._request = wanted
            self._begin(wanted)
        elif self._stale and not self.running and not self.broken_off:
            self._begin(wanted)
        if self.running:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), PATIENCE)
        only = request.only
        return self._places if only is None else [each for each in self._places if _row(each) in only]

    def mail_changed(self) -> None:
        """Search anew when the index is shown next; not what the user has broken off."""
        self._stale = True

    def drop(self, rows: Collection[str]) -> None:
        """These are not there any more."""
        self._places = [each for each in self._places if _row(each) not in rows]

    def break_off(self) -> None:
        """Be content with what was found."""
        self.broken_off = True
        self._screen.program.engine.mail.search.break_off()

    def forget(self) -> None:
        """Begin anew when the index is shown next; whatever is still told is about something else."""
        if self.running:
            self._screen.program.engine.mail.search.break_off()
        self._number += 1
        self._request = None
        self._places = ()
        self._complete = self.broken_off = self.running = self._stale = False

    def _begin(self, request: IndexRequest) -> None:
        self._number = number = self._number + 1
        self.running, self._stale = True, False
        self._news.clear()

        async def run() -> None:
            await self._run(number, request)

        start_worker(self._screen, run, group="search")

    async def _run(self, number: int, request: IndexRequest) -> None:
        from tuimail.mail.pattern import parse

        def some(places: Sequence[Place]) -> None:
            if number == self._number and not self._complete:
                self._places = places
                self._tell()

        program = self._screen.program
        found = None
        try:
            assert request.search is not None  # noqa: S101 - see ``of``
            pattern = parse(request.search.words, program.engine.clock.now())  # "today" may be another day by now
            search = replace(request.search, pattern=pattern)
            found = await program.engine.mail.search.find(replace(request, search=search), some)
        except SearchBrokenOffError:
            self._stale = True  # by another one: to be gone on with when this screen is on top again
        except TuimailError as error:
            self._complete = True
            self._screen.complain(error)
        if number != self._number:
            return
        self.running = False
        if found is not None:
            self._places, self._complete = found, True
        if found is not None or self.broken_off or self._complete:
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._screen.reload()


def _row(place: Place) -> str:
    return f"{place[0]}:{place[1]}"
