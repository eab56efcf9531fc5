"""Letters in sequence over one submitter: whatever the server answers to one, the others are their own.

Each seed is another server and another order of replies (tests/support/strict_smtp).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.submission.conftest import PATIENT, Recorder, letter, submitter
from tests.support.strict_smtp import StrictServer
from tuimail.submission.quirks import Quirk
from tuimail.submission.result import Action

if TYPE_CHECKING:
    from tuimail.submission.result import SubmissionResult, Verdict
    from tuimail.submission.submitter import Letter

SEEDS = 1000
AT_ONCE = 25
"""Seeds that run side by side."""
ROUNDS = 3
HASTY = replace(PATIENT, envelope=0.2, data=0.2)
"""For servers that forget commands; a time-out that comes too early is one more event in the sequence."""


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
async def test_no_letter_touches_another(first: int) -> None:
    async with asyncio.timeout(100):
        await asyncio.gather(*(one_seed(seed) for seed in range(first, first + AT_ONCE)))


async def one_seed(seed: int) -> None:
    chance = Random(seed)
    letters = [a_letter(number, chance) for number in range(4)]
    extensions = [each for each in ("SIZE 1000000", "8BITMIME", "DSN") if chance.random() < 0.5]
    if chance.random() < 0.7:
        extensions.append("PIPELINING")
    server = StrictServer(
        Random(seed + 1),
        trouble=chance.choice([0.05, 0.2, 0.4]),
        extensions=tuple(extensions),
        software=chance.choice(["Postfix", "Exim 4.96", "unknown"]),
        forgets=chance.random() < 0.15,
    )
    results: dict[str, list[SubmissionResult]] = {each.item_id: [] for each in letters}
    async with server:
        quirks = {Quirk.NO_PIPELINING} if chance.random() < 0.2 else set()
        way = submitter(server.port, timeouts=HASTY if server.forgets else PATIENT, quirks=quirks)
        left = letters
        for _ in range(ROUNDS):
            answers = await hand_over(way, left, together=chance.random() < 0.6)
            for each, result in zip(left, answers, strict=True):
                results[each.item_id].append(result)
            left = [rest for each, result in zip(left, answers, strict=True) if (rest := to_try_again(each, result))]
            if not left:
                break
        await way.close()
    where = f"seed {seed}: {server.commands}"
    assert server.nested == 0, where
    check(letters, results, server, where)


async def hand_over(way: object, letters: list[Letter], *, together: bool) -> list[SubmissionResult]:
    if together:
        return await asyncio.gather(*(way.submit(each, Recorder()) for each in letters))  # type: ignore[attr-defined]
    return [await way.submit(each, Recorder()) for each in letters]  # type: ignore[attr-defined]


def to_try_again(each: Letter, result: SubmissionResult) -> Letter | None:
    """What the outbox would hand in again: those put off, or all of a letter that was not tried."""
    again = [
        person
        for person in each.envelope.recipients
        if result.withdrawn
        or ((verdict := result.recipients.get(person.address)) and verdict.action not in (Action.OK, *_DECIDED))
    ]
    if not again:
        return None
    return replace(each, envelope=replace(each.envelope, recipients=tuple(again)))


_DECIDED = (Action.UNCERTAIN, Action.MESSAGE, Action.RECIPIENT)


def a_letter(number: int, chance: Random) -> Letter:
    people = [f"r{place}.{number}@example.net" for place in range(chance.randint(1, 3))]
    lines = [b"Subject: %d" % number, b"", *([b".%d" % number, b"", b"text", b"."] * chance.randint(1, 40))]
    made = letter(*people, sender=f"s{number}@example.org", body=b"\r\n".join([*lines, b""]))
    return replace(made, item_id=f"item00000{number}")


def check(letters: list[Letter], results: dict[str, list[SubmissionResult]], server: StrictServer, where: str) -> None:
    by_sender = {each.envelope.sender: each for each in letters}
    served: list[tuple[str, str]] = []
    for taken in server.taken:
        of = by_sender[taken.sender]
        assert taken.body == b"".join(of.content.chunks()), where
        assert set(taken.recipients) <= set(of.envelope.addresses), where
        served += [(of.item_id, each) for each in taken.recipients]
    assert len(served) == len(set(served)), f"twice. {where}"
    for of in letters:
        for address in of.envelope.addresses:
            told = [each.recipients[address] for each in results[of.item_id] if address in each.recipients]
            ok = any(each.action is Action.OK for each in told)
            in_doubt = any(each.action is Action.UNCERTAIN for each in told)
            has_it = (of.item_id, address) in served
            assert not ok or has_it, f"{address}: told sent, not taken. {where}"
            assert not has_it or ok or in_doubt, f"{address}: taken, told {told}. {where}"
            assert not any(blamed_for_order(each) for each in told), f"{address}: {told}. {where}"


def blamed_for_order(verdict: Verdict) -> bool:
    """It is failed by a 503 that an earlier letter brought about."""
    text = verdict.reply.text if verdict.reply else ""
    return verdict.action in (Action.MESSAGE, Action.RECIPIENT, Action.ACCOUNT) and (
        "nested" in text or "order" in text
    )
