"""What processes ask of the one that keeps an account in step: to look at the mailbox now, to fetch a message."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from tuimail.coordination.request_socket import SILENCE, NobodyListensError, RequestListener, SilentError, ask
from tuimail.engine.cache_place import cache_of
from tuimail.mail.message_ref import MessageRef

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path
    from typing import Protocol

    from tuimail.config.model import Account
    from tuimail.engine.server_state import ServerState
    from tuimail.engine.work_problems import WorkProblems
    from tuimail.paths import Paths

    class Keeper(Protocol):
        """The thread that keeps the account in step."""

        server: ServerState
        problems: WorkProblems
        opened: Callable[[MessageRef], None]
        """Called with a message that was fetched."""

        def look(self) -> Future[None]:
            """Look at the mailbox now."""
            ...


log = logging.getLogger(__name__)

DONE = b"done"
FAILED = b"failed"
SHORT = 2.0
"""Seconds of silence after which a message is fetched without the other process: somebody waits to read it."""


class AccountRequests:
    """Answers them while this process writes the account's cache."""

    def __init__(self, account: Account, paths: Paths, keeper: Keeper, fetch: Callable[[str, str], None]) -> None:
        """``fetch`` has a message (folder, key) kept on this machine; it may raise."""
        self._account = account
        self._fetch = fetch
        self._keeper = keeper
        self._listener = RequestListener(request_path(account, paths), self._answer)

    def open(self) -> None:
        """Begin; without sockets others do what they want by themselves."""
        try:
            self._listener.open()
        except OSError as error:
            log.info("other processes cannot ask for mail of %s: %s", self._account.name, error)

    def close(self) -> None:
        """Answer no more."""
        self._listener.close()

    def _answer(self, request: bytes) -> bytes:
        match json.loads(request):
            case ["sync"]:
                self._keeper.look().result()
                failed = self._keeper.server.failed is not None or self._keeper.problems.of("sync")
                return FAILED if failed else DONE
            case ["message", str(folder), str(key)]:
                self._fetch(folder, key)
                self._keeper.opened(MessageRef(self._account.name, folder, key))
                return DONE
        return FAILED


def request_path(account: Account, paths: Paths) -> Path:
    """Where the process that keeps the account in step listens."""
    return cache_of(account, paths)[1].path.with_suffix(".socket")


def ask_to_sync(account: Account, paths: Paths) -> bool:
    """Have the process that keeps the account look at the mailbox now; whether it is in step then. Blocks.

    Raises:
        NobodyListensError: there is none, or it does not take requests.
        SilentError: it does not answer.
    """
    return ask(request_path(account, paths), json.dumps(["sync"]).encode(), silence=SILENCE) == DONE


def nobody_has(_folder: str, _key: str) -> bool:
    """No other process is asked for a message."""
    return False


def ask_for_message(account: Account, paths: Paths, folder: str, key: str) -> bool:
    """Have another process that keeps the account fetch a message, which is kept then; False: it did not. Blocks."""
    if cache_of(account, paths)[1].holder().process == os.getpid():
        return False
    try:
        request = json.dumps(["message", folder, key]).encode()
        return ask(request_path(account, paths), request, silence=SHORT) == DONE
    except (NobodyListensError, SilentError):
        return False
