"""Passwords and passphrases that the engine needs are asked for on the screen on top, when nobody types there."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App
    from textual.timer import Timer

    from tuimail.config.secret_questions import Question
    from tuimail.ui.screens.frame import FrameScreen

PACE = 0.3
"""Seconds between two looks whether a question can be asked; there are none while no question waits."""

HELP = "It is kept in memory only, until tuimail ends. Without it, accounts that need it wait; Accounts asks again."


class SecretPrompts:
    """Shows the questions of ``config.secrets`` from ``open`` to ``close``, one at a time."""

    def __init__(self, app: App[Any], top: Callable[[], FrameScreen | None]) -> None:
        """``top`` gives the screen on top."""
        self._app = app
        self._top = top
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.Context()
        self._waiting: deque[Question] = deque()
        self._asking: Question | None = None
        self._mentioned = False
        self._timer: Timer | None = None

    def open(self) -> None:
        """Take the questions from now on."""
        from tuimail.config.secrets import questions

        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        questions.asker = self._ask

    def close(self) -> None:
        """Take no more; what was not answered will not be."""
        from tuimail.config.secrets import questions

        self._loop = None
        questions.asker = None
        self._stop()
        for each in (*self._waiting, *((self._asking,) if self._asking else ())):
            each.answer(None)
        self._waiting.clear()

    def _ask(self, question: Question) -> None:
        """Called on the thread of the question."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                # Textual finds its app in the context, and that thread knows of none.
                loop.call_soon_threadsafe(self._add, question, context=self._context.copy())
                return
        question.answer(None)

    def _add(self, question: Question) -> None:
        if self._loop is None:
            question.answer(None)
            return
        self._waiting.append(question)
        if self._timer is None:
            self._timer = self._app.set_interval(PACE, self._show)
        self._show()

    def _show(self) -> None:
        """Ask the next question, unless that would take the keys from what is being typed."""
        screen = self._top()
        if not self._waiting:
            self._stop()
            return
        if self._asking is not None or screen is None or screen.prompts.current is not None:
            return
        from textual.widgets import Input, TextArea  # most sessions begin without either

        if isinstance(screen.focused, Input | TextArea):
            if not self._mentioned:
                self._mentioned = True
                screen.say(f"{safe_line(self._waiting[0].words)}: you are asked for it when you leave this screen.")
            return
        self._mentioned = False
        self._asking = self._waiting.popleft()
        screen.carry_out(partial(self._put, self._asking))

    async def _put(self, question: Question, screen: FrameScreen) -> None:
        text = None
        try:
            label = f"Wrong. {question.words}" if question.wrong else question.words  # there is room for no more
            text = await screen.prompts.ask(safe_line(label), password=True, help_text=HELP)
        finally:
            self._asking = None
            question.answer(text)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
