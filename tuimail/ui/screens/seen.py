"""When a message counts as read: it was open for a while on its own screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.mail.flags import SEEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.mail.message_ref import MessageRef

    class Stops(Protocol):
        """A timer that runs."""

        def stop(self) -> None:
            """Stop it."""
            ...


class SeenAfter:
    """Calls ``mark`` once a message was shown for ``seconds`` (None: never); ``timer`` starts a timer."""

    def __init__(
        self,
        seconds: float | None,
        mark: Callable[[MessageRef], None],
        timer: Callable[[float, Callable[[], None]], Stops],
    ) -> None:
        self._seconds = seconds
        self._mark = mark
        self._timer = timer
        self._running: Stops | None = None
        self._marked: set[MessageRef] = set()
        """The index may not know it yet."""

    def shown(self, entry: IndexEntry) -> None:
        """``entry`` is on the screen now, and nothing else."""
        self.stop()
        if self._seconds is None or entry.row.flags & SEEN or entry.ref in self._marked:
            return
        if self._seconds <= 0:
            self._seen(entry.ref)
        else:
            self._running = self._timer(self._seconds, lambda: self._seen(entry.ref))

    def stop(self) -> None:
        """It is not on the screen any more, or the user wants it to stay unread."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def _seen(self, ref: MessageRef) -> None:
        self._running = None
        self._marked.add(ref)
        self._mark(ref)
