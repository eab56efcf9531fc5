"""The steps that can be undone, the last one first, and the seconds in which that is easiest."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.timer import Timer

    from tuimail.clock import Clock

    class CountdownStatus(Protocol):
        """The status line of the screen on top."""

        def say(self, text: str) -> None:
            """Show a sentence (safe to draw)."""
            ...

        def countdown_status(self) -> str | None:
            """What it shows, where a countdown may be shown; None where it may not."""
            ...

    Step = Callable[[Any], Awaitable[bool | None] | None]
    """Given the screen on which undo was asked for; False: there was nothing left to take back."""

MOST = 100
"""Steps that are kept; each may hold thousands of rows of an index."""


class Undo:
    """Keeps the steps of this run. ``key`` is the key of undo as screens write it; ``every`` sets an interval timer."""

    def __init__(
        self,
        status: CountdownStatus,
        *,
        key: Callable[[], str],
        clock: Clock,
        every: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._status = status
        self._key = key
        self._now = clock.now
        self._every = every
        self._steps: deque[Step] = deque(maxlen=MOST)
        self._said = ""
        """What the status line was given last of the last step."""
        self._countdown: _Countdown | None = None
        self._timer: Timer | None = None

    def offer(self, text: str, step: Step) -> None:
        """Say ``text`` (safe to draw) on the screen on top, and that ``step`` can take it back."""
        self._end_countdown()
        self._steps.append(step)
        self._say(text)

    def _say(self, text: str) -> None:
        self._said = self._with_key(text)
        self._status.say(self._said)

    def amend(self, text: str, step: Step) -> None:
        """Say ``text`` (safe to draw) in place of what was said of ``step``, if that still stands there."""
        if self._steps and self._steps[-1] is step and self._status.countdown_status() == self._said:
            self._end_countdown()
            self._say(text)

    def count_down(self, message: Callable[[], str], step: Step, until: float) -> None:
        """As ``offer``, with a message that changes each second ``until`` a moment (seconds since the epoch).

        It comes back to the status line of a list or a letter once that has nothing newer to say.
        """
        self.offer(message(), step)
        self._countdown = _Countdown(message, until)
        if self._now() < until:
            self._timer = self._every(1.0, self.tick)

    def tick(self) -> None:
        """Say how long it can still be taken back, unless something newer is said; nothing moves afterwards."""
        countdown = self._countdown
        if countdown is None:
            return
        text = self._with_key(countdown.message())
        if self._status.countdown_status() in ("", self._said):
            self._status.say(text)
        self._said = text
        if self._now() >= countdown.until:
            self._end_countdown()

    def take(self) -> Step | None:
        """The last step, once, and the one before it the next time; None if there is nothing to undo."""
        self._end_countdown()
        return self._steps.pop() if self._steps else None

    def give_back(self, step: Step) -> None:
        """``step`` failed for a reason that may pass: it is the last one again."""
        self._steps.append(step)

    def _end_countdown(self) -> None:
        self._countdown = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _with_key(self, text: str) -> str:
        return f"{text}  {self._key()} to undo"


class _Countdown:
    """A message that changes until a moment."""

    def __init__(self, message: Callable[[], str], until: float) -> None:
        self.message = message
        self.until = until
