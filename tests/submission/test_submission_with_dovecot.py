"""Dovecot's submission server (2.3) breaks off when commands follow the final dot; it gets them after its answer."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.submission.conftest import Recorder, letter, submitter
from tests.support.certificates import Authority
from tests.support.dovecot import PASSWORD
from tests.support.loopback import free_ports
from tests.support.strict_smtp import StrictServer
from tests.support.submissiond import running_submissiond
from tuimail.config.model import Auth
from tuimail.submission.quirks import Quirk
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuimail.submission.result import SubmissionResult

pytestmark = pytest.mark.real_servers
LETTERS = 12


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Where Dovecot relays to, and where it listens."""
    (relay,) = free_ports(1)
    with running_submissiond(Authority(tmp_path).issue(), relay) as port:
        yield relay, port


async def send(ports: tuple[int, int], **server: Any) -> tuple[list[SubmissionResult], StrictServer, set[Quirk]]:
    relay, port = ports
    quirks: set[Quirk] = set()
    async with StrictServer(Random(1), trouble=0.0, port=relay) as sink:
        way = submitter(port, host="127.0.0.1", auth=Auth.PASSWORD, username="ada", quirks=quirks,
                        secret=_secret, **server)  # fmt: skip
        results = await asyncio.gather(*(way.submit(letter(sender=f"s{each}@example.org"), Recorder())
                                         for each in range(LETTERS)))  # fmt: skip
        await way.close()
    return results, sink, quirks


async def _secret() -> str:
    return PASSWORD


async def test_every_letter_of_a_queue_has_its_answer(ports: tuple[int, int]) -> None:
    results, sink, quirks = await send(ports)
    assert [each.recipients["bob@example.net"].action for each in results] == [Action.OK] * LETTERS
    assert sorted(each.sender for each in sink.taken) == sorted(f"s{each}@example.org" for each in range(LETTERS))
    assert quirks == set()


async def test_told_to_send_past_the_dot_it_costs_one_answer_and_no_second(ports: tuple[int, int]) -> None:
    results, sink, quirks = await send(ports, pipeline_past_dot=True)
    actions = [each.recipients["bob@example.net"].action for each in results]
    assert set(actions) <= {Action.OK, Action.UNCERTAIN}
    assert actions.count(Action.UNCERTAIN) <= 1
    assert quirks <= {Quirk.NOTHING_PAST_DOT}
    assert len({each.sender for each in sink.taken}) == len(sink.taken)
