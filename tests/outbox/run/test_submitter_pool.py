"""The connections of an account whose settings changed: all are given up together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from tuimail.clock import SystemClock
from tuimail.outbox.run.submitter_pool import SubmitterPool

if TYPE_CHECKING:
    from tuimail.submission.submitter import Submitter


class Busy:
    """Closing it waits for a letter on its way."""

    def __init__(self, done: asyncio.Event) -> None:
        self.done = done
        self.closed = False

    async def close(self) -> None:
        await self.done.wait()
        self.closed = True


async def test_no_letter_begins_on_a_connection_of_earlier_settings_while_another_one_closes() -> None:
    done, made = asyncio.Event(), list[Busy]()

    def make(_account: str) -> Submitter:
        made.append(Busy(done))
        return cast("Submitter", made[-1])

    pool = SubmitterPool(make, SystemClock())
    before = [pool.submitter("work", number) for number in (0, 1)]
    other = pool.submitter("home", 0)
    forgetting = asyncio.create_task(pool.forget("work"))
    await asyncio.sleep(0)
    assert not {id(pool.submitter("work", number)) for number in (0, 1)} & {id(each) for each in before}
    assert pool.submitter("home", 0) is other
    done.set()
    await forgetting
    assert [each.closed for each in made] == [True, True, False, False, False]
