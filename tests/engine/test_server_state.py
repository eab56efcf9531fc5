"""Whether the server of an account is in reach, and when it is tried again."""

from __future__ import annotations

import pytest

from tuimail.engine.server_state import ServerState
from tuimail.mailboxes.imap_errors import ImapError, ImapStage
from tuimail.sync.reconnect import DELAYS, REFUSED, SPREAD


class Scene:
    """What is told and announced."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.announced = 0
        self.state = ServerState("work", self.told.append, self._announce)

    def _announce(self) -> None:
        self.announced += 1

    def look(self, error: ImapError | None = None) -> float | None:
        """A look that fails with ``error``."""
        with self.state.look():
            if error is not None:
                self.state.lost(error)
        if error is None:
            self.state.reached()
        return self.state.pause()


def test_offline_is_announced_once_for_each_reason_and_back_once() -> None:
    scene = Scene()
    lost = ImapError("no route to host", step=ImapStage.CONNECT)
    for _ in range(3):
        scene.look(lost)
    assert (scene.announced, scene.told, scene.state.offline) == (1, [], lost)
    scene.look()
    scene.look()
    assert (scene.announced, scene.state.offline) == (2, None)


def test_a_refused_sign_in_is_told_once_and_not_tried_again_when_the_network_comes_up() -> None:
    scene = Scene()
    refused = ImapError("the password was refused", step=ImapStage.SIGN_IN, lasting=True)
    assert [scene.look(refused) for _ in range(2)] == [REFUSED, REFUSED]
    assert len(scene.told) == 1
    assert not scene.state.try_now()


def test_when_the_network_comes_up_the_delays_begin_anew() -> None:
    scene = Scene()
    for _ in range(9):
        scene.look(ImapError("no route to host", step=ImapStage.CONNECT))
    assert scene.state.try_now()
    assert scene.look(ImapError("no route to host", step=ImapStage.CONNECT)) == pytest.approx(DELAYS[0], rel=SPREAD)
