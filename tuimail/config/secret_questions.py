"""Passwords and passphrases that a person has to type: each is asked for once, whoever waits for it.

A face (a screen, a terminal) sets ``asker``. A question stays open until it is answered, while who waits for the answer
gives up after a time; an answer that comes later than that is used all the same, and ``answered`` is told.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from tuimail.errors import SecretError, WrongPassphraseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    Asker = Callable[["Question"], None]

ANSWER_LIMIT = 60.0
"""Seconds that what needs a secret waits for a person."""

TRIES = 3
"""Wrong answers in a row after which nothing more is asked."""


class Question:
    """One question, for a face. Any thread may answer it."""

    def __init__(self, words: str, wrong: str = "") -> None:
        self.words = words
        """What is asked for; a name in it comes from the user's config."""
        self.wrong = wrong
        """Why the last answer was not taken; empty at first."""
        self._answered = threading.Event()
        self._text: str | None = None

    def answer(self, text: str | None) -> None:
        """What was typed; None or empty if the person will not say."""
        self._text = text
        self._answered.set()

    def wait(self) -> str | None:
        """Until it is answered."""
        self._answered.wait()
        return self._text


class Questions:
    """Those of this process. Methods may be called from any thread."""

    def __init__(self) -> None:
        self.asker: Asker | None = None
        """Shows a question; called on a thread of its own, and may block. None: nobody is there to be asked."""
        self.answered: list[Callable[[], None]] = []
        """Called on any thread after a right answer."""
        self._lock = threading.Lock()
        self._open: dict[str, Future[None]] = {}
        self._declined: set[str] = set()

    def ask_again(self) -> None:
        """What a person declined to say may be asked for once more."""
        with self._lock:
            self._declined.clear()

    def tell(self) -> None:
        """What waited for a secret may go on."""
        for each in tuple(self.answered):
            each()

    async def ask(
        self, subject: str, words: str, use: Callable[[str], None], *, known: Callable[[], bool] = lambda: False
    ) -> None:
        """Return when ``use`` took an answer; it raises WrongPassphraseError for a wrong one, which is asked again.

        Args:
            subject: what the question is about; only one question about it is open at a time.
            words: what is asked for.
            use: called with an answer, on a thread.
            known: it was answered meanwhile; called on a thread before anything is asked.

        Raises:
            SecretError: nobody can be asked, will say, or knows it; no answer within ``ANSWER_LIMIT`` seconds.
        """
        import asyncio

        flight = self._begin(subject, words, use, known)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def wake(_flight: Future[None]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(ended.set)

        flight.add_done_callback(wake)
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                await ended.wait()
        except TimeoutError:
            raise SecretError(f"{words}: it was not typed yet.", hint="Type it where tuimail asks for it.") from None
        flight.result()

    def _begin(self, subject: str, words: str, use: Callable[[str], None], known: Callable[[], bool]) -> Future[None]:
        from concurrent.futures import Future

        with self._lock:
            if subject in self._open:
                return self._open[subject]
            asker = self.asker
            if asker is None:
                raise SecretError(f"{words}: there is nobody to be asked for it.", hint=_NOBODY)
            if subject in self._declined:
                raise SecretError(f"{words}: it was not given.", hint="Check the account again to be asked once more.")
            flight = self._open[subject] = Future()

        def work() -> None:
            if not known():
                _until_right(asker, words, use)

        threading.Thread(target=self._run, args=(subject, work, flight), name="secret question", daemon=True).start()
        return flight

    def _run(self, subject: str, work: Callable[[], None], flight: Future[None]) -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as trouble:  # noqa: BLE001  it is raised where it is waited for
            error = trouble
        with self._lock:
            del self._open[subject]
            if error is not None:
                self._declined.add(subject)
        if error is not None:
            flight.set_exception(error)
            return
        flight.set_result(None)
        self.tell()


def _until_right(asker: Asker, words: str, use: Callable[[str], None]) -> None:
    wrong = ""
    for _ in range(TRIES):
        question = Question(words, wrong)
        asker(question)
        text = question.wait()
        if not text:
            raise SecretError(f"{words}: it was not given.", hint="Check the account again to be asked once more.")
        try:
            return use(text)
        except WrongPassphraseError as error:
            wrong = str(error)
    raise SecretError(wrong, hint="Check the account again to be asked once more.")


_NOBODY = (
    "Start tuimail in a terminal; or name a program that prints it (password_command of the account; for a passphrase "
    "passphrase_command, or the variable TUIMAIL_PASSPHRASE_COMMAND)."
)
