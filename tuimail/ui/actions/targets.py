"""The letters a command of the outbox acts on (the selected one, or those tagged), and the summary of what was done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tuimail.errors import OutboxError, TuimailError
from tuimail.mail.text import safe_line
from tuimail.outbox.model.item import OutboxItem, Outcome
from tuimail.outbox.model.states import ItemState, Verb
from tuimail.ui.text.quoted import quoted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tuimail.engine import Engine
    from tuimail.ui.protocols import Frame, HasLetter

    TakeBack = Callable[[Engine, Sequence[OutboxItem], Sequence[Outcome]], Awaitable[Sequence[Outcome]]]
    """Undoes a command: given the letters as they were and what came of them, what came of undoing it."""


def targets_of(screen: HasLetter) -> tuple[str, ...]:
    """Which letters are meant.

    Raises:
        OutboxError: none.
    """
    ids = screen.targets()
    if not ids:
        raise OutboxError("No letter is selected.")
    return ids


async def first(screen: HasLetter, ids: Sequence[str]) -> OutboxItem:
    """The first of the letters meant; the one on the screen without a wait, so that its question opens at once."""
    there = screen.letter
    if there is not None and there.id == ids[0]:
        return there
    return await screen.program.engine.outbox.query(lambda outbox: outbox.item(ids[0]))


async def only(screen: HasLetter, ids: Sequence[str], command: str) -> OutboxItem:
    """The only letter meant. Raises OutboxError if there are several."""
    if len(ids) > 1:
        raise OutboxError(f"{command} takes one letter at a time.", hint="Move to it, then give the command again.")
    return await first(screen, ids)


def verb_on(verb: Verb) -> Callable[[Engine, Sequence[str]], Awaitable[Sequence[Outcome]]]:
    """``verb``, for ``act``."""
    return lambda engine, ids: engine.outbox.apply_many(verb, ids)


def letters(count: int) -> str:
    """As in "1 letter", "12 letters"."""
    return "1 letter" if count == 1 else f"{count:,} letters"


def summary(outcomes: Sequence[Outcome], done: str) -> str:
    """One line on several letters: "2 held, 1 could not: it is being sent right now"."""
    worked = sum(outcome.error is None for outcome in outcomes)
    parts = [f"{worked:,} {done}"] if worked else []
    reasons = Counter(_reason(outcome.error) for outcome in outcomes if outcome.error is not None)
    parts += [f"{count:,} could not: {reason}" for reason, count in reasons.most_common(2)]
    left = sum(reasons.values()) - sum(count for _, count in reasons.most_common(2))
    if left:
        parts.append(f"{left:,} could not for other reasons")
    return ", ".join(parts) + "." if parts else "Nothing to do."


def _reason(error: TuimailError) -> str:
    """Why, without naming the verb again."""
    text = safe_line(str(error)).rstrip(".")
    return text.partition(": ")[2] if text.startswith("Cannot ") and ": " in text else text


async def each(ids: Sequence[str], act: Callable[[str], Awaitable[OutboxItem | None]]) -> list[Outcome]:
    """Do ``act`` to each letter in turn; an error for one is kept with its outcome and does not stop the others."""
    outcomes = []
    for item_id in ids:
        try:
            outcomes.append(Outcome(item_id, item=await act(item_id)))
        except TuimailError as error:
            outcomes.append(Outcome(item_id, error=error))
    return outcomes


def check_undone(outcomes: Sequence[Outcome]) -> None:
    """Raise the first error if nothing was undone: the letters have gone, say, since that was offered."""
    if outcomes and all(each.error is not None for each in outcomes):
        raise outcomes[0].error or OutboxError("Nothing was undone.")


async def put_as_before(engine: Engine, before: Sequence[OutboxItem]) -> list[Outcome]:
    """Let letters wait again as they did ``before`` an action: for a time, until released, or in the queue."""
    timed = {item.id: item for item in before if item.state is ItemState.HELD and item.not_before is not None}
    by_hand = [item.id for item in before if item.state is ItemState.HELD and item.not_before is None]
    on_their_way = [item.id for item in before if item.state is not ItemState.HELD]

    async def later(item_id: str) -> OutboxItem:
        item = timed[item_id]
        return await engine.outbox.later(item_id, item.not_before or 0.0, on_late=item.on_late)

    outcomes = await each(list(timed), later)
    outcomes += await engine.outbox.apply_many(Verb.HOLD, by_hand)
    return [*outcomes, *await engine.outbox.apply_many(Verb.RELEASE, on_their_way)]


async def act(
    screen: HasLetter,
    ids: Sequence[str],
    what: Callable[[Engine, Sequence[str]], Awaitable[Sequence[Outcome]]],
    *,
    one: str,
    many: str,
    undo: TakeBack | None = None,
) -> None:
    """Do ``what`` to the letters and say so, once; ``undo`` gets the letters as they were, and what came of them.

    ``one`` ends a sentence that begins with the subject; ``many`` follows a number.

    Raises:
        TuimailError: it was one letter, and that could not be done.
    """
    program = screen.program
    before = {item.id: item for item in await program.engine.outbox.query(lambda outbox: outbox.items_of(ids))}
    outcomes = await what(program.engine, ids)
    if len(ids) == 1:
        error = outcomes[0].error
        if error is not None:
            raise error
        item = before.get(ids[0])
        text = f"{quoted(item.subject if item else '')} {one}"
    else:
        text = summary(outcomes, many)
    done = [before[outcome.item_id] for outcome in outcomes if outcome.error is None and outcome.item_id in before]
    if undo is None or not done:
        program.say(text)
        return
    take_back = undo

    async def step(beneath: Frame) -> None:
        beneath.come_back_to(done[0].id)
        undone = await take_back(program.engine, done, [outcome for outcome in outcomes if outcome.error is None])
        check_undone(undone)
        count = sum(each.error is None for each in undone)
        program.say(f"Undone: {quoted(done[0].subject)} {one}" if len(done) == 1 else f"Undone: {count:,} {many}.")

    program.undo.offer(text, step)
